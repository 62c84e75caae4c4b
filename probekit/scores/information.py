"""Discrete information by counts: entropies of columns of symbols, and what makes a plug-in estimate readable.

Counts underestimate entropy where a cell holds few units, so that mutual information comes out too large: beside each
estimate stand the number of units a cell and the mean of the same estimate with the units of one side permuted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError, UnknownName
from probekit.scores.arrays import Codes, Floats, at_least_one, labels
from probekit.streams import generator

UNITS = {"nats": 1.0, "bits": float(np.log(2))}
DENSE = 4  # a table of at most so many cells a unit is counted without sorting


@dataclass(frozen=True)
class Information:
    """An estimate by counts in `unit`, its mean over permuted units, and units for each cell that any unit is in."""

    value: float
    permuted: float
    a_cell: float
    unit: str


def symbol_codes(values: npt.ArrayLike, argument: str, ndim: int = 2) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Columns of symbols as codes 0..k-1 in sorted order, and k of each column.

    values: (n, d) whole numbers, truth values or text; (n,) for ndim=1, which gives (n, 1). Raises ProbekitError for
    what is empty or missing, and for numbers with a fraction, which are no symbols.
    """
    array: Any = np.asarray(values)
    if array.dtype.kind not in "iub" or array.ndim != ndim or not array.size:
        array = labels(values, argument, ndim)
        _check_whole(array, argument)
    columns = [np.unique(_sortable(column), return_inverse=True) for column in array.reshape(len(array), -1).T]
    codes = np.stack([found.reshape(-1) for _, found in columns]).astype(np.int64).T  # each column in one piece
    return codes, np.array([len(kinds) for kinds, _ in columns], dtype=np.int64)


