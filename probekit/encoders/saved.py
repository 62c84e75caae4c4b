"""Encoders in folders that training wrote, `saved:<folder>`: what kind of model it is, its configuration says.

A folder in which training wrote a Hugging Face model is read as `hf:<folder>`, so that both are one encoder.
"""

from __future__ import annotations

import json
from dataclasses import replace

from probekit.encoders import recurrent
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource
from probekit.errors import ProbekitError
from probekit.recipes import RECIPE
from probekit.specs import Spec, parse


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of `saved:<folder>` without loading it."""
    kind, parsed = _kind(parse(spec))
    return kind.describe(parsed)


def load(spec: str | Spec, device: str | None = None) -> Encoder:
    """The encoder of a folder, frozen."""
    kind, parsed = _kind(parse(spec))
    return kind.load(parsed, device)


def _kind(spec: Spec) -> tuple[EncoderKind, Spec]:
    """Who reads a folder, and the spec that it is handed."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no folder; write saved:<folder>")
    try:
        folder = recurrent.find_folder(spec.target)
        config = json.loads((folder / recurrent.CONFIG).read_text(encoding="utf-8"))
        if "model_type" in config and (folder / RECIPE).is_file():
            return registry.get("hf"), replace(spec, name="hf", target=str(folder))
        trained = registry.get(config["kind"]) if config["kind"] in registry else None
    except (OSError, ValueError, TypeError, KeyError):
        trained = None  # what is wrong with it is said where it is read
    return getattr(trained, "saved", None) or recurrent.KIND, spec


KIND = EncoderKind(describe, load)
