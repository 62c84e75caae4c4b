"""Vectors as text: word2vec text (header `n d`) and GloVe text (no header), plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pandas as pd

from probekit.embeddings.table import keep_first
from probekit.errors import DataError
from probekit.progress import bar

HEADER = re.compile(rb"\s*(\d{1,18})[ \t]+(\d{1,18})\s*$")
LINE_LIMIT = 1 << 20  # no line of text vectors is longer; a file without line breaks is something else
BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 24
_LARGEST = float(np.finfo(np.float32).max)
_SURVEYED = 1000  # lines from which the width of a file without a header is read
_BLANKS, _ENDS = b" \t", b" \t\r\n"
_CELL = re.compile(rb"[^ \t]+")
_NUMERALS = b"0123456789+-.eE \n"


@dataclass
class WordReader:
    """Turns bytes into words and counts what had to be replaced."""

    errors: str
    replaced: int = 0

    def read(self, raw: bytes, file: Path, line: int | None = None, place: str = "") -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            if self.errors == "replace":
                self.replaced += 1
                return raw.decode("utf-8", "replace")
            raise DataError(
                f"{place}the word {raw[:60]!r} is not valid UTF-8; re-encode the file, or read it with "
                'errors="replace", which counts such words',
                file,
                line,
            ) from None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, decompressed where it is gzipped; a damaged gzip file becomes a DataError."""
    with open(path, "rb") as raw:
        magic = raw.read(2)
        raw.seek(0)
        if magic != b"\x1f\x8b":
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw) as packed:
                yield cast(BinaryIO, packed)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"a damaged or cut gzip file ({error}); fetch it again", path) from None


def fields(line: bytes, width: int) -> list[bytes]:
    """A word and `width` values, split from the right so that blanks inside the word stay; fewer cells are all of them.

    Only blanks and tabs separate: a form feed or a vertical tab belongs to the word.
    """
    cells = list(_CELL.finditer(line))
    values = [cell[0] for cell in cells[-width:]]
    return values if len(cells) <= width else [line[: cells[-width].start()].strip(_BLANKS), *values]


def _blocks(file: BinaryIO, path: Path, number: int) -> Iterator[list[bytes]]:
    """Lines of the rest of a file, many at a time; `number` is that of the first. DataError for one without an end."""
    rest = b""
    while block := file.read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > LINE_LIMIT:
            raise DataError(f"a line of more than {LINE_LIMIT} bytes is no vector of a word", path, number + len(lines))
        if lines:
            yield lines
            number += len(lines)
    if rest:
        yield [rest]


def number_of(text: bytes) -> float | None:
    """The number that a text is, or None."""
    try:
        # Python reads 1_000 as a number, and a form feed past one; other tools do not.
        return None if b"_" in text or text != text.strip() else float(text)
    except ValueError:
        return None


def read_text(path: Path, kind: str, words: WordReader) -> dict[str, Any]:
    """Words, vectors and notes of a text file; `kind` is `word2vec-text` or `glove`."""
    found: list[str] = []
    blocks: list[np.ndarray] = []
    declared: int | None = None
    width = 0
    number = 1  # of the first line of the block
    with opened(path) as file, bar(None, f"reading {path.name}", "words") as progress:
        if kind == "word2vec-text":
            match = HEADER.match(file.readline(LINE_LIMIT).removeprefix(BOM))
            if not match:
                raise DataError("expected a header of two integers, or read it as format=glove", path, 1)
            declared, width = int(match[1]), int(match[2])
            if not declared or not width:
                raise DataError(f"the header says {declared} words of {width} values; both must be there", path, 1)
            number = 2
        blank: int | None = None
        for lines in _blocks(file, path, number):
            if number == 1:
                lines[0] = lines[0].removeprefix(BOM)
            stripped = [line.rstrip(_ENDS) for line in lines]
            lone = next((i for i, line in enumerate(stripped) if b"\r" in line), None)
            if lone is not None:
                what = "a carriage return without a line feed; end lines with a line feed"
                raise DataError(what, path, number + lone)
            while stripped and not stripped[-1]:  # empty lines may only end the file
                stripped.pop()
                blank = number + len(stripped)
            if stripped and (b"" in stripped or (blank is not None and blank < number)):
                line = blank if blank is not None and blank < number else number + stripped.index(b"")
                raise DataError("an empty line among the vectors", path, line)
            if not width and stripped:
                width = _survey(stripped[:_SURVEYED], path)
            if width and stripped:
                rows, values = _parse(stripped, width, path, number, declared is not None, words)
                found += rows
                blocks.append(values)
                progress.update(len(rows))
            number += len(lines)
    if not found:
        raise DataError("the file holds a header and no vectors" if declared else "the file is empty", path)
    if declared not in (None, len(found)):
        raise DataError(f"the header says {declared} words, the file has {len(found)}: cut or edited", path, 1)
    vectors = np.concatenate(blocks) if len(blocks) > 1 else blocks[0]
    kept, vectors, notes = keep_first(found, vectors, path, 1 if declared is None else 2)
    return {"words": kept, "vectors": vectors, "notes": notes}


