"""A BiLSTM whose states are read by their maximum over positions (Volpi and Malago 2020, section 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from probekit.models.bilstm import BiLSTM
from probekit.values import Count, LessThanAll


class BiLSTMMax(nn.Module):
    """BiLSTM, maximum of each dimension over positions, a ReLU layer with dropout, linear layer.

    width: of the word vectors. labels: classes. hidden: units of each direction; units: of the layer.
    """

    def __init__(
        self, width: int, labels: int, hidden: Count = 32, units: Count = 20, dropout: LessThanAll = 0.05
    ) -> None:
        super().__init__()
        self.body = BiLSTM(width, hidden)
        self.layer = nn.Sequential(nn.Linear(2 * hidden, units), nn.ReLU(), nn.Dropout(dropout))
        self.out = nn.Linear(units, labels)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Class scores (B, K) of word vectors (B, T, width) under a mask (B, T) bool with no gaps."""
        states = self.body(vectors, mask).masked_fill(~mask[..., None], -torch.inf)
        found: Tensor = self.out(self.layer(states.amax(dim=1)))
        return found
