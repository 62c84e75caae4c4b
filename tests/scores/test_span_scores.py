"""Scores of spans against seqeval, against counts by hand, and what holds between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from probekit import scores
from probekit.corpora.tag_schemes import SCHEMES, BrokenTag, spans_of_tags, tags_of_spans
from probekit.errors import ProbekitError
from probekit.scores.spans import overlapping, untyped

TAGS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
tags = st.lists(st.lists(st.sampled_from(TAGS), min_size=5, max_size=5), min_size=3, max_size=6)


def spans(sentences: list[list[str]]) -> list[tuple[tuple[int, int, str], ...]]:
    return [tuple(spans_of_tags(one, "bio", "begin").spans) for one in sentences]


@given(tags, tags)
@settings(max_examples=60, deadline=None)
def test_span_f1_is_that_of_seqeval(gold: list[list[str]], predicted: list[list[str]]) -> None:
    n = min(len(gold), len(predicted))
    g, p = spans(gold[:n]), spans(predicted[:n])
    # seqeval's strict mode leaves an I that begins nothing out; what `begin` makes of it is written out for both.
    told = [[tags_of_spans(5, one) for one in side] for side in (g, p)]
    ours = scores.score("span_f1", g, p, interval="none").value
    if np.isnan(ours):
        assert not any(g) and not any(p)
    else:
        assert ours == pytest.approx(f1_score(*told, mode="strict", scheme=IOB2, zero_division=0))


@given(tags, tags)
@settings(max_examples=60, deadline=None)
def test_looser_scores_are_never_lower(gold: list[list[str]], predicted: list[list[str]]) -> None:
    n = min(len(gold), len(predicted))
    g, p = spans(gold[:n]), spans(predicted[:n])
    strict, untyped, relaxed, typed = (
        scores.score(name, g, p, interval="none").value
        for name in ("span_f1", "untyped_span_f1", "timex_relaxed", "timex_type")
    )
    if not np.isnan(strict):
        assert strict <= untyped + 1e-12 and untyped <= relaxed + 1e-12
        assert np.isnan(typed) or typed <= relaxed + 1e-12


def crossed(one: tuple[tuple[int, int, str], ...], other: tuple[tuple[int, int, str], ...]) -> int:
    """The most spans of one side that a span of the other overlaps with."""
    return max((sum(a[0] < b[1] and b[0] < a[1] for b in other) for a in one), default=0)


@given(tags, tags)
@settings(max_examples=60, deadline=None)
def test_overlaps_are_the_partial_counts_of_nervaluate(gold: list[list[str]], predicted: list[list[str]]) -> None:
    """Where no span overlaps with two: of such ours count one, and nervaluate each."""
    package = pytest.importorskip("nervaluate", reason="nervaluate is in the extra dev")
    n = min(len(gold), len(predicted))
    both = zip(spans(gold[:n]), spans(predicted[:n]), strict=True)
    pairs = [(g, p) for g, p in both if (g or p) and max(crossed(g, p), crossed(p, g)) < 2]
    if not pairs:
        return
    told = [[tags_of_spans(5, side) for side in sides] for sides in zip(*pairs, strict=True)]
    found = package.Evaluator(*told, tags=["X", "Y"], loader="list").evaluate()["overall"]
    ours = [overlapping(g, p) for g, p in pairs]
    assert sum(map(len, ours)) == found["partial"].correct + found["partial"].partial
    assert sum(a[2] == b[2] for own in ours for a, b in own) == found["ent_type"].correct
    whole = [untyped(g, p)[0] for g, p in pairs]
    assert sum(whole) == found["partial"].correct == found["exact"].correct


def test_scores_by_hand() -> None:
    gold = [((0, 2, "X"), (3, 4, "Y")), ((1, 3, "X"),), ()]
    predicted = [((0, 2, "Y"), (3, 4, "Y")), ((2, 4, "X"),), ((0, 1, "X"),)]
    value = {name: scores.score(name, gold, predicted, interval="none").value for name in scores.names("*span*")}
    assert value["span_f1"] == pytest.approx(2 * 1 / (3 + 4))
    assert value["untyped_span_f1"] == pytest.approx(2 * 2 / 7)
    assert value["untyped_span_recall"] == pytest.approx(2 / 3)
    assert value["type_given_span"] == pytest.approx(1 / 2)
    assert scores.score("timex_relaxed", gold, predicted, interval="none").value == pytest.approx(2 * 3 / 7)
    assert scores.score("timex_type", gold, predicted, interval="none").value == pytest.approx(2 * 3 / 7 * 2 / 3)


def test_resamples_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    gold, predicted = (spans([list(rng.choice(TAGS, 6)) for _ in range(20)]) for _ in range(2))
    for name in ("span_f1", "type_given_span", "timex_type"):
        metric = scores.get(name)
        sides = metric.check(gold, predicted)
        counts = rng.multinomial(20, np.full(20, 1 / 20), size=4).T.astype(float)
        drawn = metric.replicates(*sides, np.arange(20), 20)(counts)
        for column, value in zip(counts.T, drawn, strict=True):
            rows = np.repeat(np.arange(20), column.astype(int))
            assert value == pytest.approx(metric.function(sides[0][rows], sides[1][rows]), nan_ok=True)


def test_what_is_no_span_is_refused() -> None:
    with pytest.raises(ProbekitError, match="which is no span"):
        scores.score("span_f1", [((0, 1, "X"),)], [("X",)])


@pytest.mark.parametrize(
    ("scheme", "repair", "text", "expected", "repaired"),
    [
        ("bio", "begin", "O I-X I-X I-Y", [(1, 3, "X"), (3, 4, "Y")], 2),
        ("bio", "final-type", "O I-X I-X I-Y", [(1, 4, "Y")], 2),
        ("bio", "final-type", "B-X I-Y B-Y", [(0, 2, "Y"), (2, 3, "Y")], 1),
        ("bioes", "begin", "B-X I-X O S-Y", [(0, 2, "X"), (3, 4, "Y")], 1),
        ("bioes", "begin", "B-X S-X E-Y B-Y", [(0, 1, "X"), (1, 2, "X"), (2, 3, "Y"), (3, 4, "Y")], 3),
        ("bioes", "final-type", "B-X E-Y", [(0, 2, "Y")], 1),
    ],
)
def test_repairs(scheme: str, repair: str, text: str, expected: list, repaired: int) -> None:
    found = spans_of_tags(text.split(), scheme, repair)
    assert found.spans == expected and found.repaired == repaired
    with pytest.raises(BrokenTag):
        spans_of_tags(text.split(), scheme)


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "X", "Y"])), min_size=1, max_size=6))
def test_spans_come_back_from_their_tags(pieces: list[tuple[int, str]]) -> None:
    wanted, at = [], 0
    for width, label in pieces:
        if label:
            wanted.append((at, at + width, label))
        at += width
    for scheme in SCHEMES:
        assert spans_of_tags(tags_of_spans(at, wanted, scheme), scheme).spans == wanted


def test_spans_that_overlap_have_no_tags() -> None:
    with pytest.raises(ProbekitError, match="overlaps"):
        tags_of_spans(3, [(0, 2, "X"), (1, 3, "X")])
