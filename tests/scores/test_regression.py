"""Least squares and likelihood ratios against known slopes and statsmodels' numbers; WikiSize and its buckets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from probekit.errors import ProbekitError
from probekit.scores.regression import CONSTANT, least_squares, likelihood_ratio
from probekit.scores.wiki_sizes import BUCKETS, SIZES, bucket_range, resource_buckets, wiki_size


def table(n: int = 99, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of n languages whose text and training data grow together: only the latter helps."""
    rng = np.random.default_rng(seed)
    train = rng.uniform(6, 15, n)
    wiki = 0.7 * train + rng.normal(0, 1, n)
    return 0.03 * train - 0.014 * wiki + rng.normal(0, 0.03, n) + 0.5, train, wiki


def test_a_sign_turns_by_collinearity_alone() -> None:
    y, train, wiki = table()
    alone, both = least_squares(y, {"wiki": wiki}).slope("wiki"), least_squares(y, {"train": train, "wiki": wiki})
    assert alone.low > 0 and alone.p < 0.001
    found = both.slope("wiki")
    assert found.high < 0 and found.low < -0.014 < found.high and both.slope("train").low < 0.03
    assert found.inflation == pytest.approx(1 / (1 - np.corrcoef(train, wiki)[0, 1] ** 2))


def test_slopes_are_those_of_scipy_and_intervals_cover_as_often_as_they_say() -> None:
    y, train, wiki = table()
    ours, theirs = least_squares(y, {"train": train}), stats.linregress(train, y)
    slope = ours.slope("train")
    reach = stats.t.ppf(0.975, 97) * theirs.stderr
    assert (slope.value, slope.p) == (pytest.approx(theirs.slope), pytest.approx(theirs.pvalue))
    assert (slope.low, slope.high) == (pytest.approx(theirs.slope - reach), pytest.approx(theirs.slope + reach))
    assert ours.slope(CONSTANT).value == pytest.approx(theirs.intercept)
    assert ours.explained == pytest.approx(theirs.rvalue**2) and slope.inflation == pytest.approx(1)
    covered = 0
    for seed in range(200):
        y, train, wiki = table(20, seed)
        found = least_squares(y, {"train": train, "wiki": wiki}).slope("wiki")
        covered += found.low <= -0.014 <= found.high
    assert 180 <= covered <= 199


def test_a_further_predictor_is_tested_by_the_ratio_of_likelihoods() -> None:
    y, train, wiki = table(40)

    def loglik(x: dict[str, np.ndarray]) -> float:
        rss = least_squares(y, x).residuals
        return -len(y) / 2 * (math.log(2 * math.pi * rss / len(y)) + 1)

    found = likelihood_ratio(y, {"train": train}, {"wiki": wiki})
    assert found.statistic == pytest.approx(2 * (loglik({"train": train, "wiki": wiki}) - loglik({"train": train})))
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 1)) and found.p < 0.01
    rng = np.random.default_rng(1)
    p = [likelihood_ratio(y, {"train": train}, {"noise": rng.normal(size=40)}).p for _ in range(300)]
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.1


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ({}, "needs a predictor"),
        ({"a": [1, 2, 3, 4], "b": [2, 4, 6, 8]}, "one follows from the others"),
        ({"a": [1, 1, 1, 1]}, "one follows"),
        ({"a": [1, 2, 3]}, r"a has the shape \(3,\)"),
        ({"a": [1, 2, 3, float("nan")]}, "a is not finite"),
        ({"a": [1, 2, 3, 5], "b": [1, 0, 1, 0], "c": [0, 0, 1, 0]}, "4 units are too few for 4"),
    ],
)
def test_tables_that_give_no_slopes_are_named(x: dict, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        least_squares([0.0, 1.0, 2.0, 4.0], x)


def test_wiki_size_is_that_of_the_paper() -> None:
    assert (wiki_size(15.5 * 1024), wiki_size(10)) == (14, 3)
    low, high = bucket_range(14)
    assert (round(low / 1024, 3), round(high / 1024, 3)) == (11.314, 22.627)
    for size in BUCKETS:
        low, high = bucket_range(size)
        assert wiki_size(low * 1.001) == wiki_size(high * 0.999) == size
    with pytest.raises(ProbekitError, match="no size"):
        wiki_size(0)


def test_every_language_is_in_one_bucket() -> None:
    assert len(SIZES) == sum(map(len, BUCKETS.values())) == 99
    found = resource_buckets({"yo": [0.2], "scn": [0.4, 0.6], "en": [0.9], "pcm": [0.1], "io": [float("nan")]})
    assert found == {3: (pytest.approx(0.35), 2), 14: (0.9, 1)}
