"""Tasks over numbers at the nodes of a tree, such as sentiment: how much they change as phrases combine.

Bhathena, Willis and Dass 2020, Evaluating Compositionality of Sentence Representation Models (RepL4NLP at ACL). A node
whose label is no number has none. Heights and their weight are our reading: the paper's example fits no stated weight.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.tasks.catalogue import register
from probekit.tasks.tree_nodes import nodes_of, numbers_of

SOURCE = "Bhathena, Willis and Dass 2020, Evaluating Compositionality of Sentence Representation Models"
WEIGHTS = ("height", "height/max_height")
_labels: WeakKeyDictionary[Corpus, np.ndarray] = WeakKeyDictionary()


def node_numbers(corpus: Corpus) -> np.ndarray:
    """Labels of `nodes_of(corpus)` as numbers (M,), NaN for none. Raises ProbekitError where no node has a number."""
    if corpus not in _labels:
        _labels[corpus] = numbers_of(nodes_of(corpus).labels)
    if np.isnan(_labels[corpus]).all():
        raise ProbekitError(
            f"no node of the trees of {corpus!r} has a number for a label; give trees such as sst-trees: "
            "(3 (2 quite) (4 good))"
        )
    return _labels[corpus]


@register(
    "sentence/tree-impurity",
    level="sentence",
    kind="number",
    group="semantics",
    source=SOURCE,
    requires=("trees",),
    summary="How far the label of the whole sentence is from the mean label of all nodes of its tree.",
)
def tree_impurity(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """|l(root) - mean of l(n)| over all nodes with a number, root and words included, (n,) float64.

    Sentences whose outermost node has no number are not asked about.
    """
    nodes, labels = nodes_of(corpus), node_numbers(corpus)
    known = ~np.isnan(labels)
    sentences, n = nodes.sentence[known], corpus.n_sentences
    with np.errstate(invalid="ignore"):
        mean = np.bincount(sentences, labels[known], n) / np.bincount(sentences, minlength=n)
        found = np.abs(labels[nodes.tops] - mean)
    return ~np.isnan(found), found[~np.isnan(found)]


@register(
    "sentence/node-switching",
    level="sentence",
    kind="number",
    group="semantics",
    source=SOURCE,
    requires=("trees",),
    choices={"weight": WEIGHTS},
    summary="Weighted node switching: how far nodes are from the mean of those right below, higher ones weighing more.",
)
def node_switching(corpus: Corpus, weight: str = "height") -> tuple[np.ndarray, np.ndarray]:
    """Mean over S of h(n) |l(n) - mean of l(children)|, (n,) float64; S: nodes above others that all have numbers.

    h: steps down to the farthest word ("height"), or that as a share of the whole tree's ("height/max_height").
    Sentences with an empty S, such as those of one word, are not asked about.
    """
    nodes, shares = nodes_of(corpus), node_shares(corpus, weight)
    counted = np.flatnonzero(~np.isnan(shares))
    size = np.bincount(nodes.sentence[counted], minlength=corpus.n_sentences)
    total = np.bincount(nodes.sentence[counted], shares[counted], corpus.n_sentences)
    return size > 0, total[size > 0] / size[size > 0]


def node_shares(corpus: Corpus, weight: str = "height") -> np.ndarray:
    """h(n) |l(n) - mean of l(children)| of every node (M,), NaN outside of S: what `node_switching` averages."""
    nodes, labels = nodes_of(corpus), node_numbers(corpus)
    below = np.flatnonzero(nodes.above >= 0)
    children = np.bincount(nodes.above[below], minlength=len(labels))
    with np.errstate(invalid="ignore"):  # a child without a number makes the mean none
        mean = np.bincount(nodes.above[below], labels[below], len(labels)) / children
    height = nodes.height.astype(np.float64)
    if weight == WEIGHTS[1]:
        height /= np.maximum(nodes.height[nodes.tops[nodes.sentence]], 1)
    shares: np.ndarray = height * np.abs(labels - mean)
    return shares
