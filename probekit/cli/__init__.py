"""The command line: thin, and quick to start."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from probekit.cli.attention import attention
from probekit.cli.explain import explain
from probekit.cli.train import train
from probekit.errors import ProbekitError, UnknownName

app = typer.Typer(
    name="probekit",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What does a representation know, and which inputs does a model rely on?",
)
data = typer.Typer(no_args_is_help=True, help="Corpora and vectors: which are known, where they are.")
cache = typer.Typer(no_args_is_help=True, help="What was computed and is kept.")
app.add_typer(data, name="data")
app.add_typer(cache, name="cache")
app.add_typer(train, name="train")
app.command()(attention)
app.command()(explain)

RESULTS = Path("results")
BY = "task_group,encoder,layer,pooling,probe"


KINDS = ("tasks", "encoders", "probes", "corpora", "experiments", "figures")
FORMATS = ("table", "csv", "latex")
INTERRUPTED = 130


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), help="What to list.")],
    pattern: Annotated[str, typer.Argument(help="Shell pattern, such as 'sentence/*'.")] = "*",
    corpus: Annotated[str | None, typer.Option(help="Expand families of tasks with the values of this corpus.")] = None,
) -> None:
    """List what is registered, with a line on each."""
    import fnmatch

    from probekit import corpora, encoders, probes, shipped, tasks

    _check("kind of component", kind, KINDS)
    if corpus and kind != "tasks":
        raise ProbekitError("--corpus goes with 'probekit list tasks': it says which values families of tasks take")
    lines: list[tuple[str, str]] = []
    if kind == "tasks":
        found = corpora.load_corpus(corpus) if corpus else None
        lines = [(name, _task_line(name)) for name in tasks.list(pattern, corpus=found)]
        lines += [
            (name, f"group of {len(members)} tasks")
            for name, members in tasks.groups.items()
            if fnmatch.fnmatchcase(name, pattern)
        ]
    elif kind in ("experiments", "figures"):
        package = shipped.EXPERIMENTS if kind == "experiments" else shipped.FIGURES
        for name in shipped.names(package):
            if fnmatch.fnmatchcase(name, pattern):
                text = (shipped.experiment if kind == "experiments" else shipped.figure)(name).__doc__ or ""
                lines.append((name, text.strip().partition("\n")[0]))
    else:
        rooms: dict[str, Any] = {"encoders": encoders.registry, "probes": probes.registry, "corpora": corpora.registry}
        lines = [(name, rooms[kind].entry(name).summary) for name in rooms[kind].names(pattern)]
    if not lines:
        raise ProbekitError(f"no {kind} match '{pattern}'; probekit list {kind} shows all")
    width = min(max(len(name) for name, _ in lines), 44)
    for name, summary in lines:
        typer.echo(f"{name:<{width}}  {summary}".rstrip())


def _task_line(name: str) -> str:
    from probekit import tasks

    if name in tasks.registry:
        entry = tasks.registry.entry(name)
        return f"{entry.meta.get('kind', '')}; {entry.summary}"
    task = tasks.get(name)
    return f"{task.kind}; {task.summary}"


def _check(what: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise UnknownName(what, given, known)


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment (probekit list experiments).")],
    corpus: Annotated[list[str] | None, typer.Option(help="Corpus spec; may be repeated.")] = None,
    encoder: Annotated[list[str] | None, typer.Option(help="Encoder spec; may be repeated.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Task name, pattern or group; may be repeated.")] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Layer number, 0 = embeddings, -1 = last, or all.")] = None,
    pooling: Annotated[list[str] | None, typer.Option(help="Pooling; may be repeated.")] = None,
    probe: Annotated[list[str] | None, typer.Option(help="Probe spec; may be repeated.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Seed; may be repeated.")] = None,
    axis: Annotated[list[str] | None, typer.Option(help="Further axis of the experiment, NAME=VALUE.")] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Table below the score to keep: predictions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default results/EXPERIMENT.")] = None,
    executor: Annotated[str, typer.Option(help="serial, processes or dask.")] = "serial",
    workers: Annotated[int | None, typer.Option(help="Workers; default one a core.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be computed.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: remove what the folder holds.")] = False,
) -> None:
    """Run an experiment, or what is missing of it."""
    from probekit import shipped
    from probekit.grid import executors, run_all
    from probekit.grid.folder import Folder
    from probekit.registry import parameters

    module = shipped.experiment(experiment)
    if scheduler and executor == "serial":
        executor = "dask"
    executors.check(executor, workers, scheduler)
    folder = out or RESULTS / experiment
    Folder(folder, experiment).check()
    axes = _axes(module, axis or [])
    given = {
        "corpora": corpus,
        "encoders": encoder,
        "tasks": task,
        "layers": _layers(layer),
        "poolings": pooling,
        "probes": probe,
        "seeds": seed,
        "keep": keep,
    }
    named = {name: value for name, value in given.items() if value}
    for name in named:
        if name not in parameters(module.grids):
            known = ", ".join(parameters(module.grids))
            raise ProbekitError(f"the experiment '{experiment}' has no axis '{name}'; it has {known}")
    grids = module.grids(**named, **axes)
    if dry_run:
        # To start over is to ask everything again, as in a folder that is not there.
        _say_plans(grids, folder / "_fresh" if fresh else folder)
        return
    for rows in run_all(grids, folder, executor, workers, scheduler, fresh):
        missing = int(rows["value"].isna().sum())
        typer.echo(f"{len(rows)} rows" + (f", {missing} without a value (see the column note)" if missing else ""))
    typer.echo(f"Table: {folder}")
    for path in module.finish(folder) if hasattr(module, "finish") else []:
        typer.echo(f"Figure: {path}")


def _axes(module: Any, given: list[str]) -> dict[str, str]:
    from probekit.registry import parameters

    known = set(parameters(module.grids)) - {
        "corpora",
        "encoders",
        "tasks",
        "layers",
        "poolings",
        "probes",
        "seeds",
        "keep",
    }
    axes = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ProbekitError(f"--axis takes NAME=VALUE, got '{text}'")
        if name not in known:
            raise UnknownName("axis of the experiment:", name, known)
        axes[name] = value
    return axes


def _layers(given: list[str] | None) -> str | list[int] | None:
    if not given or given == ["all"]:
        return None
    try:
        return [int(text) for text in given]
    except ValueError:
        raise ProbekitError(f"--layer takes numbers or all, got {', '.join(given)}") from None


def _say_plans(grids: list[Any], folder: Path) -> None:
    questions = cells = outdated = 0
    minutes, disk = 0.0, 0
    for grid in grids:
        plan = grid.plan(folder)
        for remark in plan.remarks:
            typer.echo(remark, err=True)
        found = grid.estimate(plan.cells)
        questions, cells, outdated = questions + plan.open, cells + len(plan.cells), outdated + len(plan.outdated)
        minutes, disk = minutes + (found[0] if found else 0), disk + (found[1] if found else 0)
        typer.echo(f"{len(plan.cells)} cells, {plan.open} of {plan.asked} questions open")
    typer.echo(
        f"In all {cells} cells, {questions} questions, about {minutes:.1f} minutes of one core and "
        f"{disk / 2**20:.0f} MiB of cache" + (f"; {outdated} stored answers are out of date" if outdated else "")
    )


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="Results folder.")],
    by: Annotated[str, typer.Option(help="Columns to group by, joined by commas.")] = BY,
    metric: Annotated[str | None, typer.Option(help="Metric; default the one most tasks have.")] = None,
    format: Annotated[str, typer.Option(metavar="|".join(FORMATS), help="How to print.")] = "table",
) -> None:
    """Print mean scores of a results folder."""
    from probekit import report

    _check("format", format, FORMATS)
    df = report.read_results(folder)
    columns = [column.strip() for column in by.split(",") if column.strip()]
    if not columns:
        raise ProbekitError(f"--by takes column names joined by commas, such as {BY}")
    for column in columns:
        _check("column", column, list(df.columns))
    if df.empty:
        raise ProbekitError(f"'{folder}' holds no rows yet; run its experiment first")
    metrics = df["metric"].astype(str)
    if metric is not None:
        _check("metric", metric, sorted(set(metrics)))
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


@app.command()
def figures(
    name: Annotated[list[str] | None, typer.Argument(help="Studies; default all that have results.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of results folders, or one of them.")] = RESULTS,
    out: Annotated[Path | None, typer.Option(help="Where to write; default the results folder's _figures.")] = None,
) -> None:
    """Redraw papers' figures and tables from results."""
    from probekit import shipped

    for study, folder in _studies(name, results).items():
        module = shipped.figure(study)
        for path in module.draw(folder, None if out is None else out / study):
            typer.echo(path)


