"""Entity spans in columns: a word and its tag a line (BIO, IOB, BIOES, BILOU), an empty line between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import Sentences, TextFile, between_blanks, is_blank, text_files
from probekit.errors import ProbekitError, UnknownName

Scheme = Literal["bio", "iob", "bioes"]
SCHEMES: tuple[str, ...] = get_args(Scheme)
_TAG = re.compile(r"(?:O|([BIESLU])-(\S.*))")
# BILOU is BIOES with other letters.
_SAME = {"L": "E", "U": "S"}
_COMMENT = re.compile(r"#[ \t]*(?:newdoc\b|newpar\b|[\w.:-]+[ \t]*=)")
_NO_SENTENCE = "-DOCSTART-"


def read_bio(
    paths: str | Path | Sequence[str | Path],
    *,
    word: int = 1,
    tag: int = -1,
    scheme: Scheme = "bio",
    language: str = "",
    split: str | None = None,
) -> Corpus:
    """Read columns with entity tags, plain or .gz, into one corpus in the order given.

    Columns are separated by tabs, or by blanks in a file without tabs; `word` and `tag` are the numbers of the
    columns that are read, from 1, or from -1 at the end. A line of blanks ends a sentence. Lines of the form
    `# newdoc id = ...`, `# sent_id = ...`, `# text = ...` before a sentence, and `-DOCSTART-`, are no words; a line
    with the columns of the others and a tag is one, such as `#team=win O`. No other white space separates anything.

    Schemes: `bio` (every span begins with B), `iob` (B only where two spans of one label touch), `bioes` (S alone, E
    at the end; the letters of BILOU are understood too). `spans["entity"]`: sentence, start, end, label. Sentence
    attributes: id, document (the last newdoc, else the file), language, split (from the file name unless given),
    file, line, text.

    Raises DataError with file and line for a line with too few columns, an empty word, a tag that is none, and tags
    that break their scheme: I without the beginning of its span, a span of BIOES that is not ended.
    """
    for option, number in (("word", word), ("tag", tag)):
        if isinstance(number, bool) or not isinstance(number, int) or number == 0:
            raise ProbekitError(f"{option}={number}: give the number of a column, from 1, or from -1 at the end")
    if scheme not in SCHEMES:
        raise UnknownName("tagging scheme", str(scheme), SCHEMES)
    files = text_files(paths, "file of columns")
    found = Sentences(spans=["entity"])
    for file in files:
        before = len(found)
        for sentence in _sentences(file, word, tag):
            spans = spans_of_tags(file, sentence.lines, sentence.tags, scheme)
            number = found.add(
                file,
                sentence.lines[0],
                sentence.words,
                document=sentence.document,
                id=sentence.id,
                text=sentence.text,
                split=split,
            )
            found.spans["entity"] += [(number, *span) for span in spans]
        if len(found) == before:
            file.fail("the file holds no sentence", 0)
    options = {"word": word, "tag": tag, "scheme": scheme, "language": language, "split": split}
    return found.corpus("bio", files, options, language)


class _Sentence:
    def __init__(self, document: str) -> None:
        self.lines: list[int] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.id = self.text = ""
        self.document = document


def _sentences(file: TextFile, word: int, tag: int) -> Iterator[_Sentence]:
    tabs = "\t" in file.text
    width = _width(file, tabs)
    documents, sentence = 0, _Sentence("")
    for number, line in enumerate(file.lines):
        if is_blank(line):
            if sentence.words:
                yield sentence
                sentence = _Sentence(sentence.document)
        elif not sentence.words and _is_comment(line, tabs, width, tag):
            key, _, value = (part.strip() for part in line[1:].partition("="))
            if key in ("newdoc", "newdoc id"):
                documents += 1
                sentence.document = value or f"{file.name}:doc{documents}"
            elif key == "sent_id":
                sentence.id = value
            elif key == "text":
                sentence.text = value
        else:
            cells = _cells(line, tabs)
            if not tabs and line[0] == " ":
                file.fail("an empty first column: the line begins with a blank", number)
            if cells[0].strip() == _NO_SENTENCE:
                documents += 1
                sentence.document = f"{file.name}:doc{documents}"
                continue
            if len(cells) < max(abs(word), abs(tag)):
                plural = "" if len(cells) == 1 else "s"
                file.fail(f"{len(cells)} column{plural} where word={word} and tag={tag} are to be read", number)
            form = cells[word - (word > 0)]
            if not form.strip():
                file.fail("an empty word", number)
            sentence.lines.append(number)
            sentence.words.append(form)
            sentence.tags.append(cells[tag - (tag > 0)].strip())
    if sentence.words:
        yield sentence


def _cells(line: str, tabs: bool) -> list[str]:
    return line.split("\t") if tabs else between_blanks(line)


def _width(file: TextFile, tabs: bool) -> int:
    """Columns of the first line that can be no comment, 0 without one."""
    return next((len(_cells(line, tabs)) for line in file.lines if not is_blank(line) and not _COMMENT.match(line)), 0)


def _is_comment(line: str, tabs: bool, width: int, tag: int) -> bool:
    """Whether a line is `# key = value`, and not a word such as `#team=win` with its tag in the column for tags."""
    if not _COMMENT.match(line):
        return False
    cells = _cells(line, tabs)
    tagged = len(cells) >= max(2, abs(tag)) and _TAG.fullmatch(cells[tag - (tag > 0)].strip())
    return not tagged or not (tabs or len(cells) == width)


def spans_of_tags(
    file: TextFile, lines: Sequence[int], tags: Sequence[str], scheme: Scheme
) -> list[tuple[int, int, str]]:
    """Spans (start, end, label) of the tags of one sentence. Raises DataError for tags that break their scheme."""
    spans: list[tuple[int, int, str]] = []
    start, label = -1, ""  # of the open span

    def end(at: int) -> None:
        if start >= 0:
            spans.append((start, at, label))

    for at, tag in enumerate(tags):
        match = _TAG.fullmatch(tag)
        if match is None:
            file.fail(f"the tag '{tag}' is none of the scheme {scheme}: O, B-LABEL, I-LABEL, ...", lines[at])
        letter, name = _SAME.get(match[1], match[1]) if match[1] else "O", match[2]
        if letter in "ES" and scheme != "bioes":
            file.fail(f"the tag '{tag}' belongs to the scheme bioes; this file is read as {scheme}", lines[at])
        continues = letter in "IE" and start >= 0 and name == label
        if letter in "IE" and not continues and scheme != "iob":
            file.fail(f"'{tag}' does not continue a span: a span begins with B; is the scheme iob?", lines[at])
        if scheme == "bioes" and start >= 0 and not continues:
            file.fail(f"'{tag}' where the span of {label} has not ended: in bioes its last word has E", lines[at])
        if not continues:
            end(at)
            start, label = (-1, "") if letter == "O" else (at, name)
        if letter in "ES":
            end(at + 1)
            start, label = -1, ""
    if scheme == "bioes" and start >= 0:
        file.fail(f"the sentence ends within the span of {label}: in bioes its last word has E", lines[-1])
    end(len(tags))
    return spans
