"""Words by their spelling: vectors of words and of their pieces, of which any string has one.

`subwords:CORPUS(size=100, ...)` trains them with gensim's fastText (Bojanowski et al. 2017). The vector of a word of
training is the mean of its own and of its pieces' vectors, of any other string the mean of its pieces'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import describe as describe_corpus
from probekit.corpora.loading import load_corpus, size
from probekit.embeddings.fasttext import check_options, train_fasttext
from probekit.embeddings.trained import fit, gensim_models
from probekit.encoders.encoder import EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.errors import ProbekitError
from probekit.recipes import Recipe
from probekit.sources import resolve
from probekit.specs import Spec, parse
from probekit.store import digest, write_atomically

ROWS, ABOUT = "rows.npy", "subwords.json"
# One core, a sentence of twenty words once at 100 dimensions.
_SECONDS_A_SENTENCE = 6e-4


class Subwords:
    """Rows of vectors (words, then buckets of pieces), and which of them a string is the mean of."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        self.index = {word: row for row, word in enumerate(about["words"])}
        self.least, self.most, self.buckets, self.lower = (about[k] for k in ("min_n", "max_n", "buckets", "lower"))
        self.rows: np.ndarray = np.load(folder / ROWS, mmap_mode="r", allow_pickle=False)

    @property
    def width(self) -> int:
        return int(self.rows.shape[1])

    def bag(self, word: str) -> np.ndarray:
        """Numbers of the rows of a string, int64; none of one that is too short to have a piece and was not learned."""
        from gensim.models.fasttext import ft_ngram_hashes

        word = word.lower() if self.lower else word
        pieces = ft_ngram_hashes(word, self.least, self.most, self.buckets)
        own = [self.index[word]] if word in self.index else []
        return np.array([*own, *(len(self.index) + piece for piece in pieces)], dtype=np.int64)

    def vectors(self, words: Sequence[str]) -> np.ndarray:
        """One vector a string, (n, width) float32; 0 for one without a row."""
        found = np.zeros((len(words), self.width), dtype=np.float32)
        for place, word in enumerate(words):
            if len(bag := self.bag(word)):
                found[place] = self.rows[bag].mean(axis=0)
        return found

    def unread(self, corpus: Corpus) -> float:
        """Share of the words of a corpus that have no row."""
        without = np.array([not len(self.bag(str(form))) for form in corpus.form.categories], dtype=bool)
        return float(without[corpus.form.codes].mean())


def recipe(spec: Spec) -> Recipe:
    """The recipe of `subwords:<corpus>(size=100, ...)`, with the options of `fasttext:`."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no corpus; write subwords:<corpus>(size=100)")
    arguments = resolve(spec.bare, train_fasttext, "subwords", ("corpus", "progress"))
    options = dict(arguments.options)
    check_options(options)
    corpus = describe_corpus(spec.target)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        pieces = {"min_n": options["min_n"], "max_n": options["max_n"], "bucket": options["buckets"]}
        made, kept, _ = fit(gensim_models().FastText, load_corpus(corpus.spec), "fasttext", options, True, **pieces)
        rows = np.concatenate([made.wv.vectors_vocab, made.wv.vectors_ngrams]).astype(np.float32)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / ROWS, rows)
        about = {"words": list(kept), **{name: options[name] for name in ("min_n", "max_n", "buckets", "lower")}}
        write_atomically(folder / ABOUT, json.dumps(about, ensure_ascii=False).encode())
        return {"words": len(kept)}

    def seconds() -> float:
        return _SECONDS_A_SENTENCE * size(corpus) * int(options["epochs"])

    written = arguments.written.kwargs
    return Recipe(
        str(Spec("subwords", corpus.spec, (), written)),
        str(Spec("subwords", corpus.name, (), written)),
        "subwords",
        {
            "recipe": "subwords",
            "revision": recipes.registry.entry("subwords").revision,
            "corpus": corpus.digest,
            "options": options,
        },
        make,
        needs=corpus.needs,
        modules=corpus.modules,
        cost=lambda: (seconds(), 0),
        generated=corpus.generated,
    )


class SubwordEncoder(WordEncoder):
    """The vectors of strings as an encoder without layers."""

    def __init__(self, source: EncoderSource, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.width = int(source.width or 0)
        self._seen: dict[str, np.ndarray] = {}

    @cached_property
    def subwords(self) -> Subwords:
        return Subwords(self.folder)

    def vectors(self, words: list[str]) -> np.ndarray:
        """Vectors of the words of a sentence, (1, n, width)."""
        for word in words:
            if word not in self._seen:
                self._seen[word] = self.subwords.vectors([word])[0]
        return np.stack([self._seen[word] for word in words])[None]

    def told_of(self, corpus: Corpus) -> Mapping[str, Any]:
        """The share of words without a vector, where there is one."""
        share = self.subwords.unread(corpus)
        return {"unread_words": round(share, 4)} if share else {}


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of subword vectors as an encoder, with nothing trained."""
    made = recipe(parse(spec))
    return EncoderSource(
        made.spec,
        made.name,
        digest(["subwords", made.key]),
        modules=made.modules,
        needs=(*made.needs, made.spec),
        generated=made.generated,
        poolings=tuple(one for one in POOLINGS if one != "cls"),
        width=int(made.content["options"]["size"]),
    )


def load(spec: str | Spec, device: str | None = None) -> SubwordEncoder:
    """The encoder of a spec, trained first where it has not been."""
    return SubwordEncoder(describe(spec), recipe(parse(spec)).ensure())


KIND = EncoderKind(describe, load)
