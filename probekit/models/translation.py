"""Sequence-to-sequence LSTM with global dot-product attention (Luong, Pham and Manning 2015).

    score(h_t, s_j) = h_t . s_j    a_tj = softmax_j    c_t = sum_j a_tj s_j    h~_t = tanh(W [c_t ; h_t])

Encoder and decoder are unidirectional and equally deep; each decoder layer starts from the encoder layer's state after
the last source piece. The attentional state is not fed back into the decoder (Luong's input feeding, which the study of
constituents may have used unsaid): all positions of a sentence are then computed in one product.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from probekit.models.lstm import LSTMStack, State

PAD, UNK, BOS, EOS = 0, 1, 2, 3


class Translation(nn.Module):
    """Pieces of a source text -> pieces of a target text. `width` units in every layer of encoder and decoder."""

    def __init__(
        self, source_pieces: int, target_pieces: int, width: int = 500, layers: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = LSTMStack(source_pieces, width, layers, dropout)
        self.decoder = LSTMStack(target_pieces, width, layers, dropout)
        self.attend = nn.Linear(2 * width, width, bias=False)
        self.output = nn.Linear(width, target_pieces)
        self.dropout = dropout

    def encode(self, source: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, State]:
        """Pieces (B, S) and lengths (B,) -> top states (B, S, d), and each layer's state at each text's own end.

        The cell is kept of the last position only, so rows are read in groups of one length.
        """
        if (lengths == lengths[0]).all():
            states, end = self.encoder(source[:, : int(lengths[0])])
            return states[-1], end
        packed: State = []
        below = self.encoder.embeddings(source)
        for layer in self.encoder.layers:
            if self.dropout:
                below = functional.dropout(below, self.dropout, self.training)
            sequence = nn.utils.rnn.pack_padded_sequence(below, lengths, batch_first=True, enforce_sorted=False)
            found, state = layer(sequence)
            below = nn.utils.rnn.pad_packed_sequence(found, batch_first=True, total_length=source.shape[1])[0]
            packed.append(state)
        return below, packed

    def decode(
        self, target: torch.Tensor, start: State, memory: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, State]:
        """Target pieces so far (B, T), state before them, source states (B, S, d), their mask (B, S) True on pieces
        -> scores of the next piece (B, T, K) and the state after them."""
        attended, end = self.attended(target, start, memory, mask)
        return self.output(attended), end

    def attended(
        self, target: torch.Tensor, start: State, memory: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, State]:
        """Attentional states h~ (B, T, d) from which the next pieces are told, and the state after them."""
        states, end = self.decoder(target, start)
        scores = states[-1] @ memory.transpose(1, 2)
        weights = scores.masked_fill(~mask[:, None, :], float("-inf")).softmax(dim=-1)
        attended = torch.tanh(self.attend(torch.cat([weights @ memory, states[-1]], dim=-1)))
        if self.dropout:
            attended = functional.dropout(attended, self.dropout, self.training)
        return attended, end

    def loss(self, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy in nats a target piece. `target` (B, T) begins with BOS, ends with EOS, padded with 0."""
        memory, start = self.encode(source, lengths)
        attended, _ = self.attended(target[:, :-1], start, memory, source[:, : memory.shape[1]] != PAD)
        wanted = target[:, 1:]
        real = wanted != PAD
        # Scores of padding are never computed: the vocabulary is the widest product of all.
        return functional.cross_entropy(self.output(attended[real]), wanted[real])

    @torch.no_grad()
    def translate(self, source: torch.Tensor, lengths: torch.Tensor, longest: int) -> list[list[int]]:
        """Greedy translations of at most `longest` pieces, without BOS and EOS."""
        memory, state = self.encode(source, lengths)
        mask = source[:, : memory.shape[1]] != PAD
        piece = torch.full((len(source), 1), BOS, device=source.device)
        open_, found = torch.ones(len(source), dtype=torch.bool, device=source.device), []
        for _ in range(longest):
            scores, state = self.decode(piece, state, memory, mask)
            piece = scores[:, -1:].argmax(-1)
            open_ = open_ & (piece[:, 0] != EOS)
            if not open_.any():
                break
            found.append(torch.where(open_, piece[:, 0], PAD))
        if not found:
            return [[] for _ in range(len(source))]
        return [[int(p) for p in row if p != PAD] for row in torch.stack(found, dim=1)]
