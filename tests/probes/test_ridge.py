"""Ridge against scikit-learn's, and its choice of penalty against a plain loop over folds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Oracle

from probekit.errors import ProbekitError
from probekit.probes import ridge
from probekit.probes.inner import group_parts
from probekit.probes.ridge import GRID, INNER_FOLDS, Ridge


def data(n: int = 240, d: int = 12, targets: int = 3, noise: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 3).astype(np.float32)
    Y = X[:, :targets] * np.arange(1, targets + 1) + noise * rng.normal(size=(n, targets)) + 5
    return X, Y, np.repeat(np.arange(n // 4), 4)


def plain_choice(X, Y, groups, seed=0, width=None):
    """The penalty of each target by scikit-learn's fit on every inner fold and the sum of squared errors."""
    width = np.ones(X.shape[1]) if width is None else width
    X = X.astype(np.float64) / width
    centred = X - X.mean(axis=0)
    alphas = GRID * np.trace(centred.T @ centred) / X.shape[1]
    part = group_parts(len(X), groups, INNER_FOLDS, seed)
    error = np.zeros((len(alphas), Y.shape[1]))
    for held in range(INNER_FOLDS):
        rows = part == held
        for a, alpha in enumerate(alphas):
            model = Oracle(alpha=alpha, solver="svd").fit(X[~rows], Y[~rows])
            error[a] += ((model.predict(X[rows]) - Y[rows]) ** 2).sum(axis=0)
    best = error.argmin(axis=0)
    return alphas[best], (best == 0) | (best == len(alphas) - 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 1e4])
def test_a_fixed_penalty_is_scikit_learns(alpha, dtype):
    X, Y, _ = data()
    X = X.astype(dtype)
    probe = Ridge(alpha=alpha).fit(X, Y)
    oracle = Oracle(alpha=alpha, solver="svd").fit(X.astype(np.float64), Y)
    assert np.allclose(probe.coef_, oracle.coef_.T, rtol=0, atol=1e-8)
    assert np.allclose(probe.predict(X), oracle.predict(X.astype(np.float64)), rtol=0, atol=1e-7)
    assert all(info == {"alpha": alpha, "chosen": "fixed"} for info in probe.info_)


def test_standard_scale_is_scikit_learns_on_standardised_vectors():
    X, Y, _ = data()
    X[:, 3] *= 100
    X[:, 5] = 7
    deviation = X.astype(np.float64).std(axis=0)
    Z = (X - X.mean(axis=0, dtype=np.float64)) / np.where(deviation > 1e-5, deviation, 1)
    oracle = Oracle(alpha=10, solver="svd").fit(Z, Y)
    assert np.allclose(Ridge(alpha=10, x_scale="standard").fit(X, Y).predict(X), oracle.predict(Z), atol=1e-5)
    raw = Ridge(alpha=10).fit(X, Y).predict(X)
    assert np.abs(raw - oracle.predict(Z)).max() > 1e-2


def test_far_from_the_origin_no_digits_are_lost():
    X, Y, _ = data()
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    near, far = Ridge(alpha=1.0).fit(X, Y), Ridge(alpha=1.0).fit(X + 1e5, Y + 1e5)
    assert np.allclose(near.coef_, far.coef_, rtol=0, atol=1e-7)


@pytest.mark.parametrize("noise", [0.05, 3.0, 50.0])
def test_the_penalty_is_chosen_as_by_a_plain_loop(noise):
    X, Y, groups = data(noise=noise)
    probe = Ridge(seed=2).fit(X, Y, groups=groups)
    expected, edge = plain_choice(X, Y, groups, seed=2)
    assert np.allclose([info["alpha"] for info in probe.info_], expected, rtol=1e-6)
    oracle = [Oracle(alpha=a, solver="svd").fit(X.astype(float), Y[:, t]) for t, a in enumerate(expected)]
    answers = np.column_stack([model.predict(X.astype(float)) for model in oracle])
    assert np.allclose(probe.predict(X), answers, rtol=0, atol=1e-6)
    assert all(info["chosen"] == "inner" for info in probe.info_)
    assert [info["at_edge"] for info in probe.info_] == edge.tolist()


def test_the_choice_on_standardised_vectors():
    X, Y, groups = data(noise=3)
    X[:, 0] *= 20
    probe = Ridge(x_scale="standard").fit(X, Y, groups=groups)
    expected, _ = plain_choice(X, Y, groups, width=X.astype(np.float64).std(axis=0))
    assert np.allclose([info["alpha"] for info in probe.info_], expected, rtol=1e-5)


def test_the_unit_of_the_vectors_does_not_move_the_choice():
    X, Y, groups = data(noise=3)
    one, other = Ridge().fit(X, Y, groups=groups), Ridge().fit(X * 64, Y / 8, groups=groups)
    assert np.allclose(one.predict(X), 8 * other.predict(X * 64), rtol=0, atol=1e-6)
    assert np.isclose(other.info_[0]["alpha"], 64**2 * one.info_[0]["alpha"])


