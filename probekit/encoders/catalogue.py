"""What is registered in this room: encoders, and the steps that make one encoder of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry

if TYPE_CHECKING:
    from probekit.encoders.encoder import EncoderKind, WordEncoder

# A kind (`describe` and `load`), or a class of one's own that gives the vectors of words.
registry: Registry[Any] = Registry("encoder", "probekit.encoders.encoder:KINDS")
_HF, _STATIC = "probekit.encoders.huggingface:KIND", "probekit.encoders.static:KIND"
for _name, _place, _summary in (
    ("hf", _HF, "any Hugging Face model: hf:<name|folder>(piece=, unit=, dtype=, strict=)"),
    ("minilm", _HF, "the bundled BERT: all-MiniLM-L6-v2, a sentence-embedding fine-tune (6 layers, 384 units)"),
    ("random", _HF, "the same architecture with random weights: random:hf:<name|folder>, random:minilm"),
    ("static", _STATIC, "a word-vector table: static:<file|folder>(oov=, lower=)"),
    ("glove", _STATIC, "GloVe, 100 dimensions, the 40,000 most frequent words, where the data is at hand"),
    ("word2vec", _STATIC, "word2vec trained on a corpus: word2vec:<corpus>(size=, algorithm=, ...)"),
    ("subwords", "probekit.encoders.subwords:KIND", "words by their spelling: subwords:<corpus>(size=, buckets=, ...)"),
    (
        "bilstm",
        "probekit.encoders.bilstm:KIND",
        "LSTMs over word vectors, to be trained: bilstm(vectors=, hidden=, ...)",
    ),
    (
        "characters",
        "probekit.encoders.spelled:KIND",
        "a student of spelling, a vector for any string: characters:<table>(distance=, epochs=, ...)",
    ),
    (
        "bpemb",
        "probekit.encoders.bpemb:KIND",
        "words by pieces of a SentencePiece model, files of your own: bpemb:<vectors>(pieces=<model>, word=mean)",
    ),
    (
        "by-language",
        "probekit.encoders.by_language:KIND",
        "sub-word vectors of each sentence's language: by-language(sources=[en=subwords:A, ...], pairs=identical)",
    ),
    (
        "saved",
        "probekit.encoders.saved:KIND",
        "an encoder that probekit trained: saved:<folder>, saved:<folder>(piece=)",
    ),
    # What is trained on parallel text, or on the labels of a task, is made in the room of learners.
    (
        "translation",
        "probekit.learners.translation:KIND",
        "LSTM translation model of parallel text: translation:<corpus>(layers=, vectors=, ...)",
    ),
    (
        "labeller",
        "probekit.learners.labeller:KIND",
        "LSTM trained on the labels of words: labeller:<corpus>(task=word/upos, layers=, ...)",
    ),
    (
        "paraphrases",
        "probekit.learners.paraphrases:KIND",
        "sentence encoder trained on sentences of one meaning: paraphrases:<corpus>(model=wlo, ...)",
    ),
    (
        "character-lm",
        "probekit.learners.pretraining.characters:KIND",
        "language models of characters in both directions: character-lm:<corpus>(hidden=256, ...)",
    ),
    (
        "pretrained",
        "probekit.learners.pretraining.recipe:KIND",
        "BERT pretrained from scratch on text at hand: pretrained:<corpus>(beside=[...], layers=, steps=, ...)",
    ),
):
    registry.add(_name, _place, summary=_summary)
registry.add("drawn", "probekit.encoders.drawn:Drawn", summary="a drawn vector for any string: drawn(width=100)")
registry.add(
    "tagger",
    "probekit.learners.states_encoder:TAGGER",
    revision=2,
    summary="inputs and states of a tagger: tagger:<corpus>(task=word/bio:entity, inputs=[minilm], ...)",
)
registry.add(
    "parser",
    "probekit.learners.states_encoder:PARSER",
    summary="inputs and states of a parser: parser:<corpus>(inputs=[minilm], layers=1, ...)",
)
registry.add(
    "supertagger",
    "probekit.learners.states_encoder:SUPERTAGGER",
    summary="inputs and states of a supertagger: supertagger:<corpus>(inputs=[minilm], head=primitives, ...)",
)

# A kind whose `describe` and `load` get the whole spec, of which the step is the last: `minilm|prune(sparsity=0.6)`.
steps: Registry[EncoderKind] = Registry("encoder step", "probekit.encoders.encoder:EncoderKind")
steps.add(
    "tune",
    "probekit.learners.tuning.step:STEP",
    summary="trained on a task: minilm|tune(on=sst, task=sentence/label, objective=..., seed=1)",
)
steps.add(
    "tag",
    "probekit.learners.tagger_step:STEP",
    summary="a Hugging Face model after it learned with a tagger: minilm|tag(on=wnut17, layers=0, rate=1e-4)",
)
steps.add(
    "first-layers",
    "probekit.encoders.first_layers:STEP",
    summary="the first layers of a Hugging Face model: minilm|first-layers(n=2)",
)


def register(name: str, revision: int = 1, summary: str = "") -> Callable[[type[WordEncoder]], type[WordEncoder]]:
    """Class decorator that registers a `WordEncoder` of your own."""
    return registry.register(name, revision, summary)
