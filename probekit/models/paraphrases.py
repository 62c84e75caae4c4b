"""Sentence encoders trained on paraphrases, and the similarities that they are trained with (Chen and Gimpel 2020).

Texts are word ids (B, T), padded on the right with 0. A model gives the mean of a sentence (B, k), and, where it is a
Gaussian, the logarithm of its variances (B, k).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from probekit import streams

PAD = 0
REACH, NOISE = 0.1, 0.01  # of initial vectors and shifts; of the logarithms of scales


class Sentence(NamedTuple):
    """Means (B, k), and the logarithms of the variances (B, k) where the model is a Gaussian."""

    mean: torch.Tensor
    log_variance: torch.Tensor | None = None

    def rows(self, chosen: torch.Tensor | slice) -> Sentence:
        """Those of some texts."""
        return Sentence(self.mean[chosen], None if self.log_variance is None else self.log_variance[chosen])


class ParaphraseModel(nn.Module):
    """What all models share. `ordered`: whether the order of words matters; `gaussian`: whether it has a variance."""

    ordered, gaussian = False, False

    def forward(self, ids: torch.Tensor) -> Sentence:
        raise NotImplementedError

    def divergence(self, ids: torch.Tensor, reading: str) -> torch.Tensor:
        """KL from the standard normal of each text (B,): the prior's term."""
        raise NotImplementedError


class WordAverage(ParaphraseModel):
    """The mean of the vectors of the words, or their sum."""

    def __init__(self, words: int, width: int, total: bool = False) -> None:
        super().__init__()
        self.embeddings, self.total = nn.Embedding(words, width, padding_idx=PAD), total

    def forward(self, ids: torch.Tensor) -> Sentence:
        found = self.embeddings(ids).sum(1)
        return Sentence(found if self.total else found / _counts(ids))


class LSTMAverage(ParaphraseModel):
    """The mean of the states of an LSTM."""

    ordered = True

    def __init__(self, words: int, width: int, hidden: int) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(words, width, padding_idx=PAD)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)

    def averaged(self, ids: torch.Tensor) -> torch.Tensor:
        """Mean of the states at words, (B, hidden)."""
        states, _ = self.lstm(self.embeddings(ids))
        return (states * (ids != PAD)[..., None]).sum(1) / _counts(ids)

    def forward(self, ids: torch.Tensor) -> Sentence:
        return Sentence(self.averaged(ids))


class LSTMGaussian(LSTMAverage):
    """Mean and variance by two linear maps of the averaged states; the variance is made positive by `exp` or
    `softplus`.
    """

    gaussian = True

    def __init__(self, words: int, width: int, hidden: int, variance: str = "exp") -> None:
        super().__init__(words, width, hidden)
        self.to_mean, self.to_variance = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.variance = variance

    def forward(self, ids: torch.Tensor) -> Sentence:
        state = self.averaged(ids)
        raw = self.to_variance(state)
        return Sentence(self.to_mean(state), raw if self.variance == "exp" else functional.softplus(raw).log())

    def divergence(self, ids: torch.Tensor, reading: str) -> torch.Tensor:
        """KL of the sentence; there is one reading."""
        return divergence(self(ids))


