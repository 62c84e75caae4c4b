"""Function words: how many stand first in an order of the words of a table?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.orders import Frequency, Order
from probekit.embeddings.table import WordTable
from probekit.scores import concordance, score
from probekit.values import Count, Whole


class FunctionWords(Benchmark):
    """Share of function words among the first 15, 30 and 50 words by an order: entropy, or frequency. And how surely
    the order puts a function word before another (auc): any two, or two of a band of frequency, whose ranks are from a
    power of 2 up to the next (`matched`: all bands together).

    least: occurrences a word needs where the table has counts. candidates: the most frequent n words, 0 for all.
    Source: Bhat et al. 2020, section 5.3, which counts: the count is in info. The bands are ours.
    """

    takes: ClassVar[type] = Order
    measure: ClassVar[str] = "entropy"
    metrics: ClassVar[Mapping[str, bool]] = {"precision": True, "auc": True}
    baseline: ClassVar[str] = "the order by frequency; 0.5 of auc"

    def __init__(
        self, items: Sequence[str], *, top: Sequence[Count] = (15, 30, 50), least: Whole = 100, candidates: Whole = 0
    ) -> None:
        super().__init__(items, candidates=candidates)
        self.top, self.least = tuple(top), least

    def answer(self, table: WordTable, measure: Order) -> list[Scored]:
        words = {word for one in self.items for word in one.items["word"]}
        is_one = np.array([word.lower() in words for word in table.words])
        rows = np.flatnonzero(table.counts >= self.least) if table.counts is not None else np.arange(len(table))
        rows = rows[: self.candidates or None]
        info = {
            "items": len(words),
            "coverage": len(words & {word.lower() for word in table.words}) / len(words),
            "candidates": len(rows),
            "counts": table.counts is not None,
            "chance": float(is_one[rows].mean()) if len(rows) else 0.0,
        }
        values = measure.of(table, rows)
        order = rows[np.argsort(-values, kind="stable")]
        return [
            *(_first(order[:n], n, is_one, table, info) for n in self.top),
            *_told_apart(_bands(table)[rows], is_one[rows], values, info),
        ]


def _first(rows: np.ndarray, n: int, is_one: np.ndarray, table: WordTable, info: Mapping[str, object]) -> Scored:
    subset = f"top={n}"
    if len(rows) < max(n, LEAST):
        return too_few("precision", len(rows), subset, info, least=max(n, LEAST))
    found = is_one[rows].astype(int)
    value = score("accuracy", np.ones(n, dtype=int), found)
    about = {**info, "count": int(found.sum()), "words": " ".join(table.words[row] for row in rows)}
    return Scored("precision", value, n, subset, about)


def _bands(table: WordTable) -> np.ndarray:
    """Of each word the power of 2 that its rank by frequency, from 1, has reached."""
    frequency = Frequency().of(table, np.arange(len(table)))
    ranks = np.empty(len(table), dtype=np.int64)
    ranks[np.argsort(-frequency, kind="stable")] = np.arange(1, len(table) + 1)
    return np.floor(np.log2(ranks)).astype(np.int64)


def _told_apart(
    bands: np.ndarray, is_one: np.ndarray, values: np.ndarray, info: Mapping[str, object]
) -> Iterator[Scored]:
    """The area under the curve of all candidates, within bands of frequency, and of each band with enough of both."""
    fewer = int(min(is_one.sum(), (~is_one).sum()))
    if fewer < LEAST:
        yield too_few("auc", fewer, "", info)
        return
    yield Scored("auc", concordance(is_one, values), len(values), "", info)
    yield Scored("auc", concordance(is_one, values, bands), len(values), "matched", info)
    for band in np.unique(bands).tolist():
        own = bands == band
        if min(is_one[own].sum(), (~is_one[own]).sum()) >= LEAST:
            subset = f"ranks={2**band}-{2 ** (band + 1) - 1}"
            yield Scored("auc", concordance(is_one[own], values[own]), int(own.sum()), subset, info)
