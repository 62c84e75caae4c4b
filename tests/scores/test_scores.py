"""Metrics and their intervals: scipy and scikit-learn as oracles, plain twins, coverage, bad input."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats as st
from hypothesis import given, settings
from hypothesis import strategies as hs
from processes import said_in_processes
from sklearn import metrics as sk

from probekit import scores
from probekit.errors import ProbekitError, UnknownName
from probekit.scores.intervals import count_blocks, fold, percentile, wilson
from probekit.scores.metric import INTERVALS, KINDS, Metric, registry

NUMBER = ["spearman", "abs_spearman", "pearson", "r2", "mae", "rmse"]
LABEL = ["accuracy", "macro_f1", "micro_f1"]


def data(name: str, n: int = 60, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if scores.get(name).kind == "number":
        gold = np.round(rng.normal(size=n), 1)
        return gold, np.round(0.7 * gold + 0.5 * rng.normal(size=n), 1)
    gold = rng.choice(["NOUN", "VERB", "ADJ", "X"], p=[0.5, 0.3, 0.17, 0.03], size=n).astype(object)
    return gold, np.where(rng.random(n) < 0.7, gold, rng.choice(["NOUN", "VERB"], size=n)).astype(object)


# --- values ---------------------------------------------------------------------------------------

ORACLES = {
    "spearman": lambda g, p: st.spearmanr(g, p).statistic,
    "abs_spearman": lambda g, p: abs(st.spearmanr(g, p).statistic),
    "pearson": lambda g, p: st.pearsonr(g, p).statistic,
    "r2": sk.r2_score,
    "mae": sk.mean_absolute_error,
    "rmse": sk.root_mean_squared_error,
    "accuracy": sk.accuracy_score,
    "macro_f1": lambda g, p: sk.f1_score(g, p, average="macro", zero_division=0),
    "micro_f1": lambda g, p: sk.f1_score(g, p, average="micro"),
}


# Metrics of data that this file does not make, and where they meet their oracles.
ELSEWHERE = {
    "f1_yes": "test_scores_labels.py", "macro_recall": "test_scores_labels.py", "exact_match": "test_scores_labels.py",
    "question_f1": "test_scores_labels.py", "average_precision": "test_ranking.py", "auc": "test_auc.py",
    **dict.fromkeys(
        ("span_f1", "untyped_span_f1", "untyped_span_recall", "type_given_span", "timex_relaxed", "timex_type"),
        "test_span_scores.py",
    ),
}  # fmt: skip


def test_every_metric_has_an_oracle():
    assert set(ORACLES) | set(ELSEWHERE) == set(scores.names()) and not set(ORACLES) & set(ELSEWHERE)
    for name, file in ELSEWHERE.items():
        text = (Path(__file__).parent / file).read_text(encoding="utf-8")
        assert name in text and ("sklearn" in text or "seqeval" in text)


@pytest.mark.parametrize("name", ORACLES)
def test_value_equals_the_oracle(name):
    for seed in range(5):
        gold, predicted = data(name, seed=seed)
        assert scores.score(name, gold, predicted, interval="none").value == pytest.approx(
            ORACLES[name](gold, predicted), abs=1e-12
        )
        assert scores.get(name)(gold, predicted) == scores.score(name, gold, predicted, interval="none").value


def test_the_registry_describes_every_metric():
    for name in scores.names():
        metric, entry = scores.get(name), registry.entry(name)
        assert metric.name == name and entry.summary and metric.source
        assert metric.kind in KINDS and metric.interval in INTERVALS and metric.direction in (1, -1)
        low, high = metric.range
        assert low < high
        if name in ELSEWHERE:
            continue
        gold, predicted = data(name)
        assert low <= metric(gold, predicted) <= high
        # The better prediction scores better in the metric's own direction.
        assert metric.direction * metric(gold, gold) > metric.direction * metric(gold, predicted)


# (metric, revision): value and cluster-bootstrap interval. When numbers move, raise the revision in the
# registry and add a row.
GOLDEN = {
    ("spearman", 1): (0.7390177002791938, 0.6361711001779922, 0.8437958211179926),
    ("abs_spearman", 1): (0.7390177002791938, 0.6361711001779922, 0.8437958211179926),
    ("pearson", 1): (0.7804173080194109, 0.6960287199319162, 0.8691210092290198),
    ("r2", 1): (0.6077452621937478, 0.4451487387012935, 0.7426064346514287),
    ("mae", 1): (0.5599999999999999, 0.4719583333333334, 0.6645416666666666),
    ("rmse", 1): (0.6705718952257592, 0.5746137670148794, 0.7574309390937363),
    ("accuracy", 1): (0.8333333333333334, 0.7579166666666667, 0.9087499999999998),
    ("macro_f1", 1): (0.8801920062695925, 0.7733171035331018, 0.9368368055555555),
    ("micro_f1", 1): (0.8333333333333334, 0.7579166666666667, 0.9087499999999998),
}


def test_golden_values():
    assert {name for name, _ in GOLDEN} == set(ORACLES)
    for name in ORACLES:
        gold, predicted = data(name)
        found = scores.score(name, gold, predicted, groups=np.arange(60) // 4, n_boot=100)
        expected = GOLDEN[name, registry.entry(name).revision]
        assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-12), name


def test_golden_interval_of_a_closed_form():
    gold, predicted = data("spearman")
    found = scores.score("spearman", gold, predicted)
    assert (found.low, found.high) == pytest.approx((0.575293575017562, 0.8458042463399215), abs=1e-12)


def test_label_sets_against_indicator_matrices():
    gold = [("a", "b"), (), ("c",), ("a",), ()]
    predicted = [("b",), ("a",), ("c",), (), ()]
    table = [[[x in row for x in "abc"] for row in side] for side in (gold, predicted)]
    assert scores.get("micro_f1")(gold, predicted) == sk.f1_score(*map(np.array, table), average="micro")
    nothing = scores.score("micro_f1", [(), ()], [(), ()])
    assert np.isnan(nothing.value) and "no unit has a label" in nothing.note


def test_macro_f1_by_hand():
    # a: F1 = 2/3, b: 0 (never right), c: 0 (only predicted).
    assert scores.get("macro_f1")(["a", "a", "b"], ["a", "c", "c"]) == pytest.approx((2 / 3 + 0 + 0) / 3)


@settings(max_examples=80, deadline=None)
@given(hs.lists(hs.tuples(hs.integers(-5, 5), hs.integers(-3, 3)), min_size=2, max_size=40), hs.randoms())
def test_spearman_properties(pairs, random):
    gold, predicted = np.array(pairs, dtype=float).T
    rho = scores.get("spearman")(gold, predicted)
    if np.ptp(gold) == 0 or np.ptp(predicted) == 0:
        assert np.isnan(rho)
        return
    assert rho == pytest.approx(st.spearmanr(gold, predicted).statistic, abs=1e-12)
    assert scores.get("spearman")(np.exp(gold), predicted**3) == rho  # increasing maps
    assert scores.get("spearman")(-gold, predicted) == -rho
    assert scores.get("spearman")(predicted, gold) == rho
    rows = list(range(len(pairs)))
    random.shuffle(rows)
    assert scores.get("spearman")(gold[rows], predicted[rows]) == rho
    assert scores.get("spearman")(gold, gold) == 1.0


@settings(max_examples=60, deadline=None)
@given(hs.lists(hs.lists(hs.integers(-4, 4), min_size=3, max_size=3), min_size=1, max_size=30))
def test_average_ranks_of_columns(rows):
    values = np.array(rows, dtype=float)
    assert np.array_equal(scores.average_ranks(values), st.rankdata(values, axis=0))
    assert np.array_equal(scores.average_ranks(values[:, 0]), st.rankdata(values[:, 0]))


def test_negative_zero_ties_with_zero():
    assert scores.average_ranks([0.0, -0.0, 1.0]).tolist() == [1.5, 1.5, 3.0]


def test_round_to_spread():
    gold = np.array([0.0, 10.0, 20.0, 35.0])
    noisy = np.array([1.0, 1.0 + 1e-9, 5.0, 5.0 - 1e-9])
    rounded = scores.round_to_spread(noisy, gold.std())
    assert rounded[0] == rounded[1] and rounded[2] == rounded[3] and rounded[0] != rounded[2]
    assert np.abs(rounded - noisy).max() <= 1e-4 * gold.std() / 2 + 1e-15
    # One spread a column; a spread of 0 leaves its column alone; huge values keep their digits.
    both = scores.round_to_spread(np.array([[1.23456, 1.23456], [1e30, 2.0]]), [1.0, 0.0])
    assert both.tolist() == [[pytest.approx(1.2346), 1.23456], [1e30, 2.0]]
    # Same ranks whatever unit the target is measured in.
    rng = np.random.default_rng(0)
    values = rng.normal(size=500)
    ranks = [scores.average_ranks(scores.round_to_spread(values * c, c, step=0.01)) for c in (1.0, 1024.0)]
    assert np.array_equal(*ranks) and len(np.unique(ranks[0])) < 450
    for wrong in ({"gold_spread": -1.0}, {"gold_spread": np.nan}, {"gold_spread": [1.0, 2.0]}):
        with pytest.raises(ProbekitError, match="gold_spread"):
            scores.round_to_spread(values, **wrong)
    with pytest.raises(ProbekitError, match="step"):
        scores.round_to_spread(values, 1.0, step=0)


# --- undefined and refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "gold", "predicted", "words"),
    [
        ("spearman", [1, 1, 1], [1, 2, 3], "gold constant"),
        ("spearman", [1, 2, 3], [0, 0, 0], "prediction constant"),
        ("abs_spearman", [1, 1], [0, 0], "gold and prediction constant"),
        ("pearson", [1, 2, 3], [0.1 + 0.2, 0.3, 0.3], "up to rounding"),
        ("spearman", [1], [1], "at least 2 units"),
        ("r2", [4, 4], [1, 2], "gold constant"),
        ("r2", [4], [1], "at least 2 units"),
    ],
)
def test_undefined_is_nan_with_the_reason(name, gold, predicted, words):
    found = scores.score(name, gold, predicted)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert words in found.note and found.method == "none"


def test_defined_without_an_interval():
    short = scores.score("spearman", [1, 2, 3], [1, 3, 2])
    assert short.value == 0.5 and np.isnan(short.low) and "4 units" in short.note
    single = scores.score("mae", [1.0], [2.0])
    assert single.value == 1 and np.isnan(single.low) and "one group" in single.note
    same = scores.score("mae", [1.0, 2.0, 3.0], [2, 1, 4], groups=["d", "d", "d"])
    assert np.isnan(same.high) and "one group" in same.note
    perfect = scores.score("spearman", np.arange(9), np.arange(9))
    assert (perfect.low, perfect.high) == (1, 1) and "no width" in perfect.note


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("spearman", [], []), "gold is empty"),
        (("spearman", [1, 2], []), "predicted is empty"),
        (("accuracy", [], []), "gold is empty"),
        (("spearman", [1, 2], [1, 2, 3]), "predicted has shape"),
        (("spearman", [1, np.nan], [1, 2]), "gold has 1 values that are NaN or infinite, the first at row 1"),
        (("mae", [1, 2], [np.inf, 2]), "predicted has 1 values.*row 0"),
        (("mae", [[1], [2]], [1, 2]), r"gold has shape \(2, 1\), expected \(n,\)"),
        (("mae", ["a", "b"], [1, 2]), "gold holds something that is not a number"),
        (("accuracy", ["a", None], ["a", "b"]), "gold has no label at row 1"),
        (("accuracy", ["a", "b"], ["a", float("nan")]), "predicted has no label at row 1"),
        (("accuracy", ["a", "b"], ["a", pd.NA]), "predicted has no label at row 1"),
        (("accuracy", ["a", ["b"]], ["a", "b"]), "gold holds a list"),
        (("accuracy", ["1", "2"], [1, 2]), "gold labels are text, predicted labels are not text"),
        (("micro_f1", [("a", None)], [("a",)]), "gold has a missing label at row 0"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, words):
    with pytest.raises(ProbekitError, match=words):
        scores.score(*arguments)


def test_bad_options_are_refused_by_name():
    gold, predicted = data("spearman")
    for options, words in [
        ({"groups": [1, 2]}, "groups has shape"),
        ({"groups": [np.nan] * 60}, "groups has NaN"),
        ({"groups": np.array(["a", None] * 30, dtype=object)}, "groups has missing"),
        ({"confidence": 1.0}, "confidence=1.0"),
        ({"n_boot": 0}, "n_boot=0"),
        ({"interval": "exact"}, "interval='exact' is none of auto"),
    ]:
        with pytest.raises(ProbekitError, match=words):
            scores.score("spearman", gold, predicted, **options)
    with pytest.raises(ProbekitError, match="mae has no closed-form"):
        scores.score("mae", gold, predicted, interval="closed")
    with pytest.raises(UnknownName, match="spearman"):
        scores.score("spearmann", gold, predicted)
    with pytest.raises(ProbekitError, match="row 1, column 0"):
        scores.score_columns("mae", [[1.0], [np.nan]], [[1.0], [2.0]])


# --- closed-form intervals ------------------------------------------------------------------------


def test_intervals_against_scipy():
    gold, predicted = data("pearson", n=40)
    found = scores.score("pearson", gold, predicted, confidence=0.9)
    expected = st.pearsonr(gold, predicted).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    for k, n in [(0, 5), (3, 7), (5, 5), (180, 200)]:
        oracle = st.binomtest(k, n).proportion_ci(0.95, method="wilson")
        low, high, _ = wilson(k / n, n, 0.95)
        assert (low, high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)
        assert low <= k / n <= high


def test_bonett_wright_by_hand():
    gold, predicted = data("spearman", n=30)
    found = scores.score("spearman", gold, predicted)
    rho = st.spearmanr(gold, predicted).statistic
    half = 1.959963984540054 * np.sqrt((1 + rho**2 / 2) / 27)
    assert (found.low, found.high) == pytest.approx(
        (np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)), abs=1e-12
    )
    assert found.method == "Fisher z, Bonett-Wright"


def normal_pairs(rng, r, n, t):
    gold = rng.normal(size=(n, t))
    return gold, r * gold + np.sqrt(1 - r * r) * rng.normal(size=(n, t))


@pytest.mark.parametrize(
    ("name", "r", "truth", "n"),
    [("spearman", 0.8, 6 / np.pi * np.arcsin(0.4), 60), ("pearson", 0.6, 0.6, 25), ("spearman", 0.0, 0.0, 20)],
)
def test_closed_intervals_cover_the_truth(name, r, truth, n):
    # 6,000 samples: two standard errors of the coverage are .006. Fisher's own standard error would cover
    # .91 of the first case, n instead of n - 3 would cover .93 of the second.
    gold, predicted = normal_pairs(np.random.default_rng(7), r, n, 6000)
    found = scores.score_columns(name, gold, predicted)
    assert np.mean([s.low <= truth <= s.high for s in found]) == pytest.approx(0.95, abs=0.011)
    if name == "spearman" and r:
        z = [np.arctanh(s.value) for s in found]
        fisher = 1.96 / np.sqrt(n - 3)
        assert np.mean([np.tanh(v - fisher) <= truth <= np.tanh(v + fisher) for v in z]) < 0.93


def test_absolute_interval_folds():
    assert fold(-0.2, 0.5) == (0.0, 0.5) and fold(-0.7, 0.1) == (0.0, 0.7)
    assert fold(0.1, 0.2) == (0.1, 0.2) and fold(-0.4, -0.3) == (0.3, 0.4)
    gold, predicted = data("spearman", n=25)
    for other in (predicted, -predicted):
        for how in ("closed", "bootstrap"):
            signed = scores.score("spearman", gold, other, interval=how)
            absolute = scores.score("abs_spearman", gold, other, interval=how)
            assert (absolute.low, absolute.high) == pytest.approx(fold(signed.low, signed.high))
    rng = np.random.default_rng(0)
    weak = scores.score("abs_spearman", rng.normal(size=30), rng.normal(size=30))
    assert weak.low == 0 <= weak.value <= weak.high


# --- bootstrap ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBER + LABEL)
@pytest.mark.parametrize("clustered", [False, True])
def test_fast_resamples_equal_drawn_rows(name, clustered):
    gold, predicted = data(name, n=37)
    n = len(gold)
    groups = np.arange(n) // 3 if clustered else np.arange(n)
    metric, n_groups = scores.get(name), groups.max() + 1
    left, right = metric.check(gold, predicted)
    counts = np.concatenate(list(count_blocks(n_groups, 40, 5, n)), axis=1)
    counts = np.concatenate([counts, np.eye(n_groups) * n_groups], axis=1)  # one group alone, many times
    fast = metric.replicates(left, right, groups, n_groups)(counts)
    for value, column in zip(fast, counts.T, strict=True):
        rows = [
            i for group, times in enumerate(column) for _ in range(int(times)) for i in np.flatnonzero(groups == group)
        ]
        plain = (
            abs(metric.function(left[rows], right[rows]))
            if metric.absolute
            else metric.function(left[rows], right[rows])
        )
        value = abs(value) if metric.absolute else value
        assert value == pytest.approx(plain, abs=1e-9, nan_ok=True)


def test_score_bootstrap_is_the_percentile_of_those_resamples():
    gold, predicted = data("mae")
    counts = np.concatenate(list(count_blocks(60, 300, 11, 60)), axis=1)
    drawn = [np.average(np.abs(gold - predicted), weights=column) for column in counts.T]
    found = scores.score("mae", gold, predicted, seed=11, n_boot=300, confidence=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.05, 0.95])))
    assert found.method == "bootstrap, 300 resamples"


def test_counts_are_resamples_with_replacement():
    counts = np.concatenate(list(count_blocks(50, 2000, 0, 50)), axis=1)
    assert (counts.sum(axis=0) == 50).all()
    # Multinomial: mean 1, variance 1 - 1/50.
    assert counts.mean() == 1 and counts.var(axis=1).mean() == pytest.approx(0.98, abs=0.01)


def test_drawing_more_keeps_earlier_draws_and_blocks_do_not_matter():
    few, more, narrow = (
        np.concatenate(list(count_blocks(30, n, 4, units)), axis=1) for n, units in ((70, 30), (700, 30), (700, 10**6))
    )
    assert np.array_equal(few, more[:, :70]) and np.array_equal(more, narrow)
    other = np.concatenate(list(count_blocks(30, 70, 5, 30)), axis=1)
    assert not np.array_equal(few, other)


def clustered_sample(rng, n_groups=40, size=5, noise=1.0):
    gold = np.repeat(rng.normal(size=n_groups), size) + 0.3 * rng.normal(size=n_groups * size)
    shared = np.repeat(rng.normal(size=n_groups), size)
    return gold, gold + noise * shared, np.repeat(np.arange(n_groups), size)


def test_cluster_bootstrap_covers_where_the_closed_form_does_not():
    rng = np.random.default_rng(2)
    big = clustered_sample(rng, n_groups=40_000)
    truth = scores.get("spearman")(big[0], big[1])
    covered = {"closed": 0, "auto": 0, "units": 0}
    for trial in range(150):
        gold, predicted, groups = clustered_sample(rng)
        for how in covered:
            options = {"interval": "bootstrap"} if how == "units" else {"interval": how, "groups": groups}
            found = scores.score("spearman", gold, predicted, n_boot=200, seed=trial, **options)
            covered[how] += found.low <= truth <= found.high
            assert (how == "auto") == ("cluster bootstrap, 40 groups" in found.method)
    assert covered["auto"] / 150 >= 0.88 and covered["closed"] / 150 < 0.75 and covered["units"] / 150 < 0.75


def test_auto_follows_the_groups():
    gold, predicted = data("accuracy")
    assert scores.score("accuracy", gold, predicted).method == "Wilson"
    assert scores.score("accuracy", gold, predicted, groups=np.arange(60)[::-1]).method == "Wilson"
    grouped = scores.score("accuracy", gold, predicted, groups=np.arange(60) // 2)
    assert grouped.method == "cluster bootstrap, 30 groups, 1000 resamples" and not grouped.note
    assert scores.score("accuracy", gold, predicted, groups=np.arange(60) // 2, interval="closed").method == "Wilson"
    few = scores.score("accuracy", gold, predicted, groups=np.arange(60) // 15)
    assert "only 4 groups" in few.note
    right = scores.score("accuracy", gold, gold, groups=np.arange(60) // 2)
    assert (right.low, right.high) == (1, 1) and "no width" in right.note


def test_grouped_score_does_not_depend_on_row_order_or_group_names():
    gold, predicted = data("spearman")
    groups = np.arange(60) // 4
    rows = np.random.default_rng(0).permutation(60)
    first = scores.score("spearman", gold, predicted, groups=groups)
    assert scores.score("spearman", gold[rows], predicted[rows], groups=groups[rows]) == first
    named = scores.score("spearman", gold, predicted, groups=np.array([f"d{g:02d}" for g in groups], dtype=object))
    assert named == first


def test_percentile_leaves_out_and_counts_the_undefined():
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert percentile(values, 0.5) == (1.5, 2.5, "undefined in 1 of 4 resamples")
    low, _, note = percentile(np.array([1.0, np.nan, np.nan]), 0.5)
    assert np.isnan(low) and "undefined in 2 of 3" in note


# --- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBER + LABEL)
@pytest.mark.parametrize("groups", [None, np.arange(60) // 4])
def test_columns_equal_the_loop(name, groups):
    sides = [data(name, seed=seed) for seed in range(4)]
    gold, predicted = (np.stack(side, axis=1) for side in zip(*sides, strict=True))
    if scores.get(name).kind == "number":
        gold[:, 2] = 1.0  # an undefined column among the others
    found = scores.score_columns(name, gold, predicted, groups=groups, n_boot=50)
    loop = [scores.score(name, gold[:, t], predicted[:, t], groups=groups, n_boot=50) for t in range(4)]
    assert [repr(s) for s in found] == [repr(s) for s in loop]


def test_columns_are_fast():
    rng = np.random.default_rng(0)
    gold, predicted = normal_pairs(rng, 0.7, 5000, 68)
    gold[:, ::2] = np.round(gold[:, ::2])
    scores.score_columns("spearman", gold[:50], predicted[:50])
    start = time.process_time()
    found = scores.score_columns("spearman", gold, predicted)
    assert time.process_time() - start < 0.5  # 0.03 s here; the limit allows a slow machine
    assert found[0].value == pytest.approx(st.spearmanr(gold[:, 0], predicted[:, 0]).statistic, abs=1e-12)


# --- a user's own metric --------------------------------------------------------------------------


def test_register_a_metric():
    before = set(scores.names())
    try:

        @scores.register("test_hits", direction=1, kind="pairs", range=(0, 1), source="here")
        def hits(gold, predicted):
            """Share of pairs whose first member scores higher."""
            return float((predicted[:, 0] > predicted[:, 1]).mean())

        assert scores.names("test_*") == ["test_hits"]
        assert registry.entry("test_hits").summary.startswith("Share of pairs")
        assert registry.entry("test_hits").module == __name__  # what a worker imports
        pairs = np.random.default_rng(0).normal(size=(40, 2))
        found = scores.score("test_hits", pairs * 0, pairs, n_boot=200)
        assert found.value == hits(None, pairs) and found.low < found.value < found.high
        with pytest.raises(ProbekitError, match="taken"):
            scores.register("test_hits", direction=1, kind="pairs", range=(0, 1), source="here")(hits)
        with pytest.raises(ProbekitError, match="call score"):
            scores.score_columns("test_hits", pairs, pairs)
    finally:
        for name in set(scores.names()) - before:
            del registry._entries[name]


def test_a_metric_object_needs_no_name_in_the_registry():
    median = Metric("median_error", lambda g, p: float(np.median(np.abs(g - p))), -1, "number", (0, np.inf), "here")
    gold, predicted = data("mae")
    found = scores.score(median, gold, predicted, n_boot=100)
    assert found.low <= found.value <= found.high
    for wrong in ({"direction": 0}, {"kind": "numbers"}, {"interval": "normal"}):
        fields = {"direction": 1, "kind": "number", "interval": "bootstrap", **wrong}
        with pytest.raises(ProbekitError, match=next(iter(wrong))):
            Metric("m", lambda g, p: 0.0, range=(0, 1), source="here", **fields)
    nothing = scores.score(Metric("m", lambda g, p: float("nan"), 1, "number", (0, 1), "here"), gold, predicted)
    assert np.isnan(nothing.value) and "m is not defined" in nothing.note


# --- sameness -------------------------------------------------------------------------------------


def test_same_numbers_in_every_process():
    program = (
        "import numpy as np; from probekit import scores as s; "
        "g = ['c', 'a', 'b', 'a', 'd', 'e', 'a', 'b'] * 5; p = ['a', 'a', 'b', 'd', 'd', 'c', 'b', 'b'] * 5; "
        "h = ['x', 'y', 'z', 'w'] * 10; "
        "print([s.score(m, g, p, groups=h, n_boot=50) for m in ('accuracy', 'macro_f1', 'micro_f1')])"
    )
    outputs = said_in_processes(program)
    assert len(outputs) == 1 and "macro" not in outputs.pop()


def test_import_is_cheap():
    heavy = ["torch", "sklearn", "pandas", "scipy.stats"]
    program = f"import sys, probekit.scores; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
