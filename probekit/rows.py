"""Rows: one score each, long format, the same columns and types in every experiment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from probekit.errors import ProbekitError

SCHEMA = pa.schema(
    [
        ("experiment", pa.string()),
        ("task", pa.string()),
        ("task_group", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("trained_on", pa.string()),
        ("language", pa.string()),
        ("subset", pa.string()),
        ("encoder", pa.string()),
        ("layer", pa.int32()),
        ("pooling", pa.string()),
        ("probe", pa.string()),
        ("control", pa.string()),
        ("setting", pa.string()),
        ("seed", pa.int64()),
        ("fold", pa.int32()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("n_train", pa.int64()),
        ("n_test", pa.int64()),
        ("info", pa.string()),
        ("note", pa.string()),
        ("key", pa.string()),
    ]
)

# What identifies a question apart from its key: rows with the same axes and another key are out of date.
AXES = (
    "experiment", "task", "dataset", "trained_on", "encoder", "layer", "pooling", "probe", "control", "setting",
    "seed", "fold",
)  # fmt: skip

# What tells the rows of one question apart.
UNIQUE = ("key", "metric", "split", "subset")

TABLES = {
    "predictions": pa.schema(
        [
            ("key", pa.string()),
            ("split", pa.string()),
            ("unit", pa.int64()),
            ("group", pa.int64()),
            ("gold", pa.string()),
            ("predicted", pa.string()),
            ("score", pa.float64()),
        ]
    ),
    # Of every group of units (sentence) how many there are and how many were answered right: small, for any seed.
    "groups": pa.schema(
        [("key", pa.string()), ("split", pa.string()), ("group", pa.int64()), ("n", pa.int64()), ("right", pa.int64())]
    ),
    "tokens": pa.schema(
        [
            ("key", pa.string()),
            ("unit", pa.int64()),
            ("position", pa.int32()),
            ("word", pa.string()),
            ("series", pa.string()),
            ("value", pa.float64()),
        ]
    ),
    "curve": pa.schema([("key", pa.string()), ("step", pa.int64()), ("series", pa.string()), ("value", pa.float64())]),
    "points": pa.schema(
        [("key", pa.string()), ("unit", pa.int64()), ("x", pa.float64()), ("y", pa.float64()), ("label", pa.string())]
    ),
}


MANIFEST = "_manifest.json"


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What runs wrote of themselves into a results folder: `experiment`, `runs`; empty where nothing was kept.

    Raises ProbekitError for a manifest that is damaged.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, OSError) else f"it is not JSON, {error}"
    else:
        runs = found.get("runs", []) if isinstance(found, dict) else None
        whole = isinstance(runs, list) and all(isinstance(run, dict) for run in runs)
        if whole and isinstance(found.get("experiment", ""), str):
            return found
        problem = "it does not list an experiment's runs"
    raise ProbekitError(f"cannot read {path}: {problem}; its rows are intact: move the manifest away and run again")


def setting(values: Mapping[str, Any]) -> str:
    """Further axes as the column holds them: `key=value;...`, sorted.

    Raises ProbekitError for what could not be read back.
    """
    for key, value in values.items():
        if any(mark in key for mark in ";=") or ";" in str(value):
            raise ProbekitError(f"{key}={value} cannot stand in the setting of a row: it holds ';', or its name '='")
    return ";".join(f"{key}={values[key]}" for key in sorted(values))


def parse_setting(text: str) -> dict[str, str]:
    """The axes of a `setting` column by name."""
    return dict(part.partition("=")[::2] for part in text.split(";") if part)


def table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of the schema. Missing strings are empty, missing numbers null, `info` becomes JSON.

    Raises ValueError for a column the schema does not have and for a missing value without a note.
    """
    rows = list(rows)
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for row in rows:
        if unknown := set(row) - set(columns):
            raise ValueError(f"a row has columns outside the schema: {sorted(unknown)}")
        value = row.get("value")
        if (value is None or math.isnan(value)) and not row.get("note"):
            raise ValueError(f"a row without a value needs a note that says why: {dict(row)}")
        for field in SCHEMA:
            cell = row.get(field.name)
            if field.name == "info":
                cell = cell if isinstance(cell, str) else json.dumps(plain(cell or {}), sort_keys=True)
            elif cell is None and pa.types.is_string(field.type):
                cell = ""
            elif cell is None and field.name == "value":
                cell = math.nan
            columns[field.name].append(cell)
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in SCHEMA}, schema=SCHEMA)


def plain(value: Any) -> Any:
    """NumPy scalars and arrays as JSON types; NaN and infinities as text, since JSON has none."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
