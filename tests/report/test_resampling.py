"""Samples of metrics against the paired bootstrap, and differences of two lines against the definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from probekit.errors import ProbekitError
from probekit.report import apart, estimate, mean_sample, metric_samples, tally_samples
from probekit.scores import paired_bootstrap, score


@pytest.mark.parametrize("name", ["spearman", "pearson"])
def test_a_difference_of_samples_is_the_paired_bootstrap(name):
    draw = np.random.default_rng(0)
    gold = draw.normal(size=80)
    a, b = gold + draw.normal(size=80), gold + 2 * draw.normal(size=80)
    samples = metric_samples(name, gold, {"a": a, "b": b}, n_boot=200, seed=3)
    found, expected = estimate(samples["a"] - samples["b"], 80), paired_bootstrap(name, gold, a, b, n_boot=200, seed=3)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (expected.difference, expected.low, expected.high)
    )
    assert samples["a"][0] == pytest.approx(score(name, gold, a, interval="none").value)
    with pytest.raises(ProbekitError, match="b"):
        metric_samples(name, gold, {"a": a, "b": b[1:]})


def test_lines_taken_as_independent_are_apart_by_newcombes_interval():
    one = {"value": 0.8, "ci_low": 0.7, "ci_high": 0.86, "n_test": 50}
    other = {"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "n_test": 50}
    found = apart(one, other, "word")
    assert (found.difference, found.low, found.high, found.n, found.unit) == pytest.approx(
        (0.3, 0.3 - (0.1**2 + 0.1**2) ** 0.5, 0.3 + (0.06**2 + 0.1**2) ** 0.5, 100, "word")
    )


def test_a_mean_of_groups_is_that_of_their_units_and_is_drawn_with_others():
    draw = np.random.default_rng(4)
    sizes = draw.integers(1, 9, 30)
    right = np.array([draw.integers(0, size + 1) for size in sizes])
    units = np.concatenate([[1.0] * hit + [0.0] * (size - hit) for hit, size in zip(right, sizes, strict=True)])
    groups = np.repeat(np.arange(30), sizes)
    sample = mean_sample(right / sizes, sizes, n_boot=300, seed=2)
    found = paired_bootstrap(
        "accuracy", np.ones(len(units)), units, np.zeros(len(units)), groups=groups, n_boot=300, seed=2
    )
    assert sample[0] == pytest.approx(units.mean()) and len(sample) == 301
    one = estimate(sample, 30)
    assert (one.difference, one.low, one.high) == pytest.approx((found.difference, found.low, found.high))
    values = draw.normal(size=12)
    assert mean_sample(values)[0] == pytest.approx(values.mean())


def test_scores_of_tallies_are_those_of_their_spans_and_drawn_as_the_metrics() -> None:
    rng = np.random.default_rng(0)
    gold = [tuple((k, k + 1, "AB"[rng.integers(2)]) for k in range(rng.integers(1, 4))) for _ in range(30)]
    told = [tuple(one if rng.random() < 0.7 else (one[0], one[1], "A") for one in row[:2]) for row in gold]
    rows = [
        (len(g), len(p), len(set(g) & set(p)), len({x[:2] for x in g} & {x[:2] for x in p}))
        for g, p in zip(gold, told, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["gold", "predicted", "right", "found"])
    table = pd.concat([table.assign(key=key, sentence=range(30)) for key in "xy"])
    found = tally_samples(table, n_boot=200)
    score_of = score("span_f1", gold, told, n_boot=200)
    assert found[0] == pytest.approx(score_of.value)
    assert estimate(found, 30).low == pytest.approx(score_of.low)
    for what, metric in (
        ("untyped", "untyped_span_f1"),
        ("recall", "untyped_span_recall"),
        ("type", "type_given_span"),
    ):
        assert tally_samples(table, what)[0] == pytest.approx(score(metric, gold, told, interval="none").value)
    with pytest.raises(ProbekitError, match="same sentences"):
        tally_samples(table.iloc[1:])
