"""Bit games: languages and what they hold out, stacked games against games alone, training that stops and resumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from probekit import recipes
from probekit.errors import ProbekitError, UnknownName
from probekit.learners import bit_game, concept_strings
from probekit.models.bits import BitGames, Shape, one_hot, sizes, with_parameters
from probekit.models.stacked_lstm import stacked_lstm

RELEASED = Shape(6, 10, 24)
TINY = Shape(3, 4, 5, embedding=3, speaker=5, hidden=4, message=6, listener=7, gate=True)
OPTIONS = (
    "bits=5, embedding=4, speaker=6, hidden=5, message=6, listener=6, gate=true, kl=0.02, rate=0.01, batch=20, "
    "look=5, temperature=1"
)


def strings_of(shape, games, n, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(shape.values, size=(games, n, shape.concepts))
    return torch.from_numpy(values + shape.values * np.arange(shape.concepts))


# --- languages


def test_planning_a_game_builds_no_language(monkeypatch):
    def built(*arguments):
        raise AssertionError("a language was built")

    monkeypatch.setattr(concept_strings.ConceptStrings, "__init__", built)
    planned = recipes.of('bit-game:"concept-strings(6, 10)"(bits=20)')
    assert planned.cost()[0] > 0 and concept_strings.sizes("concept-strings(6, 10)") == (6, 10)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n_concepts", "n_values"), [(3, 4), (2, 5), (4, 3), (6, 10)])
def test_a_held_out_pair_of_values_is_never_in_training(n_concepts, n_values, seed):
    strings = concept_strings.concept_strings(n_concepts, n_values, seed=seed)
    test, train = strings.values(strings.test), strings.values(np.concatenate([strings.train, strings.seen]))
    fixed = [place for place in range(n_concepts) if len(set(test[:, place])) == 1]
    if n_concepts > 2:
        assert len(fixed) == 2
    held = test[0, fixed]
    assert not (train[:, fixed] == held).all(axis=1).any()
    assert len(test) == n_values ** (n_concepts - 2)
    for column in train.T:
        assert len(set(column)) == n_values  # each value by itself is seen
    parts = [strings.test, strings.dev, strings.train]
    assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))


def test_the_papers_language_has_its_sizes():
    strings = concept_strings.load("concept-strings(6, 10)")
    assert strings.size == 10**6 and len(strings.test) == 10_000 and len(strings.dev) == 9_900
    assert len(strings.seen) == 1000 and not np.isin(strings.seen, strings.train).any()
    assert len(concept_strings.load("concept-strings(3, 4)").train) == 60  # the 32 of 60 that 5 bits can number
    assert concept_strings.load("concept-strings(6, 10, holdout=random)").dev.size == 10_000


def test_symbols_are_numbered_by_concept():
    strings = concept_strings.load("concept-strings(3, 4)")
    assert strings.values(np.array([0, 27, 63])).tolist() == [[0, 0, 0], [1, 2, 3], [3, 3, 3]]
    assert strings.symbols(np.array([27])).tolist() == [[1, 6, 11]]


def test_only_the_papers_language_is_its_data():
    assert not concept_strings.describe("concept-strings(6, 10)").generated
    assert concept_strings.describe("concept-strings(3, 4)").generated
    assert concept_strings.describe("concept-strings(6, 10, holdout=random)").generated


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("concept-strings(1, 10)", "too small to hold a pair"),
        ("concept-strings(2, 2)", "too small to hold a pair"),
        ("concept-strings(9, 10)", "more than"),
        ("concept-strings(3, 4, holdout=none)", "holdout"),
        ("concept-strings(3, 4, holdout=odd)", "unknown holdout 'odd'"),
        ("concept-strings(3)", "needs the argument 'n_values'"),
        ("words(3, 4)", "unknown language"),
    ],
)
def test_languages_that_cannot_be_are_refused(spec, said):
    with pytest.raises(ProbekitError, match=said):
        concept_strings.load(spec)


# --- the module


@pytest.mark.parametrize("own", [1, 4])
def test_the_lstm_is_that_of_its_equations_with_their_gradients(own):
    torch.manual_seed(0)
    asked = {"dtype": torch.float64, "requires_grad": True}
    read, into = torch.randn(2, own, 3, 6, **asked), torch.randn(2, 6, 20, **asked)
    weight, bias = torch.randn(2, 5, 20, **asked), torch.randn(2, 20, **asked)
    state = cell = torch.zeros(2, 3, 5, dtype=torch.float64)
    states = []
    for t in range(4):
        gates = read[:, t if own > 1 else 0] @ into + state @ weight + bias[:, None]
        opened, kept, shown, new = gates.split(5, -1)
        cell = torch.sigmoid(kept) * cell + torch.sigmoid(opened) * torch.tanh(new)
        state = torch.sigmoid(shown) * torch.tanh(cell)
        states.append(state)
    plain, found = torch.stack(states, 1), stacked_lstm(read, into, weight, bias, 4)
    torch.testing.assert_close(found, plain)
    weigh = torch.randn_like(plain)
    grads = [torch.autograd.grad((side * weigh).sum(), (read, into, weight, bias)) for side in (found, plain)]
    torch.testing.assert_close(*grads)


def test_gradients_that_were_written_over_are_not_given_again():
    read, into, weight = torch.randn(1, 1, 2, 3), torch.randn(1, 3, 8, requires_grad=True), torch.randn(1, 2, 8)
    total = stacked_lstm(read, into, weight, torch.zeros(1, 8), 2).sum()
    total.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="asked for twice"):
        total.backward()


def test_parameters_are_those_of_the_module_and_of_the_released_sizes():
    assert RELEASED.parameters == 1_284_267
    counts = [replace(RELEASED, speaker=one, listener=two).parameters for one, two in ((33, 35), (150, 162))]
    assert counts == [71_827, 449_959]
    for shape in (TINY, replace(TINY, gate=False)):
        counted = [p.numel() for name, p in BitGames(shape, [0]).named_parameters() if name in sizes(shape)]
        assert sum(counted) - 2 * shape.bits == shape.parameters


@pytest.mark.parametrize("target", [72_400, 450_000, 971_400, 1_534_000])
def test_widths_are_found_for_a_number_of_parameters(target):
    assert with_parameters(RELEASED, target).parameters == pytest.approx(target, rel=0.02)


@pytest.mark.parametrize("target", [1, 5_000])
def test_a_size_that_no_width_meets_is_refused(target):
    with pytest.raises(ProbekitError, match=f"no width gives {target:,} parameters"):
        with_parameters(RELEASED, target)


def test_the_listener_reads_hard_bits_and_gradients_reach_the_speaker():
    games = BitGames(TINY, [0, 1], temperature=1)
    spoken = games.speak(strings_of(TINY, 2, 8))
    bits = games.relaxed(spoken, torch.randn_like(spoken))
    torch.testing.assert_close(bits, one_hot(bits))
    missed, kl = games.losses(strings_of(TINY, 2, 8), torch.randn(2, 8, 5, 2))
    (missed + kl).sum().backward()
    assert games.embedding.grad.abs().sum() > 0 and games.prior.grad.abs().sum() > 0
    assert games.log_temperature.grad is None
    assert BitGames(TINY, [0]).log_temperature.requires_grad


def test_the_kl_is_that_of_the_speaker_from_the_prior():
    games = BitGames(TINY, [3], temperature=1)
    strings = strings_of(TINY, 1, 6)
    speaker, prior = games.speak(strings).exp()[0], games.prior_bits().exp()[0]
    by_hand = sum(
        f * (f / p).log() for f, p in zip(speaker.reshape(-1), prior.repeat(6, 1, 1).reshape(-1), strict=True)
    )
    assert games.losses(strings, None)[1].item() == pytest.approx(by_hand.item() / 6, rel=1e-4)
    mean, summed = (games.losses(strings, None, flag)[0].item() for flag in (False, True))
    assert summed == pytest.approx(3 * mean, rel=1e-5)


def test_a_bit_does_not_depend_on_the_bits_before_it():
    """The speaker's probabilities are one function of the string: nothing that was sampled is fed back."""
    games = BitGames(TINY, [0], temperature=1)
    strings = strings_of(TINY, 1, 4)
    before = games.speak(strings)
    games.losses(strings, torch.randn(1, 4, 5, 2))
    assert torch.equal(before, games.speak(strings))


