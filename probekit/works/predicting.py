"""What answers a task of words without frozen vectors: predictors by spec, asked over the corpus's own parts.

    labeller(width=64, layers=2, ...)   a recurrent network trained on the task's labels (its own output, no probe)
    word-majority(fit=train|oracle)     the commonest label of each word, in training or among the tested words
    pcfg-prefix(rare=1, prefixes=true)  a grammar's best tree of every prefix, read at its last word

A predictor is trained on the split `train`, may choose on `dev`, and answers `dev` and `test`; one whose answers are
dear (`pcfg-prefix`) answers `test` alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from probekit import corpora as corpora_room
from probekit import rows as schema
from probekit import tasks as tasks_room
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid.grid import Grid
from probekit.grid.work import Answer, Cell, Question, works
from probekit.probes.controls import WordMajority
from probekit.registry import Registry, bind, canonical
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.works.probing_answers import Asked, Fold, Writer, make_folds, same_units

FITS = ("train", "oracle")


@dataclass(frozen=True)
class Case:
    """Tasks of words that ask of the same units: `words` (n,) are places among the words of the corpus, `targets`
    (n, T) their labels, `types` (n,) the words themselves; `fold` the rows to train on, to choose on, to answer."""

    corpus: Corpus
    asked: Asked
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


def word_majority(case: Case, fit: str = "train") -> Prediction:
    """The commonest label of each word. fit: counted in training ("train"; the overall majority for unseen words), or
    among the very words that are tested ("oracle"): the most that anything could reach that sees one word at a time."""
    if fit not in FITS:
        raise UnknownName("value of fit:", str(fit), FITS)
    targets, types, fold = case.asked.targets, case.asked.types, case.fold
    predicted = np.full(targets.shape, "", dtype=object)
    infos: list[dict[str, Any]] = []
    for t in range(targets.shape[1]):
        found: dict[str, Any] = {}
        for test in fold.test.values():
            rows = fold.train if fit == "train" else test
            known = WordMajority.fit(types[rows], targets[rows, t])
            predicted[test, t] = known.predict(types[test])
            found["words_seen"] = known.seen(types[test])
        infos.append(found)
    return Prediction(predicted, infos, [""] * len(infos))


def labeller(case: Case, **options: Any) -> Prediction:
    """A recurrent network trained on each task's labels; options are those of `probekit.learners.labeller`."""
    from probekit.learners.labeller import answers
    from probekit.learners.labelling import recipe_of

    if not case.corpus.spec:
        raise ProbekitError("a labeller is trained on a corpus by its spec; this one was made by hand")
    targets = case.asked.targets
    predicted = np.full(targets.shape, "", dtype=object)
    test = np.concatenate(list(case.fold.test.values()))
    sentences = np.unique(case.corpus.sentence_of_word[case.words[test]])
    place = np.concatenate([np.arange(*case.corpus.offsets[s : s + 2]) for s in sentences])
    infos = []
    for t, task in enumerate(case.asked.tasks):
        folder = recipe_of(case.corpus.spec, task.spec, {**options, "seed": case.seed}).folder()
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


def pcfg_prefix(case: Case, rare: int = 1, prefixes: bool = True) -> Prediction:
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


predictors.add("word-majority", word_majority, summary="the commonest label of each word; fit=train or oracle")
predictors.add(
    "labeller", labeller, summary="a recurrent network trained on the labels", draws=True, options=_labeller_options
)


predictors.add("pcfg-prefix", pcfg_prefix, summary="a grammar's best tree of every prefix", dear=True)


def options_of(name: str) -> Callable[..., Any]:
    """What the arguments of a predictor's spec are checked against."""
    entry = predictors.entry(name)
    return entry.meta["options"]() if "options" in entry.meta else entry.load()


