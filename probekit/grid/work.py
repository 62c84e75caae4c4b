"""What is asked, and what answers it: plain data that any worker can take up, and registered functions."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from probekit import rows as schema
from probekit.registry import Registry
from probekit.store import digest

Row = dict[str, Any]


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
    """Answer a cell in this process: what an executor runs. Rows come back as one table of the row schema.

    Raises ValueError when a question was left without a row, or a row answers no question of the cell.
    """
    for module in cell.modules:
        importlib.import_module(module)
    entry = works.entry(cell.work)
    with threads(int(entry.meta.get("threads", 1))):
        found = entry.load()(cell)
    asked = {question.key: question.axes for question in cell.questions}
    rows = [{**asked[row["key"]], **row} for row in found.rows if row["key"] in asked]
    unanswered = set(asked) - {row["key"] for row in rows}
    if unanswered:
        raise ValueError(f"{len(unanswered)} of {len(asked)} questions of the cell '{cell.label}' got no row")
    return schema.table(rows), found.tables


def make(need: Need, modules: tuple[str, ...] = ()) -> None:
    """Make what a cell needs, in this process with all its cores; free when it is there."""
    for module in modules:
        importlib.import_module(module)
    with threads(os.cpu_count() or 1):
        recipes.get(need.recipe)(**need.arguments)


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Limit numerical libraries to n threads, those already loaded and torch if a job loads it."""
    from threadpoolctl import threadpool_limits

    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(n)
    torch = sys.modules.get("torch")
    torch_before = torch.get_num_threads() if torch else None
    if torch:
        torch.set_num_threads(n)
    try:
        with threadpool_limits(n):
            yield
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before
        if torch and torch_before:
            torch.set_num_threads(torch_before)
