"""Rankings: average precision with ties, its expectation under a random order, cosines of pairs under many weights."""

from __future__ import annotations

import numpy as np

from probekit.errors import ProbekitError
from probekit.scores.arrays import Array, Floats
from probekit.scores.metric import Metric

# Cosines that agree this far are one score: in a subspace of one dimension all are +-1 up to rounding, and rounding
# must not rank them.
DECIMALS = 10


def average_precision(gold: Array, predicted: Array) -> float:
    """Mean over the positives of the precision at their place in the ranking by score, NaN without a positive.

    gold: (n,) 1 for a positive, else 0. predicted: (n,) scores. Units of one score share the precision at the end of
    their group, as if it were one step, so that the order of the units decides nothing. Raises ProbekitError for a gold
    value that is neither 0 nor 1.
    """
    if wrong := sorted(set(np.unique(gold).tolist()) - {0.0, 1.0}):
        raise ProbekitError(f"average_precision takes gold of 0 and 1, got {wrong[0]}; say what counts as positive")
    return float(average_precisions(gold, predicted[None, :])[0])


def average_precisions(gold: Array, predicted: Array) -> Floats:
    """`average_precision` of every row of scores (T, n) against one gold (n,), at once: (T,)."""
    positives = np.asarray(gold, dtype=np.float64)
    if not positives.any():
        return np.full(len(predicted), np.nan)
    order = np.argsort(-predicted, axis=1, kind="stable")
    ranked = np.take_along_axis(predicted, order, axis=1)
    hits = positives[order]
    n = ranked.shape[1]
    ends = np.ones(ranked.shape, dtype=bool)
    ends[:, :-1] = ranked[:, 1:] != ranked[:, :-1]
    # Place of the last unit of each unit's group of equal scores.
    last = np.where(ends, np.arange(n), n)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    precision = np.take_along_axis(np.cumsum(hits, axis=1), last, axis=1) / (last + 1)
    return (hits * precision).sum(axis=1) / positives.sum()


def chance_average_precision(n: int, positives: int) -> float:
    """Expected average precision of a random order of n units, `positives` of them positive, without ties.

    (1/N) ((M-1) N / (N-1) + (N-M) H_N / (N-1)), which is above the share of positives M / N.
    """
    if not 1 <= positives <= n:
        raise ProbekitError(f"{positives} positives among {n} units; give 1 to {n}")
    if n == 1:
        return 1.0
    harmonic = float((1 / np.arange(1, n + 1)).sum())
    return ((positives - 1) * n + (n - positives) * harmonic) / (n * (n - 1))


def weighted_cosines(vectors: Array, left: Array, right: Array, weights: Array) -> Floats:
    """Cosine of each pair of rows in the space that each vector of weights makes: (T, P), to 10 decimals.

    vectors: (w, n). left, right: (P,) rows of the pairs. weights: (T, n); the space of weights r is x (*) r, a
    dimension of weight 0 is not in it. A vector that is zero there has cosine 0 with all.
    """
    vectors, squared = np.asarray(vectors, dtype=np.float64), np.asarray(weights, dtype=np.float64) ** 2
    dots = squared @ (vectors[left] * vectors[right]).T
    norms = np.sqrt(squared @ (vectors**2).T)
    scale = norms[:, left] * norms[:, right]
    cosines = np.divide(dots, scale, out=np.zeros_like(dots), where=scale > 0)
    return np.round(cosines, DECIMALS)


def _why_no_precision(gold: Array, predicted: Array) -> str:
    return "no unit is positive"


AVERAGE_PRECISION = Metric(
    "average_precision",
    average_precision,
    +1,
    "number",
    (0.0, 1.0),
    "scikit-learn average_precision_score",
    why=_why_no_precision,
)