def answer_predicting(cell: Cell) -> Answer:
    """Rows of one predictor for all tasks asked of a corpus."""
    shared = cell.shared
    corpus = corpora_room.load_corpus(shared["corpus"])
    chosen = [tasks_room.get(spec) for spec in dict.fromkeys(str(q.axes["task"]) for q in cell.questions)]
    spec = parse(shared["predictor"])
    options = bind(spec, options_of(spec.head), "predictor", leave_out=("case",))
    answer = Answer()
    for part in same_units(chosen, corpus, "sentence"):
        writer = Writer(cell, part, corpus, answer)
        (fold,) = make_folds(part, corpus, 0, "sentence", shared["seed"] or 0)
        if predictors.entry(spec.head).meta.get("dear") and "test" in fold.test:
            fold = replace(fold, test={"test": fold.test["test"]})
        words = corpus.offsets[part.units["sentence"].to_numpy()] + part.units["start"].to_numpy()
        found = predictors.get(spec.head)(Case(corpus, part, words, fold, shared["seed"] or 0), **options)
        writer.score(found.predicted, [fold], [found.infos], [found.notes])
    return answer


works.add(
    "predicting",
    "probekit.works.predicting:answer_predicting",
    revision=1,
    summary="Predictors without vectors",
    threads=1,
)


class PredictingGrid(Grid):
    """Predictors x tasks of words x seeds on corpora with a train part. Rows carry the predictor as their probe.

    corpora, tasks, predictors: specs. seeds concern those that draw. What cannot be asked is refused here.
    """

    def __init__(
        self,
        name: str,
        corpora: Sequence[str],
        tasks: Sequence[str],
        predictors: Sequence[str],
        seeds: Sequence[int] = (0,),
        keep: Collection[str] = (),
    ) -> None:
        super().__init__(name, "predicting", {}, keep)
        self.sources = [corpora_room.describe(corpus) for corpus in corpora]
        self.tasks = [tasks_room.get(spec) for spec in tasks_room.expand(list(tasks))]
        for task in self.tasks:
            if (task.level, task.kind) != ("word", "label"):
                raise ProbekitError(
                    f"predictors answer labels of words; '{task.name}' asks {task.kind}s of {task.level}s"
                )
        self.predictors = [_canonical(spec) for spec in predictors]
        self.seeds = tuple(map(int, seeds))
        self.axes = {
            "corpora": [source.name for source in self.sources],
            "tasks": [task.spec for task in self.tasks],
            "predictors": self.predictors,
            "seeds": list(self.seeds),
        }

    def cells(self) -> list[Cell]:
        found = []
        for source in self.sources:
            for spec in self.predictors:
                entry = predictors.entry(parse(spec).head)
                for seed in self.seeds if entry.meta.get("draws") else (None,):
                    for tasks in [[task] for task in self.tasks] if entry.meta.get("draws") else [self.tasks]:
                        found.append(self._cell(source, tasks, spec, entry.revision, seed))
        return found

    def _cell(self, source: Any, tasks: Sequence[Any], spec: str, revision: int, seed: int | None) -> Cell:
        content = {
            "work": ["predicting", works.entry("predicting").revision],
            "corpus": source.digest,
            "predictor": [spec, revision],
            "seed": seed,
        }
        row = {
            "experiment": self.name,
            "dataset": source.name,
            "encoder": "",
            "pooling": "",
            "probe": spec,
            "control": "word-majority" if spec.startswith("word-majority") else "",
            "setting": schema.setting({"folds": 0, "groups": "sentence"}),
            "seed": seed,
            "fold": None,
            "layer": None,
        }
        questions = []
        for task in tasks:
            own = {**row, "task": task.spec, "task_group": task.group}
            questions.append(Question(digest([content, task.spec, task.revision]), own, self.keep))
        shared = {"corpus": source.spec, "predictor": spec, "seed": seed, "folds": 0}
        label = " ".join([source.name, spec, *(task.name for task in tasks), "" if seed is None else f"seed {seed}"])
        return Cell("predicting", label, shared, tuple(questions), None, (__name__,))

    def describe(self) -> Mapping[str, Any]:  # type: ignore[override]
        data = {source.name: source.digest for source in self.sources}
        return {"work": self.work, "axes": self.axes, "data": data, "keep": list(self.keep)}


def _canonical(spec: str) -> str:
    parsed: Spec = parse(spec)
    return str(canonical(parsed, options_of(parsed.head), "predictor", leave_out=("case",)))
