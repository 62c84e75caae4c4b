"""Discrete information: entropies by hand, residual entropy against codes whose score is known, bad input."""

from __future__ import annotations

import itertools
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probekit as pk
from probekit import scores
from probekit.errors import ProbekitError, UnknownName


def language(n_concepts, n_values):
    return np.array(list(itertools.product(range(n_values), repeat=n_concepts)))


def bits_of(codes, width):
    return np.asarray(codes)[:, None] >> np.arange(width) & 1


def block_code(concepts, width):
    """Each concept's value in bits of its own."""
    return np.concatenate([bits_of(column, width) for column in concepts.T], axis=1)


def bijection(n_concepts, n_values, width, seed):
    """Every string of a language with a code of its own, drawn at random."""
    concepts = language(n_concepts, n_values)
    codes = np.random.default_rng(seed).permutation(2**width)[: len(concepts)]
    return bits_of(codes, width), concepts


# --- entropies


def test_entropies_of_known_columns():
    assert scores.entropy(["a", "b", "a", "b"], "bits") == pytest.approx(1)
    assert scores.entropy([1, 1, 1]) == 0
    assert scores.entropy([[0, 0], [0, 1], [1, 0], [1, 1]]) == pytest.approx(log(4))
    same = scores.mutual_information([0, 1, 2, 0, 1, 2], ["x", "y", "z"] * 2)
    assert same.value == pytest.approx(log(3)) and same.a_cell == 2 and same.unit == "nats"
    assert scores.conditional_entropy([0, 1, 2, 3], [0, 0, 1, 1], "bits").value == pytest.approx(1)
    assert scores.conditional_entropy([0, 1, 1, 0], [[0, 0], [0, 1], [1, 0], [1, 1]]).value == 0  # xor of two columns


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=60))
def test_the_chain_rule_holds_for_any_counts(pairs):
    a, b = np.array(pairs).T
    told, left = scores.mutual_information(a, b).value, scores.conditional_entropy(a, b).value
    assert told + left == pytest.approx(scores.entropy(a), abs=1e-9)
    assert told == pytest.approx(scores.mutual_information(b, a).value, abs=1e-9)


def test_what_few_units_a_cell_add_shows_in_permuted_units():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 10, 100), rng.integers(0, 10, 100)
    few = scores.mutual_information(a, b, permutations=50)
    assert few.value > 0.2 and few.permuted == pytest.approx(few.value, abs=0.15) and few.a_cell < 2
    many = scores.mutual_information(*rng.integers(0, 10, (2, 100_000)), permutations=3)
    assert many.value < 0.001 and many.permuted < 0.001 and many.a_cell == 1000


def test_columns_of_other_lengths_and_other_units_are_refused():
    with pytest.raises(ProbekitError, match="3 and 2 units"):
        scores.mutual_information([0, 1, 1], [0, 1])
    with pytest.raises(UnknownName, match="dits"):
        scores.entropy([0, 1], "dits")
    with pytest.raises(ProbekitError, match="quantise"):
        scores.entropy([0.5, 1.0])
    with pytest.raises(ProbekitError, match="no label at row 1"):
        scores.entropy([0.0, float("nan")])


# --- residual entropy


@pytest.mark.parametrize("partition", ["mi", "released", "local", "best"])
def test_a_code_of_blocks_leaves_nothing_open(partition):
    concepts = np.random.default_rng(0).integers(0, 10, (5000, 6))
    found = scores.residual_entropy(block_code(concepts, 4), concepts, partition)
    assert found.value == 0 and found.by_concept == (0,) * 6
    assert found.blocks == tuple(tuple(range(4 * i, 4 * i + 4)) for i in range(6))
    assert found.a_cell == 500 and found.note == ""


def test_a_random_bijection_of_the_papers_language_leaves_almost_all_open():
    """10^4 of the 10^6 strings of 6 x 10 on 24 bits."""
    rng = np.random.default_rng(1)
    concepts, codes = rng.integers(0, 10, (10_000, 6)), rng.choice(2**24, 10_000, replace=False)
    bits = bits_of(codes, 24)
    for partition in ("mi", "released"):
        assert scores.residual_entropy(bits, concepts, partition).value == pytest.approx(0.995, abs=0.007)
    # Searched for freely, blocks grow until each cell holds few strings; with enough of them a cell they do not.
    free = scores.residual_entropy(bits, concepts, "local")
    assert free.value < 0.85 and "strings a cell" in free.note and free.permuted == pytest.approx(free.value, abs=0.01)
    held = scores.residual_entropy(bits, concepts, "local", least=20)
    assert held.value > 0.96 and held.a_cell >= 20 and held.note == ""


