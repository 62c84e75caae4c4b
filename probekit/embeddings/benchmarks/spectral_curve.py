"""Word similarity by rank: what the first components of a table reach, for many ranks at once.

The same numbers as `similarity/*` on `TABLE|pca(k)` for each k. Words are looked up and projected once; inner products
over the first k components are running sums over the columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from probekit.embeddings.affine import Affine, Doubles
from probekit.embeddings.benchmarks.benchmark import LEAST, Benchmark, get
from probekit.embeddings.benchmarks.similarity import Covered, Similarity
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table, moments_of
from probekit.errors import ProbekitError
from probekit.scores.scoring import score_columns


def similarity_curve(
    table: str | WordTable, benchmarks: Sequence[str | Benchmark], ranks: Sequence[int]
) -> pd.DataFrame:
    """Spearman's rho of cosines with ratings by benchmark and rank: columns benchmark, rank, value, ci_low, ci_high, n,
    coverage, note.

    Raises ProbekitError for a rank that the table does not have, and for a benchmark that is none of similarity.
    """
    table = load_table(table)
    wrong = next((rank for rank in ranks if not 1 <= rank <= table.width), None)
    if wrong is not None or not len(ranks):
        raise ProbekitError(f"ranks of {table!r} are numbers from 1 to {table.width}, one at least; got {wrong}")
    moments = moments_of(table)
    map = Affine.centred(moments.mean, moments.components[1][:, : max(ranks)])
    found = [line for name in benchmarks for line in _lines(name, table, map, np.asarray(ranks))]
    return pd.DataFrame(found, columns=["benchmark", "rank", "value", "ci_low", "ci_high", "n", "coverage", "note"])


def _lines(asking: str | Benchmark, table: WordTable, map: Affine, ranks: np.ndarray) -> list[tuple[object, ...]]:
    benchmark = get(asking) if isinstance(asking, str) else asking
    if type(benchmark) is not Similarity:
        raise ProbekitError(f"{benchmark!r} asks for no similarity of pairs of one table")
    asked = benchmark.covered(table)
    n, coverage, shown = len(asked.kept), asked.info["coverage"], benchmark.source.name
    if n < LEAST:
        note = f"{n} items have vectors, fewer than {LEAST}"
        return [(shown, rank, np.nan, np.nan, np.nan, n, coverage, note) for rank in ranks]
    likeness = _cosines(asked, map, ranks)
    scores = score_columns("spearman", np.repeat(asked.ratings[:, None], len(ranks), axis=1), likeness)
    each = zip(ranks.tolist(), scores, strict=True)
    return [(shown, rank, one.value, one.low, one.high, n, coverage, one.note) for rank, one in each]


def _cosines(asked: Covered, map: Affine, ranks: np.ndarray) -> Doubles:
    """Cosines of the pairs over the first components, (pairs, ranks); 0 where a vector is zero."""
    left, right = (map.of(side).astype(np.float64) for side in (asked.left, asked.right))
    # Unknown words that take part are zero, or the mean of all, which is zero where vectors are centred.
    left[~asked.left_known], right[~asked.right_known] = 0, 0
    dots, lefts, rights = (
        np.cumsum(a * b, axis=1)[:, ranks - 1] for a, b in ((left, right), (left, left), (right, right))
    )
    lengths = np.sqrt(lefts * rights)
    return np.asarray(dots / np.where(lengths > 0, lengths, 1))
