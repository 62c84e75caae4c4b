"""`probekit run`: a study, or what is missing of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probekit.cli.common import RESULTS
from probekit.errors import ProbekitError
from probekit.values import MOST_SEED

if TYPE_CHECKING:
    from probekit.grid.grid import Grid


def run(
    study: Annotated[str, typer.Argument(help="Name of a study (probekit list experiments), or its file.py.")],
    corpus: Annotated[list[str] | None, typer.Option(help="Corpus spec, or data of the study by name.")] = None,
    encoder: Annotated[list[str] | None, typer.Option(help="Encoder spec; may be repeated.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Task name, pattern or group; may be repeated.")] = None,
    layer: Annotated[
        list[str] | None, typer.Option(help="Layer: 0 = embeddings, -1 = last, 5/12 of the depth, or all.")
    ] = None,
    pooling: Annotated[list[str] | None, typer.Option(help="Pooling; may be repeated.")] = None,
    probe: Annotated[list[str] | None, typer.Option(help="Probe spec; may be repeated.")] = None,
    seed: Annotated[list[int] | None, typer.Option(min=0, max=MOST_SEED, help="Seed; may be repeated.")] = None,
    axis: Annotated[
        list[str] | None, typer.Option(help="Another axis, NAME=VALUE; repeated for several. part=A+B picks parts.")
    ] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Further table below the score, such as predictions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default results/STUDY.")] = None,
    executor: Annotated[str, typer.Option(help="serial, processes or dask.")] = "serial",
    workers: Annotated[int | None, typer.Option(help="Workers; default one a core.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made and computed.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: remove what the folder holds.")] = False,
) -> None:
    """Run a study, or what is missing of it."""
    from probekit.grid import executors, run_all
    from probekit.grid.folder import Folder
    from probekit.study import find

    found = find(study)
    executor = "dask" if scheduler and executor == "serial" else executor
    executors.check(executor, workers, scheduler)
    folder = out or RESULTS / found.name
    Folder(folder, found.name).check()
    named = {"dataset": corpus, "encoder": encoder, "task": task, "layer": _layers(layer), "pooling": pooling}
    further, parts = _axes(axis or [])
    given: dict[str, Any] = {name: value for name, value in {**named, "probe": probe, "seed": seed}.items() if value}
    grids = found.grids({**given, **further}, parts, keep or [])
    if dry_run:
        # To start over is to ask everything again, as in a folder that is not there.
        _say_plans(grids, folder / "_fresh" if fresh else folder)
        return
    for rows in run_all(grids, folder, executor, workers, scheduler, fresh):
        if rows.empty:
            continue  # what stopped it is said at the end
        missing = int(rows["value"].isna().sum())
        typer.echo(f"{len(rows)} rows" + (f", {missing} without a value (see the column note)" if missing else ""))
    typer.echo(f"Table: {folder}")
    if found.products:  # declared beside its grids: drawn at once
        from probekit.report import publish

        for path in publish(found, folder):
            typer.echo(f"Figure: {path}")


def _axes(given: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Axes given as NAME=VALUE with their values, and the parts that were chosen."""
    axes: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ProbekitError(f"--axis takes NAME=VALUE, got '{text}'")
        axes.setdefault(name, []).append(value)
    parts = [part for value in axes.pop("part", []) for part in value.split("+")]
    return axes, parts


def _layers(given: Sequence[str] | None) -> str | list[int | str] | None:
    if not given:
        return None
    if list(given) in (["all"], ["blocks"]):
        return given[0]
    return [int(text) if text.lstrip("-").isdecimal() else text for text in given]


def _say_plans(grids: Sequence[Grid], folder: Path) -> None:
    from probekit.grid.plan import listed

    made: dict[str, Any] = {}
    questions = cells = outdated = 0
    minutes, disk, passing = 0.0, 0, 0
    plans = [grid.plan(folder) for grid in grids]  # what cannot be asked is refused before anything is printed
    for grid, plan in zip(grids, plans, strict=True):
        for remark in plan.remarks:
            typer.echo(remark, err=True)
        new = {recipe.key: recipe for recipe in plan.to_make() if recipe.key not in made}
        made |= new
        found = plan.estimate(known=set(made) - set(new))
        questions, cells, outdated = questions + plan.open, cells + len(plan.cells), outdated + len(plan.outdated)
        minutes += found[0]
        if grid.release:
            passing = max(passing, found[1])
        else:
            disk += found[1]
        typer.echo(f"{grid.work}: {len(plan.cells)} cells, {plan.open} of {plan.asked} questions open")
    if made:
        typer.echo(f"To make first: {listed(made.values())}")
    at_a_time = " at a time" if passing else ""
    typer.echo(
        f"In all {cells} cells, {questions} questions, about {minutes:.1f} minutes of one core and "
        f"{(disk + passing) / 2**20:.0f} MiB of cache{at_a_time}"
        + (f"; {outdated} stored answers are out of date" if outdated else "")
    )
