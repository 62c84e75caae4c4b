"""The relevance engine: every rule equals its plain twin, the account closes, what it cannot follow is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import golden_relevance
import numpy as np
import pytest
import torch
from plain_relevance import cnn, mlp
from torch import nn
from torch.nn import functional as F

from probekit import relevance, sources
from probekit.errors import ProbekitError
from probekit.relevance import flow
from probekit.relevance.catalogue import describe, find_preset, read_rules
from probekit.relevance.layers import passed
from probekit.relevance.preset import Preset
from probekit.sources import parameters

RULES = {
    "epsilon(0.01)": ("epsilon", {"epsilon": 0.01, "bias": "share"}),
    "epsilon(0.3)": ("epsilon", {"epsilon": 0.3, "bias": "share"}),
    "epsilon(0.05, bias=drop)": ("epsilon", {"epsilon": 0.05, "bias": "drop"}),
    "gamma(0.5, epsilon=0.02)": ("gamma", {"gamma": 0.5, "epsilon": 0.02}),
    "alpha_beta(0.5)": ("alpha_beta", {"alpha": 0.5, "renormalise": True}),
    "alpha_beta(2)": ("alpha_beta", {"alpha": 2.0, "renormalise": True}),
    "alpha_beta(0.7, renormalise=false)": ("alpha_beta", {"alpha": 0.7}),
    "z_plus": ("z_plus", {}),
    "flat": ("flat", {}),
    "w_squared": ("w_squared", {}),
    "z_box(low=-20, high=15)": ("z_box", {"low": -20.0, "high": 15.0}),
}


class CNN(nn.Module):
    def __init__(self, d=7, filters=9, classes=4, activation=None):
        super().__init__()
        self.conv = nn.Conv1d(d, filters, 2)
        self.act = activation or nn.ReLU()
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(filters, classes)

    def forward(self, x):
        return self.fc(self.drop(self.act(self.conv(x.transpose(1, 2))).max(-1).values))


def drawn(module, seed=0, dead=None):
    """A network in float64 with weights of one seed; `dead`: a filter that is 0 everywhere."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
        if dead is not None:
            module.conv.bias[dead] = -50.0
    return module.double().eval()


def inputs(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("spec", RULES)
def test_the_cnn_of_the_card_equals_its_plain_twin_under_every_rule(spec):
    network, x = drawn(CNN(), dead=3), inputs(3, 12, 7)
    x[1, 4] = 0.0  # a deleted word
    found = relevance.explain(network, x, "all", rules=spec)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    for document in range(3):
        for target in range(4):
            score, expected, kept = cnn(
                x[document].numpy(),
                state["conv.weight"],
                state["conv.bias"],
                state["fc.weight"],
                state["fc.bias"],
                target,
                RULES[spec],
            )
            assert float(found.score[document, target]) == pytest.approx(score, rel=1e-12)
            np.testing.assert_allclose(found.relevance[document, target].numpy(), expected, atol=1e-11)
            assert sum(float(v[document, target]) for v in found.kept.values()) == pytest.approx(kept, abs=1e-11)
    assert float(found.gap.abs().max()) < 1e-12
    assert bool(found.relevance.abs().sum() > 0)


@pytest.mark.parametrize("spec", RULES)
def test_a_perceptron_equals_its_plain_twin_under_every_rule(spec):
    network = drawn(nn.Sequential(nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 8), nn.Sigmoid(), nn.Linear(8, 3)))
    x = inputs(4, 6)
    found = relevance.explain(network, x, "all", rules=spec)
    layers = [(network[k].weight.detach().numpy(), network[k].bias.detach().numpy()) for k in (0, 2, 4)]
    for document in range(4):
        for target in range(3):
            score, expected, kept = mlp(x[document].numpy(), layers, target, RULES[spec])
            assert float(found.score[document, target]) == pytest.approx(score, rel=1e-12)
            np.testing.assert_allclose(found.relevance[document, target].numpy(), expected, atol=1e-10)
            assert sum(float(v[document, target]) for v in found.kept.values()) == pytest.approx(kept, abs=1e-10)


def test_shared_biases_give_the_whole_score_to_the_inputs():
    network, x = drawn(CNN(), dead=3), inputs(20, 12, 7)
    found = relevance.explain(network, x, "all")
    assert float(((found.total - found.score).abs() / found.score.abs()).max()) < 1e-12
    dropped = relevance.explain(network, x, "all", rules="lrp-drop")
    assert float((dropped.total - dropped.score).abs().max()) > 0.1
    assert set(dropped.kept) == {"conv bias", "conv stabiliser", "fc bias", "fc stabiliser"}
    assert float(dropped.gap.abs().max()) < 1e-12


