"""What an encoder trained on paraphrases holds of each word, as a table: vectors, or the two parts of its operators.

paraphrase-words:saved:FOLDER   paraphrase-words:"paraphrases:<corpus>(model=wlo)"(part=shift)
"""

from __future__ import annotations

from typing import Annotated

from probekit.embeddings.catalogue import TableKind, kinds
from probekit.embeddings.table import WordTable
from probekit.encoders.loading import describe, load_encoder
from probekit.encoders.paraphrases import FIRST_WORD, ParaphraseEncoder
from probekit.errors import ProbekitError
from probekit.sources import Source, resolve, together
from probekit.specs import Spec
from probekit.store import digest
from probekit.values import OneOf

PARTS = {"vectors": "embeddings", "shift": "shift", "log-scale": "log_scale"}


def options(part: Annotated[str, OneOf(tuple(PARTS))] = "vectors") -> str:
    """part: `vectors` of averages and LSTMs; of operators z <- A (z + B) `shift`, B, and `log-scale`, ln A."""
    return part


def word_table(encoder: ParaphraseEncoder, part: str) -> WordTable:
    """Words of an encoder, most frequent first, and a part (n, k) float32. Raises ProbekitError where there is none."""
    weights = getattr(encoder.model, PARTS[part], None)
    if weights is None:
        there = [name for name, own in PARTS.items() if hasattr(encoder.model, own)]
        raise ProbekitError(f"'{encoder.source.name}' has no {part} of words; ask part={' or '.join(there)}")
    return WordTable(encoder.vocabulary.words, weights.weight[FIRST_WORD:].cpu().numpy().copy())


def _describe(spec: Spec) -> Source:
    if not spec.target:
        raise ProbekitError(f"'{spec}' names no encoder; write {spec.name}:saved:FOLDER(part=vectors)")
    arguments = resolve(Spec(spec.name, None, spec.args, spec.kwargs), options, "word-vector table")
    encoder = describe(spec.target)
    written, shown = (str(Spec(spec.name, text, (), arguments.written.kwargs)) for text in (encoder.spec, encoder.name))
    content = [spec.name, kinds.entry(spec.name).revision, encoder.digest, dict(arguments.options)]
    return Source(written, shown, digest(content), **together(encoder))


def _load(spec: Spec) -> WordTable:
    encoder = load_encoder(str(spec.target))
    if not isinstance(encoder, ParaphraseEncoder):
        raise ProbekitError(f"'{spec.target}' was not trained on paraphrases; give saved:FOLDER or paraphrases:...")
    return word_table(encoder, resolve(Spec(spec.name, None, spec.args, spec.kwargs), options, "table").options["part"])


PARAPHRASE_WORDS = TableKind(_describe, _load)
