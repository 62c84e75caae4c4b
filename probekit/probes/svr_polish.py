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
    primal, dual = _primal(X, y, C, epsilon, w), _dual(X, y, C, epsilon, k)
    best_w, best_k = w, k
    steps = idle = 0
    while primal - dual > gap * primal and steps < max_steps and idle < IDLE_ROUNDS:
        before = primal - dual
        target = y + limit * k
        predicted = X @ w
        for _ in range(NEWTON_STEPS):
            f = target - predicted
            k = _multiplier(f, limit, epsilon)
            gradient = w - C * (X.T @ k)
            if 0.5 * gradient @ gradient <= INNER * gap * primal or steps >= max_steps:
                break
            step = -_newton(X[(np.abs(k) < 1) & (np.abs(f) > epsilon)], C / limit, gradient)
            moved = X @ step
            length = _line_search(w, step, f, moved, C, limit, epsilon)
            w = w + length * step
            predicted = predicted + length * moved
            steps += 1
        found_primal, found_dual = _primal(X, y, C, epsilon, w), _dual(X, y, C, epsilon, k)
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


def _newton(active: Array, weight: float, gradient: Array) -> Array:
    """(1 + weight A'A)^-1 gradient, from the smaller of the two Gram matrices of A (j, d)."""
    j, d = active.shape
    if not j:
        return gradient
    if j < d:  # Woodbury
        return gradient - active.T @ _solve(active @ active.T, 1 / weight, active @ gradient)
    return _solve(active.T @ active, 1 / weight, gradient) / weight


def _solve(gram: Array, ridge: float, right: Array) -> Array:
    """(gram + ridge)^-1 right, the ridge at least what rounding does to the largest eigenvalue."""
    from scipy.linalg import cho_factor, cho_solve  # planning a grid need not load it

    diagonal = np.diag_indices(len(gram))
    gram[diagonal] += max(ridge, 2 * np.finfo(np.float64).eps * gram[diagonal].sum())
    return cho_solve(cho_factor(gram), right)


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


def _primal(X: Array, y: Array, C: float, epsilon: float, w: Array) -> float:
    return float(0.5 * w @ w + C * np.maximum(np.abs(y - X @ w) - epsilon, 0).sum())


def _dual(X: Array, y: Array, C: float, epsilon: float, k: Array) -> float:
    implied = C * (X.T @ k)
    return float(C * (y @ k) - 0.5 * implied @ implied - C * epsilon * np.abs(k).sum())
