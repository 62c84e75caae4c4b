"""Tables for papers and readers: LaTeX (booktabs), Markdown, CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName

EMPTY = "--"
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "−": "$-$", "–": "--", "≤": r"$\le$", "≥": r"$\ge$",
    "ρ": r"$\rho$",
    "±": r"$\pm$", "×": r"$\times$",
}  # fmt: skip


def to_latex(
    table: pd.DataFrame,
    *,
    caption: str = "",
    label: str = "",
    digits: int = 2,
    leading_zero: bool = True,
    columns: Mapping[str, str] | None = None,
    wrap: Mapping[str, str] | None = None,
) -> str:
    """A booktabs table, every character escaped. Needs `\\usepackage{booktabs}`.

    Numbers are set to `digits` decimals, whole-number columns as they are, what is missing as `--`;
    `leading_zero=False` writes .53. `columns` renames columns for the heading, `wrap` gives a column a width
    (`{"text": "6cm"}`) in which its text runs over lines.
    """
    body = formatted(table, digits, leading_zero)
    heads = [_escape(str((columns or {}).get(str(name), name))) for name in table.columns]
    widths = wrap or {}
    if unknown := set(widths) - set(map(str, table.columns)):
        raise UnknownName("column to wrap:", sorted(unknown)[0], map(str, table.columns))
    kinds = [
        f"p{{{widths[str(name)]}}}" if str(name) in widths else ("r" if _is_number(table[name]) else "l")
        for name in table.columns
    ]
    lines = [r"\begin{table}", r"\centering"]
    if caption:
        lines.append(rf"\caption{{{_escape(caption)}}}")
    if label:
        lines.append(rf"\label{{{label}}}")
    lines += [rf"\begin{{tabular}}{{{''.join(kinds)}}}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    lines += [" & ".join(map(_escape, row)) + r" \\" for row in body.itertuples(index=False, name=None)]
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def to_markdown(table: pd.DataFrame, *, digits: int = 2, leading_zero: bool = True) -> str:
    """A Markdown table; numbers to the right, pipes escaped, missing values as `--`."""
    body = formatted(table, digits, leading_zero)

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"

    rule = ["---:" if _is_number(table[name]) else "---" for name in table.columns]
    heads = [str(name) for name in table.columns]
    rows = [line(row) for row in body.itertuples(index=False, name=None)]
    return "\n".join([line(heads), "| " + " | ".join(rule) + " |", *rows, ""])


def write_table(
    table: pd.DataFrame, path: str | Path, formats: Sequence[str] = ("csv", "tex", "md"), **options: Any
) -> list[Path]:
    """Write a table as `path`.csv (every digit), .tex and .md (rounded); returns the files written.

    Options are those of `to_latex`. Raises ProbekitError for an unknown format.
    """
    base = Path(path)
    base.parent.mkdir(parents=True, exist_ok=True)
    shared = {name: options[name] for name in ("digits", "leading_zero") if name in options}
    writers: dict[str, Callable[[], str]] = {
        "csv": lambda: table.to_csv(index=False, lineterminator="\n"),
        "tex": lambda: to_latex(table, **options),
        "md": lambda: to_markdown(table, **shared),
    }
    files = []
    for name in formats:
        if name not in writers:
            raise UnknownName("table format", name, writers)
        file = base.with_name(f"{base.name}.{name}")
        file.write_text(writers[name](), encoding="utf-8")
        files.append(file)
    return files


def formatted(table: pd.DataFrame, digits: int = 2, leading_zero: bool = True) -> pd.DataFrame:
    """Every cell as the text a reader sees. Raises ProbekitError for a negative number of digits."""
    if digits < 0:
        raise ProbekitError(f"digits={digits}; give 0 or more")
    columns = []
    for i in range(table.shape[1]):
        cells = table.iloc[:, i]
        columns.append([_cell(value, digits, leading_zero) for value in cells.astype(object)])
    return pd.DataFrame(dict(enumerate(columns)), index=table.index, dtype=object)


def _cell(value: Any, digits: int, leading_zero: bool) -> str:
    if value is None or (not isinstance(value, (list, tuple, dict)) and pd.isna(value)):
        return EMPTY
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        return number(float(value), digits, leading_zero)
    return str(value)


def number(value: float, digits: int = 2, leading_zero: bool = True) -> str:
    """A number to so many decimals; .53 and -.07 without the leading zero; never -0.00."""
    if not np.isfinite(value):
        return EMPTY if np.isnan(value) else str(value)
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    if leading_zero or abs(float(text)) >= 1 or digits == 0:
        return text
    return text.replace("0.", ".", 1)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _escape(text: str) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    # After the end of a line `[` begins a length and `*` a variant of the command; an empty group ends it before.
    return "{}" + escaped if escaped.lstrip().startswith(("[", "*")) else escaped
