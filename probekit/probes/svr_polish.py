"""The last stretch to the optimum of a single problem: multipliers outside, semismooth Newton steps inside.

The splitting method brings every problem near its optimum at the price of matrix products, but a few problems,
and tight gaps, cost it hundreds of iterations and more. From where it stands, few Newton steps end the matter
(Li, Sun and Toh 2018; for support vector machines Yan and Li 2020): with multipliers C k held, the smooth

    phi(w) = 1/2 |w|^2 + sum_i envelope(y_i - w.x_i + limit k_i),     envelope of C max(0, |.| - epsilon)

is minimised; its gradient is w - C X'k(w), its generalised Hessian 1 + C / limit X_J'X_J over the rows J whose
multiplier lies strictly between its bounds. Then k becomes k(w), and the bound `limit` shrinks. All in float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray

# A minimum of phi is exact enough when what it leaves of the gap is this share of what is allowed.
INNER = 0.1
# The bound shrinks by this much a round, and by more after a round that hardly closed the gap.
SHRINK = 1 / 3
SHRINK_IDLE = 1 / 10
NEWTON_STEPS = 50
# So many such rounds in a row say that rounding stands in the way.
IDLE_ROUNDS = 8
# Halvings of the step's bracket in the line search.
HALVINGS = 30


class Polished(NamedTuple):
    """Weights (d,), multipliers (n,) within +-C, relative gap and Newton steps taken."""

    weights: Array
    multipliers: Array
    gap: float
    steps: int


def polish(
    X: Array,
    y: Array,
    C: float,
    epsilon: float,
    *,
    weights: Array,
    multipliers: Array,
    limit: float,
    gap: float,
    max_steps: int,
) -> Polished:
    """Bring one problem from weights (d,) and multipliers (n,) to a relative gap, or as near as `max_steps` allow.

    X: (n, d) float64, the intercept's column among them. y: (n,) float64. limit: C over the step size to begin with.
    The best weights and multipliers met are returned, each by its own objective. Ends early where float64 is exhausted.
    """
    w, k = weights.astype(np.float64), np.clip(multipliers.astype(np.float64) / C, -1, 1)
    predicted, implied = X @ w, C * (X.T @ k)  # the two products that every objective and step here is made of
    primal, dual = _primal(w, y - predicted, C, epsilon), _dual(y, k, implied, C, epsilon)
    best_w, best_k = w, k
    active = ActiveRows(X)
    steps = idle = 0
    while primal - dual > gap * primal and steps < max_steps and idle < IDLE_ROUNDS:
        before = primal - dual
        target = y + limit * k
        for _ in range(NEWTON_STEPS):
            f = target - predicted
            k = _multiplier(f, limit, epsilon)
            implied = C * (X.T @ k)
            gradient = w - implied
            if 0.5 * gradient @ gradient <= INNER * gap * primal or steps >= max_steps:
                break
            step = -active.newton((np.abs(k) < 1) & (np.abs(f) > epsilon), C / limit, gradient)
            moved = X @ step
            length = _line_search(w, step, f, moved, C, limit, epsilon)
            w = w + length * step
            predicted = predicted + length * moved
            steps += 1
        found_primal, found_dual = _primal(w, y - predicted, C, epsilon), _dual(y, k, implied, C, epsilon)
        if found_primal < primal:
            primal, best_w = found_primal, w
        if found_dual > dual:
            dual, best_k = found_dual, k
        idle = idle + 1 if primal - dual > 0.9 * before else 0
        limit *= SHRINK_IDLE if idle else SHRINK
    return Polished(best_w, C * best_k, (primal - dual) / primal if primal else 0.0, steps)


def _multiplier(f: Array, limit: float, epsilon: float) -> Array:
    """k(f) = (f - prox(f)) / limit, within +-1."""
    drawn = f - np.clip(f, -epsilon, epsilon) if epsilon else f
    return np.clip(drawn / limit, -1, 1)


class ActiveRows:
    """The rows whose multipliers lie between their bounds, with their Gram matrix, kept up as rows enter and leave."""

    def __init__(self, X: Array) -> None:
        self.X = X
        self.rows = np.zeros(len(X), dtype=bool)
        self.gram = np.zeros((X.shape[1], X.shape[1]), order="F")  # its lower triangle

    def newton(self, active: Array, weight: float, gradient: Array) -> Array:
        """(1 + weight A'A)^-1 gradient for the rows A (j, d) of a mask, from the smaller of their two Gram matrices."""
        j = int(active.sum())
        if not j:
            return gradient
        if j < self.X.shape[1]:  # Woodbury
            rows = self.X[active]
            return gradient - rows.T @ _solve(rows @ rows.T, 1 / weight, rows @ gradient)
        entered, left = active & ~self.rows, self.rows & ~active
        if entered.sum() + left.sum() < j:
            self._add(entered, 1.0)
            self._add(left, -1.0)
        else:
            self.gram[:] = 0
            self._add(active, 1.0)
        self.rows = active
        return _solve(self.gram.copy(order="F"), 1 / weight, gradient) / weight

    def _add(self, chosen: Array, sign: float) -> None:
        from scipy.linalg.blas import dsyrk  # planning a grid need not load it

        if chosen.any():
            self.gram = dsyrk(sign, self.X[chosen].T, beta=1.0, c=self.gram, lower=1, overwrite_c=1)


def _solve(gram: Array, ridge: float, right: Array) -> Array:
    """(gram + ridge)^-1 right from a lower triangle, the ridge at least what rounding does to the top eigenvalue."""
    from scipy.linalg import cho_factor, cho_solve

    diagonal = np.diag_indices(len(gram))
    gram[diagonal] += max(ridge, 2 * np.finfo(np.float64).eps * gram[diagonal].sum())
    return cho_solve(cho_factor(gram, lower=True, overwrite_a=True), right)


def _line_search(w: Array, step: Array, f: Array, moved: Array, C: float, limit: float, epsilon: float) -> float:
    """Where along the step the slope of phi is 0; it is convex, so the slope grows with the length."""
    constant, linear = w @ step, step @ step

    def slope(length: float) -> float:
        return float(constant + length * linear - C * (_multiplier(f - length * moved, limit, epsilon) @ moved))

    low, high = 0.0, 1.0
    while slope(high) < 0 and high < 1e6:
        low, high = high, 4 * high
    if low == 0 and abs(slope(1.0)) <= 0.1 * abs(slope(0.0)):
        return 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if slope(middle) < 0:
            low = middle
        else:
            high = middle
    return high


def _primal(w: Array, residual: Array, C: float, epsilon: float) -> float:
    return float(0.5 * w @ w + C * np.maximum(np.abs(residual) - epsilon, 0).sum())


def _dual(y: Array, k: Array, implied: Array, C: float, epsilon: float) -> float:
    return float(C * (y @ k) - 0.5 * implied @ implied - C * epsilon * np.abs(k).sum())
