"""How a probing cell is answered: units, folds, fits, scores, rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import corpora, encoders, probes, rows, scores, streams, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import read
from probekit.encoders.pooling import WORDS
from probekit.errors import ProbekitError
from probekit.grid.work import Answer, Cell, Row
from probekit.probes import controls
from probekit.registry import bind
from probekit.specs import parse
from probekit.store import default_store
from probekit.tasks import Task

# Resamples behind an interval over groups; thousands of rows are bootstrapped, each to be read and not to be tested.
N_BOOT = 200
# What a pass over the corpus found that says nothing of a score.
OF_THE_PASS = ("seconds", "device", "pieces", "positions", "padding")
# Metrics of a row beside the task's own, by kind of task.
FURTHER = {"number": (), "label": ("macro_f1",)}


@dataclass(frozen=True)
class Fold:
    """One split of units: rows to train on, to choose on (None: the probe splits its training rows), to score."""

    number: int | None
    train: np.ndarray
    dev: np.ndarray | None
    test: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Asked:
    """Tasks of a cell that ask of the same units: (n, T) targets, a group and a type for every unit."""

    tasks: list[Task]
    units: pd.DataFrame
    targets: np.ndarray
    groups: np.ndarray
    types: np.ndarray


def answer_probing(cell: Cell) -> Answer:
    """Rows of one representation under one probe, for all tasks and folds asked."""
    shared = cell.shared
    corpus = corpora.load_corpus(shared["corpus"])
    asked = list(dict.fromkeys(str(question.axes["task"]) for question in cell.questions))
    answer = Answer()
    for part in same_units([tasks.get(spec) for spec in asked], corpus, shared["groups"]):
        writer = Writer(cell, part, corpus, answer)
        if not len(part.units):
            writer.nothing("the task asks of nothing in this corpus")
            continue
        if shared["control"] == "length":
            _length_rows(part, corpus, writer)
            continue
        try:
            splits = make_folds(part, corpus, shared["folds"], shared["groups"], shared["seed"])
        except _TooFew as error:
            writer.nothing(str(error))
            continue
        for fold in splits:
            if not fold.test:
                writer.nothing("the task asks of nothing in this fold", fold.number)
        splits = [fold for fold in splits if fold.test]
        if shared["control"] in ("majority", "word-majority"):
            _majority_rows(part, splits, shared["control"], writer)
        else:
            _probe_rows(part, splits, corpus, shared, writer)
    return answer


# --- units, groups, folds


def same_units(chosen: Sequence[Task], corpus: Corpus, groups: str) -> list[Asked]:
    """Tasks put together where they ask of the same units and are scored alike: they are solved together."""
    parts: dict[tuple[str, bytes], tuple[list[Task], pd.DataFrame, list[np.ndarray]]] = {}
    for task in chosen:
        units = task.units(corpus)
        content = (task.metric, units[["sentence", "start", "end"]].to_numpy(np.int64).tobytes())
        part = parts.setdefault(content, ([], units, []))
        part[0].append(task)
        part[2].append(np.asarray(task.targets(corpus)))
    whole = group_of_sentence(corpus, groups)
    asked = []
    for members, units, targets in parts.values():
        sentence = units["sentence"].to_numpy()
        asked.append(
            Asked(members, units, np.stack(targets, axis=1), whole[sentence], type_of_unit(members[0], units, corpus))
        )
    return asked


def group_of_sentence(corpus: Corpus, groups: str) -> np.ndarray:
    """Number of the group each sentence belongs to, int64: itself, its document, or all sentences of the same words."""
    if groups == "sentence":
        return np.arange(corpus.n_sentences)
    if groups == "document":
        names = corpus.sentences["document"].astype(str)
        if not names.ne("").any():
            raise ProbekitError(f"{corpus!r} names no documents; use groups='sentence' or 'text'")
        # A sentence outside any document is a document of its own.
        single = pd.Series([f"\0{i}" for i in range(len(names))], index=names.index)
        return pd.factorize(names.where(names.ne(""), single))[0].astype(np.int64)
    return pd.factorize(pd.Series(corpus.texts))[0].astype(np.int64)


def type_of_unit(task: Task, units: pd.DataFrame, corpus: Corpus) -> np.ndarray:
    """What control tasks keep constant: the word of a word unit, the text of a sentence unit."""
    if task.level == "word":
        place = corpus.offsets[units["sentence"].to_numpy()] + units["start"].to_numpy()
        return np.asarray(corpus.form.categories, dtype=object)[corpus.form.codes[place]]
    return np.asarray(corpus.texts, dtype=object)[units["sentence"].to_numpy()]


class _TooFew(Exception):
    """There are too few units to train on some and score others."""


def make_folds(part: Asked, corpus: Corpus, n_folds: int, groups: str, seed: int) -> list[Fold]:
    """Splits of a part's units: shuffled folds of whole groups, or the corpus's own parts when n_folds is 0.

    Every group is in one fold, the same for every task, probe and encoder of a corpus. Groups of one sentence are dealt
    evenly; larger ones, largest first, each to the fold with the fewest sentences so far.
    """
    sentence = part.units["sentence"].to_numpy()
    if n_folds == 0:
        return [_own_splits(corpus, sentence)]
    of_sentence = group_of_sentence(corpus, groups)
    sizes = np.bincount(of_sentence)
    if len(sizes) < n_folds or len(np.unique(part.groups)) < n_folds:
        raise _TooFew(f"{len(np.unique(part.groups))} {groups} groups are too few for {n_folds} folds")
    order = streams.generator(seed, "split", "folds", groups).permutation(len(sizes))
    fold_of_group = np.empty(len(sizes), dtype=np.int64)
    if (sizes == 1).all():
        fold_of_group[order] = np.arange(len(sizes)) % n_folds
    else:
        filled = np.zeros(n_folds, dtype=np.int64)
        for group in order[np.argsort(-sizes[order], kind="stable")]:
            fold_of_group[group] = filled.argmin()
            filled[fold_of_group[group]] += sizes[group]
    fold = fold_of_group[part.groups]
    if (fold == fold[0]).all():
        raise _TooFew(f"all {len(fold)} units of the task fall into one of {n_folds} folds; none is left to train on")
    tests = [np.flatnonzero(fold == k) for k in range(n_folds)]
    return [Fold(k, np.flatnonzero(fold != k), None, {"cv": test} if len(test) else {}) for k, test in enumerate(tests)]


def _own_splits(corpus: Corpus, sentence: np.ndarray) -> Fold:
    every = corpus.sentences["split"].astype(str).to_numpy()
    names = every[sentence]
    rows_of = {name: np.flatnonzero(names == name) for name in ("train", "dev", "test")}
    if "train" in every and ("dev" in every or "test" in every):
        if not len(rows_of["train"]) or not (len(rows_of["dev"]) or len(rows_of["test"])):
            raise _TooFew("the task asks of nothing in the train part, or of nothing beside it")
    else:
        found = ", ".join(sorted(set(every) - {""})) or "none"
        raise ProbekitError(
            f"{corpus!r} has no train part with a dev or test part beside it (its parts: {found}); cross-validate with "
            "folds=5, or name the files ...-train..., ...-dev..., ...-test..."
        )
    dev = rows_of["dev"] if len(rows_of["dev"]) else None
    return Fold(None, rows_of["train"], dev, {n: rows_of[n] for n in ("dev", "test") if len(rows_of[n])})


# --- what answers


def _length_rows(part: Asked, corpus: Corpus, writer: Writer) -> None:
    lengths = corpus.lengths[part.units["sentence"].to_numpy()].astype(float)
    for t in range(len(part.tasks)):
        for metric in ("spearman", "abs_spearman"):
            score = scores.score(metric, part.targets[:, t].astype(float), lengths, groups=_clusters(part.groups))
            writer.row(t, None, metric, "all", score, n_train=0, n_test=len(lengths))


def _majority_rows(part: Asked, splits: list[Fold], control: str, writer: Writer) -> None:
    predicted = np.full(part.targets.shape, "", dtype=object)
    infos: list[list[dict[str, Any]]] = []
    for fold in splits:
        found: list[dict[str, Any]] = []
        test = np.concatenate(list(fold.test.values()))
        for t in range(len(part.tasks)):
            labels = part.targets[fold.train, t]
            if control == "majority":
                predicted[test, t] = controls.Majority.fit(labels).predict(len(test))
                found.append({})
            else:
                words = controls.WordMajority.fit(part.types[fold.train], labels)
                predicted[test, t] = words.predict(part.types[test])
                found.append({"words_seen": words.seen(part.types[test])})
        infos.append(found)
    writer.score(predicted, splits, infos, [[""] * len(part.tasks)] * len(splits))


def _probe_rows(part: Asked, splits: list[Fold], corpus: Corpus, shared: Mapping[str, Any], writer: Writer) -> None:
    started = time.monotonic()
    vectors, found = read(
        encoders.describe(shared["encoder"]),
        corpora.describe(shared["corpus"]).digest,
        shared["layer"],
        shared["pooling"],
        default_store(),
    )
    X = vectors_of_units(part, corpus, vectors, shared["pooling"])
    Y = part.targets
    if shared["control"] == "random-labels":
        drawn = [controls.random_labels(Y[:, t], part.types, shared["seed"]) for t in range(Y.shape[1])]
        Y = np.stack(drawn, axis=1)
        writer.targets = Y
    spec = parse(shared["probe"])
    probe = probes.get(spec.head)
    params = bind(spec, probe, "probe", leave_out=("seed",))
    fitted = probe.fit_many(
        X,
        Y,
        [fold.train for fold in splits],
        [params],
        groups=part.groups,
        dev_rows=[fold.dev for fold in splits] if splits[0].dev is not None else None,
        seed=shared["seed"],
    )
    predicted = np.zeros(Y.shape, dtype=Y.dtype)
    for fold, (one,) in zip(splits, fitted, strict=True):
        for test in fold.test.values():
            predicted[test] = np.asarray(one.predict(X[test])).reshape(len(test), -1)
    seconds = round((time.monotonic() - started) / len(part.tasks), 3)
    kept = {name: value for name, value in found.items() if name not in OF_THE_PASS}
    infos = [[{**info, **kept, "seconds": seconds} for info in one.info_] for (one,) in fitted]
    writer.score(predicted, splits, infos, [one.notes_ for (one,) in fitted])
    for fold, (one,) in zip(splits, fitted, strict=True):
        for t, code in enumerate(getattr(one, "codelength_", [])):
            writer.code_length(t, fold, code)


def vectors_of_units(part: Asked, corpus: Corpus, vectors: np.ndarray, pooling: str) -> np.ndarray:
    """Vectors (n, d) of a part's units from those of all sentences or all words."""
    place = part.units["sentence"].to_numpy()
    if pooling == WORDS:
        place = corpus.offsets[place] + part.units["start"].to_numpy()
    if len(place) == len(vectors) and np.array_equal(place, np.arange(len(place))):
        return np.asarray(vectors)
    return np.asarray(vectors[place])


