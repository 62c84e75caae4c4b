"""How good an explanation is: does the classifier lose its answer with the words that an explanation names?

Deletion curves (Arras et al. 2016, section 4.2), AOPC (Samek et al. 2017, equation 12), comprehensiveness and
sufficiency (DeYoung et al. 2020, section 4): each beside random orders, with intervals from resampled documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError
from probekit.relevance.deletion import Arrays, Texts, deletion_logits, masked_logits, ranking
from probekit.scores.intervals import count_blocks, percentile

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier

RANDOM = "random"
CORRECT, WRONG = "correct", "wrong"
SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Mean:
    """A mean over documents with its 95 % interval (percentiles of resampled documents)."""

    value: float
    low: float
    high: float
    n: int
    note: str = ""


def mean_over_documents(values: np.ndarray, seed: int = 0, n_boot: int = 1000) -> Mean:
    """Mean of one number a document, (n,)."""
    n = len(values)
    if not n:
        return Mean(float("nan"), float("nan"), float("nan"), 0, "no documents")
    resampled = [(values @ counts) / n for counts in count_blocks(n, n_boot, seed, n)]
    low, high, note = percentile(np.concatenate(resampled), 0.95)
    return Mean(float(values.mean()), low, high, n, note)


@dataclass(frozen=True)
class Deletion:
    """Deletion curves of one subset of documents.

    documents: their numbers (n,). hits: whether the answer is right after 0..steps deletions, (n, steps + 1) bool, by
    series; random orders are `random 0`, `random 1`, ... target: probability of the true class, the same shapes.
    """

    documents: np.ndarray
    hits: dict[str, np.ndarray]
    target: dict[str, np.ndarray]

    def curve(self, series: str) -> np.ndarray:
        """Accuracy of the subset after 0..steps deletions; `random` is the mean of its runs."""
        return self._of(series, self.hits).mean(0)

    def area(self, series: str, seed: int = 0) -> Mean:
        """Mean of the curve over k = 0..steps."""
        return mean_over_documents(self._of(series, self.hits).mean(1), seed)

    def aopc(self, series: str, seed: int = 0) -> Mean:
        """Mean loss of the true class's probability over k = 0..steps, against the whole document."""
        values = self._of(series, self.target)
        return mean_over_documents((values[:, :1] - values).mean(1), seed)

    def spread(self) -> float:
        """Largest standard deviation between random runs over k."""
        runs = np.stack([self.hits[name].mean(0) for name in self.runs])
        return float(runs.std(0, ddof=1).max()) if len(runs) > 1 else float("nan")

    @property
    def runs(self) -> list[str]:
        return [name for name in self.hits if name.startswith(f"{RANDOM} ")]

    def _of(self, series: str, values: Mapping[str, np.ndarray]) -> np.ndarray:
        if series == RANDOM:
            return np.mean([values[name] for name in self.runs], axis=0)
        return values[series].astype(float)


def deletion(
    classifier: Classifier,
    texts: Texts,
    gold: Sequence[str],
    relevance: Mapping[str, Arrays],
    steps: int = 50,
    runs: int = 10,
    seed: int = 0,
) -> dict[str, Deletion]:
    """Delete words one after another: {"correct": ..., "wrong": ...}.

    relevance: by series, the relevance of every word of every text for its true class, computed once on the whole
    text. In documents classified correctly words go in decreasing order of signed relevance, in the others in
    increasing order; equals go by position. runs: random orders, drawn for each document.
    """
    labels = list(classifier.labels)
    for name in relevance:
        if name.startswith(RANDOM):
            raise ProbekitError(f"the series '{name}' would be taken for random orders; call it otherwise")
    number = {label: k for k, label in enumerate(labels)}
    true = np.array([number[label] for label in gold])
    whole = masked_logits(classifier, texts, [np.zeros(len(t), dtype=bool) for t in texts], title="whole texts")
    right = whole.argmax(1) == true
    found = {}
    for subset, rows in ((CORRECT, np.flatnonzero(right).tolist()), (WRONG, np.flatnonzero(~right).tolist())):
        own = [texts[i] for i in rows]
        orders: dict[str, list[np.ndarray]] = {
            name: [ranking(np.asarray(values[i]), subset == CORRECT) for i in rows]
            for name, values in relevance.items()
        }
        for run in range(runs):
            orders[f"{RANDOM} {run}"] = [
                streams.generator(seed, "draw", "deletion", run, int(i)).permutation(len(texts[i])) for i in rows
            ]
        hits, target = {}, {}
        for name, order in orders.items():
            if not len(rows):
                continue
            logits = deletion_logits(classifier, own, order, steps, title=f"{subset}: {name}")
            hits[name] = logits.argmax(2) == true[rows, None]
            target[name] = np.take_along_axis(softmax(logits), true[rows, None, None], 2)[:, :, 0]
        found[subset] = Deletion(np.array(rows, dtype=int), hits, target)
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last dimension."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def comprehensiveness(
    classifier: Classifier, texts: Texts, relevance: Arrays, shares: Sequence[float] = SHARES
) -> np.ndarray:
    """What the predicted class's probability loses without the words of highest relevance, mean over shares, (n,)."""
    return _erased(classifier, texts, relevance, shares, keep=False)


def sufficiency(
    classifier: Classifier, texts: Texts, relevance: Arrays, shares: Sequence[float] = SHARES
) -> np.ndarray:
    """What it loses when only those words are left, mean over shares, (n,): low is good."""
    return _erased(classifier, texts, relevance, shares, keep=True)


def random_relevance(texts: Texts, run: int, seed: int = 0) -> list[np.ndarray]:
    """Relevance that knows nothing: the baseline of every measure, drawn by document."""
    return [
        streams.generator(seed, "draw", "relevance", run, i).normal(size=len(words)) for i, words in enumerate(texts)
    ]


def _erased(classifier: Classifier, texts: Texts, relevance: Arrays, shares: Sequence[float], keep: bool) -> np.ndarray:
    if not shares or any(not 0 < share <= 1 for share in shares):
        raise ProbekitError(f"shares of words must lie above 0 and at most at 1, got {list(shares)}")
    nothing = [np.zeros(len(words), dtype=bool) for words in texts]
    whole = softmax(masked_logits(classifier, texts, nothing, title="whole texts"))
    predicted = whole.argmax(1)[:, None]
    before = np.take_along_axis(whole, predicted, 1)[:, 0]
    losses = []
    for share in shares:
        gone = []
        for words, values in zip(texts, relevance, strict=True):
            top = np.zeros(len(words), dtype=bool)
            top[ranking(np.asarray(values))[: max(1, round(share * len(words)))]] = True
            gone.append(~top if keep else top)
        left = softmax(masked_logits(classifier, texts, gone, title=f"{share:.0%} of the words"))
        losses.append(before - np.take_along_axis(left, predicted, 1)[:, 0])
    return np.mean(losses, axis=0)
