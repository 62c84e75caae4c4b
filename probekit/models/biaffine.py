"""A biaffine parser of dependencies (Dozat and Manning 2017, ICLR): every pair of words is scored as child and head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from probekit.models.bilstm import BiLSTM
from probekit.models.tagger import Combination


class Arcs(NamedTuple):
    """What a batch is taught, each (B, T) int64: heads, 0 the root, and relations, -1 where training lacks one."""

    heads: Tensor
    relations: Tensor


class Biaffine(nn.Module):
    """x' U y + x' a + y' b + c for all pairs and `out` answers: s(i, j) of the paper with both biases."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out, width + 1, width + 1))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """left (B, T, d), right (B, H, d) -> (B, out, T, H)."""
        one, other = (functional.pad(side, (0, 1), value=1.0) for side in (left, right))
        return torch.einsum("btd,ode,bhe->both", one, self.weight, other)


class Parser(nn.Module):
    """Inputs of several sources -> states -> scores of arcs and of the relation of each arc.

    sources, combination: as those of a tagger. layers: of a BiLSTM, 0 for none. arc, label: units in which words are
    compared. The root is a learned vector beside the states.
    """

    def __init__(
        self,
        sources: Sequence[nn.Module],
        combination: Combination,
        relations: int,
        *,
        hidden: int = 200,
        layers: int = 1,
        arc: int = 200,
        label: int = 50,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.sources, self.combination = nn.ModuleList(sources), combination
        self.body = BiLSTM(combination.width, hidden, layers, dropout) if layers else None
        width = 2 * hidden if layers else combination.width
        self.root = nn.Parameter(torch.zeros(width))
        names = ("arc_child", "arc_head", "label_child", "label_head")
        self.sides = nn.ModuleDict({name: nn.Linear(width, arc if name.startswith("arc") else label) for name in names})
        self.arcs, self.labels = Biaffine(arc, 1), Biaffine(label, relations)
        self.dropout = nn.Dropout(dropout)

    @property
    def inputs_width(self) -> int:
        """Units of the combined inputs."""
        return self.combination.width

    def states(self, inputs: Sequence[Any], mask: Tensor) -> tuple[Tensor, Tensor]:
        """Combined inputs (B, T, w) and states of the body (B, T, d); the same where there is none."""
        combined, _ = self.combination([source(*one) for source, one in zip(self.sources, inputs, strict=True)])
        return combined, self.body(combined, mask) if self.body is not None else combined

    def scores(self, inputs: Sequence[Any], mask: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of heads (B, T, 1 + T), the root first, and of relations (B, R, T, 1 + T)."""
        words = self.dropout(self.states(inputs, mask)[1])
        heads = torch.cat([self.root.expand(len(words), 1, -1), words], dim=1)

        def side(name: str, states: Tensor) -> Tensor:
            found: Tensor = self.dropout(functional.leaky_relu(self.sides[name](states), 0.1))
            return found

        arcs = self.arcs(side("arc_child", words), side("arc_head", heads))[:, 0]
        there = functional.pad(mask, (1, 0), value=True)[:, None, :]
        own = torch.eye(words.shape[1], dtype=torch.bool, device=words.device)
        arcs = arcs.masked_fill(~there | functional.pad(own, (1, 0)), -torch.inf)
        return arcs, self.labels(side("label_child", words), side("label_head", heads))

    def loss(self, inputs: Sequence[Any], mask: Tensor, gold: Arcs) -> Tensor:
        """Nats a word: of its head, and of its relation to the right head."""
        arcs, relations = self.scores(inputs, mask)
        total = functional.cross_entropy(arcs[mask], gold.heads[mask], reduction="sum")
        at = gold.heads[:, None, :, None].expand(-1, relations.shape[1], -1, 1)
        own = relations.gather(3, at).squeeze(3).transpose(1, 2)
        total = total + functional.cross_entropy(own[mask], gold.relations[mask], reduction="sum", ignore_index=-1)
        return total / mask.sum()
