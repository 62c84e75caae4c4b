"""Linguistic features of sentences as rows and a table, so that what reads them needs no sentences."""

from __future__ import annotations

import pyarrow as pa

from probekit.corpora import load_corpus
from probekit.grid.work import Answer, Cell, works
from probekit.tasks.sentence_features import FEATURES, sentence_features

TASK, TABLE = "sentence-features", "features"
SCHEMA = pa.schema([("key", pa.string()), ("unit", pa.int64()), ("feature", pa.string()), ("value", pa.int64())])


@works.register(
    TASK,
    revision=1,
    summary="Features of sentences read off their trees",
    threads=1,
    axes={"dataset": "corpus"},
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 5.0,
    tables={TABLE: SCHEMA},
)
def answer_sentence_features(cell: Cell) -> Answer:
    """The mean of every feature over all sentences of a corpus; the table `features` has each sentence's."""
    answer = Answer()
    found = sentence_features(load_corpus(str(cell.shared["dataset"])))
    for question in cell.questions:
        for name in FEATURES:
            mean = float(found[name].mean())
            answer.row(question, "mean", mean, split="all", subset=f"feature={name}", n_test=len(found))
        if TABLE in question.tables:
            lines = found.rename_axis("unit").reset_index().melt("unit", var_name="feature").assign(key=question.key)
            answer.lines(TABLE, SCHEMA, pa.Table.from_pandas(lines[SCHEMA.names], SCHEMA, preserve_index=False))
    return answer