def _sortable(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Labels of one type as they are, of several types by their text with the type before it."""
    kinds = {type(value) for value in column.tolist()}
    if column.dtype != object or len(kinds) == 1:
        return column
    return np.array([f"{type(value).__name__}:{value}" for value in column.tolist()])


def _check_whole(array: npt.NDArray[Any], argument: str) -> None:
    for value in array.ravel().tolist():
        if isinstance(value, float) and value != int(value):
            raise ProbekitError(
                f"{argument} holds {value:g}, which is no symbol; quantise numbers first (vectors > 0, cluster ids)"
            )


def joint(columns: Sequence[Codes], sizes: Sequence[int]) -> tuple[Codes, int]:
    """One code for each row of one or several columns, and a number that all codes are below.

    Cells that no row is in are left out where there would be many of them.
    """
    found, cells = columns[0], sizes[0]
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        found, cells = found * size + column, cells * size
        if cells > DENSE * len(found):
            kept, found = np.unique(found, return_inverse=True)
            found, cells = found.reshape(-1), len(kept)
    return found, cells


def sum_n_log_n(counts: npt.NDArray[np.int64]) -> float:
    """Sum of n log n over counts, in nats; 0 log 0 is 0."""
    some = counts[counts > 1]
    return float(np.sum(some * np.log(some)))


def entropy(column: npt.ArrayLike, unit: str = "nats") -> float:
    """Entropy of a column of symbols (n,), or of the rows of several (n, d), by counts (Shannon 1948)."""
    found, _ = _rows(column, "column")
    return _entropy(found) / _nats(unit)


def mutual_information(
    a: npt.ArrayLike, b: npt.ArrayLike, unit: str = "nats", permutations: int = 1, seed: int = 0
) -> Information:
    """H(a) + H(b) - H(a, b) by counts. a, b: (n,) symbols, or (n, d), whose rows are symbols.

    permutations: how often the units of b are permuted for the baseline. Raises ProbekitError for lengths that differ.
    """
    return _estimate(_information, a, b, unit, permutations, seed)


def conditional_entropy(
    target: npt.ArrayLike, given: npt.ArrayLike, unit: str = "nats", permutations: int = 1, seed: int = 0
) -> Information:
    """H(target | given) by counts; arguments as of `mutual_information`."""

    def left(a: Codes, b: Codes, pairs: Codes) -> float:
        return _entropy(pairs) - _entropy(b)

    return _estimate(left, target, given, unit, permutations, seed)


def _information(a: Codes, b: Codes, pairs: Codes) -> float:
    return _entropy(a) + _entropy(b) - _entropy(pairs)


def _estimate(measure: Any, a: Any, b: Any, unit: str, permutations: int, seed: int) -> Information:
    """A measure of two codings and that of their pairs, with what stands beside it."""
    (left, _), (right, size) = _rows(a, "first column"), _rows(b, "second column")
    if len(left) != len(right):
        raise ProbekitError(f"{len(left)} and {len(right)} units; give two columns of the same units")
    rng = generator(seed, "draw", "permuted units", len(left))
    orders = [rng.permutation(len(left)) for _ in range(at_least_one(permutations, "permutations"))]

    def value(other: Codes) -> float:
        return max(0.0, float(measure(left, other, left * size + other))) / _nats(unit)

    occupied = len(np.unique(left * size + right))
    permuted = float(np.mean([value(right[order]) for order in orders]))
    return Information(value(right), permuted, len(left) / occupied, unit)


def _rows(values: npt.ArrayLike, argument: str) -> tuple[Codes, int]:
    """Rows of a column or of several as codes below a number."""
    codes, sizes = symbol_codes(values, argument, 2 if np.ndim(values) > 1 else 1)
    return joint(list(codes.T), sizes.tolist())


def _entropy(codes: Codes) -> float:
    counts = np.unique(codes, return_counts=True)[1]
    return float(np.log(len(codes)) - sum_n_log_n(counts) / len(codes))


def _nats(unit: str) -> float:
    """Nats of a unit. Raises UnknownName."""
    if unit not in UNITS:
        raise UnknownName("unit of information:", unit, UNITS)
    return UNITS[unit]


# --- codes and concepts as wholes, beside residual entropy: ours, the paper has neither


def topographic_similarity(symbols: npt.ArrayLike, concepts: npt.ArrayLike, most: int = 1000, seed: int = 0) -> float:
    """Spearman correlation of the Hamming distances of codes and of concepts over all pairs of strings.

    symbols (n, l), concepts (n, c). Of more than `most` strings so many are drawn. NaN where all distances of one side
    are equal (Brighton and Kirby 2006, Artificial Life 12:229-242).
    """
    from probekit.scores.metrics import spearman

    codes, meant = _both(symbols, concepts)
    if len(codes) > at_least_one(most, "most"):
        chosen = generator(seed, "sample", "strings", len(codes)).choice(len(codes), most, replace=False)
        codes, meant = codes[chosen], meant[chosen]
    rows, columns = np.triu_indices(len(codes), 1)
    if not len(rows):
        raise ProbekitError("one string has no distance to another; give 2 or more")
    far = [np.sum(side[rows] != side[columns], axis=1).astype(np.float64) for side in (codes, meant)]
    if any(np.ptp(side) == 0 for side in far):
        return float("nan")
    return float(spearman(far[1], far[0]))


def positional_disentanglement(symbols: npt.ArrayLike, concepts: npt.ArrayLike) -> float:
    """Mean over positions of how far the concept it tells most about is ahead of the next, over its entropy.

    symbols (n, l), concepts (n, c), c of 2 or more; positions with one symbol are left out, NaN where all have one
    (Chaabouni et al. 2020, ACL, section 3.2).
    """
    codes, meant = _both(symbols, concepts)
    if meant.shape[1] < 2:
        raise ProbekitError("concepts has one column; which of several a position tells about needs 2 or more")
    ahead = []
    for column in codes.T:
        if (whole := _entropy(column)) > 0:
            told: Floats = np.sort([_information(column, one, column * len(one) + one) for one in meant.T])
            ahead.append((told[-1] - told[-2]) / whole)
    return float(np.mean(ahead)) if ahead else float("nan")


def _both(symbols: npt.ArrayLike, concepts: npt.ArrayLike) -> tuple[Codes, Codes]:
    codes, meant = symbol_codes(symbols, "symbols")[0], symbol_codes(concepts, "concepts")[0]
    if len(codes) != len(meant):
        raise ProbekitError(f"symbols has {len(codes)} rows, concepts has {len(meant)}; give one row a string in both")
    return codes, meant