@app.command()
def claims(
    name: Annotated[list[str] | None, typer.Argument(help="Studies; default all that have results.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of results folders, or one of them.")] = RESULTS,
) -> None:
    """Test papers' claims on results."""
    from probekit import report

    for study, folder in _studies(name, results).items():
        table = report.claims(study, report.read_results(folder))
        typer.echo(f"{study} ({table['data'].iloc[0]} data)")
        for line in table.to_dict("records"):
            indent = "\n" + " " * 24
            typer.echo(
                f"{line['number']:>3} {line['verdict']:<19} {line['text']}"
                f"{indent}ours: {line['ours'] or '-'}; paper: {line['paper'] or '-'}"
                + (indent + line["why"] if line["why"] else "")
            )


def _studies(given: list[str] | None, results: Path) -> dict[str, Path]:
    """Studies and their results folders: `results/<study>`, or `results` itself when it is one's (made with --out)."""
    from probekit import shipped
    from probekit.grid.folder import Folder

    known = shipped.names(shipped.FIGURES)
    for study in given or []:
        _check("study", study, known)
    own = Folder(results, "").manifest().get("experiment")
    places = {study: results if study == own else results / study for study in given or known}
    found = {study: folder for study, folder in places.items() if folder.is_dir()}
    absent = [study for study in places if study not in found]
    if absent and (given or not found):
        raise ProbekitError(f"no results of {', '.join(absent)} under '{results}'; first: probekit run {absent[0]}")
    return found


