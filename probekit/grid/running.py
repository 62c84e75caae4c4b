"""Carrying out a plan: what is needed first, cells beside one another, answers written as they come."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from probekit import recipes
from probekit.errors import ProbekitError
from probekit.grid.executors import RETRIES, Workers
from probekit.grid.folder import Folder
from probekit.grid.plan import Plan, in_order
from probekit.grid.work import Cell, answer, make
from probekit.progress import bar

SHOWN = 5  # failures that a report tells of
LOOK_EVERY = 5.0  # seconds after which it is seen whether there are workers still


@dataclass(frozen=True)
class Job:
    """A function and its arguments. `after` names jobs that must be done before; one that is `alone` takes all cores.

    `sources` are the specs that it rests on.
    """

    name: str
    call: tuple[Any, ...]
    after: tuple[str, ...] = ()
    alone: bool = False
    sources: tuple[str, ...] = ()


@dataclass
class Failures:
    """What failed in the grids of one folder: labels of cells by what stopped them, in order.

    It is kept as text: an error holds the frames that it passed through, and all arrays in them.
    """

    cells: int = 0
    groups: list[tuple[str, list[str]]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    logged: bool = False

    def add(self, error: BaseException, labels: Iterable[str]) -> None:
        """Note cells that an error stopped: the same refusal is said once."""
        refusal = isinstance(error, ProbekitError)
        what = str(error) if refusal else f"{type(error).__name__}: {error}"
        for known, found in self.groups if refusal else ():
            if known == what:
                found += labels
                return
        if labels := list(labels):  # none: all that needed it had failed before
            self.groups.append((what, labels))
        if isinstance(error, ProbekitError) and error.about:
            self.refused[error.about] = what

    def stops(self, sources: Iterable[str]) -> ProbekitError | None:
        """The refusal of something that a job rests on, or None."""
        for source in sources:
            for about, what in self.refused.items():
                if about in source:  # a step on it, a table or encoder trained on it
                    return ProbekitError(what)
        return None

    def report(self, folder: Folder) -> str:
        """What failed, for the user: the first few by name, each refusal once."""
        lines = []
        for what, labels in self.groups[:SHOWN]:
            lines.append(f"  {labels[0] if len(labels) == 1 else f'{len(labels)} cells'}: {what}")
        failed = sum(len(labels) for _, labels in self.groups)
        more = failed - sum(len(labels) for _, labels in self.groups[:SHOWN])
        if more:
            lines.append(f"  and {more} more")
        return (
            f"{failed} of {self.cells} cells failed; what the others answered is kept:\n"
            + "\n".join(lines)
            + (f"\nTracebacks are in {folder.path / '_errors.log'}" if self.logged else "")
        )


class Run:
    """One run of a plan into a folder; what fails is noted in `failures`."""

    def __init__(self, folder: Folder, plan: Plan, failures: Failures) -> None:
        self.folder, self.plan, self.failures = folder, plan, failures
        failures.cells += len(plan.cells)
        self._replaced: dict[str, set[str]] = {}
        for old, new in plan.outdated.items():
            self._replaced.setdefault(new, set()).add(old)
        leaving = plan.again.union(plan.outdated)
        self._held = folder.holders(leaving) if leaving else {}  # found once, not once a cell

    def carry_out(self, pool: Workers) -> None:
        """Make what is needed and answer the cells, each as soon as what it needs is there."""
        cells = {cell.name: cell for cell in self.plan.cells}
        with bar(len(cells), "answering", "cell") as progress:

            def done(name: str, result: Any) -> None:
                if name in cells:
                    self._write(cells[name], result)
                    progress.update()

            def failed(name: str, error: BaseException, stopped: list[str]) -> None:
                labels = [cells[one].label for one in (name, *stopped) if one in cells]
                self.failures.add(error, labels)
                progress.update(len(labels))
                if not isinstance(error, ProbekitError):
                    what = cells[name].label if name in cells else f"making {name}"
                    self.folder.log_error(what, "".join(traceback.format_exception(error)))
                    self.failures.logged = True

            run_jobs(pool, self._jobs(), done, failed, self.failures)

    def _jobs(self) -> dict[str, Job]:
        """Cells in order, each behind the recipes that it needs."""
        jobs: dict[str, Job] = {}
        for cell in self.plan.cells:
            for need in in_order(need for need in cell.needs if need not in jobs):
                if need not in jobs:
                    recipe = recipes.of(need)
                    alone = recipe.threads > 1
                    jobs[need] = Job(need, (make, need, recipe.key, recipe.modules), recipe.needs, alone, (need,))
            jobs[cell.name] = Job(cell.name, (answer, cell), cell.needs, sources=cell.sources)
        return jobs

    def _write(self, cell: Cell, result: tuple[pa.Table, dict[str, pa.Table]]) -> None:
        """Keep an answer, then remove the stored ones that it replaces."""
        self.folder.write(cell.name, *result)
        keys = {question.key for question in cell.questions}
        old = set().union(*(self._replaced.get(key, set()) for key in keys)) | (keys & self.plan.again)
        if old:
            self.folder.remove(old, self._held, except_part=cell.name)


def run_jobs(
    pool: Workers,
    jobs: Mapping[str, Job],
    done: Callable[[str, Any], None],
    failed: Callable[[str, BaseException, list[str]], None],
    failures: Failures,
) -> None:
    """Run jobs by name, in order where they can: `done` gets each result as it comes, `failed` each error with the
    names of the jobs that it stops. Jobs of a lost worker go again."""
    queue = _Queue(jobs, failed, failures)
    queue.refuse()
    waiting: dict[Future[Any], str] = {}
    while queue.todo or waiting:
        name = ""
        try:
            while (name := queue.take(len(waiting), pool.at_once)) != "":
                waiting[pool.submit(*jobs[name].call)] = name
        except Exception as error:
            if not pool.lost(error):
                raise
            queue.lost([*waiting.values(), name])
            waiting = {}
            pool.renew()
            continue
        finished, _ = wait(waiting, LOOK_EVERY, FIRST_COMPLETED)
        if not finished or any(future.cancelled() for future in finished):
            pool.look(cancelled=bool(finished))
        gone: list[str] = []
        for future in finished:
            name = waiting.pop(future)
            raised = future.exception()
            if raised is None:
                done(name, future.result())
                queue.finished(name)
            elif pool.lost(raised):
                gone.append(name)
            else:
                queue.failed(name, raised)
                _let_go(raised)
        if gone:
            queue.lost([*gone, *waiting.values()])
            waiting = {}
            pool.renew()


def _let_go(error: BaseException | None) -> None:
    """Empty the frames that an error passed through: with the future that holds it they are a circle, which would keep
    their arrays until the collector comes by."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


