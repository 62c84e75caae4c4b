"""Small classifiers for tests of attention: a trained bilstm on generated texts, and a BERT with random weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import tiny_models
import torch

from probekit.corpora import load_corpus
from probekit.learners.classifier import OwnClassifier
from probekit.learners.classifier_training import Design, part, train_classifier
from probekit.learners.loading import load_classifier
from probekit.training.loop import Settings

CORPUS = "cues(n=420)"
SMALL = Design("bilstm", "random(width=16)", settings=Settings(rate=0.01, epochs=8, patience=8, clip=5.0))


@cache
def own(regularizer: str = "base", attention: str = "additive") -> OwnClassifier:
    """A classifier that has learned the cues."""
    design = replace(SMALL, model=f"bilstm(attention={attention})", regularizer=regularizer)
    return train_classifier(load_corpus(CORPUS), design, 0)[0]


def texts(split: str = "test") -> tuple[list[list[str]], list[str]]:
    return part(load_corpus(CORPUS), split)


@cache
def bert_folder(labels: tuple[str, ...] = ("bad", "good")) -> Path:
    """A BERT classifier with random weights, saved as after fine-tuning."""
    from transformers import BertConfig, BertForSequenceClassification

    place = tiny_models.root() / f"classifier-{len(labels)}"
    tokenizer = tiny_models.make_tokenizer("bert")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            max_position_embeddings=40,
            initializer_range=0.4,
            id2label=dict(enumerate(labels)),
            label2id={name: i for i, name in enumerate(labels)},
        )
        BertForSequenceClassification(config).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


@cache
def bert(labels: tuple[str, ...] = ("bad", "good")):
    return load_classifier(bert_folder(labels))


BERT_TEXTS = [
    ["the", "old", "house", "stood"],
    ["Yes"],
    ["nobody", "lived", "incomprehensible", "there", "."],
    ["She", "did"],
]
