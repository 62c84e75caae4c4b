"""CKY over whole arrays: the best tree of every prefix of a sentence from one chart.

Right sides of rules form a trie, whose nodes are the dotted rules of a binarised grammar: a node over words i:j is a
sequence of children that cover them. A node of two children or more is reached from one other node by one more
child, so one gather, one sum and one maximum over the places to divide fill a cell for all rules at once. Nodes of the
trie never appear in a tree: binarisation is undone as the tree is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from probekit.tasks.trees import NONE

# Marks tags among the symbols of rules, since some treebanks name a tag as a label.
TAG = "@"
_LOST = -np.inf
# Gathered right children are kept for all cells up to this size; longer sentences gather them again.
_KEPT_BYTES = 256 << 20


class Parsed(NamedTuple):
    """The last word of a prefix in its best tree: its tag, the labels above it from the lowest up, the tree's log P."""

    tag: str
    ancestors: tuple[str, ...]
    log_probability: float

    def label(self, height: int) -> str:
        """The tag for height 0, else the label so many steps above it, `<none>` where the path is shorter."""
        if height == 0:
            return self.tag
        return self.ancestors[height - 1] if height <= len(self.ancestors) else NONE


class RuleTable:
    """Rules as arrays. Symbols are numbered: labels first, then tags (`@NN`), each sorted.

    Trie nodes 0..S-1 are the symbols themselves, single children; node S + e is node `source[e]` with the child
    `child[e]` behind it. `ends` and `log_p` say which label a node completes (`whole`: the node), sorted by label;
    `chain[X, Y]` is the log P of the best chain of single children from X down to Y, 0 for none.
    """

    def __init__(
        self, rules: Mapping[tuple[str, tuple[str, ...]], float], roots: Mapping[str, float], tags: Sequence[str]
    ) -> None:
        labels = sorted({label for label, _ in rules})
        self.n_labels = len(labels)
        self.symbols = [*labels, *(TAG + tag for tag in tags)]
        n = len(self.symbols)
        self.number = {symbol: k for k, symbol in enumerate(self.symbols)}
        trie: dict[tuple[int, int], int] = {}
        source: list[int] = []
        child: list[int] = []
        completions: dict[tuple[int, int], float] = {}  # label, node -> log P
        single = np.full((n, n), _LOST)
        for (label, right), p in rules.items():
            left, (node, *rest) = self.number[label], (self.number[name] for name in right)
            if not rest:
                single[left, node] = np.log(p)
                continue
            for symbol in rest:
                if (node, symbol) not in trie:
                    trie[node, symbol] = n + len(source)
                    source.append(node)
                    child.append(symbol)
                node = trie[node, symbol]
            completions[left, node] = np.log(p)
        self.source, self.child = np.array(source, dtype=np.intp), np.array(child, dtype=np.intp)
        ordered = sorted(completions)
        self.ends = np.array([left for left, _ in ordered], dtype=np.intp)
        self.whole = np.array([node for _, node in ordered], dtype=np.intp)
        self.log_p = np.array([completions[key] for key in ordered])
        self.chain, self._step = _closure(single)
        self.roots = [(self.number[root], float(np.log(p))) for root, p in sorted(roots.items())]

    def between(self, top: int, bottom: int) -> list[int]:
        """The symbols of the best chain from one symbol down to another, the latter left out."""
        found = []
        while top != bottom:
            found.append(top)
            top = int(self._step[top, bottom])
        return found


