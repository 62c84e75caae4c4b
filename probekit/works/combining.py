"""What a combination of tables did: how alike its two sides are, and what was learned to make them so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from probekit import rows
from probekit.embeddings.benchmarks.means import mean_of
from probekit.embeddings.measures import unit_rows
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.specs import Spec, parse

TASK = "combining"
BESIDE = ("concatenate", "geo-concatenate")  # steps whose tables hold both sides
SAME, OTHER = "words=same", "words=other"


@works.register(
    "combining",
    revision=1,
    summary="How alike the two sides of a concatenated table are, and the metric that was learned for them",
    threads=1,
    axes={"encoder": "table"},
    data=("encoder",),
    refuses=lambda point: refuses(point["encoder"]),
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 4.0,
)
def answer_combining(cell: Cell) -> Answer:
    """Mean cosine of both vectors of a word, and of vectors of unlike words; the objective that was reached.

    Objective gap, where an iterative solver was asked for: how far its objective is above the smallest one, as a share
    of that. The curve is the share of each eigenvalue of the metric in their sum,
    largest first.
    """
    answer, spec = Answer(), parse(cell.shared["encoder"])
    table = load_table(spec)
    same, other = cosines_of_sides(table, load_table(spec.before).width)
    learned = table.about.get("objective")
    for question in cell.questions:
        answer.row(question, "cosine", mean_of(same), subset=SAME, n_test=len(same))
        answer.row(question, "cosine", other, subset=OTHER, n_test=len(same))
        if learned is None:
            continue
        answer.row(question, "objective", learned[0], n_test=len(table), info={"C": table.about["C"][0]})
        if "solver" in spec.steps[-1].kwargs:
            answer.row(question, "objective_gap", objective_gap(spec, table), n_test=len(table))
        if "curve" in question.tables:
            shares = np.divide(table.about["spectrum"], np.sum(table.about["spectrum"]))
            lines = [(question.key, place, "share", float(share)) for place, share in enumerate(shares, 1)]
            answer.lines("curve", rows.TABLES["curve"], lines)
    return answer


def refuses(encoder: str) -> str:
    """Why a table has no two sides, "" where it has."""
    step = (parse(encoder).steps or (Spec("none"),))[-1]
    if step.name in BESIDE and not isinstance(step.kwargs.get("with"), list):
        return ""
    return f"{encoder} is left out: only a table that ends with {' or '.join(BESIDE)} of one other has two sides"


def cosines_of_sides(table: WordTable, width: int) -> tuple[np.ndarray, float]:
    """Cosine of the left and right half of every word's vector (n,), and the mean of those of unlike words' halves.

    width: of the left table. Raises ProbekitError where the right one has another.
    """
    if table.width != 2 * width:
        raise ProbekitError(
            f"{table!r} puts {table.width - width} dimensions beside {width}; give both tables one width with |pca(k)"
        )
    halves = [unit_rows(half).astype(np.float64) for half in np.split(table.vectors, 2, axis=1)]
    same = np.einsum("ij,ij->i", *halves)
    total = halves[0].sum(axis=0) @ halves[1].sum(axis=0) - same.sum()
    n = len(table)
    return same, float(total / (n * (n - 1))) if n > 1 else np.nan


def objective_gap(spec: Spec, table: WordTable) -> float:
    """How far the objective of a table is above that of the closed form, as a share of the latter."""
    last = spec.steps[-1]
    kept = {name: value for name, value in last.kwargs.items() if name != "solver"}
    best = load_table(replace(spec, steps=(*spec.steps[:-1], replace(last, kwargs=kept)))).about["objective"][0]
    return float(table.about["objective"][0] / best - 1)
