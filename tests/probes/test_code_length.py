"""Code lengths: bits, exact where they are known, and in the right order."""

from __future__ import annotations

import numpy as np
import pytest

from probekit.errors import ProbekitError
from probekit.probes.code_length import OnlineCode, _blocks, online_code_length
from probekit.probes.logistic import Logistic
from probekit.probes.probe import Probe


class Uniform(Probe):
    answers = frozenset({"label"})

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def _fit(self, X, Y, groups, dev):
        self.classes_ = [np.array(["a", "b", "c", "d", "e"], dtype=object)]

    def predict_proba(self, X):
        return [np.full((len(X), 5), 0.2)]


class Oracle(Uniform):
    """Sure and right: the class is written in the first column."""

    def predict_proba(self, X):
        return [np.eye(5)[X[:, 0].astype(int)]]


class Wrong(Uniform):
    """Sure and wrong."""

    def predict_proba(self, X):
        return [np.eye(5)[(X[:, 0].astype(int) + 1) % 5]]


class Counted(Uniform):
    """Knows only the classes it saw, by their frequency."""

    def _fit(self, X, Y, groups, dev):
        names, counts = np.unique(Y[:, 0].astype(str), return_counts=True)
        self.classes_, self.share_ = [names.astype(object)], counts / counts.sum()

    def predict_proba(self, X):
        return [np.tile(self.share_, (len(X), 1))]


def data(n: int = 1000, seed: int = 0):
    codes = np.random.default_rng(seed).integers(0, 5, n)
    X = np.column_stack([codes, np.random.default_rng(seed + 1).normal(size=(n, 3))])
    return X, np.array(list("abcde"), dtype=object)[codes]


@pytest.mark.parametrize("n", [10, 999, 1000])
def test_a_uniform_probe_costs_n_log2_k_exactly(n):
    X, y = data(n)
    found = online_code_length(Uniform, {}, X, y)
    assert np.isclose(found["bits"], n * np.log2(5), rtol=1e-12) and np.isclose(found["compression"], 1)
    assert np.isclose(found["uniform_bits"], n * np.log2(5), rtol=1e-12) and found["classes"] == 5


def test_a_perfect_probe_costs_the_first_block_and_little_more():
    X, y = data()
    found = online_code_length(Oracle, {}, X, y, fractions=[0.01, 0.1, 1.0])
    first = 10 * np.log2(5)
    assert found["blocks"][0] == {"rows": 10, "bits": first}
    expected = first - 90 * np.log2(1 - 0.8 / 11) - 900 * np.log2(1 - 0.8 / 101)
    assert np.isclose(found["bits"], expected, rtol=1e-9)
    assert online_code_length(Oracle, {}, X, y)["bits"] < 25 < 0.02 * found["uniform_bits"]


def test_a_sure_and_wrong_probe_pays_a_finite_price():
    X, y = data()
    found = online_code_length(Wrong, {}, X, y, fractions=[0.5, 1.0])
    assert np.isclose(found["bits"], 500 * np.log2(5) + 500 * np.log2(5 * 501))
    assert found["compression"] < 1


def test_the_code_is_that_of_a_plain_loop():
    rng = np.random.default_rng(0)
    y = np.array(list("abcde"), dtype=object)[rng.choice(5, p=[0.7, 0.2, 0.05, 0.04, 0.01], size=400)]
    X = rng.normal(size=(400, 2))
    found = online_code_length(Counted, {}, X, y, fractions=[0.01, 0.1, 0.5, 1.0], seed=3)
    order, ends = _blocks(400, None, [0.01, 0.1, 0.5, 1.0], 3)
    sent, bits = [], 0.0
    for place, row in enumerate(order):
        if place in ends:
            sent = list(y[order[:place]])
        if not sent:
            bits += np.log2(5)
            continue
        p = sent.count(y[row]) / len(sent)
        bits -= np.log2((1 - 1 / (len(sent) + 1)) * p + 1 / (len(sent) + 1) / 5)
    assert np.isclose(found["bits"], bits, rtol=1e-12)


def test_bits_and_not_nats():
    X, y = data(100)
    assert np.isclose(online_code_length(Uniform, {}, X, y)["bits"] / 100, 2.321928, atol=1e-6)


