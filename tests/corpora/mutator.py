"""Damaged inputs for tests of readers: valid files with a few random changes, the same in every run."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

BOM = b"\xef\xbb\xbf"
# Of any text: broken and unusual encodings, ends of lines, digits that are none of ours, numbers without bound.
ANYWHERE = (
    b"",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    BOM,
    b"\r",
    b"\r\n",
    b"\n",
    b"\n\n",
    b"\t",
    b"\t\t",
    b" ",
    b"  ",
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b"\x85",
    "\u2028".encode(),
    "\xa0".encode(),
    "٣".encode(),
    b"_",
    b"0",
    b"-1",
    b"+1",
    b"1.0",
    b"1e5",
    b"1e999",
    b"nan",
    b"inf",
    b"2147483648",
    b"99999999999999999999",
    b"9" * 5000,
)
JSON = (
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b'"',
    b"\\",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b'[{"a":' * 2_000,
)


class Mutator:
    """Endless inputs made of valid ones by one to four random changes. The same seed gives the same inputs."""

    def __init__(self, seed: int, seeds: Sequence[bytes], tokens: Sequence[bytes] = (), split: bytes = b"") -> None:
        """`split` is what stands between the cells of a line; files of bytes have neither."""
        self.seeds, self.tokens, self.split = seeds, (*ANYWHERE, *tokens), split
        self._draws = self._numbers(np.random.default_rng(seed))
        self.changes: tuple[Callable[[bytes], bytes], ...] = (
            self.flip,
            self.flip,
            self.delete,
            self.repeat,
            self.insert,
            self.insert,
            self.replace,
            self.splice,
        )
        if split:
            self.changes += (self.cell, self.cell, self.swap, self.number, self.lines)

    @staticmethod
    def _numbers(rng: np.random.Generator) -> Iterator[int]:
        while True:
            yield from rng.integers(0, 2**31, size=1 << 14).tolist()

    def below(self, n: int) -> int:
        """A number from 0 to n - 1; 0 for n = 0."""
        return next(self._draws) % max(n, 1)

    def one(self, values: Sequence[Any]) -> Any:
        return values[self.below(len(values))]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            seed = content = self.one(self.seeds)
            for _ in range(1 + self.below(4)):
                content = self.one(self.changes)(content)
            if content != seed:
                yield content

    def span(self, content: bytes, most: int = 12) -> tuple[int, int]:
        start = self.below(len(content) + 1)
        return start, min(start + 1 + self.below(most), len(content))

    # Bytes.

    def flip(self, content: bytes) -> bytes:
        at = self.below(len(content))
        changed = content[at] ^ (1 << self.below(8)) if content else 0
        return content[:at] + bytes([changed]) + content[at + 1 :]

    def delete(self, content: bytes) -> bytes:
        start, end = self.span(content, self.one((1, 1, 12, 1000)))
        return content[:start] + content[end:]

    def repeat(self, content: bytes) -> bytes:
        start, end = self.span(content, self.one((1, 12, 1000)))
        return content[:end] + content[start:]

    def insert(self, content: bytes) -> bytes:
        at = self.below(len(content) + 1)
        return content[:at] + self.one(self.tokens) + content[at:]

    def replace(self, content: bytes) -> bytes:
        start, end = self.span(content)
        return content[:start] + self.one(self.tokens) + content[end:]

    def splice(self, content: bytes) -> bytes:
        other = self.one(self.seeds)
        return content[: self.below(len(content) + 1)] + other[self.below(len(other)) :]

    # Cells of a line and lines.

    def cell(self, content: bytes) -> bytes:
        cells = content.split(self.split)
        cells[self.below(len(cells))] = self.one(self.tokens)
        return self.split.join(cells)

    def swap(self, content: bytes) -> bytes:
        split = self.one((self.split, b"\n"))
        cells = content.split(split)
        a, b = self.below(len(cells)), self.below(len(cells))
        cells[a], cells[b] = cells[b], cells[a]
        return split.join(cells)

    def number(self, content: bytes) -> bytes:
        found = [match.span() for match in re.finditer(rb"[0-9]+", content)]
        if not found:
            return content
        start, end = self.one(found)
        value = int(content[start : min(end, start + 18)]) + self.one((-1, 1, 2, 1000, -1000))
        return content[:start] + str(value).encode() + content[end:]

    def lines(self, content: bytes) -> bytes:
        lines = content.split(b"\n")
        at = self.below(len(lines))
        return b"\n".join(lines[:at] + self.one(([], [lines[at]] * 2, [b"", lines[at]])) + lines[at + 1 :])


def packed(inputs: Iterator[bytes], seed: int) -> Iterator[bytes]:
    """Inputs compressed; half of them are damaged once more after that."""
    damage = Mutator(seed, [b""])
    for number, content in enumerate(inputs):
        whole = gzip.compress(content, 1, mtime=0)
        yield whole if number % 2 else damage.one((damage.flip, damage.delete, damage.repeat, damage.insert))(whole)
