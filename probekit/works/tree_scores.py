"""Scores of the trees of chosen sentences, and what every node of them adds: for a drawing of the tree."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from probekit import corpora, tasks
from probekit.corpora.corpus import Corpus
from probekit.grid.work import Answer, Cell, works
from probekit.tasks.node_labels import node_numbers, node_shares
from probekit.tasks.tree_nodes import nodes_of

NODES = "nodes"
SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("node", pa.int64()),
        ("above", pa.int64()),
        ("word", pa.string()),
        ("number", pa.float64()),
        ("share", pa.float64()),
    ]
)


@works.register(
    "tree-scores",
    revision=1,
    summary="A score of the trees of sentences that begin in some way, with what each node adds",
    threads=1,
    axes={"dataset": "corpus", "task": "task"},
    columns=lambda point: {"task_group": "composition"},
    cost=lambda cell: 10.0,
    tables={NODES: SCHEMA},
)
def answer_tree_scores(cell: Cell) -> Answer:
    """The task's number of the first sentence that begins with the words of the axis `begins`; info has the sentence.

    The table `nodes` has its tree from the top on: the number, and what the node adds to weighted node switching with
    weight=height (NaN where it adds nothing); a word where it is one.
    """
    answer, corpus = Answer(), corpora.load_corpus(str(cell.shared["dataset"]))
    task = tasks.get(str(cell.shared["task"]))
    units = task.units(corpus)["sentence"].to_numpy()
    numbers = task.targets(corpus)
    for question in cell.questions:
        begins = dict(part.partition("=")[::2] for part in str(question.axes["setting"]).split(";"))["begins"]
        place = next((place for place in units if corpus.texts[place].startswith(begins)), None)
        if place is None:
            answer.row(
                question, "value", float("nan"), note=f"no sentence with a score begins with '{begins}'", n_test=0
            )
            continue
        value = float(numbers[int(np.searchsorted(units, place))])
        answer.row(question, "value", value, split="all", n_test=1, info={"sentence": corpus.texts[place]})
        if NODES in question.tables:
            answer.lines(NODES, SCHEMA, [(question.key, *line) for line in _lines(corpus, int(place))])
    return answer


def _lines(corpus: Corpus, sentence: int) -> list[tuple[int, int, str, float, float]]:
    nodes, labels, shares = nodes_of(corpus), node_numbers(corpus), node_shares(corpus)
    own = np.flatnonzero(nodes.sentence == sentence)
    number = {int(node): place for place, node in enumerate(own)}
    words = corpus.words(sentence)
    return [
        (
            number[int(node)],
            number.get(int(nodes.above[node]), -1),
            words[int(nodes.start[node])] if node >= nodes.inner else "",
            float(labels[node]),
            float(shares[node]),
        )
        for node in own
    ]
