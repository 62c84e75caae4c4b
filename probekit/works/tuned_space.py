"""The space of pooled vectors of texts by class: neighbours, distances, a plane to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from probekit import scores
from probekit.learners.tuning.examples import Asked
from probekit.probes.nearest import Nearest

VOTES = {"nearest_macro_f1": "class", "nearest_macro_f1_plain": "plain"}


def space_rows(vectors: Mapping[str, np.ndarray], asked: Asked) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Split, metric, value and findings: macro F1 of ten neighbours among the training vectors, votes divided by class
    sizes and plain; mean cosine distance within classes by that between classes."""
    gold = {split: asked.targets[asked.split == split] for split in vectors}
    for metric, votes in VOTES.items():
        probe = Nearest(k=min(10, len(gold["train"])), votes=votes).fit(vectors["train"], gold["train"])
        for split in vectors:
            if split != "train":
                value = scores.score("macro_f1", gold[split], probe.predict(vectors[split]))
                yield split, metric, value, {"majority": majority(gold["train"], gold[split])}
    for split, own in vectors.items():
        within, between = distances(own, gold[split])
        found = {"within": within, "between": between}
        yield split, "distance_ratio", within / between if between else float("nan"), found


def majority(train: np.ndarray, gold: np.ndarray) -> float:
    """Macro F1 of the most frequent training label."""
    labels, counts = np.unique(train.astype(str), return_counts=True)
    return float(scores.get("macro_f1")(gold, np.full(len(gold), labels[counts.argmax()], dtype=object)))


def distances(vectors: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """Mean cosine distance of pairs of one class and of two."""
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    labels = np.unique(gold.astype(str), return_inverse=True)[1]
    upper = np.triu_indices(len(rows), 1)
    distance = (1 - rows @ rows.T)[upper]
    same = (labels[:, None] == labels[None, :])[upper]
    return float(distance[same].mean()), float(distance[~same].mean())


def plane(key: str, train: np.ndarray, test: np.ndarray, gold: np.ndarray) -> list[tuple[Any, ...]]:
    """Lines of the table `points`: test vectors of length 1 on the two main axes of the training vectors. No text."""
    rows = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-30) for one in (train, test)]
    centre = rows[0].mean(axis=0)
    axes = np.linalg.svd(rows[0] - centre, full_matrices=False)[2][:2]
    axes *= np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[:, None]
    places = (rows[1] - centre) @ axes.T
    return [
        (key, number, float(x), float(y), str(label))
        for number, ((x, y), label) in enumerate(zip(places, gold, strict=True))
    ]
