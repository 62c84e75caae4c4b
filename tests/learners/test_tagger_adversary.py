"""Adversaries of a tagger: the sign of the reversal, both sides by themselves, data, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.errors import ProbekitError
from probekit.learners.tagger import SavedTagger
from probekit.learners.tagger_adversary import Adversary, Opposed
from probekit.learners.tagger_data import Labels, Sentences
from probekit.learners.tagger_inputs import make
from probekit.models.tagger import Discriminator

BOTH = 'gazetteers(n=60)|joined(["gazetteers(n=60, domain=target)"])'
OPTIONS = 'inputs=["random:minilm"], layer=0, hidden=4, layers=1, epochs=2, rate=0.02, budget=200'


def spec(more: str = "", corpus: str = BOTH) -> str:
    quoted = corpus.replace("\\", "\\\\").replace('"', '\\"')
    return f'tagger:"{quoted}"({OPTIONS}{more})'


def test_the_discriminator_learns_to_tell_and_the_map_to_hide() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(400, 6)
    value = (vectors[:, 0] > 0).long()
    mapping, told = torch.nn.Linear(6, 6, bias=False), Discriminator(6, 2, weight=1.0)

    def loss() -> torch.Tensor:
        return functional.cross_entropy(told(torch.tanh(mapping(vectors))), value)

    for module, falls in ((told, True), (mapping, False)):
        before = loss()
        grads = torch.autograd.grad(before, list(module.parameters()))
        with torch.no_grad():
            for weight, grad in zip(module.parameters(), grads, strict=True):
                weight -= 0.05 * grad
        assert (float(loss()) < float(before)) == falls


def test_the_weight_is_that_of_the_reversed_gradient() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(5, 3, requires_grad=True)
    told = Discriminator(3, 2, weight=1.0)
    found = {}
    for weight in (1.0, 0.25, 0.0):
        told.weight = weight
        found[weight] = torch.autograd.grad(told(vectors).square().sum(), vectors)[0]
    plain = torch.autograd.grad(told.last(torch.relu(told.first(vectors))).square().sum(), vectors)[0]
    torch.testing.assert_close(found[1.0], -plain)
    torch.testing.assert_close(found[0.25], -0.25 * plain)
    assert not found[0.0].any()


def test_steps_are_taken_after_every_few_batches_on_balanced_sentences() -> None:
    corpus = load_corpus(BOTH)
    train = corpus.select(np.flatnonzero((corpus.sentences["split"] == "train").to_numpy()))
    sources = [make("random:minilm", 0, False)]
    data = Sentences(train, np.arange(40), sources, Labels(["O"]), "word/bio:entity")
    opposed = Opposed(data, [Adversary(train, "origin", sources)], every=3)
    rounds = opposed.buckets(60).epoch(0)
    steps = [callable(one) for one in rounds]
    assert sum(steps) == (len(steps) - sum(steps)) // 3 > 0 and steps[3]
    _, mask, told = opposed.batch(rounds[3])
    assert told.name == "origin" and torch.bincount(told.value).unique().numel() == 1 and len(mask) == len(told.value)
    again = opposed.buckets(60).epoch(0)
    assert torch.equal(opposed.batch(again[3])[1], mask)


def test_a_weight_of_nothing_trains_as_without_an_adversary() -> None:
    folders = [
        recipes.folder(
            spec(f", mapped=true{more}", 'gazetteers(n=60)|joined(["gazetteers(n=60, domain=target)"])|split(train)')
        )
        for more in ("", ", adversary=origin, every=2, weight=0", ", adversary=origin, every=2, weight=5")
    ]
    taggers = [SavedTagger(folder) for folder in folders]
    maps = [one.model.map.weight for one in taggers]
    assert taggers[1].config["adversaries"]["origin"] and not torch.equal(maps[0], maps[2])
    corpus = load_corpus("gazetteers(n=20, seed=3)")
    assert len(taggers[1].answers(corpus)) == corpus.n_words


def test_test_sentences_and_what_has_no_values_are_refused() -> None:
    corpus = load_corpus(BOTH)
    train = corpus.select(np.flatnonzero((corpus.sentences["split"] == "train").to_numpy()))
    for made, name, said in (
        (train, "author", "no attribute 'author'"),
        (train, "language", "two values or more"),
        (corpus, "origin", "test sentences"),
    ):
        with pytest.raises(ProbekitError, match=said):
            Adversary(made, name, [])
    some = Corpus.from_words([["a"]] * 9, language=["x"] * 8 + ["y"])
    with pytest.warns(UserWarning, match=r"unbalanced \(x 8, y 1\)"):
        Adversary(replace(some), "language", [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", adversary=origin", "mapped=true"),
        (", mapped=true, against=cues", "names sentences for a discriminator"),
        (", mapped=true, adversary=origin, weight=-1", "weight"),
        (", mapped=true, adversary=origin, every=0", "every"),
    ],
)
def test_what_does_not_belong_together_is_refused(more: str, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        recipes.of(spec(more))


def test_options_of_an_adversary_are_in_the_key_of_mapped_taggers_alone() -> None:
    plain = recipes.of(spec())
    assert not {"mapped", "weight"} & {*plain.content, *plain.content["options"]}
    keys = {
        recipes.of(spec(f", mapped=true{more}")).key
        for more in ("", ", adversary=origin", ", adversary=origin, weight=2")
    }
    assert len(keys | {plain.key}) == 4
