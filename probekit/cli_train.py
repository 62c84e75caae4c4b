"""The command line's `train`: models from text, into a folder that `saved:<folder>` loads as an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from probekit.errors import ProbekitError

train = typer.Typer(no_args_is_help=True, help="Train encoders. An interrupted training goes on where it stopped.")

Width = Annotated[int | None, typer.Option(help="Units of every layer and of the embeddings.")]
Layers = Annotated[int | None, typer.Option(help="LSTM layers.")]
Dropout = Annotated[float | None, typer.Option(help="Share of units dropped in training.")]
Merges = Annotated[int | None, typer.Option(help="Merges of byte-pair encoding.")]
Rate = Annotated[float | None, typer.Option(help="Learning rate of Adam.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the data, at most; 0 for an untrained control.")]
Patience = Annotated[int | None, typer.Option(help="Epochs without a lower development loss before training ends.")]
Schedule = Annotated[str | None, typer.Option(help="constant or plateau.")]
Budget = Annotated[int | None, typer.Option(help="Positions of a batch.")]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with.")]
Seed = Annotated[int | None, typer.Option(help="Of initial weights, order, dropout.")]
Out = Annotated[Path, typer.Option(help="Folder to write, a new one.")]


def _given(**options: Any) -> dict[str, Any]:
    """Options that were given; the trainer has the defaults of the rest."""
    return {name: value for name, value in options.items() if value is not None}


def _say(out: Path, found: Any, *shown: str) -> None:
    for name in shown:
        if name in found:
            value = found[name]
            typer.echo(f"{name}: {round(value, 4) if isinstance(value, float) else value}")
    typer.echo(f"Encoder: saved:{out}")


@train.command()
def translation(
    out: Out,
    source: Annotated[Path | None, typer.Option(help="Text file, a sentence a line.")] = None,
    target: Annotated[Path | None, typer.Option(help="Its translation, line by line.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Instead of files: the spec of a parallel corpus.")] = None,
    tokenise: Annotated[str, typer.Option(help="How files are cut into words: treebank or blanks.")] = "treebank",
    width: Width = None,
    layers: Layers = None,
    dropout: Dropout = None,
    merges: Merges = None,
    target_merges: Annotated[int | None, typer.Option(help="Merges of the target side; default as the source.")] = None,
    rate: Rate = None,
    epochs: Epochs = None,
    patience: Patience = None,
    schedule: Schedule = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a translation model from two text files; its encoder reads the source language."""
    from probekit.encoders.translation import train_into
    from probekit.specs import Spec

    if corpus is not None and (source or target):
        raise ProbekitError("give --source and --target, or --corpus, not both")
    if corpus is None:
        if source is None or target is None:
            raise ProbekitError("give --source and --target, two text files, or --corpus, a parallel corpus")
        cut = {} if tokenise == "treebank" else {"tokenise": tokenise}
        corpus = str(Spec("parallel", f"{source},{target}", (), cut))
    options = _given(
        width=width, layers=layers, dropout=dropout, merges=merges, target_merges=target_merges, rate=rate,
        epochs=epochs, patience=patience, schedule=schedule, budget=budget, threads=threads, seed=seed,
    )  # fmt: skip
    found = train_into(out, corpus, options)
    _say(out, found, "pairs_train", "pairs_dev", "pairs_test", "epochs", "best_epoch", "dev_loss", "bleu", "bleu_on")


@train.command()
def labeller(
    out: Out,
    corpus: Annotated[str, typer.Option(help="Spec of a corpus with a train split.")],
    task: Annotated[str, typer.Option(help="Word task whose labels are learned, such as word/upos.")],
    width: Width = None,
    layers: Layers = None,
    dropout: Dropout = None,
    merges: Merges = None,
    rare: Annotated[int | None, typer.Option(help="Without merges: a word that occurs less often is unknown.")] = None,
    rate: Rate = None,
    epochs: Epochs = None,
    patience: Patience = None,
    schedule: Schedule = None,
    budget: Budget = None,
    threads: Threads = None,
    seed: Seed = None,
) -> None:
    """Train a network to label every word from what it has read so far."""
    from probekit.labelling import train_into

    options = _given(
        width=width, layers=layers, dropout=dropout, merges=merges, rare=rare, rate=rate, epochs=epochs,
        patience=patience, schedule=schedule, budget=budget, threads=threads, seed=seed,
    )  # fmt: skip
    found = train_into(out, corpus, task, options)
    _say(out, found, "sentences_train", "sentences_dev", "epochs", "best_epoch", "dev_loss", "dev_left_out")
