"""A study's page: what was asked, run, drawn, claimed and found, written from the rows and what was drawn from them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from probekit.report.claims import FAILS, HOLDS, OPEN, UNTESTABLE
from probekit.report.latex import to_markdown
from probekit.report.read import read_manifest
from probekit.report.view import is_generated
from probekit.study import Study

FINDINGS = "_findings.md"
NAMED = 4  # values of an axis that are named; of more the number is said
LINES = 40  # published numbers that stand on the page itself
SHOWN = ("encoder", "layer", "pooling", "probe", "control", "seed")


def write_page(study: Study, rows: pd.DataFrame, results: Path, files: Sequence[Path], page: Path) -> Path:
    """Write a study's page in Markdown.

    rows: all of the results folder. files: figures and tables that were made of them; those named `claims` and
    `against-paper` are read. The folder's `_findings.md`, where somebody wrote one, stands at the head.
    """
    text = [f"# {study.name}", "", f"{study.source}. {study.title}".rstrip(), ""]
    findings = results / FINDINGS
    if findings.is_file():
        text += [findings.read_text(encoding="utf-8").strip(), ""]
    text += ["## What was run", "", to_markdown(_what_ran(rows))]
    text += _digests(results)
    by_name = {file.name: file for file in sorted(files, key=lambda file: file.stem)}
    tables = {name: pd.read_csv(file, keep_default_na=False) for name, file in by_name.items() if _is(name, "claims")}
    for name in sorted(tables, key=lambda name: tables[name]["data"].ne("real").any()):
        text += _claims(_mark(name, "claims"), tables[name])
    for name, file in by_name.items():
        if _is(name, "against-paper"):
            text += _compared(_mark(name, "against-paper"), pd.read_csv(file), _link(file.with_suffix(".md"), page))
    figures = [f"![{file.stem}]({_link(file, page)})\n" for file in by_name.values() if file.suffix == ".png"]
    linked = [f"- [{f.stem}]({_link(f, page)})" for f in by_name.values() if f.suffix in (".md", ".html")]
    for title, found in (("Figures", figures), ("Tables", linked)):
        text += [f"## {title}", "", *found, ""] if found else []
    text += ["## Again", "", f"`probekit run {study.asked_as}`, then `probekit figures {study.asked_as}`."]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(text) + "\n", encoding="utf-8")
    return page


def _is(name: str, kind: str) -> bool:
    return name.startswith(kind) and name.endswith(".csv")


def _mark(name: str, kind: str) -> str:
    """What tells a view's file from those of the main one, as a title goes on."""
    mark = name.removesuffix(".csv").removeprefix(kind).lstrip("-")
    return f": {mark}" if mark else ""


def _what_ran(rows: pd.DataFrame) -> pd.DataFrame:
    """A line for each data set: whether it is real, what was asked of it and with what, how much."""
    rows = rows.assign(dataset=rows["dataset"].astype(str), generated=is_generated(rows))
    return pd.DataFrame([_of_one(name, own) for name, own in rows.groupby("dataset", sort=True)])


def _of_one(name: object, rows: pd.DataFrame) -> dict[str, Any]:
    units = rows["n_test"].dropna()
    return {
        "data": f"`{name}`" if name else "none",
        "kind": "generated" if rows["generated"].any() else "real",
        "tasks": _said(rows["task"]),
        **{axis: _said(rows[axis]) for axis in SHOWN},
        "units": int(units.max()) if len(units) else None,
        "questions": rows["key"].nunique(),
        "rows": len(rows),
    }


def _said(values: pd.Series) -> str:
    """The values of an axis by name where they are few, else how many."""
    found = [str(value) for value in sorted(values.dropna().unique()) if value != ""]
    return ", ".join(found) if len(found) <= NAMED else f"{len(found)}"


def _digests(results: Path) -> list[str]:
    """Data and models with their digests, and versions, as the manifest has them."""
    runs = read_manifest(results).get("runs", [])
    grids = [run.get("grid", {}) for run in runs]
    text = []
    for title, key in (("Data", "data"), ("Models", "weights")):
        listed = {name: digest for grid in grids for name, digest in (grid.get(key) or {}).items()}
        if listed:
            text += [
                f"{title}: " + ", ".join(f"`{name}` ({one[:8]})" for name, one in sorted(listed.items())) + ".",
                "",
            ]
    if runs:
        versions = ", ".join(f"{name} {one}" for name, one in runs[-1].get("versions", {}).items())
        text += [f"Last run {str(runs[-1].get('started', ''))[:10]}, {runs[-1].get('machine', '')}: {versions}.", ""]
    return text


def _claims(mark: str, table: pd.DataFrame) -> list[str]:
    """Every claim of one view: the paper's words and numbers, ours, the verdict."""
    counts = table["verdict"].value_counts()
    of = ", ".join(f"{counts[name]} {name}" for name in (HOLDS, FAILS, OPEN, UNTESTABLE) if name in counts)
    shown = table[["number", "text", "paper", "ours", "verdict", "why"]]
    data = table["data"].iloc[0]
    return [f"## Claims{mark}", "", f"Of {len(table)} claims: {of} ({data} data).", "", to_markdown(shown)]


def _compared(mark: str, table: pd.DataFrame, link: str) -> list[str]:
    """The paper's numbers beside ours: all of them where they are few, and why some have no counterpart."""
    there = table["ours"].notna()
    text = [f"## Beside the paper's numbers{mark}", "", f"Of {len(table)} published numbers {int(there.sum())} have a "
            f"[counterpart]({link}) here."]  # fmt: skip
    for why, times in table.loc[~there, "note"].fillna("no reason given").value_counts().items():
        text += [f"Without one: {times} ({why})."]
    shown = table[there].drop(columns="note").dropna(axis="columns", how="all")
    return [*text, "", *([to_markdown(shown)] if 0 < len(shown) <= LINES else [])]


def _link(file: Path, page: Path) -> str:
    return Path(os.path.relpath(file, page.parent)).as_posix()
