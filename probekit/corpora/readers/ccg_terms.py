"""Derivations as Prolog terms, as the C&C tools write them and LangPro keeps them.

A sentence is `ccg(NUMBER, TERM).`; a term is a rule with the category it makes and its parts,
`fa(np, t(np/n, 'the', ...), t(n, 'dog', ...))`; a leaf `t` has its category, word, lemma, tag and further columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from probekit.corpora.categories import BrokenCategory, canonical
from probekit.corpora.chart import Derivation
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import Sentences, TextFile, text_files

_BEGIN = re.compile(r"^ccg\(([^,()]+), *", re.MULTILINE)
_END = re.compile(r"\s*\)\s*\.")
_RULE = re.compile(r"\s*([a-z]+)\(")
_COLUMN = re.compile(r"\s*(?:'((?:[^'\\]|\\.|'')*)'|([^\s,()']+))")
_ESCAPED = re.compile(r"\\(.)|'(')")
_NAMES = {"comma": ",", "period": ".", "semicolon": ";", "colon": ":", "semi": ";"}  # of punctuation
_RULES = {"bxc": "bx", "gfc": "fc", "gbx": "bx", "tr": "lx"}
_LEAF = "t"


def read_ccg_terms(
    paths: str | Path | Sequence[str | Path], *, language: str = "en", split: str | None = None
) -> Corpus:
    """Read derivations as Prolog terms, plain or .gz, into one corpus in the order given.

    Layers `ccg` (canonical) and `xpos` (the leaf's tag). Sentence attributes: id (file and number), document (file),
    language, split (from the file name unless given), file, line, text (the words joined by blanks). Raises DataError
    with file and line for a term that does not end, a leaf without word and tag, and a string that is no category.
    """
    files = text_files(paths, "file of terms")
    found = Sentences(["ccg", "xpos"])
    for file in files:
        for number, line, words, tags, whole in derivations(file):
            categories = [leaf.category for leaf in whole.leaves()]
            name = f"{file.name}:{number}"
            found.add(file, line, words, id=name, text=" ".join(words), split=split, ccg=categories, xpos=tags)
    return found.corpus("ccg-terms", files, {"language": language, "split": split}, language)


def derivations(file: TextFile) -> list[tuple[str, int, list[str], list[str], Derivation]]:
    """Number, line, words, tags and derivation of every sentence of a file. Raises DataError as `read_ccg_terms`."""
    found = []
    for begin in _BEGIN.finditer(file.text):
        reader = _Terms(file, begin.end())
        whole = reader.term()
        if not _END.match(file.text, reader.place):
            file.fail_at("a sentence that does not end", reader.place)
        found.append((begin[1], file.text.count("\n", 0, begin.start()), reader.words, reader.tags, whole))
    if not found:
        file.fail("the file holds no sentence", 0)
    return found


class _Terms:
    """One term and what is in it, read from a place on."""

    def __init__(self, file: TextFile, place: int) -> None:
        self.file, self.text, self.place = file, file.text, place
        self.words: list[str] = []
        self.tags: list[str] = []

    def term(self) -> Derivation:
        match = _RULE.match(self.text, self.place)
        if not match:
            self.file.fail_at("no term where one should stand", self.place)
        self.place = match.end()
        category = self.category()
        if match[1] == _LEAF:
            return self.leaf(category)
        parts = []
        while self.comma():
            if _RULE.match(self.text, self.place):
                parts.append(self.term())
            else:
                self.category()  # what changed, or is joined
        self.end()
        if not 1 <= len(parts) <= 2:
            self.file.fail_at(f"{match[1]} has {len(parts)} parts, not one or two", match.start())
        rule = _RULES.get(match[1], match[1])
        return Derivation(category, "lx" if len(parts) == 1 else rule, tuple(parts))

    def leaf(self, category: str) -> Derivation:
        columns = []
        while self.comma():
            match = _COLUMN.match(self.text, self.place)
            if not match:
                self.file.fail_at("no text where a column of a leaf should stand", self.place)
            columns.append(match[2] or _ESCAPED.sub(lambda one: one[1] or one[2], match[1]))
            self.place = match.end()
        self.end()
        if len(columns) < 3 or not columns[0]:
            self.file.fail_at("a leaf without word, lemma and tag", self.place - 1)
        self.words.append(columns[0])
        self.tags.append(columns[2])
        return Derivation(category, "lex", (), len(self.words) - 1)

    def category(self) -> str:
        if (quoted := _COLUMN.match(self.text, self.place)) and quoted[1] is not None:
            self.place = quoted.end()
            return self.checked(quoted[1], quoted.start())
        depth, start = 0, self.place
        while self.place < len(self.text):
            sign = self.text[self.place]
            if depth == 0 and sign in ",)":
                break
            depth += (sign == "(") - (sign == ")")
            self.place += 1
        text = re.sub(r"\s", "", self.text[start : self.place])
        return self.checked(_NAMES.get(text, text), start)

    def checked(self, text: str, place: int) -> str:
        """The canonical form of the category that begins at a place."""
        try:
            return canonical(text)
        except BrokenCategory as broken:
            self.file.fail_at(str(broken), place)

    def comma(self) -> bool:
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1
        if self.text[self.place : self.place + 1] != ",":
            return False
        self.place += 1
        return True

    def end(self) -> None:
        if self.text[self.place : self.place + 1] != ")":
            self.file.fail_at("a term that does not end", self.place)
        self.place += 1
