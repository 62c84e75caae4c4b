"""Functions that a forward pass calls by themselves, `F.relu(x)`: those of one number pass relevance as layers do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from probekit.relevance.flow import Flow
from probekit.relevance.layers import passed

ELEMENTWISE: set[Any] = {
    F.relu, F.tanh, F.sigmoid, F.gelu, F.elu, F.silu, F.leaky_relu, F.softplus, F.mish, F.relu6, F.hardtanh, torch.relu,
    torch.tanh, torch.sigmoid, torch.Tensor.relu, torch.Tensor.tanh, torch.Tensor.sigmoid,
}  # fmt: skip


class _Elementwise(TorchFunctionMode):
    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # Inside a layer's own step gradients are off: there the function is the layer's, not the network's.
        if func in ELEMENTWISE and torch.is_grad_enabled() and args and args[0].requires_grad:
            more = {name: value for name, value in kwargs.items() if name != "inplace"}
            name = getattr(func, "__name__", "a function")
            return passed(self.flow, name, args[0], lambda x: func(x, *args[1:], **more))
        return func(*args, **kwargs)


@contextlib.contextmanager
def elementwise(flow: Flow) -> Iterator[None]:
    """Within it functions of one number are steps of the explanation under the rule `pass`."""
    with _Elementwise(flow):
        yield
