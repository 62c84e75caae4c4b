"""Relevance through Hugging Face classifiers, with no code of theirs copied: against the formulas written plainly."""

from __future__ import annotations

import pytest
import torch
from plain_relevance import plain_names, transformer
from torch import nn

from probekit import relevance
from probekit.errors import ProbekitError

FAMILIES = ("bert", "roberta", "distilbert", "electra")
HEADS = {"bert": "tanh", "roberta": "tanh", "distilbert": "relu", "electra": "gelu"}
EPS = {"bert": 1e-12, "roberta": 1e-12, "distilbert": 1e-12, "electra": 1e-12}


class OfVectors(nn.Module):
    """A sequence classifier as a network of word vectors and a mask."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, vectors, mask):
        return self.model(inputs_embeds=vectors, attention_mask=mask.long()).logits


def classifier(family, **options):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    if family == "distilbert":
        sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24}
    if family == "electra":
        sizes["embedding_size"] = 12
    config = AutoConfig.for_model(family, vocab_size=30, max_position_embeddings=20, num_labels=3, **sizes, **options)
    model = AutoModelForSequenceClassification.from_config(config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            drawn = torch.randn(weight.shape, generator=generator) * 0.3
            weight.copy_(drawn + (1 if "norm" in name.lower() and name.endswith("weight") else 0))
    return OfVectors(model).double().eval()


def texts(network, family):
    width = 12 if family == "electra" else 16
    x = torch.randn(3, 8, width, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    mask = torch.arange(8)[None] < torch.tensor([8, 5, 6])[:, None]
    return x, mask


@pytest.mark.parametrize("family", FAMILIES)
def test_a_transformer_equals_the_formulas_written_plainly(family):
    network = classifier(family)
    x, mask = texts(network, family)
    found = relevance.explain(network, x, "all", extra=(mask,))
    torch.testing.assert_close(found.logits, network(x, mask).detach())
    plain = plain_names(family, network.model.state_dict())
    config = {"layers": 2, "heads": 2, "eps": EPS[family], "head": HEADS[family]}
    for document in range(3):
        for target in range(3):
            score, expected = transformer(x[document], mask[document], plain, config, target)
            assert float(found.score[document, target]) == pytest.approx(score, rel=1e-9)
            torch.testing.assert_close(found.relevance[document, target], expected, atol=1e-9, rtol=1e-6)
    assert float(found.gap.abs().max()) < 1e-10
    assert any("position_embeddings" in name for name in found.kept)
    assert not bool(found.relevance[1, :, 5:].any())


@pytest.mark.parametrize("family", FAMILIES)
def test_other_rules_close_the_account_of_a_transformer(family):
    network = classifier(family)
    x, mask = texts(network, family)
    plain = relevance.explain(network, x, 1, extra=(mask,))
    for rules in (
        "transformer-gamma",
        {"linear": "epsilon(0.1, bias=drop)"},
        {"linear": "alpha_beta"},
        {"layer-norm": "frozen(mean=true)"},
    ):
        found = relevance.explain(network, x, 1, rules=rules, extra=(mask,))
        assert float(found.gap.abs().max()) < 1e-8, rules
        assert not torch.allclose(found.relevance, plain.relevance, rtol=1e-3), rules


def test_a_transformer_is_left_as_it_was():
    network = classifier("bert")
    x, mask = texts(network, "bert")
    before = network(x, mask)
    how = network.model.config._attn_implementation
    relevance.explain(network, x, extra=(mask,))
    with pytest.raises(ProbekitError, match="shared biases"):
        relevance.explain(network, x, rules={"linear": "epsilon(0.01)"}, extra=(mask,))
    for rules in ("w_squared:*", "z_box:*.classifier(low=-99, high=99)", "flat:linear"):
        with pytest.raises(ProbekitError, match=r"inputs that are 0 .*w_squared, z_box"):
            relevance.explain(network, x, rules=f"transformer|{rules}", extra=(mask,))
    assert network.model.config._attn_implementation == how
    assert torch.equal(network(x, mask), before)


def test_rules_that_cannot_follow_sums_say_so():
    network = classifier("bert")
    x, mask = texts(network, "bert")
    with pytest.raises(ProbekitError, match="rules='transformer'"):
        relevance.explain(network, x, rules="lrp-drop", extra=(mask,))


def test_other_architectures_are_refused_by_name():
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.for_model(
        "albert",
        vocab_size=30,
        hidden_size=16,
        embedding_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
    )
    model = OfVectors(AutoModelForSequenceClassification.from_config(config)).eval()
    with pytest.raises(ProbekitError, match="bert, roberta, distilbert, electra, not 'albert'"):
        relevance.explain(model, torch.zeros(1, 3, 8), extra=(torch.ones(1, 3, dtype=torch.bool),))
