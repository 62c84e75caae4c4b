"""Static encoders: word-vector tables seen as encoders, one vector a word whatever its sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.tables import WordTable, describe_table, load_table
from probekit.encoders import pooling as pools
from probekit.encoders.catalogue import registry
from probekit.encoders.encoder import EncoderKind, EncoderSource, EncodingPass, WholePass
from probekit.encoders.pooling import check_name, position
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import Source, together
from probekit.specs import Spec, parse
from probekit.store import digest

OOV = ("skip", "zero", "unk", "error")
LOWER = ("auto", "never", "always")
DEFAULTS = {"oov": "skip", "lower": "auto"}
UNKNOWN_WORDS = ("<unk>", "<UNK>", "[UNK]", "UNK")
POOLINGS = tuple(pooling for pooling in pools.POOLINGS if pooling != "cls")
_REDUCE: Mapping[str, np.ufunc] = {"mean": np.add, "sum": np.add, "max": np.maximum, "min": np.minimum}
_WORDS_AT_ONCE = 1 << 15


class StaticEncoder:
    """A view of a table: `encode(corpus, poolings)` gives one float32 row a sentence, or a word.

    `oov` says what an out-of-vocabulary word is: `skip` leaves it out of mean, sum, max and min; `zero` lets
    it take part as the zero vector; `unk` gives it the table's unknown word (one of UNKNOWN_WORDS, else the
    mean of all vectors); `error` refuses the corpus. Where one row is asked for one word (`words`, `word:k`),
    `skip` gives zeros. A sentence without a known word gets zeros under `skip` and is counted (our reading;
    the published study does not say). `lower` says which form is looked up: `auto` the form and, if the table
    has none, its lower case; `never` the form; `always` its lower case.
    """

    def __init__(self, table: WordTable, oov: str = "skip", lower: str = "auto") -> None:
        check_policies(oov, lower)
        self.table, self.oov, self.lower = table, oov, lower
        self.source = source_of(Source(table.spec, table.name, table.digest), {"oov": oov, "lower": lower})
        self.layers, self.poolings = self.source.layers, self.source.poolings

    def __repr__(self) -> str:
        return f"StaticEncoder({self.name or 'by hand'})"

    @property
    def width(self) -> int:
        return self.table.width

    @property
    def digest(self) -> str:
        """Digest of the table, the policies and the revision of this module."""
        return self.source.digest

    @property
    def spec(self) -> str:
        """Canonical spec, which loads this encoder in another process too; "" for a table made by hand."""
        return self.source.spec

    @property
    def name(self) -> str:
        """What rows and figures show: a file by its base name and digest, never by its path."""
        return self.source.name

    def start_pass(self, corpus: Corpus, layers: Collection[int | None], poolings: Collection[str]) -> EncodingPass:
        """The whole corpus in one step; `found` holds `coverage` and the uncovered units per pooling."""
        self._check(poolings)
        found = {**self.coverage(corpus), "uncovered": self.missing(corpus, poolings)}
        return WholePass(self, corpus, poolings, found)

    # ---- words ---------------------------------------------------------------------------------------------

    def lookup(self, corpus: Corpus) -> np.ndarray:
        """Row of the table for every word of the corpus, int32, -1 = out of vocabulary.

        Raises ProbekitError under `oov="error"`, naming the first unknown word and its sentence.
        """
        rows = self._rows_of_types(corpus)[0][corpus.form.codes]
        unknown = np.flatnonzero(rows < 0)
        if self.oov == "error" and len(unknown):
            word = int(unknown[0])
            sentence = int(corpus.sentence_of_word[word])
            shown = corpus.sentences["id"].iloc[sentence] if "id" in corpus.sentences else sentence
            raise ProbekitError(
                f"{len(unknown)} of {corpus.n_words} words of {corpus!r} are not in {self.table!r}, the "
                f"first '{corpus.form[word]}' in sentence {shown}; oov=skip, zero or unk define them"
            )
        return rows

    def _rows_of_types(self, corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
        """Row of every distinct form, and whether it was found by a lower case that differs from it."""
        index = self.table.index
        forms = [str(form) for form in corpus.form.categories]
        rows = np.empty(len(forms), dtype=np.int32)
        lowered = np.zeros(len(forms), dtype=bool)
        for number, form in enumerate(forms):
            row = -1 if self.lower == "always" else index.get(form, -1)
            if row < 0 and self.lower != "never":
                small = form.lower()
                row = index.get(small, -1)
                lowered[number] = row >= 0 and small != form
            rows[number] = row
        return rows, lowered

    def coverage(self, corpus: Corpus) -> dict[str, int]:
        """What the table knows of a corpus, in counts.

        `words`, `known` (with a row), `lowercased` (known by their lower case only), `types` and
        `types_known` (distinct forms), `sentences_without` (sentences with no known word).
        """
        rows, lowered = self._rows_of_types(corpus)
        codes = corpus.form.codes
        known = rows[codes] >= 0
        used = np.zeros(len(rows), dtype=bool)
        used[codes] = True
        return {
            "words": corpus.n_words,
            "known": int(known.sum()),
            "lowercased": int(lowered[codes].sum()),
            "types": int(used.sum()),
            "types_known": int((used & (rows >= 0)).sum()),
            "sentences_without": int((segment_counts(known, corpus.offsets) == 0).sum()),
        }

    def unknown_words(self, corpus: Corpus, most: int = 20) -> dict[str, int]:
        """The most frequent out-of-vocabulary forms and their frequencies: where low coverage comes from."""
        rows = self._rows_of_types(corpus)[0]
        counts = np.bincount(corpus.form.codes, minlength=len(rows))
        missing = np.flatnonzero((rows < 0) & (counts > 0))
        best = missing[np.lexsort((missing, -counts[missing]))][:most]
        return {str(corpus.form.categories[i]): int(counts[i]) for i in best}

    @cached_property
    def unknown_vector(self) -> np.ndarray:
        """What an out-of-vocabulary word is under `oov="unk"`, (d,) float32; see `unknown_word`."""
        if self.unknown_word:
            return np.asarray(self.table.vector(self.unknown_word))
        return np.asarray(np.mean(self.table.vectors, axis=0, dtype=np.float64), dtype=np.float32)

    @property
    def unknown_word(self) -> str:
        """The table's own unknown word, or "" when the mean of all vectors stands in."""
        return next((word for word in UNKNOWN_WORDS if word in self.table), "")

    # ---- vectors -------------------------------------------------------------------------------------------

    def encode(self, corpus: Corpus, poolings: Sequence[str] = ("mean",)) -> dict[str, np.ndarray]:
        """Vectors by pooling, float32 and read-only: (n_sentences, d), or (n_words, d) for `words`.

        Under `word:k` positions run over all words of a sentence, known or not. Sums are taken in float64, so
        a sentence has the same vector alone and in any corpus. Raises ProbekitError for `cls`, UnknownName
        for a pooling that does not exist.
        """
        poolings = [poolings] if isinstance(poolings, str) else list(poolings)
        self._check(poolings)
        rows = self.lookup(corpus)
        answer = {}
        for pooling in poolings:
            n = corpus.n_words if pooling == "words" else corpus.n_sentences
            answer[pooling] = np.zeros((n, self.width), dtype=np.float32)
            if pooling.startswith("word:"):
                answer[pooling][:] = self._gather(rows[position_words(corpus, pooling)])
        pooled = [pooling for pooling in poolings if pooling in _REDUCE]
        if pooled or "words" in poolings:
            for first, last in sentence_blocks(corpus.offsets, _WORDS_AT_ONCE):
                start, end = int(corpus.offsets[first]), int(corpus.offsets[last])
                inside = rows[start:end]
                vectors = self._gather(inside)
                if "words" in poolings:
                    answer["words"][start:end] = vectors
                offsets = corpus.offsets[first : last + 1] - start
                if self.oov == "skip":
                    known = inside >= 0
                    vectors, lengths = vectors[known], segment_counts(known, offsets)
                else:
                    lengths = np.diff(offsets)
                for pooling in pooled:
                    answer[pooling][first:last] = reduce_segments(vectors, lengths, pooling)
        for array in answer.values():
            array.flags.writeable = False
        return answer

    def missing(self, corpus: Corpus, poolings: Iterable[str]) -> dict[str, int]:
        """Units per pooling whose vector comes from no known word: what the report calls uncovered."""
        rows = self.lookup(corpus)
        empty = int((segment_counts(rows >= 0, corpus.offsets) == 0).sum())
        counts = {}
        for pooling in poolings:
            self._check([pooling])
            if pooling == "words":
                counts[pooling] = int((rows < 0).sum())
            elif pooling.startswith("word:"):
                counts[pooling] = int((rows[position_words(corpus, pooling)] < 0).sum())
            else:
                counts[pooling] = empty
        return counts

    def _gather(self, rows: np.ndarray) -> np.ndarray:
        unknown = rows < 0
        vectors = np.asarray(self.table.vectors[np.where(unknown, 0, rows)])
        if unknown.any():
            vectors[unknown] = self.unknown_vector if self.oov == "unk" else 0
        return vectors

    def _check(self, poolings: Iterable[str]) -> None:
        for pooling in poolings:
            if pooling in ("cls", *pools.WHOLE):
                raise ProbekitError(
                    f"{self!r} has no {pooling}: a word-vector table knows words alone; poolings: {', '.join(POOLINGS)}"
                )
            check_name(pooling)


