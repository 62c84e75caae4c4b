"""Analogies: which word is to c as b is to a, and which pair of several is related as a pair is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from probekit.embeddings import ranking
from probekit.embeddings.analogies import Solver
from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import rows_of, vectors_of
from probekit.embeddings.table import WordTable
from probekit.scores import score
from probekit.values import Count, Whole

_FORMS = re.compile(r"gram\d.*|[A-Z]+_[A-Z]+")  # categories of Google and MSR that ask for forms of words


class Analogy(Benchmark):
    """Share of questions with a right answer among the n words that a solver finds likest, the words asked left out.

    Rows: all questions, those on meaning (sem) and on forms (syn) where a set has both, each category. With unknown
    words as `mean` or `zero` the words asked about get that vector; an answer without one is never found.
    """

    takes: ClassVar[type] = Solver
    measure: ClassVar[str] = "3cosadd"
    metrics: ClassVar[Mapping[str, bool]] = {"accuracy": True}
    baseline: ClassVar[str] = "n of the candidates"

    def __init__(self, items: Sequence[str], *, n: Count = 1, unknown: str = "skip", candidates: Whole = 0) -> None:
        super().__init__(items, unknown=unknown, candidates=candidates)
        self.n = n

    def answer(self, table: WordTable, measure: Solver) -> list[Scored]:
        questions = pd.concat([items.items for items in self.items], ignore_index=True)
        most = min(self.candidates or len(table), len(table))
        asked = [rows_of(table, questions[column]) for column in "abc"]
        gold = _answer_rows(table, questions["answers"], most)
        known = np.all([rows >= 0 for rows in asked], axis=0) & (gold >= 0).any(axis=1)
        put = known if self.unknown in ("skip", "wrong") else np.ones(len(questions), dtype=bool)
        taken = np.flatnonzero(put)
        first, hit, ties = self._found(table, measure, questions.iloc[taken], gold[taken], most)
        right, found = np.zeros(len(questions), dtype=bool), np.full(len(questions), -1)
        right[taken], found[taken] = hit, first
        info = {"unknown": self.unknown, "candidates": most, "ties": ties}
        kept = np.ones(len(questions), dtype=bool) if self.unknown == "wrong" else put
        return [
            self._scored(subset, rows, questions, known, kept, right, found, table, info)
            for subset, rows in _subsets(questions["category"].to_numpy())
        ]

    def _found(
        self, table: WordTable, solver: Solver, questions: pd.DataFrame, gold: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """The likest answer of each question, whether a right one is among n, and how many questions end in a tie."""
        words = list(dict.fromkeys(questions[["a", "b", "c"]].to_numpy().ravel()))
        if not words:
            return np.zeros(0, dtype=int), np.zeros(0, dtype=bool), 0
        number = pd.Series(np.arange(len(words)), index=words)
        queries = np.stack([number[questions[column]].to_numpy() for column in "abc"], axis=1)
        likeness = solver.over(solver.prepare(vectors_of(table, words, self.unknown).vectors))
        leave_out = rows_of(table, words)[queries]
        found = ranking.top(likeness, queries, solver.prepare(table.vectors[:most]), self.n, leave_out)
        hits = (found.rows[:, :, None] == np.where(gold >= 0, gold, -2)[:, None]).any(axis=2)
        answered = np.where(hits.any(axis=1), found.rows[np.arange(len(hits)), hits.argmax(axis=1)], found.rows[:, 0])
        return answered, hits.any(axis=1), int((found.ties > 0).sum())

    def _scored(
        self,
        subset: str,
        inside: np.ndarray,
        questions: pd.DataFrame,
        known: np.ndarray,
        kept: np.ndarray,
        right: np.ndarray,
        found: np.ndarray,
        table: WordTable,
        info: Mapping[str, Any],
    ) -> Scored:
        rows = np.flatnonzero(inside & kept)
        about = {"coverage": float(known[inside].mean()), "items": int(inside.sum()), **info}
        if int((known & inside).sum()) < LEAST:
            return too_few("accuracy", int((known & inside).sum()), subset, about)
        groups = pd.factorize(questions["group"].to_numpy()[rows])[0]
        value = score("accuracy", np.ones(len(rows), dtype=int), right[rows].astype(int), groups=groups)
        if subset:
            return Scored("accuracy", value, len(rows), subset, about)
        predicted = [table.words[row] if row >= 0 else "" for row in found[rows]]
        answers = questions["answers"].to_numpy()[rows]
        gold = [word if hit else one[0] for word, hit, one in zip(predicted, right[rows], answers, strict=True)]
        return Scored("accuracy", value, len(rows), "", about, rows, groups, gold, predicted, right[rows].astype(float))


def _answer_rows(table: WordTable, answers: pd.Series, most: int) -> np.ndarray:
    """Rows of the right answers of each question among the first `most`, (q, k), -1 for none."""
    width = max(map(len, answers))
    padded = [word for one in answers for word in (*one, *[one[0]] * (width - len(one)))]
    rows = rows_of(table, padded).reshape(len(answers), width)
    return np.where(rows < most, rows, -1)


def _subsets(categories: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """All questions, those on meaning and on forms where there are both, each category."""
    yield "", np.ones(len(categories), dtype=bool)
    forms = np.array([bool(_FORMS.fullmatch(category)) for category in categories])
    if forms.any() and not forms.all():
        yield "sem", ~forms
        yield "syn", forms
    for category in dict.fromkeys(categories):
        yield f"category={category}", categories == category
