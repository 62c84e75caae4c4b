"""All that a study shows, written from a results folder: figures, tables, claims, the paper's numbers, its page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from probekit import study as studies
from probekit.errors import ProbekitError
from probekit.report.claims import FAILS, HOLDS, OPEN, UNTESTABLE, beside, check, views
from probekit.report.latex import to_markdown, write_table
from probekit.report.read import read_manifest, read_results
from probekit.report.saving import save
from probekit.report.view import NotTestable, View
from probekit.study import Product, Study

WRAP = {"text": "4.5cm", "paper": "3cm", "ours": "4.5cm", "why": "3.5cm"}
FINDINGS = "_findings.md"


def publish(study: str | Study, results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Write every figure and table of a study from a results folder, and its page; returns the files.

    out: default the folder's `_figures`. options: those of the study's
    view. What the rows cannot show is left out with a warning. Raises ProbekitError where they can show nothing.
    """
    study = studies.complete(study)
    results = Path(results)
    folder = Path(out) if out is not None else results / "_figures"
    made = views(study, read_results(results), results, **options)
    files: list[Path] = []
    broken: list[tuple[str, Exception]] = []
    for view in made:
        for name, make in _makers(study, view, folder, view is made[0]).items():
            try:
                files += make()
            except (NotTestable, ProbekitError) as reason:
                warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
            except Exception as fault:  # of one figure: it costs no other
                broken.append((name, fault))
    files.append(write_page(study, results, folder))
    if broken:
        name, first = broken[0]
        raise RuntimeError(f"{name} of {study.name} could not be made; {len(files)} other files are written") from first
    return files


def _makers(study: Study, view: View, folder: Path, main: bool) -> dict[str, Callable[[], list[Path]]]:
    """What writes each file of a view, by the name of what it shows; what is shown once is the main view's."""
    found: dict[str, Callable[[], list[Path]]] = {}
    for product in study.products:
        if main or not product.options.get("once"):
            found[f"{product.name}{view.mark}"] = lambda product=product: _written(product, view, folder)  # type: ignore[misc]
    if study.claims:
        caption = f"The claims ({view.title})"
        place = folder / f"claims{view.mark}"
        found[place.name] = lambda: write_table(check(study, view), place, caption=caption, wrap=WRAP)
    if study.counterpart is not None and not view.generated:
        paper = folder / f"against-paper{view.mark}"
        found[paper.name] = lambda: write_table(beside(study, view), paper, **study.beside_options)
    return found


def _written(product: Product, view: View, folder: Path) -> list[Path]:
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
        return save(shown, place, **options)
    caption = options.pop("caption", base) + ("" if once else f" ({view.title})")
    return write_table(shown, place, caption=caption, **options)


# --- the page ----------------------------------------------------------------------------------------


def write_page(study: str | Study, results: str | Path, figures: str | Path | None = None) -> Path:
    """Write a study's page `README.md` from the tables that `publish` wrote and the folder's `_findings.md`.

    It stands in the results folder where somebody wrote findings, else among the figures: a folder of rows holds only
    these beside what begins with `_`, so that any reader of Parquet can take it whole.
    """
    study = study if isinstance(study, Study) else studies.find(study)
    results = Path(results)
    folder = Path(figures) if figures is not None else results / "_figures"
    findings = results / FINDINGS
    page = (results if folder.parent == results and findings.is_file() else folder) / "README.md"
    text = [f"# {study.name}", "", f"{study.source}. {study.title}".rstrip(), ""]
    if findings.is_file():
        text += [findings.read_text(encoding="utf-8").strip(), ""]
    tables = {file: pd.read_csv(file, keep_default_na=False) for file in _listed(folder, "claims*.csv")}
    for file in sorted(tables, key=lambda file: tables[file]["data"].ne("real").any()):
        text += _claims(file, tables[file])
    for file in _listed(folder, "against-paper*.csv"):
        text += [_compared(file), ""]
    for title, found in (("Figures", _figures(folder, page.parent)), ("Tables", _tables(folder, page.parent))):
        text += [f"## {title}", "", *found, ""] if found else []
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join([*text, *_how(study, results)]) + "\n", encoding="utf-8")
    return page


def _listed(folder: Path, pattern: str) -> list[Path]:
    """Files of a pattern, those of the main view before those whose names go on."""
    return sorted(folder.glob(pattern), key=lambda file: file.stem)


def _claims(file: Path, table: pd.DataFrame) -> list[str]:
    """Every claim of one view: the paper's words and numbers, ours, the verdict."""
    counts = table["verdict"].value_counts()
    mark = file.stem.removeprefix("claims").lstrip("-")
    title = "## Claims" + (f": {mark}" if mark else "")
    of = ", ".join(f"{counts[name]} {name}" for name in (HOLDS, FAILS, OPEN, UNTESTABLE) if name in counts)
    shown = table[["number", "text", "paper", "ours", "verdict", "why"]]
    return [title, "", f"Of {len(table)} claims: {of} ({table['data'].iloc[0]} data).", "", to_markdown(shown)]


def _compared(file: Path) -> str:
    there = pd.read_csv(file)["ours"].notna()
    return (
        f"Of {len(there)} published numbers {int(there.sum())} have a counterpart here: `{file.stem}` sets ours beside "
        "each, and says why where there is none."
    )


def _figures(folder: Path, place: Path) -> list[str]:
    return [f"![{file.stem}]({_link(file, place)})\n" for file in _listed(folder, "*.png")]


def _tables(folder: Path, place: Path) -> list[str]:
    """Links to the tables, and to pages for the browser."""
    tables = [file for file in _listed(folder, "*.md") if file.stem != "README"]
    return [f"- [{file.stem}]({_link(file, place)})" for file in (*tables, *_listed(folder, "*.html"))]


def _how(study: Study, results: Path) -> list[str]:
    """What ran: the commands, and data and models with their digests, as the manifest has them."""
    grids = [run.get("grid", {}) for run in read_manifest(results).get("runs", [])]
    text = ["## How it was run", "", f"`probekit run {study.asked_as}`, then `probekit figures {study.asked_as}`."]
    for title, key in (("Data", "data"), ("Models", "weights")):
        listed = {name: digest for grid in grids for name, digest in (grid.get(key) or {}).items()}
        if listed:
            text += [
                "",
                f"{title}: " + ", ".join(f"`{name}` ({one[:8]})" for name, one in sorted(listed.items())) + ".",
            ]
    return text


def _link(file: Path, place: Path) -> str:
    return Path(os.path.relpath(file, place)).as_posix()
