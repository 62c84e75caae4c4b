"""`probekit figures`: a study's figures, tables and page, redrawn from its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.common import RESULTS, studies_in


def figures(
    name: Annotated[list[str] | None, typer.Argument(help="Studies; default all that have results.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of results folders, or one of them.")] = RESULTS,
    out: Annotated[Path | None, typer.Option(help="Where to write; default the results folder's _figures.")] = None,
) -> None:
    """Redraw papers' figures and tables from results."""
    from probekit.report import publish
    from probekit.study import complete

    for asked, folder in studies_in(name, results).items():
        study = complete(asked)
        if not (study.products or study.claims):
            if name:
                typer.echo(f"{study.name} declares no figures", err=True)
            continue
        for path in publish(study, folder, None if out is None else out / study.name):
            typer.echo(path)
