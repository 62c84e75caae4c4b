"""The input vectors of an encoder as a table: those of the words that its tokenizer has as one piece.

input-vectors:minilm   input-vectors:hf:<name|folder>
"""

from __future__ import annotations

from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.catalogue import TableKind, kinds
from probekit.embeddings.table import WordTable
from probekit.encoders.batch import tokenise
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.loading import describe, load_encoder
from probekit.errors import ProbekitError
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.store import digest


def input_vectors(encoder: HuggingFaceEncoder) -> WordTable:
    """Words that are one piece each, in the order of the vocabulary, with their input vectors (n, d) float32.

    No position and no normalisation is added, as a layer 0 would have. Raises ProbekitError where no word is one piece.
    """
    words = whole_words(encoder.tokenizer)
    model: Any = encoder.fresh_model()
    matrix = model.get_input_embeddings().weight.detach().float().cpu().numpy()
    words = {word: row for word, row in words.items() if row < len(matrix)}
    if not words:
        raise ProbekitError(f"no piece of '{encoder.source.name}' is a whole word; its input vectors are no table")
    return WordTable(list(words), np.asarray(matrix[list(words.values())], dtype=np.float32))


def whole_words(tokenizer: Any) -> dict[str, int]:
    """Words with the piece that a tokenizer makes of each: those pieces that are cut into themselves when they are
    handed over as words. Special pieces, continuations and pieces with blanks are none."""
    special = set(tokenizer.all_special_ids)
    ids = np.array([id for id in sorted(tokenizer.get_vocab().values()) if id not in special])
    spelt = np.array([tokenizer.decode([id], clean_up_tokenization_spaces=False).strip() for id in ids], dtype=object)
    written = np.array([bool(text) and not any(map(str.isspace, text)) for text in spelt], dtype=bool)
    ids, spelt = ids[written], spelt[written]
    if not len(ids):
        return {}
    pieces = tokenise(tokenizer, Corpus.from_words([[text] for text in spelt]))
    same = (pieces.lengths == 1) & (pieces.ids[pieces.offsets[:-1]] == ids)
    return {text: int(id) for text, id in zip(spelt[same], ids[same], strict=True)}


def _describe(spec: Spec) -> Source:
    resolve(spec.bare, lambda: None, "word-vector table")  # it has no options of its own
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no encoder; write input-vectors:minilm or input-vectors:hf:<name|folder>")
    encoder = describe(spec.target)
    if not encoder.piece:
        raise ProbekitError(f"'{spec.target}' cuts words into no pieces, so it has no input vectors of them")
    written, shown = (str(Spec(spec.name, text)) for text in (encoder.spec, encoder.name))
    return Source(
        written, shown, digest([spec.name, kinds.entry(spec.name).revision, encoder.digest]), **together(encoder)
    )


def _load(spec: Spec) -> WordTable:
    encoder = load_encoder(str(spec.target))
    if not isinstance(encoder, HuggingFaceEncoder):
        raise ProbekitError(f"'{spec.target}' is no Hugging Face model, whose input vectors alone can be a table")
    return input_vectors(encoder)


INPUT_VECTORS = TableKind(_describe, _load)