@data.command("list")
def data_list() -> None:
    """Known corpora and vectors: licence, and whether they are here."""
    import probekit.corpora  # noqa: F401  registers its treebanks
    from probekit import resources

    for record in resources.known():
        absent = "can be fetched" if record.downloadable else f"missing {len(record.missing)} files"
        state = absent if record.missing else "here"
        typer.echo(f"{record.name:<28} {state:<18} {record.licence}")


@data.command("get")
def data_get(name: str) -> None:
    """Fetch a corpus that may be downloaded."""
    from probekit import resources

    for member in _resources(name):
        for path in resources.get(member):
            typer.echo(path)


@data.command("path")
def data_path(name: str) -> None:
    """Where a corpus was found."""
    from probekit import resources

    for member in _resources(name):
        for path in resources.path(member):
            typer.echo(path)


def _resources(name: str) -> Sequence[str]:
    """What a name stands for: a resource, or those that a pooled corpus is made of."""
    from probekit import corpora

    if name in corpora.registry:
        return corpora.registry.entry(name).meta.get("resources", (name,))
    return (name,)


@cache.command("info")
def cache_info() -> None:
    """What is kept, by kind, with sizes."""
    from probekit.store import cache_root, default_store

    entries = default_store().entries()
    typer.echo(f"{cache_root()}: {len(entries)} entries, {sum(e.size for e in entries) / 2**20:.1f} MiB")
    for kind in sorted({entry.kind for entry in entries}):
        own = [entry for entry in entries if entry.kind == kind]
        typer.echo(f"  {kind:<14} {len(own):>6} entries {sum(e.size for e in own) / 2**20:>10.1f} MiB")


@cache.command("clear")
def cache_clear(kind: Annotated[str | None, typer.Option(help="Only entries of this kind.")] = None) -> None:
    """Remove what is kept; it is computed again when needed."""
    from probekit.store import default_store

    store = default_store()
    kinds = {entry.kind for entry in store.entries()}
    if kind is not None and kind not in kinds:
        raise UnknownName("kind of cache entry", kind, kinds)
    typer.echo(f"{store.clear(kind) / 2**20:.1f} MiB freed")


def main() -> None:
    """Entry point: a user's mistake is a message, an interruption says how to go on."""
    import warnings

    warnings.formatwarning = lambda message, *_: f"note: {message}\n"  # type: ignore[assignment]
    try:
        code = app(standalone_mode=False)
    except ProbekitError as error:
        _leave(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.exit(0)
        if error.filename is None:
            raise
        _leave(f"{error.strerror}: '{error.filename}'")
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Exception as error:
        # Which library the parser's errors come from depends on the version of typer; all have this.
        if not hasattr(error, "format_message"):
            raise
        if not error.format_message() or type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]
            sys.exit(2)
        command = getattr(getattr(error, "ctx", None), "command_path", "probekit")
        _leave(f"{error.format_message().rstrip('.')}; see {command} --help")
    # An interruption is raised or returned, as the version of typer has it.
    if code == INTERRUPTED:
        print("interrupted; what was answered is kept, the same command goes on from here", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


def _leave(message: object) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
