"""BiLSTM text classifiers with attention between encoder and linear decoder (Tutek and Snajder 2020, section 2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from probekit.errors import ProbekitError, UnknownName
from probekit.models.bilstm import both_ways
from probekit.values import Count, LessThanAll

ATTENTIONS = ("additive", "dot", "mean")
QUERIES = ("normal", "default")
JOINS = ("none", "concat", "residual")


class Attention(nn.Module):
    """Weights over the states of a text, the same learned query for all texts.

    kind: "additive" v . tanh(W h + b) with half as many units as the states have; "dot" q . h / sqrt(d), no bias;
    "mean" the same weight everywhere. query: how q of "dot" begins: "normal" from N(0, 1), "default" as torch begins
    a linear layer, U(-1/sqrt(d), 1/sqrt(d)), under which attention stays close to uniform.
    """

    def __init__(self, width: int, kind: str = "additive", query: str | None = None) -> None:
        super().__init__()
        if kind not in ATTENTIONS:
            raise UnknownName("attention", str(kind), ATTENTIONS)
        if query is not None and kind != "dot":
            raise ProbekitError(f"query={query!r} is how dot attention begins; {kind} attention has no such choice")
        if query is not None and query not in QUERIES:
            raise UnknownName("beginning of the query:", str(query), QUERIES)
        self.kind, self.scale = kind, math.sqrt(width)
        if kind == "additive":
            self.hidden = nn.Linear(width, width // 2)
            self.query = nn.Linear(width // 2, 1, bias=False)
        elif kind == "dot":
            self.query = nn.Linear(width, 1, bias=False)
            if query != "default":
                nn.init.normal_(self.query.weight)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Weights (B, T) that sum to one over the positions of the mask (B, T) and are zero elsewhere."""
        if self.kind == "mean":
            weights = mask.to(states.dtype)
            return weights / weights.sum(dim=1, keepdim=True)
        if self.kind == "additive":
            scores = self.query(torch.tanh(self.hidden(states))).squeeze(2)
        else:
            scores = self.query(states).squeeze(2) / self.scale
        return torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=1)


class AttentionClassifier(nn.Module):
    """Word vectors -> BiLSTM -> states -> attention -> linear decoder.

    width: of the word vectors. labels: classes, one score each (the paper's single sigmoid unit is the difference of
    two). hidden: units per direction, half the width unless given, so that states and vectors have one size. layers:
    of the LSTM. attention, query: see `Attention`. join: what the states are of raw LSTM outputs h and vectors e:
    "none" h, "concat" [h ; e], "residual" h + e. dropout: on the vectors and between layers.
    """

    def __init__(
        self,
        width: int,
        labels: int,
        hidden: Count | None = None,
        layers: Count = 1,
        attention: str = "additive",
        query: str | None = None,
        join: str = "none",
        dropout: LessThanAll = 0.0,
    ) -> None:
        super().__init__()
        hidden = max(width // 2, 1) if hidden is None else hidden
        for name, value in {"width": width, "labels": labels, "hidden": hidden, "layers": layers}.items():
            if not isinstance(value, int) or value < 1:
                raise ProbekitError(f"{name} of a bilstm must be a whole number of at least 1, got {value!r}")
        if join not in JOINS:
            raise UnknownName("join of states and embeddings:", str(join), JOINS)
        if join == "residual" and 2 * hidden != width:
            raise ProbekitError(
                f"residual adds embeddings of width {width} to states of width {2 * hidden}; set hidden={width / 2:g}"
            )
        self.join = join
        self.dropout = nn.Dropout(dropout)
        widths = [width] + [2 * hidden] * (layers - 1)
        self.forwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.backwards = nn.ModuleList(nn.LSTM(w, hidden, batch_first=True) for w in widths)
        self.raw_width = 2 * hidden
        self.state_width = 2 * hidden + (width if join == "concat" else 0)
        self.attention = Attention(self.state_width, attention, query)
        self.out = nn.Linear(self.state_width, labels)

    def raw(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Outputs of the top LSTM layer (B, T, 2 hidden), zero at padding, of vectors (B, T, width)."""
        return both_ways(self.forwards, self.backwards, vectors, mask, self.dropout)

    def joined(self, raw: Tensor, vectors: Tensor) -> Tensor:
        """States (B, T, state_width) that attention and decoder see."""
        if self.join == "concat":
            return torch.cat([raw, vectors], dim=2)
        return raw + vectors if self.join == "residual" else raw

    def states(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """States (B, T, state_width) of word vectors (B, T, width)."""
        return self.joined(self.raw(vectors, mask), vectors)

    def decode(self, states: Tensor, weights: Tensor) -> Tensor:
        """Class scores (B, K) of states (B, T, d) under any weights (B, T)."""
        return self.out((weights[:, None, :] @ states).squeeze(1))

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Class scores (B, K) of word vectors (B, T, width) under a mask (B, T) bool."""
        states = self.states(vectors, mask)
        return self.decode(states, self.attention(states, mask))
