"""Alignment by the relaxed CSLS loss (Joulin et al. 2018, EMNLP): what is searched with is what is learned with."""

from __future__ import annotations

import numpy as np

from probekit.embeddings.align.linear import orthogonal
from probekit.embeddings.align.maps import Maps, sides
from probekit.embeddings.align.neighbours import nearest
from probekit.values import Count

_STEP, _LEAST_STEP = 1.0, 1e-4


def rcsls(
    source: np.ndarray,
    target: np.ndarray,
    pairs: np.ndarray,
    *,
    k: Count = 10,
    most: Count = 20_000,
    rounds: Count = 50,
    spectral: bool = True,
) -> Maps:
    """The linear map of the source with the least relaxed CSLS loss, by gradient descent from Procrustes.

    The loss of pairs (x, z) is -2 x'Wz, and the mean of x'Wz' over the k nearest z' of Wx, and that of x''Wz over the k
    nearest Wx' of z; neighbours are sought among the first `most` words of each side. A step that raises the loss is
    taken back and halved. spectral: W is kept among maps of spectral norm at most 1, without which the loss, which
    grows with W, has no least value and `rounds` alone end it.
    """
    left, right = sides(source, target, pairs)
    near = (source[:most], target[:most])
    best = orthogonal(left, right)
    least, slope = loss(best, left, right, near, k)
    step, done = _STEP, 0
    while done < rounds and step >= _LEAST_STEP:
        done += 1
        tried = best - step * slope
        tried = contracted(tried) if spectral else tried
        value, steeper = loss(tried, left, right, near, k)
        if value < least:
            best, least, slope = tried, value, steeper
        else:
            step /= 2
    info = {"loss": least, "rounds": done, "converged": step < _LEAST_STEP}
    return Maps(best, np.eye(target.shape[1]), info)


def loss(
    by: np.ndarray, left: np.ndarray, right: np.ndarray, near: tuple[np.ndarray, np.ndarray], k: int
) -> tuple[float, np.ndarray]:
    """The relaxed CSLS loss of a map (d, d), a mean over pairs, and its gradient (d, d).

    left, right: (p, d) paired rows. near: (n, d) and (m, d) float32 rows of both sides among which neighbours are.
    """
    sources, targets = near
    moved = (left @ by).astype(np.float32)
    beside = _mean_of(targets, nearest(moved, targets, k))
    around = _mean_of(sources, nearest(right.astype(np.float32), (sources @ by.astype(np.float32)), k))
    slope = (left.T @ (beside - 2 * right) + around.T @ right) / len(left)
    return float((by * slope).sum()), slope


def contracted(by: np.ndarray) -> np.ndarray:
    """The nearest map (d, d) of spectral norm at most 1."""
    u, strength, vt = np.linalg.svd(by)
    return np.asarray((u * np.minimum(strength, 1)) @ vt)


def _mean_of(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean of the chosen rows (p, k), (p, d) float64, one neighbour after the other: no p x k x d array is held."""
    total = np.zeros((len(chosen), rows.shape[1]))
    for column in chosen.T:
        total += rows[column]
    return total / chosen.shape[1]
