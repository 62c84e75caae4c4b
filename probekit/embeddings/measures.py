"""How alike two vectors are, by name: cosine, dot, euclidean. More is more alike.

A measure answers pairs, and one block of queries against all words; `prepare` does once what every block would repeat.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from probekit.embeddings.catalogue import measures
from probekit.errors import ProbekitError
from probekit.registry import Entry
from probekit.sources import Source, modules_of, resolve
from probekit.specs import Spec, parse
from probekit.store import digest

Floats = npt.NDArray[np.floating]
DIGITS = 1e-5  # more than a sum of 1,000 products in float32 is wrong by, of unit vectors
_SAMPLE = 256
_ROWS = 256
_AT_ONCE = 1 << 14  # rows that are prepared to look at their lengths


class Measure(ABC):
    """How alike vectors are. `pairs` and `against` take rows of what `prepare` made of vectors (n, d) float32."""

    def prepare(self, vectors: Floats) -> Floats:
        """Rows as the measure reads them, (n, m) float32; here the vectors as they are."""
        return np.asarray(vectors, dtype=np.float32)

    @abstractmethod
    def pairs(self, left: Floats, right: Floats) -> Floats:
        """Likeness of each left row with the right row beside it, (m,) float64."""

    @abstractmethod
    def against(self, queries: Floats, rows: Floats) -> Floats:
        """Likeness of each query with all rows, (q, n)."""

    def slack(self, queries: Floats, rows: Floats) -> Floats:
        """How far `against` may be from `pairs` for lack of digits, (q,): what is nearer is decided by `pairs`.

        Here from how large likeness is; a measure that subtracts large numbers says more.
        """
        return DIGITS * np.abs(self.against(queries, rows[:_SAMPLE])).max(axis=1, initial=0)

    def slack_of(self, queries: Floats, vectors: Floats) -> Floats:
        """`slack` with what it prepares of vectors (n, d), which are not held prepared."""
        blocks = (vectors[at : at + _AT_ONCE] for at in range(0, len(vectors), _AT_ONCE))
        return np.asarray(np.max([self.slack(queries, self.prepare(block)) for block in blocks], axis=0))


class Cosine(Measure):
    """Cosine of the angle; 0 where a vector is zero."""

    def prepare(self, vectors: Floats) -> Floats:
        return unit_rows(vectors)

    def pairs(self, left: Floats, right: Floats) -> Floats:
        return np.einsum("ij,ij->i", left, right, dtype=np.float64)

    def against(self, queries: Floats, rows: Floats) -> Floats:
        return queries @ rows.T

    def slack(self, queries: Floats, rows: Floats) -> Floats:
        return DIGITS * _lengths(queries) * _lengths(rows).max(initial=0)

    def slack_of(self, queries: Floats, vectors: Floats) -> Floats:
        return DIGITS * _lengths(queries)  # prepared rows have length 1


class Dot(Cosine):
    """Inner product of the vectors as they are."""

    def prepare(self, vectors: Floats) -> Floats:
        return np.asarray(vectors, dtype=np.float32)

    def slack_of(self, queries: Floats, vectors: Floats) -> Floats:
        return Measure.slack_of(self, queries, vectors)


class Euclidean(Measure):
    """Minus the squared Euclidean distance."""

    def pairs(self, left: Floats, right: Floats) -> Floats:
        gap = np.asarray(left, dtype=np.float64) - right
        return -np.einsum("ij,ij->i", gap, gap)

    def against(self, queries: Floats, rows: Floats) -> Floats:
        squares = np.einsum("ij,ij->i", rows, rows)
        return 2 * (queries @ rows.T) - squares - np.einsum("ij,ij->i", queries, queries)[:, None]

    def slack(self, queries: Floats, rows: Floats) -> Floats:
        return DIGITS * (_lengths(queries) + _lengths(rows).max(initial=0)) ** 2


def unit_rows(vectors: Floats) -> Floats:
    """Rows of length 1, (n, d) float32; a zero row stays zero."""
    vectors = np.asarray(vectors, dtype=np.float32)
    made = np.empty_like(vectors)
    for start in range(0, len(vectors), _ROWS):  # in float64, a block at a time that stays in the cache of a core
        block = vectors[start : start + _ROWS].astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        lengths[lengths == 0] = 1
        block /= lengths[:, None]
        made[start : start + _ROWS] = block
    return made


def _lengths(vectors: Floats) -> Floats:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))


# --- by spec -----------------------------------------------------------------------------------------


def get(spec: str | Spec, of: type | tuple[type, ...] = object) -> Measure:
    """What a spec of the registry names: a measure, or a solver of analogies (embeddings/analogies.py).

    Raises UnknownName for a name or option that is not there, ProbekitError where it is none of the class `of`.
    """
    spec = parse(spec)
    entry = _entry(spec)
    component = entry.load()
    if not issubclass(component, of):
        known = [name for name in measures.names() if issubclass(measures.get(name), of)]
        raise ProbekitError(f"'{spec}' answers nothing of this kind; choose among {', '.join(known)}")
    made: Measure = component(**resolve(spec, component, "measure").options)
    return made


def describe(spec: str | Spec) -> Source:
    """A measure as a source: its digest is of its revision and options."""
    spec = parse(spec)
    entry = _entry(spec)
    arguments = resolve(spec, entry.load(), "measure")
    entry.load()(**arguments.options)  # refuses options that do not fit
    text = str(arguments.written)
    return Source(text, text, digest([entry.name, entry.revision, dict(arguments.options)]), modules=modules_of(entry))


def _entry(spec: Spec) -> Entry[type[Measure]]:
    if spec.steps or spec.target is not None:
        raise ProbekitError(f"the measure '{spec}' takes options in brackets alone")
    return measures.entry(spec.name)
