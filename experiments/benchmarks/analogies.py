"""Analogies of Google against gensim's `evaluate_word_analogies`, ranking against the bare matrix products; peaks.

One thread, seconds of the processor. GloVe where `PROBEKIT_DATA` has it; the larger tables are drawn numbers under its
words, and words made up. gensim answers every tenth question of the larger table and is scaled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from probekit.embeddings import measures, ranking
from probekit.embeddings.analogies import Solver
from probekit.embeddings.benchmarks import get
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table

from .measure import Line, processor, threads, traced


def lines() -> Iterator[Line]:
    """Both tables against gensim; ranking of 2,000 words among 200,000."""
    with threads(1):
        small = load_table("glove")
        yield from _google("40,000 x 100", small, 1, 8)
        yield from _google("100,000 x 300", drawn(small.words, 100_000, 300), 10, 3)
        yield from _ranking()


def drawn(words: Sequence[str], n: int, d: int) -> WordTable:
    """A table of drawn numbers: words, and as many made-up ones as n lacks."""
    rows = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    return WordTable([*words[:n], *(f"word{i}-" for i in range(n - len(words)))], rows)


def _google(shape: str, table: WordTable, every: int, aim: float) -> Iterator[Line]:
    benchmark, solver = get("analogy/google"), measures.get("3cosadd", Solver)
    questions = benchmark.items[0].items
    ours = processor(lambda: benchmark.answer(table, solver))
    theirs = every * _by_gensim(table, questions.iloc[::every])
    yield Line(
        f"Google's analogies, {len(questions):,} on {shape}",
        f"{ours:.1f} s",
        f"{theirs:.1f} s",
        f"{theirs / ours:.1f}",
        "",
        f"at least {aim:g} times gensim's",
        theirs / ours >= aim,
    )
    yield traced(f"peak above the table, {shape}", lambda: benchmark.answer(table, solver), 300)


def _by_gensim(table: WordTable, questions: pd.DataFrame) -> float:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(table.width)
    vectors.add_vectors(list(table.words), np.array(table.vectors))
    with TemporaryDirectory() as place:
        path = Path(place) / "questions.txt"
        with open(path, "w", encoding="utf-8") as file:
            for category, own in questions.groupby("category", sort=False):
                file.write(f": {category}\n")
                file.writelines(f"{a} {b} {c} {d[0]}\n" for a, b, c, d in own[["a", "b", "c", "answers"]].to_numpy())
        return processor(lambda: vectors.evaluate_word_analogies(str(path)))


def _ranking() -> Iterator[Line]:
    measure = measures.get("cosine")
    rows = measure.prepare(np.random.default_rng(0).standard_normal((200_000, 300), dtype=np.float32))
    queries, gold = rows[:2000].copy(), np.arange(2000)[:, None] + 100

    def bare() -> None:
        for at in range(0, len(rows), ranking.ROWS):
            queries @ rows[at : at + ranking.ROWS].T

    ours, theirs = processor(lambda: ranking.ranks(measure, queries, rows, gold)), processor(bare)
    yield Line(
        "ranks of 2,000 words among 200,000 x 300",
        f"{ours:.1f} s",
        f"{theirs:.1f} s",
        f"{ours / theirs:.2f}",
        "",
        "at most 1.3 times the bare products",
        ours / theirs <= 1.3,
    )
    yield traced("peak above the table, ranking", lambda: ranking.ranks(measure, queries, rows, gold), 500)
