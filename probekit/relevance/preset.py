"""Presets: which rule each layer gets, and what travels backwards between layers. Data, chosen and changed by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probekit.errors import UnknownName

if TYPE_CHECKING:
    from probekit.relevance.rule import Rule

CARRIED = ("relevance", "gradient")


@dataclass(frozen=True)
class Preset:
    """weighted: rule of all layers whose units are weighted sums; other layers have the rule that their handler names.

    kinds: rules of kinds of layers (a handler's name) in place of these, whether or not a network has such layers.
    layers: rules of single layers by place in the network, shell pattern or kind, which go before all others; of
    several that fit the last one; a network must have them. carry: "relevance" or "gradient", see `flow`. name: what
    messages call it.
    """

    weighted: str | Rule
    carry: str = "relevance"
    kinds: Mapping[str, str | Rule] = field(default_factory=dict)
    layers: Mapping[str, str | Rule] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        if self.carry not in CARRIED:
            raise UnknownName("value of carry:", str(self.carry), CARRIED)


SHARED = Preset("epsilon(0.01, bias=share)")
DROPPED = Preset("epsilon(0.01, bias=drop)")
ALPHA_BETA = Preset("alpha_beta(0.5)")
GAMMA = Preset("gamma(0.25, bias=drop)")
Z_PLUS = Preset("z_plus")
TRANSFORMER = Preset("epsilon(0, bias=drop)", "gradient")
TRANSFORMER_GAMMA = Preset("gamma(0.25, epsilon=0.000001)", "gradient")
