"""The solver of multinomial logistic regression: its optimum, its certificate, what it remembers between penalties."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from probekit.probes.softmax_curvature import Blocks, class_blocks, pays
from probekit.probes.softmax_solver import LONG, Problem, Rows, softmax, start


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


def kinds_of_rows(kinds: int = 5, own: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a few kinds, each with large features of its own of which two classes are told apart: what is unsure of
    one class says nothing of the others' features."""
    rng = np.random.default_rng(3)
    kind = rng.integers(0, kinds, 3000)
    large = np.repeat(np.eye(kinds)[kind], own, axis=1) * np.tile(np.logspace(0.5, -1, own), kinds)
    X = rng.normal(size=(3000, kinds * own)) * (large + 0.02)
    X[:, ::own] += 6 * np.eye(kinds)[kind]
    told = (X / (large + 0.02) * (large > 0)) @ rng.normal(size=kinds * own) + rng.logistic(size=3000)
    return (X - X.mean(axis=0)).astype(np.float32), 2 * kind + (told > 0)


def test_blocks_are_the_curvature_of_each_class() -> None:
    X, codes = kinds_of_rows()
    V = Problem(Rows(X), codes).solve(1.0, start(codes, 10, 60), lambda point: point.gradient <= 1e-4, 500).V
    shares = np.full((200, 10), 0.1)
    few = [(X[:200], shares, 1e-5), (X, softmax(X, V), 0.35)]  # all rows are drawn of the first
    for x, P, off in few:
        blocks = class_blocks(x, P)
        assert blocks.shape == (10, 60, 60)
        for block, p in zip(blocks, P.T, strict=True):
            plain = np.einsum("n,ni,nj->ij", p * (1 - p), x, x, optimize=True) / len(x)
            assert np.abs(block - plain).max() < off * np.abs(plain).max()
    shortened = Blocks(class_blocks(X[:200], shares), np.ones(10), 0.1).shortened(np.ones((61, 10)))
    assert shortened.shape == (61, 10) and np.abs(shortened.sum(axis=1)).max() < 1e-5


def test_a_look_at_each_class_saves_steps_and_keeps_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    X, codes = kinds_of_rows()
    assert pays(*X.shape, 10) and not pays(*X.shape, 400) and not pays(200, 60, 10)
    found = {}
    for looks in (True, False):
        monkeypatch.setattr("probekit.probes.softmax_solver.pays", lambda *_, looks=looks: looks)
        problem = Problem(Rows(X), codes)
        found[looks] = problem.solve(3.0, start(codes, 10, 60), lambda point: point.gradient <= 1e-6, 500)
        assert (problem.blocks is not None) == looks
    assert LONG < found[True].iterations < found[False].iterations / 2
    assert np.abs(softmax(X, found[True].V) - softmax(X, found[False].V)).max() < 1e-3
