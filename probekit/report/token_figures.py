"""Coloured text: `tokens` as a figure for papers, `tokens_page` as a page for the browser.

Both take a table with one line a token: where it stands (`position`), the word, its number, and the columns that
tell texts, rows and columns of panels apart. Red is for, blue against; the strongest token of a panel has full
colour. On the page, numbers that say how much, and neither for nor against (attention), are grey.
"""

from __future__ import annotations

import html
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report import style
from probekit.report.draw import draw
from probekit.report.figures import as_text, ordered
from probekit.report.style import Drawing
from probekit.report.token_colours import colour, ink, intensity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def tokens(
    df: pd.DataFrame,
    word: str = "word",
    value: str = "value",
    position: str = "position",
    *,
    rows: str | None = None,
    columns: str | None = None,
    row_order: Sequence[Any] | None = None,
    column_order: Sequence[Any] | None = None,
    title: str = "",
    width: float = style.TEXT,
) -> Figure:
    """Texts whose words are coloured by a number: a panel for each value of `rows` and `columns`.

    In every panel red is positive, blue negative, and the intensity |value| / max |value| of the panel. Raises
    UnknownName for a column that is not there, ProbekitError when a panel has two words in one place.
    """
    table = _table(df, word, value, position, {"row": rows, "column": columns})
    # By first appearance also where names are numbers: the first row is the class that the others are held against.
    first = {role: list(dict.fromkeys(table[role])) for role in ("row", "column")}
    table = table.sort_values("position", kind="stable")
    table = ordered(table, {"row": row_order or first["row"], "column": column_order or first["column"]})
    options = {"title": title, "width": width}
    return draw(Drawing("tokens", options, table, ("row", "column", "word")))


def tokens_page(
    df: pd.DataFrame,
    path: str | Path,
    word: str = "word",
    value: str = "value",
    position: str = "position",
    *,
    texts: str | None = None,
    rows: str | None = None,
    columns: str | None = None,
    title: str = "Relevance of words",
    notes: Mapping[str, str] | None = None,
    sizes: Collection[str] = (),
    under: Mapping[tuple[str, str, str], str] | None = None,
    remarks: Sequence[str] = (),
) -> Path:
    """The same as one HTML file that needs no network: a section for each value of `texts`, rows and columns as in
    `tokens`, the number of a word where the mouse rests, a legend of the scale.

    notes: by value of `texts`, a line under its heading. sizes: values of `columns` whose numbers have no sign, on a
    scale of their own. under: by text, row and column, a line below the words. remarks: lines below the title. All text
    is escaped. Returns the file.
    """
    table = _table(df, word, value, position, {"text": texts, "row": rows, "column": columns})
    sections = [
        _section(str(name), part, (notes or {}).get(str(name), ""), sizes, under or {})
        for name, part in table.groupby("text", sort=False)
    ]
    shown = set(table["column"])
    legend = _legend(False) if shown - set(sizes) else ""
    legend += _legend(True) if shown & set(sizes) else ""
    told = "".join(f"<p>{html.escape(line)}</p>" for line in remarks)
    page = _PAGE.format(title=html.escape(title), style=_STYLE, legend=legend + told, body="\n".join(sections))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(page, encoding="utf-8")
    os.replace(unfinished, path)
    return path


def _table(df: pd.DataFrame, word: str, value: str, position: str, roles: Mapping[str, str | None]) -> pd.DataFrame:
    for name in filter(None, (word, value, position, *roles.values())):
        if name not in df.columns:
            raise UnknownName("column", name, df.columns)
    if df.empty:
        raise ProbekitError("there is nothing to draw: no tokens; check the selection that made them")
    table = pd.DataFrame({role: as_text(df[name]) if name else "" for role, name in roles.items()}, index=df.index)
    table["position"] = pd.to_numeric(df[position]).astype(float)
    table["word"] = df[word].astype(str)
    table["value"] = pd.to_numeric(df[value]).astype(float)
    if not np.isfinite(table["value"]).all():
        raise ProbekitError(f"the column '{value}' holds values that are not finite; drop those tokens")
    twice = table.duplicated([*roles, "position"])
    if twice.any():
        first = table[twice].iloc[0]
        raise ProbekitError(
            f"position {first['position']:g} has several words in one panel ('{first['word']}' is one); name the "
            "columns that tell them apart"
        )
    return table


def _section(
    name: str, table: pd.DataFrame, note: str, sizes: Collection[str], under: Mapping[tuple[str, str, str], str]
) -> str:
    columns = list(dict.fromkeys(table["column"]))
    rows = list(dict.fromkeys(table["row"]))
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    lines = []
    for row in rows:
        cells = []
        for column in columns:
            part = table[table["row"].eq(row) & table["column"].eq(column)].sort_values("position", kind="stable")
            line = under.get((name, row, column), "")
            told = f'<p dir="ltr">{html.escape(line)}</p>' if line else ""
            cells.append(f'<td dir="auto">{_words(part, column in sizes)}{told}</td>')
        lines.append(f"<tr><th>{html.escape(row)}</th>{''.join(cells)}</tr>")
    heading = f"<h2>{html.escape(name)}</h2>" if name else ""
    note = f"<p>{html.escape(note)}</p>" if note else ""
    top = f"<tr><th></th>{head}</tr>" if any(columns) else ""
    wide = f'style="min-width:{9 + 14 * len(columns)}em"'
    return f"<section>{heading}{note}<table {wide}>{top}{''.join(lines)}</table></section>"


def _words(part: pd.DataFrame, size: bool) -> str:
    found = []
    for word, value, strength in zip(part["word"], part["value"], intensity(part["value"].to_numpy()), strict=True):
        back = colour(strength, size)
        look = f"background:rgb({back[0]},{back[1]},{back[2]});color:{ink(back)}"
        found.append(f'<span style="{look}" title="{value:.4g}">{html.escape(word)}</span>')
    return " ".join(found)


def _legend(size: bool) -> str:
    ends, said = (("none", "most"), "how much, without a sign: ") if size else (("against", "for"), "colour: ")
    stops = ",".join("rgb({},{},{})".format(*colour(s, size)) for s in np.linspace(0 if size else -1, 1, 9))
    return (
        f'<div class="legend"><span>{ends[0]}</span>'
        f'<span class="bar" style="background:linear-gradient(to right,{stops})"></span><span>{ends[1]}</span>'
        f'<span class="said">{said}value / largest |value| of the text in its cell</span></div>'
    )


_STYLE = """
body{font:15px/1.7 system-ui,sans-serif;color:#111;background:#fff;margin:2em auto;max-width:72em;padding:0 1em}
h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .2em}p{margin:.2em 0 .6em;color:#444}
section{overflow-x:auto}table{border-collapse:collapse;width:100%;table-layout:fixed}
th{font-weight:600;text-align:left;vertical-align:top;padding:.3em .6em .3em 0;overflow-wrap:break-word}
tr>th:first-child{width:9em}
td p{margin:.2em 0 0;font-size:.85em;line-height:1.3}
td{vertical-align:top;padding:.3em .8em .3em 0;border-top:1px solid #ddd;overflow-wrap:anywhere}
td span{padding:.08em .15em;border-radius:.2em;unicode-bidi:isolate;white-space:pre-wrap}
.legend{display:flex;flex-wrap:wrap;align-items:center;gap:.1em .6em;color:#333;font-size:.9em}
.bar{display:inline-block;width:12em;height:1em;border:1px solid #bbb}.said{color:#666}
@media print{td span{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1>{legend}
{body}
</body></html>
"""
