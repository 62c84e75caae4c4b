"""Small classifiers of fixed numbers and texts for the tests of relevance."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

TEXTS = [
    ["the", "old", "house", "stood", "there"],
    ["they", "ride", "bikes"],
    ["a", "fast", "ride", "past", "the", "house", "in", "the", "street"],
]


def cnn_classifier() -> Any:
    """A text CNN over a dozen words; unknown words are vectors of zeros."""
    import torch

    from probekit.learners.classifier import SPECIAL, OwnClassifier, own_module

    words = [*SPECIAL, *sorted({word for text in TEXTS for word in text})]
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(len(words), 6)).astype(np.float32)
    vectors[:3] = 0
    module = own_module("text-cnn", {"filters": 9}, 3, torch.tensor(vectors))
    with torch.no_grad():
        for _, weight in sorted(module.body.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    return OwnClassifier(module, "text-cnn", {"filters": 9}, ["art", "news", "sport"], words, name="toy")


@cache
def bert_folder() -> Any:
    """Folder of a BERT sequence classifier with the tokenizer of the tiny models."""
    import torch
    from tiny_models import folder, root
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    place = root() / "bert-classifier"
    config = AutoConfig.from_pretrained(folder("bert"))
    config.num_labels = 3
    config.id2label, config.label2id = {0: "art", 1: "news", 2: "sport"}, {"art": 0, "news": 1, "sport": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = AutoModelForSequenceClassification.from_config(config)
        for weight in model.parameters():
            weight.data.add_(torch.randn_like(weight) * 0.1)
    model.save_pretrained(place)
    AutoTokenizer.from_pretrained(folder("bert")).save_pretrained(place)
    return place


@cache
def bert_classifier() -> Any:
    """A BERT sequence classifier, one for all tests: do not change it."""
    from probekit.learners.loading import load_classifier

    return load_classifier(bert_folder())
