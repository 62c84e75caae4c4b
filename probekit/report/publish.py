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
from probekit.report.claims import beside, check, published, views
from probekit.report.latex import to_markdown, write_table
from probekit.report.read import read_manifest, read_results
from probekit.report.saving import save
from probekit.report.view import NotTestable, View
from probekit.study import Product, Study

WRAP = {"text": "4.5cm", "paper": "3cm", "ours": "4.5cm", "why": "3.5cm"}
FINDINGS = "findings.md"


def publish(study: str | Study, results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Write every figure and table of a study from a results folder; returns the files.

    out: default the folder's `_figures`, with the study's page `README.md` beside them. options: those of the study's
    view. What the rows cannot show is left out with a warning. Raises ProbekitError where they can show nothing.
    """
    study = study if isinstance(study, Study) else studies.find(study, figures=True)
    results = Path(results)
    folder = Path(out) if out is not None else results / "_figures"
    made = views(study, read_results(results), results, **options)
    files: list[Path] = []
    for view in made:
        for name, make in _makers(study, view, folder).items():
            try:
                files += make()
            except (NotTestable, ProbekitError) as reason:
                warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
    page = (results if out is None else folder) / "README.md"
    page.write_text(_page(study, made, results, files, page.parent), encoding="utf-8")
    return [*files, page]


def _makers(study: Study, view: View, folder: Path) -> dict[str, Callable[[], list[Path]]]:
    """What writes each file of a view, by the name of what it shows."""
    found: dict[str, Callable[[], list[Path]]] = {}
    for product in study.products:
        found[f"{product.name}{view.mark}"] = lambda product=product: _written(product, view, folder)  # type: ignore[misc]
    if study.claims:
        caption = f"The claims ({view.title})"
        place = folder / f"claims{view.mark}"
        found[place.name] = lambda: write_table(check(study, view), place, caption=caption, wrap=WRAP)
    if study.counterpart is not None and not view.generated:
        paper = folder / f"against-paper{view.mark}"
        found[paper.name] = lambda: write_table(beside(study, view), paper, digits=study.digits)
    return found


def _written(product: Product, view: View, folder: Path) -> list[Path]:
    options = dict(product.options)
    base, dot, suffix = product.name.partition(".")
    place = folder / f"{base}{view.mark}{dot}{suffix}"
    if product.kind == "file":
        folder.mkdir(parents=True, exist_ok=True)
        product.make(view, place)
        return [place]
    shown = product.make(view)
    if shown is None:
        return []
    if product.kind == "figure":
        return save(shown, place, **options)
    caption = f"{options.pop('caption', base)} ({view.title})"
    return write_table(shown, place, caption=caption, **options)


# --- the page ----------------------------------------------------------------------------------------


def _page(study: Study, made: list[View], results: Path, files: list[Path], place: Path) -> str:
    """The study's page in Markdown: what was found in words, every claim, every figure, how it was run."""
    text = [f"# {study.name}", "", f"{study.source}. {study.title}".rstrip(), ""]
    findings = results / FINDINGS
    if findings.is_file():
        text += [findings.read_text(encoding="utf-8").strip(), ""]
    for view in made:
        if study.claims:
            table = check(study, view)[["number", "text", "paper", "ours", "verdict", "why"]]
            text += [f"## Claims, {view.title}", "", to_markdown(table)]
        if study.counterpart is not None and not view.generated:
            text += [_compared(study, view), ""]
    shown = [file for file in files if file.suffix == ".png"]
    if shown:
        text += ["## Figures", ""]
        text += [f"![{file.stem}]({_link(file, place)})\n" for file in shown]
    tables = [file for file in files if file.suffix == ".md"]
    if tables:
        text += ["## Tables", ""]
        text += [f"- [{file.stem}]({_link(file, place)})" for file in tables]
        text.append("")
    return "\n".join([*text, *_how(study, made, results)]) + "\n"


def _compared(study: Study, view: View) -> str:
    table = beside(study, view)
    there = table["ours"].notna()
    return (
        f"Of {len(published(study))} published numbers {int(there.sum())} have a counterpart here; the table "
        "`against-paper` sets ours beside each and says why where there is none."
    )


def _how(study: Study, made: list[View], results: Path) -> list[str]:
    """What ran: rows, data and when, as the manifest has it."""
    runs = [run for run in read_manifest(results).get("runs", []) if isinstance(run, dict)]
    data = {name: digest for run in runs for name, digest in run.get("grid", {}).get("data", {}).items()}
    weights = {name: digest for run in runs for name, digest in run.get("grid", {}).get("weights", {}).items()}
    rows = pd.concat([view.rows["key"] for view in made])
    text = ["## How it was run", "", f"`probekit run {study.name}`, `probekit figures {study.name}`.", ""]
    text.append(f"{len(rows)} scores, {rows.nunique()} questions.")
    for title, listed in (("Data", data), ("Read by", weights)):
        if listed:
            text += [
                "",
                f"{title}: " + ", ".join(f"`{name}` ({key[:8]})" for name, key in sorted(listed.items())) + ".",
            ]
    return text


def _link(file: Path, place: Path) -> str:
    return Path(os.path.relpath(file, place)).as_posix()
