"""A table that is distilled from an encoder by the pairs of skip-gram: `context-to-vec:ENCODER(corpus=CORPUS, ...)`.

The centre is the encoder's vector of the word at a place, alone or averaged with its neighbours', under one linear map;
the table is that of the outputs, from zeros. The encoder runs once: vectors are kept in half precision and mapped. Loss
and trainer are those of `embeddings/pairs.py`. Source: Zheng et al. 2022, first system, as their program has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from probekit import recipes
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import CorpusSource, load_corpus, n_words
from probekit.corpora.loading import describe as describe_corpus
from probekit.embeddings.catalogue import TableKind
from probekit.embeddings.pairs import L1, L2, L3, LinearCentre, PairSettings, trained_pairs
from probekit.embeddings.skip_gram import check_window
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import read_table
from probekit.embeddings.text import text_of
from probekit.embeddings.trained import language_of
from probekit.encoders.activations import need, read
from probekit.encoders.encoder import EncoderSource, Layer, check_request
from probekit.encoders.loading import describe
from probekit.errors import ProbekitError
from probekit.recipes import Recipe
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.store import default_store
from probekit.streams import generator
from probekit.values import Count, LessThanAll, NotNegative, OneOf, Rate, Seed, Whole

NAME, POOLING, MAP = "context-to-vec", "words:half", "map.safetensors"
_SECONDS_A_WORD = 1.5e-4  # of training, one core, 300 dimensions
_ROWS, _SHOWN = 1 << 14, 2000


def distilled(
    corpus: Corpus,
    vectors: np.ndarray,
    size: Count = 300,
    neighbours: bool = True,
    before: Whole = 5,
    after: Whole = 5,
    negative: Count = 5,
    min_count: Count = 5,
    vocabulary: Whole = 0,
    epochs: Count = 1,
    rate: Rate = 0.08,
    clip: NotNegative = 5.0,
    sample: LessThanAll = 0.0,
    l1: Annotated[str, OneOf(L1)] = "pair",
    l2: Annotated[str, OneOf(L2)] = "off",
    l3: Annotated[str, OneOf(L3)] = "drawn",
    seed: Seed = 0,
    lower: bool = True,
    keep: Path | None = None,
) -> tuple[WordTable, dict[str, np.ndarray]]:
    """Train a table on vectors (n_words, k) of all words of a corpus; the table, and its linear map.

    neighbours: the centre is the mean of a word's vector and the mean of those `before` and `after` it in its sentence,
    else the word's alone. The other options are those of `skip-gram`; rate, clip and passes as the authors' program has
    them. keep: a folder for the averaged vectors, in half precision, and for the state after each epoch. Raises
    ProbekitError as `skip-gram`.
    """
    text = text_of(corpus, lower, min_count, vocabulary)
    frozen = averaged(vectors, corpus, before, after, keep) if neighbours else vectors
    width = frozen.shape[1]
    reach = np.float32(np.sqrt(6 / (width + size)))  # Xavier's, uniform
    drawn = generator(seed, "init", NAME, "map").random((width, size), dtype=np.float32)
    centre = LinearCentre(frozen, (2 * drawn - 1) * reach, np.zeros(size, dtype=np.float32))
    settings = PairSettings(before, after, negative, epochs, rate, clip, sample, l1, l2, seed=seed, l3=l3)
    outputs, losses = trained_pairs(text, centre, size, settings, keep, NAME)
    about = {
        "made by": NAME,
        "corpus": corpus.digest,
        "size": size,
        "neighbours": neighbours,
        **vars(settings),
        "losses": losses,
        "centre_length": _length(centre.vectors(text, np.arange(min(len(text), _SHOWN)))),
    }
    table = WordTable(text.words, outputs, counts=text.counts, language=language_of(corpus), about=about)
    return table, centre.state()


def _length(vectors: np.ndarray) -> float:
    """Root mean square of the lengths of vectors (n, d)."""
    return float(np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1).mean()))


def averaged(vectors: np.ndarray, corpus: Corpus, before: int, after: int, keep: Path | None) -> np.ndarray:
    """Half of each word's vector and half of the mean of those around it in its sentence, (n_words, k) float16.

    A word alone in its sentence has no neighbours: its vector as it is. keep: a folder in which they are mapped.
    """
    if keep is None:
        made: Any = np.empty(vectors.shape, dtype=np.float16)
    else:
        made = np.lib.format.open_memmap(keep / "averaged.npy", "w+", np.float16, vectors.shape)
    starts = corpus.offsets[:-1]
    first = np.searchsorted(starts, np.arange(0, corpus.n_words, _ROWS))
    for low, high in zip(first, [*first[1:], len(starts)], strict=True):
        if low < high:
            rows = slice(corpus.offsets[low], corpus.offsets[high])
            made[rows] = _averaged(
                np.asarray(vectors[rows], dtype=np.float32), corpus.offsets[low : high + 1], before, after
            )
    return np.asarray(made)


def _averaged(vectors: np.ndarray, offsets: np.ndarray, before: int, after: int) -> np.ndarray:
    """The same of whole sentences in hand, whose words begin at offsets."""
    lengths = np.diff(offsets)
    starts = np.repeat(offsets[:-1] - offsets[0], lengths)
    ends, at = starts + np.repeat(lengths, lengths), np.arange(len(vectors))
    sums = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=np.float64)])
    low, high = np.maximum(at - before, starts), np.minimum(at + after + 1, ends)
    n = (high - low - 1)[:, None]
    around = (sums[high] - sums[low] - vectors) / np.maximum(n, 1)
    return np.where(n > 0, (vectors + around) / 2, vectors)


# --- as a kind of table ------------------------------------------------------------------------------


def options(corpus: str, layer: int | str = "last") -> None:
    """corpus: what it is trained on. layer: of the encoder, -1 or `last` for its last."""


@dataclass(frozen=True)
class Asked:
    """What a spec names: encoder, layer and corpus, and how the table is trained."""

    encoder: EncoderSource
    corpus: CorpusSource
    layer: Layer
    training: Mapping[str, Any]
    written: Spec
    shown: Spec


def asked(spec: Spec) -> Asked:
    """What a spec asks for. Raises ProbekitError for an encoder without word vectors, or a layer that it lacks."""
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no encoder; write {NAME}:minilm(corpus=CORPUS)")
    if spec.args:
        raise ProbekitError(f"{NAME} takes its options by name: {NAME}:{spec.target}(corpus=CORPUS, size=300)")
    own = {name: value for name, value in spec.kwargs.items() if name in ("corpus", "layer")}
    rest = {name: value for name, value in spec.kwargs.items() if name not in own}
    first = resolve(Spec(NAME, None, (), own), options, "word-vector table")
    training = resolve(Spec(NAME, None, (), rest), distilled, "word-vector table", ("corpus", "vectors", "keep"))
    check_window(training.given, NAME)
    encoder, corpus = describe(str(spec.target)), describe_corpus(str(first.options["corpus"]))
    layers = "all" if encoder.layers == (None,) else [first.options["layer"]]
    (layer, *_), _ = check_request(encoder, layers, [POOLING])
    given = {**training.written.kwargs, **first.written.kwargs}
    written, shown = (
        Spec(NAME, text, (), dict(sorted({**given, "corpus": of}.items())))
        for text, of in ((encoder.spec, corpus.spec), (encoder.name, corpus.name))
    )
    return Asked(encoder, corpus, layer, training.options, written, shown)


def recipe(spec: Spec) -> Recipe:
    """The recipe of a spec: the words' vectors are made before, once for all tables of one layer and corpus."""
    one = asked(spec)
    shared = together(one.encoder, one.corpus)

    def make(folder: Path, progress: Path) -> Mapping[str, Any]:
        from safetensors.numpy import save_file

        vectors, found = read(one.encoder, one.corpus.digest, one.layer, POOLING, default_store())
        table, state = distilled(load_corpus(one.corpus.spec), vectors, **one.training, keep=progress)
        table.save(folder)
        save_file(state, folder / MAP)
        return {"words": len(table), **({"unread_words": found["unread_words"]} if "unread_words" in found else {})}

    content = {
        "recipe": NAME,
        "revision": recipes.registry.entry(NAME).revision,
        "encoder": one.encoder.digest,
        "corpus": one.corpus.digest,
        "layer": one.layer,
        # What came later is in the key where it is asked for: tables that were made before are the same.
        "options": {name: value for name, value in one.training.items() if (name, value) != ("l3", "drawn")},
    }
    passes = need(one.corpus, one.encoder, [(one.layer, POOLING)])
    return Recipe(
        str(one.written),
        str(one.shown),
        "table",
        content,
        make,
        needs=(*shared["needs"], passes),
        modules=shared["modules"],
        cost=lambda: (_SECONDS_A_WORD * n_words(one.corpus) * int(one.training["epochs"]), 0),
        generated=shared["generated"],
    )


def _describe(spec: Spec) -> Source:
    one, made = asked(spec), recipe(spec)
    shared = together(one.corpus, one.encoder)
    return Source(made.spec, made.name, made.key, **(shared | {"needs": (*made.needs, made.spec)}))


def _load(spec: Spec) -> WordTable:
    return read_table(recipe(spec).ensure(), format="safetensors")


CONTEXT_TO_VEC = TableKind(_describe, _load, lambda spec: int(asked(spec).training["size"]))
