"""Vectors drawn to those of their synonyms: Faruqui et al. 2015, and with weights by distance Zheng et al. 2022.

Notation of the paper: q' the vectors given, q those sought, an edge (i, j) of an undirected graph of synonyms weighted
g_ij, d_i the sum of the weights of i. A sweep changes all words at once from the vectors of the sweep before (Jacobi),
so that the order of words says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from scipy.sparse import csr_array
from scipy.special import gammaln

from probekit.corpora.word_items import WordItems
from probekit.embeddings import measures
from probekit.embeddings.affine import Doubles
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.values import Count, OneOf, Positive

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
) -> WordTable:
    """Vectors (n, d) float32 after some sweeps over the synonyms of a lexicon; words without any stay as they are.

    weights: `uniform` takes alpha of q' and beta of the mean of the synonyms; `t-kernel` a mean weighted by
    g = C_nu (1 + d^2 / (scale2 nu))^-(nu + 1) of their distance d; both divided by alpha + beta. `as-printed` is
    equation 10, alpha q' + beta sum(g q_j) / m, which shrinks. `exact` minimises equation 9, psi = sum_i alpha
    ||q_i - q'_i||^2 + beta sum_j g_ij ||q_i - q_j||^2, each edge in both its words' terms. kernel_on: distances between
    vectors given (original), or in each sweep between q'_i and the q_j of then (mixed). unit_rows: q' of length 1.

    `about` keeps the psi before and after every sweep, and the energy sum_i alpha d_i ||q_i - q'_i||^2 + beta sum over
    edges g_ij ||q_i - q_j||^2 that sweeps of `uniform` and `t-kernel` lower; edges, words with any, and the share of
    the lexicon's pairs that are edges. Raises ProbekitError for a lexicon without an edge in the vocabulary.
    """
    left, right = edges(table, lexicon)
    given = measures.unit_rows(table.vectors) if unit_rows else np.asarray(table.vectors, dtype=np.float32)
    taking = np.unique(np.concatenate([left, right]))
    place = np.searchsorted(taking, np.stack([left, right]))
    graph = Graph.of(place, given[taking].astype(np.float64), weights, nu, scale2, kernel_on == "mixed")
    found, psi, energy = graph.swept(alpha, beta, sweeps)
    vectors = np.array(given)
    vectors[taking] = found
    return table.with_vectors(
        vectors,
        psi=psi,
        energy=energy,
        edges=len(left),
        words_with_edges=len(taking),
        pairs_covered=len(left) / len(lexicon),
        zero_rows=int((~given.any(axis=1)).sum()),
    )


def edges(table: WordTable, lexicon: WordItems) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the words of every edge, the smaller first, each edge once. Raises ProbekitError where there is none."""
    if lexicon.kind != "lexicon":
        raise ProbekitError(f"{lexicon!r} are no lexicon")
    words, codes = np.unique(lexicon.items[["left", "right"]].to_numpy(str).ravel(), return_inverse=True)
    pairs = rows_of(table, words.tolist())[codes].reshape(-1, 2).astype(np.int64)
    pairs = np.sort(pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])], axis=1)
    if not len(pairs):
        raise ProbekitError(
            f"no pair of {lexicon!r} has both words in {table!r}; are both of one language, and of one case?"
        )
    both = np.unique(pairs[:, 0] * len(table) + pairs[:, 1])
    return both // len(table), both % len(table)


@dataclass(frozen=True, eq=False)
class Graph:
    """Words with synonyms: vectors given (m, d), an edge in both directions, and how it is weighted."""

    given: Doubles
    source: np.ndarray
    target: np.ndarray
    weights: str
    nu: float
    scale2: float
    mixed: bool

    @classmethod
    def of(cls, pairs: np.ndarray, given: Doubles, *options: Any) -> Graph:
        """The graph of edges (2, e)."""
        source, target = np.concatenate([pairs, pairs[::-1]], axis=1)
        order = np.lexsort((target, source))
        return cls(given, source[order], target[order], *options)

    def swept(self, alpha: float, beta: float, sweeps: int) -> tuple[Doubles, list[float], list[float]]:
        """Vectors after some sweeps, and psi and energy before and after each."""
        q, W = self.given, self.matrix(self.given)
        psi, energy = [], []
        for sweep in range(sweeps + 1):
            W = self.matrix(q) if self.mixed and sweep else W
            degree, near = W.sum(axis=1), W @ q
            off = np.einsum("ij,ij->i", q - self.given, q - self.given)
            # Over both directions of an edge, which is what psi counts.
            apart = float((_column_sums(W) + degree) @ np.einsum("ij,ij->i", q, q) - 2 * np.vdot(q, near))
            psi.append(alpha * float(off.sum()) + beta * apart)
            energy.append(alpha * float(degree @ off) + beta * apart / 2)
            if sweep < sweeps:
                q = self.moved(near, degree, alpha, beta)
        return q, psi, energy

    def moved(self, near: Doubles, degree: Doubles, alpha: float, beta: float) -> Doubles:
        """Vectors of the next sweep from sums over synonyms (m, d) and sums of weights (m,)."""
        if self.weights == "as-printed":
            return alpha * self.given + beta * near / np.bincount(self.source)[:, None]
        if self.weights == "exact":
            return (alpha * self.given + 2 * beta * near) / (alpha + 2 * beta * degree)[:, None]
        return (alpha * self.given + beta * near / degree[:, None]) / (alpha + beta)

    def matrix(self, q: Doubles) -> csr_array:
        """Weights of all edges (m, m): row i has those of the synonyms of word i."""
        found = np.ones(len(self.source)) if self.weights == "uniform" else self.kernel(q)
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.source, minlength=len(q)))])
        return csr_array((found, self.target, starts), shape=(len(q), len(q)))

    def kernel(self, q: Doubles) -> Doubles:
        """g of every edge, equations 11 to 13. The logarithm of C_nu does not overflow where its gamma functions do."""
        gap = self.given[self.source] - (q if self.mixed else self.given)[self.target]
        squared = np.einsum("ij,ij->i", gap, gap)
        nu = self.nu
        constant = np.log(2 * np.pi) + 2 * (gammaln((nu + 1) / 2) - gammaln(nu / 2)) - np.log(np.pi * nu)
        return np.exp(constant - (nu + 1) * np.log1p(squared / (self.scale2 * nu)))


def _column_sums(W: csr_array) -> Doubles:
    return np.asarray(W.sum(axis=0))