@pytest.mark.parametrize(("n_concepts", "n_values", "width"), [(2, 4, 4), (3, 4, 6), (3, 3, 5)])
@pytest.mark.parametrize("seed", range(4))
def test_all_blocks_are_no_worse_than_any_search_and_as_good_as_the_best_by_hand(n_concepts, n_values, width, seed):
    bits, concepts = bijection(n_concepts, n_values, width, seed)
    found = scores.residual_entropy(bits, concepts)
    assert found.partition == "exhaustive" and found.value == min(found.searched.values())
    owners = itertools.product(range(n_concepts), repeat=width)
    blocks = ([[b for b in range(width) if owner[b] == i] for i in range(n_concepts)] for owner in owners)
    by_hand = min(scores.residual_entropy(bits, concepts, one).value for one in blocks) if width < 6 else found.value
    assert found.value == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize(("n_concepts", "ceiling"), [(2, 1 / 2), (3, 2 / 3)])
def test_one_block_of_all_bits_bounds_every_code_that_tells_strings_apart(n_concepts, ceiling):
    """The best of blocks of an injective code: (c - 1) / c at most, whatever it is; by information alone, higher."""
    drawn = [bijection(n_concepts, 4, 2 * n_concepts, seed) for seed in range(8)]
    assert all(scores.residual_entropy(*one).value <= ceiling + 1e-12 for one in drawn)
    by_information = np.mean([scores.residual_entropy(*one, "mi").value for one in drawn])
    assert by_information == pytest.approx({2: 0.58, 3: 0.88}[n_concepts], abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_with_strings_enough_a_cell_columns_may_be_left_out_and_all_blocks_are_still_the_best(seed):
    rng = np.random.default_rng(seed)
    concepts = rng.integers(0, 3, (200, 2))
    symbols = np.concatenate([concepts, concepts ^ (rng.random((200, 2)) < 0.3), rng.integers(0, 3, (200, 1))], axis=1)
    found = scores.residual_entropy(symbols, concepts, least=20)
    owners = itertools.product(range(3), repeat=5)
    blocks = ([[b for b in range(5) if owner[b] == i] for i in range(2)] for owner in owners)
    by_hand = min(scores.residual_entropy(symbols, concepts, one, least=20).value for one in blocks)
    assert found.value == pytest.approx(by_hand, abs=1e-12) and found.a_cell >= 20
    assert scores.residual_entropy(symbols, concepts, "mi", least=20).a_cell >= 20


def test_permuted_concepts_are_near_1_with_enough_strings():
    concepts = np.random.default_rng(2).integers(0, 4, (20_000, 3))
    found = scores.residual_entropy(block_code(concepts, 2), concepts, "mi")
    assert found.value == 0 and found.permuted > 0.999


def test_blocks_given_are_scored_as_they_are_and_an_empty_one_counts_1():
    concepts = language(2, 4)
    bits = block_code(concepts, 2)
    assert scores.residual_entropy(bits, concepts, [[0, 1], [2, 3]]).value == 0
    assert scores.residual_entropy(bits, concepts, [[0, 1], []]).by_concept == (0, 1)
    assert scores.residual_entropy(bits, concepts, [[0], [2, 3]]).value == pytest.approx(0.25)
    assert scores.residual_entropy(bits, concepts, [[2, 3], [0, 1]]).value == 1


@pytest.mark.parametrize("width", [3, 4, 5])
def test_too_few_bits_cannot_leave_nothing_open(width):
    """Three concepts of four values need six bits in blocks of their own."""
    concepts = language(3, 4)
    for seed in range(5):
        bits = np.random.default_rng(seed).integers(0, 2, (len(concepts), width))
        assert scores.residual_entropy(bits, concepts).value > 0
    assert scores.residual_entropy(block_code(concepts, 2)[:, :width], concepts).value > 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 4))
def test_scores_lie_between_0_and_1_and_no_search_beats_all_blocks(seed, width, kinds):
    rng = np.random.default_rng(seed)
    symbols, concepts = rng.integers(0, kinds, (30, width)), np.stack([np.arange(30) % 2, np.arange(30) % 5]).T
    found = scores.residual_entropy(symbols, concepts)
    assert 0 <= found.value <= 1 and all(found.value <= value for value in found.searched.values())
    columns = sorted(column for block in found.blocks for column in block)
    assert columns == sorted(set(columns))


def test_symbols_may_be_any_kinds_and_names_do_not_count():
    concepts = language(2, 3)
    words = np.array([["a", "b", "c"][v] for v in concepts[:, 0]], dtype=object)
    symbols = np.stack([words, concepts[:, 1].astype(object) * 7], axis=1)
    assert scores.residual_entropy(symbols, concepts).value == 0
    with pytest.raises(ProbekitError, match="for bits, 0 and 1"):
        scores.residual_entropy(symbols, concepts, "released")


