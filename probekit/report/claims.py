"""Published claims as functions of a view, and published numbers beside ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd

from probekit import study as studies
from probekit.errors import ProbekitError
from probekit.report.view import NotTestable, View, by_kind
from probekit.scores import Comparison
from probekit.study import Claim, Study

Asked = TypeVar("Asked")
HOLDS, FAILS, OPEN, UNTESTABLE = "holds", "fails", "open", "not testable here"


@dataclass(frozen=True)
class Finding:
    """What rows say about a claim: our numbers as text, whether it holds, and the rule behind that.

    holds: None where the interval does not clear the threshold, so that the rows leave it open.
    """

    ours: str
    holds: bool | None
    why: str = ""


class Interval(Protocol):
    """A difference or a score with the ends of its interval, and what was resampled or counted to get them."""

    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def clears(found: Interval | None, threshold: float = 0.0) -> bool | None:
    """Whether an interval lies above a threshold: no where it lies below, None where it holds it, has no ends, or was
    not run."""
    if found is None:
        return None
    if found.low > threshold:
        return True
    return False if found.high < threshold else None


def together(*parts: bool | None) -> bool | None:
    """Whether all parts of a claim hold: no where one fails, None where one is open or not tested, or there is none."""
    if any(part is not None and not part for part in parts):
        return False
    return None if None in parts or not parts else True


def negated(part: bool | None) -> bool | None:
    """The opposite of a part of a claim; open stays open."""
    return None if part is None else not part


def below(found: Interval | None, threshold: float = 0.0) -> bool | None:
    """Whether an interval lies below a threshold: no where it lies above, None as `clears` has it."""
    return negated(clears(found, threshold))


def within(found: Interval | None, reach: float) -> bool | None:
    """Whether an interval lies within a distance of 0 either way."""
    if clears(found, reach) or below(found, -reach):
        return False
    return together(clears(found, -reach), below(found, reach))


def if_run(ask: Callable[..., Asked], *args: Any, **where: Any) -> Asked | None:
    """What a question answers, or None where the rows do not hold it: of one setting of several that a claim lists."""
    try:
        return ask(*args, **where)
    except NotTestable:
        return None


def missing(found: Container[Any], asked: Iterable[Any]) -> list[None]:
    """Parts of a claim over a fixed list of settings that were not run: each leaves it open."""
    return [None for one in asked if one not in found]


def shown(found: Comparison, scale: float = 100, digits: int = 1, counted: bool = True) -> str:
    """A difference with its interval and what that is over: `+2.1 [0.4, 3.8], 18 properties`.

    counted: False where what it is over is said once for several.
    """
    low, high = (f"{scale * end:+.{digits}f}" if isfinite(end) else "?" for end in (found.low, found.high))
    units = re.sub("y$", "ie", found.unit) + "s"
    unit = found.unit if found.n == 1 else units
    return f"{scale * found.difference:+.{digits}f} [{low}, {high}]" + (f", {found.n} {unit}" if counted else "")


def ends(found: Comparison, name: str = "value") -> dict[str, float]:
    """A difference, by that name, and its interval in hundredths, as columns `low` and `high` of a table."""
    return {name: 100 * found.difference, "low": 100 * found.low, "high": 100 * found.high}


def views(study: Study, df: pd.DataFrame, folder: Path | None = None, **options: Any) -> list[View]:
    """The views of a study on rows, the main one first: its own, or one of each kind of data.

    Raises ProbekitError where the rows can serve none.
    """
    study = studies.complete(study)
    make: Callable[..., Any] = study.view_of or by_kind
    try:
        made = make(df, **options)
        found: Iterable[View] = [made] if isinstance(made, View) else list(made)
    except NotTestable as reason:
        raise ProbekitError(f"the rows cannot serve {study.name}: {reason}") from None
    found = list(found)
    if not found:
        raise ProbekitError(f"the rows hold nothing that {study.name} could show; first: probekit run {study.name}")
    for one in found:
        one.folder = folder or (Path(df.attrs["folder"]) if "folder" in df.attrs else None)
    return found


def claims(study: str | Study, df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Every claim of a study tested on rows: number, text, paper, ours, n, data, verdict, why.

    `n` is the number of units behind each score, `data` is real or generated. Generated data never counts as a
    reproduction, nor does what the study's view calls unfit: there the verdict is "not testable here" and `why` says
    what the rows would have said. Options go to the study (which encoder, probe, dataset). Raises UnknownName for an
    unknown study.
    """
    study = studies.complete(study)
    return check(study, views(study, df, **options)[0])


def check(study: Study, view: View) -> pd.DataFrame:
    """`claims` for a view that is there already."""
    data = "generated" if view.generated else "real"
    unfit = "generated data never counts as a reproduction" if view.generated else view.unfit
    rows = []
    for claim in sorted(study.claims, key=lambda c: c.number):
        ours, verdict, why = _judge(claim, view, unfit)
        rows.append((claim.number, claim.text, claim.paper, ours, view.n, data, verdict, why))
    return pd.DataFrame(rows, columns=["number", "text", "paper", "ours", "n", "data", "verdict", "why"])


def against_paper(study: str | Study, df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The paper's numbers with ours beside each.

    The published columns, then `paper`, `ours`, `difference`, `n` and `note`. Where the rows have no counterpart `ours`
    is NaN and `note` says why. Options as in `claims`.
    """
    study = studies.complete(study)
    return beside(study, views(study, df, **options)[0])


def beside(study: Study, view: View) -> pd.DataFrame:
    """`against_paper` for a view that is there already."""
    table = published(study)
    if study.counterpart is None:
        raise ProbekitError(f"the study {study.name} does not say which of its rows stand beside the paper's numbers")
    found = []
    for line in table.to_dict("records"):
        named = {str(name): "" if pd.isna(value) else value for name, value in line.items()}
        try:
            ours = study.counterpart(view, named)
            found.append({"n": view.n, "note": "", **(ours if isinstance(ours, Mapping) else {"ours": ours})})
        except (NotTestable, ProbekitError) as reason:
            found.append({"n": view.n, "ours": float("nan"), "note": str(reason)})
    ours = pd.DataFrame(found).astype({"ours": float})
    others = [str(name) for name in ours if name not in ("ours", "n", "note")]
    ours[others] = ours[others].fillna("")
    table = table.drop(columns="paper", errors="ignore").rename(columns={"value": "paper"})
    table = pd.concat([table, ours[["ours", "n", *others, "note"]].set_axis(table.index)], axis=1)
    table.insert(list(table.columns).index("ours") + 1, "difference", table["ours"] - table["paper"])
    return table


def published(study: Study) -> pd.DataFrame:
    """The paper's own numbers. Raises ProbekitError where the study has none."""
    file = study.numbers or studies.published(study.name)
    if file is None or not file.is_file():
        raise ProbekitError(f"the published numbers of '{study.name}' are missing")
    table = pd.read_csv(file)
    return table.astype({"layer": "Int64"}) if "layer" in table else table


def _judge(claim: Claim, view: View, unfit: str) -> tuple[str, str, str]:
    try:
        found: Finding = claim.test(view)
    except (NotTestable, ProbekitError) as reason:
        return "", UNTESTABLE, str(reason)
    verdict = {True: HOLDS, False: FAILS, None: OPEN}[None if found.holds is None else bool(found.holds)]
    if unfit:
        would = {HOLDS: "would hold", FAILS: "would fail", OPEN: "would be open"}[verdict]
        return found.ours, UNTESTABLE, "; ".join(filter(None, (f"{unfit} (on it the claim {would})", found.why)))
    return found.ours, verdict, found.why
