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
        elif name in ("w_squared", "z_box"):
            message = {}
            for i in own:
                if name == "w_squared":
                    message[i] = w[j, i] ** 2
                else:
                    # What the message exceeds its smallest value over the box by.
                    corner = options["low"] if w[j, i] > 0 else options["high"]
                    message[i] = (x[i] - corner) * w[j, i]
            whole = sum(message.values())
            for i in own:
                found[i] += message[i] / whole * R[j] if whole else 0.0
            kept += 0.0 if whole else R[j]
    return found, kept


def cnn(x, conv_w, conv_b, fc_w, fc_b, target, rule, activation=lambda z: max(z, 0.0)):
    """The text CNN of the card on one document x (T, d): score of a class and relevance (T, d)."""
    T, d = x.shape
    filters, _, width = conv_w.shape
    z = np.array(
        [
            [
                sum(x[t + k, i] * conv_w[f, i, k] for k in range(width) for i in range(d)) + conv_b[f]
                for t in range(T - width + 1)
            ]
            for f in range(filters)
        ]
    )
    h = np.array([[activation(v) for v in row] for row in z])
    where = [int(np.argmax(row)) for row in h]
    pooled = np.array([h[f, where[f]] for f in range(filters)])
    score = float(fc_w[target] @ pooled + fc_b[target])
    hidden, kept = share_out(pooled, fc_w[[target]], fc_b[[target]], np.array([score]), rule)
    found = np.zeros((T, d))
    for f in range(filters):
        window = x[where[f] : where[f] + width]
        part, more = share_out(window.ravel(), conv_w[f].T.reshape(1, -1), conv_b[[f]], hidden[[f]], rule, n=width * d)
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


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(x, state, target, rule):
    """A one-layer LSTM read at its last word, and a linear layer: score, relevance (T, d), what was kept."""
    w, u = state["lstm.weight_ih_l0"], state["lstm.weight_hh_l0"]
    b = state["lstm.bias_ih_l0"] + state["lstm.bias_hh_l0"]
    size, steps = u.shape[1], len(x)
    h, c, gates = [np.zeros(size)], [np.zeros(size)], []
    for t in range(steps):
        i, f, g, o = np.split(w @ x[t] + u @ h[-1] + b, 4)
        gates.append((sigmoid(i), sigmoid(f), np.tanh(g)))
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    score = float(state["fc.weight"][target] @ h[-1] + state["fc.bias"][target])
    of_h, kept = share_out(h[-1], state["fc.weight"][[target]], state["fc.bias"][[target]], np.array([score]), rule)
    of_c = np.zeros(size)
    found = np.zeros_like(x)
    wg = np.concatenate([w[2 * size : 3 * size], u[2 * size : 3 * size]], 1)
    for t in range(steps - 1, -1, -1):
        of_c = of_c + of_h
        i, f, g = gates[t]
        old, new, of_new = f * c[t], i * g, np.zeros(size)
        of_old = np.zeros(size)
        for k in range(size):
            part, more = share_out(np.array([old[k], new[k]]), np.ones((1, 2)), np.zeros(1), of_c[[k]], rule)
            of_old[k], of_new[k] = part
            kept += more
        of_c = of_old
        part, more = share_out(np.concatenate([x[t], h[t]]), wg, b[2 * size : 3 * size], of_new, rule)
        kept += more
        found[t], of_h = part[: x.shape[1]], part[x.shape[1] :]
    return score, found, kept + of_c.sum() + of_h.sum()


def transformer(x, mask, state, config, target):
    """BERT and its kin straight from the papers, on vectors x (T, d) of one text: score, relevance (T, d).

    What Ali et al. (2022) hold constant is detached: attention weights, deviations, gelu(z) / z; gradient x input
    of that network is the relevance. `state` has the names of `plain_names`.
    """
    import torch
    from torch.nn import functional as F

    def linear(v, name):
        return v @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def constant_norm(v, name):
        deviation = (v.var(-1, keepdim=True, unbiased=False) + config["eps"]).sqrt().detach()
        return (v - v.mean(-1, keepdim=True)) / deviation * state[f"{name}.weight"] + state[f"{name}.bias"]

    def constant_ratio(v, function):
        return v * (function(v) / v).detach()

    x = x.clone().requires_grad_()
    h = x + state["positions"][: len(x)]
    if "types" in state:
        h = h + state["types"][0]
    h = constant_norm(h, "embeddings")
    if "project.weight" in state:
        h = linear(h, "project")
    for k in range(config["layers"]):
        heads = []
        q, key, v = (linear(h, f"{k}.{name}") for name in ("query", "key", "value"))
        size = q.shape[1] // config["heads"]
        for part in range(config["heads"]):
            own = slice(part * size, (part + 1) * size)
            scores = q[:, own] @ key[:, own].T / math.sqrt(size)
            weights = scores.masked_fill(~mask[None, :], -torch.inf).softmax(-1).detach()
            heads.append(weights @ v[:, own])
        h = constant_norm(h + linear(torch.cat(heads, 1), f"{k}.out"), f"{k}.norm")
        inner = constant_ratio(linear(h, f"{k}.inner"), F.gelu)
        h = constant_norm(h + linear(inner, f"{k}.outer"), f"{k}.norm2")
    first = constant_ratio(linear(h[0], "head"), getattr(torch, config["head"], None) or getattr(F, config["head"]))
    score = linear(first, "classes")[target]
    (gradient,) = torch.autograd.grad(score, x)
    return float(score), (gradient * x).detach()


def plain_names(family, state):
    """Weights of a Hugging Face sequence classifier under the names that `transformer` uses."""
    found = {}
    distil = family == "distilbert"
    inside = (
        {
            "query": "attention.q_lin",
            "key": "attention.k_lin",
            "value": "attention.v_lin",
            "out": "attention.out_lin",
            "norm": "sa_layer_norm",
            "inner": "ffn.lin1",
            "outer": "ffn.lin2",
            "norm2": "output_layer_norm",
        }
        if distil
        else {
            "query": "attention.self.query",
            "key": "attention.self.key",
            "value": "attention.self.value",
            "out": "attention.output.dense",
            "norm": "attention.output.LayerNorm",
            "inner": "intermediate.dense",
            "outer": "output.dense",
            "norm2": "output.LayerNorm",
        }
    )
    blocks = f"{family}.transformer.layer" if distil else f"{family}.encoder.layer"
    heads = {
        "bert": ("bert.pooler.dense", "classifier"),
        "distilbert": ("pre_classifier", "classifier"),
        "roberta": ("classifier.dense", "classifier.out_proj"),
        "electra": ("classifier.dense", "classifier.out_proj"),
    }
    names = {"embeddings": f"{family}.embeddings.LayerNorm", "project": f"{family}.embeddings_project"}
    names |= dict(zip(("head", "classes"), heads[family], strict=True))
    for k in range(2):
        names |= {f"{k}.{short}": f"{blocks}.{k}.{long}" for short, long in inside.items()}
    for short, long in names.items():
        for part in ("weight", "bias"):
            if f"{long}.{part}" in state:
                found[f"{short}.{part}"] = state[f"{long}.{part}"]
    found["positions"] = state[f"{family}.embeddings.position_embeddings.weight"]
    if family == "roberta":
        found["positions"] = found["positions"][2:]  # the first two belong to padding
    if not distil:
        found["types"] = state[f"{family}.embeddings.token_type_embeddings.weight"]
    return found