def test_the_public_name_works_on_a_matrix_from_anywhere():
    vectors = np.random.default_rng(0).normal(size=(400, 6))
    concepts = (vectors[:, [0, 3]] > 0).astype(int)
    assert pk.scores.residual_entropy(vectors > 0, concepts).value == 0


@pytest.mark.parametrize(
    ("symbols", "concepts", "partition", "said"),
    [
        ([[0.5], [1.0]], [[0], [1]], "mi", "quantise numbers first"),
        ([[0], [1]], [[3], [3]], "mi", "concept 0 has one value"),
        ([[0], [1], [1]], [[0], [1]], "mi", "3 rows"),
        ([[0, 1], [1, 0]], [[0], [1]], [[0, 0]], "disjoint"),
        ([[0, 1], [1, 0]], [[0, 1], [1, 0]], [[0], [0]], "disjoint"),
        ([[0, 1], [1, 0]], [[0], [1]], [[2]], "columns are 0 to 1"),
        ([[0, 1], [1, 0]], [[0], [1]], [[0], [1]], "2 blocks for 1 concepts"),
        ([[0, 1], [1, 0]], [[0], [1]], "best of all", "unknown partition"),
        ([[0], [None]], [[0], [1]], "mi", "no label at row 1"),
        ([0, 1], [[0], [1]], "mi", "symbols has shape"),
        (np.zeros((0, 2)), np.zeros((0, 1)), "mi", "is empty"),
        ([[0] * 13, [1] * 13], [[0], [1]], "exhaustive", "at most 12"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(symbols, concepts, partition, said):
    with pytest.raises(ProbekitError, match=said):
        scores.residual_entropy(symbols, concepts, partition)


# --- extensions of ours


def test_other_measures_tell_a_code_of_blocks_from_a_random_one():
    concepts = language(3, 4)
    blocks, random = block_code(concepts, 2), bijection(3, 4, 6, 0)[0]
    assert scores.topographic_similarity(concepts, concepts) == pytest.approx(1)
    assert scores.topographic_similarity(blocks, concepts) > 0.7 > 0.3 > scores.topographic_similarity(random, concepts)
    assert scores.positional_disentanglement(blocks, concepts) == pytest.approx(1)
    assert scores.positional_disentanglement(random, concepts) < 0.2
    assert np.isnan(scores.topographic_similarity(np.zeros((4, 2), int), language(2, 2)))
    with pytest.raises(ProbekitError, match="one column"):
        scores.positional_disentanglement(blocks, concepts[:, :1])


# --- languages


def test_precision_is_the_share_of_legal_strings():
    strings = language(3, 4) + 4 * np.arange(3)
    assert scores.language_precision(strings, 4) == 1
    swapped = np.concatenate([strings, strings[:, ::-1]])
    assert scores.language_precision(swapped, 4) == 0.5
    assert scores.language_precision_released(swapped, 4) == 1  # which order they stand in, it does not ask


def test_recall_of_a_perfect_model_is_that_of_the_uniform_language():
    n = 10**6
    listener, prior, speaker = np.zeros((5, 3)), np.full((5, 3), -24 * log(2)), np.zeros((5, 3))
    assert scores.language_recall(listener, np.full((5, 3), -log(n)), speaker) == pytest.approx(-13.8155, abs=1e-4)
    # Of 24 bits of which each string has all but 10^6 of 2^24 messages apart, the prior's share of one message.
    assert scores.language_recall(listener, prior, speaker) == pytest.approx(-24 * log(2))
    released = scores.language_recall_released(listener - 6, prior, speaker, 6, 24)
    assert released == pytest.approx(-1 - log(2))
    with pytest.raises(ProbekitError, match="other shapes"):
        scores.language_recall(listener, prior[:, :2], speaker)


def test_recall_by_samples_is_within_its_error_of_the_sum_over_all_messages():
    """Messages of 5 bits, a speaker that is not the posterior."""
    rng = np.random.default_rng(0)
    n, messages = 40, 32
    prior = rng.dirichlet(np.ones(messages))
    speaker, says = rng.dirichlet(np.ones(messages), n), rng.uniform(0.01, 1, (n, messages))
    exact = np.mean(np.log(says @ prior))
    drawn = np.stack([rng.choice(messages, 4000, p=row) for row in speaker])
    rows = np.arange(n)[:, None]
    found = scores.language_recall(np.log(says[rows, drawn]), np.log(prior[drawn]), np.log(speaker[rows, drawn]))
    assert found == pytest.approx(exact, abs=0.15)
