"""Alignment by self-learning: a map gives a dictionary of nearest neighbours, which gives a better map, and so on."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from probekit.embeddings.affine import Affine
from probekit.embeddings.align.linear import orthogonal, vecmap
from probekit.embeddings.align.maps import Maps, sides
from probekit.embeddings.align.neighbours import Both, Csls, Dropping, both_ways
from probekit.embeddings.measures import get, unit_rows
from probekit.errors import ProbekitError, UnknownName
from probekit.streams import generator
from probekit.values import Count, Range, Seed

Kept = Annotated[float, Range(0, 1, above=True)]
INDUCTION = ("mutual", "union")
_GAIN = 1e-6  # of the mean similarity, below which it has stopped improving


def self_learning(
    source: np.ndarray,
    target: np.ndarray,
    pairs: np.ndarray,
    *,
    induction: str = "mutual",
    retrieval: str = "cosine",
    most: Count = 20_000,
    rounds: Count = 100,
    keep: Kept = 1.0,
    patience: Count = 1,
    seed: Seed = 0,
) -> Maps:
    """Orthogonal maps and dictionaries in turn until the mean similarity of neighbours stops improving, then VecMap.

    induction: `mutual` nearest neighbours (Vulic et al. 2019), or the `union` of both directions (VecMap). retrieval:
    `cosine` or `csls(k=10)`. most: words of each side, the first ones, that are paired. keep: share of similarities
    that a round chooses among, at random by `seed`; after `patience` rounds without improvement it is doubled, and
    where it is all, learning ends. VecMap's toolkit has induction=union, retrieval=csls, keep=0.1 and patience=50,
    which take some hundred rounds. The dictionary of the best round is the one that counts. Raises UnknownName for
    another way.
    """
    csls = _retrieval(retrieval)
    if induction not in INDUCTION:
        raise UnknownName("induction", str(induction), INDUCTION)
    found = latest = pairs
    reached, converged, done, idle = -np.inf, False, 0, 0
    while done < rounds and not converged:
        done += 1
        dropping = Dropping(keep, *(generator(seed, "noise", "self-learning", done, way) for way in (0, 1)))
        both = _neighbours(source[:most], target[:most], latest, (source, target), csls, dropping)
        made, idle = induced(both, induction), idle + 1
        latest = made if len(made) else found  # of few words all may be dropped
        if both.mean > reached + _GAIN:
            found, reached, idle = latest, both.mean, 0
        if idle == patience:
            converged, keep, idle = keep >= 1, min(1.0, 2 * keep), 0
    maps = vecmap(source, target, found)
    info = {"rounds": done, "converged": converged, "induced": len(found), "mean_similarity": reached}
    return Maps(maps.source, maps.target, {**maps.info, **info})


def induced(both: Both, induction: str = "mutual") -> np.ndarray:
    """Pairs (p, 2) of rows that neighbours of both ways make, each once, in order."""
    rows, columns = np.arange(len(both.forward)), np.arange(len(both.backward))
    if induction == "mutual":
        kept = both.backward[both.forward] == rows
        return np.stack([rows[kept], both.forward[kept]], axis=1)
    found = np.concatenate([np.stack([rows, both.forward], axis=1), np.stack([both.backward, columns], axis=1)])
    return np.unique(found, axis=0)


def _neighbours(
    source: np.ndarray,
    target: np.ndarray,
    pairs: np.ndarray,
    whole: tuple[np.ndarray, np.ndarray],
    csls: Csls | None,
    dropping: Dropping,
) -> Both:
    """Neighbours under the orthogonal map that pairs of rows of the whole sides give."""
    turn = Affine.linear(orthogonal(*sides(*whole, pairs)))
    return both_ways(unit_rows(turn.of(source)), unit_rows(target), csls, dropping)


def _retrieval(spec: str) -> Csls | None:
    if spec == "cosine":
        return None
    found: Any = get(spec)
    if not isinstance(found, Csls):
        raise ProbekitError(f"retrieval of self-learning is cosine or csls(k), not '{spec}'")
    return found
