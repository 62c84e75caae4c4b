"""Function words: how many stand first in an order of the words of a table?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.orders import Order
from probekit.embeddings.table import WordTable
from probekit.scores import score
from probekit.values import Count, Whole


class FunctionWords(Benchmark):
    """Share of function words among the first 15, 30 and 50 words by an order: entropy, or frequency.

    least: occurrences a word needs where the table has counts. candidates: the most frequent n words, 0 for all.
    Source: Bhat et al. 2020, section 5.3, which counts: the count is in info.
    """

    takes: ClassVar[type] = Order
    measure: ClassVar[str] = "entropy"
    metrics: ClassVar[Mapping[str, bool]] = {"precision": True}
    baseline: ClassVar[str] = "the order by frequency"

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
        order = rows[np.argsort(-measure.of(table, rows), kind="stable")]
        return [_first(order[:n], n, is_one, table, info) for n in self.top]


def _first(rows: np.ndarray, n: int, is_one: np.ndarray, table: WordTable, info: Mapping[str, object]) -> Scored:
    subset = f"top={n}"
    if len(rows) < max(n, LEAST):
        return too_few("precision", len(rows), subset, info, least=max(n, LEAST))
    found = is_one[rows].astype(int)
    value = score("accuracy", np.ones(n, dtype=int), found)
    about = {**info, "count": int(found.sum()), "words": " ".join(table.words[row] for row in rows)}
    return Scored("precision", value, n, subset, about)
