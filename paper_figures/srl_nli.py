"""Cengiz and Yuret 2020: Tables 2 to 5 in our form, 100 runs of others, the epochs, what layers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.srl_nli import JOINT, METHODS, ROLES, SEQUENTIAL, SINGLE, STUDY

from probekit.report import NotTestable, bars, curves, heatmap
from probekit.specs import parse

from ._srl_nli_view import (
    CHOICES,
    COMPARISONS,
    HANS,
    HEURISTICS,
    LABELS,
    NOT,
    OF_ROLES,
    ORDER,
    OWN,
    SUBCASES,
    TYPES,
    TransferView,
    spread,
    views,
)
from ._tuned_view import layer_changes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "views"]
PAPER = {"single-task": SINGLE, "multi-task (SRL + MultiNLI)": JOINT, "multi-task (SRL + SNLI)": JOINT}
MCCOY, HUNDRED = "McCoy et al. (2019b) BERT", "single-task (McCoy et al. 2019a, 100 runs)"
SHORT = {"lexical_overlap": "lexical", "subsequence": "subseq.", "constituent": "constit."}
SPREAD = "medians over runs, whiskers from the least to the most"


def cells(v: TransferView, choice: str) -> pd.DataFrame:
    """Runs by cell of HANS."""
    rows = v.chosen(HANS, choice, metric="accuracy", subcase="")
    return rows[rows["heuristic"].ne("")]


def named_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A column with the paper's name of each cell."""
    return table.assign(cell=table["heuristic"].map(SHORT), gold="gold " + table["label"])


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-runs", once=True)
def hundred(v: TransferView) -> Figure:
    """Runs of others in the order of their accuracy, the paper's one beside them."""
    runs = v.others(data="hans", subcase="")
    runs = runs[runs["heuristic"].ne("")].sort_values("value").reset_index(drop=True)
    where = ["heuristic", "label"]
    runs["order"] = runs.groupby(where).cumcount() + 1
    lines = [runs.assign(line="100 runs (McCoy et al. 2020)")]
    for name, line in (("the paper, single-task", "single-task"), ("the paper, with roles", JOINT)):
        lines.append(of_paper(line).assign(line=name, order=np.nan))
    table = pd.concat(lines)
    table = table.assign(value=100 * table["value"], panel=table["heuristic"].map(HEURISTICS) + ", " + table["label"])
    return curves(
        table[["order", "value", "line", "panel"]],
        "order",
        lines="line",
        panels="panel",
        panel_order=[f"{HEURISTICS[h]}, {label}" for label in LABELS for h in HEURISTICS],
        x_label="runs in order of accuracy",
        label="accuracy on HANS, %",
        title="100 runs of BERT on MultiNLI that differ in order and head, and the paper's one run of each model",
    )


def of_paper(model: str) -> pd.DataFrame:
    """The paper's Table 2 by cell."""
    from probekit.report.claims import published

    table = published(STUDY)
    table = table[table["table"].eq("Table 2") & table["setting"].str.contains("gold")]
    joint = table["method"].str.startswith("multi-task")
    table = table[joint if model == JOINT else table["method"].eq(model)]
    parts = table["setting"].str.split("; ", expand=True)
    names = {name: key for key, name in HEURISTICS.items()}
    label = parts[1].str.removeprefix("gold ")
    return pd.DataFrame({"heuristic": parts[0].map(names), "label": label, "value": table["value"]})


@STUDY.figure("figure-table-2")
def heat(v: TransferView) -> Figure:
    """The paper's Table 2, medians over runs, the epoch chosen in both ways."""
    parts = []
    for choice in CHOICES:
        table = spread(cells(v, choice), ["method", "heuristic", "label"])
        parts.append(table.assign(model=[f"{method}\n(epoch: {choice})" for method in table["method"]]))
    table = named_cells(pd.concat(parts))
    order = [f"{method}\n(epoch: {choice})" for choice in CHOICES for method in METHODS]
    return heatmap(
        table,
        "model",
        "cell",
        panels="gold",
        row_order=[one for one in order if one in set(table["model"])],
        column_order=list(SHORT.values()),
        panel_order=[f"gold {label}" for label in LABELS],
        limits=(0, 100),
        annotate=".0f",
        label="accuracy, %",
        title="Table 2. HANS by cell, medians over runs; the epoch chosen on HANS's development part or on SICK's",
    )


