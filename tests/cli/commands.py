"""Shared by tests of the command line: what a call gave, a run of a second, the command in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

COMMAND = Path(sys.executable).with_name("probekit")


@dataclass
class Result:
    """What a call left: its exit code and what it said."""

    code: int
    out: str
    err: str

    def ok(self) -> Result:
        assert self.code == 0, f"exit {self.code}\n{self.out}\n{self.err}"
        return self

    def refused(self, *words: str) -> Result:
        """One message for people, exit code 2, nothing on standard output."""
        assert self.code == 2, f"exit {self.code}\n{self.out}\n{self.err}"
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and "Traceback" not in self.err and not self.out, self.err
        for word in words:
            assert word in self.err, self.err
        return self


def quickstart(table: str, *more: str) -> list[str]:
    """A run of a second: one static table, one pooling, a task of each kind."""
    return [
        "run", "quickstart", "--corpus", "grammar(n=60)", "--encoder", table, "--pooling", "mean", "--probe", "ridge",
        "--probe", "logistic(C=1)", "--task", "sentence/sent_length", "--task", "word/upos", "--out", "out", *more,
    ]  # fmt: skip


def stored(folder: str | Path) -> pd.DataFrame:
    """All rows of a results folder, read without this package."""
    return pd.concat(map(pd.read_parquet, sorted(Path(folder).glob("*.parquet"))), ignore_index=True)


def parts(folder: str | Path) -> dict[Path, int]:
    """Files of rows, and when each was written."""
    return {file: file.stat().st_mtime_ns for file in Path(folder).glob("*.parquet")}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The installed command in a process of its own."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PROBEKIT_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"},
        # A process started in the background inherits deafness to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
