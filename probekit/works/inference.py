"""Encoders tuned on inference, after every epoch, asked about pairs of texts that differ from what they learned.

    tuning("try", ["sick"], ["minilm"], "pair/entailment", ["standard"], work="inference", state=["each"],
           on=["hans", "comparisons"], after=[1, 2, 3])

`on` is the corpus that is asked about, "" the one that was learned; `after` the epoch whose state answers; `second`
asks what the second task of a joint training learned. A corpus of two labels, entailment and another, is answered by
the best label of all that were learned; whatever is not entailment then counts as the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from probekit import corpora, recipes, scores
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Question
from probekit.learners.tuning.answers import metric_of, sides
from probekit.learners.tuning.examples import Asked, ask
from probekit.learners.tuning.saved import SavedTuned
from probekit.works.tuning import Told, made, of_splits, of_tuned, usual

ENTAILED = "entailment"
CHALLENGE = "pair/label"
# What the mean is over, the first that a corpus has; and finer cells beside.
CELLS: tuple[tuple[str, ...], ...] = (("heuristic", "label"), ("type",))
FINER = "subcase"


@of_tuned("inference", "How encoders tuned on inference answer challenge sets, after every epoch", "own head")
def answer_inference(cell: Cell) -> Answer:
    """Accuracy on dev and test by cell, and the unweighted mean of the cells."""
    answer, shared = Answer(), cell.shared
    spec = made(shared)
    found, whole = recipes.found(spec), SavedTuned(recipes.folder(spec))
    saved = whole.after(int(shared["after"])) if shared.get("after") else whole
    corpus = corpora.load_corpus(shared.get("on") or shared["dataset"])
    place = 1 if shared.get("second") else 0
    asked = asked_of(saved, corpus, place, bool(shared.get("on")) and not place)
    info = {"units_train": found["units_train"], "train_losses": found["train_losses"], "cut": found["cut"]}
    for told in of_splits(saved, asked, place, corpus, info):
        for question in cell.questions:
            say(answer, question, told)
    return answer


def asked_of(saved: SavedTuned, corpus: Corpus, place: int, challenge: bool) -> Asked:
    """What is asked of a corpus: a task that was learned, or of a challenge set its labels.

    Raises ProbekitError where there is no second task, or the set has other labels than entailment and one more.
    """
    learned = saved.record["tasks"]
    if place >= len(learned):
        raise ProbekitError(f"'{saved.folder.name}' was tuned on one task; leave second away, or give also=")
    if not challenge:
        return ask(learned[place]["task"], corpus, learned[place])
    asked = ask(CHALLENGE, corpus, learned[place])
    labels = sorted(set(asked.targets.astype(str)))
    if ENTAILED not in learned[place]["labels"] or ENTAILED not in labels or len(labels) != 2:
        raise ProbekitError(
            f"{corpus!r} has the labels {', '.join(labels)}, and {', '.join(learned[place]['labels'])} were learned; a"
            f" challenge set has '{ENTAILED}' and one other, and '{ENTAILED}' was learned"
        )
    return asked


def put_together(asked: Asked, answers: np.ndarray) -> np.ndarray:
    """Answers in the labels of the corpus: of a challenge set whatever is not entailment is the other label."""
    labels = set(asked.targets.astype(str)) if asked.kind == "label" else set()
    if len(labels) != 2 or labels >= set(asked.labels):
        return answers
    (other,) = labels - {ENTAILED}
    return np.where(answers == ENTAILED, ENTAILED, other).astype(object)


def say(answer: Answer, question: Question, told: Told) -> None:
    """Rows of the answers to a split."""
    asked, info = told.asked, told.info
    gold, found, groups = sides(asked, put_together(asked, told.answers), told.split)
    shared: dict[str, Any] = {"split": told.split, "n_train": info["units_train"]}
    metric = metric_of(asked)
    value = scores.score(metric, gold, found, groups=groups)
    trivial = usual(asked, metric, gold)
    answer.row(question, metric, value, n_test=len(gold), info={**info, **trivial}, **shared)
    if asked.task.spec != CHALLENGE:
        return
    rows = asked.units["sentence"].to_numpy()[asked.split == told.split]
    about = told.corpus.sentences.iloc[rows].reset_index(drop=True).assign(right=gold == found)
    by = next((cells for cells in CELLS if set(cells) <= set(about)), None)
    if by is None:
        return
    means = []
    for where, own in cells_of(about, by):
        means.append(float(own["right"].mean()))
        say_cell(answer, question, where, own, shared)
    answer.row(
        question, "mean_accuracy", float(np.mean(means)), n_test=len(gold), info={**info, "majority": 0.5}, **shared
    )
    if FINER in about:
        for where, own in cells_of(about, (*by, FINER)):
            say_cell(answer, question, where, own, shared)


def cells_of(about: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[str, pd.DataFrame]]:
    """Parts of a table by some columns, in the order of their names."""
    found = about.groupby(list(by), sort=True)
    return [(";".join(f"{n}={v}" for n, v in zip(by, key, strict=True)), own) for key, own in found]


def say_cell(answer: Answer, question: Question, where: str, own: pd.DataFrame, shared: dict[str, Any]) -> None:
    """The accuracy of a cell."""
    right = np.where(own["right"], "yes", "no").astype(object)
    value = scores.score("accuracy", np.full(len(own), "yes", dtype=object), right)
    answer.row(question, "accuracy", value, subset=where, n_test=len(own), **shared)
