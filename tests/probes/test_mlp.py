"""Perceptrons: what a linear probe cannot learn, the right loss, options that matter, seeds that hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from probekit.errors import ProbekitError
from probekit.probes.inner import inner_split
from probekit.probes.logistic import Logistic
from probekit.probes.mlp import MLP

SMALL = {"hidden": 16, "epochs": 6, "batch": 32}


def xor(n: int = 600, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(n, 2)).astype(np.float32)
    y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other").astype(object)
    return X, y


def test_it_learns_what_a_linear_probe_cannot():
    X, y = xor()
    probe = MLP(hidden=32, epochs=150, patience=20, rate=0.01).fit(X, y)
    fresh, gold = xor(seed=1)
    assert (probe.predict(fresh) == gold).mean() > 0.95
    assert (Logistic().fit(X, y).predict(fresh) == gold).mean() < 0.65
    assert (MLP(layers=0, epochs=20, rate=0.01).fit(X, y).predict(fresh) == gold).mean() < 0.65


def test_layers_of_their_own_widths():
    X, y = xor(200)
    probe = MLP(**{**SMALL, "hidden": [12, 5]}).fit(X, y)
    assert [layer.out_features for layer in probe._networks[0]] == [12, 5, 2]
    alike = [MLP(**SMALL, layers=2), MLP(**{**SMALL, "hidden": [16, 16]})]
    one, other = (np.concatenate(each.fit(X, y).predict_proba(X)) for each in alike)
    assert np.array_equal(one, other)
    with pytest.raises(ProbekitError, match="leave layers=2 out"):
        MLP(hidden=[12, 5], layers=2).fit(X, y)


def test_numbers_are_answered_on_their_own_scale():
    X, _ = xor()
    y = 1000 + 300 * X[:, 0] * X[:, 1]
    probe = MLP(hidden=64, epochs=150, patience=20, rate=0.01).fit(X, y)
    assert np.abs(probe.predict(X) - y).mean() < 30
    assert probe.info_[0]["dev_loss"] < 0.1


def test_cross_entropy_is_not_fed_a_softmax():
    # Were probabilities taken for scores, the loss could not fall below log(1 + 2 / e) = 0.55 for 3 classes.
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 400)
    X = (10 * np.eye(3)[codes] + rng.normal(size=(400, 3))).astype(np.float32)
    y = np.array(["a", "b", "c"], dtype=object)[codes]
    probe = MLP(hidden=16, epochs=60, rate=0.01).fit(X, y)
    assert probe.info_[0]["dev_loss"] < 0.02
    assert probe.predict_proba(X)[0].max(axis=1).mean() > 0.98


def test_dev_loss_in_nats_is_that_of_the_probabilities():
    X, y = xor(200)
    dev_x, dev_y = xor(80, seed=3)
    probe = MLP(**SMALL).fit(X, y, dev=(dev_x, dev_y))
    shares = probe.predict_proba(dev_x)[0]
    expected = -np.log(shares[np.arange(80), (dev_y == "same").astype(int)]).mean()
    assert np.isclose(probe.info_[0]["dev_loss"], expected, atol=1e-5)
    assert probe.info_[0]["chosen"] == "dev"


@pytest.mark.parametrize(
    "option",
    [
        {"hidden": 8},
        {"layers": 2},
        {"layers": 0},
        {"dropout": 0.5},
        {"rate": 0.01},
        {"batch": 16},
        {"epochs": 2},
        {"decay": 1.0},
        {"x_scale": "raw"},
        {"seed": 1},
    ],
)
def test_every_option_changes_a_number(option):
    X, y = xor(200)
    X = X * 3 + 1
    plain = MLP(**SMALL).fit(X, y).predict_proba(X)[0]
    changed = MLP(**{**SMALL, **option}).fit(X, y).predict_proba(X)[0]
    assert np.abs(plain - changed).max() > 1e-5


def test_patience_and_schedule_change_a_number():
    X, y = xor(120)
    shared = {"hidden": 64, "rate": 0.05, "batch": 16, "epochs": 60}
    runs = {
        name: MLP(**shared, **option).fit(X, y).info_[0]
        for name, option in {
            "plain": {"patience": 3},
            "patient": {"patience": 30},
            "plateau": {"patience": 3, "schedule": "plateau"},
        }.items()
    }
    assert runs["plain"]["stopped"] and runs["plain"]["epochs"] == runs["plain"]["best_epoch"] + 3
    assert runs["patient"]["epochs"] > runs["plain"]["epochs"]
    assert runs["plateau"]["dev_loss"] != runs["plain"]["dev_loss"]


def test_same_seed_same_numbers_and_torch_is_left_alone():
    X, y = xor(200)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one = MLP(**SMALL, dropout=0.3).fit(X, y).predict_proba(X)[0]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(8)
    two = MLP(**SMALL, dropout=0.3).fit(X, y).predict_proba(X)[0]
    assert np.array_equal(one, two)


def test_initial_weights_do_not_depend_on_other_hyperparameters():
    networks = [MLP(**SMALL, rate=rate)._network(2, 2) for rate in (0.1, 0.001)]
    assert torch.equal(networks[0][0].weight, networks[1][0].weight)
    assert not torch.equal(MLP(**SMALL, seed=1)._network(2, 2)[0].weight, networks[0][0].weight)


def test_stopping_uses_whole_groups():
    X, y = xor(200)
    groups = np.repeat(np.arange(20), 10)
    probe = MLP(**SMALL).fit(X, y, groups=groups)
    train, dev = inner_split(200, groups, 0)
    held = MLP(**SMALL).fit(X[train], y[train], dev=(X[dev], y[dev]))
    assert probe.info_[0]["chosen"] == "inner" and held.info_[0]["chosen"] == "dev"
    # Not the same scale of x (all training rows against the inner ones), hence near and not equal.
    assert abs(probe.info_[0]["dev_loss"] - held.info_[0]["dev_loss"]) < 0.02


def test_one_group_leaves_nothing_to_stop_on():
    X, y = xor(60)
    info = MLP(**SMALL).fit(X, y, groups=np.zeros(60, dtype=int)).info_[0]
    assert info["chosen"] == "none" and info["epochs"] == 6 and "dev_loss" not in info


def test_labels_that_only_development_rows_have_are_left_out():
    X, y = xor(200)
    dev_y = y[:40].copy()
    dev_y[:4] = "new"
    assert MLP(**SMALL).fit(X, y, dev=(X[:40], dev_y)).info_[0]["dev_left_out"] == 4


@pytest.mark.parametrize(
    "wrong", [{"hidden": 0}, {"layers": -1}, {"layers": 1.5}, {"dropout": 1.0}, {"rate": 0}, {"schedule": "cosine"}]
)
def test_wrong_hyperparameters_are_named(wrong):
    X, y = xor(60)
    with pytest.raises(ProbekitError, match=next(iter(wrong))):
        MLP(**{**SMALL, **wrong}).fit(X, y)


def test_probabilities_are_for_labels():
    X, _ = xor(60)
    with pytest.raises(ProbekitError, match="labels"):
        MLP(**SMALL).fit(X, X[:, 0]).predict_proba(X)
