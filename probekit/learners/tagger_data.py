"""Sentences as a tagger is taught and asked: labels and what is derived of them, batches, answers as spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit import scores, tasks
from probekit.corpora.corpus import Corpus
from probekit.corpora.tag_schemes import Span, spans_of_tags, tags_of_spans
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.input_source import Source
from probekit.learners.labeller import labelled_words
from probekit.learners.word_models import Given, given

if TYPE_CHECKING:
    from probekit.models.tagger import Tagger


class Labels:
    """The labels of training with what is derived of them: categories for experts, what the second head tells."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.kinds = sorted({name[2:] for name in self.names if name[:2] in ("B-", "I-")})

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def categories(self, code: np.ndarray) -> np.ndarray:
        """Category of each label: 0 outside, then the kinds in order."""
        of_label = np.array([self.kinds.index(name[2:]) + 1 if name[2:] in self.kinds else 0 for name in self.names])
        return of_label[code]

    def detected(self, code: np.ndarray, scheme: str) -> np.ndarray:
        """What the second head tells: 0 outside, 1 within (`bio`: where one begins), 2 inside."""
        inside = np.array(
            [
                {"B": 1, "I": 2 if scheme == "bio" else 1}.get(name[:1] if name[1:2] == "-" else "", 0)
                for name in self.names
            ]
        )
        return inside[code]


class Sentences:
    """Some sentences of a corpus as batches of a tagger.

    `codes` (n_words,) are numbers of labels; words that the task asks nothing of, and labels that training lacks, are
    not taught and have 0.
    """

    def __init__(
        self,
        corpus: Corpus,
        rows: np.ndarray,
        sources: Sequence[Source],
        labels: Labels,
        task: str,
        detection: str = "none",
    ) -> None:
        self.corpus, self.rows, self.sources, self.labels = corpus, rows, sources, labels
        self.task, self.detection = task, detection
        for source in sources:
            source.prepare(corpus)

    @cached_property
    def gold(self) -> np.ndarray:
        """Labels of all words of the corpus, None where the task asks nothing."""
        words, labels = labelled_words(tasks.get(self.task), self.corpus)
        found = np.full(self.corpus.n_words, None, dtype=object)
        found[words] = labels
        return found

    @cached_property
    def codes(self) -> np.ndarray:
        return np.array([self.labels.numbers.get(label, 0) for label in self.gold], dtype=np.int64)

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        return Buckets(self.corpus.lengths[self.rows], budget, seed)

    def given(self, rows: np.ndarray) -> Given:
        """Inputs of each source, and the mask (B, T), of some of the sentences."""
        return given(self.sources, self.corpus, self.rows[rows])

    def batch(self, rows: np.ndarray) -> tuple[Any, ...]:
        """Inputs, mask and gold of some of the sentences."""
        import torch

        from probekit.models.tagger import Gold
        from probekit.training.buckets import padded

        starts, lengths = self.corpus.offsets[self.rows[rows]], self.corpus.lengths[self.rows[rows]]
        codes = padded([self.codes[start : start + n] for start, n in zip(starts, lengths, strict=True)])
        three = (codes, self.labels.categories(codes), self.labels.detected(codes, self.detection))
        return (*self.given(rows), Gold(*map(torch.from_numpy, three)))

    def answers(self, model: Tagger, budget: int) -> np.ndarray:
        """What a tagger says of every word of the sentences, in their order, text."""
        found: list[np.ndarray] = [np.empty(0)] * len(self.rows)
        names = np.array(self.labels.names, dtype=object)
        for rows in self.buckets(budget).in_order():
            told = model.answer(*self.given(rows)).numpy()
            for place, row in enumerate(rows):
                found[row] = names[told[place, : self.corpus.lengths[self.rows[row]]]]
        return np.concatenate(found)

    @cached_property
    def _places(self) -> np.ndarray:
        return np.concatenate([np.arange(*self.corpus.offsets[row : row + 2]) for row in self.rows])

    def asked(self) -> np.ndarray:
        """Labels of the words of the sentences, in their order, None where the task asks nothing."""
        return self.gold[self._places]

    @property
    def n_spans(self) -> int:
        """Spans of gold in the sentences."""
        return sum(str(label).startswith("B-") for label in self.asked())

    def check_labelled(self) -> None:
        """Raise ProbekitError for a word without a label, which cannot be taught, with the way out."""
        without = pd.isna(self.asked())
        if without.any():
            place = int(self._places[without][0])
            word = str(self.corpus.form[place])
            way = "leave their sentences out, or take another task"
            with suppress(ProbekitError):
                way = f"ask {tasks.get(f'{self.task}(words=all)').spec}"
            raise ProbekitError(
                f"{int(without.sum())} of {len(without)} words of {self.corpus!r} have no label of '{self.task}' (the "
                f"first is '{word}' in sentence {int(self.corpus.sentence_of_word[place]) + 1}), and a tagger is "
                f"taught whole sentences; {way}"
            )

    def check_spans(self, part: str) -> None:
        """Raise ProbekitError for a task of spans of which the sentences have none."""
        if is_spans(self.task) and not self.n_spans:
            raise ProbekitError(
                f"the {part} sentences of {self.corpus!r} have no span of '{self.task}'; give others, or another layer"
            )

    @property
    def unseen(self) -> dict[str, int]:
        """Spans by label that training lacks, which no answer can have; of labels that are no spans, words."""
        begins = [str(label) for label in self.asked() if label is not None]
        begins = [one.removeprefix("B-") for one in begins if one.startswith("B-")] if is_spans(self.task) else begins
        known = set(self.labels.kinds) if is_spans(self.task) else set(self.labels.names)
        return dict(sorted(Counter(one for one in begins if one not in known).items()))

    def score(self, told: np.ndarray) -> float:
        """F1 of spans for tags of spans, else the share of words that are right, of words with a label."""
        gold = self.asked()
        if is_spans(self.task):
            lengths = self.corpus.lengths[self.rows]
            return scores.score("span_f1", spans(gold, lengths), spans(told, lengths), interval="none").value
        return float((gold == told)[pd.notna(gold)].mean())

    def mean_loss(self, model: Tagger, budget: int) -> float:
        """One minus the score: what training makes small on development data."""
        value = self.score(self.answers(model, budget))
        return 1.0 - (0.0 if np.isnan(value) else value)


