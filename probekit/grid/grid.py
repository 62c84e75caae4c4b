"""A grid: questions planned from axes, asked once, answered in cells, remembered in parts."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from probekit import rows as schema
from probekit.errors import ProbekitError
from probekit.grid import folder as folders
from probekit.grid.executors import Workers
from probekit.grid.executors import check as check_executor
from probekit.grid.folder import Folder
from probekit.grid.running import Run
from probekit.grid.work import Cell, Question, works
from probekit.store import digest

RESULTS = "results"
_COLUMNS = frozenset(schema.AXES) | {"task_group", "language"}


@dataclass(frozen=True)
class Plan:
    """What a run would do: `cells` with only their open questions, and what is known already.

    `asked` counts all questions of the grid, `outdated` the stored keys that its answers replace (old to
    new), `remarks` what the planner left out and why, `again` the keys that have rows and are asked for a
    table they lack.
    """

    cells: tuple[Cell, ...]
    asked: int
    outdated: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    again: frozenset[str] = frozenset()

    @property
    def open(self) -> int:
        """Questions without an answer."""
        return sum(len(cell.questions) for cell in self.cells)


class Grid:
    """Every combination of some axes, asked of a registered work.

    name: the experiment. work: name of a function(cell) -> Answer in `probekit.grid.works`. axes: values by axis; a
    column of the row schema (task, dataset, encoder, layer, pooling, probe, control, seed, fold) stands there, any
    other name goes into `setting`. share: axes whose points are answered apart; the rest of the grid is answered
    together in one cell a point (default: a cell a question). keep: tables below the score to keep. Raises
    ProbekitError for an unknown work or table, and for values that no key can be made of.
    """

    def __init__(
        self,
        name: str,
        work: str,
        axes: Mapping[str, Sequence[Any]],
        keep: Collection[str] = (),
        share: Collection[str] | None = None,
    ) -> None:
        for what, values in (*axes.items(), ("keep", keep), ("share", share or ())):
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise ProbekitError(f"{what} is a list, got {values!r}; write [{values!r}]")
        works.entry(work)  # an unknown one is refused here
        self.name, self.work, self.axes, self.keep = name, work, {k: list(v) for k, v in axes.items()}, tuple(keep)
        self.share = tuple(self.axes if share is None else share)
        for axis, points in self.axes.items():
            for value in points:
                check_value(axis, value)
        for table in self.keep:
            if table not in schema.TABLES:
                raise ProbekitError(f"unknown table '{table}' in keep; known: {', '.join(schema.TABLES)}")
        for axis in ("experiment", "metric", "value", "key", "setting"):
            if axis in self.axes:
                raise ProbekitError(f"'{axis}' cannot be an axis of a grid")
        if unknown := set(self.share) - set(self.axes):
            raise ProbekitError(f"share names no axis of the grid: {', '.join(sorted(unknown))}")

    # --- what is asked

    def cells(self) -> list[Cell]:
        """All cells with all their questions, whatever is answered already."""
        entry = works.entry(self.work)
        depends: Callable[..., Any] | None = getattr(entry.load(), "depends", None)
        groups: dict[str, dict[str, Question]] = {}
        shared: dict[str, dict[str, Any]] = {}
        for values in itertools.product(*self.axes.values()):
            point = dict(zip(self.axes, values, strict=True))
            content = {"work": entry.name, "revision": entry.revision, "axes": point}
            if depends is not None:
                content["depends"] = depends(point)
            common = {axis: point[axis] for axis in self.share}
            group = digest(common)
            shared[group] = common
            question = Question(digest(content), self._row_axes(point), self.keep)
            groups.setdefault(group, {})[question.key] = question  # a point given twice is asked once
        module = (entry.module,) if entry.module not in ("", "__main__") else ()
        return [
            Cell(
                self.work,
                ", ".join(f"{k}={v}" for k, v in shared[g].items()),
                shared[g],
                tuple(questions.values()),
                None,
                module,
            )
            for g, questions in groups.items()
        ]

    def _row_axes(self, point: Mapping[str, Any]) -> dict[str, Any]:
        row = {axis: value for axis, value in point.items() if axis in _COLUMNS}
        further = {axis: value for axis, value in point.items() if axis not in _COLUMNS}
        return {"experiment": self.name, **row, "setting": schema.setting(further)}

    def remarks(self) -> tuple[str, ...]:
        """What the planner left out, to be said before the run."""
        return ()

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """Give each cell the artefact it needs, now that only open questions are left."""
        return cells

    def estimate(self, cells: Sequence[Cell]) -> tuple[float, int] | None:
        """Minutes of one core and bytes of cache that cells will take, or None where nobody can tell."""
        return None

    def describe(self) -> dict[str, Any]:
        """The grid as the manifest records it."""
        return {"work": self.work, "axes": self.axes, "keep": list(self.keep)}

    # --- planning

    def plan(self, out: str | Path | None = None) -> Plan:
        """What a run into a folder would do. Parses no data that the specs do not force it to."""
        folder = Folder(out or Path(RESULTS) / self.name, self.name)
        folder.check()
        return self._plan(folder, folder.read([*schema.AXES, "key"]))[0]

    def _plan(self, folder: Folder, stored: pa.Table) -> tuple[Plan, list[str]]:
        """The plan, and the keys of all questions of the grid."""
        cells = list({cell.name: cell for cell in self.cells()}.values())  # an axis may name one thing twice
        answered = set(stored["key"].to_pylist())
        kept = {table: folder.table_keys(table) for table in self.keep}
        planned = {question.key: question for cell in cells for question in cell.questions}

        def is_open(question: Question) -> bool:
            return question.key not in answered or any(
                question.key not in kept[t] for t in question.tables if t in kept
            )

        left = [
            replace(cell, questions=opened)
            for cell in cells
            if (opened := tuple(q for q in cell.questions if is_open(q)))
        ]
        again = frozenset(q.key for cell in left for q in cell.questions if q.key in answered)
        plan = Plan(tuple(self.with_needs(left)), len(planned), outdated(stored, planned), self.remarks(), again)
        return plan, list(planned)

    # --- running

    def run(
        self,
        out: str | Path | None = None,
        executor: str | Executor = "serial",
        workers: int | None = None,
        scheduler: str | None = None,
        fresh: bool = False,
    ) -> pd.DataFrame:
        """Answer what is open and return the grid's own rows.

        out: results folder (default `results/<name>`); what it holds is kept, only what is missing is computed.
        executor: "serial", "processes", "dask" (a scheduler's address, or workers here), or a
        concurrent.futures.Executor. Can be interrupted and started again at any moment. Cells that fail do not stop
        the others; they are named at the end in a ProbekitError, their tracebacks are in `_errors.log`.
        """
        (rows,) = run_all([self], out, executor, workers, scheduler, fresh)
        return rows


def run_all(
    grids: Sequence[Grid],
    out: str | Path | None = None,
    executor: str | Executor = "serial",
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
) -> Iterator[pd.DataFrame]:
    """Run grids of one experiment into one folder, as `Grid.run` does, and give each one's own rows in turn.

    The folder is read once and stays taken, and workers are started once, for all of them. Raises what `Grid.run`
    raises, and ProbekitError for grids of several experiments.
    """
    check_executor(executor, workers, scheduler)
    names = list(dict.fromkeys(grid.name for grid in grids))
    if not names:
        return
    if len(names) > 1:
        raise ProbekitError(f"one folder takes the grids of one experiment; got {' and '.join(names)}")
    folder = Folder(out or Path(RESULTS) / names[0], names[0])
    folder.open(fresh)
    pool = Workers(executor, workers, scheduler)
    try:
        rows = folder.recover()
        for grid in grids:
            plan, keys = grid._plan(folder, rows)
            say(plan)
            opened = {question.key for cell in plan.cells for question in cell.questions}
            # A run that was killed between writing an answer and removing what it replaces left both.
            if replaced := {old for old, new in plan.outdated.items() if new not in opened}:
                folder.remove(replaced, folder.holders(replaced))
            if plan.cells:
                rows = rows.schema.empty_table()  # a whole table is not held while cells run
                _answer(grid, folder, plan, pool)
            if plan.cells or replaced:
                rows = folder.read()
            own = pc.is_in(rows["key"], value_set=pa.array(keys, pa.string()))
            yield rows.filter(own).to_pandas()
    except BaseException:
        pool.close(now=True)
        raise
    finally:
        folder.close()
    pool.close()


def _answer(grid: Grid, folder: Folder, plan: Plan, pool: Workers) -> None:
    run = {"started": folders.now(), "grid": grid.describe(), "cells": len(plan.cells), **folders.circumstances()}
    folder.note_run({**run, "finished": None})
    work = Run(folder, plan)
    work.carry_out(pool)
    folder.note_run({**run, "finished": folders.now(), "failed": len(work.failures)})
    if work.failures:
        raise ProbekitError(work.report())


def check_value(axis: str, value: Any) -> None:
    """Refuse a value of an axis that a key cannot be made of or a row cannot hold."""
    try:
        digest(value)
    except TypeError:
        raise ProbekitError(
            f"the axis '{axis}' holds {value!r}; give a number or text, such as the spec of a registered component"
        ) from None
    if axis not in _COLUMNS:
        schema.setting({axis: value})


def outdated(stored: pa.Table, planned: Mapping[str, Question]) -> dict[str, str]:
    """Stored keys whose axes a planned question of another key has: old key to new key."""
    known = pa.array(list(planned), pa.string())
    foreign = stored.filter(pc.invert(pc.is_in(stored["key"], value_set=known)))
    if not len(foreign):
        return {}
    asked = {_point(q.axes.get(axis) for axis in schema.AXES): key for key, q in planned.items()}
    texts = [pc.fill_null(foreign[axis].cast(pa.string()), "") for axis in schema.AXES]
    points = pc.binary_join_element_wise(*texts, _BETWEEN)
    same = pc.is_in(points, value_set=pa.array(list(asked), pa.string()))
    pairs = zip(foreign["key"].filter(same).to_pylist(), points.filter(same).to_pylist(), strict=True)
    return {old: asked[point] for old, point in pairs}


_BETWEEN = "\0"


def _point(values: Iterable[Any]) -> str:
    """Axes as comparable text: missing numbers and empty strings are one."""
    return _BETWEEN.join("" if v is None or v != v else str(int(v)) if isinstance(v, float) else str(v) for v in values)


def say(plan: Plan) -> None:
    """Tell what a run leaves out and what it replaces, on standard error."""
    for remark in plan.remarks:
        print(remark, file=sys.stderr)
    if plan.outdated:
        print(
            f"{len(plan.outdated)} stored answers are out of date (data, options or revisions changed); they are "
            "removed when the new ones are written",
            file=sys.stderr,
        )
