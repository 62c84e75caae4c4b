"""The n likest rows of each query, and the rank of a right answer, tile by tile: no queries x rows matrix is held.

Tiles are screened in float32. What is nearer to a decision than the measure's `slack` is decided by `Measure.pairs` in
float64, so that neither the order of a sum nor the size of a tile makes or breaks a tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

QUERIES, ROWS = 2048, 2048  # of one tile, 16 MB
_PAIRS = 1 << 14  # rows that are gathered at a time
_FEW = 0.02  # of a tile that is looked at one by one
_LEAST = float(np.finfo(np.float32).min)


class Likeness(Protocol):
    """What is asked: a `Measure`, or anything whose queries and rows answer likewise (a solver of analogies)."""

    def against(self, queries: Any, rows: Any) -> np.ndarray:
        """Likeness of each query with all rows, (q, r) float32."""

    def pairs(self, queries: Any, rows: Any) -> np.ndarray:
        """Likeness of each query with the row beside it, (q,) float64."""

    def slack(self, queries: Any, rows: Any) -> np.ndarray:
        """How far one may be from the other, (q,)."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Vectors (r, d) whose rows are prepared when they are asked for, so that no second table is held."""

    measure: Any  # a `Measure`
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, at: slice | np.ndarray) -> np.ndarray:
        return self.measure.prepare(self.vectors[at])

    def slack(self, queries: np.ndarray) -> np.ndarray:
        """That of the measure."""
        return np.asarray(self.measure.slack_of(queries, self.vectors))


Rows = np.ndarray | Prepared


@dataclass(frozen=True, eq=False)
class Top:
    """rows: (q, n) int64, likest first, of equal ones the lower number, -1 where there is none. values: (q, n) float64,
    minus infinity there. ties: (q,) further rows exactly as like as the last."""

    rows: np.ndarray
    values: np.ndarray
    ties: np.ndarray


@dataclass(frozen=True, eq=False)
class Ranks:
    """Of the likest right answer of each query. best: (q,) its row. above: (q,) rows that are liker, so 0 is first.
    ties: (q,) rows that are exactly as like, right answers left out."""

    best: np.ndarray
    above: np.ndarray
    ties: np.ndarray


def top(measure: Likeness, queries: np.ndarray, rows: np.ndarray, n: int, leave_out: np.ndarray | None = None) -> Top:
    """The n likest rows of each query.

    queries: (q, m) and rows: (r, m), as `measure.prepare` makes them. leave_out: (q, k) rows that are no answers to the
    query, -1 for none.
    """
    out = _no_rows(queries) if leave_out is None else leave_out
    slack = measure.slack(queries, rows)
    found, values, ties = _empty(n, len(queries))
    for at in range(0, len(queries), QUERIES):
        part = slice(at, at + QUERIES)
        _top(measure, queries[part], rows, slack[part], out[part], (found[part], values[part], ties[part]))
    return Top(found, values, ties)


def ranks(
    measure: Likeness, queries: np.ndarray, rows: Rows, gold: np.ndarray, leave_out: np.ndarray | None = None
) -> Ranks:
    """How many rows are liker than the likest right answer of each query.

    rows: (r, m) prepared, or `Prepared`. gold: (q, k) the rows that are right, -1 for none, at least one a query.
    leave_out: as for `top`.
    """
    gold = np.asarray(gold, dtype=np.int64).reshape(len(queries), -1)
    out = _no_rows(queries) if leave_out is None else leave_out
    best, reached = _best(measure, queries, rows, gold)
    slack = rows.slack(queries) if isinstance(rows, Prepared) else measure.slack(queries, rows)
    struck = np.concatenate([out, gold], axis=1)
    above, ties = np.zeros(len(queries), dtype=np.int64), np.zeros(len(queries), dtype=np.int64)
    for at in range(0, len(queries), QUERIES):
        part = slice(at, at + QUERIES)
        above[part], ties[part] = _counted(measure, queries[part], rows, reached[part], slack[part], struck[part])
    return Ranks(best, above, ties)


# --- one block of queries ----------------------------------------------------------------------------


Found = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows, values and ties, as `Top` has them, filled in place


def _top(
    measure: Likeness, queries: np.ndarray, rows: np.ndarray, slack: np.ndarray, out: np.ndarray, found: Found
) -> None:
    for start, likeness in _tiles(measure, queries, rows):
        _strike(likeness, start, out)
        query, row = _reaching(likeness, found[1], slack)
        _merge(found, query, row + start, _exact(measure, queries, rows, query, row + start))


