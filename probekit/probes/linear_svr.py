"""Linear support vector regression at its exact optimum, all targets, folds and penalties of a matrix jointly.

The objective is that of scikit-learn's LinearSVR with the L1 loss (Ho and Lin 2012, eq. 2; liblinear's
solver 13), the intercept penalised like a weight:

    P(w) = 1/2 |w|^2 + C sum_i max(0, |y_i - w.x_i| - epsilon),        x_i with a 1 appended.

Its dual is D(a) = y.a - 1/2 |X'a|^2 - epsilon |a|_1 over -C <= a_i <= C, and P(w) >= D(a) for every w and
feasible a: their difference bounds how far w is from the optimum. That is the certificate each problem
carries.

It is solved by the alternating direction method of multipliers (Boyd et al. 2011, section 3.4.3,
over-relaxed) on the split z = y - Xw. One eigendecomposition of X'X serves every target, penalty weight and
step size: in its basis the w-update is a division, and an iteration costs two matrix products with all open
problems side by side. With f = z - u (u the scaled multiplier) a single array carries the state: z is the
proximal step of f, and the multiplier, clipped at +-C by that same step, is a feasible dual point at every
iteration.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from probekit.probes.inner import Scale
from probekit.probes.probe import Array, Dev, Probe, check_choice, check_positive

RELAXATION = 1.8
CHECK_EVERY = 10
# The step size follows the balance of the residuals a few times and then rests, since only a resting one converges.
ADAPT_AT = (20, 60, 180)
ADAPT_AT_MOST = 5.0
ADAPT_BEYOND = 1.3
# A column stops a little below its gap, so that the certificate in float64 does not miss it by the rounding of float32.
STOP_BELOW = 0.9
# Problems are solved in column blocks of this width, so that what else was asked does not change the arithmetic much.
BLOCK = 128
# Predictions that vary less than this share of the target's deviation are a constant.
CONSTANT_BELOW = 1e-4
# An objective below this share of that of w = 0 without a tube is 0 but for rounding (all targets within the
# tube, say).
NOTHING = 1e-14


class LinearSVR(Probe):
    """Linear support vector regression (L1 loss) at its certified optimum.

    C: weight of the loss. epsilon: half width of the tube without loss. x_scale, y_scale: "raw" as in the
    study, or "standard" (mean 0, deviation 1 on the training rows; predictions return to the raw scale, C
    and epsilon then count in deviations). gap: relative duality gap (P - D) / P at which a problem stops.
    max_iter: iterations after which it is given up and reported with `converged` false.

    After `fit`: `coef_` (d, T) and `intercept_` (T,), float64, on the raw scale of X and Y.
    """

    takes: ClassVar[str] = "vectors"
    answers: ClassVar[frozenset[str]] = frozenset({"number"})

    coef_: Array
    intercept_: Array

    def __init__(
        self,
        *,
        C: float = 1.0,
        epsilon: float = 0.0,
        x_scale: str = "raw",
        y_scale: str = "raw",
        gap: float = 1e-3,
        max_iter: int = 5000,
        seed: int = 0,
    ) -> None:
        self.C = check_positive("C", C)
        self.epsilon = check_positive("epsilon", epsilon, zero=True)
        self.x_scale = check_choice("x_scale", x_scale, ("raw", "standard"))
        self.y_scale = check_choice("y_scale", y_scale, ("raw", "standard"))
        self.gap = check_positive("gap", gap)
        self.max_iter = int(check_positive("max_iter", max_iter))
        self.seed = seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        fit_settings([self], X, Y)

    def _predict(self, X: Array) -> Array:
        return X.astype(np.float64, copy=False) @ self.coef_ + self.intercept_

    @classmethod
    def fit_many(
        cls,
        X: Array,
        Y: Array,
        train_rows: Sequence[Array],
        params: Sequence[Mapping[str, Any]],
        *,
        groups: Array | None = None,
        dev_rows: Sequence[Array | None] | None = None,
        seed: int = 0,
    ) -> builtins.list[builtins.list[Self]]:
        """As the loop of `fit`, but the settings of a fold that scale x alike share one decomposition."""
        X, Y = np.asarray(X), np.asarray(Y)
        fitted = []
        for rows in train_rows:
            x, y = X[rows], Y[rows]
            settings = [cls(**{"seed": seed, **p}) for p in params]
            for probe in settings:
                checked = probe._begin(x, y)
            for scale in dict.fromkeys(probe.x_scale for probe in settings):
                fit_settings([p for p in settings if p.x_scale == scale], *checked)
            fitted.append(settings)
        return fitted


def fit_settings(probes: Sequence[LinearSVR], X: Array, Y: Array) -> None:
    """Solve all targets under all settings that scale x alike, and write what was found into the probes.

    X: (n, d), float32 or float64, the arithmetic of the iterations. Y: (n, T) float64.
    """
    n, n_targets = Y.shape
    x_scale = Scale.fit(X, probes[0].x_scale)
    design = np.empty((n, X.shape[1] + 1), X.dtype)
    design[:, :-1] = x_scale.apply(X)
    design[:, -1] = 1
    basis = Basis.of(design)

    columns = []
    for number, probe in enumerate(probes):
        y_scale = Scale.fit(Y, probe.y_scale)
        for target in range(n_targets):
            y = (Y[:, target] - y_scale.shift[target]) / y_scale.width[target]
            columns.append(Column(number, target, y, y_scale.shift[target], y_scale.width[target], probe))
        probe.coef_ = np.zeros((X.shape[1], n_targets))
        probe.intercept_ = np.zeros(n_targets)

    for start in range(0, len(columns), BLOCK):
        block = columns[start : start + BLOCK]
        weights, primal, dual, iterations = solve(
            design,
            basis,
            np.stack([column.y for column in block], axis=1),
            np.array([column.probe.C for column in block]),
            np.array([column.probe.epsilon for column in block]),
            np.array([column.probe.gap for column in block]),
            np.array([column.probe.max_iter for column in block]),
        )
        for j, column in enumerate(block):
            probe, t = column.probe, column.target
            slope = weights[:-1, j] / x_scale.width
            probe.coef_[:, t] = slope * column.width
            probe.intercept_[t] = column.shift + column.width * (weights[-1, j] - x_scale.shift @ slope)
            nothing = primal[j] <= NOTHING * probe.C * np.abs(column.y).sum()
            relative = 0.0 if nothing else (primal[j] - dual[j]) / primal[j]
            probe.info_[t].update(
                C=probe.C,
                gap=float(max(relative, 0.0)),
                objective=float(primal[j]),
                converged=bool(relative <= probe.gap),
                iterations=int(iterations[j]),
            )
            if not probe.info_[t]["converged"]:
                probe._note(t, f"stopped at {iterations[j]} iterations with a relative gap of {relative:.1e}")
            spread = Y[:, t].std()
            moved = design[:, :-1] @ (weights[:-1, j] * column.width).astype(design.dtype)
            if spread > 0 and moved.std() < CONSTANT_BELOW * spread:
                probe._note(t, "the optimum of the L1 loss is a constant prediction")


@dataclass(frozen=True)
class Column:
    """One problem: a target under a setting, on the scale the setting asks for."""

    setting: int
    target: int
    y: Array
    shift: float
    width: float
    probe: LinearSVR


@dataclass(frozen=True)
class Basis:
    """Eigendecomposition of X'X, computed in float64: `values` (d,), `vectors` (d, d), `rotated` X @ vectors (n, d)."""

    values: Array
    vectors: Array
    rotated: Array

    @classmethod
    def of(cls, design: Array) -> Basis:
        wide = design.astype(np.float64, copy=False)
        values, vectors = np.linalg.eigh(wide.T @ wide)
        return cls(np.maximum(values, 0), vectors, design @ vectors.astype(design.dtype))


