"""Nearest neighbours between two sides of one space, block by block: no n x m matrix is held.

Rows are of length 1 (or zero), so that an inner product is a cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from probekit.values import Count, Whole

_CELLS = 1 << 23  # of one block of similarities, 32 MB


class Csls:
    """Cross-domain similarity local scaling (Conneau et al. 2018, ICLR): 2 cos(x, z) - r(x) - r(z).

    r is the mean cosine with the k nearest of the other side, so that a word near to everything is near to less. most:
    words of the other side among which they are sought, the first ones; 0 for all.
    """

    def __init__(self, k: Count = 10, most: Whole = 0) -> None:
        self.k, self.most = k, most

    def density(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """r of each of rows (n, d) among others (m, d), (n,) float32."""
        return means_of_nearest(rows, others[: self.most or None], self.k)

    def densities(self, rows: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """r of each of rows (n, d) among others (m, d), and of these among rows; of one product where all are asked."""
        if self.most and self.most < max(len(rows), len(others)):
            return self.density(rows, others), self.density(others, rows)
        return means_of_nearest_both(rows, others, self.k)


@dataclass(frozen=True, eq=False)
class Both:
    """forward: (n,) row of the other side nearest to each of the source; backward: (m,) the same the other way.

    mean: of the similarities of both, each side weighing the same.
    """

    forward: np.ndarray
    backward: np.ndarray
    mean: float


class Dropping:
    """Stochastic dropping of VecMap (Artetxe, Labaka and Agirre 2018, ACL): all but a share of similarities count as 0.

    keep: the share. rngs: two, one for each way of looking, so that blocks of any size drop the same.
    """

    def __init__(self, keep: float, *rngs: np.random.Generator) -> None:
        self.keep, self.rngs = keep, rngs

    def of(self, likeness: np.ndarray, way: int) -> np.ndarray:
        """A block of similarities after dropping."""
        if self.keep >= 1:
            return likeness
        return np.asarray(likeness * (self.rngs[way].random(likeness.shape, np.float32) < self.keep))


_NOTHING = Dropping(1)


def both_ways(source: np.ndarray, target: np.ndarray, csls: Csls | None = None, dropping: Dropping = _NOTHING) -> Both:
    """Nearest neighbours of source (n, d) in target (m, d) and back, by cosine or CSLS, the lower number of equals.

    What is dropped is not chosen and counts for the mean all the same.
    """
    r, r_ = csls.densities(source, target) if csls else (np.zeros(1), np.zeros(1))
    factor = np.float32(2 if csls else 1)
    forward, reached = np.empty(len(source), np.int64), np.empty(len(source))
    backward, best, highest = np.zeros(len(target), np.int64), *np.full((2, len(target)), -np.inf, np.float32)
    for part in blocks(len(source), len(target)):
        likeness = factor * (source[part] @ target.T)
        if csls:
            likeness -= r[part, None]
            likeness -= r_
        reached[part], highest = likeness.max(axis=1), np.maximum(highest, likeness.max(axis=0))
        forward[part] = dropping.of(likeness, 0).argmax(axis=1)
        kept = dropping.of(likeness, 1)
        row = kept.argmax(axis=0)
        value = kept[row, np.arange(len(target))]
        better = value > best
        best[better], backward[better] = value[better], row[better] + part.start
    return Both(forward, backward, float((reached.mean() + highest.mean(dtype=np.float64)) / 2))


def means_of_nearest(rows: np.ndarray, others: np.ndarray, k: int) -> np.ndarray:
    """Mean inner product of each of rows (n, d) with the k nearest of others (m, d), (n,) float32."""
    k = min(k, len(others))
    found = np.empty(len(rows), np.float32)
    for part in blocks(len(rows), len(others)):
        found[part] = _largest(rows[part] @ others.T, k).mean(axis=1)
    return found


def means_of_nearest_both(rows: np.ndarray, others: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """`means_of_nearest` of rows (n, d) among others (m, d), and of others among rows, of the same products."""
    found, highest = np.empty(len(rows), np.float32), np.empty((len(others), 0), np.float32)
    for part in blocks(len(rows), len(others)):
        likeness = rows[part] @ others.T
        found[part] = _largest(likeness, k).mean(axis=1)
        more = _above(likeness, highest.min(axis=1)) if highest.shape[1] == k else likeness.T
        highest = _largest(np.concatenate([highest, more], axis=1), k)
    return found, highest.mean(axis=1)


def _largest(likeness: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row, all where there are fewer, in no order."""
    return likeness if likeness.shape[1] <= k else np.partition(likeness, -k, axis=1)[:, -k:]


def _above(likeness: np.ndarray, least: np.ndarray) -> np.ndarray:
    """What is above the least (m,) in each column of a block (b, m), as rows (m, most) that minus infinity fills up."""
    row, column = np.divmod(np.flatnonzero(likeness > least), len(least))
    order = np.argsort(column, kind="stable")
    row, column = row[order], column[order]
    counts = np.bincount(column, minlength=len(least))
    made = np.full((len(least), counts.max()), -np.inf, np.float32)
    made[column, np.arange(len(column)) - (np.cumsum(counts) - counts)[column]] = likeness[row, column]
    return made


def nearest(rows: np.ndarray, others: np.ndarray, k: int) -> np.ndarray:
    """The k nearest of others (m, d) to each of rows (n, d) by inner product, (n, k) in no order."""
    k = min(k, len(others))
    found = np.empty((len(rows), k), np.int64)
    for part in blocks(len(rows), len(others)):
        found[part] = np.argpartition(rows[part] @ others.T, -k, axis=1)[:, -k:]
    return found


def blocks(n: int, m: int) -> list[slice]:
    """Slices of n rows whose products with m others fill one block."""
    size = max(1, _CELLS // m)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
