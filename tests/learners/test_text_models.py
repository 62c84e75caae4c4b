"""Text classifier modules: masks, attention weights, joins, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from probekit.errors import ProbekitError, UnknownName
from probekit.learners.catalogue import classifiers
from probekit.models.attention_classifier import Attention, AttentionClassifier
from probekit.models.text_cnn import TextCNN

OPTIONS = [
    ("bilstm", {}),
    ("bilstm", {"attention": "dot", "layers": 2}),
    ("bilstm", {"attention": "mean", "layers": 3, "hidden": 5}),
    ("bilstm", {"join": "concat"}),
    ("bilstm", {"join": "residual"}),
    ("text-cnn", {"filters": 7}),
    ("text-cnn", {"filters": 7, "window": 4}),
    ("deep-average", {}),
    ("deep-average", {"hidden": [5, 4]}),
    ("pooled-linear", {}),
    ("bilstm-max", {"hidden": 5, "units": 4}),
]


def texts(*lengths: int, width: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Random vectors with noise in the padding, and their mask."""
    drawn = torch.randn(len(lengths), max(lengths), width, generator=torch.Generator().manual_seed(1))
    return drawn, torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


def made(kind: str, **options) -> torch.nn.Module:
    torch.manual_seed(0)
    return classifiers.get(kind)(8, 3, **options).eval()


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_a_text_scores_the_same_alone_and_among_longer_ones(kind, options):
    module = made(kind, **options)
    vectors, mask = texts(6, 1, 9, 3)
    together = module(vectors, mask)
    for row, n in enumerate(mask.sum(dim=1)):
        alone = module(vectors[row : row + 1, :n], mask[row : row + 1, :n])
        assert torch.allclose(alone[0], together[row], atol=1e-5), row
    vectors[~mask] = 100.0  # what stands in the padding is nobody's business
    assert torch.allclose(module(vectors, mask), together, atol=1e-5)


def test_deep_average_is_linear_in_the_mean_without_layers_and_blind_to_order():
    module = made("deep-average")
    vectors, mask = texts(5, 3)
    assert torch.allclose(module(vectors, mask)[1], module.out(vectors[1, :3].mean(dim=0)), atol=1e-6)
    deep = made("deep-average", hidden=[6])
    assert torch.allclose(deep(vectors[:1], mask[:1]), deep(vectors[:1].flip(1), mask[:1]), atol=1e-6)


def test_the_pooled_mean_is_normalised_over_the_batch_and_one_text_alone_by_what_was_seen():
    module = made("pooled-linear").train()
    vectors, mask = texts(5, 3, 4)
    means = torch.stack([vectors[row, :n].mean(dim=0) for row, n in enumerate(mask.sum(dim=1))])
    spread = (means - means.mean(0)) / (means.var(0, unbiased=False) + module.norm.eps).sqrt()
    assert torch.allclose(module(vectors, mask), module.out(spread), atol=1e-5)
    before = module.norm.running_mean.clone()
    alone = module(vectors[:1], mask[:1])
    assert torch.equal(module.norm.running_mean, before)
    assert torch.allclose(alone, module.eval()(vectors[:1], mask[:1]), atol=1e-6)


def test_states_are_read_by_their_maximum_over_positions():
    module = made("bilstm-max", hidden=4, units=6)
    vectors, mask = texts(5, 3)
    states = module.body(vectors, mask)
    most = torch.stack([states[0].amax(0), states[1, :3].amax(0)])
    assert torch.allclose(module(vectors, mask), module.out(module.layer(most)), atol=1e-6)


@pytest.mark.parametrize("kind", ["additive", "dot", "mean"])
def test_weights_sum_to_one_over_the_words_and_follow_the_formula(kind):
    torch.manual_seed(0)
    attention = Attention(8, kind)
    attention.requires_grad_(False)
    states, mask = texts(4, 7)
    weights = attention(states, mask)
    assert torch.allclose(weights.sum(dim=1), torch.ones(2)) and torch.all(weights[~mask] == 0)
    for row, n in enumerate((4, 7)):
        if kind == "mean":
            scores = np.zeros(n)
        elif kind == "dot":
            scores = [float(attention.query.weight[0] @ states[row, t]) / np.sqrt(8) for t in range(n)]
        else:
            w, b, v = attention.hidden.weight, attention.hidden.bias, attention.query.weight[0]
            assert w.shape == (4, 8)
            scores = [float(v @ torch.tanh(w @ states[row, t] + b)) for t in range(n)]
        expected = np.exp(scores) / np.exp(scores).sum()
        assert np.allclose(weights[row, :n], expected, atol=1e-6)


