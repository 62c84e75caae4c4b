"""Batches of texts of like length under a budget of positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from probekit import streams


class Passes(Protocol):
    """Batches of the passes of some data."""

    def epoch(self, number: int) -> list[Any]: ...


class Buckets:
    """Rows in batches of like length, in another order every epoch.

    lengths: (n,) or (n, k), positions of each row on each of k sides. Rows are sorted by length, so that those of equal
    length change places from epoch to epoch, and cut where the next row would make the padded batch larger than
    `budget` positions; a longer row is a batch by itself.
    """

    def __init__(self, lengths: Sequence[int] | np.ndarray, budget: int, seed: int = 0) -> None:
        self.lengths = np.asarray(lengths).reshape(len(lengths), -1)
        self.budget, self.seed = budget, seed

    def epoch(self, number: int) -> list[np.ndarray]:
        """Row numbers of each batch of an epoch; the order depends on the seed and the epoch alone."""
        random = streams.generator(self.seed, "order", number)
        shuffled = random.permutation(len(self.lengths))
        keys = tuple(self.lengths[shuffled, side] for side in reversed(range(self.lengths.shape[1])))
        batches = list(self._cut(shuffled[np.lexsort(keys)]))
        return [batches[k] for k in random.permutation(len(batches))]

    def in_order(self) -> list[np.ndarray]:
        """Batches of all rows, shortest first, always the same."""
        keys = tuple(self.lengths[:, side] for side in reversed(range(self.lengths.shape[1])))
        return list(self._cut(np.lexsort(keys)))

    def _cut(self, order: np.ndarray) -> Iterator[np.ndarray]:
        first, longest = 0, np.zeros(self.lengths.shape[1], dtype=np.int64)
        for place, row in enumerate(order):
            longer = np.maximum(longest, self.lengths[row])
            if place > first and (place + 1 - first) * int(longer.sum()) > self.budget:
                yield order[first:place]
                first, longer = place, self.lengths[row]
            longest = longer
        if first < len(order):
            yield order[first:]


class Looks:
    """Passes as one stream without an end, so many batches of it an epoch: looks at development data by steps.

    batches: with `epoch(number)`, as many in each.
    """

    def __init__(self, batches: Passes, each: int) -> None:
        self.batches, self.each = batches, each

    def epoch(self, number: int) -> list[Any]:
        """The batches before a look, counted from 0."""
        there = len(self.batches.epoch(0))
        places = range(number * self.each, (number + 1) * self.each)
        passes = {turn: self.batches.epoch(turn) for turn in {place // there for place in places}}
        return [passes[place // there][place % there] for place in places]


def padded(rows: Sequence[np.ndarray], pad: int = 0) -> np.ndarray:
    """Rows of unlike length as one array (n, longest), int64, filled up on the right; longest is at least 1."""
    out = np.full((len(rows), max(1, *map(len, rows)) if rows else 1), pad, dtype=np.int64)
    for number, row in enumerate(rows):
        out[number, : len(row)] = row
    return out


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Compute with n threads. How sums are shared out moves last digits, so a job says how many it takes."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
