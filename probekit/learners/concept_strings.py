"""Languages of concepts: strings of values, some of them held out so that a pair of values is never seen together.

`concept-strings(6, 10)` has 10^6 strings of six concepts with ten values each (Gupta, Resnick et al. 2020). Symbols are
numbered as one alphabet: value v of concept j is n_values j + v.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError, UnknownName
from probekit.sources import Source, resolve
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, Seed

NAME, REVISION = "concept-strings", 1
PAPER = (6, 10)  # concepts and values of the paper's language: the only size at which a number is its own
HOLDOUTS = ("signature", "random")
MOST = 5_000_000  # strings
MOST_DEV, SEEN = 10_000, 1000
LEAST_SEEN = 10 * SEEN  # training strings of a language of which some are set aside to look at
Strings = npt.NDArray[np.int64]


class ConceptStrings:
    """A language and its split; strings are numbers below `size`, see `values`.

    test: strings that hold a pair of values never seen together (holdout="signature"), or as many at random. dev: the
    same of another pair of concepts, at most 10,000; empty with fewer than four concepts, where two pairs of concepts
    would share one. seen: 1,000 training strings set aside to look at; all training strings where a language has fewer
    than 10,000. train: what training draws from.
    """

    def __init__(self, n_concepts: int, n_values: int, holdout: str, seed: int) -> None:
        self.n_concepts, self.n_values, self.size = n_concepts, n_values, n_values**n_concepts
        rng = generator(seed, "split", NAME, n_concepts, n_values)
        kinds = self._by_signature if holdout == "signature" else self._at_random
        self.test, dev = kinds(rng)
        self.dev = np.sort(rng.permutation(dev)[:MOST_DEV])
        left = np.ones(self.size, dtype=bool)
        left[self.test] = left[self.dev] = False
        self.train = np.flatnonzero(left)
        self.seen = self.train
        if len(self.train) >= LEAST_SEEN:
            self.seen = np.sort(rng.choice(self.train, SEEN, replace=False))
            left[self.seen] = False
            self.train = np.flatnonzero(left)

    def _by_signature(self, rng: np.random.Generator) -> tuple[Strings, Strings]:
        """Strings that hold the first pair of values, and those that hold the second and not the first."""
        places = rng.permutation(self.n_concepts)[:4].tolist()
        wanted = rng.integers(self.n_values, size=4).tolist()
        values = self.values(np.arange(self.size))
        held = [values[:, place] == value for place, value in zip(places, wanted, strict=False)]
        test = held[0] & held[1]
        dev = held[2] & held[3] & ~test if len(held) == 4 else np.zeros(self.size, dtype=bool)
        return np.flatnonzero(test), np.flatnonzero(dev)

    def _at_random(self, rng: np.random.Generator) -> tuple[Strings, Strings]:
        order, n = rng.permutation(self.size), self.n_values ** (self.n_concepts - 2)
        return np.sort(order[:n]), order[n : 2 * n] if self.n_concepts >= 4 else order[:0]

    def values(self, strings: Strings) -> Strings:
        """Values of strings, (n, n_concepts)."""
        powers = self.n_values ** np.arange(self.n_concepts)[::-1]
        return np.asarray(strings)[..., None] // powers % self.n_values

    def symbols(self, strings: Strings) -> Strings:
        """The same as symbols of the alphabet."""
        return self.values(strings) + self.n_values * np.arange(self.n_concepts)

    def some(self, most: int, seed: int) -> Strings:
        """All strings of the language, or so many drawn at random."""
        if self.size <= most:
            return np.arange(self.size)
        return np.sort(generator(seed, "sample", "strings of", self.size).choice(self.size, most, replace=False))


def concept_strings(n_concepts: Count, n_values: Count, holdout: str = "signature", seed: Seed = 0) -> ConceptStrings:
    """A language of n_values^n_concepts strings. seed: of what is held out.

    Raises ProbekitError for a language too small to hold a pair of values out, or too large to number.
    """
    _check(n_concepts, n_values, holdout)
    return ConceptStrings(n_concepts, n_values, holdout, seed)


def _check(n_concepts: int, n_values: int, holdout: str) -> None:
    if holdout not in HOLDOUTS:
        raise UnknownName("holdout", str(holdout), HOLDOUTS)
    if n_concepts < 2 or n_values < 2 or n_values**n_concepts < 8:
        raise ProbekitError(
            f"{NAME}({n_concepts}, {n_values}) is too small to hold a pair of values out: it takes 2 concepts, "
            "2 values and 8 strings or more"
        )
    if n_values**n_concepts > MOST:
        raise ProbekitError(
            f"{NAME}({n_concepts}, {n_values}) has {n_values**n_concepts:.1e} strings, more than {MOST:,}"
        )


def load(spec: str | Spec) -> ConceptStrings:
    """The language of a spec. Raises UnknownName or ProbekitError."""
    return concept_strings(**_options(parse(spec))[1])


def describe(spec: str | Spec) -> Source:
    """What a spec names. All languages are made by a program: the paper's own is its data, others stand for it."""
    written, options = _options(parse(spec))
    paper = (options["n_concepts"], options["n_values"], options["holdout"]) == (*PAPER, HOLDOUTS[0])
    return Source(str(written), str(written), digest([NAME, REVISION, options]), generated=not paper)


def _options(spec: Spec) -> tuple[Spec, dict[str, Any]]:
    """Canonical spec and options, defaults filled in."""
    if spec.name != NAME:
        raise UnknownName("language", spec.name, [NAME])
    if spec.target is not None or spec.steps:
        raise ProbekitError(f"'{spec}': a language is {NAME}(concepts, values), without steps")
    found = resolve(spec, concept_strings, "language")
    options = dict(found.options)
    _check(options["n_concepts"], options["n_values"], options["holdout"])
    return found.written, options


def sizes(spec: str | Spec) -> tuple[int, int]:
    """Concepts and values of a language, which is not built for them. Raises as `describe`."""
    _, options = _options(parse(spec))
    return options["n_concepts"], options["n_values"]
