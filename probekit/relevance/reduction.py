"""From relevance of units to one number a piece, from pieces to one a word: raw relevance stays as it is."""

from __future__ import annotations

import numpy as np

from probekit.relevance.catalogue import reductions


def total(values: np.ndarray) -> np.ndarray:
    """Sum over the last dimension."""
    return values.sum(-1)


def norm(values: np.ndarray) -> np.ndarray:
    """Euclidean length over the last dimension."""
    return np.sqrt((values**2).sum(-1))


def strongest(values: np.ndarray) -> np.ndarray:
    """The number of largest size over the last dimension, the first of equals, with its sign."""
    place = np.abs(values).argmax(-1)
    return np.take_along_axis(values, place[..., None], -1)[..., 0]


def to_words(pieces: np.ndarray, word: np.ndarray, words: int, reduction: str) -> np.ndarray:
    """Numbers of pieces (..., T) as numbers of the `words` words, by the word of each piece (T,), -1 for no word.

    A word without a piece gets 0.
    """
    if np.array_equal(word[:words], np.arange(words)) and not (word[words:] >= 0).any():
        return pieces[..., :words]  # every piece is a word
    reduce = reductions.get(reduction)
    found = np.zeros((*pieces.shape[:-1], words), dtype=pieces.dtype)
    for k in range(words):
        own = np.flatnonzero(word == k)
        if len(own):
            found[..., k] = reduce(pieces[..., own])
    return found
