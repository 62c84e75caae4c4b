"""Sentence encoders trained on paraphrases: models against plain twins and oracles, negatives, training, bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributions

from probekit import encoders, recipes
from probekit.corpora import Corpus, load_corpus
from probekit.embeddings.tables import load_table
from probekit.encoders.activations import encode
from probekit.encoders.paraphrases import GAUSSIANS, MODELS, Vocabulary
from probekit.errors import ProbekitError
from probekit.learners.negatives import hardest
from probekit.learners.paraphrase_pairs import split_meanings
from probekit.learners.paraphrases import Objective, train_paraphrases
from probekit.models.paraphrases import (
    Sentence,
    WordOperators,
    divergence,
    entropy,
    initialise,
    log_expected_inner_product,
    make,
    similarity,
)

CORPUS = "retold(n=60)"
SMALL = {"width": 6, "hidden": 5, "batch": 8, "mega": 2, "rare": 1, "rate": 0.05, "epochs": 2}


def operators(words: int = 9, width: int = 3, order: str = "forward", seed: int = 0) -> WordOperators:
    """Operators far from 1, in double precision."""
    made = WordOperators(words, width, order).double()
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        made.log_scale.weight[1:] = 0.4 * torch.randn(words - 1, width, generator=random, dtype=torch.double)
        made.shift.weight[1:] = torch.randn(words - 1, width, generator=random, dtype=torch.double)
    return made


def by_recursion(model: WordOperators, ids: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Mean and variance after every word, straight from z <- A (z + B)."""
    width = model.shift.weight.shape[1]
    mean, variance, found = torch.zeros(width).double(), torch.ones(width).double(), []
    for word in ids if model.order == "forward" else ids[::-1]:
        scale = model.log_scale.weight[word].exp()
        mean, variance = scale * (mean + model.shift.weight[word]), scale**2 * variance
        found.append((mean, variance))
    return found


# --- word operators


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=12), min_size=1, max_size=4),
    st.sampled_from(["forward", "backward"]),
)
def test_the_closed_form_is_the_recursion_in_both_orders_and_padding_does_nothing(texts, order):
    model = operators(order=order)
    longest = max(map(len, texts))
    found = model(torch.tensor([ids + [0] * (longest - len(ids)) for ids in texts]))
    for row, ids in enumerate(texts):
        mean, variance = by_recursion(model, ids)[-1]
        assert torch.allclose(found.mean[row], mean, atol=1e-9)
        assert torch.allclose(found.log_variance[row], variance.log(), atol=1e-9)


def test_the_closed_form_is_what_a_million_draws_give():
    model, ids = operators(), [3, 5, 2, 7]
    z = torch.randn(1_000_000, 3, generator=torch.Generator().manual_seed(1)).double()
    for word in ids:
        z = model.log_scale.weight[word].exp() * (z + model.shift.weight[word])
    found = model(torch.tensor([ids]))
    deviation = (0.5 * found.log_variance[0]).exp()
    assert torch.all((z.mean(0) - found.mean[0]).abs() < 5e-3 * deviation)
    assert torch.allclose(z.var(0), deviation**2, rtol=0.01)


def test_the_variance_is_blind_to_order_and_the_mean_is_not():
    model = operators()
    one, other = (
        model(torch.tensor([[1, 2, 3, 4], [4, 2, 1, 3]])).rows(slice(0, 1)),
        model(torch.tensor([[4, 2, 1, 3]])),
    )
    assert torch.allclose(one.log_variance, other.log_variance) and not torch.allclose(one.mean, other.mean)
    back = operators(order="backward")
    assert torch.allclose(back(torch.tensor([[4, 3, 2, 1]])).mean, one.mean)


def test_every_word_adds_its_own_constant_to_the_entropy():
    model, ids = operators(), [3, 3, 8, 1]
    of_words = model.log_scale.weight[ids].sum()
    found = model(torch.tensor([ids]))
    value = entropy(found.log_variance)
    assert value.item() == pytest.approx(1.5 * (1 + math.log(2 * math.pi)) + of_words.item())
    normal = distributions.Normal(found.mean, (0.5 * found.log_variance).exp())
    assert value.item() == pytest.approx(normal.entropy().sum().item())


