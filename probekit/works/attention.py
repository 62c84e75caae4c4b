"""Works of the attention study: the classifier of a point is trained once, kept, and answers with every measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from probekit import recipes, rows
from probekit.attention.imitation import USUAL as IMITATION_SETTINGS
from probekit.attention.imitation import imitate
from probekit.attention.reporting import MEASURES, Measured, Sizes, report
from probekit.attention.views import view_of
from probekit.attention.weights import entropy
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.grid.work import Answer, Cell, works
from probekit.learners.classifier import UNKNOWN, OwnClassifier
from probekit.learners.classifier_training import options, part, text_batches, train_classifier
from probekit.learners.loading import load_classifier
from probekit.sources import resolve
from probekit.specs import Spec, parse

SIZES = Sizes(clusters=200, sample=100, occurrences=10_000)
EPOCHS = 25
SHOWN_TEXTS, SHOWN_WORDS = 40, 25
# Seconds of one core for a word of the texts, as measured: every measure, an adversary, training under watch; and for a
# word that is read once more because another is left out.
_SECONDS = {"attention": 1e-5, "attention-imitation": 1e-4, "attention-training": 1e-4}
_SECONDS_LEFT_OUT = 4e-6

# What names the classifier of a point; `cut` words of a text are read (0: all).
AXES = {"dataset": "corpus", "vectors": "vectors", "regularizer": "regularizer", "attention": ("additive", "dot")}
AXES |= {"query": ("normal", "default"), "embeddings": ("frozen", "trained")}


def classifier_spec(point: Mapping[str, Any]) -> Spec:
    """The recipe of a point's classifier. Development data stop training, at most 25 epochs unless the point says so
    (ours: the paper states neither)."""
    query = {"query": point["query"]} if point["query"] != "normal" else {}
    model = Spec("bilstm", None, (), {"attention": point["attention"], "layers": point["layers"], **query})
    said = {"model": str(model), "vectors": point["vectors"], "regularizer": point["regularizer"]}
    said |= {"trainable": point["embeddings"] == "trained", "patience": int(point["patience"])}
    said |= {"epochs": int(point.get("epochs", EPOCHS))}
    return Spec("classifier", corpus_of(point), (), {**said, "seed": point["seed"]})


def corpus_of(point: Mapping[str, Any]) -> str:
    """The texts of a point, cut to so many words."""
    cut = int(point["cut"])
    return f"{point['dataset']}|truncate(n={cut})" if cut else str(point["dataset"])


def needed(point: Mapping[str, Any]) -> list[str]:
    """The one recipe that a point is answered from."""
    return [str(classifier_spec(point))]


def classifier_of(point: Mapping[str, Any]) -> tuple[OwnClassifier, Corpus, dict[str, Any]]:
    """The trained classifier of a point, its corpus, and what its training found."""
    (spec,) = needed(point)
    made = load_classifier(recipes.folder(spec))
    assert isinstance(made, OwnClassifier)
    return made, load_corpus(corpus_of(point)), dict(recipes.found(spec))


def seconds(cell: Cell) -> float:
    """What a cell will take of one core."""
    texts = load_corpus(corpus_of(cell.shared))
    again = SIZES.sample * (texts.n_words / texts.n_sentences) ** 2 * (cell.work == "attention")
    return 2.0 + (_SECONDS[cell.work] * texts.n_words + _SECONDS_LEFT_OUT * again) * len(cell.questions)


def shown_task(point: Mapping[str, Any]) -> dict[str, str]:
    """The task of every point: the class of a labelled text."""
    return {"task": "sentence/label"}


@works.register(
    "attention",
    revision=2,
    summary="Measures of an attention classifier, trained with a regularizer",
    axes={**AXES, "measured_on": ("test", "dev")},
    needs=needed,
    columns=shown_task,
    cost=seconds,
)
def attention(cell: Cell) -> Answer:
    """One classifier on its test texts, or on its development texts while something is chosen."""
    answer = Answer()
    for question in cell.questions:
        made, corpus, found = classifier_of(cell.shared)
        found["mean_words"] = float(np.mean(np.diff(corpus.offsets)))
        split = str(cell.shared.get("measured_on", "test"))
        texts, labels = part(corpus, split)
        source, _ = part(corpus, "train")
        found |= unknown_words(made, texts)
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
            sizes = {"n_test": row["n_test"], "n_train": len(source)}
            answer.row(question, row["metric"], row["value"], split=split, info=info, note=row["note"], **sizes)
        if "tokens" in question.tables:
            answer.lines("tokens", rows.TABLES["tokens"], _tokens(question.key, measured, texts))
        if "points" in question.tables:
            answer.lines("points", rows.TABLES["points"], _points(question.key, measured, labels, made.labels))
    return answer


def unknown_words(classifier: OwnClassifier, texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Share of words that have no vector, and of texts with one."""
    unknown = [classifier.ids(words) == UNKNOWN for words in texts]
    return {
        "unknown_words": float(np.mean(np.concatenate(unknown))),
        "texts_with_unknown": float(np.mean([found.any() for found in unknown])),
    }


