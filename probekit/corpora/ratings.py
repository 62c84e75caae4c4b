"""Ratings: words x properties, from a table of any origin, from lists of categories, or generated.

load_ratings("ratings:norms.csv")        one word a line, a column a property
load_ratings("ap(least=10)")             categories of a word list as properties: 6 for members, 0 for the rest
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from probekit.corpora.by_spec import Kind
from probekit.corpora.catalogue import ratings as registry
from probekit.errors import ProbekitError, UnknownName
from probekit.sources import Source
from probekit.specs import Spec


@dataclass(frozen=True, eq=False)
class Ratings:
    """How much each word has of each property.

    values: (words, properties) float64, read-only. `generated` says that a program made them. `spec` loads them again
    on this machine, `name` shows them, `digest` goes into keys. ProbekitError for shapes that do not fit, a word or
    property given twice or empty, a value that is not finite, and a property that is the same for all words.
    """

    words: Sequence[str]
    properties: Sequence[str]
    values: np.ndarray
    generated: bool = False
    spec: str = ""
    name: str = ""
    digest: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("words", "properties"):
            names = tuple(getattr(self, what))
            object.__setattr__(self, what, names)
            seen: set[str] = set()
            for name in names:
                if not name or name in seen:
                    broken = f"'{name}' twice" if name else "an empty name"
                    raise ProbekitError(f"ratings cannot hold {broken} among their {what}; keep one of each")
                seen.add(name)
        values = np.array(self.values, dtype=np.float64)
        if not self.words or not self.properties or values.shape != (len(self.words), len(self.properties)):
            raise ProbekitError(
                f"ratings of {len(self.words)} words and {len(self.properties)} properties have values of shape "
                f"{values.shape}; give one value for each word and property, at least one of both"
            )
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            i, j = bad[0]
            raise ProbekitError(f"the rating of '{self.words[i]}' for '{self.properties[j]}' is {values[i, j]}")
        constant = [name for name, spread in zip(self.properties, np.ptp(values, axis=0), strict=True) if not spread]
        if constant:
            raise ProbekitError(
                f"the property '{constant[0]}' has one rating for all {len(self.words)} words and says nothing about "
                "them; leave it out"
            )
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        if not self.digest:
            found = hashlib.blake2b(digest_size=16)
            found.update(json.dumps([self.words, self.properties], ensure_ascii=True).encode())
            found.update(values.astype("<f8").tobytes())
            object.__setattr__(self, "digest", found.hexdigest())

    def __repr__(self) -> str:
        return f"Ratings({self.name or 'by hand'}: {len(self.words)} words x {len(self.properties)} properties)"

    def select(self, words: Sequence[str]) -> Ratings:
        """Ratings of some of the words, in the order given; properties that are the same for all of them are left out
        and named in `notes["constant"]`. Raises UnknownName for a word that is not rated, ProbekitError when no
        property is left."""
        place = {word: row for row, word in enumerate(self.words)}
        for word in words:
            if word not in place:
                raise UnknownName(f"word of {self!r}:", word, self.words)
        values = self.values[[place[word] for word in words]]
        if not len(values):
            raise ProbekitError(f"no word of {self!r} was selected")
        varying = np.ptp(values, axis=0) > 0
        if not varying.any():
            raise ProbekitError(f"every property of {self!r} has one rating for all of the {len(words)} words selected")
        kept = [name for name, keep in zip(self.properties, varying, strict=True) if keep]
        left = [name for name, keep in zip(self.properties, varying, strict=True) if not keep]
        notes = {**self.notes, **({"constant": left} if left else {})}
        return replace(self, words=words, properties=kept, values=values[:, varying], digest="", spec="", notes=notes)

    def known(self, vocabulary: Any) -> tuple[Ratings, list[str]]:
        """Ratings of the words that a vocabulary (anything with `in`) holds, and the words that it does not."""
        held = [word for word in self.words if word in vocabulary]
        absent = [word for word in self.words if word not in vocabulary]
        if not held:
            raise ProbekitError(f"none of the {len(self.words)} words of {self!r} is in the table of vectors")
        return (self.select(held) if absent else self), absent


# --- by spec -----------------------------------------------------------------------------------------

_KIND = Kind("ratings", registry)


def describe(spec: str | Spec) -> Source:
    """Canonical spec, display name and digest of ratings, with nothing read. Raises as `load_ratings`."""
    return _KIND.describe(spec)


def load_ratings(spec: str | Spec | Ratings) -> Ratings:
    """Ratings by spec: `ratings:FILE`, `categories:FILE(least=10)`, `ap`, `bless`, `battig(least=20)`.

    Raises UnknownName, DataError or ProbekitError that names what is missing and the way out.
    """
    if isinstance(spec, Ratings):
        return spec
    made, source = _KIND.load(spec)
    return replace(made, spec=source.spec, name=source.name)
