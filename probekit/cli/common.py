"""What commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from probekit.errors import ProbekitError, UnknownName

RESULTS = Path("results")


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
