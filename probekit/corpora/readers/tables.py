"""Tables as files: rows of .csv and .tsv with their lines, and whether the first row of labelled texts is a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from probekit.corpora.readers.lines import ENDS, decoded, is_blank, read_lines
from probekit.errors import DataError
from probekit.resources import read_bytes

Row = tuple[int, list[str]]

TEXT_NAMES = ("text", "sentence", "document", "review", "body", "content")
LABEL_NAMES = ("label", "class", "category", "target")
_LONGEST_FIELD = 2**31 - 1  # of a .csv, in characters; Python's own limit is that of an essay
_NAME = re.compile(r"[^\W\d][\w.-]*(?: [\w.-]+)?")  # what a header calls a column: a word or two
_MANY = 10  # texts of which no two share a label: those are no classes


def tsv_rows(path: Path) -> Iterator[Row]:
    """Rows of a .tsv with their lines; lines of blanks are none. Quotation marks are characters like others."""
    for number, line in enumerate(read_lines(path), 1):
        if not is_blank(line):
            yield number, line.split("\t")


def csv_rows(path: Path) -> Iterator[Row]:
    """Rows of a .csv with the line each begins at. A cell in quotation marks may hold line ends of any kind.

    Raises DataError for quotation marks that do not fit, and a carriage return outside of them that ends no line.
    """
    # Cut at line feeds alone: the module would take a lone carriage return for the end of a row.
    reader = csv.reader(re.findall(r"[^\n]*\n|[^\n]+", decoded(path, read_bytes(path))), strict=True)
    line = 1
    while (row := _next_row(reader, path, line)) is not None:
        if row:
            yield line, row
        line = reader.line_num + 1


def named_cells(path: Path, rows: Iterable[Row]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows below the first, which names the columns, as cells by these names, with their lines.

    Raises DataError for a table without a row, and for a row of another length.
    """
    heading: list[str] = []
    for line, cells in rows:
        if not heading:
            heading = [cell.strip(ENDS) for cell in cells]
        elif len(cells) != len(heading):
            raise DataError(f"{len(cells)} cells where the heading has {len(heading)}", path, line)
        else:
            yield line, dict(zip(heading, cells, strict=True))
    if not heading:
        raise DataError("is empty; the first row of a table names its columns", path)


def _next_row(reader: Iterator[list[str]], path: Path, line: int) -> list[str] | None:
    before = csv.field_size_limit(_LONGEST_FIELD)  # of the whole process, so it is lent for a row
    try:
        return next(reader, None)
    except csv.Error as error:
        if "new-line character" in str(error):
            what = (
                "a carriage return without a line feed; end lines with a line feed, or put the cell in quotation marks"
            )
            raise DataError(what, path, line) from None
        raise DataError(f"is not proper CSV ({error})", path, line) from None
    finally:
        csv.field_size_limit(before)


def check_quotation(path: Path, rows: Sequence[Row]) -> None:
    """Refuse a table separated by tabs that was written as one with quotation: every cell of text stands in marks."""
    cells = [cell for _, row in rows for cell in row if not _is_number(cell)]
    if len(rows) > 1 and cells and all(cell[:1] == cell[-1:] == '"' and len(cell) > 1 for cell in cells):
        what = "every cell stands in quotation marks, which a table separated by tabs does not know"
        raise DataError(f"{what}; take them off, or separate by commas", path, rows[0][0])


def _is_number(cell: str) -> bool:
    try:
        return float(cell) is not None
    except ValueError:
        return not cell


# --- the first row -----------------------------------------------------------------------------------


def is_header(rows: Sequence[Row], asked: Sequence[str]) -> bool:
    """Whether the first row of labelled texts names the columns.

    It does where it holds a name that was asked for, or one of TEXT_NAMES or LABEL_NAMES that no row below repeats in
    that column. A name of a text counts only among names: a text may be the one word "review".
    """
    names = [cell.strip().lower() for cell in rows[0][1]]
    if any(name.lower() in names for name in asked):
        return True
    all_names = all(map(_NAME.fullmatch, names))
    known = (*LABEL_NAMES, *(TEXT_NAMES if all_names else ()))
    return any(name in known and not _repeats(rows, at) for at, name in enumerate(names))


def check_order(path: Path, rows: Sequence[Row]) -> None:
    """Refuse a table without a header whose first column is not the label, or whose first row is no text.

    Its labels would be as many as its texts, or the names of its columns a text, and nobody would notice.
    """
    labels = [row[0].strip(ENDS) for _, row in rows]
    way_out = "name them by a header (text=COLUMN, label=COLUMN) or count them (text=1, label=2)"
    if len(set(labels)) == len(rows):
        repeating = [at + 1 for at in range(1, len(rows[0][1])) if _values(rows, at) < len(rows)]
        if repeating or len(rows) >= _MANY:
            other = f", while column {repeating[-1]} repeats" if repeating else ""
            what = f"column 1, the label where nothing says otherwise, differs in all {len(rows)} rows{other}"
            raise DataError(f"{what}; which columns are label and text? {way_out}", path, rows[0][0])
    elif all(map(_NAME.fullmatch, rows[0][1])) and _looks_apart(labels):
        named = ", ".join(rows[0][1])
        raise DataError(f"the first row ({named}) looks like a header; {way_out}", path, rows[0][0])


def _looks_apart(labels: Sequence[str]) -> bool:
    """Whether the first label stands alone and all others repeat."""
    return labels.count(labels[0]) == 1 and all(labels.count(label) > 1 for label in set(labels[1:]))


def _repeats(rows: Sequence[Row], at: int) -> bool:
    first = rows[0][1][at].strip().lower()
    return any(row[at].strip().lower() == first for _, row in rows[1:] if at < len(row))


def _values(rows: Sequence[Row], at: int) -> int:
    return len({row[at].strip(ENDS) for _, row in rows if at < len(row)})
