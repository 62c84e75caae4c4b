"""Sentences with a number that people gave each, from tables: a heading, then a sentence and its number a line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from probekit import resources
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import ENDS, split_of
from probekit.corpora.readers.tables import Row, check_quotation, csv_rows, tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, ProbekitError


def read_rated(
    paths: Sequence[str | Path],
    *,
    text: str = "text",
    rating: str = "specificity",
    words: str = "treebank",
    language: str = "",
) -> Corpus:
    """Sentences of .tsv and .csv files: columns `text` and `rating` by their names; attribute `specificity`.

    The split is read from file names. Raises DataError with file and line for a heading without the two columns, a line
    of another length, a sentence without a word, and a rating that is no finite number.
    """
    cut = tokeniser(words)
    rows: list[list[str]] = []
    about: list[dict[str, Any]] = []
    for path in map(resources.find, paths):
        name = resources.plain_name(path)
        for line, sentence, value in _rated(path, text, rating):
            found = cut(sentence)
            if not found:
                raise DataError("the sentence is empty; give it words, or take the line out", path, line)
            rows.append(found)
            own = {"id": f"{name}:{line}", "document": "", "split": split_of(name), "file": name, "line": line}
            about.append({**own, "specificity": _number(value, path, line)})
    if not rows:
        raise ProbekitError(f"no rated sentence in {', '.join(map(str, paths))}")
    attributes = {column: [one[column] for one in about] for column in about[0]}
    return Corpus.from_words(rows, **attributes, language=[language] * len(rows))


def _rated(path: Path, text: str, rating: str) -> Iterator[tuple[int, str, str]]:
    tabs = ".tsv" in path.name or ".txt" in path.name
    rows: list[Row] = list(tsv_rows(path) if tabs else csv_rows(path))
    if not rows:
        raise DataError("is empty", path)
    if tabs:
        check_quotation(path, rows)
    names = [cell.strip(ENDS) for cell in rows[0][1]]
    for column in (text, rating):
        if column not in names:
            what = f"the heading has no column '{column}' (it has {', '.join(names)}); name yours: text=, rating="
            raise DataError(what, path, rows[0][0])
    for line, cells in rows[1:]:
        if len(cells) != len(names):
            raise DataError(f"{len(cells)} cells where the heading has {len(names)}", path, line)
        yield line, cells[names.index(text)].strip(ENDS), cells[names.index(rating)].strip(ENDS)


def _number(text: str, path: Path, line: int) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f"the rating {text!r} is no number", path, line)
    return found
