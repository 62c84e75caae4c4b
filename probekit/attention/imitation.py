"""Adversaries: classifiers trained to answer like another with attention unlike its own (Wiegreffe and Pinter 2019).

Loss: TVD(answers) - lambda JSD(attention), both means over texts. An adversary has the architecture of its target and a
fresh start; it is trained without the target's additional loss (the paper does not say whether it has it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from probekit import streams
from probekit.attention import weights as put
from probekit.attention.views import LearnedQueryView
from probekit.errors import ProbekitError
from probekit.learners.classifier import OwnClassifier, TextBatch, own_module, pad
from probekit.learners.classifier_training import by_length, text_batches
from probekit.training.loop import Settings, train

USUAL = Settings(epochs=10, patience=3, clip=5.0, decay=1e-5)


@dataclass(frozen=True)
class Imitation:
    """On test texts: mean distance of answers `tvd` and of attention `jsd` between adversary and target."""

    weight: float
    tvd: float
    jsd: float
    epochs: int


@dataclass(frozen=True)
class _Batch:
    text: TextBatch
    weights: torch.Tensor
    chances: torch.Tensor


def imitate(
    target: OwnClassifier,
    train_texts: Sequence[Sequence[str]],
    dev_texts: Sequence[Sequence[str]],
    test_texts: Sequence[Sequence[str]],
    weight: float,
    seed: int = 0,
    settings: Settings = USUAL,
    batch: int = 32,
) -> Imitation:
    """Train an adversary of a bilstm with lambda = weight, and say how far it came on test texts.

    The seed is of the adversary's start and order. Raises ProbekitError for another kind of classifier and for a
    weight below 0.
    """
    if target.kind != "bilstm":
        raise ProbekitError(f"adversaries imitate attention classifiers (bilstm), not '{target.name}'")
    if not weight >= 0:
        raise ProbekitError(f"lambda must be 0 or more, got {weight!r}")
    ids = [target.ids(words) for words in train_texts]
    chances, looked = _answers(target, train_texts)
    lengths = np.array(list(map(len, ids)))
    embedding = target.module.embedding.weight  # type: ignore[union-attr]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(seed, "init", "adversary"))
        module = own_module(target.kind, target.options, len(target.labels), embedding.detach().clone())  # type: ignore[operator]
    module.embedding.weight.requires_grad_(False)  # type: ignore[union-attr]
    rival = OwnClassifier(module, target.kind, target.options, target.labels, target.words, target.lower)

    def batches(epoch: int) -> Iterator[_Batch]:
        for rows in by_length(lengths, batch, epoch, seed):
            text = pad([ids[i] for i in rows])
            weights = torch.zeros(text.mask.shape)
            for place, row in enumerate(rows):
                weights[place, : lengths[row]] = torch.from_numpy(looked[row])
            yield _Batch(text, weights, torch.from_numpy(chances[rows]))

    def loss(now: Any, one: _Batch) -> torch.Tensor:
        states = now.body.states(now.embedding(one.text.ids), one.text.mask)
        weights = now.body.attention(states, one.text.mask)
        own = torch.softmax(now.body.decode(states, weights), dim=1)
        apart = put.jensen_shannon(weights, one.weights)
        return (put.total_variation(own, one.chances) - weight * apart).mean()

    def distances(texts: Sequence[Sequence[str]], known: tuple[np.ndarray, list[np.ndarray]]) -> tuple[float, float]:
        own_chances, own_looked = _answers(rival, texts)
        tvd = put.total_variation(torch.from_numpy(own_chances), torch.from_numpy(known[0])).mean()
        pairs = zip(own_looked, known[1], strict=True)
        jsd = [float(put.jensen_shannon(torch.from_numpy(a), torch.from_numpy(b))) for a, b in pairs]
        return float(tvd), float(np.mean(jsd))

    on_dev = _answers(target, dev_texts)

    def dev_loss() -> float:
        tvd, jsd = distances(dev_texts, on_dev)
        return tvd - weight * jsd

    progress = train(module, loss, batches, settings, dev_loss, seed=seed, label="adversary")
    tvd, jsd = distances(test_texts, _answers(target, test_texts))
    return Imitation(weight, tvd, jsd, progress.epoch)


def _answers(classifier: OwnClassifier, texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Class probabilities (n, K) and attention weights (words,) of each text."""
    view = LearnedQueryView(classifier)
    chances = np.empty((len(texts), len(classifier.labels)), dtype=np.float32)
    looked: list[np.ndarray] = [np.empty(0)] * len(texts)
    for rows, batch in text_batches(view, texts, 256):
        reading = view.read(batch)
        chances[rows] = torch.softmax(reading.logits, dim=1).numpy()
        weights = view.over_tokens(reading).numpy()
        for place, row in enumerate(rows):
            looked[row] = weights[place, : len(texts[row])]
    return chances, looked
