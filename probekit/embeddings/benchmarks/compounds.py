"""Compounds: does likeness say how compositional people find them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import Looked, vectors_of
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Measure, unit_rows
from probekit.embeddings.table import WordTable
from probekit.errors import UnknownName
from probekit.scores import score

WAYS = ("parts", "additive")
_JOINTS = ("_", "-", "", " ")


class Compounds(Benchmark):
    """Rank and linear correlation of people's ratings with the likeness of head and modifier (compose=parts), or of the
    compound's own vector with the sum of theirs as unit rows (compose=additive). A compound is looked for joined by an
    underscore, a hyphen, nothing, a blank.

    Source: Bhat et al. 2020 (parts, in its code); Reddy et al. 2011 (additive).
    """

    metrics: ClassVar[Mapping[str, bool]] = {"spearman": True, "pearson": True}
    baseline: ClassVar[str] = "0, any order of the compounds"
    ways: ClassVar[Sequence[str]] = ("skip", "mean", "zero")

    def __init__(self, items: Sequence[str], *, compose: str = "parts", unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)
        if compose not in WAYS:
            raise UnknownName("way to compose compounds:", str(compose), WAYS)
        self.compose = compose

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        items = pd.concat([one.items for one in self.items], ignore_index=True)
        head, modifier = (vectors_of(table, items[part], self.unknown) for part in ("head", "modifier"))
        left, right = head.vectors, modifier.vectors
        sides = [head, modifier]
        if self.compose == "additive":
            whole = _compounds(table, items, self.unknown)
            left, right = whole.vectors, unit_rows(head.vectors) + unit_rows(modifier.vectors)
            sides.append(whole)
        kept = np.flatnonzero(np.all([side.kept for side in sides], axis=0))
        known = np.all([side.known for side in sides], axis=0)
        info = {"coverage": float(known.mean()), "items": len(items), "unknown": self.unknown, "compose": self.compose}
        if known.sum() < LEAST:
            return [too_few(metric, int(known.sum()), info=info) for metric in self.metrics]
        likeness = measure.pairs(measure.prepare(left[kept]), measure.prepare(right[kept]))
        ratings = items["rating"].to_numpy(float)[kept]
        gold = [format(rating, "g") for rating in ratings]
        rank, linear = (score(metric, ratings, likeness) for metric in self.metrics)
        return [
            Scored("spearman", rank, len(kept), "", info, kept, kept, gold, scores=likeness),
            Scored("pearson", linear, len(kept), "", info),
        ]


def _compounds(table: WordTable, items: pd.DataFrame, unknown: str) -> Looked:
    """Vectors of compounds under the first of their forms that the table holds."""
    forms = [[f"{one.modifier}{joint}{one.head}" for joint in _JOINTS] for one in items.itertuples(index=False)]
    rows = np.stack([rows_of(table, column) for column in zip(*forms, strict=True)], axis=1)
    first = (rows >= 0).argmax(axis=1)
    return vectors_of(table, [form[at] for form, at in zip(forms, first, strict=True)], unknown)
