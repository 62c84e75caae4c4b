"""What probes do within their training rows: scales fitted there, and splits that keep groups together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError, UnknownName

SCALES = ("raw", "standard")


@dataclass(frozen=True)
class Scale:
    """Column-wise `(values - shift) / width`. Raw: shift 0, width 1."""

    shift: np.ndarray
    width: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, how: str) -> Scale:
        """Scale of columns of (n, d) values: "raw", or "standard" (mean 0, population deviation 1 here).

        Moments in float64. A column that does not vary keeps width 1. Raises UnknownName for another word.
        """
        if how not in SCALES:
            raise UnknownName("scale", str(how), SCALES)
        columns = values.shape[1]
        if how == "raw":
            return cls(np.zeros(columns), np.ones(columns))
        shift = values.mean(axis=0, dtype=np.float64)
        width = deviation(values, shift)
        return cls(shift, width)

    @property
    def raw(self) -> bool:
        """Whether applying it changes nothing."""
        return not self.shift.any() and bool((self.width == 1).all())

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scaled values (n, d), dtype kept."""
        if self.raw:
            return values
        kind = values.dtype
        moved = values - self.shift.astype(kind)
        return moved if (self.width == 1).all() else moved / self.width.astype(kind)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Values (n, d) back on the raw scale."""
        return values * self.width + self.shift


def deviation(values: np.ndarray, shift: np.ndarray, block: int = 8192) -> np.ndarray:
    """Population deviation of columns (n, d) in float64; 1 where a column varies no more than rounding."""
    total = np.zeros(values.shape[1])
    for start in range(0, len(values), block):
        part = values[start : start + block].astype(np.float64) - shift
        total += np.einsum("ij,ij->j", part, part)
    return usable_width(np.sqrt(total / len(values)), shift, values.dtype)


def usable_width(width: np.ndarray, shift: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Deviations to divide by: 1 instead of zero or of rounding noise about a column's mean."""
    flat = width <= 8 * np.finfo(dtype).eps * np.abs(shift)
    return np.where(flat, 1.0, width)


def as_groups(groups: np.ndarray | None, rows: int) -> np.ndarray | None:
    """Groups as (n,) int64. Raises ProbekitError when they are not one integer a row."""
    if groups is None:
        return None
    groups = np.asarray(groups)
    if groups.shape != (rows,) or groups.dtype.kind not in "biu":
        raise ProbekitError(f"groups must be {rows} integers, one a row; got {groups.dtype} of shape {groups.shape}")
    return groups.astype(np.int64)


def group_parts(rows: int, groups: np.ndarray | None, parts: int, seed: int) -> np.ndarray:
    """Part 0..parts-1 of each row, groups whole and dealt evenly. Returns (n,) int64.

    Groups are ordered by a draw that depends on the seed and the group's number alone, so that two training
    sets which share most groups share most of the split. Fewer groups than parts leave parts empty.
    """
    rank = group_order(rows, groups, seed, "inner")
    return rank * parts // (rank.max() + 1)


def group_order(rows: int, groups: np.ndarray | None, seed: int, purpose: str) -> np.ndarray:
    """Place of each row's group, from 0, in an order drawn for a purpose. (n,) int64; None: of the row."""
    ids = np.arange(rows, dtype=np.int64) if groups is None else groups
    unique, place = np.unique(ids, return_inverse=True)
    key = streams.generator(seed, "split", purpose).integers(0, 2**63, dtype=np.uint64)
    rank = np.empty(len(unique), dtype=np.int64)
    rank[np.argsort(_mix(unique.astype(np.uint64) ^ key), kind="stable")] = np.arange(len(unique))
    return rank[place]


def inner_split(
    rows: int, groups: np.ndarray | None, seed: int, parts: int = 5
) -> tuple[np.ndarray, np.ndarray] | None:
    """Row numbers (train, dev), one part of the groups held out. None with fewer than two groups."""
    part = group_parts(rows, groups, parts, seed)
    dev = np.flatnonzero(part == 0)
    train = np.flatnonzero(part != 0)
    return (train, dev) if len(train) and len(dev) else None


def _mix(keys: np.ndarray) -> np.ndarray:
    """Scramble 64-bit integers one to one (finaliser of SplitMix64: Steele, Lea, Flood 2014, fig. 16)."""
    with np.errstate(over="ignore"):
        keys = (keys + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return keys ^ (keys >> np.uint64(31))
