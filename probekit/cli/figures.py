"""`probekit figures`: a study's figures, tables and page, redrawn from its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.common import RESULTS, check, studies_in


def figures(
    name: Annotated[list[str] | None, typer.Argument(help="Studies; default all that have results.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of results folders, or one of them.")] = RESULTS,
    out: Annotated[Path | None, typer.Option(help="Where to write; default the results folder's _figures.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="pdf, png or svg; may be repeated. Default pdf and png.")
    ] = None,
) -> None:
    """Redraw papers' figures and tables from results."""
    from probekit.recipes import cores
    from probekit.report import publish_all
    from probekit.report.style import FORMATS

    for one in formats or ():
        check("figure format", one, FORMATS)
    for files in publish_all(studies_in(name, results), out, formats or ("pdf", "png"), cores()):
        for path in files:
            typer.echo(path)
