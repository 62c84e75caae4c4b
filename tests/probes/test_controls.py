"""Baselines and random labels against plain counts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import spearmanr

from probekit.errors import ProbekitError
from probekit.probes.controls import Majority, WordMajority, majority_of_others, random_labels, repeated


def text(values) -> np.ndarray:
    return np.array(list(values), dtype=object)


def test_a_type_has_one_label_and_labels_keep_their_frequency():
    rng = np.random.default_rng(0)
    types = text(f"w{k}" for k in rng.integers(0, 4000, 20_000))
    gold = text(rng.choice(["N", "V", "X"], p=[0.6, 0.3, 0.1], size=20_000))
    drawn = random_labels(gold, types, 0)
    by_type = {}
    for name, label in zip(types, drawn, strict=True):
        assert by_type.setdefault(name, label) == label
    share = Counter(by_type.values())
    for label, p in (("N", 0.6), ("V", 0.3), ("X", 0.1)):
        assert abs(share[label] / len(by_type) - p) < 0.03
    assert abs((drawn == gold).mean() - (0.36 + 0.09 + 0.01)) < 0.03  # no better than chance


def test_numbers_are_those_of_units():
    gold = np.random.default_rng(0).normal(size=500)
    drawn = random_labels(gold, text(f"s{k}" for k in range(500)), 0)
    assert drawn.dtype == np.float64 and set(drawn) <= set(gold)
    assert abs(spearmanr(drawn, gold).statistic) < 0.15
    assert abs(np.median(drawn) - np.median(gold)) < 0.2


def test_drawing_more_keeps_earlier_draws():
    gold = text("NNV" * 40)
    types = text(f"w{k}" for k in range(120))
    more = random_labels(text([*gold, *gold]), text([*types, *(f"x{k}" for k in range(120))]), 3)
    assert (more[:120] == random_labels(gold, types, 3)).all()
    order = np.random.default_rng(0).permutation(120)
    assert (random_labels(gold[order], types[order], 3) == random_labels(gold, types, 3)[order]).all()
    assert (random_labels(gold, types, 3) != random_labels(gold, types, 4)).any()


def test_random_labels_of_nothing_and_of_uneven_arrays():
    assert len(random_labels(text([]), text([]), 0)) == 0
    with pytest.raises(ProbekitError, match="one type a target"):
        random_labels(text("ab"), text("abc"), 0)


def test_majority_breaks_ties_by_name():
    assert Majority.fit(text("cbbac")).label == "b"
    assert Majority.fit(text("cbbacc")).predict(2).tolist() == ["c", "c"]
    with pytest.raises(ProbekitError, match="no training labels"):
        Majority.fit(text([]))


def test_word_majority_is_the_plain_count():
    rng = np.random.default_rng(0)
    words = text(f"w{k}" for k in rng.integers(0, 60, 500))
    labels = text(rng.choice(list("DNVA"), size=500))
    model = WordMajority.fit(words, labels)
    for word in set(words):
        count = Counter(labels[words == word])
        assert model.labels[word] == min(count, key=lambda label: (-count[label], label))
    count = Counter(labels)
    overall = min(count, key=lambda label: (-count[label], label))
    assert model.predict(text(["w1", "never"])).tolist() == [model.labels["w1"], overall]
    assert model.seen(text(["w1", "never"])) == 0.5 and np.isnan(model.seen(text([])))
    with pytest.raises(ProbekitError, match="2 words but 3 labels"):
        WordMajority.fit(text("ab"), text("abc"))


def test_the_majority_of_others_leaves_out_the_unit_it_answers():
    words, labels = text("aaabc"), text("XXYZY")
    # Of a: the others of X are X and Y (the first by alphabet), those of Y twice X; b and c are alone: X over all,
    # which is as common as Y.
    assert list(majority_of_others(words, labels)) == ["X", "X", "X", "X", "X"]
    assert list(majority_of_others(text("aabb"), text("XYYY"))) == ["Y", "X", "Y", "Y"]
    assert repeated(words) == 0.6
