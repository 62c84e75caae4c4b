"""Running text: a paragraph or sentence a line, or paragraphs between empty lines, cut into sentences of words."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import is_blank, split_of, stream_lines
from probekit.corpora.readers.tokenising import split_sentences, tokeniser
from probekit.errors import ProbekitError
from probekit.resources import content_digest, find, plain_name, recipe_digest
from probekit.values import OneOf

_ENDS = frozenset(".!?")
_CLOSING = frozenset(["'", '"', "''", "”", "’", ")", "]", "»"])


def read_plain(
    paths: str | Path | Sequence[str | Path],
    *,
    words: Annotated[str, OneOf(("treebank", "blanks"))] = "treebank",
    sentences: bool = True,
    wrapped: bool = False,
    language: str = "",
) -> Corpus:
    """Read running text of files, plain or .gz, in the order given.

    words: "treebank" cuts words by the Penn Treebank rules, "blanks" takes text that is tokenised. sentences:
    whether paragraphs are cut into sentences; otherwise a paragraph is one. wrapped: paragraphs go over several
    lines and end at an empty one, else every line is one. Files are read piece by piece, and words held as numbers,
    four bytes each. Sentence attributes: id (file and number), document (the file), language, split (as a file's
    name says), file, line of the paragraph. Raises DataError for what is no UTF-8 text, ProbekitError where there
    is no word.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    number: dict[str, int] = {}
    codes, lengths, lines = array("i"), array("q"), array("q")
    files: list[tuple[str, int]] = []
    found_at = list(map(find, paths))
    for path in found_at:
        before = len(lengths)
        for line, found in _sentences(path, words, sentences, wrapped):
            codes.extend(number.setdefault(word, len(number)) for word in found)
            lengths.append(len(found))
            lines.append(line)
        files.append((plain_name(path), len(lengths) - before))
    if not codes:
        raise ProbekitError(f"there is no word in {', '.join(name for name, _ in files)}; give files of running text")
    form = pd.Categorical.from_codes(np.array(codes), categories=pd.Index(list(number), dtype=object))
    offsets = np.concatenate([[0], np.cumsum(np.array(lengths))]).astype(np.int64)
    # Of the files, as of all readers: a digest of the words would hold them all as text.
    contents = [(plain_name(path), content_digest(path)) for path in found_at]
    options = {"words": words, "sentences": sentences, "wrapped": wrapped, "language": language}
    digest = recipe_digest("plain", registry.entry("plain").revision, contents, options)
    return Corpus(form, offsets, sentences=_about(files, np.array(lines), language), digest=digest)


def _about(files: Sequence[tuple[str, int]], lines: np.ndarray, language: str) -> pd.DataFrame:
    names = [name for name, n in files for _ in range(n)]
    table = pd.DataFrame({"id": [f"{name}:{i}" for name, n in files for i in range(1, n + 1)], "document": names})
    splits = {name: split_of(name) for name, _ in files}
    return table.assign(language=language, split=[splits[name] for name in names], file=names, line=lines)


def _sentences(path: Path, words: str, sentences: bool, wrapped: bool) -> Iterator[tuple[int, list[str]]]:
    """The words of each sentence and the line its paragraph begins at."""
    cut = tokeniser(words)
    for line, text in _paragraphs(stream_lines(path), wrapped):
        if words == "treebank" and sentences:
            found: Iterable[list[str]] = map(cut, split_sentences(text))
        else:
            whole = cut(text)
            found = parts(whole) if sentences else [whole]
        yield from ((line, one) for one in found if one)


def _paragraphs(lines: Iterable[str], wrapped: bool) -> Iterator[tuple[int, str]]:
    if not wrapped:
        yield from ((number, line) for number, line in enumerate(lines, 1) if not is_blank(line))
        return
    held: list[str] = []
    for number, line in enumerate(chain(lines, [""]), 1):
        if not is_blank(line):
            held.append(line)
        elif held:
            yield number - len(held), " ".join(held)
            held = []


def parts(words: Sequence[str]) -> list[list[str]]:
    """A text of words cut after `.`, `!` and `?` where these are words of their own, with what closes beside them."""
    found: list[list[str]] = []
    start = at = 0
    while at < len(words):
        if words[at] in _ENDS:
            while at + 1 < len(words) and (words[at + 1] in _ENDS or words[at + 1] in _CLOSING):
                at += 1
            found.append(list(words[start : at + 1]))
            start = at + 1
        at += 1
    return found if start == len(words) else [*found, list(words[start:])]
