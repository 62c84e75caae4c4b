"""Presets: which rule each layer gets, and what travels backwards between layers. Data, chosen and changed by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probekit.relevance.rule import Rule


@dataclass(frozen=True)
class Preset:
    """weighted: rule of all layers whose units are weighted sums; other layers have the rule that their handler names.

    layers: rules of single layers by place in the network, shell pattern or kind (a handler's name), which go before;
    of several that fit the last one. carry: "relevance" or "gradient", see `flow`. name: what messages call it.
    """

    weighted: str | Rule
    carry: str = "relevance"
    layers: Mapping[str, str | Rule] = field(default_factory=dict)
    name: str = ""


SHARED = Preset("epsilon(0.01, bias=share)")
DROPPED = Preset("epsilon(0.01, bias=drop)")
ALPHA_BETA = Preset("alpha_beta(0.5)")
GAMMA = Preset("gamma(0.25, bias=drop)")
Z_PLUS = Preset("z_plus")
TRANSFORMER = Preset("epsilon(0, bias=drop)", "gradient")
TRANSFORMER_GAMMA = Preset("gamma(0.25, epsilon=0.000001)", "gradient")
