"""Texts with flips from tables: a heading, then a text, its label and its flip a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probekit import resources
from probekit.corpora import flips
from probekit.corpora.corpus import Corpus
from probekit.corpora.flips import FlippedText
from probekit.corpora.readers.lines import ENDS, split_of
from probekit.corpora.readers.tables import csv_rows, tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, ProbekitError

FLIP_LABEL = "flip_label"


def read_flips(
    paths: Sequence[str | Path],
    *,
    text: str = "text",
    flip: str = "flip",
    label: str = "label",
    words: str = "treebank",
    lower: bool = False,
    language: str = "",
) -> Corpus:
    """Texts of .tsv and .csv files with the columns `text`, `label` and `flip`; a text without a flip is only a text.

    A file may lack the column of flips: texts to train on, by its name (`x-train.tsv`) or a column `split`. A column
    `flip_label` is checked. lower: words in lower case. Raises DataError with file and line for a heading without text
    or label, a line of another length, a flip with the label of its text; and as `probekit.corpora.flips.corpus_of`.
    """
    cut = tokeniser(words)
    found: list[FlippedText] = []
    for path in map(resources.find, paths):
        name = resources.plain_name(path)
        rows = list(tsv_rows(path) if ".tsv" in path.name or ".txt" in path.name else csv_rows(path))
        if not rows:
            raise DataError("is empty", path)
        heading = [cell.strip(ENDS) for cell in rows[0][1]]
        if lacking := [one for one in (text, label) if one not in heading]:
            raise DataError(f"the heading has no column '{lacking[0]}' (it has {', '.join(heading)})", path, rows[0][0])
        for line, cells in rows[1:]:
            if len(cells) != len(heading):
                raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
            said = dict(zip(heading, (cell.strip(ENDS) for cell in cells), strict=True))
            if said.get(flip) and said.get(FLIP_LABEL) == said[label]:
                raise DataError(f"text and flip have one label, '{said[label]}'", path, line)
            sides = [cut(one.lower() if lower else one) for one in (said[text], said.get(flip, ""))]
            split = said.get("split") or split_of(name)
            found.append(FlippedText(sides[0], sides[1], said[label], split, name, line))
    if not found:
        raise ProbekitError(f"no text in {', '.join(map(str, paths))}")
    return flips.corpus_of(found, language)
