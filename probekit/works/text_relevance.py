"""Questions of a relevance study as work of a grid: a text classifier is trained (once, kept) and its reasons measured.

A cell holds the questions of one task about one classifier. Tasks, and what `probe` names in them:

    classify            accuracy on the test texts                                     (no probe)
    conservation        how far relevance and score are apart, in float64              a preset or rule of LRP
    deletion            accuracy when words go one after another; AOPC                 an explainer, or random
    erasure             comprehensiveness and sufficiency                              an explainer, or random
    document-vectors    neighbours of weighted documents, in the plane and before it   a weighting
    class-words         relevance of a class's typical words: for it, the highest-scored
                        other class (rival), all other classes (others)               an explainer
    highlight           the words of chosen documents, kept in the table `tokens`      an explainer
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from probekit import recipes
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.work import Answer, Cell, Question, works
from probekit.learners.classifier import Classifier
from probekit.learners.classifier_training import part, predict_logits
from probekit.learners.loading import load_classifier
from probekit.relevance import documents, measures
from probekit.relevance.texts import explain_texts, explained, has_known_word
from probekit.relevance.words import class_words
from probekit.rows import TABLES
from probekit.scores import score
from probekit.specs import Spec, parse
from probekit.streams import generator
from probekit.training.loop import Settings

TASKS = ("classify", "conservation", "deletion", "erasure", "document-vectors", "class-words", "highlight")


def classifier_of(point: Mapping[str, Any]) -> list[str]:
    """The recipe of the classifier that a point is about: `encoder`, `vectors`, and `training(rate=0.05, ...)`, whose
    arguments are the other options of the recipe; what it does not say of the loop is the loop's own (`Settings`)."""
    training = parse(point["training"])
    if training.head != "training" or training.args:
        raise ProbekitError(f"training is written training(rate=0.05, epochs=10), got '{training}'")
    options = {
        **asdict(Settings()),
        **training.kwargs,
        "model": point["encoder"],
        "vectors": point["vectors"],
        "seed": point["seed"],
    }
    return [str(Spec("classifier", point["dataset"], (), dict(sorted(options.items()))))]


@functools.lru_cache(maxsize=2)
def _loaded(folder: str) -> Classifier:
    return load_classifier(folder)


class Classified:
    """What the questions of a cell share: the classifier, the test texts and their classes."""

    def __init__(self, cell: Cell) -> None:
        self.point = dict(cell.shared)
        self.seed = int(self.point["seed"])
        self.classifier = _loaded(str(recipes.folder(classifier_of(cell.shared)[0])))
        self.corpus = load_corpus(self.point["dataset"])
        rows = np.flatnonzero(self.corpus.sentences["split"].astype(str).to_numpy() == "test")
        self.texts, self.gold = part(self.corpus, "test")
        self.ids = [str(i) for i in self.corpus.sentences["id"].iloc[rows]]
        self.n_train = int((self.corpus.sentences["split"].astype(str) == "train").sum())
        # A text of unknown words alone has nothing to explain; it stays in the accuracy.
        self.known = np.array([has_known_word(self.classifier, words) for words in self.texts], dtype=bool)

    def sample(self, fits: np.ndarray, n: int, purpose: str) -> np.ndarray:
        """Rows of at most n texts (0: all) among those marked, in order; drawn by the seed."""
        rows = np.flatnonzero(fits & self.known)
        if not len(rows):
            raise ProbekitError(f"no test text is left for {purpose}; lower `least`, or give longer texts")
        if n and len(rows) > n:
            rows = np.sort(generator(self.seed, "sample", purpose, len(rows)).permutation(rows)[:n])
        return rows

    def of(self, rows: np.ndarray) -> tuple[list[list[str]], list[str]]:
        return [self.texts[i] for i in rows], [self.gold[i] for i in rows]

    def relevance(self, method: str, rows: np.ndarray, targets: Any) -> list[np.ndarray]:
        """Relevance of every word of some texts for one class each."""
        texts, _ = self.of(rows)
        found = explain_texts(self.classifier, texts, targets, method, title=f"{method}: relevance")
        return [one.relevance[0] for one in found]


# Seconds of one core for a text, as measured with 800 filters: by explainer in deletion, and in the other tasks.
SECONDS_A_TEXT = {"deletion": 0.08, "erasure": 0.15, "class-words": 0.05, "document-vectors": 0.02, "conservation": 0.2}


def seconds(cell: Cell) -> float:
    """What a cell will take of one core."""
    texts = int((load_corpus(cell.shared["dataset"]).sentences["split"].astype(str) == "test").sum())
    most = int(cell.shared.get("sample", 0) or 0)
    n = min(texts, most) if most else texts
    return 1.0 + SECONDS_A_TEXT.get(str(cell.shared["task"]), 0.01) * n * len(cell.questions)