def test_without_biases_and_epsilon_lrp_is_gradient_times_input():
    network, x = drawn(CNN()), inputs(5, 12, 7)
    with torch.no_grad():
        network.conv.bias.zero_(), network.fc.bias.zero_()
    found = relevance.explain(network, x, 2, rules="epsilon(0)")
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(leaf)[:, 2].sum(), leaf)
    torch.testing.assert_close(found.relevance, gradient * x)
    assert not torch.allclose(relevance.explain(network, x, 2, rules="epsilon(0.3)").relevance, gradient * x)


def test_average_pooling_divides_by_activation_and_the_account_closes():
    network = drawn(
        nn.Sequential(nn.Conv1d(5, 6, 3, padding=1), nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3))
    )
    x = inputs(4, 5, 9)
    for rules in ("lrp", "lrp-drop", "alpha-beta", "flat", "w_squared", "z_box(low=-5, high=5)"):
        found = relevance.explain(network, x, "all", rules=rules)
        assert float(found.gap.abs().max()) < 1e-10, rules
    assert "0 padding" in relevance.explain(network, x, "all").kept
    hidden = torch.tanh(network[0](x))
    rules = {"2": "epsilon(0)", "4": "epsilon(0, bias=drop)"}
    part = relevance.explain(network[2:].eval(), hidden.detach(), 1, rules=rules)
    torch.testing.assert_close(part.relevance, hidden * network[4].weight[1][None, :, None] / 9)


def test_windowed_pooling_and_strides_close_the_account():
    network = drawn(
        nn.Sequential(
            nn.Conv1d(4, 6, 3, stride=2, groups=2, padding=1, dilation=2),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.AvgPool1d(2),
            nn.Flatten(),
            nn.Linear(12, 3),
        )
    )
    x = inputs(3, 4, 20)
    for rules in ("lrp", "lrp-drop", "alpha-beta", "gamma", "z-plus", "flat", "w_squared", "z_box(low=-9, high=9)"):
        found = relevance.explain(network, x, "all", rules=rules)
        assert found.relevance.shape == (3, 3, 4, 20)
        assert float(found.gap.abs().max()) < 1e-10, rules


def test_pooling_gives_a_dead_filter_its_first_position():
    network, x = drawn(CNN(), dead=3), inputs(1, 12, 7)
    with torch.no_grad():
        network.fc.weight.zero_()
        network.conv.bias.fill_(-50.0)  # all filters are dead: the shared bias alone is divided
    found = relevance.explain(network, x, 0)
    assert bool(found.relevance[0, 2:].eq(0).all()) and bool(found.relevance[0, :2].ne(0).all())
    assert float(found.total) == pytest.approx(float(found.score), rel=1e-12)


def test_one_class_a_document_several_or_all_share_one_forward_pass():
    network, x = drawn(CNN()), inputs(4, 12, 7)
    calls = []
    hook = network.conv.register_forward_hook(lambda *_: calls.append(1))
    every = relevance.explain(network, x, "all")
    assert len(calls) == 1
    hook.remove()
    assert every.relevance.shape == (4, 4, 12, 7) and every.score.shape == (4, 4)
    own = relevance.explain(network, x, [3, 0, 1, 1])
    assert own.relevance.shape == (4, 12, 7) and own.targets.tolist() == [3, 0, 1, 1]
    torch.testing.assert_close(own.relevance, every.relevance[torch.arange(4), own.targets])
    pairs = relevance.explain(network, x, [[0, 1], [1, 2], [2, 3], [3, 3]], batch=3)
    torch.testing.assert_close(pairs.relevance[2], every.relevance[2, 2:])
    best = relevance.explain(network, x)
    assert best.targets.tolist() == best.predicted.tolist() == network(x).argmax(1).tolist()


def test_documents_do_not_depend_on_their_batch():
    network, x = drawn(CNN()), inputs(7, 12, 7)
    whole, parts = relevance.explain(network, x, "all"), relevance.explain(network, x, "all", batch=2)
    torch.testing.assert_close(whole.relevance, parts.relevance)
    torch.testing.assert_close(whole.total, parts.total)


