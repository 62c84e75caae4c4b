"""Vectors drawn to those of their synonyms: Faruqui et al. 2015, and with weights by distance Zheng et al. 2022.

Notation of the paper: q' the vectors given, q those sought, an edge (i, j) of an undirected graph of synonyms weighted
g_ij, d_i the sum of the weights of i. A sweep changes all words at once from the vectors of the sweep before (Jacobi),
so that the order of words says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.special import gammaln

from probekit.corpora.word_items import WordItems
from probekit.embeddings import measures, synonyms
from probekit.embeddings.affine import ROWS_AT_ONCE, Doubles, Floats
from probekit.embeddings.table import WordTable
from probekit.store import digest
from probekit.values import Count, OneOf, Positive, Seed

_VALUES = 1 << 17  # of vectors that stay in the cache of a core
WEIGHTS = ("uniform", "t-kernel", "as-printed", "exact")


def retrofit(
    table: WordTable,
    lexicon: WordItems,
    weights: Annotated[str, OneOf(WEIGHTS)] = "t-kernel",
    nu: Positive = 100.0,
    scale2: Positive = 1.0,
    alpha: Positive = 0.5,
    beta: Positive = 0.5,
    sweeps: Count = 10,
    kernel_on: Annotated[str, OneOf(("original", "mixed"))] = "original",
    unit_rows: bool = True,
    rewired: Seed | None = None,
) -> WordTable:
    """Vectors (n, d) float32 after some sweeps over the synonyms of a lexicon; words without any stay as they are.

    weights: `uniform` takes alpha of q' and beta of the mean of the synonyms; `t-kernel` a mean weighted by
    g = C_nu (1 + d^2 / (scale2 nu))^-(nu + 1) of their distance d; both divided by alpha + beta. `as-printed` is
    equation 10, alpha q' + beta sum(g q_j) / m, which shrinks. `exact` minimises equation 9, psi = sum_i alpha
    ||q_i - q'_i||^2 + beta sum_j g_ij ||q_i - q_j||^2, each edge in both its words' terms. kernel_on: distances between
    vectors given (original), or in each sweep between q'_i and the q_j of then (mixed). unit_rows: q' of length 1.
    rewired: a seed; the control, edges drawn at random with as many for each word.

    `about` keeps the psi before and after every sweep, and the energy sum_i alpha d_i ||q_i - q'_i||^2 + beta sum over
    edges g_ij ||q_i - q_j||^2 that sweeps of `uniform` and `t-kernel` lower; for `exact` the residual, a bound on how
    far q is from the minimiser of psi, by the length of q'; length, of all q by that of q'; edges, words with any, the
    share of the lexicon's pairs that are edges, of random edges the share that the lexicon has too. Raises
    ProbekitError for a lexicon without an edge in the vocabulary.
    """
    found = synonyms.edges(table, lexicon)
    pairs = found if rewired is None else synonyms.rewired(found, rewired)
    given = measures.unit_rows(table.vectors) if unit_rows else np.array(table.vectors, dtype=np.float32)
    zero_rows = int((~given.any(axis=1)).sum())
    taking, ends = synonyms.together(pairs)
    graph = Graph(given[taking], ends, weights, nu, scale2, kernel_on == "mixed")
    given[taking], energies = graph.swept(alpha, beta, sweeps)
    options = [weights, nu, scale2, alpha, beta, sweeps, kernel_on, unit_rows, rewired]
    return table.with_vectors(
        given,
        digest(["retrofit", table.digest, lexicon.digest, options]),
        **energies,
        length=float(np.linalg.norm(given[taking]) / np.linalg.norm(graph.given)),
        edges=found.shape[1],
        words_with_edges=len(taking),
        pairs_covered=found.shape[1] / len(lexicon),
        edges_of_lexicon=1.0 if rewired is None else float(synonyms.among(pairs, found).mean()),
        zero_rows=zero_rows,
    )


@dataclass(frozen=True, eq=False)
class Sweep:
    """q becomes matrix @ q + own * q'; own: (m, 1) float32. degree: (m,) sums of weights; both: (m,) of both
    directions; part: (m,) what a word takes of the sum over its synonyms, which `matrix` has in it."""

    matrix: csr_array
    own: Floats
    degree: Doubles
    both: Doubles
    part: Doubles


@dataclass(frozen=True, eq=False)
class Graph:
    """Words with synonyms: vectors given (m, d) float32, edges (2, e), and how they are weighted."""

    given: Floats
    edges: np.ndarray
    weights: str
    nu: float
    scale2: float
    mixed: bool

    @cached_property
    def lengths(self) -> Doubles:
        """Squared lengths (m,) of the vectors given."""
        return _products(self.given, self.given)

    def swept(self, alpha: float, beta: float, sweeps: int) -> tuple[Floats, dict[str, Any]]:
        """Vectors after some sweeps; psi and energy before and after each, for `exact` the residual."""
        q = self.given
        found: dict[str, Any] = {"psi": [], "energy": []}
        for number in range(sweeps + 1):
            if self.mixed or not number:
                sweep = self.sweep(q, alpha, beta)
            moved = sweep.matrix @ q
            off, weighted, apart = self._spent(sweep, q, moved)
            found["psi"].append(alpha * off + beta * apart)
            found["energy"].append(alpha * weighted + beta * apart / 2)
            q, last = (moved, q) if number < sweeps else (q, moved)
        if self.weights == "exact" and not self.mixed:
            left = (alpha + 2 * beta * sweep.degree)[:, None] * (last - q)
            found["residual"] = float(np.linalg.norm(left) / alpha / np.linalg.norm(self.given))
        return q, found

    def _spent(self, sweep: Sweep, q: Floats, moved: Floats) -> tuple[float, float, float]:
        """Squared distances from the vectors given, the same by degree, and of synonyms from one another by weight,
        both directions of an edge, as psi counts them. `moved`, matrix @ q, is made what q becomes."""
        off = weighted = apart = 0.0
        at_once = max(_VALUES // q.shape[1], 1)
        for first in range(0, len(q), at_once):  # all that is done to some rows while they are at hand
            rows = slice(first, first + at_once)
            here, given = q[rows], self.given[rows]
            length = _products(here, here)
            away = length - 2 * _products(here, given) + self.lengths[rows]
            off, weighted = off + float(away.sum()), weighted + float(sweep.degree[rows] @ away)
            near = _products(here, moved[rows]) / sweep.part[rows]
            apart += float(sweep.both[rows] @ length - 2 * near.sum())
            moved[rows] += sweep.own[rows] * given
        return off, weighted, apart

    def sweep(self, q: Floats, alpha: float, beta: float) -> Sweep:
        """What a sweep does to vectors (m, d), or to any where distances are those of vectors given."""
        left, right = self.edges
        there = self.kernel(q, left, right)
        back = self.kernel(q, right, left) if self.mixed else there  # distances of vectors given have no direction
        values, of, by = (np.concatenate(two) for two in ((there, back), (left, right), (right, left)))
        degree, other = (np.bincount(ends, values, len(q)).astype(np.float64) for ends in (of, by))
        own, part = self.shares(degree, alpha, beta)
        matrix = csr_array(((values * part[of]).astype(np.float32), (of, by)), shape=(len(q), len(q)))
        return Sweep(matrix, own[:, None].astype(np.float32), degree, degree + other, part)

    def shares(self, degree: Doubles, alpha: float, beta: float) -> tuple[Doubles, Doubles]:
        """What a word of the next sweep has of its vector given and of the sum over its synonyms, (m,) each, by the sum
        of their weights (m,)."""
        if self.weights == "as-printed":
            return np.full(len(degree), alpha), beta / np.bincount(self.edges.ravel())
        if self.weights == "exact":
            return alpha / (alpha + 2 * beta * degree), 2 * beta / (alpha + 2 * beta * degree)
        return np.full(len(degree), alpha / (alpha + beta)), beta / degree / (alpha + beta)

    def kernel(self, q: Floats, of: np.ndarray, by: np.ndarray) -> Doubles:
        """g of edges between vectors given and those near them, equations 11 to 13; 1 for uniform weights.

        The logarithm of C_nu does not overflow where its gamma functions do.
        """
        if self.weights == "uniform":
            return np.ones(len(of))
        near, nu, squared = q if self.mixed else self.given, self.nu, np.empty(len(of))
        for start in range(0, len(of), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            gap = self.given[of[part]] - near[by[part]]
            squared[part] = _products(gap, gap)
        constant = np.log(2 * np.pi) + 2 * (gammaln((nu + 1) / 2) - gammaln(nu / 2)) - np.log(np.pi * nu)
        return np.exp(constant - (nu + 1) * np.log1p(squared / (self.scale2 * nu)))


def _products(left: Floats, right: Floats) -> Doubles:
    """Inner products of rows, in float64 for sums over them."""
    return np.einsum("ij,ij->i", left, right).astype(np.float64)
