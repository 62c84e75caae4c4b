"""One explanation under way: what handlers of layers work with, and what they give back.

Layers with a handler run through `Flow.step`, whose backward function is the rule. What travels backwards between them
is either relevance itself (`carry="relevance"`: networks whose modules do all arithmetic; what happens between modules
may only move values) or the factor g of relevance = activation x g (`carry="gradient"`: sums, residual connections and
products with constants need no handler then, which is what makes transformers simple; Ali et al. 2022). Any other
arithmetic between modules is refused by name (`following`): it would move relevance silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from probekit.errors import ProbekitError
from probekit.relevance.following import refusal, stray
from probekit.relevance.rule import Rule

Tensor = torch.Tensor
# From logits (B, K) to the classes asked for (B, C).
Choose = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Documents:
    """Documents to explain at once: inputs (B, ...), the number of the first one, and what gives logits of inputs."""

    inputs: Tensor
    logits: Callable[[Tensor], Tensor]
    first: int = 0


@dataclass(frozen=True)
class Found:
    """What an explainer gives: relevance (B, C, ...), logits (B, K), classes (B, C), what was kept by name, each
    (B, C)."""

    relevance: Tensor
    logits: Tensor
    classes: Tensor
    kept: Mapping[str, Tensor] = field(default_factory=dict)


class Handler:
    """How one kind of layer is entered.

    modules: the torch classes it is for, those of libraries that may be absent as text, "package.module.Class". takes:
    names of the rules it knows, or "weighted" for all that divide the relevance of weighted units. default: spec of its
    rule where the preset names none; without it layers that take weighted rules have the preset's. enters: the layers
    inside run through handlers of their own.
    """

    modules: tuple[type[nn.Module] | str, ...] = ()
    takes: tuple[str, ...] = ()
    default = ""
    enters = False

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        """The layer's output, with the rule as its backward pass. `name` is the layer's place in the network."""
        raise NotImplementedError


@dataclass
class Shared:
    """What a step gives back for its input x: relevance x * factor + rest. `ratio`: relevance passes unchanged;
    output / input, needed where the factor is carried."""

    factor: Tensor | None = None
    rest: Tensor | None = None
    ratio: Callable[[], Tensor] | None = None


@dataclass
class Flow:
    """One explanation of some documents: what it carries, the rule of a layer by its name, kind and handler, and what
    stayed with biases and other named places."""

    documents: int
    carry: str
    rule: Callable[[str, str, Handler], Rule | None]
    kept: dict[str, Tensor] = field(default_factory=dict)
    constants: dict[str, Tensor] = field(default_factory=dict)

    def step(
        self, name: str, x: Tensor, run: Callable[[Tensor], Tensor], share: Callable[[Tensor, Tensor, Tensor], Shared]
    ) -> Any:
        """run(x) of the layer `name`, with share(x, output, relevance of the output) as its backward pass."""
        if operation := stray(x, self.carry):
            raise ProbekitError(refusal(f"what happens before '{name}'", operation, self.carry))
        return Step.apply(x, run, share, self)

    def constant(self, name: str, value: Tensor) -> Tensor:
        """A value that documents do not decide, such as the vector of a position: the relevance it gets is kept."""
        value = value.detach()
        if value.shape[0] not in (1, self.documents):
            raise ProbekitError(
                f"'{name}' gives shape {tuple(value.shape)}, whose first dimension is neither the {self.documents} "
                "documents nor 1; look it up with ids of shape (1, positions)"
            )
        value = value.expand(self.documents, *value.shape[1:])
        leaf = value.clone().requires_grad_()
        name = name if name not in self.constants else f"{name} ({len(self.constants)})"
        self.constants[name] = leaf
        return leaf

    def keep(self, name: str, amount: Tensor) -> None:
        """Note relevance that stays here: a tensor whose first dimension is the documents, or documents x something."""
        if amount.shape[0] % self.documents:
            raise ProbekitError(f"{name}: the first dimension must be the documents, got shape {tuple(amount.shape)}")
        amounts = amount.detach().double().reshape(self.documents, -1).sum(1)
        self.kept[name] = self.kept[name] + amounts if name in self.kept else amounts

    def keep_all(self, name: str, amounts: Mapping[str, Tensor]) -> None:
        """Note what a rule leaves with the units of the layer `name`."""
        for what, amount in amounts.items():
            self.keep(f"{name} {what}", amount)


class Step(torch.autograd.Function):
    """A layer run with a rule as its backward pass; where `following` stops."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, run: Any, share: Any, flow: Flow) -> Tensor:
        y = run(x)
        ctx.save_for_backward(x, y)
        ctx.share, ctx.flow = share, flow
        return y

    @staticmethod
    def backward(ctx: Any, *carried: Tensor) -> Any:
        (g,) = carried
        x, y = ctx.saved_tensors
        relevance_carried = ctx.flow.carry == "relevance"
        found: Shared = ctx.share(x, y, g if relevance_carried else g * y)
        if relevance_carried:
            parts = [] if found.factor is None else [x * found.factor]
            parts += [] if found.rest is None else [found.rest]
            back = sum(parts[1:], parts[0])
        elif found.ratio is not None:
            back = g * found.ratio()
        elif found.rest is not None or found.factor is None:
            raise ProbekitError(
                "a rule that gives relevance to inputs that are 0 (shared biases, flat, w_squared, z_box) cannot be "
                "used where sums need no handler; use epsilon(bias=drop) or another preset"
            )
        else:
            back = found.factor
        return back, None, None, None
