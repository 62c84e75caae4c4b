"""The solver of multinomial logistic regression: its optimum, its certificate, what it remembers between penalties."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from probekit.probes.softmax_solver import Problem, Rows, start


def problem(n: int = 150, d: int = 12, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = (rng.normal(size=(n, d)) * rng.uniform(0.1, 3, d)).astype(np.float32)
    codes = np.argmax(X[:, :classes] + rng.normal(size=(n, classes)), axis=1)
    return X - X.mean(axis=0), codes


def penalised(X: np.ndarray, codes: np.ndarray, V: np.ndarray, C: float, factor: float) -> float:
    """Mean cross-entropy in nats with the penalty, plainly."""
    z = X.astype(np.float64) @ V[:-1] + V[-1]
    loss = np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1) - z[np.arange(len(z)), codes]
    return float(loss.mean() + 0.5 * factor * (V[:-1] ** 2).sum() / (C * len(X)))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [1e-3, 1.0, 100.0])
def test_the_optimum_is_the_oracles_and_the_gap_bounds_what_is_left(classes: int, C: float) -> None:
    X, codes = problem(classes=classes)
    best = LogisticRegression(C=C, tol=1e-12, max_iter=100_000).fit(X.astype(np.float64), codes)
    weights = np.vstack([best.coef_.T, best.intercept_[None]])
    if classes == 2:
        weights = np.hstack([-weights / 2, weights / 2])
    factor = 2.0 if classes == 2 else 1.0
    optimum = penalised(X, codes, weights, C, factor)
    for stop in (1e-2, 1e-4, 1e-6):
        found = Problem(Rows(X), codes).solve(
            C, start(codes, classes, X.shape[1]), lambda point, stop=stop: point.gap <= stop, 1000
        )
        value = penalised(X, codes, found.V, C, factor)
        assert found.objective == pytest.approx(value, rel=1e-5)
        assert found.gap <= stop and optimum - 1e-6 <= value <= optimum + 2 * found.gap * value + 1e-6
    assert np.abs(found.V[:-1] @ np.eye(classes) - weights[:-1]).max() < 0.02 * np.abs(weights[:-1]).max() + 1e-3


def test_steps_of_one_penalty_serve_the_next() -> None:
    X, codes = problem(n=600, d=40)
    fresh, walked = Problem(Rows(X), codes), Problem(Rows(X), codes)
    begun = start(codes, 4, 40)
    here = walked.solve(1.0, begun, lambda point: point.gradient <= 1e-6, 500).V
    after = walked.solve(3.0, here, lambda point: point.gradient <= 1e-6, 500)
    anew = fresh.solve(3.0, begun, lambda point: point.gradient <= 1e-6, 500)
    assert after.iterations < anew.iterations
    assert np.abs(after.V - anew.V).max() < 1e-3
