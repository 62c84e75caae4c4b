"""Presets: which rule each kind of layer gets, by name, and what travels backwards. Data, changed by name."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probekit import relevance
from probekit.errors import ProbekitError, UnknownName
from probekit.relevance.rule import Rule, get
from probekit.specs import parse

if TYPE_CHECKING:
    from probekit.relevance.engine import Handler

WEIGHTED = ("linear", "conv1d", "average-pool", "lstm", "attention-classifier")


@dataclass
class Preset:
    """Rules by kind of layer (a handler's name); `own` are rules by the name of a layer or a pattern, which
    go first."""

    rules: Mapping[str, str]
    carry: str = "relevance"
    own: Mapping[str, str | Rule] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def rule(self, name: str, kind: str, handler: Handler) -> Rule | None:
        """Rule of the layer `name` of a kind. Raises ProbekitError where it has none or one that it cannot take."""
        spec: str | Rule | None = self.rules.get(kind)
        for pattern, own in self.own.items():
            if fnmatch.fnmatchcase(name, pattern) or pattern == kind:
                self.used.add(pattern)
                spec = own
        if spec is None:
            if not handler.takes:
                return None
            raise ProbekitError(f"no rule for '{kind}' layers, such as '{name}'; {_way_out(kind, handler)}")
        rule = get(spec)
        known = [n for n in relevance.rules.names() if relevance.rules.get(n) is type(rule)]
        if not set(known) & set(handler.takes) and not (rule.weighted and "weighted" in handler.takes):
            raise ProbekitError(f"the layer '{name}' ({kind}) cannot take the rule {spec}; {_way_out(kind, handler)}")
        return rule

    def check_used(self) -> None:
        """Refuse a rule for a layer that the network does not have: it would be configured and never applied."""
        for pattern in self.own:
            if pattern not in self.used:
                raise ProbekitError(
                    f"rules name '{pattern}', and the network has no such layer or kind of layer; kinds: "
                    + ", ".join(relevance.handlers.names())
                )


def _way_out(kind: str, handler: Handler) -> str:
    weighted = [n for n in relevance.rules.names() if relevance.rules.get(n).weighted]
    known = [n for take in handler.takes for n in (weighted if take == "weighted" else [take])]
    return f"give rules={{'{kind}': ...}} one of {', '.join(known) or 'none'}"


def weighted(rule: str, carry: str = "relevance") -> Preset:
    """One rule for every weighted layer, pass-through, winner-take-all and frozen statistics elsewhere."""
    others = {"activation": "pass", "max-pool": "winner", "layer-norm": "frozen"}
    return Preset({**dict.fromkeys(WEIGHTED, rule), **others}, carry)


SHARED = weighted("epsilon(0.01, bias=share)")
DROPPED = weighted("epsilon(0.01, bias=drop)")
ALPHA_BETA = weighted("alpha_beta(0.5)")
GAMMA = weighted("gamma(0.25, bias=drop)")
Z_PLUS = weighted("z_plus")
TRANSFORMER = weighted("epsilon(0, bias=drop)", "gradient")
TRANSFORMER_GAMMA = weighted("gamma(0.25, epsilon=0.000001)", "gradient")


def find_preset(rules: str | Rule | Preset | Mapping[str, str | Rule] | None, default: str = "lrp") -> Preset:
    """A fresh preset from what a user gives.

    rules: a preset's name; the spec of one rule, for all weighted layers; or a mapping from layers, patterns of their
    names or kinds of layers to specs, with a preset's name under "preset", later entries first. default: the preset
    where none is named.
    """
    if rules is None:
        rules = default
    if isinstance(rules, Preset):
        return Preset(rules.rules, rules.carry, rules.own)
    if isinstance(rules, Rule):
        return weighted_by(rules)
    if isinstance(rules, str):
        if rules in relevance.presets:
            return find_preset(relevance.presets.get(rules))
        if parse(rules).head not in relevance.rules:
            raise UnknownName("rule or preset", rules, [*relevance.presets.names(), *relevance.rules.names()])
        return weighted_by(get(rules))
    own = {name: get(spec) for name, spec in rules.items() if name != "preset"}
    base = find_preset(rules.get("preset", default))
    return Preset(base.rules, base.carry, own)


def weighted_by(rule: Rule) -> Preset:
    """One rule for all weighted layers."""
    if not rule.weighted:
        raise ProbekitError(f"{rule} divides no weighted units; give it to a layer: rules={{'layer': ...}}")
    base = weighted("flat")
    return Preset({**base.rules, **dict.fromkeys(WEIGHTED, rule)}, base.carry)  # type: ignore[arg-type]
