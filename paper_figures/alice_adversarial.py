"""Pereira et al. 2020: Table 3 in our form, attacks of growing radius, smoothness, step times, layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.alice_adversarial import STUDY

from probekit.report import NotTestable, bars, curves
from probekit.specs import parse

from ._alice_adversarial_view import COSMOS, MAIN, MCTACO, METRICS, OBJECTIVES, ORDER, WHOLE, ObjectiveView, views
from ._tuned_view import BILSTM, MINILM, SEARCH_SEED, in_points, intervals, layer_changes, means

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "views"]


def answers(v: ObjectiveView, split: str = "test") -> pd.DataFrame:
    """Main metrics of the runs, means over seeds in points."""
    rows = v.runs(split=split, metric=list(METRICS))
    keep = [metric in MAIN.get(corpus, ()) for corpus, metric in zip(rows["corpus"], rows["metric"], strict=True)]
    table = means(rows[keep], ["corpus", "model", "method", "metric"])
    table = table.sort_values(["corpus", "model", "metric", "method"], key=places, ignore_index=True)
    return in_points(table)


def places(column: pd.Series) -> pd.Series:
    """Objectives in the paper's order, other names by the alphabet."""
    return column.map(ORDER.index) if column.name == "method" else column


def panel(table: pd.DataFrame) -> pd.Series:
    return table["corpus"] + ", " + table["model"]


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-3")
def by_objective(v: ObjectiveView) -> Figure:
    """The paper's table on the test parts, as bars with intervals."""
    table = answers(v)
    table = table.assign(
        score=[
            f"{corpus} {METRICS[metric]}\n(trivial {trivial:.1f})"
            for corpus, metric, trivial in zip(table["corpus"], table["metric"], table["trivial"], strict=True)
        ]
    )
    return bars(
        table,
        "score",
        colours="method",
        panels="model",
        low="low",
        high="high",
        across=1,
        x_order=list(dict.fromkeys(table["score"])),
        colour_order=[name for name in ORDER if name in set(table["method"])],
        x_label="",
        label="%, higher is better",
        title="Table 3. Four objectives on test parts (trivial: the best constant answer); "
        f"{intervals(table, 'questions')}",
    )


@STUDY.figure("figure-attack")
def under_attack(v: ObjectiveView) -> Figure:
    """Accuracy where input vectors are moved against the label."""
    rows = v.runs(metric="attacked_accuracy")
    rows = rows.assign(radius=rows["subset"].str.removeprefix("radius=").astype(float), panel=panel(rows))
    table = in_points(means(rows, ["panel", "method", "radius"]))
    return curves(
        table,
        "radius",
        lines="method",
        panels="panel",
        low="low",
        high="high",
        line_order=[name for name in ORDER if name in set(table["method"])],
        x_label="radius of the attack (1: mean size of a component)",
        label="accuracy, %",
        title="Accuracy under an attack of three steps (60 questions or texts; higher is better); "
        f"{intervals(rows, 'units')}",
    )


@STUDY.figure("figure-smooth")
def smoothness(v: ObjectiveView) -> Figure:
    """KL of clean and moved answers, and how confident the clean ones are."""
    names = {"mean_kl": "KL of clean and moved answers, nats (lower is smoother)", "mean_confidence": "confidence"}
    rows = v.runs(metric=list(names))
    rows = rows.assign(where=panel(rows), measure=rows["metric"].map(names))
    table = means(rows, ["where", "method", "measure"])
    table["low"] = table["low"].clip(lower=0)  # neither measure is below 0
    return bars(
        table,
        "where",
        colours="method",
        panels="measure",
        low="low",
        high="high",
        across=1,
        panel_order=list(names.values()),
        colour_order=[name for name in ORDER if name in set(table["method"])],
        label="mean over units",
        title=f"Smoothness at radius 0.1, and confidence beside it; {intervals(rows, 'units')}",
    )


