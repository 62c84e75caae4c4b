"""Attention weights and what is put in their place, over valid positions only: padding never takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from probekit.errors import ProbekitError

if TYPE_CHECKING:
    from torch import Tensor

_SUM = 1e-3  # how far from one a row of weights may sum


def check(weights: Tensor, mask: Tensor) -> Tensor:
    """Weights (B, H, Q, T) as they are. Raises ProbekitError for rows that are no distribution over the mask (B, T).

    Rows of padded queries are not judged: nobody reads what they give.
    """
    import torch

    if weights.dim() != 4 or weights.shape[0] != mask.shape[0] or weights.shape[3] != mask.shape[1]:
        raise ProbekitError(
            f"attention weights are (texts, heads, queries, positions) and the mask (texts, positions); got "
            f"{tuple(weights.shape)} and {tuple(mask.shape)}"
        )
    asking = asks(weights, mask)[:, None, :, None]
    outside = torch.where(asking, weights * ~mask[:, None, None, :], 0).abs().sum()
    sums = torch.where(asking, weights, 1 / weights.shape[3]).sum(dim=3)
    worst = (sums - 1).abs().max()
    if not bool(worst <= _SUM) or not bool(outside <= _SUM) or bool(torch.any(asking & (weights < 0))):
        text = int((sums - 1).abs().amax(dim=(1, 2)).argmax())
        raise ProbekitError(
            f"attention weights of text {text} are no distribution over its positions: they sum to "
            f"{float(sums[text].flatten()[0]):.4f}, {float(outside):.4f} of all lies on padding; apply the softmax "
            "after the mask"
        )
    return weights


def asks(weights: Tensor, mask: Tensor) -> Tensor:
    """Which queries (B, Q) of some weights are no padding; a learned query always asks."""
    return mask if weights.shape[2] == mask.shape[1] else mask[:, :1]


def uniform(weights: Tensor, mask: Tensor) -> Tensor:
    """The same weight for every valid position: 1/n, in the shape of `weights` (B, H, Q, T)."""
    even = mask / mask.sum(dim=1, keepdim=True)
    return even[:, None, None, :].expand_as(weights).to(weights.dtype)


def permuted(weights: Tensor, mask: Tensor, rng: np.random.Generator) -> Tensor:
    """The weights of every row dealt anew to its valid positions; heads and queries of a text are dealt alike."""
    import torch

    order = np.tile(np.arange(mask.shape[1]), (mask.shape[0], 1))
    for text, n in enumerate(mask.sum(dim=1).tolist()):
        order[text, :n] = rng.permutation(n)
    places = torch.from_numpy(order)[:, None, None, :].expand_as(weights)
    return weights.gather(3, places)


def in_head(old: Tensor, new: Tensor, head: int | None) -> Tensor:
    """The new weights in one head (counted from 0), the old ones in all others; None for all heads."""
    if head is None:
        return new
    if not 0 <= head < old.shape[1]:
        raise ProbekitError(f"head={head}: this attention has the heads 0 to {old.shape[1] - 1}")
    mixed = old.clone()
    mixed[:, head] = new[:, head]
    return mixed


def entropy(weights: Tensor, mask: Tensor) -> Tensor:
    """Entropy of each text's weights over that of uniform ones, mean over heads and valid queries, (B,).

    1 is uniform. A text with one position has nothing to choose: NaN.
    """
    import torch

    logs = torch.where(weights > 0, weights.clamp(min=1e-30).log(), torch.zeros_like(weights))
    found = -(weights * logs).sum(dim=3)
    most = mask.sum(dim=1).to(weights.dtype).log()
    valid = asks(weights, mask)
    of_text = torch.where(valid[:, None, :], found, 0).sum(dim=(1, 2)) / (valid.sum(dim=1) * weights.shape[1])
    return torch.where(most > 0, of_text / most, torch.nan)


def jensen_shannon(a: Tensor, b: Tensor) -> Tensor:
    """Jensen-Shannon divergence of distributions along the last axis, in nats: 0 to ln 2."""
    middle = (a + b) / 2

    def kl(p: Tensor) -> Tensor:
        tiny = 1e-12
        return (p * (p.clamp(min=tiny).log() - middle.clamp(min=tiny).log())).sum(dim=-1)

    return (kl(a) + kl(b)) / 2


def total_variation(a: Tensor, b: Tensor) -> Tensor:
    """Total variation distance of class probabilities (B, K): half the sum of differences."""
    return (a - b).abs().sum(dim=-1) / 2
