"""What a tuner asks: the units of a task as framed texts, their targets as numbers, and batches of both."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from probekit import streams, tasks
from probekit.corpora.corpus import Corpus
from probekit.encoders.live import LiveBatch, Reader
from probekit.errors import ProbekitError
from probekit.tasks import Task
from probekit.tasks.task import PAIRED

SPLITS = ("train", "dev", "test")
POOLED = 50  # batches whose items are sorted by length together


@dataclass(frozen=True, eq=False)
class Given:
    """A batch: texts, what is right, and how units lie in it.

    `gold` (n,) int64 of labels, (n, K) float32 of several labels, (n,) float32 of numbers; of choices (Q,) the place of
    the right option. `places` (n,) are the flat positions of word units, None for texts; `options` (Q, C) the rows of a
    question's options, -1 where it has fewer.
    """

    texts: LiveBatch
    gold: Tensor
    places: Tensor | None
    options: Tensor | None
    kind: str
    units: np.ndarray
    task: int = 0


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and spread of numbers, by which they are standardised."""

    mean: float
    spread: float


@dataclass(frozen=True, eq=False)
class Asked:
    """A task asked of a corpus.

    `kind` is label, labels, number, choice or tags. `labels` are those of the training units, sorted; `codes` what is
    learned. `split` (n,) of every unit; `text` (n,) its framed text among `frames` (E, 3): sentence, second sentence or
    -1, marked word or -1; `item` (E,) what batches keep together: a text, or all options of a question.
    """

    task: Task
    corpus: Corpus
    units: pd.DataFrame
    targets: np.ndarray
    kind: str
    labels: tuple[str, ...]
    scale: Scale
    split: np.ndarray
    frames: np.ndarray
    text: np.ndarray
    item: np.ndarray

    @property
    def outputs(self) -> int:
        """Scores of a unit."""
        return 1 if self.kind in ("number", "choice") else len(self.labels)

    @property
    def groups(self) -> np.ndarray:
        """What intervals, and measures of questions, keep together, (n,)."""
        found: np.ndarray = self.units["group"].to_numpy(np.int64)
        return found

    @cached_property
    def codes(self) -> np.ndarray:
        """Targets as numbers; -1 for a label that training does not have."""
        number = {label: k for k, label in enumerate(self.labels)}
        if self.kind == "number":
            return ((self.targets.astype(float) - self.scale.mean) / self.scale.spread).astype(np.float32)
        if self.kind == "labels":
            found = np.zeros((len(self.targets), len(number)), dtype=np.float32)
            for row, labels in enumerate(self.targets):
                found[row, [number[one] for one in labels if one in number]] = 1
            return found
        return np.array([number.get(str(label), -1) for label in self.targets], dtype=np.int64)

    def unseen(self, split: str) -> dict[str, int]:
        """Labels of a split that training lacks, which no answer can have, and how often each stands there."""
        if self.kind == "number":
            return {}
        told = self.targets[self.split == split]
        every = (str(label) for one in told for label in (one if self.kind == "labels" else (one,)))
        return dict(sorted(Counter(label for label in every if label not in self.labels).items()))

    @cached_property
    def _items(self) -> tuple[np.ndarray, np.ndarray]:
        """Texts by item, and where each item's begin."""
        order = np.argsort(self.item, kind="stable")
        return order, np.searchsorted(self.item[order], np.arange(int(self.item.max()) + 2))

    @cached_property
    def _units(self) -> tuple[np.ndarray, np.ndarray]:
        """Units by text, and where each text's begin."""
        order = np.argsort(self.text, kind="stable")
        return order, np.searchsorted(self.text[order], np.arange(len(self.frames) + 1))

    def items_of(self, split: str) -> np.ndarray:
        """Items whose units stand in a split."""
        return np.unique(self.item[self.text[self.split == split]])

    def sizes(self, reader: Reader, items: np.ndarray) -> np.ndarray:
        """Positions of the longest text of each item."""
        first, second = self.frames[:, 0], self.frames[:, 1]
        sizes = reader.sizes(first, second if (second >= 0).any() else None)
        order, begins = self._items
        found: np.ndarray = np.maximum.reduceat(sizes[order], begins[:-1])[items]
        return found

    def given(self, reader: Reader, items: np.ndarray, task: int = 0) -> Given:
        """A batch of some items."""
        order, begins = self._items
        of_item = [order[begins[item] : begins[item + 1]] for item in items]
        chosen = np.concatenate(of_item)
        first, second, mark = self.frames[chosen].T
        texts = reader.batch(first, second if second[0] >= 0 else None, mark if mark[0] >= 0 else None)
        by_text, starts = self._units
        units = np.concatenate([by_text[starts[text] : starts[text + 1]] for text in chosen])
        places = options = None
        gold = self.codes[units]
        if self.kind == "tags":
            units, places = self._words(texts, chosen, units)
            gold = self.codes[units]
        elif self.kind == "choice":
            width = max(map(len, of_item))
            rows = np.full((len(items), width), -1)
            starts_of = np.cumsum([0, *map(len, of_item)])
            for row, own in enumerate(of_item):
                rows[row, : len(own)] = np.arange(starts_of[row], starts_of[row] + len(own))
            right = gold == self.labels.index("yes")
            gold = np.where(rows >= 0, right[rows], False).argmax(axis=1)
            options = torch.from_numpy(rows)
        return Given(
            texts, torch.from_numpy(gold), None if places is None else torch.from_numpy(places), options, self.kind,
            units, task,
        )  # fmt: skip

    def _words(self, texts: LiveBatch, chosen: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Word units that are read, and the flat position of the first piece of each."""
        word = texts.word.numpy()
        first = np.full((len(chosen), int(self.corpus.lengths[self.frames[chosen, 0]].max())), -1)
        rows, places = np.nonzero(word >= 0)
        first[rows[::-1], word[rows, places][::-1]] = (rows * word.shape[1] + places)[::-1]
        row_of = np.full(len(self.frames), -1)
        row_of[chosen] = np.arange(len(chosen))
        found = first[row_of[self.text[units]], self.units["start"].to_numpy()[units]]
        return units[found >= 0], found[found >= 0]


def ask(task: str, corpus: Corpus, known: Mapping[str, Any] | None = None) -> Asked:
    """A task asked of a corpus. known: labels and scale of a training that is over.

    Raises ProbekitError, before any training, for a split without units, one class, a label of dev that train lacks, a
    group in two splits. Of words, and of several labels, such a label counts as missed, with a warning.
    """
    one = tasks.get(task)
    if one.level == "span" or one.kind == "text":
        raise ProbekitError(f"'{one.spec}' asks of spans or texts, and a tuner learns sentences, pairs, choices, words")
    units, targets = one.units(corpus), one.targets(corpus)
    kind = {"choice": "choice", "word": "tags"}.get(one.level, one.kind)
    if kind == "tags" and one.kind != "label":
        raise ProbekitError(f"'{one.spec}' asks of words for {one.kind}s; a tuner learns labels of words")
    first = units["sentence"].to_numpy(np.int64)
    second = units["sentence2"].to_numpy(np.int64) if one.level in PAIRED else np.full(len(units), -1)
    mark = units["mark"].to_numpy(np.int64) if "mark" in units else np.full(len(units), -1)
    frames, text = np.unique(np.stack([first, second, mark], axis=1), axis=0, return_inverse=True)
    text = text.reshape(-1)
    item = np.arange(len(frames))
    if kind == "choice":
        item = np.empty(len(frames), dtype=np.int64)
        item[text] = pd.factorize(units["group"])[0]
    split = corpus.sentences["split"].astype(str).to_numpy()[first]
    if one.level in PAIRED:
        _check_groups(one, units, split, corpus)
    if known is None:
        _check_splits(one, corpus, split)
        labels, scale = _learned(one, kind, targets[split == "train"])
        _check_known(one, kind, labels, targets, split)
    else:
        labels, scale = tuple(known["labels"]), Scale(*known["scale"])
    found = Asked(one, corpus, units, targets, kind, labels, scale, split, frames, text, item)
    if known is None:
        _say_unseen(found)
    return found


def _say_unseen(asked: Asked) -> None:
    for name in ("dev", "test"):
        if unseen := asked.unseen(name):
            first = ", ".join(f"{label} {n}" for label, n in list(unseen.items())[:5])
            warnings.warn(
                f"{name} of {asked.corpus!r} has labels of '{asked.task.spec}' that train lacks ({len(unseen)} kinds); "
                f"they count as missed: {first}{' ...' if len(unseen) > 5 else ''}",
                stacklevel=4,
            )


def _learned(task: Task, kind: str, targets: np.ndarray) -> tuple[tuple[str, ...], Scale]:
    if kind == "number":
        spread = float(np.std(targets.astype(float)))
        if not spread:
            raise ProbekitError(f"'{task.spec}' has one and the same number in all training units")
        return (), Scale(float(np.mean(targets.astype(float))), spread)
    found = {label for one in targets for label in (one if kind == "labels" else (one,))}
    if len(found) < (1 if kind == "labels" else 2):
        raise ProbekitError(
            f"'{task.spec}' has {'the label ' + repr(min(found)) + ' alone' if found else 'no label'} in training; "
            "there is nothing to learn"
        )
    return tuple(sorted(map(str, found))), Scale(0.0, 1.0)


def _check_splits(task: Task, corpus: Corpus, split: np.ndarray) -> None:
    for name in ("train", "dev"):
        if not (split == name).any():
            there = ", ".join(f"{one} ({int((split == one).sum())})" for one in sorted(set(split)))
            raise ProbekitError(
                f"'{task.spec}' asks of nothing in the split {name} of {corpus!r} (units by split: {there}); "
                "|holdout, |resplit or |holdout-documents make one"
            )


def _check_known(task: Task, kind: str, labels: tuple[str, ...], targets: np.ndarray, split: np.ndarray) -> None:
    """Labels of words may be rare enough to lack in training: those count as missed."""
    if kind not in ("label", "choice"):
        return
    for name in ("dev", "test"):
        if unknown := sorted(set(map(str, targets[split == name])) - set(labels)):
            raise ProbekitError(
                f"the label '{unknown[0]}' of '{task.spec}' stands in {name} and not in train; leave its units out, "
                "or give train some"
            )


def _check_groups(task: Task, units: pd.DataFrame, split: np.ndarray, corpus: Corpus) -> None:
    parts = pd.Series(split).groupby(units["group"].to_numpy()).nunique()
    if (parts > 1).any():
        group = int(parts.index[parts > 1][0])
        raise ProbekitError(
            f"question {group + 1} of {corpus!r} stands in two splits, so that '{task.spec}' could be answered from "
            "what was learned of it; split by documents: |split-documents, |holdout-documents"
        )


# --- batches


def by_length(sizes: np.ndarray, batch: int, epoch: int, seed: int) -> list[np.ndarray]:
    """Places of an epoch's batches: items of like length together within pools of POOLED batches, in a drawn order."""
    random = streams.generator(seed, "order", epoch)
    mixed = random.permutation(len(sizes))
    found: list[np.ndarray] = []
    for start in range(0, len(mixed), batch * POOLED):
        pool = mixed[start : start + batch * POOLED]
        pool = pool[np.argsort(sizes[pool], kind="stable")]
        found += [pool[k : k + batch] for k in range(0, len(pool), batch)]
    return [found[k] for k in random.permutation(len(found))]


def in_order(asked: Asked, reader: Reader, split: str, budget: int = 2048) -> Iterator[Given]:
    """All items of a split, shortest first, in batches of at most `budget` positions."""
    items = asked.items_of(split)
    sizes = asked.sizes(reader, items)
    _, begins = asked._items
    texts = np.diff(begins)[items]
    held: list[int] = []
    longest = rows = 0
    for place in np.argsort(sizes, kind="stable"):
        wide, more = max(longest, int(sizes[place])), rows + int(texts[place])
        if held and wide * more > budget:
            yield asked.given(reader, items[held])
            held, wide, more = [], int(sizes[place]), int(texts[place])
        held.append(int(place))
        longest, rows = wide, more
    if held:
        yield asked.given(reader, items[held])
