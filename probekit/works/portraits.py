"""Words of a table to look at: the nearest ones of some, and pairs of a relation in three dimensions.

Grid("try", "neighbours", {"encoder": ["glove"], "word": ["light", "while"]}, keep=["neighbours"])
Grid("try", "offset-places", {"encoder": ["glove"], "task": ["offsets/google"]}, keep=["places"])
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from probekit import rows
from probekit.embeddings.benchmarks.benchmark import Benchmark, get
from probekit.embeddings.benchmarks.lookup import vectors_of
from probekit.embeddings.benchmarks.offsets import Offsets
from probekit.embeddings.lookup import rows_of
from probekit.embeddings.measures import Cosine
from probekit.embeddings.portrait import neighbours
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.specs import parse

NEIGHBOURS, PLACES, SHOWN = "neighbours", "places", 10
NEAR = pa.schema(
    [
        ("key", pa.string()),
        ("word", pa.string()),
        ("rank", pa.int32()),
        ("neighbour", pa.string()),
        ("score", pa.float64()),
    ]
)
PLACED = pa.schema(
    [("key", pa.string()), ("unit", pa.int64()), ("left", pa.string()), ("right", pa.string())]
    + [(f"{side}_{axis}", pa.float64()) for side in ("left", "right") for axis in "xyz"]
)
LEAST, PERPLEXITY = 6, 10.0  # pairs


@works.register(
    NEIGHBOURS,
    revision=1,
    summary="The ten nearest words of some words of a table",
    threads=1,
    axes={"encoder": "table"},
    data=("encoder",),
    columns=lambda point: {"task": NEIGHBOURS, "task_group": NEIGHBOURS},
    tables={NEIGHBOURS: NEAR},
    cost=lambda cell: 0.2,
)
def answer_neighbours(cell: Cell) -> Answer:
    """Mean cosine of a word with its ten nearest ones; a word that a table lacks has no value."""
    answer, table = Answer(), load_table(cell.shared["encoder"])
    for question in cell.questions:
        word = str(rows.parse_setting(question.axes["setting"])["word"])
        if int(rows_of(table, [word])[0]) < 0:
            answer.row(question, "likeness", float("nan"), n_test=0, note=f"the table has no '{word}'")
            continue
        found = neighbours(table, [word], Cosine(), SHOWN)
        answer.row(question, "likeness", float(found["likeness"].mean()), n_test=len(found))
        if NEIGHBOURS in question.tables:
            lines = found[["word", "rank", "neighbour", "likeness"]].itertuples(index=False)
            answer.lines(NEIGHBOURS, NEAR, [(question.key, *line) for line in lines])
    return answer


def offsets_asked(spec: str) -> Offsets:
    """The benchmark of offsets that a spec names. Raises ProbekitError for one of another kind."""
    found: Benchmark = get(spec)
    if not isinstance(found, Offsets):
        raise ProbekitError(
            f"'{spec}' asks for no offsets of pairs; name offsets/google(category=family) or offsets:FILE"
        )
    return found


@works.register(
    "offset-places",
    revision=1,
    summary="Pairs of a relation in the three dimensions of t-SNE",
    threads=1,
    axes={"encoder": "table", "task": "benchmark"},
    data=("encoder", "task"),
    columns=lambda point: {"task_group": parse(point["task"]).name.partition("/")[0]},
    tables={PLACES: PLACED},
    cost=lambda cell: 2.0,
)
def answer_places(cell: Cell) -> Answer:
    """How far t-SNE's places are from the cosine distances (`kl_divergence`, lower is better), and the places."""
    answer, table = Answer(), load_table(cell.shared["encoder"])
    pairs = offsets_asked(cell.shared["task"]).pairs()
    left, right = (vectors_of(table, pairs[side], "skip") for side in ("left", "right"))
    kept = np.flatnonzero(left.kept & right.kept)
    about: Mapping[str, Any] = {"items": len(pairs), "perplexity": PERPLEXITY, "higher_is_better": False}
    for question in cell.questions:
        if len(kept) < LEAST:
            note = f"{len(kept)} pairs have vectors, fewer than {LEAST}"
            answer.row(question, "kl_divergence", float("nan"), n_test=len(kept), info=about, note=note)
            continue
        places, divergence = placed(np.concatenate([left.vectors[kept], right.vectors[kept]]))
        answer.row(question, "kl_divergence", divergence, n_test=len(kept), info=about)
        if PLACES in question.tables:
            sides = np.split(places, 2)
            lines = [
                (
                    question.key,
                    int(pair),
                    *pairs.iloc[pair][["left", "right"]],
                    *map(float, (*sides[0][at], *sides[1][at])),
                )
                for at, pair in enumerate(kept)
            ]
            answer.lines(PLACES, PLACED, lines)
    return answer


def placed(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Places (n, 3) of vectors (n, d) by t-SNE over cosine distances, begun from a fixed seed, and its divergence."""
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    made = TSNE(3, perplexity=perplexity, metric="cosine", init="random", random_state=0, method="exact")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        places = made.fit_transform(vectors.astype(np.float64))
    return places, float(made.kl_divergence_)