# --- training


def trained(tmp_path, extra, name, language="concept-strings(3, 4)"):
    out = tmp_path / name
    found = recipes.into(out, f'bit-game:"{language}"({OPTIONS}, {extra})')
    return found, bit_game.load(out)


@pytest.mark.parametrize("gate", ["true", "false"])
def test_stacked_games_have_the_numbers_of_games_alone(tmp_path, gate):
    extra = f"steps=20, norms=0.001, decay=0.001, gate={gate}"
    options = OPTIONS.replace("gate=true, ", "")
    spec = f'bit-game:"concept-strings(3, 4)"({options}, {extra}'
    found = recipes.into(tmp_path / "all", f"{spec}, stacked=3)")
    together = bit_game.load(tmp_path / "all")
    for seed in range(3):
        alone = recipes.into(tmp_path / str(seed), f"{spec}, first={seed})")
        assert alone["loss"][0] == pytest.approx(found["loss"][seed], abs=1e-5)
        for (name, one), (_, several) in zip(
            bit_game.load(tmp_path / str(seed)).named_parameters(), together.named_parameters(), strict=True
        ):
            torch.testing.assert_close(one[0], several[seed], atol=1e-5, rtol=1e-5, msg=name)


def test_each_game_stops_by_itself(tmp_path):
    """At a rate so high that the loss soon rises, games stop at other looks, as each would alone."""
    extra = "steps=60, patience=1, rate=0.1, look=2"
    options = OPTIONS.replace("rate=0.01, ", "").replace("look=5, ", "")
    spec = f'bit-game:"concept-strings(3, 4)"({options}, {extra}'
    found = recipes.into(tmp_path / "all", f"{spec}, stacked=3)")
    assert found["looks"] < 30 and len(set(found["best_look"])) > 1
    for seed in range(3):
        alone = recipes.into(tmp_path / str(seed), f"{spec}, first={seed})")
        assert alone["best_look"][0] == found["best_look"][seed]
        assert alone["loss"][0] == pytest.approx(found["loss"][seed], abs=1e-4)


