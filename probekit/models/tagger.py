"""A tagger of words: inputs, a body that reads both ways, a head; experts and a second task as options.

Mixture of entity experts after Liu, Winata and Fung 2020 (Zero-Resource Cross-Domain Named Entity Recognition,
equations 1 to 6); combination by attention after the auxiliary-languages study (x = tanh(Q e + b), a = V tanh(W x),
softmax over sources at one word).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit.errors import UnknownName
from probekit.models.bilstm import BiLSTM

COMBINATIONS = ("concat", "average", "attention")
PREDICTS = ("experts", "both")


class Gold(NamedTuple):
    """What a batch of sentences is taught, each (B, T) int64: labels, categories of experts, of the second task."""

    labels: Tensor
    categories: Tensor
    detected: Tensor


class Attribute(NamedTuple):
    """What a discriminator is taught: its name, and which value each sentence of a batch has, (B,) int64."""

    name: str
    value: Tensor


class _Reversal(torch.autograd.Function):
    """Forward as it is, backward times -weight (Ganin and Lempitsky 2015)."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return given.view_as(given)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * grads[0], None


class Discriminator(nn.Module):
    """softmax(T ReLU(V x)) over the values of an attribute, without intercepts (Lange et al. 2020), behind a reversal.

    Its own weights learn to tell the values; what it reads is moved the other way, times `weight`.
    """

    def __init__(self, width: int, values: int, weight: float, hidden: int = 100) -> None:
        super().__init__()
        self.first = nn.Linear(width, hidden, bias=False)
        self.last = nn.Linear(hidden, values, bias=False)
        self.weight = weight

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors (n, width) -> scores (n, values)."""
        seen: Tensor = _Reversal.apply(vectors, self.weight)  # type: ignore[no-untyped-call]
        scores: Tensor = self.last(torch.relu(self.first(seen)))
        return scores


class Combination(nn.Module):
    """Vectors of one word from several sources as one; see the module for `attention`, whose width is the largest."""

    def __init__(self, widths: Sequence[int], kind: str = "concat", hidden: int = 64) -> None:
        super().__init__()
        if kind not in COMBINATIONS:
            raise UnknownName("combination of inputs:", str(kind), COMBINATIONS)
        self.kind = kind
        self.width = sum(widths) if kind == "concat" else max(widths)
        if kind != "concat":
            self.maps = nn.ModuleList(nn.Linear(width, self.width) for width in widths)
        if kind == "attention":
            self.hidden = nn.Linear(self.width, hidden, bias=False)
            self.query = nn.Linear(hidden, 1, bias=False)

    def forward(self, vectors: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Vectors (B, T, d_i) of each source -> (B, T, width), and the weights (B, T, sources) of `attention`."""
        if self.kind == "concat":
            return (vectors[0] if len(vectors) == 1 else torch.cat(list(vectors), dim=2)), None
        mapped = torch.stack([torch.tanh(one(given)) for one, given in zip(self.maps, vectors, strict=True)], dim=2)
        if self.kind == "average":
            return mapped.mean(dim=2), None
        weights = torch.softmax(self.query(torch.tanh(self.hidden(mapped))).squeeze(3), dim=2)
        return (weights[..., None] * mapped).sum(dim=2), weights