def test_the_divergence_is_torchs_and_its_two_readings_are_what_they_say():
    model, ids = operators(), [[3, 5, 2, 7], [6, 1, 0, 0]]
    standard = distributions.Normal(torch.zeros(3).double(), torch.ones(3).double())

    def kl(mean, variance):
        return distributions.kl_divergence(distributions.Normal(mean, variance.sqrt()), standard).sum()

    for reading in ("word", "prefix"):
        found = model.divergence(torch.tensor(ids), reading)
        for row, own in enumerate(ids):
            own = [word for word in own if word]
            parts = by_recursion(model, own) if reading == "prefix" else [by_recursion(model, [w])[0] for w in own]
            assert found[row].item() == pytest.approx(sum(kl(*part).item() for part in parts))
    with torch.no_grad():
        sentence = make("lstm-gaussian", 9, 4, 5)(torch.tensor(ids))
        assert torch.allclose(
            divergence(sentence),
            torch.stack([
                distributions.kl_divergence(
                    distributions.Normal(m, (0.5 * v).exp()), distributions.Normal(torch.zeros(5), torch.ones(5))
                ).sum()
                for m, v in zip(*sentence, strict=True)
            ]),
            atol=1e-5,
        )  # fmt: skip


def test_scales_begin_near_one_and_long_texts_neither_vanish_nor_explode():
    model = make("wlo", 500, 50, 1)
    initialise(model, 0)
    scales = model.log_scale.weight[1:].exp()
    assert scales.min() > 0.9 and scales.max() < 1.1
    found = model(torch.randint(1, 500, (2, 400), generator=torch.Generator().manual_seed(0)))
    assert torch.isfinite(found.mean).all() and found.log_variance.abs().max() < 2


# --- similarity and loss


def test_the_expected_inner_product_is_the_integral_in_three_dimensions():
    random = np.random.default_rng(0)
    (m1, m2), (v1, v2) = random.normal(size=(2, 3)), random.uniform(0.3, 2, size=(2, 3))
    axis = np.linspace(-9, 9, 241)

    def density(m, v):
        return [np.exp(-((axis - m[d]) ** 2) / (2 * v[d])) / np.sqrt(2 * np.pi * v[d]) for d in range(3)]

    one, other = density(m1, v1), density(m2, v2)
    cube = np.einsum("i,j,k->ijk", *one) * np.einsum("i,j,k->ijk", *other)
    integral = cube.sum() * (axis[1] - axis[0]) ** 3
    left, right = (Sentence(torch.tensor(m), torch.tensor(v).log()) for m, v in ((m1, v1), (m2, v2)))
    found = log_expected_inner_product(left, right).item()
    assert found == pytest.approx(math.log(integral), abs=1e-9)
    oracle = distributions.MultivariateNormal(torch.tensor(m2), torch.diag(torch.tensor(v1 + v2)))
    assert found == pytest.approx(oracle.log_prob(torch.tensor(m1)).item())


def test_the_loss_is_two_hinges_and_what_is_added_is_added():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2], [0.9, 0.5], [0.4, 1.0], [-1.0, 0.3]]), dim=1)
    parts = [Sentence(row[None]) for row in vectors]
    a, b, n, m = vectors
    wanted = max(0, 0.4 - a @ b + a @ n) + max(0, 0.4 - a @ b + b @ m)
    assert Objective(0.4).hinges(*parts).item() == pytest.approx(float(wanted))
    model, ids = operators(), torch.tensor([[1, 2], [3, 0], [4, 5], [6, 7]])
    plain = Objective(1.0)(model, ids)
    kl = model.divergence(ids, "prefix").sum()
    assert torch.allclose(Objective(1.0, 0.1, "prefix")(model, ids), plain + 0.1 * kl)
    squares = sum(weight.square().sum() for weight in model.parameters())
    assert torch.allclose(Objective(1.0, l2=0.1)(model, ids), plain + 0.1 * squares)


def plain_hardest(found: Sentence, same, text, partner) -> list[int]:
    """All pairs, one by one."""
    out = []
    for i in range(len(same)):
        best, score = -1, -math.inf
        for j in range(len(same)):
            barred = same[i] == same[j] or text[j] in (text[i], text[partner[i]])
            value = similarity(found.rows(slice(i, i + 1)), found.rows(slice(j, j + 1))).item()
            if not barred and value > score:
                best, score = j, value
        out.append(best)
    return out


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**31), st.booleans(), st.sampled_from([0.1, 1.0, 4.0]))
def test_negatives_are_the_most_similar_that_are_neither_partner_nor_copy(seed, gaussian, spread):
    random = torch.Generator().manual_seed(seed)
    n = 24
    mean = torch.randn(n, 3, generator=random)
    variance = spread * torch.randn(n, 3, generator=random) if gaussian else None
    text = torch.randint(0, 18, (n,), generator=random)
    mean = mean[text]  # copies have one vector
    variance = variance[text] if gaussian else None
    same, partner = torch.arange(n) // 2 % 10, torch.arange(n) ^ 1
    found = hardest(Sentence(mean, variance), same, text, partner)
    wanted = plain_hardest(Sentence(mean, variance), same, text, partner)
    for i, (j, k) in enumerate(zip(found.tolist(), wanted, strict=True)):
        assert same[i] != same[j] and text[j] != text[i] and text[j] != text[partner[i]]
        assert text[j] == text[k]


