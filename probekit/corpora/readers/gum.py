"""Entities and coreference in the MISC column of CoNLL-U, as GUM writes them.

    1  Claire  ...  Entity=(6-person-new-cf1-1,2,4-coref
    4  Ross    ...  Entity=6)

A mention opens with `(` and its attributes, whose names `# global.Entity` lists, and closes with its group and `)`.
Format: https://universaldependencies.org/u/overview/entities.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.conllu import ConlluFile, conllu_files, corpus_of
from probekit.corpora.readers.lines import chains, span_table, split_of
from probekit.errors import ProbekitError

_MARK = re.compile(r"\(([^()]+)(\))?|([^()]+)\)")
_PART = re.compile(r"(.+)\[([0-9]{1,6})/([0-9]{1,6})\]")
_GROUPS = ("GRP", "eid")
_USUAL = "GRP-etype"


class Mention(NamedTuple):
    """Words start:end of a sentence of a file, with its group; `cut` where only the longest of its parts is left."""

    sentence: int
    start: int
    end: int
    label: str
    group: str
    cut: bool


def read_gum(
    paths: str | Path | Sequence[str | Path],
    *,
    singletons: bool = False,
    language: str | None = None,
    split: str | None = None,
) -> Corpus:
    """Read CoNLL-U files whose MISC column holds `Entity=...`; all else is read as `read_conllu` does.

    `spans["entity"]`: sentence, start, end, label, cut: every mention with its type. `spans["coreference"]`:
    sentence, start, end, entity, cut: the mentions of chains, numbered through the corpus; chains of one mention in
    their document are left out unless `singletons`. A mention of several parts is its longest part, with `cut` true.

    Raises DataError with file and line for brackets that do not match, mentions that cross the end of a sentence or
    have no type; and as `read_conllu`.
    """
    if not isinstance(singletons, bool):
        raise ProbekitError(f"singletons={singletons} is neither true nor false")
    parts = conllu_files(paths)
    entity: list[tuple[int, int, int, str, bool]] = []
    mentions: list[tuple[int, int, int, tuple[int, str, str], bool]] = []
    before = 0
    for number, part in enumerate(parts):
        for one in mentions_of(part):
            place = one.sentence + before, one.start, one.end
            entity.append((*place, one.label, one.cut))
            mentions.append((*place, (number, part.documents[one.sentence], one.group), one.cut))
        before += part.n_sentences
    spans = {
        "entity": span_table("entity", entity, ["cut"]),
        "coreference": span_table("coreference", chains(mentions, singletons), ["cut"]),
    }
    options = {"singletons": singletons, "language": language, "split": split}
    splits = [split if split is not None else split_of(part.name) for part in parts]
    return corpus_of(parts, "gum", options, spans, splits)


def mentions_of(file: ConlluFile) -> list[Mention]:
    """All mentions of a file. Raises DataError for marks that cannot be read."""
    found: list[Mention] = []
    names = _USUAL.split("-")
    start = 0
    for sentence, length in enumerate(file.lengths.tolist()):
        for comment in file.other[sentence].split("\n"):
            key, _, value = comment.partition("=")
            if key.strip() == "global.Entity":
                names = value.strip().split("-")
        found += _sentence(file, sentence, start, length, names)
        start += length
    return found


class _Open(NamedTuple):
    start: int
    label: str
    line: int


def _sentence(file: ConlluFile, sentence: int, first: int, length: int, names: Sequence[str]) -> list[Mention]:
    open_: dict[str, list[_Open]] = {}
    pieces: dict[str, list[tuple[int, int, str]]] = {}  # parts of mentions that are not one run of words
    found: list[Mention] = []
    misc, lines, name = file.columns["misc"], file.word_lines, file.ids[sentence]

    def closed(group: str, at: int, line: int) -> None:
        if not open_.get(group):
            file.fail(f"the mention '{group}' is closed and was not opened in this sentence", line, name)
        start, label, _ = open_[group].pop()
        match = _PART.fullmatch(group)
        if match is None:
            found.append(Mention(sentence, start, at + 1, label, group, False))
            return
        pieces.setdefault(match[1], []).append((start, at + 1, label))
        if match[2] == match[3]:
            longest = max(pieces.pop(match[1]), key=lambda piece: piece[1] - piece[0])
            found.append(Mention(sentence, *longest, match[1], True))

    for at in range(length):
        for value in _values(misc[first + at]):
            line = int(lines[first + at])
            marks = list(_MARK.finditer(value))
            if not marks or "".join(mark[0] for mark in marks) != value:
                file.fail(f"Entity={value} is no row of mentions: (1-person-... or (1-person-...) or 1)", line, name)
            for mark in marks:
                if mark[3]:
                    closed(mark[3], at, line)
                    continue
                group, label = _attributes(file, mark[1], names, line, name)
                open_.setdefault(group, []).append(_Open(at, label, line))
                if mark[2]:
                    closed(group, at, line)
    for group, left in open_.items():
        if left:
            file.fail(f"the mention '{group}' is not closed in its sentence", left[-1].line, name)
    for group in pieces:
        file.fail(f"the last part of the mention '{group}' is not in its sentence", int(lines[first]), name)
    return found


def _values(misc: str) -> Iterator[str]:
    if "Entity=" in misc:
        for entry in misc.split("|"):
            if entry.startswith("Entity="):
                yield entry.removeprefix("Entity=")


def _attributes(file: ConlluFile, text: str, names: Sequence[str], line: int, sentence: str) -> tuple[str, str]:
    """Group and type of an opening mark."""
    values = dict(zip(names, text.split("-"), strict=False))
    group = next((values[key] for key in _GROUPS if key in values), "")
    if not group or not values.get("etype"):
        file.fail(f"the mention '({text}' has no group or type; global.Entity is {'-'.join(names)}", line, sentence)
    return group, values["etype"]
