"""What readers of line-based formats share: text of a file, its split, sentences collected into a corpus."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.errors import DataError, ProbekitError
from probekit.resources import find, plain_name, read_bytes, read_pieces, recipe_digest

_SPLIT = re.compile(r"(?:^|[-_.])(train|dev|test)(?:[-_.]|$)")
# What separates words and columns where blanks do. Other white space, such as a no-break space, belongs to a word.
ENDS = " \t\r\n"
_BLANKS = re.compile(f"[{ENDS}]+")
_NO_TEXT = "half of a surrogate pair, which is no text; write the character itself or both halves"
SPAN = ["sentence", "start", "end"]
PAIR = [*SPAN, "sentence2", "start2", "end2"]
# Columns of the span layers, as every reader and the grammar make them; further columns may follow.
COLUMNS = {"entity": [*SPAN, "label"], "predicate-argument": [*PAIR, "label"], "coreference": [*SPAN, "entity"]}


# --- text and lines, for every reader ----------------------------------------------------------------


def decoded(path: Path, content: bytes, before: int = 0) -> str:
    """UTF-8 text of a file's content without its byte order mark. Raises DataError with the line that is not UTF-8.

    before: lines of the file that come before this content; then there is no mark.
    """
    if not before:
        content = content.removeprefix(codecs.BOM_UTF8)  # by hand: "utf-8-sig" counts errors from behind it
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = before + content.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 (byte 0x{content[error.start]:02x}); convert the file (iconv -t utf-8)"
        raise DataError(what, path, line) from None


def plain_ends(path: Path, text: str, before: int = 0) -> str:
    """Text whose lines all end in a line feed. Raises DataError with the line of a carriage return that ends none."""
    if "\r" not in text:
        return text
    text = text.replace("\r\n", "\n")
    first, lone, _ = text.partition("\r")
    if lone:
        what = "a carriage return without a line feed; end lines with a line feed, or take it out of the text"
        raise DataError(what, path, before + first.count("\n") + 1)
    return text


def lines_of(text: str) -> list[str]:
    """The lines of a text with plain ends, without the empty one that a final line end leaves.

    Never `splitlines`: a form feed, U+0085 or U+2028 stands inside a line, and would shift all lines after it.
    """
    return text.removesuffix("\n").split("\n")


def read_lines(path: Path) -> list[str]:
    """The lines of a file, plain or .gz. Raises DataError as `decoded` and `plain_ends`."""
    return lines_of(plain_ends(path, decoded(path, read_bytes(path))))


def stream_lines(path: Path) -> Iterator[str]:
    """The lines of `read_lines`, never much more of the file in memory than a piece of it. Raises at the line it comes
    to."""
    before, rest = 0, b""
    for piece in read_pieces(path):
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            found = plain_ends(path, decoded(path, whole + end, before), before).removesuffix("\n").split("\n")
            yield from found
            before += len(found)
    if rest or not before:
        yield plain_ends(path, decoded(path, rest, before), before)


def between_blanks(text: str) -> list[str]:
    """What blanks, tabs and line ends part; any other white space belongs to a word."""
    return [part for part in _BLANKS.split(text) if part]


def is_blank(line: str) -> bool:
    """Whether a line holds nothing but blanks and tabs."""
    return not line.strip(" \t")


def json_object(path: Path, line: int, text: str) -> dict[str, Any]:
    """The JSON object in a line, which counts from 1. Raises DataError for anything else, and for what is no text."""
    try:
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DataError(_NO_TEXT, path, line) from None
    except RecursionError:
        raise DataError("is JSON nested too deep for a line of data", path, line) from None
    except ValueError as error:
        raise DataError(f"is not JSON ({error})", path, line) from None
    if not isinstance(value, dict):
        raise DataError(f"a {type(value).__name__} where a JSON object is expected", path, line)
    return value


@dataclass
class TextFile:
    """One UTF-8 file: `text` without a byte order mark and with plain line ends; `name` is its base name without .gz.

    Raises DataError with the line for what is not UTF-8, is a damaged .gz, holds nothing but blanks, or has a carriage
    return that ends no line.
    """

    path: Path
    name: str = field(init=False)
    sha256: str = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = plain_name(self.path)
        content = read_bytes(self.path)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.text = plain_ends(self.path, decoded(self.path, content))
        if not self.text.strip():
            self.fail("the file holds no sentence", 0)

    def fail(self, message: str, line: int, sentence: str | None = None) -> NoReturn:
        """Raise DataError for a line given by its 0-based index."""
        raise DataError(message, self.path, line + 1, sentence)

    def fail_at(self, message: str, place: int) -> NoReturn:
        """Raise DataError for a place given in characters."""
        self.fail(message, self.text.count("\n", 0, place))

    @property
    def lines(self) -> list[str]:
        """The lines; see `lines_of`."""
        return lines_of(self.text)

    @property
    def split(self) -> str:
        """The split that the file name says, or ""."""
        return split_of(self.name)


def split_of(name: str) -> str:
    """The split that a file name says (`ai-dev.txt`, `train.conll`, `x_test.slim.conllu`), or ""."""
    return match[1] if (match := _SPLIT.search(name)) else ""


def text_files(paths: str | Path | Sequence[str | Path], what: str) -> list[TextFile]:
    """The files of a reader's first argument. Raises ProbekitError when there is none."""
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise ProbekitError(f"no {what} given; name at least one")
    return [TextFile(find(path)) for path in paths]


