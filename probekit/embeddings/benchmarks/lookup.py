"""Vectors of the words of items, and what stands for a word that a table does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from probekit.embeddings.lookup import rows_of
from probekit.embeddings.table import WordTable


@dataclass(frozen=True, eq=False)
class Looked:
    """vectors: (m, d) float32. known: (m,) which words the table holds. kept: (m,) which take part; others are 0."""

    vectors: np.ndarray
    known: np.ndarray
    kept: np.ndarray


def vectors_of(table: WordTable, words: Iterable[str], unknown: str = "skip", parts: bool = False) -> Looked:
    """Vectors of words. unknown: `skip` and `wrong` leave a word out, `mean` and `zero` give it that vector.

    parts: a form with blanks or underscores that is not in the table is the mean of its parts, where all of them are.
    """
    words = list(words)
    rows = rows_of(table, words)
    known = rows >= 0
    vectors = np.array(table.vectors[np.where(known, rows, 0)], dtype=np.float32)
    vectors[~known] = table.vectors.mean(axis=0, dtype=np.float64) if unknown == "mean" else 0
    for at in np.flatnonzero(~known) if parts else ():
        of = rows_of(table, words[at].replace("_", " ").split())
        if len(of) > 1 and (of >= 0).all():
            vectors[at], known[at] = table.vectors[of].mean(axis=0), True
    return Looked(vectors, known, known | (unknown in ("mean", "zero")))
