"""Scores of sets of labels and of single labels, tests of means: against scikit-learn, SciPy and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support, recall_score
from sklearn.preprocessing import MultiLabelBinarizer

from probekit import scores
from probekit.errors import ProbekitError

NAMES = ["NP", "PP", "S", "VP", "X"]


def label_sets(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gold, predicted = np.empty(n, dtype=object), np.empty(n, dtype=object)
    for i in range(n):
        gold[i] = tuple(sorted(rng.choice(NAMES[:4], size=rng.integers(1, 3), replace=False)))
        kept = [label for label in gold[i] if rng.random() < 0.7]
        predicted[i] = tuple(dict.fromkeys([*kept, *rng.choice(NAMES, size=rng.integers(0, 2))]))
    return gold, predicted, np.arange(n) // 5


def indicators(*sides: np.ndarray) -> list[np.ndarray]:
    binarizer = MultiLabelBinarizer(classes=NAMES)
    return [binarizer.fit_transform(side) for side in sides]


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_sets_agree_with_scikit_learn(seed: int) -> None:
    gold, predicted, _ = label_sets(seed)
    g, p = indicators(gold, predicted)
    in_gold = g.any(axis=0)
    assert scores.get("micro_f1")(gold, predicted) == pytest.approx(f1_score(g, p, average="micro"), abs=1e-12)
    assert scores.get("exact_match")(gold, predicted) == pytest.approx(accuracy_score(g, p), abs=1e-12)
    recall = recall_score(g[:, in_gold], p[:, in_gold], average="macro")
    assert scores.get("macro_recall")(gold, predicted) == pytest.approx(recall, abs=1e-12)
    table = precision_recall_fscore_support(g, p, zero_division=np.nan)
    found = scores.label_scores(gold, predicted, n_boot=0)
    for k, name in enumerate(NAMES):
        if name in found:
            one = found[name]
            assert one.n == table[3][k]
            for mine, theirs in ((one.precision, table[0][k]), (one.recall, table[1][k]), (one.f1, table[2][k])):
                assert mine.value == pytest.approx(theirs, abs=1e-12, nan_ok=True) and mine.method == "none"


def test_f1_of_yes_agrees_with_scikit_learn_and_with_the_degenerate_predictors_of_the_study() -> None:
    rng = np.random.default_rng(0)
    gold, predicted = (np.where(rng.random(200) < share, "yes", "no") for share in (0.3, 0.4))
    assert scores.get("f1_yes")(gold, predicted) == pytest.approx(f1_score(gold, predicted, pos_label="yes"), abs=1e-12)
    for negatives, expected in ((5, 0.286), (1, 0.667)):
        gold = np.array(["yes"] + ["no"] * negatives, dtype=object)
        every = np.full(len(gold), "yes", dtype=object)
        assert round(scores.get("f1_yes")(gold, every), 3) == expected
    none = scores.score("f1_yes", ["no", "no"], ["no", "no"])
    assert np.isnan(none.value) and none.note == "no unit is 'yes', in gold or in prediction"


def test_f1_of_questions_is_the_mean_of_each_with_the_conventions_of_its_source() -> None:
    gold, told = np.empty((2, 5), dtype=object)
    gold[:], told[:] = [("a", "b"), ("a",), (), (), ("a",)], [("b", "c"), (), (), ("a",), ("b",)]
    # Nothing told: precision 1, recall 0; nothing right: recall 1, precision 0 unless nothing is told.
    assert scores.get("question_f1")(gold, told) == pytest.approx(np.mean([0.5, 0, 1, 0, 0]))
    gold, told, _ = label_sets(2)
    both = [(set(g), set(p)) for g, p in zip(gold, told, strict=True) if g and p]
    names = sorted(set().union(*(g | p for g, p in both)))
    table = [[[name in pair[side] for name in names] for pair in both] for side in (0, 1)]
    wanted = f1_score(*map(np.array, table), average="samples", zero_division=0)
    as_sets = [np.empty(len(both), dtype=object) for _ in range(2)]
    for side, one in enumerate(as_sets):
        one[:] = [tuple(pair[side]) for pair in both]
    assert scores.get("question_f1")(*as_sets) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", ["micro_f1", "macro_recall", "exact_match", "question_f1"])
def test_resamples_of_sets_are_what_a_loop_over_groups_gives(name: str) -> None:
    gold, predicted, groups = label_sets(7)
    metric = scores.get(name)
    sides = metric.check(gold, predicted)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(24, np.full(24, 1 / 24), size=6).T.astype(float)
    fast = metric.replicates(*sides, groups, 24)(counts)
    for b in range(6):
        drawn = np.concatenate([np.flatnonzero(groups == g) for g in range(24) for _ in range(int(counts[g, b]))])
        assert fast[b] == pytest.approx(metric.function(sides[0][drawn], sides[1][drawn]), abs=1e-12)
    found = scores.score(name, gold, predicted, groups=groups, n_boot=200)
    assert found.low < found.value < found.high and "24 groups" in found.method


def test_intervals_of_labels_are_those_of_resampled_groups() -> None:
    gold, predicted, groups = label_sets(3)
    found = scores.label_scores(gold, predicted, groups=groups, n_boot=300)
    again = scores.label_scores(gold, predicted, groups=groups, n_boot=300)
    assert found == again
    for name, one in found.items():
        if one.n:
            assert one.recall.low <= one.recall.value <= one.recall.high, name
    # The same draws as those of every score: the F1 of `yes` is that of a label.
    gold = np.where(np.arange(60) % 3 == 0, "yes", "no")
    predicted = np.where(np.arange(60) % 4 == 0, "yes", "no")
    of_label = scores.label_scores(gold, predicted, groups=np.arange(60) // 4, n_boot=100)["yes"].f1
    of_metric = scores.score("f1_yes", gold, predicted, groups=np.arange(60) // 4, n_boot=100)
    assert (of_label.low, of_label.high) == pytest.approx((of_metric.low, of_metric.high), abs=1e-12)


def test_recall_differences_pool_the_predictions_of_each_side() -> None:
    gold, first, groups = label_sets(1)
    _, other, _ = label_sets(2)
    second, third = gold.copy(), other
    found = scores.recall_difference(gold, [second, first], [third], groups=groups, n_boot=200)
    for name, one in found.items():
        has = [name in labels for labels in gold]
        recall = [np.mean([name in labels for labels in side[has]]) for side in (second, first, third)]
        assert one.value == pytest.approx((recall[0] + recall[1]) / 2 - recall[2], abs=1e-12)
        assert one.low <= one.value <= one.high
    assert list(found) == sorted(found)
    with pytest.raises(ProbekitError, match="at least one list of predictions"):
        scores.recall_difference(gold, [], [first])
    with pytest.raises(ProbekitError, match="b has shape"):
        scores.recall_difference(gold, [first], [first[:5]])


def test_one_sample_t_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    for n in (2, 5, 20):
        values = rng.normal(0.5, 0.1, n)
        found, expected = scores.one_sample_t(values, 0.45), stats.ttest_1samp(values, 0.45)
        assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
        interval = expected.confidence_interval()
        assert (found.low + 0.45, found.high + 0.45) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert scores.one_sample_t([0.5, 0.5], 0.4).p == 0.0 and scores.one_sample_t([0.5, 0.5], 0.5).p == 1.0
    assert np.isnan(scores.one_sample_t([0.5], 0.4).p) and scores.one_sample_t([0.5], 0.4).test == "none"


def test_anova_agrees_with_scipy() -> None:
    rng = np.random.default_rng(2)
    samples = [rng.normal(mean, 1, n) for mean, n in ((0, 5), (0.5, 8), (2, 3))]
    found, expected = scores.anova(samples), stats.f_oneway(*samples)
    assert (found.f, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert (found.df_between, found.df_within) == (2, 13) and 0 < found.eta2 < 1
    assert scores.anova([[1.0, 1.0], [2.0, 2.0]]).p == 0.0
    assert np.isnan(scores.anova([[1.0, 1.0], [1.0]]).f) and np.isnan(scores.anova([[1.0], [2.0]]).p)
    with pytest.raises(ProbekitError, match="at least 2 samples"):
        scores.anova([[1.0, 2.0]])
