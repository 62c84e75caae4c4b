"""`probekit table`: what a table of word vectors looks like, making one, scoring one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probekit.cli.common import check_file

if TYPE_CHECKING:
    from probekit.embeddings.table import WordTable

table = typer.Typer(no_args_is_help=True, help="Tables of word vectors: look at one, make one, score one.")
Spec = Annotated[str, typer.Argument(help="A table with its steps, such as 'glove|unit'.")]
Measure = Annotated[str, typer.Option(help="How alike two vectors are: probekit list measures.")]


@table.command("show")
def table_show(
    spec: Spec,
    word: Annotated[list[str] | None, typer.Option(help="A word whose neighbours are shown; may be repeated.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Words joined by & | + -, of a table of fuzzy sets: 'noble & metal'; may be repeated."
        ),
    ] = None,
    measure: Measure = "cosine",
    neighbours: Annotated[int, typer.Option(min=1, max=10_000, help="How many neighbours.")] = 10,
    text: Annotated[str | None, typer.Option(help="A corpus whose words it is held against.")] = None,
) -> None:
    """Words, width, lengths of vectors, spectrum; coverage of a corpus; neighbours of words."""
    import numpy as np

    from probekit.embeddings import fuzzy, portrait
    from probekit.embeddings.measures import Measure as Measures
    from probekit.embeddings.measures import get
    from probekit.embeddings.steps.spectral import PARTS as THIRDS
    from probekit.embeddings.steps.spectral import thirds
    from probekit.embeddings.tables import load_table

    asked = get(measure, Measures)
    found = load_table(spec)
    near = portrait.neighbours(found, word, asked, neighbours) if word else None
    sets = {text: fuzzy.neighbours(found, text, neighbours, asked) for text in set_ or ()}
    notes = "".join(f", {name} {count}" for name, count in found.notes.items())
    notes += f", zero rows {found.zero_rows}" if found.zero_rows else ""
    typer.echo(f"{found.name or spec}: {len(found):,} words x {found.width}{notes}")
    lengths = portrait.norms(found)
    typer.echo("lengths: " + ", ".join(f"{q:.0%} {v:.3g}" for q, v in lengths.itertuples(index=False)))
    shares = portrait.spectrum(found)
    typer.echo("variance of the first components: " + ", ".join(f"{share:.3f}" for share in shares["share"][:8]))
    if found.width >= len(THIRDS):
        parts = np.split(shares["share"], thirds(found.width)[1:-1])
        typer.echo("variance of thirds: " + ", ".join(f"{part.sum():.3f}" for part in parts))
    if text is not None:
        _say_coverage(found, text)
    if near is not None:
        for name, lines in near.groupby("word", sort=False):
            typer.echo(f"{name}: {_listed(lines['neighbour'], lines['likeness'])}")
    for name, own in sets.items():
        typer.echo(f"{name} (times {own.rescaled:.3g}, the mass of a word): {_listed(own.words, own.likeness)}")


def _listed(words: Iterable[str], likeness: Iterable[float]) -> str:
    """Divergences of fuzzy sets differ in late digits."""
    return ", ".join(f"{word} {value:.5g}" for word, value in zip(words, likeness, strict=True))


def _say_coverage(found: WordTable, text: str) -> None:
    from probekit.cli.common import texts_spec
    from probekit.corpora import load_corpus
    from probekit.encoders.static import StaticEncoder

    corpus = load_corpus(texts_spec(text))
    encoder = StaticEncoder(found)
    counts = encoder.coverage(corpus)
    typer.echo(
        f"coverage: {counts['known']:,} of {counts['words']:,} words, {counts['types_known']:,} of "
        f"{counts['types']:,} forms, {counts['sentences_without']:,} sentences without a known word"
    )
    if unknown := encoder.unknown_words(corpus, 10):
        typer.echo("unknown: " + ", ".join(f"{form} {n}" for form, n in unknown.items()))


@table.command("make")
def table_make(spec: Spec, out: Annotated[Path, typer.Option(help="Folder to write.")]) -> None:
    """Make a table and keep it as a folder that `static:FOLDER` reads."""
    from probekit.embeddings.tables import describe_table, load_table
    from probekit.errors import ProbekitError
    from probekit.store import disk_errors

    describe_table(spec)  # refuses what is not there before anything is made
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ProbekitError(f"'{out}' is there already; choose another --out")
    made = load_table(spec)
    with disk_errors(out):
        made.save(out)
    typer.echo(f"{out}: static:{out}")


@table.command("score")
def table_score(
    spec: Spec,
    benchmark: Annotated[list[str], typer.Option(help="A benchmark, or a pattern of several; may be repeated.")],
    measure: Annotated[list[str] | None, typer.Option(help="Measures or solvers; may be repeated.")] = None,
    control: Annotated[bool, typer.Option(help="Random vectors of the same words beside it.")] = True,
    out: Annotated[Path | None, typer.Option(help="CSV file to write as well.")] = None,
) -> None:
    """What a table reaches on benchmarks of words, random vectors beside it."""
    import pandas as pd

    from probekit.embeddings.benchmarks import get
    from probekit.embeddings.gaussian import random_like
    from probekit.embeddings.tables import describe_table, load_table
    from probekit.store import write_atomically
    from probekit.works.benchmarking import RANDOM_TABLE, expanded, measures_for, refuses

    if out is not None:
        check_file(out)
    source = describe_table(spec)
    asked = [(name, way) for name in expanded(benchmark) for way in measures_for(name, measure or [""])]
    benchmarks = {name: get(name) for name, _ in asked}
    shown = {source.name: load_table(source.spec)}
    if control:
        shown["random"] = load_table(str(random_like(source.spec)))
    rows = pd.concat(
        benchmarks[name].score(made, way).assign(benchmark=name, measure=way or benchmarks[name].measure, table=label)
        for name, way in asked
        for label, made in shown.items()
        if label != "random" or not refuses({"task": name, "probe": way, "control": RANDOM_TABLE})
    )
    rows = rows[["benchmark", "measure", "table", *[c for c in rows if c not in ("benchmark", "measure", "table")]]]
    if out is not None:
        write_atomically(out, rows.to_csv(index=False).encode())
    printed = rows if rows["note"].any() else rows.drop(columns="note")
    printed = printed if printed["subset"].any() else printed.drop(columns="subset")
    typer.echo(printed.to_string(index=False, float_format=lambda value: f"{value:.3f}", na_rep="-"))