class _Queue:
    """Jobs that are left: which may start now, and what becomes of them when others fail or their worker dies.

    Whose job killed a worker cannot be told when several were out. Each of them goes again alone, and only a job that
    was alone is blamed.
    """

    def __init__(
        self, jobs: Mapping[str, Job], say: Callable[[str, BaseException, list[str]], None], failures: Failures
    ) -> None:
        self.jobs, self._say, self._failures = jobs, say, failures
        self.todo = dict.fromkeys(jobs)
        self._done: set[str] = set()
        self._out: set[str] = set()
        self._suspects: dict[str, int] = {}
        self._alone = False  # whether what is out takes all cores

    def take(self, out: int, at_once: int) -> str:
        """The next job to start beside those that are out, or "" when none may."""
        suspects = [name for name in self._suspects if name in self.todo or name in self._out]
        if out >= (1 if suspects else at_once) or (out and self._alone):
            return ""
        for name in [one for one in suspects if one in self.todo] or self.todo:
            job = self.jobs[name]
            if all(before in self._done for before in job.after):
                if job.alone and out:
                    return ""  # it waits for the others, and those behind it wait with it
                del self.todo[name]
                self._out.add(name)
                self._alone = job.alone
                return name
        return ""

    def finished(self, name: str) -> None:
        self._out.discard(name)
        self._done.add(name)

    def failed(self, name: str, error: BaseException) -> None:
        """A job failed: those that need it go, and those that rest on what was refused."""
        self._out.discard(name)
        stopped = self._behind(name)
        self._say(name, error, stopped)
        self.refuse()

    def refuse(self) -> None:
        """Drop what rests on something that is known to be refused."""
        if not self._failures.refused:
            return
        for name in [name for name in self.todo if name in self.todo]:
            error = self._failures.stops(self.jobs[name].sources) if name in self.todo else None
            if error is not None:
                del self.todo[name]
                self._say(name, error, self._behind(name))

    def lost(self, names: list[str]) -> None:
        """Jobs that were out when a worker died go again, the first ones of all."""
        again = [name for name in dict.fromkeys(names) if name]
        for name in again:
            self._out.discard(name)
            self._suspects[name] = self._suspects.get(name, -1) + 1
        self.todo = dict.fromkeys([*again, *self.todo])
        for name in again:
            if self._suspects[name] > RETRIES:
                del self.todo[name]
                error = ProbekitError("the worker died each time this cell ran (out of memory?)")
                self._say(name, error, self._behind(name))

    def _behind(self, name: str) -> list[str]:
        """Take out of what is left all jobs that need one, directly or through others."""
        gone, found = {name}, []
        for other in list(self.todo):
            if gone.intersection(self.jobs[other].after):
                gone.add(other)
                found.append(other)
                del self.todo[other]
        return found
