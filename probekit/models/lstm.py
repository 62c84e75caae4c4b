"""A stack of unidirectional LSTM layers over embeddings: what recurrent encoders, decoders and labellers share."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from probekit import streams

State = list[tuple[torch.Tensor, torch.Tensor]]  # of each layer: hidden and cell (1, B, d)


class LSTMStack(nn.Module):
    """Embeddings of width d and layers of d units. Texts are padded on the right with piece 0, whose embedding is 0.

    Reading from left to right, no state knows what comes after it, padding included.
    """

    def __init__(self, pieces: int, width: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(pieces, width, padding_idx=0)
        self.layers = nn.ModuleList(nn.LSTM(width, width, batch_first=True) for _ in range(layers))
        self.dropout = dropout

    def forward(self, ids: torch.Tensor, start: State | None = None) -> tuple[list[torch.Tensor], State]:
        """Pieces (B, T) -> states of every layer, embeddings first, each (B, T, d), and the state after the last piece.

        Of texts shorter than T that last state is past their end; see `last`.
        """
        states = [self.embeddings(ids)]
        end: State = []
        for number, layer in enumerate(self.layers):
            below = functional.dropout(states[-1], self.dropout, self.training) if self.dropout else states[-1]
            above, state = layer(below, None if start is None else start[number])
            states.append(above)
            end.append(state)
        return states, end


def last(states: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The state after the last piece of each text: (B, T, d) and lengths (B,) -> (B, d)."""
    return states[torch.arange(len(states), device=states.device), lengths - 1]


def initialise(module: nn.Module, seed: int) -> None:
    """Draw initial weights, every tensor from a stream of its own name.

    Matrices are uniform in +-1/sqrt(inputs), embeddings in +-1 (padding's is 0), intercepts 0 but for those of forget
    gates, which are 1 (Jozefowicz, Zaremba and Sutskever 2015).
    """
    with torch.no_grad():
        for name, weight in sorted(module.named_parameters()):
            reach = 0.0 if weight.dim() == 1 else 1.0 if "embeddings" in name else weight.shape[1] ** -0.5
            weight.uniform_(-reach, reach, generator=streams.torch_generator(seed, "init", name))
        for part in module.modules():
            if isinstance(part, nn.Embedding) and part.padding_idx is not None:
                part.weight[part.padding_idx] = 0
            if isinstance(part, nn.LSTM):
                # Gates lie in the order input, forget, cell, output; there are two intercepts, which are added.
                part.get_parameter("bias_ih_l0")[part.hidden_size : 2 * part.hidden_size] = 1
