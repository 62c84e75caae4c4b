"""The hardest negatives of a mega-batch: to every sentence the most similar one that does not mean the same.

Cosines are one product of matrices. The log expected inner product of Gaussians is not, and all pairs of 4,000
sentences in 50 dimensions take many seconds; but in each dimension it is made of two smooth functions of two variances,
1 / (v + w) and ln (v + w), which are sums of few products. A product of matrices then gives it nearly, and the best few
candidates are compared exactly.
"""

from __future__ import annotations

import numpy as np
import torch

from probekit.models.paraphrases import Sentence, similarity

ROWS = 250  # sentences compared with all others at a time
CANDIDATES = 8  # of a Gaussian, compared exactly
# In how many places the two functions are sampled in a dimension, by the range of the logarithms of variances; the
# share of them that may be lost; the range from which single precision is too little.
LEAST_NODES, NODES_A_UNIT, EXACT, MOST_SINGLE = 8, 1.2, 3e-3, 16.0


def hardest(found: Sentence, same: torch.Tensor, text: torch.Tensor, partner: torch.Tensor) -> torch.Tensor:
    """Row of the most similar sentence for each, (n,) int64; ties go to the first.

    same (n,): sentences of one number mean the same and are no negatives. text (n,): number of the words of each; a
    copy of a sentence or of its partner is none either. partner (n,): row of the other side. A sentence that has none
    at all gets -1.
    """
    out = torch.full((len(same),), -1, dtype=torch.int64)
    left, right = _factors(found)
    for start in range(0, len(same), ROWS):
        rows = torch.arange(start, min(start + ROWS, len(same)))
        scores = left[rows] @ right.T
        scores[_barred(rows, same, text, partner)] = -torch.inf
        best, place = scores.topk(min(CANDIDATES if found.log_variance is not None else 1, len(same)), dim=1)
        if found.log_variance is not None:
            exact = similarity(found.rows(rows[:, None]), found.rows(place))
            exact[best == -torch.inf] = -torch.inf
            best, first = exact.max(1, keepdim=True)
            place = place.gather(1, first)
        out[rows] = torch.where(best[:, 0] > -torch.inf, place[:, 0], -1)
    return out


def _barred(rows: torch.Tensor, same: torch.Tensor, text: torch.Tensor, partner: torch.Tensor) -> torch.Tensor:
    """(rows, n): what is no negative of each row."""
    own, others = text[rows][:, None], text[partner[rows]][:, None]
    return (same[rows][:, None] == same) | (own == text) | (others == text)


def _factors(found: Sentence) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrices (n, r) whose product is the similarity of all pairs, or nearly so, up to a constant."""
    if found.log_variance is None:
        unit = torch.nn.functional.normalize(found.mean, dim=1)
        return unit, unit
    logarithms = found.log_variance.double().numpy()
    # Where variances differ by many orders of magnitude, small differences of means weigh as much as large ones.
    kind = torch.float32 if np.ptp(logarithms, axis=0).max() < MOST_SINGLE else torch.float64
    mean = (found.mean - found.mean.mean(0)).to(kind)
    (inverse, signs, at), (log_sum, log_signs, _) = _features(logarithms, kind)
    mu, half = mean[:, at], inverse * signs
    left = [half * mu, -0.5 * half * mu.square(), -0.5 * half, -0.5 * log_sum * log_signs]
    right = [inverse * mu, inverse, inverse * mu.square(), log_sum]
    return torch.cat(left, 1), torch.cat(right, 1)


def _features(log_variance: np.ndarray, kind: torch.dtype) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Of log variances (n, k): features (n, r) of 1 / (v + w), their signs and dimensions (r,); those of ln (v + w).

    1 / (v + w) is (v w)^-1/2 times a function of the difference of the logarithms, which is as smooth everywhere. Both
    functions are read off at Chebyshev nodes of the logarithms, and kept as far as their eigenvalues matter.
    """
    points = log_variance.T  # (k, n)
    low, high = points.min(1, keepdims=True), points.max(1, keepdims=True) + 1e-6
    m = int(LEAST_NODES + NODES_A_UNIT * (high - low).max())
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos((2 * np.arange(m) + 1) * np.pi / (2 * m))
    inside = _lagrange(nodes, points)
    apart, log_sum = (of(nodes[:, :, None], nodes[:, None]) for of in (np.subtract, np.logaddexp))
    scale = np.exp(-points / 2)[:, :, None]
    parts = []
    for kernel, factor in ((0.5 / np.cosh(apart / 2), scale), (log_sum, 1.0)):
        values, vectors = np.linalg.eigh(kernel)
        sizes = np.abs(values)
        kept = sizes > EXACT * sizes.max(1, keepdims=True)
        features = factor * (inside @ (vectors * np.sqrt(sizes)[:, None]))
        flat = features.transpose(1, 0, 2)[:, kept]
        signs, dimensions = np.sign(values[kept]), np.nonzero(kept)[0]
        parts.append((torch.from_numpy(flat).to(kind), torch.from_numpy(signs).to(kind), torch.from_numpy(dimensions)))
    return parts


def _lagrange(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values (k, n, m) that interpolate from m Chebyshev nodes, in barycentric form (Berrut and Trefethen 2004)."""
    m = nodes.shape[1]
    weights = (-1.0) ** np.arange(m) * np.sin((2 * np.arange(m) + 1) * np.pi / (2 * m))
    away = points[:, :, None] - nodes[:, None]
    away[away == 0] = 1e-300
    found: np.ndarray = weights / away
    return found / found.sum(2, keepdims=True)