def test_one_that_has_no_negative_is_said():
    found = Sentence(torch.eye(2))
    same = torch.zeros(2, dtype=torch.int64)
    assert hardest(found, same, torch.arange(2), torch.tensor([1, 0])).tolist() == [-1, -1]


# --- data


def test_meanings_give_a_pair_each_in_every_pass_and_copies_alone_are_none():
    rows = [["a", "b"], ["c"], ["d"], ["E"], ["e"], ["f"], ["g"], ["h"], ["i"], ["j"]]
    meaning = ["x", "x", "x", "y", "y", "z", "z", "w", "w", ""]
    corpus = Corpus.from_words(rows, meaning=meaning, split=["train"] * 5 + ["dev"] * 2 + ["train"] * 3)
    train, dev = split_meanings(corpus, 0, 10)
    assert [group.tolist() for group in train.groups] == [[0, 1, 2], [7, 8]] and train.dropped == 1
    assert [group.tolist() for group in dev.groups] == [[5, 6]]
    drawn = [train.pairs(0, epoch) for epoch in range(20)]
    assert all(len(set(pair)) == 2 for pairs in drawn for pair in pairs.tolist())
    assert len({tuple(sorted(pair)) for pairs in drawn for pair in pairs.tolist()}) == 4
    assert np.array_equal(drawn[3], train.pairs(0, 3))


def test_pairs_of_a_table_are_meanings(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text("A man sleeps.\tA guy is asleep.\nA dog runs.\tA quick dog runs.\n")
    train, _ = split_meanings(load_corpus(f"parallel:{file}"), 0, 10)
    assert [group.tolist() for group in train.groups] == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("corpus", "says"),
    [
        (Corpus.from_words([["a"], ["b"]]), "does not say which sentences mean the same"),
        (Corpus.from_words([["a"], ["b"], ["c"], ["c"]], meaning=["x", "x", "y", "y"]), "one and the same sentence"),
        (Corpus.from_words([["a"], ["A"]] * 3, meaning=["x", "x", "y", "y", "z", "z"]), "of 3 both sides"),
    ],
)
def test_corpora_that_nothing_can_be_learned_from_are_refused(corpus, says):
    with pytest.raises(ProbekitError, match=says):
        split_meanings(corpus, 0, 10)


# --- training


@pytest.mark.parametrize("model", MODELS)
def test_training_brings_paraphrases_together_and_the_folder_is_an_encoder(model, tmp_path):
    corpus = load_corpus(CORPUS)
    found = train_paraphrases(corpus, tmp_path / "model", model=model, **{**SMALL, "epochs": 8})
    assert found["train_losses"][-1] < found["train_losses"][0] and found["meanings"] == 48
    spec = f"saved:{tmp_path / 'model'}"
    source = encoders.describe(spec)
    assert source.poolings == (("sentence", "gaussian") if model in GAUSSIANS else ("sentence",))
    reps = encode(corpus, spec, poolings=source.poolings)
    vectors = reps[None, "sentence"]
    assert vectors.shape == (120, source.width) and np.isfinite(vectors).all()
    alone = encode(corpus.select([7]), spec, poolings=["sentence"])[None, "sentence"]
    assert np.allclose(alone[0], vectors[7], atol=1e-5)
    if model in GAUSSIANS:
        both = reps[None, "gaussian"]
        assert both.shape == (120, 2 * source.width) and (both[:, source.width :] > 0).all()
        assert np.allclose(both[:, : source.width], vectors)
    part = "shift" if model == "wlo" else "vectors"
    table = load_table(f"paraphrase-words:{spec}(part={part})")
    assert table.width == 6 and len(table) == found["words"]
    with pytest.raises(ProbekitError, match=f"ask part={'shift or log-scale' if model == 'wlo' else 'vectors'}"):
        load_table(f"paraphrase-words:{spec}(part={'vectors' if model == 'wlo' else 'shift'})")


