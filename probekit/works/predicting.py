"""What answers a task of words without frozen vectors: predictors by spec, asked over the corpus's own parts.

    labeller(width=64, layers=2, ...)   a recurrent network trained on the task's labels (its own output, no probe)
    word-majority(fit=train|oracle|others)  the commonest label of each word: in training, among the tested words, or
                                        among those other than the one that is asked of
    pcfg-prefix(rare=1, prefixes=true)  a grammar's best tree of every prefix, read at its last word

A predictor is trained on the split `train`, may choose on `dev`, and answers `dev` and `test`; one whose answers are
dear (`pcfg-prefix`) answers `test` alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from probekit import corpora as corpora_room
from probekit import recipes
from probekit import tasks as tasks_room
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.work import Answer, Cell, works
from probekit.probes.controls import WordMajority, majority_of_others, repeated
from probekit.registry import Registry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Whole
from probekit.works.probing_answers import Writer
from probekit.works.units import Fold, Joint, make_folds, same_units

# Of a grammar of newspaper or articles, a sentence of n words: this times n ** 3 seconds of one core.
SECONDS_A_CUBE = 7e-6
FITS = ("train", "oracle", "others")


@dataclass(frozen=True)
class Prepared:
    """Tasks of words that ask of the same units: `words` (n,) are places among the words of the corpus, `targets`
    (n, T) their labels, `types` (n,) the words themselves; `fold` the rows to train on, to choose on, to answer."""

    corpus: Corpus
    asked: Joint
    words: np.ndarray
    fold: Fold
    seed: int


@dataclass(frozen=True)
class Prediction:
    """Labels (n, T) of the rows to answer, what was found and what is to be noted of each task."""

    predicted: np.ndarray
    infos: list[dict[str, Any]]
    notes: list[str]


# A function(case, **options) -> Prediction. `draws` in the metadata says whether a seed changes its answers.
predictors: Registry[Callable[..., Prediction]] = Registry("predictor")


def word_majority(case: Prepared, fit: str = "train") -> Prediction:
    """The commonest label of each word. fit: counted in training ("train"; the overall majority for unseen words), or
    among the very words that are tested ("oracle"): the most that anything could reach that sees one word at a time.

    The oracle is always right about a word that is tested once. "others" counts the tested words but for the one it
    answers, and has the overall majority for a word without others. `words_seen` tells the share of tested words that
    were counted, with "oracle" and "others" of those that have others.
    """
    if fit not in FITS:
        raise UnknownName("value of fit:", str(fit), FITS)
    targets, types, fold = case.asked.targets, case.asked.types, case.fold
    predicted = np.full(targets.shape, "", dtype=object)
    infos: list[dict[str, Any]] = []
    for t in range(targets.shape[1]):
        found: dict[str, Any] = {}
        for test in fold.test.values():
            words, labels = types[test], targets[test, t]
            if fit == "train":
                known = WordMajority.fit(types[fold.train], targets[fold.train, t])
                predicted[test, t], found["words_seen"] = known.predict(words), known.seen(words)
                continue
            found["words_seen"] = repeated(words)
            oracle = WordMajority.fit(words, labels)
            predicted[test, t] = oracle.predict(words) if fit == "oracle" else majority_of_others(words, labels)
        infos.append(found)
    return Prediction(predicted, infos, [""] * len(infos))


def labeller(case: Prepared, **options: Any) -> Prediction:
    """A recurrent network trained on each task's labels; options are those of `probekit.learners.labeller`."""
    from probekit.learners.labeller import answers

    if not case.corpus.spec:
        raise ProbekitError("a labeller is trained on a corpus by its spec; this one was made by hand")
    targets = case.asked.targets
    predicted = np.full(targets.shape, "", dtype=object)
    test = np.concatenate(list(case.fold.test.values()))
    sentences = np.unique(case.corpus.sentence_of_word[case.words[test]])
    place = np.concatenate([np.arange(*case.corpus.offsets[s : s + 2]) for s in sentences])
    infos = []
    for t, task in enumerate(case.asked.tasks):
        spec = Spec("labeller", case.corpus.spec, (), {**options, "task": task.spec, "seed": case.seed})
        folder = recipes.folder(spec)
        found = answers(folder, case.corpus, sentences)
        predicted[test, t] = found[np.searchsorted(place, case.words[test])]
        infos.append(_trained(folder))
    return Prediction(predicted, infos, [""] * len(infos))


def _trained(folder: Any) -> dict[str, Any]:
    from probekit.encoders.recurrent import read_config

    found = read_config(folder)["found"]
    return {name: found[name] for name in ("epochs", "best_epoch", "dev_loss", "dev_left_out") if name in found}


def _labeller_options() -> Callable[..., Any]:
    """A function with the keywords of a labeller's training, for specs to be checked against."""
    from probekit.learners.labeller import train_labeller

    def options() -> None: ...

    known = inspect.signature(train_labeller).parameters.values()
    kept = [p for p in known if p.kind is p.KEYWORD_ONLY and p.name not in ("keep", "seed")]
    options.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]
    return options


