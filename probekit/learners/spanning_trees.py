"""The best dependency tree of a sentence whose possible arcs have scores: Chu and Liu 1965, Edmonds 1967."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError


def spanning_tree(scores: npt.ArrayLike) -> np.ndarray:
    """Heads (n,) int64 of the tree of the highest sum of scores with one word below the root; 0 is the root.

    scores: (n, n + 1), of word i + 1 (row i) below each head, the root first; what stands where a word would be its own
    head is not read. Ties go to the smaller head. Raises ProbekitError for other shapes and for what is not finite.
    """
    given = np.asarray(scores, dtype=np.float64)
    n = len(given)
    if given.ndim != 2 or given.shape[1] != n + 1 or not n:
        raise ProbekitError(f"scores of arcs are (n, n + 1), a row a word, the root first; got {given.shape}")
    own = np.arange(n)
    full = np.full((n + 1, n + 1), -np.inf)
    full[1:] = given
    full[own + 1, own + 1] = -np.inf
    allowed = full[1:][np.arange(n + 1)[None, :] != own[:, None] + 1]
    if not np.isfinite(allowed).all():
        raise ProbekitError("a score of an arc is not finite")
    # Each arc from the root costs more than all others could make up for: as few of them as can be, which is one.
    full[1:, 0] -= (n + 1) * (np.ptp(allowed) + 1.0)
    return _best(full)[1:]


def greedy(scores: npt.ArrayLike) -> np.ndarray:
    """Each word's best head by itself, (n,) int64: no tree need come of it."""
    given = np.array(scores, dtype=np.float64)
    own = np.arange(len(given))
    given[own, own + 1] = -np.inf
    return given.argmax(axis=1)


def _best(scores: np.ndarray) -> np.ndarray:
    """Heads (m,) of the best arborescence with the root 0; scores (m, m) of child below head."""
    heads = scores.argmax(axis=1)
    heads[0] = 0
    cycle = _cycle(heads)
    if cycle is None:
        return heads
    # The cycle becomes one node, the last; an arc into it costs what breaking the cycle there costs.
    inside = np.zeros(len(scores), dtype=bool)
    inside[cycle] = True
    outside = np.flatnonzero(~inside)
    lost = scores[cycle, heads[cycle]]
    into = scores[cycle][:, outside] - lost[:, None]
    below = scores[outside]
    from_cycle = below[:, cycle]
    entered, left = into.argmax(axis=0), from_cycle.argmax(axis=1)
    m = len(outside)
    smaller = np.empty((m + 1, m + 1))
    smaller[:m, :m] = below[:, outside]
    smaller[m, :m] = into[entered, np.arange(m)]
    smaller[:m, m] = from_cycle[np.arange(m), left]
    smaller[m, m] = -np.inf
    smaller[0] = -np.inf
    found = _best(smaller)
    whole = heads.copy()
    whole[outside] = np.where(found[:m] == m, cycle[left], outside[np.minimum(found[:m], m - 1)])
    whole[0] = 0
    broken = entered[found[m]]
    whole[cycle[broken]] = outside[found[m]]
    return whole


def _cycle(heads: np.ndarray) -> np.ndarray | None:
    """Nodes of one cycle of heads, None where all reach 0."""
    above = heads.tolist()
    seen = [0] * len(above)  # the walk in which each node was met
    seen[0] = -1
    for start in range(1, len(above)):
        node, way = start, []
        while not seen[node]:
            seen[node] = start
            way.append(node)
            node = above[node]
        if seen[node] == start:
            return np.array(way[way.index(node) :])
    return None
