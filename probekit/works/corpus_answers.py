"""Spans of one corpus as answers to another, word for word the same: what hand-written rules say of a gold corpus."""

from __future__ import annotations

from typing import Any

import numpy as np

from probekit import corpora
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.works.tagging import OVERLAP_SCHEMA, OVERLAPS, SCHEMA, TALLIES, overlapped, scored_spans, tallied, tested

WORK = "corpus-answers"


def spans_of(corpus: Corpus, layer: str = "entity") -> list[list[tuple[int, int, str]]]:
    """Spans of each sentence, in order."""
    corpus.require(layer)
    found: list[list[tuple[int, int, str]]] = [[] for _ in range(corpus.n_sentences)]
    for sentence, start, end, label in corpus.spans[layer][["sentence", "start", "end", "label"]].itertuples(
        index=False
    ):
        found[int(sentence)].append((int(start), int(end), str(label)))
    return found


def columns(point: dict[str, Any]) -> dict[str, Any]:
    """As rows of taggers have them."""
    return {"task": "word/bio:entity", "task_group": "tagging"}


@works.register(
    WORK,
    revision=1,
    summary="Spans of one corpus as answers to another",
    threads=1,
    axes={"dataset": "corpus", "probe": "corpus"},
    columns=columns,
    tables={TALLIES: SCHEMA, OVERLAPS: OVERLAP_SCHEMA},
)
def answer_corpora(cell: Cell) -> Answer:
    """Scores with intervals over sentences. Raises ProbekitError where the two do not have the same words."""
    answer, gold = Answer(), corpora.load_corpus(cell.shared["dataset"])
    for question in cell.questions:
        other = corpora.load_corpus(cell.shared["probe"])
        if gold.texts != other.texts or not np.array_equal(gold.offsets, other.offsets):
            raise ProbekitError(f"{gold!r} and {other!r} do not have the same sentences; give answers to the same text")
        rows = tested(gold)
        own, told = ([spans_of(one)[row] for row in rows] for one in (gold, other))
        for metric, value in scored_spans(own, told).items():
            answer.row(question, metric, value, n_test=len(rows))
        if TALLIES in question.tables:
            answer.lines(TALLIES, SCHEMA, tallied(rows, own, told, question.key))
        if OVERLAPS in question.tables:
            answer.lines(OVERLAPS, OVERLAP_SCHEMA, overlapped(rows, own, told, question.key))
    return answer
