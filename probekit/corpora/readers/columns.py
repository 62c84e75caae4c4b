"""A word a line with its label in a column, an empty line between sentences: word classes, and what readers share.

Before a sentence may stand `# newdoc id = ...`, `# raw sent = ...` and, but for word classes, other lines that begin
with `# `.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import Sentences, TextFile, between_blanks, is_blank, text_files
from probekit.errors import ProbekitError

_COMMENT = re.compile(r"#[ #]")
_SAID = re.compile(r"## |# *(?:newdoc id|raw sent|text|sent_id) *=")  # where blanks separate columns, `# X` is a word
_ATTRIBUTE = re.compile(r"# *(newdoc id|raw sent|text) *= *(.*)")
Paths = str | Path | Sequence[str | Path]
Check = Callable[[TextFile, int, str], str]


def read_word_classes(
    paths: Paths, *, word: int = 1, tag: int = -1, language: str = "", split: str | None = None
) -> Corpus:
    """Read columns with a word class a word, plain or .gz, into one corpus in the order given.

    Columns are separated by tabs, or by blanks in a file without tabs; `word` and `tag` are their numbers, from 1, or
    from -1 at the end. Layer `upos`: the class as it is written. Sentence attributes: id, document (the last newdoc,
    else the file), language, split (from the file name unless given), file, line, text.

    Raises DataError with file and line for a line with too few columns, an empty word and an empty class.
    """
    return read_columns(paths, "word-classes", "upos", {"word": word, "tag": tag}, _some, language, split, _SAID)


def _some(file: TextFile, line: int, text: str) -> str:
    return text or file.fail("an empty class", line)


def read_columns(
    paths: Paths,
    reader: str,
    layer: str,
    columns: Mapping[str, int],
    check: Check,
    language: str,
    split: str | None,
    comment: re.Pattern[str] = _COMMENT,
) -> Corpus:
    """Files with a word and a label a line as a corpus with one layer.

    columns: numbers of the columns of words and of labels, in this order, by the option that says them. check: a
    label as it is kept, from file, line and text. comment: how a line begins that is one, before a sentence.
    """
    for option, number in columns.items():
        if isinstance(number, bool) or not isinstance(number, int) or number == 0:
            raise ProbekitError(f"{option}={number}: give the number of a column, from 1, or from -1 at the end")
    files = text_files(paths, "file of columns")
    found = Sentences([layer])
    for file in files:
        before = len(found)
        _read_file(file, found, layer, columns, check, split, comment)
        if len(found) == before:
            file.fail("the file holds no sentence", 0)
    return found.corpus(reader, files, {**columns, "language": language, "split": split}, language)


def _read_file(
    file: TextFile,
    found: Sentences,
    layer: str,
    columns: Mapping[str, int],
    check: Check,
    split: str | None,
    comment: re.Pattern[str],
) -> None:
    tabs = "\t" in file.text
    word, label = columns.values()
    widest = max(abs(word), abs(label))
    words: list[str] = []
    labels: list[str] = []
    told = {"newdoc id": "", "raw sent": "", "text": ""}
    first = 0

    def end() -> None:
        if words:
            text = told["raw sent"] or told["text"]
            layers: dict[str, Any] = {layer: labels}
            found.add(file, first, words, document=told["newdoc id"], text=text, split=split, **layers)
            words.clear()
            labels.clear()
            told.update({"raw sent": "", "text": ""})

    for number, line in enumerate(file.lines):
        if is_blank(line):
            end()
        elif not words and comment.match(line):
            if match := _ATTRIBUTE.match(line):
                told[match[1]] = match[2].strip()
        else:
            cells = line.split("\t") if tabs else between_blanks(line)
            word_at, label_at = (one - 1 if one > 0 else len(cells) + one for one in (word, label))
            # A word alone is not its own label.
            if len(cells) < widest or (word_at == label_at and word != label):
                plural = "" if len(cells) == 1 else "s"
                asked = " and ".join(f"{option}={one}" for option, one in columns.items())
                file.fail(f"{len(cells)} column{plural} where {asked} are read", number)
            form = cells[word_at]
            if not form.strip():
                file.fail("an empty word", number)
            first = first if words else number
            words.append(form)
            labels.append(check(file, number, cells[label_at].strip()))
    end()
