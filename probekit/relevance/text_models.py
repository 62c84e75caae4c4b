"""Handlers of the package's own text classifiers, where something happens between their layers.

The convolutional network is one step from word vectors to the winners of its filters: only a filter's winning window
carries relevance, so that windows are gathered and the full tensor of messages, documents x positions x filters x
inputs, is never made. In the attention classifier the weights of the words are constants.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.nn import functional as F

from probekit.models.attention_classifier import AttentionClassifier
from probekit.models.text_cnn import TextCNN
from probekit.relevance.flow import Flow, Handler, Shared
from probekit.relevance.layers import Activation, Conv1dLayer, LinearLayer, LinearMap, factors, span, weighted_step
from probekit.relevance.rule import Rule, Unit

Tensor = torch.Tensor
AT_ONCE = 2**24  # numbers of gathered windows held at a time


class TextCNNHandler(Handler):
    """Word vectors (B, T, d) and their mask to scores: rules of `conv` and `out` as for any such layers."""

    modules = (TextCNN,)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        vectors, mask = args
        place = f"{name}." if name else ""
        best = _winners(flow, f"{place}conv", module, vectors, mask)
        linear = LinearLayer()
        of_out = flow.rule(f"{place}out", "linear", linear)
        flow.rule(f"{place}relu", "activation", Activation())
        return linear.forward(flow, f"{place}out", module.out, of_out, best)


def _winners(flow: Flow, name: str, module: TextCNN, vectors: Tensor, mask: Tensor) -> Any:
    """Largest activations (B, F) of the filters, as one step from the word vectors (B, T, d)."""
    rule = flow.rule(name, "conv1d", Conv1dLayer())
    assert rule is not None
    kernel, width = module.conv.weight, module.window
    bias: Any = module.conv.bias
    documents, length, d = vectors.shape
    found: dict[str, Tensor] = {}

    def run(x: Tensor) -> Tensor:
        x = x * mask[..., None]
        x = F.pad(x, (0, 0, 0, max(0, width - length)))
        z = F.conv1d(x.transpose(1, 2), kernel, bias)
        counts = module.windows(mask, z.shape[2])
        if not bool(counts.all()):
            z.masked_fill_(~counts[:, None, :], -torch.inf)
        best, place = z.max(2)
        first = z[:, :, 0]
        dead = best <= 0  # 0 everywhere after the ReLU: the first position of equals
        found.update(place=torch.where(dead, 0, place), z=torch.where(dead, first, best))
        return best.clamp(min=0)

    def share(x: Tensor, best: Tensor, relevance: Tensor) -> Shared:
        padded = F.pad(x * mask[..., None], (0, 0, 0, max(0, width - length)))
        z, place = found["z"], found["place"]
        steps = padded.shape[1]
        unit = Unit(
            name,
            z,
            bias.expand_as(z),
            width * d,
            lambda: _parts(padded, place, kernel),
            lambda v: v(kernel).sum((1, 2)),
            lambda: span(x[mask]),
        )
        split = rule.split(unit, relevance)
        flow.keep_all(name, split.kept)
        factor = factors(split, kernel, padded, lambda g, weight: scatter(g, place, weight, steps))
        rests = []
        if split.even is not None:
            even = torch.zeros(documents, steps, dtype=x.dtype, device=x.device)
            for k in range(width):
                even.scatter_add_(1, place + k, split.even)
            rests.append(even[..., None].expand(-1, -1, d))
        if split.by_weight is not None:
            amount, v = split.by_weight
            rests.append(scatter(amount, place, v(kernel), steps))
        inside = F.pad(mask, (0, steps - length))[..., None]
        if not bool((mask.sum(1) >= width).all()):  # zeros behind a text shorter than the window are its inputs
            for rest in rests:
                flow.keep(f"{name} padding", rest.masked_fill(inside, 0))
        rests = [rest.masked_fill(~inside, 0)[:, :length] for rest in rests]
        return Shared(
            None if factor is None else factor[:, :length] * mask[..., None],
            sum(rests[1:], rests[0]) if rests else None,
        )

    return flow.step(name, vectors, run, share)


def scatter(amount: Tensor, place: Tensor, kernel: Tensor, steps: int) -> Tensor:
    """sum over filters f of amount (B, F) times the kernel (F, d, width), laid at the places (B, F): (B, steps, d).

    A sparse matrix of (document, position) x (offset, filter), one entry a winner and offset, times the kernel.
    """
    documents, filters = place.shape
    width = kernel.shape[2]
    rows = torch.arange(documents, device=place.device)[:, None] * steps + place
    at = torch.cat([rows + k for k in range(width)], 1).reshape(-1)
    column = torch.arange(width * filters, device=place.device).repeat(documents)
    order = torch.argsort(at, stable=True)
    starts = torch.zeros(documents * steps + 1, dtype=torch.int64, device=place.device)
    starts[1:] = torch.bincount(at, minlength=documents * steps).cumsum(0)
    values = amount.repeat(1, width).reshape(-1)[order]
    size = (documents * steps, width * filters)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support", UserWarning)  # in beta by its own account
        laid = torch.sparse_csr_tensor(starts, column[order], values, size, check_invariants=False)
    weights = kernel.permute(2, 0, 1).reshape(width * filters, -1)
    return (laid @ weights).reshape(documents, steps, -1)


def _parts(x: Tensor, place: Tensor, kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of positive and of negative messages (B, F) in the winning windows, a few documents at a time."""
    documents = len(place)
    weights = kernel.permute(0, 2, 1)  # (F, width, d)
    size = max(1, AT_ONCE // weights.numel())
    ups, downs = [], []
    for start in range(0, documents, size):
        rows = torch.arange(start, min(start + size, documents), device=x.device)
        offsets = place[rows][:, :, None] + torch.arange(weights.shape[1], device=x.device)
        messages = x[rows[:, None, None], offsets] * weights
        ups.append(messages.clamp(min=0).sum((2, 3)))
        downs.append(messages.clamp(max=0).sum((2, 3)))
    return torch.cat(ups), torch.cat(downs)


class _Weighted(LinearMap):
    """The sum of states (B, T, d) under constant weights (B, T): a unit's inputs are the words of the text."""

    def __init__(self, weights: Tensor, mask: Tensor) -> None:
        self.weight, self.mask = weights[:, None, :], mask
        self.fan_in = mask.sum(1, keepdim=True)

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        return (weight @ x).squeeze(1)

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        return weight.transpose(1, 2) * g[:, None, :]

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        return amount[:, None, :] * self.mask[:, :, None]

    def total(self, weight: Tensor) -> Tensor:
        return weight.sum(-1)


class _Sum(LinearMap):
    """The sum over a last dimension of two."""

    bias = None

    def __init__(self, like: Tensor) -> None:
        self.weight, self.fan_in = torch.ones(2, dtype=like.dtype, device=like.device), 2

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        return (x * weight).sum(-1)

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        return g[..., None] * weight

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        return amount[..., None].expand_as(x)

    def total(self, weight: Tensor) -> Tensor:
        return weight.sum()


class AttentionHandler(Handler):
    """BiLSTM classifiers with attention: the weights of the words are constants, the rule divides the weighted sum (and
    the sum of states and vectors, where they are joined so); its layers have the rules of their own."""

    modules = (AttentionClassifier,)
    takes = ("weighted",)
    enters = True

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert rule is not None
        vectors, mask = args
        place = f"{name}." if name else ""
        raw = module.raw(vectors, mask)
        if module.join == "residual":
            states = weighted_step(flow, f"{place}join", torch.stack([raw, vectors], -1), _Sum(raw), rule)
        else:
            states = module.joined(raw, vectors)
        with torch.no_grad():
            weights = module.attention(states.detach(), mask)
        weights = weights.to(states.dtype)
        return module.out(weighted_step(flow, f"{place}attention", states, _Weighted(weights, mask), rule))
