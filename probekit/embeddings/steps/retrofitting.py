"""Vectors drawn to those of their synonyms: Faruqui et al. 2015, and with weights by distance Zheng et al. 2022.

Notation of the paper: q' the vectors given, q those sought, an edge (i, j) of an undirected graph of synonyms weighted
g_ij, d_i the sum of the weights of i. A sweep changes all words at once from the vectors of the sweep before (Jacobi),
so that the order of words says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import gammaln

from probekit.corpora.word_items import WordItems
from probekit.embeddings import measures
from probekit.embeddings.affine import ROWS_AT_ONCE, Doubles, Floats
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.store import digest
from probekit.values import Count, OneOf, Positive

_ROWS = 512  # of vectors that stay in the cache of a core
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
    takes_part = np.zeros(len(table), dtype=bool)
    takes_part[left] = takes_part[right] = True
    taking, place = np.flatnonzero(takes_part), np.cumsum(takes_part) - 1
    pairs = place[np.stack([left, right])].astype(np.int32)
    graph = Graph(given[taking], pairs, weights, nu, scale2, kernel_on == "mixed")
    found, psi, energy = graph.swept(alpha, beta, sweeps)
    vectors = np.array(given)
    vectors[taking] = found
    options = [weights, nu, scale2, alpha, beta, sweeps, kernel_on, unit_rows]
    return table.with_vectors(
        vectors,
        digest(["retrofit", table.digest, lexicon.digest, options]),
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
    codes, words = pd.factorize(pd.concat([lexicon.items["left"], lexicon.items["right"]]))
    pairs = rows_of(table, words.tolist())[codes].reshape(2, -1).astype(np.int64)
    pairs = pairs[:, (pairs >= 0).all(axis=0) & (pairs[0] != pairs[1])]
    if not pairs.size:
        raise ProbekitError(
            f"no pair of {lexicon!r} has both words in {table!r}; are both of one language, and of one case?"
        )
    both = np.sort(pairs.min(axis=0) * len(table) + pairs.max(axis=0))
    both = both[np.diff(both, prepend=-1) > 0]
    return both // len(table), both % len(table)


@dataclass(frozen=True, eq=False)
class Graph:
    """Words with synonyms: vectors given (m, d) float32, edges (2, e), and how they are weighted."""

    given: Floats
    edges: np.ndarray
    weights: str
    nu: float
    scale2: float
    mixed: bool

    def swept(self, alpha: float, beta: float, sweeps: int) -> tuple[Floats, list[float], list[float]]:
        """Vectors after some sweeps, and psi and energy before and after each."""
        q, psi, energy = self.given, [], []
        for sweep in range(sweeps + 1):
            if self.mixed or not sweep:
                W = self.matrix(q)
                degree, back = (W.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
                own, of_synonyms = (one[:, None].astype(np.float32) for one in self.shares(degree, alpha, beta))
            near = W @ q
            # Over both directions of an edge, which is what psi counts.
            off = apart = weighted = 0.0
            for start in range(0, len(q), _ROWS):  # all that is done to some rows while they are at hand
                part = slice(start, start + _ROWS)
                gap = q[part] - self.given[part]
                away = _products(gap, gap)
                off, weighted = off + float(away.sum()), weighted + float(degree[part] @ away)
                lengths = (degree[part] + back[part]) @ _products(q[part], q[part])
                apart += float(lengths - 2 * _products(q[part], near[part]).sum())
                if sweep < sweeps:
                    near[part] *= of_synonyms[part]
                    near[part] += own[part] * self.given[part]
            psi.append(alpha * off + beta * apart)
            energy.append(alpha * weighted + beta * apart / 2)
            q = near if sweep < sweeps else q
        return q, psi, energy

    def shares(self, degree: Doubles, alpha: float, beta: float) -> tuple[Doubles, Doubles]:
        """What a word of the next sweep has of its vector given and of the sum over its synonyms, (m,) each, by the sum
        of their weights (m,)."""
        if self.weights == "as-printed":
            return np.full(len(degree), alpha), beta / np.bincount(self.edges.ravel())
        if self.weights == "exact":
            return alpha / (alpha + 2 * beta * degree), 2 * beta / (alpha + 2 * beta * degree)
        return np.full(len(degree), alpha / (alpha + beta)), beta / degree / (alpha + beta)

    def matrix(self, q: Floats) -> csr_array:
        """Weights of all edges (m, m): row i has those of the synonyms of word i."""
        left, right = self.edges
        there = self.kernel(q, left, right)
        back = self.kernel(q, right, left) if self.mixed else there  # distances of vectors given have no direction
        values = np.concatenate([there, back]).astype(np.float32)
        places = (np.concatenate([left, right]), np.concatenate([right, left]))
        return csr_array((values, places), shape=(len(q), len(q)))

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
