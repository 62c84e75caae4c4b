"""Handlers of plain layers: weighted ones through their linear map, activations, pooling, what only moves values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.grad import conv1d_input

from probekit.errors import ProbekitError
from probekit.relevance.flow import Flow, Handler, Shared
from probekit.relevance.rule import Frozen, Rule, Split, Unit, over

Tensor = torch.Tensor


class LinearMap:
    """A map z = W x, by what rules need of it. `bias` is broadcast over the output or None; `fan_in` inputs a unit, a
    number or one for each document; `padded`: some of them lie outside x."""

    bias: Tensor | None = None
    fan_in: int | Tensor
    weight: Tensor
    padded = False

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        """W x without bias, for a weight of the layer's shape."""
        raise NotImplementedError

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        """W' g, of the shape of the input x."""
        raise NotImplementedError

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        """Give `amount` of each unit to every one of its inputs."""
        raise NotImplementedError

    def total(self, weight: Tensor) -> Tensor:
        """Sum of a weight of the layer's shape over the inputs of each unit, broadcast over the output."""
        raise NotImplementedError


def weighted_step(flow: Flow, name: str, x: Tensor, layer: LinearMap, rule: Rule) -> Any:
    """A weighted layer run with its rule as backward pass."""

    def run(x: Tensor) -> Tensor:
        z = layer.apply(x, layer.weight)
        return z if layer.bias is None else z + layer.bias

    def parts(x: Tensor) -> tuple[Tensor, Tensor]:
        up, down = layer.weight.clamp(min=0), layer.weight.clamp(max=0)
        high, low = x.clamp(min=0), x.clamp(max=0)
        return layer.apply(high, up) + layer.apply(low, down), layer.apply(high, down) + layer.apply(low, up)

    def share(x: Tensor, z: Tensor, relevance: Tensor) -> Shared:
        bias = None if layer.bias is None else layer.bias.expand_as(z)
        unit = Unit(
            name, z, bias, layer.fan_in, lambda: parts(x), lambda v: layer.total(v(layer.weight)), lambda: span(x)
        )
        found = rule.split(unit, relevance)
        flow.keep_all(name, found.kept)
        factor = factors(found, layer.weight, x, lambda g, weight: layer.transposed(g, weight, x))
        rests, given = [], []
        if found.even is not None:
            rests.append(layer.spread(found.even, x))
            given.append(found.even * layer.fan_in)
        if found.by_weight is not None:
            amount, v = found.by_weight
            rests.append(layer.transposed(amount, v(layer.weight), x))
            given.append(amount * unit.total(v))
        if layer.padded:  # the zeros around a document are inputs of the units at its ends
            for rest, whole in zip(rests, given, strict=True):
                flow.keep(f"{name} padding", whole.flatten(1).sum(1) - rest.flatten(1).sum(1))
        return Shared(factor, sum(rests[1:], rests[0]) if rests else None)

    return flow.step(name, x, run, share)


def factors(split: Split, weight: Tensor, x: Tensor, transposed: Callable[[Tensor, Tensor], Tensor]) -> Tensor | None:
    """c of relevance = x c by a split's factors of messages, of the shape of x. transposed(g, weight) is W' g."""
    if split.positive is None:
        return None
    if split.negative is None:
        return transposed(split.positive, weight)
    up, down = weight.clamp(min=0), weight.clamp(max=0)
    high = transposed(split.positive, up) + transposed(split.negative, down)
    low = transposed(split.positive, down) + transposed(split.negative, up)
    return torch.where(x >= 0, high, low)


def span(*inputs: Tensor) -> tuple[float, float]:
    """The smallest and the largest of some numbers."""
    return min(float(x.min()) for x in inputs), max(float(x.max()) for x in inputs)


class _Linear(LinearMap):
    def __init__(self, module: Any) -> None:
        self.weight, self.bias, self.fan_in = module.weight, module.bias, module.in_features

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.linear(x, weight)

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        return g @ weight

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        return amount.sum(-1, keepdim=True).expand_as(x)

    def total(self, weight: Tensor) -> Tensor:
        return weight.sum(1)


