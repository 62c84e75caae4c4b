"""A results folder: Parquet parts that pandas reads as they are, and names that begin with `_` for the rest.

results/<experiment>/<part>.parquet            rows, one part a cell
results/<experiment>/_tables/<table>/<part>    tables below the score, joined by key
results/<experiment>/_manifest.json            runs: grids, versions, data digests, code revision, machine kind
results/<experiment>/_errors.log               what went wrong in cells that failed
results/<experiment>/_packing.json             while one file takes the place of many: which
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from probekit import rows as schema
from probekit.errors import ProbekitError
from probekit.grid.work import ASKED
from probekit.store import raise_disk_error, sync_folder, write_atomically

FEW = 1000  # rows of a small part
SYNC_EVERY = 1.0  # seconds
PACKING = "_packing.json"
PACKAGES = ("probekit", "torch", "transformers", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow")


class Folder:
    """One experiment's results. Opened for writing by one run at a time."""

    def __init__(self, path: str | Path, experiment: str) -> None:
        self.path, self.experiment = Path(path), experiment
        self._lock: Any = None
        self._synced = 0.0

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
        try:
            if fresh:
                self._clear()
            self._replace_staged()
            for left in (*self.path.glob(".*.tmp"), *self.path.glob("_tables/*/.*.tmp")):
                left.unlink(missing_ok=True)  # a part that a killed run did not finish
        except OSError as error:
            self.close()
            raise_disk_error(error, self.path)

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
            except (OSError, UnicodeDecodeError, pa.ArrowException):
                return None
            return found[0].as_py() if len(found) else None
        return None

    def close(self) -> None:
        """Let other runs in."""
        if self._lock is not None:
            with suppress(OSError):
                self.sync()
            self._lock.release()
            self._lock = None

    def _clear(self) -> None:
        for part in self.parts():
            part.unlink()
        for name in ("_tables", "_figures"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (schema.MANIFEST, "_errors.log", PACKING):
            (self.path / name).unlink(missing_ok=True)

    # --- manifest

    def manifest(self) -> dict[str, Any]:
        """What the folder says of itself; empty when there is nothing. Raises ProbekitError when it is damaged."""
        return schema.read_manifest(self.path)

    def note_run(self, run: Mapping[str, Any]) -> None:
        """Write one run into the manifest; a run of the same `started` is replaced."""
        manifest = self.manifest() or {"experiment": self.experiment, "runs": []}
        runs = manifest.get("runs", [])
        manifest["runs"] = [r for r in runs if r.get("started") != run.get("started")] + [dict(run)]
        try:
            write_atomically(self.path / schema.MANIFEST, json.dumps(schema.plain(manifest), indent=1).encode())
        except OSError as error:
            raise_disk_error(error, self.path)

    # --- parts

    def parts(self) -> list[Path]:
        """Row parts, sorted by name."""
        return sorted(p for p in self.path.glob("*.parquet") if not p.name.startswith(("_", ".")))

    def read(self, columns: Sequence[str] = schema.SCHEMA.names) -> pa.Table:
        """Rows of all parts, or some of their columns."""
        empty = schema.SCHEMA.empty_table().select(columns)
        tables = [read_part(part, columns, empty.schema) for part in self.parts()]
        # As one piece: thousands of small ones make slow what is asked of a column.
        return pa.concat_tables([empty, *tables]).combine_chunks()

    def recover(self) -> pa.Table:
        """Rows of all parts, once what a killed run left half done is out of the folder: answers that stand twice,
        and lines of tables whose rows were never written. Both are asked again."""
        rows = self.read()
        if twice := set(repeated(rows)):
            self.remove(twice, self.holders(twice))
            rows = self.read()
        written = {part.name for part in self.parts()}
        alone = [part for part in self._table_parts() if part.name not in written]
        keys = set(rows["key"].to_pylist()) if alone else set()
        for part in alone:
            if orphans := set(asked_for(part)) - keys:
                self.remove(orphans, {key: [part] for key in orphans})
        return rows

    def _table_parts(self, name: str = "*") -> list[Path]:
        return sorted(self.path.glob(f"_tables/{name}/*.parquet"))

    def parts_by_content(self) -> list[list[Path]]:
        """Parts of the rows, and of each table below the score, where there are any."""
        tables = sorted({part.parent for part in self._table_parts()})
        return [found for found in (self.parts(), *(sorted(t.glob("*.parquet")) for t in tables)) if found]

    def replace_parts(self, groups: Sequence[Sequence[Path]], name: str) -> None:
        """Put a staged file of each group of parts in the place of the group.

        What is to be done is written down first, so that whoever opens the folder after a crash can finish it.
        """
        staged = [group[0].with_name(name) for group in groups]
        gone = [part for group in groups for part in group if part.name != name]
        steps = {
            "new": [str(p.relative_to(self.path)) for p in staged],
            "gone": [str(p.relative_to(self.path)) for p in gone],
        }
        write_atomically(self.path / PACKING, json.dumps(steps).encode())
        self._replace_staged()

    def _replace_staged(self) -> None:
        """Finish what `replace_parts` wrote down."""
        if not (self.path / PACKING).is_file():
            return
        steps = json.loads((self.path / PACKING).read_text(encoding="utf-8"))
        for name in steps["new"]:
            place = self.path / name
            if _staged(place).exists():
                os.replace(_staged(place), place)
            sync_folder(place.parent)
        for name in steps["gone"]:
            (self.path / name).unlink(missing_ok=True)
        self.sync()
        (self.path / PACKING).unlink()

    def table_keys(self, name: str) -> set[str]:
        """Keys that were asked for a table below the score, those without any line included."""
        return set().union(*map(asked_for, self._table_parts(name)))

    def holders(self, keys: Collection[str]) -> dict[str, list[Path]]:
        """For each of some questions the parts, of rows and of tables below the score, that hold it."""
        found: dict[str, list[Path]] = {}
        for part in (*self.parts(), *self._table_parts()):
            own = asked_for(part) if part.parent != self.path else read_part(part, ["key"])["key"].to_pylist()
            for key in set(own).intersection(keys):
                found.setdefault(key, []).append(part)
        return found

    def write(self, name: str, rows: pa.Table, tables: Mapping[str, pa.Table]) -> None:
        """Write one cell's answer. Tables come first: rows that are there have all that belongs to them."""
        try:
            for table, content in tables.items():
                folder = self.path / "_tables" / table
                folder.mkdir(parents=True, exist_ok=True)
                write_part(folder / f"{name}.parquet", content)
                sync_folder(folder)
            write_part(self.path / f"{name}.parquet", rows)
            # A rename that a power cut undoes costs an answer and nothing else: many small ones share a sync.
            if time.monotonic() - self._synced > SYNC_EVERY:
                self.sync()
        except OSError as error:
            raise_disk_error(error, self.path)

    def sync(self) -> None:
        """Make what was written durable."""
        sync_folder(self.path)
        self._synced = time.monotonic()

    def remove(self, keys: Collection[str], held: Mapping[str, Iterable[Path]], except_part: str = "") -> None:
        """Remove the rows of some questions, and what hangs on them in tables, from the parts that `holders` found.

        Rows go last: as long as any are left, the next run knows that there is something to remove.
        """
        parts = {part for key in keys for part in held.get(key, ()) if part.stem != except_part and part.exists()}
        try:
            self.sync()  # what replaces them must not be lost after they are gone
            for part in sorted(parts, key=lambda part: part.parent == self.path):
                _remove_from(part, keys)
        except OSError as error:
            raise_disk_error(error, self.path)

    def log_error(self, label: str, text: str) -> None:
        """Keep the traceback of a cell that failed."""
        with suppress(OSError), open(self.path / "_errors.log", "a", encoding="utf-8") as file:
            file.write(f"--- {now()} {label}\n{text}\n")


def read_part(path: Path, columns: Sequence[str] | None = None, types: pa.Schema | None = None) -> pa.Table:
    """One Parquet file, or some of its columns. Raises ProbekitError naming a file that is damaged."""
    with _naming(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        if missing := set(columns or ()).difference(file.schema_arrow.names):
            raise pa.ArrowInvalid(f"it lacks the column {missing.pop()}")
        content = file.read(columns, use_threads=False)
        if types is not None and content.schema.remove_metadata() != types:
            raise pa.ArrowInvalid("its columns have other types")
        content.validate(full=True)
        return content


def _remove_from(part: Path, keys: Collection[str]) -> None:
    content = read_part(part)
    stays = content.filter(pc.invert(pc.is_in(content["key"], value_set=pa.array(list(keys), pa.string()))))
    asked = _listed(content.schema.metadata)
    if asked is not None:
        asked = [key for key in asked if key not in keys]
        stays = stays.replace_schema_metadata({ASKED: json.dumps(asked)})
    if asked or len(stays):
        write_part(part, stays)
    else:
        part.unlink()


def asked_for(part: Path) -> list[str]:
    """Keys that a part of a table below the score was asked for; its lines are not read."""
    with _naming(part):
        listed = _listed(pq.read_metadata(part).metadata)
    return read_part(part, ["key"])["key"].unique().to_pylist() if listed is None else listed


def _listed(metadata: Mapping[bytes, bytes] | None) -> list[str] | None:
    found = (metadata or {}).get(ASKED.encode())
    return None if found is None else json.loads(found)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except ProbekitError:
        raise
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:  # names and keys not UTF-8 or JSON
        raise ProbekitError(
            f"cannot read {path}: {str(error).partition(chr(10))[0]}; remove that file and run again, "
            "its cell is answered anew"
        ) from error


def write_part(path: Path, content: pa.Table) -> None:
    """Write a Parquet file so that it is there whole or not at all: staged, then renamed.

    The rename is durable once the folder is synced, which is the caller's to do.
    """
    # Dictionaries and zstd keep large parts small, and double the time that each of thousands of small ones takes.
    large = len(content) > FEW
    stage(path, content, compression="zstd" if large else "lz4", use_dictionary=large)
    os.replace(_staged(path), path)


def stage(path: Path, content: pa.Table, **options: Any) -> None:
    """Write a Parquet file under a hidden name beside its own, on the disk before this returns."""
    hidden = _staged(path)
    try:
        pq.write_table(content, hidden, write_statistics=False, write_page_checksum=True, **options)
        with open(hidden, "rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise


def _staged(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


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
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return run.stdout.strip()
    return ""


def repeated(rows: pa.Table) -> list[str]:
    """Keys whose rows stand twice, which only an interrupted replacement leaves behind."""
    times = rows.group_by(list(schema.UNIQUE)).aggregate([([], "count_all")])
    return times.filter(pc.greater(times["count_all"], 1))["key"].unique().to_pylist()
