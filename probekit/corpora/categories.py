"""Categories of combinatory categorial grammar: read, printed in one form, written out as symbols and put together.

A category is an atom (`n`, `s:dcl`, `S[dcl]`) or a functor `result/argument`, `result\\argument`. Every functor inside
another stands in brackets, the outermost does not (the form of CCGbank, Hockenmaier and Steedman 2007).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from probekit.errors import ProbekitError

_SYMBOL = re.compile(r"[()\\/]|[^()\\/]+")
SLASHES = ("/", "\\")
_MARKS = ("(", ")", *SLASHES)
_FEATURE = re.compile(r"^([^:\[]+)(?::(.+)|\[(.+)\])?$")


class BrokenCategory(ProbekitError):
    """A string that is no category: `why`, and `at`, the place in it, counted from 0 in characters."""

    def __init__(self, text: str, at: int, why: str) -> None:
        super().__init__(f"'{text}' is no category: {why} (character {at + 1})")
        self.text, self.at, self.why = text, at, why


@dataclass(frozen=True)
class Atom:
    """An atomic category with its feature, such as `s:dcl`."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def base(self) -> str:
        """The name without its feature."""
        return split_feature(self.name)[0]

    @property
    def feature(self) -> str:
        """The feature, "" without one."""
        return split_feature(self.name)[1]


@dataclass(frozen=True)
class Functor:
    """What gives `result` when it meets `argument`: on its right (`/`) or on its left (`\\`)."""

    result: Category
    slash: str
    argument: Category

    def __str__(self) -> str:
        return f"{_inside(self.result)}{self.slash}{_inside(self.argument)}"


Category = Atom | Functor


def _inside(category: Category) -> str:
    return f"({category})" if isinstance(category, Functor) else str(category)


@lru_cache(maxsize=4096)
def split_feature(atom: str) -> tuple[str, str]:
    """Base and feature of an atom as either bank writes it: `s:dcl`, `S[dcl]`; punctuation has none."""
    match = _FEATURE.match(atom)
    return (match[1], match[2] or match[3] or "") if match else (atom, "")


def symbols(text: str) -> list[str]:
    """A string cut at brackets and slashes, which are kept: the parts join to the string again."""
    return _SYMBOL.findall(text)


@lru_cache(maxsize=65536)
def parse(text: str) -> Category:
    """A category of its string; brackets beyond those needed are allowed. Raises BrokenCategory for no category."""
    return _Reader(text).whole()


def canonical(text: str) -> str:
    """The one form of a category: no bracket but around functors within functors. Raises BrokenCategory."""
    return str(parse(text))


def joined(parts: Iterable[str]) -> str:
    """Symbols put together: the canonical form where they are a category, else as they are, two atoms parted."""
    text = written(parts)
    return canonical(text) if is_category(text) else text


def written(parts: Iterable[str]) -> str:
    """Symbols one after another; a blank between two atoms, which would be read as one."""
    found = ""
    for part in parts:
        both_atoms = found and found[-1] not in _MARKS and part not in _MARKS
        found += f" {part}" if both_atoms else part
    return found


def is_category(text: str) -> bool:
    """Whether a string is a category."""
    try:
        parse(text)
    except BrokenCategory:
        return False
    return True


class _Reader:
    """Recursive descent over the symbols of a string."""

    def __init__(self, text: str) -> None:
        self.text, self.symbols, self.at = text, symbols(text), 0
        self.places = [match.start() for match in _SYMBOL.finditer(text)]

    def whole(self) -> Category:
        if not self.text.strip():
            raise BrokenCategory(self.text, 0, "it is empty")
        try:
            found = self.category()
        except RecursionError:
            raise BrokenCategory(self.text, 0, "its brackets are nested too deep") from None
        if self.at < len(self.symbols):
            self.fail("a bracket closes nothing" if self.next == ")" else f"'{self.next}' follows a whole category")
        return found

    @property
    def next(self) -> str:
        return self.symbols[self.at] if self.at < len(self.symbols) else ""

    def category(self) -> Category:
        left = self.term()
        if self.next not in SLASHES:
            return left
        slash = self.next
        self.at += 1
        found = Functor(left, slash, self.term())
        if self.next in SLASHES:
            self.fail("two slashes without brackets that say which is outer")
        return found

    def term(self) -> Category:
        symbol = self.next
        if symbol == "(":
            self.at += 1
            found = self.category()
            if self.next != ")":
                self.fail("a bracket is not closed")
            self.at += 1
            return found
        if symbol in SLASHES:
            self.fail("a slash where a category should stand; were its backslashes doubled by a tool?")
        if symbol in ("", ")"):
            self.fail("nothing where a category should stand")
        if symbol != symbol.strip() or len(symbol.split()) > 1:
            self.fail(f"a blank within '{symbol}'")
        self.at += 1
        return Atom(symbol)

    def fail(self, why: str) -> None:
        place = self.places[self.at] if self.at < len(self.places) else len(self.text)
        raise BrokenCategory(self.text, place, why)
