"""Outliers: which word does not belong to a group?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.benchmarks.means import mean_of
from probekit.embeddings.measures import Measure
from probekit.embeddings.table import WordTable


class Outlier(Benchmark):
    """Each outlier with its group: is it the word whose mean likeness to the others is lowest (accuracy), and how far
    down does it stand, from 0 to 1 (position)? A word as like as the outlier counts against it.

    A form of several parts that a table does not hold is the mean of its parts. Words of a group without a vector are
    left out, and a group of fewer than two; an outlier without one is left out, or failed with unknown=wrong.
    Source: Camacho-Collados and Navigli 2016, the likeness to the others in place of the compactness without a word,
    which orders words alike.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"accuracy": True, "position": True}
    baseline: ClassVar[str] = "1 of the words; position 0.5"

    def __init__(self, items: Sequence[str], *, unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        items = pd.concat([one.items for one in self.items], ignore_index=True)
        found = vectors_of(table, items["word"], self.unknown, parts=True)
        rows = measure.prepare(found.vectors)
        cases = [
            (item, group, *_place(measure, rows, inside, item, bool(found.kept[item])))
            for group, (inside, out) in enumerate(_groups(items, found.kept))
            for item in out
        ]
        asked, known = int(items["outlier"].sum()), sum(bool(found.known[case[0]]) for case in cases)
        taken = [case for case in cases if self.unknown == "wrong" or found.kept[case[0]]]
        info = {"unknown": self.unknown, "items": asked, "coverage": known / asked, "words": float(found.known.mean())}
        if known < LEAST:
            return [too_few(metric, known, info=info) for metric in self.metrics]
        unit, group, first, position = (np.array(column) for column in zip(*taken, strict=True))
        gold = items["word"].to_numpy()[unit].tolist()
        named = [word if right else "" for word, right in zip(gold, first, strict=True)]
        return [
            Scored("accuracy", mean_of(first, group), len(unit), "", info, unit, group, gold, named, first),
            Scored("position", mean_of(position, group), len(unit), info=info),
        ]


def _groups(items: pd.DataFrame, kept: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Items of each group that have vectors, where two have, and its outliers."""
    names, outlier = items["group"].to_numpy(), items["outlier"].to_numpy(bool)
    for name in dict.fromkeys(names):
        inside = np.flatnonzero((names == name) & ~outlier & kept)
        if len(inside) >= 2:
            yield inside, np.flatnonzero((names == name) & outlier)


def _place(measure: Measure, rows: np.ndarray, inside: np.ndarray, item: int, known: bool) -> tuple[float, float]:
    """Whether an outlier is the least like, and the share of the group's words that are liker."""
    if not known:
        return 0.0, 0.0
    all_ = rows[[*inside, item]]
    likeness = measure.against(all_, all_).astype(np.float64)
    np.fill_diagonal(likeness, 0)
    mean = (likeness + likeness.T).sum(axis=1)
    above = int((mean[:-1] > mean[-1]).sum())
    return float(above == len(inside)), above / len(inside)
