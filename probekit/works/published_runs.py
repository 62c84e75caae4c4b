"""Accuracies of runs as others published them, as rows: what a paper's one run, and our own, stand beside."""

from __future__ import annotations

from probekit.corpora.named.published_runs import berts_of_a_feather
from probekit.grid.work import Answer, Cell, works


@works.register(
    "published-runs",
    revision=1,
    summary="Accuracies of runs as others published them",
    axes={"dataset": "published runs"},
    data=("dataset",),
    columns=lambda point: {"task": "pair/label", "task_group": "tuning", "encoder": "BERT-base", "probe": "published"},
)
def answer_published(cell: Cell) -> Answer:
    """A row a run and cell; the run stands in the subset."""
    answer = Answer()
    for question in cell.questions:
        for one in berts_of_a_feather():
            where = ";".join(part for part in (f"run={one.run}", f"data={one.data}", one.subset) if part)
            answer.row(question, "accuracy", one.value, subset=where)
    return answer
