"""Codes made of encoders: bits or clusters of sentence vectors against concepts, by layer, beside a linear probe.

The probe's answers are a code too, a column for each concept: its residual entropy is on the same scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from probekit import corpora, encoders, probes, scores, sources
from probekit.attention.information import cluster
from probekit.encoders.activations import need, read
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.work import Answer, Cell, Question, works
from probekit.scores import ResidualEntropy
from probekit.scores.residual import A_CELL
from probekit.sources import Source
from probekit.specs import Spec, parse
from probekit.store import default_store, digest
from probekit.tasks.concepts import CONCEPTS, sentence_concepts
from probekit.values import Count, Several

POOLING = "mean"
TASK = "sentence concepts"
PROBE = "probe"


def sign(vectors: np.ndarray, bits: Count = 16) -> np.ndarray:
    """Signs of the first principal components, (n, bits)."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return (centred @ axes[:, ::-1][:, :bits] > 0).astype(np.int64)


def kmeans(vectors: np.ndarray, clusters: Several = 4, parts: Count = 6) -> np.ndarray:
    """Clusters of parts of the first principal components, (n, parts) numbers: components are dealt out in turn."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    dealt = centred @ axes[:, ::-1]
    return np.stack([cluster(dealt[:, part::parts], clusters, 0) for part in range(parts)], axis=1)


# A function(vectors (n, d), options) -> symbols (n, l).
CODES: dict[str, Callable[..., np.ndarray]] = {"sign": sign, "kmeans": kmeans}
REVISION = 1


def describe(spec: str | Spec) -> Source:
    """The source of a code: `sign(bits=16)`, `kmeans(clusters=4, parts=6)`; or `probe:logistic`, what a probe answers.

    Raises UnknownName or ProbekitError.
    """
    parsed = parse(spec)
    if parsed.name == PROBE:
        asked = probes.describe(_inner(parsed))
        return Source(f"{PROBE}:{asked.spec}", f"{PROBE}:{asked.name}", digest([PROBE, asked.digest]), asked.modules)
    if parsed.name not in CODES:
        raise UnknownName("code", parsed.name, [*CODES, PROBE])
    found = sources.resolve(parsed, CODES[parsed.name], "code", ("vectors",))
    return Source(str(found.written), str(found.written), digest([REVISION, parsed.name, dict(found.options)]))


def _inner(spec: Spec) -> str:
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no probe; write {PROBE}:logistic")
    return str(Spec(spec.target, None, spec.args, spec.kwargs))


def passes(point: Mapping[str, Any]) -> list[str]:
    """One pass of the encoder for all its layers."""
    source = encoders.describe(point["encoder"])
    if point["layer"] not in source.layers:
        layers = ", ".join(map(str, source.layers))
        raise ProbekitError(f"{source.name} has no layer {point['layer']}; its layers are {layers}")
    return [need(corpora.describe(point["dataset"]), source, [(layer, POOLING) for layer in source.layers])]


@works.register(
    "discrete-code",
    revision=1,
    summary="Residual entropy of codes of sentence vectors, beside that of a probe's answers",
    threads=1,
    axes={"dataset": "corpus", "encoder": "encoder", "probe": "code"},
    needs=passes,
    columns=lambda point: {"task": TASK, "task_group": TASK, "pooling": POOLING},
    cost=lambda cell: 1.0 * len(cell.questions),
)
def answer_codes(cell: Cell) -> Answer:
    """Residual entropy of every code of a cell, whole and by concept. shared: dataset, encoder, layer, probe.

    Sentences of the split train are what a probe is fitted on; the others are scored, of every code.
    """
    answer = Answer()
    corpus = corpora.load_corpus(cell.shared["dataset"])
    concepts = sentence_concepts(corpus)
    splits = corpus.sentences["split"].astype(str).to_numpy()[concepts.index]
    train = splits == "train" if (splits != "train").any() else np.arange(len(concepts)) % 2 == 0
    source = encoders.describe(cell.shared["encoder"])
    vectors, _ = read(
        source, corpora.describe(cell.shared["dataset"]).digest, cell.shared["layer"], POOLING, default_store()
    )
    X = np.asarray(vectors[concepts.index], dtype=np.float64)
    for question in cell.questions:
        code, blocks = _symbols(cell.shared["probe"], X, concepts, train)
        found = scores.residual_entropy(code[~train], concepts.to_numpy()[~train], blocks, least=A_CELL)
        _rows(answer, question, found, int(train.sum()), int((~train).sum()), code.shape[1])
    return answer


def _symbols(spec: str, X: np.ndarray, concepts: pd.DataFrame, train: np.ndarray) -> tuple[np.ndarray, Any]:
    """Symbols of every sentence and the way to find blocks: a probe's columns are those of its concepts."""
    parsed = parse(spec)
    if parsed.name != PROBE:
        options = sources.resolve(parsed, CODES[parsed.name], "code", ("vectors",)).given
        return CODES[parsed.name](X, **options), "best"
    asked = probes.describe(_inner(parsed))
    Y = concepts.to_numpy().astype(object)
    found = asked.component(**asked.params).fit(X[train], Y[train]).predict(X)
    return np.asarray(found, dtype=object).reshape(Y.shape), [[i] for i in range(Y.shape[1])]


def _rows(answer: Answer, question: Question, found: ResidualEntropy, n_train: int, n: int, columns: int) -> None:
    info = {
        "partition": found.partition,
        "columns": columns,
        "permuted": round(found.permuted, 6),
        "a_cell": found.a_cell,
    }
    info["blocks"] = [list(block) for block in found.blocks]
    where: dict[str, Any] = {"n_train": n_train, "n_test": n, "info": info, "note": found.note}
    answer.row(question, "residual_entropy", found.value, **where)
    answer.row(question, "residual_entropy_permuted", found.permuted, **where)
    for name, value in zip(CONCEPTS, found.by_concept, strict=True):
        answer.row(question, "residual_entropy", value, subset=f"concept={name}", **where)
