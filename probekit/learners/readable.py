"""Texts as a classifier can read them: prepared as it was trained; too long ones cut, in windows or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier import Classifier
from probekit.learners.windows import Windows, window_lengths, windows_of

LONG = ("refuse", "cut", "windows")


@dataclass
class Readable:
    """`texts` by their number from 0; why others are `left` out, how many words of those `cut` are not read, and how
    many each of the `windows` of a long one holds."""

    texts: dict[int, list[str]]
    left: dict[int, str] = field(default_factory=dict)
    cut: dict[int, int] = field(default_factory=dict)
    windows: dict[int, list[int]] = field(default_factory=dict)

    def in_windows(self) -> Windows:
        """The texts as what is read at once."""
        lengths = {place: self.windows[number] for place, number in enumerate(self.texts) if number in self.windows}
        return windows_of(list(self.texts.values()), lengths)

    def leave(self, number: int, why: str) -> None:
        """Leave a text out."""
        for held in (self.texts, self.cut, self.windows):
            held.pop(number, None)
        self.left[number] = why

    def remarks(self, what: str) -> list[str]:
        """A line on each text that is left out, cut or in windows, numbered from 1, and the count if any is out."""
        lines = [f"text {number + 1} is left out: {self.left[number]}" for number in sorted(self.left)]
        lines += [f"text {number + 1} is read without its last {self.cut[number]} words" for number in sorted(self.cut)]
        lines += [
            f"text {number + 1} is read in {len(self.windows[number])} windows: its scores are their means by words"
            for number in sorted(self.windows)
        ]
        if self.left:
            lines.append(f"{len(self.texts)} of {len(self.texts) + len(self.left)} texts {what}")
        return lines

    def check(self) -> Readable:
        """Itself. Raises ProbekitError where every text is left out."""
        if not self.texts:
            number = min(self.left)
            raise ProbekitError(f"no text is left of {len(self.left)}; text {number + 1}: {self.left[number]}")
        return self


def readable(classifier: Classifier, texts: Sequence[Sequence[str]], long: str = "refuse") -> Readable:
    """What a classifier can read of some texts. long: "refuse" leaves out a text that is longer than the model reads at
    once, "cut" keeps its first words, "windows" reads it in parts. Raises UnknownName for another word, ProbekitError
    where no text is left."""
    if long not in LONG:
        raise UnknownName("way with long texts:", long, LONG)
    found = Readable(classifier.preparation.apply(texts))
    steps = "|".join(classifier.preparation.steps)
    for number, words in enumerate(texts):
        if number not in found.texts:
            found.left[number] = f"it has no word left after {steps}" if len(words) else "it has no word"
    if found.texts:
        _fit(classifier, found, long)
    return found.check()


def _fit(classifier: Classifier, found: Readable, long: str) -> None:
    numbers = list(found.texts)
    for number, room in zip(numbers, classifier.room(list(found.texts.values())), strict=True):
        words = found.texts[number]
        if room == len(words):
            continue
        if room and long == "cut":
            found.texts[number], found.cut[number] = words[:room], len(words) - int(room)
        elif room and long == "windows":
            _lay_windows(classifier, found, number, int(room))
        else:
            ways = "; --long cut reads its beginning" if room else ""
            found.leave(number, f"'{classifier.name}' reads {room} of its {len(words)} words at once{ways}")


def _lay_windows(classifier: Classifier, found: Readable, number: int, first: int) -> None:
    lengths = window_lengths(classifier, found.texts[number], first)
    if lengths[-1]:
        found.windows[number] = lengths
    else:
        why = f"its word {sum(lengths) + 1} has more pieces than '{classifier.name}' reads at once"
        found.leave(number, why)


def labelled(classifier: Classifier, corpus: Corpus, long: str = "refuse") -> tuple[Readable, list[str]]:
    """The texts of a corpus that a classifier can read and whose label it knows, and the labels of all.

    Raises ProbekitError for a corpus without labels, and as `readable` does.
    """
    labels = labels_of(corpus)
    found = readable(classifier, [corpus.words(i) for i in range(corpus.n_sentences)], long)
    for number in [number for number in found.texts if labels[number] not in classifier.labels]:
        known = ", ".join(classifier.labels)
        found.leave(number, f"its label '{labels[number]}' is none of the classifier's ({known})")
    return found.check(), labels


def labels_of(corpus: Corpus) -> list[str]:
    """The label of every text. Raises ProbekitError where there are none."""
    if "label" not in corpus.sentences:
        raise ProbekitError(f"{corpus!r} has no labels; give labelled texts, such as a .tsv of label and text")
    return [str(label) for label in corpus.sentences["label"]]


def only_split(corpus: Corpus, split: str) -> Corpus:
    """The texts of one split."""
    return corpus.select(np.flatnonzero(corpus.sentences["split"].astype(str).to_numpy() == split))
