"""Logistic regression against scikit-learn's, and its choice of C against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Oracle

from probekit.errors import ProbekitError
from probekit.probes.inner import inner_split
from probekit.probes.logistic import PATH, Logistic


def data(n: int = 300, d: int = 8, classes: int = 4, noise: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 2).astype(np.float32)
    scores = (X - 2) @ rng.normal(size=(d, classes)) + noise * rng.gumbel(size=(n, classes)) * 3
    y = np.array([f"c{k}" for k in range(classes)], dtype=object)[scores.argmax(axis=1)]
    return X, y, np.repeat(np.arange(n // 3), 3)


def log_loss(model, X, y) -> float:
    place = {label: k for k, label in enumerate(model.classes_)}
    shares = model.predict_proba(X.astype(np.float64))
    return float(-np.mean([np.log(shares[i, place[label]]) for i, label in enumerate(y)]))


def oracle(X, y, C):
    return Oracle(C=C, tol=1e-10, max_iter=20000).fit(X.astype(np.float64), y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("C", [1e-3, 1.0, 30.0])
def test_probabilities_are_scikit_learns(classes, C, dtype):
    X, y, _ = data(classes=classes)
    X = X.astype(dtype)
    probe = Logistic(C=C, tol=1e-7).fit(X, y)
    expected = oracle(X, y, C).predict_proba(X.astype(np.float64))
    assert np.abs(probe.predict_proba(X)[0] - expected).max() < 1e-4
    assert probe.info_[0]["converged"] and probe.info_[0]["gradient"] <= 1e-7
    assert probe.notes_ == [""]


def test_the_default_tolerance_is_good_to_a_thousandth():
    X, y, _ = data(n=600, d=20, classes=5)
    for C in (0.01, 1.0, 100.0):
        probe = Logistic(C=C).fit(X, y)
        assert probe.info_[0]["converged"]
        expected = oracle(X, y, C).predict_proba(X.astype(np.float64))
        assert np.abs(probe.predict_proba(X)[0] - expected).max() < 1e-3


def test_the_objective_in_the_findings_is_the_one_stated():
    X, y, _ = data()
    probe = Logistic(C=0.7, tol=1e-8).fit(X.astype(np.float64), y)
    model = oracle(X, y, 0.7)
    expected = 0.7 * len(y) * log_loss(model, X, y) + 0.5 * (model.coef_**2).sum()
    assert np.isclose(probe.info_[0]["objective"], expected, rtol=1e-6)


def test_ill_conditioned_vectors_converge():
    X, y, _ = data()
    X = X * np.logspace(-2, 2, X.shape[1]).astype(np.float32) + 50
    probe = Logistic(C=1.0).fit(X, y)
    assert probe.info_[0]["converged"] and probe.info_[0]["iterations"] < 200


def plain_path(X, y, train, dev) -> list[tuple[float, float]]:
    """C and development loss of every value of the path, each solved to its optimum by the oracle."""
    variance = X[train].astype(np.float64).var(axis=0).mean()
    values = [1 / (relative * variance * len(train)) for relative in PATH]
    return [(C, log_loss(oracle(X[train], y[train], C), X[dev], y[dev])) for C in values]


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_c_is_chosen_on_development_rows_as_by_a_plain_loop(noise):
    X, y, _ = data(noise=noise)
    train, dev = np.arange(200), np.arange(200, 300)
    probe = Logistic().fit(X[train], y[train], dev=(X[dev], y[dev]))
    plain = plain_path(X, y, train, dev)
    best, least = min(plain, key=lambda value: value[1])
    info = probe.info_[0]
    assert np.isclose(info["C"], best, rtol=1e-5) and info["chosen"] == "dev"
    for C, loss in info["path"]:
        (expected,) = [found for value, found in plain if np.isclose(C, value, rtol=1e-5)]
        if C in info["screened"]:  # left where it was clearly worse than what is chosen, and it is
            assert min(loss, expected) > least and info["C"] != C
        else:
            assert abs(loss - expected) < 1e-3
    # The path ends where two values brought nothing, and the answer is the fit at the chosen value.
    tried = [C for C, _ in info["path"]]
    assert tried == sorted(tried) and tried.index(info["C"]) == len(tried) - 3
    expected = oracle(X[train], y[train], info["C"]).predict_proba(X.astype(np.float64))
    assert np.abs(probe.predict_proba(X)[0] - expected).max() < 1e-3


@pytest.mark.parametrize("noise", [0.5, 2.0, 10.0, 50.0])
def test_the_short_path_finds_what_the_whole_one_does(noise):
    X, y, _ = data(noise=noise)
    train, dev = np.arange(200), np.arange(200, 300)
    info = Logistic().fit(X[train], y[train], dev=(X[dev], y[dev])).info_[0]
    plain = plain_path(X, y, train, dev)
    (chosen,) = [loss for C, loss in plain if np.isclose(C, info["C"], rtol=1e-5)]
    assert chosen <= min(loss for _, loss in plain) + 1e-3
    if noise >= 10:  # hardly anything to learn: the strongest penalties are best, though the path began with others
        assert info["path"][0][0] == pytest.approx(plain[0][0]) and info["at_edge"]


def test_without_development_rows_c_is_chosen_by_groups_and_the_fit_is_on_all_rows():
    X, y, groups = data()
    probe = Logistic(seed=4).fit(X, y, groups=groups)
    train, dev = inner_split(len(X), groups, 4)
    assert not set(groups[train]) & set(groups[dev])
    held = Logistic(seed=4).fit(X[train], y[train], dev=(X[dev], y[dev]))
    assert np.allclose(probe.info_[0]["path"], held.info_[0]["path"], rtol=1e-2, atol=1e-4)
    assert probe.info_[0]["chosen"] == "inner"
    expected = oracle(X, y, probe.info_[0]["C"]).predict_proba(X.astype(np.float64))
    assert np.abs(probe.predict_proba(X)[0] - expected).max() < 1e-3


def test_the_choice_matters_and_the_seed_moves_the_split():
    X, y, groups = data(n=90, d=30, noise=4)
    found = {Logistic(seed=s).fit(X, y, groups=groups).info_[0]["C"] for s in range(6)}
    assert len(found) > 1
    assert (Logistic(C=1e-4).fit(X, y).predict(X) != Logistic(C=100).fit(X, y).predict(X)).any()


def test_scale_is_fitted_on_training_rows():
    X, y, _ = data()
    X[:, 0] *= 50
    Z = X.astype(np.float64)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    probe = Logistic(C=0.05, x_scale="standard", tol=1e-7).fit(X, y)
    assert np.abs(probe.predict_proba(X)[0] - oracle(Z, y, 0.05).predict_proba(Z)).max() < 1e-4
    raw = Logistic(C=0.05, tol=1e-7).fit(X, y)
    assert np.abs(probe.predict_proba(X)[0] - raw.predict_proba(X)[0]).max() > 1e-2


def test_classes_unseen_on_either_side_of_the_split():
    X, y, _ = data()
    dev_y = y[:50].copy()
    dev_y[:5] = "never trained"
    probe = Logistic().fit(X[50:], y[50:], dev=(X[:50], dev_y))
    assert probe.info_[0]["dev_left_out"] == 5 and "never trained" not in probe.classes_[0]
    rare = y.copy()
    rare[inner_split(len(X), None, 0)[1][0]] = "rare"  # in the held-out part only
    probe = Logistic().fit(X, rare)
    assert "rare" in probe.classes_[0] and probe.info_[0]["dev_left_out"] == 1
    assert probe.info_[0]["converged"] and np.isfinite(probe.predict_proba(X)[0]).all()
    nothing = Logistic().fit(X, y, dev=(X[:3], np.array(["x", "y", "z"], dtype=object)))
    assert nothing.info_[0]["chosen"] == "default" and nothing.info_[0]["C"] == 1


def test_stopping_at_the_limit_is_said():
    X, y, _ = data()
    probe = Logistic(C=100.0, max_iter=2).fit(X, y)
    assert not probe.info_[0]["converged"] and "not converged" in probe.notes_[0]
    assert probe.info_[0]["iterations"] <= 2


def test_separable_classes_stay_finite():
    X = np.vstack([np.full((20, 2), -1.0), np.full((20, 2), 1.0)]) + 0.01 * np.arange(80).reshape(40, 2)
    y = np.array(["a"] * 20 + ["b"] * 20, dtype=object)
    probe = Logistic().fit(X, y)
    assert (probe.predict(X) == y).all() and np.isfinite(probe.info_[0]["objective"])


@pytest.mark.parametrize("wrong", [{"C": 0}, {"C": -1.0}, {"x_scale": "l2"}, {"tol": 0.0}, {"max_iter": 0}])
def test_wrong_hyperparameters_are_named(wrong):
    X, y, _ = data()
    with pytest.raises(ProbekitError, match=next(iter(wrong))):
        Logistic(**wrong).fit(X, y)


@pytest.mark.slow
def test_fifty_thousand_words_in_a_minute():
    import time

    rng = np.random.default_rng(0)
    X = (rng.normal(size=(50_000, 384)) * np.logspace(0, -1.5, 384)).astype(np.float32)
    scores = X @ rng.normal(size=(384, 17)) + rng.gumbel(size=(50_000, 17)) * 2
    y = np.array([f"tag{k:02d}" for k in range(17)], dtype=object)[scores.argmax(axis=1)]
    start = time.process_time()
    probe = Logistic().fit(X, y, groups=np.arange(50_000) // 15)
    assert probe.info_[0]["converged"] and time.process_time() - start < 120  # twice that, on two threads
