"""Area under the ROC curve: of one class against the rest, and its mean over classes with an interval over units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Array, Codes, Floats
from probekit.scores.intervals import count_blocks, percentile
from probekit.scores.metric import Metric, Replicates
from probekit.scores.scoring import Score


def auc(gold: Array, predicted: Array) -> float:
    """How likely a positive is to have a higher score than a negative, equal scores counting half; NaN without both.

    gold: (n,) 1 for a positive, else 0. predicted: (n,) scores. Raises ProbekitError for another gold value.
    """
    if wrong := sorted(set(np.unique(gold).tolist()) - {0.0, 1.0}):
        raise ProbekitError(f"auc takes gold of 0 and 1, got {wrong[0]}; say what counts as positive")
    return float(_weighted(gold, predicted, np.ones((len(gold), 1)))[0])


def _weighted(gold: Array, predicted: Array, counts: Floats) -> Floats:
    """The same where each unit counts as often as it is drawn: counts (n, b) -> (b,)."""
    order = np.argsort(predicted, kind="stable")
    ranked, positive = predicted[order], gold[order].astype(bool)[:, None]
    drawn = counts[order]
    negatives = np.concatenate([np.zeros((1, drawn.shape[1])), np.cumsum(np.where(positive, 0.0, drawn), axis=0)])
    first = np.searchsorted(ranked, ranked, side="left")
    last = np.searchsorted(ranked, ranked, side="right")
    positives = np.where(positive, drawn, 0.0)
    above = (positives * (negatives[first] + negatives[last]) / 2).sum(axis=0)
    pairs = positives.sum(axis=0) * negatives[-1]
    return np.divide(above, pairs, out=np.full(len(above), np.nan), where=pairs > 0)


def _resampler(gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
    return lambda counts: _weighted(gold, predicted, counts[codes])


def macro_auc(
    gold: Sequence[str], scores: npt.ArrayLike, labels: Sequence[str], n_boot: int = 1000, seed: int = 0
) -> Score:
    """Mean over the labels that gold holds of each one's AUC against all others, with an interval over units.

    gold: label of each unit. scores: (n, K), a column for each of `labels`; softmax or not, each column is ranked by
    itself. Raises ProbekitError for scores of another shape and for a label without a column.
    """
    columns = np.asarray(scores, dtype=np.float64)
    if columns.shape != (len(gold), len(labels)):
        raise ProbekitError(f"scores of {columns.shape} where {len(gold)} units and {len(labels)} labels are asked")
    if absent := sorted(set(gold) - set(labels)):
        raise ProbekitError(f"the label '{absent[0]}' has no column of scores; it is none of {', '.join(labels)}")
    told = np.asarray(gold)
    there = [(told == label, columns[:, at]) for at, label in enumerate(labels) if (told == label).any()]
    if len(there) < 2:
        return Score(np.nan, np.nan, np.nan, "none", "gold holds one label alone")

    def of(counts: Floats) -> Floats:
        return np.asarray(np.nanmean([_weighted(one, own, counts) for one, own in there], axis=0))

    value = float(of(np.ones((len(told), 1)))[0])
    drawn = np.concatenate([of(counts) for counts in count_blocks(len(told), n_boot, seed, len(told))])
    low, high, note = percentile(drawn, 0.95)
    return Score(value, low, high, f"bootstrap, {n_boot} resamples", note)


AUC = Metric(
    "auc",
    auc,
    +1,
    "number",
    (0.0, 1.0),
    "scikit-learn roc_auc_score",
    resampler=_resampler,
    why=lambda gold, predicted: "no unit is positive, or none is negative",
)
