"""How the loss of `logistic` curves: where `softmax_solver` remembers nothing, its steps are shortened by this.

`Shared` is one matrix for all classes: along the eigenvectors of the features' covariance the bound h * variance +
penalty of Bohning's kind (Bohning 1992, Multinomial logistic regression algorithm, section 2), with h the geometric
mean of the bound and of the class's own curvature at the start. `Blocks` is each class's own: the mean of p (1 - p) x
x'. Most rows hardly count in it, as the model is sure of them, so a few thousand rows a class are drawn that do.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from probekit.probes.probe import Array

DRAWN = 5  # rows for each class's block, over dimensions
FLOOR = 1e-6  # of a block's largest entry, added to its diagonal: the inverse is made in float32


class Shared:
    """From the eigenvalues (d,) and eigenvectors (d, d) of the covariance and curvatures of the classes (K,)."""

    def __init__(self, values: Array, vectors: Array, own: Array, penalty: float) -> None:
        self.vectors = vectors
        self.weights = (1 / (own * values[:, None] + penalty)).astype(vectors.dtype)
        self.intercepts = (1 / own).astype(vectors.dtype)

    def shortened(self, q: Array) -> Array:
        """The inverse curvature times q (d + 1, K)."""
        weights = self.vectors @ (self.weights * (self.vectors.T @ q[:-1]))
        return _without_common(weights, self.intercepts * q[-1:])


class Blocks:
    """From blocks (K, d, d), see `class_blocks`, and curvatures of the intercepts (K,)."""

    def __init__(self, blocks: Array, own: Array, penalty: float) -> None:
        self.inverses = [_inverse(block, penalty) for block in blocks]
        self.intercepts = 1 / own

    def shortened(self, q: Array) -> Array:
        """The inverse curvature times q (d + 1, K)."""
        columns = np.ascontiguousarray(q[:-1].T)
        weights = np.stack([inverse @ column for inverse, column in zip(self.inverses, columns, strict=True)], axis=1)
        return _without_common(weights, self.intercepts * q[-1:]).astype(q.dtype)


def pays(n: int, d: int, classes: int) -> bool:
    """Whether blocks cost less, in time and memory, than the products with the rows (n, d) that they save."""
    return d * max(d, 8 * classes) <= 16 * n


def class_blocks(X: Array, P: Array) -> Array:
    """Means of p (1 - p) x x' over rows X (n, d) with probabilities P (n, K), each over rows drawn for it: (K, d, d).

    A row is drawn with a probability that grows with its weight, evenly along the rows and not by chance, and stands
    for as many as its probability says.
    """
    return np.stack([_block(X, (p * (1 - p)).astype(np.float32)) for p in P.T])


def _block(X: Array, weight: Array) -> Array:
    likely = np.minimum(1, DRAWN * X.shape[1] * weight / max(float(weight.sum()), 1e-30))
    drawn = np.flatnonzero(np.diff(np.floor(np.cumsum(likely, dtype=np.float64)), prepend=0.0))
    x = X[drawn].astype(np.float32) * np.sqrt(weight[drawn] / (likely[drawn] * len(X)))[:, None]
    return x.T @ x


def _inverse(block: Array, penalty: float) -> Array:
    # Rounding of dependent features may leave what is not positive definite: then more is added, ten times at a time.
    more, failed = penalty + FLOOR * float(block.max()), 1
    while failed:
        lower, failed = lapack.spotrf(block + np.float32(more) * np.eye(len(block), dtype=np.float32), lower=True)
        more *= 10
    found, _ = lapack.spotri(lower, lower=True)
    return np.tril(found) + np.tril(found, -1).T


def _without_common(weights: Array, intercepts: Array) -> Array:
    """Both in one array, without what all classes share: that changes no probability."""
    short = np.vstack([weights, intercepts])
    return short - short.mean(axis=1, keepdims=True)
