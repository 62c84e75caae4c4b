"""Polarity sensitivity and partial rank correlation: by hand, against what they must not exceed, against a library."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from probekit import scores
from probekit.errors import ProbekitError


def test_pss_by_hand():
    found = scores.pss([True, True, False, True], [True, False, True, True])
    assert found.value == 0.5 and found.low < 0.5 < found.high and found.method == "Wilson"


def test_pss_is_never_above_the_accuracy_of_either_side():
    rng = np.random.default_rng(0)
    for _ in range(200):
        texts, flips = rng.random((2, rng.integers(1, 30))) < rng.random((2, 1))
        assert scores.pss(texts, flips).value <= min(texts.mean(), flips.mean())


def test_relative_pss_by_hand_and_for_texts_without_a_pair():
    text_right = np.array([True, True, True, False, True])  # .8
    found = scores.relative_pss([True, False], text_right, [0, 3])
    assert found.value == pytest.approx(0.5 / 0.8)
    assert found.low <= found.value <= found.high


def test_relative_pss_of_many_pairs_has_the_interval_of_a_plain_bootstrap():
    rng = np.random.default_rng(1)
    texts, place = rng.random(400) < 0.8, np.arange(0, 400, 2)
    pairs = texts[place] & (rng.random(200) < 0.7)
    found = scores.relative_pss(pairs, texts, place, n_boot=2000)
    drawn = []
    for _ in range(2000):
        rows = rng.integers(0, 400, 400)
        of_pairs = pairs[rows[rows % 2 == 0] // 2]
        drawn.append(of_pairs.mean() / texts[rows].mean())
    assert np.allclose([found.low, found.high], np.quantile(drawn, [0.025, 0.975]), atol=0.01)


@pytest.mark.parametrize(
    ("make", "note"),
    [
        (lambda: scores.pss(np.zeros(0, bool), np.zeros(0, bool)), "no pair is left"),
        (lambda: scores.proportion(np.zeros(0, bool)), "there is no such unit"),
        (lambda: scores.relative_pss(np.zeros(0, bool), [True], []), "no pair is left"),
        (lambda: scores.relative_pss([False], [False], [0]), "no text is right"),
    ],
)
def test_what_is_undefined_says_why(make, note):
    assert np.isnan(make().value) and make().note == note


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scores.pss([True], [True, False]), "1 texts and 2 flips"),
        (lambda: scores.pss([1, 0], [1, 1]), "true or false"),
        (lambda: scores.relative_pss([True], [True], [1]), "place names one of 1 texts"),
        (lambda: scores.partial_spearman([1, 2, 3], [1, 2], [1, 2, 3]), "of one length"),
    ],
)
def test_sides_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ProbekitError, match=message):
        make()


def test_partial_spearman_is_the_textbook_formula_of_three_spearmans():
    rng = np.random.default_rng(2)
    held = rng.integers(3, 40, 300).astype(float)
    x, y = held + rng.normal(0, 9, 300), held + rng.normal(0, 9, 300)
    r = {p: stats.spearmanr(*q).statistic for p, q in {"xy": (x, y), "xz": (x, held), "yz": (y, held)}.items()}
    formula = (r["xy"] - r["xz"] * r["yz"]) / np.sqrt((1 - r["xz"] ** 2) * (1 - r["yz"] ** 2))
    found = scores.partial_spearman(x, y, held)
    assert found.value == pytest.approx(formula, abs=1e-9) and found.low < found.value < found.high
    assert scores.partial_spearman(x, y, np.ones(300)).value == pytest.approx(r["xy"], abs=1e-9)


def test_partial_spearman_of_what_length_says_all_of_is_undefined():
    held = np.arange(20.0)
    assert "nothing of it is left" in scores.partial_spearman(held**2, held[::-1] % 7, held).note
    assert "too few" in scores.partial_spearman([1, 2], [1, 2], [1, 2]).note