def test_the_decoder_is_affine_in_the_weights():
    module = made("bilstm")
    vectors, mask = texts(5)
    states = module.states(vectors, mask)
    weights = module.attention(states, mask)
    alone = torch.stack([module.decode(states, torch.eye(5)[t : t + 1])[0] for t in range(5)])
    assert torch.allclose((weights[0, :, None] * alone).sum(dim=0), module(vectors, mask)[0], atol=1e-6)


def test_joins_are_what_they_are_called():
    vectors, mask = texts(5, 3)
    plain, concat, residual = (made("bilstm", join=join) for join in ("none", "concat", "residual"))
    raw = plain.raw(vectors, mask)
    assert raw.shape == (2, 5, 8) and torch.all(raw[1, 3:] == 0)
    for other in (concat, residual):
        other.forwards.load_state_dict(plain.forwards.state_dict())
        other.backwards.load_state_dict(plain.backwards.state_dict())
    assert torch.equal(concat.states(vectors, mask), torch.cat([raw, vectors], dim=2))
    assert torch.equal(residual.states(vectors, mask), raw + vectors)
    assert concat.attention.query.weight.shape[1] == 8 and concat.out.weight.shape == (3, 16)
    with pytest.raises(ProbekitError, match="residual adds embeddings of width 8 to states of width 6; set hidden=4"):
        made("bilstm", join="residual", hidden=3)


def test_the_query_of_dot_attention_begins_as_asked():
    torch.manual_seed(0)
    normal, default = Attention(400, "dot"), Attention(400, "dot", "default")
    assert normal.query.weight.std() > 0.9
    assert default.query.weight.abs().max() <= 1 / 20 and default.query.weight.std() > 0.02
    with pytest.raises(ProbekitError, match="additive attention has no such choice"):
        Attention(8, "additive", "normal")


@pytest.mark.parametrize("window", [1, 2, 3])
def test_the_convolution_takes_the_best_window_inside_the_text(window):
    module = TextCNN(8, 3, filters=5, window=window).eval()
    vectors, mask = texts(6, 2, 1)
    for row, n in enumerate((6, 2, 1)):
        words = torch.cat([vectors[row, :n], torch.zeros(max(window - n, 0), 8)])
        scores = [
            torch.relu((module.conv.weight * words[t : t + window].T).sum(dim=(1, 2)) + module.conv.bias)
            for t in range(len(words) - window + 1)
        ]
        expected = module.out(torch.stack(scores).amax(dim=0))
        assert torch.allclose(module(vectors, mask)[row], expected, atol=1e-5)


def test_unknown_names_and_sizes_are_refused():
    with pytest.raises(UnknownName, match="did you mean bilstm"):
        classifiers.get("bi-lstm")
    with pytest.raises(UnknownName, match="attention"):
        AttentionClassifier(8, 2, attention="bilinear")
    with pytest.raises(ProbekitError, match="layers of a bilstm"):
        AttentionClassifier(8, 2, layers=0)
    with pytest.raises(ProbekitError, match="window of a text-cnn"):
        TextCNN(8, 2, window=0)
    assert set(classifiers.names()) == {kind for kind, _ in OPTIONS} == {
        "bilstm", "text-cnn", "deep-average", "pooled-linear", "bilstm-max",
    }  # fmt: skip


def test_states_are_those_of_a_bidirectional_lstm_over_packed_sequences():
    module = made("bilstm", layers=2, hidden=4)
    plain = torch.nn.LSTM(8, 4, 2, batch_first=True, bidirectional=True)
    for layer, pair in enumerate(zip(module.forwards, module.backwards, strict=True)):
        for direction, suffix in zip(pair, ("", "_reverse"), strict=True):
            for name, value in direction.state_dict().items():
                plain.state_dict()[name.replace("_l0", f"_l{layer}{suffix}")].copy_(value)
    vectors, mask = texts(6, 2, 9)
    packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, mask.sum(dim=1), True, enforce_sorted=False)
    expected = torch.nn.utils.rnn.pad_packed_sequence(plain(packed)[0], batch_first=True)[0]
    assert torch.allclose(module.raw(vectors, mask), expected, atol=1e-6)
