"""What a supertagger is taught: the alphabet of its categories, and sentences as batches with pointers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import tasks
from probekit.corpora.categories import joined, symbols, written
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError
from probekit.learners.input_source import Source
from probekit.learners.labeller import labelled_words
from probekit.learners.word_models import given

if TYPE_CHECKING:
    import torch

    from probekit.models.supertagger import Supertagger

TASK = "word/ccg"
BOUNDARY = "[SEP]"


class Alphabet:
    """The categories of training, and the symbols that a decoder writes them with: `names`, the boundary first.

    spelled: whether symbols are primitives (atoms, slashes, brackets), else they are categories.
    """

    def __init__(self, categories: Sequence[str], spelled: bool) -> None:
        self.categories, self.spelled = sorted(set(categories)), spelled
        every = sorted({part for one in self.categories for part in symbols(one)})
        self.names = [BOUNDARY, *(every if spelled else self.categories)]
        self.numbers = {name: number for number, name in enumerate(self.names)}

    @property
    def cap(self) -> int:
        """Primitives of the longest category of training."""
        return max(len(symbols(one)) for one in self.categories)

    def written(self, category: str) -> list[int]:
        """Symbols of a category as it is taught; -1 for one that training lacks."""
        parts = [*symbols(category), BOUNDARY] if self.spelled else [category]
        return [self.numbers.get(part, -1) for part in parts]

    def read(self, told: Sequence[int]) -> tuple[str, bool]:
        """The category that symbols make, canonical where it is one, and whether brackets had to be taken out."""
        parts = [self.names[symbol] for symbol in told]
        found = joined(parts)
        return found, found != written(parts)


class CategorySentences:
    """Some sentences of a corpus as batches of a supertagger. A category that training lacks is not taught.

    Raises ProbekitError for a word without a category.
    """

    def __init__(self, corpus: Corpus, rows: np.ndarray, sources: Sequence[Source], alphabet: Alphabet) -> None:
        self.corpus, self.rows, self.sources, self.alphabet = corpus, rows, sources, alphabet
        for source in sources:
            source.prepare(corpus)

    @cached_property
    def gold(self) -> np.ndarray:
        """Categories of all words of the corpus."""
        return categories_of(self.corpus)

    @cached_property
    def _written(self) -> dict[str, list[int]]:
        return {category: self.alphabet.written(category) for category in set(self.gold[self.places].tolist())}

    @cached_property
    def places(self) -> np.ndarray:
        """Words of the sentences, in their order."""
        return np.concatenate([np.arange(*self.corpus.offsets[row : row + 2]) for row in self.rows])

    def asked(self) -> np.ndarray:
        """Categories of the words of the sentences, in their order."""
        return self.gold[self.places]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Primitives of each sentence, boundaries included: what batches are made by, whatever the decoder writes."""
        sizes = {category: len(symbols(category)) + 1 for category in set(self.gold.tolist())}
        words = np.array([sizes[category] for category in self.gold])
        return np.add.reduceat(words, self.corpus.offsets[:-1])[self.rows]

    def check_known(self) -> None:
        """Raise ProbekitError where training lacks all that the categories are written with: nothing can be chosen."""
        end = self.alphabet.numbers[BOUNDARY]
        if not any(symbol not in (-1, end) for written in self._written.values() for symbol in written):
            first = str(self.asked()[0])
            raise ProbekitError(
                f"training knows none of the categories of the {len(self.rows)} development sentences of "
                f"{self.corpus!r} (the first is '{first}'), which choose the epoch; give others, or cut them from the "
                "same text: |resplit"
            )

    def buckets(self, budget: int, seed: int = 0) -> Any:
        from probekit.training.buckets import Buckets

        return Buckets(self.lengths, budget, seed)

    def given(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (B, T, width) of all sources, one after another, and the mask (B, T), of some of the sentences."""
        import torch

        parts, mask = given(self.sources, self.corpus, self.rows[rows])
        return torch.cat([vectors for (vectors,) in parts], dim=2), mask

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Vectors and mask; symbols, the word of each, and which steps there are, (B, L)."""
        import torch

        from probekit.training.buckets import padded

        taught, pointers = zip(*(self.target(row) for row in rows), strict=True)
        symbols_of, pointer = padded(taught, -1), padded(pointers)
        steps = symbols_of >= 0
        return (*self.given(rows), *map(torch.from_numpy, (np.maximum(symbols_of, 0), pointer, steps)))

    def target(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Symbols of one of the sentences and the word of each; a boundary belongs to the word that it ends."""
        categories = self.gold[slice(*self.corpus.offsets[self.rows[row] : self.rows[row] + 2])]
        written = [self._written[category] for category in categories]
        return np.concatenate(written), np.repeat(np.arange(len(written)), [len(one) for one in written])

    def mean_loss(self, model: Supertagger, budget: int) -> float:
        """Mean nats a step on the sentences."""
        total, steps = 0.0, 0
        for rows in self.buckets(budget).in_order():
            batch = self.batch(rows)
            many = int(batch[-1].sum())
            total += float(model.loss(*batch)) * many
            steps += many
        return total / steps

    def answers(self, model: Supertagger, budget: int, beam: int) -> tuple[np.ndarray, int]:
        """The category of every word of the sentences, in their order, and how many lost brackets beyond need."""
        from probekit.models.beam import decode
        from probekit.training.buckets import Buckets

        found: list[list[str]] = [[] for _ in self.rows]
        repaired = 0
        # How long answers are is not known: so many words of like sentences, and nothing is kept for gradients.
        for rows in Buckets(self.corpus.lengths[self.rows], budget).in_order():
            told, _ = decode(model, *self.given(rows), beam)
            for row, words in zip(rows, told, strict=True):
                read = [self.alphabet.read(one) for one in words]
                found[row] = [category for category, _ in read]
                repaired += sum(taken for _, taken in read)
        return np.array([category for one in found for category in one], dtype=object), repaired


def categories_of(corpus: Corpus) -> np.ndarray:
    """Categories of all words of a corpus. Raises ProbekitError for a word without one."""
    words, labels = labelled_words(tasks.get(TASK), corpus)
    if len(words) < corpus.n_words:
        place = int(np.setdiff1d(np.arange(corpus.n_words), words)[0])
        raise ProbekitError(
            f"{corpus.n_words - len(words)} of {corpus.n_words} words of {corpus!r} have no category (the first is "
            f"'{corpus.form[place]}' in sentence {int(corpus.sentence_of_word[place]) + 1}), and a supertagger is "
            "taught whole sentences; give each a category, or leave these sentences out"
        )
    found = np.full(corpus.n_words, "", dtype=object)
    found[words] = labels
    return found
