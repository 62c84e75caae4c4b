"""Units, groups and folds: what a cell of sentence or word tasks asks of a corpus, and how it is split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from probekit import streams
from probekit.corpora.corpus import Corpus
from probekit.corpora.steps.parts import fold_of_sentences
from probekit.errors import ProbekitError
from probekit.tasks import Task
from probekit.tasks.task import PAIRED


@dataclass(frozen=True)
class Fold:
    """One split of units: rows to train on, to choose on (None: the probe splits its training rows), to score."""

    number: int | None
    train: np.ndarray
    dev: np.ndarray | None
    test: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Joint:
    """Tasks of a cell that ask of the same units: (n, T) targets, a group and a type for every unit."""

    tasks: list[Task]
    units: pd.DataFrame
    targets: np.ndarray
    groups: np.ndarray
    types: np.ndarray


def same_units(chosen: Sequence[Task], corpus: Corpus, groups: str) -> list[Joint]:
    """Tasks put together where they ask of the same units and are scored alike: they are solved together."""
    parts: dict[tuple[str, bytes], tuple[list[Task], pd.DataFrame, list[np.ndarray]]] = {}
    for task in chosen:
        units = task.units(corpus)
        place = [name for name in ("sentence", "start", "end", "sentence2", "mark") if name in units]
        content = (task.metric, units[place].to_numpy(np.int64).tobytes())
        part = parts.setdefault(content, ([], units, []))
        part[0].append(task)
        part[2].append(np.asarray(task.targets(corpus)))
    whole = group_of_sentence(corpus, groups)
    asked = []
    for members, units, targets in parts.values():
        sentence = units["sentence"].to_numpy()
        asked.append(
            Joint(members, units, np.stack(targets, axis=1), whole[sentence], type_of_unit(members[0], units, corpus))
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
    """What control tasks keep constant: the word of a word unit, the text of a sentence unit, both texts of a pair."""
    if task.level == "word":
        place = corpus.offsets[units["sentence"].to_numpy()] + units["start"].to_numpy()
        return np.asarray(corpus.form.categories, dtype=object)[corpus.form.codes[place]]
    texts = np.asarray(corpus.texts, dtype=object)
    if task.level in PAIRED:
        return texts[units["sentence"].to_numpy()] + "\n" + texts[units["sentence2"].to_numpy()]
    return texts[units["sentence"].to_numpy()]


class TooFew(Exception):
    """There are too few units to train on some and score others."""


def make_folds(part: Joint, corpus: Corpus, n_folds: int, groups: str, seed: int) -> list[Fold]:
    """Splits of a part's units: shuffled folds of whole groups, or the corpus's own parts when n_folds is 0.

    Every group is in one fold, the same for every task, probe and encoder of a corpus. Sentences are dealt evenly;
    larger groups, largest first, each to the fold with the fewest sentences so far.
    """
    sentence = part.units["sentence"].to_numpy()
    if n_folds == 0:
        return [_own_splits(corpus, sentence)]
    of_sentence = group_of_sentence(corpus, groups)
    sizes = np.bincount(of_sentence)
    if len(sizes) < n_folds or len(np.unique(part.groups)) < n_folds:
        raise TooFew(f"{len(np.unique(part.groups))} {groups} groups are too few for {n_folds} folds")
    if groups == "sentence":
        fold_of_group = fold_of_sentences(len(sizes), n_folds, seed)
    else:
        order = streams.generator(seed, "split", "folds", groups).permutation(len(sizes))
        fold_of_group = np.empty(len(sizes), dtype=np.int64)
        filled = np.zeros(n_folds, dtype=np.int64)
        for group in order[np.argsort(-sizes[order], kind="stable")]:
            fold_of_group[group] = filled.argmin()
            filled[fold_of_group[group]] += sizes[group]
    fold = fold_of_group[part.groups]
    if (fold == fold[0]).all():
        raise TooFew(f"all {len(fold)} units of the task fall into one of {n_folds} folds; none is left to train on")
    tests = [np.flatnonzero(fold == k) for k in range(n_folds)]
    return [Fold(k, np.flatnonzero(fold != k), None, {"cv": test} if len(test) else {}) for k, test in enumerate(tests)]


def _own_splits(corpus: Corpus, sentence: np.ndarray) -> Fold:
    every = corpus.sentences["split"].astype(str).to_numpy()
    names = every[sentence]
    rows_of = {name: np.flatnonzero(names == name) for name in ("train", "dev", "test")}
    if "train" in every and ("dev" in every or "test" in every):
        if not len(rows_of["train"]) or not (len(rows_of["dev"]) or len(rows_of["test"])):
            raise TooFew("the task asks of nothing in the train part, or of nothing beside it")
    else:
        found = ", ".join(sorted(set(every) - {""})) or "none"
        raise ProbekitError(
            f"{corpus!r} has no train part with a dev or test part beside it (its parts: {found}); cross-validate with "
            "folds=5, or name the files ...-train..., ...-dev..., ...-test..."
        )
    dev = rows_of["dev"] if len(rows_of["dev"]) else None
    return Fold(None, rows_of["train"], dev, {n: rows_of[n] for n in ("dev", "test") if len(rows_of[n])})


def clusters(groups: np.ndarray) -> np.ndarray | None:
    """Groups for intervals, or None when every unit is its own."""
    return groups if len(np.unique(groups)) < len(groups) else None
