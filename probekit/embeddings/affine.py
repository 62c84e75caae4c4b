"""Affine maps of vectors, and the moments of a table that spectral steps are made of.

A chain of such steps is one map: moments are those of the table it begins with, taken in one pass and carried through
the maps, and vectors are touched once, block by block, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Affine:
    """x -> x @ matrix + offset. matrix: (d, k), offset: (k,), float64."""

    matrix: Doubles
    offset: Doubles

    @classmethod
    def linear(cls, matrix: Doubles) -> Affine:
        """x -> x @ matrix."""
        return cls(matrix, np.zeros(matrix.shape[1]))

    @classmethod
    def centred(cls, mean: Doubles, matrix: Doubles) -> Affine:
        """x -> (x - mean) @ matrix."""
        return cls(matrix, -mean @ matrix)

    def then(self, other: Affine) -> Affine:
        """This map and another after it, as one."""
        return Affine(self.matrix @ other.matrix, self.offset @ other.matrix + other.offset)

    def of(self, vectors: Floats) -> npt.NDArray[np.float32]:
        """Vectors (n, k) float32 of vectors (n, d), which may be mapped."""
        made = np.empty((len(vectors), self.matrix.shape[1]), dtype=np.float32)
        with np.errstate(over="ignore"):  # a table with infinite values is refused where it is made
            for start in range(0, len(vectors), ROWS_AT_ONCE):
                block = np.asarray(vectors[start : start + ROWS_AT_ONCE], dtype=np.float64)
                made[start : start + len(block)] = block @ self.matrix + self.offset
        return made


@dataclass(frozen=True, eq=False)
class Moments:
    """Rows, column means (d,) and centred products (d, d) of a table: the sum of (x - mean)(x - mean)', float64."""

    n: int
    mean: Doubles
    scatter: Doubles

    @classmethod
    def of(cls, vectors: Floats) -> Moments:
        """Those of vectors (n, d), in one pass, block by block. Means of the first block are taken off before, so that
        a mean far from zero costs no digits."""
        near = np.asarray(vectors[:ROWS_AT_ONCE], dtype=np.float64).mean(axis=0)
        total, products = np.zeros_like(near), np.zeros((len(near), len(near)))
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            block = np.asarray(vectors[start : start + ROWS_AT_ONCE], dtype=np.float64) - near
            total += block.sum(axis=0)
            products += block.T @ block
        off = total / len(vectors)
        return cls(len(vectors), near + off, products - len(vectors) * np.outer(off, off))

    @property
    def width(self) -> int:
        return len(self.mean)

    def after(self, map: Affine) -> Moments:
        """Moments of the vectors that a map makes."""
        scatter = map.matrix.T @ self.scatter @ map.matrix
        return Moments(self.n, self.mean @ map.matrix + map.offset, (scatter + scatter.T) / 2)

    @cached_property
    def products(self) -> Doubles:
        """X'X, (d, d), nothing taken off."""
        return self.scatter + self.n * np.outer(self.mean, self.mean)

    @cached_property
    def components(self) -> tuple[Doubles, Doubles]:
        """Variances (d,) of the principal components, largest first, and their directions, the columns of (d, d)."""
        values, directions = decomposed(self.scatter)
        return values / self.n, directions

    @cached_property
    def spectrum(self) -> tuple[Doubles, Doubles]:
        """Eigenvalues (d,) of X'X, largest first, and eigenvectors, the columns of (d, d)."""
        return decomposed(self.products)


def decomposed(matrix: Doubles) -> tuple[Doubles, Doubles]:
    """Eigenvalues of a symmetric matrix, largest first and none below 0, and its eigenvectors, columns of (d, d).

    The largest entry of each is above 0, so that signs are the same everywhere.
    """
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = np.clip(values[::-1], 0, None), vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.where(vectors[largest, np.arange(len(values))] < 0, -1.0, 1.0)
