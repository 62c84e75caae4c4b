"""Vectors as fuzzy sets over the dimensions (Bhat et al. 2020, section 4.1)."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from probekit.embeddings import measures
from probekit.embeddings.affine import ROWS_AT_ONCE
from probekit.embeddings.steps.plain import zero_rows
from probekit.embeddings.table import WordTable
from probekit.values import OneOf, Range

Base = Annotated[float, Range(1, 1e6, above=True)] | Annotated[str, OneOf(("e",))]
WAYS = ("column", "row", "column+row")


def fuzzy(
    table: WordTable, base: Base = "e", unit_rows: bool = True, normalise: Annotated[str, OneOf(WAYS)] = "column"
) -> WordTable:
    """base^x of every value of the vectors, which are brought to length 1 before where unit_rows says so.

    normalise: each dimension sums to 1 over the vocabulary (column, as printed), each word over its dimensions (row, as
    the authors' programs mostly do), or one after the other (column+row). Zero vectors are kept, counted in `about`.
    """
    vectors = _logarithms(table, base, unit_rows)
    column = np.zeros(table.width) if normalise == "row" else _log_sums(vectors)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        block = vectors[start : start + ROWS_AT_ONCE].astype(np.float64) - column
        if normalise != "column":  # the largest taken off: what is common to a row falls out of its sum
            block -= block.max(axis=1, keepdims=True)
        np.exp(block, out=block)
        if normalise != "column":
            block /= block.sum(axis=1, keepdims=True)
        vectors[start : start + ROWS_AT_ONCE] = block
    return table.with_vectors(vectors, zero_rows=zero_rows(table.vectors))


def _logarithms(table: WordTable, base: Base, unit: bool) -> np.ndarray:
    """x ln base, (n, d) float32 of its own."""
    vectors = measures.unit_rows(table.vectors) if unit else np.array(table.vectors, dtype=np.float32)
    return vectors if base == "e" else np.multiply(vectors, np.float32(np.log(float(base))), out=vectors)


def _log_sums(vectors: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exp over rows, (d,), in float64 block by block."""
    top = vectors.max(axis=0).astype(np.float64)
    total = np.zeros_like(top)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        total += np.exp(vectors[start : start + ROWS_AT_ONCE] - top).sum(axis=0)
    return np.asarray(top + np.log(total))