def test_groups_keep_a_leak_from_choosing_too_small_a_penalty():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 6)
    X = np.repeat(rng.normal(size=(40, 30)), 6, axis=0) + 0.01 * rng.normal(size=(240, 30))
    Y = np.repeat(rng.normal(size=(40, 1)), 6, axis=0)  # noise, shared within a group
    apart, together = Ridge().fit(X, Y), Ridge().fit(X, Y, groups=groups)
    assert together.info_[0]["alpha"] > 30 * apart.info_[0]["alpha"]


def test_the_seed_moves_the_inner_split():
    X, Y, groups = data(n=40, noise=20)
    found = {tuple(i["alpha"] for i in Ridge(seed=s).fit(X, Y, groups=groups).info_) for s in range(8)}
    assert len(found) > 1


def test_development_rows_choose_where_they_are_given():
    X, Y, _ = data(noise=3)
    train, dev = np.arange(200), np.arange(200, 240)
    probe = Ridge().fit(X[train], Y[train], dev=(X[dev], Y[dev]))
    Z = X[train].astype(np.float64) - X[train].mean(axis=0, dtype=np.float64)
    alphas = GRID * np.trace(Z.T @ Z) / X.shape[1]
    errors = []
    for alpha in alphas:
        model = Oracle(alpha=alpha, solver="svd").fit(X[train].astype(np.float64), Y[train])
        errors.append(((model.predict(X[dev].astype(np.float64)) - Y[dev]) ** 2).sum(axis=0))
    assert np.allclose([info["alpha"] for info in probe.info_], alphas[np.argmin(errors, axis=0)], rtol=1e-6)
    assert probe.info_[0]["chosen"] == "dev"


@pytest.mark.parametrize("grouped", [True, False])
def test_shared_moments_are_those_of_each_fold(grouped, monkeypatch):
    X, Y, groups = data()
    fold = groups % 5
    train = [np.flatnonzero(fold != f) for f in range(5)]
    keep = groups if grouped else None
    calls = []
    original = ridge._moments
    monkeypatch.setattr(ridge, "_moments", lambda *a: calls.append(len(a[2])) or original(*a))
    many = Ridge.fit_many(X, Y, train, [{}, {"alpha": 1.0}], groups=keep)
    assert sum(calls) == len(X) if grouped else sum(calls) >= len(X)
    for f, rows in enumerate(train):
        alone = Ridge().fit(X[rows], Y[rows], groups=None if keep is None else keep[rows])
        assert np.allclose(many[f][0].coef_, alone.coef_, rtol=0, atol=1e-9)
        oracle = Oracle(alpha=1.0, solver="svd").fit(X[rows].astype(np.float64), Y[rows])
        assert np.allclose(many[f][1].coef_, oracle.coef_.T, rtol=0, atol=1e-8)


def test_folds_without_structure_and_repeated_rows():
    X, Y, groups = data()
    rng = np.random.default_rng(1)
    train = [rng.permutation(240)[:150] for _ in range(6)]
    for f, probes in enumerate(Ridge.fit_many(X, Y, train, [{}])):
        assert np.allclose(probes[0].predict(X), Ridge().fit(X[train[f]], Y[train[f]]).predict(X), atol=1e-8)
    again = [np.concatenate([np.arange(60), np.arange(60)])]
    twice = Ridge.fit_many(X, Y, again, [{"alpha": 2.0}], groups=groups)[0][0]
    assert np.allclose(twice.coef_, Ridge(alpha=1.0).fit(X[:60], Y[:60]).coef_, atol=1e-7)


def test_a_constant_target_is_answered_exactly():
    X, Y, groups = data()
    Y[:, 1] = 0.1
    probe = Ridge().fit(X, Y, groups=groups)
    assert len(set(probe.predict(X)[:, 1])) == 1 and np.isclose(probe.predict(X)[0, 1], 0.1, atol=1e-12)
    assert "at_edge" not in probe.info_[1] and probe.notes_[1] == "constant target in training"


def test_more_columns_than_rows():
    X, Y, _ = data(n=20, d=40)
    oracle = Oracle(alpha=0.5, solver="svd").fit(X.astype(np.float64), Y)
    assert np.allclose(Ridge(alpha=0.5).fit(X, Y).predict(X), oracle.predict(X.astype(float)), atol=1e-6)
    assert np.isfinite(Ridge().fit(X, Y).predict(X)).all()
    assert np.isfinite(Ridge(alpha=0).fit(X, Y).predict(X)).all()


@pytest.mark.parametrize("wrong", [{"alpha": -1.0}, {"alpha": "big"}, {"x_scale": "minmax"}])
def test_wrong_hyperparameters_are_named(wrong):
    X, Y, _ = data()
    with pytest.raises(ProbekitError, match=next(iter(wrong))):
        Ridge(**wrong).fit(X, Y)
    with pytest.raises(ProbekitError, match=next(iter(wrong))):
        Ridge.fit_many(X, Y, [np.arange(100)], [wrong])
