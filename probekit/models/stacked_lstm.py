"""An LSTM for many small networks at once: tensors begin with an axis of networks, and gradients are written by hand.

torch's own takes one network at a time; steps written with its operations cost more in bookkeeping than in arithmetic
at a few dozen units.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def stacked_lstm(given: Tensor, weight: Tensor, steps: int) -> Tensor:
    """States of an LSTM after each of its steps, from states and cells of 0 (Hochreiter and Schmidhuber 1997).

    given: what the input adds to the gates, (networks, steps, B, 4, d), or (networks, 1, B, 4, d) where it is the same
    at every step; gates are input, forget, output and, last, the new cell. weight: (networks, d, 4 d), of the state.
    Returns (networks, steps, B, d).
    """
    found: Tensor = _Steps.apply(given, weight, steps)  # type: ignore[no-untyped-call]
    return found


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, given: Tensor, weight: Tensor, steps: int) -> Tensor:
        networks, own, batch, _, d = given.shape
        gates = given.new_empty(networks, steps, batch, 4, d)
        cells, shown, states = (given.new_empty(networks, steps, batch, d) for _ in range(3))
        for t in range(steps):
            now = given[:, t if own > 1 else 0]
            if t:
                now = torch.baddbmm(now.flatten(2), states[:, t - 1], weight).view(now.shape)
            torch.sigmoid(now[:, :, :3], out=gates[:, t, :, :3])
            torch.tanh(now[:, :, 3], out=gates[:, t, :, 3])
            now = gates[:, t]
            torch.mul(now[:, :, 0], now[:, :, 3], out=cells[:, t])
            if t:
                cells[:, t].addcmul_(now[:, :, 1], cells[:, t - 1])
            torch.tanh(cells[:, t], out=shown[:, t])
            torch.mul(now[:, :, 2], shown[:, t], out=states[:, t])
        ctx.save_for_backward(gates, cells, shown, states, weight)
        ctx.constant = own == 1
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        gates, cells, shown, states, weight = ctx.saved_tensors
        networks, steps, batch, _, d = gates.shape
        grad, back = grads[0], weight.transpose(1, 2)
        of_weight = torch.zeros_like(weight)
        of_given = torch.zeros_like(gates[:, :1]) if ctx.constant else torch.empty_like(gates)
        state, cell = grad[:, -1], None
        for t in range(steps - 1, -1, -1):
            inner = state * gates[:, t, :, 2] * (1 - shown[:, t].square())
            cell = inner if cell is None else inner.addcmul_(cell, gates[:, t + 1, :, 1])
            found = _through_gates(gates[:, t], cells[:, t - 1] if t else None, shown[:, t], state, cell)
            if ctx.constant:
                of_given[:, 0] += found
            else:
                of_given[:, t] = found
            if t:
                flat = found.view(networks, batch, 4 * d)
                of_weight.baddbmm_(states[:, t - 1].transpose(1, 2), flat)
                state = torch.baddbmm(grad[:, t - 1], flat, back)
        return of_given, of_weight, None


def _through_gates(gates: Tensor, before: Tensor | None, shown: Tensor, state: Tensor, cell: Tensor) -> Tensor:
    """Gradients of what goes into the gates of a step by those of its state and its cell; before: the cell before."""
    opened, new = gates[:, :, :3], gates[:, :, 3]
    found = torch.empty_like(gates)
    torch.mul(opened, 1 - opened, out=found[:, :, :3])
    found[:, :, 0] *= new * cell
    if before is None:
        found[:, :, 1] = 0
    else:
        found[:, :, 1] *= before * cell
    found[:, :, 2] *= shown * state
    torch.mul((1 - new.square()).mul_(opened[:, :, 0]), cell, out=found[:, :, 3])
    return found
