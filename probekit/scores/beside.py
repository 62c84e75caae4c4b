"""Rank correlation within the values of a third variable, such as length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats
from probekit.scores.intervals import NAN, bonett_wright
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
    value = float(np.clip(ranks[0] @ ranks[1] / scale, -1, 1))
    low, high, note = bonett_wright(value, len(x) - (strata_left - 1), CONFIDENCE)
    method = f"Fisher z, Bonett-Wright, {strata_left} strata"
    return Score(value, low, high, method if np.isfinite(low) else "none", note)


def _checked(gold: npt.ArrayLike, predicted: npt.ArrayLike, strata: npt.ArrayLike) -> tuple[Floats, Floats, np.ndarray]:
    x, y = (np.asarray(side, dtype=np.float64) for side in (gold, predicted))
    codes = np.unique(np.asarray(strata), return_inverse=True)[1].reshape(-1)
    if x.ndim != 1 or not len(x) == len(y) == len(codes) or not len(x):
        raise ProbekitError(f"give three columns of one length, got {x.shape}, {y.shape} and {codes.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ProbekitError("a correlation needs finite numbers; leave the units without one out")
    return x, y, codes
