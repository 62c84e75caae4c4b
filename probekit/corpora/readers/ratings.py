"""Ratings from files: a table of words and properties, a list of words by category, pairs of words by relation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.ratings import Ratings
from probekit.corpora.readers.lines import ENDS, decoded
from probekit.corpora.readers.tables import check_quotation, csv_rows, tsv_rows
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.resources import read_bytes
from probekit.values import Count

MISSING = ("refuse", "drop")
MEMBER, OTHER = 6.0, 0.0  # ends of the scale of salience ratings


def read_ratings(path: str | Path, missing: str = "refuse") -> Ratings:
    """Ratings of a CSV or TSV file: a heading with the names of the properties, then one word a line and its numbers.

    The first column holds the words; commas or tabs separate, whichever the heading has (tabs where it has both). Only
    where commas separate are quotation marks taken off.
    missing: "refuse" an empty cell, or "drop" its word, counted in `notes["dropped"]`. Raises DataError with the line
    for an empty or repeated word, a cell that is no number, a line of another length; ProbekitError for a property that
    is the same for all words.
    """
    _check_missing(missing)
    path = Path(path)
    lines = _lines(path)
    heading = lines[0][1]
    if len(heading) < 2:
        raise DataError("the heading names no property; expected: word, then a column for each property", path, 1)
    words: list[str] = []
    first: dict[str, int] = {}
    rows: list[list[float]] = []
    dropped: list[str] = []
    for line, cells in lines[1:]:
        if len(cells) != len(heading):
            raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
        word = cells[0].strip(ENDS)
        if not word.strip():
            raise DataError("a line without a word in its first column", path, line)
        if word in first:
            raise DataError(f"the word '{word}' stands in line {first[word]} already; keep one of them", path, line)
        first[word] = line
        empty = next((name for name, cell in zip(heading[1:], cells[1:], strict=True) if not cell.strip()), None)
        if empty is not None:
            if missing == "refuse":
                raise DataError(
                    f"'{word}' has no rating for '{empty}'; fill it in, or leave such words out with missing=drop",
                    path,
                    line,
                )
            dropped.append(word)
            continue
        words.append(word)
        rows.append([_number(cell, word, name, path, line) for name, cell in zip(heading[1:], cells[1:], strict=True)])
    if not words:
        raise DataError("no word is rated in this file" + (", all lack a rating" if dropped else ""), path)
    try:
        notes = {"dropped": len(dropped)} if dropped else {}
        return Ratings(words, [name.strip() for name in heading[1:]], np.array(rows), notes=notes)
    except DataError:
        raise
    except ProbekitError as error:
        raise DataError(str(error), path) from None


def _check_missing(missing: str) -> None:
    if missing not in MISSING:
        raise UnknownName("way with missing ratings:", str(missing), MISSING)


def _number(cell: str, word: str, name: str, path: Path, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(f"the rating of '{word}' for '{name}' is '{cell.strip()}', not a number", path, line)
    return value


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Number and cells of every line that is not empty; the first is the heading."""
    tabs = "\t" in decoded(path, read_bytes(path)).partition("\n")[0]
    found = []
    for line, cells in tsv_rows(path) if tabs else csv_rows(path):
        if any("\n" in cell or "\r" in cell for cell in cells):
            raise DataError("a cell holds a line break; is a quotation mark not closed?", path, line)
        if any(cell.strip() for cell in cells):
            found.append((line, cells))
    if len(found) < 2:
        raise DataError("holds no line below its heading" if found else "is empty", path)
    if tabs:
        check_quotation(path, found)
    return found


# --- categories --------------------------------------------------------------------------------------


def read_categories(path: str | Path, least: Count = 1, missing: str = "refuse") -> Ratings:
    """Categories of a word list as properties: 6 for a member, 0 for any other word of the list.

    The file has the columns `category` and `word`, among others. A word may have several categories; a pair that
    repeats counts once. least: categories with fewer members are no properties, though their words stay, named in
    `notes["small"]`. missing: "refuse" a line without word or category, or "drop" it, counted in `notes["dropped"]`.
    Raises DataError with the line for an empty cell, and when no category is large enough.
    """
    _check_missing(missing)
    _check_least(least)
    members: dict[str, dict[str, None]] = {}
    dropped = 0
    path = Path(path)
    for line, (category, word) in named_columns(path, ("category", "word")):
        if not category.strip() or not word.strip():
            if missing == "refuse":
                what = "word" if category.strip() else "category"
                way_out = "mend it, or leave such lines out with missing=drop"
                raise DataError(f"a line without a {what}; {way_out}", path, line)
            dropped += 1
            continue
        members.setdefault(category, {})[word] = None
    words = list(dict.fromkeys(word for own in members.values() for word in own))
    return _of_members(words, members, least, {"dropped": dropped} if dropped else {}, path)


def _check_least(least: int) -> None:
    if isinstance(least, bool) or not isinstance(least, int) or least < 1:
        raise ProbekitError(f"least={least!r} is a number of members from 1 up")


def named_columns(path: Path, names: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every line below the heading, of these columns; DataError for one that is not there."""
    lines = _lines(path)
    heading = [cell.strip() for cell in lines[0][1]]
    for name in names:
        if name not in heading:
            raise DataError(f"the heading has no column '{name}' (it has {', '.join(heading)})", path, 1)
    at = [heading.index(name) for name in names]
    for line, cells in lines[1:]:
        if len(cells) != len(heading):
            raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
        yield line, [cells[i].strip(ENDS) for i in at]


def _of_members(
    words: list[str], members: Mapping[str, Collection[str]], least: int, notes: dict[str, Any], path: Path
) -> Ratings:
    """Ratings of words by the properties that have `least` members or more, but not all words."""
    large = [name for name, own in members.items() if least <= len(own) < len(words)]
    small = [name for name in members if name not in large]
    if not large:
        raise DataError(f"no category has {least} members or more; lower least", path)
    values = np.array([[MEMBER if word in members[name] else OTHER for name in large] for word in words])
    return Ratings(words, large, values, notes={**({"small": small} if small else {}), **notes})


# --- relations ---------------------------------------------------------------------------------------


def read_relations(path: str | Path, relation: str, least: Count = 1) -> Ratings:
    """What a word list says of its words by one relation, as properties: 6 for a word it is said of, 0 for any other.

    The file has the columns `word1`, `word2` and `relation`, among others; all its first words are rated, and the
    second words of this relation are the properties. A pair that repeats counts once. least: as in `read_categories`.
    Raises DataError with the line for an empty word, UnknownName for a relation that the file does not have.
    """
    _check_least(least)
    path = Path(path)
    words: dict[str, None] = {}
    members: dict[str, dict[str, None]] = {}
    relations: dict[str, None] = {}
    for line, (word, other, name) in named_columns(path, ("word1", "word2", "relation")):
        if not word.strip() or not other.strip():
            raise DataError("a line without one of its two words", path, line)
        words[word] = relations[name] = None
        if name == relation:
            members.setdefault(other, {})[word] = None
    if relation not in relations:
        raise UnknownName(f"relation of {path.name}:", str(relation), relations)
    return _of_members(list(words), members, least, {}, path)
