"""Works of the attention study: a cell trains a classifier, or finds it trained, and answers with every measure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from probekit import corpora, rows
from probekit.attention.imitation import USUAL as IMITATION_SETTINGS
from probekit.attention.imitation import imitate
from probekit.attention.reporting import MEASURES, Measured, Sizes, report
from probekit.attention.views import view_of
from probekit.attention.weights import entropy
from probekit.grid.grid import Grid
from probekit.grid.work import Answer, Cell, works
from probekit.learners.classifier import OwnClassifier
from probekit.learners.classifier_training import (
    KIND,
    Recipe,
    classifier_key,
    part,
    text_batches,
    train_classifier,
    trained,
)
from probekit.learners.loading import load_classifier
from probekit.learners.objectives import canonical_spec, loss_of, read, regularized
from probekit.store import default_store
from probekit.training.loop import Settings

TASK = "sentence/label"
# Development data stop training; the paper states neither epochs nor stopping (ours).
SETTINGS = Settings(rate=1e-3, epochs=25, patience=2, clip=5.0, decay=1e-5)
SIZES = Sizes(clusters=200, sample=100, occurrences=10_000)
SHOWN_TEXTS, SHOWN_WORDS = 40, 25
IMITATED = 1000  # training texts of an adversary


class AttentionGrid(Grid):
    """A grid whose rows show corpora by name, never by path."""

    def _row_axes(self, point: Mapping[str, Any]) -> dict[str, Any]:
        named = {**point, "dataset": corpora.describe(point["dataset"]).name, "task": TASK}
        return super()._row_axes(named)


def asked(point: Mapping[str, Any]) -> tuple[str, Recipe, Any]:
    """Corpus, recipe and loss of a point of the grid."""
    cut = int(point["cut"])
    corpus = f"{point['dataset']}|truncate(n={cut})" if cut else point["dataset"]
    query = f", query={point['query']}" if point["query"] != "normal" else ""
    model = f"bilstm(attention={point['attention']}, layers={point['layers']}{query})"
    settings = replace(SETTINGS, patience=int(point["patience"]))
    plain = Recipe(model, point["vectors"], point["embeddings"] == "trained", settings=settings)
    recipe, loss = regularized(plain, point["regularizer"])
    return corpus, recipe, loss


def depends(point: Mapping[str, Any]) -> Any:
    """What an answer depends on beyond the axes: the data and the whole recipe."""
    corpus, recipe, _ = asked(point)
    return [classifier_key(corpus, recipe, point["seed"]), canonical_spec(point["regularizer"])]


def classifier_of(point: Mapping[str, Any]) -> tuple[OwnClassifier, Any, dict[str, Any]]:
    """The trained classifier of a point, its corpus, and what its training found."""
    spec, recipe, loss = asked(point)
    started = time.perf_counter()
    folder = trained(spec, recipe, point["seed"], loss)
    found = dict(default_store().recipe(KIND, folder.name).get("found", {}))
    found["seconds_training"] = time.perf_counter() - started
    made = load_classifier(folder)
    assert isinstance(made, OwnClassifier)
    return made, corpora.load_corpus(spec), found


@works.register("attention", summary="Measures of an attention classifier, trained with a regularizer")
def attention(cell: Cell) -> Answer:
    """One classifier on its test texts."""
    answer = Answer()
    for question in cell.questions:
        made, corpus, found = classifier_of(cell.shared)
        found["mean_words"] = float(np.mean(np.diff(corpus.offsets)))
        split = cell.shared.get("part", "test")  # tuning looks at dev
        texts, labels = part(corpus, split)
        source, _ = part(corpus, "train")
        # The paper takes mutual information over states under additive attention only.
        chosen = [m for m in MEASURES if m != "information" or cell.shared["attention"] == "additive"]
        if cell.shared["regularizer"] == "concat":
            chosen = [m for m in chosen if m != "information"]  # its states hold the embedding itself
        measured = report(
            view_of(made),
            texts,
            labels,
            source=source,
            measures=chosen,
            sizes=SIZES,
            seed=cell.shared["seed"],
            positive=cell.shared["positive"] or None,
        )
        for row in measured.rows:
            info = {**row["info"], **(found if row["metric"] in ("f1", "accuracy") else {})}
            answer.rows.append({**row, "info": info, "key": question.key, "split": split, "n_train": len(source)})
        if "tokens" in question.tables:
            answer.tables["tokens"] = _tokens(question.key, measured, texts)
        if "points" in question.tables:
            answer.tables["points"] = _points(question.key, measured, labels, made.labels)
    return answer


attention.depends = depends  # type: ignore[attr-defined]


def _tokens(key: str, measured: Measured, texts: Sequence[Sequence[str]]) -> pa.Table:
    """Probability of the second class and weight of every word of some shorter texts; `answer` is the text's own."""
    each = measured.probabilities
    assert each is not None
    lines: list[tuple[Any, ...]] = []
    short = [i for i, words in enumerate(texts) if 4 <= len(words) <= SHOWN_WORDS][:SHOWN_TEXTS]
    for i in short:
        for place, word in enumerate(texts[i]):
            lines.append((key, i, place, word, "probability", float(each.tokens[i][place, 1])))
            lines.append((key, i, place, word, "weight", float(each.weights[i][place])))
        lines.append((key, i, 0, "", "answer", float(each.answers[i, 1])))
    return table_of("tokens", lines)


