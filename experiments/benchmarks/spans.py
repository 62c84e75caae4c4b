"""Training the span probe on frozen states: a step against its counted operations, an epoch against encoding anew.

And scores on states kept in half precision against those in full. All
at one thread, as cells of a grid are answered. A step is all of it: gather, layer mix, projection, pooling,
perceptron, backward, Adam. What is counted is what the step must compute at least; gathers and moves count nothing.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from probekit import resources, tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders import describe
from probekit.encoders.activations import encode, read_first_piece
from probekit.probes.span_mlp import SpanMLP
from probekit.probes.span_names import METHODS
from probekit.probes.span_network import SpanNetwork, SpanTokens
from probekit.probes.span_training import fit_methods, make_network, micro_f1
from probekit.store import Store
from probekit.works.span_answers import draw_units, token_spans

from .measure import Line, matrix_rate, processor, seconds, threads

TASK = "span/constituent-label"
ENCODER = "minilm"
UNITS = 4000
BATCH = 64
REPEATS = 3
# Operations of Adam a parameter: two running means, their correction, root, division, step.
ADAM = 12


def lines() -> Iterator[Line]:
    """Steps of every method and of all six together; an epoch of one method and of six."""
    real = None not in resources.locate("wsj-sample")
    corpus = load_corpus("wsj-sample|sample(n=600)" if real else "grammar(n=900)")
    with tempfile.TemporaryDirectory() as place, threads(1):
        store = Store(Path(place) / "warm")
        started = time.perf_counter()
        states = encode(corpus, ENCODER, poolings=["pieces"], store=store)
        encoding = time.perf_counter() - started
        tokens, targets, sentences = _data(corpus, states, store)
        yield from _steps(tokens, targets, "WSJ sample" if real else "generated sentences")
        share = len(np.unique(sentences)) / corpus.n_sentences
        yield from _epochs(tokens, targets, encoding * share)
        halves = encode(corpus, ENCODER, poolings=["pieces:half"], store=store)
        yield from _halves(tokens, _data(corpus, halves, store)[0], targets)


def _data(corpus: Corpus, states: Any, store: Store) -> tuple[SpanTokens, np.ndarray, np.ndarray]:
    task = tasks.get(TASK)
    units = task.units(corpus)
    rows = draw_units(np.arange(len(units)), UNITS, "train")
    units, answers = units.iloc[rows], task.targets(corpus)[rows]
    labels = sorted({label for answer in answers for label in answer})
    targets = np.array([[label in answer for label in labels] for answer in answers])
    source = describe(ENCODER)
    first = read_first_piece(source, corpus.digest, 0, store)
    layers = tuple(torch.from_numpy(np.array(vectors)) for vectors in states.values())
    return SpanTokens(layers, *token_spans(units, corpus, first)), targets, units["sentence"].to_numpy()


def _steps(tokens: SpanTokens, targets: np.ndarray, name: str) -> Iterator[Line]:
    """Milliseconds of a step beside its operations at the matrix-product rate of the same run."""
    n_steps = len(targets) // BATCH
    for methods in (*[[method] for method in METHODS], list(METHODS)):
        rates, times = [], []
        for _ in range(REPEATS):
            rates.append(matrix_rate(time.process_time))
            begun = _train(tokens, targets, methods, 1)  # drawing the networks is no part of a step
            times.append((_train(tokens, targets, methods, n_steps) - begun) / (n_steps - 1))
        step, rate = statistics.median(times), statistics.median(rates)
        floor = sum(_operations(tokens, targets, method, n_steps) for method in methods) / n_steps / rate
        what = methods[0] if len(methods) == 1 else "all six in one pass"
        reached = floor / step
        aim = ">= 0.6" if len(methods) > 1 else "-"
        yield Line(
            f"a step of 64 spans, {name}: {what}",
            f"{1000 * step:.1f} ms",
            "-",
            f"{reached:.2f} of floor",
            f"{1000 * floor:.1f} ms",
            aim,
            reached >= 0.6 if len(methods) > 1 else None,
        )


def _train(tokens: SpanTokens, targets: np.ndarray, methods: list[str], n_steps: int) -> float:
    """Seconds of the processor for one pass over the units; one development unit, so that looking costs nothing."""
    probe = SpanMLP(batch=BATCH, passes=1)
    rows = np.arange(n_steps * BATCH)
    return processor(lambda: fit_methods(probe, tokens, targets, rows, rows[:1], methods))


def _operations(tokens: SpanTokens, targets: np.ndarray, method: str, n_steps: int) -> float:
    """Operations of a pass: multiplications and additions of every product, forward and backward, and Adam's."""
    n_layers, width = len(tokens.layers), tokens.layers[0].shape[1]
    network: SpanNetwork = make_network(SpanMLP(), method, n_layers, width, 1, targets.shape[1], False, True)
    n = n_steps * BATCH
    lengths = (tokens.ends - tokens.starts)[:n, 0]
    read = 2.0 * n if network.reads == "ends" else float(lengths.sum())
    # A method that averages projects once a span, the others every token that they read.
    projected = n if method in ("avg", "attn") else read
    d, inner, out = SpanMLP().projection, network.trunk, network.out
    operations = 2 * 2 * n_layers * read * width  # the mix, and the gradient of its weights
    operations += 3 * 2 * projected * width * d  # projection: forward, gradients of weights and of inputs
    operations += 3 * 2 * n * (inner.in_features * inner.out_features + out.in_features * out.out_features)
    if method in ("avg", "attn", "max"):
        operations += 2 * read * (width if method != "max" else d)  # sum or maximum, and back
    if method == "attn":
        operations += 3 * 2 * read * width  # scores, weighted tokens, and back
    parameters = sum(p.numel() for p in network.parameters())
    return float(operations + ADAM * parameters * n_steps)


