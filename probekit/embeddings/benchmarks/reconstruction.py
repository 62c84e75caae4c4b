"""How much of a table another one keeps: likeness of the same pairs of words, the same neighbours. No human data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, Scored, too_few
from probekit.embeddings.measures import Measure
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.scores import score
from probekit.streams import generator
from probekit.values import Count, Seed

TRAINED, HELD_OUT = "words=trained", "words=held-out"


class Reconstruction(Benchmark):
    """What a table keeps of a teacher, on the words of both: all of them, those trained on, those held out.

    Held out are the words that the table says were (`characters:TABLE(held_out=0.1)`). teacher: the table it is held
    against. Raises ProbekitError where no words are shared.
    """

    def __init__(self, items: Sequence[str] = (), *, teacher: Any, seed: Seed = 0) -> None:
        super().__init__(items)
        self.teacher, self.seed = teacher, seed

    def parts(self, table: WordTable) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Name of a part, rows of the table (all shared words), and which of these the part asks about."""
        rows = np.flatnonzero(self.teacher.rows(table.words) >= 0)
        if not len(rows):
            raise ProbekitError(f"{table!r} shares no word with its teacher {self.teacher!r}")
        out = np.isin(rows, np.array(table.about.get("held_out", []), dtype=np.int64))
        yield "", rows, np.ones(len(rows), dtype=bool)
        if out.any():
            yield TRAINED, rows, ~out
            yield HELD_OUT, rows, out

    def both(self, table: WordTable, measure: Measure, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Prepared vectors of some words, of the teacher and of the table."""
        others = self.teacher.rows([table.words[row] for row in rows])
        return measure.prepare(self.teacher.vectors[others]), measure.prepare(table.vectors[rows])


class Cosines(Reconstruction):
    """Rank correlation of the likeness of `pairs` random pairs of words in both tables."""

    metrics: ClassVar[Mapping[str, bool]] = {"spearman": True}
    baseline: ClassVar[str] = "0, where the table knows nothing of the teacher"

    def __init__(self, items: Sequence[str] = (), *, teacher: Any, pairs: Count = 10_000, seed: Seed = 0) -> None:
        super().__init__(items, teacher=teacher, seed=seed)
        self.pairs = pairs

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        found = []
        for name, rows, inside in self.parts(table):
            words = rows[inside]
            if len(words) < LEAST:
                found.append(too_few("spearman", len(words), name))
                continue
            drawn = generator(self.seed, "draw", "pairs", name).integers(len(words), size=(2 * self.pairs, 2))
            drawn = drawn[drawn[:, 0] != drawn[:, 1]][: self.pairs]
            wanted, own = (
                measure.pairs(one[drawn[:, 0]], one[drawn[:, 1]]) for one in self.both(table, measure, words)
            )
            value = score("spearman", wanted, own)
            found.append(Scored("spearman", value, len(drawn), name, {"shared_words": len(words)}))
        return found


class Neighbours(Reconstruction):
    """Share of the `k` nearest words of a word that are the same in both tables, over at most `words` words."""

    metrics: ClassVar[Mapping[str, bool]] = {"overlap": True}
    baseline: ClassVar[str] = "k of the shared words"

    def __init__(
        self, items: Sequence[str] = (), *, teacher: Any, k: Count = 10, words: Count = 1000, seed: Seed = 0
    ) -> None:
        super().__init__(items, teacher=teacher, seed=seed)
        self.k, self.words = k, words

    def answer(self, table: WordTable, measure: Measure) -> list[Scored]:
        from probekit.embeddings.benchmarks.means import mean_of

        found = []
        for name, rows, inside in self.parts(table):
            places = np.flatnonzero(inside)
            if len(rows) <= self.k + 1 or len(places) < LEAST:
                found.append(too_few("overlap", len(places), name))
                continue
            order = generator(self.seed, "draw", "words", name).permutation(len(places))
            chosen = np.sort(places[order[: self.words]])
            near = [self._nearest(one, chosen, measure) for one in self.both(table, measure, rows)]
            shared = np.array([len(set(a) & set(b)) for a, b in zip(*near, strict=True)]) / self.k
            found.append(
                Scored(
                    "overlap", mean_of(shared), len(chosen), name, {"shared_words": len(rows)}, rows[chosen],
                    scores=shared,
                )
            )  # fmt: skip
        return found

    def _nearest(self, prepared: np.ndarray, chosen: np.ndarray, measure: Measure) -> np.ndarray:
        """Numbers of the k likest other words of each chosen one; of equally like ones the first."""
        found = np.empty((len(chosen), self.k), dtype=np.int64)
        for start in range(0, len(chosen), 256):
            part = chosen[start : start + 256]
            likeness = np.array(measure.against(prepared[part], prepared))
            likeness[np.arange(len(part)), part] = -np.inf
            found[start : start + 256] = np.argsort(-likeness, axis=1, kind="stable")[:, : self.k]
        return found