@STUDY.figure("figure-table-3")
def subcases(v: TransferView) -> Figure:
    """The paper's Table 3."""
    rows = v.chosen(HANS, metric="accuracy", label=NOT)
    table = spread(rows[rows["subcase"].ne("")], ["method", "heuristic", "subcase"])
    table = table.assign(case=table["subcase"].map(SUBCASES))
    return bars(
        table,
        "case",
        colours="method",
        low="low",
        high="high",
        x_order=list(SUBCASES.values()),
        colour_order=list(METHODS),
        x_label="five subcases each of lexical overlap, subsequence, constituent",
        label="accuracy, %",
        title=f"Table 3. Subcases of HANS that are not entailed: {SPREAD}",
    )


@STUDY.figure("figure-table-4")
def comparisons(v: TransferView) -> Figure:
    """The paper's Tables 4 and 5."""
    parts = []
    for choice in CHOICES:
        rows = v.chosen(COMPARISONS, choice, metric="accuracy")
        table = spread(rows[rows["type"].ne("")], ["method", "type"])
        parts.append(table.assign(panel=f"epoch chosen: {choice}", type=table["type"].map(TYPES)))
    return bars(
        pd.concat(parts),
        "type",
        colours="method",
        panels="panel",
        low="low",
        high="high",
        x_order=list(TYPES.values()),
        colour_order=list(METHODS),
        chance=50,
        label="accuracy, %",
        title=f"Tables 4 and 5. Comparisons: {SPREAD} (chance 50)",
    )


@STUDY.figure("figure-epochs")
def by_epoch(v: TransferView) -> Figure:
    """What every epoch adds, in distribution and on challenges."""
    rows: list[pd.DataFrame] = [v.needs(asked=OWN, metric="accuracy", split="test").assign(panel="SICK, test")]
    for label in LABELS:
        part = v.needs(asked=HANS, metric="accuracy", split="test", label=label, subcase="")
        means = part.groupby(["method", "seed", "epoch"])["value"].mean().reset_index()
        rows.append(means.assign(panel=f"HANS, gold {label}"))
    rows.append(v.needs(asked=COMPARISONS, metric="mean_accuracy", split="test").assign(panel="Comparisons"))
    table = spread(pd.concat(rows), ["panel", "method", "epoch"])
    return curves(
        table,
        "epoch",
        lines="method",
        panels="panel",
        low="low",
        high="high",
        line_order=list(METHODS),
        panel_order=list(dict.fromkeys(table["panel"])),
        x_label="passes of the pairs",
        label="accuracy, %",
        title="Accuracy after every pass: medians over runs, bands from the least to the most",
    )


@STUDY.figure("figure-layers", once=True)
def knowledge(v: TransferView) -> Figure:
    """What each training changes in what probes tell of sentences and words, by layer."""
    return layer_changes(v.layers, line_of, ORDER, "What each training changes in what 300 sentences tell")


def line_of(encoder: str) -> str:
    """The training in an encoder's name, "" where there is none."""
    steps = [step for step in parse(encoder).steps if step.name == "tune"]
    if len(steps) == 1:
        return OF_ROLES if steps[0].kwargs.get("task") == ROLES else JOINT if "also" in steps[0].kwargs else SINGLE
    return SEQUENTIAL if steps else ""


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table(
    "runs", caption="Accuracy x 100 on HANS of 100 runs of BERT by others, and where the paper's runs lie", digits=1
)
def of_others(v: TransferView) -> pd.DataFrame:
    runs = v.others(data="hans", subcase="")
    lines = []
    paper = of_paper("single-task").merge(of_paper(JOINT), on=["heuristic", "label"])
    for heuristic, label, single, joint in paper.itertuples(index=False):
        own = runs[runs["heuristic"].eq(heuristic) & runs["label"].eq(label)]
        values = 100 * own["value"]
        found = {"cell": HEURISTICS[heuristic], "gold": label, "least": values.min(), "median": values.median()}
        found |= {"most": values.max(), "deviation": values.std(), "paper single": 100 * single}
        found |= {"runs above it": float((own["value"] > single).sum()), "paper with roles": 100 * joint}
        lines.append({**found, "runs above that": float((own["value"] > joint).sum())})
    return pd.DataFrame(lines)


@STUDY.table(
    "table-2", caption="HANS x 100 by cell and the mean of six cells: median, least and most over runs", digits=1
)
def table_2(v: TransferView) -> pd.DataFrame:
    parts = []
    for choice in CHOICES:
        mean = v.chosen(HANS, choice, metric="mean_accuracy").assign(heuristic="mean", label="both")
        table = spread(pd.concat([cells(v, choice), mean]), ["method", "heuristic", "label"])
        parts.append(table.assign(epoch=choice))
    return pd.concat(parts)[["method", "epoch", "heuristic", "label", "value", "low", "high", "runs"]]


