"""A table read as distributions p(context | word), and its words as logarithms of these (Volpi and Malago 2020).

    p_w(x) = exp(u_w . v_x) / Z_w            with both matrices of skip-gram or GloVe
    W(w) = 2 / (1 - a) I^-1 (E_q[V] - E_p0[V]),   q ~ p0^((1 + a) / 2) p_w^((1 - a) / 2),   up to the normaliser of q

I is the Fisher matrix of the reference p0 over the contexts' vectors. At a = 1 this is u_w less what ln p0 is of V; as
a falls, q gathers at the context of largest p_w / p0: the limit embedding. Everything is computed from logarithms of
p_w / p0 less the largest of a word, weighed by p0 afterwards, so that no a overflows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from probekit.embeddings.table import WordTable, context_of
from probekit.errors import ProbekitError

REFERENCES, CENTRES, METRICS, PRIORS = ("uniform", "model", "corpus"), ("U", "U+V"), ("I", "F"), ("none", "unigram")
NEAR_ONE, CLOSE = 1e-4, 0.05  # within the first the formula of 1 is taken, within the second sums are in float64
RIDGE = 1e-6  # of the Fisher matrix, as a share of its mean eigenvalue
_ROWS = 512
Floats = np.ndarray


@dataclass(frozen=True)
class Point:
    """What is asked of a word: alpha, -inf for the limit, with how many of the likeliest contexts that averages, and
    whether their ratios p_w / p0 weigh them; the reference."""

    alpha: float
    reference: str = "uniform"
    k: int = 1
    weighted: bool = False


@dataclass(frozen=True, eq=False)
class Geometry:
    """A reference: its logarithm (n,), contexts less their mean (n, d) float32, Fisher matrix (d, d) with its ridge."""

    log: Floats
    mean: Floats
    delta: Floats
    fisher: Floats

    @cached_property
    def root(self) -> Floats:
        """L of I = L L': rows times L have the inner products of I."""
        return np.linalg.cholesky(self.fisher)

    def solved(self, rows: Floats) -> Floats:
        """Rows (m, d) times the inverse of I."""
        return np.linalg.solve(self.fisher, rows.T.astype(np.float64)).T


class ConditionalModel:
    """p(context | word) of a table that kept both matrices.

    centre: `U+V` multiplies p_w by exp(v_w . v_x) and normalises anew. prior: `unigram` multiplies it by the contexts'
    shares of the counts, which negative sampling leaves out. Raises ProbekitError for a table without context vectors,
    and, where counts are asked for, without counts or with equal ones.
    """

    def __init__(self, table: WordTable, centre: str = "U+V", prior: str = "none") -> None:
        self.table, self.context = table, np.asarray(context_of(table), dtype=np.float32)
        self.words = table.vectors + self.context if centre == "U+V" else np.asarray(table.vectors)
        self.prior = np.log(self.shares).astype(np.float32) if prior == "unigram" else None
        self._geometries: dict[str, Geometry] = {}

    @cached_property
    def shares(self) -> Floats:
        """Shares (n,) of the counts; a word that was never counted has half a count."""
        counts = self.table.counts
        if counts is None:
            raise ProbekitError(f"{self.table!r} has no counts, which the corpus's own shares need; take another")
        if len(np.unique(counts)) == 1:
            raise ProbekitError(f"the counts of {self.table!r} are all {counts[0]}; take reference=uniform")
        raised = np.maximum(counts.astype(np.float64), 0.5)
        return np.asarray(raised / raised.sum())

    def logits(self, words: slice) -> Floats:
        """Logarithms of p_w of some words over all contexts, (m, n) float32, each up to a constant."""
        found = self.words[words] @ self.context.T
        if self.prior is not None:
            found += self.prior
        return np.asarray(found)

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """All words, some at a time, with their logits."""
        for start in range(0, len(self.table), _ROWS):
            words = slice(start, min(start + _ROWS, len(self.table)))
            yield words, self.logits(words)

    @cached_property
    def marginal(self) -> Floats:
        """Logarithm of the contexts' shares (n,) under p(w, x) ~ exp(u_w . v_x), which U + V leaves as it is."""
        total = np.full(len(self.table), -np.inf)
        for start in range(0, len(self.table), _ROWS):
            block = self.table.vectors[start : start + _ROWS] @ self.context.T
            top = block.max(axis=0)
            total = np.logaddexp(total, top + np.log(np.exp(block - top).sum(axis=0, dtype=np.float64)))
        return np.asarray(total - np.logaddexp.reduce(total))

    def geometry(self, reference: str) -> Geometry:
        """The geometry at a reference: `uniform`, `model` (its own marginal), `corpus` (shares of the counts)."""
        if reference not in self._geometries:
            log = self.log_reference(reference)
            share, context = np.exp(log), self.context.astype(np.float64)
            mean = share @ context
            delta = context - mean
            fisher = (delta * share[:, None]).T @ delta
            fisher += np.eye(len(fisher)) * RIDGE * np.trace(fisher) / len(fisher)
            self._geometries[reference] = Geometry(log, mean, delta.astype(np.float32), fisher)
        return self._geometries[reference]

    def log_reference(self, reference: str) -> Floats:
        """Logarithm of the contexts' shares (n,) at a reference."""
        if reference == "model":
            return self.marginal
        if reference == "corpus":
            return np.asarray(np.log(self.shares))
        return np.full(len(self.table), -math.log(len(self.table)))

    def at(self, point: Point) -> Floats:
        """Vectors (n, d) float32 of all words at one point; see `sweep`."""
        return sweep(self, [point])[point]

    def in_metric(self, vectors: Floats, reference: str, metric: str) -> Floats:
        """Vectors as they are (I), or such that their inner products are those of the Fisher matrix (F)."""
        if metric == "I":
            return vectors
        return np.asarray(vectors @ self.geometry(reference).root, dtype=np.float32)


