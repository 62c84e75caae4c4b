"""What every geometry shares: titles and panel names broken into lines, one legend under the figure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from probekit.report import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Options = Mapping[str, Any]


def letters(inches: float, size: float) -> int:
    """How many letters of a size stand in some inches: they are a little over half as wide as high."""
    return int(inches * 72 / (0.56 * size))


def wrapped(text: str, inches: float, size: float) -> str:
    return "\n".join(textwrap.wrap(text, max(12, letters(inches, size)), break_on_hyphens=False))


def legend(figure: Figure, handles: list[Any], names: list[str]) -> None:
    """One legend under the figure, in as few lines as its width allows."""
    for columns in range(len(names), 0, -1):
        legend = figure.legend(handles, names, loc="outside lower center", ncols=columns)
        box = legend.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
        if box.width <= 0.98 * figure.bbox.width or columns == 1:
            return
        legend.remove()


def titles(figure: Figure, options: Options) -> None:
    if options["title"]:
        # Bold letters are a fifth wider.
        title = wrapped(options["title"], options["width"], 1.2 * style.RC["figure.titlesize"])
        figure.suptitle(title, fontweight="bold")
