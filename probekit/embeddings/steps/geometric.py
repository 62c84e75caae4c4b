"""Rotations of tables to one another and one metric of all (Jawanpuria et al. 2020), with rows as words.

Of two tables X and Z (n, d): U, V orthogonal, B symmetric and positive definite, with the smallest

    f = || X U' B V Z' - I ||^2 + C || B ||^2        = tr(M' A M D) - 2 <M, K> + n + C || M ||^2

for M = U' B V, A = X'X, D = Z'Z, K = X'Z: the n x n matrix is never made. f is convex in M, and every invertible M is
such a product, so that M is had in closed form and (U, B, V) from its polar decomposition, with U the identity. All
other solutions turn the latent vectors X U' B^(1/2) and Z V' B^(1/2) together.

Of more than two tables each is turned to the first, and the metric is the mean of the metrics found, each with trace 1
(ours; the paper has two tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from probekit.embeddings.affine import ROWS_AT_ONCE, Doubles, Floats
from probekit.errors import MissingExtra, ProbekitError

_LEAST = 1e-8  # of the largest singular value: what is smaller is no direction of a metric
_ITERATIONS, _SECONDS = 5000, 600


@dataclass(frozen=True, eq=False)
class Problem:
    """A = X'X, D = Z'Z, K = X'Z (d, d), float64, of n words, and C."""

    A: Doubles
    D: Doubles
    K: Doubles
    n: int
    C: float

    @classmethod
    def of(cls, X: Floats, Z: Floats, c: float) -> Problem:
        """That of two tables (n, d), C = c mean(a) mean(b) of the eigenvalues of A and D."""
        A, D, K = products(X, X), products(Z, Z), products(X, Z)
        C = c * float(np.trace(A) * np.trace(D)) / len(A) ** 2
        if not C > 0:
            raise ProbekitError(f"geo: C is {C:g}; c is above 0, and no table is all zeros")
        return cls(A, D, K, len(X), C)

    def objective(self, M: Doubles) -> float:
        """f of M = U' B V."""
        fit = np.vdot(self.A @ M, M @ self.D) - 2 * np.vdot(M, self.K) + self.n
        return float(fit + self.C * np.vdot(M, M))

    def gradient(self, M: Doubles) -> Doubles:
        """Derivative of f by M."""
        return 2 * (self.A @ M @ self.D - self.K + self.C * M)


@dataclass(frozen=True, eq=False)
class Solution:
    """U, B, V (d, d), and f there."""

    U: Doubles
    B: Doubles
    V: Doubles
    objective: float


def closed_form(problem: Problem) -> Solution:
    """The smallest f: M by two eigendecompositions, U, B and V by its polar decomposition with U the identity."""
    a, P = np.linalg.eigh(problem.A)
    b, Q = np.linalg.eigh(problem.D)
    scale = np.outer(np.clip(a, 0, None), np.clip(b, 0, None)) + problem.C
    M = P @ ((P.T @ problem.K @ Q) / scale) @ Q.T
    left, s, right = np.linalg.svd(M)
    B = (left * np.maximum(s, _LEAST * s[0])) @ left.T
    return Solution(np.eye(len(M)), (B + B.T) / 2, left @ right, problem.objective(M))


def riemannian(problem: Problem) -> Solution:
    """The smaller f of two runs of pymanopt's conjugate gradient, from the identities and with one axis of V turned
    over: on rotations no step changes the sign of a determinant. Raises MissingExtra without pymanopt."""
    try:
        import pymanopt
        from pymanopt.manifolds import Product, SpecialOrthogonalGroup, SymmetricPositiveDefinite
        from pymanopt.optimizers import ConjugateGradient
    except ImportError:
        raise MissingExtra("pymanopt", "solver=riemannian") from None
    d = len(problem.A)
    manifold = Product([SpecialOrthogonalGroup(d), SymmetricPositiveDefinite(d), SpecialOrthogonalGroup(d)])

    @pymanopt.function.numpy(manifold)
    def cost(U: Doubles, B: Doubles, V: Doubles) -> float:
        return problem.objective(U.T @ B @ V)

    @pymanopt.function.numpy(manifold)
    def slope(U: Doubles, B: Doubles, V: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        return slopes(problem, U, B, V)

    asked = pymanopt.Problem(manifold, cost, euclidean_gradient=slope)
    optimizer = ConjugateGradient(verbosity=0, max_iterations=_ITERATIONS, max_time=_SECONDS)
    starts = [np.diag([sign, *np.ones(d - 1)]) for sign in (1.0, -1.0)]
    size = float(np.linalg.norm(problem.K) / np.linalg.norm(problem.A @ problem.D))  # far from 1 where tables are large
    ends = [optimizer.run(asked, initial_point=[np.eye(d), size * np.eye(d), V]).point for V in starts]
    return min((Solution(U, B, V, problem.objective(U.T @ B @ V)) for U, B, V in ends), key=lambda one: one.objective)


def slopes(problem: Problem, U: Doubles, B: Doubles, V: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Derivatives of f by U, B and V."""
    G = problem.gradient(U.T @ B @ V)
    by_B = U @ G @ V.T
    return B @ V @ G.T, (by_B + by_B.T) / 2, B @ U @ G


SOLVERS = {"closed-form": closed_form, "riemannian": riemannian}


def maps(tables: Sequence[Floats], c: float, solver: str) -> tuple[list[Doubles], dict[str, Any]]:
    """A map (d, d) for each of some tables (n, d) to their latent vectors, and C, objectives and the spectrum of B."""
    problems = [Problem.of(tables[0], other, c) for other in tables[1:]]
    found = [SOLVERS[solver](problem) for problem in problems]
    turned = [one.U.T @ one.V for one in found]  # with U the identity
    metrics = [one.U.T @ one.B @ one.U for one in found]
    metric = metrics[0] if len(metrics) == 1 else sum(one / np.trace(one) for one in metrics) / len(metrics)
    values, directions = np.linalg.eigh(metric)
    root = (directions * np.sqrt(np.maximum(values, _LEAST * values[-1]))) @ directions.T
    about = {
        "c": c,
        "C": [problem.C for problem in problems],
        "objective": [one.objective for one in found],
        "spectrum": values[::-1].tolist(),
    }
    return [root, *(map.T @ root for map in turned)], about


def products(left: Floats, right: Floats) -> Doubles:
    """left' right (d, e) in float64, block by block."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for start in range(0, len(left), ROWS_AT_ONCE):
        block = np.asarray(left[start : start + ROWS_AT_ONCE], dtype=np.float64)
        other = block if right is left else np.asarray(right[start : start + ROWS_AT_ONCE], dtype=np.float64)
        total += block.T @ other
    return total
