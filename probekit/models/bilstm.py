"""LSTMs that read texts in both directions without packing: what taggers and text classifiers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def reversal(mask: Tensor) -> Tensor | None:
    """Positions (B, T) that turn every text around and leave its padding behind it; its own inverse.

    None where nothing is padded: then whole texts are turned, which costs less (see `turned`).
    """
    if bool(mask.all()):
        return None
    positions = torch.arange(mask.shape[1], device=mask.device)[None, :]
    return torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - positions, positions)


def turned(vectors: Tensor, order: Tensor | None) -> Tensor:
    """Vectors (B, T, d) with the positions of each text in an order (B, T); None turns all of them around."""
    if order is None:
        return vectors.flip(1)
    return vectors.gather(1, order[..., None].expand(-1, -1, vectors.shape[2]))


def both_ways(
    forwards: Iterable[nn.Module],
    backwards: Iterable[nn.Module],
    vectors: Tensor,
    mask: Tensor,
    dropout: Callable[[Tensor], Tensor],
) -> Tensor:
    """Outputs of the top layer (B, T, 2 hidden), zero at padding, of vectors (B, T, width) under a mask (B, T).

    dropout: taken of what each layer reads.
    """
    # Each direction reads texts from their own first word, the padding behind them: what padding does to a state is
    # never seen. Packed sequences say the same and take three times as long.
    reverse = reversal(mask)
    found = vectors
    for onward, back in zip(forwards, backwards, strict=True):
        found = dropout(found)
        left_to_right = onward(found)[0]
        right_to_left = turned(back(turned(found, reverse))[0], reverse)
        found = torch.cat([left_to_right, right_to_left], dim=2)
    return found if reverse is None else found.masked_fill(~mask[..., None], 0.0)


class BiLSTM(nn.Module):
    """Layers of an LSTM in each direction; `hidden` units per direction, dropout before every layer."""

    def __init__(self, width: int, hidden: int, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        widths = [width] + [2 * hidden] * (layers - 1)
        self.forwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.backwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Vectors (B, T, width), mask (B, T) bool -> states of the top layer (B, T, 2 hidden), zero at padding."""
        return both_ways(self.forwards, self.backwards, vectors, mask, self.dropout)
