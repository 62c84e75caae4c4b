"""What is registered in this room: rules, handlers, presets, explainers, reductions; and how their specs are read.

An explainer is `integrated-gradients(steps=20)`. Rules of LRP are a preset, or one rule for all weighted layers; then,
after |, rules of single layers by place, shell pattern or kind, of which the last one that fits counts:

    lrp        epsilon(0.1)        lrp|z_box:conv(low=-1, high=1)        transformer|epsilon:bert.encoder.*(bias=drop)

Inside an explainer they are quoted: lrp(rules="lrp|flat:conv"). Torch is loaded when a spec is read, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry, Registry
from probekit.relevance.preset import Preset
from probekit.sources import Arguments, Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

if TYPE_CHECKING:
    import numpy as np

    from probekit.relevance.flow import Found, Handler
    from probekit.relevance.rule import Rule

rules: Registry[type[Rule]] = Registry("relevance rule", "probekit.relevance.rule:Rule")
for _name, _target, _summary in (
    ("epsilon", "Epsilon", "Proportional to x w, stabilised; biases shared or dropped"),
    ("alpha_beta", "AlphaBeta", "Positive and negative messages apart, alpha + beta = 1"),
    ("gamma", "Gamma", "Messages of the unit's own sign weighted up by gamma"),
    ("z_plus", "ZPlus", "Positive messages alone"),
    ("flat", "Flat", "Every input of a unit gets the same share"),
    ("w_squared", "WSquared", "Proportional to the squared weights, whatever the inputs: for inputs without bounds"),
    ("z_box", "ZBox", "Proportional to the distance from a corner of the box that the inputs lie in"),
    ("pass", "Pass", "Element by element, relevance passes unchanged"),
    ("winner", "Winner", "The largest activation takes all; the first one of equals"),
    ("frozen", "Frozen", "What a normalisation divides by is held constant"),
):
    rules.add(_name, f"probekit.relevance.rule:{_target}", summary=_summary)

handlers: Registry[type[Handler]] = Registry("relevance handler", "probekit.relevance.flow:Handler")
for _name, _place, _summary in (
    ("linear", "layers:LinearLayer", "Fully connected layers"),
    ("conv1d", "layers:Conv1dLayer", "Convolutions over positions"),
    ("average-pool", "layers:AveragePool", "Global and windowed average pooling"),
    ("max-pool", "layers:MaxPool", "Global and windowed max pooling"),
    ("activation", "layers:Activation", "ReLU, tanh, sigmoid, GELU and their kin"),
    ("layer-norm", "layers:LayerNorm", "Layer normalisation, statistics constant"),
    ("embedding", "layers:Embedding", "Vectors looked up beside the inputs, such as positions"),
    ("lstm", "recurrent:LSTM", "LSTM: gated signals take all, gates nothing"),
    ("text-cnn", "text_models:TextCNNHandler", "The text CNN, by its winning windows alone"),
    ("attention-classifier", "text_models:AttentionHandler", "BiLSTM classifiers, attention constant"),
    ("reshape", "layers:Reshape", "Layers that only move values: dropout at rest, flatten"),
):
    handlers.add(_name, f"probekit.relevance.{_place}", summary=_summary)

# What LRP takes where no rules are named: for transformers, and for other networks.
PLAIN, TRANSFORMER = "lrp", "transformer"
presets: Registry[Preset] = Registry("relevance preset", "probekit.relevance.preset:Preset")
for _name, _target, _summary in (
    (PLAIN, "SHARED", "Epsilon .01, biases and stabilisers shared: sums to the logit"),
    ("lrp-drop", "DROPPED", "Epsilon .01, biases and stabilisers keep their part, named"),
    ("alpha-beta", "ALPHA_BETA", "Alpha = beta = 1/2, one-sided units renormalised"),
    ("gamma", "GAMMA", "Gamma 1/4 with dropped biases"),
    ("z-plus", "Z_PLUS", "Positive messages alone in every weighted layer"),
    (TRANSFORMER, "TRANSFORMER", "Attention weights and LayerNorm statistics constant"),
    ("transformer-gamma", "TRANSFORMER_GAMMA", "The same with gamma 1/4 in linear layers"),
):
    presets.add(_name, f"probekit.relevance.preset:{_target}", summary=_summary)

# Functions(network, given, choose, **options) -> Found. `reduction`: what makes one number of a word of the numbers of
# its units, unless another is asked for. `parts`: summed up, its numbers are signed parts of the score; those of others
# are not. `whole`: options that are whole numbers, with the least value of each.
LRP = "lrp"
methods: Registry[Callable[..., Found]] = Registry("explainer")
for _name, _place, _summary, _more in (
    (LRP, "engine:propagate", "Layer-wise relevance propagation", {"reduction": "sum", "parts": True}),
    ("gradient", "explainers:gradient", "Derivative of the score by every input", {"reduction": "norm"}),
    ("sa", "explainers:squared_gradient", "Sensitivity: the squared derivative", {"reduction": "sum"}),
    ("sa-l2", "explainers:gradient", "Sensitivity: the length of a word's gradient", {"reduction": "norm"}),
    ("gradient-x-input", "explainers:gradient_x_input", "Derivative times input", {"reduction": "sum", "parts": True}),
    (
        "integrated-gradients",
        "explainers:integrated_gradients",
        "Mean derivative from zero on, times input",
        {"reduction": "sum", "parts": True, "whole": {"steps": 1}},
    ),
    ("occlusion", "explainers:occlusion", "What the score loses without a word", {"reduction": "sum", "parts": True}),
    (
        "random",
        "explainers:random",
        "Numbers drawn for every word: the control",
        {"reduction": "sum", "whole": {"seed": 0}},
    ),
):
    methods.add(_name, f"probekit.relevance.{_place}", summary=_summary, **_more)

# Functions from numbers (..., n) to one each (...).
reductions: Registry[Callable[[np.ndarray], np.ndarray]] = Registry("reduction of relevance")
for _name, _target, _summary in (
    ("sum", "total", "Sum, signed"),
    ("norm", "norm", "Euclidean length"),
    ("max", "strongest", "The one of largest size, with its sign"),
):
    reductions.add(_name, f"probekit.relevance.reduction:{_target}", summary=_summary)

# Weightings of word vectors by name (see `documents`), and the explainer that each takes its weights from.
WEIGHTINGS = {"sum": "", "tf-idf": "", "lrp": LRP, "sa": "sa", "sa-l2": "sa", "lrp-ew": LRP, "sa-ew": "sa"}


# --- specs of rules ----------------------------------------------------------------------------------


def find_rule(spec: str | Spec | Rule) -> Rule:
    """A rule from its spec, `epsilon(0.01, bias=drop)`. Raises UnknownName and ProbekitError for what it cannot be."""
    from probekit.relevance.rule import Rule

    if isinstance(spec, (str, Spec)):
        return _rule(parse(spec))[0]
    if not isinstance(spec, Rule):
        raise ProbekitError(f"a rule is text such as 'epsilon(0.01)', or a Rule, got {type(spec).__name__}")
    return spec


def _rule(spec: Spec) -> tuple[Rule, Spec]:
    """A rule and its canonical spec."""
    if spec.steps:
        raise ProbekitError(f"'{spec}' is the rules of several layers where the rule of one is wanted")
    kind = rules.get(spec.head)
    arguments = resolve(spec, kind, "rule")
    return kind(**arguments.given), arguments.written


class RulesRead(NamedTuple):
    """The spec of some rules as read: a preset, the canonical spec, all that it names."""

    preset: Preset
    written: Spec
    entries: tuple[Entry[Any], ...]


def read_rules(spec: str | Spec) -> RulesRead:
    """A preset or a rule for all weighted layers, then rules of single layers: `lrp|flat:conv|epsilon:fc*(0.1)`.

    Raises UnknownName for what is neither preset nor rule, ProbekitError for arguments that they do not take, for a
    rule that divides no weighted units, and for a step that names no layer.
    """
    parsed = parse(spec)
    base = parsed.bare
    if base.head in presets and (base == Spec(base.name, base.target) or base.head not in rules):
        if base.args or base.kwargs:
            raise ProbekitError(
                f"the preset '{base.head}' takes no arguments, got '{base}'; give a rule, or rules of single layers: "
                f"{base.head}|epsilon:layer(0.1)"
            )
        entry = presets.entry(base.head)
        preset, written = replace(entry.load(), name=base.head), base
        own = (preset.weighted, *preset.kinds.values(), *preset.layers.values())
        named = [parse(one).head for one in own if isinstance(one, str)]
        entries: list[Entry[Any]] = [entry, *(rules.entry(one) for one in named)]
    elif base.head in rules:
        rule, written = _rule(base)
        preset, entries = one_rule(rule, str(written)), [rules.entry(base.head)]
    else:
        raise UnknownName("rule or preset", base.head, [*presets.names(), *rules.names()])
    layers, steps = {}, []
    for step in parsed.steps:
        if not step.target:
            raise ProbekitError(f"'{step}' names no layer; write rule:layer, {step.name}:conv or {step.name}:encoder.*")
        layers[step.target], without = _rule(replace(step, target=None))
        entries.append(rules.entry(step.name))
        steps.append(replace(without, target=step.target))
    preset = replace(preset, layers=_over(preset.layers, layers))
    return RulesRead(preset, replace(written, steps=tuple(steps)), tuple(entries))


def find_preset(given: str | Spec | Rule | Preset | Mapping[str, str | Rule] | None, default: str = PLAIN) -> Preset:
    """A preset from what a user gives.

    given: a spec (see `read_rules`), a preset or rule itself, or a mapping from layers, patterns of their names or
    kinds of layers to rules or their specs, with the spec of a preset under "preset"; later entries go first. None:
    `default`, the preset also where a mapping names none. Raises as `read_rules` does.
    """
    if given is None:
        given = default
    if isinstance(given, Preset):
        return given
    if isinstance(given, (str, Spec)):
        return read_rules(given).preset
    if isinstance(given, Mapping):
        own = {layer: find_rule(spec) for layer, spec in given.items() if layer != "preset"}
        base = find_preset(given.get("preset", default))
        return replace(base, layers=_over(base.layers, own))
    return one_rule(find_rule(given), repr(given))


def one_rule(rule: Rule, name: str) -> Preset:
    """One rule for all weighted layers. Raises ProbekitError for one that divides no weighted units."""
    if not rule.weighted:
        raise ProbekitError(f"{name} divides no weighted units; give it to a layer: {PLAIN}|rule:layer")
    return Preset(rule, name=name)


def _over(below: Mapping[str, str | Rule], above: Mapping[str, str | Rule]) -> dict[str, str | Rule]:
    """Rules by layer with those above coming last, which is where they go first."""
    return {**{layer: rule for layer, rule in below.items() if layer not in above}, **above}


# --- specs of explainers -----------------------------------------------------------------------------


def read_explainer(spec: str | Spec, options: Mapping[str, Any] | None = None) -> tuple[Entry[Any], Arguments]:
    """An explainer, and its arguments from spec and further options by name, checked.

    Raises UnknownName for one that is not there or does not have an option, ProbekitError for an option given twice or
    of a value that it cannot have.
    """
    parsed, options = parse(spec), options or {}
    entry = methods.entry(str(parsed) if parsed.steps else parsed.head)
    # What the engine gives, and the numbers of documents, which only a caller knows.
    inner = {"network", "given", "choose", "documents"} - options.keys()
    twice = next((name for name in options if name in parsed.kwargs), None)
    if twice is not None:
        raise ProbekitError(f"explainer '{entry.name}' got the argument '{twice}' twice: in '{parsed}' and beside it")
    both = replace(parsed, kwargs={**parsed.kwargs, **options})
    arguments = resolve(both, entry.load(), "explainer", leave_out=tuple(sorted(inner)))
    for name, least in entry.meta.get("whole", {}).items():
        value = arguments.options.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ProbekitError(f"{name} must be a whole number of {least} or more, got {value!r}")
    return entry, arguments


def describe(spec: str | Spec) -> Source:
    """The source of what explains, as the probe of a grid names it: an explainer, or by the task rules of LRP or a
    weighting of word vectors; '' for none. Nothing is loaded but the code that checks arguments.

    The digest holds the revisions of all that the spec names, under every task. Raises UnknownName for what is none of
    these, ProbekitError for arguments that they do not take.
    """
    if isinstance(spec, str) and not spec.strip():
        return Source("", "", digest([""]))
    parsed = parse(spec)
    bare = parsed == Spec(parsed.name, parsed.target)
    readings = []
    if parsed.head in methods and not parsed.steps:
        readings.append(_as_explainer(parsed))
    if bare and parsed.head in WEIGHTINGS:
        method = WEIGHTINGS[parsed.head]
        readings.append(_as_explainer(Spec(method)) if method else (parsed, ()))
    if (parsed.head in presets or parsed.head in rules) and (bare or not readings):
        found = read_rules(parsed)
        readings.append((found.written, (methods.entry(LRP), *found.entries)))
    if not readings:
        known = [*methods.names(), *presets.names(), *rules.names(), *WEIGHTINGS]
        raise UnknownName("explainer, preset, rule or weighting", str(parsed), dict.fromkeys(known))
    text = str(parsed if bare else readings[0][0])
    entries = list({one.name + str(id(one)): one for _, some in readings for one in some}.values())
    own = [handlers.entry(name) for name in handlers.names()]  # no spec names those of a user, and a worker needs them
    return Source(text, text, digest([text, *(one.revision for one in entries)]), modules_of(*entries, *own))


def _as_explainer(spec: Spec) -> tuple[Spec, tuple[Entry[Any], ...]]:
    """Canonical spec of an explainer and all that it names."""
    entry, arguments = read_explainer(spec)
    written = arguments.written
    if entry.name != LRP:
        return written, (entry,)
    given = arguments.options["rules"]
    if given is None:
        return written, (entry, *read_rules(PLAIN).entries, *read_rules(TRANSFORMER).entries)
    if not isinstance(given, str):
        raise ProbekitError(f"the rules of '{spec}' are a preset or a rule; one with brackets in quotation marks")
    found = read_rules(given)
    return replace(written, kwargs={**written.kwargs, "rules": str(found.written)}), (entry, *found.entries)
