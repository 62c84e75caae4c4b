"""Read what a run wrote: rows from `results/<experiment>`, tables below the score from `_tables/<name>`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from probekit import rows
from probekit.errors import ProbekitError, UnknownName
from probekit.rows import MANIFEST, SCHEMA, TABLES, UNIQUE, parse_setting

EXPANDABLE = ("setting", "info")
# Few different values over many rows: as categories a table of 100,000 rows takes a tenth of the memory.
CATEGORIES = tuple(
    field.name for field in SCHEMA if pa.types.is_string(field.type) and field.name not in ("info", "key")
)
ROWS_AT_ONCE = 100_000
_NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def read_results(path: str | Path, expand: Sequence[str] | str = ()) -> pd.DataFrame:
    """Rows of an experiment as a data frame: one score a row, columns as in `probekit.rows.SCHEMA`.

    The same rows as `pandas.read_parquet(path)`, with better types: string axes are categories, whole numbers
    are nullable integers, so an empty layer stays empty. `expand=("setting", "info")` adds a column for every
    key found in these, `setting.folds`, `info.converged`; `setting` values that are all numbers become
    numbers.

    The same score in two parts (one run again on another machine, say) is read once when it is the same
    number. Raises ProbekitError when the folder does not exist, is no results folder, holds no parts, has a
    part with other columns, or holds two different numbers for one (key, metric, split, subset).
    """
    folder = _results_folder(path)
    expand = (expand,) if isinstance(expand, str) else tuple(expand)
    for name in expand:
        if name not in EXPANDABLE:
            raise UnknownName("column to expand:", name, EXPANDABLE)
    table, parts = _read_parts(folder, SCHEMA, CATEGORIES, f"probekit run {folder.name} --out {folder}")
    frame = _to_pandas(table)
    frame = _without_repeats(frame, table, parts)
    for name in expand:
        frame = pd.concat([frame, _expanded(frame[name], name)], axis=1)
    frame.attrs["folder"] = str(folder)  # where the tables below these rows are
    return frame


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """A table below the score: `predictions`, `tokens`, `curve`, `points`, or a work's own; `key` joins it to the rows.

    Raises ProbekitError when the experiment kept no table of this name, and says which it kept.
    """
    folder = _results_folder(path)
    kept = sorted(p.name for p in (folder / "_tables").glob("*") if p.is_dir() and _parts(p))
    if name not in kept:
        if name not in TABLES:
            raise UnknownName("table", name, [*TABLES, *kept])
        raise ProbekitError(
            f"{folder} kept no table '{name}' (kept: {', '.join(kept) or 'none'}); run with keep=['{name}']"
        )
    schema = TABLES.get(name)
    table, _ = _read_parts(folder / "_tables" / name, schema, ("key", "split", "series", "label"), "the run")
    return _to_pandas(table)


def read_manifest(path: str | Path) -> dict[str, Any]:
    """What runs wrote a folder: grids, versions, data digests, code revision. Empty when not kept."""
    return rows.read_manifest(path)


def _results_folder(path: str | Path) -> Path:
    folder = Path(path)
    if not folder.exists():
        near = sorted(p.name for p in folder.parent.glob("*") if (p / MANIFEST).is_file())
        hint = f"; beside it: {', '.join(near)}" if near else ""
        raise ProbekitError(f"there is no results folder {folder}{hint}")
    if not folder.is_dir():
        raise ProbekitError(f"{folder} is a file; give the folder results/<experiment> that holds the parts")
    return folder


def _parts(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.parquet") if not p.name.startswith(("_", ".")))


def _read_parts(
    folder: Path, schema: pa.Schema | None, categories: Sequence[str], remedy: str
) -> tuple[pa.Table, list[tuple[Path, int]]]:
    """All parts of a folder as one Arrow table, and the rows of each. A run may replace parts meanwhile."""
    for attempt in range(5):
        parts = _parts(folder)
        if not parts:
            if (folder / MANIFEST).is_file():
                raise ProbekitError(f"{folder} holds no parts yet: nothing has been answered; start it: {remedy}")
            raise ProbekitError(
                f"{folder} is not a results folder: no parts (*.parquet) and no {MANIFEST} in it; "
                "give a folder that probekit run wrote"
            )
        sizes: list[tuple[Path, int]] = []
        try:
            tables = list(_encoded(_counted(parts, schema, sizes), categories))
        except FileNotFoundError:
            if attempt == 4:
                raise ProbekitError(f"{folder} changes while it is read; read it when the run has ended") from None
            continue
        return pa.concat_tables(tables).unify_dictionaries(), sizes
    raise AssertionError("unreachable")


def _counted(parts: Sequence[Path], schema: pa.Schema | None, sizes: list[tuple[Path, int]]) -> Iterator[pa.Table]:
    for part in parts:
        table = _read_part(part, schema)
        sizes.append((part, len(table)))
        yield table


def _read_part(part: Path, schema: pa.Schema | None) -> pa.Table:
    try:
        with pq.ParquetFile(part, page_checksum_verification=True) as file:
            if schema is not None and not file.schema_arrow.equals(schema):
                raise ProbekitError(
                    f"{part} is not a part of probekit results: {_difference(file.schema_arrow, schema)}"
                )
            table = file.read(use_threads=False)  # threads cost more than a part of one cell gains from them
            table.validate(full=True)
            return table
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise ProbekitError(f"{part} cannot be read as Parquet ({error}); remove it and run again") from None


def _encoded(tables: Iterable[pa.Table], categories: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of many tables in few, with categories as dictionaries; not more than a few are held as plain text."""
    batch: list[pa.Table] = []
    rows = 0
    for table in tables:
        batch.append(table)
        rows += len(table)
        if rows >= ROWS_AT_ONCE:
            yield _encode(batch, categories)
            batch, rows = [], 0
    if batch:
        yield _encode(batch, categories)


