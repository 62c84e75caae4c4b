"""Samples of metrics against the paired bootstrap, and differences of two lines against the definition."""

from __future__ import annotations

import numpy as np
import pytest

from probekit.errors import ProbekitError
from probekit.report import apart, estimate, metric_samples
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
        (0.3, 0.3 - (0.1**2 + 0.1**2) ** 0.5, 0.3 + (0.06**2 + 0.1**2) ** 0.5, 50, "word")
    )
