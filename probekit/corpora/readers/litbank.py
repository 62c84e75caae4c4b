"""LitBank: nested entities in columns of BIO tags, and coreference in brackets, of literary texts.

entities   `#doc NAME` begins a document (without one, a file is a document); a line is a word and a column of
           tags for every depth of nesting
coreference   `#begin document (NAME); part 0` begins a document; a line is the place of a word, the word and
           brackets `(2|(7)`, or has the columns of CoNLL-2012, the word the fourth, brackets the last
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.bio import checked_spans
from probekit.corpora.readers.lines import Sentences, TextFile, chains, is_blank, span_table, text_files
from probekit.errors import ProbekitError

_BEGIN = re.compile(r"#begin document \((.*)\); part ([0-9]+)")
_MARK = re.compile(r"\(([^()|]+)(\))?|([^()|]+)\)")
_NOTHING = ("", "-", "_", "*")


class _Sentence(NamedTuple):
    document: str
    lines: list[int]
    words: list[str]
    cells: list[list[str]]  # what follows the word in each line


def read_litbank(
    paths: str | Path | Sequence[str | Path], *, singletons: bool = False, language: str = "", split: str | None = None
) -> Corpus:
    """Read LitBank's files of entities, of coreference, or of both for the same documents, plain or .gz.

    Files that begin with `#begin document` hold coreference, others entities; where both are given, documents are
    matched by name and must have the same sentences. `spans["entity"]`: sentence, start, end, label.
    `spans["coreference"]`: sentence, start, end, entity (numbered through the corpus), cut (never true); chains of
    one mention in their document are left out unless `singletons`. Sentence attributes: id, document, language,
    split, file, line, text ("").

    Raises DataError with file and line for lines with too few columns, tags that break BIO, brackets that do not
    match within a sentence, a document or sentence that differs between the two kinds of files.
    """
    if not isinstance(singletons, bool):
        raise ProbekitError(f"singletons={singletons} is neither true nor false")
    files = text_files(paths, "file of LitBank")
    kinds = {True: [file for file in files if _is_coreference(file)]}
    kinds[False] = [file for file in files if file not in kinds[True]]
    tables = {kind: _documents(some, kind) for kind, some in kinds.items() if some}
    if len(tables) == 2:
        _check_same(tables[False], tables[True])
    found = Sentences(spans=[name for kind, name in ((False, "entity"), (True, "coreference")) if kind in tables])
    mentions: list[tuple[int, int, int, tuple[str, str], bool]] = []
    for document, (file, sentences) in tables[min(tables)].items():
        twins = tables[True][document] if True in tables else None
        for place, sentence in enumerate(sentences):
            number = found.add(file, sentence.lines[0], sentence.words, document=document, split=split)
            if False in tables:
                found.spans["entity"] += [(number, *span) for span in _entities(file, sentence)]
            if twins:
                marks = _mentions(twins[0], twins[1][place])
                mentions += [(number, start, end, (document, chain), False) for start, end, chain in marks]
    options = {"singletons": singletons, "language": language, "split": split}
    corpus = found.corpus("litbank-files", files, options, language)
    if True in tables:
        assert isinstance(corpus.spans, dict)
        corpus.spans["coreference"] = span_table("coreference", chains(mentions, singletons), ["cut"])
    return corpus


Documents = dict[str, tuple[TextFile, list[_Sentence]]]


def _is_coreference(file: TextFile) -> bool:
    return file.text.lstrip().startswith("#begin document")


def _documents(files: Sequence[TextFile], coreference: bool) -> Documents:
    """Sentences of every document by its name."""
    found: Documents = {}
    for file in files:
        before = ""
        for sentence in _sentences(file, coreference):
            if sentence.document in found and sentence.document != before:
                file.fail(f"the document '{sentence.document}' was given before", sentence.lines[0])
            before = sentence.document
            found.setdefault(before, (file, []))[1].append(sentence)
        if not before:
            file.fail("the file holds no sentence", 0)
    return found


def _sentences(file: TextFile, coreference: bool) -> Iterator[_Sentence]:
    document = file.name.removesuffix(".tsv")
    sentence = _Sentence(document, [], [], [])
    for number, line in enumerate(file.lines):
        opened = _BEGIN.match(line) if coreference else None
        comment = "\t" not in line and line.startswith(("#begin", "#end", "#doc"))
        if is_blank(line) or comment:
            if sentence.words:
                yield sentence
            if opened:
                document = f"{opened[1]}" + (f":{opened[2]}" if int(opened[2][:9]) else "")
            elif line.startswith("#doc ") and not coreference:
                document = line[5:].strip().removesuffix(".tsv") or document
            elif line.startswith("#begin"):
                file.fail("a document begins with '#begin document (NAME); part NUMBER'", number)
            sentence = _Sentence(document, [], [], [])
            continue
        cells = line.split("\t")
        if len(cells) < (3 if coreference else 2):
            what = "brackets" if coreference else "tags"
            file.fail(f"{len(cells)} columns where a word and its {what} belong", number)
        column = 0 if not coreference else 1 if len(cells) == 3 else 3
        if not cells[column].strip():
            file.fail("an empty word", number)
        sentence.lines.append(number)
        sentence.words.append(cells[column])
        sentence.cells.append([cells[-1]] if coreference else cells[1:])
    if sentence.words:
        yield sentence


def _check_same(entities: Documents, coreference: Documents) -> None:
    for name, (file, sentences) in entities.items():
        if name not in coreference:
            file.fail(f"the document '{name}' has no coreference in the other files", sentences[0].lines[0])
        twin, others = coreference[name]
        for a, b in zip(sentences, others, strict=False):
            if a.words != b.words:
                file.fail(f"the sentence differs from the one at {twin.name}:{b.lines[0] + 1}", a.lines[0])
        if len(sentences) != len(others):
            file.fail(
                f"the document '{name}' has {len(sentences)} sentences here and {len(others)} in {twin.name}",
                sentences[0].lines[0],
            )
    for name in coreference.keys() - entities.keys():
        file, sentences = coreference[name]
        file.fail(f"the document '{name}' has no entities in the other files", sentences[0].lines[0])


def _entities(file: TextFile, sentence: _Sentence) -> list[tuple[int, int, str]]:
    found: set[tuple[int, int, str]] = set()
    for depth in range(max(map(len, sentence.cells))):
        tags = [row[depth].strip() if depth < len(row) else "" for row in sentence.cells]
        found.update(checked_spans(file, sentence.lines, [tag or "O" for tag in tags]).spans)
    return sorted(found)


def _mentions(file: TextFile, sentence: _Sentence) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    open_: dict[str, list[int]] = {}
    for at, (cell,) in enumerate(sentence.cells):
        for text in cell.strip().split("|"):
            if text in _NOTHING:
                continue
            mark = _MARK.fullmatch(text)
            if mark is None:
                file.fail(f"'{text}' is no bracket of a mention: (2 or (2) or 2)", sentence.lines[at])
            chain = mark[1] or mark[3]
            if mark[1]:
                open_.setdefault(chain, []).append(at)
            if not mark[1] or mark[2]:
                if not open_.get(chain):
                    line = sentence.lines[at]
                    file.fail(f"the mention '{chain}' is closed and was not opened in this sentence", line)
                found.append((open_[chain].pop(), at + 1, chain))
    for chain, left in open_.items():
        if left:
            file.fail(f"the mention '{chain}' is not closed in its sentence", sentence.lines[left[-1]])
    return found
