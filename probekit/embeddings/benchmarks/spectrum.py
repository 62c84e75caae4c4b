"""How variance is spread over the principal components of a table: no item is asked about, and nothing is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from probekit.embeddings import portrait
from probekit.embeddings.benchmarks.benchmark import Benchmark, Scored
from probekit.embeddings.measures import Measure
from probekit.embeddings.steps.spectral import PARTS, thirds
from probekit.embeddings.table import WordTable
from probekit.scores import Score


class Spectrum(Benchmark):
    """Share of the variance in the top, middle and bottom third of the principal components, of largest variance first.

    A fact about the table without an interval; the measure says nothing here.
    """

    metrics: ClassVar[Mapping[str, bool]] = {"variance_share": True}
    baseline: ClassVar[str] = "a third each, where all directions are alike"

    def __init__(self, items: Sequence[str] = ()) -> None:
        super().__init__(items)

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        shares = portrait.spectrum(table)["share"].to_numpy()
        parts = zip(PARTS, np.split(shares, thirds(len(shares))[1:-1]), strict=True)
        return [
            Scored("variance_share", Score(float(part.sum()), np.nan, np.nan, "none"), len(table), f"part={name}")
            for name, part in parts
        ]
