"""Read what a run wrote: rows from `results/<experiment>`, tables below the score from `_tables/<name>`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from probekit.errors import ProbekitError, UnknownName
from probekit.rows import SCHEMA, TABLES, UNIQUE, parse_setting

MANIFEST = "_manifest.json"
EXPANDABLE = ("setting", "info")
# Few different values over many rows: as categories a table of 100,000 rows takes a tenth of the memory.
CATEGORIES = tuple(
    field.name for field in SCHEMA if pa.types.is_string(field.type) and field.name not in ("info", "key")
)
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
    return frame


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """A table below the score (`predictions`, `tokens`, `curve`, `points`), joined to the rows by `key`.

    Raises ProbekitError when the experiment kept no table of this name, and says which it kept.
    """
    folder = _results_folder(path)
    kept = sorted(p.name for p in (folder / "_tables").glob("*") if p.is_dir() and _parts(p))
    if name not in kept:
        if name not in TABLES:
            raise UnknownName("table", name, TABLES)
        raise ProbekitError(
            f"{folder} kept no table '{name}' (kept: {', '.join(kept) or 'none'}); run with keep=['{name}']"
        )
    schema = TABLES.get(name)
    table, _ = _read_parts(folder / "_tables" / name, schema, ("key", "split", "series", "label"), "the run")
    return _to_pandas(table)


def read_manifest(path: str | Path) -> dict[str, Any]:
    """What runs wrote a folder: grids, versions, data digests, code revision. Empty when not kept."""
    manifest = Path(path) / MANIFEST
    if not manifest.is_file():
        return {}
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProbekitError(f"{manifest} is not JSON ({error}); restore it or run with --fresh") from None
    return content if isinstance(content, dict) else {"runs": content}


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
                raise ProbekitError(
                    f"{folder} holds no parts yet: nothing has been answered; start it: {remedy}"
                )
            raise ProbekitError(
                f"{folder} is not a results folder: no parts (*.parquet) and no {MANIFEST} in it; "
                "give a folder that probekit run wrote"
            )
        try:
            tables = [_read_part(part, schema, categories) for part in parts]
        except FileNotFoundError:
            if attempt == 4:
                raise ProbekitError(
                    f"{folder} changes while it is read; read it when the run has ended"
                ) from None
            continue
        sizes = [(part, table.num_rows) for part, table in zip(parts, tables, strict=True)]
        return pa.concat_tables(tables).unify_dictionaries(), sizes
    raise AssertionError("unreachable")


def _read_part(part: Path, schema: pa.Schema | None, categories: Sequence[str]) -> pa.Table:
    try:
        found = pq.read_schema(part)
        if schema is not None and not found.remove_metadata().equals(schema.remove_metadata()):
            raise ProbekitError(f"{part} is not a part of probekit results: {_difference(found, schema)}")
        return pq.read_table(part, read_dictionary=[name for name in categories if name in found.names])
    except pa.ArrowInvalid as error:
        raise ProbekitError(f"{part} cannot be read as Parquet ({error}); remove it and run again") from None


def _difference(found: pa.Schema, schema: pa.Schema) -> str:
    missing = [name for name in schema.names if name not in found.names]
    extra = [name for name in found.names if name not in schema.names]
    if missing or extra:
        words = [f"without the columns {missing}"] if missing else []
        return " and ".join(words + ([f"with the unknown columns {extra}"] if extra else []))
    if found.names != schema.names:
        return "columns in another order"
    wrong = [
        f"{f.name} is {found.field(f.name).type}, not {f.type}"
        for f in schema
        if found.field(f.name).type != f.type
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
        raise ProbekitError(
            f"an info column is not JSON: {text[:80]!r}; read without expand=('info',)"
        ) from None
    return found if isinstance(found, dict) else {}
