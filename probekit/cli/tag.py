"""`probekit tag`: what a saved tagger says of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def tag(
    model: Annotated[Path, typer.Option(help="Folder of a tagger: of probekit train tagger.")],
    text: Annotated[Path, typer.Option(help="File of running text, UTF-8.")],
    words: Annotated[str, typer.Option(help="How text is cut into words: treebank or blanks.")] = "treebank",
    out: Annotated[Path | None, typer.Option(help="File to write; else the terminal.")] = None,
) -> None:
    """Tag the words of a text: a word and its tag a line, an empty line between sentences, as `bio:` reads it."""
    from probekit.cli.common import check_file
    from probekit.corpora.readers.lines import read_lines
    from probekit.corpora.readers.tokenising import split_sentences, tokeniser
    from probekit.learners.tagger import tag as answer
    from probekit.store import write_atomically

    if out is not None:
        check_file(out)
    cut = tokeniser(words)
    paragraphs = read_lines(text)
    every = [cut(sentence) for one in paragraphs for sentence in split_sentences(one)]
    sentences = [one for one in every if one]
    told = answer(model, sentences)
    lines = (
        "\n".join(f"{word}\t{label}" for word, label in zip(*both, strict=True))
        for both in zip(sentences, told, strict=True)
    )
    content = "\n\n".join(lines) + "\n"
    if out is None:
        typer.echo(content, nl=False)
    else:
        write_atomically(out, content.encode())
        typer.echo(f"Tagged: {out} ({len(sentences)} sentences, {sum(map(len, sentences))} words)")