@STUDY.figure("figure-times", once=True)
def step_times(v: ObjectiveView) -> Figure:
    """What a step costs."""
    rows = v.needs(metric="step_ratio").rename(columns={"ci_low": "low", "ci_high": "high"})
    rows = rows[["method", "value", "low", "high"]]
    return bars(
        rows,
        "method",
        low="low",
        high="high",
        x_order=[name for name in ORDER if name in set(rows["method"])],
        label="times a step of plain tuning (1)",
        title="Processor time of a step, MiniLM on MC-TACO, batches of 32 (lower is better); "
        "95 % intervals over five repeats",
    )


@STUDY.figure("figure-layers", once=True)
def knowledge(v: ObjectiveView) -> Figure:
    """Change of what probes tell of sentences and words, by layer, after tuning against before."""
    rows = v.needs(probe=["ridge", "logistic"])
    return layer_changes(rows, objective_of, ORDER, "What tuning MiniLM on MC-TACO changes in what 300 sentences tell")


def objective_of(encoder: str) -> str:
    """The objective of the tuning in an encoder's name, empty where there is none."""
    steps = parse(encoder).steps
    found = str(steps[-1].kwargs.get("objective", "standard")) if steps else ""
    return OBJECTIVES.get(parse(found).name, found) if found else ""


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table(
    "table-3",
    caption="Main measures x 100 on dev and test, means over seeds with 95 % intervals; trivial: the best constant "
    "answer",
    digits=1,
)
def table_3(v: ObjectiveView) -> pd.DataFrame:
    parts = [answers(v, split).assign(split=split) for split in ("dev", "test")]
    return pd.concat(parts)[
        ["corpus", "model", "split", "method", "metric", "value", "low", "high", "seeds", "trivial"]
    ]


@STUDY.table(
    "radius",
    caption="The choice of the radius, by a rule made after these scores had been seen: ADV with a BiLSTM on the "
    "development part of MC-TACO, one run each; trivial: the best constant answer",
    digits=1,
)
def radii(v: ObjectiveView) -> pd.DataFrame:
    rows = v.needs(seed=SEARCH_SEED, split="dev", metric=["question_f1", "question_em"])
    rows = rows.assign(**{name: 100 * rows[name] for name in ("value", "ci_low", "ci_high", "trivial")})
    rows["radius"] = [float(parse(text).kwargs.get("radius", 0)) for text in rows["objective"]]
    rows = rows.sort_values(["metric", "radius"], ignore_index=True)
    return rows[["metric", "objective", "value", "ci_low", "ci_high", "trivial"]]


# --- beside the paper --------------------------------------------------------------------------------


OURS = {MCTACO: "40 of the sentences", WHOLE: "all its sentences", COSMOS: "240 paragraphs of the validation part"}


@STUDY.beside(digits=1)
def ours(v: ObjectiveView, line: dict[str, Any]) -> dict[str, Any]:
    """MC-TACO and CosmosQA with MiniLM, else the BiLSTM, and what a step costs; everything else is not at hand."""
    if line["metric"] == "time_ratio":
        row = v.row(metric="step_ratio", method="ALICE")
        return {"ours": float(row["value"]), "n": int(row["n_test"]), "note": "processor time of a step, MiniLM"}
    corpus, split = line["dataset"], line["setting"].partition(" ")[0]
    if corpus not in OURS:
        raise NotTestable(f"{corpus} is not at hand")
    name = {"standard fine-tuning": "standard"}.get(line["method"], line["method"])
    if name not in ORDER:
        raise NotTestable(f"{line['method']} is not at hand")
    metric = {"EM": "question_em", "F1": "question_f1"}.get(line["metric"], "accuracy")
    where = {"method": name, "metric": metric, "split": split}
    if corpus == MCTACO and not v.only(**where, corpus=WHOLE).empty:
        corpus = WHOLE
    rows = v.runs(**where, corpus=corpus)
    model = MINILM if MINILM in set(rows["model"]) else BILSTM
    rows = rows[rows["model"].eq(model)]
    note = f"{model}, {OURS[corpus]}; a constant answer reaches {100 * rows['trivial'].mean():.1f}"
    return {"ours": 100 * float(rows["value"].mean()), "n": int(rows["n_test"].iloc[0]), "note": note}
