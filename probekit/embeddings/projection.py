"""Projection of a table onto the subspace that weights of its dimensions make. Where they come from is not known here.

z = x T, T one column for each dimension of a weight above 0, with that weight at its row: x (*) r without zero columns.
"""

from __future__ import annotations

import numpy as np

from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName


def refine(table: WordTable, weights: WordTable, property: str) -> WordTable:
    """The table in the subspace of a property.

    weights: a table of properties x dimensions, as `Refinement.save` writes; its widths must be the table's. Raises
    UnknownName for a property that has no weights, ProbekitError as `project`.
    """
    if property not in weights:
        raise UnknownName(f"property of the weights {weights.name or 'by hand'}:", str(property), weights.words)
    return project(table, np.asarray(weights.vector(property), dtype=np.float64), property)


def project(table: WordTable, weights: np.ndarray, label: str = "") -> WordTable:
    """Vectors (n, m) of all words of a table, weighted by weights (n,) of its dimensions, the m above 0 kept.

    Words, counts and language stay; context vectors, which were trained against whole vectors, do not. Raises
    ProbekitError for weights of another width, below 0, not finite, or all 0.
    """
    weights = np.asarray(weights, dtype=np.float64)
    what = f"the weights of '{label}'" if label else "the weights"
    if weights.shape != (table.width,):
        raise ProbekitError(f"{what} are {weights.shape}, the vectors of {table!r} have {table.width} dimensions")
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = int(np.flatnonzero(~np.isfinite(weights) | (weights < 0))[0])
        raise ProbekitError(f"{what} are finite and 0 or more; dimension {bad} has {weights[bad]}")
    kept = np.flatnonzero(weights)
    if not len(kept):
        raise ProbekitError(f"{what} are all 0, which leaves no dimension; keep the vectors as they are")
    vectors = np.asarray(table.vectors[:, kept] * weights[kept], dtype=np.float32)
    about = {**table.about, "refined": label, "dimensions": kept.tolist()}
    return WordTable(
        table.words, vectors, counts=table.counts, language=table.language, notes=dict(table.notes), about=about
    )