def solve(
    design: Array, basis: Basis, Y: Array, C: Array, epsilon: Array, gap: Array, max_iter: Array
) -> tuple[Array, Array, Array, Array]:
    """Minimise P for every column of Y (n, m). C, epsilon, gap, max_iter: (m,), one a column.

    Returns weights (d, m) float64, the primal and dual objectives (m,) recomputed in float64 from the raw
    design, and the iterations spent (m,) int64. A column that its `max_iter` stopped is returned as it
    stands.
    """
    dtype = design.dtype
    n, m = Y.shape
    # Each target is solved in units of its own deviation, so that one arithmetic and one first step fit them all:
    # y = s y', w = s w' turns P into s^2 times the same problem with C / s and epsilon / s.
    unit = Y.std(axis=0)
    unit[unit <= 1e-12 * np.abs(Y).max(axis=0, initial=0)] = 1.0
    unit[unit == 0] = 1.0
    y = np.ascontiguousarray(Y / unit, dtype=dtype)
    cost = (C / unit).astype(dtype)
    tube = (epsilon / unit).astype(dtype)

    weights = np.zeros((design.shape[1], m))
    multipliers = np.zeros((n, m), dtype)
    iterations = np.zeros(m, dtype=np.int64)
    nothing = NOTHING * cost * np.abs(y).sum(axis=0, dtype=np.float64)
    state = _State.start(basis, y, cost, tube, np.arange(m))
    while len(state.columns):
        state.iterations += 1
        checking = state.iterations % CHECK_EVERY == 0 or state.iterations >= max_iter[state.columns].min()
        found = state.step(checking)
        if found is None:
            continue
        primal, dual, coordinates, feasible = found
        finished = (primal - dual <= STOP_BELOW * gap[state.columns] * primal) | (primal <= nothing[state.columns])
        finished |= state.iterations >= max_iter[state.columns]
        if finished.any():
            which = state.columns[finished]
            weights[:, which] = basis.vectors @ coordinates[:, finished].astype(np.float64)
            multipliers[:, which] = feasible[:, finished]
            iterations[which] = state.iterations
            state.keep(~finished)
    weights *= unit
    primal, dual = objectives(design, Y, weights, multipliers * unit, C, epsilon)
    return weights, primal, dual, iterations