class _Operators(torch.autograd.Function):
    """(a, B) (B, T, k) -> sum over words of B exp(sum of a from that word on), and the sum of a, both (B, k).

    The gradient is written out: autograd keeps five arrays of that size and goes through each, this keeps two.
    """

    @staticmethod
    def forward(ctx: Any, scale: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        before = scale.cumsum(1)
        whole = before[:, -1]
        grown = (whole[:, None] - before).add_(scale).exp_()
        terms = grown * shift
        ctx.save_for_backward(grown, terms)
        return terms.sum(1), whole.clone()

    @staticmethod
    def backward(ctx: Any, of_mean: torch.Tensor, of_whole: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        grown, terms = ctx.saved_tensors
        # A word's scale stands in the terms of all words up to it.
        of_scale = (terms.cumsum(1) * of_mean[:, None]).add_(of_whole[:, None])
        return of_scale, grown * of_mean[:, None]


class WordOperators(ParaphraseModel):
    """WLO: every word scales and shifts each dimension of a standard normal, z <- A (z + B), with A = exp(a).

    In closed form the variance is prod A^2 and the mean the sum over words of B times the scales from that word on.
    order: `forward` applies the first word first, `backward` the last.
    """

    ordered, gaussian = True, True

    def __init__(self, words: int, width: int, order: str = "forward") -> None:
        super().__init__()
        self.log_scale = nn.Embedding(words, width, padding_idx=PAD)
        self.shift = nn.Embedding(words, width, padding_idx=PAD)
        self.order = order

    def operators(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """a and B of the words (B, T, k), in the order in which they are applied; padding does nothing."""
        scale, shift = self.log_scale(ids), self.shift(ids)
        return (scale, shift) if self.order == "forward" else (scale.flip(1), shift.flip(1))

    def forward(self, ids: torch.Tensor) -> Sentence:
        scale, shift = self.operators(ids)
        mean, whole = _Operators.apply(scale, shift)
        return Sentence(mean, 2 * whole)

    def divergence(self, ids: torch.Tensor, reading: str) -> torch.Tensor:
        """Summed over words: KL of each operator alone (`word`), or of what has come out after each word (`prefix`)."""
        scale, shift = self.operators(ids)
        if reading == "word":
            return divergence(Sentence(scale.exp() * shift, 2 * scale)).sum(1)
        inside = (ids != PAD) if self.order == "forward" else (ids != PAD).flip(1)
        mean, total = torch.zeros_like(shift[:, 0]), torch.zeros(len(ids), dtype=shift.dtype)
        running = scale.cumsum(1)
        for place in range(ids.shape[1]):
            mean = scale[:, place].exp() * (mean + shift[:, place])
            total = total + inside[:, place] * divergence(Sentence(mean, 2 * running[:, place]))
        return total


def make(
    model: str, words: int, width: int, hidden: int, variance: str = "exp", order: str = "forward"
) -> ParaphraseModel:
    """A model by its name: wordavg, wordsum, lstmavg, lstm-gaussian or wlo."""
    if model in ("wordavg", "wordsum"):
        return WordAverage(words, width, model == "wordsum")
    if model == "lstmavg":
        return LSTMAverage(words, width, hidden)
    return (
        LSTMGaussian(words, width, hidden, variance) if model == "lstm-gaussian" else WordOperators(words, width, order)
    )


def initialise(model: ParaphraseModel, seed: int) -> None:
    """Draw initial weights, each from a stream of its own name: scales of words near 1, so that no product vanishes."""
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            drawn = streams.torch_generator(seed, "init", name)
            if name.startswith("log_scale"):
                weight.normal_(0, NOISE, generator=drawn)
            else:
                reach = REACH if "embeddings" in name or "shift" in name else weight.shape[-1] ** -0.5
                weight.uniform_(-reach, reach, generator=drawn)
        for part in model.modules():
            if isinstance(part, nn.Embedding):
                part.weight[PAD] = 0


def _counts(ids: torch.Tensor) -> torch.Tensor:
    return (ids != PAD).sum(1, keepdim=True).clamp(min=1)


# --- similarity --------------------------------------------------------------------------------------


def similarity(left: Sentence, right: Sentence) -> torch.Tensor:
    """Of two Gaussians the log expected inner product, else the cosine; broadcast over all but the last axis."""
    if left.log_variance is None or right.log_variance is None:
        return functional.cosine_similarity(left.mean, right.mean, dim=-1)
    return log_expected_inner_product(left, right)


def log_expected_inner_product(left: Sentence, right: Sentence) -> torch.Tensor:
    """ln N(0; mu1 - mu2, S1 + S2) of diagonal Gaussians (Vilnis and McCallum 2015, equation 2)."""
    assert left.log_variance is not None and right.log_variance is not None
    log_sum = torch.logaddexp(left.log_variance, right.log_variance)
    distance = (left.mean - right.mean).square() * (-log_sum).exp()
    return -0.5 * (log_sum + distance + math.log(2 * math.pi)).sum(-1)


def divergence(sentence: Sentence) -> torch.Tensor:
    """KL(N(mu, S) || N(0, I)), nats, over the last axis."""
    assert sentence.log_variance is not None
    log_variance = sentence.log_variance
    return 0.5 * (log_variance.exp() + sentence.mean.square() - 1 - log_variance).sum(-1)


def entropy(log_variance: torch.Tensor) -> torch.Tensor:
    """Differential entropy of a diagonal Gaussian, nats, over the last axis: k/2 (1 + ln 2 pi) + 1/2 sum ln v."""
    return 0.5 * (log_variance.shape[-1] * (1 + math.log(2 * math.pi)) + log_variance.sum(-1))
