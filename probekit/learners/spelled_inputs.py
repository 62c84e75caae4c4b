"""What a tagger learns to read of words: a row a word, and the characters that it is spelled with.

inputs=["drawn(width=100)"], learn=true          a row for each word of training
inputs=[glove], learn=true                        that begins as the table has it; words of the table beside them
inputs=["characters:glove(epochs=10)"], ...       a student of spelling, trained further; with at=0 an untrained one
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.characters import asked, load_student, recipe
from probekit.embeddings.tables import load_table
from probekit.encoders.drawn import Drawn
from probekit.encoders.loading import load_encoder
from probekit.encoders.static import split_options
from probekit.learners.input_source import TakenUp
from probekit.specs import parse
from probekit.streams import generator

if TYPE_CHECKING:
    import torch


def forms_of(corpus: Corpus, sentences: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The different words of some sentences, in the order of their letters, and how often each stands there."""
    inside = np.isin(corpus.sentence_of_word, sentences)
    counts = np.bincount(corpus.form.codes[inside], minlength=len(corpus.form.categories))
    found = sorted((str(corpus.form.categories[int(code)]), int(counts[code])) for code in np.flatnonzero(counts))
    return [word for word, _ in found], np.array([n for _, n in found], dtype=np.int64)


def codes_of(corpus: Corpus, sentences: np.ndarray) -> np.ndarray:
    """Number of the form of each word of some sentences (B, T); at padding that of the first word."""
    lengths = corpus.lengths[sentences]
    codes = np.full((len(sentences), int(lengths.max())), corpus.form.codes[corpus.offsets[sentences[0]]])
    for place, (start, n) in enumerate(zip(corpus.offsets[sentences], lengths, strict=True)):
        codes[place, :n] = corpus.form.codes[start : start + n]
    return codes


class Words(TakenUp):
    """A row a word, row 0 for all others: words of training, and those of the table that they begin from.

    A word that stands once in training is read as unknown half of the time, so that row 0 learns (Lample et al. 2016).
    A form that a table has in lower case alone is read there.
    """

    def __init__(self, spec: str) -> None:
        import torch

        from probekit.models.word_rows import WordRows

        encoder = load_encoder(spec) if parse(spec).name == "drawn" else None
        self.drawn = encoder if isinstance(encoder, Drawn) else None
        self.table = None if self.drawn else load_table(split_options(spec)[0])
        self.width = self.drawn.width if self.drawn else int(self.table.width) if self.table else 0
        self.index: dict[str, int] = {}
        self.module: torch.nn.Module = WordRows(torch.zeros(1, self.width), torch.zeros(1, dtype=torch.bool))
        self.unread: dict[str, float] = {}

    @property
    def entries(self) -> int:
        return len(self.index)

    def take_up(self, corpus: Corpus, sentences: np.ndarray) -> None:
        import torch

        from probekit.models.word_rows import WordRows

        words, counts = forms_of(corpus, sentences)
        known = list(self.table.words) if self.table else []
        self._number(known)
        new = [word for word in words if self.row(word) == 0]
        self._number([*known, *new])
        rows = np.zeros((1 + len(self.index), self.width), dtype=np.float32)
        length = 1.0  # root mean square, of the table's vectors where there is one
        if self.table:
            rows[1 : len(known) + 1] = self.table.vectors
            length = float(np.sqrt(np.square(rows[1:], dtype=np.float64).sum() / len(known)))
        if new:
            rows[len(known) + 1 :] = length * (self.drawn or Drawn(self.width)).vectors(new)[0]
        once = np.zeros(len(rows), dtype=bool)
        of_new = set(new)
        once[[self.index[word] for word, n in zip(words, counts, strict=True) if n == 1 and word in of_new]] = True
        self.module = WordRows(torch.from_numpy(rows), torch.from_numpy(once))

    def _number(self, words: Sequence[str]) -> None:
        self.index = {word: row for row, word in enumerate(words, 1)}

    def row(self, word: str) -> int:
        """The row of a word, that of its lower case where it has none, 0 where neither has one."""
        return self.index.get(word) or self.index.get(word.lower(), 0)

    def prepare(self, corpus: Corpus) -> None:
        rows = np.array([self.row(str(form)) for form in corpus.form.categories])
        self.unread[corpus.digest] = float((rows[corpus.form.codes] == 0).mean())

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor]:
        """Row of each place (B, T)."""
        import torch

        kinds, where = np.unique(codes := codes_of(corpus, sentences), return_inverse=True)
        rows = np.array([self.row(str(corpus.form.categories[code])) for code in kinds], dtype=np.int64)
        return (torch.from_numpy(rows[where].reshape(codes.shape)),)

    def save(self, place: Path) -> None:
        np.save(place, np.array(list(self.index), dtype=np.str_))

    def restore(self, place: Path) -> None:
        import torch

        from probekit.models.word_rows import WordRows

        self._number(np.load(place, allow_pickle=False).tolist())
        n = 1 + len(self.index)
        self.module = WordRows(torch.zeros(n, self.width), torch.zeros(n, dtype=torch.bool))


class Characters(TakenUp):
    """Words as their characters spell them: a student of a table, its characters and those that training adds.

    Of an untrained student the characters of training alone are taken up, since its own were never learned.
    """

    def __init__(self, spec: str) -> None:
        from probekit.models.word_rows import SpelledWords

        one = asked(parse(spec))
        self.student = load_student(recipe(parse(spec)).ensure(), one.at)
        self.own = list(self.student.number) if one.at else []
        self.seed = int(one.given["seed"])
        self.width = self.student.module.join.out_features
        self.module: torch.nn.Module = SpelledWords(self.student.module)
        self.unread: dict[str, float] = {}

    @property
    def entries(self) -> int:
        return len(self.student.number)

    def take_up(self, corpus: Corpus, sentences: np.ndarray) -> None:
        words, _ = forms_of(corpus, sentences)
        new = sorted({character for word in words for character in word} - set(self.own))
        self.hold([*self.own, *new])

    def hold(self, characters: Sequence[str]) -> None:
        """Rows for some characters, after the one for those never seen: a student's own, others newly drawn."""
        import torch

        before, kept = self.student.number, self.student.module.embed.weight.detach()
        width = kept.shape[1]
        rows = generator(self.seed, "init", "characters", "added").standard_normal((1 + len(characters), width))
        found = torch.from_numpy(rows.astype(np.float32))
        own = [(place, before[one]) for place, one in enumerate(characters, 1) if one in set(self.own)]
        for place, row in [(0, 0), *own]:
            found[place] = kept[row]
        self.student.number = {character: place for place, character in enumerate(characters, 1)}
        self.student.module.embed = torch.nn.Embedding.from_pretrained(found, freeze=False)

    def prepare(self, corpus: Corpus) -> None:
        forms = [str(form) for form in corpus.form.categories]
        self.unread[corpus.digest] = float(self.student.unseen(forms)[corpus.form.codes].mean())

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Characters of the different words (n, longest), how many each has, and the word of each place (B, T)."""
        import torch

        from probekit.training.buckets import padded

        kinds, where = np.unique(codes := codes_of(corpus, sentences), return_inverse=True)
        spelled = [np.array(self.student.codes(str(corpus.form.categories[code]))) for code in kinds]
        lengths = np.array([len(one) for one in spelled])
        return tuple(map(torch.from_numpy, (padded(spelled), lengths, where.reshape(codes.shape))))

    def save(self, place: Path) -> None:
        np.save(place, np.array(list(self.student.number), dtype=np.str_))

    def restore(self, place: Path) -> None:
        self.hold(np.load(place, allow_pickle=False).tolist())
