"""Text as sequences of pieces, several languages: mapped on disk, drawn in an order that a seed alone decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.streams import generator

AT_ONCE = 2000  # sentences cut into pieces at a time


class Text(Sequence[Sequence[str]]):
    """The words of some sentences of a corpus, made when they are read."""

    def __init__(self, corpus: Corpus, rows: np.ndarray) -> None:
        self.corpus, self.rows = corpus, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return self.corpus.words(int(self.rows[place]))


def write_pieces(tokenizer: Any, sentences: Iterable[Sequence[str]], file: Path) -> int:
    """Pieces of sentences, one after another over their borders, as raw int32 in a file; returns how many.

    Memory is that of some sentences. A file that is there is written anew.
    """
    n = 0
    with open(file, "wb") as out:
        left = iter(sentences)
        while some := list(islice(left, AT_ONCE)):
            found = tokenizer(list(map(list, some)), is_split_into_words=True, add_special_tokens=False)["input_ids"]
            flat = np.fromiter((piece for own in found for piece in own), dtype=np.int32)
            flat.tofile(out)
            n += len(flat)
    return n


class Sequences:
    """Sequences of `length` positions, the first and last special, from the pieces of each language.

    files: raw int32 as `write_pieces` leaves them. A language's sequences follow each other without overlap; all are
    read once, in an order of their own, before any is read again. power: languages are drawn by their size to this
    power; 0 is alike. Draws depend on the seed alone: step n is the same whatever was read before. names: of the texts.
    Raises ProbekitError for a text that is shorter than one sequence.
    """

    def __init__(
        self,
        files: Sequence[Path],
        length: int,
        batch: int,
        steps: int,
        power: float,
        seed: int,
        ends: tuple[int, int],
        names: Sequence[str] = (),
    ) -> None:
        self.length, self.batch, self.seed, self.ends = length, batch, seed, ends
        self.inside = length - 2
        sizes_of = [file.stat().st_size // np.dtype(np.int32).itemsize for file in files]
        for number, size in enumerate(sizes_of):
            if size < self.inside:
                raise ProbekitError(
                    f"{names[number] if names else 'a text'} has {size} pieces, and one sequence takes {self.inside}; "
                    "give more text, or a smaller length="
                )
        self.texts = [np.memmap(file, dtype=np.int32, mode="r") for file in files]
        self.rows = [len(text) // self.inside for text in self.texts]
        sizes = np.array([len(text) for text in self.texts], dtype=np.float64) ** power
        drawn = generator(seed, "draw", "languages", len(files)).choice(
            len(files), size=(steps, batch), p=sizes / sizes.sum()
        )
        self.languages = drawn.astype(np.int16)
        # Of each draw, how many of its language came before.
        self.before = np.zeros((steps, batch), dtype=np.int64)
        for language in range(len(files)):
            own = self.languages == language
            self.before[own] = np.arange(int(own.sum()))
        self._orders: dict[tuple[int, int], np.ndarray] = {}

    def step(self, number: int) -> np.ndarray:
        """The sequences of a step, (batch, length) int64."""
        out = np.empty((self.batch, self.length), dtype=np.int64)
        out[:, 0], out[:, -1] = self.ends
        for row in range(self.batch):
            language = int(self.languages[number, row])
            round_, place = divmod(int(self.before[number, row]), self.rows[language])
            at = int(self._order(language, round_)[place]) * self.inside
            out[row, 1:-1] = self.texts[language][at : at + self.inside]
        return out

    def _order(self, language: int, round_: int) -> np.ndarray:
        key = (language, round_)
        if key not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k[0] != language or k[1] >= round_ - 1}
            self._orders[key] = generator(self.seed, "order", "text", language, round_).permutation(self.rows[language])
        return self._orders[key]

    def counts(self, size: int) -> np.ndarray:
        """How often each of `size` pieces stands in all texts, (size,) int64."""
        found = np.zeros(size, dtype=np.int64)
        for text in self.texts:
            for start in range(0, len(text), 1 << 20):
                found += np.bincount(text[start : start + (1 << 20)], minlength=size)
        return found


def in_turn(text: np.ndarray, inside: int, batch: int, ends: tuple[int, int], most: int) -> Iterator[np.ndarray]:
    """The first `most` sequences of a text, in order, (<= batch, inside + 2) int64 at a time."""
    rows = min(len(text) // inside, most)
    for first in range(0, rows, batch):
        n = min(batch, rows - first)
        out = np.empty((n, inside + 2), dtype=np.int64)
        out[:, 0], out[:, -1] = ends
        out[:, 1:-1] = text[first * inside : (first + n) * inside].reshape(n, inside)
        yield out