def _epochs(tokens: SpanTokens, targets: np.ndarray, encoding: float) -> Iterator[Line]:
    """An epoch on kept states against the same epoch that encodes each of its sentences once more before."""
    n_steps = len(targets) // BATCH
    for methods in (["max"], list(METHODS)):
        ours = seconds(functools.partial(_train, tokens, targets, methods, n_steps))
        ratio = (ours + encoding) / ours
        what = "one method" if len(methods) == 1 else "six methods"
        yield Line(
            f"an epoch of {n_steps * BATCH:,} spans, {what}; encoding anew",
            f"{ours:.1f} s",
            f"{ours + encoding:.1f} s",
            f"{ratio:.1f} x",
            "-",
            ">= 10 x" if len(methods) == 1 else "-",
            ratio >= 10 if len(methods) == 1 else None,
        )


def _halves(full: SpanTokens, half: SpanTokens, targets: np.ndarray) -> Iterator[Line]:
    """Micro-F on held-out units of the six methods: the same networks on both states, and networks trained on each."""
    train, dev, test = np.split(np.arange(len(targets)), [len(targets) // 2, 5 * len(targets) // 8])
    same, anew = [], []
    for seed in range(REPEATS):
        probe = SpanMLP(batch=BATCH, passes=6, every=50, seed=seed)
        on_full, on_half = (fit_methods(probe, states, targets, train, dev, METHODS) for states in (full, half))
        for one, other in zip(on_full, on_half, strict=True):
            score = micro_f1(one.predict(full, test), targets[test])
            same.append(abs(micro_f1(one.predict(half, test), targets[test]) - score))
            anew.append(abs(micro_f1(other.predict(half, test), targets[test]) - score))
    for what, found in (("the same networks, largest", max(same)), ("trained anew, mean", statistics.mean(anew))):
        text = f"{found:.5f}"
        what = f"difference in F of states in half precision, {what}"
        yield Line(what, text, "-", "-", "-", "<= .001", found <= 0.001)
