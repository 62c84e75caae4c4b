"""Nearest neighbours by cosine, votes weighed by the sizes of classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from probekit.probes.probe import Array, Dev, Probe, classes_and_codes
from probekit.values import Count, OneOf, Seed

_ROWS_AT_ONCE = 512


class Nearest(Probe):
    """The class with the most votes among the k training vectors of the largest cosine (Coria et al. 2020).

    votes: `class` divides those of a class by the number of its training vectors, `plain` counts them. Of equals the
    class of the nearer vector is told. A vector of zeros is as far from all others.
    """

    answers = frozenset({"label"})
    price = 3.0

    def __init__(
        self, *, k: Count = 10, votes: Annotated[str, OneOf(("class", "plain"))] = "class", seed: Seed = 0
    ) -> None:
        self.k, self.votes, self.seed = k, votes, seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        self._rows = _unit(X)
        self._known = [classes_and_codes(column) for column in Y.T]
        self.classes_ = [names for names, _ in self._known]
        for info in self.info_:
            info["k"] = min(self.k, len(X))

    def _predict(self, X: Array) -> Array:
        near = self._near(X)
        return np.stack([self._told(near, *one) for one in self._known], axis=1)

    def predict_proba(self, X: Array) -> list[Array]:
        """Shares of the votes for vectors (n, d): one (n, K) float64 array a target, columns as in `classes_`."""
        near = self._near(self._check_x(X))
        votes = [self._votes(near, *one)[0] for one in self._known]
        return [one / one.sum(axis=1, keepdims=True) for one in votes]

    def _near(self, X: Array) -> Array:
        blocks = (X[start : start + _ROWS_AT_ONCE] for start in range(0, len(X), _ROWS_AT_ONCE))
        return np.concatenate([self._nearest(_unit(block)) for block in blocks])

    def _nearest(self, rows: Array) -> Array:
        """Training rows of the largest cosines, nearest first, (n, k)."""
        # Cosines that differ by rounding alone are equals: the earlier training row is nearer.
        likeness = np.round(rows @ self._rows.T, 6)
        found: Array = np.argsort(-likeness, axis=1, kind="stable")[:, : self.k]
        return found

    def _votes(self, near: Array, names: Array, codes: Array) -> tuple[Array, Array]:
        """Votes (n, K), and the class of each neighbour (n, k)."""
        weight = 1 / np.bincount(codes) if self.votes == "class" else np.ones(len(names))
        of = codes[near]
        votes = np.zeros((len(near), len(names)))
        np.add.at(votes, (np.arange(len(near))[:, None], of), weight[of])
        return votes, of

    def _told(self, near: Array, names: Array, codes: Array) -> Array:
        votes, of = self._votes(near, names, codes)
        best = np.isclose(votes, votes.max(axis=1, keepdims=True), rtol=1e-9, atol=0)
        first = np.take_along_axis(best, of, axis=1).argmax(axis=1)  # the nearest of a class with most votes
        found: Array = names[of[np.arange(len(near)), first]].astype(object)
        return found


def _unit(X: Array) -> Array:
    X = np.asarray(X, dtype=np.float64)
    found: Array = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-30)
    return found
