"""The exact linear SVR against scikit-learn run to convergence, a plain dual solver, and its own certificate."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from probekit.errors import ProbekitError
from probekit.probes import svr_solver
from probekit.probes.linear_svr import BLOCK, LinearSVR
from probekit.probes.svr_polish import ActiveRows, polish
from probekit.probes.svr_solver import Basis, begins_anew, objectives, step_factor

CONSTANT = "the optimum of the L1 loss is a constant prediction"


def problem(
    n: int = 120, d: int = 8, targets: int = 1, seed: int = 0, dtype=np.float64
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and targets with heavy-tailed noise: (n, d) and (n, T)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X.astype(dtype), X @ rng.normal(size=(d, targets)) + rng.standard_t(2, size=(n, targets))


def plain_objective(X, y, coef, intercept, C, epsilon) -> float:
    """P straight from its definition, one row at a time."""
    total = 0.5 * (float(np.dot(coef, coef)) + float(intercept) ** 2)
    for row, target in zip(X.astype(float), y, strict=True):
        total += C * max(0.0, abs(target - float(row @ coef) - intercept) - epsilon)
    return total


def plain_dual(X, y, C, epsilon) -> tuple[float, np.ndarray]:
    """Optimum of the dual by a general solver: a = p - q with 0 <= p, q <= C. Returns D* and the weights X'a."""
    wide = np.hstack([X.astype(float), np.ones((len(X), 1))])
    n = len(y)

    def negative(v):
        a = v[:n] - v[n:]
        pulled = wide.T @ a
        slope = y - wide @ pulled
        return -(y @ a - 0.5 * pulled @ pulled - epsilon * v.sum()), np.concatenate([epsilon - slope, epsilon + slope])

    found = minimize(
        negative,
        np.zeros(2 * n),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, C)] * (2 * n),
        options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 40_000},
    )
    return -found.fun, wide.T @ (found.x[:n] - found.x[n:])


def sklearn_objective(X, y, C, epsilon) -> float:
    from sklearn.svm import LinearSVR as Liblinear

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = Liblinear(C=C, epsilon=epsilon, tol=1e-10, max_iter=200_000, random_state=0).fit(X, y)
    return plain_objective(X, y, other.coef_, float(np.ravel(other.intercept_)[0]), C, epsilon)


# --- the optimum


@pytest.mark.parametrize("C", [1e-3, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.7])
def test_never_above_scikit_learn_at_convergence(C, epsilon):
    X, Y = problem(60, 5, seed=int(10 * C) + 1)
    probe = LinearSVR(C=C, epsilon=epsilon).fit(X, Y[:, 0])
    found, ours = probe.info_[0], plain_objective(X, Y[:, 0], probe.coef_[:, 0], probe.intercept_[0], C, epsilon)
    theirs = sklearn_objective(X, Y[:, 0], C, epsilon)
    assert found["converged"] and found["gap"] <= 1e-3
    # Theirs is some value above the optimum, the optimum is at least ours less the gap.
    assert ours * (1 - found["gap"]) <= theirs * (1 + 1e-9)
    assert ours <= theirs * (1 + found["gap"] / (1 - found["gap"]))


@pytest.mark.parametrize(("n", "d"), [(6, 2), (12, 3), (4, 9), (1, 3), (25, 1)])
@pytest.mark.parametrize(("C", "epsilon"), [(1.0, 0.0), (0.05, 0.0), (2.0, 0.5)])
def test_a_plain_dual_solver_agrees(n, d, C, epsilon):
    X, Y = problem(n, d, seed=n)
    y = Y[:, 0]
    best, weights = plain_dual(X, y, C, epsilon)
    probe = LinearSVR(C=C, epsilon=epsilon, gap=1e-7, max_iter=50_000).fit(X, y)
    value = plain_objective(X, y, probe.coef_[:, 0], probe.intercept_[0], C, epsilon)
    assert probe.info_[0]["converged"]
    # The certificate is a bound: the true optimum lies within it, and the plain solver comes close to that.
    assert value * (1 - probe.info_[0]["gap"]) <= best * (1 + 1e-6) + 1e-9
    assert best <= value + 1e-9 and value <= best * (1 + 1e-4) + 1e-9
    # P is strongly convex, so weights are as close as the objectives say.
    ours = np.append(probe.coef_[:, 0], probe.intercept_[0])
    assert 0.5 * np.sum((ours - weights) ** 2) <= 1e-3 * value + 1e-9


