"""A results folder: Parquet parts that pandas reads as they are, and names that begin with `_` for the rest.

results/<experiment>/<part>.parquet            rows, one part a cell
results/<experiment>/_tables/<table>/<part>    tables below the score, joined by key
results/<experiment>/_manifest.json            runs: grids, versions, data digests, code revision, machine kind
results/<experiment>/_errors.log               what went wrong in cells that failed
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from probekit import rows as schema
from probekit.errors import ProbekitError
from probekit.grid.work import ASKED
from probekit.store import raise_disk_error, sync_folder, write_atomically

MANIFEST = "_manifest.json"
PACKAGES = ("probekit", "torch", "transformers", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow")


class Folder:
    """One experiment's results. Opened for writing by one run at a time."""

    def __init__(self, path: str | Path, experiment: str) -> None:
        self.path, self.experiment = Path(path), experiment
        self._lock: Any = None

    # --- opening and closing

    def open(self, fresh: bool = False) -> None:
        """Take the folder for this run. Raises ProbekitError for a folder of another experiment, one that cannot be
        written, one that holds other things, and one that another run is writing to."""
        from filelock import FileLock, Timeout

        self.check(fresh)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / "_lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ProbekitError(
                f"another run is writing to '{self.path}'; wait for it, or choose another folder"
            ) from None
        except OSError as error:
            with suppress(OSError):
                raise_disk_error(error, self.path)
            raise ProbekitError(f"cannot make the folder '{self.path}': {error}; choose another --out") from error
        if fresh:
            self._clear()
        for left in (*self.path.glob(".*.tmp"), *self.path.glob("_tables/*/.*.tmp")):
            left.unlink(missing_ok=True)  # a part that a killed run did not finish

    def check(self, fresh: bool = False) -> None:
        """Refuse a folder that is not this experiment's, before any work."""
        if self.path.exists() and not self.path.is_dir():
            raise ProbekitError(f"'{self.path}' is a file; results need a folder")
        known = self.manifest().get("experiment") or self._experiment_of_parts()
        if known not in (None, self.experiment):
            raise ProbekitError(
                f"'{self.path}' holds results of the experiment '{known}', not of '{self.experiment}'; "
                "choose another --out"
            )
        if known is None and self.path.is_dir():
            foreign = [p.name for p in self.path.iterdir() if not p.name.startswith(("_", "."))]
            if foreign:
                raise ProbekitError(
                    f"'{self.path}' is not a results folder (it holds {foreign[0]}); choose an empty one"
                )
        parent = next(p for p in (self.path, *self.path.absolute().parents) if p.exists())
        if not parent.is_dir():
            raise ProbekitError(f"'{parent}' is a file; results need a folder, choose another --out")
        if not os.access(parent, os.W_OK):
            raise ProbekitError(f"cannot write under '{parent}'; choose another --out")

    def _experiment_of_parts(self) -> str | None:
        """Experiment of the rows of a folder whose manifest is gone; None where there are none of ours."""
        for part in self.parts():
            try:
                found = pq.read_table(part, columns=["experiment", "key"], partitioning=None)["experiment"]
            except (OSError, pa.ArrowException):
                return None
            return found[0].as_py() if len(found) else None
        return None

    def close(self) -> None:
        """Let other runs in."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _clear(self) -> None:
        for part in self.parts():
            part.unlink()
        for name in ("_tables", "_figures"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (MANIFEST, "_errors.log"):
            (self.path / name).unlink(missing_ok=True)

    # --- manifest

    def manifest(self) -> dict[str, Any]:
        """What the folder says of itself; empty when there is nothing. Raises ProbekitError when it is damaged."""
        path = self.path / MANIFEST
        if not path.exists():
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict) or not isinstance(found.get("runs", []), list):
                raise ValueError("not a manifest")
            return found
        except (OSError, ValueError) as error:
            raise ProbekitError(
                f"cannot read {path}: {error}; its rows are intact: move the manifest away and run again"
            ) from error

    def note_run(self, run: Mapping[str, Any]) -> None:
        """Write one run into the manifest; a run of the same `started` is replaced."""
        manifest = self.manifest() or {"experiment": self.experiment, "runs": []}
        manifest["runs"] = [r for r in manifest["runs"] if r.get("started") != run.get("started")] + [dict(run)]
        try:
            write_atomically(self.path / MANIFEST, json.dumps(schema.plain(manifest), indent=1).encode())
        except OSError as error:
            raise_disk_error(error, self.path)

    # --- parts

    def parts(self) -> list[Path]:
        """Row parts, sorted by name."""
        return sorted(p for p in self.path.glob("*.parquet") if not p.name.startswith(("_", ".")))

    def read(self, columns: list[str] | None = None) -> pd.DataFrame:
        """Rows of all parts, or some of their columns."""
        names = columns or schema.SCHEMA.names
        tables = [read_part(part, names) for part in self.parts()]
        if not tables:
            return schema.SCHEMA.empty_table().select(names).to_pandas()
        return pa.concat_tables(tables).to_pandas()

    def table_keys(self, name: str) -> set[str]:
        """Keys whose lines are in a table below the score, those without any included."""
        parts = (self.path / "_tables" / name).glob("*.parquet")
        found: set[str] = set()
        for part in parts:
            content = read_part(part, ["key"])
            found.update(content["key"].unique().to_pylist())
            found.update(json.loads((content.schema.metadata or {}).get(ASKED.encode(), b"[]")))
        return found

    def write(self, name: str, rows: pa.Table, tables: Mapping[str, pa.Table]) -> None:
        """Write one cell's answer. Tables come first: rows that are there have all that belongs to them."""
        try:
            for table, content in tables.items():
                folder = self.path / "_tables" / table
                folder.mkdir(parents=True, exist_ok=True)
                write_part(folder / f"{name}.parquet", content)
            write_part(self.path / f"{name}.parquet", rows)
        except OSError as error:
            raise_disk_error(error, self.path)

    def remove(self, keys: Collection[str], except_part: str = "") -> int:
        """Remove the rows of some questions, and what hangs on them in tables. Returns how many rows went."""
        gone = 0
        value_set = pa.array(sorted(keys), pa.string())
        for part in (*self.parts(), *sorted(self.path.glob("_tables/*/*.parquet"))):
            if part.stem == except_part:
                continue
            content = read_part(part)
            leaves = pa.compute.is_in(content["key"], value_set=value_set)
            n = int(pa.compute.sum(leaves).as_py() or 0)
            if not n:
                continue
            if part.parent == self.path:
                gone += n
            if n == len(content):
                part.unlink()
            else:
                write_part(part, content.filter(pa.compute.invert(leaves)))
        return gone

    def log_error(self, label: str, text: str) -> None:
        """Keep the traceback of a cell that failed."""
        with suppress(OSError), open(self.path / "_errors.log", "a", encoding="utf-8") as file:
            file.write(f"--- {now()} {label}\n{text}\n")


def read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    """One Parquet file, or some of its columns. Raises ProbekitError naming a file that is damaged."""
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise ProbekitError(
            f"cannot read {path}: {str(error).splitlines()[0]}; remove that file and run again, "
            "its cell is answered anew"
        ) from error


def write_part(path: Path, content: pa.Table) -> None:
    """Write a Parquet file so that it is there whole or not at all: `.name.tmp`, sync, rename."""
    hidden = path.with_name(f".{path.name}.tmp")
    try:
        pq.write_table(content, hidden, compression="zstd")
        with open(hidden, "rb") as file:
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def now() -> str:
    """Time as runs are dated, in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def circumstances() -> dict[str, Any]:
    """What belongs to a run and not to a key: versions, code revision, machine kind."""
    versions = {}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "versions": versions,
        "python": platform.python_version(),
        "code_revision": code_revision(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def code_revision() -> str:
    """Commit of the checkout this package runs from, with + when it was changed; empty when installed."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        run = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
        return run.stdout.strip()
    return ""


def repeated(rows: pd.DataFrame) -> Iterable[str]:
    """Keys whose rows stand twice, which only an interrupted replacement leaves behind."""
    return rows.loc[rows.duplicated(list(schema.UNIQUE)), "key"].unique()
