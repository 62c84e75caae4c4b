"""Set algebra on words whose vectors are fuzzy sets: values from 0 to 1 say how far a dimension belongs to a word.

table = load_table("glove|fuzzy(normalise=row)")
both = intersection(table.vector("noble"), table.vector("metal"))
neighbours(table, both, n=5)
neighbours(table, "noble & metal", n=5)        # the same, without noble and metal themselves
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from probekit.embeddings.fuzzy_measures import probabilities
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Measure, get
from probekit.embeddings.ranking import top
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName

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


OPERATIONS = {"&": intersection, "|": union, "+": disjoint_union, "-": difference}


def parts(text: str) -> tuple[list[str], list[str]]:
    """Words and operations of a text such as `rose | violet`, which has blanks around what is between words.

    Raises ProbekitError where words and operations do not take turns, UnknownName for another operation.
    """
    words, operations = text.split()[::2], text.split()[1::2]
    if len(words) != len(operations) + 1 or set(words) & set(OPERATIONS):
        raise ProbekitError(f"'{text}' is no set of words: write 'noble & metal', 'rose | violet', 'french - british'")
    for one in operations:
        if one not in OPERATIONS:
            raise UnknownName("operation on sets of words:", one, OPERATIONS)
    return words, operations


def composed(table: WordTable, text: str) -> Set:
    """The set (d,) of words joined by & (intersection), | (union), + (disjoint union), - (difference), left to right.

    Raises as `parts`, UnknownName for a word that the table does not hold, in its own form or in lower case, and
    ProbekitError for a table whose vectors are no probabilities.
    """
    words, operations = parts(text)
    rows = rows_of(table, words)
    for word, row in zip(words, rows, strict=True):
        if row < 0:
            raise UnknownName(f"word of {table!r}:", word, table.words)
    each = probabilities(table.vectors[rows])
    found: Set = each[0]
    for operation, one in zip(operations, each[1:], strict=True):
        found = OPERATIONS[operation](found, one)
    return found


def rescaled(table: WordTable, a: Set) -> tuple[Set, float]:
    """A set of the mean mass of a table's words, values above 1 cut, and what it was multiplied with.

    Raises ProbekitError for a set of another width or without mass.
    """
    mass = float(cardinality(a)) if np.shape(a) == (table.width,) else 0.0
    if not mass > 0:
        raise ProbekitError(f"a set of {table!r} has {table.width} values from 0 to 1, not all 0; got {np.shape(a)}")
    times = float(cardinality(table.vectors).mean()) / mass
    return np.minimum(np.asarray(a, dtype=np.float64) * times, 1), times


@dataclass(frozen=True)
class Neighbours:
    """Words most like a set, with their likeness. rescaled: what its values were multiplied with before."""

    words: tuple[str, ...]
    likeness: tuple[float, ...]
    rescaled: float


def neighbours(
    table: WordTable,
    a: Set | str,
    n: int = 10,
    measure: str | Measure = "fuzzy-cross-entropy",
    without: Sequence[str] = (),
    rescale: bool = True,
) -> Neighbours:
    """The n words of a table that are most like a set, which is brought to the mean mass of a word before.

    a: a set, or the text of one (see `composed`), whose own words are left out. Products of sets have a tiny mass, and
    divergences to any word would say nothing but how large the word is. without: further words left out, such as those
    that the set was made of. Raises as `composed` and `rescaled`.
    """
    own = parts(a)[0] if isinstance(a, str) else []
    asked = composed(table, a) if isinstance(a, str) else np.asarray(a)
    query, times = rescaled(table, asked) if rescale else (asked, 1.0)
    found = get(measure, Measure) if isinstance(measure, str) else measure
    out = rows_of(table, [*own, *without])[None]
    near = top(found, found.prepare(query[None].astype(np.float32)), found.prepare(table.vectors), n, out)
    kept = near.rows[0] >= 0
    words = tuple(table.words[row] for row in near.rows[0][kept])
    return Neighbours(words, tuple(near.values[0][kept].tolist()), times)
