"""What every registered probe owes: one answer however it is asked, and defined behaviour for bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from probekit import probes
from probekit.errors import ProbekitError, UnknownName
from probekit.probes.inner import Scale, group_parts, inner_split
from probekit.probes.probe import Probe, classes_and_codes
from probekit.registry import first_line
from probekit.sources import parameters
from probekit.tasks.task import KINDS

# Span probes owe other things: test_span_probe.py.
NAMES = [name for name in probes.list() if probes.get(name).takes == "vectors"]
# Two settings a probe, small enough to be fitted many times.
SETTINGS: dict[str, list[dict]] = {
    "linear-svr": [{}, {"C": 0.1}],
    "linear-svr-liblinear": [{"max_iter": 200}, {"C": 0.1, "x_scale": "standard"}],
    "ridge": [{}, {"alpha": 3.0, "x_scale": "standard"}],
    "logistic": [{}, {"C": 0.5}],
    "nearest": [{}, {"k": 3, "votes": "plain"}],
    "mlp": [{"hidden": 8, "epochs": 4}, {"hidden": 4, "epochs": 3, "batch": 16}],
    "online-code": [{"fractions": [0.25, 0.5, 1.0]}, {"fractions": [0.5, 1.0], "probe": "logistic(C=1)"}],
}


def case(name: str, kind: str | None = None, n: int = 90, d: int = 6, seed: int = 0):
    """Vectors, two targets of a kind the probe answers, groups of three rows."""
    kind = kind or sorted(probes.get(name).answers)[-1]
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(np.float32)
    Y = X @ rng.normal(size=(d, 2)) + 0.3 * rng.normal(size=(n, 2))
    if kind == "label":
        Y = np.array(["low", "mid", "high"], dtype=object)[np.digitize(Y, [-0.8, 0.8])]
    return X, Y, np.repeat(np.arange(n // 3), 3)


def same(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-6) -> bool:
    if a.dtype == object:
        return bool((a == b).all())
    return bool(np.allclose(a, b, rtol=0, atol=tolerance))


def kinds() -> list[tuple[str, str]]:
    return [(name, kind) for name in NAMES for kind in sorted(probes.get(name).answers)]


def settings_of(name: str) -> list[dict]:
    """Settings to try a probe at: of one that has none here its defaults."""
    assert set(SETTINGS) <= set(NAMES)
    return SETTINGS.get(name, [{}])


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_tells_the_truth(name):
    entry, found = probes.registry.entry(name), probes.get(name)
    assert issubclass(found, Probe)
    source = probes.describe(name)
    assert (source.component, source.answers, source.takes) == (found, found.answers, found.takes)
    assert source.answers and source.answers <= set(KINDS) and source.takes in ("vectors", "spans")
    assert source.spec == source.name == name and not (source.needs or source.generated or source.modules)
    assert found.price > 0 and found.seconds(1000, 100, 2, 5) == pytest.approx(found.price * 1e-3)
    assert isinstance(entry.revision, int) and entry.revision >= 1
    assert entry.summary and first_line(found)
    assert "seed" in parameters(found)
    assert all(p.kind == p.KEYWORD_ONLY for p in parameters(found).values())


def test_listing_imports_nothing_heavy():
    code = (
        "import sys, probekit.probes as p; p.list(); "
        "print([m for m in ('torch', 'sklearn', 'transformers', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_unknown_probe_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="ridge"):
        probes.get("rigde")


def test_a_probe_of_ones_own_is_registered_and_found():
    @probes.register("test-mean", summary="the mean")
    class Mean(Probe):
        answers = frozenset({"number"})

        def __init__(self, *, seed: int = 0) -> None:
            self.seed = seed

        def _fit(self, X, Y, groups, dev):
            self.mean_ = Y.mean(axis=0)

        def _predict(self, X):
            return np.tile(self.mean_, (len(X), 1))

    try:
        X, Y, _ = case("ridge")
        assert same(probes.get("test-mean")().fit(X, Y).predict(X[:2]), np.tile(Y.mean(axis=0), (2, 1)))
        assert same(Mean().fit(X, Y[:, 0]).predict(X[:2]), np.repeat(Y[:, 0].mean(), 2))
        assert probes.describe("test-mean").modules == (__name__,)
        with pytest.raises(ProbekitError, match="taken"):
            probes.register("test-mean")(Mean)
        for wrong in (len, np.ndarray, "a probe".upper):
            with pytest.raises(
                ProbekitError, match=r"'test-no-probe' is .*, which is no AnyProbe; see probekit\.probes"
            ):
                probes.register("test-no-probe")(wrong)
        assert "test-no-probe" not in probes.registry
    finally:
        del probes.registry._entries["test-mean"]


@pytest.mark.parametrize(("name", "kind"), kinds())
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_fit_many_is_the_loop_of_fit(name, kind, grouped, held):
    X, Y, groups = case(name, kind)
    fold = np.arange(len(X)) // 3 % 3
    train = [np.flatnonzero(fold != f) for f in range(2)]
    dev = [np.flatnonzero(fold == f) if f == 0 else None for f in range(2)] if held else None
    found, params = probes.get(name), settings_of(name)
    many = found.fit_many(X, Y, train, params, groups=groups if grouped else None, dev_rows=dev, seed=5)
    assert [len(row) for row in many] == [len(params)] * len(train)
    tolerance = 1e-3 * Y.std() if name == "linear-svr" else 1e-6
    answers = []
    for f, rows in enumerate(train):
        for p, setting in enumerate(params):
            keep = {"groups": groups[rows] if grouped else None}
            if held and dev[f] is not None:
                keep["dev"] = (X[dev[f]], Y[dev[f]])
            alone = found(**setting, seed=5).fit(X[rows], Y[rows], **keep)
            assert same(many[f][p].predict(X), alone.predict(X), tolerance)
            assert len(many[f][p].info_) == len(many[f][p].notes_) == 2
            assert many[f][p].notes_ == alone.notes_
            answers.append(alone.predict(X))
    # The settings and the folds do matter, or the comparison would be empty.
    assert not same(answers[0], answers[1], 1e-9) or kind == "label"
    assert not same(answers[0], answers[2], 1e-9) or kind == "label"


@pytest.mark.parametrize(("name", "kind"), kinds())
def test_a_target_does_not_depend_on_its_neighbours(name, kind):
    X, Y, groups = case(name, kind)
    found, setting = probes.get(name), settings_of(name)[0]
    both = found(**setting).fit(X, Y, groups=groups).predict(X)
    alone = found(**setting).fit(X, Y[:, 1], groups=groups).predict(X)
    assert both.shape == (len(X), 2) and alone.shape == (len(X),)
    assert same(both[:, 1], alone, 1e-3 if name == "linear-svr" else 1e-6)


@pytest.mark.parametrize(("name", "kind"), kinds())
def test_findings_are_plain_values(name, kind):
    X, Y, groups = case(name, kind)
    probe = probes.get(name)(**settings_of(name)[0]).fit(X, Y, groups=groups)
    assert len(probe.info_) == len(probe.notes_) == probe.n_targets_ == 2
    assert json.loads(json.dumps(probe.info_)) == probe.info_
    assert all(isinstance(note, str) for note in probe.notes_)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if "label" in probes.get(n).answers and hasattr(probes.get(n), "predict_proba")]
)
def test_probabilities_belong_to_sorted_classes(name):
    X, Y, groups = case(name, "label")
    probe = probes.get(name)(**settings_of(name)[0]).fit(X, Y, groups=groups)
    for t, shares in enumerate(probe.predict_proba(X)):
        assert list(probe.classes_[t]) == ["high", "low", "mid"]
        assert np.allclose(shares.sum(axis=1), 1) and shares.min() >= 0
        assert (probe.classes_[t][shares.argmax(axis=1)] == probe.predict(X)[:, t]).all()


@pytest.mark.parametrize(("name", "kind"), kinds())
@pytest.mark.parametrize("what", ["constant", "zero", "both", "same vectors"])
def test_trivial_data_has_a_defined_answer_and_a_note(name, kind, what):
    X, Y, groups = case(name, kind)
    if what in ("constant", "both"):
        Y[:, 0] = "only" if kind == "label" else 2.5
    if what in ("zero", "both"):
        X[:] = 0
    if what == "same vectors":
        X[:] = X[0]
    probe = probes.get(name)(**settings_of(name)[0]).fit(X, Y, groups=groups)
    answers = probe.predict(X)
    if what in ("constant", "both"):
        assert ("constant target" if kind == "number" else "one class") in probe.notes_[0]
        if kind == "label":
            assert (answers[:, 0] == "only").all()
        elif name != "linear-svr-liblinear":  # which penalises the intercept
            assert np.allclose(answers[:, 0], 2.5, atol=1e-6)
    if what in ("zero", "both"):
        assert "all training vectors are zero" in probe.notes_[1]
        assert len(set(answers[:, 1].tolist())) == 1
    if what == "same vectors":
        assert "all training vectors are the same" in probe.notes_[1]
        assert len(set(answers[:, 1].tolist())) == 1
    if kind == "number":
        assert np.isfinite(answers).all()


@pytest.mark.parametrize("name", NAMES)
def test_few_rows_or_one_group_are_no_error(name):
    X, Y, _ = case(name)
    for n in (1, 2, 4):
        probe = probes.get(name)(**settings_of(name)[0]).fit(X[:n], Y[:n])
        assert probe.predict(X).shape == Y.shape
    one = probes.get(name)(**settings_of(name)[0]).fit(X, Y, groups=np.zeros(len(X), dtype=int))
    assert one.predict(X).shape == Y.shape


@pytest.mark.parametrize("name", NAMES)
def test_bad_vectors_are_refused_by_row_and_column(name):
    X, Y, _ = case(name)
    found = probes.get(name)
    bad = X.copy()
    bad[7, 3] = np.nan
    with pytest.raises(ProbekitError, match="nan at row 7, column 3"):
        found(**settings_of(name)[0]).fit(bad, Y)
    with pytest.raises(ProbekitError, match="row 7, column 3"):
        found.fit_many(bad, Y, [np.arange(60)], settings_of(name))
    fitted = found(**settings_of(name)[0]).fit(X, Y)
    with pytest.raises(ProbekitError, match="nan at row 7, column 3"):
        fitted.predict(bad)
    bad[7, 3] = np.inf
    with pytest.raises(ProbekitError, match="inf at row 7"):
        found(**settings_of(name)[0]).fit(bad, Y)
    with pytest.raises(ProbekitError, match="have 5 columns, the probe was fitted on 6"):
        fitted.predict(X[:, :5])
    with pytest.raises(ProbekitError, match="call fit first"):
        found(**settings_of(name)[0]).predict(X)
    with pytest.raises(ProbekitError, match=r"\(n, d\)"):
        found(**settings_of(name)[0]).fit(X[:, 0], Y)
    with pytest.raises(ProbekitError, match="no training rows"):
        found(**settings_of(name)[0]).fit(X[:0], Y[:0])


@pytest.mark.parametrize(("name", "kind"), kinds())
def test_bad_targets_are_refused(name, kind):
    X, Y, groups = case(name, kind)
    found = probes.get(name)
    with pytest.raises(ProbekitError, match="90 vectors but 89 targets"):
        found(**settings_of(name)[0]).fit(X, Y[:-1])
    with pytest.raises(ProbekitError, match="groups"):
        found(**settings_of(name)[0]).fit(X, Y, groups=groups[:-1])
    hole = Y.copy()
    hole[4, 1] = np.nan if kind == "number" else None
    with pytest.raises(ProbekitError, match="row 4, column 1"):
        found(**settings_of(name)[0]).fit(X, hole)
    if len(found.answers) == 1:
        other = np.array(["x"] * 90, dtype=object) if kind == "number" else np.zeros(90)
        with pytest.raises(ProbekitError, match=f"answers {kind} targets"):
            found(**settings_of(name)[0]).fit(X, other)


def test_one_seed_one_table_whatever_the_hash_seed():
    code = """
