"""The one place where figures get their looks, sizes and files: fonts, palettes, saving, checking, redrawing.

A figure is drawn from a table and the options of one geometry. `save` writes both beside the picture and
draws the picture from what it wrote, so `redraw` gives the same file again without the rows.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

# Widths in inches of one column and of the text block of a two-column paper on A4.
COLUMN, TEXT = 3.3, 6.9
# A page holds no more than this beside its caption.
PAGE = 9.2
# Okabe and Ito (2008): tells its colours apart under every common colour blindness; their yellow is left out,
# since it is too light for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# A second sign beside colour, for print without colour.
MARKERS = ("o", "s", "^", "v", "D", "P", "X")
HATCHES = ("", "///", "...", "\\\\\\", "xx", "++", "oo")
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
MISSING = "#d9d9d9"
FORMATS = ("pdf", "png", "svg")

RC: Mapping[str, Any] = {
    # DejaVu travels inside matplotlib, so a figure looks the same on every machine.
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "figure.titlesize": 9,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "probekit",
    "savefig.dpi": 200,
    "figure.dpi": 100,
    "text.hinting": "none",  # a text is as long at the resolution it is saved in as where it was laid out
}


@dataclass(frozen=True)
class Recipe:
    """What a figure is drawn from: the name of a geometry, its options (plain data), the table it shows."""

    geometry: str
    options: Mapping[str, Any]
    table: pd.DataFrame
    text: Sequence[str] = field(default=())  # columns that stay text however they look


@contextmanager
def looks() -> Iterator[None]:
    """The house style for everything drawn inside, and nothing outside."""
    import matplotlib

    with matplotlib.rc_context(dict(RC)):  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches with constrained layout, known to no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04))
    FigureCanvasAgg(figure)
    return figure


def recipe_of(figure: Figure) -> Recipe | None:
    """What a figure of this package was drawn from; None for a figure made elsewhere."""
    return getattr(figure, "probekit_recipe", None)


def save(
    figure: Figure, path: str | Path, table: pd.DataFrame | None = None, formats: Sequence[str] = ("pdf", "png")
) -> list[Path]:
    """Write a figure as `path`.pdf and .png (or svg) with its table as .csv; returns the files written.

    A figure made by `heatmap`, `curves` or `bars` knows its table; it is written with its options (.json),
    read back and drawn from what was read. A figure made elsewhere needs `table`, the numbers it shows. Files
    carry no dates: the same figure gives the same bytes. Warns of text that is cut off or overlaps. Raises
    ProbekitError for an unknown format and for a figure without a table.
    """
    for name in formats:
        if name not in FORMATS:
            raise UnknownName("figure format", name, FORMATS)
    path = Path(path)
    base = path.with_suffix("") if path.suffix.lstrip(".") in FORMATS else path
    base.parent.mkdir(parents=True, exist_ok=True)
    recipe = recipe_of(figure)
    csv = _with_suffix(base, "csv")
    files = [csv]
    if recipe is not None and table is None:
        recipe.table.to_csv(csv, index=False, lineterminator="\n")
        options = {"geometry": recipe.geometry, "text": list(recipe.text), "options": dict(recipe.options)}
        sidecar = _with_suffix(base, "json")
        sidecar.write_text(json.dumps(options, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        files.append(sidecar)
        figure = redraw(csv)
    elif table is not None:
        table.to_csv(csv, index=False, lineterminator="\n")
    else:
        raise ProbekitError(f"the figure for {base} carries no table; give save() the numbers it shows")
    # What is in the way at first may be out of it when the figure is laid out once more.
    if text_problems(figure) and (problems := text_problems(figure)):
        more = f" (and {len(problems) - 3} more like it)" if len(problems) > 3 else ""
        warnings.warn(f"{base.name}: {'; '.join(problems[:3])}{more}", stacklevel=2)
    figure.set_layout_engine("none")  # text_problems laid it out: every format shows what was looked at
    with looks():
        for name in formats:
            file = _with_suffix(base, name)
            figure.savefig(file, format=name, metadata=_no_dates(name))
            files.append(file)
    return files


def redraw(csv: str | Path) -> Figure:
    """The figure again, from the table and options that `save` wrote. Raises ProbekitError without them."""
    from probekit.report.draw import draw

    csv = Path(csv)
    sidecar = csv.with_suffix(".json")
    if not csv.is_file() or not sidecar.is_file():
        missing = csv if not csv.is_file() else sidecar
        raise ProbekitError(f"cannot redraw {csv}: there is no {missing}; save the figure again")
    options = json.loads(sidecar.read_text(encoding="utf-8"))
    # Text first: a name may look like a number or like nothing, and a number is read to its last digit.
    table = pd.read_csv(csv, dtype=str, keep_default_na=False)
    for name in table.columns.difference(options["text"]):
        table[name] = [float(cell) if cell else np.nan for cell in table[name]]
    return draw(Recipe(options["geometry"], options["options"], table, tuple(options["text"])))


def text_problems(figure: Figure) -> list[str]:
    """Texts that leave the canvas or run into each other, one sentence each; empty when all is well."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    with looks():
        if figure.axes and (engine := figure.get_layout_engine()):
            engine.execute(figure)  # once more than drawing does: a first layout is not always the last
        canvas.draw()
    renderer = canvas.get_renderer()
    hidden = _undrawn_tick_labels(figure)
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]
    if not texts:
        return []
    names = [" ".join(t.get_text().split()) for t in texts]
    boxes = np.array([t.get_window_extent(renderer).extents for t in texts])
    left, low, right, high = boxes.T
    edge = figure.bbox
    outside = (left < edge.x0 - 1) | (low < edge.y0 - 1) | (right > edge.x1 + 1) | (high > edge.y1 + 1)
    problems = [f"the text '{names[i]}' is cut off at the edge of the figure" for i in np.flatnonzero(outside)]
    # One pixel of touching on each side is how adjacent lines of text sit; more is unreadable.
    across = np.minimum(right[:, None], right) - np.maximum(left[:, None], left) > 2
    along = np.minimum(high[:, None], high) - np.maximum(low[:, None], low) > 2
    # Boxes of slanted texts overlap although the texts do not.
    slanted = np.array([t.get_rotation() % 90 != 0 for t in texts])
    overlap = across & along & ~(slanted[:, None] & slanted)
    for i, j in np.argwhere(np.triu(overlap, 1)):
        problems.append(f"the texts '{names[i]}' and '{names[j]}' overlap")
    return problems


def _undrawn_tick_labels(figure: Figure) -> set[Artist]:
    """Tick labels outside their axis, or of an axis switched off: they exist and are never drawn."""
    hidden: set[Artist] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * max(1.0, abs(high - low))
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                inside = low - slack <= tick.get_loc() <= high + slack
                if not (inside and axes.axison and axes.get_visible() and axis.get_visible()):
                    hidden |= {tick.label1, tick.label2}
    return hidden


def _with_suffix(base: Path, suffix: str) -> Path:
    # Path.with_suffix would cut a name such as `figure-2.static:glove` at its last dot.
    return base.with_name(f"{base.name}.{suffix}")


def _no_dates(name: str) -> dict[str, None]:
    return {"pdf": {"CreationDate": None}, "png": {"Software": None}, "svg": {"Date": None}}[name]
