"""Which row of a table a word of some data stands for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from probekit.embeddings.table import WordTable


def rows_of(table: WordTable, words: Iterable[str]) -> np.ndarray:
    """Row of every word, int32: the form as it stands, else its lower case, else -1."""
    words = list(words)
    rows = table.rows(words)
    missing = np.flatnonzero(rows < 0).tolist()
    small = {row: lower for row in missing if (lower := words[row].lower()) != words[row]}
    rows[list(small)] = table.rows(small.values())
    return rows
