"""What is asked, and what answers it: plain data that any worker can take up, and registered functions."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import pyarrow as pa
import pyarrow.compute as pc

from probekit import recipes
from probekit import rows as schema
from probekit.registry import Registry, load_module
from probekit.sources import Planned, Source, modules_of
from probekit.specs import Spec
from probekit.store import digest

Row = dict[str, Any]
# Where a table below the score says which questions it was asked for.
ASKED = "probekit.asked"


@dataclass(frozen=True)
class Question:
    """One point of a grid. `axes` are the row's columns known before the run; `tables` the tables its answer fills.

    `key` digests what the answer depends on; code revision, machine and executor are not in it.
    """

    key: str
    axes: Mapping[str, Any]
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """The unit of work: open questions that share the costly thing they are answered from, as plain data.

    `modules` are imported first, so that a worker knows the components registered there. `needs` are specs of recipes
    that are made before. `sources` are the specs of what the cell is answered from: what refuses one of them refuses
    the cell. `generated` names the axes whose data a program made. `planned` is all that the keys of its questions say:
    who answers it refuses other data and other revisions.
    """

    work: str
    label: str
    shared: Mapping[str, Any]
    questions: tuple[Question, ...]
    needs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()

    @property
    def name(self) -> str:
        """Name of the part that its answer becomes."""
        return digest([self.work, sorted(question.key for question in self.questions)])


class Valued(Protocol):
    """A number with its interval: a score, a mean."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def note(self) -> str: ...


@dataclass
class Answer:
    """Rows of a cell, each with its question's key, and tables below the score by name."""

    rows: list[Row] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def row(
        self,
        question: Question | str,
        metric: str,
        value: Valued | float,
        *,
        split: str = "test",
        info: Mapping[str, Any] | None = None,
        note: str = "",
        **columns: Any,
    ) -> None:
        """One row of a question, or of its key: a number, or a score with its interval and its own note."""
        found: Row = {"key": question if isinstance(question, str) else question.key, "metric": metric, "split": split}
        if hasattr(value, "value"):
            scored = cast(Valued, value)
            method = getattr(value, "method", "")
            found |= {"value": scored.value, "ci_low": scored.low, "ci_high": scored.high}
            info = {**(info or {}), **({"interval": method} if method else {})}
            note = "; ".join(dict.fromkeys(text for text in (scored.note, note) if text))
        else:
            found["value"] = value
        self.rows.append({**found, "info": dict(info or {}), "note": note, **columns})

    def lines(self, table: str, schema_of: pa.Schema, lines: Iterable[Sequence[Any]] | pa.Table) -> None:
        """Add lines, in the order of the schema's columns, to a table below the score."""
        if not isinstance(lines, pa.Table):
            listed = list(lines)
            columns = [[line[at] for line in listed] for at in range(len(schema_of))]
            arrays = [pa.array(column, one.type) for column, one in zip(columns, schema_of, strict=True)]
            lines = pa.table(arrays, schema=schema_of)
        before = self.tables.get(table)
        self.tables[table] = lines if before is None else pa.concat_tables([before, lines])


# A function(cell) -> Answer. Its metadata: `axes`, the kind of source that the values of an axis name, or the words
# that they may be; `data`, axes that are its data where it has no dataset; `refuses`, a function(point) -> why that
# point cannot be asked, "" where it can; `needs`, a function(point) -> specs of recipes that are made first; `depends`,
# the same of recipes that only enter the key;
# `columns`, a function(point) -> further columns of the rows; `cost`, a function(cell) -> seconds of one core;
# `tables`, schemas of tables of its own; `threads`, how many it uses: the kind of job decides, not the machine, so that
# every executor computes the same numbers.
works: Registry[Callable[[Cell], Answer]] = Registry(
    "work",
    homes={
        name: f"probekit.works.{module}"
        for name, module in {
            "probing": "probing",
            "spans": "spans",
            "tuned-spans": "spans",
            "predicting": "predicting",
            "translating": "translating",
            "tagging": "tagging",
            "classifying": "classifying",
            **dict.fromkeys(("tuning", "moved-inputs", "tuned-space", "step-times"), "tuning"),
            "parsing": "parsing",
            "published-runs": "published_runs",
            "inference": "inference",
            "vocabulary-coverage": "vocabularies",
            "pretraining": "pretraining",
            "neighbourhoods": "neighbourhoods",
            "corpus-answers": "corpus_answers",
            **dict.fromkeys(("language-distances", "character-perplexity"), "distances"),
            "supertagging": "supertagging",
            "text-relevance": "text_relevance",
            "refinement": "refinement",
            "benchmarking": "benchmarking",
            "alpha-sweep": "alpha_sweep",
            "bit-game": "bit_games",
            "random-code": "bit_games",
            "discrete-code": "codes",
            "spectra": "spectra",
            "energies": "energies",
            "training-losses": "training_losses",
            "neighbours": "portraits",
            "offset-places": "portraits",
            "specificity": "specificity",
            "set-neighbours": "word_sets",
            "set-divergences": "word_sets",
            "set-controls": "word_sets",
            "polarity": "polarity",
            "tuned-polarity": "polarity",
            "reconstruction": "reconstruction",
            "tree-scores": "tree_scores",
            "combining": "combining",
            "sentence-features": "sentence_features",
            "attention": "attention",
            "attention-imitation": "attention",
            "attention-training": "attention",
            "attention-explanations": "explanations",
        }.items()
    },
)


