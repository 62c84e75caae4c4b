"""Scores of single labels: precision, recall and F1 of each label against the rest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import (
    Array,
    Floats,
    at_least_one,
    f1_of,
    fraction,
    group_codes,
    label_sets,
    ratio,
    same_length,
)
from probekit.scores.intervals import NAN, count_blocks, percentile
from probekit.scores.scoring import Score

Tally = npt.NDArray[np.float64]  # (3, K, G): right, in gold, in prediction


@dataclass(frozen=True)
class LabelScore:
    """One label: how many gold units have it, and its scores, NaN where undefined (no gold or no predicted unit).

    F1 is 0 for a label that is in gold and never right.
    """

    n: int
    precision: Score
    recall: Score
    f1: Score


def label_scores(
    gold: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_boot: int = 1000,
) -> dict[Hashable, LabelScore]:
    """Precision, recall and F1 of every label of gold or prediction, in sorted order.

    gold, predicted: (n,) labels, or collections of labels. Intervals are percentiles of `n_boot` resamples of groups
    (of units where there are none), 0 for none; all labels share the draws.
    """
    sides, codes, n_groups = _checked(gold, predicted, groups)
    names = labels_of(*sides)
    tally = tallies(*sides, names, codes, n_groups)
    confidence = fraction(confidence, "confidence")
    sums = tally.sum(axis=2)
    values = np.stack([kind(sums) for kind in _KINDS])  # (3, K)
    drawn: list[Floats] = []
    if n_boot and n_groups > 1:
        flat = tally.reshape(-1, n_groups)
        for counts in count_blocks(n_groups, at_least_one(n_boot, "n_boot"), seed, n_groups):
            resampled = (flat @ counts).reshape(3, len(names), -1)
            drawn.append(np.stack([kind(resampled) for kind in _KINDS]))
    every = np.concatenate(drawn, axis=2) if drawn else None
    method = f"bootstrap, {n_groups} groups, {n_boot} resamples"
    found = {}
    for k, name in enumerate(names):
        drawn_k = [None] * 3 if every is None else list(every[:, k])
        three = [_score(values[kind, k], drawn_k[kind], confidence, method) for kind in range(3)]
        found[name] = LabelScore(int(sums[1, k]), *three)
    return found


def recall_difference(
    gold: npt.ArrayLike,
    a: Sequence[npt.ArrayLike],
    b: Sequence[npt.ArrayLike],
    *,
    groups: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    n_boot: int = 1000,
) -> dict[Hashable, Score]:
    """Recall of every gold label over the pooled predictions `a`, minus that over the pooled predictions `b`.

    gold: (n,) labels or collections of labels. a, b: several (n,) predictions each (the methods of a group, their
    seeds), which count as one long list of decisions. Groups are resampled for both sides together.
    """
    if not a or not b:
        raise ProbekitError("recall_difference needs at least one list of predictions on each side")
    names: list[Hashable] = []
    recalls = []
    codes, n_groups = group_codes(groups, len(label_sets(gold, "gold")))
    for side, argument in ((a, "a"), (b, "b")):
        total: Tally | None = None
        for one in side:
            sides, _, _ = _checked(gold, one, groups, argument)
            names = names or labels_of(sides[0])
            tally = tallies(*sides, names, codes, n_groups)
            total = tally if total is None else total + tally
        assert total is not None
        recalls.append(total)
    value = _recall(recalls[0].sum(axis=2)) - _recall(recalls[1].sum(axis=2))
    drawn: list[Floats] = []
    if n_boot and n_groups > 1:
        for counts in count_blocks(n_groups, at_least_one(n_boot, "n_boot"), seed, n_groups):
            both = [_recall(np.einsum("mkg,gb->mkb", tally, counts)) for tally in recalls]
            drawn.append(both[0] - both[1])
    every = np.concatenate(drawn, axis=1) if drawn else None
    method = f"bootstrap, {n_groups} groups, {n_boot} resamples"
    confidence = fraction(confidence, "confidence")
    return {
        name: _score(value[k], None if every is None else every[k], confidence, method) for k, name in enumerate(names)
    }


def labels_of(*sides: Array) -> list[Hashable]:
    """Labels that occur in arrays of sets, sorted."""
    seen = frozenset().union(*(labels for side in sides for labels in side.tolist()))
    return sorted(seen, key=lambda label: (isinstance(label, str), str(label)))


def tallies(gold: Array, predicted: Array, names: Sequence[Hashable], codes: Array, n_groups: int) -> Tally:
    """How often each label is right, in gold, and in prediction, by group: (3, K, G). Other labels are passed over."""
    number = {name: k for k, name in enumerate(names)}
    found = np.zeros((3, len(names), n_groups))
    for wanted, answer, group in zip(gold.tolist(), predicted.tolist(), codes.tolist(), strict=True):
        for label in wanted:
            if label in number:
                found[1, number[label], group] += 1
                found[0, number[label], group] += label in answer
        for label in answer:
            if label in number:
                found[2, number[label], group] += 1
    return found


def _precision(tally: Array) -> Floats:
    return ratio(tally[0], tally[2])


def _recall(tally: Array) -> Floats:
    return ratio(tally[0], tally[1])


_KINDS: tuple[Callable[[Array], Floats], ...] = (_precision, _recall, lambda tally: f1_of(*tally))


def _checked(
    gold: npt.ArrayLike, predicted: npt.ArrayLike, groups: npt.ArrayLike | None, argument: str = "predicted"
) -> tuple[tuple[Array, Array], Array, int]:
    sides = label_sets(gold, "gold"), label_sets(predicted, argument)
    same_length(*sides, argument)
    codes, n_groups = group_codes(groups, len(sides[0]))
    return sides, codes, n_groups


def _score(value: float, drawn: Floats | None, confidence: float, method: str) -> Score:
    if not np.isfinite(value):
        return Score(NAN, NAN, NAN, "none", "no unit has the label on the side that is divided by")
    if drawn is None:
        return Score(float(value), NAN, NAN, "none")
    low, high, note = percentile(drawn, confidence)
    return Score(float(value), low, high, method if np.isfinite(low) else "none", note)
