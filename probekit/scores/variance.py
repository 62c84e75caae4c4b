"""Tests of means: one sample against a constant, several samples against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import fraction, numbers
from probekit.scores.intervals import NAN, t_quantile, t_two_sided
from probekit.scores.paired import Comparison


@dataclass(frozen=True)
class Anova:
    """One-way analysis of variance: F with its degrees of freedom and p; `eta2` is the share of variance between."""

    f: float
    df_between: int
    df_within: int
    p: float
    eta2: float
    note: str = ""


def one_sample_t(values: npt.ArrayLike, constant: float, *, confidence: float = 0.95, unit: str = "seed") -> Comparison:
    """Mean of values minus a constant, with Student's interval and two-sided p (Student 1908).

    values: (n,). Repetitions of one training say how sure the mean over repetitions is, and nothing about other data
    or other encoders. With fewer than two values there is no test; when all are equal, p is 0 or 1.
    """
    array = numbers(values, "values")
    constant, confidence = float(numbers([constant], "constant")[0]), fraction(confidence, "confidence")
    n, difference = len(array), float(array.mean() - constant)
    test = f"one-sample t, {n} values"
    if n < 2:
        return Comparison(difference, NAN, NAN, NAN, "none", unit, n, "a t-test needs at least 2 values")
    spread = float(array.std(ddof=1)) if np.ptp(array) else 0.0
    if spread == 0:
        p = 1.0 if difference == 0 else 0.0
        return Comparison(difference, difference, difference, p, test, unit, n, "the values do not differ")
    error = spread / np.sqrt(n)
    half = t_quantile(confidence, n - 1) * error
    return Comparison(
        difference, difference - half, difference + half, t_two_sided(difference / error, n - 1), test, unit, n
    )


def anova(samples: Sequence[npt.ArrayLike]) -> Anova:
    """Whether samples have one mean (Fisher 1925, section 40).

    samples: two or more (n_i,) arrays. NaN with a note where a sample is empty of degrees of freedom; where no sample
    varies within, F is infinite and p 0, or NaN when all values are equal.
    """
    from scipy.special import fdtrc

    if len(samples) < 2:
        raise ProbekitError(f"an analysis of variance needs at least 2 samples, got {len(samples)}")
    arrays = [numbers(sample, f"samples[{i}]") for i, sample in enumerate(samples)]
    n, k = sum(map(len, arrays)), len(arrays)
    if n == k:
        return Anova(NAN, k - 1, 0, NAN, NAN, "every sample has one value; nothing varies within")
    grand = float(np.concatenate(arrays).mean())
    between = float(sum(len(one) * (one.mean() - grand) ** 2 for one in arrays))
    within = float(sum(((one - one.mean()) ** 2).sum() for one in arrays if np.ptp(one)))
    df = k - 1, n - k
    if within == 0:
        constant = not np.ptp(np.concatenate(arrays))
        f, p, eta2 = (NAN, NAN, NAN) if constant else (float("inf"), 0.0, 1.0)
        return Anova(f, *df, p, eta2, "all values are equal" if constant else "no sample varies within")
    f = (between / df[0]) / (within / df[1])
    return Anova(f, *df, float(fdtrc(*df, f)), between / (between + within))
