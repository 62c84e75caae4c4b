"""What a tuned network says of units: scores, labels, vectors, and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from probekit import scores
from probekit.corpora.tag_schemes import spans_of_tags
from probekit.encoders.live import Reader
from probekit.learners.tuning.examples import Asked, Given, in_order
from probekit.models.crf import CRF
from probekit.models.tag_heads import follows
from probekit.models.tuned import Answered, TunedNetwork
from probekit.probes.nearest import Nearest

YES, NO = "yes", "no"


def scores_of(
    network: TunedNetwork, asked: Asked, reader: Reader, split: str, task: int = 0
) -> Iterator[tuple[Given, Answered]]:
    """Batches of a split with their answers, the network as it is in evaluation mode."""
    network.eval()
    for given in in_order(asked, reader, split):
        with torch.no_grad():
            yield given, network(network.embed(given.texts), given.texts, given.places, task)


def raw(network: TunedNetwork, asked: Asked, reader: Reader, split: str, task: int = 0) -> np.ndarray:
    """Scores (n, K) float32 of the units of a split, in their order: what comes before softmax or sigmoid; of choices
    within their question. Units whose words are cut off have the lowest score everywhere."""
    units = np.flatnonzero(asked.split == split)
    found = np.full((len(units), asked.outputs), -np.inf, dtype=np.float32)
    for given, answered in scores_of(network, asked, reader, split, task):
        found[np.searchsorted(units, given.units)] = answered.scores.numpy()
    return found


def vectors(network: TunedNetwork, asked: Asked, reader: Reader, split: str) -> np.ndarray:
    """Pooled vectors (n, d) float32 of the units of a split, in their order."""
    units = np.flatnonzero(asked.split == split)
    parts: list[Any] = [None] * len(units)
    for given, answered in scores_of(network, asked, reader, split):
        for place, vector in zip(np.searchsorted(units, given.units), answered.vectors.numpy(), strict=True):
            parts[place] = vector
    return np.stack(parts)


def predicted(network: TunedNetwork, asked: Asked, reader: Reader, split: str, task: int = 0) -> np.ndarray:
    """Answers to the units of a split, in their order, of the kind of the task's targets."""
    return told(asked, raw(network, asked, reader, split, task), split)


def told(asked: Asked, found: np.ndarray, split: str) -> np.ndarray:
    """Answers from the scores of a split: the best label; labels above 0; the best option of each question; tags along
    the best path that is no broken BIO; numbers in their own unit."""
    if asked.kind == "number":
        return found[:, 0].astype(float) * asked.scale.spread + asked.scale.mean
    if asked.kind == "labels":
        answers = np.empty(len(found), dtype=object)
        answers[:] = [tuple(label for label, one in zip(asked.labels, row, strict=True) if one > 0) for row in found]
        return answers
    if asked.kind == "choice":
        group = asked.groups[asked.split == split]
        answers = np.full(len(found), NO, dtype=object)
        order = np.lexsort((np.arange(len(found)), -found[:, 0], group))  # of equals the first option
        answers[order[np.diff(group[order], prepend=-1) != 0]] = YES
        return answers
    names = np.array(asked.labels, dtype=object)
    if asked.kind == "tags" and is_bio(asked):
        return names[paths(asked, found, split)]
    return names[found.argmax(axis=1)]


def is_bio(asked: Asked) -> bool:
    """Whether the labels of words are tags of spans."""
    return all(label == "O" or label[:2] in ("B-", "I-") for label in asked.labels)


def paths(asked: Asked, found: np.ndarray, split: str) -> np.ndarray:
    """Numbers of the best labels along each text, an I only within its span (Viterbi with fixed transitions)."""
    text = asked.text[asked.split == split]
    crf = CRF(len(asked.labels), *follows(list(asked.labels)))
    answer = np.zeros(len(found), dtype=np.int64)
    order = np.argsort(text, kind="stable")
    begins = np.flatnonzero(np.diff(text[order], prepend=-1))
    sizes = np.diff(np.append(begins, len(order)))
    finite = np.where(np.isfinite(found), found, -1e4)
    for start in range(0, len(begins), 64):
        rows = range(start, min(start + 64, len(begins)))
        mask = np.arange(max(sizes[k] for k in rows))[None, :] < np.array([sizes[k] for k in rows])[:, None]
        emissions = np.zeros((*mask.shape, finite.shape[1]), dtype=np.float32)
        emissions[mask] = finite[order[begins[rows[0]] : begins[rows[0]] + int(mask.sum())]]
        with torch.no_grad():
            best = crf.best(torch.from_numpy(emissions), torch.from_numpy(mask)).numpy()
        answer[order[begins[rows[0]] : begins[rows[0]] + int(mask.sum())]] = best[mask]
    return answer


def metric_of(asked: Asked) -> str:
    """The metric by which a tuning is judged: of choices accuracy of questions, of tags the F1 of their spans."""
    if asked.kind == "choice":
        return "accuracy"
    return "span_f1" if asked.kind == "tags" and is_bio(asked) else asked.task.metric


def sides(asked: Asked, answers: np.ndarray, split: str) -> tuple[Any, Any, np.ndarray]:
    """Gold, answers and groups as the metric takes them: by unit, by question for choices, by text for spans."""
    here = asked.split == split
    gold, group = asked.targets[here], asked.groups[here]
    if asked.kind == "choice":
        order = np.argsort(group, kind="stable")
        asked_of = [order[group[order] == one] for one in np.unique(group)]
        places = [[str(int(np.argmax(side[own] == YES))) for own in asked_of] for side in (gold, answers)]
        return np.array(places[0], dtype=object), np.array(places[1], dtype=object), np.unique(group)
    if metric_of(asked) == "span_f1":
        text = asked.text[here]
        parts = [np.flatnonzero(text == one) for one in np.unique(text)]
        spans = [[spans_of_tags(list(side[own]), "bio", "begin").spans for own in parts] for side in (gold, answers)]
        return spans[0], spans[1], np.array([group[own[0]] for own in parts])
    return gold, answers, group


def value_of(asked: Asked, answers: np.ndarray, split: str = "dev") -> float:
    """The metric on a split; 0 where it is not defined, as a constant answer has no correlation."""
    gold, found, _ = sides(asked, answers, split)
    value = float(scores.get(metric_of(asked))(gold, found))
    return value if np.isfinite(value) else 0.0


def neighbours(
    network: TunedNetwork, asked: Asked, reader: Reader, split: str, k: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Labels told by the nearest training vectors, and gold, of a split: all vectors by the network as it is now."""
    gold = asked.targets[asked.split == "train"]
    probe = Nearest(k=min(k, len(gold))).fit(vectors(network, asked, reader, "train"), gold)
    return probe.predict(vectors(network, asked, reader, split)), asked.targets[asked.split == split]
