"""The solver of `logistic`: L-BFGS whose memory of curvature serves every penalty of a path.

A step s and the change y of the loss's slope along it say how the loss curves; the curvature of the penalty is known,
so y + penalty * s is added up when they are used and nothing is forgotten from one penalty to the next, nor for the
final fit (two-loop recursion: Nocedal and Wright 2006, Numerical Optimization, algorithm 7.4). Where the memory is
silent, steps are shortened by what `softmax_curvature` knows. Products keep the dtype of the vectors, and every sum
over rows is accumulated in float64, block by block.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from probekit.probes.probe import Array
from probekit.probes.softmax_curvature import Blocks, Shared, class_blocks, pays

BLOCK = 1024  # rows; both products read them from the cache
MEMORY = 80  # steps remembered
TRIALS = 10  # lengths of one step that are tried
FLATTER = 0.9  # a step is long enough where the slope along it is at most this share of the slope at its start
LONG = 8  # steps of one penalty after which the curvature of each class is worth a look
STALLED = 15  # steps without a smaller objective or gradient after which rounding is in the way


class Rows:
    """Centred training vectors (n, d) and the eigenvectors of their covariance, shared by targets and penalties."""

    def __init__(self, X: Array) -> None:
        self.X = X
        covariance = np.zeros((X.shape[1], X.shape[1]))
        for start in range(0, len(X), BLOCK):
            part = X[start : start + BLOCK]
            covariance += part.T @ part
        values, self.vectors = np.linalg.eigh(covariance / len(X))
        self.values = np.maximum(values, 0)


@dataclass(frozen=True)
class Point:
    """Weights above intercepts (d + 1, K), and what holds there.

    loss: mean cross-entropy in nats; slope: its slope (d + 1, K); spread: mean of p (1 - p), (K,). objective: the mean
    loss with the penalty. gradient: its gradient's largest entry in coordinates that make the problem nearly round.
    gap: the duality gap over the objective. With p - y as dual variables that of the weights is the squared norm of
    their gradient over twice the penalty; what the intercepts have to gain is added by their own curvature.
    """

    V: Array
    loss: float
    slope: Array
    spread: Array
    objective: float
    gradient: float
    gap: float
    iterations: int


def start(codes: Array, classes: int, d: int) -> Array:
    """No weights, above the intercepts that are best without them: (d + 1, K)."""
    log_share = np.log(np.bincount(codes, minlength=classes) / len(codes))
    return np.vstack([np.zeros((d, classes)), log_share - log_share.mean()])


class Problem:
    """Labels coded 0..K-1 (n,) on rows, all of them there, and the steps taken so far."""

    def __init__(self, rows: Rows, codes: Array) -> None:
        self.rows, self.codes = rows, codes
        share = np.bincount(codes) / len(codes)
        # Two classes: w1 = -w0 = w / 2 in the softmax form, so that ||w||^2 is twice ||W||^2.
        self.factor = 2.0 if len(share) == 2 else 1.0
        self.curvature = float(share @ (1 - share)) / max(len(share) - 1, 1)
        self.steps: builtins.list[tuple[Array, Array]] = []
        self.blocks: Blocks | None = None  # once a penalty took long

    def solve(self, C: float, V: Array, enough: Callable[[Point], bool], max_iter: int) -> Point:
        """The first point that is `enough` on the way from V to the optimum, or the last after `max_iter` steps."""
        run = _Run(self, self.factor / (C * len(self.codes)), V)
        # In float32 the slopes may drown in rounding before the gradient is small; float64 then goes on.
        for kind in dict.fromkeys([self.rows.X.dtype, np.dtype(np.float64)]):
            if run.go(kind, enough, max_iter):
                break
        return run.here


class _Run:
    """One penalty's way from a start; `here` is where it stands."""

    def __init__(self, problem: Problem, penalty: float, V: Array) -> None:
        self.problem, self.rows, self.penalty = problem, problem.rows, penalty
        self.kind = problem.rows.X.dtype
        values, bound = self.rows.values[:, None], problem.curvature
        self.stretch = 1 / np.sqrt(bound * values + penalty), 1 / np.sqrt(bound)
        self.here = self.at(V, 0)
        self.known = self.curvature()
        self.pairs: builtins.list[tuple[Array, Array, float]] = []
        for step, change in problem.steps:
            self.remember(step, change)

    def curvature(self) -> Shared | Blocks:
        """What is known of the loss's curvature without the steps taken."""
        if self.problem.blocks is not None:
            return self.problem.blocks
        vectors = self.rows.vectors.astype(self.kind)
        return Shared(self.rows.values, vectors, np.sqrt(self.problem.curvature * self.spread()), self.penalty)

    def spread(self) -> Array:
        """Mean of p (1 - p) here (K,), nowhere zero."""
        return np.maximum(self.here.spread, self.problem.curvature / len(self.problem.codes))

    def look_closer(self) -> None:
        """Learn the curvature of each class, for this penalty and all that follow, where that pays."""
        X = self.rows.X
        if self.problem.blocks is None and pays(len(X), X.shape[1], len(self.here.spread)):
            blocks = class_blocks(X, softmax(X, self.here.V))
            self.known = self.problem.blocks = Blocks(blocks, self.spread(), self.penalty)

    def go(self, kind: np.dtype, enough: Callable[[Point], bool], max_iter: int) -> bool:
        """Step on with products in a dtype. Returns whether that is the end, False where rounding is in the way."""
        if kind != self.kind:
            self.kind = kind
            self.here = self.at(self.here.V, self.here.iterations)
        lowest, flattest, since = np.inf, np.inf, 0
        while not enough(self.here) and self.here.iterations < max_iter:
            here = self.here
            better = here.objective < lowest * (1 - np.finfo(kind).eps) or here.gradient < flattest
            lowest, flattest = min(lowest, here.objective), min(flattest, here.gradient)
            since = 0 if better else since + 1
            if here.iterations == LONG:
                self.look_closer()
            if since == STALLED or not self.step():
                return False
        return True

    def step(self) -> bool:
        """One step; False where no length of it brings anything."""
        here, direction = self.here, self.direction()
        downhill = self.along(here, direction)
        low, slope_low, high, slope_high, length = 0.0, downhill, np.inf, 0.0, 1.0
        for _ in range(TRIALS if downhill < 0 else 0):
            there = self.at(here.V + length * direction, here.iterations + 1)
            slope = self.along(there, direction)
            if abs(slope) <= FLATTER * -downhill and there.objective <= here.objective * (1 + 1e-6):
                step, change = length * direction, there.slope - here.slope
                self.problem.steps.append((step, change))
                del self.problem.steps[:-MEMORY]
                self.remember(step, change)
                self.here = there
                return True
            if slope < 0:
                low, slope_low = length, slope
            else:
                high, slope_high = length, slope
            inside = slope_low / (slope_low - slope_high) if high < np.inf else 0.0
            length = 2 * length if high == np.inf else low + min(max(inside, 0.05), 0.95) * (high - low)
        return False

    def direction(self) -> Array:
        """Where to go from here, (d + 1, K): minus the inverse curvature, as remembered, times the gradient."""
        q = self.gradient(self.here).astype(self.rows.X.dtype)
        shape, shares = q.shape, []
        q = q.ravel()
        for step, change, along in reversed(self.pairs):
            share = np.dot(step, q) / along
            q -= share * change
            shares.append(share)
        scale = 1.0
        if self.pairs:
            _, change, along = self.pairs[-1]
            scale = along / float(np.dot(change, self.known.shortened(change.reshape(shape)).ravel()))
        q = scale * self.known.shortened(q.reshape(shape)).ravel()
        for (step, change, along), share in zip(self.pairs, reversed(shares), strict=True):
            q += (share - np.dot(change, q) / along) * step
        return -q.reshape(shape).astype(np.float64)

    def remember(self, step: Array, change: Array) -> None:
        """A step and the change of the objective's slope along it, unless rounding has made it useless."""
        kind = self.rows.X.dtype
        whole = change + self.penalty * _weights_only(step)
        if (along := float(np.vdot(step, whole))) > 0:
            self.pairs.append((step.ravel().astype(kind), whole.ravel().astype(kind), along))
            del self.pairs[:-MEMORY]

    def gradient(self, point: Point) -> Array:
        return point.slope + self.penalty * _weights_only(point.V)

    def along(self, point: Point, direction: Array) -> float:
        return float(np.vdot(self.gradient(point), direction))

    def at(self, V: Array, iterations: int) -> Point:
        loss, slope, spread = mean_loss(self.rows.X, self.problem.codes, V, self.kind)
        objective = loss + 0.5 * self.penalty * float(np.vdot(V[:-1], V[:-1]))
        rest = slope[:-1] + self.penalty * V[:-1]
        round_ = np.abs(self.stretch[0] * (self.rows.vectors.T @ rest)).max()
        largest = max(float(round_), float(np.abs(self.stretch[1] * slope[-1]).max()))
        to_gain = np.vdot(rest, rest) / self.penalty + (slope[-1] ** 2 / np.maximum(spread, 1e-12)).sum()
        gap = float(to_gain) / (2 * objective)
        return Point(V, loss, slope, spread, objective, largest, gap, iterations)


