"""Tables for papers: escaped, rounded as asked, complete."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from probekit.errors import ProbekitError, UnknownName
from probekit.report import to_latex, to_markdown, write_table
from probekit.report.latex import number

TABLE = pd.DataFrame(
    {
        "task": ["dep_dist_aux:pass", "100% & {more}", "a|b\\c #1 ~x^2 $5"],
        "rho": [0.534, -0.0004, np.nan],
        "n": pd.array([23943, 7, None], dtype="Int64"),
        "changes": [True, False, True],
    }
)


@pytest.mark.parametrize(
    ("value", "digits", "zero", "text"),
    [
        (0.534, 2, False, ".53"),
        (-0.066, 3, False, "-.066"),
        (-0.0004, 2, True, "0.00"),
        (1.0, 2, False, "1.00"),
        (0.996, 2, False, "1.00"),
        (10.04, 1, False, "10.0"),
        (float("nan"), 2, True, "--"),
        (-0.5, 0, False, "0"),
        (0.5, 2, True, "0.50"),
    ],
)
def test_numbers(value, digits, zero, text):
    assert number(value, digits, zero) == text


def test_latex_escapes_everything_and_has_one_cell_a_column():
    text = to_latex(TABLE, caption="Scores & more_", label="tab:x", leading_zero=False)
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert [len(re.split(r"(?<!\\)&", line)) for line in body] == [4, 4, 4]
    assert r"dep\_dist\_aux:pass & .53 & 23943 & yes \\" in text and r"100\% \& \{more\} & .00 & 7 & no" in text
    assert r"a\textbar{}b\textbackslash{}c \#1 \textasciitilde{}x\textasciicircum{}2 \$5 & -- & --" in text
    assert r"\caption{Scores \& more\_}" in text and r"\begin{tabular}{lrrl}" in text and r"\toprule" in text


def test_wide_text_gets_a_width():
    assert r"\begin{tabular}{p{6cm}rrl}" in to_latex(TABLE, wrap={"task": "6cm"})
    with pytest.raises(UnknownName, match="did you mean task"):
        to_latex(TABLE, wrap={"tasks": "6cm"})


def test_markdown_escapes_pipes():
    lines = to_markdown(TABLE, digits=3).splitlines()
    assert lines[1] == "| --- | ---: | ---: | --- |" and lines[2] == "| dep_dist_aux:pass | 0.534 | 23943 | yes |"
    assert r"a\|b" in lines[4] and len(lines) == 5


def test_files_hold_every_digit_in_csv_and_rounded_ones_elsewhere(tmp_path):
    files = write_table(TABLE.assign(rho=[1 / 3, 2 / 3, 0.1]), tmp_path / "sub" / "table.one")
    assert [f.name for f in files] == ["table.one.csv", "table.one.tex", "table.one.md"]
    assert pd.read_csv(files[0])["rho"][0] == 1 / 3 and "0.33 " in files[1].read_text()
    with pytest.raises(UnknownName, match="table format"):
        write_table(TABLE, tmp_path / "x", formats=("html",))
    with pytest.raises(ProbekitError, match="digits"):
        to_latex(TABLE, digits=-1)


def test_a_row_that_begins_with_a_bracket_or_a_star_is_no_option_of_the_line_before():
    latex = to_latex(pd.DataFrame({"token": ["a", "[CLS]", "*", " [x"], "n": [1, 2, 3, 4]}))
    rows = [line for line in latex.splitlines() if line.endswith(r"\\")][1:]
    assert rows == [r"a & 1 \\", r"{}[CLS] & 2 \\", r"{}* & 3 \\", r"{} [x & 4 \\"]
