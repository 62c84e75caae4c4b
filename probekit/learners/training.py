"""What trained recurrent encoders share: options checked, folders written, artefacts made once."""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit.corpora.corpus import Corpus
from probekit.encoders.encoder import EncoderSource
from probekit.encoders.recurrent import CONFIG, WEIGHTS, source_of
from probekit.encoders.recurrent import options as encoder_options
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import parameters, same_value
from probekit.specs import Spec
from probekit.store import default_store, digest, write_atomically
from probekit.training.schedules import schedule

if TYPE_CHECKING:
    import torch

KIND = "model"
PROGRESS = "progress.safetensors"
_WHOLE = {
    "width": 1, "layers": 1, "merges": 0, "target_merges": 0, "epochs": 0, "patience": 1, "budget": 1, "threads": 1,
    "rare": 1,
}  # fmt: skip


def check_options(what: str, options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a trainer, defaults filled in, each of its default's type.

    Raises UnknownName for one there is not, ProbekitError for a value out of range.
    """
    for name, value in options.items():
        if name not in known:
            raise UnknownName(f"option of {what}:", name, known)
        if value is None and known[name] is None:
            continue
        if name in _WHOLE and (isinstance(value, bool) or not isinstance(value, int) or value < _WHOLE[name]):
            raise ProbekitError(f"option {name}={value!r} of {what} must be a whole number from {_WHOLE[name]} up")
        if name == "seed" and (isinstance(value, bool) or not isinstance(value, int)):
            raise ProbekitError(f"option seed={value!r} of {what} must be a whole number")
        if name == "schedule":
            schedule(str(value))
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name == "dropout" and not (number and 0 <= value < 1):
            raise ProbekitError(f"option dropout={value!r} of {what} must be a number from 0 up to 1")
        if name == "rate" and not (number and value > 0):
            raise ProbekitError(f"option rate={value!r} of {what} must be a number above 0")
    full = {name: options.get(name, default) for name, default in known.items()}
    # An integer given for a float is the same option and must be the same key.
    return {name: float(v) if isinstance(known[name], float) else v for name, v in full.items()}


def defaults_of(trainer: Callable[..., Any]) -> dict[str, Any]:
    """The options of a trainer with their defaults: its keywords, but for where it writes."""
    known = inspect.signature(trainer).parameters
    return {name: p.default for name, p in known.items() if p.kind is p.KEYWORD_ONLY and name != "keep"}


def shown_options(options: Mapping[str, Any], own: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that a spec shows: a trainer's options and the encoder's own, defaults left out."""
    given = {k: v for k, v in options.items() if not same_value(v, defaults[k])}
    settings = encoder_options(**own)
    return given | {k: v for k, v in settings.items() if v != encoder_options()[k]}


def trained_source(
    name: str, target: str, shown: str, recipe: Mapping[str, Any], own: Mapping[str, Any], given: Mapping[str, Any]
) -> EncoderSource:
    """Source of an encoder that a recipe makes, with nothing trained.

    recipe: its `options` are the trainer's. own: options of the encoder. given: arguments that the spec shows.
    """
    arguments = dict(sorted(given.items()))
    return source_of(
        str(Spec(name, target, (), arguments)),
        str(Spec(name, shown, (), arguments)),
        digest(dict(recipe)),
        recipe["options"],
        encoder_options(**own)["piece"],
    )


def trained_folder(recipe: Mapping[str, Any], shown: str, make: Callable[[Path, Path], Mapping[str, Any]]) -> Path:
    """Folder of the model that a recipe makes: trained once, then found. `make(folder, keep)` writes it.

    An interrupted training goes on from its last epoch.
    """

    def maker(folder: Path) -> Mapping[str, Any]:
        return make(folder, folder.parent / PROGRESS)

    return default_store().make(KIND, digest(dict(recipe)), {**recipe, "name": shown}, maker)


def write_model(
    folder: Path, config: Mapping[str, Any], module: torch.nn.Module, tokenizers: Mapping[str, Any]
) -> None:
    """Write a trained model: configuration last, so that a folder with one is whole."""
    from safetensors.torch import save

    from probekit.encoders.pieces import save_pieces

    folder.mkdir(parents=True, exist_ok=True)
    for name, tokenizer in tokenizers.items():
        save_pieces(tokenizer, folder / name)
    weights = {name: value.detach().contiguous() for name, value in module.state_dict().items()}
    write_atomically(folder / WEIGHTS, save(weights, {"format": "pt"}))
    write_atomically(folder / CONFIG, (json.dumps(config, indent=1, ensure_ascii=False) + "\n").encode())


def into_folder(
    out: Path, recipe: Mapping[str, Any], make: Callable[[Path, Path], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Train into a user's folder; the same command again goes on where it was interrupted, or finds it done.

    Returns what training found. Raises ProbekitError when the folder holds another model or other files.
    """
    own = digest(dict(recipe))
    unfinished = out / "_unfinished"
    if (out / CONFIG).is_file():
        content = json.loads((out / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("recipe") != own:
            raise ProbekitError(f"'{out}' holds another model; name another folder, or remove it")
        shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was stopped just before its end
        return content["found"]
    began = unfinished / "recipe.json"
    if began.is_file():
        if began.read_text(encoding="utf-8") != own:
            raise ProbekitError(
                f"'{out}' holds the unfinished training of another model; name another folder, or remove it"
            )
    elif out.is_dir() and any(out.iterdir()):
        raise ProbekitError(f"'{out}' holds other files; name a new folder for the model")
    unfinished.mkdir(parents=True, exist_ok=True)
    write_atomically(began, own.encode())
    found = make(out, unfinished / PROGRESS)
    shutil.rmtree(unfinished, ignore_errors=True)
    return found


def split_own(spec: Spec) -> tuple[Spec, dict[str, Any]]:
    """A spec without the encoder's own options, and those."""
    own = {name: value for name, value in spec.kwargs.items() if name in parameters(encoder_options)}
    return Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k not in own}), own


def shown_name(corpus: Corpus) -> str:
    """Name of a corpus without paths."""
    from probekit.corpora import describe

    return describe(corpus.spec).name if corpus.spec else f"by-hand-{corpus.digest[:8]}"
