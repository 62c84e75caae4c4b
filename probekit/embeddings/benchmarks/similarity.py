"""Word similarity: rank correlation of the likeness of two words with people's ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.measures import Measure
from probekit.embeddings.table import WordTable
from probekit.scores import score


class Similarity(Benchmark):
    """Spearman's rank correlation of a measure with ratings of pairs.

    Pairs of several sets are pooled, the ratings of each brought to 0 to 1 (ours; their scales differ).
    """

    metrics: ClassVar[Mapping[str, bool]] = {"spearman": True}
    baseline: ClassVar[str] = "0, any order of the pairs"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(self, items: Sequence[str], *, unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)  # nothing is sought among candidates

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        pairs = pd.concat([_scaled(items.items) for items in self.items], ignore_index=True)
        left = vectors_of(table, pairs["left"], self.unknown)
        right = vectors_of(self.right(table), pairs["right"], self.unknown)
        kept = np.flatnonzero(left.kept & right.kept)
        info = {"coverage": float((left.known & right.known).mean()), "items": len(pairs), "unknown": self.unknown}
        if len(kept) < LEAST:
            return [too_few("spearman", len(kept), info=info)]
        likeness = measure.pairs(measure.prepare(left.vectors[kept]), measure.prepare(right.vectors[kept]))
        ratings = pairs["rating"].to_numpy(float)[kept]
        info["ties"] = int(len(likeness) - len(np.unique(likeness)))
        found = score("spearman", ratings, likeness)
        gold = [format(rating, "g") for rating in ratings]
        return [Scored("spearman", found, len(kept), info=info, unit=kept, group=kept, gold=gold, scores=likeness)]

    def right(self, table: WordTable) -> WordTable:
        """The table of the right words."""
        return table


def _scaled(pairs: pd.DataFrame) -> pd.DataFrame:
    low, high = pairs["rating"].min(), pairs["rating"].max()
    return pairs.assign(rating=(pairs["rating"] - low) / ((high - low) or 1))
