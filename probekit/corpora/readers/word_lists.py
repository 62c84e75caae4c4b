"""Lists of words from files: by category, by relation, alone, in groups with outliers, compounds with ratings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from probekit.corpora.readers.lines import ENDS, between_blanks, is_blank, read_lines
from probekit.corpora.readers.ratings import named_columns
from probekit.corpora.word_items import WordItems, items_of
from probekit.errors import DataError
from probekit.resources import plain_name


def read_category_items(path: str | Path, column: str = "category", language: str = "en") -> WordItems:
    """Words and their categories of a CSV or TSV with the columns `word` and `category`, or another `column`.

    A word may stand in several categories; a line that repeats counts once, and one without word or category is left
    out and counted. Raises DataError where a column is missing.
    """
    lines = [(word.strip(ENDS), name.strip(ENDS)) for _, (word, name) in named_columns(Path(path), ("word", column))]
    kept = dict.fromkeys(one for one in lines if all(map(str.strip, one)))
    notes = {"left out": len(lines) - len(kept)}
    return items_of("categories", kept, languages=(language,), notes=notes)


def read_relation_items(path: str | Path, language: str = "en") -> WordItems:
    """Pairs of words and what relates them, of a CSV or TSV with the columns word1, word2 and relation.

    A pair without a relation, or with `?`, is left out and counted.
    """
    lines = [tuple(cells) for _, cells in named_columns(Path(path), ("word1", "word2", "relation"))]
    kept = dict.fromkeys(one for one in lines if all(cell.strip() for cell in one) and one[2] != "?")
    return items_of("relations", kept, languages=(language,), notes={"left out": len(lines) - len(kept)})


def read_words(path: str | Path, language: str = "en") -> WordItems:
    """Words of a file in order, each once; a line is a word, whatever blanks it has inside. Raises DataError for a file
    without any."""
    path = Path(path)
    lines = [(number, word) for number, line in enumerate(read_lines(path), 1) if (word := line.strip(ENDS))]
    blank = next((number for number, word in lines if not word.strip()), None)
    if blank is not None:
        raise DataError("a word of white space alone", path, blank)
    words = dict.fromkeys(word for _, word in lines)
    if not words:
        raise DataError("has no word; write one a line", path)
    return items_of("words", [(word,) for word in words], languages=(language,))


# --- outliers ----------------------------------------------------------------------------------------


def read_outliers(path: str | Path, language: str = "en") -> WordItems:
    """Groups of words and words that do not belong to them: a file a group, or a folder of such files (`*.txt`).

    A file holds the words of the group, one a line, an empty line, and its outliers, as those of WikiSem500 and 8-8-8.
    Raises DataError for a file without one or the other.
    """
    path = Path(path)
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    if not files:
        raise DataError("holds no file *.txt with a group of words", path)
    return items_of("outliers", (row for file in files for row in _group(file)), languages=(language,))


def _group(path: Path) -> Iterator[tuple[str, str, bool]]:
    parts: list[list[str]] = [[]]
    for line in read_lines(path):
        if not is_blank(line):
            parts[-1].append(line.strip(ENDS))
        elif parts[-1]:
            parts.append([])
    words, outliers = [*parts, []][:2]
    if len(words) < 2 or not outliers:
        raise DataError("expected two words or more, an empty line, and outliers", path)
    name = plain_name(path).removesuffix(".txt")
    for word in words:
        yield name, word, False
    for word in outliers:
        yield name, word, True


# --- compounds ---------------------------------------------------------------------------------------


def read_compounds(path: str | Path, language: str = "en") -> WordItems:
    """Compounds and how compositional people find them: modifier, head, and a rating in the last column of a line.

    Tabs separate where the first line has any, else blanks; a first line whose last cell is no number is a heading.
    Raises DataError with the line for anything else.
    """
    path = Path(path)
    lines = [(number, line) for number, line in enumerate(read_lines(path), 1) if not is_blank(line)]
    tabs = bool(lines) and "\t" in lines[0][1]
    cells = [(number, line.split("\t") if tabs else between_blanks(line)) for number, line in lines]
    if len(cells) > 1 and _number(cells[0][1][-1]) is None:
        del cells[0]
    return items_of("compounds", [_compound(path, *one) for one in cells], languages=(language,))


def _compound(path: Path, line: int, cells: list[str]) -> tuple[str, str, float]:
    rating = _number(cells[-1])
    if len(cells) < 3 or rating is None or not cells[0].strip() or not cells[1].strip():
        raise DataError("expected a modifier, a head and a rating", path, line)
    return cells[0].strip(ENDS), cells[1].strip(ENDS), rating


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
