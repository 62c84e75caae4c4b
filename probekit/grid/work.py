"""What is asked, and what answers it: plain data that any worker can take up, and registered functions."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from probekit import rows as schema
from probekit.registry import Registry
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
class Need:
    """An artefact that cells are answered from: a registered recipe and its arguments, plain data."""

    recipe: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> str:
        return digest([self.recipe, self.arguments])


@dataclass(frozen=True)
class Cell:
    """The unit of work: open questions that share the costly thing they are answered from, as plain data.

    `modules` are imported first, so that a worker knows the components registered there.
    """

    work: str
    label: str
    shared: Mapping[str, Any]
    questions: tuple[Question, ...]
    need: Need | None = None
    modules: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the part that its answer becomes."""
        return digest([self.work, sorted(question.key for question in self.questions)])


@dataclass
class Answer:
    """Rows of a cell, each with its question's key, and tables below the score by name."""

    rows: list[Row] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)


# A function(cell) -> Answer. `threads` in the metadata says how many it uses: the kind of job decides, not the machine,
# so that every executor computes the same numbers.
works: Registry[Callable[[Cell], Answer]] = Registry("work")
# A function(**arguments) that makes artefacts, using all cores.
recipes: Registry[Callable[..., None]] = Registry("recipe")


def answer(cell: Cell) -> tuple[pa.Table, dict[str, pa.Table]]:
    """Answer a cell in this process: what an executor runs. Rows come back as one table of the row schema,
    tables below the score in theirs, those that were asked for.

    Raises ValueError when a question was left without a row, a row answers no question of the cell, two rows
    have the same key, metric, split and subset, or a row or table does not fit its schema.
    """
    for module in cell.modules:
        importlib.import_module(module)
    entry = works.entry(cell.work)
    with threads(int(entry.meta.get("threads", 1))):
        found = entry.load()(cell)
    asked = {question.key: question.axes for question in cell.questions}
    answered = {row.get("key") for row in found.rows}
    if foreign := answered - set(asked):
        raise ValueError(f"a row of the cell '{cell.label}' has the key {foreign.pop()!r}, which was not asked")
    if unanswered := set(asked) - answered:
        raise ValueError(f"{len(unanswered)} of {len(asked)} questions of the cell '{cell.label}' got no row")
    rows = schema.table({**asked[row["key"]], **row} for row in found.rows)
    if len(set(zip(*(rows[name].to_pylist() for name in schema.UNIQUE), strict=True))) < len(rows):
        raise ValueError(f"two rows of the cell '{cell.label}' have the same {', '.join(schema.UNIQUE)}")
    wanted: dict[str, list[str]] = {}
    for question in cell.questions:
        for table in question.tables:
            wanted.setdefault(table, []).append(question.key)
    return rows, {name: _fitted(name, found.tables.get(name), keys) for name, keys in wanted.items()}


def _fitted(name: str, content: pa.Table | None, keys: list[str]) -> pa.Table:
    """A table below the score in its schema, columns in order.

    It says whose lines were asked for, since a question may have none.
    """
    wanted = schema.TABLES[name].with_metadata({ASKED: json.dumps(keys)})
    if content is None:
        return wanted.empty_table()
    if set(content.column_names) != set(wanted.names):
        raise ValueError(f"the table '{name}' has the columns {', '.join(wanted.names)}; got {content.column_names}")
    foreign = pc.invert(pc.is_in(content["key"], value_set=pa.array(keys, pa.string())))
    if pc.any(foreign).as_py():
        raise ValueError(f"the table '{name}' has lines of a question that was not asked for it")
    return content.select(wanted.names).cast(wanted)


def make(need: Need, modules: tuple[str, ...] = ()) -> None:
    """Make what a cell needs, in this process with all its cores; free when it is there."""
    for module in modules:
        importlib.import_module(module)
    with threads(cores()):
        recipes.get(need.recipe)(**need.arguments)


def cores() -> int:
    """Cores that this process may use, fewer than the machine's in a container or a job of a batch system."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