def load(spec: str | Spec, device: str | None = None) -> StaticEncoder:
    """An encoder by spec: that of a table, `oov` and `lower` among its arguments. Raises as `load_table`."""
    table, own = split_options(spec)
    return StaticEncoder(load_table(table), **own)


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a static encoder with nothing parsed or trained. Raises as `load_table`."""
    table, own = split_options(spec)
    return source_of(describe_table(table), own)


def source_of(table: Source, own: Mapping[str, str]) -> EncoderSource:
    """Source of the encoder that a table and the encoder's own options make."""
    own = {**DEFAULTS, **own}
    return EncoderSource(
        with_options(table.spec, own),
        with_options(table.name, own),
        digest(["static", registry.entry("static").revision, table.digest, own]),
        **together(table),
        layers=(None,),
        poolings=POOLINGS,
    )


def split_options(spec: str | Spec) -> tuple[Spec, dict[str, str]]:
    """The spec of the table, and the encoder's own options. UnknownName for an unknown policy."""
    spec = parse(spec)
    # word2vec has a `lower` of its own, true or false: whether training lowers the words.
    given = {name: value for name, value in spec.kwargs.items() if not isinstance(value, bool)}
    own = {name: str(given[name]) for name in DEFAULTS if name in given}
    check_policies(**own)
    rest = {name: value for name, value in spec.kwargs.items() if name not in own}
    return Spec(spec.name, spec.target, spec.args, rest, spec.steps), own


