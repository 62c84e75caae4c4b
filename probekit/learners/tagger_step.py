"""Tagging as a step of an encoder's spec: `minilm|tag(on=wnut17, layers=0)` is the model that learned with a tagger.

The product is an encoder like the one it was made of, all of its layers: what a tagger changed of it can be probed. The
tagger itself, its inputs and the states of its body, is `tagger:<corpus>`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from probekit.encoders import huggingface
from probekit.encoders.encoder import EncoderKind, EncoderSource
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.loading import load_encoder
from probekit.errors import ProbekitError
from probekit.learners.word_models import ENCODER
from probekit.recipes import Recipe, of
from probekit.specs import Spec, parse
from probekit.store import digest

OURS = ("inputs", "learn")  # what the step says of a tagger


def tag(on: str) -> None:
    """What the step takes: `on`, the corpus, and the options of `tagger:<corpus>` but inputs= and learn=."""


def tagged(encoder: str, on: str, **options: Any) -> str:
    """Spec of an encoder after it learned with a tagger; options: of the tagger, whose inputs it is."""
    options = {name: value for name, value in options.items() if name not in OURS}
    return f"{encoder}|{Spec('tag', None, (), dict(sorted({**options, 'on': on}.items())))}"


def made_by(spec: Spec) -> Recipe:
    """The recipe of the tagger of the last step of a spec."""
    step = spec.steps[-1]
    given = dict(step.kwargs)
    if step.args:
        if "on" in given or len(step.args) > 1:
            raise ProbekitError(f"'{step}' takes one argument without a name, the corpus: tag(wnut17, seed=1)")
        given["on"] = step.args[0]
    if named := [name for name in OURS if name in given]:
        raise ProbekitError(f"'{step}' teaches the encoder before it, '{spec.before}'; leave {named[0]}= out")
    if not isinstance(on := given.pop("on", None), str) or not on:
        raise ProbekitError(f"'{step}' names no corpus; write tag(on=wnut17, task=word/bio:entity)")
    return of(Spec("tagger", on, (), {**given, "inputs": [str(spec.before)], "learn": True}))


def describe(spec: Spec) -> EncoderSource:
    """What is known of the encoder of a tagger, with nothing trained. Raises ProbekitError for one of no pieces."""
    base = describe_encoder(spec.before)
    if not base.piece:
        raise ProbekitError(f"'{spec.steps[-1]}' teaches a Hugging Face model, which '{base.name}' is not")
    recipe = made_by(spec)

    def chain(before: str, told: str) -> str:
        made = parse(told)
        return tagged(before, str(made.target), **made.kwargs)

    return replace(
        base,
        spec=chain(base.spec, recipe.spec),
        name=chain(base.name, recipe.name),
        digest=digest(["tag", base.digest, recipe.key]),
        needs=(*recipe.needs, recipe.spec),
        modules=recipe.modules,
        generated=recipe.generated,
    )


def load(spec: Spec, device: str | None = None) -> huggingface.HuggingFaceEncoder:
    """The encoder of a spec, trained first where it has not been; read as the one before it is."""
    base: Any = load_encoder(spec.before, device="cpu")
    how = {name: getattr(base, name) for name in ("piece", "unit", "dtype", "strict")}
    return huggingface.HuggingFaceEncoder(describe(spec), made_by(spec).ensure() / ENCODER, device=device, **how)


STEP = EncoderKind(describe, load)
