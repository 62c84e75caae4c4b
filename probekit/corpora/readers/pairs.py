"""Pairs of sentences that are judged together, from tables: a heading, then a pair and what is said of it a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from probekit import resources
from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.corpora.readers.lines import ENDS, split_of
from probekit.corpora.readers.tables import Row, check_quotation, csv_rows, tsv_rows
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, ProbekitError

TAKEN = ("id", "document", "language", "file", "line", "side")


def read_pairs(
    paths: Sequence[str | Path],
    *,
    first: str = "sentence1",
    second: str = "sentence2",
    words: str = "treebank",
    language: str = "",
) -> Corpus:
    """Pairs of .tsv and .csv files: columns `first` and `second` hold the sentences, the others are attributes.

    A column whose cells are all numbers is one of numbers, such as `relatedness`; `split` may be a column, else file
    names say it. The sentences of a pair stand one after the other, `links["pair"]` joins them. Raises DataError with
    file and line for a heading without the two columns, a line of another length, a pair without one of its sentences.
    """
    cut = tokeniser(words)
    rows: list[list[str]] = []
    about: list[dict[str, Any]] = []
    for path in map(resources.find, paths):
        name = resources.plain_name(path)
        heading, *lines = _lines(path)
        names = [cell.strip(ENDS) for cell in heading[1]]
        if lacking := [one for one in (first, second) if one not in names]:
            raise DataError(f"the heading has no column '{lacking[0]}' (it has {', '.join(names)})", path, heading[0])
        if taken := [one for one in names if one in TAKEN]:
            raise DataError(f"the column '{taken[0]}' has a name of its own in a corpus; rename it", path, heading[0])
        for line, cells in lines:
            if len(cells) != len(names):
                raise DataError(f"{len(cells)} cells where the heading has {len(names)}", path, line)
            given = dict(zip(names, (cell.strip(ENDS) for cell in cells), strict=True))
            sides = [cut(given.pop(one)) for one in (first, second)]
            if not all(sides):
                raise DataError("a pair without one of its sentences", path, line)
            rows += sides
            about.append({"id": f"{name}:{line}", "split": split_of(name), "file": name, "line": line, **given})
    if not rows:
        raise ProbekitError(f"no pair of sentences in {', '.join(map(str, paths))}")
    table = pd.DataFrame(about).assign(document="", language=language)
    return paired(rows, table.apply(_numbers), language, link="pair")


def _lines(path: Path) -> list[Row]:
    tabs = ".tsv" in path.name or ".txt" in path.name
    rows = [row for row in (tsv_rows(path) if tabs else csv_rows(path)) if any(cell.strip() for cell in row[1])]
    if not rows:
        raise DataError("is empty", path)
    if tabs:
        check_quotation(path, rows)
    return rows


def _numbers(column: pd.Series) -> pd.Series:
    """A column of numbers where all its cells are, else as it is."""
    found = pd.to_numeric(column, errors="coerce")
    return found.astype(float) if column.name not in ("id", "line", "split") and found.notna().all() else column
