"""What trained recurrent encoders share: options checked, folders written, recipes of encoders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from probekit import recipes
from probekit.encoders.encoder import EncoderSource
from probekit.encoders.recurrent import CONFIG, WEIGHTS, source_of
from probekit.encoders.recurrent import options as encoder_options
from probekit.recipes import Recipe
from probekit.sources import Source, parameters, resolve, together
from probekit.specs import Spec, parse
from probekit.store import write_atomically
from probekit.streams import generator
from probekit.training.schedules import schedule

if TYPE_CHECKING:
    import torch

    from probekit.training.loop import Settings

KIND = "model"
_PARTS = ("spec", "name", "digest")


class Batched(Protocol):
    """Data of a recurrent model: batches of like length, and the mean loss on all of it."""

    def buckets(self, budget: int, seed: int = 0) -> Any: ...

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, ...]: ...

    def mean_loss(self, model: Any, budget: int) -> float: ...


def fit(
    model: Any,
    data: Batched,
    dev: Batched,
    settings: Settings,
    budget: int,
    seed: int,
    keep: Path | None,
    label: str,
    choice: Callable[[], float] | None = None,
    rates: Callable[[str], float] | None = None,
    look: int = 0,
) -> dict[str, Any]:
    """Train a model with `loss(*batch)` and stop by its loss on dev: epochs, best_epoch, dev_loss, losses by epoch.

    budget: positions of a batch. keep: where the state of each epoch is kept. choice: what chooses the epoch, lower is
    better, where that is not the loss. rates: by what the rate of a parameter is multiplied, by its name. look: batches
    of an epoch, which ends with a look at dev; 0 for a pass of the data.
    """
    from probekit.training.buckets import Looks
    from probekit.training.loop import train

    buckets = data.buckets(budget, seed)
    if look:
        buckets = Looks(buckets, look)
    reached = train(
        model,
        lambda module, batch: module.loss(*batch),
        lambda epoch: (data.batch(rows) for rows in buckets.epoch(epoch)),
        settings,
        lambda: dev.mean_loss(model, budget),
        seed=seed,
        keep=keep,
        label=label,
        choice=choice,
        rates=rates,
        steps=len(buckets.epoch(0)),  # of like length: as many in every epoch
    )
    found: dict[str, Any] = {"epochs": reached.epoch, "best_epoch": reached.best_epoch, "dev_loss": reached.best_loss}
    return {**found, "dev_losses": reached.dev_losses, "train_losses": reached.train_losses}


def hold_out(
    rows: np.ndarray, share: float, seed: int, learner: str, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n,) left to train on, and those drawn to choose the epoch on, sorted: one or more, up to `most`."""
    n = min(max(int(len(rows) * share), 1), most or len(rows))
    drawn = generator(seed, "split", learner, len(rows)).permutation(len(rows))[:n]
    return np.delete(rows, drawn), np.sort(rows[drawn])


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


def split_own(spec: Spec) -> tuple[Spec, dict[str, Any]]:
    """The spec of a recipe without the encoder's own options, and those, defaults filled in and checked."""
    own = {name: value for name, value in spec.kwargs.items() if name in parameters(encoder_options)}
    rest = {name: value for name, value in spec.kwargs.items() if name not in own}
    return Spec(spec.name, spec.target, spec.args, rest), encoder_options(**own)


def model_recipe(
    spec: Spec,
    corpus: Source,
    trainer: Callable[..., Any],
    leave_out: tuple[str, ...],
    make: Callable[[Path, Path, Mapping[str, Any]], Mapping[str, Any]],
    seconds: Callable[[Mapping[str, Any]], float],
    given: Mapping[str, Source] | None = None,
) -> Recipe:
    """The recipe of a model that a trainer makes of a corpus.

    spec: name, corpus and options of the trainer, whose parameters in `leave_out` are not the user's to set. make:
    trains into a folder with a folder for its progress and all options. given: what an option of the spec names beside
    the corpus, by the option.
    """
    given = given or {}
    arguments = resolve(spec, trainer, spec.name, leave_out)
    options = dict(arguments.options)
    schedule(str(options["schedule"]))  # one that is not there is refused before any work
    shared = together(corpus, *given.values())
    specs, names, digests = ({name: getattr(one, part) for name, one in given.items()} for part in _PARTS)
    written = arguments.written.kwargs
    return Recipe(
        str(Spec(spec.name, corpus.spec, (), dict(sorted({**specs, **written}.items())))),
        str(Spec(spec.name, corpus.name, (), dict(sorted({**names, **written}.items())))),
        KIND,
        {
            "recipe": spec.name,
            "revision": recipes.registry.entry(spec.name).revision,
            "corpus": corpus.digest,
            "options": options,
            **digests,
        },
        lambda folder, progress: make(folder, progress, options),
        needs=shared["needs"],
        modules=shared["modules"],
        threads=int(options.get("threads", 1)),
        cost=lambda: (seconds(options), 0),
        generated=shared["generated"],
    )


def encoder_of(recipe: Recipe, own: Mapping[str, Any], generated: bool) -> EncoderSource:
    """Source of the encoder that a recipe makes, with nothing trained. own: options of the encoder."""
    shown = {name: value for name, value in own.items() if value != encoder_options()[name]}
    return source_of(
        _with(recipe.spec, shown),
        _with(recipe.name, shown),
        recipe.key,
        recipe.content["options"],
        own["piece"],
        modules=recipe.modules,
        needs=(*recipe.needs, recipe.spec),
        generated=generated,
    )


def _with(text: str, shown: Mapping[str, Any]) -> str:
    spec = parse(text)
    return str(Spec(spec.name, spec.target, (), dict(sorted({**spec.kwargs, **shown}.items()))))
