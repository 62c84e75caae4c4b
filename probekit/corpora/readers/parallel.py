"""Parallel text: pairs of files line by line, and tables of two columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from probekit import resources
from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.corpora.readers.lines import read_lines
from probekit.corpora.readers.tokenising import tokeniser
from probekit.errors import DataError, ProbekitError, UnknownName


def read_parallel(
    paths: Sequence[str | Path], *, source: str = "", target: str = "", split: str = "", words: str = "treebank"
) -> Corpus:
    """Sentences and their translations: two files with a sentence a line, or one of lines `source<TAB>target`.

    Every source sentence is followed by its translation; `links["translation"]` pairs them (sentence, sentence2)
    and `side` is source or target. source, target: names of the languages. split: train, dev or test, for all pairs
    ("": the trainer sets some aside). words: "treebank" (as in the Penn Treebank: punctuation and clitics apart,
    quotation marks as `` and '') or "blanks" (the text is tokenised already). Raises DataError with file and line
    for files of unlike length, an empty line, a line without exactly one tab, and text that is not UTF-8.
    """
    cut = tokeniser(words)
    if split not in ("", "train", "dev", "test"):
        raise UnknownName("split", str(split), ("train", "dev", "test"))
    files = [resources.find(path) for path in paths]
    if len(files) > 2:
        raise ProbekitError(f"parallel text is two files or one table of two columns; got {len(files)} files")
    pairs = _table(files[0]) if len(files) == 1 else _side_by_side(files[0], files[1])
    rows = []
    for line, pair in enumerate(pairs, 1):
        for file, text in zip((files[0], files[-1]), pair, strict=True):
            found = cut(text)
            if not found:
                raise DataError("an empty sentence; take its pair out of both sides", file, line)
            rows.append(found)
    names = [resources.plain_name(file) for file in files]
    attributes = pd.DataFrame(
        {
            "id": [f"{names[0]}:{line}" for line in range(1, len(pairs) + 1)],
            "document": "",
            "language": source,
            "split": split,
            "file": names[0],
            "line": np.arange(1, len(pairs) + 1),
        }
    )
    return paired(rows, attributes, target)


def _lines(file: Path) -> list[str]:
    """Lines of a text file. Raises DataError as `read_lines`, and for a file without any."""
    lines = read_lines(file)
    if not any(map(str.strip, lines)):
        raise DataError("holds no text", file)
    return lines


def _side_by_side(source: Path, target: Path) -> list[tuple[str, str]]:
    sides = _lines(source), _lines(target)
    if len(sides[0]) != len(sides[1]):
        raise DataError(
            f"has {len(sides[0])} lines, but {target} has {len(sides[1])}; line n of one must translate line n of the "
            "other",
            source,
            min(map(len, sides)) + 1,
        )
    return list(zip(*sides, strict=True))


def _table(file: Path) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(_lines(file), 1):
        columns = line.split("\t")
        if len(columns) != 2:
            raise DataError(f"has {len(columns)} columns; a line is source, one tab, target", file, number)
        pairs.append((columns[0], columns[1]))
    return pairs