def test_a_network_is_left_as_it_was():
    network, x = drawn(CNN()), inputs(2, 12, 7)
    before, forward = network(x), dict(network.conv.__dict__)
    relevance.explain(network, x)
    with pytest.raises(ProbekitError):
        relevance.explain(network, x, 9)
    assert bool((network(x) == before).all()) and network.conv.__dict__.keys() == forward.keys()
    assert all(p.requires_grad for p in network.parameters()) and all(p.grad is None for p in network.parameters())
    assert not network._forward_hooks


def test_rules_go_by_layer_pattern_or_kind():
    network, x = drawn(CNN()), inputs(3, 12, 7)
    found = relevance.explain(network, x, 1, rules={"conv": "flat", "linear": "epsilon(0.2, bias=drop)"})
    assert set(found.kept) == {"fc bias", "fc stabiliser"}
    flat = found.relevance
    torch.testing.assert_close(flat, flat[:, :, :1].expand_as(flat))
    with pytest.raises(ProbekitError, match="'convolution', and the network has no such layer"):
        relevance.explain(network, x, rules={"convolution": "flat"})
    with pytest.raises(ProbekitError, match=r"the layer 'fc' .linear. cannot take the rule"):
        relevance.explain(network, x, rules={"fc": "winner"})
    with pytest.raises(ProbekitError, match="did you mean epsilon"):
        relevance.explain(network, x, rules="epsilom")
    with pytest.raises(ProbekitError, match=r"alpha_beta.2, -1"):
        relevance.explain(network, x, rules="alpha_beta(2, 1)")
    with pytest.raises(ProbekitError, match="value of bias"):
        relevance.explain(network, x, rules="epsilon(0.1, bias=half)")


def test_alpha_beta_with_shared_signs_conserves_whatever_alpha():
    network = drawn(nn.Sequential(nn.Linear(20, 10), nn.Sigmoid(), nn.Linear(10, 5)))
    x = inputs(6, 20)
    for alpha in (1, 0.7, 0.5, 2):
        found = relevance.explain(network, x, "all", rules=f"alpha_beta({alpha})")
        torch.testing.assert_close(found.total, found.score, rtol=1e-10, atol=1e-10)
    positive = drawn(nn.Sequential(nn.Linear(20, 5)))
    with torch.no_grad():
        positive[0].weight.abs_()
    half = relevance.explain(positive, x.abs(), "all", rules="alpha_beta(0.5, renormalise=false)")
    torch.testing.assert_close(half.total, half.score / 2)
    torch.testing.assert_close(half.kept["0 one-sided"], half.score / 2)


BOX = {"low": "z_box(low=-8, high=9)", "high": "z_box(low=-7, high=8)"}


def test_every_option_of_a_rule_changes_a_number():
    for name in relevance.rules.names():
        options = BOX if name == "z_box" else golden_relevance.OPTIONS.get(f"relevance rule:{name}", {})
        assert set(parameters(relevance.rules.get(name))) == set(options), name
        for option, spec in options.items():
            changed = golden_relevance.rule_numbers(spec)
            known = golden_relevance.rule_numbers("z_box(low=-7, high=9)" if name == "z_box" else name)
            assert len(changed) != len(known) or not np.allclose(changed, known, rtol=1e-6), option


# --- what is refused


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = drawn(CNN())
        self.factor = 3.0

    def forward(self, x):
        return self.inner(x * self.factor)


class Functional(nn.Module):
    def __init__(self, function=F.relu):
        super().__init__()
        self.function = function
        self.body = nn.ModuleDict({"first": nn.Linear(6, 5)})
        self.top = nn.Linear(5, 3)

    def forward(self, x):
        return self.top(self.function(self.body["first"](x)))


def test_a_module_without_a_rule_is_named_with_the_way_to_add_one():
    for network, x, said in (
        (Scaled(), inputs(2, 12, 7), "Mul"),
        (Functional(torch.exp), inputs(2, 6), "Exp"),
        (Functional(lambda x: x.softmax(-1)), inputs(2, 6), "before the softmax"),
        (nn.Sequential(nn.Linear(6, 5), nn.PReLU(), nn.Linear(5, 3)), inputs(2, 6), "PReLU '1'"),
    ):
        network = network.double().eval()
        with pytest.raises(ProbekitError, match=said) as refused:
            relevance.explain(network, x)
        assert "register" in str(refused.value) or "softmax" in said


@pytest.mark.parametrize(
    ("function", "layer"),
    [(F.relu, nn.ReLU()), (torch.tanh, nn.Tanh()), (torch.Tensor.sigmoid, nn.Sigmoid()), (F.gelu, nn.GELU())],
)
def test_functions_of_one_number_pass_relevance_as_their_layers_do(function, layer):
    network, x = drawn(Functional(function)), inputs(3, 6)
    layers = nn.Sequential(network.body["first"], layer, network.top).eval()
    found, same = relevance.explain(network, x, "all"), relevance.explain(layers, x, "all")
    assert torch.equal(found.relevance, same.relevance) and float(found.gap.abs().max()) < 1e-12


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


