"""`probekit train supertagger`: categories of a grammar, chosen or written out."""

from __future__ import annotations

from typing import Annotated

import typer

from probekit.cli.train import (
    Dropout,
    Epochs,
    Layer,
    Out,
    Patience,
    Rate,
    Schedule,
    Seed,
    Threads,
    into,
    numbered,
    train,
)


@train.command()
def supertagger(
    context: typer.Context,
    out: Out,
    corpus: Annotated[str, typer.Argument(help="Corpus with a train split: pmb-en, supertags:FILE,FILE(category=5).")],
    inputs: Annotated[list[str] | None, typer.Option("--input", help="Frozen encoder; may be repeated.")] = None,
    layer: Layer = None,
    head: Annotated[
        str | None, typer.Option(help="softmax, softmax-history, primitives-reset or primitives, the default.")
    ] = None,
    hidden: Annotated[int | None, typer.Option(help="Units, of each direction too.")] = None,
    beam: Annotated[int | None, typer.Option(help="Hypotheses when it answers.")] = None,
    dropout_input: Annotated[float | None, typer.Option(help="Share of the vectors dropped in training.")] = None,
    dropout: Dropout = None,
    dropout_output: Annotated[float | None, typer.Option(help="Share dropped before the softmax.")] = None,
    rate: Rate = None,
    optimizer: Annotated[str | None, typer.Option(help="adam or sgd.")] = None,
    schedule: Schedule = None,
    epochs: Epochs = None,
    patience: Patience = None,
    budget: Annotated[int | None, typer.Option(help="Primitives of a batch.")] = None,
    threads: Threads = None,
    seed: Seed = None,
    search: Annotated[
        int | None, typer.Option(help="Settings of rate and dropouts that Optuna tries, in place of those given.")
    ] = None,
) -> None:
    """Train a supertagger on words with categories; `probekit tag` asks it."""
    shown = ("sentences_train", "sentences_dev", "categories", "symbols", "epochs", "best_epoch", "dev_score")
    into(context, "supertagger", "Supertagger: ", shown, layer=numbered(layer))
