"""Which rule each layer of a network gets: one explanation's preset against the layers that are there."""

from __future__ import annotations

import fnmatch

from probekit.errors import ProbekitError
from probekit.relevance.catalogue import find_rule, rules
from probekit.relevance.flow import Handler
from probekit.relevance.preset import Preset
from probekit.relevance.rule import Rule
from probekit.specs import parse

MOST_NAMED = 40  # layers that a message lists


class LayerRules:
    """Rules of a network's layers by a preset; remembers which of its rules of single layers were used."""

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        self.kinds: dict[str, str] = {}  # of the layers met that take rules, by name
        self.used: set[str] = set()

    def of(self, name: str, kind: str, handler: Handler) -> Rule | None:
        """Rule of the layer `name` of a kind (its handler's name); None for one that takes none.

        A rule of this single layer goes first, then the preset's for its kind, the handler's own, the preset's for
        weighted layers. Raises ProbekitError where there is none, and for one that the layer cannot take.
        """
        if handler.takes or handler.default:
            self.kinds[name] = kind
        found = self._own(name, kind, handler)
        if found is not None:
            return found
        spec = self.preset.kinds.get(kind) or handler.default
        if not spec and "weighted" in handler.takes:
            spec = self.preset.weighted
        if not spec and not handler.takes:
            return None
        if not spec:
            raise ProbekitError(
                f"the handler '{kind}' of the layer '{name}' has no rule by default, and the preset "
                f"'{self.preset.name}' names none for it; {_way_out(kind, handler)}, or set `default` in the handler"
            )
        rule = find_rule(spec)
        if not fits(rule, handler):
            raise ProbekitError(_cannot(name, kind, rule, handler))
        return rule

    def _own(self, name: str, kind: str, handler: Handler) -> Rule | None:
        found = None
        for pattern, spec in self.preset.layers.items():
            exact = pattern in (name, kind)
            if not exact and not fnmatch.fnmatchcase(name, pattern):
                continue
            rule = find_rule(spec)
            if fits(rule, handler):
                self.used.add(pattern)
                found = rule
            elif exact:  # a pattern leaves out what lies between the layers that it is about: activations, dropout
                raise ProbekitError(_cannot(name, kind, rule, handler))
        return found

    def check_used(self) -> None:
        """Refuse a rule for a layer that the network does not have: it would be configured and never applied."""
        for pattern in self.preset.layers:
            if pattern not in self.used:
                met = [f"{name or 'the network itself'} ({kind})" for name, kind in self.kinds.items()]
                more = f" and {len(met) - MOST_NAMED} more" if len(met) > MOST_NAMED else ""
                raise ProbekitError(
                    f"rules name '{pattern}', and the network has no such layer or kind of layer that can take the "
                    f"rule; layers that take rules: {', '.join(met[:MOST_NAMED])}{more}"
                )


def fits(rule: Rule, handler: Handler) -> bool:
    """Whether a handler knows a rule."""
    known = [name for name in rules.names() if rules.get(name) is type(rule)]
    takes = {*handler.takes, parse(handler.default).head} if handler.default else {*handler.takes}
    return bool(takes & set(known)) or (rule.weighted and "weighted" in takes)


def _cannot(name: str, kind: str, rule: Rule, handler: Handler) -> str:
    return f"the layer '{name}' ({kind}) cannot take the rule {rule}; {_way_out(kind, handler)}"


def _way_out(kind: str, handler: Handler) -> str:
    weighted = [name for name in rules.names() if rules.get(name).weighted]
    known = [one for take in handler.takes for one in (weighted if take == "weighted" else [take])]
    if not known:
        return "it takes none: leave it out"
    return f"give it one of {', '.join(known)}: rules='...|{known[0]}:{kind}'"
