"""How a benchmark measures: medians, the matrix-product rate of the same run, lines of a table.

Machines are shared and noisy: every ratio is of two things measured in one run, at the same number of threads.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from probekit.recipes import cores

__all__ = [
    "REPEATS",
    "Line",
    "cores",
    "matrix_rate",
    "peak_memory",
    "processor",
    "seconds",
    "show",
    "threads",
    "traced",
    "treebanks_at_hand",
]

REPEATS = 3


@dataclass(frozen=True)
class Line:
    """One line of the table: what was measured, ours and the reference with units, their ratio, what is aimed at.

    ratio: a number or text such as "-" where there is nothing to divide. met: whether the aim is met; None where
    there is none to meet. floor: what bounds ours from below, with units.
    """

    what: str
    ours: str
    reference: str
    ratio: str
    floor: str
    aim: str
    met: bool | None


def seconds(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median seconds of a call, of at least three."""
    times = []
    for _ in range(max(repeats, REPEATS)):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def matrix_rate(clock: Callable[[], float] = time.perf_counter) -> float:
    """Operations a second of float32 products 4096 x 384 by 384 x 1536: best of five, numpy or torch, the larger.

    clock: the processor's (`time.process_time`) where what is compared is measured so, on one thread.
    """
    import numpy as np
    import torch

    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((4096, 384), dtype=np.float32), rng.standard_normal((384, 1536), dtype=np.float32)
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)

    def best(call: Callable[[], Any]) -> float:
        times = []
        for _ in range(5):
            started = clock()
            call()
            times.append(clock() - started)
        return min(times)

    return 2 * 4096 * 384 * 1536 / min(best(lambda: a @ b), best(lambda: ta @ tb))


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Everything inside runs on n threads, numpy's and torch's, as the grid runs a job."""
    from probekit.grid.work import threads as limit

    with limit(n):
        yield


def treebanks_at_hand() -> bool:
    """Whether the profiling study's three treebanks are found; generated sentences stand for them otherwise."""
    import probekit.corpora  # noqa: F401  registers them
    from probekit import resources

    return all(None not in resources.locate(name) for name in ("ud-english-ewt", "ud-english-gum", "ud-english-partut"))


def processor(call: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of the processor, the least of some calls."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return min(times)


def traced(what: str, call: Callable[[], object], most: float) -> Line:
    """The most memory that a call held at once above what was held before, in MB, and the most that it may."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return Line(what, f"{peak:.0f} MB", "-", "-", "", f"at most {most:g} MB", peak <= most)


def peak_memory() -> float:
    """Largest resident memory of this process so far, in GiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def show(lines: Iterable[Line]) -> None:
    """Print lines as they come, aligned, a column each."""
    print(f"{'what':58} {'ours':>14} {'reference':>16} {'ratio':>9} {'floor':>14}  aim", flush=True)
    for line in lines:
        mark = "" if line.met is None else "  met" if line.met else "  NOT MET"
        print(
            f"{line.what:58} {line.ours:>14} {line.reference:>16} {line.ratio:>9} {line.floor:>14}  {line.aim}{mark}",
            flush=True,
        )
