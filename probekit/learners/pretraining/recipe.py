"""`pretrained:<corpus>(layers=2, width=128, steps=1000, ...)` as a recipe, and as a kind of encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from probekit import recipes
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus
from probekit.encoders import huggingface
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.errors import ProbekitError
from probekit.learners.pretraining.training import check_options, pretrain
from probekit.recipes import Recipe
from probekit.sources import parameters, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Whole

NAME, KIND_OF_FOLDER = "pretrained", "model"
_GIVEN = ("corpora", "folder", "progress")
# One core: a position through a weight, forth and back; what a step takes by itself.
_SECONDS_A_WEIGHT, _SECONDS_A_STEP = 1.5e-10, 0.01


def options(beside: Sequence[str] = ()) -> list[str]:
    """Options of the recipe beside those of `pretrain`. beside: further corpora, each a language of its own."""
    if isinstance(beside, str) or not all(isinstance(one, str) for one in beside):
        raise ProbekitError("beside= lists corpora: pretrained:A(beside=[B, C])")
    return list(beside)


def recipe(spec: Spec) -> Recipe:
    """The recipe of `pretrained:<corpus>(beside=[...], layers=2, ...)`. Raises for corpora and sizes that are wrong."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write pretrained:<corpus>(steps=1000)")
    beside = options(*([spec.kwargs["beside"]] if "beside" in spec.kwargs else []))
    rest = Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k != "beside"})
    arguments = resolve(rest, pretrain, NAME, _GIVEN)
    chosen = dict(arguments.options)
    check_options(chosen)
    sources = [describe_corpus(one) for one in (spec.target, *beside)]
    shared = together(*sources)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        return pretrain([load_corpus(one.spec) for one in sources], folder, progress, **chosen)

    def written(part: str) -> str:
        first, *others = (getattr(one, part) for one in sources)
        more = {"beside": others} if others else {}
        return str(Spec(NAME, first, (), dict(sorted({**arguments.written.kwargs, **more}.items()))))

    def seconds() -> float:
        weights = 12 * chosen["layers"] * chosen["width"] ** 2 + 0.15 * chosen["vocabulary"] * chosen["width"]
        a_step = _SECONDS_A_WEIGHT * weights * chosen["batch"] * chosen["length"] + _SECONDS_A_STEP
        return float(chosen["steps"] * a_step)

    return Recipe(
        written("spec"),
        written("name"),
        KIND_OF_FOLDER,
        {
            "recipe": NAME,
            "revision": recipes.registry.entry(NAME).revision,
            "corpora": [one.digest for one in sources],
            "options": chosen,
        },
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        threads=int(chosen["threads"]),
        cost=lambda: (seconds(), 0),
        generated=shared["generated"],
    )


# --- as a kind of encoder


def encoder_options(
    piece: str = "mean", unit: str = "piece", dtype: str = "float32", strict: bool = False, look: Whole = 0
) -> dict[str, Any]:
    """Options of the encoder: those of `hf:`, and of which look its state is (0: the best); others need states=true."""
    return {**huggingface.options(piece, unit, dtype, strict), "look": look}


def split_own(spec: Spec) -> tuple[Spec, dict[str, Any]]:
    """The spec of the recipe, and the options of the encoder as it is read."""
    own = {name: value for name, value in spec.kwargs.items() if name in parameters(encoder_options)}
    rest = {name: value for name, value in spec.kwargs.items() if name not in own}
    return Spec(spec.name, spec.target, spec.args, rest), encoder_options(**own)


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a pretrained encoder with nothing trained."""
    rest, own = split_own(parse(spec))
    made = recipe(rest)
    chosen = made.content["options"]
    if own["look"] and not (chosen["states"] and own["look"] <= chosen["looks"]):
        raise ProbekitError(f"look={own['look']} is kept with states=true and looks={own['look']} or more")
    shown = {name: value for name, value in own.items() if value != encoder_options()[name]}

    def written(text: str) -> str:
        parsed = parse(text)
        return str(Spec(parsed.name, parsed.target, (), dict(sorted({**parsed.kwargs, **shown}.items()))))

    return EncoderSource(
        spec=written(made.spec),
        name=written(made.name),
        digest=digest([registry.entry(NAME).revision, made.key, own]),
        modules=made.modules,
        needs=(*made.needs, made.spec),
        generated=made.generated,
        layers=tuple(range(chosen["layers"] + 1)),
        poolings=tuple(POOLINGS),
        piece=own["piece"],
        width=chosen["width"],
    )


def load(spec: str | Spec, device: str | None = None) -> HuggingFaceEncoder:
    """The encoder of a spec, trained first where it has not been."""
    source = describe(spec)
    rest, own = split_own(parse(spec))
    folder, look = recipe(rest).ensure(), own.pop("look")
    return HuggingFaceEncoder(source, folder / f"look-{look}" if look else folder, device=device, **own)


KIND = EncoderKind(describe, load)
