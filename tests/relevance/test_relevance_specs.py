"""Specs of rules and explainers: rules of single layers, own handlers, what a grid may ask for."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import pytest
import torch
from test_relevance import CNN, drawn, inputs
from torch import nn

from probekit import relevance, sources
from probekit.errors import ProbekitError
from probekit.relevance import flow
from probekit.relevance.catalogue import describe, find_preset, read_rules
from probekit.relevance.layers import passed
from probekit.relevance.preset import Preset

# --- layers of one's own


class Twice(nn.Module):
    def forward(self, x):
        return 2 * x


class TwiceHandler(flow.Handler):
    """Relevance of twice a number is the number's."""

    modules = (Twice,)
    default = "pass"

    def forward(self, flow, name, module, rule, *args, **kwargs):
        assert type(rule) is relevance.rules.get("pass")
        return passed(flow, name, args[0], lambda x: 2 * x)


@pytest.fixture
def own_handler():
    """A function that registers a handler as `twice` for one test."""

    def register(handler):
        relevance.handlers._entries.pop("twice", None)
        return relevance.handlers.register("twice")(handler)

    yield register
    relevance.handlers._entries.pop("twice", None)


def test_an_own_layer_has_the_rule_of_its_handler_under_every_preset(own_handler):
    network, x = drawn(nn.Sequential(nn.Linear(6, 5), Twice(), nn.Linear(5, 3))), inputs(2, 6)
    with pytest.raises(ProbekitError, match=r"Twice '1'.*probekit\.relevance\.flow\.Handler"):
        relevance.explain(network, x)
    own_handler(TwiceHandler)
    for preset in relevance.presets.names():
        found = relevance.explain(network, x, "all", rules=preset)
        assert float(found.gap.abs().max()) < 1e-10, preset
    doubled = drawn(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 3)))
    with torch.no_grad():
        for one, other in ((doubled[0], network[0]), (doubled[1], network[2])):
            one.weight.copy_(other.weight), one.bias.copy_(other.bias)
        doubled[1].weight.mul_(2)
    for preset in ("lrp-drop", "alpha-beta", "z-plus"):  # their numbers do not see which layer has the factor
        ours, plain = (relevance.explain(one, x, "all", rules=preset) for one in (network, doubled))
        torch.testing.assert_close(ours.relevance, plain.relevance)


def test_an_own_weighted_layer_has_the_preset_s_rule_unless_its_handler_names_one(own_handler):
    class Taking(flow.Handler):
        """Twice as a weighted layer."""

        modules = (Twice,)
        takes = ("weighted",)
        seen: ClassVar = []

        def forward(self, flow, name, module, rule, *args, **kwargs):
            self.seen.append(rule)
            return passed(flow, name, args[0], lambda x: 2 * x)

    network, x = drawn(nn.Sequential(nn.Linear(6, 5), Twice(), nn.Linear(5, 3))), inputs(2, 6)
    own_handler(Taking)
    relevance.explain(network, x, rules="lrp-drop")
    Taking.default = "flat"
    relevance.explain(network, x, rules="lrp-drop")
    relevance.explain(network, x, rules="lrp-drop|z_plus:1")
    expected = ["Epsilon(epsilon=0.01, bias='drop')", "Flat()", "ZPlus()"]
    assert [repr(rule) for rule in Taking.seen] == expected


def test_a_handler_without_a_rule_is_named_with_preset_and_way_out(own_handler):
    class Without(TwiceHandler):
        """Twice, and no word on its rule."""

        takes = ("pass",)
        default = ""

    network, x = drawn(nn.Sequential(nn.Linear(6, 5), Twice(), nn.Linear(5, 3))), inputs(2, 6)
    own_handler(Without)
    with pytest.raises(ProbekitError, match=r"handler 'twice' of the layer '1'.*'lrp-drop'.*rules='...\|pass:twice'"):
        relevance.explain(network, x, rules="lrp-drop")
    for rules in ("lrp-drop|pass:twice", "lrp-drop|pass:1", {"preset": "lrp-drop", "twice": "pass"}):
        assert float(relevance.explain(network, x, rules=rules).gap.abs().max()) < 1e-10
    with pytest.raises(ProbekitError, match=r"the layer '1' .twice. cannot take the rule Flat.*one of pass"):
        relevance.explain(network, x, rules="lrp|flat:1")


