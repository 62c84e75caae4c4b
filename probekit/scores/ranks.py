"""Ranks with ties averaged, for many columns at once and for many resamples at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Codes, Floats


def round_to_spread(predicted: npt.ArrayLike, gold_spread: npt.ArrayLike, step: float = 1e-4) -> Floats:
    """Predictions rounded to multiples of `step` times the target's spread, so that solver noise ties.

    predicted: (n,) or (n, T) float; gold_spread: standard deviation of the target, a number or (T,), in the
    target's unit. Where the spread is 0 predictions stay as they are. Returns float64 of the same shape. Two
    values on either side of a rounding boundary still differ, by one step. Raises ProbekitError when the
    spread is negative or not finite or `step` is not positive. Source: DESIGN section 5.
    """
    values = np.asarray(predicted, dtype=np.float64)
    spread = np.asarray(gold_spread, dtype=np.float64)
    if not step > 0:
        raise ProbekitError(f"step={step} must be positive")
    if not (np.isfinite(spread).all() and (spread >= 0).all()):
        raise ProbekitError("gold_spread must be finite and not negative: the standard deviation of the target")
    if spread.shape not in ((), values.shape[1:]):
        raise ProbekitError(f"gold_spread has shape {spread.shape}, predicted has columns {values.shape[1:]}")
    unit = np.where(spread > 0, step * spread, 1.0)
    steps = np.divide(values, unit)
    # Beyond 2**52 steps a float64 has no digits left to round.
    keep = (np.broadcast_to(spread, values.shape) == 0) | ~(np.abs(steps) < 2.0**52)
    return np.where(keep, values, np.rint(steps) * unit)


def average_ranks(values: npt.ArrayLike) -> Floats:
    """Ranks 1..n within each column, equal values sharing the mean of their ranks.

    values: (n,) or (n, T), finite. Returns float64 of the same shape.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return array.copy()
    return (_centred_ranks(array if array.ndim == 2 else array[:, None]) + (len(array) + 1) / 2).reshape(array.shape)


def spearman_columns(gold: Floats, predicted: Floats) -> Floats:
    """Spearman's rho of each pair of columns: Pearson's r of average ranks; NaN where a column is constant.

    gold, predicted: (n, T). Centred ranks are multiples of one half, so the sums below are exact for up to
    10**5 rows and rho depends on nothing but the ranks.
    """
    x, y = _centred_ranks(gold), _centred_ranks(predicted)
    xy, xx, yy = (np.einsum("nt,nt->t", a, b) for a, b in ((x, y), (x, x), (y, y)))
    return _ratio(xy, xx, yy)


def spearman_resampler(gold: Floats, predicted: Floats, codes: Codes, n_groups: int) -> Callable[[Floats], Floats]:
    """Function from counts (G, b), how often each group was drawn, to the Spearman rho of the b resamples.

    Sorting is done once: in a resample, the rank of a value is the number of drawn units below it plus half
    of those equal to it, which a running sum over the sorted distinct values gives.
    """
    from scipy.sparse import csr_array

    # Units in the order of gold, so that reading gold's ranks back is nearly sequential.
    order = np.argsort(gold, kind="stable")
    gold, predicted, codes = gold[order], predicted[order], codes[order]
    x_run, y_run = (np.unique(side, return_inverse=True)[1].reshape(-1) for side in (gold, predicted))
    ones, group_size = np.ones(len(gold)), np.bincount(codes, minlength=n_groups).astype(np.float64)
    per_run = [csr_array((ones, (run, codes)), shape=(run.max() + 1, n_groups)) for run in (x_run, y_run)]

    def rho(counts: Floats) -> Floats:
        total = counts.T @ group_size
        ranks, squares = [], []
        for matrix in per_run:
            run: Floats = np.asarray(matrix @ counts)
            # Centred mid-rank: (units below) + (units equal) / 2 - (all units) / 2. In place: allocating
            # costs more than counting.
            rank = np.cumsum(run, axis=0)
            rank -= total / 2
            rank -= run / 2
            run *= rank
            ranks.append(rank)
            squares.append(np.einsum("rb,rb->b", run, rank))
        product = counts[codes]
        product *= ranks[0][x_run]
        return _ratio(np.einsum("nb,nb->b", product, ranks[1][y_run]), *squares)

    return rho


def _centred_ranks(values: Floats) -> Floats:
    """Average ranks minus their mean (n + 1) / 2, per column of an (n, T) array."""
    n = len(values)
    rows = np.ascontiguousarray(values.T)
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    first = np.ones(ordered.shape, dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=first[:, 1:])
    # Every column starts a run, so runs of the flattened array never cross columns.
    starts = np.flatnonzero(first.ravel())
    lengths = np.diff(starts, append=first.size)
    middle = starts % n + (lengths - 1) / 2 - (n - 1) / 2
    ranks = np.empty_like(ordered)
    np.put_along_axis(ranks, order, np.repeat(middle, lengths).reshape(ordered.shape), axis=1)
    return ranks.T


def _ratio(xy: Floats, xx: Floats, yy: Floats) -> Floats:
    scale = np.sqrt(xx * yy)  # one root, so that equal ranks give exactly 1
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.where(scale > 0, xy / scale, np.nan)
    return np.clip(rho, -1.0, 1.0)
