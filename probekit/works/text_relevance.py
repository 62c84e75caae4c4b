"""Questions of a relevance study as work of a grid: a text classifier is trained (once, kept) and its reasons measured.

A cell holds the questions of one task about one classifier. Tasks, and what `probe` names in them:

    classify            accuracy on the test texts                                     (no probe)
    conservation        how far relevance and score are apart, in float64              a preset or rule of LRP
    deletion            accuracy when words go one after another; AOPC                 an explainer, or random
    erasure             comprehensiveness and sufficiency                              an explainer, or random
    document-vectors    neighbours of weighted documents, in the plane and before it,
                        of word vectors from zero or from their mean (`centre`)        a weighting
    class-words         relevance of a class's typical words: for it, the highest-scored
                        other class (rival), all other classes (others)               an explainer
    highlight           the words of a document under some classes, kept in `tokens`;
                        `document`: its id, or "" for the shortest that is right       an explainer
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
from probekit.relevance.words import class_words, rarities
from probekit.rows import TABLES
from probekit.scores import score
from probekit.specs import Spec, parse
from probekit.streams import generator
from probekit.training.loop import Settings

# Classes that are explained beside a document's own, where the classifier has them.
RIVALS = ("rec.motorcycles", "sci.med", "comp.graphics")
# What word vectors are measured from before they are weighted.
CENTRES = ("zero", "mean")
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


# Seconds of one core for a text and an explainer, as measured with 800 filters; the slow ones by name, others under "".
SECONDS_A_TEXT: dict[str, dict[str, float]] = {
    "deletion": {"": 0.006, "random": 0.036, "integrated-gradients": 0.05},
    "erasure": {"": 0.03, "integrated-gradients": 0.2, "occlusion": 0.4},
    "class-words": {"": 0.05},
    "document-vectors": {"": 0.002},
    "conservation": {"": 0.2},
}


@functools.cache
def _tested(dataset: str) -> int:
    """Test texts of a data set, counted once for all cells of a plan."""
    return int((load_corpus(dataset).sentences["split"].astype(str) == "test").sum())


def seconds(cell: Cell) -> float:
    """What a cell will take of one core."""
    texts = _tested(cell.shared["dataset"])
    most = int(cell.shared.get("sample", 0) or 0)
    n = min(texts, most) if most else texts
    usual = SECONDS_A_TEXT.get(str(cell.shared["task"]), {"": 0.002})
    named = [str(question.axes.get("probe") or "").partition("(")[0] for question in cell.questions]
    return 1.0 + n * sum(usual.get(name, usual[""]) for name in named)


@works.register(
    "text-relevance",
    revision=3,
    summary="Why a text classifier decides, and how good the explanation is",
    threads=1,
    axes={
        "dataset": "corpus",
        "encoder": "learner",
        "vectors": "vectors",
        "probe": "explainer",
        "task": TASKS,
        "centre": CENTRES,
    },
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
        # The trivial baseline: the class that most training texts have.
        _, train_gold = part(case.corpus, "train")
        usual = Counter(sorted(train_gold)).most_common(1)[0][0]
        trivial = score("accuracy", case.gold, [usual] * len(case.texts))
        answer.row(question, "majority_accuracy", trivial, n_test=len(case.texts), info={"class": usual})


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
            info = {
                "median_words": float(np.median([len(texts[i]) for i in one.documents])),
                "largest_class": largest_share([gold[i] for i in one.documents]),
            }
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
    rows = case.sample(np.ones(len(case.texts), dtype=bool), int(case.point["sample"]), "document-vectors")
    texts, gold = case.of(rows)
    topics = [topic(label) for label in gold]
    several = len(set(topics)) > 1 and len(set(topics)) < len(set(gold))
    labels = topics if several else gold
    names = list(dict.fromkeys(("sum", *asked)))  # the plain sum is what every weighting is held against
    rarity, centred = rarities(part(case.corpus, "train")[0]), case.point["centre"] == "mean"
    vectors = documents.document_vectors(case.classifier, texts, names, rarity=rarity, centred=centred)
    planes = {name: documents.plane(vectors[name]) for name in names}
    places = {"neighbours_accuracy": {name: flat for name, (flat, _) in planes.items()}}
    places["neighbours_accuracy_of_vectors"] = vectors
    for metric, where in places.items():
        plain = documents.neighbours_agree(where["sum"], labels)
        for name, question in asked.items():
            right = documents.neighbours_agree(where[name], labels)
            info = {
                "variance": [round(float(s), 4) for s in planes[name][1]],
                "coloured_by": "topic" if several else "class",
                "largest_class": largest_share(labels),
            }
            found = score("accuracy", [True] * len(right), list(right))
            answer.row(question, metric, found, n_test=len(right), info=info)
            gain = measures.mean_over_documents(right.astype(float) - plain, case.seed)
            answer.row(question, f"{metric}_over_sum", gain, n_test=len(right))
    for name, question in asked.items():
        flat = planes[name][0]
        lines = [(question.key, int(i), *flat[k].tolist(), labels[k]) for k, i in enumerate(rows)]
        answer.lines("points", TABLES["points"], lines)


def largest_share(labels: Sequence[str]) -> float:
    """What always naming the most frequent label is right on."""
    return max(Counter(labels).values()) / len(labels)


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
    """Words of one document, for its class and three others: rivals by name, then the classes of the next scores."""
    labels = case.classifier.labels
    row = chosen_document(case, str(case.point["document"]))
    logits = predict_logits(case.classifier, [case.texts[row]])[0]
    others = [labels[i] for i in np.argsort(-logits) if labels[i] != case.gold[row]]
    classes = [case.gold[row], *sorted(others, key=lambda c: RIVALS.index(c) if c in RIVALS else len(RIVALS))[:3]]
    for name, question in asked.items():
        (one,) = explain_texts(case.classifier, [case.texts[row]], [classes], name)
        info = {"document": case.ids[row], "class": case.gold[row], "predicted": one.predicted}
        lines: list[tuple[Any, ...]] = []
        for k, label in enumerate(classes):
            answer.row(question, "score", float(one.scores[k]), n_test=1, subset=f"target={label}", info=info)
            values = enumerate(zip(one.words, one.relevance[k], strict=True))
            lines += [(question.key, row, place, word, label, float(value)) for place, (word, value) in values]
        answer.lines("tokens", TABLES["tokens"], lines)


def chosen_document(case: Classified, wanted: str) -> int:
    """Row of the test document of an id; where none is named, of the shortest of 20 words or more that is right.

    Raises UnknownName for an id that no test document has, ProbekitError where none is right.
    """
    if wanted:
        if wanted not in case.ids:
            raise UnknownName("test document:", wanted, case.ids)
        return case.ids.index(wanted)
    predicted = [case.classifier.labels[i] for i in predict_logits(case.classifier, case.texts).argmax(1)]
    long = [len(words) >= 20 for words in case.texts]
    right = [p == g for p, g in zip(predicted, case.gold, strict=True)]
    usable = np.flatnonzero(case.known & np.array(long) & np.array(right)).tolist()
    if not usable:
        raise ProbekitError("no test document of 20 words or more is classified correctly: there is nothing to show")
    return int(min(usable, key=lambda i: (len(case.texts[i]), i)))


ANSWERS: dict[str, Callable[[Classified, Mapping[str, Question], Answer], None]] = {
    "classify": _classify, "conservation": _conservation, "deletion": _deletion, "erasure": _erasure,
    "document-vectors": _document_vectors, "class-words": _class_words, "highlight": _highlight,
}  # fmt: skip
