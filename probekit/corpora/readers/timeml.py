"""TimeML: time expressions (TIMEX3) in running text, .tml or .xml files, alone or in a .zip.

Pustejovsky et al. 2003 (TimeML), UzZaman et al. 2013 (TempEval-3). Only what stands in <TEXT> is read: the time of the
document itself, in DCT or DATETIME, is left out. Words are runs of letters and digits, and single other signs; a border
of an expression is a border of words, too. Sentences end at line ends and at closing punctuation before a letter, never
within an expression, after a number or after a single letter.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import COLUMNS, Sentences, decoded, plain_ends, split_of
from probekit.errors import DataError, ProbekitError
from probekit.resources import LARGEST_TEXT, find, plain_name, read_bytes

TYPES = ("DATE", "TIME", "DURATION", "SET")
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
# A point after a number or a single letter ends no sentence: "1. September", "J. G. Fichte".
_END = re.compile(r"(?<!\b\w)(?<!\d)[.!?…][\"'”“’»)\]]*\s+(?=[\"'“„‘«(\[]*[^\W\d_])|\n+")
_WORD = re.compile(r"\w+(?:[-’']\w+)*|[^\w\s]")


@dataclass(frozen=True)
class _Document:
    path: Path
    name: str
    sha256: str
    text: str
    expressions: list[tuple[int, int, str, str]]  # characters, type, value
    borders: list[tuple[int, int]]  # characters before a piece of the text, its line in the file

    @property
    def split(self) -> str:
        return split_of(self.name)

    def fail(self, message: str, line: int, sentence: str | None = None) -> NoReturn:
        raise DataError(message, self.path, line + 1, sentence)

    def line(self, place: int) -> int:
        """The line of a character of the text in the file, from 0."""
        start, line = self.borders[bisect_right(self.borders, place, key=itemgetter(0)) - 1]
        return line - 1 + self.text.count("\n", start, place)


def read_timeml(paths: str | Path | Sequence[str | Path], *, language: str = "", split: str | None = None) -> Corpus:
    """Read files, or .zip files of them, into one corpus, a document each, in the order of their names.

    `spans["entity"]`: sentence, start, end, label (DATE, TIME, DURATION, SET), value, and `first`, `last`, characters
    of the document's text. Sentence attributes as those of `bio:`, document the file's name. Raises DataError with the
    file for XML that is broken or nested, a type that is none of the four, and a file without <TEXT>.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise ProbekitError("no TimeML file given; name at least one")
    found, spans = Sentences(), []
    documents = [one for path in paths for one in _documents(find(path))]
    for document in documents:
        spans += _add(found, document, split)
    options = {"language": language, "split": split}
    corpus = found.corpus("timeml", documents, options, language)
    table = pd.DataFrame(spans, columns=[*COLUMNS["entity"], "value", "first", "last"])
    return replace(corpus, spans={"entity": table.astype({"label": str, "value": str})})


def _documents(path: Path) -> Iterator[_Document]:
    content = read_bytes(path)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        yield _document(path, plain_name(path), content)
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = sorted(name for name in packed.namelist() if name.endswith((".tml", ".xml")))
        if not names:
            raise DataError("is a .zip without .tml or .xml files", path)
        if sum(packed.getinfo(name).file_size for name in names) > LARGEST_TEXT:
            raise DataError("unpacks to more than a corpus can hold", path)
        for name in names:
            yield _document(path, Path(name).name, packed.read(name))


def _document(path: Path, name: str, content: bytes) -> _Document:
    text = plain_ends(path, decoded(path, content))
    if _ENTITY.search(text):
        raise DataError(f"{name} declares entities of its own, which are not read", path)
    read = _Reading(path, name)
    read.all_of(text)
    sha256 = hashlib.sha256(content).hexdigest()
    return _Document(path, name, sha256, "".join(read.pieces), read.spans, read.borders)


class _Reading:
    """The text of the first <TEXT> of a file with its expressions, and the line at which each piece of it stands."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.pieces: list[str] = []
        self.spans: list[tuple[int, int, str, str]] = []
        self.borders: list[tuple[int, int]] = []  # characters before a piece, its line in the file
        self.depth, self.length, self.done = 0, 0, False
        self.begun: tuple[int, int, dict[str, str]] | None = None  # characters, pieces before it
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler, self.parser.SkippedEntityHandler = self.data, self.skipped

    def all_of(self, text: str) -> None:
        """Read a file. Raises DataError with the line."""
        try:
            self.parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            raise DataError(f"{self.name} is not well-formed XML ({error})", self.path, error.lineno) from None
        if not self.done:
            raise DataError(f"{self.name} has no <TEXT>", self.path)

    def fail(self, message: str) -> NoReturn:
        raise DataError(f"{self.name}: {message}", self.path, self.parser.CurrentLineNumber)

    def skipped(self, entity: str, is_parameter: bool) -> None:
        self.fail(f"the entity &{entity}; is declared nowhere")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "TEXT" and not self.done:
            self.depth += 1
        if tag != "TIMEX3" or not self.depth:
            return
        if self.begun is not None:
            self.fail(f"a TIMEX3 within another ({attributes.get('tid', 'without tid')}); give spans that do not nest")
        if (kind := attributes.get("type", "")) not in TYPES:
            self.fail(f"TIMEX3 {attributes.get('tid', '')} has the type '{kind}', none of {', '.join(TYPES)}")
        self.begun = self.length, len(self.pieces), attributes

    def end(self, tag: str) -> None:
        if tag == "TEXT" and self.depth:
            self.depth -= 1
            self.done = not self.depth
        if tag == "TIMEX3" and self.begun is not None:
            (first, before, attributes), self.begun = self.begun, None
            if "".join(self.pieces[before:]).strip():
                self.spans.append((first, self.length, attributes["type"], attributes.get("value", "")))

    def data(self, text: str) -> None:
        if self.depth:
            self.borders.append((self.length, self.parser.CurrentLineNumber))
            self.pieces.append(text)
            self.length += len(text)


def _add(found: Sentences, document: _Document, split: str | None) -> list[tuple[int, int, int, str, str, int, int]]:
    """Add the sentences of a document; the rows of their expressions."""
    rows = []
    cuts = {border for start, end, *_ in document.expressions for border in (start, end)}
    for first, last in _sentences(document.text, document.expressions):
        words = list(_words(document.text, first, last, cuts))
        if not words:
            continue
        number = found.add(
            document,
            document.line(words[0][0]),
            [document.text[a:b] for a, b in words],
            document=document.name,
            text=document.text[first:last].strip(),
            split=split,
        )
        for start, end, kind, value in document.expressions:
            own = [place for place, (a, b) in enumerate(words) if a >= start and b <= end]
            if own:
                rows.append((number, own[0], own[-1] + 1, kind, value, start, end))
    return rows


def _sentences(text: str, expressions: Sequence[tuple[int, int, str, str]]) -> Iterator[tuple[int, int]]:
    """Borders of sentences in characters; none within an expression."""
    start = 0
    for end in _END.finditer(text):
        if not any(first < end.end() and end.start() < last - 1 for first, last, *_ in expressions):
            yield start, end.end()
            start = end.end()
    yield start, len(text)


def _words(text: str, first: int, last: int, cuts: set[int]) -> Iterator[tuple[int, int]]:
    for word in _WORD.finditer(text, first, last):
        borders = [word.start(), *sorted(cut for cut in cuts if word.start() < cut < word.end()), word.end()]
        yield from pairwise(borders)
