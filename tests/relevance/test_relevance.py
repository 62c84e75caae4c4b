"""The relevance engine: every rule equals its plain twin, the account closes, what it cannot follow is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from plain_relevance import cnn, mlp
from torch import nn
from torch.nn import functional as F

from probekit import relevance
from probekit.errors import ProbekitError

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
    with pytest.raises(ProbekitError, match="low of this rule is a number"):
        relevance.explain(network, x, rules="z_box(low=a, high=0)")


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
