"""How well text classifiers over tables of word vectors classify: accuracy, and AUC of one class against the rest.

    classifying("try", ['classifier:cues(model=pooled-linear, vectors=glove)'], seeds=[0, 1])

A classifier is trained on the split `train` of its corpus, its epoch chosen on `dev`, and asked about `dev` and `test`
of the same corpus: what is chosen among several (a table, a number) is chosen on `dev`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from probekit import recipes, rows, scores
from probekit.corpora.loading import describe, load_corpus
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.grid.work import Answer, Cell, works
from probekit.learners.classifier import load_own
from probekit.learners.classifier_training import part, predict_logits
from probekit.specs import parse

WORK, TASK = "classifying", "sentence/label"
SPLITS = ("dev", "test")


def classifying(name: str, classifiers: Sequence[str], seeds: Sequence[int] = (0,), keep: Sequence[str] = ()) -> Grid:
    """A grid of classifiers (specs without a seed) x seeds, each asked about the corpus that it is trained on.

    keep: `predictions` (of every text of the split test).
    """
    return Grid(name, WORK, {"encoder": list(classifiers), "seed": list(seeds)}, keep=list(keep))


def made(point: Mapping[str, Any]) -> str:
    """Spec of the classifier of a point with its seed. Raises ProbekitError for one that says its own, or is none."""
    spec = parse(point["encoder"])
    if spec.name != "classifier" or not spec.target:
        raise ProbekitError(f"'{spec}' is no classifier of a corpus; write classifier:CORPUS(model=pooled-linear)")
    if "seed" in spec.kwargs:
        raise ProbekitError(f"'{spec}' says its seed, which is an axis of its own: give seeds=[...]")
    return recipes.of(spec.given({"seed": int(point.get("seed") or 0)})).spec


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """The corpus that a classifier is trained on and asked about."""
    name = describe(str(parse(point["encoder"]).target)).name
    return {"task": TASK, "task_group": "classification", "dataset": name, "trained_on": name}


@works.register(
    WORK,
    revision=1,
    summary="Text classifiers over word vectors, asked about the corpus they are trained on",
    threads=1,
    axes={"encoder": "recipe"},
    data=("encoder",),
    needs=lambda point: [made(point)],
    columns=columns,
)
def answer_classifying(cell: Cell) -> Answer:
    """Accuracy and macro AUC on dev and test with intervals over texts; in info what the commonest class reaches."""
    answer = Answer()
    for question in cell.questions:
        spec = made(cell.shared)
        classifier, corpus = load_own(recipes.folder(spec)), load_corpus(str(parse(spec).target))
        train, found = part(corpus, "train")[1], recipes.found(spec)
        for split in SPLITS:
            texts, gold = part(corpus, split)
            logits = predict_logits(classifier, texts)
            told = [classifier.labels[at] for at in logits.argmax(axis=1)]
            usual = [commonest(train)] * len(gold)
            info = {"majority": scores.score("accuracy", gold, usual, interval="none").value, "chance_auc": 0.5}
            info |= {name: found[name] for name in ("epochs", "best", "dev_loss") if name in found}
            shared: dict[str, Any] = {"split": split, "n_test": len(gold), "n_train": len(train), "info": info}
            answer.row(question, "accuracy", scores.score("accuracy", gold, told), **shared)
            answer.row(question, "macro_auc", scores.macro_auc(gold, logits, classifier.labels), **shared)
            if "predictions" in question.tables and split == "test":
                lines = enumerate(zip(gold, told, strict=True))
                answer.lines(
                    "predictions",
                    rows.TABLES["predictions"],
                    [(question.key, split, at, at, one, other, np.nan) for at, (one, other) in lines],
                )
    return answer


def commonest(labels: Sequence[str]) -> str:
    """The most frequent label, the first of the alphabet among equals."""
    names, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    return str(names[counts.argmax()])
