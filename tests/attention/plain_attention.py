"""The measures of attention a second time: one text at a time, in plain loops, straight from the definitions."""

from __future__ import annotations

import math

import numpy as np


def uniform(weights: np.ndarray, n: int) -> np.ndarray:
    """1/n for the first n positions."""
    return np.array([1 / n if t < n else 0.0 for t in range(len(weights))])


def entropy(weights: np.ndarray) -> float:
    """Entropy over its largest value, of one row of weights over valid positions."""
    return -sum(w * math.log(w) for w in weights if w > 0) / math.log(len(weights))


def jsd(a: np.ndarray, b: np.ndarray) -> float:
    """Jensen-Shannon divergence in nats."""
    total = 0.0
    for p, q in zip(a, b, strict=True):
        m = (p + q) / 2
        total += 0.5 * (p * math.log(p / m) if p else 0.0) + 0.5 * (q * math.log(q / m) if q else 0.0)
    return total


def tvd(a: np.ndarray, b: np.ndarray) -> float:
    """Half the sum of differences."""
    return sum(abs(p - q) for p, q in zip(a, b, strict=True)) / 2


def information(a: list[int], b: list[int]) -> float:
    """Plug-in mutual information in nats."""
    n, total = len(a), 0.0
    for i in set(a):
        for j in set(b):
            p = sum(x == i and y == j for x, y in zip(a, b, strict=True)) / n
            if p:
                total += p * math.log(p / ((a.count(i) / n) * (b.count(j) / n)))
    return total


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Tau-b by all pairs."""
    concordant, tied_a, tied_b, pairs = 0.0, 0, 0, 0
    for i in range(len(a)):
        for j in range(i):
            x, y = np.sign(a[i] - a[j]), np.sign(b[i] - b[j])
            concordant += x * y
            tied_a += x == 0
            tied_b += y == 0
            pairs += 1
    return concordant / math.sqrt((pairs - tied_a) * (pairs - tied_b))


def tying(raw: np.ndarray, vectors: np.ndarray, lengths: list[int]) -> float:
    """Mean squared distance over all words of a batch."""
    found = [
        sum((raw[i, t, d] - vectors[i, t, d]) ** 2 for d in range(raw.shape[2]))
        for i, n in enumerate(lengths)
        for t in range(n)
    ]
    return float(np.mean(found))


def f1(gold: list[int], predicted: list[int], positive: int) -> float:
    """F1 of one class from precision and recall."""
    right = sum(g == p == positive for g, p in zip(gold, predicted, strict=True))
    if not right:
        return 0.0
    precision, recall = right / predicted.count(positive), right / gold.count(positive)
    return 2 * precision * recall / (precision + recall)
