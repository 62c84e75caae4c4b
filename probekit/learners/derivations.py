"""Sentences as steps that make their vectors from those of their words, for many trees at once.

What lies equally high in any tree is made together; a plain sum is one sparse product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.learners.compositions import Composition
from probekit.tasks.tree_nodes import Nodes, nodes_of

if TYPE_CHECKING:
    from torch import Tensor

WORDS_AT_ONCE = 4096  # words of the sentences whose vectors are held together
# A function(vectors of some sentences (m, d), their rows) -> the gradient of the loss with respect to them.
Pull = Callable[["Tensor", slice], "Tensor"]


class Bags:
    """Sentences under a plain sum: a sparse matrix of how often each has a word.

    words: of each sentence, numbers below V; -1 is an unknown word, which adds nothing.
    """

    def __init__(self, words: Sequence[np.ndarray], n_words: int) -> None:
        from scipy.sparse import csr_array

        sentence = np.repeat(np.arange(len(words)), [len(one) for one in words])
        flat = np.concatenate(words)
        known = flat >= 0
        ones = np.ones(int(known.sum()), dtype=np.float32)
        self.counts = csr_array((ones, (sentence[known], flat[known])), shape=(len(words), n_words))
        self.counts.sum_duplicates()
        self.turned = self.counts.T.tocsr()

    def values(self, vectors: Tensor) -> Tensor:
        """Vectors of all sentences (n, d) from those of words (V, d)."""
        import torch

        return torch.from_numpy(self.counts @ vectors.numpy())

    def gradient(self, vectors: Tensor, pull: Pull) -> Tensor:
        """The gradient with respect to the vectors of words (V, d)."""
        import torch

        return torch.from_numpy(self.turned @ pull(self.values(vectors), slice(None)).numpy())


@dataclass(frozen=True, eq=False)
class _Block:
    """Some sentences: `words` (T,) are the first T slots, a step makes slot `out` of `left` and `right`."""

    rows: slice
    words: Tensor
    levels: tuple[tuple[Tensor, Tensor, Tensor], ...]
    tops: Tensor
    slots: int


class Trees:
    """Sentences under a composition that goes by their trees; see `Bags`.

    sentences: places in the corpus. Raises as `probekit.tasks.tree_nodes.nodes_of`.
    """

    def __init__(
        self, corpus: Corpus, sentences: np.ndarray, words: Sequence[np.ndarray], n_words: int, composition: Composition
    ) -> None:
        self.function, self.neutral = composition.function, composition.neutral
        children = _children(nodes_of(corpus))
        words = [np.where(one < 0, n_words, one) for one in words]  # the neutral vector stands behind all others
        self.blocks: list[_Block] = []
        start = 0
        for end in _ends([len(one) for one in words]):
            rows = slice(start, end)
            self.blocks.append(_block(corpus, nodes_of(corpus), children, sentences[rows], words[rows], rows))
            start = end

    def values(self, vectors: Tensor) -> Tensor:
        """Vectors of all sentences (n, d) from those of words (V, d)."""
        import torch

        with torch.no_grad():
            return torch.cat([self._forward(block, vectors)[0][block.tops] for block in self.blocks])

    def gradient(self, vectors: Tensor, pull: Pull) -> Tensor:
        """The gradient with respect to the vectors of words (V, d), block by block: memory is that of one."""
        import torch

        found = torch.zeros(len(vectors) + 1, vectors.shape[1])  # the last row takes that of unknown words
        for block in self.blocks:
            values, made = self._forward(block, vectors, keep=True)
            back = torch.zeros_like(values)
            back[block.tops] = pull(values[block.tops], block.rows)
            for (left, right, out), (parts, whole) in zip(reversed(block.levels), reversed(made), strict=True):
                # A slot is part of one other at most: what comes back to it is written, not added.
                back[left], back[right] = torch.autograd.grad(whole, parts, back[out])
            found.index_add_(0, block.words, back[: len(block.words)])
        return found[:-1]

    def _forward(self, block: _Block, vectors: Tensor, keep: bool = False) -> tuple[Tensor, list[Any]]:
        """Vectors of all slots, and of each level the parts and wholes that gradients go back through."""
        import torch

        known = torch.cat([vectors, torch.full((1, vectors.shape[1]), self.neutral)])
        values = torch.empty(block.slots, vectors.shape[1])
        values[: len(block.words)] = known[block.words]
        made = []
        for left, right, out in block.levels:
            parts = (values[left].requires_grad_(keep), values[right].requires_grad_(keep))
            with torch.set_grad_enabled(keep):
                whole = self.function(*parts)
            if whole.shape != parts[0].shape:
                raise ProbekitError(
                    f"the composition made vectors of shape {tuple(whole.shape)} of parts of {tuple(parts[0].shape)}; "
                    "it gives one of the same shape for each pair of parts"
                )
            values[out] = whole.detach()
            made += [(parts, whole)] if keep else []
        return values, made


def _ends(lengths: Sequence[int]) -> list[int]:
    """Where blocks of sentences end: each has about WORDS_AT_ONCE words."""
    total = np.cumsum(lengths)
    block = (total - 1) // WORDS_AT_ONCE
    return [int(end) for end in np.flatnonzero(np.diff(block)) + 1] + [len(lengths)]


def _children(nodes: Nodes) -> list[np.ndarray]:
    """The nodes right below each node that is above others, from left to right."""
    below = np.flatnonzero(nodes.above >= 0)
    below = below[np.lexsort((nodes.start[below], nodes.above[below]))]
    sizes = np.bincount(nodes.above[below], minlength=nodes.inner)[: nodes.inner]
    return np.split(below, np.cumsum(sizes)[:-1]) if nodes.inner else []


def _block(
    corpus: Corpus,
    nodes: Nodes,
    children: Sequence[np.ndarray],
    sentences: np.ndarray,
    words: Sequence[np.ndarray],
    rows: slice,
) -> _Block:
    import torch

    slot: dict[int, int] = {}
    for sentence in sentences:
        for word in range(corpus.offsets[sentence], corpus.offsets[sentence + 1]):
            slot[nodes.inner + word] = len(slot)
    level = [0] * len(slot)
    steps: list[tuple[int, int, int, int]] = []
    for node in _below(nodes, sentences):
        made = slot[children[node][0]]
        for child in children[node][1:]:
            right = slot[child]
            level.append(1 + max(level[made], level[right]))
            steps.append((level[-1], made, right, len(level) - 1))
            made = len(level) - 1
        slot[node] = made
    table = np.array(sorted(steps), dtype=np.int64).reshape(-1, 4)
    parts = np.split(table, np.flatnonzero(np.diff(table[:, 0])) + 1) if len(table) else []
    levels = tuple(tuple(torch.from_numpy(part[:, column].copy()) for column in (1, 2, 3)) for part in parts)
    tops = torch.tensor([slot[int(node)] for node in nodes.tops[sentences]])
    return _Block(rows, torch.from_numpy(np.concatenate(words)), levels, tops, len(level))  # type: ignore[arg-type]


def _below(nodes: Nodes, sentences: np.ndarray) -> np.ndarray:
    """The nodes above others of some sentences, lower ones first: a node is numbered after the one above it."""
    inner = np.arange(nodes.inner)
    return inner[np.isin(nodes.sentence[: nodes.inner], sentences)][::-1]
