"""What the training of a table of vectors said of itself: its loss by epoch, and how long its vectors became."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from probekit import rows
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works

TASK = "training-losses"


@works.register(
    TASK,
    revision=1,
    summary="Losses by epoch of tables that are trained here, and the lengths of their vectors",
    threads=1,
    axes={"encoder": "table"},
    data=("encoder",),
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 1.0,
)
def answer_losses(cell: Cell) -> Answer:
    """Loss of the last epoch, root mean square of the lengths of the vectors, and of the centres where a trainer tells
    them; the curve has the loss of each epoch.

    Raises ProbekitError for a table that says nothing of its losses.
    """
    answer, table = Answer(), load_table(cell.shared["encoder"])
    losses = _losses(table.about, cell.shared["encoder"])
    length = float(np.sqrt(np.square(table.vectors, dtype=np.float64).sum(axis=1).mean()))
    for question in cell.questions:
        answer.row(question, "loss", losses[-1], n_test=len(losses))
        answer.row(question, "length", length, n_test=len(table))
        if "centre_length" in table.about:
            answer.row(question, "centre_length", table.about["centre_length"], n_test=len(table))
        if "curve" in question.tables:
            lines = [(question.key, epoch, "loss", float(loss)) for epoch, loss in enumerate(losses, 1)]
            answer.lines("curve", rows.TABLES["curve"], lines)
    return answer


def _losses(about: Mapping[str, Any], spec: str) -> list[float]:
    if not about.get("losses"):
        raise ProbekitError(
            f"'{spec}' kept no losses; tables that our own trainers make do: skip-gram:, context-to-vec:"
        )
    return list(about["losses"])
