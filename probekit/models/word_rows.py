"""Words that learn as inputs of a tagger: a row a word, and words as their characters spell them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from probekit.models.speller import Speller


class WordRows(nn.Module):
    """A row (d,) a word, row 0 for those never seen. once (n,): rows that are read as row 0 half of the time in
    training, those of words that stand there once."""

    once: Tensor

    def __init__(self, rows: Tensor, once: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(rows)
        self.register_buffer("once", once)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows of places (B, T) -> (B, T, d)."""
        if self.training:
            rows = rows.masked_fill(self.once[rows] & (torch.rand(rows.shape) < 0.5), 0)
        return nn.functional.embedding(rows, self.weight)


class SpelledWords(nn.Module):
    """Words of a batch as a network spells them, each different word once; those of one length are read together."""

    def __init__(self, speller: Speller) -> None:
        super().__init__()
        self.speller = speller

    def forward(self, characters: Tensor, lengths: Tensor, place: Tensor) -> Tensor:
        """characters (n, longest) of the different words, lengths (n,), place (B, T): which word -> (B, T, d)."""
        rows = [torch.nonzero(lengths == length)[:, 0] for length in lengths.unique()]
        found = [self.speller(characters[one, : int(lengths[one[0]])]) for one in rows]
        order = torch.argsort(torch.cat(rows))
        return torch.cat(found)[order][place]
