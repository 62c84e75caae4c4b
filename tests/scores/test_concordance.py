"""The area under the curve, within strata too, against loops over pairs and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from probekit.errors import ProbekitError
from probekit.scores import concordance


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    positive = draw.random(300) < 0.3
    return positive, np.round(positive + draw.normal(size=300), 1), draw.integers(0, 4, 300)


def test_without_strata_it_is_the_area_under_the_curve(drawn):
    positive, values, _ = drawn
    assert concordance(positive, values).value == pytest.approx(roc_auc_score(positive, values))


def test_within_strata_it_is_the_share_of_their_pairs(drawn):
    positive, values, strata = drawn
    wins = [
        (values[i] > values[j]) + 0.5 * (values[i] == values[j])
        for i in np.flatnonzero(positive)
        for j in np.flatnonzero(~positive)
        if strata[i] == strata[j]
    ]
    assert concordance(positive, values, strata).value == pytest.approx(np.mean(wins))


def test_variance_is_delongs_and_near_that_of_resamples(drawn):
    positive, values, _ = drawn
    above, below = values[positive], values[~positive]
    wins = (above[:, None] > below) + 0.5 * (above[:, None] == below)
    variance = wins.mean(axis=1).var(ddof=1) / len(above) + wins.mean(axis=0).var(ddof=1) / len(below)
    found = concordance(positive, values)
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)
    draw = np.random.default_rng(1)
    again = [
        roc_auc_score(positive, np.concatenate([draw.choice(above, len(above)), draw.choice(below, len(below))]))
        for positive in [np.repeat([True, False], [len(above), len(below)])] * 500
    ]
    assert np.std(again) == pytest.approx(np.sqrt(variance), rel=0.2)


def test_too_few_of_a_kind_and_unequal_lengths():
    assert "two units of each kind" in concordance([True, False, False], [1, 2, 3]).note
    with pytest.raises(ProbekitError, match="2 kinds, 3 values"):
        concordance([True, False], [1, 2, 3])
