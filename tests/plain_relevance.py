"""Relevance written a second time, slower and plainer, straight from the definitions: unit by unit, input by input."""

from __future__ import annotations

import math

import numpy as np


def share_out(x, w, b, R, rule, inputs=None, n=None):
    """Relevance of inputs x (n,) from units with weights w (m, n), biases b (m,), relevance R (m,), and what was kept.

    rule: (name, options). inputs: for each unit the numbers of the inputs it has (default all); n: how many it has.
    """
    name, options = rule
    found, kept = np.zeros(len(x)), 0.0
    for j in range(len(R)):
        own = range(len(x)) if inputs is None else inputs[j]
        count = n or len(own)
        z = {i: x[i] * w[j, i] for i in own}
        total = sum(z.values()) + b[j]
        sign = 1 if total >= 0 else -1
        if name == "epsilon":
            s = options["epsilon"] * sign
            for i in own:
                if options["bias"] == "share":
                    found[i] += (z[i] + (b[j] + s) / count) / (total + s) * R[j]
                else:
                    found[i] += z[i] / (total + s) * R[j]
            kept += (b[j] + s) / (total + s) * R[j] if options["bias"] == "drop" else 0
        elif name == "gamma":
            more = {i: v + options["gamma"] * (v if v * sign > 0 else 0) for i, v in z.items()}
            bias = b[j] + options["gamma"] * (b[j] if b[j] * sign > 0 else 0)
            s = options["epsilon"] * sign
            below = sum(more.values()) + bias + s
            for i in own:
                found[i] += more[i] / below * R[j]
            kept += (bias + s) / below * R[j]
        elif name in ("alpha_beta", "z_plus"):
            alpha = options.get("alpha", 1.0)
            beta = 1 - alpha
            up, down = sum(v for v in z.values() if v > 0), sum(v for v in z.values() if v < 0)
            if options.get("renormalise", False):
                alpha, beta = (1.0, 0.0) if down == 0 else (0.0, 1.0) if up == 0 else (alpha, beta)
            for i in own:
                if z[i] > 0:
                    found[i] += alpha * z[i] / up * R[j]
                if z[i] < 0:
                    found[i] += beta * z[i] / down * R[j]
            kept += R[j] * (1 - alpha * (up > 0) - beta * (down < 0))
        elif name == "flat":
            for i in own:
                found[i] += R[j] / count
    return found, kept


def cnn(x, conv_w, conv_b, fc_w, fc_b, target, rule, activation=lambda z: max(z, 0.0)):
    """The text CNN of the card on one document x (T, d): score of a class and relevance (T, d)."""
    T, d = x.shape
    filters, _, width = conv_w.shape
    z = np.array([
        [
            sum(x[t + k, i] * conv_w[f, i, k] for k in range(width) for i in range(d)) + conv_b[f]
            for t in range(T - width + 1)
        ]
        for f in range(filters)
    ])  # fmt: skip
    h = np.array([[activation(v) for v in row] for row in z])
    where = [int(np.argmax(row)) for row in h]
    pooled = np.array([h[f, where[f]] for f in range(filters)])
    score = float(fc_w[target] @ pooled + fc_b[target])
    hidden, kept = share_out(pooled, fc_w[[target]], fc_b[[target]], np.array([score]), rule)
    found = np.zeros((T, d))
    for f in range(filters):
        window = x[where[f] : where[f] + width]
        part, more = share_out(
            window.ravel(), conv_w[f].T.reshape(1, -1), conv_b[[f]], hidden[[f]], rule, n=width * d
        )  # fmt: skip
        found[where[f] : where[f] + width] += part.reshape(width, d)
        kept += more
    return score, found, kept


def mlp(x, layers, target, rule, activation=lambda z: 1 / (1 + math.exp(-z))):
    """A multilayer perceptron on one input x (d,): score of a class, relevance (d,), what was kept."""
    values = [x]
    for k, (w, b) in enumerate(layers):
        z = w @ values[-1] + b
        values.append(z if k == len(layers) - 1 else np.array([activation(v) for v in z]))
    R = np.zeros(len(values[-1]))
    R[target] = values[-1][target]
    kept = 0.0
    for (w, b), below in zip(reversed(layers), reversed(values[:-1]), strict=True):
        R, more = share_out(below, w, b, R, rule)
        kept += more
    return float(values[-1][target]), R, kept