MENDED = ("begin", "final-type")


def check_repair(repair: str) -> None:
    """Raise UnknownName for a way to mend answers that is none."""
    if repair not in MENDED:
        raise UnknownName("repair of answers", repair, MENDED)


def is_spans(task: str) -> bool:
    """Whether the labels of a task are tags of spans."""
    return task.startswith("word/bio:")


def repaired(tags: np.ndarray, lengths: np.ndarray, repair: str = "begin") -> int:
    """Tags that are read otherwise than they stand: an I that continues nothing; see `tag_schemes`."""
    ends = np.cumsum(lengths)
    return sum(
        spans_of_tags(tags[end - n : end].tolist(), "bio", repair).repaired
        for end, n in zip(ends, lengths, strict=True)
    )


def spans(tags: np.ndarray, lengths: np.ndarray, repair: str = "begin") -> list[list[Span]]:
    """Spans of each sentence of some tags, one after another; an I that continues nothing begins one."""
    ends = np.cumsum(lengths)
    return [
        spans_of_tags(tags[end - n : end].tolist(), "bio", repair).spans for end, n in zip(ends, lengths, strict=True)
    ]


def mended(tags: np.ndarray, lengths: np.ndarray, repair: str = "begin") -> np.ndarray:
    """Tags of some sentences, one after another, that keep the scheme of spans."""
    each = zip(spans(tags, lengths, repair), lengths, strict=True)
    return np.array([tag for found, n in each for tag in tags_of_spans(int(n), found)], dtype=object)