def _points(key: str, measured: Measured, labels: Sequence[str], known: Sequence[str]) -> pa.Table:
    """For every text, x: its tokens' mean probability of its class, y: the text's own. PTP is the mean x of y > .5."""
    each = measured.probabilities
    assert each is not None
    gold = np.array([known.index(label) for label in labels])
    own = each.of_class(gold)
    chance = each.answers[np.arange(len(gold)), gold]
    lines = [(key, i, float(own[i]), float(chance[i]), labels[i]) for i in range(len(gold))]
    return table_of("points", lines)


def table_of(name: str, lines: list[tuple[Any, ...]]) -> pa.Table:
    """Lines as a table below the score, by its schema (see `rows.TABLES`)."""
    schema = rows.TABLES[name]
    columns = {field.name: [line[at] for line in lines] for at, field in enumerate(schema)}
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema)


@works.register("attention-imitation", summary="Adversaries of an attention classifier: JSD and TVD over lambda")
def attention_imitation(cell: Cell) -> Answer:
    """An adversary of one classifier."""
    answer = Answer()
    for question in cell.questions:
        point = cell.shared
        made, corpus, _ = classifier_of(point)
        texts = {split: part(corpus, split)[0] for split in ("train", "dev", "test")}
        weight = float(rows.parse_setting(question.axes["setting"])["lambda"])
        found = imitate(
            made, texts["train"][:IMITATED], texts["dev"], texts["test"], weight, point["seed"], IMITATION_SETTINGS
        )
        common = {"key": question.key, "split": "test", "n_test": len(texts["test"]), "info": {"epochs": found.epochs}}
        for metric, value in (("jsd", found.jsd), ("tvd", found.tvd)):
            answer.rows.append({**common, "metric": metric, "value": value})
    return answer


attention_imitation.depends = depends  # type: ignore[attr-defined]


@works.register("attention-training", summary="Entropy of attention after each epoch of training")
def attention_training(cell: Cell) -> Answer:
    """One classifier trained under watch; it is not kept."""
    answer = Answer()
    for question in cell.questions:
        spec, recipe, _ = asked(cell.shared)
        corpus = corpora.load_corpus(spec)
        texts = part(corpus, "dev")[0]
        curve: list[float] = []

        def watch(epoch: int, made: OwnClassifier, texts: Any = texts, curve: list[float] = curve) -> None:
            view = view_of(made)
            found = [entropy(r.weights, r.mask) for r in (view.read(b) for _, b in text_batches(view, texts))]
            curve.append(float(np.nanmean(np.concatenate([value.numpy() for value in found]))))

        loss = loss_of(read(cell.shared["regularizer"]))
        _, progress = train_classifier(corpus, recipe, cell.shared["seed"], loss, watch=watch)
        lines = [(question.key, epoch + 1, "entropy", value) for epoch, value in enumerate(curve)]
        if "curve" in question.tables:
            answer.tables["curve"] = table_of("curve", lines)
        answer.rows.append(
            {
                "key": question.key,
                "metric": "entropy",
                "split": "dev",
                "value": curve[progress.best_epoch - 1],
                "n_test": len(texts),
                "info": {"epochs": progress.epoch, "curve": curve},
            }
        )
    return answer


attention_training.depends = depends  # type: ignore[attr-defined]
