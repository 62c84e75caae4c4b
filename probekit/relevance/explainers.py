"""Explainers that need no rules: they take any network, and give the shapes that relevance propagation gives.

References: Simonyan et al. 2014 (sensitivity), Shrikumar et al. 2017 (gradient x input), Sundararajan et al. 2017
(integrated gradients, equation 3), Zeiler and Fergus 2014 (occlusion).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from probekit import streams
from probekit.errors import ProbekitError
from probekit.relevance.flow import Choose, Documents, Found
from probekit.values import Count, Seed

Tensor = torch.Tensor


def _gradients(network: nn.Module, given: Documents, choose: Choose, of: Callable[[Tensor, Tensor], Tensor]) -> Found:
    """of(gradient, input) for every class asked for, from one forward pass."""
    x = given.inputs.detach().clone().requires_grad_()
    with torch.enable_grad():
        logits = given.logits(x)
        chosen = choose(logits)
        found = []
        for k, column in enumerate(chosen.T):
            score = logits.gather(1, column[:, None]).sum()
            (gradient,) = torch.autograd.grad(score, x, retain_graph=k < chosen.shape[1] - 1, allow_unused=True)
            found.append(of(torch.zeros_like(x) if gradient is None else gradient, x.detach()))
    return Found(torch.stack(found, 1), logits.detach(), chosen)


def gradient(network: nn.Module, given: Documents, choose: Choose) -> Found:
    """d score / d input."""
    return _gradients(network, given, choose, lambda g, x: g)


def squared_gradient(network: nn.Module, given: Documents, choose: Choose) -> Found:
    """(d score / d input)^2: sensitivity analysis."""
    return _gradients(network, given, choose, lambda g, x: g * g)


def gradient_x_input(network: nn.Module, given: Documents, choose: Choose) -> Found:
    """d score / d input times input."""
    return _gradients(network, given, choose, lambda g, x: g * x)


def integrated_gradients(network: nn.Module, given: Documents, choose: Choose, steps: Count = 50) -> Found:
    """Mean gradient at `steps` midpoints of the straight way from zero to the input, times input.

    What the score at zero is, is kept as `baseline`; what the sum over steps misses is the gap.
    """
    x = given.inputs
    with torch.no_grad():
        logits = given.logits(x)
        chosen = choose(logits)
        at_zero = given.logits(torch.zeros_like(x))
    total = torch.zeros(len(x), chosen.shape[1], *x.shape[1:], dtype=x.dtype, device=x.device)
    for k in range(steps):
        part = Documents(x * ((k + 0.5) / steps), given.logits, given.first)
        total += _gradients(network, part, lambda _: chosen, lambda g, _: g).relevance
    found = total / steps * x[:, None]
    return Found(found, logits, chosen, {"baseline": at_zero.gather(1, chosen).double()})


def occlusion(network: nn.Module, given: Documents, choose: Choose) -> Found:
    """score - score without the word (its row of the inputs (B, T, d) zero), spread evenly over the word's units."""
    x = given.inputs
    if x.ndim != 3:
        raise ProbekitError(f"occlusion takes words (documents, positions, units), got shape {tuple(x.shape)}")
    with torch.no_grad():
        logits = given.logits(x)
        chosen = choose(logits)
        score = logits.gather(1, chosen)
        found = torch.zeros(*chosen.shape, *x.shape[1:], dtype=x.dtype, device=x.device)
        without = x.clone()
        for t in range(x.shape[1]):
            without[:, t] = 0
            loss = score - given.logits(without).gather(1, chosen)
            found[:, :, t] = (loss / x.shape[2])[:, :, None]
            without[:, t] = x[:, t]
    return Found(found, logits, chosen)


def random(
    network: nn.Module, given: Documents, choose: Choose, seed: Seed = 0, documents: Sequence[int] | None = None
) -> Found:
    """A number for every word (every input where these are (B, d)) drawn by document, spread evenly over its units.

    documents: numbers of the documents, which their draws depend on; in order unless given.
    """
    x = given.inputs
    with torch.no_grad():
        logits = given.logits(x)
    chosen = choose(logits)
    numbers = range(given.first + len(x)) if documents is None else documents
    drawn = np.stack(
        [
            streams.generator(seed, "draw", "relevance", int(numbers[given.first + k])).normal(size=x.shape[1])
            for k in range(len(x))
        ]
    )
    values = torch.as_tensor(drawn, dtype=x.dtype, device=x.device)
    units = max(1, x[0, 0].numel())
    spread = values.reshape(*values.shape, *[1] * (x.ndim - 2)).expand_as(x) / units
    return Found(spread[:, None].repeat(1, chosen.shape[1], *[1] * (x.ndim - 1)), logits, chosen)
