"""The grid at size: scheduling, parts, a million rows, a run of what is finished, the command line's start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from probekit import report, rows
from probekit.grid import Answer, Cell, Grid, works
from probekit.grid.folder import Folder, write_part
from probekit.study import find

from .measure import REPEATS, Line, seconds

CELLS = 10_000
MILLION = 1_000_000
STUDY = "linguistic-profiling"
COMMAND = [sys.executable, "-c", "from probekit.cli import main; main()"]


@works.register("benchmark-trivial", summary="Answers at once, so that only the grid's own work is left")
def trivial(cell: Cell) -> Answer:
    """One row a question, with a number that costs nothing."""
    return Answer(
        [
            {"key": q.key, "metric": "m", "split": "test", "value": float(q.axes["layer"]), "info": {"converged": True}}
            for q in cell.questions
        ]
    )


def lines() -> Iterator[Line]:
    """Lines of the table; all files are temporary."""
    with tempfile.TemporaryDirectory(prefix="probekit-benchmark-") as name:
        folder = Path(name)
        yield from _scheduling(folder)
        yield _reading(folder / "serial-0")
        yield from _a_million(folder / "million")
        yield _second_run(folder / "study")
        yield _help()


def _scheduling(folder: Path) -> Iterator[Line]:
    grid = Grid("trivial", "benchmark-trivial", {"task": ["a", "b"], "layer": list(range(CELLS // 2))})
    floor = 1000 * seconds(lambda: _synced_files(folder / "files", 100)) / 100
    for executor in ("serial", "processes"):
        outs = iter([folder / f"{executor}-{number}" for number in range(REPEATS)])
        ours = 1000 * seconds(partial(_run_into_next, grid, outs, executor)) / CELLS
        how = "serial" if executor == "serial" else "2 processes"
        yield _line(f"scheduling {CELLS:,} cells, a part each, {how}", ours, "ms", 5, f"{floor:.2f} ms fsync")


def _run_into_next(grid: Grid, outs: Iterator[Path], executor: str) -> None:
    grid.run(next(outs), executor, workers=2)


def _synced_files(folder: Path, n: int) -> None:
    """What no part can do without: a file of its size, on the disk and under its name."""
    folder.mkdir(exist_ok=True)
    for number in range(n):
        hidden = folder / f".{number}"
        with open(hidden, "wb") as file:
            file.write(bytes(4600))
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, folder / str(number))


def _reading(folder: Path) -> Line:
    parts = list(folder.glob("*.parquet"))
    floor = seconds(lambda: [part.read_bytes() for part in parts])
    ours = seconds(lambda: report.read_results(folder))
    return _line(f"reading {len(parts):,} parts", ours, "s", 10, f"{floor:.1f} s bytes")


def _a_million(folder: Path) -> Iterator[Line]:
    _write_a_million(folder, 1000)
    found: list[pd.DataFrame] = []

    def read() -> None:
        found[:] = [report.read_results(folder)]

    taken = seconds(read)
    df = found[0]
    assert len(df) == MILLION
    size = df.memory_usage(deep=True).sum() / 2**20
    yield _line(f"reading {MILLION:,} rows in 1,000 parts ({size:.0f} MiB)", taken, "s", 10)
    folds = df[df["metric"] == "spearman"]
    by = ["encoder", "layer", "pooling", "task"]
    grouped = seconds(lambda: folds.groupby(by, observed=True, dropna=False)["value"].mean())
    yield _line(f"their means over folds by {', '.join(by)}", grouped, "s", 10)
    yield _line("the same as report.summarise", seconds(lambda: report.summarise(folds, by)), "s", 10)


def _write_a_million(folder: Path, parts: int) -> None:
    """Rows of 10 encoders x 13 layers x 5 poolings x 68 tasks x 6 (folds and all together) x seeds x probes."""
    folder.mkdir()
    each = MILLION // parts
    rng = np.random.default_rng(0)

    def text(codes: np.ndarray, *words: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes % len(words), pa.int32()), pa.array(words)).cast("string")

    for part in range(parts):
        i = np.arange(part * each, (part + 1) * each)
        fold, cell, value = i % 6, i // 408, rng.random(each)
        columns = {
            "experiment": text(i, "million"),
            "dataset": text(i, "corpus"),
            "split": text(i, "cv"),
            "language": text(i, "en"),
            "setting": text(i, "folds=5;groups=sentence"),
            "task": text(i // 6, *(f"sentence/feature_{n}" for n in range(68))),
            "task_group": text(i // 6, *(f"group {n % 9}" for n in range(68))),
            "layer": pa.array(cell % 13, pa.int32()),
            "pooling": text(cell // 13, "mean", "sum", "max", "min", "cls"),
            "encoder": text(cell // 65, *(f"hf:model-{n}" for n in range(10))),
            "probe": text(cell // 650, "linear-svr", "ridge"),
            "seed": pa.array(cell // 1300, pa.int64()),
            "fold": pa.array(fold, pa.int32(), mask=fold == 5),
            "metric": text(np.where(fold == 5, 1, 0), "spearman", "spearman_pooled"),
            "value": pa.array(value),
            "ci_low": pa.array(value - 0.01),
            "ci_high": pa.array(value + 0.01),
            "n_train": pa.array(np.full(each, 19154)),
            "n_test": pa.array(np.full(each, 4789)),
            "info": pa.array([f'{{"converged": true, "gap": {x:.3e}, "seconds": {x:.3f}}}' for x in value]),
            "key": pa.array([f"{n:032x}" for n in i.tolist()]),
        }
        empty = text(i, "")
        whole = [columns.get(name, empty) for name in rows.SCHEMA.names]
        write_part(folder / f"{part:032x}.parquet", pa.table(whole, schema=rows.SCHEMA))


def _second_run(folder: Path) -> Line:
    asked, corpus = _fill(folder)
    before = sorted(part.name for part in folder.glob("*.parquet"))
    command = [*COMMAND, "run", STUDY, "--out", str(folder)]

    def run() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run()  # digests of files that this machine never saw are taken once
    taken = seconds(run)
    assert sorted(part.name for part in folder.glob("*.parquet")) == before, "the grid was not finished"
    start = seconds(lambda: subprocess.run([sys.executable, "-c", "import pandas, pyarrow.parquet"], check=True))
    return _line(f"second run of {asked:,} questions ({corpus})", taken, "s", 5, f"{start:.1f} s imports")


def _fill(folder: Path) -> tuple[int, str]:
    """Answer the whole study with made-up numbers. Returns how many questions it asks, and of which corpus."""
    rng = np.random.default_rng(0)
    results = Folder(folder, STUDY)
    results.open()
    grids = find(STUDY).grids()
    asked = 0
    for grid in grids:
        plan = grid.plan(folder)
        asked += plan.asked
        for cell in plan.cells:
            made = [
                {
                    **question.axes,
                    "key": question.key,
                    "metric": "spearman",
                    "split": "cv",
                    "value": value,
                    "ci_low": value - 0.01,
                    "ci_high": value + 0.01,
                    "n_train": 19154,
                    "n_test": 4789,
                    "info": {"C": 1.0, "converged": True, "gap": value / 1000, "iterations": 40, "seconds": value},
                }
                for question, value in zip(cell.questions, rng.random(len(cell.questions)).tolist(), strict=True)
            ]
            results.write(cell.name, rows.table(made), {})
    results.note_run({"started": "benchmark", "grid": grids[0].describe(), "finished": "benchmark", "failed": 0})
    results.close()
    return asked, ", ".join(sorted({name for grid in grids for name in grid.describe()["data"]}))


def _help() -> Line:
    def start() -> None:
        subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)

    start()
    bare = seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True))
    return _line("probekit --help", seconds(start, 5), "s", 0.5, f"{bare:.2f} s python")


def _line(what: str, ours: float, unit: str, aim: float, floor: str = "-") -> Line:
    return Line(what, f"{ours:.2f} {unit}", "-", "-", floor, f"<= {aim:g} {unit}", ours <= aim)
