"""Adversaries of a tagger: which sentences a discriminator is taught by, and when its steps are taken."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import load_corpus
from probekit.errors import ProbekitError
from probekit.learners.input_source import Source
from probekit.learners.tagger_data import Sentences
from probekit.learners.word_models import given
from probekit.streams import generator

if TYPE_CHECKING:
    pass

UNBALANCED = 3.0  # times as many sentences of one value as of another: said


def attributes_of(chosen: Mapping[str, Any]) -> list[str]:
    """Attributes that are told by discriminators, as options name them."""
    asked = chosen["adversary"]
    return [] if not asked else [asked] if isinstance(asked, str) else list(asked)


def check_adversary(chosen: Mapping[str, Any]) -> None:
    """Raise ProbekitError for an adversary without a map, and for sentences that no discriminator is taught by."""
    attributes = attributes_of(chosen)
    if attributes and not chosen["mapped"]:
        raise ProbekitError("an adversary moves the map F(x) = tanh(W x); give mapped=true beside it")
    if chosen["against"] and not attributes:
        raise ProbekitError(
            "against= names sentences for a discriminator; give adversary=language or another attribute"
        )


class Adversary:
    """Sentences of some corpus by the value of an attribute; every batch has as many of each value.

    Raises ProbekitError for an attribute that is missing or has one value, and for test sentences.
    """

    def __init__(self, corpus: Corpus, name: str, sources: Sequence[Source]) -> None:
        if name not in corpus.sentences:
            raise ProbekitError(f"{corpus!r} has no attribute '{name}' of sentences, which an adversary is to tell")
        if (corpus.sentences["split"].astype(str) == "test").any():
            raise ProbekitError(
                f"{corpus!r} has test sentences, which no discriminator may see; give others: against=CORPUS"
            )
        told = corpus.sentences[name].astype(str).to_numpy()
        self.values = sorted(set(told))
        if len(self.values) < 2 or "" in self.values:
            raise ProbekitError(
                f"'{name}' is {' or '.join(map(repr, self.values))} in the sentences of {corpus!r}; an adversary tells "
                "two values or more, none of them empty"
            )
        self.rows = [np.flatnonzero(told == value) for value in self.values]
        sizes = [len(one) for one in self.rows]
        if max(sizes) > UNBALANCED * min(sizes):
            listed = ", ".join(f"{value} {n}" for value, n in zip(self.values, sizes, strict=True))
            warnings.warn(
                f"sentences by {name} are unbalanced ({listed}): each batch has as many of each", stacklevel=3
            )
        self.corpus, self.name, self.sources = corpus, name, sources
        self.mean_length = float(corpus.lengths.mean())
        for source in sources:
            source.prepare(corpus)

    def batch(self, budget: int, seed: int, epoch: int, number: int) -> tuple[Any, ...]:
        """Inputs, mask and values of a balanced batch of about `budget` positions."""
        import torch

        from probekit.models.tagger import Attribute

        each = min(max(1, int(budget / self.mean_length / len(self.values))), *(len(own) for own in self.rows))
        rng = generator(seed, "draw", "adversary", self.name, epoch, number)
        rows = np.concatenate([rng.choice(own, each, replace=False) for own in self.rows])
        value = torch.from_numpy(np.repeat(np.arange(len(self.values)), each))
        return (*given(self.sources, self.corpus, rows), Attribute(self.name, value))


def adversaries_of(chosen: Mapping[str, Any], training: Corpus, sources: Sequence[Source]) -> list[Adversary]:
    """The adversaries that options ask for, on a corpus of their own or the sentences of training."""
    names = attributes_of(chosen)
    if not names:
        return []
    corpus = load_corpus(chosen["against"]) if chosen["against"] else training
    return [Adversary(corpus, name, sources) for name in names]


class Opposed:
    """Sentences of training with a step of each adversary after every few batches, as the training loop takes them."""

    def __init__(self, data: Sentences, adversaries: Sequence[Adversary], every: int) -> None:
        self.data, self.adversaries, self.every = data, adversaries, every

    def buckets(self, budget: int, seed: int = 0) -> _Rounds:
        return _Rounds(self, budget, seed)

    def batch(self, rows: Any) -> tuple[Any, ...]:
        """That of the sentences, or of an adversary."""
        return rows() if callable(rows) else self.data.batch(rows)

    def mean_loss(self, model: Any, budget: int) -> float:
        return self.data.mean_loss(model, budget)


class _Rounds:
    """Batches of an epoch: rows of sentences, and functions that make those of adversaries."""

    def __init__(self, opposed: Opposed, budget: int, seed: int) -> None:
        self.opposed, self.budget, self.seed = opposed, budget, seed
        self.own = opposed.data.buckets(budget, seed)

    def epoch(self, number: int) -> list[Any]:
        found: list[Any] = []
        for at, rows in enumerate(self.own.epoch(number), start=1):
            found.append(rows)
            if at % self.opposed.every == 0:
                found += [self._step(one, number, at) for one in self.opposed.adversaries]
        return found

    def _step(self, adversary: Adversary, epoch: int, at: int) -> Callable[[], tuple[Any, ...]]:
        return lambda: adversary.batch(self.budget, self.seed, epoch, at)
