"""The engine: one forward pass in which layers remember what they saw, one modified backward pass for each target.

Layers with a handler run through `Flow.step`, whose backward function is the rule. What travels backwards between them
is either relevance itself (`carry="relevance"`: networks whose modules do all arithmetic; what happens between modules
may only move values) or the factor g of relevance = activation x g (`carry="gradient"`: sums, residual connections and
products with constants need no handler then, which is what makes transformers simple; Ali et al. 2022). Any other
arithmetic between modules is refused by name: it would move relevance silently.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from probekit import relevance
from probekit.errors import ProbekitError
from probekit.relevance.functions import elementwise
from probekit.relevance.preset import Preset, find_preset
from probekit.relevance.rule import Rule
from probekit.relevance.transformers import constant_attention, transformer_of

Tensor = torch.Tensor
Choose = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Batch:
    """Documents to explain at once: inputs (B, ...), the number of the first one, and what gives logits of inputs."""

    inputs: Tensor
    logits: Callable[[Tensor], Tensor]
    first: int = 0


@dataclass(frozen=True)
class Found:
    """What a method gives: relevance (B, C, ...), logits (B, K), classes (B, C), what was kept by name, each (B, C)."""

    relevance: Tensor
    logits: Tensor
    classes: Tensor
    kept: Mapping[str, Tensor] = field(default_factory=dict)


class Handler:
    """How one kind of layer is entered.

    modules: the torch classes it is for, those of libraries that may be absent as text, "package.module.Class". takes:
    names of the rules it knows, or "weighted" for all that divide the relevance of weighted units. enters: the layers
    inside run through handlers of their own.
    """

    modules: tuple[type[nn.Module] | str, ...] = ()
    takes: tuple[str, ...] = ()
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
    """One explanation under way: its rules, how many documents, and what stayed with biases and other named places."""

    preset: Preset
    documents: int
    kept: dict[str, Tensor] = field(default_factory=dict)
    constants: dict[str, Tensor] = field(default_factory=dict)

    @property
    def carry(self) -> str:
        return self.preset.carry

    def step(
        self, name: str, x: Tensor, run: Callable[[Tensor], Tensor], share: Callable[[Tensor, Tensor, Tensor], Shared]
    ) -> Any:
        """run(x) of the layer `name`, with share(x, output, relevance of the output) as its backward pass."""
        if operation := stray(x, self.carry):
            raise ProbekitError(refusal(f"what happens before '{name}'", operation, self.carry))
        return _Step.apply(x, run, share, self)

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


class _Step(torch.autograd.Function):
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
                "a rule that gives relevance to inputs that are 0 (shared biases, flat) cannot be used where sums need "
                "no handler; use epsilon(bias=drop) or another preset"
            )
        else:
            back = found.factor
        return back, None, None, None


# Operations between modules, as autograd names them: those that only move values ...
_MOVES = {
    "Alias", "Cat", "Clone", "Copy", "CopySlices", "Detach", "Expand", "Flip", "Gather", "Index",
    "IndexSelect", "MaskedFill", "Max", "Narrow", "PackPaddedSequence", "Permute", "Reshape", "ReshapeAlias", "Roll",
    "Select", "Slice", "Split", "SplitWithSizes", "Squeeze", "Stack", "T", "Take", "ToCopy", "Transpose", "Unbind",
    "Unfold", "UnsafeSplit", "UnsafeView", "Unsqueeze", "View", "Where",
}  # fmt: skip
# ... those that are linear in all that they take ...
_SUMS = {"Add", "Sub", "Neg", "Sum", "Mean", "Rsub"}
# ... and those that are linear in one factor while the other is constant.
_PRODUCTS = {"Mul", "Div", "Mm", "Bmm", "Mv", "Dot"}
_STOPS = ("_StepBackward", "AccumulateGrad")


def stray(output: Tensor, carry: str) -> str | None:
    """Name of the first operation behind a tensor that relevance cannot be followed through, up to known layers."""
    seen, open_nodes = set(), [output.grad_fn]
    while open_nodes:
        node = open_nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        name = node.name().rpartition(":")[2]
        if name in _STOPS:
            continue
        operation = name.rpartition("Backward")[0] or name
        operation = operation.rstrip("0123456789").lstrip("_")
        inputs = [before for before, _ in node.next_functions if before is not None]
        fine = operation in _MOVES or (
            carry == "gradient" and (operation in _SUMS or (operation in _PRODUCTS and len(inputs) == 1))
        )
        if not fine:
            return operation
        open_nodes += inputs
    return None


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors inside a layer's output."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)


def handler_of(module: nn.Module) -> tuple[str, Handler] | None:
    """Name and handler of a layer; a subclass with a forward pass of its own is another layer."""
    for name in relevance.handlers.names():
        kind = relevance.handlers.get(name)
        for known in kind.modules:
            if isinstance(known, str):
                if f"{type(module).__module__}.{type(module).__name__}" == known:
                    return name, kind()
            elif isinstance(module, known) and type(module).forward is known.forward:
                return name, kind()
    return None


@contextlib.contextmanager
def attached(network: nn.Module, flow: Flow) -> Iterator[None]:
    """A network whose layers run through their handlers; taken off again whatever happens."""
    undo: list[Callable[[], Any]] = []
    parameters = [p for p in network.parameters() if p.requires_grad]
    try:
        for parameter in parameters:
            parameter.requires_grad_(False)
        inside: set[nn.Module] = set()
        for name, module in network.named_modules():
            if module in inside:
                continue
            found = handler_of(module)
            if found is None:
                undo.append(module.register_forward_hook(_checking(name, flow)).remove)
                continue
            inside |= set() if found[1].enters else set(module.modules())
            undo.append(_enter(module, name, flow, found[1], flow.preset.rule(name, found[0], found[1])))
        with elementwise(flow):
            yield
    finally:
        for detach in reversed(undo):
            detach()
        for parameter in parameters:
            parameter.requires_grad_(True)


def _enter(module: nn.Module, name: str, flow: Flow, handler: Handler, rule: Rule | None) -> Callable[[], Any]:
    before = module.__dict__.get("forward")

    def forward(*args: Any, **kwargs: Any) -> Any:
        return handler.forward(flow, name, module, rule, *args, **kwargs)

    def undo() -> None:
        del module.__dict__["forward"]
        if before is not None:
            module.__dict__["forward"] = before

    module.__dict__["forward"] = forward
    return undo


def _checking(name: str, flow: Flow) -> Callable[[nn.Module, Any, Any], None]:
    def check(module: nn.Module, given: Any, output: Any) -> None:
        for tensor in tensors(output):
            if operation := stray(tensor, flow.carry):
                place = f"{type(module).__name__} '{name}'" if name else f"the network {type(module).__name__}"
                raise ProbekitError(refusal(place, operation, flow.carry, not any(module.children())))

    return check


def refusal(place: str, operation: str, carry: str, leaf: bool = False) -> str:
    """Why a layer cannot be explained, and what to do. leaf: it has no layers inside."""
    if "oftmax" in operation:
        return f"{place} gives probabilities (softmax); relevance explains scores: take the logits before the softmax"
    if not leaf and carry == "relevance" and operation in (*_SUMS, *_PRODUCTS):
        return (
            f"{place}: '{operation}' between layers is not followed where relevance itself is carried. Use a preset "
            "that carries factors (rules='transformer'), or put the step into a module of its own and register a "
            "handler for it (@relevance.handlers.register)"
        )
    return (
        f"no relevance rule for {place}: a forward pass does '{operation}' there, which relevance cannot be followed "
        "through. Put that step into a torch module that has a handler (" + ", ".join(relevance.handlers.names()) + ") "
        "or register one: @relevance.handlers.register('my-layer') on a relevance.engine.Handler with modules = (...,)"
    )


def propagate(network: nn.Module, batch: Batch, choose: Choose, rules: Any = None) -> Found:
    """Layer-wise relevance propagation. rules: as `preset.find_preset` takes them; None for the network's own kind."""
    known = transformer_of(network)
    preset = find_preset(rules, "transformer" if known is not None else "lrp")
    x = batch.inputs.detach().clone().requires_grad_()
    flow = Flow(preset, len(x))
    with torch.enable_grad(), attached(network, flow), constant_attention(known):
        logits = batch.logits(x)
        preset.check_used()
        chosen = choose(logits)
        found, kept = [], []
        for column in chosen.T:
            flow.kept = {}
            start = torch.zeros_like(logits)
            rows = torch.arange(len(column), device=logits.device)
            carries_relevance = flow.carry == "relevance"
            start[rows, column] = logits.detach()[rows, column] if carries_relevance else 1.0
            leaves = [x, *flow.constants.values()]
            back, *others = torch.autograd.grad(logits, leaves, start, retain_graph=True, allow_unused=True)
            back = torch.zeros_like(x) if back is None else back
            found.append(back if carries_relevance else back * x.detach())
            for (name, leaf), part in zip(flow.constants.items(), others, strict=True):
                if part is not None:
                    flow.keep(name, part if carries_relevance else part * leaf.detach())
            kept.append(flow.kept)
    names = sorted({name for one in kept for name, amounts in one.items() if bool(amounts.any())})
    nothing = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    shares = {name: torch.stack([one.get(name, nothing) for one in kept], 1) for name in names}
    return Found(torch.stack(found, 1).detach(), logits.detach(), chosen, shares)
