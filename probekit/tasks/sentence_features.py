"""Linguistic features of sentences read off their trees, for what tells hard sentences from easy ones.

Chang & Rafferty (2020) counted them by hand. These are automatic proxies of their features (ours): each is a pattern of
labels and tags of the Penn Treebank, stated below, and misses or adds some of what a linguist would count.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import Tree, parse_tree
from probekit.tasks.trees import forest

FEATURES = (
    "length", "question", "infinitive", "negation", "null_copula", "appositive", "embedded_after", "embedded_before",
    "complete",
)  # fmt: skip

_CLAUSES = ("S", "SBAR", "SBARQ", "SINV", "SQ")
_NEGATIONS = frozenset({"not", "n't", "never", "no", "none", "nobody", "nothing", "nowhere", "neither", "nor"})
_ADVERBS = ("RB", "RBR", "RBS")
_PUNCTUATION = (",", ":", "``", "''", "-LRB-", "-RRB-", ".")
_PREDICATES = ("NP", "ADJP", "PP")


def sentence_features(corpus: Corpus) -> pd.DataFrame:
    """One row a sentence, its number as index; counts, int64.

        length            words
        question          1 for a sentence with SQ or SBARQ, or that ends in a question mark
        infinitive        `to` (tag TO) before a base form (VB), adverbs between them allowed
        negation          not, n't, never, no, none, nobody, nothing, nowhere, neither, nor
        null_copula       S of a noun phrase and NP, ADJP or PP, without a verb phrase
        appositive        a noun phrase of a noun phrase, a comma, and a noun phrase, without a conjunction
        embedded_after    S, SBAR, ... below a phrase or clause, with a word before it there that is no punctuation
        embedded_before   S, SBAR, ... that comes before the verb phrase of the clause it is in, with nothing before it
        complete          1 for a clause with NP and VP at the top, and a final mark

    Chains of single children count once; coordinated clauses (beside CC) are not embedded. Raises ProbekitError for a
    corpus without trees, DataError for a tree that cannot be read.
    """
    forest(corpus)  # checks trees against their sentences
    assert corpus.trees is not None
    rows = [_features(parse_tree(text)) for text in corpus.trees]
    return pd.DataFrame(rows, columns=list(FEATURES)).astype(np.int64).rename_axis("sentence")


def _features(tree: Tree) -> tuple[int, ...]:
    words = [word.lower() for word in tree.words]
    kids = _children(tree)
    clauses = [node for node, label in enumerate(tree.labels) if label in _CLAUSES]
    after = before = 0
    for node in clauses:
        above = tree.above[node]
        # What a SBAR introduces is embedded once, with it; the SQ of a question is its main clause.
        if above < 0 or len(kids[above]) == 1 or tree.labels[above] in ("TOP", "ROOT", "SBAR", "SBARQ"):
            continue
        names = [name for name, _ in kids[above]]
        place = [child for _, child in kids[above]].index(node)
        if "CC" in names:
            continue
        if any(name not in _PUNCTUATION for name in names[:place]):
            after += 1
        elif "VP" in names[place + 1 :]:
            before += 1
    shapes = [[name for name, _ in children if name not in ("``", "''")] for children in kids]
    copula = sum(
        label == "S" and "VP" not in shape and len(shape) >= 2 and shape[0] == "NP" and shape[1] in _PREDICATES
        for label, shape in zip(tree.labels, shapes, strict=True)
    )
    appositive = sum(
        label == "NP" and shape[:3] == ["NP", ",", "NP"] and "CC" not in shape and shape[3:] in ([], [","])
        for label, shape in zip(tree.labels, shapes, strict=True)
    )
    question = words[-1] == "?" or any(label in ("SQ", "SBARQ") for label in tree.labels)
    return (
        len(words),
        int(question),
        _infinitives(tree.tags),
        sum(word in _NEGATIONS for word in words),
        copula,
        appositive,
        after,
        before,
        int(_complete(tree, shapes)),
    )


def _children(tree: Tree) -> list[list[tuple[str, int]]]:
    """Name and node of the children of every node in order; a word's tag has node -1."""
    found: list[list[tuple[int, str, int]]] = [[] for _ in tree.labels]
    for node, above in enumerate(tree.above):
        if above >= 0:
            found[above].append((tree.starts[node], tree.labels[node], node))
    for word, above in enumerate(tree.parents):
        if above >= 0:
            found[above].append((word, tree.tags[word], -1))
    return [[(name, node) for _, name, node in sorted(children)] for children in found]


def _infinitives(tags: list[str]) -> int:
    found = 0
    for at, tag in enumerate(tags):
        if tag == "TO":
            rest = [later for later in tags[at + 1 :] if later not in _ADVERBS][:1]
            found += rest == ["VB"]
    return found


def _complete(tree: Tree, shapes: list[list[str]]) -> bool:
    clause = next((node for node, label in enumerate(tree.labels) if label not in ("TOP", "ROOT")), None)
    if clause is None or tree.labels[clause] not in ("S", "SINV", "SQ", "SBARQ"):
        return False
    whole = (tree.starts[clause], tree.ends[clause]) == (0, len(tree.words))
    inside = [name for node, shape in enumerate(shapes) if tree.labels[node] in _CLAUSES for name in shape]
    return whole and {"NP", "VP"} <= set(inside) and tree.words[-1] in (".", "!", "?", "''", "'", '"')
