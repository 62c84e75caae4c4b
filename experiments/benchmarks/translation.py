"""Translations ranked: a whole dictionary benchmark against the bare matrix products. One thread, processor seconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from probekit.corpora.word_items import items_of
from probekit.embeddings.benchmarks.dictionary import Dictionary
from probekit.embeddings.measures import Cosine, unit_rows
from probekit.embeddings.ranking import ROWS
from probekit.embeddings.table import WordTable

from .measure import Line, processor, threads, traced

WORDS, TARGETS, WIDTH = 2_000, 200_000, 300


def lines() -> Iterator[Line]:
    """Time and memory of 2,000 test words ranked among 200,000."""
    source, target, asked = _drawn()
    for table in (source, target):
        len(table.index)  # as tables that were asked before have it
    with threads(1):
        ours = processor(lambda: asked.answer(source, Cosine()))
        queries, rows = unit_rows(source.vectors), unit_rows(target.vectors)

        def products() -> None:
            for start in range(0, len(rows), ROWS):
                queries @ rows[start : start + ROWS].T

        bare = processor(products)
        memory = traced("peak above the tables, dictionary benchmark", lambda: asked.answer(source, Cosine()), 500)
    what = f"dictionary benchmark, {WORDS:,} words x {TARGETS:,} x {WIDTH}"
    yield Line(
        what, f"{ours:.1f} s", f"{bare:.1f} s bare products", f"{ours / bare:.2f}", "", "<= 1.3", ours <= 1.3 * bare
    )
    yield memory


def _drawn() -> tuple[WordTable, WordTable, Dictionary]:
    """A table of the words asked, one of all candidates near to them, and the dictionary."""
    draw = np.random.default_rng(0)
    vectors = draw.standard_normal((TARGETS, WIDTH), dtype=np.float32)
    source = vectors[:: TARGETS // WORDS] + 1.5 * draw.standard_normal((WORDS, WIDTH), dtype=np.float32)
    target = WordTable([f"b{i}" for i in range(TARGETS)], vectors)
    pairs = [(f"a{i}", f"b{i * TARGETS // WORDS}", i, "test") for i in range(WORDS)]
    made = Dictionary([], to=target)
    made.items = [items_of("dictionary", pairs)]
    return WordTable([f"a{i}" for i in range(WORDS)], source), target, made
