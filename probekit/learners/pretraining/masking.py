"""What a masked language model has to guess: positions drawn against frequent pieces, and what is read there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

KEPT, DRAWN = 0.1, 0.1  # of the chosen positions, those that stay as they are, and those that get any piece


class Masked(NamedTuple):
    """A batch to guess: ids (B, T) as they are read, places (n,) into the flat batch, gold (n,) what stood there."""

    ids: np.ndarray
    places: np.ndarray
    gold: np.ndarray


def weights_of(counts: np.ndarray, power: float) -> np.ndarray:
    """How gladly each piece is chosen (V,): count^-power of its corpus count, as Wu and Dredze 2020 with power .5."""
    return np.maximum(counts, 1).astype(np.float64) ** -power


def choose(ids: np.ndarray, weights: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Positions (n,) of a flat batch, exactly round(share * positions) of them, at least one, without replacement.

    weights (V,), 0 for pieces that are never chosen. Positions are drawn in proportion to their weights, each time
    among those that are left (Efraimidis and Spirakis 2006: the n smallest of exponential waiting times).
    """
    flat = ids.ravel()
    own = weights[flat]
    open_ = int((own > 0).sum())
    n = min(max(1, round(share * open_)), open_)
    with np.errstate(divide="ignore"):
        waits = rng.exponential(size=len(flat)) / own
    return np.sort(np.argpartition(waits, n - 1)[:n]) if n else np.zeros(0, dtype=np.int64)


def corrupt(ids: np.ndarray, places: np.ndarray, mask: int, first: int, size: int, rng: np.random.Generator) -> Masked:
    """Hide pieces at some places: of ten, eight behind `mask`, one behind any piece first..size-1, one not at all."""
    read, gold = ids.copy(), ids.ravel()[places]
    lot = rng.random(len(places))
    any_piece = rng.integers(first, size, len(places))
    shown = np.where(lot < KEPT, gold, np.where(lot < KEPT + DRAWN, any_piece, mask))
    read.ravel()[places] = shown
    return Masked(read, places, gold)
