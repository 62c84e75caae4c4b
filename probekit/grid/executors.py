"""Where cells run: here, in processes, on Dask, or on anything that speaks concurrent.futures."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Annotated, Any

from probekit.errors import MissingExtra, ProbekitError, UnknownName
from probekit.recipes import cores
from probekit.values import Range, lacking

NAMES = ("serial", "processes", "dask")
# A worker that dies takes its cells with it; they are sent again this many times.
RETRIES = 3
# Jobs given to a Dask scheduler of the user's at a time: how many workers it has is its own affair, and more may join.
ON_A_CLUSTER = 256
MOST_WORKERS = 10_000


class Serial(Executor):
    """Runs each job at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def check(executor: str | Executor, workers: int | None = None, scheduler: str | None = None) -> None:
    """Refuse before any work what cannot run a grid. Raises UnknownName, MissingExtra or ProbekitError."""
    if workers is not None and (wanted := lacking(workers, Annotated[int, Range(1, MOST_WORKERS)])):
        raise ProbekitError(f"workers is {wanted}, got {workers!r}")
    if isinstance(executor, str):
        if executor not in NAMES:
            raise UnknownName("executor", executor, NAMES)
        if executor == "dask" and not _installed("distributed"):
            raise MissingExtra("dask", "the executor 'dask'")
    elif not hasattr(executor, "submit"):
        raise ProbekitError(f"an executor is {', '.join(NAMES)} or an object with submit, got {executor!r}")
    if scheduler is not None and executor != "dask":
        raise ProbekitError(f"a scheduler belongs to the executor 'dask', not to {executor!r}")
    if scheduler is not None and not re.fullmatch(r"\w+://\S+|[^\s:/]+:\d+", scheduler):
        raise ProbekitError(f"'{scheduler}' is no address of a scheduler; give one such as tcp://10.0.0.1:8786")


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # None in sys.modules, say
        return False


class Workers:
    """An executor that survives the death of a worker: `submit`, `renew` after a break, `close`.

    name: "serial", "processes", "dask", or any object with `submit` (its owner closes it). `at_once` jobs are
    given out at a time. Workers start with the first job. Raises what `check` raises; `submit` raises
    ProbekitError when workers do not start or no scheduler answers.
    """

    def __init__(self, executor: str | Executor, workers: int | None = None, scheduler: str | None = None) -> None:
        check(executor, workers, scheduler)
        self.workers = workers or cores()
        self.scheduler = scheduler
        self._client: Any = None
        self._idle = False  # whether it was said that a scheduler has no workers
        self._own = isinstance(executor, str)
        self.name = executor if isinstance(executor, str) else type(executor).__name__
        # A few more than workers, so that none waits and an interruption loses little. Without workers a job
        # is done when it is given out, and should be written before the next begins.
        self.at_once = 1 if self.name in ("serial", "Serial") else 2 * self.workers
        if scheduler is not None:
            self.at_once = max(self.at_once, ON_A_CLUSTER)
        self._executor = None if isinstance(executor, str) else executor

    def _start(self) -> Executor:
        if self.name == "serial":
            return Serial()
        if self.name == "processes":
            # A fresh interpreter: forking a process whose numerical libraries have threads can hang.
            import multiprocessing

            pool = ProcessPoolExecutor(
                self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_as_worker
            )
            try:
                pool.submit(os.getpid).result()
            except BrokenProcessPool:
                raise ProbekitError(
                    "worker processes do not start. They begin by importing the script that runs the grid: it must "
                    "be a file, and run the grid under: if __name__ == '__main__'. Or take executor='serial'"
                ) from None
            return pool
        return self._start_dask()

    def _start_dask(self) -> Executor:
        from distributed import Client, LocalCluster

        try:
            target = self.scheduler or LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=None, silence_logs=40
            )
            self._client = Client(target, timeout=10)  # a TypeError where there are no certificates for tls://
            logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what is lost is said here, once
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            way = "start one with: dask scheduler"
            if str(self.scheduler).startswith("tls://"):
                way = "its certificates are named under distributed.comm.tls in Dask's configuration"
            raise ProbekitError(f"no Dask scheduler answers at '{self.scheduler}': {error}; {way}") from None
        # A cell gives the same rows wherever and whenever it runs, but it is not a pure value worth keeping there.
        # The scheduler itself sends the cells of a lost worker again; a cell that fails would fail again.
        return self._client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        if self._executor is None:
            self._executor = self._start()
        return self._executor.submit(fn, *args)

    def lost(self, error: BaseException) -> bool:
        """Whether a failure says that the worker is gone, not that the cell is wrong."""
        # Dask's KilledWorker names the very cell and has tried it several times: that is a failure of the cell.
        return isinstance(error, BrokenProcessPool) or type(error).__name__ == "CommClosedError"

    def look(self, cancelled: bool) -> None:
        """See whether a scheduler is still there, and say once when it has no workers. Raises ProbekitError where it
        is gone, or cells were `cancelled` that nobody here cancelled."""
        if cancelled or (self._client is not None and self._client.status != "running"):
            what = f"the Dask scheduler at '{self.scheduler}'" if self.scheduler else f"the executor '{self.name}'"
            raise ProbekitError(f"{what} is gone; what was answered is kept: start it, and run again")
        if self.scheduler is None or self._client is None:
            return
        if not self._idle and not self._client.nthreads():
            self._idle = True
            print(
                f"the Dask scheduler at '{self.scheduler}' has no workers, and the run waits for one; "
                f"start it with: dask worker {self.scheduler}",
                file=sys.stderr,
            )

    def renew(self) -> None:
        """Start anew after a worker died, where that is ours to do."""
        if self.name == "processes" and self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def close(self, now: bool = False) -> None:
        """Stop what was started here; with `now`, without waiting for what is not finished."""
        if not self._own or self._executor is None:
            return
        if self._client is not None:
            cluster = self._client.cluster
            self._executor.shutdown(wait=not now)  # without waiting, Dask's cancels what it was given
            self._client.close()
            if self.scheduler is None and cluster is not None:
                cluster.close()
            return
        processes = dict(getattr(self._executor, "_processes", None) or {}) if now else {}
        self._executor.shutdown(wait=not now, cancel_futures=now)
        for process in processes.values():
            process.terminate()


def _as_worker() -> None:
    """Begin a worker process: it leaves an interruption to its parent, and does not outlive it."""
    import multiprocessing
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