def tables_of(work: str) -> Mapping[str, pa.Schema]:
    """Schemas of the tables below the score that a work may fill: those of all, and its own."""
    return {**schema.TABLES, **works.entry(work).meta.get("tables", {})}


def describe(name: str | Spec) -> Source:
    """A work as a source: its digest is its revision's."""
    entry = works.entry(str(name))
    return Source(entry.name, entry.name, digest([entry.name, entry.revision]), modules=modules_of(entry))


def answer(cell: Cell) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Answer a cell in this process: what an executor runs. Rows come back as one table of the row schema,
    tables below the score in theirs, those that were asked for.

    Raises ProbekitError where data or revisions are not those of its questions' keys, ValueError when a question was
    left without a row, a row answers no question of the cell, two rows have the same key, metric, split and subset, or
    a row or table does not fit its schema.
    """
    for module in cell.modules:
        load_module(module)
    entry = works.entry(cell.work)
    _check(cell.planned)
    with threads(int(entry.meta.get("threads", 1))):
        found = entry.load()(cell)
    _check(cell.planned)  # files may have changed before they were read
    asked = {question.key: question.axes for question in cell.questions}
    answered = {row.get("key") for row in found.rows}
    if foreign := answered - set(asked):
        raise ValueError(f"a row of the cell '{cell.label}' has the key {foreign.pop()!r}, which was not asked")
    if unanswered := set(asked) - answered:
        raise ValueError(f"{len(unanswered)} of {len(asked)} questions of the cell '{cell.label}' got no row")
    said = {"generated": list(cell.generated)} if cell.generated else {}
    rows = schema.table({**asked[row["key"]], **row, "info": {**row.get("info", {}), **said}} for row in found.rows)
    if len(set(zip(*(rows[name].to_pylist() for name in schema.UNIQUE), strict=True))) < len(rows):
        raise ValueError(f"two rows of the cell '{cell.label}' have the same {', '.join(schema.UNIQUE)}")
    wanted: dict[str, list[str]] = {}
    for question in cell.questions:
        for table in question.tables:
            wanted.setdefault(table, []).append(question.key)
    known = tables_of(cell.work)
    return rows, {name: _fitted(name, known[name], found.tables.get(name), keys) for name, keys in wanted.items()}


def _fitted(name: str, kind: pa.Schema, content: pa.Table | None, keys: list[str]) -> pa.Table:
    """A table below the score in its schema, columns in order.

    It says whose lines were asked for, since a question may have none.
    """
    wanted = kind.with_metadata({ASKED: json.dumps(keys)})
    if content is None:
        return wanted.empty_table()
    if set(content.column_names) != set(wanted.names):
        raise ValueError(f"the table '{name}' has the columns {', '.join(wanted.names)}; got {content.column_names}")
    foreign = pc.invert(pc.is_in(content["key"], value_set=pa.array(keys, pa.string())))
    if pc.any(foreign).as_py():
        raise ValueError(f"the table '{name}' has lines of a question that was not asked for it")
    return content.select(wanted.names).cast(wanted)


def _check(planned: Iterable[Planned]) -> None:
    for one in planned:
        one.check()


def make(need: str, key: str, modules: tuple[str, ...] = ()) -> None:
    """Make what cells need, in this process with the threads that its recipe takes; free when it is there.

    Raises ProbekitError where the recipe's key is no longer the one that it was planned with.
    """
    for module in modules:
        load_module(module)
    Planned("recipe", need, key).check()
    recipe = recipes.of(need)
    with threads(recipe.threads):
        recipe.ensure()


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Limit numerical libraries to n threads, those already loaded and torch if a job loads it."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(n)
    torch = sys.modules.get("torch")
    torch_before = torch.get_num_threads() if torch else None
    if torch:
        torch.set_num_threads(n)
    try:
        with _libraries(len(sys.modules)).limit(limits=n):
            yield
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before
        if torch and torch_before:
            torch.set_num_threads(torch_before)


@functools.lru_cache(maxsize=1)
def _libraries(modules: int) -> Any:
    """Libraries with threads in this process. Finding them takes a millisecond, as much as a small cell: they are
    looked for again when the number of imported modules says that there may be more."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
