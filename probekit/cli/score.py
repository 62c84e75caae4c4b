"""`probekit score`: what a saved classifier reaches on labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probekit.cli.common import LongTexts, check

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier


def score(
    model: Annotated[str, typer.Option(help="Folder of a classifier: of probekit train, or of Hugging Face.")],
    corpus: Annotated[str, typer.Option(help="Labelled texts: a file, a folder, or a corpus spec such as 'sst'.")],
    split: Annotated[
        list[str] | None, typer.Option(help="Split to score; may be repeated. Default dev and test, else all texts.")
    ] = None,
    long: LongTexts = "refuse",
    out: Annotated[Path | None, typer.Option(help="CSV file to write as well.")] = None,
) -> None:
    """Accuracy and macro F1 of a saved classifier, beside those of the majority class."""
    from probekit.cli.common import check_file, texts_spec
    from probekit.learners.loading import load_classifier

    if out is not None:
        check_file(out)
    say_scores(load_classifier(model), texts_spec(corpus), split, long, out)


def say_scores(
    classifier: Classifier, corpus: str, splits: list[str] | None = None, long: str = "refuse", out: Path | None = None
) -> None:
    """Print the scores of a classifier on a corpus as a table, what was left out on standard error."""
    import pandas as pd

    from probekit.corpora import load_corpus
    from probekit.learners.scoring import SPLITS, score_corpus
    from probekit.store import raise_disk_error, write_atomically

    loaded = load_corpus(corpus)
    for name in splits or []:
        check("split", name, sorted(set(loaded.sentences["split"].astype(str))))
    rows, remarks = score_corpus(classifier, loaded, splits or SPLITS, long)
    for line in remarks:
        typer.echo(f"note: {line}", err=True)
    table = pd.DataFrame(rows)
    if out is not None:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(out, table.to_csv(index=False).encode())
        except OSError as error:
            raise_disk_error(error, out.absolute().parent)
    shown = table if table["note"].any() else table.drop(columns="note")
    shown = shown if shown["split"].any() else shown.drop(columns="split")
    typer.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep="-"))
