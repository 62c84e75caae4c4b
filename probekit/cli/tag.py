"""`probekit tag`: what a saved tagger says of a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

Text = Annotated[Path, typer.Option(help="File of running text, UTF-8.")]
Words = Annotated[str, typer.Option(help="How text is cut into words: treebank or blanks.")]
Written = Annotated[Path | None, typer.Option(help="File to write; else the terminal.")]
Repair = Annotated[str, typer.Option(help="Of tags of spans that break their scheme: begin or final-type.")]


def tag(
    model: Annotated[Path, typer.Option(help="Folder of probekit train tagger or probekit train supertagger.")],
    text: Text,
    words: Words = "treebank",
    repair: Annotated[
        str, typer.Option(help="Of tags of spans that break their scheme: begin or final-type.")
    ] = "begin",
    out: Written = None,
) -> None:
    """Tag the words of a text: a word and its tag a line, an empty line between sentences, as `bio:` reads it."""
    from probekit.learners.supertagger import is_supertagger, supertag
    from probekit.learners.tagger import tag as answer

    sentences = cut_text(text, words, out)
    told = supertag(model, sentences) if is_supertagger(model) else answer(model, sentences, repair)
    blocks = (
        "\n".join(f"{word}\t{label}" for word, label in zip(*both, strict=True))
        for both in zip(sentences, told, strict=True)
    )
    tell("\n\n".join(blocks) + "\n", sentences, "Tagged", out)


def cut_text(text: Path, words: str, out: Path | None) -> list[list[str]]:
    """Sentences of words of a file of running text, once it is sure that the file to write can be written."""
    from probekit.cli.common import check_file
    from probekit.corpora.readers.lines import read_lines
    from probekit.corpora.readers.tokenising import split_sentences, tokeniser

    if out is not None:
        check_file(out)
    cut = tokeniser(words)
    every = [cut(sentence) for one in read_lines(text) for sentence in split_sentences(one)]
    return [one for one in every if one]


def tell(content: str, sentences: Sequence[Sequence[str]], done: str, out: Path | None) -> None:
    """Write answers into a file, or to the terminal."""
    from probekit.store import write_atomically

    if out is None:
        typer.echo(content, nl=False)
    else:
        write_atomically(out, content.encode())
        typer.echo(f"{done}: {out} ({len(sentences)} sentences, {sum(map(len, sentences))} words)")
