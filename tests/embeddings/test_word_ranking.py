"""The likest rows and the ranks of right answers against a plain twin; ties, tiles of any size, memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from probekit.embeddings import measures, ranking


def rows_with_duplicates(n: int = 90, d: int = 7) -> np.ndarray:
    """Rows of which some are alike to the last digit, and some zero."""
    rows = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    rows[40:60], rows[75], rows[80:83] = rows[10:30], rows[3], 0
    return rows


def plain(measure, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """All likenesses, one pair at a time in float64."""
    return np.array([[measure.pairs(query[None], row[None])[0] for row in rows] for query in queries])


@pytest.fixture(params=["cosine", "dot", "euclidean"])
def asked(request):
    measure = measures.get(request.param)
    rows = measure.prepare(rows_with_duplicates())
    queries = np.concatenate([rows[[3, 12, 50, 80]], measure.prepare(rows_with_duplicates()[5:10] + 0.1)])
    return measure, queries, rows


def test_the_likest_rows_are_those_of_a_plain_sort(asked):
    measure, queries, rows = asked
    found = ranking.top(measure, queries, rows, n=4)
    for likeness, best, values, ties in zip(
        plain(measure, queries, rows), found.rows, found.values, found.ties, strict=True
    ):
        order = sorted(range(len(rows)), key=lambda row: (-likeness[row], row))
        assert list(best) == order[:4]
        assert values == pytest.approx(likeness[order[:4]])
        assert ties == sum(likeness[row] == likeness[order[3]] for row in order[4:])


def test_ranks_count_what_is_liker_and_what_is_exactly_as_like(asked):
    measure, queries, rows = asked
    gold = np.array([[5, 41], [11, -1], [30, 31], [80, -1], [0, 89], [75, -1], [3, -1], [45, 15], [20, -1]])
    leave_out = np.array([[3, 75]] * len(queries))
    found = ranking.ranks(measure, queries, rows, gold, leave_out)
    for i, likeness in enumerate(plain(measure, queries, rows)):
        right = [row for row in gold[i] if row >= 0]
        best = max(likeness[row] for row in right)
        others = [likeness[row] for row in range(len(rows)) if row not in (*right, 3, 75)]
        assert likeness[found.best[i]] == best
        assert (found.above[i], found.ties[i]) == (sum(x > best for x in others), sum(x == best for x in others))


def test_tiles_of_any_size_say_the_same(asked, monkeypatch):
    measure, queries, rows = asked
    gold = np.arange(len(queries))[:, None] + 10
    before = ranking.top(measure, queries, rows, 5), ranking.ranks(measure, queries, rows, gold)
    monkeypatch.setattr(ranking, "QUERIES", 2)
    monkeypatch.setattr(ranking, "ROWS", 3)
    after = ranking.top(measure, queries, rows, 5), ranking.ranks(measure, queries, rows, gold)
    for old, new in zip(before, after, strict=True):
        for name in vars(old):
            assert np.array_equal(getattr(old, name), getattr(new, name)), name


def test_rows_left_out_are_no_answers_and_what_lacks_is_said():
    measure = measures.get("dot")
    rows = np.array([[3.0], [2.0], [1.0]], dtype=np.float32)
    found = ranking.top(measure, rows[:1], rows, n=4, leave_out=np.array([[0, -1]]))
    assert found.rows.tolist() == [[1, 2, -1, -1]] and found.values[0, 2] == -np.inf and found.ties.tolist() == [0]


def test_no_matrix_of_queries_by_rows_is_held():
    measure = measures.get("cosine")
    rows = measure.prepare(np.random.default_rng(1).normal(size=(30_000, 4)))
    tracemalloc.start()
    ranking.ranks(measure, rows[:3000], rows, np.arange(3000)[:, None])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6 < rows[:3000].shape[0] * len(rows) * 4
