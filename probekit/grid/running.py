"""Carrying out a plan: artefacts in order of need, cells beside one another, answers written as they come."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from probekit.errors import ProbekitError
from probekit.grid.executors import RETRIES, Workers
from probekit.grid.folder import Folder
from probekit.grid.work import Cell, Need, answer, make
from probekit.progress import bar

if TYPE_CHECKING:
    from probekit.grid.grid import Plan

Failure = tuple[str, BaseException]


class Run:
    """One run of a plan into a folder. `failures` names the cells that failed, with their errors."""

    def __init__(self, folder: Folder, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.failures: list[Failure] = []
        self._replaced: dict[str, set[str]] = {}
        for old, new in plan.outdated.items():
            self._replaced.setdefault(new, set()).add(old)
        leaving = plan.again.union(plan.outdated)
        self._held = folder.holders(leaving) if leaving else {}  # found once, not once a cell

    def carry_out(self, pool: Workers) -> None:
        """Make what is needed and answer the cells that need it, need by need."""
        needs: dict[str, tuple[Need | None, list[Cell]]] = {}
        for cell in self.plan.cells:
            needs.setdefault(cell.need.key if cell.need else "", (cell.need, []))[1].append(cell)
        with bar(len(self.plan.cells), "answering", "cell") as progress:
            for need, cells in needs.values():
                self._answer(pool, need, cells, progress)

    def _answer(self, pool: Workers, need: Need | None, cells: list[Cell], progress: Any) -> None:
        """One need and the cells that share it. A need that cannot be made fails them all."""
        if need is not None:
            not_made = _run_jobs(pool, {need.key: (make, need, cells[0].modules)}, lambda *_: None)
            if not_made:
                self._fail([cell.label for cell in cells], not_made[0][1], f"making {need.recipe}")
                progress.update(len(cells))
                return
        by_name = {cell.name: cell for cell in cells}

        def done(name: str, result: tuple[pa.Table, dict[str, pa.Table]]) -> None:
            self._write(by_name[name], result)
            progress.update()

        for name, error in _run_jobs(pool, {name: (answer, cell) for name, cell in by_name.items()}, done):
            self._fail([by_name[name].label], error, by_name[name].label)
            progress.update()

    def _write(self, cell: Cell, result: tuple[pa.Table, dict[str, pa.Table]]) -> None:
        """Keep an answer, then remove the stored ones that it replaces."""
        self.folder.write(cell.name, *result)
        keys = {question.key for question in cell.questions}
        old = set().union(*(self._replaced.get(key, set()) for key in keys)) | (keys & self.plan.again)
        if old:
            self.folder.remove(old, self._held, except_part=cell.name)

    def _fail(self, labels: list[str], error: BaseException, what: str) -> None:
        self.failures += [(label, error) for label in labels]
        self.folder.log_error(what, "".join(traceback.format_exception(error)))

    def report(self) -> str:
        """What failed, for the user: the first few cells by name."""
        lines = []
        for label, error in self.failures[:5]:
            what = str(error) if isinstance(error, ProbekitError) else f"{type(error).__name__}: {error}"
            lines.append(f"  {label}: {what}")
        if len(self.failures) > 5:
            lines.append(f"  and {len(self.failures) - 5} more")
        return (
            f"{len(self.failures)} of {len(self.plan.cells)} cells failed; what the others answered is kept:\n"
            + "\n".join(lines)
            + f"\nTracebacks are in {self.folder.path / '_errors.log'}"
        )


def _run_jobs(
    pool: Workers, jobs: Mapping[str, tuple[Any, ...]], done: Callable[[str, Any], None]
) -> list[tuple[str, BaseException]]:
    """Run jobs (function, arguments) by name; `done` gets each result as it comes. Jobs of a lost worker go again."""
    failures: list[tuple[str, BaseException]] = []
    todo = dict(jobs)
    # Whose cell killed a worker cannot be told when several were out. Each of them goes again alone, and only
    # a cell that was alone is blamed.
    suspects: dict[str, int] = {}
    while todo:
        names = [name for name in todo if name in suspects] or list(todo)
        lost = _run_round(pool, todo, names, 1 if names[0] in suspects else pool.at_once, done, failures)
        if not lost:
            continue
        for name in lost:
            suspects[name] = suspects.get(name, -1) + 1
            if suspects[name] > RETRIES:
                failures.append((name, ProbekitError("the worker died each time this cell ran (out of memory?)")))
                del todo[name]
        pool.renew()
    return failures


def _run_round(
    pool: Workers,
    todo: dict[str, tuple[Any, ...]],
    names: Sequence[str],
    at_once: int,
    done: Callable[[str, Any], None],
    failures: list[tuple[str, BaseException]],
) -> list[str]:
    """Run the named jobs until all are finished or a worker dies; what is finished leaves `todo`.

    Returns the jobs that were out when it died.
    """
    waiting: dict[Future[Any], str] = {}
    queue = iter(names)
    lost: list[str] = []
    name = ""
    while not lost:
        try:
            while len(waiting) < at_once and (name := next(queue, "")):
                waiting[pool.submit(*todo[name])] = name
        except Exception as error:
            if not pool.lost(error):
                raise
            return [*waiting.values(), name]
        if not waiting:
            break
        finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            name = waiting.pop(future)
            failed = future.exception()
            if failed is None:
                done(name, future.result())
            elif pool.lost(failed):
                lost.append(name)
                continue
            else:
                failures.append((name, failed))
            del todo[name]
    return [*lost, *waiting.values()]
