"""Entity spans in columns: a word and its tag a line (BIO, IOB, BIOES, BILOU), an empty line between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import Sentences, TextFile, between_blanks, is_blank, text_files
from probekit.corpora.tag_schemes import REPAIRS, SCHEMES, TAG, BrokenTag, Repair, Scheme, Tagged, spans_of_tags
from probekit.errors import ProbekitError, UnknownName

_COMMENT = re.compile(r"#[ \t]*(?:newdoc\b|newpar\b|[\w.:-]+[ \t]*=)")
_NO_SENTENCE = "-DOCSTART-"


def read_bio(
    paths: str | Path | Sequence[str | Path],
    *,
    word: int = 1,
    tag: int = -1,
    scheme: Scheme = "bio",
    repair: Repair = "strict",
    tags: int | Sequence[int] = (),
    skip: str | Sequence[str] = (),
    language: str = "",
    split: str | Sequence[str] | None = None,
) -> Corpus:
    """Read columns with entity tags, plain or .gz, into one corpus in the order given.

    Columns are separated by tabs, or by blanks in a file without tabs; `word` and `tag` are the numbers of the
    columns that are read, from 1, or from -1 at the end. A line of blanks ends a sentence. Lines of the form
    `# newdoc id = ...`, `# sent_id = ...`, `# text = ...` before a sentence, and `-DOCSTART-`, are no words; a line
    with the columns of the others and a tag is one, such as `#team=win O`. No other white space separates anything.

    Schemes: `bio` (every span begins with B), `iob` (B only where two spans of one label touch), `bioes` (S alone, E
    at the end; the letters of BILOU are understood too). Tags that break theirs are refused, or repaired where asked:
    see `spans_of_tags`. `skip`: lines that begin so are no words; the first of several kinds, before a sentence, begins
    a document. `spans["entity"]`: sentence, start, end, label; `tags` are numbers of further columns of tags, which
    become `spans["entity2"]` and so on. Sentence attributes: id, document (the last newdoc, else the file), language,
    split (from the file name unless given, for all files or for each), file, line, text, and with a repair `repaired`,
    how many places were.

    Raises DataError with file and line for a line with too few columns, an empty word, a tag that is none, and tags
    that break their scheme: I without the beginning of its span, a span of BIOES that is not ended.
    """
    further = [tags] if isinstance(tags, int) else list(tags)
    for option, number in (("word", word), ("tag", tag), *(("tags", one) for one in further)):
        if isinstance(number, bool) or not isinstance(number, int) or number == 0:
            raise ProbekitError(f"{option}={number}: give the number of a column, from 1, or from -1 at the end")
    if scheme not in SCHEMES:
        raise UnknownName("tagging scheme", str(scheme), SCHEMES)
    if repair not in REPAIRS:
        raise UnknownName("repair", str(repair), REPAIRS)
    columns, marks = [tag, *further], [skip] if isinstance(skip, str) else list(skip)
    layers = ["entity", *(f"entity{number}" for number in range(2, len(columns) + 1))]
    files = text_files(paths, "file of columns")
    splits = [split] * len(files) if split is None or isinstance(split, str) else list(split)
    if len(splits) != len(files):
        raise ProbekitError(f"split names {len(splits)} parts for {len(files)} files; give one, or one a file")
    found = Sentences(spans=layers)
    repaired: list[int] = []
    for file, part in zip(files, splits, strict=True):
        before = len(found)
        for sentence in _sentences(file, word, columns, marks):
            tagged = [checked_spans(file, sentence.lines, one, scheme, repair) for one in sentence.tags]
            number = found.add(
                file,
                sentence.lines[0],
                sentence.words,
                document=sentence.document,
                id=sentence.id,
                text=sentence.text,
                split=part,
            )
            repaired.append(sum(one.repaired for one in tagged))
            for layer, one in zip(layers, tagged, strict=True):
                found.spans[layer] += [(number, *span) for span in one.spans]
        if len(found) == before:
            file.fail("the file holds no sentence", 0)
    options: dict[str, Any] = {"word": word, "tag": tag, "scheme": scheme, "language": language, "split": split}
    # What came later is told only where it is asked for: older keys stay.
    later: dict[str, Any] = {"repair": repair, "tags": further, "skip": marks}
    options |= {name: value for name, value in later.items() if value and value != "strict"}
    corpus = found.corpus("bio", files, options, language)
    if repair == "strict":
        return corpus
    return replace(corpus, sentences=corpus.sentences.assign(repaired=np.array(repaired, dtype=np.int64)))


def checked_spans(
    file: TextFile, lines: Sequence[int], tags: Sequence[str], scheme: Scheme = "bio", repair: Repair = "strict"
) -> Tagged:
    """`spans_of_tags` of one sentence of a file. Raises DataError with the line of a tag that breaks its scheme."""
    try:
        return spans_of_tags(tags, scheme, repair)
    except BrokenTag as broken:
        file.fail(f"{broken}{'; repair=begin mends it' if broken.mendable else ''}", lines[broken.at])


class _Sentence:
    def __init__(self, document: str, columns: int) -> None:
        self.lines: list[int] = []
        self.words: list[str] = []
        self.tags: list[list[str]] = [[] for _ in range(columns)]
        self.id = self.text = ""
        self.document = document


def _sentences(file: TextFile, word: int, tags: Sequence[int], marks: Sequence[str]) -> Iterator[_Sentence]:
    tabs = "\t" in file.text
    width = _width(file, tabs)
    widest = max(abs(number) for number in (word, *tags))
    documents, sentence = 0, _Sentence("", len(tags))
    for number, line in enumerate(file.lines):
        if line.startswith(tuple(marks)):
            if not sentence.words and line.startswith(marks[0]):
                documents += 1
                sentence.document = f"{file.name}:doc{documents}"
        elif is_blank(line):
            if sentence.words:
                yield sentence
                sentence = _Sentence(sentence.document, len(tags))
        elif not sentence.words and _is_comment(line, tabs, width, tags[0]):
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
            if len(cells) < widest:
                plural = "" if len(cells) == 1 else "s"
                asked = " and ".join([f"word={word}", *(f"tag={one}" for one in tags)])
                file.fail(f"{len(cells)} column{plural} where {asked} are to be read", number)
            form = cells[word - (word > 0)]
            if not form.strip():
                file.fail("an empty word", number)
            sentence.lines.append(number)
            sentence.words.append(form)
            for place, tag in zip(sentence.tags, tags, strict=True):
                place.append(cells[tag - (tag > 0)].strip())
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
    tagged = len(cells) >= max(2, abs(tag)) and TAG.fullmatch(cells[tag - (tag > 0)].strip())
    return not tagged or not (tabs or len(cells) == width)
