"""Public tools as oracles: captum and zennit where their rules coincide with ours, and where they differ by definition.

zennit is installed without its dependencies and imports torchvision, of which it needs two class names; they are stood
in for here and nowhere else.
"""

from __future__ import annotations

import sys
import types

import pytest
import torch
from test_relevance import drawn, inputs
from torch import nn

from probekit import relevance
from probekit.errors import ProbekitError

EPSILONS = (0.01, 0.1, 1.0)


def perceptron(bias=True):
    return drawn(
        nn.Sequential(nn.Linear(7, 9, bias), nn.ReLU(), nn.Linear(9, 6, bias), nn.ReLU(), nn.Linear(6, 4, bias))
    )


def convolution(bias=True):
    return drawn(
        nn.Sequential(nn.Conv1d(5, 8, 2, bias=bias), nn.ReLU(), nn.MaxPool1d(9), nn.Flatten(), nn.Linear(8, 4, bias))
    )


NETWORKS = {"perceptron": (perceptron, (6, 7)), "convolution": (convolution, (6, 5, 10))}


def weighted(network):
    return [module for module in network if isinstance(module, (nn.Linear, nn.Conv1d))]


# --- captum


def captum_relevance(network, x, target, rule):
    attr = pytest.importorskip("captum.attr", reason="captum is in the extra dev")
    from captum.attr._utils.lrp_rules import EpsilonRule

    for module in network:
        if isinstance(module, (nn.Linear, nn.Conv1d)):
            module.rule = rule()
        elif not isinstance(module, nn.ReLU):
            module.rule = EpsilonRule(epsilon=0.0)  # layers that move values, pooling by the winner
    return attr.LRP(network).attribute(x.clone(), target=target).detach()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("epsilon", EPSILONS)
