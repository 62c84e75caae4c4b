"""The word2vec binary format: a header, then word, blank, d little-endian float32; read in a stream."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from probekit.embeddings.table import first_bad_row, keep_first
from probekit.embeddings.table_text import HEADER, WordReader, opened
from probekit.errors import DataError
from probekit.resources import is_gzip

_BLOCK = 1 << 22
_LONGEST_WORD, _WIDEST = 1 << 16, 1 << 20  # bytes of a word, values of a vector
_MOST_PACKED = 1032  # times: no gzip file unpacks to more
# A vector that begins so may hold the rest of a word with a blank in it.
_TEXT = re.compile(rb"(?:[^\x00-\x20\x7f]{0,40} ){1,4}")
_LARGE, _TINY = 1e6, 1e-12  # times the largest value of a usual vector


class _Stream:
    """Bytes of a file, a block at a time; `at` is the place of the next one."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.held, self.before, self.here = file, b"", 0, 0

    @property
    def at(self) -> int:
        return self.before + self.here

    def _more(self) -> bool:
        block = self.file.read(_BLOCK)
        self.held, self.before, self.here = self.held[self.here :] + block, self.at, 0
        return bool(block)

    def next(self, n: int) -> bytes:
        """The next n bytes, fewer at the end of the file; they stay."""
        while len(self.held) - self.here < n and self._more():
            pass
        return self.held[self.here : self.here + n]

    def take(self, n: int) -> bytes:
        found = self.next(n)
        self.here += len(found)
        return found

    def word(self) -> bytes | None:
        """Bytes up to the next blank, which is skipped; None where there is none as near as a word may be long."""
        while (blank := self.held.find(b" ", self.here)) < 0:
            if len(self.held) - self.here > _LONGEST_WORD or not self._more():
                return None
        found = self.held[self.here : blank]
        self.here = blank + 1
        return found


def read_binary(path: Path, words: WordReader) -> dict[str, Any]:
    """Words, vectors and notes of a file. Raises DataError with the place of what is wrong."""
    with opened(path) as file:
        return _Walk(path, _Stream(file), words).table()


class _Walk:
    """One file from its first word to its last."""

    def __init__(self, path: Path, stream: _Stream, words: WordReader) -> None:
        self.path, self.stream, self.words = path, stream, words
        header = stream.next(64).partition(b"\n")
        match = HEADER.match(header[0]) if header[1] else None
        if not match:
            raise DataError("expected a first line of two integers, words and width", path, 1)
        stream.take(len(header[0]) + 1)
        self.n, self.width = int(match[1]), int(match[2])
        if not self.n or not self.width:
            raise DataError(f"the header says {self.n} words of {self.width} values; a table needs both", path, 1)
        size = os.stat(path).st_size * (_MOST_PACKED if is_gzip(path) else 1)
        if self.n * (4 * self.width + 2) > size:  # also keeps a damaged header from asking for all memory
            raise DataError(f"cut short: {size} bytes cannot hold {self.n} words of {self.width} values", path)
        if self.width > _WIDEST:
            raise DataError(f"the header says {self.width} values a word; no vector has more than {_WIDEST}", path, 1)
        self.found: list[str] = []
        self.vectors = np.empty((self.n, self.width), dtype=np.float32)
        self.rests: dict[int, tuple[int, bytes]] = {}  # of words that may hold a blank: where they begin, the rest
        # The original tool ends every vector with a line break, gensim none. Where some end so and some do not, a byte
        # was lost or added, and the values behind it are shifted.
        self.line_breaks: bool | None = None

    def table(self) -> dict[str, Any]:
        for row in range(self.n):
            self._row(row)
        rest = self.stream.next(65)
        if rest.strip(b"\n") or len(rest) > 64:
            what = f"the header says {self.n} words, and more bytes follow the last one{self._hint(self.n)}"
            raise DataError(what, self.path, 1)
        refuse_bad_rows(self.vectors, self.found, self.path)
        if self.line_breaks is False:
            self._refuse_words_with_blanks()
        kept, vectors, notes = keep_first(self.found, self.vectors, self.path)
        return {"words": kept, "vectors": vectors, "notes": notes}

    def _row(self, row: int) -> None:
        position = self.stream.at
        word = self.stream.word()
        raw = b"" if word is None else self.stream.take(4 * self.width)
        if word is None or len(raw) < 4 * self.width:
            raise DataError(f"cut short: word {row + 1} of {self.n} runs beyond byte {self.stream.at}", self.path)
        place = f"word {row + 1} at byte {position}: "
        if b"\n" in word:
            what = f"a line break in the word {word[:60]!r}; bytes were lost or added before it"
            raise DataError(f"{place}{what}{self._hint(row)}", self.path)
        try:
            self.found.append(self.words.read(word, self.path, place=place))
        except DataError as error:
            raise DataError(f"{str(error).removeprefix(f'{self.path}: ')}{self._hint(row)}", self.path) from None
        if rest := _TEXT.match(raw[:164]):
            self.rests[row] = position, rest[0]
        self.vectors[row] = np.frombuffer(raw, "<f4")
        self._check_end(place, raw)

    def _check_end(self, place: str, raw: bytes) -> None:
        after = self.stream.next(1)
        ends = after == b"\n"
        if after:
            shifted = self.line_breaks not in (None, ends)
        else:  # not everybody writes the last line break; but it must not have become the last value's last byte
            shifted = self.line_breaks is not False and raw[-1:] == b"\n"
        if shifted:
            what = f"bytes were lost or added, its vector ends unlike those before it{self._hint(len(self.found))}"
            raise DataError(f"{place}{what}", self.path)
        self.line_breaks = ends if self.line_breaks is None else self.line_breaks
        self.stream.take(int(ends))

    # --- words with a blank

    def _hint(self, row: int) -> str:
        """What may have gone before a row that cannot be read."""
        return f". Or {self._with_blank(row - 1)}" if row - 1 in self.rests else ""

    def _with_blank(self, row: int) -> str:
        position, rest = self.rests[row]
        whole = f"{self.found[row]} {rest.decode('utf-8', 'replace').strip()}"
        return (
            f"word {row + 1} at byte {position}, '{self.found[row]}', is '{whole}': a blank ends a word here. "
            "Write it with an underscore, or the table as text"
        )

    def _refuse_words_with_blanks(self) -> None:
        """Refuse a word that was cut at a blank in it: its rest, read as numbers, is far too large or too small."""
        sizes = np.maximum(self.vectors.max(axis=1), -self.vectors.min(axis=1))
        if not sizes.any():
            return
        usual = float(np.median(sizes[sizes > 0]))
        for row, (_, rest) in self.rests.items():
            # A blank that is the last byte of a number makes it about 1e-19, and the values behind it look well.
            values = [abs(float(self.vectors[row, i // 4])) for i, byte in enumerate(rest) if byte == 32 and i % 4 == 3]
            if sizes[row] > _LARGE * usual or any(0 < value < _TINY * usual for value in values):
                raise DataError(self._with_blank(row), self.path)


def refuse_bad_rows(vectors: np.ndarray, words: list[str], path: Path, what: str = "the vector") -> None:
    """Raise DataError for the first vector that holds NaN or infinity."""
    row = first_bad_row(vectors)
    if row is not None:
        raise DataError(f"{what} of word {row + 1} ('{words[row]}') holds NaN or infinity", path)
