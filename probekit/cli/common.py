"""What commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from probekit.errors import ProbekitError, UnknownName

RESULTS = Path("results")
LongTexts = Annotated[
    str,
    typer.Option(
        metavar="refuse|cut|windows",
        help="A text longer than the model reads: left out, cut, or read in windows, its scores their mean by words.",
    ),
]


def check(what: str, given: str, known: Sequence[str]) -> None:
    """Refuse a word that is not known. Raises UnknownName."""
    if given not in known:
        raise UnknownName(what, given, known)


def results_folder(given: Path) -> Path:
    """A results folder as it was given, or that of a study by name."""
    return RESULTS / given if not given.exists() and (RESULTS / given).is_dir() else given


def studies_in(given: list[str] | None, results: Path) -> dict[str, Path]:
    """Studies and their results folders: `results/<study>`, or `results` itself when it is one's (made with --out).

    Raises UnknownName for a study that is not there, ProbekitError where none has results.
    """
    from probekit import study
    from probekit.grid.folder import Folder

    known = study.names()
    for name in given or []:
        if not name.endswith(".py"):
            check("study", name, known)
    named = {name: study.find(name).name if name.endswith(".py") else name for name in given or known}
    own = Folder(results, "").manifest().get("experiment")
    places = {name: results if shown == own else results / shown for name, shown in named.items()}
    found = {name: folder for name, folder in places.items() if folder.is_dir()}
    absent = [name for name in places if name not in found]
    if absent and (given or not found):
        raise ProbekitError(f"no results of {', '.join(absent)} under '{results}'; first: probekit run {absent[0]}")
    return found


def texts_spec(text: str) -> str:
    """A corpus spec; a path to a file or folder is read as labelled texts."""
    return f'text:"{text}"' if Path(text).expanduser().exists() else text


def check_file(path: Path) -> None:
    """Refuse a file that cannot be written, before the work it is for. Raises ProbekitError with the way out."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if path.is_dir():
        raise ProbekitError(f"'{path}' is a folder; --out names a file")
    if there != path and not there.is_dir():
        raise ProbekitError(f"cannot write '{path}': '{there}' is a file, not a folder; choose another --out")
    if not os.access(there, os.W_OK):
        raise ProbekitError(f"cannot write '{path}': no permission for '{there}'; choose another --out")
