"""Benchmarks of words: what is asked of a table, on which items, scored by what; found by spec.

get("similarity/simlex-999").score(load_table("glove"), measure="cosine")
get("similarity:my-pairs.tsv(unknown=zero)")
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from probekit.corpora import word_items
from probekit.corpora.word_items import WordItems, load_items
from probekit.embeddings.benchmarks.catalogue import registry
from probekit.embeddings.measures import Measure
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import describe_table, load_table, table_spec
from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Entry
from probekit.scores import Score
from probekit.sources import Arguments, Source, modules_of, resolve, together
from probekit.specs import Spec, parse
from probekit.store import digest
from probekit.values import Whole

UNKNOWN = ("skip", "mean", "zero", "wrong")
LEAST = 10  # covered items below which nothing is said


@dataclass(frozen=True, eq=False)
class Scored:
    """One score of a benchmark: of all its items (subset "") or of some.

    n: items that were scored. info: coverage, ties, candidates. `unit`, `group`, `gold`, `predicted`, `scores`: items
    by number, their groups for resampling, the right answer, what was answered and its score, as far as there are any.
    """

    metric: str
    score: Score
    n: int
    subset: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    unit: np.ndarray | None = None
    group: np.ndarray | None = None
    gold: Sequence[str] = ()
    predicted: Sequence[str] = ()
    scores: np.ndarray | None = None


class Benchmark(ABC):
    """A benchmark of word vectors on items.

    unknown: what a word without a vector is: its item is left out (skip), the mean of all vectors (mean), the zero
    vector (zero), or its item counts as failed (wrong, where the metric knows failure). candidates: the words that
    answers are sought among: the first n of the table, 0 for all.
    """

    takes: ClassVar[type | tuple[type, ...]] = Measure  # the class of measures or solvers that answer it
    measure: ClassVar[str] = "cosine"  # the one taken where none is named
    metrics: ClassVar[Mapping[str, bool]] = {}  # its metrics, and whether higher is better
    baseline: ClassVar[str] = ""  # what a trivial answer reaches, in words
    ways: ClassVar[Sequence[str]] = UNKNOWN  # with unknown words that fit its metrics

    def __init__(self, items: Sequence[str], *, unknown: str = "skip", candidates: Whole = 0) -> None:
        if unknown not in self.ways:
            raise UnknownName("way with unknown words:", str(unknown), self.ways)
        self.specs, self.unknown, self.candidates = tuple(items), unknown, candidates
        self.source = Source("", "", "")

    def __repr__(self) -> str:
        return f"<benchmark {self.source.name or type(self).__name__}>"

    @cached_property
    def items(self) -> list[WordItems]:
        """The items it asks about, read when they are first needed."""
        return [load_items(spec) for spec in self.specs]

    @abstractmethod
    def answer(self, table: WordTable, measure: Any) -> list[Scored]:
        """What a table reaches, one `Scored` a metric and subset. measure: an instance of `takes`."""

    def score(self, table: str | WordTable, measure: str = "") -> pd.DataFrame:
        """What a table reaches: columns metric, subset, value, ci_low, ci_high, n, coverage, note.

        Raises UnknownName for a measure that is not there, ProbekitError for one that does not answer this benchmark.
        """
        found = self.answer(load_table(table), get_measure(measure or self.measure, self.takes))
        return pd.DataFrame(
            {
                "metric": one.metric,
                "subset": one.subset,
                "value": one.score.value,
                "ci_low": one.score.low,
                "ci_high": one.score.high,
                "n": one.n,
                "coverage": one.info.get("coverage", float("nan")),
                "note": one.score.note,
            }
            for one in found
        )


def too_few(metric: str, n: int, subset: str = "", info: Mapping[str, Any] | None = None, least: int = LEAST) -> Scored:
    """No score, where fewer items are covered than are needed."""
    note = f"{n} items have vectors, fewer than {least}"
    return Scored(metric, Score(np.nan, np.nan, np.nan, "", note), n, subset, info or {})


# --- by spec -----------------------------------------------------------------------------------------


def get(spec: str | Spec) -> Benchmark:
    """A benchmark by spec. Raises UnknownName or ProbekitError for what is not there or does not fit."""
    spec = parse(spec)
    entry, arguments, items = _parts(spec)
    options = dict(arguments.options)
    for name in _given(entry, arguments, "tables"):
        options[name] = load_table(table_spec(options[name]))
    for name in _given(entry, arguments, "lexicons"):
        options[name] = load_items(options[name], "lexicon")
    made = entry.load()(items, **options)
    made.source = describe(spec)
    return made


def describe(spec: str | Spec) -> Source:
    """A benchmark as a source, its items unread: its digest is of its revision, options and items."""
    spec = parse(spec)
    entry, arguments, items = _parts(spec)
    entry.load()(items, **arguments.options)  # refuses options that do not fit
    members = [word_items.describe(one) for one in items]
    named = {name: describe_table(table_spec(arguments.options[name])) for name in _given(entry, arguments, "tables")}
    named |= {name: _lexicon(name, arguments.options[name]) for name in _given(entry, arguments, "lexicons")}
    left_out = set(entry.meta.get("lexicons", ())) - set(
        named
    )  # not given, not in the key: it came after stored answers
    whole = {name: value for name, value in arguments.options.items() if name not in left_out}
    whole |= {name: one.digest for name, one in named.items()}
    shared = together(*members, *named.values())
    shared["modules"] = tuple(dict.fromkeys((*shared["modules"], *modules_of(entry))))
    shown = replace(arguments.written, target=members[0].name.partition(":")[2] if spec.target else None)
    held = replace(arguments.written, target=parse(members[0].spec).target if spec.target else None)
    key = digest([entry.name, entry.revision, whole, [one.digest for one in members]])
    return Source(
        str(held.given({name: one.spec for name, one in named.items()})),
        str(shown.given({name: one.name for name, one in named.items()})),
        key,
        **shared,
    )


def _parts(spec: Spec) -> tuple[Entry[type[Benchmark]], Arguments, tuple[str, ...]]:
    """What a spec names, its arguments, and the specs of its items."""
    if spec.steps:
        raise ProbekitError(f"'{spec}': a benchmark takes no steps; leave '|{spec.steps[0]}' away")
    entry = registry.entry(spec.name)
    reader = entry.meta.get("reader")
    if bool(reader) != bool(spec.target):
        raise ProbekitError(
            f"the benchmark '{spec.name}' takes {'a file: ' + spec.name + ':FILE' if reader else 'no file'}"
        )
    items = (str(Spec(reader, spec.target)),) if reader else tuple(entry.meta["items"])
    return entry, resolve(replace(spec, target=None), entry.load(), "benchmark", ("items",)), items


def _given(entry: Entry[type[Benchmark]], arguments: Arguments, kind: str) -> list[str]:
    """Options that name tables, or lexicons, and do."""
    return [name for name in entry.meta.get(kind, ()) if arguments.options[name] is not None]


def _lexicon(name: str, spec: str) -> Source:
    """The source of a lexicon that an option names. Raises ProbekitError for items of another kind."""
    found = word_items.registry.entry(parse(spec).name).meta.get("kind")
    if found != "lexicon":
        raise ProbekitError(f"{name}={spec}: these are {found}; it takes a lexicon, such as lexicon:FILE")
    return word_items.describe(spec)