# --- rows


class Writer:
    """Turns predictions of one part into the rows and tables of its questions."""

    def __init__(self, cell: Cell, part: Asked, corpus: Corpus, answer: Answer) -> None:
        self.part, self.corpus, self.answer, self.seed = part, corpus, answer, cell.shared["seed"] or 0
        self.keys = {(q.axes["task"], q.axes["fold"]): q.key for q in cell.questions}
        self.keep = {name for question in cell.questions for name in question.tables}
        self.targets = part.targets
        self.shared = cell.shared
        self.language = "+".join(sorted(set(corpus.sentences["language"].astype(str)) - {""}))

    def row(
        self,
        t: int,
        fold: int | None,
        metric: str,
        split: str,
        score: scores.Score,
        *,
        n_train: int,
        n_test: int,
        info: Mapping[str, Any] | None = None,
        note: str = "",
    ) -> None:
        """One row, when its question was asked."""
        key = self.keys.get((self.part.tasks[t].spec, fold))
        if key is None:
            return
        found: Row = {
            "key": key,
            "metric": metric,
            "split": split,
            "value": score.value,
            "ci_low": score.low,
            "ci_high": score.high,
            "n_train": n_train,
            "n_test": n_test,
            "language": self.language,
            "info": {**(info or {}), "interval": score.method},
            "note": "; ".join(dict.fromkeys(text for text in (score.note, note) if text)),
        }
        self.answer.rows.append(found)

    def nothing(self, why: str, of_fold: int | None = None) -> None:
        """A row without a value for every question of the part, or for those of one fold."""
        empty = scores.Score(float("nan"), float("nan"), float("nan"), "none", why)
        folds, length = self.shared["folds"], self.shared["control"] == "length"
        split = "all" if length else "cv" if folds else "test"
        n_test = 0 if of_fold is not None else len(self.part.units)
        for t, task in enumerate(self.part.tasks):
            for fold in [*range(folds), None] if of_fold is None else [of_fold]:
                metric = task.metric if fold is not None or not folds else f"{task.metric}_pooled"
                for name in ("spearman", "abs_spearman") if length else (metric,):
                    self.row(t, fold, name, split, empty, n_train=0, n_test=n_test)

    def score(
        self, predicted: np.ndarray, splits: list[Fold], infos: list[list[dict[str, Any]]], notes: list[list[str]]
    ) -> None:
        """Rows of every fold, and of all folds together where there are several."""
        kind = self.part.tasks[0].kind
        gold = self.targets
        if kind == "number":
            gold, predicted = gold.astype(float), predicted.astype(float)
        metrics = dict.fromkeys([self.part.tasks[0].metric, *FURTHER[kind]])
        for k, fold in enumerate(splits):
            shown = predicted
            if kind == "number":
                shown = scores.round_to_spread(predicted, gold[fold.train].std(axis=0))
            for split, test in fold.test.items():
                for metric in metrics:
                    found = scores.score_columns(
                        metric,
                        gold[test],
                        shown[test],
                        groups=_clusters(self.part.groups[test]),
                        seed=self.seed,
                        n_boot=N_BOOT,
                    )
                    for t, score in enumerate(found):
                        self.row(
                            t,
                            fold.number,
                            metric,
                            split,
                            score,
                            n_train=len(fold.train),
                            n_test=len(test),
                            info=infos[k][t],
                            note=notes[k][t],
                        )
        if len(splits) > 1:
            shown = scores.round_to_spread(predicted, gold.std(axis=0)) if kind == "number" else predicted
            for metric in metrics:
                found = scores.score_columns(
                    metric, gold, shown, groups=_clusters(self.part.groups), seed=self.seed, n_boot=N_BOOT
                )
                for t, score in enumerate(found):
                    self.row(
                        t,
                        None,
                        f"{metric}_pooled",
                        "cv",
                        score,
                        n_train=sum(len(f.train) for f in splits) // len(splits),
                        n_test=len(gold),
                        info=_over_folds([one[t] for one in infos]),
                        note="; ".join(dict.fromkeys(one[t] for one in notes if one[t])),
                    )
        if "predictions" in self.keep:
            self._keep(predicted, splits)

    def code_length(self, t: int, fold: Fold, code: Mapping[str, Any]) -> None:
        """Code length of the training labels: bits, and how many times shorter than the uniform code."""
        found = {name: code[name] for name in ("uniform_bits", "classes", "not_converged")}
        for metric, name in (("codelength_bits", "bits"), ("compression", "compression")):
            score = scores.Score(float(code[name]), float("nan"), float("nan"), "none")
            self.row(
                t, fold.number, metric, "train", score, n_train=len(fold.train), n_test=len(fold.train), info=found
            )

    def _keep(self, predicted: np.ndarray, splits: list[Fold]) -> None:
        """Predictions of every unit, under the key of the question over all folds."""
        lines = []
        for fold in splits:
            for split, test in fold.test.items():
                for t, task in enumerate(self.part.tasks):
                    key = self.keys.get((task.spec, None))
                    if key is None:
                        continue
                    gold, found = self.targets[test, t], predicted[test, t]
                    number = task.kind == "number"
                    lines.append(
                        pd.DataFrame(
                            {
                                "key": key,
                                "split": split,
                                "unit": self.part.units["unit"].to_numpy()[test],
                                "group": self.part.groups[test],
                                "gold": [str(g) for g in gold],
                                "predicted": [str(p) for p in found],
                                "score": found.astype(float) if number else np.nan,
                            }
                        )
                    )
        if lines:
            content = pa.Table.from_pandas(pd.concat(lines), schema=rows.TABLES["predictions"], preserve_index=False)
            before = self.answer.tables.get("predictions")
            self.answer.tables["predictions"] = content if before is None else pa.concat_tables([before, content])