# --- rules of single layers


def test_rules_of_single_layers_stand_after_the_preset():
    network, x = drawn(CNN()), inputs(3, 12, 7)
    ours = relevance.explain(network, x, 1, rules="lrp|flat:conv|epsilon:linear(0.2, bias=drop)")
    theirs = relevance.explain(network, x, 1, rules={"conv": "flat", "linear": "epsilon(0.2, bias=drop)"})
    assert torch.equal(ours.relevance, theirs.relevance) and set(ours.kept) == {"fc bias", "fc stabiliser"}
    inside = relevance.explain(network, x, 1, method='lrp(rules="lrp|flat:conv|epsilon:linear(0.2, bias=drop)")')
    assert torch.equal(ours.relevance, inside.relevance)
    last = relevance.explain(network, x, 1, rules="flat|flat:*|epsilon:f?(0.2, bias=drop)")  # the last that fits counts
    assert torch.equal(ours.relevance, last.relevance)
    first = relevance.explain(network, x, 1, rules="flat|epsilon:f?(0.2, bias=drop)|flat:*")
    assert torch.equal(first.relevance, relevance.explain(network, x, 1, rules="flat").relevance)
    ready = Preset("epsilon(0.2, bias=drop)", layers={"co*": "flat"})
    assert torch.equal(ours.relevance, relevance.explain(network, x, 1, rules=ready).relevance)
    kinds = Preset("flat", kinds={"linear": "epsilon(0.2, bias=drop)", "layer-norm": "frozen"})
    assert torch.equal(ours.relevance, relevance.explain(network, x, 1, rules=kinds).relevance)
    with pytest.raises(ProbekitError, match="value of carry: 'factor'; known: gradient, relevance"):
        Preset("flat", "factor")
    changed = relevance.explain(network, x, 1, rules={"preset": ready, "conv": "z_plus"})
    theirs = relevance.explain(network, x, 1, rules="epsilon(0.2, bias=drop)|z_plus:conv")
    assert torch.equal(changed.relevance, theirs.relevance)


def test_a_rule_for_no_layer_is_refused_with_the_layers_that_there_are():
    network, x = drawn(CNN()), inputs(3, 12, 7)
    with pytest.raises(ProbekitError, match=r"'conv9'.*rules: conv .conv1d., act .activation., fc .linear.$"):
        relevance.explain(network, x, rules="lrp|flat:conv9")
    with pytest.raises(ProbekitError, match=r"'a\*'.*no such layer or kind of layer that can take the rule"):
        relevance.explain(network, x, rules="lrp|flat:a*")  # activations take no weighted rule
    many = nn.Sequential(*(nn.Linear(6, 6) for _ in range(50)))
    with pytest.raises(ProbekitError, match=r"39 .linear. and 10 more"):
        relevance.explain(drawn(many), inputs(2, 6), rules="lrp|flat:conv")
    for rules, said in (
        ("lrp|flat", "'flat' names no layer; write rule:layer, flat:conv"),
        ("lrp|flut:conv", "unknown relevance rule 'flut'; did you mean flat"),
        ("lrp(0.1)", "preset 'lrp' takes no arguments"),
        ("lrp|z_box:conv", "the rule 'z_box' needs the argument 'low'"),
        ("lrp|epsilon:conv(epsilom=1)", "did you mean epsilon"),
        ("pass", "divides no weighted units"),
    ):
        with pytest.raises(ProbekitError, match=said):
            read_rules(rules)
    for given, said in (
        (["flat"], "a rule is text .*got list"),
        ({"conv": 3}, "a rule is text .*got int"),
        ({"conv": "flat|flat:fc"}, "rules of several layers"),
    ):
        with pytest.raises(ProbekitError, match=said):
            relevance.explain(network, x, rules=given)
    assert find_preset("gamma").weighted == "gamma(0.25, bias=drop)"
    assert find_preset(None, "z-plus").weighted == "z_plus"


# --- what a grid may ask for


