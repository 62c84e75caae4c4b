"""The spectrum of a table's vectors, and whether a similarity order is what it is defined to be: rows and a curve."""

from __future__ import annotations

import numpy as np

from probekit import rows
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table, moments_of
from probekit.grid.work import Answer, Cell, works
from probekit.specs import Spec, parse

TASK, ORDER = "spectrum", "similarity-order"
_SHOWN = 200  # words whose products with one another are compared
_WHITE = -0.5


@works.register(
    "spectra",
    revision=1,
    summary="Spectra of word-vector tables, and how far a similarity order is from its definition",
    threads=1,
    axes={"encoder": "table"},
    data=("encoder",),
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 3.0,
)
def answer_spectra(cell: Cell) -> Answer:
    """Condition (largest by smallest eigenvalue of X'X), and the gap of a last step `similarity-order`.

    The curve is the share of each eigenvalue in their sum, largest first. Order gap, of the order alpha = (n - 1) / 2:
    the largest difference of products of the first 200 words from (XX')^n, by the largest of these; of -0.5: of X'X
    from the identity.
    """
    answer, spec = Answer(), parse(cell.shared["encoder"])
    table = load_table(spec)
    values, _ = moments_of(table).spectrum
    gap = order_gap(spec, table)
    for question in cell.questions:
        answer.row(
            question, "condition", float(values[0] / values[-1]) if values[-1] > 0 else np.inf, n_test=len(table)
        )
        if gap is not None:
            answer.row(question, "order_gap", gap, n_test=min(_SHOWN, len(table)))
        if "curve" in question.tables:
            shares = values / values.sum()
            lines = [(question.key, place, "share", float(share)) for place, share in enumerate(shares, 1)]
            answer.lines("curve", rows.TABLES["curve"], lines)
    return answer


def order_gap(spec: Spec, table: WordTable) -> float | None:
    """How far a table whose last step is a similarity order is from that; None where its order has no such meaning."""
    step = spec.steps[-1] if spec.steps else Spec("none")
    if step.name != ORDER:
        return None
    alpha = float((*step.args, *step.kwargs.values())[0])
    made = table.vectors.astype(np.float64)
    if alpha == _WHITE:
        return float(np.abs(made.T @ made - np.eye(made.shape[1])).max())
    power = 2 * alpha
    if power < 0 or power != int(power):
        return None
    plain = load_table(spec.before).vectors.astype(np.float64)
    shown = plain[:_SHOWN]
    by_definition = shown @ np.linalg.matrix_power(plain.T @ plain, int(power)) @ shown.T
    return float(np.abs(made[:_SHOWN] @ made[:_SHOWN].T - by_definition).max() / np.abs(by_definition).max())
