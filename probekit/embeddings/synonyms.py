"""The graph that a lexicon draws over the words of a table, and a random one with the same degrees."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import reverse_cuthill_mckee

from probekit.corpora.word_items import WordItems
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.streams import generator

_ROUNDS = 20  # each offers every edge one exchange


def edges(table: WordTable, lexicon: WordItems) -> np.ndarray:
    """Rows of the words of every edge (2, e) int64, the smaller first, each edge once. Raises ProbekitError where there
    is none."""
    if lexicon.kind != "lexicon":
        raise ProbekitError(f"{lexicon!r} are no lexicon")
    codes, words = lexicon.coded
    pairs = rows_of(table, words)[codes].astype(np.int64)
    pairs = pairs[:, (np.minimum(*pairs) >= 0) & (pairs[0] != pairs[1])]
    if not pairs.size:
        raise ProbekitError(
            f"no pair of {lexicon!r} has both words in {table!r}; are both of one language, and of one case?"
        )
    both = np.sort(_coded(pairs, len(table)))
    both = both[np.diff(both, prepend=-1) > 0]
    return np.stack([both // len(table), both % len(table)])


def rewired(pairs: np.ndarray, seed: int) -> np.ndarray:
    """Edges (2, e) drawn at random, each word with as many as it had, none a loop, none twice.

    Edges (a, b) and (c, d) become (a, d) and (c, b) where both are new, over and over (Maslov and Sneppen 2002).
    """
    draw, pairs, n = generator(seed, "draw", "edges"), pairs.copy(), int(pairs.max()) + 1
    half = pairs.shape[1] // 2
    for _ in range(_ROUNDS):
        pairs = pairs[:, draw.permutation(pairs.shape[1])]
        turned = draw.random(half) < 0.5
        pairs[:, :half][:, turned] = pairs[::-1, :half][:, turned]
        first, second = pairs[:, :half], pairs[:, half : 2 * half]
        offered = np.stack([[first[0], second[1]], [second[0], first[1]]])  # edge of the exchange, its end, exchange
        codes = _coded(offered.swapaxes(0, 1), n)
        _, place, times = np.unique(codes, return_inverse=True, return_counts=True)
        fine = (times[place].reshape(codes.shape) == 1) & (offered[:, 0] != offered[:, 1])
        fine &= ~np.isin(codes, _coded(pairs, n))
        taken = np.flatnonzero(fine.all(axis=0))
        pairs[:, taken], pairs[:, half + taken] = offered[0][:, taken], offered[1][:, taken]
    return np.sort(pairs, axis=0)


def together(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that have edges (m,), synonyms near one another, and their places among these for each edge (2, e) int32.

    Sweeps over words in this order (Cuthill and McKee's) find most vectors where the processor has them already.
    """
    rows, places = np.unique(pairs, return_inverse=True)
    left, right = places.reshape(2, -1)
    there = np.ones(len(left), dtype=np.int8), (left, right)
    graph = csr_matrix(there, shape=(len(rows), len(rows)))
    order = reverse_cuthill_mckee(graph + graph.T, symmetric_mode=True)
    place = np.empty(len(rows), dtype=np.int32)
    place[order] = np.arange(len(rows))
    return rows[order], place[np.stack([left, right])]


def among(pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which pairs of rows (2, m) are among edges (2, e), whichever is first."""
    n = int(max(pairs.max(), others.max())) + 1
    return np.isin(_coded(pairs.astype(np.int64), n), _coded(others, n))


def _coded(pairs: np.ndarray, n: int) -> np.ndarray:
    """One number for each pair of rows below n (2, ...), whichever is first."""
    return np.asarray(np.minimum(*pairs) * n + np.maximum(*pairs))
