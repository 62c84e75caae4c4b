"""Steps that make one table of several, on the words that all of them hold, in the order of the first.

pre_norm and post_norm bring rows or columns of each table to length 1: before anything else, and once more before
tables are averaged or put beside one another (between the two the geometric steps learn their map, plain ones nothing).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from probekit.embeddings.affine import Affine
from probekit.embeddings.measures import unit_rows
from probekit.embeddings.steps import geometric
from probekit.embeddings.steps.plain import rows, several
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.values import OneOf, Positive

Norm = Annotated[str, OneOf(("rows", "columns"))] | None
Solver = Annotated[str, OneOf(("closed-form", "riemannian"))]


def average(
    table: WordTable, with_: WordTable | list[WordTable], pre_norm: Norm = None, post_norm: Norm = None
) -> WordTable:
    """The mean of the vectors of every word. Raises ProbekitError for tables of unlike width or no shared word."""
    tables = shared(table, several(with_))
    same_width(tables)
    return _averaged(tables, [normed(normed(one.vectors, pre_norm), post_norm) for one in tables])


def concatenate(
    table: WordTable, with_: WordTable | list[WordTable], pre_norm: Norm = None, post_norm: Norm = None
) -> WordTable:
    """The vectors of every word beside one another. Raises ProbekitError where no word is shared."""
    tables = shared(table, several(with_))
    return _beside(tables, [normed(normed(one.vectors, pre_norm), post_norm) for one in tables])


def geo_average(
    table: WordTable,
    with_: WordTable | list[WordTable],
    c: Positive = 0.01,
    pre_norm: Norm = None,
    post_norm: Norm = None,
    solver: Solver = "closed-form",
) -> WordTable:
    """The mean after a rotation of each table and one metric of all (Jawanpuria et al. 2020), see `geometric`.

    c: how strongly the metric is held small, C = c * mean(a) * mean(b) of the eigenvalues of X'X and Z'Z. Raises
    ProbekitError as `average`, MissingExtra where solver=riemannian finds no pymanopt.
    """
    tables = shared(table, several(with_))
    latent, about = _latent(tables, c, pre_norm, post_norm, solver)
    return _averaged(tables, latent, **about)


def geo_concatenate(
    table: WordTable,
    with_: WordTable | list[WordTable],
    c: Positive = 0.01,
    pre_norm: Norm = None,
    post_norm: Norm = None,
    solver: Solver = "closed-form",
) -> WordTable:
    """The vectors beside one another after the same maps as those of `geo_average`."""
    tables = shared(table, several(with_))
    latent, about = _latent(tables, c, pre_norm, post_norm, solver)
    return _beside(tables, latent, **about)


def shared(first: WordTable, others: Sequence[WordTable]) -> list[WordTable]:
    """Tables of the words that all hold, in the order of the first. Raises ProbekitError where there is none."""
    words = [word for word in first.words if all(word in other for other in others)]
    if not words:
        raise ProbekitError(
            f"{first!r} and {', '.join(map(repr, others))} share no word; are all of one language and case?"
        )
    return [one if one.words == tuple(words) else rows(one, one.rows(words).tolist()) for one in (first, *others)]


def same_width(tables: Sequence[WordTable]) -> None:
    """Refuse tables of unlike width."""
    widths = sorted({one.width for one in tables})
    if len(widths) > 1:
        raise ProbekitError(
            f"tables of {' and '.join(map(str, widths))} dimensions have no mean; make them alike with "
            f"|pad({widths[-1]}) or |pca({widths[0]}), or take concatenate"
        )


def normed(vectors: np.ndarray, norm: Norm) -> np.ndarray:
    """Vectors (n, d) float32 with rows or columns of length 1; what is zero stays zero."""
    if norm is None:
        return np.asarray(vectors, dtype=np.float32)
    if norm == "rows":
        return unit_rows(vectors)
    lengths = np.sqrt(np.einsum("ij,ij->j", vectors, vectors, dtype=np.float64))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _latent(
    tables: Sequence[WordTable], c: float, pre_norm: Norm, post_norm: Norm, solver: str
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Vectors of each table under the maps that are learned, and what was found."""
    same_width(tables)
    vectors = [normed(one.vectors, pre_norm) for one in tables]
    maps, about = geometric.maps(vectors, c, solver)
    still = np.zeros(tables[0].width)
    return [normed(Affine(map, still).of(one), post_norm) for map, one in zip(maps, vectors, strict=True)], about


def _averaged(tables: Sequence[WordTable], vectors: Sequence[np.ndarray], **about: Any) -> WordTable:
    total = vectors[0].astype(np.float32)
    for one in vectors[1:]:
        total += one
    total /= np.float32(len(vectors))
    return tables[0].with_vectors(total, tables=len(tables), **about)


def _beside(tables: Sequence[WordTable], vectors: Sequence[np.ndarray], **about: Any) -> WordTable:
    return tables[0].with_vectors(np.concatenate(vectors, axis=1), tables=len(tables), **about)
