"""Cengiz and Yuret 2020: Tables 2 to 5 in our form, 100 runs of others, the epochs, what layers know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.srl_nli import JOINT, METHODS, ROLES, SEQUENTIAL, SINGLE, STUDY

from probekit.report import NotTestable, bars, curves, heatmap
from probekit.report.claims import published
from probekit.specs import parse

from ._srl_nli_view import (
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
CHANCE = "chance (SICK: the most frequent label)"
CELLS: dict[str, str | list[str]] = {"label": list(LABELS), "subcase": ""}


def spread_of(table: pd.DataFrame, how: str = "whiskers") -> str:
    """What the marks of a figure are."""
    return f"medians over {int(table['runs'].max())} runs, {how} from the least to the most"


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-runs", once=True)
def hundred(v: TransferView) -> Figure:
    """Runs of others in the order of their accuracy, the paper's one beside them."""
    runs = v.others(**CELLS).sort_values("value").reset_index(drop=True)
    runs["order"] = runs.groupby(["heuristic", "label"]).cumcount() + 1
    single, joint = of_paper("single-task").assign(line="the paper, single-task"), of_paper(JOINT)
    table = pd.concat(
        [runs.assign(line="100 runs (McCoy et al. 2020)"), single, joint.assign(line="the paper, with roles")]
    )
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
    table = published(STUDY)
    table = table[table["table"].eq("Table 2") & table["setting"].str.contains("gold")]
    joint = table["method"].str.startswith("multi-task")
    table = table[joint if model == JOINT else table["method"].eq(model)]
    cells = [cell_of(setting.split("; ")) for setting in table["setting"]]
    return pd.DataFrame(cells)[["heuristic", "label"]].assign(value=table["value"].to_numpy())


@STUDY.figure("figure-table-2")
def heat(v: TransferView) -> Figure:
    """The paper's Table 2, medians over runs, the epoch chosen in both ways."""
    table = v.by_cell(HANS, ["heuristic", "label"])
    table = table[table["label"].ne("both")]
    table = table.assign(cell=table["heuristic"].map(SHORT), gold="gold " + table["label"])
    table["model"] = table["method"] + "\n(epoch: " + table["epoch"] + ")"
    return heatmap(
        table,
        "model",
        "cell",
        panels="gold",
        row_order=list(dict.fromkeys(table["model"])),
        column_order=list(SHORT.values()),
        panel_order=[f"gold {label}" for label in LABELS],
        limits=(0, 100),
        annotate=".0f",
        label="accuracy, %",
        title=f"Table 2. HANS by cell, medians over {int(table['runs'].max())} runs (chance 50); "
        "the epoch chosen on HANS's development part or on SICK's",
    )


@STUDY.figure("figure-table-3")
def subcases(v: TransferView) -> Figure:
    """The paper's Table 3."""
    rows = v.chosen(HANS, metric="accuracy", label=NOT)
    table = spread(rows[rows["subcase"].ne("")], ["method", "heuristic", "subcase"])
    table = table.assign(case=table["subcase"].map(SUBCASES))
    named = "five subcases each of lexical overlap, subsequence, constituent"
    return of_methods(table, "case", SUBCASES, "Table 3. Subcases of HANS that are not entailed", x_label=named)


@STUDY.figure("figure-table-4")
def comparisons(v: TransferView) -> Figure:
    """The paper's Tables 4 and 5."""
    table = v.by_cell(COMPARISONS, ["type"])
    table = table[table["type"].ne("mean")]
    table = table.assign(panel="epoch chosen: " + table["epoch"], type=table["type"].map(TYPES))
    return of_methods(table, "type", TYPES, "Tables 4 and 5. Comparisons", panels="panel")


def of_methods(table: pd.DataFrame, x: str, order: Mapping[str, str], title: str, **more: Any) -> Figure:
    """Bars of the methods with their spread, chance between entailed and not at half."""
    shown = {"colours": "method", "colour_order": list(METHODS), "low": "low", "high": "high", "chance": 50, **more}
    title = f"{title}: {spread_of(table)} (chance 50)"
    return bars(table, x, x_order=list(order.values()), label="accuracy, %", title=title, **shown)


