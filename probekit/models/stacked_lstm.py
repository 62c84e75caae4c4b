"""An LSTM for many small networks at once: tensors begin with an axis of networks, and gradients are written by hand.

torch's own takes one network at a time; steps written with its operations cost more in bookkeeping than in arithmetic
at a few dozen units, and fresh memory for what each of them leaves costs more still.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input
_tanh_back = torch.ops.aten.tanh_backward.grad_input


def stacked_lstm(read: Tensor, into: Tensor, weight: Tensor, bias: Tensor, steps: int) -> Tensor:
    """States of an LSTM after each of its steps, from states and cells of 0 (Hochreiter and Schmidhuber 1997).

    read: inputs (networks, steps, B, i), or (networks, 1, B, i) where they are the same at every step. into: (networks,
    i, 4 d) and weight: (networks, d, 4 d), of input and state; bias: (networks, 4 d). Gates are input, forget, output
    and, last, the new cell. What inputs add to the gates is one product: not one a step. Returns (networks, steps, B,
    d). Raises RuntimeError where gradients are asked for twice: the first time writes them over the gates.
    """
    found: Tensor = _Steps.apply(read, into, weight, bias, steps)  # type: ignore[no-untyped-call]
    return found


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, read: Tensor, into: Tensor, weight: Tensor, bias: Tensor, steps: int) -> Tensor:
        networks, own, batch, _ = read.shape
        d = weight.shape[1]
        given = torch.baddbmm(bias[:, None], read.flatten(1, 2), into).view(networks, own, batch, 4 * d)
        gates = given if own == steps else given.new_empty(networks, steps, batch, 4 * d)
        cells, shown, states = (given.new_empty(networks, steps, batch, d) for _ in range(3))
        now = torch.empty_like(given[:, 0])
        for t in range(steps):
            fresh = given[:, t if own > 1 else 0]
            torch.baddbmm(fresh, states[:, t - 1], weight, out=now) if t else now.copy_(fresh)
            torch.sigmoid(now[..., : 3 * d], out=gates[:, t, :, : 3 * d])
            torch.tanh(now[..., 3 * d :], out=gates[:, t, :, 3 * d :])
            opened, kept, told, new = gates[:, t].split(d, -1)
            torch.mul(opened, new, out=cells[:, t])
            if t:
                cells[:, t].addcmul_(kept, cells[:, t - 1])
            torch.tanh(cells[:, t], out=shown[:, t])
            torch.mul(told, shown[:, t], out=states[:, t])
        ctx.save_for_backward(read, into, weight, states)
        ctx.left = gates, cells, shown
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor, Tensor, None]:
        read, into, weight, states = ctx.saved_tensors
        if ctx.left is None:
            raise RuntimeError("gradients of a stacked LSTM are asked for twice")
        (gates, cells, shown), ctx.left = ctx.left, None
        _through_steps(grads[0], gates, cells, shown, weight.transpose(1, 2))
        before, after = states[:, :-1].flatten(1, 2), gates[:, 1:].flatten(1, 2)
        of_weight = before.transpose(1, 2) @ after
        given = gates if read.shape[1] == states.shape[1] else gates.sum(1, keepdim=True)
        flat = given.flatten(1, 2)
        of_read = (flat @ into.transpose(1, 2)).view(read.shape) if ctx.needs_input_grad[0] else None
        return of_read, read.flatten(1, 2).transpose(1, 2) @ flat, of_weight, flat.sum(1), None


def _through_steps(grad: Tensor, gates: Tensor, cells: Tensor, shown: Tensor, back: Tensor) -> None:
    """Write over the gates the gradients of what went into them, by those of the states (networks, steps, B, d)."""
    d, state, now = cells.shape[-1], grad[:, -1], torch.empty_like(gates[:, 0])
    cell, inner = torch.zeros_like(cells[:, 0]), torch.empty_like(cells[:, 0])
    of_opened, of_kept, of_told, of_new = now.split(d, -1)
    for t in range(len(gates[0]) - 1, -1, -1):
        opened, kept, told, new = gates[:, t].split(d, -1)
        cell += _tanh_back(torch.mul(state, told, out=inner), shown[:, t], grad_input=inner)
        torch.mul(cell, new, out=of_opened)
        torch.mul(cell, cells[:, t - 1], out=of_kept) if t else of_kept.zero_()
        torch.mul(state, shown[:, t], out=of_told)
        torch.mul(cell, opened, out=of_new)
        cell *= kept
        _sigmoid_back(now[..., : 3 * d], gates[:, t, :, : 3 * d], grad_input=gates[:, t, :, : 3 * d])
        _tanh_back(of_new, new, grad_input=new)
        if t:
            state = torch.baddbmm(grad[:, t - 1], gates[:, t], back)
