"""Language models of characters, one in each direction: each tells the character that comes next on its side."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit.models.bilstm import both_ways

EDGE, UNKNOWN, SPECIAL = 0, 1, 2  # of a text, on both sides; a character that was not learned; how many these are


class CharacterLM(nn.Module):
    """Two LSTMs over one table of characters; text is `EDGE`, characters, `EDGE`, and padding (any number) behind."""

    def __init__(self, characters: int, size: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(characters, size)
        self.onward, self.back = (nn.LSTM(size, hidden, batch_first=True) for _ in range(2))
        self.next, self.before = (nn.Linear(hidden, characters) for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Characters (B, T), mask (B, T) -> (B, T, 2 hidden): what was read up to each, from the left and the right."""
        return both_ways([self.onward], [self.back], self.embeddings(ids), mask, self.dropout)

    def nats(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean nats of a character by the model from the left and by that from the right."""
        onward, back = self.states(ids, mask).chunk(2, dim=2)
        told = mask[:, 1:]  # a position and the one before it are both there
        return (
            functional.cross_entropy(self.next(self.dropout(onward[:, :-1][told])), ids[:, 1:][told]),
            functional.cross_entropy(self.before(self.dropout(back[:, 1:][told])), ids[:, :-1][told]),
        )

    def loss(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Both, added."""
        return torch.stack(self.nats(ids, mask)).sum()
