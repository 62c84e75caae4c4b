"""Tuning as a step of an encoder's spec: `minilm|tune(on=sst, task=sentence/label, seed=1)`.

The product is an encoder like the one it was made of: every task can probe it. A folder of `probekit train tuned` is
read as `saved:<folder>`, or as `hf:<folder>`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from probekit.corpora.loading import describe as describe_corpus
from probekit.encoders import bilstm, huggingface
from probekit.encoders.encoder import Encoder, EncoderKind, EncoderSource
from probekit.encoders.loading import describe as describe_encoder
from probekit.errors import ProbekitError
from probekit.learners.tuning import recipe as recipes_
from probekit.recipes import Recipe, of
from probekit.sources import parameters, resolve
from probekit.specs import Spec
from probekit.store import digest

OWN = tuple(name for name in parameters(recipes_.options) if name != "model")


def tune(on: str, **options: Any) -> None:
    """What the step takes: `on`, the corpus, and the options of `tuned:<corpus>`."""


def made_by(spec: Spec) -> Recipe:
    """The recipe of the last step of a spec, which is a tuning."""
    on, options = told(spec)
    return of(Spec("tuned", on, (), {**options, "model": str(spec.before)}))


def told(spec: Spec) -> tuple[str, dict[str, Any]]:
    """The corpus of the last step of a spec, and its options."""
    step = spec.steps[-1]
    kwargs = dict(step.kwargs)
    if step.args:
        if "on" in kwargs or len(step.args) > 1:
            raise ProbekitError(f"'{step}' takes one argument without a name, the corpus: tune(sst, seed=1)")
        kwargs["on"] = step.args[0]
    if "model" in kwargs:
        raise ProbekitError(f"'{step}' tunes the encoder before it, '{spec.before}'; leave model= out")
    on = kwargs.pop("on", None)
    if not isinstance(on, str) or not on:
        raise ProbekitError(f"'{step}' names no corpus; write tune(on=sst, task=sentence/label)")
    return on, kwargs


def describe(spec: Spec) -> EncoderSource:
    """What is known of a tuned encoder, with nothing trained."""
    base, recipe = describe_encoder(spec.before), made_by(spec)
    on, given = told(spec)
    arguments = resolve(Spec("tuned", "x", (), given), recipes_.options, "encoder step 'tune'", ("model",))
    data = describe_corpus(on)
    second = describe_corpus(str(given["also"])) if given.get("also") else None

    def chain(before: str, on: str, also: str) -> str:
        own = {**arguments.written.kwargs, "on": on, **({"also": also} if also else {})}
        return f"{before}|{Spec('tune', None, (), dict(sorted(own.items())))}"

    return replace(
        base,
        spec=chain(base.spec, data.spec, second.spec if second else ""),
        name=chain(base.name, data.name, second.name if second else ""),
        digest=digest(["tune", base.digest, recipe.key]),
        needs=(*recipe.needs, recipe.spec),
        modules=recipe.modules,
        generated=base.generated or data.generated or bool(second and second.generated),
    )


def load(spec: Spec, device: str | None = None) -> Encoder:
    """The encoder of a spec, trained first where it has not been."""
    return _read(made_by(spec).ensure(), describe(spec), spec, device)


def _read(folder: Path, source: EncoderSource, spec: Spec, device: str | None) -> Encoder:
    if (folder / bilstm.WORDS).is_file():
        return bilstm.load_folder(folder, source)
    settings = huggingface.options(
        **resolve(Spec("hf", "x", (), _of_transformer(spec)), huggingface.options, "encoder").options
    )
    return huggingface.HuggingFaceEncoder(source, folder, device=device, **settings)


def _of_transformer(spec: Spec) -> dict[str, Any]:
    """Options of the encoder that a chain of steps began with: how it is read stays the same."""
    known = parameters(huggingface.options)
    return {name: value for name, value in spec.kwargs.items() if name in known}


STEP = EncoderKind(describe, load)
