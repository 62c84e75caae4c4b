"""Relevance through the models of the suite: the text CNN's winners, BiLSTM classifiers, LSTM, transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from plain_relevance import lstm
from test_relevance import RULES, drawn, inputs
from torch import nn

from probekit import relevance
from probekit.errors import ProbekitError
from probekit.models.attention_classifier import AttentionClassifier
from probekit.models.text_cnn import TextCNN


class Slow(nn.Module):
    """The text CNN from known layers alone, for one document without padding: the engine's way with all positions."""

    def __init__(self, fast: TextCNN):
        super().__init__()
        self.conv, self.relu, self.out, self.window = fast.conv, nn.ReLU(), fast.out, fast.window

    def forward(self, x):
        return self.out(self.relu(self.conv(x.transpose(1, 2))).max(2).values)


def masks(*lengths):
    return torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("spec", RULES)
@pytest.mark.parametrize("window", [1, 2, 3])
def test_winners_alone_give_what_all_positions_give(spec, window):
    network = drawn(TextCNN(5, 4, filters=11, window=window), dead=3)
    lengths = (9, 4, 7)
    x, mask = inputs(3, 9, 5), masks(*lengths)
    found = relevance.explain(network, x, "all", rules=spec, extra=(mask,))
    assert float(found.gap.abs().max()) < 1e-11
    for document, length in enumerate(lengths):
        alone = relevance.explain(Slow(network).eval(), x[[document], :length], "all", rules=spec)
        torch.testing.assert_close(found.logits[[document]], alone.logits)
        torch.testing.assert_close(found.relevance[document, :, :length], alone.relevance[0], atol=1e-12, rtol=1e-9)
        assert bool((found.relevance[document, :, length:] == 0).all())


def test_a_text_shorter_than_the_window_keeps_its_account():
    network = drawn(TextCNN(5, 4, filters=11, window=3))
    for length in (1, 2, 3):
        x, mask = inputs(2, length, 5), torch.ones(2, length, dtype=torch.bool)
        for rules in ("lrp", "lrp-drop", "alpha-beta", "flat", "w_squared", "z_box(low=-9, high=9)"):
            found = relevance.explain(network, x, "all", rules=rules, extra=(mask,))
            assert float(found.gap.abs().max()) < 1e-11, (length, rules)
    longer, mask = inputs(2, 6, 5), masks(6, 1)
    found = relevance.explain(network, longer, "all", extra=(mask,))
    assert float(found.gap.abs().max()) < 1e-11 and "conv padding" in found.kept
    assert bool((found.relevance[1, :, 1:] == 0).all())


def test_relevance_of_a_trained_size_network_sums_to_the_score_in_double_precision():
    network = drawn(TextCNN(60, 20, filters=80))
    x = inputs(8, 40, 60)
    found = relevance.explain(network, x, "all", extra=(torch.ones(8, 40, dtype=torch.bool),))
    assert float(((found.total - found.score) / found.score).abs().max()) < 1e-10


@pytest.mark.parametrize("spec", RULES)
def test_an_lstm_equals_its_plain_twin_under_every_rule(spec):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.fc = nn.LSTM(4, 3, batch_first=True), nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(self.lstm(x)[1][0][0])

    network, x = drawn(Last()), inputs(2, 5, 4)
    found = relevance.explain(network, x, "all", rules=spec)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    for document in range(2):
        for target in range(2):
            score, expected, kept = lstm(x[document].numpy(), state, target, RULES[spec])
            assert float(found.score[document, target]) == pytest.approx(score, rel=1e-10)
            np.testing.assert_allclose(found.relevance[document, target].numpy(), expected, atol=1e-9)
            assert sum(float(v[document, target]) for v in found.kept.values()) == pytest.approx(kept, abs=1e-9)
    assert float(found.gap.abs().max()) < 1e-9


@pytest.mark.parametrize("join", ["none", "concat", "residual"])
@pytest.mark.parametrize("attention", ["additive", "dot", "mean"])
@pytest.mark.parametrize("rules", ["lrp", "lrp-drop", "alpha-beta", "w_squared", "z_box(low=-9, high=9)"])
def test_bilstm_classifiers_close_their_account_and_do_not_read_padding(join, attention, rules):
    network = drawn(AttentionClassifier(6, 3, layers=2, attention=attention, join=join))
    x, mask = inputs(3, 7, 6), masks(7, 3, 5)
    found = relevance.explain(network, x, "all", rules=rules, extra=(mask,))
    torch.testing.assert_close(found.logits, network(x, mask).detach())
    assert float(found.gap.abs().max()) < 1e-8
    assert bool((found.relevance[1, :, 3:] == 0).all()) and bool(found.relevance[1, :, :3].ne(0).any())
    alone = relevance.explain(network, x[[1], :3], "all", rules=rules, extra=(mask[[1], :3],))
    torch.testing.assert_close(found.relevance[[1], :, :3], alone.relevance)


def test_lstms_that_have_no_rule_are_refused():
    class Cells(nn.Module):
        def __init__(self, **options):
            super().__init__()
            self.lstm, self.fc = nn.LSTM(4, 3, batch_first=True, **options), nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(self.lstm(x)[1][1][0])

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.fc = nn.GRU(4, 3, batch_first=True), nn.Linear(3, 2)

        def forward(self, x):
            return self.fc(self.gru(x)[0][:, -1])

    x = inputs(2, 5, 4)
    with pytest.raises(ProbekitError, match="'LastCellStates' there"):
        relevance.explain(drawn(Cells()), x)
    with pytest.raises(ProbekitError, match="no relevance rule for GRU 'gru'"):
        relevance.explain(drawn(Recurrent()), x)