def whole_number(value: Any, option: str, least: int) -> int:
    """A reader's option as a whole number of at least `least`. Raises ProbekitError naming the option."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ProbekitError(f"{option}={value} must be a whole number of at least {least}")
    return value


class SourceFile(Protocol):
    """What sentences come from: its base name, the digest of its content, the split that its name says."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def split(self) -> str: ...

    def fail(self, message: str, line: int, sentence: str | None = None) -> NoReturn: ...


class Sentences:
    """Sentences in the order they are found, with their attributes, layers and spans, until they are a corpus."""

    def __init__(self, layers: Sequence[str] = (), spans: Sequence[str] = ()) -> None:
        self.words: list[str] = []
        self.lengths: list[int] = []
        self.layers: dict[str, list[str]] = {name: [] for name in layers}
        self.spans: dict[str, list[tuple[Any, ...]]] = {name: [] for name in spans}
        self.attributes: list[tuple[str, str, str, str, int, str]] = []
        self.trees: list[str] = []
        self._ids: dict[str, tuple[SourceFile, int]] = {}
        self._in_file: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.lengths)

    def add(
        self,
        file: SourceFile,
        line: int,
        words: Sequence[str],
        *,
        document: str = "",
        id: str = "",
        text: str = "",
        split: str | None = None,
        **layers: Sequence[str],
    ) -> int:
        """One sentence, which begins at a 0-based line; returns its number. A repeated id is a DataError."""
        number = len(self)
        ordinal = self._in_file[file.name] = self._in_file.get(file.name, 0) + 1
        name = id or f"{file.name}:{ordinal}"
        before = self._ids.setdefault(name, (file, line))
        if before != (file, line):
            file.fail(f"the sentence id '{name}' was given before, at {before[0].name}:{before[1] + 1}", line, name)
        self.words.extend(words)
        self.lengths.append(len(words))
        for layer, values in layers.items():
            self.layers[layer].extend(values)
        part = file.split if split is None else split
        self.attributes.append((name, document or file.name, part, file.name, line + 1, text))
        return number

    def corpus(self, reader: str, files: Sequence[SourceFile], options: Mapping[str, Any], language: str) -> Corpus:
        """Everything that was added as a corpus, whose digest is that of the recipe."""
        id_, document, split, file, line, text = zip(*self.attributes, strict=True)
        table = pd.DataFrame(
            {
                "id": id_,
                "document": document,
                "language": [language] * len(self),
                "split": split,
                "file": file,
                "line": np.array(line, dtype=np.int64),
                "text": text,
            }
        )
        contents = [(one.name, one.sha256) for one in files]
        return Corpus(
            form=_categorical(self.words),
            offsets=np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64),
            layers={name: _categorical(values) for name, values in self.layers.items()},
            sentences=table,
            trees=tuple(self.trees) if self.trees else None,
            spans={name: span_table(name, rows) for name, rows in self.spans.items()},
            digest=recipe_digest(reader, registry.entry(reader).revision, contents, options),
        )


def span_table(name: str, rows: Sequence[tuple[Any, ...]], more: Sequence[str] = ()) -> pd.DataFrame:
    """A span layer from rows, which are sorted: numbers int64, labels text, `cut` bool."""
    columns = [*COLUMNS.get(name, COLUMNS["entity"]), *more]
    table = pd.DataFrame(sorted(rows), columns=columns)
    texts = {"label": str, "cut": bool}
    return table.astype({column: texts.get(column, np.int64) for column in columns})


def _categorical(values: Sequence[str]) -> pd.Categorical:
    codes, found = pd.factorize(np.array(values, dtype=object))
    return pd.Categorical.from_codes(codes, categories=pd.Index(found, dtype=object))


def chains(
    mentions: Sequence[tuple[int, int, int, Hashable, bool]], singletons: bool
) -> list[tuple[int, int, int, int, bool]]:
    """Rows (sentence, start, end, entity, cut) of the coreference layer from mentions with their chain.

    Entities are numbered through the corpus in the order of their first mention. Chains of one mention are left out
    unless `singletons`: the corpora of edge probing annotate coreference and not every noun phrase.
    """
    sizes = Counter(chain for _, _, _, chain, _ in mentions)
    number: dict[Hashable, int] = {}
    return [
        (sentence, start, end, number.setdefault(chain, len(number)), cut)
        for sentence, start, end, chain, cut in sorted(mentions, key=lambda mention: mention[:3])
        if singletons or sizes[chain] > 1
    ]
