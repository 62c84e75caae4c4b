"""Refinement written a second time, word by word and dimension by dimension, straight from the definitions."""

from __future__ import annotations

import numpy as np


def relevance(x, weights, biases, target):
    """Relevance of the inputs x (n,) for one output of linear - sigmoid - linear: halves, no biases in z."""
    first = weights[0] @ x + biases[0]
    hidden = 1 / (1 + np.exp(-first))
    predicted = weights[1] @ hidden + biases[1]
    R = np.zeros(len(predicted))
    R[target] = predicted[target]  # of one property alone
    R = shared(hidden, weights[1], R)  # the sigmoid passes it on
    return shared(x, weights[0], R), predicted[target]


def shared(x, w, R):
    found = np.zeros(len(x))
    for j in range(len(R)):
        z = [x[i] * w[j, i] for i in range(len(x))]
        up, down = sum(v for v in z if v > 0), sum(v for v in z if v < 0)
        alpha, beta = (1, 0) if down == 0 else (0, 1) if up == 0 else (0.5, 0.5)
        for i, v in enumerate(z):
            if v > 0:
                found[i] += alpha * v / up * R[j]
            elif v < 0:
                found[i] += beta * v / down * R[j]
    return found


def weights_of(relevances, predicted, theta_t, theta_r1, theta_r2):
    """r of one property, or None: words cut first, then the mean over V, then what is left over the largest."""
    chosen = [r for r, y in zip(relevances, predicted, strict=True) if y >= theta_t]
    if not chosen:
        return None
    mean = sum(np.array([v if v >= theta_r1 else 0.0 for v in r]) for r in chosen) / len(chosen)
    if mean.max() <= 0:
        return None
    return np.array([v / mean.max() if v / mean.max() >= theta_r2 else 0.0 for v in mean])


def projected(x, r):
    """x T with T of a column for each dimension that r keeps."""
    kept = [i for i in range(len(r)) if r[i] > 0]
    T = np.zeros((len(r), len(kept)))
    for column, i in enumerate(kept):
        T[i, column] = r[i]
    return x @ T
