"""Stratos 2017: the losses, similarity over epochs, analogies, and how much of the teacher comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.subword_reconstruction import SETS, STUDY, WORDS

from probekit.report import NotTestable, bars, curves, ends

from ._subword_reconstruction_tagged import beside_tagged
from ._subword_reconstruction_view import GOOGLE, MSR, NAMES, PRINTED, RANDOM, SET_NAMES, TEACHER, SpellingView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUTPUTS = ("relu", "highway", "linear")
SYNTACTIC, SEMANTIC = "syntactic (MSR)", "semantic (Google)"
KINDS = {SYNTACTIC: (MSR, None), SEMANTIC: (GOOGLE, "sem")}


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1", once=True)
def losses(v: SpellingView) -> Figure:
    """The distances of one difference, and of an angle: drawn from their definitions."""
    x = np.linspace(-2, 2, 81)
    of_difference = {"D1, D√2 and D∞: |x|": np.abs(x), "D2: x²": x**2}
    angle = np.linspace(0, 2, 41)
    rows = [
        {"x": at, "value": value, "loss": name, "panel": "difference x in one coordinate"}
        for name, values in of_difference.items()
        for at, value in zip(x, values, strict=True)
    ]
    rows += [
        {"x": at, "value": -np.cos(at * np.pi / 2), "loss": "Dcos", "panel": "angle, in right angles"} for at in angle
    ]
    return curves(
        pd.DataFrame(rows),
        "x",
        lines="loss",
        panels="panel",
        x_label="difference, or angle in right angles",
        label="loss",
        title="Figure 1. The losses, from their definitions",
    )


@STUDY.figure("figure-table-1")
def over_epochs(v: SpellingView) -> Figure:
    """Mean similarity over epochs by distance, teacher and chance as lines."""
    found = []
    for name in v.forms(output="relu"):
        steps = sorted(set(v.scores(form=name, output="relu")["epochs"]))
        found.append({"epochs": 0.0, "line": name, **ends(v.value(form=RANDOM, output="relu"))})
        found += [{"epochs": at, "line": name, **ends(v.value(form=name, output="relu", epochs=at))} for at in steps]
    found.append({"epochs": np.nan, "line": TEACHER, **ends(v.value(form=TEACHER))})
    found.append({"epochs": np.nan, "line": "chance", "value": 0.0, "low": 0.0, "high": 0.0})
    return curves(
        pd.DataFrame(found),
        "epochs",
        lines="line",
        low="low",
        high="high",
        line_order=[*(name for name in NAMES.values() if name in {one["line"] for one in found}), TEACHER, "chance"],
        x_label="epochs of reconstruction",
        label="mean Spearman × 100 of three sets",
        title="Table 1. Word similarity of students that spell, over epochs\n"
        "(higher is better; 95 % intervals over pairs; dashed: the teacher, chance)",
    )


@STUDY.figure("figure-outputs")
def by_output(v: SpellingView) -> Figure:
    """Mean similarity by output after 10 epochs and untrained."""
    table = table_of_outputs(v)
    return bars(
        table,
        "student",
        colours="output",
        low="low",
        high="high",
        x_order=[RANDOM, *(name for name in NAMES.values() if name in set(table["student"]))],
        colour_order=[one for one in OUTPUTS if one in set(table["output"])],
        x_label="",
        label="mean Spearman × 100",
        title="Word similarity by output of the student, untrained and after 10 epochs\n"
        "(higher is better; 95 % intervals over pairs)",
    )


@STUDY.figure("figure-table-2")
def analogies(v: SpellingView) -> Figure:
    """Analogies of teacher, untrained and trained highway students."""
    table = table_2(v)
    return bars(
        table.rename(columns={"accuracy": "value"}),
        "table",
        panels="questions",
        panel_order=list(KINDS),
        low="low",
        high="high",
        x_order=list(dict.fromkeys(table["table"])),
        across=2,
        x_label="",
        label="accuracy × 100",
        title="Table 2. Analogies by 3CosMul, students with the highway output after 10 epochs\n"
        "(higher is better; 95 % intervals over groups of questions)",
    )


@STUDY.figure("figure-reconstruction")
def reconstructed(v: SpellingView) -> Figure:
    """Cosines and neighbours of the teacher that come back over epochs, on trained and held-out words."""
    rows = _reconstruction(v)
    rows = rows[rows["output"].eq("relu") & rows["words"].ne("all")]
    names = [name for name in NAMES.values() if name in set(rows["student"])]
    start = rows[rows["student"].eq(RANDOM)].groupby(["what", "words", "epochs"], as_index=False)[_ENDS].mean()
    rows = pd.concat([rows[rows["student"].ne(RANDOM)], *(start.assign(student=name) for name in names)])
    return curves(
        rows.assign(panel=rows["what"] + ", " + rows["words"]),
        "epochs",
        lines="student",
        panels="panel",
        low="low",
        high="high",
        line_order=names,
        panel_order=[f"{what}, {words}" for what in ("cosines", "neighbours") for words in ("trained", "held out")],
        x_label="epochs of reconstruction",
        label="Spearman, overlap of 10 (× 100)",
        title="What comes back of the teacher: cosines of random pairs and ten nearest words\n"
        "(higher is better; 95 % intervals over pairs and words)",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="Mean Spearman × 100 over epochs with 95 % intervals, each set, pairs", digits=1)
def table_1(v: SpellingView) -> pd.DataFrame:
    """A line for each student and number of epochs, the teacher and the untrained students first."""
    found = [_line(v, TEACHER), _line(v, RANDOM, output="relu", epochs=0.0)]
    for name in v.forms(output="relu"):
        for at in sorted(set(v.scores(form=name, output="relu")["epochs"])):
            found.append(_line(v, name, output="relu", epochs=at))
    return pd.DataFrame(found)


def _line(v: SpellingView, form: str, **where: Any) -> dict[str, Any]:
    rows = v.scores(form=form, **where)
    each = {SET_NAMES[task]: 100 * own["value"].mean() for task, own in rows[rows["task"].isin(SETS)].groupby("task")}
    found = v.value(form=form, **where)
    return {"table": form, "epochs": where.get("epochs", np.nan), **ends(found), **each, "pairs": found.n}


@STUDY.table("outputs", caption="Mean Spearman × 100 by output, untrained (three seeds) and after 10 epochs", digits=1)
def table_of_outputs(v: SpellingView) -> pd.DataFrame:
    found = []
    for output in OUTPUTS:
        for form in (RANDOM, *NAMES.values()):
            where = {"form": form, "output": output, "epochs": 0.0 if form == RANDOM else 10.0}
            try:
                found.append({"student": form, "output": output, **ends(v.value(**where))})
            except NotTestable:
                continue
    if not found:
        raise NotTestable("no student was asked after 10 epochs")
    return pd.DataFrame(found)


@STUDY.table("table-2", caption="Analogies by 3CosMul: accuracy × 100 with 95 % intervals, questions", digits=2)
def table_2(v: SpellingView) -> pd.DataFrame:
    """Of the untrained students the middle one of three seeds, and the least and largest of them."""
    found = []
    for kind, (task, subset) in KINDS.items():
        for form in (TEACHER, RANDOM, *NAMES.values()):
            try:
                row = v.answered(task, form, subset)
            except NotTestable:
                continue
            every = v.scores(task=task, form=form, subset=subset)["value"]
            line = {"questions": kind, "table": form, "accuracy": 100 * row["value"], "low": 100 * row["ci_low"]}
            line |= {"high": 100 * row["ci_high"], "least": 100 * every.min(), "largest": 100 * every.max()}
            found.append({**line, "n": int(row["n_test"])})
    if not found:
        raise NotTestable("analogies were not asked")
    return pd.DataFrame(found)


_WORDS = {"": "all", "words=trained": "trained", "words=held-out": "held out"}


@STUDY.table("reconstruction", caption="Spearman of cosines and shared ten neighbours × 100 by words", digits=1)
def table_of_reconstruction(v: SpellingView) -> pd.DataFrame:
    keys = ["student", "output", "epochs", "words"]
    wide = _reconstruction(v).pivot_table(index=keys, columns="what", values="value").reset_index()
    wide["student"] = pd.Categorical(wide["student"], [RANDOM, *NAMES.values()], ordered=True)
    wide = wide.sort_values(["output", "student", "epochs", "words"])
    return wide.assign(student=wide["student"].astype(str))


_ENDS = ["value", "low", "high"]


def _reconstruction(v: SpellingView) -> pd.DataFrame:
    """Lines of cosines and neighbours (`what`) by student, output, epochs and words, with intervals, × 100."""
    rows = v.lines[v.lines["task"].str.startswith("reconstruction/")]
    if rows.empty:
        raise NotTestable("reconstruction was not asked")
    rows = rows.assign(
        what=rows["task"].str.extract(r"reconstruction/(\w+)")[0],
        words=rows["subset"].map(_WORDS),
        student=rows["form"],
    )
    scaled = {name: 100 * rows[own] for name, own in zip(_ENDS, ("value", "ci_low", "ci_high"), strict=True)}
    return rows.assign(**scaled)[["student", "output", "epochs", "words", "what", *_ENDS]]


# --- beside the paper --------------------------------------------------------------------------------

_NOTE = f"GloVe, {WORDS:,} words x 100, for the paper's teacher; the pairs and questions that it covers"


@STUDY.beside(digits=2)
def ours(v: SpellingView, line: dict[str, Any]) -> dict[str, Any]:
    """The same distance after as many epochs; analogies with the highway output."""
    if line["task"] == "pos tagging":
        return beside_tagged(v, line)
    epochs = dict(part.partition("=")[::2] for part in line["setting"].split(";")).get("reconstruction_epochs")
    form = TEACHER if line["method"] == "teacher" else RANDOM if epochs == "0" else PRINTED[line["method"]]
    if line["task"] == "word similarity":
        where = {} if form == TEACHER else {"output": "relu", "epochs": float(epochs or 0)}
        found = v.value(form=form, **where)
        return {"ours": found.difference, "n": found.n, "note": _NOTE}
    task, subset = KINDS[SYNTACTIC if line["dataset"].startswith("syntactic") else SEMANTIC]
    row = v.answered(task, form, subset)
    return {"ours": 100 * row["value"], "n": int(row["n_test"]), "note": _NOTE}
