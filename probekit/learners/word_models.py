"""What models of the words of sentences share: inputs by spec, batches of them, folders, recipes.

Taggers, parsers and supertaggers read the same inputs and differ in what they make of them. A design is the options of
such a model by name, `inputs` and `layer` among them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, n_words
from probekit.encoders.encoder import EncoderSource
from probekit.encoders.loading import describe as describe_encoder
from probekit.encoders.recurrent import CONFIG, fill, load_weights
from probekit.errors import ProbekitError
from probekit.learners import tagger_inputs
from probekit.learners.input_source import HELD, Held, Source, TakenUp
from probekit.learners.training import write_model
from probekit.recipes import Recipe
from probekit.sources import Source as Described
from probekit.sources import together
from probekit.specs import Spec

if TYPE_CHECKING:
    import torch

ENCODER = "encoder"  # folder of the one input that learned and is a Hugging Face model
Given = tuple[list[tuple["torch.Tensor", ...]], "torch.Tensor"]


def sources_of(design: Mapping[str, Any]) -> list[Source]:
    """The inputs of a design, ready to be prepared for a corpus."""
    learn = bool(design.get("learn", False))
    before, dtype = int(design.get("before", tagger_inputs.BEFORE)), str(design.get("dtype", "float32"))
    return [tagger_inputs.make(one, design["layer"], learn, before, dtype) for one in tagger_inputs.inputs_of(design)]


def given(sources: Sequence[Source], corpus: Corpus, sentences: np.ndarray) -> Given:
    """What each input gives of some sentences of a corpus, and which words there are, (B, T) bool."""
    import torch

    lengths = corpus.lengths[sentences]
    mask = np.arange(int(lengths.max()))[None, :] < lengths[:, None]
    return [source.batch(corpus, sentences) for source in sources], torch.from_numpy(mask)


def described(design: Mapping[str, Any]) -> list[EncoderSource]:
    """What is known of the inputs. Raises ProbekitError for a layer that is not there, and one that cannot learn."""
    encoders = [describe_encoder(one) for one in tagger_inputs.inputs_of(design)]
    for one in encoders:
        tagger_inputs.layers_of(one, design["layer"])
        if design.get("learn", False):
            tagger_inputs.check_learns(one)
    return encoders


def take_up(sources: Sequence[Source], corpus: Corpus, sentences: np.ndarray) -> None:
    """Make room in the inputs for the words and characters of the training sentences."""
    for source in sources:
        if isinstance(source, TakenUp):
            source.take_up(corpus, sentences)


def check_read(sources: Sequence[Source], corpus: Corpus) -> None:
    """Raise ProbekitError for an input, prepared for a corpus, that has no vector of any of its words."""
    for number, source in enumerate(sources, start=1):
        if source.unread[corpus.digest] >= 1:
            which = "the input" if len(sources) == 1 else f"input {number} of {len(sources)}"
            way = "give one of its language, and see lower="
            raise ProbekitError(f"{which} has a vector of no word of {corpus!r}; {way}")


# --- folders


def write(
    folder: Path, kind: str, design: Mapping[str, Any], about: Mapping[str, Any], model: Any, sources: Sequence[Source]
) -> None:
    """Write a model, what of its inputs learned with it, and a configuration of which `about` tells more."""
    folder.mkdir(parents=True, exist_ok=True)
    live = sum(isinstance(source, tagger_inputs.Transformer) for source in sources)
    for number, source in enumerate(sources):
        if isinstance(source, Held):
            source.save(folder / HELD.format(number))
        if isinstance(source, tagger_inputs.Transformer):
            source.write(folder / (ENCODER if live == 1 else f"{ENCODER}-{number}"))
    digests = [describe_encoder(one).digest for one in tagger_inputs.inputs_of(design)]
    write_model(folder, {"kind": kind, **about, "design": dict(design), "inputs": digests}, model, {})


def read(folder: Path, kind: str) -> dict[str, Any]:
    """Configuration of a saved model of a kind. Raises ProbekitError for a folder that holds none."""
    way = f"train one: probekit train {kind} CORPUS --out FOLDER"
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProbekitError(f"cannot read {CONFIG} of '{folder.name}': {error}; train it again") from error
    except OSError as error:
        raise ProbekitError(f"no {kind} in '{folder}': {error.strerror}; {way}") from error
    if not isinstance(found, dict) or found.get("kind") != kind:
        raise ProbekitError(f"'{folder.name}' holds no {kind}; {way}")
    return found


def check_inputs(folder: Path, config: Mapping[str, Any]) -> list[EncoderSource]:
    """The inputs of a saved model. Raises ProbekitError for one that is not what it was trained on."""
    encoders = [describe_encoder(one) for one in tagger_inputs.inputs_of(config["design"])]
    for one, digest in zip(encoders, config["inputs"], strict=True):
        if one.digest != digest:
            raise ProbekitError(
                f"'{one.name}' is not what the {config['kind']} in '{folder.name}' was trained on: it changed; train "
                "anew"
            )
    return encoders


def hold(folder: Path, sources: Sequence[Source]) -> None:
    """Make room for the rows of inputs that a saved model holds. Raises ProbekitError for a file that is broken."""
    for number, source in enumerate(sources):
        if isinstance(source, Held):
            file = folder / HELD.format(number)
            try:
                source.restore(file)
            except (OSError, ValueError, EOFError) as error:
                raise ProbekitError(f"cannot read {file.name} of '{folder.name}': {error}; train it again") from error


def frozen(folder: Path, model: Any) -> Any:
    """A model with the weights of a folder, for answers alone."""
    fill(model, load_weights(folder), folder)
    return model.eval().requires_grad_(False)


# --- recipes


def rates_of(head_rate: float) -> Callable[[str], float] | None:
    """By what the rate of a parameter is multiplied, by its name in a model of words; None where all have the same."""
    if head_rate == 1:
        return None
    return lambda name: 1.0 if name.startswith("sources.") else head_rate


def recipe_of(
    spec: Spec,
    written: Spec,
    design: Mapping[str, Any],
    fit: Callable[..., Mapping[str, Any]],
    seconds: Callable[[int, Sequence[EncoderSource]], float],
    content: Mapping[str, Any] | None = None,
    beside: Mapping[str, Described] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Recipe:
    """The recipe of a model of words. spec: as it was asked for; written: options that are not the default.

    fit: called with corpus, folder, about, keep and the options of the design, by name; returns findings. seconds: of
    one core. content: what enters the key
    in place of, or beside, all options. beside: further sources, by the option that names them. told: options that the
    specs show beside those written.
    """
    encoders, corpus, beside = described(design), describe_corpus(str(spec.target)), beside or {}
    shared = together(corpus, *encoders, *beside.values())

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        given = {**design, "inputs": [one.spec for one in encoders]}
        about = {"corpus": corpus.name}
        return fit(corpus=load_corpus(corpus.spec), folder=folder, about=about, keep=progress / "state", **given)

    def shown(part: str) -> Spec:
        more = {**(told or {}), "inputs": [getattr(one, part) for one in encoders]}
        more |= {name: getattr(one, part) for name, one in beside.items()}
        return Spec(spec.name, getattr(corpus, part), (), dict(sorted({**written.kwargs, **more}.items())))

    return Recipe(
        str(shown("spec")),
        str(shown("name")),
        "model",
        {
            "recipe": spec.name,
            "revision": recipes.registry.entry(spec.name).revision,
            "corpus": corpus.digest,
            "inputs": [one.digest for one in encoders],
            "options": {name: value for name, value in design.items() if name != "inputs"},
            **(content or {}),
            **{name: one.digest for name, one in beside.items()},
        },
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        threads=int(design["threads"]),
        cost=lambda: (seconds(n_words(corpus), encoders), 0),
        generated=shared["generated"],
    )
