"""Where cells run: here, in processes, on Dask, or on anything that speaks concurrent.futures."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from probekit.errors import MissingExtra, ProbekitError, UnknownName

NAMES = ("serial", "processes", "dask")
# A worker that dies takes its cells with it; they are sent again this many times.
RETRIES = 3


class Serial(Executor):
    """Runs each job at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Workers:
    """An executor that survives the death of a worker: `submit`, `renew` after a break, `close`.

    name: "serial", "processes", "dask", or any object with `submit` (its owner closes it). Raises UnknownName,
    MissingExtra, or ProbekitError when the scheduler does not answer.
    """

    def __init__(self, executor: str | Executor, workers: int | None = None, scheduler: str | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.scheduler = scheduler
        self._client: Any = None
        if isinstance(executor, str):
            if executor not in NAMES:
                raise UnknownName("executor", executor, NAMES)
            self.name = executor
            self._own = True
            self._executor = self._start()
        elif hasattr(executor, "submit"):
            self.name, self._own, self._executor = type(executor).__name__, False, executor
        else:
            raise ProbekitError(f"an executor is {', '.join(NAMES)} or an object with submit, got {executor!r}")

    def _start(self) -> Executor:
        if self.name == "serial":
            return Serial()
        if self.name == "processes":
            # A fresh interpreter: forking a process whose numerical libraries have threads can hang.
            import multiprocessing

            return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))
        return self._start_dask()

    def _start_dask(self) -> Executor:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise MissingExtra("dask", "the executor 'dask'") from None
        try:
            target = self.scheduler or LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=None, silence_logs=40
            )
            self._client = Client(target, timeout=10)
        except (OSError, TimeoutError, ValueError) as error:
            raise ProbekitError(f"no Dask scheduler answers at '{self.scheduler}': {error}; start one with: dask scheduler") from None
        # A cell gives the same rows wherever and whenever it runs, but it is not a pure value worth keeping there.
        return self._client.get_executor(pure=False, retries=RETRIES)

    def submit(self, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._executor.submit(fn, *args)

    def lost(self, error: BaseException) -> bool:
        """Whether a failure says that the worker is gone, not that the cell is wrong."""
        return isinstance(error, BrokenProcessPool) or type(error).__name__ in ("KilledWorker", "CommClosedError")

    def renew(self) -> None:
        """Start anew after a worker died, where that is ours to do."""
        if self.name == "processes":
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._start()

    def close(self, now: bool = False) -> None:
        """Stop what was started here; with `now`, without waiting for what has not begun."""
        if not self._own:
            return
        self._executor.shutdown(wait=not now, cancel_futures=now)
        if self._client is not None:
            cluster = self._client.cluster
            self._client.close()
            if self.scheduler is None and cluster is not None:
                cluster.close()
