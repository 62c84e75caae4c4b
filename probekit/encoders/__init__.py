"""Encoders: from words to vectors. `load_encoder(spec)` makes one, `describe(spec)` says what it is unloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from probekit.encoders.encoder import Encoder, EncoderSource, Layer, WordEncoder
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Registry, bind, canonical
from probekit.specs import Spec, parse
from probekit.store import digest

__all__ = ["Encoder", "EncoderSource", "WordEncoder", "describe", "load_encoder", "register", "registry"]

# A kind is a module with `describe(spec) -> EncoderSource` and `load(spec, device) -> Encoder`, or a WordEncoder class.
registry: Registry[Any] = Registry("encoder")
for name, module, summary in (
    ("hf", "huggingface", "any Hugging Face model: hf:<name|folder>(piece=, unit=, dtype=, strict=)"),
    (
        "minilm",
        "huggingface",
        "the bundled BERT: all-MiniLM-L6-v2, a sentence-embedding fine-tune (6 layers, 384 units)",
    ),
    ("random", "huggingface", "the same architecture with random weights: random:hf:<name|folder>, random:minilm"),
    ("static", "static", "a word-vector table: static:<file|folder>(oov=, lower=)"),
    ("glove", "static", "GloVe, 100 dimensions, the 40,000 most frequent words, where the data is at hand"),
    ("word2vec", "static", "word2vec trained on a corpus: word2vec:<corpus>(size=, algorithm=, ...)"),
    ("saved", "recurrent", "a recurrent model that probekit trained: saved:<folder>(piece=)"),
    ("translation", "translation", "LSTM translation model of parallel text: translation:<corpus>(layers=, ...)"),
):
    registry.add(name, f"probekit.encoders:{module}", revision=1, summary=summary)
# It takes its labels from a task, so it is made above the tasks.
registry.add(
    "labeller",
    "probekit.learners.labelling:ENCODER",
    revision=1,
    summary="LSTM trained on the labels of words: labeller:<corpus>(task=word/upos, layers=, ...)",
)


def __getattr__(name: str) -> Any:
    """Modules of the built-in kinds, imported when a spec first asks for one."""
    import importlib

    if name in ("huggingface", "recurrent", "static", "translation"):
        return importlib.import_module(f"probekit.encoders.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def describe(spec: str | Spec) -> EncoderSource:
    """Canonical spec, display name, digest, layers and poolings of an encoder. Loads neither torch nor weights."""
    spec = parse(spec) if isinstance(spec, str) else spec
    if spec.name not in registry:
        unknown = UnknownName("encoder", spec.head, registry.names())
        if unknown.nearest:
            raise unknown
        hint = f"a model of the hub is written hf:{spec.head}, a file of vectors static:{spec.head}"
        raise ProbekitError(f"{unknown}; {hint}")
    entry = registry.entry(spec.name)
    kind = entry.load()
    if not isinstance(kind, type):
        return kind.describe(spec)
    text = str(canonical(spec, kind, "encoder"))
    key = digest([entry.name, entry.revision, text])
    poolings = ("mean", "sum", "max", "min", "word:1", "word:1/3", "word:2/3", "word:-1")
    n_layers: int = getattr(kind, "n_layers", 1)
    layers: tuple[Layer, ...] = tuple(range(n_layers)) if n_layers > 1 else (None,)
    return EncoderSource(text, text, key, layers, poolings, width=getattr(kind, "width", None))


def load_encoder(spec: str | Spec, device: str | None = None) -> Encoder:
    """The encoder of a spec: `hf:<name|folder>`, `minilm`, `random:hf:<name>`, `static:<file>`, `glove`,
    `word2vec:<corpus>(size=100)`, or a registered name.

    Raises UnknownName or ProbekitError that says which places were tried and what to do.
    """
    spec = parse(spec) if isinstance(spec, str) else spec
    kind = registry.get(spec.name)
    if not isinstance(kind, type):
        return kind.load(spec, device)
    encoder = kind(**bind(spec, kind, "encoder"))
    encoder.source = describe(spec)
    return encoder


def register(name: str, revision: int = 1, summary: str = "") -> Callable[[type[WordEncoder]], type[WordEncoder]]:
    """Class decorator that registers a `WordEncoder` of your own."""
    return registry.register(name, revision, summary)
