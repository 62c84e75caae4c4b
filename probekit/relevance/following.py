"""What relevance can be followed through between layers, by the graph that autograd has recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

Tensor = torch.Tensor

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
# Where following ends: a step of the explanation (`flow.Step`), or a leaf.
_STOPS = ("StepBackward", "AccumulateGrad")


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
        "through. Put that step into a torch module that has a handler (relevance.handlers.names() lists them) or "
        "register one: @relevance.handlers.register('my-layer') on a probekit.relevance.flow.Handler with "
        "modules = (...,)"
    )