def test_a_recipe_is_an_encoder_and_an_interrupted_training_goes_on_with_the_same_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    corpus = load_corpus(CORPUS)
    options = {**SMALL, "model": "wlo", "prior": 0.01}
    whole = train_paraphrases(corpus, tmp_path / "whole", **{**options, "epochs": 3})
    train_paraphrases(corpus, tmp_path / "part", **{**options, "epochs": 1}, keep=tmp_path / "state")
    rest = train_paraphrases(corpus, tmp_path / "part", **{**options, "epochs": 3}, keep=tmp_path / "state")
    assert rest["train_losses"] == whole["train_losses"] and rest["dev_losses"] == whole["dev_losses"]
    spec = f'paraphrases:"{CORPUS}"(batch=8, epochs=3, hidden=5, mega=2, prior=0.01, rare=1, rate=0.05, width=6)'
    made = encode(corpus, spec, poolings=["sentence"])[None, "sentence"]
    saved = encode(corpus, f"saved:{tmp_path / 'whole'}", poolings=["sentence"])[None, "sentence"]
    assert np.allclose(made, saved, atol=1e-6) and encoders.describe(spec).generated
    assert recipes.found(spec)["mega"] == 2


def test_patience_schedule_and_threads_are_those_of_the_one_loop(tmp_path):
    corpus = load_corpus(CORPUS)
    options = {**SMALL, "model": "wordavg", "rate": 90.0, "epochs": 12}
    found = train_paraphrases(corpus, tmp_path / "a", **options, patience=1, threads=2)
    assert found["epochs"] < 12
    halved = train_paraphrases(corpus, tmp_path / "b", **options, schedule="halved(after=1)")
    assert halved["train_losses"] != train_paraphrases(corpus, tmp_path / "c", **options)["train_losses"]


def test_words_are_read_in_lower_case_where_asked():
    corpus = Corpus.from_words([["The", "the", "-LRB-"]])
    known = {lower: Vocabulary.of(corpus, np.array([0]), 1, lower, "own").words for lower in (True, False)}
    assert known == {True: ["the", "("], False: ["(", "The", "the"]}


def test_unknown_words_are_neutral_or_one_word(tmp_path):
    corpus = Corpus.from_words([["a", "b"], ["b", "q"], ["q", "r"]])
    vocabulary = Vocabulary(["a", "b"], True, "neutral")
    assert [own.tolist() for own in vocabulary.texts(corpus)] == [[2, 3], [3], []]
    vocabulary.unknown = "own"
    assert [own.tolist() for own in vocabulary.texts(corpus)] == [[2, 3], [3, 1], [1, 1]]
    for unknown, model in (("neutral", "wlo"), ("neutral", "lstmavg"), ("own", "wordavg")):
        folder = tmp_path / f"{unknown}-{model}"
        train_paraphrases(load_corpus(CORPUS), folder, **{**SMALL, "model": model}, unknown=unknown)
        vectors = encode(corpus, f"saved:{folder}", poolings=["sentence"])[None, "sentence"]
        assert np.isfinite(vectors).all() and (np.allclose(vectors[2], 0) == (unknown == "neutral"))


def test_folders_that_are_no_model_are_refused(tmp_path):
    folder = tmp_path / "model"
    train_paraphrases(load_corpus(CORPUS), folder, **SMALL)
    corpus, spec = load_corpus(CORPUS), f"saved:{folder}"
    with pytest.raises(ProbekitError, match="takes no arguments"):
        encoders.describe(f"{spec}(piece=first)")
    with pytest.raises(ProbekitError, match="has no pooling 'mean'"):
        encode(corpus, spec, poolings=["mean"])
    vocabulary = (folder / "vocabulary.json").read_text()
    (folder / "vocabulary.json").write_text("{}")
    with pytest.raises(ProbekitError, match=r"cannot read vocabulary\.json"):
        encode(corpus, spec, poolings=["sentence"])
    (folder / "vocabulary.json").write_text(vocabulary)
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "shift.weight": weights["shift.weight"] * math.nan}, folder / "model.safetensors")
    with pytest.raises(ProbekitError, match="not finite"):
        encode(corpus, spec, poolings=["sentence"])
    save_file(weights, Path(folder) / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model": "wlow"}))
    with pytest.raises(ProbekitError, match="does not say its model"):
        encoders.describe(spec)


def test_the_gradient_of_word_operators_is_that_of_differences():
    model, ids = operators(), torch.tensor([[2, 3, 4, 2], [5, 3, 6, 7]])

    def moved(scale: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = torch.func.functional_call(model, {"log_scale.weight": scale, "shift.weight": shift}, (ids,))
        return found.mean, found.log_variance

    weights = tuple(part.weight.detach().requires_grad_() for part in (model.log_scale, model.shift))
    assert torch.autograd.gradcheck(moved, weights) is True
