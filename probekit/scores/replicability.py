"""Does a difference hold on several data sets, and how many? Tests of systems whose score is made of sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError, UnknownName
from probekit.scores.arrays import Floats, at_least_one, fraction
from probekit.scores.intervals import NAN
from probekit.scores.paired import Comparison
from probekit.streams import generator

RULES = ("fisher", "bonferroni")
_AT_ONCE = 1 << 22  # signs drawn at a time


def permuted_sums(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    value: Callable[[Floats], Floats],
    *,
    seed: int = 0,
    n_permutations: int = 1 << 16,
    unit: str = "sentence",
) -> Comparison:
    """Paired permutation test of a score that is a function of sums over units, such as F1 of spans (Yeh 2000).

    a, b: (n, k) counts of n units under two systems. value: (k, m) sums -> (m,) scores. Each draw swaps the systems in
    half of the units; p = (1 + hits) / (1 + draws) of differences as large as the observed. Memory does not grow with
    the draws. There is no interval: a bootstrap of the same counts gives one.
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.ndim != 2 or left.shape != right.shape or not len(left):
        raise ProbekitError(f"a has shape {left.shape}, b {right.shape}; give (units, counts), the same for both")
    sums, swapped = (left.sum(axis=0), right.sum(axis=0)), right - left
    observed = _differences(value, sums, np.zeros((1, left.shape[1])))[0]
    if not np.isfinite(observed):
        return Comparison(NAN, NAN, NAN, NAN, "paired permutation of sums", unit, len(left), "a score is not defined")
    draws = at_least_one(n_permutations, "n_permutations")
    rng, hits, slack = generator(seed, "sample", "swaps", len(left)), 0, 1e-12
    for start in range(0, draws, width := max(1, _AT_ONCE // len(left))):
        signs = rng.integers(0, 2, size=(min(width, draws - start), len(left)), dtype=np.int8)
        found = _differences(value, sums, signs.astype(np.float32) @ swapped)
        # A draw whose score is not defined may have been as far apart.
        hits += int((~(np.abs(found) < abs(observed) - slack)).sum())
    test = f"paired permutation of sums, {draws} draws"
    return Comparison(float(observed), NAN, NAN, (1 + hits) / (1 + draws), test, unit, len(left))


def _differences(value: Callable[[Floats], Floats], sums: tuple[Floats, Floats], moved: Floats) -> Floats:
    """Score of one system minus that of the other after each swap (m, k) of what the first has more."""
    return value((sums[0] + moved).T) - value((sums[1] - moved).T)


@dataclass(frozen=True)
class Replicated:
    """In how many of n data sets a difference holds at the level asked, and p of each claim "in u or more"."""

    count: int
    n: int
    p: Floats


def partial_conjunction(p: npt.ArrayLike, rule: str = "fisher", level: float = 0.05) -> Replicated:
    """How many of several data sets a difference holds in, with confidence 1 - level (Dror et al. 2017, TACL 5:471).

    p: (n,) one-sided or two-sided p of each data set. rule: `fisher` where the data sets are independent, `bonferroni`
    whatever they are. p of "in u or more" combines the n - u + 1 largest, and never falls with u.
    """
    from scipy.stats import chi2

    values = np.sort(np.asarray(p, dtype=np.float64))
    if rule not in RULES:
        raise UnknownName("rule of combining", str(rule), RULES)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ProbekitError(f"p must be values from 0 to 1, one a data set, got {p!r}")
    fraction(level, "level")
    n = len(values)
    combined = np.empty(n)
    for u in range(1, n + 1):
        rest = values[u - 1 :]
        if rule == "fisher":
            combined[u - 1] = chi2.sf(-2 * np.log(np.maximum(rest, 1e-300)).sum(), 2 * len(rest))
        else:
            combined[u - 1] = min(1.0, len(rest) * rest[0])
    rising = np.maximum.accumulate(combined)
    return Replicated(int((rising <= level).sum()), n, rising)


def majority_order(orders: npt.ArrayLike) -> Floats:
    """One ranking of several: each rank goes to whom most place there or before (cumulative majority).

    orders: (rankings, items) ranks from 1. Ties are broken by the mean rank; who is still tied shares a rank, the
    lowest of theirs. Returns ranks (items,). Reproduces the printed majority votes of the auxiliary-languages study.
    """
    ranks = np.asarray(orders, dtype=np.float64)
    if ranks.ndim != 2 or not ranks.size:
        raise ProbekitError(f"orders has shape {ranks.shape}; give (rankings, items)")
    found, place = np.zeros(ranks.shape[1]), 1
    left = set(range(ranks.shape[1]))
    while left:
        votes = {item: (int((ranks[:, item] <= place).sum()), -float(ranks[:, item].mean())) for item in left}
        best = max(votes.values())
        chosen = [item for item in left if votes[item] == best]
        found[chosen] = place
        left -= set(chosen)
        place += len(chosen)
    return found
