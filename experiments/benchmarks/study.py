"""The whole grid of the profiling study from an empty cache, on two worker processes, and what comes after it.

23,943 real sentences where `PROBEKIT_DATA` has them, otherwise as many generated ones: `minilm`, all layers and five
poolings, word2vec trained on the corpus in four, 68 tasks, 5 folds, `linear-svr`. It takes minutes, so it is measured
once, and only when it is named: `python -m experiments.benchmarks study`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from .measure import Line, treebanks_at_hand

N = 23_943
MINUTES, MEMORY, SECONDS = 25, 4.0, 5
RUN = """
import sys
import probekit as pk

if __name__ == "__main__":
    corpus, out, *further = sys.argv[1:]
    rows = pk.probing(
        "study", corpora=[corpus], encoders=["minilm", f"word2vec:{corpus}"],
        poolings=["mean", "sum", "max", "min", "cls"],
        tasks=["sentence/profiling-68", *further], probes=["linear-svr"],
    ).run(out, executor="processes", workers=2)
    print(len(rows), int((rows["value"].isna() & (rows["note"] == "")).sum()))
"""


def lines() -> Iterator[Line]:
    """Minutes and memory of the first run, seconds of the second, what one more task costs."""
    real = treebanks_at_hand()
    corpus = "ud-english" if real else f"grammar(n={N})"
    with TemporaryDirectory() as name:
        place = Path(name)
        script = place / "run.py"
        script.write_text(RUN)
        environment = {**os.environ, "PROBEKIT_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(script), corpus, str(place / "results")]

        def run(*further: str) -> float:
            started = time.perf_counter()
            subprocess.run([*command, *further], env=environment, check=True)
            return time.perf_counter() - started

        with Memory() as memory:
            minutes = run() / 60
        rows = pd.read_parquet(place / "results")
        yield Line(
            f"whole grid, {len(rows):,} rows, {'real' if real else 'generated'} sentences",
            f"{minutes:.1f} min",
            "-",
            "-",
            "-",
            f"<= {MINUTES} min",
            minutes <= MINUTES,
        )
        yield Line(
            "  memory of all processes, memory maps included",
            f"{memory.most / 1e9:.2f} GB",
            "-",
            "-",
            "-",
            f"<= {MEMORY} GB",
            memory.most <= MEMORY * 1e9 if memory.most else None,
        )
        second = run()
        yield Line("  second run", f"{second:.1f} s", "-", "-", "-", f"<= {SECONDS} s", second <= SECONDS)
        before = sorted((place / "cache").rglob("vectors.npy"))
        more = run("sentence/xpos_dist_FW") / 60
        encoded = len(set((place / "cache").rglob("vectors.npy")) - set(before))
        yield Line(
            "  one more task", f"{more:.1f} min", "-", "-", "-", f"encodes nothing ({encoded} new arrays)", not encoded
        )


class Memory:
    """Bytes that the processes started from here hold together, looked at every second: `most`, 0 where /proc is not.

    A page that several of them share is counted once.
    """

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1):
            parent = {}
            for status in Path("/proc").glob("[0-9]*/stat"):
                try:
                    parent[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue  # it has ended
            below, ours = {os.getpid()}, 0
            while len(below) > ours:
                ours = len(below)
                below |= {child for child, of in parent.items() if of in below}
            self.most = max(self.most, sum(map(_share, below - {os.getpid()})))


def _share(process: int) -> int:
    """Bytes of a process, each page divided by those that share it."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except OSError:
        return 0