def pcfg_prefix(case: Prepared, rare: Whole = 1, prefixes: bool = True) -> Prediction:
    """A probabilistic grammar of sentence prefixes (`probekit.probes.pcfg`).

    rare: words that occur so often or less are pooled. prefixes: estimated from the partial trees too. Where it has no
    tree, the commonest label of the word answers.
    """
    from probekit.probes.pcfg import Pcfg, ancestor_answers

    corpus, fold, of_word = case.corpus, case.fold, case.corpus.sentence_of_word[case.words]
    test = np.sort(np.concatenate(list(fold.test.values())))
    train_part, test_part = (corpus.select(np.unique(of_word[rows])) for rows in (fold.train, test))
    grammar = Pcfg.fit(train_part, prefixes=prefixes, rare=rare)
    names = [task.spec for task in case.asked.tasks]
    answers, counts = ancestor_answers(grammar, train_part, test_part, names)
    predicted = np.full(case.asked.targets.shape, "", dtype=object)
    for t, name in enumerate(names):
        predicted[test, t] = answers[name]["predicted"]
    return Prediction(predicted, [counts] * len(names), [""] * len(names))


predictors.add("word-majority", word_majority, summary="the commonest label of each word; fit=train, oracle or others")
predictors.add(
    "labeller", labeller, summary="a recurrent network trained on the labels", draws=True, options=_labeller_options
)


predictors.add("pcfg-prefix", pcfg_prefix, summary="a grammar's best tree of every prefix", dear=True)


def options_of(name: str) -> Callable[..., Any]:
    """What the arguments of a predictor's spec are checked against."""
    entry = predictors.entry(name)
    return entry.meta["options"]() if "options" in entry.meta else entry.load()


def describe(spec: str | Spec) -> Source:
    """The source of a predictor, its arguments checked. Raises UnknownName for a name or argument it does not have."""
    parsed = parse(spec)
    entry = predictors.entry(parsed.head)
    written = resolve(parsed, options_of(parsed.head), "predictor", ("case",)).written
    return Source(str(written), str(written), digest([str(written), entry.revision]), modules=modules_of(entry))


def check(point: Mapping[str, Any]) -> list[str]:
    """What a point depends on beside its axes: the labellers that it trains. Refuses tasks that are not of words."""
    task = tasks_room.get(point["task"])
    if (task.level, task.kind) != ("word", "label"):
        raise ProbekitError(f"predictors answer labels of words; '{task.name}' asks {task.kind}s of {task.level}s")
    spec = parse(point["probe"])
    if spec.head != "labeller":
        return []
    given = resolve(spec, options_of("labeller"), "predictor", ("case",)).given
    options = {**given, "task": task.spec, "seed": point.get("seed") or 0}
    return [str(Spec("labeller", point["dataset"], (), dict(sorted(options.items()))))]


def columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of the majorities are those of a control."""
    return {"control": "word-majority" if parse(point["probe"]).head == "word-majority" else ""}


def seconds(cell: Cell) -> float:
    """What a cell will take of one core: a grammar's charts grow with the third power of a tested sentence's length."""
    if parse(cell.shared["probe"]).head != "pcfg-prefix":
        return 1.0
    corpus = corpora_room.load_corpus(cell.shared["dataset"])
    tested = corpus.sentences["split"].astype(str).eq("test").to_numpy()
    return SECONDS_A_CUBE * float((corpus.lengths[tested if tested.any() else slice(None)].astype(float) ** 3).sum())


@works.register(
    "predicting",
    revision=1,
    summary="Predictors without vectors",
    threads=1,
    axes={"dataset": "corpus", "task": "task", "probe": "predictor"},
    needs=check,
    columns=columns,
    cost=seconds,
)
def answer_predicting(cell: Cell) -> Answer:
    """Rows of one predictor for all tasks asked of a corpus."""
    shared = cell.shared
    corpus = corpora_room.load_corpus(shared["dataset"])
    chosen = [tasks_room.get(spec) for spec in dict.fromkeys(str(q.axes["task"]) for q in cell.questions)]
    spec = parse(shared["probe"])
    options = resolve(spec, options_of(spec.head), "predictor", ("case",)).given
    seed = shared.get("seed") or 0
    answer = Answer()
    for part in same_units(chosen, corpus, "sentence"):
        writer = Writer(cell, part, corpus, answer)
        (fold,) = make_folds(part, corpus, 0, "sentence", seed)
        if predictors.entry(spec.head).meta.get("dear") and "test" in fold.test:
            fold = replace(fold, test={"test": fold.test["test"]})
        words = corpus.offsets[part.units["sentence"].to_numpy()] + part.units["start"].to_numpy()
        found = predictors.get(spec.head)(Prepared(corpus, part, words, fold, seed), **options)
        writer.score(found.predicted, [fold], [found.infos], [found.notes])
    return answer