@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.floats(0, 2), st.floats(1e-3, 1e3))
@settings(max_examples=40, deadline=None)
def test_every_dual_point_is_below_every_primal_point(seed, C, epsilon, size):
    """Whatever the weights and multipliers: a certificate made of them never promises too much."""
    rng = np.random.default_rng(seed)
    X, Y = problem(15, 4, targets=3, seed=seed)
    design = np.hstack([X, np.ones((15, 1))])
    W, A = rng.normal(size=(5, 3)) * size, rng.normal(size=(15, 3)) * size
    primal, dual = objectives(design, Y, W, A, np.full(3, C), np.full(3, epsilon))
    assert (dual <= primal + 1e-9 * np.abs(primal)).all()
    for t in range(3):
        a = np.clip(A[:, t], -C, C)
        plain = sum(y * k - epsilon * abs(k) for y, k in zip(Y[:, t], a, strict=True))
        plain -= 0.5 * sum(float(column @ a) ** 2 for column in design.T)
        assert dual[t] == pytest.approx(plain, rel=1e-9, abs=1e-9)
        assert primal[t] == pytest.approx(plain_objective(X, Y[:, t], W[:4, t], W[4, t], C, epsilon), rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_reported_is_what_the_weights_give(dtype):
    X, Y = problem(200, 12, targets=3, dtype=dtype)
    probe = LinearSVR(C=0.3, epsilon=0.1).fit(X, Y)
    for t, info in enumerate(probe.info_):
        value = plain_objective(X, Y[:, t], probe.coef_[:, t], probe.intercept_[t], 0.3, 0.1)
        assert info["objective"] == pytest.approx(value, rel=1e-9)
        best, _ = plain_dual(X, Y[:, t], 0.3, 0.1)
        assert value * (1 - info["gap"]) <= best * (1 + 1e-5)
        assert (info["C"], info["converged"]) == (0.3, True) and info["iterations"] % 10 == 0
    assert np.array_equal(probe.predict(X), X.astype(np.float64) @ probe.coef_ + probe.intercept_)
    again = LinearSVR(C=0.3, epsilon=0.1).fit(X, Y)
    assert np.array_equal(again.coef_, probe.coef_)


def test_every_option_changes_a_number():
    X, Y = problem(100, 6)
    X[:, 0] *= 30
    base = LinearSVR().fit(X, Y).coef_
    for option in (
        {"C": 0.01},
        {"epsilon": 0.5},
        {"x_scale": "standard"},
        {"y_scale": "standard"},
        {"gap": 1e-6},
        {"max_iter": 5},
    ):
        assert np.abs(LinearSVR(**option).fit(X, Y).coef_ - base).max() > 1e-6, option


def test_a_smaller_gap_is_closer():
    X, Y = problem(200, 10)
    best, _ = plain_dual(X, Y[:, 0], 1.0, 0.0)
    values = [LinearSVR(gap=gap).fit(X, Y[:, 0]).info_[0]["objective"] / best - 1 for gap in (1e-2, 1e-4, 1e-6)]
    assert values[0] < 1e-2 and values[1] < 1e-4 and values[2] < 2e-6 and values[2] < values[0]


def test_golden_objective():
    """A change here without a raised revision in the registry leaves stored rows that nobody can make again."""
    from probekit.probes import registry

    X, Y = problem(300, 20, targets=2, seed=3, dtype=np.float32)
    probe = LinearSVR().fit(X, Y)
    assert registry.entry("linear-svr").revision == 2
    assert [info["objective"] for info in probe.info_] == pytest.approx([396.178721, 336.836515], rel=1e-5)


# --- scales


def test_standard_scale_is_that_of_training_rows():
    X, Y = problem(150, 5, targets=2)
    X, Y = X * [1, 10, 0.1, 5, 2] + [3, -7, 0, 1, 100], Y * [1, 50] + [0, 400]
    scaled_x, scaled_y = (X - X.mean(0)) / X.std(0), (Y - Y.mean(0)) / Y.std(0)
    options = {"C": 0.5, "epsilon": 0.1, "gap": 1e-7, "max_iter": 50_000}
    plain = LinearSVR(**options).fit(scaled_x, scaled_y)
    both = LinearSVR(x_scale="standard", y_scale="standard", **options).fit(X, Y)
    assert both.predict(X) == pytest.approx(plain.predict(scaled_x) * Y.std(0) + Y.mean(0), abs=2e-3 * Y.std())
    assert [a["objective"] for a in both.info_] == pytest.approx([a["objective"] for a in plain.info_], rel=1e-6)
    one = LinearSVR(x_scale="standard", **options).fit(X, scaled_y)
    assert one.predict(X) == pytest.approx(plain.predict(scaled_x), abs=2e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("side", ["x", "y"])
def test_huge_and_small_values(dtype, size, side):
    X, Y = problem(150, 8, seed=2)
    X, y = (X * size, Y[:, 0]) if side == "x" else (X, Y[:, 0] * size)
    X = X.astype(dtype)
    info = LinearSVR().fit(X, y).info_[0]
    # In single precision vectors of size 1e6 beside targets of size 1 do not converge, and that is said.
    assert info["converged"] or (size, side, dtype) == (1e6, "x", np.float32)
    assert info["converged"] == (info["gap"] <= 1e-3)
    probe = LinearSVR(x_scale="standard", y_scale="standard").fit(X, y)
    assert probe.info_[0]["converged"] and CONSTANT not in probe.notes_[0]
    unit = LinearSVR(x_scale="standard", y_scale="standard").fit(
        (X / size).astype(dtype) if side == "x" else X, y / (1 if side == "x" else size)
    )
    assert probe.info_[0]["objective"] == pytest.approx(unit.info_[0]["objective"], rel=1e-3)


# --- many at once


def test_many_folds_and_settings_are_the_loop_of_fits():
    X, Y = problem(160, 10, targets=4, dtype=np.float32)
    Y[:, 3] = 7.0
    rows = [np.flatnonzero(np.arange(160) % 4 != k) for k in range(4)]
    params = [
        {"C": 1.0},
        {"C": 0.01, "epsilon": 0.2},
        {"x_scale": "standard"},
        {"x_scale": "standard", "y_scale": "standard", "C": 0.2},
        {"max_iter": 7},
    ]
    many = LinearSVR.fit_many(X, Y, rows, params, seed=3)
    for fold, settings_ in zip(rows, many, strict=True):
        for given_, probe in zip(params, settings_, strict=True):
            alone = LinearSVR(**given_, seed=3).fit(X[fold], Y[fold])
            assert probe.get_params() == alone.get_params() and len(probe.notes_) == 4
            for t in range(4):
                one, other = probe.info_[t], alone.info_[t]
                assert one["converged"] == other["converged"] and one["C"] == other["C"]
                assert one["objective"] == pytest.approx(other["objective"], rel=1e-3)
            assert (probe.notes_[3] != "") and probe.predict(X).shape == (160, 4)


def test_company_does_not_change_a_target():
    """More targets than fit into one block, each as it is alone."""
    X, Y = problem(60, 4, targets=BLOCK + 3)
    together = LinearSVR().fit(X, Y)
    for t in (0, 5, BLOCK - 1, BLOCK, BLOCK + 2):
        alone = LinearSVR().fit(X, Y[:, t])
        assert alone.info_[0]["objective"] == pytest.approx(together.info_[t]["objective"], rel=1e-6)
        assert alone.info_[0]["iterations"] == together.info_[t]["iterations"]
        assert alone.predict(X) == pytest.approx(together.predict(X)[:, t], abs=1e-4)


# --- what could go wrong


def test_a_constant_target():
    X, _ = problem(80, 5)
    for value in (0.0, 3.0, -1e-6, 1e6):
        probe = LinearSVR().fit(X, np.full(80, value))
        assert probe.info_[0]["converged"] and "constant target in training" in probe.notes_[0]
        best, _ = plain_dual(X, np.full(80, value), 1.0, 0.0)
        assert probe.info_[0]["objective"] == pytest.approx(best, rel=2e-3)
        # The intercept is penalised: a value far beyond C n is not reached.
        assert value == 1e6 or probe.predict(X) == pytest.approx(np.full(80, value), abs=abs(value) * 0.05)


def test_vectors_that_are_all_zero():
    X, Y = np.zeros((50, 4), np.float32), np.arange(50.0)
    probe = LinearSVR(C=100.0).fit(X, Y)
    assert "all training vectors are zero" in probe.notes_[0] and CONSTANT in probe.notes_[0]
    assert probe.info_[0]["converged"] and (probe.coef_ == 0).all()
    assert 24 <= probe.intercept_[0] <= 25  # any median is best


def test_few_rows_and_many_columns():
    for n in (1, 2, 10):
        X, Y = problem(n, 40, seed=n)
        probe = LinearSVR(C=10.0).fit(X, Y)
        assert probe.info_[0]["converged"]
        assert np.abs(probe.predict(X) - Y).max() < 1e-2 * np.abs(Y).max() + 1e-3  # enough columns for every row


def test_duplicate_columns_share_their_weight():
    X, Y = problem(100, 6)
    once, thrice = (
        LinearSVR(gap=1e-6, max_iter=50_000).fit(X, Y),
        LinearSVR(gap=1e-6, max_iter=50_000).fit(np.hstack([X] * 3), Y),
    )
    assert thrice.info_[0]["converged"] and thrice.info_[0]["objective"] < once.info_[0]["objective"]
    weights = thrice.coef_.reshape(3, 6)
    assert weights[0] == pytest.approx(weights[1], abs=1e-9) and weights[0] == pytest.approx(weights[2], abs=1e-9)


def test_a_target_that_is_mostly_zero():
    X, _ = problem(300, 6)
    y = np.zeros(300)
    y[:20] = np.arange(20) % 4 + 1.0
    probe = LinearSVR(C=1e-3).fit(X, y)
    assert CONSTANT in probe.notes_[0] and probe.info_[0]["converged"]
    assert np.ptp(probe.predict(X)) < 1e-4
    # Where vectors do tell, it is not noted.
    assert CONSTANT not in LinearSVR(C=100.0).fit(np.hstack([X, y[:, None]]), y).notes_[0]


def test_all_targets_within_the_tube():
    X, Y = problem(50, 3)
    probe = LinearSVR(epsilon=1e6).fit(X.astype(np.float32), Y)
    assert probe.info_[0]["converged"] and np.abs(probe.coef_).max() < 1e-6 and CONSTANT in probe.notes_[0]


def test_an_outlier():
    X, Y = problem(200, 5)
    Y[0] = 1e6
    assert LinearSVR().fit(X.astype(np.float32), Y).info_[0]["converged"]


def test_stopping_too_early_is_said():
    X, Y = problem(200, 10)
    probe = LinearSVR(max_iter=3, C=50.0).fit(X, Y)
    info = probe.info_[0]
    assert (info["converged"], info["iterations"]) == (False, 3) and info["gap"] > 1e-3
    assert f"stopped at 3 iterations with a relative gap of {info['gap']:.1e}" in probe.notes_[0]
    best, _ = plain_dual(X, Y[:, 0], 50.0, 0.0)
    assert info["objective"] * (1 - info["gap"]) <= best * (1 + 1e-9)  # the certificate holds at any moment


def test_each_column_stops_on_its_own():
    X, Y = problem(150, 6, targets=2)
    Y[:, 1] *= 1e-4  # harder
    easy, hard = LinearSVR().fit(X, Y).info_
    assert easy["iterations"] < hard["iterations"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"C": 0}, "C must be a positive number, got 0"),
        ({"C": float("nan")}, "C must be a positive number"),
        ({"C": "1"}, "C must be a positive number, got '1'"),
        ({"epsilon": -1}, "epsilon must be a number of 0 or more, got -1"),
        ({"gap": 0}, "gap must be a positive number"),
        ({"max_iter": 0}, "max_iter must be a positive number"),
        ({"x_scale": "standrad"}, "unknown value of x_scale: 'standrad'; did you mean standard"),
        ({"y_scale": "none"}, "unknown value of y_scale"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ProbekitError, match=message):
        LinearSVR(**options)


def test_vectors_with_holes_are_refused():
    X, Y = problem(20, 3)
    X[4, 1] = np.nan
    with pytest.raises(ProbekitError, match="vectors hold nan at row 4, column 1"):
        LinearSVR().fit(X, Y)
    with pytest.raises(ProbekitError, match="vectors hold nan at row 4, column 1"):
        LinearSVR.fit_many(X, Y, [np.arange(20)], [{}])


# --- the iterations, written a second time


def plain_prox(f, limit, epsilon):
    """argmin over z of C max(0, |z| - epsilon) + (z - f)^2 C / (2 limit), number by number."""
    z = np.empty_like(f)
    for i, value in enumerate(f):
        size = abs(value)
        if size <= epsilon:
            z[i] = value
        else:
            z[i] = np.sign(value) * max(size - limit, epsilon)
    return z


@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_iterations_are_those_of_the_definition(epsilon):
    """One target on the raw design, unscaled, against the blocked state in units of its bounds: same weights."""
    X, Y = problem(700, 6, targets=1, seed=5)
    design = np.c_[X, np.ones(len(X))]
    y = Y[:, 0] / Y[:, 0].std()
    C = 0.7
    basis = Basis.of(design)
    state = svr_solver._State(basis, y[:, None], np.array([C]), np.array([epsilon]))

    gram = design.T @ design
    ridge = y - design @ np.linalg.solve(gram + np.eye(7), design.T @ y)
    rho, f = C / np.median(np.abs(ridge)), ridge
    age, anchor = 0, f
    for iteration in range(1, 126):
        k = f - plain_prox(f, C / rho, epsilon)
        w = np.linalg.solve(gram + np.eye(7) / rho, design.T @ (2 * k + y - f))
        ratio = state.measure().ratio if iteration % 10 == 0 else None
        found = basis.vectors @ (state._coordinates()[0].numpy() * state.limit[0])
        assert found == pytest.approx(w, rel=1e-7, abs=1e-9), iteration
        factor = step_factor(iteration, ratio, 1)
        if factor is not None:  # z and the multiplier rho k stay
            f, k, rho = (f - k) + k / factor[0], k / factor[0], rho * factor[0]
        relaxation = 1.8 if iteration <= 40 else 2.0
        new = relaxation * (y - design @ w + k) + (1 - relaxation) * f
        if iteration <= 40:
            f = new
        else:
            if begins_anew(iteration) or iteration == 41:
                age, anchor = 0, new
            share = (age + 1) / (age + 2) if age else 1.0
            f, age = share * new + (1 - share) * anchor, age + 1
        state.advance(iteration, ratio)


def test_the_anchored_iteration_begins_anew_at_growing_intervals():
    assert [i for i in range(1, 300) if begins_anew(i)] == [*range(10, 90, 10), 100, 120, 140, 160, 190, 220, 260]


def test_newton_directions_as_rows_enter_and_leave():
    """None, fewer than columns (Woodbury), and many whose Gram matrix is carried over or begun anew."""
    rng = np.random.default_rng(0)
    X, gradient = rng.standard_normal((90, 8)), rng.standard_normal(8)
    active = ActiveRows(X)
    masks = [np.arange(90) < many for many in (0, 3, 40, 50, 45, 3, 44)]
    masks += [rng.random(90) < 0.6, np.arange(90) >= 45, np.ones(90, dtype=bool)]
    for mask in masks:
        expected = np.linalg.solve(np.eye(8) + 0.7 * X[mask].T @ X[mask], gradient)
        assert active.newton(mask, 0.7, gradient) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_polish_from_nothing_reaches_the_plain_optimum(epsilon):
    X, Y = problem(80, 5, targets=1, seed=2)
    design = np.c_[X, np.ones(len(X))]
    best = sklearn_objective(X, Y[:, 0], 0.5, epsilon)
    found = polish(
        design, Y[:, 0], 0.5, epsilon, weights=np.zeros(6), multipliers=np.zeros(80), limit=1.0, gap=1e-9, max_steps=500
    )
    value = plain_objective(X, Y[:, 0], found.weights[:-1], found.weights[-1], 0.5, epsilon)
    assert found.gap <= 1e-9 and value == pytest.approx(best, rel=1e-6)
    assert value <= best * (1 + 1e-9) and np.abs(found.multipliers).max() <= 0.5


def test_polish_keeps_the_best_it_met():
    X, Y = problem(80, 5, targets=1, seed=2)
    design = np.c_[X, np.ones(len(X))]
    start = polish(
        design, Y[:, 0], 0.5, 0.0, weights=np.zeros(6), multipliers=np.zeros(80), limit=1.0, gap=1e-9, max_steps=500
    )
    again = polish(
        design,
        Y[:, 0],
        0.5,
        0.0,
        weights=start.weights,
        multipliers=start.multipliers,
        limit=50.0,
        gap=1e-15,
        max_steps=3,
    )
    assert again.gap <= start.gap


@pytest.mark.parametrize("size,shift", [(1e6, 0), (1, 10), (1, 1000)])
def test_badly_scaled_vectors_in_float32(size, shift):
    """What the splitting method alone cannot do in float32, the last steps in float64 can."""
    X, Y = problem(400, 30, targets=4, seed=6, dtype=np.float32)
    probe = LinearSVR().fit((X * size + shift).astype(np.float32), Y)
    assert all(info["converged"] and info["gap"] <= 1e-3 for info in probe.info_)


def test_a_target_that_hardly_beats_a_constant_is_resolved():
    """At a thousandth of P, a probe that gains a thousandth over a constant may predict anything; so it goes on."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((600, 20))
    y = np.maximum(0, 0.3 * X[:, 0] - 0.2 + 0.6 * rng.standard_normal(600))
    probe, exact = LinearSVR().fit(X, y), LinearSVR(gap=1e-8).fit(X, y)
    gain = np.abs(y - np.median(y)).sum() / exact.info_[0]["objective"] - 1
    assert 0.001 < gain < 0.01
    assert probe.info_[0]["gap"] <= 1e-3 * max(gain / 0.5, 0.01) * 1.01
    assert np.abs(probe.predict(X) - exact.predict(X)).max() <= 0.1 * exact.predict(X).std()
