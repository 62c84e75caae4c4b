"""A grid: questions planned from axes, asked once, answered in cells, remembered in parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from probekit import recipes
from probekit import rows as schema
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import folder as folders
from probekit.grid.executors import Workers
from probekit.grid.executors import check as check_executor
from probekit.grid.folder import Folder
from probekit.grid.plan import Plan, outdated, say
from probekit.grid.running import Failures, Run
from probekit.grid.work import Cell, Question, tables_of, works
from probekit.sources import Planned, Source, describe
from probekit.store import digest

RESULTS = "results"
_COLUMNS = frozenset(schema.AXES) | {"task_group", "language"}
# Kinds of sources that are data: what a program made of these is no reproduction.
DATA = ("corpus", "language", "ratings", "table", "vectors")

# Kinds that are code: their revisions are in the keys, and say nothing of data or weights.
METHODS = ("task", "probe", "explainer", "explanation", "predictor", "regularizer", "objective")


class Grid:
    """Every combination of some axes, asked of a registered work.

    name: the experiment. work: name of a function(cell) -> Answer in `probekit.grid.works`. axes: values by axis; a
    column of the row schema (task, dataset, encoder, layer, pooling, probe, control, seed, fold) stands there, any
    other name goes into `setting`. Where the work says of which kind the values of an axis are, they are specs: rows
    show what they name, keys are made of its digest. share: axes whose points are answered apart; the rest of the
    grid is answered together in one cell a point (default: a cell a question). keep: tables below the score to keep.
    Raises ProbekitError for an unknown work or table, a spec that names nothing, values that no key can be made of.
    """

    release = False  # whether what its cells need is taken from the cache when the last of them has read it

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
        self.kinds: Mapping[str, Any] = works.entry(work).meta.get("axes", {})  # an unknown work is refused here
        self.name, self.work, self.axes, self.keep = name, work, {k: list(v) for k, v in axes.items()}, tuple(keep)
        self.share = tuple(self.axes if share is None else share)
        for axis, points in self.axes.items():
            for value in points:
                self._check_value(axis, value)
        for table in self.keep:
            if table not in tables_of(work):
                raise ProbekitError(f"unknown table '{table}' in keep; known: {', '.join(tables_of(work))}")
        for axis in ("experiment", "metric", "value", "key", "setting"):
            if axis in self.axes:
                raise ProbekitError(f"'{axis}' cannot be an axis of a grid")
        if unknown := set(self.share) - set(self.axes):
            raise ProbekitError(f"share names no axis of the grid: {', '.join(sorted(unknown))}")

    def _check_value(self, axis: str, value: Any) -> None:
        """Refuse a value of an axis that a key cannot be made of or a row cannot hold."""
        try:
            digest(value)
        except TypeError:
            raise ProbekitError(
                f"the axis '{axis}' holds {value!r}; give a number or text, such as the spec of a registered component"
            ) from None
        known = self.kinds.get(axis)
        if isinstance(known, tuple) and value not in known:
            raise UnknownName(f"value of the axis '{axis}':", str(value), map(str, known))
        if axis not in _COLUMNS:
            schema.setting({axis: value})

    # --- axes

    @property
    def closed(self) -> frozenset[str]:
        """Axes whose values are words that the work knows: they can be chosen among, not added to."""
        return frozenset(axis for axis, kind in self.kinds.items() if isinstance(kind, tuple))

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        """Schemas of the tables below the score that its work may fill."""
        return tables_of(self.work)

    def with_axes(self, values: Mapping[str, Sequence[Any]], keep: Collection[str] | None = None) -> Grid:
        """The same grid with other values on some of its axes, and other tables kept."""
        chosen = self.keep if keep is None else keep
        return Grid(self.name, self.work, {**self.axes, **values}, chosen, self.share)

    def source(self, axis: str, value: Any) -> Source | None:
        """What a value of an axis names; None where the axis has no kind, or the value is empty."""
        kind = self.kinds.get(axis)
        if not isinstance(kind, str) or value in ("", None):
            return None
        if (axis, value) not in self._described:
            self._described[axis, value] = describe(kind, value)
        return self._described[axis, value]

    @cached_property
    def _described(self) -> dict[tuple[str, Any], Source]:
        return {}

    # --- what is asked

    def cells(self) -> list[Cell]:
        """All cells with all their questions, whatever is answered already."""
        entry = works.entry(self.work)
        needs_of: Callable[[Mapping[str, Any]], Sequence[str]] | None = entry.meta.get("needs")
        columns: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = entry.meta.get("columns")
        refuses: Callable[[Mapping[str, Any]], str] | None = entry.meta.get("refuses")
        depends_on: Callable[[Mapping[str, Any]], Sequence[str]] | None = entry.meta.get("depends")
        groups: dict[str, dict[str, Question]] = {}
        cells: dict[str, Cell] = {}
        planned: dict[str, dict[Planned, None]] = {}
        for values in itertools.product(*self.axes.values()):
            point = dict(zip(self.axes, values, strict=True))
            sources = {axis: found for axis, value in point.items() if (found := self.source(axis, value))}
            specs = {**point, **{axis: source.spec for axis, source in sources.items()}}
            if refuses and (why := refuses(specs)):
                self._left_out[why] = None
                continue
            needs = tuple(needs_of(specs)) if needs_of else ()
            beside = tuple(depends_on(specs)) if depends_on else ()
            made = {need: recipes.of(need).key for need in (*needs, *beside)}
            content = {
                "work": [entry.name, entry.revision],
                "axes": {**point, **{axis: source.digest for axis, source in sources.items()}},
                "needs": [made[need] for need in (*needs, *beside)],
            }
            common = {axis: specs[axis] for axis in self.share}
            group = digest(common)
            if group not in cells:
                shown = {axis: self._shown(axis, point[axis], sources) for axis in self.share}
                cells[group] = Cell(
                    self.work, ", ".join(f"{k}={v}" for k, v in shown.items()), common, (), **self._rests_on(sources)
                )
            cells[group] = replace(cells[group], needs=tuple(dict.fromkeys((*cells[group].needs, *needs))))
            planned.setdefault(group, {}).update(dict.fromkeys(self._planned(sources, made)))
            row = {**self._row_axes(point, sources), **(columns(specs) if columns else {})}
            question = Question(digest(content), row, self.keep)
            groups.setdefault(group, {})[question.key] = question  # a point given twice is asked once
        return [
            replace(cell, questions=tuple(groups[group].values()), planned=tuple(planned[group]))
            for group, cell in cells.items()
        ]

    def _planned(self, sources: Mapping[str, Source], made: Mapping[str, str]) -> Iterator[Planned]:
        """What the key of a point is made of, the keys of what is `made` for it included."""
        yield Planned.of("work", describe("work", self.work))
        for axis, source in sources.items():
            yield Planned.of(self.kinds[axis], source)
        for need, key in made.items():
            yield Planned("recipe", need, key)

    def _rests_on(self, sources: Mapping[str, Source]) -> dict[str, Any]:
        """Modules, needs, sources and generated data of a cell that is answered from these."""
        own = works.entry(self.work).module
        modules = [module for source in sources.values() for module in source.modules]
        generated = [axis for axis, source in sources.items() if source.generated]
        if set(generated) & set(works.entry(self.work).meta.get("data", ())):
            generated.append("dataset")
        return {
            "needs": tuple(need for source in sources.values() for need in source.needs),
            "modules": tuple(dict.fromkeys([*([own] if own not in ("", "__main__") else []), *modules])),
            "sources": tuple(source.spec for source in sources.values()),
            "generated": tuple(generated),
        }

    def _shown(self, axis: str, value: Any, sources: Mapping[str, Source]) -> Any:
        return sources[axis].name if axis in sources else value

    def _row_axes(self, point: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, Any]:
        shown = {axis: self._shown(axis, value, sources) for axis, value in point.items()}
        row = {axis: value for axis, value in shown.items() if axis in _COLUMNS}
        further = {axis: value for axis, value in shown.items() if axis not in _COLUMNS}
        more = {name: value for source in sources.values() for name, value in source.columns}
        return {"experiment": self.name, **row, **more, "setting": schema.setting(further)}

    def remarks(self) -> tuple[str, ...]:
        """What the planner left out, to be said before the run."""
        return tuple(self._left_out)

    @cached_property
    def _left_out(self) -> dict[str, None]:
        return {}

    def with_needs(self, cells: list[Cell]) -> list[Cell]:
        """Give each cell what it needs, now that only open questions are left."""
        return cells

    def describe(self) -> dict[str, Any]:
        """The grid as the manifest records it: values as rows show them, digests of data and of what reads them."""
        data: dict[str, str] = {}
        weights: dict[str, str] = {}
        axes: dict[str, list[Any]] = {}
        for axis, values in self.axes.items():
            axes[axis] = []
            for value in values:
                source = self.source(axis, value)
                axes[axis].append(source.name if source else value)
                if source and self.kinds[axis] not in METHODS:
                    (data if self.kinds[axis] in DATA else weights)[source.name] = source.digest
        return {"work": self.work, "axes": axes, "data": data, "weights": weights, "keep": list(self.keep)}

    # --- planning

    def plan(self, out: str | Path | None = None) -> Plan:
        """What a run into a folder would do. Parses no data that the specs do not force it to."""
        folder = Folder(out or Path(RESULTS) / self.name, self.name)
        folder.check()
        return self._plan(folder, folder.read([*schema.AXES, "key"]), self.cells())[0]

    def _plan(self, folder: Folder, stored: pa.Table, cells: Iterable[Cell]) -> tuple[Plan, list[str]]:
        """The plan, and the keys of all questions of the grid."""
        cells = list({cell.name: cell for cell in cells}.values())  # an axis may name one thing twice
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

    The folder is read once and stays taken, and workers are started once, for all of them; what fails in one grid stops
    none of the others. Raises what `Grid.run` raises, and ProbekitError for grids of several experiments.
    """
    check_executor(executor, workers, scheduler)
    names = list(dict.fromkeys(grid.name for grid in grids))
    if not names:
        return
    if len(names) > 1:
        raise ProbekitError(f"one folder takes the grids of one experiment; got {' and '.join(names)}")
    asked = [grid.cells() for grid in grids]  # what a later grid cannot ask is refused before an earlier one works
    folder = Folder(out or Path(RESULTS) / names[0], names[0])
    folder.open(fresh)
    pool = Workers(executor, workers, scheduler)
    failures = Failures()
    try:
        rows = folder.recover()
        for grid, cells in zip(grids, asked, strict=True):
            plan, keys = grid._plan(folder, rows, cells)
            say(plan)
            opened = {question.key for cell in plan.cells for question in cell.questions}
            # A run that was killed between writing an answer and removing what it replaces left both.
            if replaced := {old for old, new in plan.outdated.items() if new not in opened}:
                folder.remove(replaced, folder.holders(replaced))
            if plan.cells:
                rows = rows.schema.empty_table()  # a whole table is not held while cells run
                _answer(grid, folder, plan, pool, failures)
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
    if failures.groups:
        raise ProbekitError(failures.report(folder))


def _answer(grid: Grid, folder: Folder, plan: Plan, pool: Workers, failures: Failures) -> None:
    run = {"started": folders.now(), "grid": grid.describe(), "cells": len(plan.cells), **folders.circumstances()}
    folder.note_run({**run, "finished": None})
    before = sum(len(labels) for _, labels in failures.groups)
    Run(folder, plan, failures).carry_out(pool)
    failed = sum(len(labels) for _, labels in failures.groups) - before
    folder.note_run({**run, "finished": folders.now(), "failed": failed})
