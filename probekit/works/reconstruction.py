"""Tree reconstruction error of an encoder's sentences, and whether it goes with a score of their trees.

Bhathena, Willis and Dass 2020 (RepL4NLP at ACL): the more of a sentence's meaning its parts do not explain, the further
it should be from what they rebuild. The error of the sentences that the word vectors were learned on is theirs; that of
sentences held out, and what is left beside length, are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from probekit import corpora, encoders, rows, scores, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import USUAL_WIDTH, read
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners.compositions import load_composition
from probekit.learners.tree_reconstruction import Reconstruction, reconstruct
from probekit.store import default_store
from probekit.values import Count, NotNegative, lacking
from probekit.works.layers import lacks, layer_of, passes

# One core, a word of the sentences through a dimension, and through a pair of dimensions of a map, forth and back.
_SECONDS_A_SUM, _SECONDS_BY_TREES = 2.5e-9, 1e-7
FITTED, HELD_OUT = "train", "test"


def refuses(point: Mapping[str, Any]) -> str:
    """Why a point cannot be asked. Raises ProbekitError for settings out of range."""
    for name, kind in (("steps", Count), ("least", Count), ("scale", NotNegative)):
        if wanted := lacking(point[name], kind):
            raise ProbekitError(f"{name}={point[name]} of a tree reconstruction is {wanted}")
    return lacks(point)


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    source = encoders.describe(point["encoder"])
    layer = layer_of(source, point["layer"], point["pooling"])
    return {"task_group": "composition", "layer": layer}


def cost(cell: Cell) -> float:
    """Seconds of one core."""
    corpus = corpora.load_corpus(cell.shared["dataset"])
    width = encoders.describe(cell.shared["encoder"]).width or USUAL_WIDTH
    a_word = _SECONDS_A_SUM if load_composition(cell.shared["probe"]).sum else _SECONDS_BY_TREES
    return float(cell.shared["steps"]) * corpus.n_words * width * a_word


@works.register(
    "reconstruction",
    revision=2,
    summary="Tree reconstruction error of sentence vectors, against scores of the sentences' trees",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "probe": "composition", "task": "task"},
    needs=passes,
    refuses=refuses,
    columns=columns,
    cost=cost,
)
def answer_reconstruction(cell: Cell) -> Answer:
    """Rows of one fit against every task asked. shared: dataset, encoder, layer, pooling, probe (the composition),
    steps, scale, least, seed.

    Learned on the part train (of a corpus without one: on all), asked about that and about all others.
    """
    answer, shared = Answer(), cell.shared
    dataset, source = corpora.describe(shared["dataset"]), encoders.describe(shared["encoder"])
    corpus = corpora.load_corpus(dataset.spec)
    layer = layer_of(source, shared["layer"], shared["pooling"])
    vectors, _ = read(source, dataset.digest, layer, shared["pooling"], default_store())
    train, rest = parts(corpus)
    made = reconstruct(
        corpus,
        train,
        np.asarray(vectors[train]),
        shared["probe"],
        steps=int(shared["steps"]),
        scale=float(shared["scale"]),
        least=int(shared["least"]),
        seed=int(shared["seed"]),
    )
    errors = np.full(corpus.n_sentences, np.nan)
    errors[train] = made.errors
    if len(rest):
        errors[rest] = made.errors_of(corpus, rest, np.asarray(vectors[rest]))
    for question in cell.questions:
        for split, places in ((FITTED, train), (HELD_OUT, rest)):
            _rows(answer, question, corpus, made, errors, split, places, len(train))
    return answer


def parts(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Places of the sentences to learn on, and of the others."""
    learned = corpus.sentences["split"].astype(str).to_numpy() == "train"
    learned = learned if learned.any() else np.ones(corpus.n_sentences, dtype=bool)
    return np.flatnonzero(learned), np.flatnonzero(~learned)


def _rows(
    answer: Answer,
    question: Question,
    corpus: Corpus,
    made: Reconstruction,
    errors: np.ndarray,
    split: str,
    places: np.ndarray,
    n_train: int,
) -> None:
    """Mean error, and its rank correlation with the task's numbers and with length, of one part."""
    task = tasks.get(str(question.axes["task"]))
    units = task.units(corpus)["sentence"].to_numpy()
    own = np.isin(units, places) & np.isfinite(errors[units])
    there, gold = units[own], np.asarray(task.targets(corpus), dtype=np.float64)[own]
    lengths = corpus.lengths[there].astype(float)
    known = np.isfinite(errors[places])
    info = {
        "words": len(made.words),
        "coverage": round(made.coverage(corpus, places), 6) if len(places) else None,
        "zero_vectors": made.zero,
        "left_out": int((~known).sum()),
        "first_loss": round(float(made.losses[0]), 6),
        "last_loss": round(float(made.losses[-1]), 6),
    }
    common: dict[str, Any] = {"split": split, "n_train": n_train, "info": info}
    if not known.any():
        why = "no sentence is held out" if not len(places) else "no sentence has a word that was learned"
        for metric in ("tre", "spearman", "spearman_length", "partial_spearman"):
            answer.row(question, metric, float("nan"), note=why, n_test=0, **common)
        return
    answer.row(question, "tre", scores.t_interval(errors[places][known]), n_test=int(known.sum()), **common)
    for metric, found in (
        ("spearman", scores.score("spearman", gold, errors[there])),
        ("spearman_length", scores.score("spearman", lengths, errors[there])),
        ("partial_spearman", scores.partial_spearman(errors[there], gold, lengths)),
    ):
        answer.row(question, metric, found, n_test=len(there), **common)
    if "points" in question.tables:
        lines = zip(there, errors[there], gold, strict=True)
        kept = ((question.key, int(unit), round(float(x), 5), round(float(y), 5), split) for unit, x, y in lines)
        answer.lines("points", rows.TABLES["points"], kept)
