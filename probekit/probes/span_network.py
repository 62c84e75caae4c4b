"""The span probe's network: layer mix, projection, span method, perceptron (Toshniwal et al. 2020, sections 2-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from probekit.probes.dense import dense
from probekit.probes.span_names import make_method
from probekit.probes.span_vectors import Spans


@dataclass(frozen=True)
class SpanTokens:
    """Token vectors of one corpus and where the spans of its units lie.

    layers: one (n_tokens, D) tensor a layer, float32 or float16; batches are float32. starts, ends: (n_units, k) int64
    positions among the tokens, end exclusive, k = 1 or 2 spans a unit. The vectors of a memory map are read when a
    batch needs them.
    """

    layers: tuple[torch.Tensor, ...]
    starts: np.ndarray
    ends: np.ndarray

    @property
    def n_spans(self) -> int:
        """Spans of a unit, 1 or 2."""
        return self.starts.shape[1]

    def batch(self, rows: np.ndarray, ends_only: bool = False) -> list[SpanBatch]:
        """Vectors of the spans of some units, one batch a role; `ends_only` reads first and last tokens alone."""
        found = []
        for role in range(self.n_spans):
            starts, ends = self.starts[rows, role], self.ends[rows, role]
            if ends_only:
                place, lengths = np.stack([starts, ends - 1], axis=1).ravel(), np.full(len(rows), 2)
            else:
                lengths = ends - starts
                place = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
            index = torch.from_numpy(place).to(self.layers[0].device)
            states = self.layers[0].new_empty(len(self.layers), len(place), self.layers[0].shape[1])
            for layer, vectors in enumerate(self.layers):
                torch.index_select(vectors, 0, index, out=states[layer])
            states = states.float()
            found.append(SpanBatch(states, Spans(torch.from_numpy(lengths).to(states.device)), ends_only))
        return found


@dataclass
class SpanBatch:
    """The spans of one role of some units: states (L, T, D) of their tokens in all layers."""

    states: torch.Tensor
    spans: Spans
    ends_only: bool = False
    _ends: SpanBatch | None = field(default=None, repr=False)

    def reading(self, reads: str) -> SpanBatch:
        """This batch, or first and last tokens alone for a method that reads no others; cut out once."""
        if reads != "ends" or self.ends_only:
            return self
        if self._ends is None:
            offsets = self.spans.offsets
            place = torch.stack([offsets[:-1], offsets[1:] - 1], dim=1).flatten()
            two = torch.full_like(self.spans.lengths, 2)
            self._ends = SpanBatch(self.states.index_select(1, place), Spans(two), True)
        return self._ends


class ScalarMix(nn.Module):
    """Weighted mean of layers, `h_k = sum_l softmax(s)_l h_k^(l)`, s learned from ones on, or left there."""

    def __init__(self, n_layers: int, learned: bool = True) -> None:
        super().__init__()
        self.scalars = nn.Parameter(torch.ones(n_layers), requires_grad=learned)

    @property
    def weights(self) -> torch.Tensor:
        """Weight of each layer, (L,), of sum 1."""
        return torch.softmax(self.scalars, 0)


def mix_together(mixes: Sequence[ScalarMix], states: torch.Tensor) -> torch.Tensor:
    """Weighted means of layers, states (L, T, D) -> (m, T, D), in one product for all mixes."""
    if len(states) == 1:
        return states.expand(len(mixes), -1, -1)
    weights = torch.softmax(torch.stack([mix.scalars for mix in mixes]), 1)
    return (weights @ states.flatten(1)).unflatten(1, states.shape[1:])


class SpanNetwork(nn.Module):
    """Units' spans to one score a label: mix, projection, method, `Linear - tanh - LayerNorm - dropout - Linear`.

    n_layers, width: of the states. n_spans: spans of a unit. shared: whether both spans of a unit go through one
    projection and method, or each through its own. per_label: a perceptron for every label instead of one trunk for
    all. learned_mix: whether the layer weights are learned. Initial weights depend on the seed and on shapes alone.
    """

    def __init__(
        self,
        method: str,
        n_layers: int,
        width: int,
        n_spans: int,
        n_labels: int,
        *,
        projection: int = 256,
        hidden: int = 256,
        dropout: float = 0.3,
        per_label: bool = False,
        shared: bool = False,
        learned_mix: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.mix = ScalarMix(n_layers, learned_mix and n_layers > 1)
        own = 1 if shared else n_spans
        self.projections = nn.ModuleList(dense(width, projection, seed, "span", "projection", i) for i in range(own))
        methods = [make_method(method, projection) for _ in range(own)]
        self.methods = nn.ModuleList(methods)
        # Whether all tokens of a span are read, or its ends alone.
        self.reads = methods[0].reads
        self.roles = [0] * n_spans if shared else list(range(n_spans))
        inputs = methods[0].width * n_spans
        self.hidden, self.groups = hidden, n_labels if per_label else 1
        self.trunk = dense(inputs, hidden * self.groups, seed, "span", "trunk", inputs)
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)
        self.out = dense(hidden, n_labels, seed, "span", "labels")

    def forward(self, batch: Sequence[SpanBatch]) -> torch.Tensor:
        """Scores (S, n_labels), before the sigmoid."""
        return scores_together([self], batch)[0]

    def vector(self, mixed: Sequence[torch.Tensor], spans: Sequence[Spans]) -> torch.Tensor:
        """One vector a unit from the mixed states (T, D) of each of its spans, through the first layer: (S, n)."""
        parts = [
            self.methods[role].projected(states, self.projections[role], of)  # type: ignore[operator]
            for role, states, of in zip(self.roles, mixed, spans, strict=True)
        ]
        return self.trunk(parts[0] if len(parts) == 1 else torch.cat(parts, dim=1))


def scores_together(networks: Sequence[SpanNetwork], batch: Sequence[SpanBatch]) -> torch.Tensor:
    """Scores (m, S, n_labels) of networks of one probe, before the sigmoid, each as if it were alone.

    What is alike in them is computed for all at once: layers are mixed in one product for those that read the same
    tokens, and from the first layer's answers on all are one array. The noise of dropout is that of one network.
    """
    read = {reads: [part.reading(reads) for part in batch] for reads in {network.reads for network in networks}}
    mixed = {}
    for reads, parts in read.items():
        mixes = [network.mix for network in networks if network.reads == reads]
        mixed[reads] = [iter(mix_together(mixes, part.states)) for part in parts]
    vectors = [
        network.vector([next(states) for states in mixed[network.reads]], [p.spans for p in read[network.reads]])
        for network in networks
    ]
    return _answers(networks, torch.tanh(torch.stack(vectors)))


def _answers(networks: Sequence[SpanNetwork], inner: torch.Tensor) -> torch.Tensor:
    """LayerNorm, dropout and last layer of all networks, (m, S, n) -> (m, S, n_labels)."""
    first = networks[0]

    def stacked(name: str) -> torch.Tensor:
        return torch.stack([network.get_parameter(name) for network in networks])[:, None]

    weight, bias = stacked("norm.weight"), stacked("norm.bias")
    if first.groups > 1:
        inner, weight, bias = inner.unflatten(2, (first.groups, first.hidden)), weight[:, None], bias[:, None]
    inner = torch.addcmul(bias, functional.layer_norm(inner, (first.hidden,), eps=first.norm.eps), weight)
    inner = inner * first.dropout(torch.ones_like(inner[0]))
    if first.groups > 1:
        return (inner * stacked("out.weight")).sum(3) + stacked("out.bias")
    return torch.baddbmm(stacked("out.bias"), inner, stacked("out.weight")[:, 0].mT)
