"""What an encoder is to the rest: a source known before loading, and passes over a corpus."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.encoders import pooling as pools
from probekit.errors import ProbekitError
from probekit.sources import Source
from probekit.specs import Spec

Layer = int | None
Part = tuple[Layer, str, np.ndarray | slice, np.ndarray]  # layer, pooling, rows of the result, their vectors


@dataclass(frozen=True)
class EncoderSource(Source):
    """What is known of an encoder before it is loaded (see `Source`); planning a grid needs no more.

    `layers` are 0 (embeddings) to L, or (None,) where there is one; `poolings` those it offers; `piece` is how the
    pieces of a word become its vector ("" where words are not cut); `width` the dimensions, where they are known.
    """

    layers: tuple[Layer, ...] = (None,)
    poolings: tuple[str, ...] = ()
    piece: str = ""
    width: int | None = None


class EncodingPass(Protocol):
    """One pass over a corpus in `n_steps` steps that can be resumed at any step; `found` is what to tell of it.

    One that offers the pooling "pieces" has `first_piece` (n_words + 1,) int64: the pieces of word w of the corpus are
    rows `first_piece[w]:first_piece[w + 1]`. One with a pooling of another width says it in `widths`, by pooling.
    """

    @property
    def n_steps(self) -> int: ...
    @property
    def found(self) -> Mapping[str, Any]: ...

    def step(self, number: int) -> Iterator[Part]: ...


class Encoder(Protocol):
    """Frozen face of an encoder. `load_encoder` makes one from a spec."""

    @property
    def source(self) -> EncoderSource: ...
    @property
    def width(self) -> int: ...

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> EncodingPass: ...


@dataclass(frozen=True)
class EncoderKind:
    """A kind of encoder: `describe(spec)` says what it is unloaded, `load(spec, device)` makes it.

    saved: of a kind that is trained, how `saved:<folder>` reads it; unless given, as a recurrent model.
    """

    describe: Callable[[Spec], EncoderSource]
    load: Callable[[Spec, str | None], Encoder]
    saved: EncoderKind | None = None


def check_request(
    source: EncoderSource, layers: str | Collection[Layer | str], poolings: Collection[str]
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Layers and poolings asked of an encoder, in order, or UnknownName / ProbekitError naming what it lacks.

    `layers` is "all", "blocks" (all but the embeddings), or a list: numbers, -1 the last layer, "last", and shares of
    the depth such as "5/12" (rounded down). An encoder without layers takes "all", "blocks" or [None].
    """
    if isinstance(layers, str):
        if layers not in ("all", "blocks"):
            raise ProbekitError(f"layers is 'all', 'blocks' or a list of numbers, got '{layers}'; write layers=[...]")
        chosen = source.layers[1:] if layers == "blocks" and len(source.layers) > 1 else source.layers
    elif not isinstance(layers, Collection):
        raise ProbekitError(f"layers is 'all', 'blocks' or a list of numbers, got {layers!r}; write [{layers!r}]")
    elif source.layers == (None,):
        if any(layer is not None for layer in layers):
            raise ProbekitError(f"'{source.name}' has no layers; ask for layers='all'")
        chosen = (None,)
    else:
        last = len(source.layers) - 1
        wanted = []
        for asked in layers:
            layer = _numbered(asked, last) if isinstance(asked, str) else asked
            if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)) or not -last - 1 <= layer <= last:
                raise ProbekitError(
                    f"'{source.name}' has the layers 0 (embeddings) to {last}; {asked} is not one of them"
                )
            wanted.append(int(layer) % (last + 1))
        chosen = tuple(dict.fromkeys(wanted))
    if isinstance(poolings, str):
        raise ProbekitError(f"poolings is a list, got '{poolings}'; write ['{poolings}']")
    for pooling in poolings:
        pools.check_name(pooling)
        if pools.in_full(pooling) == pools.PIECES and not source.piece:
            words = pooling.replace(pools.PIECES, pools.WORDS)
            raise ProbekitError(f"'{source.name}' does not cut words into pieces; ask for the pooling '{words}'")
        if pooling not in source.poolings and pools.in_full(pooling) not in pools.UNPOOLED:
            if pooling.startswith("word:") and any(p.startswith("word:") for p in source.poolings):
                continue  # any position, not only those listed
            raise ProbekitError(f"'{source.name}' has no pooling '{pooling}'; it offers {', '.join(source.poolings)}")
    return chosen, tuple(dict.fromkeys(poolings))


