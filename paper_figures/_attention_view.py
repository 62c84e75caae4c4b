"""Rows of the attention study as one tidy frame: what figures and claims of it read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from probekit.report.claims import NotTestable
from probekit.rows import parse_setting

VARIANTS = ("base", "concat", "residual", "tying", "mlm")
ATTENTIONS = ("additive", "dot")
TITLES = {
    "sst": "SST", "twenty-newsgroups": "20 Newsgroups", "ag-news-test": "AG News", "movie-reviews": "Movie reviews",
    "sentence-polarity": "Sentence polarity", "cues": "generated cues",
}  # fmt: skip
USUAL = {"embeddings": "frozen", "layers": "1", "query": "normal"}
SAMPLES = {"frequent": "most frequent types", "random": "random types (unigram^3/4)"}


def view(df: pd.DataFrame, cut: str | None = None) -> View:
    """The study's rows, of one cut of the documents (the one with most rows unless given).

    Raises NotTestable where there are none.
    """
    settings = pd.DataFrame([parse_setting(text) for text in df["setting"].astype(str)], index=df.index)
    flat = pd.concat([df.drop(columns="setting"), settings], axis=1)
    if flat.empty or "regularizer" not in flat:
        raise NotTestable("no rows of the study; run attention-faithfulness first")
    for name in ("part", "lambda", "watched"):
        if name not in flat:
            flat[name] = np.nan
    flat["variant"] = flat["regularizer"].str.partition("(")[0]
    flat["data"] = [TITLES.get(_head(name), name) for name in flat["dataset"].astype(str)]
    cut = cut or str(flat["cut"].value_counts().index[0])
    return View(flat[flat["cut"] == cut].reset_index(drop=True), cut)


def _head(dataset: str) -> str:
    return dataset.partition("|")[0].partition("(")[0]


@dataclass(frozen=True)
class View:
    """`rows`: the rows with one column a setting; `data` and `variant` are short names."""

    rows: pd.DataFrame
    cut: str

    @cached_property
    def datasets(self) -> list[str]:
        """Corpora as the rows name them."""
        return sorted(set(self.rows["dataset"].astype(str)))

    @cached_property
    def n(self) -> int:
        """Fewest test texts behind a score."""
        tested = self.main[self.main["metric"] == "f1"]["n_test"]
        return int(tested.min()) if len(tested) else 0

    @cached_property
    def main(self) -> pd.DataFrame:
        """The fragility part: one layer, frozen embeddings, the usual query."""
        return self.select(**USUAL)

    def select(self, **wanted: str) -> pd.DataFrame:
        """Rows of test texts with these settings, tuning and adversaries left out."""
        keep = self.rows["part"].isna() & self.rows["lambda"].isna() & self.rows["watched"].isna()
        keep &= ~self.explained
        for name, value in wanted.items():
            keep &= self.rows[name].astype(str) == value
        return self.rows[keep]

    @cached_property
    def explained(self) -> pd.Series:
        """Which rows are of an explanation that stands beside attention."""
        return self.rows["probe"].fillna("").astype(str).ne("")

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Data set and attention of every row of the paper's Table 1 that was run."""
        there = set(zip(self.main["data"], self.main["attention"], strict=True))
        return [(data, kind) for data in self.data for kind in ATTENTIONS if (data, kind) in there]

    @cached_property
    def data(self) -> list[str]:
        """Short names of the data sets of the fragility part."""
        there = set(self.main["data"])
        return [name for name in TITLES.values() if name in there] + sorted(there - set(TITLES.values()))

    def means(self, metric: str, rows: pd.DataFrame | None = None, scale: float = 1.0) -> pd.DataFrame:
        """Mean over seeds by data, attention and variant: a frame indexed by (data, attention), a column a variant."""
        rows = self.main if rows is None else rows
        found = rows[rows["metric"] == metric]
        table = found.pivot_table(index=["data", "attention"], columns="variant", values="value", aggfunc="mean")
        order = [pair for pair in self.pairs if pair in table.index]
        if not order:
            return table
        return scale * table.reindex(index=pd.MultiIndex.from_tuples(order, names=table.index.names))

    def needs(self, metric: str, *variants: str) -> pd.DataFrame:
        """`means` with all of these variants in every row. Raises NotTestable when nothing is left."""
        table = self.means(metric)
        absent = [name for name in variants if name not in table]
        if absent:
            raise NotTestable(f"no rows of {', '.join(absent)} with {metric}")
        table = table[list(variants)].dropna()
        if table.empty:
            raise NotTestable(f"no data set has {metric} of {', '.join(variants)}")
        return table

    def seeds(self) -> dict[str, int]:
        """Runs behind a mean, by data set."""
        counted = self.main[self.main["metric"] == "f1"].groupby("data")["seed"].nunique()
        return {str(name): int(count) for name, count in counted.items()}


def long(table: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """A frame of `means` with a line a value, and constant columns added."""
    found: Any = table.reset_index().melt(["data", "attention"], var_name="variant").dropna(subset="value")
    found["row"] = found["data"] + ", " + found["attention"]
    return found.assign(**columns)
