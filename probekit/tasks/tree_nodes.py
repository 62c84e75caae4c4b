"""All nodes of the trees of a corpus, tags of words among them, as arrays: who is below whom, and how high each is."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.tasks.trees import forest


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of all trees, M of them: first those that have nodes below, each after the one above it, then one a word.

    above (M,) int64, -1 for the outermost; sentence (M,) int64; start (M,) first word, counted within the sentence;
    height (M,) int64, steps down to the farthest word, 0 of a word; labels (M,) str objects, a word's being its tag.
    """

    above: np.ndarray
    sentence: np.ndarray
    start: np.ndarray
    height: np.ndarray
    labels: np.ndarray
    inner: int

    @property
    def tops(self) -> np.ndarray:
        """The outermost node of each sentence, (n_sentences,) int64."""
        tops = np.flatnonzero(self.above < 0)
        return tops[np.argsort(self.sentence[tops], kind="stable")]


_nodes: WeakKeyDictionary[Corpus, Nodes] = WeakKeyDictionary()


def nodes_of(corpus: Corpus) -> Nodes:
    """The nodes of a corpus, made once per corpus object. Raises as `probekit.tasks.trees.forest`."""
    if corpus not in _nodes:
        _nodes[corpus] = _made(corpus)
    return _nodes[corpus]


def _made(corpus: Corpus) -> Nodes:
    trees = forest(corpus)
    above = np.concatenate([trees.above, trees.parent])
    height = np.zeros(len(above), dtype=np.int64)
    np.maximum.at(height, trees.parent[trees.parent >= 0], 1)
    for node in range(len(trees.above) - 1, -1, -1):  # a node is numbered after the one above it
        if (over := trees.above[node]) >= 0:
            height[over] = max(height[over], height[node] + 1)
    return Nodes(
        above,
        np.concatenate([trees.sentence, corpus.sentence_of_word.astype(np.int64)]),
        np.concatenate([trees.start, corpus.position_of_word]),
        height,
        np.concatenate([trees.labels, trees.tags]),
        len(trees.above),
    )


def numbers_of(labels: np.ndarray) -> np.ndarray:
    """Labels as numbers, float64, NaN for those that are none."""
    kinds, names = pd.factorize(labels)
    found = pd.to_numeric(pd.Series(names, dtype=object), errors="coerce").to_numpy(np.float64)
    return np.where(np.isfinite(found), found, np.nan)[kinds]