_SHARE = re.compile(r"(\d{1,3})/(\d{1,3})")


def _numbered(asked: str, last: int) -> int | None:
    """Number of a layer by its place in the depth; None for text that names none."""
    if asked == "last":
        return last
    share = _SHARE.fullmatch(asked)
    if share and 0 <= int(share[1]) <= int(share[2]) and int(share[2]):
        return int(share[1]) * last // int(share[2])
    return None


class WholePass:
    """A pass in a single step, for encoders that answer at once: `encode(corpus, poolings) -> {pooling: array}`."""

    n_steps = 1

    def __init__(self, encoder: Any, corpus: Corpus, poolings: Collection[str], found: Mapping[str, Any]) -> None:
        self.encoder, self.corpus, self.poolings, self.found = encoder, corpus, poolings, found

    def step(self, number: int) -> Iterator[Part]:
        for pooling, vectors in self.encoder.encode(self.corpus, list(self.poolings)).items():
            yield None, pooling, slice(None), vectors


class WordEncoder:
    """Base of an encoder of your own: give `width`, `n_layers` and `vectors(words)`; pooling is done here.

    `vectors` takes the words of one sentence and returns (n_layers, n_words, width). Register the class with
    `probekit.encoders.register(name, revision=1)`; its `__init__` arguments are the options of its spec.
    """

    source: EncoderSource
    width: int
    n_layers: int = 1

    def vectors(self, words: list[str]) -> np.ndarray:
        raise NotImplementedError

    def vectors_of(self, corpus: Corpus, sentence: int) -> np.ndarray:
        """Vectors of a sentence of a corpus, for an encoder that reads more of it than its words."""
        return self.vectors(corpus.words(sentence))

    def told_of(self, corpus: Corpus) -> Mapping[str, Any]:
        """What is to be told of a pass over a corpus, such as `unread_words`, a share."""
        return {}

    def start_pass(self, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]) -> EncodingPass:
        return _SentencePass(self, corpus, layers, poolings)


class _SentencePass:
    """Sentence by sentence through a `WordEncoder`, a hundred a step."""

    per_step = 100

    def __init__(
        self, encoder: WordEncoder, corpus: Corpus, layers: Collection[Layer], poolings: Collection[str]
    ) -> None:
        self.encoder, self.corpus, self.layers, self.poolings = encoder, corpus, layers, poolings
        self.n_steps = -(-corpus.n_sentences // self.per_step)
        self.found = encoder.told_of(corpus)

    def step(self, number: int) -> Iterator[Part]:
        first = number * self.per_step
        for sentence in range(first, min(first + self.per_step, self.corpus.n_sentences)):
            vectors = np.asarray(self.encoder.vectors_of(self.corpus, sentence), dtype=np.float32)
            n_words = int(self.corpus.lengths[sentence])
            expected = (self.encoder.n_layers, n_words, self.encoder.width)
            if vectors.shape != expected:
                raise ProbekitError(
                    f"'{self.encoder.source.name}' gave vectors of shape {vectors.shape} for the {n_words} words of "
                    f"sentence {sentence}; expected (n_layers, n_words, width) = {expected}"
                )
            for layer in self.layers:
                yield from parts_of(self.corpus, sentence, layer, vectors[layer or 0], self.poolings)


def parts_of(
    corpus: Corpus, sentence: int, layer: Layer, vectors: np.ndarray, poolings: Collection[str]
) -> Iterator[Part]:
    """The vectors (n_words, width) of a sentence's words in a layer, by each pooling."""
    for pooling in poolings:
        if pooling == pools.WORDS:
            yield layer, pooling, slice(*corpus.offsets[sentence : sentence + 2]), vectors
        else:
            yield layer, pooling, slice(sentence, sentence + 1), pools.pool_one(vectors, pooling)[None]


# What may be registered as an encoder.
KINDS = (EncoderKind, WordEncoder)
