"""Published claims as functions of rows, and published numbers beside ours.

    STUDY = Study("my-study", title=..., source=..., published=Path("my_study.csv"))

    @STUDY.claim(1, "A beats B", paper=".56 vs .53")
    def a_beats_b(view):
        return Finding("0.61 vs 0.58", holds=True, why="")

A study's module ends in an object `STUDY`; it is found by name among the paper figures (hyphens in the name,
underscores in the file), or registered: `studies.add("my-study", "my_package.my_study:STUDY")`.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.registry import Registry

Verdict = Literal["holds", "fails", "not testable here"]
HOLDS, FAILS, UNTESTABLE = "holds", "fails", "not testable here"
# Corpora that a program made. A claim about language is not reproduced on them.
GENERATED = ("cues", "generated-ratings", "grammar", "topics")
_PACKAGES = ("probekit.paper_figures", "paper_figures")

studies: Registry[Study] = Registry("study")


class NotTestable(Exception):
    """Raised by a claim whose rows are not there; the message says what is missing."""


@dataclass(frozen=True)
class Finding:
    """What rows say about a claim: our numbers as text, whether it holds, and the rule behind that."""

    ours: str
    holds: bool
    why: str = ""


@dataclass(frozen=True)
class Claim:
    """A published claim: its number in the study, text, the paper's numbers, and the function that tests it.

    `check` takes the study's view of the rows and returns a Finding, or raises NotTestable.
    """

    number: int
    text: str
    paper: str
    check: Callable[[Any], Finding]


@dataclass(frozen=True)
class Study:
    """A published study: its claims, its numbers, and how it reads rows.

    view        (df, **options) -> whatever the claims are checked on; it offers `n` (units behind each score)
    and
                `datasets` (names of the corpora), may say in `unfit` why no verdict can rest on these rows, and
                raises NotTestable or ProbekitError where rows cannot serve
    ours        (view, published table) -> a frame aligned with it: `ours`, `n`, `note` and further columns
    published   CSV file with the paper's numbers
    """

    name: str
    title: str
    source: str
    published: Path
    view: Callable[..., Any]
    ours: Callable[[Any, pd.DataFrame], pd.DataFrame]
    claims: dict[int, Claim] = field(default_factory=dict)

    def claim(self, number: int, text: str, paper: str = "") -> Callable[[Callable[[Any], Finding]], Claim]:
        """Decorator: register a function of the view as the claim of a number. A taken number is an error."""

        def decorate(check: Callable[[Any], Finding]) -> Claim:
            if number in self.claims:
                raise ProbekitError(f"study '{self.name}' has a claim {number}; give the next one another number")
            self.claims[number] = Claim(number, text, paper, check)
            return self.claims[number]

        return decorate

    def numbers(self) -> pd.DataFrame:
        """The paper's own numbers."""
        if not self.published.is_file():
            raise ProbekitError(f"the published numbers of '{self.name}' are missing: {self.published}")
        table = pd.read_csv(self.published)
        return table.astype({"layer": "Int64"}) if "layer" in table else table


def claims(study: str | Study, df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Every claim of a study tested on rows: number, text, paper, ours, n, data, verdict, why.

    `n` is the number of units (sentences) behind each score, `data` is real or generated. Generated data
    never counts as a reproduction, nor does what the study's view calls unfit: there the verdict is "not testable here"
    and `why` says what the rows would have said. Options go to the study (which encoder, probe, dataset). Raises
    UnknownName for an unknown study.
    """
    study = find(study)
    return check(study, study.view(df, **options))


def check(study: Study, view: Any) -> pd.DataFrame:
    """`claims` for a view that is there already."""
    data = "generated" if all(is_generated(name) for name in view.datasets) else "real"
    unfit = "generated data never counts as a reproduction" if data == "generated" else getattr(view, "unfit", "")
    rows = []
    for claim in sorted(study.claims.values(), key=lambda c: c.number):
        ours, verdict, why = _judge(claim, view, unfit)
        rows.append((claim.number, claim.text, claim.paper, ours, view.n, data, verdict, why))
    return pd.DataFrame(rows, columns=["number", "text", "paper", "ours", "n", "data", "verdict", "why"])


def against_paper(study: str | Study, df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The paper's numbers with ours beside each.

    The published columns, then `paper`, `ours`, `difference`, `n` and `note`.
    Where the rows have no counterpart `ours` is NaN and `note` says why. Options as in `claims`.
    """
    study = find(study)
    return beside(study, study.view(df, **options))


def beside(study: Study, view: Any) -> pd.DataFrame:
    """`against_paper` for a view that is there already."""
    published = study.numbers()
    ours = study.ours(view, published)
    table = published.drop(columns="paper", errors="ignore").rename(columns={"value": "paper"})
    table = pd.concat([table, ours.set_axis(table.index)], axis=1)
    table.insert(list(table.columns).index("ours") + 1, "difference", table["ours"] - table["paper"])
    return table


def find(study: str | Study) -> Study:
    """A study by name: registered, or the `STUDY` of a module among the paper figures."""
    if isinstance(study, Study):
        return study
    if study in studies:
        return studies.get(study)
    for package in _PACKAGES:
        name = f"{package}.{study.replace('-', '_')}"
        if _exists(package) and _exists(name) and hasattr(module := importlib.import_module(name), "STUDY"):
            return module.STUDY
    raise UnknownName("study", study, known())


def known() -> list[str]:
    """Names of the studies that `find` finds."""
    names = list(studies.names())
    for package in _PACKAGES:
        if _exists(package):
            paths: Sequence[str] = importlib.import_module(package).__path__
            names += [m.name.replace("_", "-") for m in pkgutil.iter_modules(paths) if not m.name.startswith("_")]
    return list(dict.fromkeys(names))


def is_generated(dataset: str) -> bool:
    """Whether a corpus was made by a program."""
    return dataset.partition("(")[0].partition("|")[0].partition(":")[0] in GENERATED


def _judge(claim: Claim, view: Any, unfit: str) -> tuple[str, Verdict, str]:
    try:
        found = claim.check(view)
    except NotTestable as reason:
        return "", "not testable here", str(reason)
    if unfit:
        would = "hold" if found.holds else "fail"
        why = f"{unfit} (on it the claim would {would})"
        return found.ours, "not testable here", "; ".join(filter(None, (why, found.why)))
    return found.ours, "holds" if found.holds else "fails", found.why


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
