"""Pooling: how the words or pieces of a unit become one vector. Names, positions, and the plain definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from probekit.errors import ProbekitError, UnknownName

WORDS = "words"  # one row a word, for tasks that ask of words
PIECES = "pieces"  # one row a piece, for tasks that ask of spans
HALF = ":half"  # after either: kept in half precision, 16 bits a number
UNPOOLED = (WORDS, PIECES)
# What an encoder of sentences gives itself: its vector (of a Gaussian the mean), and mean and variance side by side.
SENTENCE, GAUSSIAN = "sentence", "gaussian"
WHOLE = (SENTENCE, GAUSSIAN)
POOLINGS = ("mean", "sum", "max", "min", "cls", "word:1", "word:1/3", "word:2/3", "word:-1")
REDUCE: Mapping[str, Callable[..., np.ndarray]] = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}
_POSITION = re.compile(r"word:(?:(-?1)|([1-9]\d{0,5})/([1-9]\d{0,5}))\Z")


def in_full(pooling: str) -> str:
    """The pooling whose vectors one that is kept in half precision holds; any other is its own."""
    whole = str(pooling).removesuffix(HALF)
    return whole if whole in UNPOOLED else pooling


def kept_as(pooling: str) -> np.dtype:
    """Type of the numbers of a pooling as they are kept."""
    return np.dtype(np.float16 if in_full(pooling) != pooling else np.float32)


def check_name(pooling: str) -> None:
    """Raise UnknownName for a pooling that does not exist. `word:p/q` with 0 < p/q <= 1 exists for all p, q."""
    if pooling in (*POOLINGS, *WHOLE) or in_full(pooling) in UNPOOLED:
        return
    if isinstance(pooling, str) and pooling.startswith("word:"):
        position(np.array([1]), pooling)
        return
    raise UnknownName("pooling", str(pooling), [*POOLINGS, *WHOLE, *UNPOOLED])


def position(lengths: np.ndarray, pooling: str) -> np.ndarray:
    """0-based position of the word that `word:...` names in sentences of the given lengths.

    `word:1` is the first word, `word:-1` the last, `word:p/q` the 1-based position ceil(p n / q) (the linguistic
    profiling study's internal tokens; which ones the paper took is not stated, these are ours). A sentence of fewer
    than four words repeats positions.
    """
    match = _POSITION.match(pooling)
    if not match or (match[2] and int(match[2]) > int(match[3])):
        raise ProbekitError(
            f"pooling '{pooling}' names no word that every sentence has; use word:1, word:-1 or word:p/q with p <= q"
        )
    if match[1]:
        return np.zeros_like(lengths) if match[1] == "1" else lengths - 1
    p, q = int(match[2]), int(match[3])
    return -(-lengths * p // q) - 1


def pool_one(vectors: np.ndarray, pooling: str) -> np.ndarray:
    """One vector (d,) of one unit's vectors (n, d), straight from the definition."""
    if pooling in REDUCE:
        return REDUCE[pooling](vectors, axis=0)
    return vectors[position(np.array([len(vectors)]), pooling)[0]]
