"""Word similarity: rank correlation of the likeness of two words with people's ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from probekit.corpora.word_items import WordItems
from probekit.embeddings import synonyms
from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Measure
from probekit.embeddings.table import WordTable
from probekit.scores import score


@dataclass(frozen=True, eq=False)
class Covered:
    """Pairs that a table answers: numbers, ratings, vectors (m, d) of both sides, and whether each word is known."""

    kept: np.ndarray
    ratings: np.ndarray
    left: np.ndarray
    right: np.ndarray
    left_known: np.ndarray
    right_known: np.ndarray
    info: Mapping[str, Any]


class Similarity(Benchmark):
    """Spearman's rank correlation of a measure with ratings of pairs.

    Pairs of several sets are pooled, the ratings of each brought to 0 to 1 (ours; their scales differ). without: a
    lexicon; pairs of words that it joins are left out; `info` has their share, `edges`.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"spearman": True}
    baseline: ClassVar[str] = "0, any order of the pairs"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(self, items: Sequence[str], *, unknown: str = "skip", without: str | WordItems | None = None) -> None:
        super().__init__(items, unknown=unknown)  # nothing is sought among candidates
        self.without = without

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        asked = self.covered(table)
        kept, ratings, info = asked.kept, asked.ratings, dict(asked.info)
        if (known := int((asked.left_known & asked.right_known).sum())) < LEAST:
            return [too_few("spearman", known, info=info)]
        likeness = measure.pairs(measure.prepare(asked.left), measure.prepare(asked.right))
        info["ties"] = int(len(likeness) - len(np.unique(likeness)))
        found = score("spearman", ratings, likeness)
        gold = [format(rating, "g") for rating in ratings]
        return [Scored("spearman", found, len(kept), info=info, unit=kept, group=kept, gold=gold, scores=likeness)]

    def covered(self, table: WordTable) -> Covered:
        """The pairs that a table answers."""
        pairs = pd.concat([_scaled(items.items) for items in self.items], ignore_index=True)
        left = vectors_of(table, pairs["left"].tolist(), self.unknown)
        right = vectors_of(self.right(table), pairs["right"].tolist(), self.unknown)
        info = {"coverage": float((left.known & right.known).mean()), "items": len(pairs), "unknown": self.unknown}
        takes_part = left.kept & right.kept
        if self.without is not None:
            joined = self._joined(table, pairs) & takes_part
            info["edges"] = float(joined.sum() / max(takes_part.sum(), 1))
            takes_part &= ~joined
        kept = np.flatnonzero(takes_part)
        return Covered(
            kept,
            pairs["rating"].to_numpy(float)[kept],
            left.vectors[kept],
            right.vectors[kept],
            left.known[kept],
            right.known[kept],
            info,
        )

    def _joined(self, table: WordTable, pairs: pd.DataFrame) -> np.ndarray:
        """Which pairs are of two words that the lexicon joins (m,)."""
        rows = np.stack([rows_of(table, pairs[side].tolist()) for side in ("left", "right")])
        assert isinstance(self.without, WordItems)
        return synonyms.among(rows, synonyms.edges(table, self.without))

    def right(self, table: WordTable) -> WordTable:
        """The table of the right words."""
        return table


def _scaled(pairs: pd.DataFrame) -> pd.DataFrame:
    low, high = pairs["rating"].min(), pairs["rating"].max()
    return pairs.assign(rating=(pairs["rating"] - low) / ((high - low) or 1))
