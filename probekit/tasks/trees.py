"""Constituency trees of a whole corpus as arrays, parsed once, and what is asked of words by them.

Labels of a word's ancestors: Chang & Rafferty (2020), Encodings of Source Syntax (RepL4NLP). A path that is too
short for the question is answered with `<none>`; the paper does not say what it does then.
"""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import ROOT, check_leaves, parse_tree
from probekit.errors import DataError, ProbekitError
from probekit.tasks.catalogue import register

SOURCE = "Chang & Rafferty 2020, Encodings of Source Syntax: Similarities in NMT Representations"
NONE = "<none>"

_forests: WeakKeyDictionary[Corpus, Forest] = WeakKeyDictionary()


def forest(corpus: Corpus) -> Forest:
    """The trees of a corpus as arrays, one forest per corpus object and gone with it."""
    if corpus not in _forests:
        _forests[corpus] = Forest(corpus)
    return _forests[corpus]


class Forest:
    """All trees of a corpus. Nodes are numbered through the corpus, in each tree in the order they open.

    labels (N,) str objects; sentence, start, end (N,) int64, words counted within the sentence; above (N,) the
    parent node, -1 for the outermost; tags (n_words,) str objects; parent (n_words,) the node above the tag, or -1.
    Raises DataError naming file, line and sentence for a tree that cannot be read or whose leaves are not the words.
    """

    def __init__(self, corpus: Corpus) -> None:
        corpus.require("trees")
        assert corpus.trees is not None
        labels: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        above: list[int] = []
        tags: list[str] = []
        parents: list[int] = []
        sizes: list[int] = []
        for number, text in enumerate(corpus.trees):
            try:
                tree = parse_tree(text)
                check_leaves(tree, corpus.words(number))
            except ProbekitError as error:
                raise DataError(str(error), *_place(corpus, number)) from None
            first = len(labels)
            sizes.append(len(tree.labels))
            labels += tree.labels
            starts += tree.starts
            ends += tree.ends
            above += [node + first if node >= 0 else -1 for node in tree.above]
            tags += tree.tags
            parents += [node + first if node >= 0 else -1 for node in tree.parents]
        self.labels = np.array(labels, dtype=object)
        self.start, self.end, self.above = (np.array(x, dtype=np.int64) for x in (starts, ends, above))
        self.sentence = np.repeat(np.arange(len(sizes)), sizes)
        self.tags = np.array(tags, dtype=object)
        self.parent = np.array(parents, dtype=np.int64)

    @cached_property
    def is_constituent(self) -> np.ndarray:
        """Mask of the labelled nodes (N,): all but TOP, which marks the tree and not a phrase."""
        mask: np.ndarray = self.labels != ROOT
        return mask

    def ancestor(self, height: int) -> np.ndarray:
        """Label of the node `height` steps above each word's tag, `<none>` where the path is shorter."""
        node = self.parent.copy()
        for _ in range(height - 1):
            node = np.where(node >= 0, self.above[node], -1)
        return np.where(node >= 0, self.labels[node], NONE)


def _place(corpus: Corpus, sentence: int) -> tuple[str | None, int | None, str]:
    """File, line and id of a sentence, as far as they are known."""
    of = corpus.sentences.iloc[sentence]
    line = of.get("line")
    return of.get("file") or None, None if line is None else int(line), str(of.get("id", sentence))


@register(
    "word/pos",
    level="word",
    kind="label",
    group="morphosyntax",
    source=SOURCE,
    requires=("trees",),
    summary="Tag of each word in the constituency tree.",
)
def pos(corpus: Corpus) -> np.ndarray:
    return forest(corpus).tags


def _ancestor(name: str, height: int, summary: str) -> None:
    @register(
        f"word/{name}", level="word", kind="label", group="syntax", source=SOURCE, requires=("trees",), summary=summary
    )
    def label(corpus: Corpus, drop_missing: bool = False) -> tuple[np.ndarray, np.ndarray]:
        found = forest(corpus).ancestor(height)
        rows = np.flatnonzero(found != NONE) if drop_missing else np.arange(len(found))
        if len(rows) == 0:
            raise ProbekitError(f"no word of {corpus!r} has a node so high above it: nothing to ask 'word/{name}' of")
        return rows, found[rows]


_ancestor("parent", 1, "Label of the constituent just above the tag of each word, TOP where that is all.")
_ancestor("grandparent", 2, "Label of the second constituent above the tag of each word, `<none>` above TOP.")
_ancestor("great-grandparent", 3, "Label of the third constituent above the tag of each word, `<none>` above TOP.")
