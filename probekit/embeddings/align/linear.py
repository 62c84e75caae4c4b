"""Alignment in closed form: orthogonal Procrustes, and the five steps of VecMap.

A method takes normalised rows of the source (n, d) and the target (m, d), and pairs (p, 2) of their rows; it gives the
`Maps` of both sides. Nothing of it changes when a side is rotated first.
"""

from __future__ import annotations

import numpy as np

from probekit.embeddings.align.maps import Maps, sides

_LEAST = 1e-8  # singular values below this share of the largest count as zero


def procrustes(source: np.ndarray, target: np.ndarray, pairs: np.ndarray) -> Maps:
    """The orthogonal map of the source that brings it nearest to the target (Schoenemann 1966, Psychometrika 31)."""
    left, right = sides(source, target, pairs)
    return Maps(orthogonal(left, right), np.eye(target.shape[1]))


def orthogonal(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The orthogonal W (d, d) with the least |left W - right| of paired rows (p, d)."""
    u, _, vt = np.linalg.svd(left.T @ right)
    return np.asarray(u @ vt)


def vecmap(source: np.ndarray, target: np.ndarray, pairs: np.ndarray) -> Maps:
    """Whiten, rotate, re-weight, de-whiten by dictionary rows (Artetxe, Labaka and Agirre 2018, AAAI, table 1).

    A side of lower rank (padded, or fewer pairs than dimensions) is whitened where it has any spread.
    """
    left, right = sides(source, target, pairs)
    (white, colour), (white_, colour_) = whitening(left), whitening(right)
    u, strength, vt = np.linalg.svd((left @ white).T @ (right @ white_))
    weight = np.sqrt(strength)
    info = {"rank_source": _rank(white), "rank_target": _rank(white_)}
    return Maps(white @ (u * weight) @ u.T @ colour @ u, white_ @ (vt.T * weight) @ vt @ colour_ @ vt.T, info)


def whitening(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(R'R)^(-1/2) of rows R (p, d), uncentred, and its inverse; both are zero where the rows have no spread."""
    _, values, vt = np.linalg.svd(rows, full_matrices=False)
    kept = values > _LEAST * values[0]
    basis, spread = vt[kept], values[kept]
    return (basis.T / spread) @ basis, (basis.T * spread) @ basis


def _rank(symmetric: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(symmetric, hermitian=True))
