"""Solvers of analogies by name: a is to b as c is to which word? 3cosadd, 3cosmul, fuzzy-set. More is liker an answer.

`Solver.over(words)` gives what `embeddings/ranking.py` asks, with queries of three numbers of words: a, b, c.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from probekit.embeddings.fuzzy_measures import CrossEntropy
from probekit.embeddings.measures import DIGITS, unit_rows
from probekit.embeddings.ranking import Likeness

Floats = npt.NDArray[np.floating]
_EPSILON = 1e-3  # Levy and Goldberg 2014: keeps the quotient finite


class Solver(ABC):
    """How fit a row is to answer a question. `prepare` does once what every block would repeat."""

    def prepare(self, vectors: Floats) -> Floats:
        """Rows as the solver reads them, (n, m) float32."""
        return unit_rows(vectors)

    @abstractmethod
    def over(self, words: Floats) -> Likeness:
        """What answers queries (q, 3) of numbers of these prepared words."""


class _Sums:
    """Answers of the form g(b, x) - f(a, x) + g(c, x) of cosines: those of a word are found once a tile."""

    def __init__(self, words: Floats) -> None:
        self.words = words

    def gained(self, cosines: Floats) -> Floats:
        """What a word adds that the answer should be like."""
        return cosines

    def lost(self, cosines: Floats) -> Floats:
        """What the word takes away that the answer should be unlike."""
        return cosines

    def against(self, queries: np.ndarray, rows: Floats) -> Floats:
        a, b, c = queries.T
        first, place = np.unique(np.stack([a, b], axis=1), axis=0, return_inverse=True)
        offsets = self.gained(self._cosines(first[:, 1], rows)) - self.lost(self._cosines(first[:, 0], rows))
        third, places = np.unique(c, return_inverse=True)
        found = self.gained(self._cosines(third, rows))[places]
        found += offsets[place.ravel()]
        return found

    def pairs(self, queries: np.ndarray, rows: Floats) -> Floats:
        a, b, c = (np.einsum("ij,ij->i", self.words[one], rows, dtype=np.float64) for one in queries.T)
        return self.gained(b) - self.lost(a) + self.gained(c)

    def slack(self, queries: np.ndarray, rows: Floats) -> Floats:
        return np.full(len(queries), DIGITS)

    def _cosines(self, numbers: np.ndarray, rows: Floats) -> Floats:
        return self.words[numbers] @ rows.T


class _Products(_Sums):
    """The same of logarithms, which order words as the product and quotient do."""

    def gained(self, cosines: Floats) -> Floats:
        return np.log(np.maximum((1 + cosines) / 2, _EPSILON**2))

    def lost(self, cosines: Floats) -> Floats:
        return np.log(np.maximum((1 + cosines) / 2, 0) + _EPSILON)

    def slack(self, queries: np.ndarray, rows: Floats) -> Floats:
        return np.full(len(queries), 10 * DIGITS)  # the slope of the logarithm where answers are


class CosAdd(Solver):
    """cos(b, x) - cos(a, x) + cos(c, x). Source: Mikolov, Yih and Zweig 2013, as Levy and Goldberg 2014 write it."""

    def over(self, words: Floats) -> Likeness:
        return _Sums(words)


class CosMul(Solver):
    """s(b, x) s(c, x) / (s(a, x) + 0.001) of cosines shifted to 0 to 1. Source: Levy and Goldberg 2014, section 6."""

    def over(self, words: Floats) -> Likeness:
        return _Products(words)


class FuzzySet(Solver):
    """Minus the cross-entropy of (b or c) without a, and a word, of features that are probabilities.

    The composed set is min(1, b + c) - min(that, a). rescale: brings it to the mean mass of the words asked about;
    otherwise little but the mass of a word decides. Source: Bhat et al. 2020, section 4.3, sums and bounds as its code.
    """

    def __init__(self, *, rescale: bool = True) -> None:
        self.rescale, self.measure = rescale, CrossEntropy()

    def prepare(self, vectors: Floats) -> Floats:
        return self.measure.prepare(vectors)

    def over(self, words: Floats) -> Likeness:
        return _Composed(self.measure, words, self.rescale)


class _Composed:
    def __init__(self, measure: CrossEntropy, words: Floats, rescale: bool) -> None:
        self.measure, self.features = measure, measure.features(words)
        self.mass = float(self.features.sum(axis=1, dtype=np.float64).mean()) if rescale else 0.0

    def against(self, queries: np.ndarray, rows: Floats) -> Floats:
        return self.measure.against(self._sets(queries), rows)

    def pairs(self, queries: np.ndarray, rows: Floats) -> Floats:
        return self.measure.pairs(self._sets(queries), rows)

    def slack(self, queries: np.ndarray, rows: Floats) -> Floats:
        return self.measure.slack(self._sets(queries), rows)

    def _sets(self, queries: np.ndarray) -> Floats:
        a, b, c = (self.features[one] for one in queries.T)
        both = np.minimum(1, b + c)
        left = both - np.minimum(both, a)
        if self.mass:
            sums = left.sum(axis=1, dtype=np.float64, keepdims=True)
            left = np.minimum(1, left * (self.mass / np.where(sums > 0, sums, 1)))
        return self.measure.prepare(left)