def _closure(single: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best chains of single children: log P (0 for no step), and the first step of each."""
    n = len(single)
    best = single.copy()
    step = np.tile(np.arange(n), (n, 1))
    for via in range(n):
        through = best[:, via, None] + best[via]
        better = through > best
        best = np.where(better, through, best)
        step = np.where(better, step[:, via, None], step)
    # No chain gains by coming back to where it was.
    np.fill_diagonal(best, 0.0)
    return best, step


class Chart:
    """The chart of one sentence.

    tags: for every word log P(word | tag) by tag. `best[i, j]` holds for words i:j and every symbol the log P of its
    best tree, `base` the symbol at the bottom of its chain of single children, and for labels `last` and `split` the
    last child of the best rule and where it starts.
    """

    def __init__(self, table: RuleTable, tags: Sequence[Mapping[str, float]]) -> None:
        self.table = table
        self.n = n = len(tags)
        size, labels = len(table.symbols), table.n_labels
        self.best = np.full((n, n + 1, size), _LOST)
        self.base = np.zeros((n, n + 1, size), dtype=np.int32)
        self.last = np.zeros((n, n + 1, labels), dtype=np.int32)
        self.split = np.zeros((n, n + 1, labels), dtype=np.int32)
        self._use(tags)
        keep = n * n // 2 * len(self.source) * 8 <= _KEPT_BYTES
        right: dict[tuple[int, int], np.ndarray] = {}  # best[k, j] at the child of every trie node
        for i in range(n - 1, -1, -1):
            nodes = np.full(size + len(self.source), _LOST)  # of one cell
            left = np.empty((n - i, len(self.source)))  # by k: the cell i:k at the source of every trie node
            for j in range(i + 1, n + 1):
                base = np.full(size, _LOST)
                if j == i + 1:
                    for tag, value in tags[i].items():
                        base[table.number[TAG + tag]] = value
                    nodes[size:] = _LOST
                elif len(self.source):
                    rights = [right[k, j] if keep else self.best[k, j].take(self.child) for k in range(i + 1, j)]
                    sums = left[: j - i - 1] + rights
                    sums.max(axis=0, out=nodes[size:])
                    self._complete(i, j, nodes, base, sums)
                self._chains(i, j, base)
                nodes[:size] = self.best[i, j]
                if j < n:
                    nodes.take(self.source, out=left[j - i - 1])
                if keep and i:
                    right[i, j] = self.best[i, j].take(self.child)

    def _use(self, tags: Sequence[Mapping[str, float]]) -> None:
        """The part of the trie that this sentence can reach: nodes without a tag that none of its words has."""
        table = self.table
        size = len(table.symbols)
        there = np.zeros(size + len(table.source), dtype=bool)
        there[: table.n_labels] = True
        there[[table.number[TAG + tag] for one in tags for tag in one]] = True
        child_there = there[table.child]
        for node, (source, ok) in enumerate(zip(table.source.tolist(), child_there.tolist(), strict=True)):
            there[size + node] = ok and there[source]
        kept = np.flatnonzero(there[size:])
        number = np.full(len(there), -1, dtype=np.intp)
        number[:size] = np.arange(size)
        number[size + kept] = size + np.arange(len(kept))
        self.source, self.child = number[table.source[kept]], table.child[kept]
        usable = number[table.whole] >= 0
        self.whole, self.log_p = number[table.whole[usable]], table.log_p[usable]
        self.completed, self.first = np.unique(table.ends[usable], return_index=True)
        self.count = np.diff([*self.first, len(self.whole)])

    def _complete(self, i: int, j: int, nodes: np.ndarray, base: np.ndarray, sums: np.ndarray) -> None:
        """The best rule of every label over a cell, with its last child and where that starts."""
        if not len(self.whole):
            return
        values = nodes.take(self.whole) + self.log_p
        best = np.maximum.reduceat(values, self.first)
        base[self.completed] = best
        # The first completion that reaches the maximum of its label.
        reached = np.flatnonzero(values == np.repeat(best, self.count))
        label = np.searchsorted(self.first, reached, side="right") - 1
        _, where = np.unique(label, return_index=True)
        rule = self.whole[reached[where]] - len(self.table.symbols)
        self.last[i, j, self.completed] = self.child[rule]
        self.split[i, j, self.completed] = i + 1 + sums[:, rule].argmax(axis=0)

    def _chains(self, i: int, j: int, base: np.ndarray) -> None:
        there = np.flatnonzero(base > _LOST)
        if not len(there):
            return
        scores = self.table.chain[:, there] + base[there]
        place = scores.argmax(axis=1)
        self.best[i, j] = scores[np.arange(len(scores)), place]
        self.base[i, j] = there[place]

    def prefixes(self) -> list[Parsed | None]:
        """The last word of every prefix in the prefix's best tree; None where there is no tree."""
        return [self._last_word(end) for end in range(1, self.n + 1)]

    def _last_word(self, end: int) -> Parsed | None:
        scored = [(self.best[0, end, root] + log_p, -root) for root, log_p in self.table.roots]
        log_probability, root = max(scored)
        if log_probability == _LOST:
            return None
        symbol, start, path = -root, 0, []
        while True:
            bottom = int(self.base[start, end, symbol])
            path += self.table.between(symbol, bottom)
            if bottom >= self.table.n_labels:
                names = [self.table.symbols[one] for one in path]
                return Parsed(self.table.symbols[bottom].removeprefix(TAG), tuple(names[::-1]), float(log_probability))
            path.append(bottom)
            symbol, start = int(self.last[start, end, bottom]), int(self.split[start, end, bottom])
