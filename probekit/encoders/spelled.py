"""A student of spelling as an encoder: a vector for any string, `characters:TABLE(distance=, epochs=)`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.characters import Student, asked, load_student, recipe
from probekit.embeddings.tables import describe_table, width_of
from probekit.encoders.encoder import EncoderKind, EncoderSource, WordEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.specs import Spec, parse
from probekit.store import digest


class SpelledEncoder(WordEncoder):
    """The vectors of strings as an encoder without layers."""

    def __init__(self, source: EncoderSource, folder: Path, at: int) -> None:
        self.source, self.folder, self.at = source, folder, at
        self.width = int(source.width or 0)
        self._seen: dict[str, np.ndarray] = {}

    @cached_property
    def student(self) -> Student:
        return load_student(self.folder, self.at)

    def _learn(self, words: list[str]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._seen]
        if new:
            self._seen.update(zip(new, self.student.vectors(new), strict=True))

    def vectors(self, words: list[str]) -> np.ndarray:
        """Vectors of the words of a sentence, (1, n, width)."""
        self._learn(words)
        return np.stack([self._seen[word] for word in words])[None]

    def told_of(self, corpus: Corpus) -> Mapping[str, Any]:
        """The share of words with a character that was never seen, where there is one. Spells all forms at once."""
        forms = [str(form) for form in corpus.form.categories]
        self._learn(forms)
        share = float(self.student.unseen(forms)[corpus.form.codes].mean())
        return {"unread_words": round(share, 4)} if share else {}


def describe(spec: str | Spec) -> EncoderSource:
    """What is known of a student as an encoder, with nothing trained."""
    table, student = describe_table(parse(spec)), asked(parse(spec))
    return EncoderSource(
        table.spec,
        table.name,
        digest(["characters", table.digest]),
        modules=table.modules,
        needs=table.needs,
        generated=table.generated,
        poolings=tuple(one for one in POOLINGS if one != "cls"),
        width=width_of(student.teacher.spec),
    )


def load(spec: str | Spec, device: str | None = None) -> SpelledEncoder:
    """The encoder of a spec, trained first where it has not been."""
    found = SpelledEncoder(describe(spec), recipe(parse(spec)).ensure(), asked(parse(spec)).at)
    found.width = int(found.student.module.join.out_features)
    return found


KIND = EncoderKind(describe, load)