def _weights_only(V: Array) -> Array:
    """V (d + 1, K) with zeros for the intercepts."""
    return np.vstack([V[:-1], np.zeros((1, V.shape[1]))])


def mean_loss(X: Array, codes: Array, V: Array, kind: np.dtype) -> tuple[float, Array, Array]:
    """Mean cross-entropy in nats under V (d + 1, K), its slope (d + 1, K), and the mean of p (1 - p), (K,)."""
    W, b = (V[:-1, :-1] - V[:-1, -1:]).astype(kind), (V[-1] - V[-1, -1]).astype(kind)[:, None]
    loss, slope, spread = 0.0, np.zeros(V.shape[::-1]), np.zeros(len(b))
    for start in range(0, len(X), BLOCK):
        x, gold = X[start : start + BLOCK].astype(kind, copy=False), codes[start : start + BLOCK]
        p = np.zeros((len(b), len(x)), kind)  # classes by rows: sums over classes then run along memory
        p[:-1] = (x @ W).T  # against the last class, which so needs no product
        p += b
        p -= p.max(axis=0)
        picked = gold, np.arange(len(x))
        loss -= float(p[picked].sum(dtype=np.float64))
        np.exp(p, out=p)
        total = p.sum(axis=0)
        loss += float(np.log(total).sum(dtype=np.float64))
        p /= total
        sums = p.sum(axis=1, dtype=np.float64)
        spread += sums - np.einsum("kn,kn->k", p, p)
        p[picked] -= 1
        slope[:-1, :-1] += p[:-1] @ x
        slope[:, -1] += sums
    slope[-1, :-1] = -slope[:-1, :-1].sum(axis=0)
    slope[:, -1] -= np.bincount(codes, minlength=len(b))
    return loss / len(X), np.ascontiguousarray(slope.T) / len(X), spread / len(X)


def softmax(X: Array, V: Array) -> Array:
    """Probabilities (n, K) in float64."""
    z = (X @ V[:-1].astype(X.dtype)).astype(np.float64) + V[-1]
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)
