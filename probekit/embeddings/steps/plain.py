"""Plain steps: unit length, fewer words, noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from probekit.embeddings.measures import unit_rows
from probekit.embeddings.table import WordTable, context_of
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.values import Count, Positive, Seed

T = TypeVar("T")
Words = tuple[str, ...]


def unit(table: WordTable) -> WordTable:
    """Every vector of length 1; zero vectors stay, counted in `about`."""
    return table.with_vectors(unit_rows(table.vectors), zero_rows=zero_rows(table.vectors))


def zero_rows(vectors: np.ndarray) -> int:
    """How many vectors are zero."""
    return int((~np.any(vectors, axis=1)).sum())


def words(table: WordTable, of: Words | list[Words]) -> WordTable:
    """The words that some lists hold too, in the order of the table.

    of: words, or several lists of them; specs name tables, files of a word a line, and resources that are lists of
    words. `about` says which share of the words that all lists hold the table has, as they are written. Raises
    ProbekitError where none is left.
    """
    wanted = set.intersection(*map(set, several(of)))
    kept = [row for row, word in enumerate(table.words) if word in wanted]
    return rows(table, kept, "words(of=...)", words_covered=len(kept) / max(len(wanted), 1))


def most_frequent(table: WordTable, n: Count) -> WordTable:
    """The n most frequent words, by counts where the table has some, else its first n. Raises ProbekitError where it
    has fewer."""
    if n > len(table):
        raise ProbekitError(f"most-frequent(n={n}): the table has {len(table)} words; leave the step out")
    order = np.arange(len(table)) if table.counts is None else np.argsort(-table.counts, kind="stable")
    return rows(table, order[:n].tolist())


def noise(table: WordTable, size: Positive, seed: Seed = 0) -> WordTable:
    """Normal noise added to every value, `size` times as large as the root mean square of all values."""
    spread = size * float(np.sqrt(np.mean(np.square(table.vectors, dtype=np.float64))))
    drawn = generator(seed, "noise", "table").standard_normal(table.vectors.shape, dtype=np.float32)
    return table.with_vectors(table.vectors + np.float32(spread) * drawn)


def context(table: WordTable) -> WordTable:
    """The context vectors in the place of the vectors. Raises ProbekitError where the table kept none."""
    return table.with_vectors(context_of(table))


def with_context(table: WordTable) -> WordTable:
    """The sum of vectors and context vectors, as published GloVe files hold it. Raises ProbekitError as `context`."""
    return table.with_vectors(table.vectors + context_of(table))


# --- shared by steps ---------------------------------------------------------------------------------


def several(given: T | list[T]) -> list[T]:
    """What an option names, one or several, as a list."""
    return given if isinstance(given, list) else [given]


def rows(table: WordTable, kept: Sequence[int], what: str = "", **about: Any) -> WordTable:
    """The table of some of its rows, in the order given. Raises ProbekitError where there is none."""
    if not len(kept):
        raise ProbekitError(
            f"{what}: no word of {table!r} is left; are both of one language, and of one case? Files of vectors are "
            "written static:FILE"
        )
    chosen = np.asarray(kept, dtype=np.int64)
    return WordTable(
        [table.words[row] for row in chosen],
        table.vectors[chosen],
        counts=None if table.counts is None else table.counts[chosen],
        language=table.language,
        notes=dict(table.notes),
        about={**table.about, **about},
    )