def _reaching(likeness: np.ndarray, values: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Query and row of what may belong to the likest, by what was reached before or else within this tile."""
    least, n = values[:, -1] - slack, values.shape[1]
    width = likeness.shape[1] // n
    if width and not np.isfinite(least).all():  # the least of n largest: n rows at least are as like
        inside = likeness[:, : width * n].reshape(len(likeness), n, width).max(axis=2).min(axis=1)
        least = np.maximum(least, inside - slack)
    return _places(likeness >= np.maximum(least, _LEAST).astype(np.float32)[:, None])


def _merge(found: Found, query: np.ndarray, row: np.ndarray, exact: np.ndarray) -> None:
    """Put rows among the likest of their queries, in place."""
    rows, values, ties = found
    who, n = np.unique(query), rows.shape[1]
    last = values[who, -1]
    query = np.concatenate([np.repeat(who, n), query])
    row, exact = np.concatenate([rows[who].ravel(), row]), np.concatenate([values[who].ravel(), exact])
    order = np.lexsort((row, -exact, query))
    query, row, exact = query[order], row[order], exact[order]
    kept = np.arange(len(query)) - np.searchsorted(query, query) < n
    rows[who], values[who] = row[kept].reshape(-1, n), exact[kept].reshape(-1, n)
    as_last = ~kept & (exact == values[query, -1]) & (exact > -np.inf)
    ties[who] = ties[who] * (values[who, -1] == last) + np.bincount(query[as_last], minlength=len(rows))[who]


def _counted(
    measure: Likeness, queries: np.ndarray, rows: Rows, reached: np.ndarray, slack: np.ndarray, struck: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How many rows are liker than what was reached, and how many exactly as like."""
    above, ties = np.zeros(len(queries), dtype=np.int64), np.zeros(len(queries), dtype=np.int64)
    high, low = (bound.astype(np.float32)[:, None] for bound in (reached + slack, reached - slack))
    for start, likeness in _tiles(measure, queries, rows):
        _strike(likeness, start, struck)
        surely, query, row = _placed(likeness, high, low)
        above += surely
        exact = _exact(measure, queries, rows, query, row + start)
        above += np.bincount(query[exact > reached[query]], minlength=len(queries))
        ties += np.bincount(query[exact == reached[query]], minlength=len(queries))
    return above, ties


def _placed(likeness: np.ndarray, high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many of each line of a tile are above `high` (q, 1); query and row of those from `low` up to it."""
    some = likeness >= low
    if np.count_nonzero(some) > _FEW * some.size:
        surely = likeness > high
        return _counts(surely), *_places(some ^ surely)
    query, row = _places(some)
    surely = likeness[query, row] > high[query, 0]
    return np.bincount(query[surely], minlength=len(likeness)), query[~surely], row[~surely]


def _best(measure: Likeness, queries: np.ndarray, rows: Rows, gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likest right answer of each query and how like it is."""
    query, column = np.nonzero(gold >= 0)
    values = np.full(gold.shape, -np.inf)
    values[query, column] = _exact(measure, queries, rows, query, gold[query, column])
    likest = values.argmax(axis=1)
    each = np.arange(len(gold))
    return gold[each, likest], values[each, likest]


# --- parts -------------------------------------------------------------------------------------------


def _tiles(measure: Likeness, queries: np.ndarray, rows: Rows) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(rows), ROWS):
        yield start, measure.against(queries, rows[start : start + ROWS])


def _strike(likeness: np.ndarray, start: int, rows: np.ndarray) -> None:
    """Make rows of a tile that are no answers unlike everything."""
    query, column = np.nonzero((rows >= start) & (rows < start + likeness.shape[1]))
    likeness[query, rows[query, column] - start] = -np.inf


def _exact(measure: Likeness, queries: np.ndarray, rows: Rows, query: np.ndarray, row: np.ndarray) -> np.ndarray:
    parts = [
        measure.pairs(queries[query[at : at + _PAIRS]], rows[row[at : at + _PAIRS]])
        for at in range(0, len(query), _PAIRS)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _places(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # np.nonzero in two dimensions costs ten times as much.
    row, column = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return row, column


def _counts(mask: np.ndarray) -> np.ndarray:
    # np.count_nonzero along an axis sums integers, eight times as slow.
    return np.array([np.count_nonzero(line) for line in mask], dtype=np.int64)


def _no_rows(queries: np.ndarray) -> np.ndarray:
    return np.full((len(queries), 1), -1)


def _empty(n: int, q: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.full((q, n), -1, dtype=np.int64), np.full((q, n), -np.inf), np.zeros(q, dtype=np.int64)
