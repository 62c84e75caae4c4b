"""Bracketed constituency trees in the style of the Penn Treebank, read as a corpus; a tree as arrays.

    (TOP (S (NP (DT The) (NN dog)) (VP (VBD ate))))

A node is `(label child ...)`; one whose only child is a word is a preterminal, its label the word's tag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.lines import Sentences, TextFile, text_files
from probekit.errors import ProbekitError

ROOT = "TOP"
EMPTY = "-NONE-"

_TOKEN = re.compile(r"[()]|[^ \t\r\n()]+")
_COMMENT = re.compile(r"^;.*$", re.MULTILINE)
# How the Penn Treebank writes brackets, which would end a node, and quotation marks, whose side it tells.
ESCAPES = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"'}
Escapes = Literal["undo", "keep"]


@dataclass
class Tree:
    """One tree, its nodes above the preterminals in the order they open.

    Node i is `labels[i]` over words `starts[i]:ends[i]` below node `above[i]` (-1 for the outermost). Word w is
    `words[w]`, as the tree writes it, with tag `tags[w]` below node `parents[w]` (-1 for a tree that is one tag).
    """

    labels: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)

    def ancestors(self, word: int) -> list[str]:
        """Labels above a word's tag, from the lowest to the outermost."""
        found, node = [], self.parents[word]
        while node >= 0:
            found.append(self.labels[node])
            node = self.above[node]
        return found

    def __str__(self) -> str:
        """The tree on one line."""
        pieces: list[str] = []
        open_: list[int] = []
        node = 0
        for word, tag in enumerate(self.tags):
            while open_ and self.ends[open_[-1]] <= word:
                open_.pop()
                pieces.append(")")
            while node < len(self.labels) and self.starts[node] == word:
                pieces.append(f" ({self.labels[node]}")
                open_.append(node)
                node += 1
            pieces.append(f" ({tag} {self.words[word]})")
        return "".join([*pieces, ")" * len(open_)])[1:]


def form_of(leaf: str) -> str:
    """A word as text writes it: brackets and quotation marks for their Penn Treebank names, `\\/` as `/`."""
    return ESCAPES.get(leaf) or leaf.replace("\\/", "/").replace("\\*", "*")


def plain_label(label: str) -> str:
    """A label without function tags and indices: cut at the first - = or |, unless it starts with a hyphen."""
    return label if label[:1] == "-" else re.split(r"[-=|]", label, maxsplit=1)[0] or label


def parse_tree(text: str) -> Tree:
    """The tree that a text holds, normalised as `read_ptb` says. Raises ProbekitError for anything but one tree."""
    reading = _Reading()
    for match in _TOKEN.finditer(text):
        if reading.done or (wrong := reading.token(match[0], match.start())):
            raise ProbekitError(f"{wrong if not reading.done else 'text behind its end'}: tree '{text[:200]}'")
    if not reading.done:
        raise ProbekitError(f"a bracket is not closed: tree '{text[:200]}'")
    if not reading.tree.words:
        raise ProbekitError(f"a tree without words: '{text[:200]}'")
    return reading.tree


