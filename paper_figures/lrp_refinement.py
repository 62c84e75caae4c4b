"""Utsumi 2018: Figures 1 and 2, Tables 3 and 4 in our form, the paper's numbers beside ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.lrp_refinement import STUDY

from probekit.report import NotTestable, View, points, scatter
from probekit.report.view import by_kind, matching
from probekit.rows import parse_setting
from probekit.scores import chance_average_precision, wilcoxon
from probekit.specs import parse
from probekit.works.refinement import ORIGINAL, REFINED, SHUFFLED, UNCUT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL = ("dataset", "encoder", "words", "grid", "split")
PAIRS, POSITIVE = 145, 45
CHANCE = chance_average_precision(PAIRS, POSITIVE)
SIGNIFICANT = 0.05
# A set of fewer properties can decide nothing: five that all gain have p = .06.
FEW = 5
SPLITS = {"train": "words fitted on", "test": "words held out"}
CATEGORIES = "properties are categories, not the paper's human ratings"


@dataclass(eq=False, kw_only=True)
class PropertyView(View):
    """Mean average precision of each property in each space, over draws of words.

    scores: a line for each cell (dataset, encoder, words, grid, split), space and property, `value` the mean of draws.
    drawn: the same before draws are averaged, with `seed`. gap: how far the worst sum of relevances is from its rating.
    """

    scores: pd.DataFrame
    drawn: pd.DataFrame
    gap: float

    n = PAIRS

    def cells(self, split: str = "", grid: str = "", least: int = 1) -> pd.DataFrame:
        """A line a cell of `least` properties or more: mean of each space over them, gain, Wilcoxon's p over them.

        Without `grid` the search of thresholds that was drawn most often stands, the full one of equals.
        """
        rows = matching(self.scores, {"split": split} if split else {})
        found = []
        for cell, part in rows.groupby(list(CELL), sort=False):
            wide = part.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
            if ORIGINAL not in wide or REFINED not in wide or len(wide) < least:
                continue
            spaces = {name: float(wide[name].mean()) if name in wide else np.nan for name in (UNCUT, SHUFFLED)}
            line: dict[str, Any] = dict(zip(CELL, cell, strict=True))
            line |= {"properties": len(wide), "original": wide[ORIGINAL].mean(), "refined": wide[REFINED].mean()}
            line["gain"] = (wide[REFINED] - wide[ORIGINAL]).mean()
            line["p"] = wilcoxon(wide[REFINED], wide[ORIGINAL], unit="property").p
            line["better"] = int((wide[REFINED] > wide[ORIGINAL]).sum())
            line["worse"] = int((wide[REFINED] < wide[ORIGINAL]).sum())
            line |= {"no thresholds": spaces[UNCUT], "shuffled": spaces[SHUFFLED], "draws": int(part["draws"].max())}
            found.append(line)
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
        rows = preferred(matching(self.scores, {"dataset": dataset, "encoder": encoder, "split": split}))
        wide = rows.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
        if wide.empty:
            raise NotTestable(f"no scores of {encoder} on {dataset}, {split}")
        return wide.reset_index()

    def of_shared_draws(self, encoders: list[str]) -> tuple[PropertyView, int]:
        """The view of these embeddings alone, by the draws that all of them have, and their number."""
        own = matching(self.drawn, {"encoder": encoders})
        seeds = set.intersection(set(own["seed"]), *(set(part["seed"]) for _, part in own.groupby("encoder")))
        own = own[own["seed"].isin(seeds)]
        if own.empty:
            raise NotTestable(f"no draw that {', '.join(encoders)} share")
        return replace(self, scores=over_draws(own), drawn=own), len(seeds)

    def main(self) -> tuple[str, list[str]]:
        """The set of ratings that figures show and its embeddings: that of most properties with held-out words."""
        table = self.cells("test")
        most = table.sort_values(["properties", "dataset"], ascending=[False, True])["dataset"].iloc[0]
        return most, list(dict.fromkeys(table.loc[table["dataset"].eq(most), "encoder"]))


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[PropertyView]:
    """Real and generated ratings apart; the draws of generated ones are one set."""
    for view in by_kind(df[df["metric"].eq("average_precision")]):
        rows = view.rows.assign(property=view.rows["subset"].str.removeprefix("property="))
        for name in ("dataset", "encoder"):
            made = rows[name].str.startswith("generated-")
            rows[name] = rows[name].where(~made, rows[name].str.partition("(")[0])
        gaps = rows["info"].str.extract(r'"gap": ([0-9.eE+-]+)')[0].astype(float)
        drawn = rows[rows["value"].notna()]
        yield PropertyView(rows, view.mark, view.title, scores=over_draws(drawn), drawn=drawn, gap=float(gaps.max()))


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
    spec = parse(encoder)
    if spec.name == "word2vec":
        return int(spec.kwargs.get("size", 300))
    return 100 if encoder in ("static:glove", "glove") else 0


def short(spec: str) -> str:
    """A spec for labels: the corpus and the width of word2vec, the name of a table."""
    size = re.search(r"size=(\d+)", spec)
    head = spec.partition("(")[0].removeprefix("static:")
    return head if not head.startswith("word2vec:") else f"{head} ({size[1] if size else 300})"


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1")
def properties_before_and_after(v: PropertyView) -> Figure:
    """AP of each property before and after, fitted and held out, a panel an embedding; losers by name."""
    dataset, encoders = v.main()
    parts = []
    for encoder in sorted(encoders, key=short):
        for split, title in SPLITS.items():
            try:
                parts.append(v.properties(dataset, encoder, split).assign(panel=f"{short(encoder)}, {title}"))
            except NotTestable:
                continue
    table = pd.concat(parts, ignore_index=True)
    lost = table[REFINED] < table[ORIGINAL]
    table["side"] = lost.map({True: "loses by refinement", False: "gains or stays"})
    table["name"] = table["property"].where(lost, "")
    made = f"{dataset}, {'generated, ' if v.generated else ''}means over draws of words"
    return scatter(
        table,
        ORIGINAL,
        REFINED,
        colours="side",
        labels="name",
        panels="panel",
        diagonal=True,
        scale=100,
        across=2,
        colour_order=["gains or stays", "loses by refinement"],
        x_label="AP of original vectors (× 100)",
        y_label="AP of refined vectors (× 100)",
        title=f"Figure 1. Properties before and after refinement ({made})",
    )


@STUDY.figure("figure-2")
def words_of_properties(v: PropertyView) -> Figure:
    """Words of three properties in both spaces: the ten that have most of it, the twenty that have least."""
    dataset, encoders = v.main()
    lines = v.below("places", dataset=dataset, encoder=encoders[0], seed=0, probe=[ORIGINAL, REFINED])
    # The draws of a search do not show in its points: all of one are of the first draw.
    lines = preferred(lines.drop(columns="property_y", errors="ignore").assign(draws=1))
    kinds = {"high": "ten words that have most of it", "low": "twenty words that have least of it"}
    titles = {ORIGINAL: "original space", REFINED: "its subspace"}
    table = lines[["x", "y", "property"]].assign(
        word=lines["word"].where(lines["kind"].eq("high"), ""),
        kind=lines["kind"].map(kinds),
        panel=lines["property"] + ", " + lines["probe"].map(titles),
    )
    made = ", generated data" if v.generated else ""
    return points(
        table,
        colours="kind",
        labels="word",
        panels="panel",
        panel_order=[f"{name}, {title}" for name in dict.fromkeys(table["property"]) for title in titles.values()],
        across=2,
        colour_order=list(kinds.values()),
        title=(
            f"Figure 2. Words in the original space and in the subspace of a property ({short(encoders[0])}, "
            f"{dataset}, first draw{made}): largest, median and smallest gain; scaling of cosine distances"
        ),
    )


# --- tables ------------------------------------------------------------------------------------------


def _means(v: PropertyView, split: str) -> pd.DataFrame:
    """The paper's Table 3 or 4 in our form: a line for each set of ratings and embedding, times 100."""
    found = []
    for grid in ("coarse", "full"):
        try:
            found.append(v.cells(split, grid=grid))
        except NotTestable:
            continue
    if not found:
        raise NotTestable(f"no scores of split {split}")
    table = pd.concat(found, ignore_index=True)
    for name in ("original", "refined", "gain", "no thresholds", "shuffled"):
        table[name] *= 100
    table["p"] = [f"{p:.1e}" if p < 0.001 else f"{p:.3f}" for p in table["p"]]
    table.insert(list(table.columns).index("p") + 1, "p < .05", [float(p) < SIGNIFICANT for p in table["p"]])
    return table.drop(columns="split")


