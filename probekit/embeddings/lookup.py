"""Which row of a table a word of some data stands for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from probekit.embeddings.table import WordTable


def rows_of(table: WordTable, words: Iterable[str]) -> np.ndarray:
    """Row of every word, int32: the form as it stands, else its lower case, else -1."""
    words = list(words)
    exact, small = table.rows(words), table.rows([word.lower() for word in words])
    return np.where(exact >= 0, exact, small)
