"""How the refinement study reads its rows: average precision of properties over draws, cells, gains of paired draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.lrp_refinement import STUDY

from probekit.report import NotTestable, View, clears
from probekit.report.view import by_kind, matching
from probekit.scores import Comparison, chance_average_precision, wilcoxon
from probekit.specs import parse
from probekit.works.refinement import ORIGINAL, REFINED, SHUFFLED, UNCUT

CELL = ("dataset", "encoder", "words", "grid", "split")
PAIRS, POSITIVE = 145, 45
CHANCE = chance_average_precision(PAIRS, POSITIVE)
SIGNIFICANT = 0.05
# A set of fewer properties can decide nothing: five that all gain have p = .06.
FEW = 6
SPLITS = {"train": "fitted words", "test": "held-out words"}
STAND_IN = "properties are attributes and categories of nouns, not the paper's human ratings"
ATTRIBUTES = "bless-attributes"


@dataclass(eq=False, kw_only=True)
class PropertyView(View):
    """Mean average precision of each property in each space, over draws of words.

    scores: a line for each cell (dataset, encoder, words, grid, split), space and property, `value` the mean of draws,
    `explained` that of how much better than the mean its network predicts the property. drawn: the same before draws
    are averaged, with `seed`. gap: how far the worst sum of relevances is from its rating.
    """

    scores: pd.DataFrame
    drawn: pd.DataFrame
    gap: float

    n = PAIRS

    def cells(self, split: str = "", grid: str = "", least: int = 1) -> pd.DataFrame:
        """A line a cell of `least` properties or more: mean of each space over them, gain with Wilcoxon's interval.

        Without `grid` the search of thresholds that was drawn most often stands, the full one of equals.
        """
        table = matching(self.every_cell, {"split": split} if split and len(self.every_cell) else {})
        table = table[table["properties"] >= least] if len(table) else table
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

    @cached_property
    def every_cell(self) -> pd.DataFrame:
        """A line a cell, of any number of properties and search of thresholds; made once for all that read it."""
        return pd.DataFrame(
            dict(zip(CELL, cell, strict=True)) | line
            for cell, part in self.scores.groupby(list(CELL), sort=False)
            if (line := _of_cell(part))
        )

    def learned(self, split: str = "", grid: str = "") -> pd.DataFrame:
        """The cells that carry claims: of enough properties, which the network predicts better than their means."""
        table = self.cells(split, grid, FEW)
        table = table[[bool(one) for one in table["learned"]]].reset_index(drop=True)
        if table.empty:
            raise NotTestable("no network predicts its properties better than their means on words of other folds")
        return table

    def properties(self, dataset: str, encoder: str, split: str) -> pd.DataFrame:
        """Original and refined value of each property of one cell (see `preferred` where there are several)."""
        rows = preferred(matching(self.scores, {"dataset": dataset, "encoder": encoder, "split": split}))
        wide = rows.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
        if wide.empty:
            raise NotTestable(f"no scores of {encoder} on {dataset}, {split}")
        return wide.reset_index()

    def gains(self, **where: Any) -> pd.DataFrame:
        """Gain of each property in each draw of cells: their columns, property, seed, gain, and window and width."""
        rows = matching(self.drawn, where)
        wide = rows.pivot_table(index=[*CELL, "property", "seed"], columns="probe", values="value")
        if not {ORIGINAL, REFINED} <= set(wide):
            raise NotTestable("no original and refined scores of one draw")
        found = (wide[REFINED] - wide[ORIGINAL]).dropna().rename("gain").reset_index()
        return found.assign(width=found["encoder"].map(width_of), window=found["encoder"].map(window_of))

    def explained(self, **where: Any) -> pd.Series:
        """How much better than the mean the networks of a cell predict each property, mean over draws."""
        return matching(self.drawn, where).groupby("property")["explained"].mean()

    def main(self, split: str) -> str:
        """The set of ratings that stands for the paper's: attributes where there are any, of most properties."""
        table = self.cells(split)
        attributes = table[table["dataset"].str.startswith(ATTRIBUTES)]
        table = table if attributes.empty else attributes
        return str(table.sort_values(["properties", "dataset"], ascending=[False, True])["dataset"].iloc[0])

    def pictured(self, dataset: str, split: str) -> list[str]:
        """The embeddings that figures show: skip-gram of window 5 and 200 dimensions, as the paper's, and GloVe."""
        here = list(dict.fromkeys(matching(self.scores, {"dataset": dataset, "split": split})["encoder"]))
        paper = [name for name in here if (kind_of(name), window_of(name), width_of(name)) == ("SGNS", 5, 200)]
        return [*paper, *(name for name in here if kind_of(name) == "GloVe")] or here[:2]


