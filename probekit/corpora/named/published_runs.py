"""Accuracies of runs as others published them, one a run and cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from probekit import resources
from probekit.errors import DataError, UnknownName
from probekit.resources import File, Resource, read_bytes
from probekit.sources import Source
from probekit.specs import Spec
from probekit.store import digest

NAME = "berts-of-a-feather"
REVISION = 1
HEURISTICS = {"l": "lexical_overlap", "s": "subsequence", "c": "constituent"}
LABELS = {"e": "entailment", "n": "non-entailment"}
# Columns of the file that hold means of five subcases.
CELLS = {
    f"{short} ({kind})": (heuristic, label)
    for short, heuristic in zip(("Lexical", "Subseq", "Constituent"), HEURISTICS.values(), strict=True)
    for kind, label in zip(("entailed", "nonent"), LABELS.values(), strict=True)
}
_SUBCASE = re.compile(r"([lsc])([en])_\S+")

_RUNS = Resource(
    NAME,
    "hans_regenerated",
    (
        File(
            "berts_of_a_feather_accuracies_by_run.csv",
            "307a98e15c1e85e81694887f85b99fdc5b6de2b0e3108b989ac4d0ae0fd4a40d",
        ),
    ),
    "MIT",
    "McCoy, Min and Linzen 2020, BERTs of a feather do not generalize together (BlackboxNLP)",
    "https://github.com/tommccoy1/hans at 7299f6f65708, berts_of_a_feather/",
    "accuracies on MultiNLI dev and on HANS of 100 BERT runs that differ in the order of batches and the head",
)


@dataclass(frozen=True)
class Published:
    """One accuracy: of a run, on a data set, in a cell (empty: all of it)."""

    run: int
    data: str
    subset: str
    value: float


def describe(spec: str | Spec) -> Source:
    """Published runs as a source. Raises UnknownName for a name that is none, ProbekitError where the file is not."""
    if str(spec) != NAME:
        raise UnknownName("published runs", str(spec), [NAME])
    (file,) = resources.resources.get(NAME).files
    resources.path(NAME)  # says what is missing and where it belongs
    return Source(NAME, NAME, digest([NAME, REVISION, file.sha256]))


def berts_of_a_feather() -> Iterator[Published]:
    """The accuracies of 100 runs. Raises DataError for a value that is none."""
    (path,) = resources.get(NAME)
    for line, row in enumerate(csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"))), 2):
        number = re.fullmatch(r"Run (\d+)", row["Run"])
        if not number:
            continue  # means and deviations below the runs
        for name, text in row.items():
            subcase = _SUBCASE.fullmatch(name)
            if name in CELLS:
                where = "heuristic={};label={}".format(*CELLS[name])
            elif subcase:
                where = f"heuristic={HEURISTICS[subcase[1]]};label={LABELS[subcase[2]]};subcase={name}"
            elif name not in ("MNLI dev acc.", "Overall accuracy"):
                continue
            else:
                where = ""
            try:
                value = float(text)
            except ValueError:
                raise DataError(f"the accuracy '{text}' is no number", path, line) from None
            yield Published(int(number[1]), "mnli" if name.startswith("MNLI") else "hans", where, value)


def register() -> None:
    """Add the runs to the resources."""
    resources.add(_RUNS)