def _over_folds(infos: list[dict[str, Any]]) -> dict[str, Any]:
    """What all folds found: counts of convergence, the largest gap; what is the same in all stays."""
    found = {name: value for name, value in infos[0].items() if all(one.get(name) == value for one in infos)}
    if "converged" in infos[0]:
        found["converged"] = all(one["converged"] for one in infos)
        found["folds_converged"] = sum(one["converged"] for one in infos)
    for name in ("gap", "iterations"):
        if all(name in one for one in infos):
            found[name] = max(one[name] for one in infos)
    return found


def _clusters(groups: np.ndarray) -> np.ndarray | None:
    """Groups for intervals, or None when every unit is its own."""
    return groups if len(np.unique(groups)) < len(groups) else None


# --- estimates

# Seconds of one core for 1e9 units x dimensions x targets x folds, as measured on treebank sentences and words with 384
# dimensions. Good to a factor of two or three: what is left to each target alone (iterations, classes) varies.
SECONDS = {
    "linear-svr": 12.0,
    "ridge": 1.0,
    "linear-svr-liblinear": 800.0,
    "logistic": 1000.0,
    "mlp": 400.0,
    "online-code": 2000.0,
}
ENCODE_SECONDS_PER_WORD = 6e-4
USUAL_WIDTH = 300


def estimate(cells: Sequence[Cell]) -> tuple[float, int]:
    """Minutes of one core and bytes of cache that cells will take, from sizes of their corpora (which are read)."""
    seconds, disk = 0.0, 0
    seen: set[Any] = set()
    for cell in cells:
        shared = cell.shared
        if not shared["encoder"]:
            continue
        corpus = corpora.load_corpus(shared["corpus"])
        source = encoders.describe(shared["encoder"])
        width = source.width or USUAL_WIDTH
        units = corpus.n_words if shared["pooling"] == WORDS else corpus.n_sentences
        n_tasks = len({question.axes["task"] for question in cell.questions})
        cost = SECONDS.get(parse(shared["probe"]).head, 20.0)
        seconds += cost * units * width * n_tasks * max(shared["folds"], 1) / 1e9
        place = (shared["corpus"], shared["encoder"], shared["layer"], shared["pooling"])
        if place not in seen:
            seen.add(place)
            disk += 4 * units * width
        if (pair := place[:2]) not in seen and source.layers != (None,):
            seen.add(pair)
            seconds += ENCODE_SECONDS_PER_WORD * corpus.n_words
    return seconds / 60, disk
