"""Texts longer than a classifier reads at once, as windows: runs of words without overlap, each as long as it may be.

The scores of a text are the means of its windows' scores, weighted by their words (ours: no published model is trained
so). What happens between windows is not seen. A text that is read whole is one window, and its scores are its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from probekit.learners.classifier import Classifier


@dataclass(frozen=True)
class Windows:
    """`parts`, the words of every window; `text` (n_parts,) int64, whose it is; `share` (n_parts,) float64, how much of
    that text's words it holds."""

    parts: list[list[str]]
    text: np.ndarray
    share: np.ndarray

    @property
    def some(self) -> bool:
        """Whether any text has several windows."""
        return len(self.parts) > len(np.unique(self.text))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Values of windows (n_parts, K) as those of texts (n_texts, K), float64."""
        found = np.zeros((int(self.text[-1]) + 1, values.shape[1]))
        np.add.at(found, self.text, self.share[:, None] * values)
        return found


def windows_of(texts: Sequence[Sequence[str]], lengths: Mapping[int, Sequence[int]]) -> Windows:
    """Windows of texts. lengths: words of each window by place of the text; one that is not there is one window."""
    parts: list[list[str]] = []
    text, share = [], []
    for place, words in enumerate(texts):
        ends = np.cumsum(lengths.get(place, [len(words)]))
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            parts.append(list(words[start:end]))
            text.append(place)
            share.append((end - start) / len(words))
    return Windows(parts, np.array(text, dtype=np.int64), np.array(share))


def window_lengths(classifier: Classifier, words: Sequence[str], first: int) -> list[int]:
    """Words of each window of a text, whose first holds `first` words. The last is 0 where one word does not fit."""
    found, start = [first], first
    while start < len(words):
        # Twice the first is nearly always more than fits, and keeps the work in proportion to the text.
        (room,) = classifier.room([words[start : start + 2 * first]])
        found.append(int(room))
        if not room:
            break
        start += found[-1]
    return found
