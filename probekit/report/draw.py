"""How each geometry becomes a picture: from a table of marks and its options to a matplotlib figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report import style
from probekit.report.draw_points import draw_points, draw_scatter
from probekit.report.draw_tokens import draw_tokens
from probekit.report.layout import Options, legend, letters, titles, wrapped
from probekit.report.style import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(drawing: Drawing) -> Figure:
    """Draw a drawing: the one place where a table becomes a picture."""
    if drawing.geometry not in _GEOMETRIES:
        raise UnknownName("geometry", drawing.geometry, _GEOMETRIES)
    shown = [name for name in ("x", "y") if name in drawing.table] if "y" in drawing.table else ["value"]
    if drawing.table.empty or drawing.table[shown].isna().any(axis=1).all():
        raise ProbekitError("there is nothing to draw: no row has a value; check the selection that made them")
    with style.looks():
        figure = _GEOMETRIES[drawing.geometry](drawing.table, drawing.options)
    figure.probekit_drawing = drawing  # type: ignore[attr-defined]
    return figure


def _across(panels: int, width: float, places: list[str], colours: int) -> int:
    """How many panels of bars fit side by side, so that words under and numbers above the bars stay apart; no row of
    panels is left nearly empty."""
    words = max((len(word) for place in places for word in place.split()), default=1)
    needed = max(0.058 * words, 0.2 * colours) * len(places) + 0.5
    down = -(-panels // min(panels, max(1, int(width / needed))))
    return -(-panels // down)


def _draw_heatmap(table: pd.DataFrame, options: Options) -> Figure:
    import seaborn
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Patch

    panels = list(dict.fromkeys(table["panel"]))
    rows_in = [list(dict.fromkeys(table.loc[table["panel"] == panel, "row"])) for panel in panels]
    tallest = max(map(len, rows_in))
    groups = sorted({g for g in table["group"] if g})  # of one colour in every figure, however rows are ranked
    tints = dict(zip(groups, style.COLOURS * (1 + len(groups) // len(style.COLOURS)), strict=False))
    across = options.get("across") or len(panels)
    down = -(-len(panels) // across)
    # With one column there is nothing to take the greatest of, and the bars would repeat it.
    margins = bool(options.get("margins")) and table.groupby("panel")["column"].nunique().max() > 1
    # Two rows or one still leave room for the numbers beside the colour bar.
    tall = 0.165 * max(tallest, 4) + 0.6 * margins
    height = 1.35 + tall * down + 0.6 * (down - 1) + (0.25 if options["title"] else 0)
    low, high, extend = _colour_limits(table["value"], options["signed"], options["limits"])
    norm, cmap = Normalize(low, high), style.DIVERGING if options["signed"] else style.SEQUENTIAL

    figure = style.new_figure(options["width"], height)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax in axes[len(panels) :]:
        ax.remove()
    axes = axes[: len(panels)]
    # Names of rows stand once where the panel to the left has the same ones; all panels give them of their width.
    named = [place % across == 0 or rows_in[place - 1] != rows for place, rows in enumerate(rows_in)]
    beside = [
        4.0 * one * max(len(line) for name in rows for line in name.split("\n"))
        for one, rows in zip(named, rows_in, strict=True)
    ]
    taken = max(sum(beside[start : start + across]) for start in range(0, len(panels), across)) / across + 36
    for place, (ax, panel, rows) in enumerate(zip(axes, panels, rows_in, strict=True)):
        part = table[table["panel"] == panel]
        pairs = list(dict.fromkeys(zip(part["block"], part["column"], strict=True)))
        cells = part["value"].to_numpy().reshape(len(rows), len(pairs))
        # Points that a column has beside row names and colour bar, for what is written in and under it.
        room = max(3.0, (72 * (options["width"] - 0.5) / across - taken - 20 * margins) / len(pairs))
        printed = _annotations(cells, options["annotate"])
        longest = 1 if isinstance(printed, bool) else max(map(len, printed.ravel()))
        ax.set_facecolor(style.MISSING)
        figure.set_visible(False)  # seaborn draws the whole figure twice, to see labels that are not there yet
        seaborn.heatmap(
            cells,
            ax=ax,
            cmap=cmap,
            vmin=low,
            vmax=high,
            cbar=False,
            mask=np.isnan(cells),
            linewidths=0.3,
            xticklabels=False,
            yticklabels=False,
            annot=printed,
            fmt="",
            annot_kws={"size": max(3.5, min(5.5, room / (0.62 * longest)))},
        )
        figure.set_visible(True)
        names = [column for _, column in pairs]
        size = 7 if 4.6 * max(map(len, names)) < room else 6
        turned = 0.6 * size * max(map(len, names)) > room
        ax.set_xticks(np.arange(len(pairs)) + 0.5, names, rotation=90 if turned else 0, fontsize=size)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows if named[place] else [""] * len(rows), rotation=0, fontsize=6.5)
        ax.tick_params(length=0, pad=2)
        tint = dict(zip(part["row"], part["group"], strict=True))
        for text, row in zip(ax.get_yticklabels(), rows, strict=True):
            text.set_color(tints.get(tint[row], "black"))
        # Once for all panels: under narrow ones each would run into its neighbours.
        if place == across * (len(panels) // across - 1) + across // 2 or across == 1:
            ax.set_xlabel(options["column_label"])
        ax.set_ylabel(options["row_label"] if place % across == 0 else "")
        heading = _blocks(ax, [block for block, _ in pairs])
        if margins:
            _margins(ax, cells, ScalarMappable(norm, cmap))
        ax.set_title(wrapped(panel, options["width"] / across, 8.5), pad=6 + 9.5 * heading)
    bar = figure.colorbar(ScalarMappable(norm, cmap), ax=list(axes), extend=extend, shrink=0.6, aspect=30, pad=0.015)
    says = f"bars: greatest of each row and column, from {_bar_start(low, high):.3g} on" if margins else ""
    bar.set_label("\n".join(wrapped(text, 0.8 * height, 8) for text in (options["label"], says) if text))
    bar.outline.set_linewidth(0.4)  # type: ignore[operator]
    if groups:
        legend(figure, [Patch(color=tints[g]) for g in groups], groups)
    titles(figure, options)
    return figure


MARGIN = 16  # points that the bars of maxima stand beside a heatmap


def _bar_start(low: float, high: float) -> float:
    """Where the bars of maxima start: below the scale, so that the bar of the lowest is still seen."""
    return low - 0.08 * (high - low)


def _margins(ax: Axes, cells: np.ndarray, scale: Any) -> None:
    """Bars of the greatest value of each row, at the right, and of each column, on top."""
    n_rows, n_columns = cells.shape
    high = scale.norm.vmax
    start = _bar_start(scale.norm.vmin, high)
    filled = np.where(np.isnan(cells), start, cells)
    right = ax.inset_axes((1.02, 0, 0.13, 1))
    top = ax.inset_axes((0, 1.03, 1, MARGIN / (0.165 * 72 * n_rows)))
    by_row, by_column = filled.max(axis=1), filled.max(axis=0)
    right.barh(np.arange(n_rows) + 0.5, by_row - start, 0.8, start, color=scale.to_rgba(by_row))
    top.bar(np.arange(n_columns) + 0.5, by_column - start, 0.8, start, color=scale.to_rgba(by_column))
    right.set(xlim=(start, high), ylim=(n_rows, 0))
    top.set(ylim=(start, high), xlim=(0, n_columns))
    for strip in (right, top):
        strip.set(xticks=[], yticks=[])
        strip.axis("off")


def _colour_limits(values: pd.Series, signed: bool, limits: Sequence[float] | None) -> tuple[float, float, str]:
    """Ends of the colour scale, and where values lie beyond it. Signed scales are symmetric about 0."""
    least, most = float(values.min()), float(values.max())
    if limits is not None:
        low, high = float(limits[0]), float(limits[1])
        if not low < high or (signed and low != -high):
            raise ProbekitError(f"colour limits {low, high}: give low < high, and -x, x for a signed scale")
    elif signed:
        high = max(abs(least), abs(most)) or 1.0
        low = -high
    else:
        low, high = (least, most) if least < most else (least - 0.5, most + 0.5)
    below, above = least < low, most > high
    return (
        low,
        high,
        {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither"),
    )


def _annotations(cells: np.ndarray, form: str) -> np.ndarray | bool:
    """Numbers as printed in the cells; a number that rounds to zero has no sign."""
    if not form:
        return False
    return np.array([[_printed(value, form) for value in row] for row in cells])


def _printed(value: float, form: str) -> str:
    text = format(value, form)
    return text if text.strip("+-0.") else text.lstrip("+-")


def _blocks(ax: Axes, blocks: list[str]) -> int:
    """Headings over runs of columns and a gap between them; returns the lines they take."""
    if not any(blocks):
        return 0
    starts = [i for i, block in enumerate(blocks) if i == 0 or block != blocks[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        if start:
            ax.axvline(start, color="white", linewidth=4)
        middle = (start + end) / 2
        ax.annotate(
            blocks[start],
            (middle, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
        )
    return max(block.count("\n") + 1 for block in blocks)


def _draw_curves(table: pd.DataFrame, options: Options) -> Figure:
    from matplotlib.ticker import MaxNLocator

    panels, lines = list(dict.fromkeys(table["panel"])), list(dict.fromkeys(table["line"]))
    referred = [n for n in lines if table.loc[table["line"] == n, "x"].isna().all()]
    drawn = [n for n in lines if n not in referred]
    looks = _line_looks(drawn, referred)
    across = {1: 1, 3: 3, 6: 3}.get(len(panels), 2)
    down = -(-len(panels) // across)
    figure = style.new_figure(options["width"], min(style.PAGE, 2.35 * down + 0.7))
    axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
    for ax in axes[len(panels) :]:
        ax.remove()
    handles: dict[str, Any] = {}
    for place, (ax, panel) in enumerate(zip(axes, panels, strict=False)):
        for line in lines:
            part = table[(table["panel"] == panel) & (table["line"] == line)]
            curve, flat = part[part["x"].notna()].sort_values("x"), part[part["x"].isna()]
            if len(curve):
                sparse = max(1, len(curve) // 12)
                handles[line] = ax.plot(curve["x"], curve["value"], markevery=sparse, **looks[line])[0]
                if "low" in curve and curve["low"].notna().any():
                    ax.fill_between(
                        curve["x"], curve["low"], curve["high"], color=looks[line]["color"], alpha=0.18, linewidth=0
                    )
            for value in flat["value"].dropna():
                handle = ax.axhline(value, **(looks[line] | {"marker": ""}))
                handles.setdefault(line, handle)
        ax.set_title(wrapped(panel, options["width"] / across, 8.5))
        ax.grid(True, axis="y")
        ax.tick_params(labelbottom=place + across >= len(panels))
        if place + across >= len(panels):
            ax.set_xlabel(options["x_label"])
        if place % across == 0:
            ax.set_ylabel(wrapped(options["label"], figure.get_figheight() / down - 0.6, 8))
    known = np.unique(table["x"].dropna())
    apart = np.all(20 * np.diff(known) >= np.ptp(known)) if len(known) else True  # or their numbers run together
    if len(known) <= 14 and np.all(known == np.round(known)) and apart:
        axes[0].set_xticks(known, [f"{x:.0f}" for x in known])
    else:
        axes[0].xaxis.set_major_locator(MaxNLocator(8))
    if options["limits"]:
        axes[0].set_ylim(*options["limits"])
    named = [line for line in lines if line in handles and line]
    if named:
        legend(figure, [handles[n] for n in named], named)
    titles(figure, options)
    return figure


def _line_looks(drawn: list[str], referred: list[str]) -> dict[str, dict[str, Any]]:
    if len(drawn) > len(style.COLOURS):
        raise ProbekitError(
            f"{len(drawn)} lines in one figure cannot be told apart (at most {len(style.COLOURS)}); "
            "use panels, or select"
        )
    looks: dict[str, dict[str, Any]] = {
        name: {"color": style.COLOURS[i], "marker": style.MARKERS[i], "linestyle": "-"} for i, name in enumerate(drawn)
    }
    dashes = ((0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (8, 3)), (0, (2, 3)))
    greys = ("#333333", "#777777", "#555555", "#999999", "#111111")
    for i, name in enumerate(referred):
        looks[name] = {"color": greys[i % 5], "linestyle": dashes[i % 5], "linewidth": 1.0}
    return looks


def _name_places(ax: Axes, places: Sequence[str], inches: float) -> None:
    """Names under their places, wrapped, or slanted where their longest line has no room."""
    names = [wrapped(name, inches, 7.5) for name in places]
    room = letters(inches, 7.5)
    if len(names) > 2 and max(len(line) for name in names for line in name.split("\n")) > room:
        ax.set_xticks(range(len(places)), places, rotation=30, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(range(len(places)), names)


def _draw_bars(table: pd.DataFrame, options: Options) -> Figure:
    from matplotlib.patches import Patch

    panels = list(dict.fromkeys(table["panel"]))
    places, colours = (options.get(f"{name}_order") or list(dict.fromkeys(table[name])) for name in ("x", "colour"))
    if len(colours) > len(style.COLOURS):
        raise ProbekitError(f"{len(colours)} bars at one place cannot be told apart; use panels, or select")
    across = options.get("across") or _across(len(panels), options["width"], places, len(colours))
    down = -(-len(panels) // across)
    figure = style.new_figure(options["width"], min(style.PAGE, 2.3 * down + 0.7))
    axes = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for ax in axes[len(panels) :]:
        ax.remove()
    width = 0.8 / len(colours)
    for place, (ax, panel) in enumerate(zip(axes, panels, strict=False)):
        shown = table[(table["panel"] == panel) & table["value"].notna()]
        alone = shown["x"].map(shown["x"].value_counts()).eq(1)  # a bar by itself stands over its name
        for i, colour in enumerate(colours):
            own = shown["colour"] == colour
            part, aside = shown[own], np.where(alone[own], 0, (i - (len(colours) - 1) / 2) * width)
            at = np.array([places.index(x) for x in part["x"]], dtype=float) + aside
            looks = {"color": style.COLOURS[i], "hatch": style.HATCHES[i], "edgecolor": "white"}
            ax.bar(at, part["value"], width * 0.94, linewidth=0, **looks)  # a rim would hide low bars
            if {"low", "high"} <= set(part.columns):
                reach = np.abs(part[["low", "high"]].to_numpy().T - part["value"].to_numpy())
                ax.errorbar(at, part["value"], reach, fmt="none", ecolor="black", elinewidth=0.7, capsize=1.5)
            if options["annotate"]:
                tops = part["high"].fillna(part["value"]) if "high" in part else part["value"]
                for x, top, value in zip(at, tops, part["value"], strict=True):
                    ax.annotate(
                        _printed(value, options["annotate"]),
                        (x, max(top, 0)),
                        xytext=(0, 2),
                        fontsize=5.5,
                        textcoords="offset points",
                        ha="center",
                        va="bottom",
                        rotation=90 if width < 0.25 else 0,
                    )
        half = 0.4 - 0.03 * width  # every panel spans all places, those without a bar too
        ax.update_datalim([(-half, 0), (len(places) - 1 + half, 0)])
        ax.axhline(0, color="black", linewidth=0.6)
        if options.get("chance") is not None:
            ax.axhline(options["chance"], color="#333333", linewidth=1.0, linestyle=(0, (4, 2)))
        _name_places(ax, places, options["width"] / across / max(1, len(places)))
        ax.tick_params(axis="x", length=0)
        ax.set_title(wrapped(panel, options["width"] / across, 8.5))
        ax.grid(True, axis="y")
        ax.margins(y=0.12)
        if place % across == 0:
            ax.set_ylabel(wrapped(options["label"], figure.get_figheight() / down - 0.6, 8))
        if place + across >= len(panels):
            ax.set_xlabel(options["x_label"])
    if any(colours):
        patches = [
            Patch(facecolor=style.COLOURS[i], hatch=style.HATCHES[i], edgecolor="white") for i in range(len(colours))
        ]
        legend(figure, patches, colours)
    titles(figure, options)
    return figure


_GEOMETRIES: dict[str, Callable[[pd.DataFrame, Any], Figure]] = {
    "heatmap": _draw_heatmap,
    "curves": _draw_curves,
    "bars": _draw_bars,
    "scatter": draw_scatter,
    "points": draw_points,
    "tokens": draw_tokens,
}
