"""The one place where figures get their looks and sizes: fonts, palettes, and what a figure is drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
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
    "savefig.dpi": 160,  # a text block of 1,100 pixels: as wide as a page on a screen
    "figure.dpi": 100,
    "text.hinting": "none",  # a text is as long at the resolution it is saved in as where it was laid out
}


@dataclass(frozen=True)
class Drawing:
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


def drawing_of(figure: Figure) -> Drawing | None:
    """What a figure of this package was drawn from; None for a figure made elsewhere."""
    return getattr(figure, "probekit_drawing", None)
