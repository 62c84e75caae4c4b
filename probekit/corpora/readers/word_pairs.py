"""Rated pairs of words from files: two words and a number a line, by tabs, commas or blanks."""

from __future__ import annotations

import math
from pathlib import Path

from probekit.corpora.readers.lines import ENDS, between_blanks, is_blank, read_lines
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError


def read_word_pairs(path: str | Path, language: str = "en") -> WordItems:
    """Pairs of a file, in order; tabs separate where the first line has any, else commas, else blanks.

    A first line whose third cell is no number is a heading. Further columns are left out. Raises DataError with the
    line for a pair without two words, and a rating that is no number.
    """
    path = Path(path)
    lines = [(number, line) for number, line in enumerate(read_lines(path), 1) if not is_blank(line)]
    if not lines:
        raise DataError("is empty", path)
    rows = [(number, _cells(line, lines[0][1])) for number, line in lines]
    if len(rows) > 1 and _rating(rows[0][1]) is None:
        del rows[0]
    return items_of("pairs", [_pair(path, number, cells) for number, cells in rows], languages=(language,))


def _cells(line: str, first: str) -> list[str]:
    mark = next((mark for mark in "\t," if mark in first), "")
    return [cell.strip(ENDS) for cell in line.split(mark)] if mark else between_blanks(line)


def _rating(cells: list[str]) -> float | None:
    try:
        value = float(cells[2])
    except (IndexError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _pair(path: Path, line: int, cells: list[str]) -> tuple[str, str, float]:
    if len(cells) < 3 or not cells[0].strip() or not cells[1].strip():
        raise DataError(f"expected two words and a rating, got {' '.join(cells)!r}", path, line)
    rating = _rating(cells)
    if rating is None:
        raise DataError(f"the rating of '{cells[0]}' and '{cells[1]}' is '{cells[2]}', not a number", path, line)
    return cells[0], cells[1], rating


def read_scws(path: str | Path) -> WordItems:
    """Pairs of SCWS's file `ratings.txt`, their contexts left out: words in columns 2 and 4, the mean rating in 8.

    Source: Huang, Socher, Manning and Ng 2012. Raises DataError with the line as `read_word_pairs`.
    """
    path = Path(path)
    rows = []
    for number, line in enumerate(read_lines(path), 1):
        if not is_blank(line):
            cells = line.split("\t")
            if len(cells) < 8:
                raise DataError(f"expected 8 columns or more by tabs, got {len(cells)}", path, number)
            rows.append(_pair(path, number, [cells[1].strip(ENDS), cells[3].strip(ENDS), cells[7].strip(ENDS)]))
    return items_of("pairs", rows)