class Experts(nn.Module):
    """One affine map a category, mixed by a gate that is taught the category and mixes by its own answer."""

    def __init__(self, width: int, categories: int, size: int) -> None:
        super().__init__()
        self.experts = nn.Linear(width, categories * size)
        self.gate = nn.Linear(width, categories)
        self.size = size

    def forward(self, states: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """States (B, T, d) -> mixtures (B, T, size), the gate's scores (B, T, E). weights: in place of the gate's."""
        scores = self.gate(states)
        mixing = torch.softmax(scores, dim=2) if weights is None else weights
        answers = self.experts(states).unflatten(2, (-1, self.size))
        return torch.einsum("bte,bted->btd", mixing, answers), scores


class Tagger(nn.Module):
    """Inputs of several sources -> states -> a head, with a second head and experts where asked for.

    sources: modules that turn a batch of their source into vectors (B, T, d_i); those of frozen sources hand on what
    they get. head, detector: modules with `loss(states, gold, mask)`, summed nats (B,), and `answer(states, mask)`,
    (B, T). layers: of the body, 0 for none. experts: units of each, 0 for none. predicts: whether the head reads the
    `experts` alone, as the equations say, or states and experts (`both`), as the text says. mapped: whether the
    combined inputs go through F(x) = tanh(W x). adversaries: values of each attribute that a discriminator tells by
    F(x); weight: of the reversed gradient.
    """

    def __init__(
        self,
        sources: Sequence[nn.Module],
        combination: Combination,
        heads: Any,
        *,
        hidden: int = 200,
        layers: int = 1,
        categories: int = 0,
        experts: int = 0,
        predicts: str = "experts",
        dropout: float = 0.0,
        mapped: bool = False,
        adversaries: Mapping[str, int] | None = None,
        weight: float = 0.0,
    ) -> None:
        super().__init__()
        if predicts not in PREDICTS:
            raise UnknownName("value of predicts:", str(predicts), PREDICTS)
        self.sources, self.combination = nn.ModuleList(sources), combination
        self.map = nn.Linear(combination.width, combination.width, bias=False) if mapped else None
        self.adversaries = nn.ModuleDict(
            {name: Discriminator(combination.width, values, weight) for name, values in (adversaries or {}).items()}
        )
        self.body = BiLSTM(combination.width, hidden, layers, dropout) if layers else None
        width = 2 * hidden if layers else combination.width
        self.experts = Experts(width, categories, experts) if experts else None
        self.predicts, self.dropout = predicts, nn.Dropout(dropout)
        read = width if not experts else experts + (width if predicts == "both" else 0)
        self.head = heads.main(read)
        self.detector = heads.detector(width)

    @property
    def inputs_width(self) -> int:
        """Units of the combined inputs."""
        return self.combination.width

    def states(self, inputs: Sequence[Any], mask: Tensor) -> tuple[Tensor, Tensor]:
        """Combined inputs, mapped where asked for, (B, T, w), and states of the body (B, T, d)."""
        combined = self.combined(inputs)[0]
        return combined, self.body(combined, mask) if self.body is not None else combined

    def combined(self, inputs: Sequence[Any]) -> tuple[Tensor, Tensor | None]:
        """What the body reads (B, T, w), and the weights (B, T, sources) of a combination by attention."""
        given = [source(*one) for source, one in zip(self.sources, inputs, strict=True)]
        combined, weights = self.combination(given)
        return (combined if self.map is None else torch.tanh(self.map(combined))), weights

    def read(self, states: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the head reads of states, and the gate's scores where there are experts."""
        if self.experts is None:
            return states, None
        mixed, scores = self.experts(states)
        return (torch.cat([states, mixed], dim=2) if self.predicts == "both" else mixed), scores

    def loss(self, inputs: Sequence[Any], mask: Tensor, gold: Gold | Attribute) -> Tensor:
        """Nats a word: of the labels, of the gate and of the second task, unweighted (equations 4 to 6).

        Of an attribute those of its discriminator, which tells the value of each word's sentence.
        """
        if isinstance(gold, Attribute):
            scores = self.adversaries[gold.name](self.combined(inputs)[0][mask])
            return functional.cross_entropy(scores, gold.value[:, None].expand(mask.shape)[mask])
        states = self.dropout(self.states(inputs, mask)[1])
        seen, scores = self.read(states)
        total = self.head.loss(seen, gold.labels, mask).sum()
        if scores is not None:
            total = total + functional.cross_entropy(scores[mask], gold.categories[mask], reduction="sum")
        if self.detector is not None:
            total = total + self.detector.loss(states, gold.detected, mask).sum()
        return total / mask.sum()

    @torch.no_grad()
    def answer(self, inputs: Sequence[Any], mask: Tensor) -> Tensor:
        """Numbers of the labels (B, T), 0 at padding."""
        answered: Tensor = self.head.answer(self.read(self.states(inputs, mask)[1])[0], mask)
        return answered

    @torch.no_grad()
    def sources_at(self, inputs: Sequence[Any], mask: Tensor) -> Tensor | None:
        """Weights of the sources (B, T, sources) of a combination by attention; None of another."""
        return self.combined(inputs)[1]

    @torch.no_grad()
    def gate(self, inputs: Sequence[Any], mask: Tensor) -> Tensor | None:
        """Weights of the experts (B, T, E); None without experts."""
        scores = self.read(self.states(inputs, mask)[1])[1]
        return None if scores is None else torch.softmax(scores, dim=2)


class WordBags(nn.Module):
    """Vectors of words that learn: each is the mean of some rows (its own, those of its pieces)."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(rows)

    def forward(self, rows: Tensor, starts: Tensor, place: Tensor) -> Tensor:
        """rows: of the distinct words of a batch, one after another; starts: of each; place (B, T): which word."""
        found = functional.embedding_bag(rows, self.weight, starts, mode="mean")
        return found[place]


class Given(nn.Module):
    """Vectors that are frozen: handed on as they come."""

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors (B, T, d)."""
        return vectors


class Mixed(nn.Module):
    """Layers under a softmax of weights that are learned, and a scale (Peters et al. 2018): alike at first."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(layers))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors (layers, B, T, d) -> (B, T, d)."""
        return self.scale * torch.einsum("l,lbtd->btd", torch.softmax(self.shares, dim=0), vectors)


class FirstPieces(nn.Module):
    """A transformer that learns: the state at the first piece of each word, of a layer, the mean of some, or a mix.

    bfloat16: in training its products are; the states are float32 all the same.
    """

    def __init__(self, model: nn.Module, layers: Sequence[int], mixed: bool = False, bfloat16: bool = False) -> None:
        super().__init__()
        self.model, self.layers, self.rounds = model, list(layers), bfloat16
        self.mix = Mixed(len(layers)) if mixed else None

    def forward(self, ids: Tensor, attended: Tensor, first: Tensor) -> Tensor:
        """Pieces (R, P) of windows, attended (R, P), places of first pieces (B, T) among R * P -> (B, T, d)."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.rounds and self.training):
            states = self.model(input_ids=ids, attention_mask=attended, output_hidden_states=True).hidden_states
        read = [states[layer].flatten(0, 1)[first].float() for layer in self.layers]
        if self.mix is not None:
            mixed: Tensor = self.mix(torch.stack(read))
            return mixed
        return read[0] if len(read) == 1 else torch.stack(read).mean(dim=0)
