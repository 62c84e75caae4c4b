"""How alike two words are whose features are probabilities, as a table step `fuzzy` makes them. More is more alike.

A row as these measures read it: its features p (d), logarithms l (d), and two sums, so that a divergence from all
words is one matrix product. Source: Bhat et al. 2020, sections 4.2 and 4.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.embeddings.measures import DIGITS, Measure
from probekit.errors import ProbekitError, UnknownName

Floats = npt.NDArray[np.floating]
FORMS = ("bernoulli", "one-sided")
DIRECTIONS = ("forward", "backward")
_ROWS = 1 << 13  # prepared at a time, in float64
_LEAST = 1e-12  # of a probability whose logarithm is taken, and of its complement


class _Divergence(Measure):
    """Minus a sum over features. `bernoulli` counts a feature and its absence, `one-sided` the feature alone."""

    def __init__(self, form: str = "bernoulli", own: bool = True) -> None:
        if form not in FORMS:
            raise UnknownName("form of divergence:", str(form), FORMS)
        self.both, self.own = form == "bernoulli", own

    def prepare(self, vectors: Floats) -> Floats:
        rows = np.empty((len(vectors), 2 * vectors.shape[1] + 2), dtype=np.float32)
        for at in range(0, len(vectors), _ROWS):
            rows[at : at + _ROWS] = self._prepared(vectors[at : at + _ROWS])
        return rows

    def _prepared(self, vectors: Floats) -> Floats:
        p = probabilities(vectors)
        logs, less = _logs(p), _of_absence(p) if self.both else np.zeros_like(p)
        sums = np.stack([less.sum(axis=1), (p * logs + (1 - p) * less).sum(axis=1)], axis=1)
        return np.concatenate([p, logs - less, sums], axis=1, dtype=np.float32)

    def features(self, rows: Floats) -> Floats:
        """The probabilities of prepared rows."""
        return rows[:, : rows.shape[1] // 2 - 1]

    def slack(self, queries: Floats, rows: Floats) -> Floats:
        return DIGITS * (np.abs(queries[:, -2:]).sum(axis=1) + np.abs(rows[:, -2:]).sum(axis=1).max(initial=0))

    def _to_all(self, left: Floats, right: Floats) -> Floats:
        """Minus the divergence of each left row from each right row, (l, r)."""
        width = left.shape[1] // 2 - 1
        found = left[:, :width] @ right[:, width:-2].T + right[:, -2]
        return found - left[:, -1:] if self.own else found

    def _to_each(self, left: Floats, right: Floats) -> Floats:
        """Minus the divergence of each left row from the right row beside it, from the features in float64."""
        p, q = (self.features(side).astype(np.float64) for side in (left, right))
        found = p * _logs(q) - (p * _logs(p) if self.own else 0)
        if self.both:
            found += (1 - p) * _of_absence(q) - ((1 - p) * _of_absence(p) if self.own else 0)
        return found.sum(axis=1)


class KullbackLeibler(_Divergence):
    """Minus the divergence D(left || right) = sum p ln(p/q), and the same of 1 - p and 1 - q where form is bernoulli.

    symmetric: both directions added. One-sided it may be below 0 unless rows have one mass.
    """

    def __init__(self, form: str = "bernoulli", *, symmetric: bool = False) -> None:
        super().__init__(form)
        self.symmetric = symmetric

    def pairs(self, left: Floats, right: Floats) -> Floats:
        there = self._to_each(left, right)
        return there + self._to_each(right, left) if self.symmetric else there

    def against(self, queries: Floats, rows: Floats) -> Floats:
        there = self._to_all(queries, rows)
        return there + self._to_all(rows, queries).T if self.symmetric else there


class CrossEntropy(_Divergence):
    """Minus the cross-entropy H(left, right) = -sum p ln q + (1 - p) ln(1 - q); backward: H(right, left)."""

    def __init__(self, direction: str = "forward") -> None:
        super().__init__(own=False)
        if direction not in DIRECTIONS:
            raise UnknownName("direction of the cross-entropy:", str(direction), DIRECTIONS)
        self.forward = direction == "forward"

    def pairs(self, left: Floats, right: Floats) -> Floats:
        return self._to_each(left, right) if self.forward else self._to_each(right, left)

    def against(self, queries: Floats, rows: Floats) -> Floats:
        return self._to_all(queries, rows) if self.forward else self._to_all(rows, queries).T


class Overlap(Measure):
    """Cardinality of the intersection p q over that of the union p + q - p q; 0 where both are empty."""

    def prepare(self, vectors: Floats) -> Floats:
        return probabilities(vectors).astype(np.float32)

    def pairs(self, left: Floats, right: Floats) -> Floats:
        return _share(np.einsum("ij,ij->i", left, right, dtype=np.float64), _masses(left) + _masses(right))

    def against(self, queries: Floats, rows: Floats) -> Floats:
        sums = (_masses(queries)[:, None] + _masses(rows)).astype(np.float32)
        return _share(queries @ rows.T, sums)


def _share(both: Floats, sums: Floats) -> Floats:
    union = sums - both
    return np.divide(both, union, out=np.zeros_like(both), where=union > 0)


def _masses(rows: Floats) -> Floats:
    return rows.sum(axis=1, dtype=np.float64)


def _logs(p: Floats) -> Floats:
    return np.log(np.maximum(p, _LEAST))


def _of_absence(p: Floats) -> Floats:
    return np.log1p(-np.minimum(p, 1 - _LEAST))


def probabilities(vectors: Floats) -> Floats:
    """Features in float64. Raises ProbekitError for one that is no probability."""
    p = np.asarray(vectors, dtype=np.float64)
    if p.size and (p.min() < 0 or p.max() > 1):
        raise ProbekitError(
            f"features from {p.min():.3g} to {p.max():.3g} are no probabilities, which this measure compares; make "
            "them such with a step: TABLE|fuzzy"
        )
    return p
