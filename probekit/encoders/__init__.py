"""Encoders: from words to vectors. `load_encoder(spec)` makes one, `describe(spec)` says what it is unloaded."""

from probekit.encoders.catalogue import register, registry, steps
from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.loading import describe, load_encoder, random_form

__all__ = [
    "Encoder",
    "EncoderKind",
    "EncoderSource",
    "WordEncoder",
    "describe",
    "load_encoder",
    "random_form",
    "register",
    "registry",
    "steps",
]
