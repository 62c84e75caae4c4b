"""LSTM: in a product of a gate and a signal the signal takes all relevance (Arras et al. 2017); in the sum that makes a
cell state and in the weighted sum that makes a candidate the layer's rule divides it.

    c_t = f_t c_{t-1} + i_t g_t        h_t = o_t tanh(c_t)        g_t = tanh(W x_t + U h_{t-1} + b)

Relevance of h_t goes to c_t; of c_t to f_t c_{t-1} and i_t g_t in the rule's shares (a unit of two inputs and no bias),
hence to c_{t-1} and g_t; of g_t to x_t and h_{t-1} (a unit of d + h inputs). Gates take nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from probekit.errors import ProbekitError
from probekit.relevance.flow import Flow, Handler, Shared
from probekit.relevance.layers import factors, span
from probekit.relevance.rule import OfWeight, Rule, Split, Unit

Tensor = torch.Tensor


@dataclass(frozen=True)
class Weights:
    """One direction of one layer: W (4h, d), U (4h, h), both biases added or None; gates in the order i f g o."""

    w: Tensor
    u: Tensor
    bias: Tensor | None

    @property
    def size(self) -> int:
        return self.u.shape[1]


class LSTM(Handler):
    """One or more layers, one or both directions, plain or packed sequences; initial states of zero."""

    modules = (nn.LSTM,)
    takes = ("weighted",)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert rule is not None
        if module.proj_size:
            raise ProbekitError(f"'{name}' projects its states (proj_size), which has no rule; use proj_size=0")
        if (len(args) > 1 and args[1] is not None) or kwargs.get("hx") is not None:
            raise ProbekitError(f"'{name}' is given initial states, which have no rule; start from zeros")
        given = args[0] if args else kwargs["input"]
        packed = given if isinstance(given, PackedSequence) else None
        if packed is not None:
            x, lengths = pad_packed_sequence(packed, batch_first=True)
        else:
            x = given if module.batch_first else given.transpose(0, 1)
            lengths = torch.full((len(x),), x.shape[1])
        if x.ndim != 3:
            raise ProbekitError(f"'{name}' takes (documents, positions, units), got shape {tuple(x.shape)}")
        last = []
        rows = torch.arange(len(x), device=x.device)
        ends = lengths.to(x.device) - 1
        for layer in range(module.num_layers):
            sides = []
            for suffix in ("", "_reverse")[: 1 + module.bidirectional]:
                place = f"{name} layer {layer}{suffix.replace('_', ' ')}" if module.num_layers > 1 else name + suffix
                hidden = _direction(flow, place, x, lengths, _weights(module, layer, suffix), rule, bool(suffix))
                last.append(hidden[rows, ends] if not suffix else hidden[:, 0])
                sides.append(hidden)
            x = torch.cat(sides, -1) if len(sides) > 1 else sides[0]
        states = (torch.stack(last), _unused(torch.stack(last)))
        if packed is not None:
            output: Any = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        else:
            output = x if module.batch_first else x.transpose(0, 1)
        return output, states


def _weights(module: Any, layer: int, suffix: str) -> Weights:
    def get(name: str) -> Tensor:
        return getattr(module, f"{name}_l{layer}{suffix}")

    bias = get("bias_ih") + get("bias_hh") if module.bias else None
    return Weights(get("weight_ih"), get("weight_hh"), bias)


def _order(lengths: Tensor, steps: int, reverse: bool) -> Tensor | None:
    """Positions (B, T) in the order of reading; None for plain order. Padding stays at the end."""
    if not reverse:
        return None
    positions = torch.arange(steps).expand(len(lengths), steps)
    turned = lengths[:, None] - 1 - positions
    return torch.where(turned >= 0, turned, positions)


def _reorder(x: Tensor, order: Tensor | None) -> Tensor:
    if order is None:
        return x
    return x.gather(1, order.to(x.device)[:, :, None].expand_as(x))


def _direction(
    flow: Flow, name: str, x: Tensor, lengths: Tensor, weights: Weights, rule: Rule, reverse: bool
) -> Tensor:
    """Hidden states (B, T, h) of one direction as one step of the explanation. Padding gives zeros."""
    order = _order(lengths, x.shape[1], reverse)
    alive = (torch.arange(x.shape[1])[None] < lengths[:, None]).to(x.device)[:, :, None]

    def run(x: Tensor) -> Tensor:
        return _run(x, weights)[0] * alive

    def share(x: Tensor, hidden: Tensor, relevance: Tensor) -> Shared:
        return _backwards(flow, name, x, relevance * alive, weights, rule)

    return _reorder(flow.step(name, _reorder(x, order), run, share), order)


def _run(x: Tensor, weights: Weights) -> tuple[Tensor, ...]:
    """Hidden states, cell states, input gates, forget gates, candidates before tanh, each (B, T, h)."""
    ahead = x @ weights.w.T
    if weights.bias is not None:
        ahead = ahead + weights.bias
    h = c = x.new_zeros(len(x), weights.size)
    kept: list[tuple[Tensor, ...]] = []
    for t in range(x.shape[1]):
        i, f, g, o = (ahead[:, t] + h @ weights.u.T).chunk(4, -1)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()
        c = f * c + i * g.tanh()
        h = o * c.tanh()
        kept.append((h, c, i, f, g))
    return tuple(torch.stack(one, 1) for one in zip(*kept, strict=True))


def _backwards(flow: Flow, name: str, x: Tensor, relevance: Tensor, weights: Weights, rule: Rule) -> Shared:
    """The share of the inputs x (B, T, d) in the relevance of all hidden states (B, T, h), step by step backwards."""
    hidden, cells, i, f, candidates = _run(x, weights)
    h = weights.size
    w, u = weights.w[2 * h : 3 * h], weights.u[2 * h : 3 * h]
    bias = None if weights.bias is None else weights.bias[2 * h : 3 * h]
    nothing = x.new_zeros(len(x), h)
    of_cell, of_hidden = nothing, nothing
    found: list[Tensor] = []
    rests: list[Tensor] = []
    for t in range(x.shape[1] - 1, -1, -1):
        before_h = hidden[:, t - 1] if t else nothing
        before_c = cells[:, t - 1] if t else nothing
        of_cell = of_cell + relevance[:, t] + of_hidden
        old, new = f[:, t] * before_c, i[:, t] * candidates[:, t].tanh()
        split = rule.split(_cell(f"{name} cell", cells[:, t], old, new), of_cell)
        flow.keep_all(f"{name} cell", split.kept)
        of_cell, of_new = _message(old, split), _message(new, split)
        split = rule.split(_candidate(name, candidates[:, t], bias, (x[:, t], w), (before_h, u)), of_new)
        flow.keep_all(name, split.kept)
        found.append(_factor(x[:, t], w, split))
        of_hidden = before_h * _factor(before_h, u, split)
        if split.even is not None:
            even = split.even.sum(-1, keepdim=True)
            rests.append(even.expand_as(x[:, t]))
            of_hidden = of_hidden + even
        if split.by_weight is not None:
            amount, v = split.by_weight
            rests.append(amount @ v(w))
            of_hidden = of_hidden + amount @ v(u)
    # What the states before the first word get: they are zeros, so that only even shares reach them.
    flow.keep(f"{name} initial state", of_cell + of_hidden)
    factor = torch.stack(found[::-1], 1)
    return Shared(factor, torch.stack(rests[::-1], 1) if rests else None)


def _cell(name: str, z: Tensor, a: Tensor, b: Tensor) -> Unit:
    """Cell states as units of two inputs of weight 1."""

    def parts() -> tuple[Tensor, Tensor]:
        return a.clamp(min=0) + b.clamp(min=0), a.clamp(max=0) + b.clamp(max=0)

    return Unit(name, z, None, 2, parts, lambda v: 2 * v(z.new_ones(())), lambda: span(a, b))


def _candidate(name: str, z: Tensor, bias: Tensor | None, *pairs: tuple[Tensor, Tensor]) -> Unit:
    """Candidates before tanh as weighted sums over several inputs, each with its weights (units, inputs)."""

    def parts() -> tuple[Tensor, Tensor]:
        up = [x.clamp(min=0) @ w.clamp(min=0).T + x.clamp(max=0) @ w.clamp(max=0).T for x, w in pairs]
        down = [x.clamp(min=0) @ w.clamp(max=0).T + x.clamp(max=0) @ w.clamp(min=0).T for x, w in pairs]
        return sum(up[1:], up[0]), sum(down[1:], down[0])

    def total(v: OfWeight) -> Tensor:
        sums = [v(w).sum(1) for _, w in pairs]
        return sum(sums[1:], sums[0])

    fan_in = sum(w.shape[1] for _, w in pairs)
    bias = None if bias is None else bias.expand_as(z)
    return Unit(name, z, bias, fan_in, parts, total, lambda: span(*(x for x, _ in pairs)))


def _message(message: Tensor, split: Split) -> Tensor:
    """Relevance of one input, of weight 1, of a unit whose messages are given."""
    found = torch.zeros_like(message) if split.even is None else split.even
    if split.by_weight is not None:
        amount, v = split.by_weight
        found = found + amount * v(message.new_ones(()))
    if split.positive is None:
        return found
    negative = split.positive if split.negative is None else split.negative
    return found + message * torch.where(message >= 0, split.positive, negative)


def _factor(x: Tensor, w: Tensor, split: Split) -> Tensor:
    """c of relevance = x c for a weighted sum x w'."""
    found = factors(split, w, x, lambda g, weight: g @ weight)
    return torch.zeros_like(x) if found is None else found


class LastCellStates(torch.autograd.Function):
    """Cell states that may be returned and must not be used: relevance cannot be followed through this function."""

    @staticmethod
    def forward(ctx: Any, states: Tensor) -> Tensor:
        return states.clone()

    @staticmethod
    def backward(ctx: Any, *carried: Tensor) -> Any:
        raise ProbekitError("the last cell states of an LSTM have no rule; use its hidden states")


def _unused(states: Tensor) -> Any:
    return LastCellStates.apply(states)
