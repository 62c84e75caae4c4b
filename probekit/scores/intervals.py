"""Closed-form intervals, and resampling of groups where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from probekit.scores.arrays import Floats
from probekit.streams import generator

Interval = tuple[float, float, str]  # low, high, note

NAN = float("nan")


def normal_quantile(confidence: float) -> float:
    """z with `confidence` of a standard normal between -z and z."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


def t_quantile(confidence: float, df: float) -> float:
    """t with `confidence` of Student's distribution with `df` degrees of freedom between -t and t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + confidence / 2))


def t_two_sided(t: float, df: float) -> float:
    """Probability that Student's t is at least as far from 0."""
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


def bonett_wright(value: float, n: int, confidence: float) -> Interval:
    """Interval of Spearman's rho: z = atanh(rho) with standard error sqrt((1 + rho^2 / 2) / (n - 3)).

    Source: Bonett & Wright 2000, Psychometrika 65:23-28. Derived for continuous, roughly normal scores.
    Ties make it a little too wide (it covers 97 % where seven of ten units share a value).
    """
    return _fisher_z(value, n, confidence, 1 + value * value / 2)


def fisher(value: float, n: int, confidence: float) -> Interval:
    """Interval of Pearson's r: z = atanh(r) with standard error 1 / sqrt(n - 3). Source: Fisher 1921."""
    return _fisher_z(value, n, confidence, 1.0)


def _fisher_z(value: float, n: int, confidence: float, inflation: float) -> Interval:
    if n < 4:
        return NAN, NAN, "no interval: Fisher's z needs at least 4 units"
    if abs(value) == 1:
        return value, value, "perfect correlation, so the interval has no width"
    half = normal_quantile(confidence) * np.sqrt(inflation / (n - 3))
    z = np.arctanh(value)
    return float(np.tanh(z - half)), float(np.tanh(z + half)), ""


def wilson(value: float, n: int, confidence: float) -> Interval:
    """Wilson's score interval of a proportion `value` of `n`. Source: Wilson 1927, JASA 22:209-212."""
    z = normal_quantile(confidence)
    centre = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    # At 0 and 1 the bound is the proportion itself; rounding must not leave it outside.
    return float(min(value, max(0.0, centre - half))), float(max(value, min(1.0, centre + half))), ""


CLOSED: dict[str, tuple[str, Callable[[float, int, float], Interval]]] = {
    "bonett-wright": ("Fisher z, Bonett-Wright", bonett_wright),
    "fisher": ("Fisher z", fisher),
    "wilson": ("Wilson", wilson),
}


def count_blocks(n_groups: int, n_boot: int, seed: int, n_units: int) -> Iterator[Floats]:
    """How often each group is drawn in each resample of groups with replacement, as blocks (G, b).

    The draws depend on seed and number of groups alone: metrics, columns and systems share them, and a larger
    `n_boot` keeps the earlier ones. Blocks are narrow enough for the processor's cache.
    """
    rng = generator(seed, "sample", "bootstrap", n_groups)
    width = int(np.clip(2**17 // max(n_units, n_groups), 8, 256))
    for start in range(0, n_boot, width):
        b = min(width, n_boot - start)
        drawn = rng.integers(0, n_groups, size=(b, n_groups))
        cells = drawn * b + np.arange(b)[:, None]
        yield np.bincount(cells.ravel(), minlength=n_groups * b).reshape(n_groups, b).astype(np.float64)


def percentile(values: Floats, confidence: float) -> Interval:
    """Percentile interval of resampled values, those that are undefined (NaN) left out and counted."""
    kept = values[np.isfinite(values)]
    lost = len(values) - len(kept)
    if len(kept) < len(values) / 2:
        return NAN, NAN, f"no interval: undefined in {lost} of {len(values)} resamples"
    low, high = np.quantile(kept, [0.5 - confidence / 2, 0.5 + confidence / 2])
    notes = [f"undefined in {lost} of {len(values)} resamples"] if lost else []
    if low == high:
        notes.append("resamples do not differ, so the interval has no width")
    return float(low), float(high), "; ".join(notes)


def fold(low: float, high: float) -> tuple[float, float]:
    """Interval of |x| from an interval of x: the absolute values of all its points."""
    if low <= 0 <= high:
        return 0.0, max(-low, high)
    return min(abs(low), abs(high)), max(abs(low), abs(high))