def _of_cell(part: pd.DataFrame) -> dict[str, Any]:
    """What `cells` says of one cell; nothing where it lacks a space."""
    wide = part.pivot_table(index="property", columns="probe", values="value", aggfunc="mean").dropna()
    if ORIGINAL not in wide or REFINED not in wide or not len(wide):
        return {}
    gain = wilcoxon(wide[REFINED], wide[ORIGINAL], unit="property")
    line: dict[str, Any] = {"properties": len(wide)}
    line |= {"original": wide[ORIGINAL].mean(), "refined": wide[REFINED].mean()}
    line |= {"gain": (wide[REFINED] - wide[ORIGINAL]).mean(), "low": gain.low, "high": gain.high, "p": gain.p}
    line |= {
        "better": int((wide[REFINED] > wide[ORIGINAL]).sum()),
        "worse": int((wide[REFINED] < wide[ORIGINAL]).sum()),
    }
    line |= {title: wide[name].mean() if name in wide else np.nan for name, title in CONTROLS.items()}
    explained = part.groupby("property")["explained"].mean().loc[wide.index]
    line |= {"explained": explained.median(), "not learned": int((explained <= 0).sum())}
    sure = wilcoxon(explained, np.zeros(len(explained))) if explained.notna().all() else None
    line |= {"learned": sure is not None and clears(sure), "draws": int(part["draws"].max())}
    return {
        **line,
        "found": gain,
        "above chance": wilcoxon(wide[ORIGINAL], np.full(len(wide), CHANCE), unit="property"),
    }


CONTROLS = {UNCUT: "no thresholds", SHUFFLED: "shuffled"}


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[PropertyView]:
    """Real and generated ratings apart; the draws of generated ones are one set."""
    for view in by_kind(df[df["metric"].eq("average_precision")]):
        rows = view.rows.assign(property=view.rows["subset"].str.removeprefix("property="))
        for name in ("dataset", "encoder"):
            made = rows[name].str.startswith("generated-")
            rows[name] = rows[name].where(~made, rows[name].str.partition("(")[0])
        gaps, rows["explained"] = (
            rows["info"].str.extract(f'"{name}": ([-0-9.eE+]+)')[0].astype(float) for name in ("gap", "explained")
        )
        drawn = rows[rows["value"].notna()]
        yield PropertyView(rows, view.mark, view.title, scores=over_draws(drawn), drawn=drawn, gap=float(gaps.max()))


def over_draws(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean over draws of each property in each space and cell, and their number."""
    by = scores.groupby([*CELL, "probe", "property"], sort=False, observed=True)
    return by.agg(value=("value", "mean"), explained=("explained", "mean"), draws=("seed", "nunique")).reset_index()


def preferred(rows: pd.DataFrame) -> pd.DataFrame:
    """Of some rows those with words in halves where there are any, of these those of the search drawn most often."""
    if rows["words"].eq("halves").any():
        rows = rows[rows["words"].eq("halves")]
    if rows.empty:
        return rows
    most = rows.sort_values(["draws", "grid"], ascending=False)["grid"].iloc[0]
    return rows[rows["grid"].eq(most)]


def paired(a: pd.DataFrame, b: pd.DataFrame, on: Sequence[str]) -> Comparison:
    """Gains a against gains b of the same draws (and what else `on` names), over properties."""
    both = a.merge(b, on=["property", "seed", *on], suffixes=("_a", "_b"))
    if both.empty:
        raise NotTestable("no draw that both have")
    means = both.groupby("property")[["gain_a", "gain_b"]].mean()
    return wilcoxon(means["gain_a"], means["gain_b"], unit="property")


def kind_of(encoder: str) -> str:
    """The paper's name of an embedding model: SGNS, GloVe, or none."""
    if encoder.startswith("word2vec:"):
        return "" if "cbow" in encoder else "SGNS"
    return "GloVe" if "glove" in encoder else ""


@cache
def width_of(encoder: str) -> int:
    """Dimensions of one of the study's embeddings by its spec; 0 where the spec does not say."""
    spec = parse(encoder)
    if spec.name == "word2vec":
        return int(spec.kwargs.get("size", 300))
    return 100 if encoder in ("static:glove", "glove") else 0


@cache
def window_of(encoder: str) -> int:
    """Words on either side that an embedding was trained on: ten for GloVe 6B (Pennington et al. 2014), 0 unknown."""
    spec = parse(encoder)
    if spec.name == "word2vec":
        return int(spec.kwargs.get("window", 5))
    return 10 if encoder in ("static:glove", "glove") else 0


def by_size(encoder: str) -> tuple[str, int, int]:
    """To sort embeddings by: others, GloVe, then skip-gram by window and width."""
    return kind_of(encoder), window_of(encoder), width_of(encoder)


def short(encoder: str) -> str:
    """An embedding by its model and window/width, such as skip-gram 5/200; or the name of a table."""
    names = {"SGNS": "skip-gram", "GloVe": "GloVe"}
    if kind_of(encoder) not in names:
        return encoder.partition("(")[0].removeprefix("static:")
    return f"{names[kind_of(encoder)]} {window_of(encoder)}/{width_of(encoder)}"


def title(encoder: str) -> str:
    """The same for titles: skip-gram, window 5, width 200."""
    return re.sub(r" (\d+)/(\d+)$", r", window \1, width \2", short(encoder))


def named(dataset: str) -> str:
    """A set of ratings for titles."""
    names = {ATTRIBUTES: "BLESS attributes", "battig": "Battig categories", "generated-ratings": "generated ratings"}
    return names.get(dataset.partition("(")[0], dataset)