def sweep(model: ConditionalModel, points: Sequence[Point]) -> dict[Point, Floats]:
    """Vectors (n, d) float32 of all words at several points; each block of logits is made once for all of them.

    Lengths leave out the normaliser of q, a positive number of each word that no cosine sees. Raises ProbekitError for
    an alpha that is NaN or +inf, and for more contexts in a limit than there are.
    """
    for point in points:
        _check(model, point)
    shape = (len(model.table), model.context.shape[1])
    sums = {point: np.empty(shape, dtype=np.float64) for point in points if abs(point.alpha - 1) >= NEAR_ONE}
    by_reference: dict[str, list[Point]] = {}
    for point in sums:
        by_reference.setdefault(point.reference, []).append(point)
    for words, logits in model.blocks() if sums else ():
        for reference, own in by_reference.items():
            geometry = model.geometry(reference)
            ratio = logits - geometry.log.astype(np.float32)  # ln p_w / p0 up to a constant of the word
            _block(ratio, geometry, own, {point: sums[point][words] for point in own})
    found = {}
    for point in points:
        geometry = model.geometry(point.reference)
        made = geometry.solved(sums[point]) if point in sums else _at_one(model, geometry)
        found[point] = made.astype(np.float32)
    return found


def distinct(vectors: Floats) -> int:
    """How many different rows there are."""
    return len({row.tobytes() for row in vectors})


def _check(model: ConditionalModel, point: Point) -> None:
    if math.isnan(point.alpha) or point.alpha == math.inf:
        raise ProbekitError(f"geom_alpha={point.alpha}: alpha is a finite number; its limit is the step limit(k=1)")
    if not 1 <= point.k <= len(model.table):
        raise ProbekitError(f"limit(k={point.k}): the table has {len(model.table)} contexts; ask for fewer")


def _block(ratio: Floats, geometry: Geometry, points: Sequence[Point], sums: dict[Point, Floats]) -> None:
    """Fill what each point sums over contexts for a block of words."""
    high, low = ratio.max(axis=1, keepdims=True), ratio.min(axis=1, keepdims=True)
    share = np.exp(geometry.log)
    weighed = np.concatenate([geometry.delta * share[:, None], share[:, None]], axis=1).astype(np.float32)
    for point in points:
        if point.alpha == -math.inf:
            sums[point][:] = _likeliest(ratio, geometry, point)
            continue
        power = (1 - point.alpha) / 2
        kind = np.float64 if abs(1 - point.alpha) < CLOSE else np.float32
        exponent = np.subtract(ratio, high if power > 0 else low, dtype=kind)
        exponent *= kind(power)
        np.exp(exponent, out=exponent)
        sums_of = exponent @ weighed.astype(kind, copy=False)
        sums[point][:] = sums_of[:, :-1] / sums_of[:, -1:] / power


def _likeliest(ratio: Floats, geometry: Geometry, point: Point) -> Floats:
    """Mean of the k contexts of largest ratio, less that of the reference; the first of equal ones are taken."""
    if point.k == 1:
        return np.asarray(geometry.delta[ratio.argmax(axis=1)], dtype=np.float64)
    top = np.argsort(-ratio, axis=1, kind="stable")[:, : point.k]
    weights = np.ones(top.shape)
    if point.weighted:
        logarithms = np.take_along_axis(ratio, top, axis=1).astype(np.float64)
        weights = np.exp(logarithms - logarithms[:, :1])
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("wk,wkd->wd", weights, geometry.delta[top].astype(np.float64))


def _at_one(model: ConditionalModel, geometry: Geometry) -> Floats:
    """u_w - I^-1 Cov(V, ln p0), and with a prior + I^-1 Cov(V, ln prior)."""
    share, log = np.exp(geometry.log), geometry.log - (0 if model.prior is None else model.prior)
    covariance = (geometry.delta.astype(np.float64) * share[:, None]).T @ (log - share @ log)
    return model.words.astype(np.float64) - geometry.solved(covariance[None])
