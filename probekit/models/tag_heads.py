"""Heads of a tagger: what makes labels of the states of words. A head of your own has the same two methods."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit.models.crf import CRF


class Softmax(nn.Module):
    """Every word's label by itself."""

    def __init__(self, width: int, labels: list[str]) -> None:
        super().__init__()
        self.scores = nn.Linear(width, len(labels))

    def loss(self, states: Tensor, gold: Tensor, mask: Tensor) -> Tensor:
        """States (B, T, d), gold and mask (B, T) -> cross-entropy in nats of each text, (B,)."""
        every = functional.cross_entropy(self.scores(states).flatten(0, 1), gold.flatten(), reduction="none")
        return every.view(gold.shape).masked_fill(~mask, 0.0).sum(1)

    def answer(self, states: Tensor, mask: Tensor) -> Tensor:
        """The best label of each word (B, T), 0 at padding."""
        return self.scores(states).argmax(2).masked_fill(~mask, 0)


class CRFHead(nn.Module):
    """The labels of a sentence together. forbid: whether tags that break BIO can follow each other."""

    def __init__(self, width: int, labels: list[str], forbid: bool = False) -> None:
        super().__init__()
        self.scores = nn.Linear(width, len(labels))
        self.crf = CRF(len(labels), *(follows(labels) if forbid else (None, None)))

    def loss(self, states: Tensor, gold: Tensor, mask: Tensor) -> Tensor:
        """States (B, T, d), gold and mask (B, T) -> negative log-likelihood in nats of each text, (B,)."""
        return self.crf.loss(self.scores(states), gold, mask)

    def answer(self, states: Tensor, mask: Tensor) -> Tensor:
        """The best labels of each sentence (B, T), 0 at padding."""
        return self.crf.best(self.scores(states), mask)


def follows(labels: list[str]) -> tuple[Tensor, Tensor]:
    """Which BIO tag may follow which (K, K), and which may begin (K,): an I only within its span."""
    inside = torch.tensor([label.startswith("I-") for label in labels])
    name = [label[2:] if label[:2] in ("B-", "I-") else None for label in labels]
    same = torch.tensor([[a is not None and a == b for b in name] for a in name])
    return same | ~inside[None, :], ~inside
