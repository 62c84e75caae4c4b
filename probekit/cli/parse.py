"""`probekit parse`: what a saved parser says of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.tag import Text, Words, Written, cut_text, tell


def parse(
    model: Annotated[Path, typer.Option(help="Folder of a parser: of probekit train parser.")],
    text: Text,
    words: Words = "treebank",
    out: Written = None,
) -> None:
    """Parse the sentences of a text into dependencies: CoNLL-U, as `conllu:` reads it."""
    from probekit.learners.parser import parse as answer

    sentences = cut_text(text, words, out)
    told = answer(model, sentences)
    blocks = (
        "\n".join(
            f"{place}\t{word}\t_\t_\t_\t_\t{head}\t{relation}\t_\t_"
            for place, (word, (head, relation)) in enumerate(zip(*both, strict=True), 1)
        )
        for both in zip(sentences, told, strict=True)
    )
    tell("\n\n".join(blocks) + "\n\n", sentences, "Parsed", out)
