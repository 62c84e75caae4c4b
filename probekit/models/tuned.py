"""An encoder with heads: what a tuner trains, whatever the encoder, the task and the objective."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

POOLINGS = ("cls", "mean", "max")


class Linear(nn.Module):
    """Dropout and a linear layer."""

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.scores = nn.Dropout(dropout), nn.Linear(width, outputs)

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, d) -> (n, outputs)."""
        found: Tensor = self.scores(self.dropout(vectors))
        return found


class Perceptron(nn.Module):
    """A layer of the encoder's width with tanh, dropout, and a linear layer."""

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.inner, self.dropout, self.scores = nn.Linear(width, width), nn.Dropout(dropout), nn.Linear(width, outputs)

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, d) -> (n, outputs)."""
        found: Tensor = self.scores(self.dropout(torch.tanh(self.inner(vectors))))
        return found


class Embedding(nn.Module):
    """A row for each class without a bias, and a centre: what losses of the space of vectors compare with.

    Left out once the encoder is trained: its answers are those of nearest neighbours.
    """

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.empty(outputs, width).uniform_(-(width**-0.5), width**-0.5))
        self.centres = nn.Parameter(torch.randn(outputs, width))

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, d) -> products with the rows, (n, outputs)."""
        return vectors @ self.rows.T


HEADS: Mapping[str, type[Linear | Perceptron | Embedding]] = {
    "linear": Linear,
    "mlp": Perceptron,
    "embedding": Embedding,
}


class LiveModule(nn.Module, ABC):
    """What learns of an encoder, see `probekit.encoders.live`."""

    @property
    @abstractmethod
    def table(self) -> Tensor:
        """The input embeddings, (rows, e)."""

    @abstractmethod
    def embed(self, texts: Any) -> Tensor:
        """The lookup of the pieces of a batch alone, (B, P, e)."""

    @abstractmethod
    def forward(self, vectors: Tensor, texts: Any, every: bool = False) -> Sequence[Tensor]:
        """Hidden states (B, P, d) of such vectors: of the last layer, or of `every` layer from the embeddings on."""


@dataclass(frozen=True, eq=False)
class Answered:
    """What a network says: the pooled vectors of texts or the vectors of words (n, d), and scores (n, K)."""

    vectors: Tensor
    scores: Tensor


class TunedNetwork(nn.Module):
    """An encoder behind the live face, and a head for each task.

    layer: of which the heads read, None for the last. pooling: of the pieces of texts: `cls` the first position, `mean`
    and `max` over the pieces of words.
    """

    def __init__(
        self,
        encoder: LiveModule,
        width: int,
        outputs: Sequence[int],
        heads: Sequence[str],
        pooling: str,
        layer: int | None,
        dropout: float,
    ) -> None:
        super().__init__()
        self.encoder, self.pooling, self.layer = encoder, pooling, layer
        made = (HEADS[head](width, n, dropout) for head, n in zip(heads, outputs, strict=True))
        self.heads = nn.ModuleList(made)
        self.head_names = tuple(heads)

    def embed(self, texts: Any) -> Tensor:
        """Input vectors of a batch, (B, P, e): the lookup alone."""
        return self.encoder.embed(texts)

    def forward(self, vectors: Tensor, texts: Any, places: Tensor | None = None, task: int = 0) -> Answered:
        """Answers from input vectors. places: flat positions (n,) of the words that are asked about, else texts are."""
        states = self.encoder(vectors, texts, every=self.layer is not None)[-1 if self.layer is None else self.layer]
        read = pooled(states, texts, self.pooling) if places is None else states.flatten(0, 1)[places]
        return Answered(read, self.heads[task](read))


def pooled(states: Tensor, texts: Any, pooling: str) -> Tensor:
    """Vectors of texts (B, d) of the states (B, P, d)."""
    if pooling == "cls":
        return states[:, 0]
    content = texts.content[..., None]
    if pooling == "max":
        return states.masked_fill(~content, -torch.inf).amax(dim=1)
    return states.masked_fill(~content, 0.0).sum(1) / content.sum(1)
