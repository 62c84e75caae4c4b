"""A unidirectional LSTM that labels every word from what it has read so far."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from probekit.models.lstm import LSTMStack

NO_LABEL = -1


class Labeller(nn.Module):
    """Pieces of a text -> scores of the labels at every position, read out of the top layer.

    To label each position from its state and to read a prefix and label its last word are one function.
    """

    def __init__(self, pieces: int, labels: int, width: int = 500, layers: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = LSTMStack(pieces, width, layers, dropout)
        self.output = nn.Linear(width, labels)
        self.dropout = dropout

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Pieces (B, T) -> scores (B, T, K)."""
        states, _ = self.encoder(ids)
        top = functional.dropout(states[-1], self.dropout, self.training) if self.dropout else states[-1]
        return self.output(top)

    def loss(self, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy in nats a labelled position; `labels` (B, T) is -1 where nothing is asked."""
        return functional.cross_entropy(self(ids).flatten(0, 1), labels.flatten(), ignore_index=NO_LABEL)
