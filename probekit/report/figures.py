"""Figures by geometry: `heatmap`, `curves`, `bars`, and the presets `layer_heatmap`, `layer_curves`.

Each takes rows (as `read_results` gives them) or any summary with one value a mark, names the columns that
become its axes, and returns a matplotlib figure that carries the table it shows (see `style.save` and
`style.redraw`). Rows are averaged over folds and whatever axes the figure does not name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report import style
from probekit.report.draw import draw
from probekit.report.style import Drawing
from probekit.report.summary import Undefined, one_metric, only, summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_LAYER = "no layer"


def heatmap(
    df: pd.DataFrame,
    rows: str,
    columns: str,
    value: str = "value",
    *,
    panels: str | None = None,
    blocks: str | None = None,
    row_groups: str | None = None,
    row_order: Sequence[Any] | None = None,
    column_order: Sequence[Any] | None = None,
    panel_order: Sequence[Any] | None = None,
    signed: bool = False,
    limits: tuple[float, float] | None = None,
    scale: float = 1.0,
    annotate: str = "",
    title: str = "",
    label: str = "",
    row_label: str = "",
    column_label: str = "",
    across: int | None = None,
    margins: bool = False,
    width: float = style.TEXT,
    undefined: Undefined = "zero",
) -> Figure:
    """Rows x columns as colour, one panel for each value of `panels`, side by side, with its own rows.

    `signed=True` is for differences: a diverging scale centred at 0 (red above, blue below). `blocks` names a
    column whose values gather the columns under a heading; `row_groups` one that colours the row names.
    `across` is how many panels stand side by side (default all); `margins` adds the greatest value of every row and
    column as bars. `scale` multiplies (100 for hundredths), `annotate` is a number format such as `".2f"` printed
    in each cell, `limits` fixes the colour scale (what lies outside is shown by arrows on the bar). A cell without a
    value is grey. Raises ProbekitError when several values fall on one cell that are not folds of one score.
    """
    roles = {"panel": panels, "block": blocks, "row": rows, "column": columns, "group": row_groups}
    table = _marks(df, roles, value, (), undefined)
    table["value"] *= scale
    table = _complete(table, {"panel": panel_order, "row": row_order, "column": column_order})
    options = {
        "signed": signed,
        "limits": list(limits) if limits else None,
        "annotate": annotate,
        "title": title,
        "label": label,
        "row_label": row_label,
        "column_label": column_label,
        "width": width,
        "across": across,
        "margins": margins,
    }
    return draw(Drawing("heatmap", options, table, ("panel", "block", "row", "column", "group")))


def curves(
    df: pd.DataFrame,
    x: str,
    value: str = "value",
    *,
    lines: str | None = None,
    panels: str | None = None,
    low: str | None = None,
    high: str | None = None,
    line_order: Sequence[Any] | None = None,
    panel_order: Sequence[Any] | None = None,
    interval: bool = False,
    title: str = "",
    x_label: str = "",
    label: str = "",
    limits: tuple[float, float] | None = None,
    width: float = style.TEXT,
    undefined: Undefined = "zero",
) -> Figure:
    """Value over x, one line for each value of `lines`, one panel for each value of `panels`.

    Marks without x (a static table has no layer) become dashed horizontal references. `low` and `high` name
    the columns of an interval drawn as a band; `interval=True` computes it from the folds of the rows. Raises
    ProbekitError when several values fall on one mark that are not folds of one score.
    """
    if interval:
        by = [name for name in dict.fromkeys((panels, lines, x)) if name]
        df, low, high = summarise(df, by, undefined=undefined, interval=True), "low", "high"
    limits_of = tuple(name for name in (low, high) if name)
    table = _marks(df, {"panel": panels, "line": lines}, value, (x, *limits_of), undefined)
    table = table.rename(columns={x: "x"} | dict(zip(limits_of, ("low", "high"), strict=False)))
    table["x"] = pd.to_numeric(table["x"]).astype(float)
    table = ordered(table, {"panel": panel_order, "line": line_order})
    options = {
        "title": title,
        "x_label": x_label or x,
        "label": label or value,
        "width": width,
        "limits": list(limits) if limits else None,
    }
    return draw(Drawing("curves", options, table, ("panel", "line")))


def bars(
    df: pd.DataFrame,
    x: str,
    value: str = "value",
    *,
    colours: str | None = None,
    panels: str | None = None,
    low: str | None = None,
    high: str | None = None,
    x_order: Sequence[Any] | None = None,
    colour_order: Sequence[Any] | None = None,
    panel_order: Sequence[Any] | None = None,
    across: int | None = None,
    annotate: str = "",
    chance: float | None = None,
    title: str = "",
    x_label: str = "",
    label: str = "",
    width: float = style.TEXT,
    undefined: Undefined = "zero",
) -> Figure:
    """Bars from zero at the values of x, side by side for each value of `colours`; whiskers low to high.

    `annotate` is a number format printed above each bar. A missing value leaves its place empty. `across` panels stand
    in a row (default: as many as their names leave room for). A dashed line crosses all panels at `chance`.
    Raises ProbekitError when several values fall on one bar that are not folds of one score.
    """
    limits_of = tuple(name for name in (low, high) if name)
    table = _marks(df, {"panel": panels, "colour": colours, "x": x}, value, limits_of, undefined)
    table = table.rename(columns=dict(zip(limits_of, ("low", "high"), strict=False)))
    table = ordered(table, {"panel": panel_order, "x": x_order, "colour": colour_order})
    options = {
        "across": across,
        "annotate": annotate,
        "chance": chance,
        "title": title,
        "x_label": x_label,
        "label": label or value,
        "width": width,
        **_unseen_order(table, {"x": x_order, "colour": colour_order}),
    }
    return draw(Drawing("bars", options, table, ("panel", "colour", "x")))


def layer_heatmap(
    df: pd.DataFrame, rows: str = "task", panels: str | None = None, metric: str | None = None, **options: Any
) -> Figure:
    """Scores by task (rows) and layer (columns). Tables without layers stand in a column of their own.

    `panels` defaults to the encoder when there are several. Options are those of `heatmap`.
    """
    df = one_metric(df) if metric is None else only(df, metric=metric)
    panels = panels or ("encoder" if df["encoder"].nunique() > 1 else None)
    df = df.assign(layer=[NO_LAYER if pd.isna(layer) else str(layer) for layer in df["layer"]])
    order = sorted(df["layer"].unique(), key=lambda name: (name == NO_LAYER, 0 if name == NO_LAYER else int(name)))
    filled = {
        "label": str(df["metric"].iloc[0]),
        "column_label": "layer",
        "column_order": order,
        "row_label": rows,
    } | options
    return heatmap(df, rows, "layer", panels=panels, **filled)


def layer_curves(
    df: pd.DataFrame,
    lines: str = "pooling",
    panels: str | None = "task_group",
    metric: str | None = None,
    **options: Any,
) -> Figure:
    """Mean score over layers, a line for each pooling, a panel for each task group; bands from the folds.

    Options are those of `curves`.
    """
    df = one_metric(df) if metric is None else only(df, metric=metric)
    filled: dict[str, Any] = {"label": str(df["metric"].iloc[0]), "x_label": "layer", "interval": True}
    filled |= options
    return curves(df, "layer", lines=lines, panels=panels, **filled)


def _marks(
    df: pd.DataFrame, roles: dict[str, str | None], value: str, numbers: Sequence[str], undefined: Undefined
) -> pd.DataFrame:
    """One line a mark: a text column for each role (empty where there is none), `value`, the numbers."""
    used = [name for name in dict.fromkeys(roles.values()) if name]
    for name in [*used, value, *numbers]:
        if name not in df.columns:
            raise UnknownName("column", name, df.columns)
    if df.empty:
        raise ProbekitError("there is nothing to draw: no rows; check the selection that made them")
    keys = list(dict.fromkeys([*used, *[n for n in numbers if n not in ("low", "high")]]))
    if {"metric", "fold", "key"} <= set(df.columns) and value == "value":
        df = summarise(df, keys, undefined=undefined)
    repeated = df.duplicated([name for name in keys if name not in numbers[1:]])
    if repeated.any():
        first = df.loc[repeated, keys].iloc[0].to_dict()
        varying = [n for n in ("metric", "split", "subset", "control") if n in df.columns and df[n].nunique() > 1]
        hint = f"they differ in {', '.join(varying)}: select one" if varying else "name the axis they differ in"
        raise ProbekitError(f"several values fall on one mark {first}; {hint}")
    table = pd.DataFrame({role: as_text(df[name]) if name else "" for role, name in roles.items()}, index=df.index)
    table["value"] = df[value].astype(float)
    for name in numbers:
        table[name] = df[name].astype("Float64").astype(float)
    return table.reset_index(drop=True)


def as_text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").map(str).astype(object)


def ordered(table: pd.DataFrame, orders: dict[str, Sequence[Any] | None]) -> pd.DataFrame:
    """Sort by the given orders; numbers by size and the rest by first appearance where none is given."""
    table = table.reset_index(drop=True)  # of parts put together an index may hold one name twice
    places = {name: _places(table[name], name, order) for name, order in orders.items()}
    rank = pd.DataFrame({name: table[name].map(at) for name, at in places.items()}, index=table.index)
    return table.loc[rank.sort_values(list(orders), kind="stable").index].reset_index(drop=True)


def _places(column: pd.Series, name: str, order: Sequence[Any] | None) -> dict[str, int]:
    """The place of each value of a column: in the given order, by number, or by first appearance."""
    values = list(dict.fromkeys(column))
    if order is None:
        try:
            wanted = sorted(values, key=float)
        except ValueError:
            wanted = values
    else:
        wanted = list(dict.fromkeys(map(str, order)))
    if unknown := [value for value in values if value not in wanted]:
        raise ProbekitError(f"the order given for the {name}s leaves out {', '.join(unknown[:5])}")
    return {value: i for i, value in enumerate(wanted)}


def _unseen_order(table: pd.DataFrame, orders: dict[str, Sequence[Any] | None]) -> dict[str, list[str]]:
    """`x_order` and the like, where a sorted table does not tell it by first appearance: its first panel lacks some."""
    found = {}
    for name, order in orders.items():
        seen, places = list(dict.fromkeys(table[name])), _places(table[name], name, order)
        if (wanted := sorted(seen, key=places.__getitem__)) != seen:
            found[f"{name}_order"] = wanted
    return found


def _complete(table: pd.DataFrame, orders: dict[str, Sequence[Any] | None]) -> pd.DataFrame:
    """Every row x column of a heatmap in order, so that the table shows which cells are empty."""
    pairs = ordered(table[["block", "column"]].drop_duplicates(), {"block": None, "column": orders["column"]})
    rows = ordered(table, {"panel": orders["panel"], "row": orders["row"]})
    rows = rows[["panel", "row", "group"]].drop_duplicates(["panel", "row"])
    cells = rows.merge(pairs, how="cross")
    marks = table[["panel", "block", "row", "column", "value"]]
    return cells.merge(marks, how="left", on=["panel", "block", "row", "column"])