def _encode(batch: list[pa.Table], categories: Sequence[str]) -> pa.Table:
    joined = pa.concat_tables(batch).combine_chunks()
    for place, name in enumerate(joined.column_names):
        if name in categories:
            joined = joined.set_column(place, name, joined[name].dictionary_encode())
    return joined


def _difference(found: pa.Schema, schema: pa.Schema) -> str:
    missing = [name for name in schema.names if name not in found.names]
    extra = [name for name in found.names if name not in schema.names]
    if missing or extra:
        words = [f"without the columns {missing}"] if missing else []
        return " and ".join(words + ([f"with the unknown columns {extra}"] if extra else []))
    if found.names != schema.names:
        return "columns in another order"
    wrong = [
        f"{f.name} is {found.field(f.name).type}, not {f.type}" for f in schema if found.field(f.name).type != f.type
    ]
    return "; ".join(wrong)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=_NULLABLE.get)


def _without_repeats(frame: pd.DataFrame, table: pa.Table, parts: list[tuple[Path, int]]) -> pd.DataFrame:
    """Drop exact repetitions; refuse two different numbers for one score."""
    if not frame.duplicated(list(UNIQUE)).any():
        return frame
    # What a run found (seconds, say) may differ between two runs of the same question; the score may not.
    compared = [name for name in frame.columns if name not in ("info", "experiment")]
    kept = frame[~frame.duplicated(compared)]
    clash = kept[kept.duplicated(list(UNIQUE), keep=False)]
    if len(clash):
        first = clash.iloc[0]
        same = clash[(clash[list(UNIQUE)] == first[list(UNIQUE)]).all(axis=1)]
        files = sorted({_part_of(int(index), parts) for index in same.index})
        differing = [name for name in compared if same[name].nunique(dropna=False) > 1]
        raise ProbekitError(
            f"two rows for key={first['key']} metric={first['metric']} split={first['split']} "
            f"subset='{first['subset']}' differ in {', '.join(differing)} (parts: {', '.join(files)}); "
            "run the experiment again, which removes what is out of date"
        )
    return kept.reset_index(drop=True)


def _part_of(row: int, parts: list[tuple[Path, int]]) -> str:
    for part, size in parts:
        if row < size:
            return part.name
        row -= size
    raise AssertionError("a row outside every part")


def _expanded(column: pd.Series, name: str) -> pd.DataFrame:
    """A column for every key of `setting` or `info`; each distinct text is parsed once."""
    codes, texts = pd.factorize(column.astype(object))
    read = parse_setting if name == "setting" else _parse_info
    wide = pd.DataFrame([read(text) for text in texts], index=range(len(texts)))
    wide = wide.reindex(columns=sorted(wide.columns)).convert_dtypes()
    if name == "setting":
        for key in wide.columns:
            numbers = pd.to_numeric(wide[key], errors="coerce")
            if numbers.notna().equals(wide[key].notna()):
                wide[key] = numbers.convert_dtypes()
    wide.columns = [f"{name}.{key}" for key in wide.columns]
    return wide.iloc[codes].set_axis(column.index)


def _parse_info(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        raise ProbekitError(f"an info column is not JSON: {text[:80]!r}; read without expand=('info',)") from None
    return found if isinstance(found, dict) else {}