def test_epsilon_with_dropped_biases_equals_captum(name, epsilon):
    rules = pytest.importorskip("captum.attr._utils.lrp_rules", reason="captum is in the extra dev")
    make, shape = NETWORKS[name]
    network, x = make(), inputs(*shape)
    theirs = captum_relevance(make(), x, 2, lambda: rules.EpsilonRule(epsilon=epsilon))
    ours = relevance.explain(network, x, 2, rules=f"epsilon({epsilon}, bias=drop)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)
    other = relevance.explain(network, x, 2, rules="epsilon(0, bias=drop)")
    assert not torch.allclose(other.relevance, theirs, atol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_gamma_equals_captum_where_inputs_are_positive_and_there_are_no_biases(name):
    """captum weights up positive weights alone, whatever the sign of the unit: the same where z is positive."""
    rules = pytest.importorskip("captum.attr._utils.lrp_rules", reason="captum is in the extra dev")
    make, shape = NETWORKS[name]
    network, other, x = make(False), make(False), inputs(*shape).abs()
    for one in (network, other):  # all units but the last layer's are positive where their weights mostly are
        for module in weighted(one):
            module.weight.data = module.weight.data.abs() - 0.05
    theirs = captum_relevance(other, x, 1, lambda: rules.GammaRule(gamma=0.5))
    ours = relevance.explain(network, x, 1, rules="gamma(0.5, epsilon=0.000000001)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_alpha_one_beta_nought_equals_captum_on_positive_inputs_without_biases(name):
    rules = pytest.importorskip("captum.attr._utils.lrp_rules", reason="captum is in the extra dev")
    make, shape = NETWORKS[name]
    network, other, x = make(False), make(False), inputs(*shape).abs()
    for one in (network, other):  # no filter is 0 everywhere: there captum divides 0 by 0
        for module in weighted(one):
            module.weight.data = module.weight.data.abs() - 0.15
    theirs = captum_relevance(other, x, 3, lambda: rules.Alpha1_Beta0_Rule())
    ours = relevance.explain(network, x, 3, rules="z_plus")
    # A unit without a positive message has no relevance to give: captum loses it as we do, named.
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)
    plain = relevance.explain(network, x, 3, rules="alpha_beta(1, renormalise=false)")
    torch.testing.assert_close(plain.relevance, theirs, atol=1e-6, rtol=1e-6)


# --- zennit


@pytest.fixture
def zennit(monkeypatch):
    """zennit with a stand-in for the two classes of torchvision that it names."""
    resnet = types.ModuleType("torchvision.models.resnet")
    resnet.Bottleneck, resnet.BasicBlock = (type(name, (nn.Module,), {}) for name in ("Bottleneck", "BasicBlock"))
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "torchvision.models.resnet", resnet)
    yield pytest.importorskip("zennit", reason="NO ORACLE: pip install --no-deps zennit==0.5.1")
    for name in [name for name in sys.modules if name.partition(".")[0] == "zennit"]:
        monkeypatch.delitem(sys.modules, name)


def zennit_relevance(network, x, target, rule, of_module=False):
    """rule: makes a rule of zennit for a weighted layer, of that layer where `of_module`."""
    from zennit.attribution import Gradient
    from zennit.core import Composite

    def choose(context, name, module):
        if not isinstance(module, (nn.Linear, nn.Conv1d)):
            return None
        return rule(module) if of_module else rule()

    from zennit.rules import Pass

    def with_pass(context, name, module):
        return Pass() if isinstance(module, nn.ReLU) else choose(context, name, module)

    with Gradient(network, Composite(with_pass)) as attributor:
        logits = network(x)
        start = torch.zeros_like(logits)
        start[:, target] = logits[:, target].detach()
        return attributor(x.clone(), start)[1].detach()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("epsilon", EPSILONS)
def test_epsilon_with_dropped_biases_equals_zennit(zennit, name, epsilon):
    from zennit.rules import Epsilon

    make, shape = NETWORKS[name]
    network, x = make(), inputs(*shape)
    theirs = zennit_relevance(network, x, 2, lambda: Epsilon(epsilon=epsilon))
    ours = relevance.explain(network, x, 2, rules=f"epsilon({epsilon}, bias=drop)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bias", [True, False])
def test_gamma_equals_zennit_on_inputs_of_any_sign(zennit, name, bias):
    from zennit.rules import Gamma

    make, shape = NETWORKS[name]
    network, x = make(bias), inputs(*shape)
    theirs = zennit_relevance(network, x, 0, lambda: Gamma(gamma=0.5, stabilizer=1e-9))
    ours = relevance.explain(network, x, 0, rules="gamma(0.5, epsilon=0.000000001)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)
    other = relevance.explain(network, x, 0, rules="gamma(0.25, epsilon=0.000000001)")
    assert not torch.allclose(other.relevance, theirs, atol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_alpha_one_beta_nought_equals_zennit_without_biases(zennit, name):
    from zennit.rules import AlphaBeta, Flat, ZPlus

    make, shape = NETWORKS[name]
    network, x = make(False), inputs(*shape)
    theirs = zennit_relevance(network, x, 3, lambda: AlphaBeta(alpha=1.0, beta=0.0, stabilizer=1e-12))
    plus = zennit_relevance(network, x, 3, lambda: ZPlus(stabilizer=1e-12))
    flat = zennit_relevance(network, x, 3, lambda: Flat(stabilizer=1e-12))
    pairs = (("z_plus", theirs), ("alpha_beta(1, renormalise=false)", theirs), ("z_plus", plus), ("flat", flat))
    for rules, known in pairs:
        ours = relevance.explain(network, x, 3, rules=rules)
        torch.testing.assert_close(ours.relevance, known, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bias", [True, False])
def test_squared_weights_equal_zennit(zennit, name, bias):
    from zennit.rules import WSquare

    make, shape = NETWORKS[name]
    network, x = make(bias), inputs(*shape)
    theirs = zennit_relevance(network, x, 3, lambda: WSquare(stabilizer=1e-12, zero_params="bias"))
    ours = relevance.explain(network, x, 3, rules="w_squared")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bias", [True, False])
def test_the_box_rule_equals_zennit(zennit, name, bias):
    from zennit.rules import Epsilon, ZBox

    make, shape = NETWORKS[name]
    network, x = make(bias), inputs(*shape).clamp(-1.5, 2)

    def rule(module):
        if module is not network[0]:
            return Epsilon(epsilon=1e-9)
        box = {"low": torch.full_like(x, -1.5), "high": torch.full_like(x, 2.0)}
        return ZBox(**box, stabilizer=1e-12, zero_params="bias")

    theirs = zennit_relevance(network, x, 1, rule, of_module=True)
    ours = relevance.explain(network, x, 1, rules="epsilon(0.000000001, bias=drop)|z_box:0(low=-1.5, high=2)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)
    wider = relevance.explain(network, x, 1, rules="epsilon(0.000000001, bias=drop)|z_box:0(low=-3, high=2)")
    assert not torch.allclose(wider.relevance, theirs, atol=1e-3)


def test_alpha_beta_differs_by_definition_from_the_other_convention(zennit):
    """Theirs is alpha - beta = 1 with a minus between the halves; ours alpha + beta = 1 with a plus."""
    from zennit.rules import AlphaBeta

    network, x = perceptron(False), inputs(6, 7)
    theirs = zennit_relevance(network, x, 3, lambda: AlphaBeta(alpha=2.0, beta=1.0, stabilizer=1e-12))
    ours = relevance.explain(network, x, 3, rules="alpha_beta(2, -1, renormalise=false)")
    torch.testing.assert_close(ours.relevance, theirs, atol=1e-6, rtol=1e-6)
    with pytest.raises(ProbekitError, match=r"alpha \+ beta = 1, got 2 and 1"):
        relevance.explain(network, x, 3, rules="alpha_beta(2, 1)")
    with pytest.raises(ValueError, match="alpha - beta must equal 1"):
        AlphaBeta(alpha=0.5, beta=0.5)
    half = relevance.explain(network, x, 3, rules="alpha_beta(0.5)")
    torch.testing.assert_close(half.total, half.score)
    assert not torch.allclose(half.relevance, theirs, atol=1e-2)
    # Renormalised, units without messages of one sign give all to the other, which theirs does not do.
    one_sided = drawn(nn.Sequential(nn.Linear(7, 4, bias=False)))
    one_sided[0].weight.data.abs_()
    kept = relevance.explain(one_sided, x.abs(), 3, rules="alpha_beta(2, -1)")
    torch.testing.assert_close(kept.total, kept.score)
    lost = zennit_relevance(one_sided, x.abs(), 3, lambda: AlphaBeta(alpha=2.0, beta=1.0, stabilizer=1e-12))
    torch.testing.assert_close(lost.sum(1), 2 * kept.score)


def test_shared_biases_are_what_the_tools_do_not_do(zennit):
    from zennit.rules import Epsilon

    network, x = convolution(), inputs(6, 5, 10)
    theirs = zennit_relevance(network, x, 2, lambda: Epsilon(epsilon=0.01))
    ours = relevance.explain(network, x, 2)
    assert float((ours.total - ours.score).abs().max()) < 1e-10
    assert float((theirs.sum((1, 2)) - ours.score).abs().max()) > 0.05


# --- the other explainers


def test_gradients_equal_captum():
    attr = pytest.importorskip("captum.attr", reason="captum is in the extra dev")
    network, x = perceptron(), inputs(6, 7)
    saliency = attr.Saliency(network).attribute(x.clone(), target=1, abs=False)
    torch.testing.assert_close(relevance.explain(network, x, 1, "gradient").relevance, saliency)
    product = attr.InputXGradient(network).attribute(x.clone(), target=1).detach()
    torch.testing.assert_close(relevance.explain(network, x, 1, "gradient-x-input").relevance, product)
    integrated = attr.IntegratedGradients(network).attribute(x.clone(), target=1, n_steps=40, method="riemann_middle")
    ours = relevance.explain(network, x, 1, "integrated-gradients", steps=40)
    torch.testing.assert_close(ours.relevance, integrated.detach())


def test_occlusion_equals_captum():
    attr = pytest.importorskip("captum.attr", reason="captum is in the extra dev")
    network, x = convolution(), inputs(3, 5, 10)

    class OfWords(nn.Module):
        def forward(self, words):
            return network(words.transpose(1, 2))

    words = x.transpose(1, 2)
    theirs = attr.Occlusion(OfWords()).attribute(words.clone(), (1, 5), target=2).detach()
    ours = relevance.explain(OfWords().eval(), words, 2, "occlusion")
    torch.testing.assert_close(ours.relevance * 5, theirs.double(), atol=1e-6, rtol=1e-5)
