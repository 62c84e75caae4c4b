"""A score with its interval, for one target or for many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Array, Codes, Floats, at_least_one, fraction, group_codes
from probekit.scores.intervals import CLOSED, NAN, Interval, count_blocks, fold, percentile
from probekit.scores.metric import Metric, get

MODES = ("auto", "closed", "bootstrap", "none")
FEW_GROUPS = 10


@dataclass(frozen=True)
class Score:
    """A value, its interval, how the interval was made, and what is missing or unusual."""

    value: float
    low: float
    high: float
    method: str
    note: str = ""


def score(
    name: str | Metric,
    gold: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_boot: int = 1000,
    interval: str = "auto",
) -> Score:
    """One metric of one target, with an interval.

    gold, predicted: (n,), float, labels, or collections of labels, as the metric's kind says ((n, 2) for
    pairs). groups: (n,), units that belong together (sentence, document). interval: "auto" takes the metric's
    closed form when every unit is its own group and resamples groups when not, since closed forms assume
    independent units; "closed" and "bootstrap" insist, "none" leaves it out. Bootstrap intervals are
    percentiles of `n_boot` resamples of groups with replacement (Efron & Tibshirani 1993, ch. 13). An
    undefined value is NaN with a note that says why. Raises ProbekitError for arguments that are empty,
    missing, NaN or of different lengths.
    """
    metric = get(name) if isinstance(name, str) else name
    sides = metric.check(gold, predicted)
    values = np.array([metric.function(*sides)], dtype=np.float64)
    return _scores(metric, [sides], values, groups, confidence, seed, n_boot, interval)[0]


def score_columns(
    name: str | Metric,
    gold: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_boot: int = 1000,
    interval: str = "auto",
) -> list[Score]:
    """The same as `score` on each pair of columns of (n, T) arrays, in order, at once.

    All columns share the resamples, so the list equals the loop of `score`. A metric of kind "pairs" is
    refused.
    """
    metric = get(name) if isinstance(name, str) else name
    if metric.kind == "pairs":
        raise ProbekitError(f"{metric.name} scores pairs (n, 2), not columns of targets; call score")
    left, right = metric.check(gold, predicted, ndim=2)
    columns = [(left[:, t], right[:, t]) for t in range(left.shape[1])]
    return _scores(metric, columns, metric.values(left, right), groups, confidence, seed, n_boot, interval)


def _scores(
    metric: Metric,
    columns: list[tuple[Array, Array]],
    values: Floats,
    groups: npt.ArrayLike | None,
    confidence: float,
    seed: int,
    n_boot: int,
    mode: str,
) -> list[Score]:
    confidence, n_boot = fraction(confidence, "confidence"), at_least_one(n_boot, "n_boot")
    n = len(columns[0][0])
    codes, n_groups = group_codes(groups, n)
    mode = _mode(metric, mode, clustered=n_groups < n)
    # A user's metric may answer inf; that is no score either.
    defined: list[int] = np.flatnonzero(np.isfinite(values)).tolist()
    if mode == "closed":
        method, closed = CLOSED[metric.interval]
        found = {t: closed(float(values[t]), n, confidence) for t in defined}
    elif mode == "bootstrap":
        kind = f"cluster bootstrap, {n_groups} groups" if n_groups < n else "bootstrap"
        method = f"{kind}, {n_boot} resamples"
        found = _bootstrap(metric, columns, defined, codes, n_groups, confidence, seed, n_boot)
    else:
        method, found = "none", dict.fromkeys(defined, (NAN, NAN, ""))
    return [
        _folded(metric, float(value), found[t], method)
        if t in found
        else Score(NAN, NAN, NAN, "none", metric.undefined(*columns[t]))
        for t, value in enumerate(values)
    ]


def _mode(metric: Metric, mode: str, clustered: bool) -> str:
    if mode not in MODES:
        raise ProbekitError(f"interval='{mode}' is none of {', '.join(MODES)}")
    has_closed = metric.interval in CLOSED
    if mode == "closed" and not has_closed:
        raise ProbekitError(f"{metric.name} has no closed-form interval; use interval='bootstrap'")
    if mode == "auto":
        return "closed" if has_closed and not clustered else "bootstrap"
    return mode


def _bootstrap(
    metric: Metric,
    columns: list[tuple[Array, Array]],
    defined: list[int],
    codes: Codes,
    n_groups: int,
    confidence: float,
    seed: int,
    n_boot: int,
) -> dict[int, Interval]:
    if n_groups < 2:
        return dict.fromkeys(defined, (NAN, NAN, "no interval: one group cannot be resampled"))
    resample = {t: metric.replicates(columns[t][0], columns[t][1], codes, n_groups) for t in defined}
    drawn: dict[int, list[Floats]] = {t: [] for t in resample}
    if resample:
        for counts in count_blocks(n_groups, n_boot, seed, len(codes)):
            for t, values in resample.items():
                drawn[t].append(values(counts))
    few = f"only {n_groups} groups, so the interval is too narrow" if n_groups < FEW_GROUPS else ""
    found = {}
    for t, blocks in drawn.items():
        low, high, note = percentile(np.concatenate(blocks), confidence)
        found[t] = (low, high, "; ".join(filter(None, (note, few))))
    return found


def _folded(metric: Metric, value: float, interval: Interval, method: str) -> Score:
    low, high, note = interval
    if metric.absolute and np.isfinite(low):
        low, high = fold(low, high)
    return Score(value, low, high, method if np.isfinite(low) else "none", note)
