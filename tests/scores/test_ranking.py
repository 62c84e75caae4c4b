"""Rankings: average precision against its definition and scikit-learn's, its chance level, cosines of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from probekit import scores
from probekit.errors import ProbekitError


def by_hand(gold, predicted):
    """Mean over positives of the precision among all units that score as high or higher."""
    found = [gold[predicted >= predicted[i]].mean() for i in np.flatnonzero(gold)]
    return float(np.mean(found))


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=40))
def test_average_precision_is_that_of_its_definition_and_of_scikit_learn_with_any_ties(units):
    gold, predicted = np.array(units, dtype=float).T
    found = scores.get("average_precision")(gold, predicted)
    if not gold.any():
        assert np.isnan(found)
        return
    assert found == pytest.approx(by_hand(gold, predicted), abs=1e-12)
    assert found == pytest.approx(average_precision_score(gold, predicted), abs=1e-12)


def test_many_rankings_at_once_are_those_one_by_one():
    rng = np.random.default_rng(0)
    gold, predicted = (rng.random(50) < 0.3).astype(float), rng.normal(size=(20, 50)).round(1)
    wanted = [scores.average_precision(gold, row) for row in predicted]
    assert scores.average_precisions(gold, predicted).tolist() == wanted


def test_the_order_of_tied_units_decides_nothing():
    gold = np.array([1.0] * 45 + [0.0] * 100)
    tied = np.ones(145)
    assert scores.average_precision(gold, tied) == scores.average_precision(gold[::-1], tied) == pytest.approx(45 / 145)


def test_chance_is_the_mean_of_random_orders_and_not_the_share_of_positives():
    gold = np.array([1.0] * 45 + [0.0] * 100)
    rng = np.random.default_rng(1)
    drawn = scores.average_precisions(gold, np.stack([rng.permutation(145) for _ in range(4000)]).astype(float))
    expected = scores.chance_average_precision(145, 45)
    assert expected == pytest.approx(0.3322, abs=5e-5)
    assert drawn.mean() == pytest.approx(expected, abs=4 * drawn.std() / np.sqrt(4000))
    assert scores.chance_average_precision(5, 5) == pytest.approx(1) and scores.chance_average_precision(1, 1) == 1
    with pytest.raises(ProbekitError, match="6 positives among 5"):
        scores.chance_average_precision(5, 6)


def test_gold_that_is_neither_0_nor_1_is_refused_and_no_positive_says_why():
    with pytest.raises(ProbekitError, match="gold of 0 and 1"):
        scores.get("average_precision")([0, 2, 1], [1, 2, 3])
    assert "no unit is positive" in scores.score("average_precision", [0.0, 0.0], [1.0, 2.0]).note


def test_weighted_cosines_are_cosines_of_weighted_vectors():
    rng = np.random.default_rng(2)
    vectors, left, right = rng.normal(size=(6, 8)), np.array([0, 1, 2, 5]), np.array([3, 4, 5, 5])
    weights = rng.uniform(size=(5, 8)) * (rng.random((5, 8)) < 0.7)
    found = scores.weighted_cosines(vectors, left, right, weights)
    for t, w in enumerate(weights):
        inside = vectors[:, w > 0] * w[w > 0]
        for p, (i, j) in enumerate(zip(left, right, strict=True)):
            wanted = inside[i] @ inside[j] / np.linalg.norm(inside[i]) / np.linalg.norm(inside[j])
            assert found[t, p] == pytest.approx(wanted, abs=1e-9)
    assert np.array_equal(found, scores.weighted_cosines(vectors, left, right, 7 * weights))


def test_in_one_dimension_all_cosines_are_one_or_minus_one_exactly_and_nothing_has_none():
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(40, 3)) * 10.0 ** rng.integers(-6, 6, size=(40, 1))
    left, right = np.triu_indices(40, 1)
    assert set(scores.weighted_cosines(vectors, left, right, np.array([[0.0, 0.3, 0.0]]))[0]) == {-1.0, 1.0}
    assert set(scores.weighted_cosines(vectors * 0, left, right, np.ones((1, 3)))[0]) == {0.0}
