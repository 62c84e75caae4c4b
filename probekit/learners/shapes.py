"""A linear tagger of the look of words: what a tagger must stand above before anything is said of its insides.

    shapes:wikineural-en|resplit(task="word/bio:entity")

Each word is told by itself: logistic regression (scikit-learn, stochastic gradients averaged) on the shape, prefixes
and suffixes of a word and of both its neighbours, and on the words themselves, hashed. The penalty is chosen on the
split dev.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import recipes, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, n_words
from probekit.encoders.recurrent import CONFIG
from probekit.errors import ProbekitError
from probekit.learners.labeller import labelled_words, split_sentences
from probekit.learners.tagger_data import Labels, Sentences
from probekit.learners.word_models import read
from probekit.recipes import Recipe
from probekit.sources import resolve, together
from probekit.specs import Spec
from probekit.store import write_atomically
from probekit.values import Count, Seed

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

KIND, WEIGHTS = "shapes", "weights.npy"
COLUMNS = 1 << 16
PENALTIES = (1e-3, 1e-4, 1e-5, 1e-6)
_AFFIXES = (1, 2, 3, 4)
_SECONDS_A_WORD = 4e-4


def shape(word: str) -> str:
    """A word as its kinds of signs, runs cut to two: `Xx` for Rome, `XX0` for MH17."""
    signs = ["X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in word]
    return "".join(c for place, c in enumerate(signs) if place < 2 or signs[place - 2 : place] != [c, c])


def looks(word: str) -> list[str]:
    """What is seen of a word alone."""
    low = word.lower()
    found = [f"w={low}", f"s={shape(word)}"]
    return found + [f"{end}={low[:k] if end == 'p' else low[-k:]}" for k in _AFFIXES if len(low) > k for end in "pe"]


def features(corpus: Corpus, rows: np.ndarray) -> csr_matrix:
    """Hashed features (n_words, COLUMNS) of the words of some sentences, in their order."""
    from sklearn.feature_extraction import FeatureHasher

    own = [looks(str(form)) for form in corpus.form.categories]
    codes = corpus.form.codes

    def lines() -> Iterator[list[str]]:
        for row in rows:
            first, last = corpus.offsets[row : row + 2]
            for place in range(first, last):
                before = own[codes[place - 1]] if place > first else ["begins"]
                after = own[codes[place + 1]] if place + 1 < last else ["ends"]
                yield [*own[codes[place]], *(f"-{x}" for x in before), *(f"+{x}" for x in after), "any"]

    return FeatureHasher(COLUMNS, input_type="string", dtype=np.float32).transform(lines())


def options(passes: Count = 20, seed: Seed = 0) -> dict[str, Any]:
    """Options of `shapes:<corpus>(task=..., ...)`: passes over the data, seed of their order."""
    return dict(locals())


def fit_shapes(
    corpus: Corpus, task: str, folder: Path, about: Mapping[str, Any], passes: int = 20, seed: int = 0
) -> dict[str, Any]:
    """Train on the split `train` and write a folder; sentences of `dev`, else a tenth of train, choose the penalty."""
    from sklearn.linear_model import SGDClassifier

    words, gold = labelled_words(tasks.get(task), corpus)
    train, dev = split_sentences(corpus, words, seed)
    inside = np.isin(corpus.sentence_of_word[words], train)
    labels = Labels(sorted(set(gold[inside].tolist()), key=lambda name: (name != "O", name)))
    if len(labels.names) < 2:
        raise ProbekitError(f"all training words of {corpus!r} have one label of '{task}'; give others to tell apart")
    data, held = (Sentences(corpus, part, (), labels, task) for part in (train, dev))
    for one in (data, held):
        one.check_labelled()
    given, asked = features(corpus, train), features(corpus, dev)
    codes = np.array([labels.numbers[label] for label in data.asked()])
    best: dict[str, Any] = {"dev_score": -1.0}
    for penalty in PENALTIES:
        how = {"alpha": penalty, "max_iter": passes, "tol": None, "average": True, "fit_intercept": False}
        made = SGDClassifier(loss="log_loss", random_state=seed, **how)
        weights = _weights(made.fit(given, codes), len(labels.names))
        score = held.score(_told(weights, asked, labels.names))
        if score > best["dev_score"]:
            best = {"dev_score": float(score), "penalty": penalty, "weights": weights}
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / WEIGHTS, best.pop("weights"))
    found = {**best, "sentences_train": len(train), "sentences_dev": len(dev)}
    config = {"kind": KIND, **about, "task": task, "labels": labels.names, "found": found}
    write_atomically(folder / CONFIG, (json.dumps(config, indent=1, ensure_ascii=False) + "\n").encode())
    return found


def _weights(made: Any, n_labels: int) -> np.ndarray:
    """Coefficients (n_labels, COLUMNS); two labels share one row, whose sign tells them."""
    found = np.asarray(made.coef_, dtype=np.float32)
    return np.concatenate([-found, found]) if n_labels == 2 else found


def _told(weights: np.ndarray, given: csr_matrix, names: Sequence[str]) -> np.ndarray:
    return np.array(names, dtype=object)[np.asarray(given @ weights.T).argmax(axis=1)]


class SavedShapes:
    """A linear tagger in a folder; asked as `learners.tagger.SavedTagger` is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, read(folder, KIND)
        self.task, self.labels = str(self.config["task"]), Labels(self.config["labels"])
        self.weights = np.load(folder / WEIGHTS, allow_pickle=False)

    def sentences(self, corpus: Corpus, rows: np.ndarray) -> Sentences:
        """Some sentences of a corpus."""
        return Sentences(corpus, rows, (), self.labels, self.task)

    def answers_to(self, data: Sentences) -> np.ndarray:
        """Labels of the words of some sentences, in their order, text."""
        return _told(self.weights, features(data.corpus, data.rows), self.labels.names)

    def gate(self, data: Sentences) -> list[np.ndarray] | None:
        """None: it has no experts."""
        return None

    def shares(self, data: Sentences) -> list[np.ndarray] | None:
        """None: it has no inputs to weigh."""
        return None


def recipe(spec: Spec) -> Recipe:
    """The recipe of `shapes:<corpus>(task="word/bio:entity", ...)`. Raises for what cannot be trained."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write shapes:<corpus>(task=word/upos)")
    name = spec.kwargs.get("task", "word/bio:entity")
    task, asked = tasks.get(name), tasks.describe(name)
    if task.level != "word" or task.kind != "label":
        raise ProbekitError(f"a tagger is trained on labels of words; '{name}' asks {task.kind}s of {task.level}s")
    rest = Spec(spec.name, spec.target, spec.args, {k: v for k, v in spec.kwargs.items() if k != "task"})
    arguments = resolve(rest, options, KIND)
    corpus = describe_corpus(spec.target)
    shared = together(corpus)
    written = dict(sorted({**arguments.written.kwargs, "task": task.spec}.items()))
    return Recipe(
        str(Spec(KIND, corpus.spec, (), written)),
        str(Spec(KIND, corpus.name, (), written)),
        "model",
        {
            "recipe": KIND,
            "revision": recipes.registry.entry(KIND).revision,
            "corpus": corpus.digest,
            "task": asked.digest,
            "options": dict(arguments.options),
        },
        lambda folder, progress: fit_shapes(
            load_corpus(corpus.spec), task.spec, folder, {"corpus": corpus.name}, **arguments.options
        ),
        needs=shared["needs"],
        modules=shared["modules"],
        cost=lambda: (_SECONDS_A_WORD * n_words(corpus), 0),
        generated=shared["generated"],
    )
