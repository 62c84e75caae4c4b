"""Is one system better than another on the same units, folds or tasks?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats, at_least_one, fraction, group_codes, numbers
from probekit.scores.intervals import NAN, count_blocks, normal_quantile, percentile, t_quantile, t_two_sided
from probekit.scores.metric import Metric, get
from probekit.scores.summaries import mean_and_error
from probekit.streams import generator


@dataclass(frozen=True)
class Comparison:
    """A minus B: difference, its interval, two-sided p, the test, what was compared, and how many of them."""

    difference: float
    low: float
    high: float
    p: float
    test: str
    unit: str
    n: int
    note: str = ""


def paired_permutation(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_permutations: int = 10_000,
    unit: str = "",
) -> Comparison:
    """Sign-flip test of the mean difference of two paired scores (Fisher 1935, section 21).

    a, b: (n,) scores of the same units (right or wrong, an error, a fold's value). groups: (n,), units whose
    differences flip together. When all 2^G sign patterns number at most `n_permutations` they are enumerated
    and p is exact; else drawn, p = (1 + hits) / (1 + draws). The interval holds the differences that the same
    patterns do not reject: each pattern splits the groups into flipped and kept, and rejects nothing between
    the means of the two parts (Hartigan 1969, JASA 64:1303-1317, for subsets). With too few groups to reject
    anything it is infinite.
    """
    left, right = _pair(a, b)
    confidence = fraction(confidence, "confidence")
    codes, n_groups = group_codes(groups, len(left))
    delta: Floats = np.bincount(codes, weights=left - right, minlength=n_groups).astype(np.float64)
    size = np.bincount(codes, minlength=n_groups).astype(np.float64)
    total, units = delta.sum(), float(len(left))
    exact = n_groups < 63 and 2**n_groups <= at_least_one(n_permutations, "n_permutations")
    flipped, flipped_size = _subset_sums(delta, size, 2**n_groups if exact else n_permutations, exact, seed)
    # Drawn patterns miss the one that was observed; it counts once.
    extra = 0 if exact else 1
    m = len(flipped) + extra
    slack = 1e-12 * np.abs(delta).sum()
    p = (int((np.abs(total - 2 * flipped) >= abs(total) - slack).sum()) + extra) / m
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.stack([flipped / flipped_size, (total - flipped) / (units - flipped_size)])
    whole = (flipped_size == 0) | (flipped_size == units)
    lows = np.sort(np.concatenate([np.where(whole, -np.inf, parts.min(axis=0)), np.full(extra, -np.inf)]))
    highs = np.sort(np.concatenate([np.where(whole, np.inf, parts.max(axis=0)), np.full(extra, np.inf)]))
    cut = int(np.floor((1 - confidence) * m + 1e-9))
    kind = "exact" if exact else f"{n_permutations} draws"
    return Comparison(
        float(total / units),
        float(lows[cut]),
        float(highs[m - 1 - cut]),
        p,
        f"paired permutation, {kind}",
        _unit(unit, n_groups, len(left)),
        n_groups,
        "" if np.isfinite(lows[cut]) else f"{n_groups} are too few for an interval at this confidence",
    )


def _subset_sums(delta: Floats, size: Floats, m: int, exact: bool, seed: int) -> tuple[Floats, Floats]:
    """Sum and size of the flipped groups under m sign patterns: all of them, or drawn ones."""
    n_groups = len(delta)
    rng = generator(seed, "sample", "signs", n_groups)
    both = np.stack([delta, size])
    width = max(1, 2**21 // n_groups)
    blocks = []
    for start in range(0, m, width):
        rows = min(width, m - start)
        if exact:
            patterns = (np.arange(start, start + rows)[:, None] >> np.arange(n_groups)) & 1
        else:
            patterns = rng.integers(0, 2, size=(rows, n_groups))
        blocks.append(np.einsum("pg,cg->cp", patterns.astype(np.float64), both))
    sums = np.concatenate(blocks, axis=1)
    return sums[0], sums[1]


def paired_bootstrap(
    name: str | Metric,
    gold: npt.ArrayLike,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_boot: int = 1000,
    unit: str = "",
) -> Comparison:
    """Difference of a metric between two predictions of the same units, groups resampled for both at once.

    gold, a, b: (n,) of the metric's kind. groups: (n,), resampled whole. Percentile interval; p is the
    smallest level whose interval leaves 0 out, 2 min(share <= 0, share >= 0) with the observed sample counted
    in (Efron & Tibshirani 1993, ch. 13 and 15). The way to compare two Spearman correlations, which share
    their gold. An undefined metric gives NaN and a note.
    """
    metric = get(name) if isinstance(name, str) else name
    confidence, n_boot = fraction(confidence, "confidence"), at_least_one(n_boot, "n_boot")
    sides = [metric.check(gold, a, argument="a"), metric.check(gold, b, argument="b")]
    n = len(sides[0][0])
    codes, n_groups = group_codes(groups, n)
    test, unit = f"paired bootstrap of {metric.name}, {n_boot} resamples", _unit(unit, n_groups, n)
    values = [float(metric.function(*side)) for side in sides]
    reasons = [
        f"{which}: {metric.undefined(*side)}"
        for which, side, value in zip("ab", sides, values, strict=True)
        if not np.isfinite(value)
    ]
    difference = values[0] - values[1]
    if reasons or n_groups < 2:
        note = "; ".join(reasons) or "one group cannot be resampled"
        return Comparison(NAN if reasons else difference, NAN, NAN, NAN, test, unit, n_groups, note)
    first, second = (metric.replicates(side[0], side[1], codes, n_groups) for side in sides)
    shape = np.abs if metric.absolute else np.asarray
    blocks = [shape(first(c)) - shape(second(c)) for c in count_blocks(n_groups, n_boot, seed, n)]
    drawn = np.concatenate(blocks)
    low, high, note = percentile(drawn, confidence)
    kept = drawn[np.isfinite(drawn)]
    tail = min(int((kept <= 0).sum()), int((kept >= 0).sum()))
    p = min(1.0, 2 * (1 + tail) / (1 + len(kept))) if np.isfinite(low) else NAN
    return Comparison(difference, low, high, p, test, unit, n_groups, note)


def wilcoxon(a: npt.ArrayLike, b: npt.ArrayLike, *, confidence: float = 0.95, unit: str = "pair") -> Comparison:
    """Wilcoxon's signed-rank test of paired scores, with the Hodges-Lehmann difference and its interval.

    a, b: (n,), at most 5000, one value a fold, task or seed; pairs are taken as independent. p as
    scipy.stats.wilcoxon (pairs without difference left out). The difference is the median of the means of all
    pairs of differences, the interval its order statistics (Hollander & Wolfe 1999, sections 3.2 and 3.3),
    exact up to 50 pairs without ties.
    """
    left, right = _pair(a, b)
    confidence = fraction(confidence, "confidence")
    n = len(left)
    if n > 5000:
        raise ProbekitError(f"wilcoxon got {n} pairs, at most 5000; for units use paired_permutation")
    delta = left - right
    rows, columns = np.triu_indices(n)
    walsh = np.sort((delta[rows] + delta[columns]) / 2)
    cut = _signed_rank_cut(n, 1 - confidence)
    low, high = (-np.inf, np.inf) if cut < 0 else (walsh[cut], walsh[len(walsh) - 1 - cut])
    note = "" if cut >= 0 else f"{n} pairs are too few for an interval at this confidence"
    if not delta.any():
        p, note = 1.0, "; ".join(filter(None, (note, "no pair differs")))
    else:
        from scipy.stats import wilcoxon as signed_rank

        p = float(signed_rank(delta).pvalue)
    return Comparison(float(np.median(walsh)), float(low), float(high), p, "Wilcoxon signed rank", unit, n, note)


def _signed_rank_cut(n: int, alpha: float) -> int:
    """How many of the n (n + 1) / 2 ordered means to leave out at either end; -1 when none can be an end."""
    if n > 50:
        mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
        return int(np.floor(mean - normal_quantile(1 - alpha) * np.sqrt(variance)))
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1
    for rank in range(1, n + 1):
        ways[rank:] = ways[rank:] + ways[: len(ways) - rank]
    below = np.cumsum(ways) / 2.0**n
    return int(np.searchsorted(below, alpha / 2, side="right")) - 1


def corrected_t(
    a: npt.ArrayLike, b: npt.ArrayLike, *, test_train_ratio: float, confidence: float = 0.95, unit: str = "fold"
) -> Comparison:
    """Corrected resampled t-test over folds or random splits, whose training sets overlap.

    a, b: (J,) scores of the same folds. test_train_ratio: n_test / n_train, 1/4 for five folds. Variance of
    the mean difference (1 / J + n_test / n_train) s^2, t with J - 1 degrees of freedom. Source: Nadeau &
    Bengio 2003, Machine Learning 52:239-281, section 5 (corrected resampled t-test).
    """
    left, right = _pair(a, b)
    confidence = fraction(confidence, "confidence")
    delta, n, test = left - right, len(left), "corrected resampled t"
    if n < 2:
        return Comparison(float(delta[0]), NAN, NAN, NAN, test, unit, n, "a t-test needs at least 2 folds")
    mean, error = mean_and_error(delta, test_train_ratio)
    if error <= 1e-13 * abs(mean):
        p = 0.0 if mean else 1.0
        return Comparison(mean, mean, mean, p, test, unit, n, "every fold has the same difference")
    half = t_quantile(confidence, n - 1) * error
    return Comparison(mean, mean - half, mean + half, t_two_sided(mean / error, n - 1), test, unit, n)


def _pair(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Floats, Floats]:
    left, right = numbers(a, "a"), numbers(b, "b")
    if left.shape != right.shape:
        raise ProbekitError(f"b has shape {right.shape}, a has {left.shape}; paired scores must agree")
    return left, right


def _unit(unit: str, n_groups: int, n: int) -> str:
    return unit or ("group" if n_groups < n else "unit")
