"""The engine: one forward pass in which layers remember what they saw, one modified backward pass for each target.

How a layer takes part is its handler's matter, what it works with the `flow`'s, which rule it has `layer_rules`'.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from probekit.errors import ProbekitError
from probekit.relevance.catalogue import PLAIN, TRANSFORMER, find_preset, handlers
from probekit.relevance.flow import Choose, Documents, Flow, Found, Handler
from probekit.relevance.following import refusal, stray, tensors
from probekit.relevance.functions import elementwise
from probekit.relevance.layer_rules import LayerRules
from probekit.relevance.rule import Rule
from probekit.relevance.transformers import constant_attention, transformer_of


def propagate(network: nn.Module, given: Documents, choose: Choose, rules: Any = None) -> Found:
    """Layer-wise relevance propagation. rules: as `catalogue.find_preset` takes them; None for those of the network's
    own kind."""
    known = transformer_of(network)
    layer_rules = LayerRules(find_preset(rules, PLAIN if known is None else TRANSFORMER))
    x = given.inputs.detach().clone().requires_grad_()
    flow = Flow(len(x), layer_rules.preset.carry, layer_rules.of)
    with torch.enable_grad(), attached(network, flow), constant_attention(known):
        logits = given.logits(x)
        layer_rules.check_used()
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
            undo.append(_enter(module, name, flow, found[1], flow.rule(name, found[0], found[1])))
        with elementwise(flow):
            yield
    finally:
        for detach in reversed(undo):
            detach()
        for parameter in parameters:
            parameter.requires_grad_(True)


def handler_of(module: nn.Module) -> tuple[str, Handler] | None:
    """Name and handler of a layer; a subclass with a forward pass of its own is another layer."""
    for name in handlers.names():
        kind = handlers.get(name)
        for known in kind.modules:
            if isinstance(known, str):
                if f"{type(module).__module__}.{type(module).__name__}" == known:
                    return name, kind()
            elif isinstance(module, known) and type(module).forward is known.forward:
                return name, kind()
    return None


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
