"""Answers, losses and divergences of a batch, and perturbations of its input vectors that raise one of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from probekit.learners.tuning.ball import Ball
from probekit.learners.tuning.examples import Given
from probekit.models.tuned import Answered, TunedNetwork


def loss_of(scores: Tensor, given: Given) -> Tensor:
    """Mean loss of a batch against what is right: cross-entropy, over the options of a question; squared error."""
    if given.kind == "number":
        return functional.mse_loss(scores[:, 0], given.gold)
    if given.kind == "labels":
        return functional.binary_cross_entropy_with_logits(scores, given.gold)
    if given.kind == "choice":
        return functional.cross_entropy(of_options(scores, given), given.gold)
    return functional.cross_entropy(scores, given.gold, ignore_index=-1)


def of_options(scores: Tensor, given: Given) -> Tensor:
    """Scores (Q, C) of the options of each question, -inf where it has fewer."""
    assert given.options is not None
    return scores[given.options.clamp(min=0), 0].masked_fill(given.options < 0, -torch.inf)


def divergence(of: Tensor, to: Tensor, given: Given) -> Tensor:
    """KL(of || to) of two answers in nats, the mean over units; of numbers half the squared difference."""
    if given.kind == "number":
        return (of - to).square().mean() / 2
    if given.kind == "labels":
        p, inverse = of.sigmoid(), (-of).sigmoid()
        yes = p * (functional.logsigmoid(of) - functional.logsigmoid(to))
        no = inverse * (functional.logsigmoid(-of) - functional.logsigmoid(-to))
        return (yes + no).sum(1).mean()
    if given.kind == "choice":
        assert given.options is not None
        there = given.options >= 0
        of, to = (of_options(one, given).log_softmax(1).masked_fill(~there, 0.0) for one in (of, to))
        return (of.exp() * there * (of - to)).sum(1).mean()
    of, to = of.log_softmax(1), to.log_softmax(1)
    return (of.exp() * (of - to)).sum(1).mean()


class Pass:
    """One step of training on a batch: the clean answer, computed once where it is asked for, and perturbed ones."""

    def __init__(self, network: TunedNetwork, given: Given, unit: float, bfloat16: bool = False) -> None:
        self.network, self.given, self.unit, self.bfloat16 = network, given, unit, bfloat16
        self.vectors = network.embed(given.texts)
        self._clean: Answered | None = None

    @property
    def clean(self) -> Answered:
        """The answer to the texts as they are."""
        if self._clean is None:
            self._clean = self.answer(self.vectors)
        return self._clean

    def answer(self, vectors: Tensor, exact: bool = False) -> Answered:
        """The answer to input vectors; `exact` in float32 whatever the rest is computed in."""
        given = self.given
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16 and not exact):
            found = self.network(vectors, given.texts, given.places, given.task)
        return Answered(found.vectors.float(), found.scores.float())

    def raised(self, ball: Ball, rising: Callable[[Tensor], Tensor]) -> Tensor:
        """A perturbation within the ball that raises a function of the scores: zero at padding, a constant.

        The gradient is that of the perturbation alone; nothing is added to those of the network's weights.
        """
        mask = self.given.texts.mask[..., None]
        base = self.vectors.detach().float()
        size = ball.radius * self.unit
        length = (size if ball.step is None else ball.step * self.unit) if size else 0.0
        found = self._within(torch.randn_like(base) * (ball.noise * size) * mask, size, ball.norm)
        for _ in range(ball.steps if size else 0):
            found.requires_grad_(True)
            value = rising(self.answer(base + found, exact=True).scores)
            (slope,) = torch.autograd.grad(value, found)
            found = found.detach()
            slope = slope * mask
            if ball.norm == "inf":
                largest = slope.abs().amax(dim=(1, 2), keepdim=True)
                found = found + length * slope / largest.clamp(min=1e-30)
            else:
                whole = slope.flatten(1).norm(dim=1)[:, None, None]
                found = found + length * self._root(mask) * slope / whole.clamp(min=1e-30)
            found = self._within(found, size, ball.norm)
        return found.detach()

    def _within(self, found: Tensor, size: float, norm: str) -> Tensor:
        if norm == "inf":
            return found.clamp(-size, size)
        most = size * self._root(self.given.texts.mask[..., None])
        whole = found.flatten(1).norm(dim=1)[:, None, None]
        return found * (most / whole.clamp(min=1e-30)).clamp(max=1.0)

    def _root(self, mask: Tensor) -> Tensor:
        """Root of the number of components of each text, (B, 1, 1)."""
        return (mask.sum(dim=(1, 2), keepdim=True) * self.vectors.shape[2]).float().sqrt()


def unit_of(network: TunedNetwork) -> float:
    """Mean size of a component of the input embeddings, by which radii are measured."""
    return float(network.encoder.table.detach().abs().mean())
