"""Prototypicality of pairs in relations, in the format of SemEval-2012 task 2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from probekit.corpora.readers.lines import is_blank, read_lines
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError

_RATED = re.compile(r'\s*(-?[\d.]+) "([^:"]+):([^:"]+)"\s*')
_PAIR = re.compile(r"([\w'-]+): ?([\w'-]+)")  # between pairs a comma is missing here and there, or a point
_NAME = re.compile(r"GoldRatings-(\d+[a-z])\.txt")


def read_prototypes(paradigms: Path, gold: Sequence[Path]) -> WordItems:
    """Pairs of relations with ratings, and the three or four pairs that show what a relation is (rating 0).

    paradigms: lines `number, letter, class, name, pair, pair, ...`. gold: a file `GoldRatings-<number><letter>.txt` a
    relation, whose folder says whether it is for training or testing. Raises DataError for a line in another form.
    """
    names: dict[str, str] = {}
    rows: list[tuple[object, ...]] = []
    for line, text in enumerate(read_lines(paradigms), 1):
        cells = text.split(",", 4)
        if is_blank(text):
            continue
        if len(cells) < 5 or not _PAIR.search(cells[4]):
            raise DataError("expected number, letter, class, name and pairs", paradigms, line)
        number, letter, group, name = (cell.strip() for cell in cells[:4])
        names[number + letter] = f"{number}{letter} {group}: {name}"
        rows += [(*pair, 0.0, names[number + letter], "prototype") for pair in _PAIR.findall(cells[4])]
    for file in gold:
        rows += list(_rated(file, names))
    return items_of("prototypes", rows)


def _rated(path: Path, names: dict[str, str]) -> Iterator[tuple[object, ...]]:
    found = _NAME.match(path.name)
    if found is None or found[1] not in names:
        raise DataError(f"the file names none of {len(names)} relations", path)
    part = "train" if path.parent.name == "Training" else "test"
    for line, text in enumerate(read_lines(path), 1):
        if text.startswith("#") or is_blank(text):
            continue
        cells = _RATED.fullmatch(text)
        if cells is None:
            raise DataError('expected a rating and "word:word"', path, line)
        yield cells[2], cells[3], float(cells[1]), names[found[1]], part