def test_better_vectors_make_shorter_codes():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 300)
    y = np.array(["x", "y", "z"], dtype=object)[codes]
    lengths = []
    for noise in (0.2, 1.0, 100.0):
        X = np.eye(3)[codes] + noise * rng.normal(size=(300, 3))
        lengths.append(online_code_length(Logistic, {}, X, y, fractions=[0.1, 0.3, 1.0])["bits"])
    assert lengths[0] < 0.5 * lengths[1] < lengths[1] < lengths[2]
    assert abs(lengths[2] / (300 * np.log2(3)) - 1) < 0.15


def test_blocks_hold_whole_groups_and_every_row_once():
    groups = np.repeat(np.arange(50), np.arange(50) % 7 + 1)
    order, ends = _blocks(len(groups), groups, (0.01, 0.1, 0.5, 1.0), 0)
    assert sorted(order) == list(range(len(groups))) and ends[-1] == len(groups)
    seen: set[int] = set()
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        block = set(groups[order[start:end]])
        assert not block & seen
        seen |= block
    for end, share in zip(ends, (0.01, 0.1, 0.5, 1.0), strict=True):
        assert share * len(groups) <= end < share * len(groups) + 7


def test_seed_and_fractions_change_the_number():
    X, y = data(300)
    noisy = X + np.random.default_rng(0).normal(size=X.shape)
    plain = online_code_length(Logistic, {"C": 1.0}, noisy, y, fractions=[0.1, 1.0])["bits"]
    assert online_code_length(Logistic, {"C": 1.0}, noisy, y, fractions=[0.1, 1.0], seed=1)["bits"] != plain
    assert online_code_length(Logistic, {"C": 1.0}, noisy, y, fractions=[0.2, 1.0])["bits"] != plain
    assert online_code_length(Logistic, {"C": 1e-6}, noisy, y, fractions=[0.1, 1.0])["bits"] > plain


def test_one_class_costs_nothing():
    found = online_code_length(Logistic, {}, np.ones((20, 2)), np.array(["a"] * 20, dtype=object))
    assert found["bits"] == 0 and found["uniform_bits"] == 0 and found["compression"] == 1


@pytest.mark.parametrize("fractions", [[], [0.5], [0.0, 1.0], [0.5, 0.2, 1.0], [0.5, 1.0, 2.0]])
def test_wrong_fractions_are_refused(fractions):
    X, y = data(20)
    with pytest.raises(ProbekitError, match="fractions"):
        online_code_length(Uniform, {}, X, y, fractions=fractions)


def test_the_registered_probe_answers_and_measures():
    X, y = data(200)
    Y = np.column_stack([y, np.where(X[:, 1] > 0, "p", "n").astype(object)])
    probe = OnlineCode(probe="logistic(C=1)", fractions=[0.1, 0.5, 1.0], seed=2).fit(X, Y)
    alone = online_code_length(Logistic, {"C": 1}, X, Y[:, 1], fractions=[0.1, 0.5, 1.0], seed=2)
    assert probe.codelength_[1] == alone and len(probe.codelength_) == 2
    assert probe.info_[1]["bits"] == alone["bits"] and probe.info_[1]["C"] == 1
    assert (probe.predict(X) == Logistic(C=1, seed=2).fit(X, Y).predict(X)).all()
    other = OnlineCode(probe="mlp(hidden=4, epochs=2)", fractions=[0.5, 1.0]).fit(X, Y)
    assert other.codelength_[0]["bits"] != probe.codelength_[0]["bits"]


@pytest.mark.parametrize(
    ("spec", "says"), [("ridge", "probabilities"), ("logistik", "logistic"), ("logistic(D=1)", "D")]
)
def test_a_probe_that_cannot_code_is_refused(spec, says):
    X, y = data(20)
    with pytest.raises(ProbekitError, match=says):
        OnlineCode(probe=spec).fit(X, y)


def test_fits_that_do_not_converge_are_noted():
    X, y = data(200)
    probe = OnlineCode(probe="logistic(C=100, max_iter=1)", fractions=[0.5, 1.0]).fit(X, y)
    assert probe.codelength_[0]["not_converged"] == 1
    assert "1 fits of the code not converged" in probe.notes_[0]
