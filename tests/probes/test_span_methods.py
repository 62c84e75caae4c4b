"""Span methods: each equals its plain twin on every span, whatever else is in the batch."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_spans import plain
from torch import nn

from probekit import probes
from probekit.errors import ProbekitError, UnknownName
from probekit.probes.span_names import METHODS, make_method, method_entry, pooling_of
from probekit.probes.span_network import ScalarMix, SpanBatch, SpanNetwork, SpanTokens, mix_together, scores_together
from probekit.probes.span_vectors import SpanMethod, Spans

EVERY = [*METHODS, "coherent(split=quarter)", "endpoint+attn"]


def answer(method: str, tokens: torch.Tensor, lengths: list[int], query: torch.Tensor) -> torch.Tensor:
    module = make_method(method, tokens.shape[1]).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(query)
    spans = Spans(torch.tensor(lengths))
    if module.reads == "ends":
        place = torch.stack([spans.offsets[:-1], spans.offsets[1:] - 1], dim=1).flatten()
        two = module(tokens[place], Spans(torch.full((len(lengths),), 2)))
        assert torch.equal(two, module(tokens, spans))  # ends alone say all
    return module(tokens, spans)


@pytest.mark.parametrize("method", EVERY)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=7), seed=st.integers(0, 2**20))
@settings(max_examples=20, deadline=None)
def test_every_method_equals_its_plain_twin(method, lengths, seed):
    rng = np.random.default_rng(seed)
    e = rng.standard_normal((sum(lengths), 32)) - 5  # all below zero: padding with zeros would show in a maximum
    query = rng.standard_normal(32) / 4
    found = answer(method, torch.from_numpy(e), lengths, torch.from_numpy(query)).detach().numpy()
    parts = np.split(e, np.cumsum(lengths)[:-1])
    assert np.allclose(found, [plain(method, part, query) for part in parts], rtol=0, atol=1e-12)


def test_sizes_are_those_of_the_paper():
    sizes = {method: make_method(method, 256).width for method in EVERY}
    assert sizes == {
        "avg": 256,
        "attn": 256,
        "max": 256,
        "endpoint": 512,
        "diffsum": 512,
        "coherent": 241,
        "coherent(split=quarter)": 129,
        "endpoint+attn": 768,
    }
    assert make_method("coherent", 1024).a == 480 and make_method("coherent", 1024).b == 32
    assert make_method("coherent", 64).width == 61
    # Probe sizes of the card, single span, 30 labels, without layer weights and projection.
    for method, size in (("avg", 74014), ("endpoint", 139550), ("coherent", 70174)):
        network = SpanNetwork(method, 13, 768, 1, 30)
        parts = (network.trunk, network.norm, network.out)
        assert sum(p.numel() for part in parts for p in part.parameters()) == size


@pytest.mark.parametrize("method", EVERY)
def test_projecting_before_or_after_pooling_is_the_same(method):
    torch.manual_seed(3)
    states, spans = torch.randn(23, 24, dtype=torch.float64), Spans(torch.tensor([5, 1, 9, 8]))
    projection, module = nn.Linear(24, 16).double(), make_method(method, 16).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    before, after = module(projection(states), spans), module.projected(states, projection, spans)
    assert torch.allclose(before, after, rtol=0, atol=1e-12)
    for one in (before, after):
        one.pow(2).sum().backward()
    twins = copy.deepcopy(projection), copy.deepcopy(module)
    for part in (*twins, projection, module):
        part.zero_grad()
    twins[1](twins[0](states), spans).pow(2).sum().backward()
    module.projected(states, projection, spans).pow(2).sum().backward()
    for one, two in zip(
        (*twins[0].parameters(), *twins[1].parameters()), (*projection.parameters(), *module.parameters()), strict=True
    ):
        assert torch.allclose(one.grad, two.grad, rtol=1e-9, atol=1e-9)


def test_one_token_is_its_own_average_maximum_and_ends():
    e = torch.randn(1, 32, dtype=torch.float64) - 3
    found = {method: answer(method, e, [1], torch.ones(32, dtype=torch.float64))[0] for method in METHODS}
    for method in ("avg", "attn", "max"):
        assert torch.allclose(found[method], e[0], atol=1e-12)
    assert torch.equal(found["endpoint"], torch.cat([e[0], e[0]]))
    assert torch.equal(found["diffsum"], torch.cat([2 * e[0], 0 * e[0]]))


def test_attention_starts_as_the_mean_and_can_leave_it():
    e, spans = torch.randn(9, 16, dtype=torch.float64), Spans(torch.tensor([4, 5]))
    attn, avg = make_method("attn", 16).double(), make_method("avg", 16)
    found = attn(e, spans)
    assert torch.allclose(found, avg(e, spans), atol=1e-14)
    found.pow(2).sum().backward()
    assert attn.query.grad.abs().max() > 1e-3


def test_gradients_reach_the_tokens_that_matter():
    tokens = torch.randn(6, 8, requires_grad=True)
    make_method("max", 8)(tokens, Spans(torch.tensor([3, 3]))).sum().backward()
    assert torch.equal(tokens.grad.sum(0), torch.full((8,), 2.0)) and tokens.grad.max() == 1
    twin = tokens.detach().requires_grad_()
    torch.stack([twin[:3].amax(0), twin[3:].amax(0)]).sum().backward()
    assert torch.equal(twin.grad, tokens.grad)


def test_diffsum_is_a_rotation_of_endpoint():
    e, spans = torch.randn(7, 8, dtype=torch.float64), Spans(torch.tensor([3, 4]))
    ends, sums = make_method("endpoint", 8)(e, spans), make_method("diffsum", 8)(e, spans)
    eye = torch.eye(8, dtype=torch.float64)
    turn = torch.cat([torch.cat([eye, eye], 1), torch.cat([-eye, eye], 1)])
    assert torch.allclose(sums, ends @ turn.T)
    assert torch.allclose(turn @ turn.T / 2, torch.eye(16, dtype=torch.float64))


def test_a_mix_starts_as_the_plain_mean_of_layers():
    states = torch.randn(5, 3, 4)
    mix = ScalarMix(5)
    assert torch.allclose(mix_together([mix], states)[0], states.mean(0), atol=1e-6) and mix.scalars.requires_grad
    other = ScalarMix(5)
    with torch.no_grad():
        other.scalars[2] = 50.0
    both = mix_together([mix, other], states)
    assert torch.allclose(both[0], states.mean(0), atol=1e-6) and torch.allclose(both[1], states[2], atol=1e-5)
    assert not ScalarMix(5, learned=False).scalars.requires_grad


@pytest.mark.parametrize("options", [{}, {"per_label": True}, {"shared": True}])
def test_scores_together_are_those_of_each_network_written_out(options):
    """Two spans a unit, all methods; the plain twin takes one network and one span at a time."""
    layers = torch.randn(3, 40, 12)
    lengths = [torch.tensor([2, 1, 5]), torch.tensor([3, 4, 1])]
    batch = [SpanBatch(layers[:, : n.sum()], Spans(n)) for n in lengths]
    made = {"projection": 8, "hidden": 6, "dropout": 0.4, **options}
    networks = [SpanNetwork(name, 3, 12, 2, 4, **made).eval() for name in METHODS]
    for network in networks:
        network.mix.scalars.data.normal_()
        network.norm.weight.data.normal_()
    together = scores_together(networks, batch)
    for network, found in zip(networks, together, strict=True):
        vectors = []
        for role, part in zip(network.roles, batch, strict=True):
            tokens = network.projections[role](torch.einsum("l,ltd->td", network.mix.weights, part.states))
            vectors.append(network.methods[role](tokens, part.spans))
        inner = torch.tanh(network.trunk(torch.cat(vectors, 1))).unflatten(1, (network.groups, 6))
        inner = network.norm(inner)
        plain = (inner * network.out.weight).sum(2) + network.out.bias
        assert torch.allclose(found, plain, atol=1e-5) and torch.equal(
            network(batch), scores_together([network], batch)[0]
        )
    assert not torch.equal(scores_together([networks[0].train()], batch)[0], together[0]), "dropout is applied"


def test_tokens_of_a_batch_are_those_of_its_spans():
    layers = tuple(torch.randn(20, 4) for _ in range(3))
    starts, ends = np.array([[0, 5], [3, 19]]), np.array([[1, 9], [7, 20]])
    tokens = SpanTokens(layers, starts, ends)
    first, second = tokens.batch(np.array([1, 0]))
    assert first.states.shape == (3, 5, 4) and first.spans.lengths.tolist() == [4, 1]
    assert torch.equal(first.states[2], torch.cat([layers[2][3:7], layers[2][0:1]]))
    assert torch.equal(second.states[0], torch.cat([layers[0][19:20], layers[0][5:9]]))
    (whole, _), (two, _) = tokens.batch(np.array([1, 0])), tokens.batch(np.array([1, 0]), ends_only=True)
    assert torch.equal(whole.reading("ends").states, two.states) and two.reading("ends") is two


def test_separate_or_shared_projections_and_heads_by_label():
    tokens = SpanTokens((torch.randn(30, 16),), np.array([[0, 4], [9, 2]]), np.array([[3, 6], [12, 9]]))
    batch = tokens.batch(np.array([0, 1]))
    options = {"projection": 8, "hidden": 6, "dropout": 0.0}
    shared, own = (SpanNetwork("max", 1, 16, 2, 5, shared=s, **options) for s in (True, False))
    assert len(shared.projections) == 1 and len(own.projections) == 2
    assert own(batch).shape == (2, 5)
    several = SpanNetwork("max", 1, 16, 2, 5, per_label=True, **options)
    assert several(batch).shape == (2, 5)
    # Label 3 of the joint network is a perceptron of its own.
    one = SpanNetwork("max", 1, 16, 2, 1, **options)
    part = slice(3 * 6, 4 * 6)
    with torch.no_grad():
        one.projections.load_state_dict(several.projections.state_dict())
        one.trunk.weight.copy_(several.trunk.weight[part])
        one.trunk.bias.copy_(several.trunk.bias[part])
        one.out.weight.copy_(several.out.weight[3:4])
        one.out.bias.copy_(several.out.bias[3:4])
    assert torch.allclose(one(batch)[:, 0], several(batch)[:, 3], atol=1e-6)


def test_names():
    assert pooling_of("max") == "span(max)" == pooling_of("span(max)")
    assert pooling_of("coherent(split=quarter)") == "span(coherent, split=quarter)"
    assert pooling_of("span(coherent, split=paper)") == "span(coherent)"
    assert method_entry("attn").revision == 1
    with pytest.raises(UnknownName, match="diffsum"):
        pooling_of("difsum")
    with pytest.raises(UnknownName, match="split"):
        pooling_of("coherent(spilt=quarter)")
    with pytest.raises(UnknownName, match="quarter"):
        make_method("coherent(split=half)", 64)
    with pytest.raises(ProbekitError, match="projection"):
        make_method("coherent", 30)
    with pytest.raises(ProbekitError, match="names no span method"):
        pooling_of("span(3)")


def test_a_method_of_your_own_takes_ten_lines():
    @probes.span_methods.register("lowest", revision=1)
    class Lowest(SpanMethod):
        """Component-wise minimum."""

        def forward(self, tokens, spans):
            return -spans.max(-tokens)

    try:
        e = torch.randn(5, 8)
        found = make_method("lowest", 8)(e, Spans(torch.tensor([2, 3])))
        assert torch.equal(found, torch.stack([e[:2].amin(0), e[2:].amin(0)]))
        assert pooling_of("lowest") == "span(lowest)"
    finally:
        del probes.span_methods._entries["lowest"]
