"""Set algebra on words whose vectors are fuzzy sets: values from 0 to 1 say how far a dimension belongs to a word.

table = load_table("glove|fuzzy(normalise=row)")
both = intersection(table.vector("noble"), table.vector("metal"))
neighbours(table, both, n=5)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.embeddings.measures import Measure, get
from probekit.embeddings.ranking import top
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError

Set = npt.NDArray[np.floating]  # (d,), or (n, d) of n words


def intersection(a: Set, b: Set) -> Set:
    """a b"""
    return a * b


def union(a: Set, b: Set) -> Set:
    """a + b - a b"""
    return a + b - a * b


def disjoint_union(a: Set, b: Set) -> Set:
    """The smaller of 1 and a + b. (Printed with minimum and maximum exchanged, which is 1 for all.)"""
    return np.minimum(1, np.maximum(0, a + b))


def complement(a: Set) -> Set:
    """1 - a"""
    return 1 - a


def difference(a: Set, b: Set) -> Set:
    """a without b: a - min(a, b)"""
    return a - np.minimum(a, b)


def included(a: Set, b: Set) -> npt.NDArray[np.bool_]:
    """Whether a lies in b: a <= b in every dimension."""
    return np.asarray((a <= b).all(axis=-1))


def inclusion(a: Set, b: Set) -> npt.NDArray[np.float64]:
    """The share of dimensions in which a <= b."""
    return np.asarray((a <= b).mean(axis=-1))


def cardinality(a: Set) -> npt.NDArray[np.float64]:
    """Sum over the dimensions."""
    return np.asarray(a.sum(axis=-1, dtype=np.float64))


def entropy(a: Set) -> npt.NDArray[np.float64]:
    """Sum over the dimensions of the entropy of a coin that falls with probability a, in nats."""
    from scipy.special import xlog1py, xlogy

    a = np.asarray(a, dtype=np.float64)
    return np.asarray(-(xlogy(a, a) + xlog1py(1 - a, -a)).sum(axis=-1))


@dataclass(frozen=True)
class Neighbours:
    """Words most like a set, with their likeness. rescaled: what its values were multiplied with before."""

    words: tuple[str, ...]
    likeness: tuple[float, ...]
    rescaled: float


def neighbours(
    table: WordTable,
    a: Set,
    n: int = 10,
    measure: str | Measure = "fuzzy-cross-entropy",
    without: Sequence[str] = (),
    rescale: bool = True,
) -> Neighbours:
    """The n words of a table that are most like a set, which is brought to the mean mass of a word before.

    Products of sets have a tiny mass, and divergences to any word would say nothing but how large the word is. Values
    above 1 after that are cut. without: words left out, such as those that the set was made of. Raises ProbekitError
    for a set of another width or without mass.
    """
    mass = float(cardinality(a)) if np.shape(a) == (table.width,) else 0.0
    if not mass > 0:
        raise ProbekitError(f"a set of {table!r} has {table.width} values from 0 to 1, not all 0; got {np.shape(a)}")
    times = float(cardinality(table.vectors).mean()) / mass if rescale else 1.0
    found = get(measure, Measure) if isinstance(measure, str) else measure
    query = np.minimum(np.asarray(a, dtype=np.float64) * times, 1)[None].astype(np.float32)
    out = np.array([[table.index[word] for word in without if word in table]], dtype=np.int64)
    near = top(found, found.prepare(query), found.prepare(table.vectors), n, out)
    kept = near.rows[0] >= 0
    words = tuple(table.words[row] for row in near.rows[0][kept])
    return Neighbours(words, tuple(near.values[0][kept].tolist()), times)
