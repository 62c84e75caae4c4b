"""How a probing cell is answered: units, folds, fits, scores, rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import ROUND_CEILING, Context
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import corpora, encoders, probes, rows, scores, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.activations import read, unread
from probekit.encoders.pooling import WORDS
from probekit.grid.work import Answer, Cell
from probekit.probes import controls
from probekit.store import default_store
from probekit.works.units import Fold, Joint, TooFew, clusters, make_folds, same_units

# Resamples behind an interval over groups; thousands of rows are bootstrapped, each to be read and not to be tested.
N_BOOT = 200
# What a pass over the corpus found that says nothing of a score.
OF_THE_PASS = ("seconds", "device", "pieces", "positions", "padding")
# Metrics of a row beside the task's own, by kind of task.
FURTHER = {"number": (), "label": ("macro_f1",)}


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
        except TooFew as error:
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


# --- what answers


def _length_rows(part: Joint, corpus: Corpus, writer: Writer) -> None:
    lengths = corpus.lengths[part.units["sentence"].to_numpy()].astype(float)
    for t in range(len(part.tasks)):
        for metric in ("spearman", "abs_spearman"):
            score = scores.score(metric, part.targets[:, t].astype(float), lengths, groups=clusters(part.groups))
            writer.row(t, None, metric, "all", score, n_train=0, n_test=len(lengths))


def _majority_rows(part: Joint, splits: list[Fold], control: str, writer: Writer) -> None:
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


def _probe_rows(part: Joint, splits: list[Fold], corpus: Corpus, shared: Mapping[str, Any], writer: Writer) -> None:
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
    probe = probes.describe(shared["probe"])
    fitted = probe.component.fit_many(
        X,
        Y,
        [fold.train for fold in splits],
        [probe.params],
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
    infos = [[_recorded(info) | kept | {"seconds": seconds} for info in one.info_] for (one,) in fitted]
    note = unread(found)
    notes = [["; ".join(filter(None, [own, note])) for own in one.notes_] for (one,) in fitted]
    writer.score(predicted, splits, infos, notes)
    for fold, (one,) in zip(splits, fitted, strict=True):
        for t, code in enumerate(getattr(one, "codelength_", [])):
            writer.code_length(t, fold, code)


def vectors_of_units(part: Joint, corpus: Corpus, vectors: np.ndarray, pooling: str) -> np.ndarray:
    """Vectors (n, d) of a part's units from those of all sentences or all words; of pairs (n, 2 d): |u - v|, u * v;
    of words beside a marked one both, (n, 2 d)."""
    if "sentence2" in part.units:
        left, right = (np.asarray(vectors[part.units[side].to_numpy()]) for side in ("sentence", "sentence2"))
        return np.concatenate([np.abs(left - right), left * right], axis=1)
    place = part.units["sentence"].to_numpy()
    if pooling == WORDS:
        begin = corpus.offsets[place]
        place = begin + part.units["start"].to_numpy()
        if "mark" in part.units:
            marked = begin + part.units["mark"].to_numpy()
            return np.concatenate([np.asarray(vectors[place]), np.asarray(vectors[marked])], axis=1)
    if len(place) == len(vectors) and np.array_equal(place, np.arange(len(place))):
        return np.asarray(vectors)
    return np.asarray(vectors[place])


# --- rows


class Writer:
    """Turns predictions of one part into the rows and tables of its questions."""

    def __init__(self, cell: Cell, part: Joint, corpus: Corpus, answer: Answer) -> None:
        self.part, self.corpus, self.answer, self.seed = part, corpus, answer, cell.shared.get("seed") or 0
        self.keys = {(q.axes["task"], q.axes.get("fold")): q.key for q in cell.questions}
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
        self.answer.row(
            key,
            metric,
            score,
            split=split,
            info=info,
            note=note,
            n_train=n_train,
            n_test=n_test,
            language=self.language,
        )

    def nothing(self, why: str, of_fold: int | None = None) -> None:
        """A row without a value for every question of the part, or for those of one fold."""
        empty = scores.Score(float("nan"), float("nan"), float("nan"), "none", why)
        folds, length = self.shared.get("folds", 0), self.shared.get("control") == "length"
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
                        groups=clusters(self.part.groups[test]),
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
                    metric, gold, shown, groups=clusters(self.part.groups), seed=self.seed, n_boot=N_BOOT
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
        if "groups" in self.keep:
            self._keep_groups(predicted, splits)

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
            schema = rows.TABLES["predictions"]
            content = pa.Table.from_pandas(pd.concat(lines), schema=schema, preserve_index=False)
            self.answer.lines("predictions", schema, content)

    def _keep_groups(self, predicted: np.ndarray, splits: list[Fold]) -> None:
        """How many units of every group were answered right, under the key of the question over all folds."""
        for fold, t in ((fold, t) for fold in splits for t in range(len(self.part.tasks))):
            key = self.keys.get((self.part.tasks[t].spec, None))
            for split, test in fold.test.items() if key is not None else ():
                right = [one == other for one, other in zip(self.targets[test, t], predicted[test, t], strict=True)]
                table = pd.DataFrame({"group": self.part.groups[test], "right": np.array(right, dtype=np.int64)})
                found = table.groupby("group")["right"].agg(["size", "sum"])
                lines = zip(found.index, found["size"], found["sum"], strict=True)
                self.answer.lines("groups", rows.TABLES["groups"], ((key, split, *map(int, one)) for one in lines))


def _recorded(info: dict[str, Any]) -> dict[str, Any]:
    """What a fit found as a row keeps it: in few digits, since rows are many; the gap upwards, so that it bounds."""
    kept = dict(info)
    if "gap" in info:
        kept["gap"] = float(Context(prec=4, rounding=ROUND_CEILING).create_decimal_from_float(info["gap"]))
    if "objective" in info:
        kept["objective"] = float(f"{info['objective']:.6g}")
    return kept


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