class _Conv1d(LinearMap):
    def __init__(self, module: Any) -> None:
        if module.padding_mode != "zeros":
            raise ProbekitError(f"a convolution with padding_mode '{module.padding_mode}' has no rule; use zeros")
        self.weight = module.weight
        self.bias = None if module.bias is None else module.bias[:, None]
        self.fan_in = module.weight.shape[1] * module.weight.shape[2]
        self.groups = module.groups
        padding = module.padding
        if isinstance(padding, str):
            if padding == "same" and module.dilation[0] * (module.kernel_size[0] - 1) % 2:
                raise ProbekitError("a convolution with padding='same' needs an odd width; pad by a number")
            same = module.dilation[0] * (module.kernel_size[0] - 1) // 2
            padding = (same if padding == "same" else 0,)
        self.padded = any(padding)
        self.how = {"stride": module.stride, "padding": padding, "dilation": module.dilation, "groups": module.groups}

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.conv1d(x, weight, None, **self.how)

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        return conv1d_input(x.shape, weight, g, **self.how)

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        # One channel a group is enough: all input channels of a group get the same.
        documents, filters, positions = amount.shape
        each = amount.reshape(documents, self.groups, filters // self.groups, positions).sum(2)
        ones = torch.ones(self.groups, 1, self.weight.shape[2], dtype=x.dtype, device=x.device)
        shape = (documents, self.groups, x.shape[2])
        given = conv1d_input(shape, ones, each, **self.how)
        return given.repeat_interleave(x.shape[1] // self.groups, 1)

    def total(self, weight: Tensor) -> Tensor:
        return weight.sum((1, 2))[:, None]


class _Average(LinearMap):
    """Average pooling over the last dimension: one weight for all, 1 / width."""

    def __init__(self, width: int, stride: int, like: Tensor) -> None:
        self.width, self.stride, self.fan_in = width, stride, width
        self.weight = torch.full((1, 1, width), 1 / width, dtype=like.dtype, device=like.device)

    def apply(self, x: Tensor, weight: Tensor) -> Tensor:
        flat = x.reshape(-1, 1, x.shape[-1])
        return F.conv1d(flat, weight, stride=self.stride).reshape(*x.shape[:-1], -1)

    def transposed(self, g: Tensor, weight: Tensor, x: Tensor) -> Tensor:
        rows = g.reshape(-1, 1, g.shape[-1])
        shape = (len(rows), 1, x.shape[-1])
        return conv1d_input(shape, weight, rows, stride=self.stride).reshape(x.shape)

    def spread(self, amount: Tensor, x: Tensor) -> Tensor:
        return self.transposed(amount, torch.ones_like(self.weight), x)

    def total(self, weight: Tensor) -> Tensor:
        return weight.sum()


class LinearLayer(Handler):
    """A fully connected layer over the last dimension."""

    modules = (nn.Linear,)
    takes = ("weighted",)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert rule is not None
        return weighted_step(flow, name, args[0], _Linear(module), rule)


class Conv1dLayer(Handler):
    """A convolution (documents, channels, positions); a unit's inputs are width x channels, zeros around included."""

    modules = (nn.Conv1d,)
    takes = ("weighted",)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert rule is not None
        if args[0].ndim != 3:
            raise ProbekitError(f"'{name}' takes (documents, channels, positions), got shape {tuple(args[0].shape)}")
        return weighted_step(flow, name, args[0], _Conv1d(module), rule)


class AveragePool(Handler):
    """Average pooling over positions: a weighted layer whose weights are all alike and have no bias."""

    modules = (nn.AvgPool1d, nn.AdaptiveAvgPool1d)
    takes = ("weighted",)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert rule is not None
        x = args[0]
        if isinstance(module, nn.AdaptiveAvgPool1d):
            if module.output_size not in (1, (1,)):
                raise ProbekitError(f"'{name}' pools to {module.output_size} positions; only one (global) has a rule")
            width = stride = x.shape[-1]
        else:
            width, stride = module.kernel_size[0], module.stride[0]
            if module.padding not in (0, (0,)) or module.ceil_mode:
                raise ProbekitError(f"'{name}' pools over padding; give it padding=0 and ceil_mode=False")
        return weighted_step(flow, name, x, _Average(width, stride, x), rule)


class MaxPool(Handler):
    """Max pooling over positions: autograd's own way is winner-take-all, the first of equals for the global one."""

    modules = (nn.MaxPool1d, nn.AdaptiveMaxPool1d)
    takes = ("winner",)
    default = "winner"

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        x = args[0]
        if isinstance(module, nn.AdaptiveMaxPool1d):
            if module.output_size not in (1, (1,)):
                raise ProbekitError(f"'{name}' pools to {module.output_size} positions; only one (global) has a rule")
            return x.max(-1, keepdim=True).values
        if module.padding not in (0, (0,)) or module.ceil_mode or module.dilation not in (1, (1,)):
            raise ProbekitError(f"'{name}' pools over padding or gaps; give it padding=0, dilation=1, ceil_mode=False")
        return x.unfold(-1, _one(module.kernel_size), _one(module.stride)).max(-1).values


def _one(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


class Activation(Handler):
    """Functions of one number: relevance passes unchanged."""

    modules = (
        nn.ReLU,
        nn.Tanh,
        nn.Sigmoid,
        nn.GELU,
        nn.LeakyReLU,
        nn.ELU,
        nn.SiLU,
        nn.Softplus,
        nn.Hardtanh,
        nn.ReLU6,
        nn.Mish,
        *(
            f"transformers.activations.{name}"
            for name in ("GELUActivation", "GELUTanh", "NewGELUActivation", "FastGELUActivation", "QuickGELUActivation")
        ),
    )
    takes = ("pass",)
    default = "pass"

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        def run(x: Tensor) -> Tensor:
            # Not in place: what came in is remembered.
            return type(module).forward(module, x.clone() if getattr(module, "inplace", False) else x)

        return passed(flow, name, args[0], run)


def passed(flow: Flow, name: str, x: Tensor, run: Any) -> Any:
    """A function of each number and its place with relevance passed unchanged; 0 at 0 where a factor is carried."""
    if flow.carry == "gradient":
        with torch.no_grad():
            at_zero = float(run(torch.zeros_like(x)).abs().max())
        if not math.isclose(at_zero, 0, abs_tol=1e-6):
            raise ProbekitError(
                f"'{name}' is {at_zero:g} at 0, so relevance cannot be its activation times a factor; use a preset "
                "that carries relevance"
            )

    def share(x: Tensor, y: Tensor, relevance: Tensor) -> Shared:
        return Shared(rest=relevance, ratio=lambda: ratio(x, y, run))

    return flow.step(name, x, run, share)


def ratio(x: Tensor, y: Tensor, run: Any) -> Tensor:
    """y / x, and near 0 the slope there."""
    small = x.abs() < 1e-6
    step = torch.full_like(x, 1e-3)
    slope = (run(step) - run(-step)) / (2 * step)
    return torch.where(small, slope, y / torch.where(small, 1, x))


class LayerNorm(Handler):
    """y = (x - mean) / deviation * weight + bias with a constant deviation; the bias keeps its part, named."""

    modules = (nn.LayerNorm,)
    takes = ("frozen",)
    default = "frozen"

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        assert isinstance(rule, Frozen)
        frozen = rule.mean
        dims = tuple(range(-len(module.normalized_shape), 0))
        bias = module.bias

        def run(x: Tensor) -> Tensor:
            return type(module).forward(module, x)

        def share(x: Tensor, y: Tensor, relevance: Tensor) -> Shared:
            mean = x.mean(dims, keepdim=True)
            scale = (x.var(dims, keepdim=True, unbiased=False) + module.eps).rsqrt()
            scale = scale if module.weight is None else scale * module.weight
            factor = over(relevance, y) * scale
            if bias is not None:
                flow.keep(f"{name} bias", over(relevance, y) * bias)
            if frozen:
                flow.keep(f"{name} mean", -factor * mean)
            else:
                factor = factor - factor.mean(dims, keepdim=True)
            return Shared(factor)

        return flow.step(name, args[0], run, share)


class Embedding(Handler):
    """Vectors looked up beside the inputs (positions, types of segment): constants, and what they get is kept."""

    modules = (nn.Embedding,)

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        return flow.constant(name, type(module).forward(module, args[0]))


class Reshape(Handler):
    """Layers that move values or, in evaluation, do nothing: autograd carries relevance as it is."""

    modules = (
        nn.Flatten,
        nn.Unflatten,
        nn.Identity,
        nn.Dropout,
        nn.Dropout1d,
        nn.Dropout2d,
        nn.Dropout3d,
        nn.AlphaDropout,
        nn.FeatureAlphaDropout,
    )

    def forward(self, flow: Flow, name: str, module: Any, rule: Rule | None, *args: Any, **kwargs: Any) -> Any:
        return type(module).forward(module, *args, **kwargs)