def _tokens(key: str, measured: Measured, texts: Sequence[Sequence[str]]) -> list[tuple[Any, ...]]:
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
    return lines


def _points(key: str, measured: Measured, labels: Sequence[str], known: Sequence[str]) -> list[tuple[Any, ...]]:
    """For every text, x: its tokens' mean probability of its class, y: the text's own. PTP is the mean x of y > .5."""
    each = measured.probabilities
    assert each is not None
    gold = np.array([known.index(label) for label in labels])
    own = each.of_class(gold)
    chance = each.answers[np.arange(len(gold)), gold]
    return [(key, i, float(own[i]), float(chance[i]), labels[i]) for i in range(len(gold))]


@works.register(
    "attention-imitation",
    revision=2,
    summary="Adversaries of an attention classifier: JSD and TVD over lambda",
    axes=AXES,
    needs=needed,
    columns=shown_task,
    cost=seconds,
)
def attention_imitation(cell: Cell) -> Answer:
    """An adversary of one classifier."""
    answer = Answer()
    for question in cell.questions:
        point = cell.shared
        made, corpus, _ = classifier_of(point)
        texts = {split: part(corpus, split)[0] for split in ("train", "dev", "test")}
        weight = float(rows.parse_setting(question.axes["setting"])["lambda"])
        found = imitate(made, texts["train"], texts["dev"], texts["test"], weight, point["seed"], IMITATION_SETTINGS)
        for metric, value in (("jsd", found.jsd), ("tvd", found.tvd)):
            answer.row(question, metric, value, n_test=len(texts["test"]), info={"epochs": found.epochs})
    return answer


@works.register(
    "attention-training",
    summary="Entropy of attention after each epoch of training",
    axes=AXES,
    depends=needed,
    columns=shown_task,
    cost=seconds,
)
def attention_training(cell: Cell) -> Answer:
    """One classifier trained under watch; it is not kept."""
    answer = Answer()
    for question in cell.questions:
        spec = classifier_spec(cell.shared)
        design, seed = options(**resolve(spec.bare, options, "classifier").options)
        corpus = load_corpus(parse(str(spec.target)))
        texts = part(corpus, "dev")[0]
        curve: list[float] = []

        def watch(epoch: int, made: OwnClassifier, texts: Any = texts, curve: list[float] = curve) -> None:
            view = view_of(made)
            found = [entropy(r.weights, r.mask) for r in (view.read(b) for _, b in text_batches(view, texts))]
            curve.append(float(np.nanmean(np.concatenate([value.numpy() for value in found]))))

        _, progress = train_classifier(corpus, design, seed, watch=watch)
        lines = [(question.key, epoch + 1, "entropy", value) for epoch, value in enumerate(curve)]
        if "curve" in question.tables:
            answer.lines("curve", rows.TABLES["curve"], lines)
        best, info = curve[progress.best_epoch - 1], {"epochs": progress.epoch, "curve": curve}
        answer.row(question, "entropy", best, split="dev", n_test=len(texts), info=info)
    return answer
