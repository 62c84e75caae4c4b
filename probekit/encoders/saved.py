"""Encoders in folders that training wrote, `saved:<folder>`: what kind of model it is, its configuration says."""

from __future__ import annotations

import json

from probekit.encoders import recurrent
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource
from probekit.errors import ProbekitError
from probekit.specs import Spec, parse


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `saved:<folder>` without loading it."""
    parsed = parse(spec)
    return _kind(parsed).describe(parsed)


def load(spec: str | Spec, device: str | None = None) -> Encoder:
    """The encoder of a folder, frozen."""
    parsed = parse(spec)
    return _kind(parsed).load(parsed, device)


def _kind(spec: Spec) -> EncoderKind:
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no folder; write saved:<folder>")
    try:
        config = json.loads((recurrent.find_folder(spec.target) / recurrent.CONFIG).read_text(encoding="utf-8"))
        trained = registry.get(config["kind"]) if config["kind"] in registry else None
    except (OSError, ValueError, TypeError, KeyError):
        trained = None  # what is wrong with it is said where it is read
    return getattr(trained, "saved", None) or recurrent.KIND


KIND = EncoderKind(describe, load)
