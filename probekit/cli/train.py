"""`probekit train ...`: what is trained from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from probekit.errors import ProbekitError

train = typer.Typer(no_args_is_help=True, help="Train a model and save its folder; can be interrupted and resumed.")

STATE = ".training.safetensors"


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
    from probekit.learners.classifier import is_own, save_classifier
    from probekit.learners.classifier_training import Recipe, train_classifier
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


@train.command("fine-tuned")
def fine_tuned(
    corpus: Annotated[str, typer.Argument(help="Labelled texts with splits train and dev, such as 'sst'.")],
    out: Annotated[Path, typer.Option(help="Folder of the classifier.")],
    model: Annotated[str, typer.Option(help="Encoder to begin from: minilm or hf:FOLDER.")] = "minilm",
    batch: Annotated[int, typer.Option(help="Texts a step.")] = 16,
    epochs: Annotated[int, typer.Option(help="At most so many passes over train.")] = 3,
    patience: Annotated[int, typer.Option(help="Epochs without a lower loss on dev before it stops.")] = 1,
    rate: Annotated[float, typer.Option(help="Learning rate of Adam.")] = 5e-5,
    decay: Annotated[float, typer.Option(help="Weight decay.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Of the head, order and noise.")] = 0,
) -> None:
    """Fine-tune a Hugging Face encoder on labelled texts; the folder is one of that library's."""
    from probekit.corpora import load_corpus
    from probekit.learners.fine_tuning import fine_tune
    from probekit.training.loop import Settings

    settings = Settings(rate=rate, epochs=epochs, patience=patience, decay=decay)
    _, progress = fine_tune(load_corpus(corpus), model, out, settings, batch, seed)
    typer.echo(f"{progress.epoch} epochs, best {progress.best_epoch}: dev cross-entropy {progress.best_loss:.4f}")
    typer.echo(f"Classifier: {out}")


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
Out = Annotated[Path, typer.Option(help="Folder of the model.")]


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
    words: Annotated[str, typer.Option(help="How files are cut into words: treebank or blanks.")] = "treebank",
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
    from probekit.learners.translation import train_into
    from probekit.specs import Spec

    if corpus is not None and (source or target):
        raise ProbekitError("give --source and --target, or --corpus, not both")
    if corpus is None:
        if source is None or target is None:
            raise ProbekitError("give --source and --target, two text files, or --corpus, a parallel corpus")
        cut = {} if words == "treebank" else {"words": words}
        corpus = str(Spec("parallel", f"{source},{target}", (), cut))
    options = _given(
        width=width,
        layers=layers,
        dropout=dropout,
        merges=merges,
        target_merges=target_merges,
        rate=rate,
        epochs=epochs,
        patience=patience,
        schedule=schedule,
        budget=budget,
        threads=threads,
        seed=seed,
    )
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
    from probekit.learners.labelling import train_into

    options = _given(
        width=width,
        layers=layers,
        dropout=dropout,
        merges=merges,
        rare=rare,
        rate=rate,
        epochs=epochs,
        patience=patience,
        schedule=schedule,
        budget=budget,
        threads=threads,
        seed=seed,
    )
    found = train_into(out, corpus, task, options)
    _say(out, found, "sentences_train", "sentences_dev", "epochs", "best_epoch", "dev_loss", "dev_left_out")
