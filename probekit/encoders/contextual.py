"""Contextual vectors made static: `contextual:ENCODER(corpus=CORPUS, how=avg|word|token, layer=)`.

avg: the mean of a word's vectors over a corpus. word: each word encoded alone, as a sentence. token: the mean of the
input vectors of its pieces. One pass makes the means of every layer; the words themselves are not kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import CorpusSource, load_corpus, n_words
from probekit.corpora.loading import describe as describe_corpus
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.pairs import summed
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.embeddings.text import Text, text_of
from probekit.embeddings.trained import language_of
from probekit.encoders.activations import seconds_a_word
from probekit.encoders.batch import tokenise
from probekit.encoders.encoder import Encoder, EncoderSource, Layer, check_request
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.loading import describe, load_encoder
from probekit.encoders.pooling import WORDS
from probekit.errors import ProbekitError
from probekit.recipes import Recipe, cores
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.store import digest
from probekit.values import Count, OneOf, Whole

NAME, MEANS = "contextual", "layers.npy"
HOW = ("avg", "word", "token")


def options(
    corpus: str,
    how: Annotated[str, OneOf(HOW)] = "avg",
    layer: int | str = "last",
    min_count: Count = 5,
    vocabulary: Whole = 0,
    lower: bool = True,
) -> None:
    """corpus: its words, min_count of each or more, are the table's. layer: of avg and word, -1 or `last` for the last;
    token has none. vocabulary: how many of the most frequent words stay, 0 for all."""


def means(encoder: Encoder, corpus: Corpus, ids: np.ndarray, n: int, layers: Collection[Layer]) -> np.ndarray:
    """Mean vector of each of n words at some layers, (layers, n, d) float32, one pass over a corpus.

    ids: (n_words of the corpus,) the number of the word at each place, -1 where it is none of these.
    """
    layers = list(layers)
    total = np.zeros((len(layers), n, encoder.width), dtype=np.float64)
    passed = encoder.start_pass(corpus, layers, [WORDS])
    for step in range(passed.n_steps):
        for layer, _, rows, vectors in passed.step(step):
            words = ids[rows]
            kept = np.flatnonzero(words >= 0)
            different, at = np.unique(words[kept], return_inverse=True)
            total[layers.index(layer), different] += summed(at, np.asarray(vectors)[kept], len(different))
    counts = np.bincount(ids[ids >= 0], minlength=n)
    return (total / np.maximum(counts, 1)[:, None]).astype(np.float32)


def of_pieces(encoder: HuggingFaceEncoder, words: tuple[str, ...]) -> np.ndarray:
    """Mean input vector of the pieces of each word, (1, n, d) float32. No position and no normalisation is added."""
    model: Any = encoder.fresh_model()
    matrix = model.get_input_embeddings().weight.detach().float().cpu().numpy()
    pieces = tokenise(encoder.tokenizer, Corpus.from_words([[word] for word in words]))
    lengths = np.diff(pieces.offsets)
    rows = summed(np.repeat(np.arange(len(words)), lengths), matrix[pieces.ids], len(words))
    return (rows / np.maximum(lengths, 1)[:, None])[None].astype(np.float32)


@dataclass(frozen=True)
class Asked:
    """What a spec names."""

    encoder: EncoderSource
    corpus: CorpusSource
    layer: Layer
    given: Mapping[str, Any]
    spec: str
    name: str

    def text(self, corpus: Corpus) -> Text:
        return text_of(corpus, self.given["lower"], self.given["min_count"], self.given["vocabulary"])


def asked(spec: Spec) -> Asked:
    """What a spec asks for. Raises ProbekitError for an encoder without word vectors, or a layer that it lacks."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no encoder; write {NAME}:minilm(corpus=CORPUS)")
    arguments = resolve(Spec(NAME, None, spec.args, spec.kwargs), options, "word-vector table")
    given = arguments.options
    encoder, corpus = describe(str(spec.target)), describe_corpus(str(given["corpus"]))
    if given["how"] == "token":
        if not encoder.piece:
            raise ProbekitError(f"'{spec.target}' cuts words into no pieces; ask how=avg or how=word")
        if "layer" in arguments.given:
            raise ProbekitError(f"{NAME}:{spec.target}(how=token): input vectors have no layer; leave layer= away")
    layers = "all" if encoder.layers == (None,) else [given["layer"]]
    (layer, *_), _ = check_request(encoder, layers, [WORDS])
    specs = [
        str(Spec(NAME, one, (), dict(arguments.written.given({"corpus": of}).kwargs)))
        for one, of in ((encoder.spec, corpus.spec), (encoder.name, corpus.name))
    ]
    return Asked(encoder, corpus, layer, given, *specs)


def recipe(spec: Spec) -> Recipe:
    """The recipe of the means of every layer: the same for all layers of a spec."""
    one = asked(spec)
    how, shared = one.given["how"], together(one.encoder, one.corpus)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        corpus, encoder = load_corpus(one.corpus.spec), load_encoder(one.encoder.spec)
        text = one.text(corpus)
        n = len(text.words)
        if how == "token":
            if not isinstance(encoder, HuggingFaceEncoder):
                raise ProbekitError(f"'{one.encoder.name}' is no Hugging Face model; ask how=avg or how=word")
            found = of_pieces(encoder, text.words)
        elif how == "word":
            alone = Corpus.from_words([[word] for word in text.words])
            found = means(encoder, alone, np.arange(n), n, one.encoder.layers)
        else:
            ids = np.full(corpus.n_words, -1)
            ids[text.place] = text.ids
            found = means(encoder, corpus, ids, n, one.encoder.layers)
        about = {"made by": NAME, "how": how, "corpus": corpus.digest}
        WordTable(text.words, found[-1], counts=text.counts, language=language_of(corpus), about=about).save(folder)
        np.save(folder / MEANS, found)
        return {"words": n, "layers": len(found)}

    content = {
        "recipe": NAME,
        "revision": recipes.registry.entry(NAME).revision,
        "encoder": one.encoder.digest,
        "corpus": one.corpus.digest,
        **{name: one.given[name] for name in ("how", "lower", "min_count", "vocabulary")},
    }
    return Recipe(
        one.spec,
        one.name,
        "table",
        content,
        make,
        needs=shared["needs"],
        modules=shared["modules"],
        threads=cores(),
        cost=lambda: (n_words(one.corpus) * seconds_a_word(one.encoder) if how == "avg" else 20.0, 0),
        generated=shared["generated"],
    )


def _describe(spec: Spec) -> Source:
    one, made = asked(spec), recipe(spec)
    shared = together(one.corpus, one.encoder)
    layer = None if one.given["how"] == "token" else one.layer
    return Source(made.spec, made.name, digest([made.key, layer]), **(shared | {"needs": (*made.needs, made.spec)}))


def _load(spec: Spec) -> WordTable:
    one, folder = asked(spec), recipe(spec).ensure()
    table = read_table(folder, format="safetensors")
    if one.given["how"] == "token":
        return table
    found = np.load(folder / MEANS, mmap_mode="r", allow_pickle=False)
    return table.with_vectors(np.array(found[one.encoder.layers.index(one.layer)]), layer=one.layer)


CONTEXTUAL = TableKind(_describe, _load)
