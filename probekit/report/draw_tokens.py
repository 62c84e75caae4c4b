"""How `tokens` becomes a picture: words laid in lines, a coloured box behind each, panels in rows and columns."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pandas as pd

from probekit.report import style
from probekit.report.layout import Options
from probekit.report.token_colours import colour, ink, intensity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 7.0
LINE = 0.155  # inches from line to line
GAP, EDGE, HEAD, LEGEND = 0.045, 0.06, 0.2, 0.34
SIDE = 1.05  # width of the names of rows


def draw_tokens(table: pd.DataFrame, options: Options) -> Figure:
    """Panels of coloured text and the legend of the scale below them."""
    from matplotlib.patches import Rectangle

    rows, columns = list(dict.fromkeys(table["row"])), list(dict.fromkeys(table["column"]))
    width = float(options["width"])
    left = SIDE if any(rows) else EDGE
    each = (width - left - EDGE) / len(columns)
    measure = _measure()
    laid: dict[tuple[str, str], tuple[list[tuple[float, int, str, float, float]], int]] = {}
    for row in rows:
        for column in columns:
            part = table[table["row"].eq(row) & table["column"].eq(column)].sort_values("position", kind="stable")
            strengths = intensity(part["value"].to_numpy())
            laid[row, column] = _lines(list(part["word"]), list(strengths), each - 2 * EDGE, measure)
    heights = [max(laid[row, c][1] for c in columns) * LINE + 0.12 for row in rows]
    top = (0.24 if options["title"] else 0.04) + (HEAD if any(columns) else 0)
    height = top + sum(heights) + LEGEND
    figure = style.new_figure(width, height)
    if options["title"]:
        _write(figure, width / 2, height - 0.14, options["title"], 9, "#111111", ha="center")
    for k, column in enumerate(columns):
        x = left + k * each + EDGE
        _write(figure, x, height - top + 0.08, column, 8, "#111111", weight="bold")
    y = height - top
    for row, tall in zip(rows, heights, strict=True):
        if row:
            for k, piece in enumerate(_fold(row, left - 2 * EDGE, measure)):
                _write(figure, EDGE, y - 0.13 - k * LINE, piece, SIZE, "#111111", weight="bold")
        for k, column in enumerate(columns):
            x0 = left + k * each + EDGE
            for x, line, word, strength, wide in laid[row, column][0]:
                back = colour(strength)
                bottom = y - 0.17 - line * LINE
                figure.patches.append(
                    Rectangle(
                        ((x0 + x - 0.012) / width, bottom / height),
                        (wide + 0.024) / width,
                        (LINE - 0.02) / height,
                        transform=figure.transFigure,
                        facecolor=tuple(c / 255 for c in back),
                        linewidth=0,
                        zorder=1,
                    )
                )
                _write(figure, x0 + x, bottom + 0.035, word, SIZE, ink(back))
        y -= tall
    _legend(figure, left + EDGE, height, width)
    return figure


def _measure():  # type: ignore[no-untyped-def]
    """A function from a text to its width in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    paths, font = TextToPath(), FontProperties(family="DejaVu Sans", size=SIZE)

    @functools.cache
    def width(text: str) -> float:
        return float(paths.get_text_width_height_descent(text, font, False)[0]) / 72

    return width


def _lines(words, strengths, width, measure):  # type: ignore[no-untyped-def]
    """(x, line, word, strength, width) of every word, and the number of lines; a word wider than a line is folded."""
    found, x, line = [], 0.0, 0
    for word, strength in zip(words, strengths, strict=True):
        for piece in _fold(word, width, measure) or [word]:
            wide = measure(piece)
            if x and x + wide > width:
                x, line = 0.0, line + 1
            found.append((x, line, piece, float(strength), wide))
            x += wide + GAP
    return found, line + 1


def _fold(text, width, measure):  # type: ignore[no-untyped-def]
    """A text cut into pieces that fit a width, at blanks where there are any, else at points."""
    if measure(text) <= width:
        return [text.strip()] if text.strip() else []
    pieces, start = [], ""
    for character in text:
        if start and measure(start + character) > width:
            cut = start.rfind(" ") + 1 or max(start.rfind("."), start.rfind("-")) + 1  # no number in two if it can be
            cut = cut if 0 < cut < len(start) else len(start)
            pieces.append(start[:cut].strip())
            start = start[cut:]
        start += character
    return [*pieces, start.strip()] if start.strip() else pieces


def _write(figure, x, y, text, size, shade, **more):  # type: ignore[no-untyped-def]
    """Text at a place in inches from the lower left corner; a dollar sign is a dollar sign."""
    width, height = figure.get_size_inches()
    figure.text(
        x / width, y / height, text, fontsize=size, color=shade, va="baseline", parse_math=False, zorder=2, **more
    )


def _legend(figure: Figure, x: float, height: float, width: float) -> None:
    from matplotlib.patches import Rectangle

    _write(figure, x, 0.1, "against", SIZE, "#333333")
    begin, step, n = x + 0.45, 0.06, 21
    for k in range(n):
        shade = tuple(c / 255 for c in colour(2 * k / (n - 1) - 1))
        figure.patches.append(
            Rectangle(
                ((begin + k * step) / width, 0.08 / height),
                step / width,
                0.11 / height,
                transform=figure.transFigure,
                facecolor=shade,
                linewidth=0,
            )
        )
    _write(figure, begin + n * step + 0.06, 0.1, "for", SIZE, "#333333")
    _write(figure, begin + n * step + 0.35, 0.1, "colour: value / largest |value| of the panel", SIZE, "#666666")
