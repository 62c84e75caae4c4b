"""Tasks over the constituency tree of a sentence as a whole: how deep it is, what stands right under its top."""

from __future__ import annotations

from collections import Counter

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import ROOT
from probekit.errors import ProbekitError
from probekit.tasks.catalogue import register
from probekit.tasks.trees import Forest, forest
from probekit.values import Count, Several

SOURCE = "Conneau et al. 2018, What you can cram into a single $&!#* vector"
OTHER = "OTHER"


@register(
    "sentence/tree-depth",
    level="sentence",
    kind="label",
    group="syntax",
    source=SOURCE,
    requires=("trees",),
    summary="Longest path from the top of the tree to a tag, in eight classes.",
)
def tree_depth(corpus: Corpus, low: Count = 5, high: Count = 12) -> tuple[np.ndarray, list[str]]:
    """Steps from the outermost constituent down to the deepest tag; sentences outside low to high are not asked about.

    TOP, which marks the tree, is no step.
    """
    if low >= high:
        raise ProbekitError(f"sentence/tree-depth(low={low}, high={high}): low is below high")
    depths = depth_of_sentences(corpus)
    kept = np.flatnonzero((depths >= low) & (depths <= high))
    return kept, [str(depth) for depth in depths[kept]]


def depth_of_sentences(corpus: Corpus) -> np.ndarray:
    """Steps from the outermost constituent of each sentence to its deepest tag, int64."""
    trees = forest(corpus)
    depth = np.zeros(len(trees.labels), dtype=np.int64)
    for node, above in enumerate(trees.above):  # a node is numbered after the one above it
        depth[node] = depth[above] + 1 if above >= 0 and trees.labels[above] != ROOT else 0
    under_top = (trees.parent >= 0) & (trees.labels[trees.parent] != ROOT)
    of_word = np.where(under_top, depth[trees.parent] + 1, 0)
    deepest = np.zeros(corpus.n_sentences, dtype=np.int64)
    np.maximum.at(deepest, corpus.sentence_of_word, of_word)
    return deepest


@register(
    "sentence/top-constituents",
    level="sentence",
    kind="label",
    group="syntax",
    source=SOURCE,
    requires=("trees",),
    summary="The constituents and tags right under the top, the 19 commonest sequences and OTHER.",
)
def top_constituents(corpus: Corpus, classes: Several = 20) -> list[str]:
    """Sequences below the outermost constituent, such as `NP VP .`; all but the classes - 1 commonest are OTHER.

    Counted in the train part where there is one.
    """
    found = tops_of_sentences(corpus)
    train = corpus.sentences["split"].astype(str).to_numpy() == "train"
    counted = [top for top, one in zip(found, train, strict=True) if one] if train.any() else found
    ranked = sorted(Counter(counted).items(), key=lambda item: (-item[1], item[0]))
    kept = {top for top, _ in ranked[: classes - 1]}
    return [top if top in kept else OTHER for top in found]


def tops_of_sentences(corpus: Corpus) -> list[str]:
    """Labels and tags right under the outermost constituent of each sentence, in order, between blanks."""
    trees = forest(corpus)
    tops = _outermost(trees, corpus.n_sentences)
    parts: list[list[tuple[int, str]]] = [[] for _ in range(corpus.n_sentences)]
    for node in np.flatnonzero((trees.above >= 0) & (trees.above == tops[trees.sentence])):
        parts[trees.sentence[node]].append((int(trees.start[node]), str(trees.labels[node])))
    for word in np.flatnonzero(trees.parent == tops[corpus.sentence_of_word]):
        parts[corpus.sentence_of_word[word]].append((int(corpus.position_of_word[word]), str(trees.tags[word])))
    return [" ".join(label for _, label in sorted(own)) for own in parts]


def _outermost(trees: Forest, n_sentences: int) -> np.ndarray:
    """The first node of each tree that is a constituent and no mark of the tree, -2 where there is none."""
    tops = np.full(n_sentences, -2, dtype=np.int64)
    nodes = np.flatnonzero(trees.is_constituent)[::-1]
    tops[trees.sentence[nodes]] = nodes  # the last written is the first node
    return tops
