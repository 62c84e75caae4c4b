"""How the refinement study reads rows: mean average precision of each property in each space, over draws of words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report.claims import NotTestable, is_generated
from probekit.rows import parse_setting
from probekit.scores import chance_average_precision, wilcoxon

ORIGINAL, REFINED = "original", "lrp-projection"
UNCUT, SHUFFLED = "lrp-projection(thresholds=none)", "lrp-projection(weights=shuffled)"
CELL = ("dataset", "encoder", "words", "grid", "split")
PAIRS, POSITIVE = 145, 45
CHANCE = chance_average_precision(PAIRS, POSITIVE)
SIGNIFICANT = 0.05
# A set of fewer properties can decide nothing: five that all gain have p = .06.
FEW = 5


@dataclass(frozen=True, eq=False)
class View:
    """Scores of one kind of data, real or generated.

    scores: a line for each cell (dataset, encoder, words, grid, split), space and property, `value` the mean of draws.
    drawn: the same before draws are averaged, with `seed`. gap: how far the worst sum of relevances is from its rating.
    """

    scores: pd.DataFrame
    drawn: pd.DataFrame
    data: str
    gap: float
    draws: int
    undefined: int

    n = PAIRS

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.scores["dataset"]))

    def table(self, split: str = "", grid: str = "", least: int = 1) -> pd.DataFrame:
        """A line a cell of `least` properties or more: mean of each space over them, gain, Wilcoxon's p over them.

        Without `grid` the search of thresholds that was drawn most often stands, the full one of equals.
        """
        rows = self.scores[self.scores["split"].eq(split)] if split else self.scores
        found = []
        for cell, part in rows.groupby(list(CELL), sort=False):
            wide = part.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
            if ORIGINAL not in wide or REFINED not in wide or len(wide) < least:
                continue
            test = wilcoxon(wide[REFINED], wide[ORIGINAL], unit="property")
            spaces = {name: float(wide[name].mean()) if name in wide else np.nan for name in (UNCUT, SHUFFLED)}
            found.append(
                dict(zip(CELL, cell, strict=True))
                | {
                    "properties": len(wide),
                    "original": wide[ORIGINAL].mean(),
                    "refined": wide[REFINED].mean(),
                    "gain": (wide[REFINED] - wide[ORIGINAL]).mean(),
                    "p": test.p,
                    "better": int((wide[REFINED] > wide[ORIGINAL]).sum()),
                    "worse": int((wide[REFINED] < wide[ORIGINAL]).sum()),
                    "no thresholds": spaces[UNCUT],
                    "shuffled": spaces[SHUFFLED],
                    "draws": int(part["draws"].max()),
                }
            )
        table = pd.DataFrame(found)
        if table.empty:
            raise NotTestable(f"no original and refined scores{f' of split {split}' if split else ''}")
        if grid:
            table = table[table["grid"].eq(grid)]
        else:
            best = table.sort_values(["draws", "grid"], ascending=False, kind="stable")
            table = best.drop_duplicates([n for n in CELL if n != "grid"]).sort_index()
        if table.empty:
            raise NotTestable(f"no scores with the {grid} search of thresholds")
        return table.reset_index(drop=True)

    def properties(self, dataset: str, encoder: str, split: str) -> pd.DataFrame:
        """Original and refined value of each property of one cell (see `preferred` where there are several)."""
        rows = self.scores
        for name, value in (("dataset", dataset), ("encoder", encoder), ("split", split)):
            rows = rows[rows[name].eq(value)]
        rows = preferred(rows)
        wide = rows.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
        if wide.empty:
            raise NotTestable(f"no scores of {encoder} on {dataset}, {split}")
        return wide.reset_index()

    def of_shared_draws(self, encoders: list[str]) -> View:
        """The view of these embeddings alone, by the draws that all of them have. NotTestable without one."""
        own = self.drawn[self.drawn["encoder"].isin(encoders)]
        seeds = set.intersection(set(own["seed"]), *(set(part["seed"]) for _, part in own.groupby("encoder")))
        own = own[own["seed"].isin(seeds)]
        if own.empty:
            raise NotTestable(f"no draw that {', '.join(encoders)} share")
        return replace(self, scores=over_draws(own), drawn=own, draws=len(seeds))

    def main(self) -> tuple[str, list[str]]:
        """The set of ratings that figures show and its embeddings: that of most properties with held-out words."""
        table = self.table("test")
        most = table.sort_values(["properties", "dataset"], ascending=[False, True])["dataset"].iloc[0]
        return most, list(dict.fromkeys(table.loc[table["dataset"].eq(most), "encoder"]))


def view(df: pd.DataFrame, data: str = "") -> View:
    """The study's view of rows. data: "real" or "generated"; default real where there are such rows.

    Raises UnknownName for another word, ProbekitError when there are no rows of the kind.
    """
    rows = df[df["metric"].eq("average_precision")]
    if rows.empty:
        raise ProbekitError("the rows hold no average_precision; run: probekit run lrp-refinement")
    made = rows["dataset"].astype(str).map(is_generated).astype(bool)
    kinds = {"real": rows[~made], "generated": rows[made]}
    data = data or ("real" if len(kinds["real"]) else "generated")
    if data not in kinds:
        raise UnknownName("kind of data:", data, kinds)
    rows = kinds[data]
    if rows.empty:
        raise ProbekitError(f"the rows hold no {data} data")
    settings = pd.DataFrame([parse_setting(text) for text in rows["setting"].astype(str)], index=rows.index)
    gaps = rows["info"].astype(str).str.extract(r'"gap": ([0-9.eE+-]+)')[0].astype(float)
    names = rows["subset"].astype(str).str.removeprefix("property=")
    scores = rows.assign(words=settings["words"], grid=settings["grid"], property=names)
    for name in ("dataset", "encoder", "split", "probe"):
        scores[name] = scores[name].astype(str)
    defined = scores[scores["value"].notna()]
    draws, undefined = int(scores["seed"].nunique()), int(scores["value"].isna().sum())
    return View(over_draws(defined), defined, data, float(gaps.max()), draws, undefined)


def over_draws(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean over draws of each property in each space and cell, and their number."""
    by = scores.groupby([*CELL, "probe", "property"], sort=False, observed=True)
    return by.agg(value=("value", "mean"), draws=("seed", "nunique")).reset_index()


def preferred(rows: pd.DataFrame) -> pd.DataFrame:
    """Of some rows those with words in halves where there are any, of these those of the search drawn most often."""
    if rows["words"].eq("halves").any():
        rows = rows[rows["words"].eq("halves")]
    if rows.empty:
        return rows
    most = rows.sort_values(["draws", "grid"], ascending=False)["grid"].iloc[0]
    return rows[rows["grid"].eq(most)]


def kind_of(encoder: str) -> str:
    """The paper's name of an embedding model: SGNS, GloVe, or none."""
    if encoder.startswith("word2vec:"):
        return "" if "cbow" in encoder else "SGNS"
    return "GloVe" if "glove" in encoder else ""


def width_of(encoder: str) -> int:
    """Dimensions of one of the study's embeddings by its spec; 0 where the spec does not say."""
    from probekit.specs import parse

    spec = parse(encoder)
    if spec.name == "word2vec":
        return int(spec.kwargs.get("size", 300))
    return 100 if encoder in ("static:glove", "glove") else 0
