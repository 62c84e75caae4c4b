"""Poolings by name, the positions of single words, and what may be asked of an encoder."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probekit.encoders import pooling
from probekit.encoders.encoder import EncoderSource, check_request
from probekit.errors import ProbekitError, UnknownName


def plain_position(n: int, name: str) -> int:
    """1-based position of the word in a sentence of n words, by counting: the first that reaches the share."""
    if name in ("word:1", "word:-1"):
        return 1 if name == "word:1" else n
    share = Fraction(name.removeprefix("word:"))
    return next(k for k in range(1, n + 1) if Fraction(k, n) >= share)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20), st.integers(1, 9), st.integers(1, 9))
def test_positions_are_the_first_word_that_reaches_the_share(lengths, p, q):
    names = ["word:1", "word:-1", "word:1/3", "word:2/3"] + ([f"word:{p}/{q}"] if p <= q else [])
    for name in names:
        found = pooling.position(np.array(lengths), name)
        assert found.tolist() == [plain_position(n, name) - 1 for n in lengths]


def test_the_positions_of_the_study():
    assert [int(pooling.position(np.array([n]), "word:1/3")[0]) + 1 for n in range(1, 10)] == [
        1,
        1,
        1,
        2,
        2,
        2,
        3,
        3,
        3,
    ]
    assert [int(pooling.position(np.array([n]), "word:2/3")[0]) + 1 for n in range(1, 10)] == [
        1,
        2,
        2,
        3,
        4,
        4,
        5,
        6,
        6,
    ]


@given(
    st.integers(1, 30).flatmap(lambda n: st.lists(st.floats(-1e3, 1e3, width=32), min_size=3 * n, max_size=3 * n)),
    st.sampled_from([p for p in pooling.POOLINGS if p != "cls"]),
)
def test_pool_one_is_its_definition(values, name):
    rows = [values[i : i + 3] for i in range(0, len(values), 3)]
    found = pooling.pool_one(np.array(rows), name)
    for column in range(3):
        numbers = [row[column] for row in rows]
        if name.startswith("word:"):
            expected = numbers[plain_position(len(numbers), name) - 1]
        else:
            total = math.fsum(numbers)
            expected = {"sum": total, "mean": total / len(numbers), "max": max(numbers), "min": min(numbers)}[name]
        assert found[column] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "name", ["word:0", "word:2", "word:-2", "word:3/2", "word:1/0", "word:", "word:1/3/5", "word:a"]
)
def test_a_word_that_not_every_sentence_has_is_refused(name):
    with pytest.raises(ProbekitError, match="names no word that every sentence has"):
        pooling.check_name(name)


def test_an_unknown_pooling_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown pooling 'maen'; did you mean mean"):
        pooling.check_name("maen")


OFFERED = tuple(p for p in pooling.POOLINGS if p != "cls")
SOURCE = EncoderSource("x", "x-name", "0", layers=(0, 1, 2), poolings=OFFERED)
STATIC = EncoderSource("s", "s-name", "0", layers=(None,), poolings=("mean", "sum"))


def test_layers_count_from_both_ends_and_are_named_once():
    assert check_request(SOURCE, "all", ["mean"]) == ((0, 1, 2), ("mean",))
    assert check_request(SOURCE, [-1, 0, 2, -3, np.int64(1)], ["max", "mean", "max"]) == ((2, 0, 1), ("max", "mean"))
    assert check_request(STATIC, "blocks", ["sum"]) == ((None,), ("sum",))
    assert check_request(STATIC, "all", ["sum"]) == check_request(STATIC, [None], ["sum"]) == ((None,), ("sum",))


def test_layers_are_named_by_their_place_in_the_depth():
    twelve = EncoderSource("y", "y-name", "0", layers=tuple(range(13)), poolings=("mean",))
    assert check_request(twelve, ["last", "5/12", "1/3", "0/1", "7/8"], ["mean"])[0] == (12, 5, 4, 0, 10)
    assert check_request(SOURCE, ["last", "1/2", "1/3", -1], ["mean"])[0] == (2, 1, 0)
    assert check_request(SOURCE, "blocks", ["mean"])[0] == (1, 2)


@pytest.mark.parametrize("layer", [3, -4, None, "2", 1.5, "first", "3/2", "1/0", "-1/2", True])
def test_a_layer_out_of_range_is_refused_by_name(layer):
    with pytest.raises(ProbekitError, match=rf"'x-name' has the layers 0 \(embeddings\) to 2; {layer} is not one"):
        check_request(SOURCE, [0, layer], ["mean"])


@pytest.mark.parametrize(
    "source, layers, poolings, message",
    [
        (STATIC, [0], ["mean"], "'s-name' has no layers"),
        (SOURCE, "last", ["mean"], "layers is 'all', 'blocks' or a list of numbers, got 'last'"),
        (SOURCE, 2, ["mean"], r"layers is 'all', 'blocks' or a list of numbers, got 2; write \[2\]"),
        (SOURCE, "all", "mean", r"poolings is a list, got 'mean'; write \['mean'\]"),
        (SOURCE, "all", ["cls"], "'x-name' has no pooling 'cls'; it offers mean, sum, max, min, word:1"),
        (STATIC, "all", ["word:1"], "'s-name' has no pooling 'word:1'; it offers mean, sum"),
    ],
)
def test_what_an_encoder_lacks_is_refused_by_name(source, layers, poolings, message):
    with pytest.raises(ProbekitError, match=message):
        check_request(source, layers, poolings)


def test_words_and_any_share_are_offered_beside_the_list():
    assert check_request(SOURCE, [0], ["words", "word:1/2", "word:5/7"])[1] == ("words", "word:1/2", "word:5/7")
