"""Do vectors of one label lie together? Neighbours of the same label, and a plane to look at.

Grid("try", "neighbourhoods", {"dataset": [...], "encoder": [...], "layer": [0], "pooling": ["mean"], "task": [...]})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from probekit import corpora, encoders, rows, scores, tasks
from probekit.encoders.activations import read
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, works
from probekit.store import default_store
from probekit.works.layers import lacks, layer_of, passes

WORK = "neighbourhoods"
NEIGHBOURS, PERPLEXITY = 10, 30.0


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    layer = layer_of(encoders.describe(point["encoder"]), point["layer"], point["pooling"])
    return {"layer": layer, "task_group": WORK}


@works.register(
    WORK,
    revision=1,
    summary="Neighbours of the same label among vectors of sentences, and t-SNE of them",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "task": "task"},
    needs=passes,
    refuses=lacks,
    columns=columns,
    cost=lambda cell: 10.0,
)
def answer_neighbourhoods(cell: Cell) -> Answer:
    """The share of neighbours that have a sentence's label; `points` are t-SNE, labels beside. No text is kept.

    shared: dataset, encoder, layer, pooling, task (labels of sentences). Raises ProbekitError for another task, and for
    no more sentences than neighbours.
    """
    answer, shared = Answer(), cell.shared
    dataset, source, task = (
        corpora.describe(shared["dataset"]),
        encoders.describe(shared["encoder"]),
        tasks.get(shared["task"]),
    )
    if task.level != "sentence" or task.kind != "label":
        raise ProbekitError(f"neighbours are told by labels of sentences; '{task.spec}' asks {task.kind}s")
    corpus = corpora.load_corpus(dataset.spec)
    layer = layer_of(source, shared["layer"], shared["pooling"])
    vectors, _ = read(source, dataset.digest, layer, shared["pooling"], default_store())
    units, labels = task.units(corpus)["sentence"].to_numpy(), task.targets(corpus).astype(str)
    if len(units) <= NEIGHBOURS:
        raise ProbekitError(f"{corpus!r} has {len(units)} sentences, and each is asked for {NEIGHBOURS} neighbours")
    own = np.asarray(vectors[units], dtype=np.float64)
    same, chance = same_label(own, labels), same_by_chance(labels)
    for question in cell.questions:
        shared_info = {"neighbours": NEIGHBOURS, "chance": chance}
        value = scores.t_interval(same)
        answer.row(question, "same_label_neighbours", value, split="all", n_test=len(units), info=shared_info)
        if "points" in question.tables:
            places = zip(units, plane(own), labels, strict=True)
            lines = [(question.key, int(unit), float(x), float(y), label) for unit, (x, y), label in places]
            answer.lines("points", rows.TABLES["points"], lines)
    return answer


def same_label(vectors: np.ndarray, labels: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Of each vector (n, d), the share of its k nearest others by cosine that have its label, (n,)."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :k]
    found: np.ndarray = (labels[nearest] == labels[:, None]).mean(axis=1)
    return found


def same_by_chance(labels: np.ndarray) -> float:
    """The same of neighbours that are drawn from the others."""
    counts = np.unique(labels, return_counts=True)[1]
    return float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1)))


def plane(vectors: np.ndarray) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008) of vectors (n, d) of length 1, cut to 30 main axes: (n, 2)."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    few = PCA(min(30, *unit.shape), svd_solver="full").fit_transform(unit)
    how = {"perplexity": min(PERPLEXITY, (len(few) - 1) / 3), "init": "pca", "random_state": 0, "method": "exact"}
    found: np.ndarray = TSNE(2, **how).fit_transform(few)
    return found
