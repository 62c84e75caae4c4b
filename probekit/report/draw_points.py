"""How `scatter` and `points` become pictures: marks by colour and shape, panels, names that leave each other room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError
from probekit.report import style
from probekit.report.layout import Options, legend, titles, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]
PALE = "#bdbdbd"  # marks that are there for the shape of the cloud
REFERENCE = "#777777"
MANY = 2000  # marks of one kind that a PDF takes as a picture rather than one by one
# Where a name may stand around its mark, in points: nearest first, right before left, above before below.
_REACH = (4.0, 9.0, 15.0, 22.0, 30.0)
_SIDES = (
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
    (1, 0.5),
    (1, -0.5),
    (-1, 0.5),
    (-1, -0.5),
    (1, 1),
    (1, -1),
    (-1, 1),
    (-1, -1),
)
_LEADER = 9.0  # a name this far away is led to its mark by a line


def draw_scatter(table: pd.DataFrame, options: Options) -> Figure:
    """y against x, a panel each, on shared scales; with `diagonal` both axes have one scale and the line x = y."""
    limits = options["limits"] or (_limits(table[["x", "y"]]) if options["diagonal"] else None)
    figure, axes = _panels(table, options, square=options["diagonal"], shared=True)
    for place, (ax, panel) in enumerate(axes):
        if options["diagonal"] and limits is not None:
            ax.plot(limits, limits, color=REFERENCE, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
        ax.grid(True)
        _lines(ax, table, panel)
        _marks(ax, table, panel)
        if limits is not None:
            ax.set_xlim(*limits)
            ax.set_ylim(*limits)
        _axis_names(ax, options, place, len(axes))
    return _finish(figure, axes, table, options)


def draw_points(table: pd.DataFrame, options: Options) -> Figure:
    """Clouds on axes of one scale; with `same_scale` all panels have that scale too."""
    figure, axes = _panels(table, options, square=True, shared=False)
    widest = max(_span(table[table["panel"] == panel]) for _, panel in axes)
    for place, (ax, panel) in enumerate(axes):
        part = table[table["panel"] == panel]
        _marks(ax, table, panel)
        half = 0.54 * (widest if options["same_scale"] else _span(part))
        for low, high, limit in (
            (part["x"].min(), part["x"].max(), ax.set_xlim),
            (part["y"].min(), part["y"].max(), ax.set_ylim),
        ):
            middle = (low + high) / 2
            limit(middle - half, middle + half)
        ax.locator_params(nbins=5)
        _axis_names(ax, options, place, len(axes))
    return _finish(figure, axes, table, options)


def _panels(table: pd.DataFrame, options: Options, square: bool, shared: bool) -> tuple[Figure, list[tuple[Axes, str]]]:
    """A figure and its axes with the panel that each shows, `across` side by side."""
    names = list(dict.fromkeys(table["panel"]))
    across = min(options["across"] or (2 if shared else 3), len(names))
    down = -(-len(names) // across)
    side = options["width"] / across
    height = side if square else min(side, 0.75 * side + 0.4)
    figure = style.new_figure(options["width"], min(style.PAGE, height * down + 0.5))
    axes = figure.subplots(down, across, squeeze=False, sharex=shared, sharey=shared).ravel()
    for ax in axes[len(names) :]:
        ax.remove()
    for ax, name in zip(axes, names, strict=False):
        if square:
            ax.set_box_aspect(1)
        ax.set_title(wrapped(name, side, 8.5))
        ax.tick_params(labelbottom=True)
    return figure, list(zip(axes, names, strict=False))


def _looks(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Colour and shape of each value of `colour`: seven colours, and with the shapes in turn 49 pairs."""
    names = list(dict.fromkeys(table.loc[table["highlight"] > 0, "colour"]))
    colours, shapes = style.COLOURS, style.MARKERS
    if len(names) > len(colours) * len(shapes):
        raise ProbekitError(
            f"{len(names)} kinds of marks in one figure cannot be told apart (at most {len(colours) * len(shapes)}); "
            "use panels, or select"
        )
    n = len(colours)
    return {name: {"color": colours[i % n], "marker": shapes[(i + i // n) % n]} for i, name in enumerate(names)}


def _lines(ax: Axes, table: pd.DataFrame, panel: str) -> None:
    """What joins marks to others."""
    if "to_x" in table:
        joined = table[(table["panel"] == panel) & table[["x", "y", "to_x", "to_y"]].notna().all(axis=1)]
        ax.plot(joined[["x", "to_x"]].T, joined[["y", "to_y"]].T, color=PALE, linewidth=0.8, zorder=0)


def _marks(ax: Axes, table: pd.DataFrame, panel: str) -> None:
    part = table[(table["panel"] == panel) & table[["x", "y"]].notna().all(axis=1)]
    pale = part[part["highlight"] == 0]
    crowd = float(np.clip(60 / np.sqrt(max(1, len(part))), 2.2, 5))  # across, in points
    edge = 0.3 if len(part) < MANY / 4 else 0.0
    if len(pale):
        ax.scatter(
            pale["x"], pale["y"], s=(0.6 * crowd) ** 2, color=PALE, linewidths=0, zorder=1, rasterized=len(pale) > MANY
        )
    for name, look in _looks(table).items():
        own = part[(part["highlight"] > 0) & (part["colour"] == name)]
        if len(own):
            if "low" in own:
                ax.vlines(own["x"], own["low"], own["high"], color=look["color"], linewidth=0.8, alpha=0.6, zorder=1)
            ax.scatter(
                own["x"],
                own["y"],
                s=crowd**2,
                alpha=0.85,
                linewidths=edge,
                edgecolors="white",
                zorder=2,
                label=name,
                rasterized=len(own) > MANY,
                **look,
            )


def _axis_names(ax: Axes, options: Options, place: int, panels: int) -> None:
    across = options["across"] or panels
    last_of_column = place + min(across, panels) >= panels
    if last_of_column:
        ax.set_xlabel(options["x_label"])
    if ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        ax.set_ylabel(options["y_label"])


def _finish(figure: Figure, axes: list[tuple[Axes, str]], table: pd.DataFrame, options: Options) -> Figure:
    from matplotlib.font_manager import FontProperties
    from matplotlib.lines import Line2D

    looks = {name: look for name, look in _looks(table).items() if name}
    if looks:
        signs = [Line2D([], [], linestyle="", markersize=4, **look) for look in looks.values()]
        legend(figure, signs, list(looks))
    titles(figure, options)
    if (table["label"] != "").any():
        figure.draw_without_rendering()  # names find room once the axes have their final place
        left_out = sum(_names(ax, table[table["panel"] == panel]) for ax, panel in axes)
        if left_out:
            named = int((table["label"] != "").sum())
            note = f"{left_out} of {named} names have no room and are left out"
            if figure.legends:
                figure.legends[0].set_title(note, prop=FontProperties(size=6))
            else:
                figure.supxlabel(note, fontsize=6)
    return figure


def _names(ax: Axes, part: pd.DataFrame) -> int:
    """Write the names of marks where they meet no mark and no other name; returns how many found no place."""
    part = part[part[["x", "y"]].notna().all(axis=1)]
    scale = ax.figure.dpi / 72  # pixels a point
    renderer = ax.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    marks = ax.transData.transform(part[["x", "y"]].to_numpy())
    radius = 2.5 * scale
    taken: list[Box] = [(x - radius, y - radius, x + radius, y + radius) for x, y in marks]
    inside = ax.get_window_extent(renderer).extents
    left_out = 0
    # Marks with the fewest neighbours first would keep more names; the given order keeps the important ones.
    for (x, y), at, name in zip(marks, part[["x", "y"]].to_numpy(), part["label"], strict=True):
        if not name:
            continue
        text = ax.annotate(
            name, tuple(at), xytext=(0, 0), textcoords="offset points", fontsize=6, annotation_clip=False
        )
        text.set_in_layout(False)
        box = text.get_window_extent(renderer)
        spot = _free_spot(x, y, box.width + 2 * scale, box.height + 1 * scale, scale, taken, inside)
        if spot is None:
            text.remove()
            left_out += 1
            continue
        (dx, dy), place = spot
        taken.append(place)
        text.set_position((dx / scale, dy / scale))
        text.set_horizontalalignment("center")
        text.set_verticalalignment("center")
        if np.hypot(max(0, abs(dx) - box.width / 2), max(0, abs(dy) - box.height / 2)) > _LEADER * scale:
            edge_x = float(np.clip(0, dx - box.width / 2, dx + box.width / 2)) / scale
            edge_y = float(np.clip(0, dy - box.height / 2, dy + box.height / 2)) / scale
            line = ax.annotate(
                "",
                tuple(at),
                xytext=(edge_x, edge_y),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": REFERENCE, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 2},
                zorder=1,
            )
            line.set_in_layout(False)
    return left_out


def _free_spot(
    x: float, y: float, width: float, height: float, scale: float, taken: Iterable[Box], inside: Box
) -> tuple[tuple[float, float], Box] | None:
    """Offset of the middle of a name from its mark and the box it fills there, in pixels; None without room."""
    boxes = np.array(list(taken))
    for reach in _REACH:
        for across, up in _SIDES:
            dx, dy = across * (reach * scale + width / 2), up * (reach * scale + height / 2)
            low_x, high_x = x + dx - width / 2, x + dx + width / 2
            low_y, high_y = y + dy - height / 2, y + dy + height / 2
            if low_x < inside[0] or low_y < inside[1] or high_x > inside[2] or high_y > inside[3]:
                continue
            meets = (boxes[:, 0] < high_x) & (boxes[:, 2] > low_x) & (boxes[:, 1] < high_y) & (boxes[:, 3] > low_y)
            if not meets.any():
                return (dx, dy), (low_x, low_y, high_x, high_y)
    return None


def _limits(values: pd.DataFrame) -> tuple[float, float]:
    low, high = float(values.min().min()), float(values.max().max())
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _span(part: pd.DataFrame) -> float:
    """The wider side of a cloud; 1 where it has none."""
    sides = [float(part[name].max() - part[name].min()) for name in ("x", "y")]
    return max(sides) or 1.0
