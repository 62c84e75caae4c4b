"""Training an attention classifier: batches by length without packing, against texts padded to the longest. One thread.

The reference is the loop that is usually written: texts in random order, every one padded to the longest of the corpus.
Both train the same module from the same start for the same number of epochs, in turn, and are scored on the same texts.
SST where `PROBEKIT_DATA` has it, otherwise generated texts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from probekit import resources, streams
from probekit.attention.two_classes import f1
from probekit.corpora import load_corpus
from probekit.learners.classifier import PAD, OwnClassifier, TextBatch, own_module
from probekit.learners.classifier_training import (
    Design,
    Labelled,
    classification_loss,
    known_words,
    part,
    predict_logits,
    train_classifier,
)
from probekit.training.loop import Settings, shuffled, train

from .measure import REPEATS, Line, threads

EPOCHS = 3
EQUAL = 0.02  # F1 of both, mean over the rounds, may differ by this much


def lines() -> Iterator[Line]:
    """Texts a second of both, and their F1."""
    real = None not in resources.locate("sst") and None not in resources.locate("glove")
    corpus = load_corpus("sst|lower" if real else "cues(n=2100)")
    settings = Settings(rate=1e-3, epochs=EPOCHS, patience=EPOCHS, clip=5.0, decay=1e-5)
    design = Design("bilstm", "glove" if real else "random(width=32)", settings=settings)
    times: dict[str, list[float]] = {"ours": [], "reference": []}
    scores: dict[str, list[float]] = {"ours": [], "reference": []}
    with threads(1):
        for seed in range(REPEATS):
            for name, call in (("ours", ours), ("reference", padded_to_the_longest)):
                started = time.perf_counter()
                made = call(corpus, design, seed)
                times[name].append(time.perf_counter() - started)
                scores[name].append(tested(made, corpus))
    n = EPOCHS * len(part(corpus, "train")[0])
    rates = {name: n / statistics.median(found) for name, found in times.items()}
    ratio = statistics.median(b / a for a, b in zip(times["ours"], times["reference"], strict=True))
    means = {name: float(np.mean(found)) for name, found in scores.items()}
    name = f"{'SST' if real else 'generated texts'}, bilstm of width {100 if real else 32}, {EPOCHS} epochs"
    yield Line(
        f"training, {name}",
        f"{rates['ours']:.0f} texts/s",
        f"{rates['reference']:.0f} texts/s",
        f"{ratio:.2f}",
        "-",
        ">= 2 x",
        ratio >= 2,
    )
    apart = abs(means["ours"] - means["reference"])
    yield Line(
        f"F1 after it, mean of {REPEATS} runs",
        f"{means['ours']:.4f}",
        f"{means['reference']:.4f}",
        "-",
        "-",
        f"apart by at most {EQUAL}",
        apart <= EQUAL,
    )


def ours(corpus: Any, design: Design, seed: int) -> OwnClassifier:
    """The package's own training."""
    return train_classifier(corpus, design, seed)[0]


def padded_to_the_longest(corpus: Any, design: Design, seed: int) -> OwnClassifier:
    """The same module, start, settings and stopping; batches in random order, all as long as the longest text."""
    texts, gold = part(corpus, "train")
    dev_texts, dev_gold = part(corpus, "dev")
    labels = sorted(set(gold))
    words, found, _ = known_words(texts, design, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.whole_number(seed, "init", "classifier"))
        vectors = torch.from_numpy(found)
        module = own_module("bilstm", {}, len(labels), vectors)
    module.embedding.weight.requires_grad_(False)  # type: ignore[union-attr]
    made = OwnClassifier(module, "bilstm", {}, labels, words, design.lower)
    ids = [made.ids(text) for text in texts]
    table = np.full((len(ids), max(map(len, ids))), PAD, dtype=np.int64)
    for row, found in enumerate(ids):
        table[row, : len(found)] = found
    mask = np.arange(table.shape[1])[None, :] < np.array(list(map(len, ids)))[:, None]
    word = np.where(mask, np.arange(table.shape[1])[None, :], -1)
    numbers = np.array([labels.index(label) for label in gold])
    known = torch.tensor([labels.index(label) for label in dev_gold])

    def batches(epoch: int) -> Iterator[Labelled]:
        for rows in shuffled(len(ids), design.batch, epoch, seed):
            text = TextBatch(*(torch.from_numpy(array[rows]) for array in (table, mask, word)))
            yield Labelled(text, torch.from_numpy(numbers[rows]))

    def dev_loss() -> float:
        scores = torch.from_numpy(predict_logits(made, dev_texts))
        return float(torch.nn.functional.cross_entropy(scores, known))

    train(module, classification_loss, batches, design.settings, dev_loss, seed=seed)
    return made


def tested(made: OwnClassifier, corpus: Any) -> float:
    """F1 of the second class on the test texts."""
    texts, gold = part(corpus, "test")
    predicted = predict_logits(made, texts).argmax(axis=1)
    return f1(np.array([made.labels.index(label) for label in gold]), predicted, 1)
