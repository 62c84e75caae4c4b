"""`probekit pack`: a results folder in few files, to be shared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.common import results_folder


def pack(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Results folders, or names of studies.")],
) -> None:
    """Pack a results folder's parts into one file of rows and one of each table; nothing is lost."""
    from probekit.grid.packing import pack as pack_folder

    for folder in map(results_folder, folders):
        done = pack_folder(folder)
        typer.echo(
            f"{folder}: {done.rows} rows, {done.parts} parts of {done.before / 2**20:.2f} MiB "
            f"are {done.files} of {done.after / 2**20:.2f} MiB"
        )
