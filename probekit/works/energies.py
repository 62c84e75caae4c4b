"""What retrofitting lowers, sweep by sweep: rows of a table whose last step it is, and a curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probekit import rows
from probekit.embeddings.tables import load_table
from probekit.grid.work import Answer, Cell, works
from probekit.specs import parse

TASK, STEP = "energies", "retrofit"
SERIES = ("psi", "energy")
FACTS = ("edges", "words_with_edges", "pairs_covered", "edges_of_lexicon", "length", "residual")


def refuses(point: Mapping[str, Any]) -> str:
    """Why a table is not asked, "" where it is."""
    steps = parse(point["encoder"]).steps
    return "" if steps and steps[-1].name == STEP else f"{point['encoder']} is left out: its last step is no {STEP}"


@works.register(
    "energies",
    revision=1,
    summary="Energies of retrofitted word-vector tables by sweep, and of how many edges",
    threads=1,
    axes={"encoder": "table"},
    data=("encoder",),
    refuses=refuses,
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 5.0,
)
def answer_energies(cell: Cell) -> Answer:
    """psi and energy after the last sweep as shares of those before the first, what `retrofit` says of its graph and of
    how its vectors end. The curve has both after every sweep, as such shares."""
    answer, about = Answer(), load_table(cell.shared["encoder"]).about
    for question in cell.questions:
        for name in SERIES:
            shares = [value / about[name][0] for value in about[name]]
            answer.row(question, name, shares[-1], n_test=about["edges"])
            if "curve" in question.tables:
                lines = [(question.key, sweep, name, float(share)) for sweep, share in enumerate(shares)]
                answer.lines("curve", rows.TABLES["curve"], lines)
        for name in FACTS:
            if name in about:
                answer.row(question, name, float(about[name]), n_test=about["edges"])
    return answer
