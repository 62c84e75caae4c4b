"""Files of figures: saving with the table and options a figure is drawn from, redrawing, checking its texts.

`save` writes table and options beside the picture and draws the picture from what it wrote, so `redraw` gives the same
file again without the rows.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report.draw import draw
from probekit.report.style import FORMATS, Drawing, drawing_of, looks

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


def save(
    figure: Figure, path: str | Path, table: pd.DataFrame | None = None, formats: Sequence[str] = ("pdf", "png")
) -> list[Path]:
    """Write a figure as `path`.pdf and .png (or svg) with its table as .csv; returns the files written.

    A figure made by `heatmap`, `curves` or `bars` knows its table; it is written with its options (.json),
    read back and drawn from what was read. A figure made elsewhere needs `table`, the numbers it shows. Files
    carry no dates: the same figure gives the same bytes. Warns of text that is cut off or overlaps in them. Raises
    ProbekitError for an unknown format and for a figure without a table.
    """
    for name in formats:
        if name not in FORMATS:
            raise UnknownName("figure format", name, FORMATS)
    path = Path(path)
    base = path.with_suffix("") if path.suffix.lstrip(".") in FORMATS else path
    base.parent.mkdir(parents=True, exist_ok=True)
    drawing = drawing_of(figure)
    csv = _with_suffix(base, "csv")
    files = [csv]
    if drawing is not None and table is None:
        drawing.table.to_csv(csv, index=False, lineterminator="\n")
        options = {"geometry": drawing.geometry, "text": list(drawing.text), "options": dict(drawing.options)}
        sidecar = _with_suffix(base, "json")
        sidecar.write_text(json.dumps(options, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
        files.append(sidecar)
        figure = redraw(csv)
    elif table is not None:
        table.to_csv(csv, index=False, lineterminator="\n")
    else:
        raise ProbekitError(f"the figure for {base} carries no table; give save() the numbers it shows")
    if not formats:
        return files
    # What is in the way at first may be out of it when the figure is laid out once more.
    if text_problems(figure) and (problems := text_problems(figure)):
        more = f" (and {len(problems) - 3} more like it)" if len(problems) > 3 else ""
        warnings.warn(f"{base.name}: {'; '.join(problems[:3])}{more}", stacklevel=2)
    figure.set_layout_engine(None)  # text_problems laid it out: every format shows what was looked at
    with looks():
        for name in formats:
            file = _with_suffix(base, name)
            figure.savefig(file, format=name, metadata=_no_dates(name))
            if name == "png":
                _in_a_palette(file)
            files.append(file)
    return files


def _in_a_palette(png: Path) -> None:
    """Write a picture again in a palette of 256 colours, a third of its size; no pixel moves by more than can be seen.

    Of Pillow's ways to choose a palette this one keeps the colours that are rare (a maximum of coverage): over the
    committed pictures it is off by 13 of 255 at most, the median cut by 80.
    """
    from PIL import Image

    with Image.open(png) as picture:
        colours = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        resolution = picture.info["dpi"]
    colours.save(png, optimize=True, dpi=resolution)


def redraw(csv: str | Path) -> Figure:
    """The figure again, from the table and options that `save` wrote. Raises ProbekitError without them."""
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
    return draw(Drawing(options["geometry"], options["options"], table, tuple(options["text"])))


def text_problems(figure: Figure) -> list[str]:
    """Texts that leave the canvas or run into each other, one sentence each; empty when all is well."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    with looks():
        if figure.axes and (engine := figure.get_layout_engine()):
            engine.execute(figure)  # once more than drawing does: a first layout is not always the last
        figure.draw_without_rendering()  # places of texts are all that is asked
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
