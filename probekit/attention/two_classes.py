"""Scores of two-class answers: F1 of the positive class, and its change under other attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from probekit import streams
from probekit.attention import weights as put
from probekit.attention.reading import AttentionView
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier_training import text_batches
from probekit.scores.arrays import f1_of

DRAWS = 5


def positive_class(labels: Sequence[str], positive: str | None) -> int:
    """Number of the positive class, the last one unless named.

    Raises ProbekitError for more or fewer than two classes: F1 of the positive class means nothing there.
    """
    if len(labels) != 2:
        raise ProbekitError(
            f"F1 of the positive class is for two classes; this classifier has {len(labels)} ({', '.join(labels[:5])}"
            f"{', ...' if len(labels) > 5 else ''}). Train one on two of them (classes=[a, b])"
        )
    if positive is None:
        return 1
    if positive not in labels:
        raise UnknownName("class:", positive, labels)
    return list(labels).index(positive)


def f1(gold: np.ndarray, predicted: np.ndarray, positive: int) -> float:
    """F1 of one class from numbers of classes, as a fraction; 0 where it is never right."""
    right = float(np.sum((gold == positive) & (predicted == positive)))
    said, there = float(np.sum(predicted == positive)), float(np.sum(gold == positive))
    return float(np.nan_to_num(f1_of(right, there, said)))


def beside_trivial(gold: np.ndarray, predicted: np.ndarray, positive: int) -> dict[str, float]:
    """What answers are to beat: F1 of the answer that is always positive, and the majority's share by accuracy."""
    counts = np.bincount(gold)
    return {
        "all_positive": f1(gold, np.full_like(gold, positive), positive),
        "accuracy": float(np.mean(predicted == gold)),
        "majority": float(counts.max() / counts.sum()),
    }


@dataclass
class Fragility:
    """F1 with the trained attention, and what it loses (negative) under uniform and permuted attention.

    `permuted` is the mean over draws of one permutation a text, `draws` each draw's change. `predicted` (n,) numbers
    of classes; `moved` share of texts whose predicted class changes, by kind of attention.
    """

    f1: float
    uniform: float
    permuted: float
    draws: list[float]
    predicted: np.ndarray
    probabilities: np.ndarray
    moved: dict[str, float] = field(default_factory=dict)


def fragility(
    view: AttentionView,
    texts: Sequence[Sequence[str]],
    gold: np.ndarray,
    positive: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    head: int | None = None,
) -> Fragility:
    """How much the answers depend on the attention weights, states kept as they are.

    gold: numbers of classes. positive: the class whose F1 is meant; None for more than two classes, where accuracy
    stands in for it. head: change one head alone. Permutations belong to (seed, text, draw): more draws keep the first.
    """
    names = ["trained", "uniform", *(f"permuted {i}" for i in range(draws))]
    logits = {name: np.empty((len(texts), len(view.labels)), dtype=np.float32) for name in names}
    for rows, batch in text_batches(view, texts, title="other attention weights"):
        reading = view.read(batch)
        old = put.check(reading.weights, reading.mask)
        logits["trained"][rows] = reading.logits.numpy()
        flat = put.in_head(old, put.uniform(old, reading.mask), head)
        logits["uniform"][rows] = view.answer(reading, flat).numpy()
        for i in range(draws):
            dealt = _permuted(old, reading.mask, rows, seed, i)
            logits[f"permuted {i}"][rows] = view.answer(reading, put.in_head(old, dealt, head)).numpy()
    predicted = {name: found.argmax(axis=1) for name, found in logits.items()}

    def score(found: np.ndarray) -> float:
        return float(np.mean(found == gold)) if positive is None else f1(gold, found, positive)

    trained = score(predicted["trained"])
    changes = [score(predicted[f"permuted {i}"]) - trained for i in range(draws)]
    moved = {
        "uniform": float(np.mean(predicted["uniform"] != predicted["trained"])),
        "permuted": float(np.mean([np.mean(predicted[f"permuted {i}"] != predicted["trained"]) for i in range(draws)])),
    }
    probabilities = torch.softmax(torch.from_numpy(logits["trained"]), dim=1).numpy()
    return Fragility(
        trained,
        score(predicted["uniform"]) - trained,
        float(np.mean(changes)),
        changes,
        predicted["trained"],
        probabilities,
        moved,
    )


def _permuted(old: torch.Tensor, mask: torch.Tensor, rows: np.ndarray, seed: int, draw: int) -> torch.Tensor:
    """One permutation of each text, whatever batch it stands in."""
    dealt = []
    for i, row in enumerate(rows):
        rng = streams.generator(seed, "draw", "permutation", int(row), draw)
        dealt.append(put.permuted(old[i : i + 1], mask[i : i + 1], rng))
    return torch.cat(dealt)
