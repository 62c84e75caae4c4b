"""`probekit train ...`: what is trained from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.errors import ProbekitError

train = typer.Typer(no_args_is_help=True, help="Train a model and save its folder; can be interrupted and resumed.")

STATE = ".training.safetensors"


@train.callback()
def _group() -> None:
    """Without this, a group of one command would be that command."""


@train.command()
def classifier(
    corpus: Annotated[str, typer.Argument(help="Labelled texts with splits train and dev, such as 'sst'.")],
    out: Annotated[Path, typer.Option(help="Folder of the classifier.")],
    model: Annotated[str, typer.Option(help="bilstm(...) or text-cnn(...) with options.")] = "bilstm",
    vectors: Annotated[str, typer.Option(help="Word-vector table, or random(width=100).")] = "glove",
    trainable: Annotated[bool, typer.Option("--trainable", help="The embeddings learn too.")] = False,
    min_count: Annotated[int, typer.Option(help="How often train must have a word.")] = 1,
    keep_case: Annotated[bool, typer.Option("--keep-case", help="Do not read words in lower case.")] = False,
    batch: Annotated[int, typer.Option(help="Texts a step.")] = 32,
    epochs: Annotated[int, typer.Option(help="At most so many passes over train.")] = 30,
    patience: Annotated[int, typer.Option(help="Epochs without a lower loss on dev before it stops.")] = 3,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    optimizer: Annotated[str, typer.Option(help="adam or sgd.")] = "adam",
    momentum: Annotated[float, typer.Option(help="Of sgd.")] = 0.0,
    decay: Annotated[float, typer.Option(help="Weight decay.")] = 1e-5,
    seed: Annotated[int, typer.Option(help="Of initial weights, order and noise.")] = 0,
) -> None:
    """Train a text classifier on labelled texts."""
    from probekit.corpora import load_corpus
    from probekit.encoders.classifier import is_own, save_classifier
    from probekit.encoders.classifier_training import Recipe, train_classifier
    from probekit.training.loop import Settings

    settings = Settings(
        rate=rate, epochs=epochs, patience=patience, clip=5.0, decay=decay, optimizer=optimizer, momentum=momentum
    )
    recipe = Recipe(model, vectors, trainable, min_count, not keep_case, batch, settings)
    state = out / STATE
    if out.exists() and not state.exists() and any(out.iterdir()):
        what = "already holds a classifier" if is_own(out) else "holds other files"
        raise ProbekitError(f"'{out}' {what}; give a new folder with --out")
    trained, progress = train_classifier(load_corpus(corpus), recipe, seed, keep=state)
    save_classifier(trained, out)
    state.unlink(missing_ok=True)
    typer.echo(f"{progress.epoch} epochs, best {progress.best_epoch}: dev cross-entropy {progress.best_loss:.4f}")
    typer.echo(f"Classifier: {out}")
