"""Encoders in folders that training wrote, `saved:<folder>`: what kind of model it is, its configuration says."""

from __future__ import annotations

from probekit.encoders import paraphrases, recurrent
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
    of_pairs = paraphrases.is_one(recurrent.find_folder(spec.target))
    return paraphrases.KIND if of_pairs else recurrent.KIND


KIND = EncoderKind(describe, load)