def _survey(lines: list[bytes], path: Path) -> int:
    """Width of a file without a header: how many numbers end a line, in most lines."""
    tally = Counter(_numbers_at_end(line) for line in lines)
    width = tally.most_common(1)[0][0]
    if not width:
        line = next(number for number, text in enumerate(lines, 1) if not _numbers_at_end(text))
        raise DataError(
            "this is not a word-vector file: a line of one is a word and its values, with blanks between", path, line
        )
    return width


def _numbers_at_end(line: bytes) -> int:
    parts = _CELL.findall(line)
    count = 0
    while count < len(parts) and number_of(parts[-1 - count]) is not None:
        count += 1
    # A word may look like a number itself; a line that begins with a blank has none.
    return count - (count == len(parts) and line[:1] not in (b" ", b"\t"))


def _parse(
    lines: list[bytes], width: int, path: Path, first: int, with_header: bool, words: WordReader
) -> tuple[list[str], np.ndarray]:
    """Words and values (n, width) of stripped lines, `first` being the number of the first one."""
    heads: list[bytes] = []
    tails: list[bytes] = []
    blanks = width - 1
    for row, line in enumerate(lines):
        head, _, tail = line.partition(b" ")
        if tail.count(b" ") != blanks:
            head, tail = _split(line, width, path, first + row, with_header)
        heads.append(head.strip(_BLANKS) if head.strip() else b"")
        tails.append(tail)
    # Each tail now has exactly `width` fields, so the C parser cannot shift a value into its neighbour's row;
    # what it does not read as finite numbers is looked at again line by line, to name the line.
    values = _fast_values(b"\n".join(tails), len(lines), width)
    if values is None:
        values = np.array([_values(tail, path, first + row) for row, tail in enumerate(tails)], np.float32)
    read = [words.read(head, path, first + row) for row, head in enumerate(heads)]
    return read, np.ascontiguousarray(values)


def _fast_values(text: bytes, n: int, width: int) -> np.ndarray | None:
    """Values (n, width) of lines of numbers, or None where one may not be finite or no number at all."""
    # pandas would read over a byte order mark; and line by line is where what is no number is named anyway.
    if text.translate(None, _NUMERALS):
        return None
    try:
        with np.errstate(over="ignore"):
            frame = pd.read_csv(
                io.BytesIO(text),
                sep=" ",
                header=None,
                names=range(width),
                dtype=np.float32,
                index_col=False,
                quoting=csv.QUOTE_NONE,
                na_filter=False,
                skip_blank_lines=False,
                lineterminator="\n",
            )
    except (ValueError, OverflowError):  # pandas' parser errors are ValueErrors
        return None
    values = frame.to_numpy(dtype=np.float32)
    return values if len(values) == n and bool(np.isfinite(values).all()) else None


def _split(line: bytes, width: int, path: Path, number: int, with_header: bool) -> tuple[bytes, bytes]:
    """Word and values of a line whose fields are not simply one word and `width` values."""
    parts = fields(line, width)
    said = "as the header says" if with_header else "as most lines before have"
    if len(parts) != width + 1:
        raise DataError(f"{max(len(parts) - 1, 0)} values instead of {width}, {said}", path, number)
    last = parts[0].rpartition(b" ")[2] if b" " in parts[0] else b""
    # `route 66` is a word with a blank; `cat 0.25` is a word with a value too many.
    if (b"." in last or b"e-" in last) and number_of(last) is not None:
        raise DataError(f"more than {width} values, {said}", path, number)
    return parts[0], b" ".join(parts[1:])


def _values(tail: bytes, path: Path, number: int) -> list[float]:
    values = []
    for position, text in enumerate(tail.split(b" "), 1):
        value = number_of(text)
        if value is None:
            shown = text[:40].decode("utf-8", "replace")
            raise DataError(f"value {position} is '{shown}', which is not a number", path, number)
        if not abs(value) <= _LARGEST:
            raise DataError(f"value {position} is {text.decode()}, which is not finite", path, number)
        values.append(value)
    return values
