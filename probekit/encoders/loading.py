"""Encoders by spec: `describe` says what one is unloaded, `load_encoder` makes it."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from probekit import embeddings
from probekit.embeddings.catalogue import steps as table_steps
from probekit.encoders.catalogue import registry, steps
from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource, Layer
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry
from probekit.sources import modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

POOLINGS = ("mean", "sum", "max", "min", "word:1", "word:1/3", "word:2/3", "word:-1")

SLIP = 0.7  # likeness from which an unknown name is a slip of a known one, and not the name of something else


def describe(spec: str | Spec) -> EncoderSource:
    """Canonical spec, display name, digest, layers and poolings of an encoder. Loads neither torch nor weights.

    Raises UnknownName or ProbekitError for a name, a step or an option that nobody knows.
    """
    spec = parse(spec)
    entry = _entry(spec)
    kind: Any = entry.load()
    if isinstance(kind, EncoderKind):
        source = kind.describe(spec)
        return replace(source, modules=tuple(dict.fromkeys((*source.modules, *modules_of(entry)))))
    written = resolve(_plain(spec), kind, "encoder").written
    n_layers: int = getattr(kind, "n_layers", 1)
    layers: tuple[Layer, ...] = tuple(range(n_layers)) if n_layers > 1 else (None,)
    return EncoderSource(
        str(written),
        str(written),
        digest([entry.name, entry.revision, str(written)]),
        modules=modules_of(entry),
        layers=layers,
        poolings=POOLINGS,
        width=getattr(kind, "width", None),
    )


def load_encoder(spec: str | Spec, device: str | None = None) -> Encoder:
    """The encoder of a spec: `hf:<name|folder>`, `minilm`, `random:hf:<name>`, `static:<file>`, `glove`,
    `word2vec:<corpus>(size=100)`, or a registered name.

    Raises UnknownName or ProbekitError that says which places were tried and what to do; `about` of the error is the
    spec that could not be loaded.
    """
    spec = parse(spec)
    kind: Any = _entry(spec).load()
    source = describe(spec)
    try:
        if isinstance(kind, EncoderKind):
            return kind.load(spec, device)
        encoder = kind(**resolve(spec, kind, "encoder").options)
    except ProbekitError as error:
        raise error.of(source.spec) from None
    encoder.source = source
    return encoder


def random_form(spec: str) -> str:
    """The spec of the same architecture with random weights. Raises ProbekitError for an encoder with steps."""
    parsed = parse(spec)
    if parsed.steps:
        raise ProbekitError(f"'{spec}' has no random form: leave '|{parsed.steps[0]}' out of the control")
    return str(Spec("random", parsed.head, parsed.args, parsed.kwargs))


def _entry(spec: Spec) -> Entry[Any]:
    """What makes the encoder of a spec: the kind of its last step, else that of its name."""
    if spec.name not in registry:
        if spec.name in embeddings.kinds:  # a kind of table of one's own is an encoder as it stands
            return registry.entry("static")
        unknown = UnknownName("encoder", spec.head, registry.names())
        if difflib.get_close_matches(spec.head, registry.names(), cutoff=SLIP):
            raise unknown
        hint = f"a model of the hub is written hf:{spec.head}, a file of vectors static:{spec.head}"
        raise ProbekitError(f"{unknown}; {hint}")
    if spec.steps and spec.name not in embeddings.kinds:  # the steps of a table are its own
        step = spec.steps[-1].name
        if step not in steps and step in table_steps:
            raise ProbekitError(f"'{step}' is a step of tables of word vectors, and {spec.bare} is none; leave it out")
        return steps.entry(step)
    return registry.entry(spec.name)


def _plain(spec: Spec) -> Spec:
    if spec.target is not None:
        raise ProbekitError(f"the encoder '{spec.name}' takes arguments in brackets, not ':{spec.target}'")
    return spec
