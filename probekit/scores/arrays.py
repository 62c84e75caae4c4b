"""What every score checks before it counts: shapes, missing values, labels as codes, groups as codes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def numbers(values: npt.ArrayLike, argument: str, ndim: int = 1) -> Floats:
    """Values as float64 of `ndim` dimensions. Refuses what is empty, not numeric, NaN or infinite."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProbekitError(
            f"{argument} holds something that is not a number; label metrics are accuracy, macro_f1, micro_f1"
        ) from None
    _shape(array, argument, ndim)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        place = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), bad[0], strict=False))
        raise ProbekitError(
            f"{argument} has {len(bad)} values that are NaN or infinite, the first at {place}; "
            "drop these units or mend what made them"
        )
    return array


def labels(values: npt.ArrayLike | Sequence[Any], argument: str, ndim: int = 1) -> Array:
    """Values as an object array of hashable labels. Refuses what is empty, None or NaN, or not hashable."""
    array = _objects(values, ndim)
    _shape(array, argument, ndim)
    width = array[:1].size
    for position, value in enumerate(array.ravel().tolist()):
        if not isinstance(value, Hashable):
            raise ProbekitError(f"{argument} holds a {type(value).__name__}, which cannot be a label; use text")
        if _missing(value):
            raise ProbekitError(f"{argument} has no label at row {position // width}; drop the unit")
    return array


def label_sets(values: npt.ArrayLike | Sequence[Any], argument: str, ndim: int = 1) -> Array:
    """Values as an object array of frozensets: a tuple, list or set is several labels, else it is one."""
    array = _objects(values, ndim)
    _shape(array, argument, ndim)
    several = (tuple, list, set, frozenset)
    sets = np.empty(array.size, dtype=object)
    for i, value in enumerate(array.ravel().tolist()):
        sets[i] = frozenset(value) if isinstance(value, several) else frozenset((value,))
        if any(map(_missing, sets[i])):
            raise ProbekitError(f"{argument} has a missing label at row {i // array[:1].size}; drop the unit")
    return sets.reshape(array.shape)


def span_sets(values: npt.ArrayLike | Sequence[Any], argument: str, ndim: int = 1) -> Array:
    """Values as an object array of frozensets of spans (start, end, label); a unit is a collection of spans."""
    sets = label_sets(values, argument, ndim)
    for row, spans in enumerate(sets):
        for span in spans:
            if not (isinstance(span, tuple) and len(span) == 3 and isinstance(span[2], str) and span[0] < span[1]):
                raise ProbekitError(f"{argument} holds {span!r} at row {row}, which is no span (start, end, label)")
    return sets


def same_length(gold: Array, predicted: Array, argument: str) -> None:
    """Refuses gold and predicted of different shapes."""
    if gold.shape != predicted.shape:
        raise ProbekitError(f"{argument} has shape {predicted.shape}, gold has {gold.shape}; they must agree")


def label_codes(gold: Array, predicted: Array) -> tuple[Codes, Codes, int]:
    """Both label arrays as codes 0..K-1 over the labels that occur in either, and K.

    Codes follow the sorted labels, so they depend neither on row order nor on string hashing.
    """
    seen = dict.fromkeys(gold.tolist()) | dict.fromkeys(predicted.tolist())
    ordered = sorted(seen, key=lambda label: (isinstance(label, str), str(label)))
    table = {label: code for code, label in enumerate(ordered)}
    g, p = (np.array([table[value] for value in side.tolist()], dtype=np.int64) for side in (gold, predicted))
    return g, p, len(table)


def comparable_labels(gold: Array, predicted: Array, argument: str) -> None:
    """Refuses text on one side and numbers on the other: "1" and 1 never match, so every score is 0."""
    gold_text, predicted_text = (
        {isinstance(value, str) for value in side.ravel().tolist()} for side in (gold, predicted)
    )
    if gold_text.isdisjoint(predicted_text):
        words = {True: "text", False: "not text"}
        raise ProbekitError(
            f"gold labels are {words[gold_text.pop()]}, {argument} labels are {words[predicted_text.pop()]}; "
            "use one type for both"
        )


def group_codes(groups: npt.ArrayLike | None, n: int) -> tuple[Codes, int]:
    """Groups as codes 0..G-1 in sorted order, and G; without groups every unit is its own."""
    if groups is None:
        return np.arange(n, dtype=np.int64), n
    array = np.asarray(groups)
    if array.shape != (n,):
        raise ProbekitError(f"groups has shape {array.shape}, expected ({n},): one group a unit")
    if array.dtype == object:
        if any(map(_missing, array.tolist())):
            raise ProbekitError("groups has missing values; give every unit a group")
        array = array.astype(str)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ProbekitError("groups has NaN or infinite values; give every unit a group")
    unique, codes = np.unique(array, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), len(unique)


def fraction(value: float, argument: str) -> float:
    """A number strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise ProbekitError(f"{argument}={value} is not strictly between 0 and 1")
    return float(value)


def at_least_one(value: int, argument: str) -> int:
    """A count of 1 or more."""
    if value < 1:
        raise ProbekitError(f"{argument}={value} must be 1 or more")
    return int(value)


def _missing(value: object) -> bool:
    # NaN is the only value that differs from itself; the missing value of pandas answers neither way.
    return value is None or type(value).__name__ == "NAType" or value != value


def _objects(values: npt.ArrayLike | Sequence[Any], ndim: int) -> Array:
    if isinstance(values, np.ndarray):
        return values.astype(object)
    if ndim > 1:
        return np.asarray(values, dtype=object)
    # A list of tuples must stay one row a tuple: np.array would open them into columns.
    rows = list(values)  # type: ignore[arg-type]
    array = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        array[i] = row.item() if isinstance(row, np.generic) else row
    return array


def _shape(array: Array, argument: str, ndim: int) -> None:
    if array.ndim != ndim:
        wanted = {1: "(n,): one value a unit", 2: "(n, T): one column a target"}[ndim]
        raise ProbekitError(f"{argument} has shape {array.shape}, expected {wanted}")
    if array.size == 0:
        raise ProbekitError(f"{argument} is empty (shape {array.shape}); there is nothing to score")


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """part / whole, elementwise; NaN where the whole is 0."""
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def f1_of(right: npt.ArrayLike, in_gold: npt.ArrayLike, in_predicted: npt.ArrayLike) -> Floats:
    """F1 = 2 right / (in gold + in prediction) from counts, elementwise; NaN for what is on neither side."""
    return ratio(2 * np.asarray(right), np.asarray(in_gold) + np.asarray(in_predicted))
