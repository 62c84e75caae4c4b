"""Does a number tell two kinds of units apart, also among units that are alike otherwise?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats
from probekit.scores.intervals import NAN, normal_quantile
from probekit.scores.ranks import average_ranks
from probekit.scores.scoring import Score


def concordance(
    positive: npt.ArrayLike, values: npt.ArrayLike, strata: npt.ArrayLike | None = None, confidence: float = 0.95
) -> Score:
    """Share of pairs of a positive and another unit in which the positive has the larger value, ties counted half.

    positive: (n,) bool. values: (n,) finite. strata: (n,), only pairs within one are counted: with one stratum the area
    under the ROC curve. Normal interval with the variance of DeLong et al. 1988, strata taken as independent. NaN with
    a note where no stratum has two units of each kind. Raises ProbekitError for arrays of different lengths.
    """
    is_one, number = np.asarray(positive, dtype=bool), np.asarray(values, dtype=np.float64)
    of = np.zeros(len(number), dtype=int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    if not len(is_one) == len(number) == len(of):
        raise ProbekitError(f"{len(is_one)} kinds, {len(number)} values and {len(of)} strata are not of the same units")
    each = [(is_one[of == one], number[of == one]) for one in np.unique(of)]
    parts = [_one_stratum(kind, value) for kind, value in each if min(kind.sum(), (~kind).sum()) > 1]
    if not parts:
        return Score(NAN, NAN, NAN, "none", "no stratum has two units of each kind")
    pairs, areas, variances = np.array(parts).T
    weights = pairs / pairs.sum()
    area = float(weights @ areas)
    half = normal_quantile(confidence) * float(np.sqrt(weights**2 @ variances))
    return Score(area, max(0.0, area - half), min(1.0, area + half), "DeLong")


def _one_stratum(positive: npt.NDArray[np.bool_], values: Floats) -> tuple[int, float, float]:
    """Number of pairs, area under the curve and its variance."""
    ranks = average_ranks(values)
    above, below = values[positive], values[~positive]
    m, n = len(above), len(below)
    wins = (ranks[positive] - average_ranks(above)) / n  # share of the others that a positive is above
    losses = 1 - (ranks[~positive] - average_ranks(below)) / m
    return m * n, float(wins.mean()), float(wins.var(ddof=1) / m + losses.var(ddof=1) / n)