@STUDY.figure("figure-epochs")
def by_epoch(v: TransferView) -> Figure:
    """What every epoch adds, in distribution and on challenges."""
    own = v.needs(asked=OWN, metric="accuracy", split="test")
    rows = [own.assign(panel="SICK, test")]
    for label in LABELS:
        part = v.needs(asked=HANS, metric="accuracy", split="test", label=label, subcase="")
        means = part.groupby(["method", "seed", "epoch"])["value"].mean().reset_index()
        rows.append(means.assign(panel=f"HANS, gold {label}"))
    rows.append(v.needs(asked=COMPARISONS, metric="mean_accuracy", split="test").assign(panel=COMPARISONS))
    table = spread(pd.concat(rows), ["panel", "method", "epoch"])
    panels = list(dict.fromkeys(table["panel"]))
    usual = [100 * own["trivial"].mean(), *[50] * (len(panels) - 1)]
    return curves(
        pd.concat([table, pd.DataFrame({"panel": panels, "method": CHANCE, "value": usual})]),
        "epoch",
        lines="method",
        panels="panel",
        low="low",
        high="high",
        line_order=[*METHODS, CHANCE],
        panel_order=panels,
        x_label="passes of the pairs",
        label="accuracy, %",
        title=f"Accuracy after every pass: {spread_of(table, 'bands')}",
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
    runs, lines = v.others(**CELLS), []
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
    return v.by_cell(HANS, ["heuristic", "label"])


@STUDY.table("table-4", caption="Comparisons x 100: median, least and most over runs", digits=1)
def table_4(v: TransferView) -> pd.DataFrame:
    return v.by_cell(COMPARISONS, ["type"])


@STUDY.table(
    "learned", caption="What was learned x 100: SICK by accuracy, roles by F1 of spans; trivial: one label", digits=1
)
def what_was_learned(v: TransferView) -> pd.DataFrame:
    rows = v.chosen(OWN, metric="accuracy").assign(what="inference")
    roles = v.needs(asked=OF_ROLES, split="test", metric="span_f1").assign(what="roles")
    table = spread(pd.concat([rows, roles]), ["what", "method"])
    usual = table["method"].map(100 * rows.groupby("method")["trivial"].mean())
    return table.assign(trivial=usual.where(table["what"].eq("inference")))


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=2)
def ours(v: TransferView, line: dict[str, Any]) -> dict[str, Any]:
    """Medians of our runs, of 100 runs of others for McCoy's; what is not at hand says so."""
    parts = line["setting"].split("; ")
    if line["method"] in (HUNDRED, MCCOY):
        values = v.others(**cell_of(parts))["value"]
        if line["method"] == MCCOY:
            return {"ours": float(values.median()), "n": len(values), "note": "median of 100 runs of others"}
        value = float(values.min() if "minimum over runs" in parts else values.max())
        return {"ours": value, "n": len(values), "note": "of the accuracies that others published by run"}
    if line["task"] == "SRL":
        rows = v.needs(asked=OF_ROLES, split="test", metric="span_f1", method=JOINT)
        return {"ours": 100 * float(rows["value"].median()), "n": int(rows["n_test"].iloc[0]), "note": "roles of EWT"}
    if line["method"] not in PAPER:
        raise NotTestable(f"{line['method']} is not at hand")
    if line["dataset"] == COMPARISONS and "MultiNLI" in line["setting"]:
        raise NotTestable("MultiNLI is not at hand; SICK stands beside the numbers of SNLI")
    asked, scale, digits = (COMPARISONS, 100, 0) if line["dataset"] == COMPARISONS else (HANS, 1, 2)
    metric = "mean_accuracy" if parts[0] == "average" else "accuracy"
    rows = v.chosen(asked, method=PAPER[line["method"]], metric=metric, **cell_of(parts))
    values = scale * rows["value"]
    text = f"median of {len(rows)} runs on SICK, {values.min():.{digits}f} to {values.max():.{digits}f}"
    return {"ours": float(values.median()), "n": int(rows["n_test"].iloc[0]), "note": text}


def cell_of(parts: list[str]) -> dict[str, str]:
    """What our rows call a cell of HANS or Comparisons, a subcase, or the average of the cells."""
    found = {"heuristic": "", "label": "", "subcase": "", "type": ""}
    if parts[0] in TYPES.values():
        return {**found, "type": next(key for key, name in TYPES.items() if name == parts[0])}
    for key, name in HEURISTICS.items():
        if name == parts[0]:
            found |= {"heuristic": key, "label": next(p for p in parts if p.startswith("gold ")).removeprefix("gold ")}
    if len(parts) == 4:
        kind = found["heuristic"][0]
        found["subcase"] = next(key for key, name in SUBCASES.items() if name == parts[1] and key[0] == kind)
    return found
