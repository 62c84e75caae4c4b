"""How well parsers parse: attachment on any treebank, with intervals over sentences.

A parser is trained on the split `train` of its own treebank and asked about the split `test` of another, all of it
where there is none. Words of all kinds count, punctuation too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from probekit import corpora, recipes, scores
from probekit.corpora.loading import describe as describe_corpus
from probekit.grid.work import Answer, Cell, works
from probekit.learners.parser import SavedParser
from probekit.specs import parse
from probekit.works.tagging import made, tested, tested_part

WORK, TASK = "parsing", "word/dependency"


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """The task, and the treebank that was learned from."""
    target = str(parse(point["encoder"]).target)
    return {"task": TASK, "task_group": "parsing", "trained_on": describe_corpus(target).name}


@works.register(
    WORK,
    revision=1,
    summary="Parsers asked about a treebank",
    threads=1,
    axes={"dataset": "corpus", "encoder": "recipe"},
    needs=lambda point: [made(point)],
    columns=columns,
)
def answer_parsing(cell: Cell) -> Answer:
    """Unlabelled and labelled attachment (uas, las), and the share of relations that are right whatever the head."""
    answer, corpus = Answer(), corpora.load_corpus(cell.shared["dataset"])
    rows = tested(corpus)
    for question in cell.questions:
        spec = made(cell.shared)
        parser = SavedParser(recipes.folder(spec))
        bank = parser.treebank(corpus, rows)
        (heads, names), (gold_heads, gold_names) = bank.answers(parser.model, parser.chosen["budget"]), bank.asked()
        sentence = np.repeat(rows, corpus.lengths[rows])
        of_training = recipes.found(spec)
        info = {name: of_training[name] for name in ("dev_las", "epochs", "best_epoch", "sentences_train")}
        info["unknown_relations"] = int((~np.isin(gold_names, parser.config["relations"])).sum())
        shared = {
            "info": info,
            "n_train": of_training["sentences_train"],
            "n_test": len(heads),
            "split": tested_part(corpus),
        }
        right = {"uas": heads == gold_heads, "label_accuracy": names == gold_names}
        right["las"] = right["uas"] & right["label_accuracy"]
        for metric in ("uas", "las", "label_accuracy"):
            told = right[metric]
            answer.row(question, metric, scores.score("accuracy", np.ones_like(told), told, groups=sentence), **shared)
    return answer
