"""Means over folds, seeds and tasks, with what is undefined counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats, fraction
from probekit.scores.intervals import NAN, t_quantile
from probekit.scores.scoring import Score

UNDEFINED = ("zero", "drop")


def mean_undefined(values: npt.ArrayLike, undefined: str = "zero") -> tuple[float, int]:
    """Mean of scores and how many were undefined (NaN).

    values: any shape. undefined: "zero" counts them as 0, "drop" leaves them out; the mean of none is NaN.
    Raises ProbekitError when `values` is empty or infinite or `undefined` is another word.
    """
    array = _scores(values)
    kept = _filled(array, undefined)
    return (float(kept.mean()) if len(kept) else NAN), int(np.isnan(array).sum())


def t_interval(
    values: npt.ArrayLike, confidence: float = 0.95, *, undefined: str = "zero", test_train_ratio: float = 0.0
) -> Score:
    """Mean over seeds or folds with Student's interval, mean +- t(J - 1) s sqrt(1 / J + ratio).

    values: (J,). Independent repetitions (seeds) have `test_train_ratio` 0. Folds share training data, which
    makes their plain interval too narrow; with n_test / n_train here (1/4 for five folds) the variance is
    corrected as in Nadeau & Bengio 2003, Machine Learning 52:239-281. Undefined values as in
    `mean_undefined`, counted in the note.
    """
    confidence = fraction(confidence, "confidence")
    array = _scores(values)
    kept = _filled(array, undefined)
    missing = int(np.isnan(array).sum())
    counted = {"zero": "counted as 0", "drop": "left out"}[undefined]
    note = f"{missing} of {array.size} undefined, {counted}" if missing else ""
    if len(kept) < 2:
        why = "no interval: it needs at least 2 values"
        value = float(kept[0]) if len(kept) else NAN
        return Score(value, NAN, NAN, "none", "; ".join(filter(None, (note, why))))
    mean, error = mean_and_error(kept, test_train_ratio)
    half = t_quantile(confidence, len(kept) - 1) * error
    method = f"t interval, {len(kept)} values" + (f", ratio {test_train_ratio:g}" if test_train_ratio else "")
    return Score(mean, mean - half, mean + half, method, note)


def mean_and_error(values: Floats, test_train_ratio: float) -> tuple[float, float]:
    """Mean of J >= 2 values and its standard error s sqrt(1 / J + n_test / n_train) (see `t_interval`)."""
    if not (np.isfinite(test_train_ratio) and test_train_ratio >= 0):
        raise ProbekitError(f"test_train_ratio={test_train_ratio} must be n_test / n_train, 0 or more")
    spread = float(values.std(ddof=1)) if np.ptp(values) else 0.0
    return float(values.mean()), spread * float(np.sqrt(1 / len(values) + test_train_ratio))


def _scores(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64).ravel()
    if not array.size:
        raise ProbekitError("values is empty; there is nothing to average")
    if np.isinf(array).any():
        raise ProbekitError("values has infinite entries; a score is a number or NaN")
    return array


def _filled(array: Floats, undefined: str) -> Floats:
    if undefined not in UNDEFINED:
        raise ProbekitError(f"undefined='{undefined}' is none of {', '.join(UNDEFINED)}")
    return np.where(np.isnan(array), 0.0, array) if undefined == "zero" else array[~np.isnan(array)]
