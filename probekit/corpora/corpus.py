"""Corpus: annotated sentences as columns. Nothing downstream reads files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from probekit.corpora.catalogue import names_with
from probekit.errors import ProbekitError
from probekit.store import digest as digest_of

Layer = pd.Categorical | np.ndarray


@dataclass(frozen=True, eq=False)
class Corpus:
    """A list of annotated sentences, stored flat.

    Sentence i is words `offsets[i]:offsets[i + 1]`. `form` and the string layers (`lemma upos xpos feats deprel
    misc`) are categoricals over all words; `head` is int32, 1-based within the sentence, 0 for the root. An empty
    field is "". `sentences` has one row a sentence (id, document, language, split, file, line, text, and further
    attributes). `trees` are bracketed constituency trees; `spans` and `links` are tables in word indices, end
    exclusive. `spec` says how to load it again ("" when made by hand), `digest` names its content.
    """

    form: pd.Categorical
    offsets: np.ndarray
    layers: Mapping[str, Layer] = field(default_factory=dict)
    sentences: pd.DataFrame = field(default_factory=pd.DataFrame)
    trees: tuple[str, ...] | None = None
    spans: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    links: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    spec: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        n_words = len(self.form)
        if self.offsets[0] != 0 or self.offsets[-1] != n_words or np.any(np.diff(self.offsets) < 1):
            raise ProbekitError(f"offsets of {self} do not cut its {n_words} words into sentences of at least one word")
        for name, layer in self.layers.items():
            if len(layer) != n_words:
                raise ProbekitError(f"layer '{name}' has {len(layer)} values for {n_words} words")
        if len(self.sentences) != self.n_sentences:
            raise ProbekitError(f"{len(self.sentences)} sentence attributes for {self.n_sentences} sentences")
        if self.trees is not None and len(self.trees) != self.n_sentences:
            raise ProbekitError(f"{len(self.trees)} trees for {self.n_sentences} sentences")
        if not self.digest:
            object.__setattr__(self, "digest", content_digest(self))

    @classmethod
    def from_words(cls, sentences: Sequence[Sequence[str]], **attributes: Sequence[Any]) -> Corpus:
        """A corpus made by hand from lists of words; keyword arguments become sentence attributes."""
        for number, words in enumerate(sentences):
            if isinstance(words, str):
                raise ProbekitError(f"sentence {number} is a string; give a list of words")
            if not words or not all(words):
                raise ProbekitError(f"sentence {number} has no words or an empty word; drop it or give it one")
        if not sentences:
            raise ProbekitError("a corpus needs at least one sentence")
        offsets = np.concatenate([[0], np.cumsum([len(words) for words in sentences])]).astype(np.int64)
        table = pd.DataFrame({"id": [str(i) for i in range(len(sentences))], **attributes})
        for column in ("document", "language", "split"):
            if column not in table:
                table[column] = ""
        form: Any = pd.Categorical([word for words in sentences for word in words])
        return cls(form, offsets, sentences=table)

    def __repr__(self) -> str:
        return f"Corpus({self.spec or 'by hand'}: {len(self.offsets) - 1} sentences, {len(self.form)} words)"

    @property
    def n_sentences(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_words(self) -> int:
        return len(self.form)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Words per sentence, int64."""
        return np.diff(self.offsets)

    @cached_property
    def sentence_of_word(self) -> np.ndarray:
        """Sentence index of every word, int32."""
        return np.repeat(np.arange(self.n_sentences, dtype=np.int32), self.lengths)

    @cached_property
    def position_of_word(self) -> np.ndarray:
        """0-based position of every word within its sentence, int64."""
        return np.arange(self.n_words) - np.repeat(self.offsets[:-1], self.lengths)

    def words(self, sentence: int) -> list[str]:
        """The words of one sentence. Raises ProbekitError where the file has `_` in their place."""
        if self.n_withheld and self.sentences["withheld"].iloc[sentence]:
            self._refuse_without_words()
        return self._forms[self.form.codes[self.offsets[sentence] : self.offsets[sentence + 1]]].tolist()

    @cached_property
    def _forms(self) -> np.ndarray:
        """Distinct forms as plain objects: looking single words up in the index of a categorical is slow."""
        return np.asarray(self.form.categories, dtype=object)

    @cached_property
    def texts(self) -> list[str]:
        """The words of every sentence joined by blanks: what tells identical sentences."""
        forms = self._forms[self.form.codes]
        return [" ".join(forms[a:b]) for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]

    @cached_property
    def n_withheld(self) -> int:
        """Sentences whose words the file withholds: all forms are `_`."""
        return int(self.sentences["withheld"].sum()) if "withheld" in self.sentences else 0

    def _refuse_without_words(self) -> None:
        file = self.sentences.loc[self.sentences["withheld"].to_numpy(bool), "file"].iloc[0]
        raise ProbekitError(
            f"{file} withholds the word forms of {self.n_withheld} of {self.n_sentences} sentences (all are `_`). What "
            "needs words, such as an encoder, cannot use them; what needs structure alone can. Get the full text as "
            "the treebank's README says, or take these sentences out"
        )

    @property
    def annotation(self) -> set[str]:
        """Names of the layers, span layers and links that it has, `form`, and `trees`."""
        return {"form", *self.layers, *self.spans, *self.links} | ({"trees"} if self.trees is not None else set())

    def require(self, *names: str) -> None:
        """Raise ProbekitError naming the first layer, tree, span layer or sentence attribute that this corpus lacks.

        `form` is lacking where a file withholds the words of a sentence.
        """
        if "form" in names and self.n_withheld:
            self._refuse_without_words()
        for name in names:
            there = self.annotation
            if name not in there and name not in self.sentences:
                raise ProbekitError(
                    f"{self!r} has no layer '{name}'; it has {', '.join(sorted(there))}. "
                    f"Registered corpora that have '{name}': {', '.join(names_with(name)) or 'none'}"
                )

    def select(self, rows: Sequence[int] | np.ndarray) -> Corpus:
        """The sub-corpus of the given sentences, each at most once, in the given order."""
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        if len(np.unique(rows)) < len(rows):
            raise ProbekitError(f"a sentence of {self!r} was selected twice; spans and links could not follow it")
        if len(rows) == 0:
            raise ProbekitError(f"no sentence of {self!r} was selected; a corpus needs at least one")
        lengths = self.lengths[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        words = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        number = pd.Series(np.arange(len(rows)), index=rows)

        def moved(table: pd.DataFrame) -> pd.DataFrame:
            columns = [c for c in ("sentence", "sentence2") if c in table]
            inside = np.logical_and.reduce([table[c].isin(rows) for c in columns])
            table = table[inside].copy()
            for column in columns:
                table[column] = number.loc[table[column]].to_numpy()
            return table.reset_index(drop=True)

        return replace(
            self,
            form=self.form[words],
            offsets=offsets,
            layers={name: layer[words] for name, layer in self.layers.items()},
            sentences=self.sentences.iloc[rows].reset_index(drop=True),
            trees=None if self.trees is None else tuple(self.trees[i] for i in rows),
            spans={name: moved(table) for name, table in self.spans.items()},
            links={name: moved(table) for name, table in self.links.items()},
            spec="",
            digest=digest_of([self.digest, rows.tolist()]),
        )


def content_digest(corpus: Corpus) -> str:
    """Digest of everything a corpus holds, for one that was made by hand."""
    layers = {name: list(map(str, layer)) for name, layer in {"form": corpus.form, **corpus.layers}.items()}
    tables = {name: table.astype(str).to_dict("list") for name, table in {**corpus.spans, **corpus.links}.items()}
    attributes = corpus.sentences.astype(str).to_dict("list")
    return digest_of([corpus.offsets.tolist(), layers, attributes, tables, corpus.trees])
