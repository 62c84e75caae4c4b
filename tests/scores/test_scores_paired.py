"""Paired tests, corrections and summaries: scipy as oracle, plain twins, size and coverage by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats as st
from hypothesis import given, settings
from hypothesis import strategies as hs

from probekit import scores
from probekit.errors import ProbekitError, UnknownName
from probekit.scores.intervals import count_blocks


def pairs(n, shift=0.3, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    return common + shift + 0.5 * rng.normal(size=n), common + 0.5 * rng.normal(size=n)


# --- sign flips -----------------------------------------------------------------------------------


def plain_p(delta, shift=0.0):
    """All sign patterns of the differences, one after the other."""
    delta = np.asarray(delta) - shift
    sums = [abs(np.dot(signs, delta)) for signs in itertools.product((1, -1), repeat=len(delta))]
    return np.mean([s >= abs(delta.sum()) - 1e-12 for s in sums])


@pytest.mark.parametrize("n", [6, 9])
def test_exact_permutation(n):
    for seed in range(4):
        a, b = pairs(n, seed=seed)
        found = scores.paired_permutation(a, b)
        oracle = st.permutation_test(
            (a - b,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=np.inf
        )
        assert found.p == pytest.approx(plain_p(a - b)) == pytest.approx(oracle.pvalue)
        assert found.difference == pytest.approx((a - b).mean())
        assert (found.test, found.unit, found.n) == ("paired permutation, exact", "unit", n)
        # The interval is where the test does not reject: inside, outside, at both ends.
        width = found.high - found.low
        assert plain_p(a - b, found.low - 1e-6 * width) <= 0.05 < plain_p(a - b, found.low + 1e-6 * width)
        assert plain_p(a - b, found.high + 1e-6 * width) <= 0.05 < plain_p(a - b, found.high - 1e-6 * width)


def test_groups_flip_together():
    a, b = pairs(24)
    groups = np.repeat(np.arange(8), 3)
    found = scores.paired_permutation(a, b, groups=groups)
    sums = (a - b).reshape(8, 3).sum(axis=1)
    assert found.p == pytest.approx(plain_p(sums)) and (found.unit, found.n) == ("group", 8)
    # Groups of unequal size: units keep equal weight in the difference.
    uneven = np.repeat(np.arange(7), [1, 2, 3, 4, 5, 6, 3])
    found = scores.paired_permutation(a, b, groups=uneven, unit="document")
    assert found.difference == pytest.approx((a - b).mean()) and found.unit == "document"
    assert found.p == pytest.approx(plain_p(np.bincount(uneven, weights=a - b)))
    assert found.low < found.difference < found.high


def test_drawn_permutation_agrees_with_the_exact_one():
    a, b = pairs(12, shift=0.35, seed=5)
    exact = scores.paired_permutation(a, b)
    drawn = scores.paired_permutation(a, b, n_permutations=4000)
    assert "4000 draws" in drawn.test and "exact" in exact.test
    assert drawn.p == pytest.approx(exact.p, abs=4 * np.sqrt(exact.p / 4000))
    assert (drawn.low, drawn.high) == pytest.approx((exact.low, exact.high), abs=0.05)
    assert drawn == scores.paired_permutation(a, b, n_permutations=4000)
    assert drawn != scores.paired_permutation(a, b, n_permutations=4000, seed=1)
    far = scores.paired_permutation(np.arange(100) + 5.0, np.arange(100), n_permutations=99)
    assert far.p == 1 / 100  # never 0: the observed pattern counts


def test_permutation_edges():
    same = scores.paired_permutation([1.0] * 8, [1.0] * 8)
    assert (same.p, same.difference, same.low, same.high) == (1.0, 0.0, 0.0, 0.0)
    few = scores.paired_permutation([1, 2, 3.5], [0, 0, 0])
    assert (few.low, few.high) == (-np.inf, np.inf) and "too few" in few.note and few.p == 0.25
    with pytest.raises(ProbekitError, match="b has shape"):
        scores.paired_permutation([1.0, 2.0], [1.0])
    with pytest.raises(ProbekitError, match="a has 1 values that are NaN"):
        scores.paired_permutation([1.0, np.nan], [1.0, 1.0])
    with pytest.raises(ProbekitError, match="n_permutations"):
        scores.paired_permutation([1.0], [2.0], n_permutations=0)


def test_permutation_size_and_coverage():
    rng = np.random.default_rng(3)
    rejected = covered = 0
    for trial in range(600):
        d = 0.4 + rng.standard_t(4, size=15)
        rejected += scores.paired_permutation(d - 0.4, d * 0, n_permutations=300, seed=trial).p <= 0.05
        found = scores.paired_permutation(d, d * 0, n_permutations=300, seed=trial)
        covered += found.low <= 0.4 <= found.high
    assert rejected / 600 == pytest.approx(0.05, abs=0.027)
    assert covered / 600 == pytest.approx(0.95, abs=0.027)


# --- paired bootstrap -----------------------------------------------------------------------------


def test_paired_bootstrap_against_plain_resampling():
    rng = np.random.default_rng(0)
    gold = rng.normal(size=80)
    a, b = gold + 0.5 * rng.normal(size=80), gold + rng.normal(size=80)
    groups = np.arange(80) // 2
    found = scores.paired_bootstrap("spearman", gold, a, b, groups=groups, n_boot=800)
    rho = [st.spearmanr(gold, side).statistic for side in (a, b)]
    assert found.difference == pytest.approx(rho[0] - rho[1])
    assert (found.unit, found.n, found.test) == ("group", 40, "paired bootstrap of spearman, 800 resamples")
    drawn = []
    for _ in range(800):
        rows = (2 * rng.integers(0, 40, 40)[:, None] + [0, 1]).ravel()
        drawn.append(st.spearmanr(gold[rows], a[rows]).statistic - st.spearmanr(gold[rows], b[rows]).statistic)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03)
    assert found.p < 0.01 and found.low > 0
    swapped = scores.paired_bootstrap("spearman", gold, b, a, groups=groups, n_boot=800)
    assert (swapped.difference, swapped.low, swapped.p) == pytest.approx((-found.difference, -found.high, found.p))


def test_paired_bootstrap_p_is_two_sided():
    rng = np.random.default_rng(6)
    gold = rng.normal(size=40)
    a, b = gold + rng.normal(size=40), gold + rng.normal(size=40)
    found = scores.paired_bootstrap("mae", gold, a, b, n_boot=500, seed=2)
    counts = np.concatenate(list(count_blocks(40, 500, 2, 40)), axis=1)
    drawn = [np.average(np.abs(gold - a) - np.abs(gold - b), weights=column) for column in counts.T]
    share = min(np.sum(np.array(drawn) <= 0), np.sum(np.array(drawn) >= 0))
    assert 5 < share < 200 and found.p == pytest.approx(2 * (share + 1) / 501)


def test_paired_bootstrap_p_agrees_with_its_interval():
    rng = np.random.default_rng(1)
    for trial in range(25):
        gold = rng.normal(size=40)
        a, b = gold + rng.normal(size=40), gold + 1.5 * rng.normal(size=40)
        found = scores.paired_bootstrap("mae", gold, a, b, seed=trial, n_boot=999)
        if abs(found.p - 0.05) > 0.01:
            assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_paired_bootstrap_of_labels_and_size():
    rng = np.random.default_rng(2)
    rejected = 0
    for trial in range(200):
        gold = rng.choice(["a", "b"], size=100).astype(object)
        sides = [np.where(rng.random(100) < 0.7, gold, "c").astype(object) for _ in range(2)]
        rejected += scores.paired_bootstrap("accuracy", gold, *sides, seed=trial, n_boot=200).p <= 0.05
    assert 0.01 <= rejected / 200 <= 0.10


def test_absolute_correlations_compare_as_absolute():
    rng = np.random.default_rng(4)
    gold = rng.normal(size=200)
    a, b = -gold + 0.3 * rng.normal(size=200), gold + rng.normal(size=200)
    found = scores.paired_bootstrap("abs_spearman", gold, a, b, n_boot=200)
    assert 0 < found.low < found.difference < found.high


def test_paired_bootstrap_edges():
    gold, a = np.arange(6.0), np.array([1, 0, 3, 2, 5, 4.0])
    constant = scores.paired_bootstrap("spearman", gold, a, np.zeros(6))
    assert np.isnan(constant.difference) and constant.note == "b: prediction constant"
    alone = scores.paired_bootstrap("spearman", gold, a, a + a % 2, groups=[0] * 6)
    assert np.isnan(alone.p) and np.isfinite(alone.difference) and "one group" in alone.note
    same = scores.paired_bootstrap("mae", gold, a, a)
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)
    with pytest.raises(ProbekitError, match="b has shape"):
        scores.paired_bootstrap("mae", gold, a, a[:3])
    with pytest.raises(ProbekitError, match="a has 1 values that are NaN"):
        scores.paired_bootstrap("mae", gold, [np.nan, *a[1:]], a)
    with pytest.raises(ProbekitError, match="a labels are not text"):
        scores.paired_bootstrap("accuracy", ["1", "2"], [1, 2], ["1", "2"])


# --- over folds and tasks -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [5, 8, 20, 51, 120])
def test_wilcoxon(n):
    a, b = pairs(n, seed=n)
    found = scores.wilcoxon(a, b)
    assert found.p == pytest.approx(st.wilcoxon(a, b).pvalue)
    d = a - b
    walsh = sorted((d[i] + d[j]) / 2 for i in range(n) for j in range(i, n))
    assert found.difference == pytest.approx(np.median(walsh))
    if n == 5:
        assert (found.low, found.high) == (-np.inf, np.inf) and "too few" in found.note
        return
    # The ends are where the signed-rank test stops rejecting.
    width = found.high - found.low
    for end, out in ((found.low, -1), (found.high, 1)):
        outside = st.wilcoxon(d - end - out * 1e-6 * width).pvalue
        inside = st.wilcoxon(d - end + out * 1e-6 * width).pvalue
        assert outside <= 0.05 + 2e-3 * (n > 50) and inside > 0.05 - 2e-3 * (n > 50)


def test_wilcoxon_edges():
    same = scores.wilcoxon([1.0] * 7, [1.0] * 7)
    assert same.p == 1.0 and same.difference == 0 and "no pair differs" in same.note
    with pytest.raises(ProbekitError, match="at most 5000"):
        scores.wilcoxon(np.zeros(5001), np.ones(5001))


def test_corrected_t():
    a, b = np.array([0.81, 0.79, 0.84, 0.80, 0.83]), np.array([0.78, 0.78, 0.80, 0.79, 0.79])
    plain = scores.corrected_t(a, b, test_train_ratio=0.0)
    oracle = st.ttest_rel(a, b)
    interval = oracle.confidence_interval()
    assert (plain.p, plain.low, plain.high) == pytest.approx((oracle.pvalue, interval.low, interval.high))
    # Nadeau & Bengio: the t statistic shrinks by sqrt((1/J) / (1/J + ratio)).
    found = scores.corrected_t(a, b, test_train_ratio=0.25)
    t = oracle.statistic * np.sqrt((1 / 5) / (1 / 5 + 1 / 4))
    assert found.p == pytest.approx(2 * st.t.sf(t, 4)) and found.p > plain.p
    assert (found.difference, found.unit, found.n) == (pytest.approx(0.026), "fold", 5)
    assert (found.high - found.low) / (plain.high - plain.low) == pytest.approx(1.5)


def test_corrected_t_edges():
    one = scores.corrected_t([1.0], [0.5], test_train_ratio=0.25)
    assert one.difference == 0.5 and np.isnan(one.p) and "at least 2" in one.note
    assert scores.corrected_t([1.0, 2.0], [1.0, 2.0], test_train_ratio=0.25).p == 1.0
    constant = scores.corrected_t([0.3, 1.3, 2.3], [0.2, 1.2, 2.2], test_train_ratio=0.25)
    assert constant.p == 0.0 and "same difference" in constant.note
    with pytest.raises(ProbekitError, match="test_train_ratio"):
        scores.corrected_t([1.0, 2.0], [1.0, 1.0], test_train_ratio=-1)


# --- corrections ----------------------------------------------------------------------------------

p_values = hs.lists(hs.floats(0, 1), min_size=1, max_size=25)


@settings(max_examples=80, deadline=None)
@given(p_values)
def test_corrections_against_scipy_and_definitions(p):
    p = np.array(p)
    m = len(p)
    assert scores.benjamini_hochberg(p) == pytest.approx(st.false_discovery_control(p))
    assert scores.bonferroni(p) == pytest.approx(np.minimum(p * m, 1))
    # Holm, as the closed test of all Bonferroni intersections it abbreviates: largest over the smaller ones.
    order = sorted(p)
    holm = [min(1.0, max(order[k] * (m - k) for k in range(m) if order[k] <= value)) for value in p]
    assert scores.holm(p) == pytest.approx(holm)
    assert (p <= scores.benjamini_hochberg(p) + 1e-15).all()
    assert (scores.benjamini_hochberg(p) <= scores.holm(p) + 1e-12).all()
    assert (scores.holm(p) <= scores.bonferroni(p) + 1e-15).all()


def test_corrections_by_hand_and_edges():
    assert scores.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert scores.benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    # A test that could not be made does not count.
    assert scores.holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert scores.adjust([0.01, 0.5], "none").tolist() == [0.01, 0.5]
    assert scores.adjust([0.01, 0.5]).tolist() == scores.holm([0.01, 0.5]).tolist()
    assert scores.holm([]).size == 0
    with pytest.raises(UnknownName, match="holm"):
        scores.adjust([0.1], "holms")
    with pytest.raises(ProbekitError, match=r"outside \[0, 1\]"):
        scores.holm([0.1, 1.2])
    with pytest.raises(ProbekitError, match="shape"):
        scores.holm([[0.1]])


# --- summaries ------------------------------------------------------------------------------------


def test_mean_undefined():
    values = [0.5, np.nan, 1.0, np.nan]
    assert scores.mean_undefined(values) == (0.375, 2)
    assert scores.mean_undefined(values, "drop") == (0.75, 2)
    assert scores.mean_undefined([np.nan], "zero") == (0.0, 1)
    mean, count = scores.mean_undefined([np.nan], "drop")
    assert np.isnan(mean) and count == 1
    for arguments, words in [(([],), "values is empty"), (([np.inf],), "infinite"), (([1], "nan"), "undefined='nan'")]:
        with pytest.raises(ProbekitError, match=words):
            scores.mean_undefined(*arguments)


def test_t_interval():
    values = np.array([0.5, 0.6, 0.55, 0.7])
    found = scores.t_interval(values, 0.9)
    oracle = st.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high))
    assert found.value == pytest.approx(values.mean()) and found.method == "t interval, 4 values"
    wide = scores.t_interval(values, 0.9, test_train_ratio=0.25)
    assert (wide.high - wide.low) / (found.high - found.low) == pytest.approx(np.sqrt(2))
    holes = scores.t_interval([0.5, np.nan, 0.7], undefined="drop")
    assert holes.value == pytest.approx(0.6) and holes.note == "1 of 3 undefined, left out"
    assert scores.t_interval([0.5, np.nan, 0.7]).value == pytest.approx(0.4)
    single = scores.t_interval([0.5])
    assert single.value == 0.5 and np.isnan(single.low) and "at least 2" in single.note
    assert np.isnan(scores.t_interval([np.nan], undefined="drop").value)


def test_t_interval_covers():
    rng = np.random.default_rng(0)
    found = [scores.t_interval(row) for row in rng.normal(loc=2, size=(3000, 4))]
    # A normal quantile in place of Student's would cover .85 of four values.
    assert np.mean([s.low <= 2 <= s.high for s in found]) == pytest.approx(0.95, abs=0.012)
