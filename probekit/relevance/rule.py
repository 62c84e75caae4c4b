"""Relevance rules as data: how the relevance of a weighted unit is divided over its messages.

A unit j of a weighted layer has messages z_ij = x_i w_ij, their positive part P_j = sum max(z_ij, 0) and negative part
N_j = sum min(z_ij, 0), a bias b_j and n inputs; z_j = P_j + N_j + b_j. Every rule here gives one factor to the unit's
positive messages, one to its negative messages, and perhaps to every input an even share, or a share by a function v of
its weight that is 0 at 0:

    R_{i<-j} = positive_j max(z_ij, 0) + negative_j min(z_ij, 0) + even_j + amount_j v(w_ij)

What is left of R_j is named, so that the sum of relevance, biases and stabilisers closes. References: Bach et al. 2015
(PLoS ONE 10:7, equations 56-62), Montavon et al. 2019 (gamma), Arras et al. 2016 (biases shared over inputs),
Utsumi 2018 (alpha + beta = 1, equations 1-3), Montavon et al. 2017 (Pattern Recognition 65, the w^2-rule for inputs
without bounds and the z^B-rule for those in a box).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from probekit.errors import ProbekitError, UnknownName
from probekit.values import NotNegative

Tensor = torch.Tensor
# Of a weight, elementwise, and 0 at 0.
OfWeight = Callable[[Tensor], Tensor]


@dataclass
class Unit:
    """What a rule knows of a layer's units; tensors have the shape of the layer's output, or broadcast to it. `name` is
    the layer's place in the network, for messages.

    Made on demand: parts() gives (P, N), the sums of positive and of negative messages; total(v) the sum of v(w_ij)
    over a unit's inputs; span() the smallest and the largest input of the layer.
    """

    name: str
    z: Tensor
    bias: Tensor | None
    fan_in: int | Tensor
    parts: Callable[[], tuple[Tensor, Tensor]]
    total: Callable[[OfWeight], Tensor]
    span: Callable[[], tuple[float, float]]


@dataclass
class Split:
    """Factors of a unit's positive and negative messages (negative None: the same), an even share for each input, a
    share by its weight (amount, v), and what stays with the unit by name."""

    positive: Tensor | None = None
    negative: Tensor | None = None
    even: Tensor | None = None
    by_weight: tuple[Tensor, OfWeight] | None = None
    kept: Mapping[str, Tensor] = field(default_factory=dict)


class Rule:
    """Base of all rules. `weighted`: it divides the relevance of weighted units."""

    weighted = True

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        """Divide the units' relevance, a tensor of the shape of `unit.z`."""
        raise NotImplementedError


def stabiliser(z: Tensor, epsilon: float) -> Tensor:
    """epsilon with the sign of z; the sign of 0 counts as +."""
    return either(z >= 0, epsilon, -epsilon, z)


def either(condition: Tensor, this: float, that: float, like: Tensor) -> Tensor:
    """One of two numbers, in the precision of `like`: torch's own choice between two numbers is single precision."""
    return torch.where(condition, torch.full_like(like, this), torch.full_like(like, that))


def over(numerator: Tensor, denominator: Tensor) -> Tensor:
    """A quotient that is 0 where the denominator is exactly 0."""
    nothing = denominator == 0
    return torch.where(nothing, 0, numerator / torch.where(nothing, 1, denominator))


@dataclass(frozen=True)
class Epsilon(Rule):
    """R_{i<-j} = z_ij / (z_j + s_j) R_j with s_j = epsilon sign(z_j).

    bias: "share" gives every input (b_j + s_j) / n of the same fraction, so that nothing is lost; "drop" leaves both
    with the unit, named.
    """

    epsilon: NotNegative = 0.01
    bias: str = "share"

    def __post_init__(self) -> None:
        number("epsilon", self.epsilon)
        choice("bias", self.bias, ("share", "drop"))

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        s = stabiliser(unit.z, self.epsilon)
        return divided(over(relevance, unit.z + s), relevance, unit, unit.bias, s, self.bias)


@dataclass(frozen=True)
class Gamma(Rule):
    """Messages of the sign of z_j, and a bias of that sign, count 1 + gamma times; then as epsilon."""

    gamma: NotNegative = 0.25
    epsilon: NotNegative = 0.01
    bias: str = "drop"

    def __post_init__(self) -> None:
        number("gamma", self.gamma)
        number("epsilon", self.epsilon)
        choice("bias", self.bias, ("share", "drop"))

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        positive, negative = unit.parts()
        up = unit.z >= 0
        bias = unit.bias
        if bias is not None:
            bias = bias + self.gamma * torch.where(up, bias.clamp(min=0), bias.clamp(max=0))
        total = positive + negative + self.gamma * torch.where(up, positive, negative)
        z = total if bias is None else total + bias
        s = stabiliser(unit.z, self.epsilon)
        share = over(relevance, z + s)
        found = divided(share, relevance, unit, bias, s, self.bias)
        found.positive = share * either(up, 1 + self.gamma, 1.0, share)
        found.negative = share * either(up, 1.0, 1 + self.gamma, share)
        return found


