"""Running text as numbers of words, as trainers of tables read it: vocabulary, windows, co-occurrences, draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ALONE = "no two words that are counted stand in one window; give text of longer sentences, or lower min_count"
_AT_ONCE = 1 << 20  # words of text whose co-occurrences are counted at once


@dataclass(frozen=True, eq=False)
class Text:
    """A corpus as numbers of its words, those that are too rare left out.

    words and counts: the vocabulary, most frequent first, ties in alphabetical order of code points. ids (n,) int32:
    the word at each place that is left; sentence (n,) int32: its sentence; place (n,) int64: where it stands among all
    words of the corpus.
    """

    words: tuple[str, ...]
    counts: np.ndarray
    ids: np.ndarray
    sentence: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def kept(self, places: np.ndarray) -> Text:
        """The text of some of its places alone; the vocabulary and its counts stay."""
        return Text(self.words, self.counts, self.ids[places], self.sentence[places], self.place[places])


def counted(corpus: Corpus, lower: bool) -> tuple[list[str], dict[str, int]]:
    """The form of each category of a corpus as it is counted, and how often each occurs, in vocabulary order.

    Raises ProbekitError for an empty word or one with a line break.
    """
    corpus.require("form")
    forms = [str(form).lower() if lower else str(form) for form in corpus.form.categories]
    counts: dict[str, int] = {}
    for form, count in zip(forms, np.bincount(corpus.form.codes, minlength=len(forms)).tolist(), strict=True):
        if count:
            counts[form] = counts.get(form, 0) + count
    broken = next((form for form in counts if not form or "\n" in form), None)
    if broken is not None:
        raise ProbekitError(f"{corpus!r} has an empty word or one with a line break, {broken!r}; mend the corpus")
    return forms, dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def text_of(corpus: Corpus, lower: bool = True, min_count: int = 1, most: int = 0) -> Text:
    """The text of a corpus. min_count: of words that stay; most: how many of the most frequent stay, 0 for all.

    Raises ProbekitError where no word is left, or fewer than two different ones.
    """
    forms, counts = counted(corpus, lower)
    kept = {word: count for word, count in counts.items() if count >= min_count}
    kept = dict(list(kept.items())[: most or None])
    if len(kept) < 2:
        what = "no word" if not kept else "one word alone"
        raise ProbekitError(f"{what} of {corpus!r} occurs {min_count} times; lower min_count or give more text")
    number = {word: at for at, word in enumerate(kept)}
    of_form = np.array([number.get(form, -1) for form in forms], dtype=np.int32)
    ids = of_form[corpus.form.codes]
    place = np.flatnonzero(ids >= 0)
    values = np.fromiter(kept.values(), np.int64)
    return Text(tuple(kept), values, ids[place], corpus.sentence_of_word[place], place)


def thinned(text: Text, sample: float, random: np.random.Generator) -> Text:
    """Frequent words left out at random, each place kept with (sqrt(f / sample) + 1) sample / f of its word's share f.

    sample: 0 keeps all. Source: word2vec's program, as gensim has it.
    """
    if not sample:
        return text
    share = text.counts / text.counts.sum() / sample
    keep = np.minimum(1, (np.sqrt(share) + 1) / share)
    return text.kept(np.flatnonzero(random.random(len(text), dtype=np.float32) < keep[text.ids]))


@dataclass(frozen=True, eq=False)
class Windows:
    """Words around places of a text: `before` and `after` within its sentence."""

    text: Text
    before: int
    after: int

    def around(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the words around some places (m, before + after) int32, and where there is one."""
        shifts = np.concatenate([np.arange(-self.before, 0), np.arange(1, self.after + 1)])
        where = places[:, None] + shifts
        inside = (where >= 0) & (where < len(self.text))
        where = np.where(inside, where, 0)
        inside &= self.text.sentence[where] == self.text.sentence[places][:, None]
        return np.where(inside, self.text.ids[where], 0), inside

    def sizes(self) -> np.ndarray:
        """How many words stand around each place, (n,) int64."""
        at = np.arange(len(self.text))
        first = np.searchsorted(self.text.sentence, self.text.sentence, side="left")
        last = np.searchsorted(self.text.sentence, self.text.sentence, side="right") - 1
        return np.minimum(at - first, self.before) + np.minimum(last - at, self.after)


class Draws:
    """Words drawn with replacement in proportion to count^power (Walker's alias method: two numbers a draw)."""

    def __init__(self, counts: np.ndarray, power: float = 0.75) -> None:
        weights = counts.astype(np.float64) ** power
        scaled = weights / weights.sum() * len(weights)
        self.share = np.ones(len(weights))
        self.other = np.arange(len(weights), dtype=np.int32)
        small = [at for at in range(len(scaled)) if scaled[at] < 1]
        large = [at for at in range(len(scaled)) if scaled[at] >= 1]
        while small and large:
            low, high = small.pop(), large[-1]
            self.share[low], self.other[low] = scaled[low], high
            scaled[high] -= 1 - scaled[low]
            if scaled[high] < 1:
                small.append(large.pop())

    def __call__(self, size: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
        """Numbers of words, int32 of some shape."""
        first = random.integers(len(self.share), size=size, dtype=np.int32)
        return np.where(random.random(size, dtype=np.float32) < self.share[first], first, self.other[first])


def cooccurrences(text: Text, window: int, harmonic: bool = True) -> csr_matrix:
    """How often two words stand within a window of a sentence, (n, n) float32, symmetric; 1/distance each if harmonic.

    The text is taken in stretches, so that no more than a stretch and the sums are held. Raises ProbekitError where no
    two words stand so.
    """
    from scipy.sparse import csr_matrix

    n = len(text.words)
    total = csr_matrix((n, n), dtype=np.float32)
    for start in range(0, len(text), _AT_ONCE):
        part = csr_matrix((n, n), dtype=np.float32)
        for rows, columns, weight in _pairs(text, start, window, harmonic):
            part += csr_matrix((np.full(len(rows), weight, dtype=np.float32), (rows, columns)), shape=(n, n))
        total += part
    if not total.nnz:
        raise ProbekitError(ALONE)
    return (total + total.T).tocsr()


def _pairs(text: Text, start: int, window: int, harmonic: bool) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Words and those that stand some places after them, for each distance."""
    for distance in range(1, window + 1):
        end = min(start + _AT_ONCE, len(text) - distance)
        if end <= start:
            return
        same = text.sentence[start:end] == text.sentence[start + distance : end + distance]
        pairs = (text.ids[start:end][same], text.ids[start + distance : end + distance][same])
        yield (*pairs, 1 / distance if harmonic else 1.0)
