"""All that a study shows, written from a results folder: figures, tables, claims, the paper's numbers, its page."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from probekit import study as studies
from probekit.errors import ProbekitError
from probekit.grid.executors import Workers
from probekit.progress import bar
from probekit.report.claims import beside, check, views
from probekit.report.latex import write_table
from probekit.report.page import write_page
from probekit.report.read import read_results
from probekit.report.saving import save
from probekit.report.view import NotTestable, View
from probekit.study import Product, Study

PAGE = "README.md"
WRAP = {"text": "4.5cm", "paper": "3cm", "ours": "4.5cm", "why": "3.5cm"}


def publish(
    study: str | Study,
    results: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("pdf", "png"),
    **options: Any,
) -> list[Path]:
    """Write every figure and table of a study from a results folder, and its page; returns the files.

    out: default the folder's `_figures`. formats: of the figures. options: those of the study's
    view. What the rows cannot show is left out with a warning. Raises ProbekitError where they can show nothing.
    """
    study = studies.complete(study)
    results = Path(results)
    folder = Path(out) if out is not None else results / "_figures"
    rows = read_results(results)
    made = views(study, rows, results, **options)
    files: list[Path] = []
    broken: list[tuple[str, Exception]] = []
    for view in made:
        for name, make in _makers(study, view, folder, view is made[0], formats).items():
            try:
                files += make()
            except (NotTestable, ProbekitError) as reason:
                warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
            except Exception as fault:  # of one figure: it costs no other
                broken.append((name, fault))
    # Beside the figures: a folder of rows holds these alone, so that any reader of Parquet can take it whole.
    files.append(write_page(study, rows, results, files, folder / PAGE))
    if left := sorted({path.stem for path in folder.iterdir() if path.is_file()} - {path.stem for path in files}):
        warnings.warn(f"'{folder}' also holds {', '.join(left)}, not drawn now", stacklevel=2)
    if broken:
        name, first = broken[0]
        raise RuntimeError(f"{name} of {study.name} could not be made; {len(files)} other files are written") from first
    return files


def publish_all(
    asked: Mapping[str, Path], out: Path | None = None, formats: Sequence[str] = ("pdf", "png"), workers: int = 1
) -> Iterator[list[Path]]:
    """Write what several studies show, by name with their results folders, in so many processes: files by study.

    out: a folder of folders, default as in `publish`. A study that declares no figures gives none. Raises as `publish`.
    """
    pool = Workers("processes" if min(workers, len(asked)) > 1 else "serial", workers)
    try:
        jobs = (pool.submit(_published, name, folder, out, formats) for name, folder in asked.items())
        with bar(len(asked), "drawing", "study") as progress:
            for job in (
                jobs if pool.at_once == 1 else list(jobs)
            ):  # without processes each is drawn when it is asked for
                files, notes = job.result()
                for note in notes:
                    warnings.warn(note, stacklevel=2)
                progress.update()
                yield files
    except BaseException:
        pool.close(now=True)
        raise
    pool.close()


def _published(name: str, results: Path, out: Path | None, formats: Sequence[str]) -> tuple[list[Path], list[str]]:
    """What one study shows, and what was said of it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default", UserWarning)
        study = studies.complete(name)
        if not (study.products or study.claims):
            return [], [f"{study.name} declares no figures"]
        files = publish(study, results, None if out is None else out / study.name, formats)
    return files, [str(one.message) for one in said]


def _makers(
    study: Study, view: View, folder: Path, main: bool, formats: Sequence[str]
) -> dict[str, Callable[[], list[Path]]]:
    """What writes each file of a view, by the name of what it shows; what is shown once is the main view's."""
    found: dict[str, Callable[[], list[Path]]] = {}
    for product in study.products:
        if main or not product.options.get("once"):
            found[f"{product.name}{view.mark}"] = partial(_written, product, view, folder, formats)
    if study.claims:
        caption = f"The claims ({view.title})"
        place = folder / f"claims{view.mark}"
        found[place.name] = lambda: write_table(check(study, view), place, caption=caption, wrap=WRAP)
    if study.counterpart is not None and not view.generated:
        paper = folder / f"against-paper{view.mark}"
        found[paper.name] = lambda: write_table(beside(study, view), paper, **study.beside_options)
    return found


def _written(product: Product, view: View, folder: Path, formats: Sequence[str]) -> list[Path]:
    options = dict(product.options)
    once = options.pop("once", False)
    base, dot, suffix = product.name.partition(".")
    place = folder / f"{base}{'' if once else view.mark}{dot}{suffix}"
    if product.kind == "file":
        folder.mkdir(parents=True, exist_ok=True)
        product.make(view, place)
        return [place]
    shown = product.make(view)
    if shown is None:
        return []
    if product.kind == "figure":
        return save(shown, place, **{"formats": formats, **options})
    caption = options.pop("caption", base) + ("" if once else f" ({view.title})")
    return write_table(shown, place, caption=caption, **options)
