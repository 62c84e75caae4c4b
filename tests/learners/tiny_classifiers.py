"""Tiny text classifiers of every architecture that people bring, with random weights and two classes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import tiny_models

LABELS = ("bad", "good")
WIDTH, POSITIONS = 16, 40
TOKENIZERS = {
    "bert": "bert", "modernbert": "bert", "deberta": "bert", "gpt2": "gpt2", "bart": "bart", "t5": "t5",
    "xlnet": "xlnet",
}  # fmt: skip
OWN = ("bilstm", "text-cnn")
EVERY = (*TOKENIZERS, *OWN)
# Of unlike length, so that a batch of them is padded; known to the tiny tokenizers.
TEXTS = [
    ["the", "old", "house", "stood", "at", "the", "end"],
    ["Yes"],
    ["nobody", "lived", "there", "."],
    ["the", "children", "were", "playing", "in", "the", "garden", "near", "the", "river"],
]
GOLD = ["bad", "good", "good", "bad"]


@cache
def classifier_folder(kind: str) -> Path:
    """The folder of a classifier of one of EVERY."""
    return _own(kind) if kind in OWN else _hugging_face(kind)


def _own(kind: str) -> Path:
    import torch

    from probekit.learners.classifier import SPECIAL, OwnClassifier, own_module, save_classifier

    words = [*SPECIAL, *sorted({word.lower() for text in TEXTS for word in text})]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = own_module(kind, {}, 2, torch.randn(len(words), 12))
    made = OwnClassifier(module, kind, {}, LABELS, words, name=kind)
    return save_classifier(made, tiny_models.root() / f"own-{kind}")


def _hugging_face(kind: str) -> Path:
    import torch

    from probekit.encoders.huggingface import quiet_transformers

    tokenizer = tiny_models.make_tokenizer(TOKENIZERS[kind])
    tokenizer.model_max_length = POSITIONS
    place = tiny_models.root() / f"sequence-{kind}"
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        model = _model(kind, len(tokenizer))
        for weight in model.parameters():
            weight.data.add_(torch.randn_like(weight) * 0.2)
        model.save_pretrained(place)
        tokenizer.save_pretrained(place)
    return place


def _model(kind, vocabulary):  # type: ignore[no-untyped-def]
    import transformers as hf

    names = {"num_labels": 2, "id2label": dict(enumerate(LABELS)), "label2id": {"bad": 0, "good": 1}}
    size = {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": POSITIONS,
    }
    if kind == "bert":
        return hf.BertForSequenceClassification(hf.BertConfig(**size, **names))
    if kind == "modernbert":
        ends = {"bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
        return hf.ModernBertForSequenceClassification(hf.ModernBertConfig(**size, **ends, local_attention=4, **names))
    if kind == "deberta":
        return hf.DebertaV2ForSequenceClassification(
            hf.DebertaV2Config(**size, relative_attention=True, pos_att_type=["c2p", "p2c"], **names)
        )
    common = {"vocab_size": vocabulary, "d_model": WIDTH}
    if kind == "gpt2":
        sizes = {"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": POSITIONS}
        ends = {"bos_token_id": 0, "eos_token_id": 0}
        return hf.GPT2ForSequenceClassification(hf.GPT2Config(vocab_size=vocabulary, **sizes, **ends, **names))
    if kind == "bart":
        layers = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
        ends = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
        wide = {"encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": POSITIONS}
        return hf.BartForSequenceClassification(hf.BartConfig(**common, **layers, **ends, **wide, **names))
    if kind == "t5":
        ends = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
        return hf.T5ForSequenceClassification(
            hf.T5Config(**common, d_kv=8, d_ff=24, num_layers=2, num_heads=2, **ends, **names)
        )
    return hf.XLNetForSequenceClassification(hf.XLNetConfig(**common, n_layer=2, n_head=2, d_inner=24, **names))
