"""`probekit show`: mean scores of a results folder."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probekit.cli.common import check, results_folder
from probekit.errors import ProbekitError

if TYPE_CHECKING:
    from pandas import DataFrame

BY = "task_group,encoder,layer,pooling,probe"
FORMATS = ("table", "csv", "latex")
FOUND = ("value", "ci_low", "ci_high", "n_train", "n_test", "info", "note")  # columns that are no axes


def show(
    folder: Annotated[Path, typer.Argument(help="Results folder, or the name of a study.")],
    by: Annotated[str, typer.Option(help="Columns to group by, joined by commas.")] = BY,
    metric: Annotated[str | None, typer.Option(help="Metric; default each task's own.")] = None,
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
        check("column to group by", column, [name for name in df.columns if name not in FOUND])
    if df.empty:
        raise ProbekitError(f"'{folder}' holds no rows yet; run its experiment first")
    metrics = df["metric"].astype(str)
    if metric is not None:
        check("metric", metric, sorted(set(metrics)))
    own = df["task"].astype(str).map(_own_metrics(df)) if metric is None else metric
    rows = df[(metrics == own) & (df["control"].astype(str) == "")]
    if rows.empty:
        rows = df[metrics == own]
    chosen = ", ".join(sorted(set(rows["metric"].astype(str))))
    others = sorted(set(metrics) - set(rows["metric"].astype(str)))
    table = report.summarise(rows.astype({"metric": str}), by=columns)
    table = table.sort_values([*columns, *({"metric"} & set(table.columns) - set(columns))], ignore_index=True)
    if format == "csv":
        typer.echo(table.to_csv(index=False), nl=False)
    elif format == "latex":
        typer.echo(report.to_latex(table, caption=f"{chosen} ({folder.name})"))
    else:
        typer.echo(f"{chosen}, means" + (f" (also here: {', '.join(others)}; --metric NAME)" if others else ""))
        shown = table.astype(dict.fromkeys(columns, object)).fillna(dict.fromkeys(columns, ""))
        shown = _readable(shown, columns)
        typer.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def _readable(table: DataFrame, columns: list[str]) -> DataFrame:
    """Long specs of some columns by what tells them apart; what they share is printed above, once."""
    from probekit.report.shortening import shortened

    said: dict[str, str] = {}
    for column in columns:
        if all(isinstance(value, str) for value in table[column]):
            short, shared = shortened(list(dict.fromkeys(table[column])))
            table, said = table.assign(**{column: table[column].map(short)}), said | shared
    for kind, text in said.items():
        typer.echo(f"{kind}: {text}")
    return table


def _own_metrics(df: DataFrame) -> dict[str, str]:
    """The metric of every task: the one that it carries, else the one that most tasks of the folder have."""
    from probekit import tasks

    there = df.astype({"task": str, "metric": str}).groupby("task")["metric"].agg(set)
    n_tasks = Counter(name for names in there for name in names)
    found = {}
    for task, names in there.items():
        with suppress(ProbekitError):  # the task of a study, or one whose module is not given
            if (own := tasks.get(str(task)).metric) in names:
                found[str(task)] = own
                continue
        found[str(task)] = min(names, key=lambda name: (-n_tasks[name], name))
    return found