def test_an_interrupted_training_goes_on_with_the_same_numbers(tmp_path, monkeypatch):
    whole, games = trained(tmp_path, "steps=40, stacked=2, patience=4", "whole")
    drawn = bit_game._drawn

    def stopped(*given):
        if given[-1] == 4:
            raise KeyboardInterrupt
        return drawn(*given)

    monkeypatch.setattr(bit_game, "_drawn", stopped)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, "steps=40, stacked=2, patience=4", "again")
    monkeypatch.setattr(bit_game, "_drawn", drawn)
    again, resumed = trained(tmp_path, "steps=40, stacked=2, patience=4", "again")
    assert again == whole
    for one, two in zip(games.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)


def test_training_learns_a_little_language(tmp_path):
    options = "bits=4, embedding=8, speaker=16, hidden=16, message=16, listener=16, gate=true, kl=0.01, temperature=1"
    found = recipes.into(tmp_path, f'bit-game:"concept-strings(2, 3)"({options}, rate=0.01, look=50, steps=300)')
    assert found["loss"][0] < 0.3 < np.log(6)


@pytest.mark.parametrize(
    "change",
    [
        {"kl": 0.5},
        {"norms": 0.1},
        {"decay": 0.1},
        {"summed": True},
        {"temperature": 2.0},
        {"temperature": None},
        {"gate": False},
        {"batch": 10},
        {"rate": 0.02},
        {"first": 1},
        {"look": 3},
        {"steps": 7},
    ],
    ids=str,
)
def test_every_option_of_a_training_moves_its_numbers(tmp_path, change):
    strings = concept_strings.load("concept-strings(3, 4)")
    small = {"embedding": 4, "speaker": 6, "hidden": 5, "message": 6, "listener": 6, "batch": 20, "rate": 0.01}
    usual = {**small, "bits": 5, "gate": True, "kl": 0.02, "temperature": 1.0, "steps": 6, "look": 6}
    for name, options in {"usual": usual, "changed": {**usual, **change}}.items():
        bit_game.train_bit_games(strings, tmp_path / name, **options)
    one, two = (bit_game.load(tmp_path / name).hidden_weight for name in ("usual", "changed"))
    assert not torch.allclose(one, two, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("bit-game(bits=6)", "names no language"),
        ('bit-game:"concept-strings(3, 4)"', "needs the argument 'bits'"),
        ('bit-game:"concept-strings(3, 4)"(bits=0)', "bits of this bit-game"),
        ('bit-game:"concept-strings(3, 4)"(bits=6, parameters=10)', "no width gives 10 parameters"),
        ('bit-game:"concept-strings(3, 4)"(bits=6, temperature=0)', "temperature"),
        ('bit-game:"concept-strings(3, 4)"(bits=6, width=3)', "unknown argument"),
        ('bit-game:"concept-strings(1, 4)"(bits=6)', "too small"),
    ],
)
def test_games_that_cannot_be_are_refused_before_work(spec, said):
    with pytest.raises(ProbekitError, match=said):
        recipes.of(spec)


def test_an_axis_of_games_leaves_bits_sizes_and_seeds_to_other_axes():
    assert bit_game.stacked("bit-game(stacked=3)") == 3
    spec = bit_game.trained("bit-game(stacked=3, steps=9)", "concept-strings(3, 4)", 6, 0, 4)
    assert "first=3" in spec and "stacked=3" in spec
    with pytest.raises(UnknownName):
        bit_game.describe("bit-game(bits=6)")
    with pytest.raises(ProbekitError, match="is no game"):
        bit_game.describe("game(steps=3)")
