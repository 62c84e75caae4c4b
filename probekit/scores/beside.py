"""Rank correlations with a third variable held still, such as length: within its values, or beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats
from probekit.scores.intervals import NAN, normal_quantile
from probekit.scores.ranks import average_ranks
from probekit.scores.scoring import Score

CONFIDENCE = 0.95


def spearman_within(gold: npt.ArrayLike, predicted: npt.ArrayLike, strata: npt.ArrayLike) -> Score:
    """Correlation of the ranks that units have among those of their own stratum, over all strata together.

    gold, predicted: (n,) finite; strata: (n,), what is held still. Ranks are divided by the size of the stratum and
    centred in it, so that strata differ in weight only as they differ in size; strata of one unit say nothing. The
    interval is Fisher's z of a correlation that as many means were taken from as there are strata, with the variance of
    rank correlations (Bonett and Wright 2000).
    """
    x, y, codes = _checked(gold, predicted, strata)
    sizes = np.bincount(codes)
    kept = sizes[codes] > 1
    x, y, codes = x[kept], y[kept], np.unique(codes[kept], return_inverse=True)[1]
    ranks = [np.zeros(len(x)), np.zeros(len(x))]
    for stratum in range(codes.max() + 1 if len(codes) else 0):
        own = np.flatnonzero(codes == stratum)
        for side, values in zip(ranks, (x, y), strict=True):
            side[own] = (average_ranks(values[own]) - (len(own) + 1) / 2) / len(own)
    strata_left = int(codes.max()) + 1 if len(codes) else 0
    scale = np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
    if not scale > 0:
        return Score(NAN, NAN, NAN, "none", "no stratum holds two units that differ")
    return _interval(float(ranks[0] @ ranks[1] / scale), len(x), strata_left - 1, f"{strata_left} strata")


def spearman_beside(gold: npt.ArrayLike, predicted: npt.ArrayLike, other: npt.ArrayLike) -> Score:
    """Partial rank correlation: that of the residuals of both rankings after a straight line on the ranks of a third.

    All (n,), finite. The interval is Fisher's z with one unit less, with the variance of rank correlations.
    """
    x, y, _ = _checked(gold, predicted, np.zeros(len(np.asarray(gold))))
    z = average_ranks(np.asarray(other, dtype=np.float64))
    xr, yr = (_residual(average_ranks(side), z) for side in (x, y))
    scale = np.sqrt((xr @ xr) * (yr @ yr))
    if not scale > 1e-9 * len(x) ** 3:
        return Score(NAN, NAN, NAN, "none", "one side is constant, or told by the third alone")
    return _interval(float(xr @ yr / scale), len(x), 1, "partial ranks")


def _residual(ranks: Floats, other: Floats) -> Floats:
    centred, beside = ranks - ranks.mean(), other - other.mean()
    square = float(beside @ beside)
    slope = float(centred @ beside) / square if square else 0.0
    found: Floats = centred - slope * beside
    return found


def _checked(gold: npt.ArrayLike, predicted: npt.ArrayLike, strata: npt.ArrayLike) -> tuple[Floats, Floats, np.ndarray]:
    x, y = (np.asarray(side, dtype=np.float64) for side in (gold, predicted))
    codes = np.unique(np.asarray(strata), return_inverse=True)[1].reshape(-1)
    if x.ndim != 1 or not len(x) == len(y) == len(codes) or not len(x):
        raise ProbekitError(f"give three columns of one length, got {x.shape}, {y.shape} and {codes.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ProbekitError("a correlation needs finite numbers; leave the units without one out")
    return x, y, codes


def _interval(value: float, n: int, taken: int, method: str) -> Score:
    """Fisher's z of a correlation from which `taken` further means or slopes were estimated."""
    value = float(np.clip(value, -1, 1))
    left = n - 3 - taken
    if left < 1:
        return Score(value, NAN, NAN, "none", "no interval: too few units beside what is held still")
    if abs(value) == 1:
        return Score(value, value, value, method, "perfect correlation, so the interval has no width")
    half = normal_quantile(CONFIDENCE) * np.sqrt((1 + value**2 / 2) / left)
    z = np.arctanh(value)
    return Score(value, float(np.tanh(z - half)), float(np.tanh(z + half)), f"Fisher z, {method}")