def divided(share: Tensor, relevance: Tensor, unit: Unit, bias: Tensor | None, s: Tensor, how: str) -> Split:
    """A split by one fraction: the parts of bias and stabiliser spread over the inputs, or kept."""
    nothing = torch.where(share == 0, relevance, 0)  # a denominator of exactly 0 leaves the relevance with the unit
    extra = s if bias is None else s + bias
    if how == "share":
        return Split(share, even=share * extra / unit.fan_in, kept={"zero": nothing})
    kept = {"stabiliser": share * s, "zero": nothing}
    if bias is not None:
        kept["bias"] = share * bias
    return Split(share, kept=kept)


@dataclass(frozen=True)
class AlphaBeta(Rule):
    """R_{i<-j} = (alpha z+_ij / P_j + beta z-_ij / N_j) R_j with alpha + beta = 1, without biases.

    renormalise: a unit without messages of one sign gives all to the other; otherwise that part is lost, named.
    """

    alpha: float = 0.5
    beta: float | None = None
    renormalise: bool = True

    def __post_init__(self) -> None:
        beta = 1 - self.alpha if self.beta is None else self.beta
        if abs(self.alpha + beta - 1) > 1e-9:
            raise ProbekitError(
                f"alpha_beta has alpha + beta = 1, got {self.alpha} and {beta}; where a source has "
                f"alpha - beta = 1, give beta the other sign: alpha_beta({self.alpha}, {1 - self.alpha:g})"
            )
        object.__setattr__(self, "beta", beta)

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        assert self.beta is not None
        positive, negative = unit.parts()
        some, others = positive > 0, negative < 0
        if self.renormalise:
            alpha = either(others, self.alpha, 1.0, relevance)
            beta = either(some, self.beta, 1.0, relevance)
        else:
            alpha, beta = torch.full_like(relevance, self.alpha), torch.full_like(relevance, self.beta)
        lost = relevance * (1 - alpha * some - beta * others)
        return Split(over(alpha * relevance, positive), over(beta * relevance, negative), kept={"one-sided": lost})


@dataclass(frozen=True)
class ZPlus(Rule):
    """R_{i<-j} = z+_ij / P_j R_j, without biases; a unit without positive messages keeps its relevance, named."""

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        positive, _ = unit.parts()
        share = over(relevance, positive)
        return Split(share, torch.zeros_like(share), kept={"one-sided": torch.where(positive > 0, 0, relevance)})


@dataclass(frozen=True)
class Flat(Rule):
    """R_{i<-j} = R_j / n, whatever the weights."""

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        return Split(even=relevance / unit.fan_in)


@dataclass(frozen=True)
class WSquared(Rule):
    """R_{i<-j} = w_ij^2 / sum_i' w_i'j^2 R_j, whatever the inputs. A unit of weights 0 keeps its relevance, named."""

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        total = unit.total(torch.square)
        return Split(by_weight=(over(relevance, total), torch.square), kept={"zero": left(relevance, total)})


@dataclass(frozen=True)
class ZBox(Rule):
    """R_{i<-j} = (x_i w_ij - low w+_ij - high w-_ij) / sum_i' (the same) R_j, for inputs from low to high.

    No message is negative then, and biases take no part. A unit whose messages are all 0 keeps its relevance, named.
    Raises ProbekitError for inputs outside the box.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < float("inf"):
                raise ProbekitError(f"{name} must be a number, got {value!r}")
        if not self.low < self.high:
            raise ProbekitError(f"the box of z_box goes from low up to high, got {self.low} and {self.high}")

    def split(self, unit: Unit, relevance: Tensor) -> Split:
        least, most = unit.span()
        if least < self.low or most > self.high:
            raise ProbekitError(
                f"z_box(low={self.low:g}, high={self.high:g}) is given inputs from {least:g} to {most:g} by the layer "
                f"'{unit.name}'; name a box that holds them, or only the layers that it is for: "
                "lrp|z_box:layer(low=..., high=...)"
            )
        z = unit.z if unit.bias is None else unit.z - unit.bias
        total = z + unit.total(self.corner)
        share = over(relevance, total)
        return Split(share, by_weight=(share, self.corner), kept={"zero": left(relevance, total)})

    def corner(self, weight: Tensor) -> Tensor:
        """-low w+ - high w-: what is taken off an input is the end of the box where its message is smallest."""
        return -self.low * weight.clamp(min=0) - self.high * weight.clamp(max=0)


def left(relevance: Tensor, denominator: Tensor) -> Tensor:
    """What stays with units because there is nothing to divide by."""
    return torch.where(denominator == 0, relevance, 0)


@dataclass(frozen=True)
class Pass(Rule):
    """R_i = R_i: element by element."""

    weighted = False


@dataclass(frozen=True)
class Winner(Rule):
    """The position of the largest activation takes all."""

    weighted = False


@dataclass(frozen=True)
class Frozen(Rule):
    """What a normalisation divides by is constant (Ali et al. 2022). mean: what it subtracts is constant too, and the
    relevance that this takes is kept, named; otherwise the mean is a linear map that passes relevance on."""

    weighted = False
    mean: bool = False


def number(name: str, value: Any) -> None:
    """Refuse what is no finite number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise ProbekitError(f"{name} must be a number of 0 or more, got {value!r}")


def choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is not known."""
    if value not in known:
        raise UnknownName(f"value of {name}:", str(value), known)
