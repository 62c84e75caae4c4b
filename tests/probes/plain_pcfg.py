"""The plain twin of the prefix parser: partial trees made one by one, every tree of a sentence tried."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache

from probekit.corpora.readers.brackets import Tree, parse_tree
from probekit.probes.pcfg import Pcfg
from probekit.probes.pcfg_chart import TAG

Nested = tuple  # (label, child, ...) or (tag, word)


def nested(tree: Tree) -> Nested:
    """A tree as nested tuples."""

    def node(k: int) -> Nested:
        kids = [(tree.starts[c], node(c)) for c, above in enumerate(tree.above) if above == k]
        kids += [(w, (tree.tags[w], w)) for w, above in enumerate(tree.parents) if above == k]
        return (tree.labels[k], *(kid for _, kid in sorted(kids, key=lambda kid: kid[0])))

    return node(0) if tree.labels else (tree.tags[0], 0)


def cut(tree: Nested, t: int) -> Nested | None:
    """The partial tree over the first t words."""
    if isinstance(tree[1], int):
        return tree if tree[1] < t else None
    kids = [kid for kid in (cut(kid, t) for kid in tree[1:]) if kid is not None]
    return (tree[0], *kids) if kids else None


def symbol(tree: Nested) -> str:
    return TAG + tree[0] if isinstance(tree[1], int) else tree[0]


def rules_of(tree: Nested) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(tree[1], int):
        yield tree[0], tuple(symbol(kid) for kid in tree[1:])
        for kid in tree[1:]:
            yield from rules_of(kid)


def words_of(tree: Nested) -> Iterator[tuple[str, int]]:
    if isinstance(tree[1], int):
        yield tree
    else:
        for kid in tree[1:]:
            yield from words_of(kid)


def rule_probabilities(trees: list[str], prefixes: bool = True) -> dict[tuple[str, tuple[str, ...]], float]:
    """Relative frequencies of rules over partial trees that are really made."""
    counts: Counter = Counter()
    for text in trees:
        tree = parse_tree(text)
        n = len(tree.words)
        for t in range(1, n + 1) if prefixes else [n]:
            counts.update(rules_of(cut(nested(tree), t)))
    of_label: Counter = Counter()
    for (label, _), times in counts.items():
        of_label[label] += times
    return {rule: times / of_label[rule[0]] for rule, times in counts.items()}


def all_trees(grammar: Pcfg, words: list[str]) -> list[tuple[float, Nested]]:
    """Every tree of a sentence with its log P, chains of single children without repeated labels; best first."""
    rules = sorted(grammar.rules.items())

    @cache
    def trees(name: str, i: int, j: int, above: frozenset[str]) -> list[tuple[float, Nested]]:
        if name.startswith(TAG):
            p = grammar.tags(words[i], i == 0).get(name[1:], 0.0) if j == i + 1 else 0.0
            return [(math.log(p), (name[1:], i))] if p else []
        found = []
        for (left, right), p in rules:
            if left != name or (len(right) == 1 and right[0] in above | {name}):
                continue
            chain = above | {name} if len(right) == 1 else frozenset()
            for score, kids in sequences(right, i, j, chain):
                found.append((score + math.log(p), (name, *kids)))
        return found

    @cache
    def sequences(right: tuple[str, ...], i: int, j: int, above: frozenset[str]) -> list[tuple[float, tuple]]:
        if len(right) == 1:
            return [(score, (tree,)) for score, tree in trees(right[0], i, j, above)]
        found = []
        for k in range(i + 1, j - len(right) + 2):
            for first, head in trees(right[0], i, k, above):
                for rest, tail in sequences(right[1:], k, j, above):
                    found.append((first + rest, (head, *tail)))
        return found

    every = [
        (score + math.log(p), tree)
        for root, p in grammar.roots.items()
        for score, tree in trees(root, 0, len(words), frozenset())
    ]
    return sorted(every, key=lambda one: -one[0])


def last_word(tree: Nested) -> tuple[str, tuple[str, ...]]:
    """Tag and ancestors, lowest first, of the last word of a tree."""
    path: list[str] = []
    while not isinstance(tree[1], int):
        path.append(tree[0])
        tree = tree[-1]
    return tree[0], tuple(path[::-1])
