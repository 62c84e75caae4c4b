"""Offsets: how parallel are the differences of pairs that stand in one relation, such as nephew and niece?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.relations import offsets_of
from probekit.embeddings.measures import Measure
from probekit.embeddings.table import WordTable
from probekit.errors import UnknownName
from probekit.scores import Score
from probekit.scores.intervals import count_blocks, percentile

DRAWS = 1000
LEAST = 5  # pairs: ten cosines


class Offsets(Benchmark):
    """Mean cosine of the differences (unit vectors, right minus left) of every two pairs of a category of analogies.

    `scores` of the answers are each pair's mean cosine with the others. Chance, in info: the same where left words are
    joined with the right ones of the next pair.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"offset_cosine": True}
    baseline: ClassVar[str] = "pairs whose right words change places, in info"
    ways: ClassVar[Sequence[str]] = ("skip",)

    def __init__(self, items: Sequence[str], *, category: str = "family") -> None:
        super().__init__(items)
        self.category = category

    def pairs(self) -> pd.DataFrame:
        """The different pairs (left, right) of the category. Raises UnknownName for one that there is not."""
        questions = pd.concat([one.items for one in self.items], ignore_index=True)
        own = questions[questions["category"].astype(str).eq(self.category)]
        if own.empty:
            raise UnknownName("category of analogies:", self.category, sorted(set(questions["category"].astype(str))))
        return own[["a", "b"]].astype(str).drop_duplicates().set_axis(["left", "right"], axis=1).reset_index(drop=True)

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        pairs = self.pairs()
        offsets, kept, known = offsets_of(table, pairs["left"], pairs["right"], self.unknown)
        own = pairs[kept].reset_index(drop=True)
        info = {"items": len(pairs), "unknown": self.unknown, "coverage": float(known.mean())}
        if len(own) < LEAST:
            return [too_few("offset_cosine", len(own), info=info, least=LEAST)]
        cosines = _cosines(offsets[kept])
        others, _, _ = offsets_of(table, own["left"], np.roll(own["right"].to_numpy(), 1), self.unknown)
        info["chance"] = float(_mean(_cosines(others), np.ones((len(own), 1)))[0])
        value, score = _scored(cosines)
        unit = np.flatnonzero(kept)
        gold, found = own["left"].tolist(), own["right"].tolist()
        return [Scored("offset_cosine", value, len(own), "", info, unit, unit, gold, found, score)]


def _cosines(offsets: np.ndarray) -> np.ndarray:
    """Cosines (n, n) of every two offsets, 0 with itself."""
    rows = offsets / np.maximum(np.linalg.norm(offsets, axis=1, keepdims=True), 1e-12)
    found = rows.astype(np.float64) @ rows.T.astype(np.float64)
    np.fill_diagonal(found, 0)
    return np.asarray(found)


def _mean(cosines: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean over every two different pairs, each as often as it is counted: (n, b) -> (b,)."""
    both = np.einsum("ib,ij,jb->b", counts, cosines, counts)
    return np.asarray(both / np.maximum(counts.sum(0) ** 2 - (counts**2).sum(0), 1))


def _scored(cosines: np.ndarray) -> tuple[Score, np.ndarray]:
    n = len(cosines)
    value = float(_mean(cosines, np.ones((n, 1)))[0])
    drawn = np.concatenate([_mean(cosines, counts) for counts in count_blocks(n, DRAWS, 0, n)])
    low, high, note = percentile(drawn, 0.95)
    return Score(value, low, high, f"bootstrap, {n} pairs, {DRAWS} resamples", note), cosines.sum(1) / (n - 1)
