"""Which row of a table a word of some data stands for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from probekit.embeddings.table import WordTable


def rows_of(table: WordTable, words: Iterable[str]) -> np.ndarray:
    """Row of every word, int32: the form as it stands, else its lower case, else, where blanks part it, joined by
    underscores or hyphens as tables have it, else -1."""
    words = list(words)
    rows = table.rows(words)
    missing = np.flatnonzero(rows < 0).tolist()
    small = {row: lower for row in missing if (lower := words[row].lower()) != words[row]}
    rows[list(small)] = table.rows(small.values())
    parted = [row for row in missing if " " in words[row]]
    for mark in "_-":
        joined = table.rows(words[row].lower().replace(" ", mark) for row in parted)
        rows[parted] = np.where(rows[parted] < 0, joined, rows[parted])
    return rows
