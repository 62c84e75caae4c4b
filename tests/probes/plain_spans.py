"""Span methods once more, span by span, straight from the card's definitions. Slow, plain, float64."""

from __future__ import annotations

import numpy as np


def plain(method: str, e: np.ndarray, query: np.ndarray | None = None, d: int | None = None) -> np.ndarray:
    """One span's vector from its token vectors e (n, d)."""
    first, last = e[0], e[-1]
    d = e.shape[1]
    if method == "avg":
        return np.array([sum(e[k][i] for k in range(len(e))) / len(e) for i in range(d)])
    if method == "max":
        return np.array([max(e[k][i] for k in range(len(e))) for i in range(d)])
    if method == "attn":
        scores = np.array([float(np.dot(query, e[k])) for k in range(len(e))])
        weights = np.exp(scores) / np.exp(scores).sum()
        return sum(weights[k] * e[k] for k in range(len(e)))
    if method == "endpoint":
        return np.concatenate([first, last])
    if method == "diffsum":
        return np.concatenate([last + first, last - first])
    if method == "endpoint+attn":
        return np.concatenate([first, last, plain("attn", e, query)])
    a = {"coherent": 15 * d // 32, "coherent(split=quarter)": d // 4}[method]
    b = d // 2 - a
    first, last = np.split(first, [a, 2 * a, 2 * a + b]), np.split(last, [a, 2 * a, 2 * a + b])
    return np.concatenate([first[0], last[1], [float(np.dot(first[2], last[3]))]])
