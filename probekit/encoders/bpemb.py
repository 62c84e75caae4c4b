"""Words as pieces of a SentencePiece model with a vector each, as BPEmb ships them (Heinzerling and Strube 2018, LREC).

    bpemb:de.wiki.bpe.vs200000.d300.w2v.bin(pieces=de.wiki.bpe.vs200000.model)

Both files are the user's own; the pieces are cut by the package `sentencepiece`, an extra.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.tables import WordTable, describe_table, load_table
from probekit.encoders.encoder import EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.errors import MissingExtra, ProbekitError
from probekit.resources import find
from probekit.sources import resolve
from probekit.specs import Spec, parse
from probekit.store import digest, file_digest
from probekit.values import OneOf

NAME, REVISION = "bpemb", 1
BEGINNING = "\u2581"  # how pieces mark where a word begins
KEPT = 100_000  # words whose vectors are remembered


def options(
    pieces: str, word: Annotated[str, OneOf(("mean", "ends"))] = "mean", as_written: bool = False
) -> dict[str, Any]:
    """Options of `bpemb:<vectors>(pieces=FILE)`.

    pieces: the SentencePiece model. word: the `mean` of the vectors of its pieces, or those of the first and the last
    side by side (`ends`, as FLAIR has them). as_written: words are not put into lower case with 0 for every digit, as
    BPEmb's text was.
    """
    return dict(locals())


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of vectors of pieces. Raises ProbekitError where one of the two files is not there."""
    parsed = parse(spec)
    if not parsed.target:
        raise ProbekitError(f"'{parsed}' names no vectors; write bpemb:VECTORS(pieces=MODEL)")
    given = resolve(parsed.bare, options, "encoder")
    table, model = describe_table(table_of(parsed)), find(str(given.options["pieces"]))
    contents = file_digest(model)
    rest = {name: value for name, value in given.written.kwargs.items() if name != "pieces"}

    def written(target: str, pieces: str) -> str:
        return str(Spec(NAME, target, (), dict(sorted({**rest, "pieces": pieces}.items()))))

    shown = f"{model.name}-{contents[:8]}"
    return EncoderSource(
        written(str(parse(table.spec).target), str(model.absolute())),
        written(str(parse(table.name).target), shown),
        digest([NAME, REVISION, table.digest, contents, options(**given.options) | {"pieces": ""}]),
        poolings=tuple(one for one in POOLINGS if one != "cls"),
    )


def table_of(spec: Spec) -> str:
    """Spec of the table of the vectors."""
    return str(Spec("static", spec.target))


class PieceVectors(WordEncoder):
    """Vectors of words by their pieces; a piece without a vector is passed over, a word without any has 0."""

    def __init__(self, source: EncoderSource, table: WordTable, model: Path, word: str, as_written: bool) -> None:
        self.source, self.table, self.word, self.as_written = source, table, word, as_written
        self.width = table.width * (2 if word == "ends" else 1)
        self._model, self._seen = model, dict[str, np.ndarray]()

    @cached_property
    def cutter(self) -> Any:
        """The model of pieces. Raises MissingExtra without the package, ProbekitError for another file."""
        try:
            import sentencepiece
        except ImportError:
            raise MissingExtra("sentencepiece", "cutting words into pieces") from None
        try:
            return sentencepiece.SentencePieceProcessor(model_file=str(self._model))
        except (RuntimeError, OSError) as error:
            raise ProbekitError(f"'{self._model.name}' is no SentencePiece model: {error}") from error

    def pieces(self, word: str) -> list[str]:
        """Pieces of a word; what the model does not know is its unknown piece, which BPEmb has a vector of."""
        text = word if self.as_written else re.sub(r"\d", "0", word.lower())
        return [self.cutter.id_to_piece(one) for one in self.cutter.encode(text)]

    def rows(self, word: str) -> np.ndarray:
        """Numbers of the rows of a word's pieces, in their order."""
        found = [self.table.index.get(piece, -1) for piece in self.pieces(word)]
        return np.array([row for row in found if row >= 0], dtype=np.int64)

    def unread(self, word: str) -> bool:
        """Whether no piece of a word is known but the mark of its beginning."""
        return set(self.pieces(word)) <= {BEGINNING, self.cutter.id_to_piece(self.cutter.unk_id())}

    def vector(self, word: str) -> np.ndarray:
        """The vector of a word, (width,) float32."""
        if word not in self._seen:
            if len(self._seen) >= KEPT:
                self._seen.clear()
            self._seen[word] = self._made(np.asarray(self.table.vectors[self.rows(word)], dtype=np.float32))
        return self._seen[word]

    def _made(self, read: np.ndarray) -> np.ndarray:
        if not len(read):
            return np.zeros(self.width, dtype=np.float32)
        made: np.ndarray = np.concatenate([read[0], read[-1]]) if self.word == "ends" else read.mean(axis=0)
        return made

    def vectors(self, words: list[str]) -> np.ndarray:
        """Vectors of the words of a sentence, (1, n, width)."""
        return np.stack([self.vector(word) for word in words])[None]

    def told_of(self, corpus: Corpus) -> Mapping[str, Any]:
        """The share of words of which no piece is known, where there is one."""
        without = np.array([self.unread(str(form)) for form in corpus.form.categories], dtype=bool)
        share = float(without[corpus.form.codes].mean())
        return {"unread_words": round(share, 4)} if share else {}


def load(spec: str | Spec, device: str | None = None) -> PieceVectors:
    """The encoder of a spec."""
    parsed = parse(spec)
    source = describe(parsed)
    given = options(**resolve(parsed.bare, options, "encoder").options)
    model = find(str(given["pieces"]))
    return PieceVectors(source, load_table(table_of(parsed)), model, given["word"], given["as_written"])


KIND = EncoderKind(describe, load)
