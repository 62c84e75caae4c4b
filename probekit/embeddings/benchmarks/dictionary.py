"""Translation of words between two tables of one space: bilingual lexicon induction; and likeness across languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from probekit.corpora.word_items import WordItems, load_items
from probekit.embeddings.align.neighbours import Csls
from probekit.embeddings.align.step import other_side
from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.benchmarks.similarity import Similarity
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Dot, Measure, unit_rows
from probekit.embeddings.ranking import Prepared, Rows, ranks
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.scores import Score
from probekit.scores.intervals import count_blocks, percentile
from probekit.specs import parse
from probekit.values import LessThanAll, Whole

_RESAMPLES = 1000


class Dictionary(Benchmark):
    """Rank of a word's translation among the words of the other table: MRR, P@1, P@5, each source word once.

    Of several translations the best-ranked one counts; words that are exactly as like share the middle of their ranks.
    to: the table that translations are sought in; none for the other side of an alignment. reverse, held_out: of the
    dictionary (corpora/readers/dictionaries.py). A source word without a vector is as `unknown` says; a translation
    that is no candidate cannot be found, which fails (`skip` leaves out a source word none of whose translations is
    one). Pairs that the table was aligned by are refused.
    """

    takes = (Measure, Csls)
    metrics: ClassVar[Mapping[str, bool]] = {"mrr": True, "p@1": True, "p@5": True}
    baseline: ClassVar[str] = "ln(n) / n of n candidates, any order of them"

    def __init__(
        self,
        items: Sequence[str],
        *,
        to: str | WordTable | None = None,
        reverse: bool = False,
        held_out: LessThanAll = 0.0,
        unknown: str = "skip",
        candidates: Whole = 0,
    ) -> None:
        super().__init__(items, unknown=unknown, candidates=candidates)
        self.to, self.reverse, self.held_out = to, reverse, held_out

    @cached_property
    def items(self) -> list[WordItems]:
        """The dictionaries, in the direction and with the split that was asked for."""
        options = {"held_out": self.held_out, "reverse": self.reverse}
        given = {name: value for name, value in options.items() if value}
        return [load_items(parse(spec).given(given) if given else spec, "dictionary") for spec in self.specs]

    def answer(self, table: WordTable, measure: Measure | Csls) -> list[Scored]:
        other = other_side(table, self.to)
        words = self._words(table)
        count = min(self.candidates or len(other), len(other))
        gold = _padded(other, list(words.values()), count)
        source = vectors_of(table, words, self.unknown)
        found = (gold >= 0).any(axis=1)
        kept = np.flatnonzero((source.kept & found) if self.unknown == "skip" else np.ones(len(words), bool))
        info = {
            "coverage": float((source.known & found).mean()),
            "items": len(words),
            "unknown": self.unknown,
            "candidates": count,
        }
        if (known := int((source.known & found).sum())) < LEAST:
            return [too_few(metric, known, info=info) for metric in self.metrics]
        reciprocal = np.zeros(len(words))
        asked = np.flatnonzero(source.kept & found)
        queries, rows, by = _prepared(measure, source.vectors[asked], table, other.vectors[:count])
        place = ranks(by, queries, rows, gold[asked])
        reciprocal[asked] = 1 / (1 + place.above + place.ties / 2)
        info["ties"] = int((place.ties > 0).sum())
        answers = [" | ".join(words[word]) for word in words]
        kept_answers = [answers[unit] for unit in kept]
        return _scored(reciprocal[kept], kept, kept_answers, info)

    def _words(self, table: WordTable) -> dict[str, list[str]]:
        """Translations of each source word that is asked: of the test part, or of a dictionary that is not split."""
        learned = {tuple(pair) for pair in table.about.get("learned_from", ())}
        found: dict[str, list[str]] = {}
        for pairs in (items.items for items in self.items):
            asked = pairs[pairs["part"] != "train"]
            for pair in zip(asked["source"], asked["target"], strict=True):
                if pair in learned:
                    raise ProbekitError(
                        f"{table!r} was aligned by the pair '{pair[0]}' and '{pair[1]}' of {self!r}, which is no test "
                        "of it; align by the training part, or split the dictionary (held_out=0.2 in both)"
                    )
                found.setdefault(pair[0], []).append(pair[1])
        if not found:
            raise ProbekitError(f"{self!r} has no test pair; split it (held_out=0.2)")
        return found


class AcrossLanguages(Similarity):
    """Spearman's rank correlation of likeness across two tables with ratings of pairs, the left word of the table's.

    to: the table of the right words; none for the other side of an alignment.
    """

    def __init__(self, items: Sequence[str], *, to: str | WordTable | None = None, unknown: str = "skip") -> None:
        super().__init__(items, unknown=unknown)
        self.to = to

    def right(self, table: WordTable) -> WordTable:
        """The table of the right words."""
        return other_side(table, self.to)


# --- parts -------------------------------------------------------------------------------------------


def _prepared(
    measure: Measure | Csls, queries: np.ndarray, table: WordTable, rows: np.ndarray
) -> tuple[np.ndarray, Rows, Measure]:
    """Queries and candidates as a measure reads them. CSLS is an inner product: 2 cos(x, z) - r(z) of (2x, -1) and
    (z, r(z)); r(x) is the same for all candidates of a word."""
    if isinstance(measure, Measure):
        return measure.prepare(queries), Prepared(measure, rows), measure
    rows = unit_rows(rows)
    density = measure.density(rows, unit_rows(table.vectors))
    beside = np.full((len(queries), 1), -1, dtype=np.float32)
    return np.hstack([2 * unit_rows(queries), beside]), np.hstack([rows, density[:, None]]), Dot()


def _padded(table: WordTable, answers: list[list[str]], count: int) -> np.ndarray:
    """Rows of translations (words, most), -1 where there is none or it is no candidate."""
    rows = rows_of(table, (word for each in answers for word in each))
    sizes = np.array([len(each) for each in answers])
    made = np.full((len(answers), sizes.max()), -1, dtype=np.int64)
    made[np.arange(made.shape[1]) < sizes[:, None]] = np.where(rows < count, rows, -1)
    return made


def _scored(reciprocal: np.ndarray, unit: np.ndarray, gold: list[str], info: Mapping[str, Any]) -> list[Scored]:
    """MRR with what was answered, and shares of words whose translation is first, or among five."""
    values = np.stack([reciprocal, reciprocal >= 1, reciprocal >= 1 / 5], axis=1)
    mrr, first, five = _means(values)
    answered = Scored("mrr", mrr, len(unit), info=info, unit=unit, group=unit, gold=gold, scores=reciprocal)
    return [answered, Scored("p@1", first, len(unit), info=info), Scored("p@5", five, len(unit), info=info)]


def _means(values: np.ndarray) -> list[Score]:
    """Means of the columns of values (words, m) with their bootstrap intervals."""
    n = len(values)
    drawn = np.concatenate([counts.T @ values / n for counts in count_blocks(n, _RESAMPLES, 0, n)])
    method = f"bootstrap over source words, {_RESAMPLES} resamples"
    ends = [percentile(column, 0.95) for column in drawn.T]
    return [
        Score(float(mean), low, high, method, note)
        for mean, (low, high, note) in zip(values.mean(0), ends, strict=True)
    ]
