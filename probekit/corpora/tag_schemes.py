"""Spans as tags of words and back: BIO, IOB, BIOES, and what is done with tags that break their scheme."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from probekit.errors import ProbekitError

Scheme = Literal["bio", "iob", "bioes"]
SCHEMES: tuple[str, ...] = get_args(Scheme)
Repair = Literal["strict", "begin", "final-type"]
REPAIRS: tuple[str, ...] = get_args(Repair)
TAG = re.compile(r"(?:O|([BIESLU])-(\S.*))")
# BILOU is BIOES with other letters.
_SAME = {"L": "E", "U": "S"}

Span = tuple[int, int, str]


class BrokenTag(ProbekitError):
    """Tags that are none, or break their scheme: `at` is the place of the first, `mendable` whether a repair helps."""

    def __init__(self, message: str, at: int, mendable: bool = False) -> None:
        super().__init__(message)
        self.at, self.mendable = at, mendable


class Tagged(NamedTuple):
    """Spans (start, end, label) in order, and how many places had to be repaired."""

    spans: list[Span]
    repaired: int


def spans_of_tags(tags: Sequence[str], scheme: str = "bio", repair: str = "strict") -> Tagged:
    """The spans of one sentence's tags.

    repair: `strict` raises BrokenTag where the scheme is broken. `begin` lets an I (or E) that continues nothing begin
    a span, and ends a span of BIOES where the next begins or the sentence ends. `final-type` does so too, but an I of
    another type goes on with the span before it, which then has the type of its last tag (mBERT for low-resource
    languages: first orphans, then types).
    """
    found = _Spans(scheme, repair)
    for at, tag in enumerate(tags):
        match = TAG.fullmatch(tag)
        if match is None:
            raise BrokenTag(f"the tag '{tag}' is none of the scheme {scheme}: O, B-LABEL, I-LABEL, ...", at)
        letter, name = (_SAME.get(match[1], match[1]), match[2]) if match[1] else ("O", "")
        if letter in "ES" and scheme != "bioes":
            raise BrokenTag(f"the tag '{tag}' belongs to the scheme bioes; this file is read as {scheme}", at)
        found.read(at, letter, name, tag)
    found.close(len(tags))
    return Tagged(found.spans, found.repaired)


class _Spans:
    """Spans as they are found from left to right; `start` is -1 where none is open."""

    def __init__(self, scheme: str, repair: str) -> None:
        self.scheme, self.repair = scheme, repair
        self.spans: list[Span] = []
        self.repaired = 0
        self.start, self.label = -1, ""

    def read(self, at: int, letter: str, name: str, tag: str) -> None:
        """One tag, taken apart."""
        inside = letter in "IE" and self.start >= 0
        if inside and name != self.label and self.repair == "final-type" and self.scheme != "iob":
            self.repaired += 1
            self.label = name
        continues = inside and name == self.label
        if letter in "IE" and not continues and self.scheme != "iob":
            self._broken(f"'{tag}' does not continue a span: a span begins with B; is the scheme iob?", at)
        if self.scheme == "bioes" and self.start >= 0 and not continues:
            self._broken(f"'{tag}' where the span of {self.label} has not ended: in bioes its last word has E", at)
        if not continues:
            self._end(at)
            self.start, self.label = (-1, "") if letter == "O" else (at, name)
        if letter in "ES":
            self._end(at + 1)

    def close(self, n: int) -> None:
        """The end of the sentence."""
        if self.scheme == "bioes" and self.start >= 0:
            self._broken(
                f"the sentence ends within the span of {self.label}: in bioes its last word has E", max(n - 1, 0)
            )
        self._end(n)

    def _end(self, at: int) -> None:
        if self.start >= 0:
            self.spans.append((self.start, at, self.label))
        self.start, self.label = -1, ""

    def _broken(self, message: str, at: int) -> None:
        if self.repair == "strict":
            raise BrokenTag(message, at, mendable=True)
        self.repaired += 1


def tags_of_spans(n: int, spans: Iterable[Span], scheme: str = "bio") -> list[str]:
    """Tags of n words with these spans, which do not overlap. Raises ProbekitError where two do."""
    tags = ["O"] * n
    ends: dict[int, str] = {}  # where a span ends: its label, for iob
    for start, end, label in sorted(spans):
        if any(tag != "O" for tag in tags[start:end]):
            raise ProbekitError(f"the span {start}:{end} of {label} overlaps another; tags hold one span a word")
        begins = "B" if scheme != "iob" or ends.get(start) == label else "I"
        tags[start:end] = [f"{begins}-{label}", *[f"I-{label}"] * (end - start - 1)]
        if scheme == "bioes":
            tags[end - 1] = f"{'S' if end - start == 1 else 'E'}-{label}"
        ends[end] = label
    return tags
