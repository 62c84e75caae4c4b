"""Scores of the span study on resampled documents: what its verdicts rest on.

All that is scored on one part of a corpus sees the same draws of its documents, so that methods, encoders, ways and
tasks are compared in pairs. Scores are means over seeds; how seeds differ is no part of these intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from probekit.report import NotTestable
from probekit.scores import Comparison
from probekit.scores.intervals import count_blocks, percentile
from probekit.streams import whole_number

N_BOOT = 2000
NUMBERS = ["right", "gold", "predicted"]


@dataclass(frozen=True)
class Place:
    """What was scored: a task on a part of a corpus, by an encoder used in some way with a span method."""

    title: str
    dataset: str
    encoder: str
    way: str
    method: str
    split: str = "test"

    @property
    def part(self) -> tuple[str, str]:
        """What documents are drawn from."""
        return self.dataset, self.split


class Documents:
    """Decisions by label and document (the table `counts` with the axes of its rows), scored on draws of documents.

    Scores are arrays (1 + N_BOOT,) in hundredths, of the documents as they are and of each draw. unit: what the runs
    call a group.
    """

    def __init__(self, lines: pd.DataFrame) -> None:
        self.lines = lines
        self._drawn: dict[tuple[str, str], np.ndarray] = {}
        self._scores: dict[Place, np.ndarray] = {}

    @cached_property
    def _by_place(self) -> dict[Place, pd.DataFrame]:
        axes = ["title", "dataset", "encoder", "way", "method", "split"]
        parts = self.lines.groupby(axes, sort=False, observed=True)
        return {Place(*map(str, names)): part for names, part in parts}

    @cached_property
    def _groups(self) -> dict[tuple[str, str], pd.Index]:
        parts = self.lines.groupby(["dataset", "split"], observed=True)["group"]
        return {(str(d), str(s)): pd.Index(np.sort(part.unique())) for (d, s), part in parts}

    def has(self, place: Place) -> bool:
        return place in self._by_place

    def size(self, parts: Sequence[tuple[str, str]]) -> int:
        """Documents of some parts of corpora together."""
        return sum(len(self._groups[part]) for part in set(parts))

    def draws(self, part: tuple[str, str]) -> np.ndarray:
        """How often each document counts, (G, 1 + N_BOOT): once, and as often as it was drawn."""
        if part not in self._drawn:
            n = len(self._groups[part])
            seed = whole_number(0, "sample", *part)  # corpora of as many documents are not drawn alike
            self._drawn[part] = np.concatenate([np.ones((n, 1)), *count_blocks(n, N_BOOT, seed, n)], axis=1)
        return self._drawn[part]

    def score(self, place: Place) -> np.ndarray:
        """Micro-F of a span method, the mean over its seeds. Raises NotTestable for what was not run."""
        if place not in self._scores:
            seeds = [2 * r / np.maximum(g + p, 1) for r, g, p in self._sums(place)]
            self._scores[place] = 100 * np.mean(seeds, axis=0)
        return self._scores[place]

    def recall(self, places: Sequence[Place], label: str) -> np.ndarray:
        """Recall of a label, decisions of several methods and of their seeds pooled."""
        sums = sum(self._sums(place, label)[:, :2].sum(axis=0) for place in places)
        right, gold = np.asarray(sums)
        return np.divide(100 * right, gold, out=np.full_like(gold, np.nan), where=gold > 0)

    def gold(self, place: Place) -> pd.Series:
        """Gold units of each label."""
        found = self._part(place)
        return found[found["seed"].eq(found["seed"].iloc[0])].groupby("label", observed=True)["gold"].sum()

    def _part(self, place: Place) -> pd.DataFrame:
        if place not in self._by_place:
            raise NotTestable(f"no {place.way} decisions of {place.method} on {place.encoder} for {place.title}")
        return self._by_place[place]

    def _sums(self, place: Place, label: str | None = None) -> np.ndarray:
        """Right, gold and predicted decisions on each draw, (seeds, 3, 1 + N_BOOT), of a label or of all."""
        found, draws = self._part(place), self.draws(place.part)
        seeds = sorted(found["seed"].unique())
        own = found if label is None else found[found["label"].eq(label)]
        at = self._groups[place.part].get_indexer(pd.Index(own["group"]))
        counts = np.zeros((len(seeds), len(draws), 3))
        np.add.at(counts, (np.searchsorted(seeds, own["seed"]), at), own[NUMBERS].to_numpy(float))
        return counts.transpose(0, 2, 1) @ draws


def tested(values: np.ndarray, n: int, unit: str) -> Comparison:
    """A quantity, and its interval over the draws."""
    low, high, note = percentile(values[1:], 0.95) if n > 1 else (np.nan, np.nan, "one document cannot be resampled")
    return Comparison(float(values[0]), low, high, np.nan, f"bootstrap, {N_BOOT} resamples", unit, n, note)
