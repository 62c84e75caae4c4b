"""`probekit claims`: a paper's claims, tested on results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.common import RESULTS, studies_in


def claims(
    name: Annotated[list[str] | None, typer.Argument(help="Studies; default all that have results.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of results folders, or one of them.")] = RESULTS,
) -> None:
    """Test papers' claims on results."""
    from probekit import report
    from probekit.study import complete

    for asked, folder in studies_in(name, results).items():
        study = complete(asked)
        if not study.claims:
            continue
        table = report.claims(study, report.read_results(folder))
        typer.echo(f"{study.name} ({table['data'].iloc[0]} data)")
        indent = "\n" + " " * 24
        for line in table.to_dict("records"):
            typer.echo(
                f"{line['number']:>3} {line['verdict']:<19} {line['text']}"
                f"{indent}ours: {line['ours'] or '-'}; paper: {line['paper'] or '-'}"
                + (indent + line["why"] if line["why"] else "")
            )