@STUDY.table("table-3", caption="Mean AP (x 100), words fitted on", digits=1)
def fitted(v: PropertyView) -> pd.DataFrame:
    return _means(v, "train")


@STUDY.table("table-4", caption="Mean AP (x 100), words held out", digits=1)
def held_out(v: PropertyView) -> pd.DataFrame:
    return _means(v, "test")


@STUDY.table("thresholds", caption="Thresholds chosen, median over draws", digits=3)
def thresholds(v: PropertyView) -> pd.DataFrame:
    """Median thresholds of the draws, with the size of the subspaces, for each cell."""
    rows = v.needs(probe=REFINED, split="train")
    rows = rows[rows["value"].notna()]
    if rows.empty:
        raise NotTestable("no refined space was scored")
    info = pd.DataFrame([json.loads(text) for text in rows["info"]], index=rows.index)
    values = pd.DataFrame(info["thresholds"].tolist(), index=rows.index, columns=["theta_T", "theta_R1", "theta_R2"])
    sizes = info[["dimensions", "members", "epochs"]]
    table = rows[["dataset", "encoder", "setting"]].join(values).join(sizes)
    table["unrefined properties"] = info["unrefined"].astype(float)
    return table.groupby(["dataset", "encoder", "setting"], sort=False).median().reset_index()


@STUDY.beside(digits=1)
def ours(v: PropertyView, line: dict[str, Any]) -> dict[str, Any]:
    """The paper's rating set is read as the words fitted on, its untrained words as the half held out."""
    want = parse_setting(line["setting"])
    # GloVe 6B saw ten words on either side (Pennington et al. 2014), our word2vec five.
    if {"GloVe": 10, "SGNS": 5}[line["encoder"]] != int(want["window"]):
        raise NotTestable(f"no {line['encoder']} with a window of {want['window']} was run")
    dataset, _ = v.main()
    table = v.cells("train" if line["table"] == "Table 3" else "test", least=FEW)
    for cell in matching(table, {"dataset": dataset}).to_dict("records"):
        if kind_of(cell["encoder"]) == line["encoder"] and width_of(cell["encoder"]) == int(want["dim"]):
            value = {
                "original": 100 * cell["original"],
                "LRP-refined": 100 * cell["refined"],
                "LRP-refined vs original": float(cell["p"] < SIGNIFICANT and cell["gain"] > 0),
            }[line["method"]]
            note = f"{CATEGORIES}; the embedding is of another corpus"
            return {"ours": value, "our_encoder": cell["encoder"], "our_data": dataset, "note": note}
    raise NotTestable(f"no {line['encoder']} of {want['dim']} dimensions was run on {dataset}")