# --- rules that look at the weights


@pytest.mark.parametrize("rules", ["w_squared:conv", "z_box:conv(low=-4, high=5)"])
def test_rules_of_the_weights_give_relevance_to_inputs_of_nought_and_lose_nothing(rules):
    network, x = drawn(CNN()), inputs(4, 12, 7).clamp(-4, 5)
    x[1, 3] = 0.0
    found = relevance.explain(network, x, "all", rules=f"lrp|{rules}")
    torch.testing.assert_close(found.total, found.score)
    assert not found.kept
    assert bool(found.relevance[1, :, 3].ne(0).any())


def test_squared_weights_alone_decide_the_shares_of_the_winning_window():
    network, x = drawn(CNN()), inputs(1, 12, 7)
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.weight[:, 0] = 1
        network.conv.bias[0] = 50.0
    found = relevance.explain(network, x, 0, rules="epsilon(0, bias=drop)|w_squared:conv")
    squares = network.conv.weight[0].T.detach() ** 2  # (width, d)
    first = int(network.conv(x.transpose(1, 2))[0, 0].argmax())
    share = found.relevance[0, first : first + 2] / (found.score[0] - found.kept["fc bias"][0])
    torch.testing.assert_close(share, squares / squares.sum())


def test_units_without_weights_keep_their_relevance_by_name():
    network, x = drawn(nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 3))), inputs(2, 6)
    with torch.no_grad():
        network[0].weight[2] = 0
    for rules in ("w_squared", "z_box(low=-30, high=30)"):
        found = relevance.explain(network, x, "all", rules=rules)
        assert set(found.kept) == {"0 zero"} and float(found.gap.abs().max()) < 1e-12


def test_a_box_that_does_not_hold_the_inputs_is_refused():
    network, x = drawn(CNN()), inputs(2, 12, 7)
    with pytest.raises(ProbekitError, match=r"z_box.low=0, high=1. is given inputs from -.*'conv'.*lrp\|z_box:layer"):
        relevance.explain(network, x, rules="lrp|z_box:c*(low=0, high=1)")
    with pytest.raises(ProbekitError, match="goes from low up to high, got 1 and 0"):
        relevance.explain(network, x, rules="z_box(low=1, high=0)")
    with pytest.raises(ProbekitError, match="low must be a number, got 'a'"):
        relevance.explain(network, x, rules="z_box(low=a, high=0)")


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
        ("integrated-gradients(steps=0)", "steps must be a whole number of 1 or more, got 0"),
        ("integrated-gradients(step=3)", "did you mean steps"),
        ("integrated-gradients(steps=1.5)", "steps must be a whole number"),
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


def test_bad_networks_inputs_and_classes_are_refused():
    network, x = drawn(CNN()), inputs(2, 12, 7)
    with pytest.raises(ProbekitError, match="'CNN' is in training mode"):
        relevance.explain(network.train(), x)
    network.eval()
    network.drop.train()
    with pytest.raises(ProbekitError, match="'drop' is in training mode"):
        relevance.explain(network, x)
    network.eval()
    for last in (nn.Softmax(-1), nn.LogSoftmax(-1)):
        with pytest.raises(ProbekitError, match="before the"):
            relevance.explain(nn.Sequential(network, last).eval(), x)
    with pytest.raises(ProbekitError, match="class 4 does not exist: the network has 4 classes"):
        relevance.explain(network, x, 4)
    with pytest.raises(ProbekitError, match="2 documents but 3 targets"):
        relevance.explain(network, x, [0, 1, 2])
    with pytest.raises(ProbekitError, match="unknown explainer 'lpr'; did you mean lrp"):
        relevance.explain(network, x, method="lpr")
    with pytest.raises(ProbekitError, match="give vectors, not ids"):
        relevance.explain(network, torch.ones(2, 3, dtype=torch.int64))
    broken = x.clone()
    broken[1, 3, 2] = float("nan")
    with pytest.raises(ProbekitError, match=r"nan in document 1, at \(3, 2\)"):
        relevance.explain(network, broken)
    with torch.no_grad():
        network.fc.bias[0] = float("inf")
    with pytest.raises(ProbekitError, match="logits that are not finite"):
        relevance.explain(network, x)