def objectives(
    design: Array, Y: Array, weights: Array, multipliers: Array, C: Array, epsilon: Array
) -> tuple[Array, Array]:
    """P(weights) and D(multipliers clipped to +-C), in float64 from the raw problem: (m,) each."""
    wide = design.astype(np.float64, copy=False)
    a = np.clip(multipliers.astype(np.float64), -C, C)
    residual = np.abs(Y - wide @ weights)
    primal = 0.5 * np.sum(weights**2, axis=0) + C * np.maximum(residual - epsilon, 0).sum(axis=0)
    dual = np.sum(Y * a, axis=0) - 0.5 * np.sum((wide.T @ a) ** 2, axis=0) - epsilon * np.abs(a).sum(axis=0)
    return primal, dual


class _State:
    """Iterations of the open problems, one column each."""

    def __init__(self, basis: Basis, y: Array, cost: Array, tube: Array, columns: Array, rho: Array, f: Array) -> None:
        self.basis, self.y, self.cost, self.tube, self.columns, self.rho, self.f = basis, y, cost, tube, columns, rho, f
        self.values = basis.values.astype(y.dtype)[:, None]
        self.iterations = 0

    @classmethod
    def start(cls, basis: Basis, y: Array, cost: Array, tube: Array, columns: Array) -> _State:
        """Begin at the residuals of a ridge solution, with a step that lets a median residual just reach +-C."""
        values = basis.values.astype(y.dtype)[:, None]
        residual = y - basis.rotated @ ((basis.rotated.T @ y) / (values + 1))
        typical = np.maximum(np.median(np.abs(residual), axis=0), 1e-6)
        return cls(basis, y, cost, tube, columns, (cost / typical).astype(y.dtype), residual)

    def multiplier(self) -> Array:
        """k = f - prox(f): the scaled dual point, within +-C / rho by construction."""
        limit = self.cost / self.rho
        if not self.tube.any():
            return np.clip(self.f, -limit, limit)
        outside = np.sign(self.f) * np.maximum(np.abs(self.f) - self.tube, 0)
        return np.clip(outside, -limit, limit)

    def step(self, checking: bool) -> tuple[Array, Array, Array, Array] | None:
        """One iteration. When checking: primal and dual objectives (in the columns' units), coordinates, dual point."""
        rotated, y = self.basis.rotated, self.y
        k = self.multiplier()
        right = 2 * k
        right += y
        right -= self.f
        coordinates = (rotated.T @ right) / (self.values + 1 / self.rho)
        residual = rotated @ coordinates
        np.subtract(y, residual, out=residual)
        found = None
        if checking:
            a = k * self.rho
            pulled = rotated.T @ a
            loss = np.maximum(np.abs(residual) - self.tube, 0).sum(axis=0, dtype=np.float64)
            primal = 0.5 * squares(coordinates) + self.cost * loss
            dual = (
                np.einsum("ij,ij->j", y, a, dtype=np.float64)
                - 0.5 * squares(pulled)
                - self.tube * np.abs(a).sum(axis=0, dtype=np.float64)
            )
            found = (primal, dual, coordinates, a)
            if self.iterations in ADAPT_AT:
                self.adapt(residual, k, coordinates, pulled)
                k = self.multiplier()
        # f <- relaxation * (y - Xw + k) + (1 - relaxation) * f
        residual += k
        residual *= RELAXATION
        self.f *= 1 - RELAXATION
        self.f += residual
        return found

    def adapt(self, residual: Array, k: Array, coordinates: Array, pulled: Array) -> None:
        """Move each column's step size towards equal primal and dual residuals (Boyd et al. 2011, section 3.4.1)."""
        z = self.f - k
        tiny = np.finfo(np.float64).tiny
        primal = np.sqrt(squares(residual - z) / np.maximum(squares(self.y), squares(z)).clip(tiny))
        dual = np.sqrt(squares(coordinates - pulled) / np.maximum(squares(coordinates), squares(pulled)).clip(tiny))
        factor = np.sqrt(primal / dual.clip(1e-12)).clip(1 / ADAPT_AT_MOST, ADAPT_AT_MOST)
        factor[(factor < ADAPT_BEYOND) & (factor > 1 / ADAPT_BEYOND)] = 1
        factor = factor.astype(self.f.dtype)
        # z and the unscaled multiplier stay; only the scaling of the multiplier within f changes.
        self.f = z + k / factor
        self.rho = self.rho * factor

    def keep(self, open_: Array) -> None:
        """Drop the columns that are finished."""
        self.columns, self.cost, self.tube = self.columns[open_], self.cost[open_], self.tube[open_]
        self.rho = self.rho[open_]
        self.y = np.ascontiguousarray(self.y[:, open_])
        self.f = np.ascontiguousarray(self.f[:, open_])


def squares(array: Array) -> Array:
    """Sum of squares of each column in float64."""
    return np.einsum("ij,ij->j", array, array, dtype=np.float64)
