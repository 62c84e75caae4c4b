"""Packing a results folder: the parts of thousands of cells as one file of rows and one of each table, to be shared.

results/<experiment>/packed.parquet                     all rows, sorted
results/<experiment>/_tables/<table>/packed.parquet     the lines of a table below the score

Nothing is lost: the same rows, lines and keys. A packed folder is read as any other, and a run there adds parts beside
what is packed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from probekit import rows as schema
from probekit.errors import ProbekitError
from probekit.grid.folder import Folder, asked_for, read_part, stage
from probekit.grid.work import ASKED
from probekit.store import disk_errors

PACKED = "packed.parquet"
ORDER = (*schema.AXES, "metric", "split", "subset", "key")  # like beside like: what repeats is small
UNLIKE = ("info", "key")  # texts that hardly ever repeat
COUNTING = ("unit", "group", "rank")  # numbers that go up by one: their steps are stored
PAGE = 64 << 20  # bytes that are compressed together
LEVEL = 19  # of zstd: written once, slowly; read as quickly as any


@dataclass(frozen=True)
class Packed:
    """What packing did: parts before, files after, rows, bytes before and after."""

    parts: int
    files: int
    rows: int
    before: int
    after: int


def pack(path: str | Path) -> Packed:
    """Pack the parts of a results folder into one file of rows and one of each table below the score.

    May be killed at any moment: the next run or packing there finishes it. Raises ProbekitError for a folder that is
    none of results, one that a run is writing to, and a full disk.
    """
    path = Path(path)
    experiment = schema.read_manifest(path).get("experiment")
    if not experiment:
        raise ProbekitError(f"'{path}' has no {schema.MANIFEST}; give a results folder, as probekit run writes it")
    folder = Folder(path, experiment)
    folder.open()
    try:
        with disk_errors(path):
            rows = folder.recover()
            groups = folder.parts_by_content()
            before = [part.stat().st_size for parts in groups for part in parts]
            for parts in groups:
                _stage(parts)
            folder.replace_parts(groups, PACKED)
            after = [parts[0].with_name(PACKED).stat().st_size for parts in groups]
            return Packed(len(before), len(after), len(rows), sum(before), sum(after))
    finally:
        folder.close()


def _stage(parts: Sequence[Path]) -> None:
    """Write the content of some parts as one file, sorted, with all that they were asked for."""
    content = pa.concat_tables([read_part(part).replace_schema_metadata(None) for part in parts])
    if content.schema.equals(schema.SCHEMA):
        content = content.sort_by([(name, "ascending") for name in ORDER])
    else:
        asked = sorted({key for part in parts for key in asked_for(part)})
        content = content.sort_by([("key", "ascending")]).replace_schema_metadata({ASKED: json.dumps(asked)})
    encoded = {field.name: "BYTE_STREAM_SPLIT" for field in content.schema if pa.types.is_floating(field.type)}
    encoded |= {
        field.name: "DELTA_BINARY_PACKED"
        for field in content.schema
        if field.name in COUNTING and pa.types.is_integer(field.type)
    }
    stage(
        parts[0].with_name(PACKED),
        content,
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=[name for name in content.schema.names if name not in (*encoded, *UNLIKE)],
        column_encoding=encoded,
        data_page_size=PAGE,
    )
