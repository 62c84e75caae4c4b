"""Polarity sensitivity: classifiers asked about texts and their flips, on frozen vectors or trained with the encoder.

Bhathena, Willis and Dass 2020, Evaluating Compositionality of Sentence Representation Models (RepL4NLP at ACL). A pair
counts where its flip passes the paper's filter, its text is a test text, and neither stands in a part that is learned
from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probekit import corpora, encoders, probes, recipes, rows, scores
from probekit.corpora.corpus import Corpus
from probekit.corpora.flips import KINDS, flips_of
from probekit.encoders.activations import read, unread
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners.classifier_training import predict_logits
from probekit.learners.loading import load_classifier
from probekit.learners.readable import readable
from probekit.specs import parse
from probekit.store import default_store
from probekit.works.layers import lacks, layer_of, passes

TASK, PAIRS = "polarity", "pairs"
SEEN = "is learned from"


@dataclass(frozen=True, eq=False)
class Asked:
    """What a classifier is asked: test texts and, of those with a flip that counts, the flips, as places in a corpus.

    train, dev: places to learn from; labels (n,) of the whole corpus; pairs: columns sentence, sentence2, kind; fell:
    how many pairs of test texts do not count, by why.
    """

    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    pairs: pd.DataFrame
    fell: Mapping[str, int]

    @property
    def texts(self) -> np.ndarray:
        """All places that are asked about: test texts, then flips."""
        return np.concatenate([self.test, self.pairs["sentence2"].to_numpy(np.int64)])


def asked_of(corpus: Corpus, learned: Corpus | None = None) -> Asked:
    """What is asked of a corpus of texts with flips. learned: another corpus whose train and dev are learned from.

    Raises ProbekitError where it has no flips, or no test text, or no two labels to learn.
    """
    found, other = flips_of(corpus), learned or corpus
    parts = corpus.sentences["split"].astype(str).to_numpy()
    labels = corpus.sentences["label"].astype(str).to_numpy().astype(object)
    train, dev, test = (np.flatnonzero(parts == name) for name in ("train", "dev", "test"))
    if not len(test) or (learned is None and len(set(labels[train])) != 2):
        raise ProbekitError(
            f"{corpus!r} has no test texts, or no training texts of two labels; name files by their part"
        )
    inside = other.sentences["split"].astype(str).isin(("train", "dev")).to_numpy()
    known = {text.lower() for text, kept in zip(other.texts, inside, strict=True) if kept}
    texts = np.array([text.lower() in known for text in corpus.texts])
    found = found[parts[found["sentence"]] == "test"]
    seen = texts[found["sentence"]] | texts[found["sentence2"]]
    why = found["fell"].where(found["fell"].ne("") | ~seen, SEEN)
    fell = {reason: int(n) for reason, n in why[why.ne("")].value_counts().sort_index().items()}
    return Asked(train, dev, test, labels, found[why.eq("")].reset_index(drop=True), fell)


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    source = encoders.describe(point["encoder"])
    return {"task": TASK, "task_group": TASK, "layer": layer_of(source, point["layer"], point["pooling"])}


@works.register(
    "polarity",
    revision=1,
    summary="Polarity sensitivity of probes on frozen vectors of texts and their flips",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "probe": "probe"},
    needs=passes,
    refuses=lacks,
    columns=columns,
    cost=lambda cell: 3.0 * len(cell.questions),
)
def answer_polarity(cell: Cell) -> Answer:
    """Rows of every seed of a probe on one representation. shared: dataset, encoder, layer, pooling, probe."""
    answer, shared = Answer(), cell.shared
    dataset, source = corpora.describe(shared["dataset"]), encoders.describe(shared["encoder"])
    asked = asked_of(corpora.load_corpus(dataset.spec))
    layer = layer_of(source, shared["layer"], shared["pooling"])
    vectors, found = read(source, dataset.digest, layer, shared["pooling"], default_store())
    probe = probes.describe(shared["probe"])
    dev = (vectors[asked.dev], asked.labels[asked.dev]) if len(asked.dev) else None
    for question in cell.questions:
        fitted = probe.component(**probe.params, seed=int(question.axes["seed"]))
        fitted.fit(vectors[asked.train], asked.labels[asked.train], dev=dev)
        told = fitted.predict(vectors[asked.texts])
        notes = [*fitted.notes_, unread(found)]
        write(answer, question, asked, told, dict(fitted.info_[0]), "; ".join(filter(None, notes)), len(asked.train))
    return answer


@works.register(
    "tuned-polarity",
    revision=1,
    summary="Polarity sensitivity of classifiers that were trained with their encoder",
    threads=1,
    axes={"dataset": "corpus", "encoder": "recipe"},
    needs=lambda point: [point["encoder"]],
    columns=lambda point: {"task": TASK, "task_group": TASK},
    cost=lambda cell: 10.0,
)
def answer_tuned(cell: Cell) -> Answer:
    """Rows of a trained classifier. shared: dataset; encoder, a recipe: `fine-tuned:...` or `classifier:...`."""
    answer, recipe = Answer(), cell.shared["encoder"]
    corpus = corpora.load_corpus(cell.shared["dataset"])
    learned = corpora.load_corpus(str(parse(recipe).target))
    asked, n_train = asked_of(corpus, learned), int((learned.sentences["split"].astype(str) == "train").sum())
    classifier = load_classifier(recipes.folder(recipe))
    given = readable(classifier, [corpus.words(int(place)) for place in asked.texts], long="cut")
    told = np.full(len(asked.texts), "", dtype=object)  # of a text that cannot be read: no label is right
    told[list(given.texts)] = np.array(classifier.labels, dtype=object)[
        predict_logits(classifier, list(given.texts.values())).argmax(axis=1)
    ]
    note = f"{len(given.left)} texts cannot be read and count as wrong" if given.left else ""
    for question in cell.questions:
        write(answer, question, asked, told, {**recipes.found(recipe), "cut": len(given.cut)}, note, n_train)
    return answer


def write(
    answer: Answer, question: Question, asked: Asked, told: np.ndarray, info: Mapping[str, Any], note: str, n_train: int
) -> None:
    """Rows of one classifier, learned from n_train texts: told (n,) labels of `asked.texts`."""
    right = told == asked.labels[asked.texts]
    texts, flips = right[: len(asked.test)], right[len(asked.test) :]
    place = np.searchsorted(asked.test, asked.pairs["sentence"].to_numpy(np.int64))
    both = texts[place] & flips
    info = {**info, "pairs": len(both), "fell": dict(asked.fell)}

    def say(metric: str, value: Any, n: int, split: str = PAIRS, subset: str = "") -> None:
        answer.row(question, metric, value, split=split, subset=subset, n_train=n_train, n_test=n, info=info, note=note)

    say("accuracy", scores.proportion(texts), len(texts), "test")
    say("accuracy", scores.proportion(texts[place]), len(both), subset="side=text")
    say("accuracy", scores.proportion(flips), len(both), subset="side=flip")
    say("pss", scores.pss(texts[place], flips), len(both))
    say("relative_pss", scores.relative_pss(both, texts, place), len(both))
    for kind in KINDS:
        own = (asked.pairs["kind"] == kind).to_numpy()
        if own.any():
            say("pss", scores.pss(texts[place][own], flips[own]), int(own.sum()), subset=f"kind={kind}")
    if "groups" in question.tables:
        lines = [("test", int(group), 1, int(one)) for group, one in zip(asked.test, texts, strict=True)]
        lines += [
            (PAIRS, int(asked.test[at]), 2, int(texts[at]) + int(one)) for at, one in zip(place, flips, strict=True)
        ]
        answer.lines("groups", rows.TABLES["groups"], ((question.key, *line) for line in lines))
