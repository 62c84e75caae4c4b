"""Bit games as a work: rows of games and of random codes, measures against sums by hand, bounds that are faults."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch

from probekit import recipes, scores
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.learners import bit_game, concept_strings
from probekit.works.bit_games import Played, accuracy, check_bound, code_scores, from_prior, random_codes, recall_parts

RESIDUAL = "residual_entropy"
LANGUAGE = "concept-strings(3, 3)"
GAME = (
    "bit-game(embedding=8, gate=true, hidden=16, kl=0.02, listener=16, look=20, message=16, rate=0.01, speaker=16, "
    "stacked=2, steps=120, temperature=1)"
)


def grid(game=GAME, language=LANGUAGE, bits=(4,), seeds=(0, 1)):
    axes = {"dataset": [language], "encoder": [game], "bits": list(bits), "parameters": [0], "seed": list(seeds)}
    return Grid("codes", "bit-game", axes, share=["dataset", "encoder", "bits", "parameters"])


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return grid().run(tmp_path_factory.mktemp("codes"))


@pytest.fixture(scope="module")
def played():
    spec = bit_game.trained(GAME, LANGUAGE, 4, 0, 1)
    return Played(bit_game.load(recipes.folder(spec)), 1, concept_strings.load(LANGUAGE))


def test_rows_say_all_of_every_seed(rows):
    assert set(rows["seed"]) == {0, 1} and set(rows["dataset"]) == {"concept-strings(n_concepts=3, n_values=3)"}
    shown = rows.groupby(["metric", "split"], observed=True)["n_test"].first()
    assert (
        shown["accuracy", "train"] == 24 and shown["accuracy", "test"] == 3 and shown["residual_entropy", "test"] == 27
    )
    assert ("accuracy", "dev") not in shown.index  # three concepts have no room for a second pair of their own
    value = rows.set_index(["seed", "metric", "split"])["value"]
    for seed in (0, 1):
        assert value[seed, "residual_entropy", "test"] <= value[seed, "residual_entropy_mi", "test"]
        assert 0 < value[seed, "residual_entropy", "test"] <= 1 and value[seed, "accuracy", "train"] <= 16 / 24
        assert value[seed, "recall", "train"] < -np.log(16)
    info = json.loads(rows["info"].iloc[0])
    assert {"kl", "distinct", "parameters", "best_look"} <= set(info) and info["generated"] == ["dataset"]
    residual = json.loads(rows[rows["metric"].eq("residual_entropy")]["info"].iloc[0])
    assert residual["partition"] == "exhaustive" and 0 < residual["permuted"] <= 1


def test_a_seed_of_a_stack_has_the_rows_of_its_own_answer(played, rows):
    own = rows[rows["seed"].eq(1) & rows["metric"].eq("accuracy") & rows["split"].eq("train")]["value"].item()
    assert accuracy(played, played.strings.seen).value == pytest.approx(own)


@pytest.mark.parametrize("bits", [4, 12])
def test_recall_is_within_its_error_of_the_sum_over_all_messages(bits):
    """Of games that are not trained; the error is that of a mean of weights, by the weights themselves."""
    from probekit.models.bits import BitGames, Shape

    strings, k = concept_strings.load(LANGUAGE), 500
    game = BitGames(Shape(3, 3, bits, embedding=8, speaker=16, hidden=16, message=16, listener=16, gate=True), [5])
    with torch.no_grad():
        game.logits_weight.mul_(4)  # a speaker that is not the prior
        game.prior.normal_(generator=torch.Generator().manual_seed(0))
    played, numbers = Played(game, 0, strings), strings.seen
    messages = np.array(list(itertools.product((0, 1), repeat=bits)))
    prior = played.prior()
    of_message = np.where(messages == 1, prior[:, 1], prior[:, 0]).sum(1)
    heard = played.heard(messages)
    told = np.stack([heard[:, np.arange(3), one].sum(1) for one in strings.symbols(numbers)])
    exact = np.log(np.exp(told + of_message).sum(1)).mean()
    parts = recall_parts(played, numbers, k, 0)
    weights = np.exp(parts[0] + parts[1] - parts[2])
    spread = weights.var(axis=1) / weights.mean(axis=1) ** 2 / k  # of the log of a mean; half of it is its bias
    error = np.sqrt(spread.sum()) / len(numbers)
    assert 0 < error < 0.05 and abs(scores.language_recall(*parts) - exact) < 3 * error + spread.mean() / 2


def test_a_perfect_game_has_perfect_scores():
    """Blocks of bits for each concept, read as they were written, and a prior under which all messages are alike."""
    strings = concept_strings.load("concept-strings(3, 4)")
    spoken = np.log(np.clip(one_hots(strings.values(np.arange(64))[..., None] >> np.arange(2) & 1, 2), 1e-12, 1))

    class Perfect(Played):
        bits = 6

        def spoken(self, numbers):
            return spoken.reshape(64, 6, 2)[numbers]

        def heard(self, messages):
            values = messages.reshape(-1, 3, 2) @ np.array([1, 2])
            return np.log(np.clip(one_hots(values + 4 * np.arange(3), 12), 1e-12, 1))

        def prior(self):
            return np.full((6, 2), -np.log(2))

    perfect, every = Perfect(None, 0, strings), np.arange(64)
    assert accuracy(perfect, every).value == 1
    assert scores.language_precision(perfect.heard(from_prior(perfect, 0)).argmax(-1), 4) == 1
    assert scores.language_recall(*recall_parts(perfect, every, 8, 0)) == pytest.approx(-np.log(64), abs=1e-6)
    (value,) = [one for name, one, _ in code_scores(perfect.messages(every), strings, every, 0) if name == RESIDUAL]
    assert value == 0


def one_hots(codes, kinds):
    return np.eye(kinds)[codes]


def test_messages_of_the_prior_have_its_frequencies(played):
    drawn = from_prior(played, 0)
    np.testing.assert_allclose(drawn.mean(0), np.exp(played.prior()[:, 1]), atol=0.03)


def test_more_right_strings_than_messages_are_a_fault(played):
    class Cheats(Played):
        def messages(self, numbers):
            self.strings.asked = numbers
            return np.zeros((len(numbers), 4), int)

        def heard(self, messages):
            return np.eye(9)[self.strings.symbols(self.strings.asked)]

    with pytest.raises(RuntimeError, match="24 strings are right with 4 bits"):
        accuracy(Cheats(played.games, 1, played.strings), played.strings.seen)


def test_nothing_left_open_with_too_few_bits_is_a_fault():
    strings = concept_strings.load("concept-strings(3, 4)")
    values = strings.values(np.arange(64))
    found = scores.residual_entropy(values, values)
    assert found.value == 0
    check_bound(found, 6, strings)
    with pytest.raises(RuntimeError, match="which takes 6"):
        check_bound(found, 5, strings)


def test_random_codes_tell_strings_apart_where_there_are_enough_messages():
    assert len(np.unique(random_codes(64, 6, 0), axis=0)) == 64
    assert len(np.unique(random_codes(64, 5, 0), axis=0)) == 32
    assert len(np.unique(random_codes(1000, 24, 0), axis=0)) == 1000
    assert not np.array_equal(random_codes(64, 6, 0), random_codes(64, 6, 1))


def test_a_language_with_fewer_strings_than_cells_says_so_and_stands_beside_permuted_concepts(tmp_path):
    axes = {"dataset": ["concept-strings(3, 3)"], "bits": [4, 9], "control": ["random-code"], "seed": [0]}
    rows = Grid("codes", "random-code", axes, share=["dataset", "bits"]).run(tmp_path)
    rows = rows[rows["metric"].eq(RESIDUAL)].set_index("setting")
    assert rows.loc["bits=4", "note"] == "" and rows.loc["bits=9", "note"].startswith("27 strings, a block of ")
    assert all(0 < json.loads(info)["permuted"] <= 1 for info in rows["info"])


def test_random_codes_of_a_small_language_score_low(tmp_path):
    axes = {"dataset": ["concept-strings(3, 4)"], "bits": [5, 6], "control": ["random-code"], "seed": [0, 1]}
    rows = Grid("codes", "random-code", axes, share=["dataset", "bits"]).run(tmp_path)
    best = rows[rows["metric"].eq("residual_entropy")].groupby("setting", observed=True)["value"].mean()
    assert best["bits=6"] == pytest.approx(2 / 3) and best["bits=5"] > 2 / 3
    by_information = rows[rows["metric"].eq("residual_entropy_mi") & rows["setting"].eq("bits=6")]["value"]
    assert by_information.mean() == pytest.approx(0.88, abs=0.08)


def test_a_kl_that_collapses_is_said_in_every_row(tmp_path):
    game = GAME.replace("kl=0.02", "kl=20")
    rows = grid(game, seeds=(0,)).run(tmp_path)
    assert rows["note"].astype(str).str.contains("the messages collapsed").all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bits": (0,)}, "bits=0 of a message: it is a whole number"),
        ({"language": "concept-strings(1, 4)"}, "too small to hold a pair"),
        ({"game": "bit-game(width=3)"}, "unknown argument"),
    ],
)
def test_what_cannot_be_is_refused_before_work(change, said):
    with pytest.raises(ProbekitError, match=said):
        grid(**change).cells()