class _Reading:
    """One tree while its tokens come in; `token` answers what is wrong with one, or nothing."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.done = False
        # Of each open bracket: label, number of its node or -1 while it may still be a preterminal, word, place.
        self.open: list[_Open] = []

    def token(self, token: str, place: int) -> str:
        if token == "(":
            if self.open and (wrong := self._becomes_node(self.open[-1])):
                return wrong
            self.open.append(_Open(place))
        elif token == ")":
            if not self.open:
                return "a closing bracket without an opening one"
            return self._close()
        elif not self.open:
            return f"'{token}' outside of brackets"
        else:
            return self._word(self.open[-1], token)
        return ""

    def _word(self, node: _Open, token: str) -> str:
        if not node.label and node.number < 0:
            node.label = token
        elif node.number >= 0:
            return f"the word '{token}' beside brackets; a word stands alone below its tag"
        elif node.word:
            return f"two words, '{node.word}' and '{token}', below one tag"
        else:
            node.word = token
        return ""

    def _becomes_node(self, node: _Open) -> str:
        if node.word:
            return f"a bracket behind the word '{node.word}'; a word stands alone below its tag"
        if node.number >= 0:
            return ""
        if not node.label:
            if len(self.open) > 1:
                return "a node without a label inside the tree"
            node.label = ROOT
        tree = self.tree
        node.number = len(tree.labels)
        tree.labels.append(plain_label(node.label))
        tree.starts.append(len(tree.words))
        tree.ends.append(-1)
        tree.above.append(self.open[-2].number if len(self.open) > 1 else -1)
        return ""

    def _close(self) -> str:
        node, tree = self.open.pop(), self.tree
        if node.number >= 0:
            if tree.starts[node.number] == len(tree.words):
                # Nothing but empty elements was below: those nodes came last, and go with it.
                for column in (tree.labels, tree.starts, tree.ends, tree.above):
                    del column[node.number :]
            else:
                tree.ends[node.number] = len(tree.words)
        elif not node.word:
            return f"the node '({node.label})' has neither word nor children"
        elif node.label != EMPTY:
            tree.words.append(node.word)
            tree.tags.append(plain_label(node.label))
            tree.parents.append(self.open[-1].number if self.open else -1)
        self.done = not self.open
        return ""


@dataclass
class _Open:
    place: int
    label: str = ""
    number: int = -1
    word: str = ""


def read_ptb(
    paths: str | Path | Sequence[str | Path], *, escapes: Escapes = "undo", language: str = "", split: str | None = None
) -> Corpus:
    """Read bracketed trees, one a line or over several lines, plain or .gz, into one corpus in the order given.

    Trees are normalised: `-NONE-` leaves go, with every node they leave without words; labels are cut at the first
    `-`, `=` or `|` unless they start with `-`; an outermost node without a label becomes TOP. `trees` hold the
    result, words as the file writes them. Layers: form and xpos (the tags). With `escapes=undo` a form is written
    as in text, `(` for `-LRB-` and `"` for the quotation marks; with `keep` as in the file.

    A line between trees that begins with `;` is a comment and opens a document of that name; without one, a document
    is a file. Sentence attributes: id (`file:ordinal`), document, language, split (from the file name unless
    given), file, line, text ("").

    Raises DataError with file and line for brackets that are not balanced, words outside of brackets or beside them,
    nodes with neither word nor children, inner nodes without a label, a tree without words, and as every reader
    for text that is not UTF-8, an empty file, a damaged .gz.
    """
    if escapes not in ("undo", "keep"):
        raise ProbekitError(f"escapes={escapes} is neither undo nor keep")
    files = text_files(paths, "file of bracketed trees")
    found = Sentences(layers=["xpos"])
    for file in files:
        _read(file, found, escapes, split)
    options = {"escapes": escapes, "language": language, "split": split}
    return found.corpus("ptb", files, options, language)


def _read(file: TextFile, found: Sentences, escapes: Escapes, split: str | None) -> None:
    document, reading = "", _Reading()
    position, before, line, first = 0, 0, 0, len(found)
    text = file.text
    while match := _TOKEN.search(text, position):
        token, start = match[0], match.start()
        if not reading.open and token[0] == ";" and (start == 0 or text[start - 1] == "\n"):
            end = text.find("\n", start)
            position = len(text) if end < 0 else end
            document = text[start:position].strip("; \t") or document
            continue
        if wrong := reading.token(token, start):
            file.fail_at(wrong, start)
        position = match.end()
        if not reading.done and len(reading.open) == 1 and token == "(":
            line += text.count("\n", before, start)
            before = start
        if reading.done:
            tree = reading.tree
            if not tree.words:
                file.fail("a tree of empty elements alone; take it out", line)
            words = [form_of(word) for word in tree.words] if escapes == "undo" else tree.words
            found.add(file, line, words, document=document, split=split, xpos=tree.tags)
            found.trees.append(str(tree))
            reading = _Reading()
    if reading.open:
        file.fail_at("a bracket is not closed", reading.open[-1].place)
    if len(found) == first:
        file.fail("the file holds no tree", 0)


def check_leaves(tree: Tree, words: Sequence[str]) -> None:
    """Refuse a tree whose leaves are not the words of its sentence, as written there or as text writes them."""
    if len(tree.words) != len(words):
        raise ProbekitError(f"the tree has {len(tree.words)} leaves for a sentence of {len(words)} words")
    for leaf, word in zip(tree.words, words, strict=True):
        if word not in (leaf, form_of(leaf)):
            raise ProbekitError(f"the tree has the leaf '{leaf}' where the sentence has '{word}'")
