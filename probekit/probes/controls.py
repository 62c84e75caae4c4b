"""What a score is read against: answers that no vector was needed for, and labels that mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probekit import streams
from probekit.errors import ProbekitError


def random_labels(targets: np.ndarray, types: np.ndarray, seed: int) -> np.ndarray:
    """A target for every unit that depends on nothing but its type: the control task of a probe.

    targets: (n,) labels or numbers. types: (n,) text that says which units must share their value, the word
    for word tasks and the sentence's text for sentence tasks. Each type draws from the targets'
    distribution over units: a label with its frequency, a number as the value of a random unit. The draw is
    a stream of (seed, type), turned into a value by the inverse of the cumulative distribution, so that
    further types keep earlier draws. Returns (n,) of the dtype of targets. The selectivity of a probe is
    its score on the task less its score on this (Hewitt and Liang 2019, section 2).
    """
    targets, types = np.asarray(targets), np.asarray(types, dtype=object)
    if targets.ndim != 1 or targets.shape != types.shape:
        raise ProbekitError(f"random labels need one type a target; got targets {targets.shape}, types {types.shape}")
    if not len(targets):
        return targets.copy()
    ordered = targets[np.argsort(targets, kind="stable")]
    codes, names = pd.factorize(types)
    draws = np.array([streams.generator(seed, "draw", str(name)).random() for name in names])
    return ordered[(draws * len(ordered)).astype(np.int64)][codes]


@dataclass(frozen=True)
class Majority:
    """Always answers the commonest training label; of several, the first in sorted order."""

    label: str

    @classmethod
    def fit(cls, labels: np.ndarray) -> Majority:
        """labels: (n,) of the training units."""
        names, counts = _counted(labels)
        return cls(names[int(np.argmax(counts))])

    def predict(self, rows: int) -> np.ndarray:
        """The answer `rows` times, (rows,) object."""
        return np.full(rows, self.label, dtype=object)


@dataclass(frozen=True)
class WordMajority:
    """Answers the commonest label of a word in training, and the overall majority for words never seen there.

    Of several commonest labels, the first in sorted order.
    """

    labels: dict[str, str]
    fallback: str

    @classmethod
    def fit(cls, words: np.ndarray, labels: np.ndarray) -> WordMajority:
        """words, labels: (n,) of the training units. Words are compared as they are written."""
        if len(words) != len(labels):
            raise ProbekitError(f"{len(words)} words but {len(labels)} labels")
        fallback = Majority.fit(labels).label
        columns = {"word": np.asarray(words, dtype=object), "label": np.asarray(labels, dtype=object)}
        table = pd.DataFrame(columns)
        counts = table.groupby(["word", "label"], sort=True).size().rename("count").reset_index()
        # Stable, and labels are sorted within a word: ties keep the first label.
        best = counts.sort_values("count", ascending=False, kind="stable").drop_duplicates("word")
        return cls(dict(zip(best["word"], best["label"], strict=True)), fallback)

    def predict(self, words: np.ndarray) -> np.ndarray:
        """Labels for words (n,): (n,) object."""
        return np.array([self.labels.get(word, self.fallback) for word in words], dtype=object)

    def seen(self, words: np.ndarray) -> float:
        """Share of units whose word was seen in training; NaN for no units."""
        return float(np.mean([word in self.labels for word in words])) if len(words) else float("nan")


def majority_of_others(words: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each unit the commonest label of its word among the other units, (n,) object; ties as in `WordMajority`.

    A word that no other unit has gets the overall majority.
    """
    names, label = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    types, word = np.unique(np.asarray(words, dtype=object).astype(str), return_inverse=True)
    counts = np.zeros((len(types), len(names)), dtype=np.int64)
    np.add.at(counts, (word, label), 1)
    others = counts[word]
    others[np.arange(len(word)), label] -= 1
    found = names[others.argmax(axis=1)].astype(object)
    found[others.sum(axis=1) == 0] = Majority.fit(labels).label
    return found


def repeated(words: np.ndarray) -> float:
    """Share of units whose word other units have too; NaN for no units."""
    counts = pd.Series(words).map(pd.Series(words).value_counts())
    return float(counts.gt(1).mean())


def _counted(labels: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Labels in sorted order and how often each occurs."""
    codes, names = pd.factorize(np.asarray(labels, dtype=object), sort=True)
    if not len(names):
        raise ProbekitError("no training labels; a majority needs at least one")
    return [str(name) for name in names], np.bincount(codes)
