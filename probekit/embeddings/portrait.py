"""What a table of vectors looks like: norms, spectrum, neighbours of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Measure
from probekit.embeddings.ranking import top
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import moments_of
from probekit.errors import UnknownName

_ROWS_AT_ONCE = 1 << 14
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


def norms(table: WordTable) -> pd.DataFrame:
    """Lengths of the vectors: a line for each of QUANTILES, columns quantile and length; zero rows among them."""
    lengths = np.concatenate(
        [
            np.linalg.norm(np.asarray(table.vectors[at : at + _ROWS_AT_ONCE], dtype=np.float64), axis=1)
            for at in range(0, len(table), _ROWS_AT_ONCE)
        ]
    )
    return pd.DataFrame({"quantile": QUANTILES, "length": np.quantile(lengths, QUANTILES)})


def spectrum(table: WordTable) -> pd.DataFrame:
    """Variance along the principal directions, largest first: columns component (from 1), variance, share, so far.

    Of the covariance of the centred rows, in float64. A table without variance has shares of 0.
    """
    variances = np.clip(moments_of(table).components[0], 0, None)
    shares = variances / (variances.sum() or 1)
    return pd.DataFrame(
        {
            "component": np.arange(1, table.width + 1),
            "variance": variances,
            "share": shares,
            "so_far": np.cumsum(shares),
        }
    )


def neighbours(table: WordTable, words: Sequence[str], measure: Measure, n: int = 10) -> pd.DataFrame:
    """The n words that are likest to each word, itself left out: columns word, rank (from 1), neighbour, likeness.

    Raises UnknownName for a word that the table does not hold, in its own form or in lower case.
    """
    rows = rows_of(table, words)
    for word, row in zip(words, rows, strict=True):
        if row < 0:
            raise UnknownName(f"word of {table!r}:", word, table.words)
    prepared = measure.prepare(table.vectors)
    found = top(measure, prepared[rows], prepared, min(n, len(table) - 1), rows[:, None])
    return pd.DataFrame(
        {"word": word, "rank": rank + 1, "neighbour": table.words[row], "likeness": likeness}
        for word, near, values in zip(words, found.rows, found.values, strict=True)
        for rank, (row, likeness) in enumerate(zip(near, values, strict=True))
    )
