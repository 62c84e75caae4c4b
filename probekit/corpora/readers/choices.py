"""Questions with options, one of them right, from tables and JSON lines: each option is a pair with its question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from probekit import resources
from probekit.corpora.corpus import Corpus
from probekit.corpora.pairs_of_texts import TextPair, corpus_of
from probekit.corpora.readers.lines import ENDS, split_of
from probekit.corpora.readers.tables import csv_rows, named_cells, tsv_rows
from probekit.corpora.readers.texts import json_lines
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError
from probekit.values import Whole

YES, NO = "yes", "no"


def read_choices(
    paths: Sequence[str | Path],
    *,
    text: Sequence[str] = ("context", "question"),
    options: Sequence[str] = ("answer0", "answer1", "answer2", "answer3"),
    label: str = "label",
    first: Whole = 0,
    document: str = "",
    words: str = "treebank",
    language: str = "",
) -> Corpus:
    """Questions of .csv, .tsv and .jsonl files, a heading or field names saying what is what.

    text: columns that together ask the question; options: those of the answers; an empty one is none. label: the column
    of the right one's number, counted from `first`. document: a column by which splits keep questions together; unless
    given, the first of `text`. Attribute `answer` of each pair is yes or no. Raises DataError with file and line for a
    column that is not there and a label that is no option.
    """
    cut = tokeniser(words)

    def read() -> Iterator[TextPair]:
        for path in map(resources.find, paths):
            name = resources.plain_name(path)
            for line, row in _rows(path):
                if absent := [one for one in (*text, label) if one not in row]:
                    raise DataError(f"there is no column '{absent[0]}' (there are {', '.join(row)})", path, line)
                given = [(k, row[one]) for k, one in enumerate(options, first) if str(row.get(one, "")).strip()]
                right = str(row[label]).strip()
                if right not in {str(k) for k, _ in given} or len(given) < 2:
                    raise DataError(
                        f"'{label}' is '{right}', which numbers none of its {len(given)} options", path, line
                    )
                asked = cut(" ".join(str(row[one]).strip(ENDS) for one in text))
                kept: dict[str, Any] = {
                    "split": split_of(name),
                    "file": name,
                    "line": line,
                    "question": f"{name}:{line}",
                }
                for k, option in given:
                    about = {"answer": YES if str(k) == right else NO}
                    of = str(row[document or text[0]])
                    yield TextPair(asked, cut(str(option)), f"{name}:{line}-{k}", document=of, attributes=about, **kept)

    return corpus_of(read(), language)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    name = resources.plain_name(path)
    if name.endswith(".jsonl"):
        yield from json_lines(path)
    else:
        yield from named_cells(path, csv_rows(path) if name.endswith(".csv") else tsv_rows(path))
