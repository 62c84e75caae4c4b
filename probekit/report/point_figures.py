"""Figures of single marks: `scatter` (one number against another) and `points` (clouds of a projection).

Unlike the other geometries they take a table with one mark a line and average nothing; what they return is
saved and redrawn in the same way (see `probekit.report.figures`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report import style
from probekit.report.draw import draw
from probekit.report.figures import as_text, ordered
from probekit.report.style import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scatter(
    df: pd.DataFrame,
    x: str,
    y: str,
    *,
    colours: str | None = None,
    labels: str | None = None,
    panels: str | None = None,
    highlight: str | None = None,
    joined: tuple[str, str] | None = None,
    low: str | None = None,
    high: str | None = None,
    diagonal: bool = False,
    limits: tuple[float, float] | None = None,
    scale: float = 1.0,
    across: int | None = None,
    colour_order: Sequence[Any] | None = None,
    panel_order: Sequence[Any] | None = None,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: float = style.TEXT,
) -> Figure:
    """The column y against the column x, one mark a line of `df`; all panels on the same axes.

    `colours` names a column that decides colour and shape of a mark, `labels` one whose text is written beside
    it (empty: none; what finds no room is left out and counted in the figure), `panels` one that spreads the
    marks over panels, `across` of them side by side. `highlight` names a column of true and false: the rest
    is small and grey. `joined` names two columns, x and y of the place to which a mark is led by a line (a node's
    parent; empty: none), `low` and `high` the ends of an interval of y. `diagonal=True` gives both axes one scale and
    draws x = y; `limits` then fixes it.
    `scale` multiplies x and y (100 for hundredths). Lines without x or y stay in the table and are not drawn.
    Raises UnknownName for a column that is not there, ProbekitError for a column that holds no numbers, an
    infinite value, more kinds of marks than can be told apart, and when nothing is left to draw.
    """
    if limits is not None and not (diagonal and limits[0] < limits[1]):
        raise ProbekitError(f"limits={limits}: give low < high, and diagonal=True, whose axes they are")
    if (low is None) != (high is None):
        raise ProbekitError("an interval has two ends; give low= and high=, or neither")
    more = dict(zip(("to_x", "to_y"), joined or (), strict=False))
    more |= {"low": low, "high": high} if low and high else {}
    table = _table(df, x, y, colours, labels, panels, highlight, colour_order, panel_order, more)
    table[["x", "y", *more]] *= scale
    options = {
        "diagonal": diagonal,
        "limits": list(limits) if limits else None,
        "across": _count(across),
        "title": title,
        "x_label": x_label or x,
        "y_label": y_label or y,
        "width": width,
    }
    return draw(Drawing("scatter", options, table, ("panel", "colour", "label")))


def points(
    df: pd.DataFrame,
    x: str = "x",
    y: str = "y",
    *,
    colours: str | None = None,
    labels: str | None = None,
    panels: str | None = None,
    highlight: str | None = None,
    same_scale: bool = False,
    across: int | None = None,
    colour_order: Sequence[Any] | None = None,
    panel_order: Sequence[Any] | None = None,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: float = style.TEXT,
) -> Figure:
    """Clouds of points in two dimensions (PCA, multidimensional scaling), one mark a line of `df`.

    In every panel a step to the right is as long as a step up, so that distances can be read;
    `same_scale=True` gives all panels one scale. Other options, lines without x or y, and what is raised are
    as in `scatter`.
    """
    table = _table(df, x, y, colours, labels, panels, highlight, colour_order, panel_order)
    options = {
        "same_scale": same_scale,
        "across": _count(across),
        "title": title,
        "x_label": x_label,
        "y_label": y_label,
        "width": width,
    }
    return draw(Drawing("points", options, table, ("panel", "colour", "label")))


def _table(
    df: pd.DataFrame,
    x: str,
    y: str,
    colours: str | None,
    labels: str | None,
    panels: str | None,
    highlight: str | None,
    colour_order: Sequence[Any] | None,
    panel_order: Sequence[Any] | None,
    more: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """One line a mark: text columns panel, colour, label; numbers x, y, highlight (1 or 0), and `more` by role."""
    more = more or {}
    roles = {"panel": panels, "colour": colours, "label": labels}
    for name in filter(None, (x, y, *roles.values(), highlight, *more.values())):
        if name not in df.columns:
            raise UnknownName("column", name, df.columns)
    if df.empty:
        raise ProbekitError("there is nothing to draw: no rows; check the selection that made them")
    table = pd.DataFrame({role: as_text(df[name]) if name else "" for role, name in roles.items()}, index=df.index)
    for role, name in (("x", x), ("y", y), *more.items()):
        table[role] = _numbers(df[name], name)
    table["highlight"] = 1.0 if highlight is None else df[highlight].astype(bool).astype(float)
    return ordered(table, {"panel": panel_order, "colour": colour_order})


def _numbers(column: pd.Series, name: str) -> pd.Series:
    try:
        found = pd.to_numeric(column.astype(object)).astype("Float64").astype(float)
    except (TypeError, ValueError):
        raise ProbekitError(f"the column '{name}' holds no numbers; name the one that a mark's place is in") from None
    if np.isinf(found).any():
        raise ProbekitError(f"the column '{name}' holds infinite values, which have no place in a figure; drop them")
    return found


def _count(across: int | None) -> int | None:
    if across is not None and (isinstance(across, bool) or not isinstance(across, int) or across < 1):
        raise ProbekitError(f"across={across!r}: give the number of panels side by side, 1 or more")
    return across
