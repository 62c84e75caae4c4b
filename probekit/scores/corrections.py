"""Corrections of p values for the number of questions asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError, UnknownName
from probekit.scores.arrays import Floats


def bonferroni(p: npt.ArrayLike) -> Floats:
    """p times the number of tests, at most 1; keeps the family-wise error rate (Dunn 1961).

    p: (m,) in [0, 1]; NaN marks a test that could not be made: it stays NaN and does not count. The same
    holds for the other corrections. Returns adjusted p values in the order given. Raises ProbekitError
    outside [0, 1].
    """
    return _adjust(p, lambda ordered: ordered * len(ordered))


def holm(p: npt.ArrayLike) -> Floats:
    """Step-down Bonferroni: never weaker, same promise (Holm 1979, Scand. J. Statistics 6:65-70)."""
    return _adjust(p, lambda ordered: np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1)))


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Keeps the expected share of false discoveries, for independent or positively dependent tests.

    Source: Benjamini & Hochberg 1995, JRSS B 57:289-300.
    """

    def step_up(ordered: Floats) -> Floats:
        m = len(ordered)
        return np.minimum.accumulate((ordered * m / np.arange(1, m + 1))[::-1])[::-1]

    return _adjust(p, step_up)


METHODS: dict[str, Callable[[npt.ArrayLike], Floats]] = {
    "holm": holm,
    "bonferroni": bonferroni,
    "benjamini-hochberg": benjamini_hochberg,
    "none": lambda p: _adjust(p, lambda ordered: ordered),
}


def adjust(p: npt.ArrayLike, method: str = "holm") -> Floats:
    """p values adjusted by the method of a name: holm, bonferroni, benjamini-hochberg, none."""
    if method not in METHODS:
        raise UnknownName("correction", method, METHODS)
    return METHODS[method](p)


def _adjust(p: npt.ArrayLike, of_ordered: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ProbekitError(f"p has shape {values.shape}, expected (m,): the p values of one family of tests")
    tested = np.flatnonzero(~np.isnan(values))
    if ((values[tested] < 0) | (values[tested] > 1)).any():
        raise ProbekitError("p has values outside [0, 1]; these are no p values")
    adjusted = np.full(len(values), np.nan)
    order = tested[np.argsort(values[tested], kind="stable")]
    adjusted[order] = np.minimum(of_ordered(values[order]), 1.0)
    return adjusted
