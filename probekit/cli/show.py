"""`probekit show`: mean scores of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probekit.cli.common import check, results_folder
from probekit.errors import ProbekitError

BY = "task_group,encoder,layer,pooling,probe"
FORMATS = ("table", "csv", "latex")


def show(
    folder: Annotated[Path, typer.Argument(help="Results folder, or the name of a study.")],
    by: Annotated[str, typer.Option(help="Columns to group by, joined by commas.")] = BY,
    metric: Annotated[str | None, typer.Option(help="Metric; default the one most tasks have.")] = None,
    format: Annotated[str, typer.Option(metavar="|".join(FORMATS), help="How to print.")] = "table",
) -> None:
    """Print mean scores of a results folder."""
    from probekit import report

    folder = results_folder(folder)
    check("format", format, FORMATS)
    df = report.read_results(folder)
    columns = [column.strip() for column in by.split(",") if column.strip()]
    if not columns:
        raise ProbekitError(f"--by takes column names joined by commas, such as {BY}")
    for column in columns:
        check("column", column, list(df.columns))
    if df.empty:
        raise ProbekitError(f"'{folder}' holds no rows yet; run its experiment first")
    metrics = df["metric"].astype(str)
    if metric is not None:
        check("metric", metric, sorted(set(metrics)))
    with_folds = df["fold"].notna() if df["fold"].notna().any() else df["fold"].isna()
    # Ordered by how many tasks are scored so, then by name: parts on disk have no order that means anything.
    n_tasks = df[with_folds].groupby(metrics[with_folds])["task"].nunique()
    by_tasks = sorted(n_tasks.index, key=lambda name: (-n_tasks[name], name))
    chosen = metric or by_tasks[0]
    others = [name for name in by_tasks if name != chosen]
    rows = df[(metrics == chosen) & (df["control"].astype(str) == "")]
    if rows.empty:
        rows = df[metrics == chosen]
    table = report.summarise(rows, by=columns).sort_values(columns, ignore_index=True)
    if format == "csv":
        typer.echo(table.to_csv(index=False), nl=False)
    elif format == "latex":
        typer.echo(report.to_latex(table, caption=f"{chosen} ({folder.name})"))
    else:
        typer.echo(f"{chosen}, means" + (f" (also here: {', '.join(others)}; --metric NAME)" if others else ""))
        shown = table.astype(dict.fromkeys(columns, object)).fillna(dict.fromkeys(columns, ""))
        typer.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
