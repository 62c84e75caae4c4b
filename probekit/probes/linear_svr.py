"""Linear support vector regression at its exact optimum, all targets, folds and penalties of a matrix jointly.

The objective is that of scikit-learn's LinearSVR with the L1 loss (Ho and Lin 2012, eq. 2; liblinear's
solver 13), the intercept penalised like a weight:

    P(w) = 1/2 |w|^2 + C sum_i max(0, |y_i - w.x_i| - epsilon),        x_i with a 1 appended.

Its dual is D(a) = y.a - 1/2 |X'a|^2 - epsilon |a|_1 over -C <= a_i <= C, and P(w) >= D(a) for every w and
feasible a: their difference bounds how far w is from the optimum. That is the certificate each problem
carries.

`svr_solver` finds it.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from probekit.probes.inner import Scale
from probekit.probes.probe import Array, Dev, Probe, check_choice, check_positive
from probekit.probes.svr_solver import NOTHING, Basis, solve
from probekit.values import Count, NotNegative, Positive

# Problems are solved in column blocks of this width, so that what else was asked does not change the arithmetic much.
BLOCK = 128
# Predictions that vary less than this share of the target's deviation are a constant.
CONSTANT_BELOW = 1e-4


class LinearSVR(Probe):
    """Linear support vector regression (L1 loss) at its certified optimum.

    C: weight of the loss. epsilon: half width of the tube without loss. x_scale, y_scale: "raw" as in the
    study, or "standard" (mean 0, deviation 1 on the training rows; predictions return to the raw scale, C
    and epsilon then count in deviations). gap: relative duality gap (P - D) / P at which a problem stops, a
    smaller one where the probe gains little over a constant prediction (down to a hundredth of it).
    max_iter: iterations after which it is given up and reported with `converged` false.

    After `fit`: `coef_` (d, T) and `intercept_` (T,), float64, on the raw scale of X and Y.
    """

    takes: ClassVar[str] = "vectors"
    answers: ClassVar[frozenset[str]] = frozenset({"number"})
    price = 12.0

    coef_: Array
    intercept_: Array

    def __init__(
        self,
        *,
        C: Positive = 1.0,
        epsilon: NotNegative = 0.0,
        x_scale: str = "raw",
        y_scale: str = "raw",
        gap: Positive = 1e-3,
        max_iter: Count = 5000,
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
        slopes = weights[:-1] * np.array([column.width for column in block])
        moved = (design[:, :-1] @ slopes.astype(design.dtype)).std(axis=0, dtype=np.float64)
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
            if spread > 0 and moved[j] < CONSTANT_BELOW * spread:
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