@works.register(
    "text-relevance",
    revision=2,
    summary="Why a text classifier decides, and how good the explanation is",
    threads=2,
    axes={"dataset": "corpus", "encoder": "learner", "vectors": "vectors", "probe": "explainer", "task": TASKS},
    needs=classifier_of,
    columns=lambda point: {"task_group": "relevance"},
    cost=seconds,
)
def text_relevance(cell: Cell) -> Answer:
    """Answer the questions of one task about one classifier."""
    task = str(cell.shared["task"])
    if task not in ANSWERS:
        raise UnknownName("task of a relevance study:", task, ANSWERS)
    case = Classified(cell)
    answer = Answer()
    started = time.monotonic()
    ANSWERS[task](case, {str(q.axes.get("probe") or ""): q for q in cell.questions}, answer)
    took = round(time.monotonic() - started, 1)
    for row in answer.rows:
        row["n_train"] = case.n_train
        row["info"]["seconds"] = took
    return answer


def _classify(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    logits = predict_logits(case.classifier, case.texts)
    predicted = [case.classifier.labels[i] for i in logits.argmax(1)]
    lengths = np.array([len(words) for words in case.texts])
    for question in asked.values():
        info = {
            "median_words": float(np.median(lengths)),
            "only_unknown_words": int((~case.known).sum()),
            "texts_of_100_words": int((lengths >= 100).sum()),
        }
        found = score("accuracy", case.gold, predicted)
        answer.row(question, "accuracy", found, n_test=len(case.texts), info=info)


def _conservation(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    rows = case.sample(np.ones(len(case.texts), dtype=bool), int(case.point["sample"]), "conservation")
    texts, _ = case.of(rows)
    for rules, question in asked.items():
        worst, total, kept = [], [], []
        with in_double(case.classifier) as double:
            for _, _, one in explained(double, texts, "all", "lrp", rules, size=16, title=f"conservation: {rules}"):
                scale = one.score.abs().clamp(min=1e-12)
                worst.append(float((one.gap.abs() / scale).max()))
                total.append(float(((one.total - one.score).abs() / scale).max()))
                kept.append(float(sum(v.abs().sum() for v in one.kept.values())))
        info = {"kept": round(sum(kept), 6), "classes": len(case.classifier.labels)}
        for metric, values in (("largest_relative_gap", worst), ("largest_relative_loss", total)):
            answer.row(question, metric, max(values), n_test=len(rows), info=info)


class in_double:
    """A classifier in float64 for a while."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def __enter__(self) -> Classifier:
        self.classifier.module.double()
        return self.classifier

    def __exit__(self, *how: object) -> None:
        self.classifier.module.float()


def _deletion(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    steps, runs, least = (int(case.point[name]) for name in ("steps", "runs", "least"))
    lengths = np.array([len(words) for words in case.texts])
    rows = case.sample(lengths >= least, int(case.point["sample"]), "deletion")
    texts, gold = case.of(rows)
    names = [name for name in asked if name != measures.RANDOM]
    values = {name: case.relevance(name, rows, gold) for name in names}
    found = measures.deletion(
        case.classifier, texts, gold, values, steps, runs if measures.RANDOM in asked else 0, case.seed
    )
    lines: list[tuple[Any, ...]] = []
    for name, question in asked.items():
        for subset, one in found.items():
            n, where = len(one.documents), f"initially={subset}"
            if not n:
                continue
            info = {"median_words": float(np.median([len(texts[i]) for i in one.documents]))}
            answer.row(question, "mean_accuracy", one.area(name, case.seed), n_test=n, subset=where, info=info)
            answer.row(question, "aopc", one.aopc(name, case.seed), n_test=n, subset=where)
            lines += [(question.key, step, subset, float(value)) for step, value in enumerate(one.curve(name))]
            if name == measures.RANDOM:
                answer.row(question, "accuracy_std", one.spread(), n_test=n, subset=where, info={"runs": runs})
                spread = np.stack([one.hits[run].mean(0) for run in one.runs]).std(0, ddof=1)
                lines += [(question.key, step, f"{subset} std", float(value)) for step, value in enumerate(spread)]
    answer.lines("curve", TABLES["curve"], lines)


def _erasure(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    least, runs = int(case.point["least"]), int(case.point["runs"])
    lengths = np.array([len(words) for words in case.texts])
    rows = case.sample(lengths >= least, int(case.point["sample"]), "erasure")
    texts, _ = case.of(rows)
    for name, question in asked.items():
        if name == measures.RANDOM:
            draws = [measures.random_relevance(texts, run, case.seed) for run in range(min(runs, 5))]
        else:
            draws = [case.relevance(name, rows, "predicted")]
        for metric in ("comprehensiveness", "sufficiency"):
            measure = getattr(measures, metric)
            values = np.mean([measure(case.classifier, texts, one) for one in draws], axis=0)
            mean = measures.mean_over_documents(values, case.seed)
            info = {"shares": list(measures.SHARES), "draws": len(draws)}
            answer.row(question, metric, mean, n_test=len(rows), info=info)


def _document_vectors(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    rows = case.sample(np.ones(len(case.texts), dtype=bool), 0, "document-vectors")
    texts, gold = case.of(rows)
    topics = [topic(label) for label in gold]
    several = len(set(topics)) > 1 and len(set(topics)) < len(set(gold))
    labels = topics if several else gold
    vectors = documents.document_vectors(case.classifier, texts, list(asked))
    for name, question in asked.items():
        flat, share = documents.plane(vectors[name])
        info = {"variance": [round(float(s), 4) for s in share], "coloured_by": "topic" if several else "class"}
        for metric, where in (("neighbours_accuracy", flat), ("neighbours_accuracy_of_vectors", vectors[name])):
            right = documents.neighbours_agree(where, labels)
            found = score("accuracy", [True] * len(right), list(right))
            answer.row(question, metric, found, n_test=len(right), info=info)
        lines = [(question.key, int(i), *flat[k].tolist(), labels[k]) for k, i in enumerate(rows)]
        answer.lines("points", TABLES["points"], lines)


def topic(label: str) -> str:
    """Top-level topic of a newsgroup (ours; the paper names none): comp, rec, sci, politics, religion, sale; other
    labels are their own."""
    if label in ("alt.atheism", "soc.religion.christian", "talk.religion.misc"):
        return "religion"
    head, dot, rest = label.partition(".")
    if not dot:
        return label
    return "politics" if rest.startswith("politics") else {"misc": "sale"}.get(head, head)


def _class_words(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    train_texts, train_gold = part(case.corpus, "train")
    typical = class_words(train_texts, train_gold, 20)
    rows = case.sample(np.ones(len(case.texts), dtype=bool), int(case.point["sample"]), "class-words")
    texts, gold = case.of(rows)
    for name, question in asked.items():
        values: dict[str, list[float]] = {"own": [], "rival": [], "others": []}
        n = 0
        for one, own in zip(explain_texts(case.classifier, texts, "all", name), gold, strict=True):
            here = [k for k, word in enumerate(one.words) if word.lower() in typical[own]]
            top = np.abs(one.relevance).max(1)
            if not here or not top.all():
                continue
            n += len(here)
            relative = one.relevance[:, here].mean(1) / top
            of_own = one.classes.index(own)
            others = np.arange(len(relative)) != of_own
            values["own"].append(float(relative[of_own]))
            values["rival"].append(float(relative[np.where(others, one.scores, -np.inf).argmax()]))
            values["others"].append(float(relative[others].mean()))
        for side, found in values.items():
            mean = measures.mean_over_documents(np.array(found), case.seed)
            where, info = f"target={side}", {"words": n}
            answer.row(question, "mean_relative_relevance", mean, n_test=len(found), subset=where, info=info)


def _highlight(case: Classified, asked: Mapping[str, Question], answer: Answer) -> None:
    """Words of one document chosen by its id (`document`), or the shortest of 20 words or more that is right, for its
    class and the classes of the next highest scores."""
    logits = predict_logits(case.classifier, case.texts)
    labels = case.classifier.labels
    wanted = str(case.point["document"])
    right = [labels[i] == g for i, g in zip(logits.argmax(1), case.gold, strict=True)]
    fits = [i for i, text_id in enumerate(case.ids) if wanted and text_id.endswith(wanted)]
    usable = [i for i, words in enumerate(case.texts) if right[i] and len(words) >= 20 and case.known[i]]
    fits = fits or sorted(usable, key=lambda i: (len(case.texts[i]), i))
    if not fits:
        raise ProbekitError("no test document of 20 words or more is classified correctly: there is nothing to show")
    row = fits[0]
    others = [labels[i] for i in np.argsort(-logits[row]) if labels[i] != case.gold[row]]
    favourite = [c for c in ("rec.motorcycles", "sci.med", "comp.graphics") if c in others]
    classes = [case.gold[row], *(favourite or others)[:3]]
    for name, question in asked.items():
        (one,) = explain_texts(case.classifier, [case.texts[row]], [classes], name)
        info = {"document": case.ids[row], "class": case.gold[row], "predicted": one.predicted}
        lines: list[tuple[Any, ...]] = []
        for k, label in enumerate(classes):
            answer.row(question, "score", float(one.scores[k]), n_test=1, subset=f"target={label}", info=info)
            values = enumerate(zip(one.words, one.relevance[k], strict=True))
            lines += [(question.key, row, place, word, label, float(value)) for place, (word, value) in values]
        answer.lines("tokens", TABLES["tokens"], lines)


ANSWERS: dict[str, Callable[[Classified, Mapping[str, Question], Answer], None]] = {
    "classify": _classify, "conservation": _conservation, "deletion": _deletion, "erasure": _erasure,
    "document-vectors": _document_vectors, "class-words": _class_words, "highlight": _highlight,
}  # fmt: skip
