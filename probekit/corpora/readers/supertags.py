"""Words with their categories of combinatory categorial grammar: columns, and the derivations of CCGbank (AUTO).

columns   a word a line with its category in a column, as the Parallel Meaning Bank gives its layers; an empty line
          between sentences; before one `# newdoc id = ...`, `# raw sent = ...` and other lines that begin with `# `
AUTO      a line `ID=...` and a line with the derivation, whose leaves are `(<L category tag tag word category>)`
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from probekit.corpora.categories import BrokenCategory, canonical
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.columns import read_columns
from probekit.corpora.readers.lines import Sentences, TextFile, is_blank, text_files

_NODE = re.compile(r"\(<(?:T ([^ ]+) [01] ([12])|L ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) [^ ]+)> ?|\) ?")
_ID = re.compile(r"ID=([^ ]+)")


def read_supertags(
    paths: str | Path | Sequence[str | Path],
    *,
    word: int = 1,
    category: int = -1,
    language: str = "",
    split: str | None = None,
) -> Corpus:
    """Read columns with a category a word, plain or .gz, into one corpus in the order given.

    Columns are separated by tabs, or by blanks in a file without tabs; `word` and `category` are their numbers, from 1,
    or from -1 at the end. Layer `ccg`: categories in their canonical form. Sentence attributes: id, document (the last
    newdoc, else the file), language, split (from the file name unless given), file, line, text.

    Raises DataError with file and line for a line with too few columns, an empty word, and a string that is no category
    (with the place in it).
    """
    return read_columns(paths, "supertags", "ccg", {"word": word, "category": category}, checked, language, split)


def checked(file: TextFile, line: int, text: str) -> str:
    """The canonical form of a category. Raises DataError with file and line for a string that is none."""
    try:
        return canonical(text)
    except BrokenCategory as broken:
        file.fail(str(broken), line)


def read_ccgbank(paths: str | Path | Sequence[str | Path], *, language: str = "en", split: str | None = None) -> Corpus:
    """Read CCGbank's AUTO files, plain or .gz, into one corpus in the order given.

    Layers `ccg` (canonical) and `xpos` (the treebank's tag). Sentence attributes: id (after `ID=`), document (its
    file), language, split (from the file name unless given), file, line, text ("").

    Raises DataError with file and line for a derivation whose brackets do not close, a step with another number of
    parts than it says, a derivation without words, and a string that is no category.
    """
    files = text_files(paths, "AUTO file")
    found = Sentences(["ccg", "xpos"])
    for file in files:
        before, name = len(found), ""
        for number, line in enumerate(file.lines):
            if match := _ID.match(line):
                name = match[1]
            elif not is_blank(line):
                leaves = _leaves(file, number, line)
                words, tags, categories = zip(*leaves, strict=True)
                found.add(file, number, words, id=name, split=split, ccg=categories, xpos=tags)
                name = ""
        if len(found) == before:
            file.fail("the file holds no sentence", 0)
    return found.corpus("ccgbank", files, {"language": language, "split": split}, language)


def _leaves(file: TextFile, number: int, line: str) -> list[tuple[str, str, str]]:
    """Word, tag and category of each leaf of a derivation."""
    leaves: list[tuple[str, str, str]] = []
    waiting: list[int] = []  # parts that open steps still want
    place = 0
    while place < len(line.rstrip()):
        match = _NODE.match(line, place)
        if not match:
            file.fail(f"no derivation of CCGbank from character {place + 1} on: {line[place : place + 20]!r}", number)
        place = match.end()
        if match[0].startswith(")"):
            if not waiting:
                file.fail(f"a bracket closes nothing at character {match.start() + 1}", number)
            if left := waiting.pop():
                file.fail(f"a step lacks {left} of its parts at character {match.start() + 1}", number)
            continue
        if waiting:
            waiting[-1] -= 1
            if waiting[-1] < 0:
                file.fail(f"a step has more parts than it says at character {match.start() + 1}", number)
        elif leaves:
            file.fail(f"a second derivation in the line at character {match.start() + 1}", number)
        if match[3]:
            leaves.append((match[6], match[5], checked(file, number, match[3])))
        waiting.append(int(match[2] or 0))
    if waiting or not leaves:
        file.fail("the derivation does not end" if waiting else "a derivation without words", number)
    return leaves