import numpy as np
from probekit import probes
from probekit.probes.controls import Majority, WordMajority, random_labels
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)); y = np.array(list("dcba"), dtype=object)[np.arange(60) % 4]
for name in ("logistic", "online-code", "mlp"):
    p = probes.get(name)(**({"epochs": 2, "hidden": 4} if name == "mlp" else {})).fit(X, y)
    print(p.predict(X).tolist(), p.info_, p.predict_proba(X)[0].round(12).tolist())
w = np.array([f"w{i % 7}" for i in range(60)], dtype=object)
print(random_labels(y, w, 0).tolist(), Majority.fit(y), sorted(WordMajority.fit(w, y).labels.items()))
"""
    outs = []
    for hashing in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": hashing}
        command = [sys.executable, "-c", code]
        outs.append(subprocess.run(command, capture_output=True, text=True, env=env, check=True).stdout)
    assert outs[0] == outs[1] and len(outs[0]) > 1000


@pytest.mark.parametrize("name", ["linear-svr-liblinear", "linear-svr"])
@pytest.mark.parametrize("option", [{"x_scale": "standard"}, {"y_scale": "standard"}, {"C": 0.01}, {"epsilon": 0.5}])
def test_options_of_the_regressors_change_numbers(name, option):
    X, Y, _ = case(name)
    X, Y = X * np.arange(1, 7, dtype=np.float32) + 1, Y * 3 + 10
    plain = probes.get(name)().fit(X, Y).predict(X)
    changed = probes.get(name)(**option).fit(X, Y).predict(X)
    assert np.abs(plain - changed).max() > 1e-3
    if "C" not in option:  # a small C shrinks the penalised intercept, rightly
        assert abs(changed.mean() - Y.mean()) < 0.5 * Y.std()  # on the raw scale


def test_liblinear_is_scikit_learns_with_its_convergence():
    from sklearn.svm import LinearSVR

    X, Y, _ = case("linear-svr-liblinear", n=300)
    X = X.astype(np.float64)
    probe = probes.get("linear-svr-liblinear")(max_iter=50, seed=3).fit(X, Y)
    for t in range(2):
        with pytest.warns(Warning, match="converge"):
            plain = LinearSVR(max_iter=50, random_state=3).fit(X, Y[:, t])
        assert np.array_equal(plain.coef_, probe.coef_[:, t])
        assert np.allclose(plain.predict(X), probe.predict(X)[:, t], rtol=0, atol=1e-12)
        assert probe.info_[t]["converged"] is False and probe.info_[t]["iterations"] == 50
        assert "not converged" in probe.notes_[t]
        w, b = plain.coef_, float(plain.intercept_[0])
        objective = 0.5 * (w @ w + b * b) + np.abs(Y[:, t] - X @ w - b).sum()
        assert np.isclose(probe.info_[t]["objective"], objective, rtol=1e-12)


def test_liblinear_says_when_it_did_converge(recwarn):
    X, Y, _ = case("linear-svr-liblinear")
    probe = probes.get("linear-svr-liblinear")(C=0.001).fit(X, Y)
    assert all(info["converged"] for info in probe.info_) and probe.notes_ == ["", ""]
    probes.get("linear-svr-liblinear")(max_iter=1).fit(X, Y)
    assert not recwarn.list  # noted in the row, not printed


def test_parts_keep_groups_whole_and_even():
    groups = np.repeat(np.arange(40) * 7, np.arange(40) % 5 + 1)
    parts = group_parts(len(groups), groups, 5, 0)
    by_group = [set(parts[groups == g]) for g in np.unique(groups)]
    assert all(len(found) == 1 for found in by_group)
    assert np.bincount([found.pop() for found in by_group]).tolist() == [8] * 5
    assert not np.array_equal(parts, group_parts(len(groups), groups, 5, 1))


def test_parts_follow_the_group_and_not_the_company_it_keeps():
    groups = np.arange(1000)
    whole = group_parts(1000, groups, 5, 0)
    half = group_parts(990, groups[10:], 5, 0)
    assert (whole[10:] == half).mean() > 0.97
    shuffled = np.random.default_rng(0).permutation(1000)
    assert np.array_equal(group_parts(1000, groups[shuffled], 5, 0), whole[shuffled])


def test_inner_split_needs_two_groups():
    assert inner_split(10, np.zeros(10, dtype=np.int64), 0) is None
    train, dev = inner_split(10, np.repeat([3, 9], 5), 0)
    assert sorted([*train, *dev]) == list(range(10)) and len(dev) == 5


def test_scale_leaves_columns_that_do_not_vary():
    X = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32) * 5 + 2
    X[:, 1] = 0.1
    scale = Scale.fit(X, "standard")
    scaled = scale.apply(X)
    assert scaled.dtype == np.float32 and np.allclose(scaled[:, [0, 2]].std(axis=0), 1, atol=1e-5)
    assert np.allclose(scaled[:, 1], 0, atol=1e-6) and scale.width[1] == 1
    assert np.allclose(scale.undo(scaled), X, atol=1e-5)
    assert Scale.fit(X, "raw").apply(X) is X
    with pytest.raises(UnknownName, match="standard"):
        Scale.fit(X, "standrad")


def test_classes_are_sorted():
    classes, codes = classes_and_codes(np.array(["b", "c", "a", "b"], dtype=object))
    assert list(classes) == ["a", "b", "c"] and codes.tolist() == [1, 2, 0, 1]