@pytest.mark.parametrize(
    ("spec", "canonical"),
    [
        ("lrp", "lrp"),
        ("lrp()", "lrp"),
        ("lrp(rules=lrp-drop)", "lrp(rules=lrp-drop)"),
        ("lrp(z_plus)", "lrp(rules=z_plus)"),
        ('lrp(rules="epsilon(0.01)|flat:conv")', 'lrp(rules="epsilon|flat:conv")'),
        ("integrated-gradients(steps=50)", "integrated-gradients"),
        ("integrated-gradients(20)", "integrated-gradients(steps=20)"),
        ("random", "random"),
        ("lrp-drop", "lrp-drop"),
        ("epsilon(0.01, bias=share)", "epsilon"),
        ("gamma(0.5)", "gamma(gamma=0.5)"),
        ("lrp|z_box:conv(-1, 1)", "lrp|z_box:conv(high=1, low=-1)"),
        ("sum", "sum"),
        ("lrp-ew", "lrp-ew"),
        ("", ""),
    ],
)
def test_what_explains_is_described_by_its_canonical_spec(spec, canonical):
    found = describe(spec)
    assert found.spec == found.name == canonical and found.modules == () and len(found.digest) == 32
    assert describe(found.spec) == found
    assert sources.describe("explainer", spec) == found


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("lpr", "unknown explainer, preset, rule or weighting 'lpr'; did you mean lrp"),
        ("gradient|flat:conv", "unknown explainer, preset, rule or weighting"),
        ("integrated-gradients(steps=0)", "steps of this explainer is a whole number"),
        ("integrated-gradients(step=3)", "did you mean steps"),
        ("integrated-gradients(steps=1.5)", "steps of this explainer is a whole number"),
        ("random(documents=[1])", "argument of explainer 'random'"),
        ("lrp(rules=epsilom)", "did you mean epsilon"),
        ("lrp(rules=[flat])", "the rules of .* are a preset or a rule"),
        ("epsilon(bias=half)", "value of bias"),
        ("sum(1)", "unknown explainer"),
        ("lrp-drop(1)", "takes no arguments"),
    ],
)
def test_what_explains_nothing_is_refused_before_work(spec, said):
    with pytest.raises(ProbekitError, match=said):
        describe(spec)


def test_a_digest_holds_the_revisions_of_what_a_spec_names(monkeypatch):
    of_epsilon = {"lrp", "epsilon", "lrp(rules=epsilon)", "lrp-ew", "lrp-drop", "lrp|epsilon:conv"}
    specs = (*sorted(of_epsilon), "gradient", "z_plus", "sum")
    before = {spec: describe(spec).digest for spec in specs}
    assert len(set(before.values())) == len(specs)
    monkeypatch.setattr(relevance.rules.entry("epsilon"), "revision", 7)
    changed = {spec for spec in specs if describe(spec).digest != before[spec]}
    assert changed == of_epsilon
    monkeypatch.setattr(relevance.methods.entry("lrp"), "revision", 7)
    changed = {spec for spec in specs if describe(spec).digest != before[spec]}
    assert changed == {*specs} - {"gradient", "sum"}


def test_a_user_s_explainer_rule_and_handler_reach_the_worker(own_handler, monkeypatch):
    monkeypatch.setattr(TwiceHandler, "__module__", "layers_of_mine")
    own_handler(TwiceHandler)
    assert describe("lrp").modules == ("layers_of_mine",)


def test_the_room_loads_no_torch_and_describes_no_probe_without_it():
    code = (
        "import sys; from probekit import relevance; from probekit.sources import describe; describe('explainer', '');"
        "relevance.rules.names(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_an_explainer_takes_options_in_its_spec_or_beside_it_and_not_twice():
    network, x = drawn(CNN()), inputs(2, 6, 7)
    inside = relevance.explain(network, x, method="integrated-gradients(steps=7)")
    beside = relevance.explain(network, x, method="integrated-gradients", steps=7)
    assert torch.equal(inside.relevance, beside.relevance) and inside.method == "integrated-gradients(steps=7)"
    with pytest.raises(ProbekitError, match="got the argument 'steps' twice"):
        relevance.explain(network, x, method="integrated-gradients(steps=7)", steps=7)
