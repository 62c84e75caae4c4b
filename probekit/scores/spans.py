"""Scores of labelled spans: a unit is a sentence (or a document), and holds any number of spans (start, end, label).

Strict scores count a span as right where extent and label are those of gold, as `seqeval` in its strict mode. Relaxed
ones (TempEval-3, UzZaman et al. 2013) match spans that overlap, each with one at most, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from probekit.scores.arrays import Array, Codes, Floats, f1_of, ratio
from probekit.scores.metric import Metric, Replicates

Span = tuple[int, int, str]
Counted = Callable[[Iterable[Span], Iterable[Span]], tuple[int, int, int]]  # right, in gold, in prediction


def strict(gold: Iterable[Span], predicted: Iterable[Span]) -> tuple[int, int, int]:
    """Spans whose extent and label are right."""
    left, right = set(gold), set(predicted)
    return len(left & right), len(left), len(right)


def untyped(gold: Iterable[Span], predicted: Iterable[Span]) -> tuple[int, int, int]:
    """Spans whose extent is right, whatever their label."""
    return strict(((a, b, "") for a, b, _ in gold), ((a, b, "") for a, b, _ in predicted))


def overlapping(gold: Iterable[Span], predicted: Iterable[Span]) -> list[tuple[Span, Span]]:
    """Pairs of gold and predicted spans that share a word, each span in one pair at most, from left to right."""
    pairs, waiting = [], sorted(predicted)
    for one in sorted(gold):
        while waiting and waiting[0][1] <= one[0]:
            waiting.pop(0)
        if waiting and waiting[0][0] < one[1]:
            pairs.append((one, waiting.pop(0)))
    return pairs


def relaxed(gold: Iterable[Span], predicted: Iterable[Span]) -> tuple[int, int, int]:
    """Spans that overlap with one of gold, whatever their label."""
    left, right = set(gold), set(predicted)
    return len(overlapping(left, right)), len(left), len(right)


def _tallies(counted: Counted, gold: Array, predicted: Array) -> Floats:
    """(n, 3): right, in gold, in prediction of each unit."""
    return np.array([counted(g, p) for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)


def _f1(sums: Floats) -> Floats:
    """F1 of (3, ...) sums, NaN where there is nothing to find and nothing found."""
    return f1_of(sums[0], sums[1], sums[2])


def _resampled(tally: Floats, codes: Codes, n_groups: int, value: Callable[[Floats], Floats]) -> Replicates:
    groups = np.zeros((n_groups, tally.shape[1]))
    np.add.at(groups, codes, tally)
    return lambda counts: value(groups.T @ counts)


def _metric(
    name: str, tallies: Callable[[Array, Array], Floats], value: Callable[[Floats], Floats], source: str
) -> Metric:
    """A metric whose value is a function of sums over units."""

    def function(gold: Array, predicted: Array) -> float:
        return float(value(tallies(gold, predicted).sum(axis=0)))

    def resampler(gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
        return _resampled(tallies(gold, predicted), codes, n_groups, value)

    function.__module__ = __name__
    return Metric(name, function, +1, "spans", (0.0, 1.0), source, resampler=resampler)


def _matched_types(gold: Array, predicted: Array) -> Floats:
    """(n, 2) of each unit: spans of gold that are found to the word, and those of them with the right label."""
    found = [({(a, b): c for a, b, c in g}, {(a, b): c for a, b, c in p}) for g, p in zip(gold, predicted, strict=True)]
    return np.array([(len(g.keys() & p.keys()), len(g.items() & p.items())) for g, p in found], dtype=np.float64)


def _timex_types(gold: Array, predicted: Array) -> Floats:
    """(n, 4): relaxed matches, gold, predicted, and matches with the right label."""
    rows = []
    for g, p in zip(gold, predicted, strict=True):
        pairs = overlapping(g, p)
        rows.append((len(pairs), len(g), len(p), sum(one[2] == other[2] for one, other in pairs)))
    return np.array(rows, dtype=np.float64)


SPAN_F1 = _metric(
    "span_f1", lambda g, p: _tallies(strict, g, p), _f1, "Tjong Kim Sang and De Meulder 2003; seqeval, strict"
)
UNTYPED_SPAN_F1 = _metric("untyped_span_f1", lambda g, p: _tallies(untyped, g, p), _f1, "span_f1 without labels")
UNTYPED_SPAN_RECALL = _metric(
    "untyped_span_recall", lambda g, p: _tallies(untyped, g, p), lambda s: ratio(s[0], s[1]), "moee-ner, claim 8"
)
TYPE_GIVEN_SPAN = _metric(
    "type_given_span",
    _matched_types,
    lambda sums: ratio(sums[1], sums[0]),
    "share of the spans found that have the right label",
)
TIMEX_RELAXED = _metric("timex_relaxed", lambda g, p: _tallies(relaxed, g, p), _f1, "UzZaman et al. 2013, TempEval-3")
TIMEX_TYPE = _metric(
    "timex_type",
    _timex_types,
    lambda s: _f1(s[:3]) * ratio(s[3], s[0]),
    "UzZaman et al. 2013, TempEval-3: relaxed F1 times the share of matched expressions with the right type",
)