def with_options(text: str, own: Mapping[str, str]) -> str:
    """The text of a table's spec with the encoder's options that are not defaults; "" stays ""."""
    given = {name: value for name, value in own.items() if value != DEFAULTS[name]}
    if not text or not given:
        return text
    spec = parse(text)
    merged = dict(sorted({**spec.kwargs, **given}.items()))
    return str(Spec(spec.name, spec.target, spec.args, merged, spec.steps))


def check_policies(oov: str = "skip", lower: str = "auto") -> None:
    """Raise UnknownName for a policy that does not exist."""
    for name, value, known in (("oov", oov, OOV), ("lower", lower, LOWER)):
        if value not in known:
            raise UnknownName(f"{name} policy", str(value), known)


# ---- segments ----------------------------------------------------------------------------------------------


def segment_counts(marks: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """True marks per segment, int64; segment i is `offsets[i]:offsets[i + 1]`."""
    total = np.concatenate([[0], np.cumsum(marks, dtype=np.int64)])
    return total[offsets[1:]] - total[offsets[:-1]]


def reduce_segments(vectors: np.ndarray, lengths: np.ndarray, pooling: str) -> np.ndarray:
    """mean, sum, max or min over consecutive runs of rows, (n, d) float32; an empty run gives zeros.

    `vectors` is (sum of lengths, d).
    """
    answer = np.zeros((len(lengths), vectors.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(lengths)
    if not len(filled):
        return answer
    # reduceat needs strictly rising starts: an empty run would repeat its neighbour's first row.
    starts = (np.cumsum(lengths) - lengths)[filled]
    ufunc = _REDUCE[pooling]
    kind: Any = np.float64 if ufunc is np.add else np.float32
    reduced = ufunc.reduceat(vectors, starts, axis=0, dtype=kind)
    if pooling == "mean":
        reduced /= lengths[filled][:, None]
    answer[filled] = reduced
    return answer


def sentence_blocks(offsets: np.ndarray, words: int) -> Iterable[tuple[int, int]]:
    """Runs (first, last) of whole sentences with at most `words` words each, a longer sentence by itself."""
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + words, side="right")) - 1
        last = min(max(last, first + 1), n)
        yield first, last
        first = last


def position_words(corpus: Corpus, pooling: str) -> np.ndarray:
    """Index into the words of the corpus of the word that `word:...` names in every sentence."""
    return corpus.offsets[:-1] + position(corpus.lengths, pooling)


KIND = EncoderKind(describe, load)