@STUDY.table("table-4", caption="Comparisons x 100: median, least and most over runs", digits=1)
def table_4(v: TransferView) -> pd.DataFrame:
    parts = []
    for choice in CHOICES:
        rows = v.chosen(COMPARISONS, choice, metric=["accuracy", "mean_accuracy"])
        rows = rows[rows["type"].ne("") | rows["metric"].eq("mean_accuracy")]
        rows = rows.assign(type=rows["type"].where(rows["type"].ne(""), "mean"))
        parts.append(spread(rows, ["method", "type"]).assign(epoch=choice))
    return pd.concat(parts)[["method", "epoch", "type", "value", "low", "high", "runs"]]


@STUDY.table(
    "learned", caption="What was learned x 100: SICK by accuracy, roles by F1 of spans; trivial: one label", digits=1
)
def what_was_learned(v: TransferView) -> pd.DataFrame:
    rows = v.chosen(OWN, metric="accuracy").assign(what="inference")
    roles = v.needs(asked=OF_ROLES, split="test", metric="span_f1").assign(what="roles")
    table = spread(pd.concat([rows, roles]), ["what", "method"])
    trivial = rows.groupby("method")["trivial"].mean() * 100
    table["trivial"] = [
        trivial.get(m, np.nan) if w == "inference" else np.nan
        for w, m in zip(table["what"], table["method"], strict=True)
    ]
    return table


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=2)
def ours(v: TransferView, line: dict[str, Any]) -> dict[str, Any]:
    """Medians of our runs, of 100 runs of others for McCoy's; what is not at hand says so."""
    parts = line["setting"].split("; ")
    if line["method"] == HUNDRED:
        runs = v.others(data="hans", heuristic="lexical_overlap", label=NOT, subcase="")
        value = runs["value"].min() if "minimum" in line["setting"] else runs["value"].max()
        return {"ours": float(value), "n": len(runs), "note": "of the accuracies that others published by run"}
    if line["task"] == "SRL":
        rows = v.needs(asked=OF_ROLES, split="test", metric="span_f1", method=JOINT)
        return {"ours": 100 * float(rows["value"].median()), "n": int(rows["n_test"].iloc[0]), "note": "roles of EWT"}
    if line["method"] == MCCOY:
        runs = v.others(data="hans", **{"subcase": "", **cell_of(parts)})
        return {"ours": float(runs["value"].median()), "n": len(runs), "note": "median of 100 runs of others"}
    if line["method"] not in PAPER:
        raise NotTestable(f"{line['method']} is not at hand")
    if line["dataset"] == COMPARISONS and "MultiNLI" in line["setting"]:
        raise NotTestable("MultiNLI is not at hand; SICK stands beside the numbers of SNLI")
    if line["dataset"] == COMPARISONS:
        where = {"metric": "mean_accuracy"} if parts[0] == "average" else {"metric": "accuracy"}
        rows = v.chosen(COMPARISONS, method=PAPER[line["method"]], **where)
        if parts[0] != "average":
            rows = rows[rows["type"].map(TYPES).eq(parts[0])]
        scale = 100
    else:
        where = {"metric": "mean_accuracy"} if parts[0] == "average" else {"metric": "accuracy", **cell_of(parts)}
        rows, scale = v.chosen(HANS, method=PAPER[line["method"]], **where), 1
    if rows.empty:
        raise NotTestable("no rows of that cell")
    low, high = scale * rows["value"].min(), scale * rows["value"].max()
    text = f"median of {len(rows)} runs on SICK, {low:.{0 if scale > 1 else 2}f} to {high:.{0 if scale > 1 else 2}f}"
    return {"ours": scale * float(rows["value"].median()), "n": int(rows["n_test"].iloc[0]), "note": text}


def cell_of(parts: list[str]) -> dict[str, str]:
    """What our rows call a cell or subcase of HANS; nothing of the average."""
    if parts[0] == "average":
        return {"heuristic": "", "label": ""}
    names = {name: key for key, name in HEURISTICS.items()}
    label = next(part for part in parts if part.startswith("gold ")).removeprefix("gold ")
    found = {"heuristic": names[parts[0]], "label": label, "subcase": ""}
    if len(parts) == 4:
        kind = {"lexical overlap": "l", "subsequence": "s", "constituent": "c"}[parts[0]]
        found["subcase"] = next(key for key, name in SUBCASES.items() if name == parts[1] and key[0] == kind)
    return found
