"""A network that spells vectors: a BiLSTM over the characters of a word (Stratos 2017, equations 2 and 3)."""

from __future__ import annotations

import torch
from torch import nn


class Speller(nn.Module):
    """Characters (B, T) of words of one length to vectors (B, size).

    z joins the last forward and the first backward state. output: relu is max(0, z), which has no negative values;
    highway t * relu(z) + (1 - t) * z with the gate t = s(W relu(z)), as printed; linear is z. Character 0 stands for
    all that were not seen. dropout: of the characters' vectors and of both states.
    """

    def __init__(self, characters: int, width: int, size: int, output: str = "relu", dropout: float = 0.0) -> None:
        super().__init__()
        self.embed = nn.Embedding(characters, width)
        self.read = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.join = nn.Linear(2 * width, size)
        self.gate = nn.Linear(size, size, bias=False) if output == "highway" else None
        self.drop = nn.Dropout(dropout)
        self.output, self.width = output, width

    def forward(self, characters: torch.Tensor) -> torch.Tensor:
        states, _ = self.read(self.drop(self.embed(characters)))
        ends = torch.cat([states[:, -1, : self.width], states[:, 0, self.width :]], dim=1)
        z = self.join(self.drop(ends))
        if self.output == "linear":
            return z
        h = z.relu()
        if self.gate is None:
            return h
        t = self.gate(h).sigmoid()
        return t * h + (1 - t) * z


def l1(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Sum of absolute differences, of each row."""
    return (u - v).abs().sum(1)


def l2(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Euclidean distance; its slope is 0 where both are one."""
    return (u - v).square().sum(1).clamp_min(1e-12).sqrt()


def sq_l2(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Squared Euclidean distance."""
    return (u - v).square().sum(1)


def linf(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Largest absolute difference; equal ones share the slope."""
    return (u - v).abs().amax(1)


def neg_cos(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Minus the cosine; 0 where a vector is zero."""
    return -torch.nn.functional.cosine_similarity(u, v, dim=1, eps=1e-8)


DISTANCES = {"l1": l1, "l2": l2, "sq-l2": sq_l2, "linf": linf, "neg-cos": neg_cos}
