"""Toshniwal et al. 2020: Figures 2-5, Tables 1-5, single layers and seeds, the paper's numbers beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY

from probekit.probes.span_names import BOUNDARY, ENTIRE, METHODS
from probekit.report import NotTestable, bars, counterpart, curves, heatmap
from probekit.report.view import matching

from ._span_representations_view import (
    COREFERENCE,
    CUT,
    ENTITY,
    FROZEN,
    LABEL,
    LEAST,
    ROLE,
    SINGLE,
    TASKS,
    TRIVIAL,
    TUNED,
    UNIFORM,
    SpanView,
    by_constituent,
    commonest,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER_TASKS = {
    "constituent labeling": LABEL,
    "coreference arc prediction": COREFERENCE,
    "named entity labeling": ENTITY,
    "semantic role labeling": ROLE,
}
SIZES = ["task", "dataset", "n_train", "n_test"]
F = "test F, hundredths"
BY_TASK: dict[str, Any] = {"panels": "title", "panel_order": TASKS}


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-2")
def methods_and_encoders(v: SpanView) -> Figure:
    """Span methods x encoders, a panel a task, frozen; bars are the greatest value of each row and column."""
    rows = matching(v.scores, {"way": FROZEN, "control": ["", "random-encoder"]})
    # A random form stands beside its own architecture, whose name need not be said again.
    short = {name: "random" if name.startswith("random:") else name.removeprefix("static:") for name in _encoders(v)}
    rows = rows.assign(encoder=rows["encoder"].map(short))
    title = "Figure 2. Span methods and frozen encoders, learned layer weights"
    return _methods_by("encoder", rows, list(short.values()), across=3, title=title, margins=True)


@STUDY.figure("figure-3")
def frozen_and_tuned(v: SpanView) -> Figure:
    tuned = set(v.of(way=TUNED)["title"])
    if not tuned:
        raise NotTestable("no fine-tuned score")
    rows = v.of(way=[FROZEN, CUT, TUNED], title=tuned)
    ways = [way for way in (FROZEN, CUT, TUNED) if way in set(rows["way"])]
    title = f"Figure 3. {v.encoder} frozen and fine-tuned" + (
        ", on as many units as the smaller cut" if CUT in ways else ""
    )
    return _methods_by("way", rows, ways, across=len(tuned), title=title)


def _methods_by(columns: str, rows: pd.DataFrame, order: list[str], across: int, **options: Any) -> Figure:
    means = rows.groupby(["title", "method", columns])["value"].mean().reset_index()
    options |= {"row_order": _methods(means), "column_order": order, "across": min(across, means["title"].nunique())}
    options |= {"scale": 100, "annotate": ".1f", "label": F, "row_label": "span method"}
    return heatmap(means, "method", columns, **BY_TASK, **options)


def _methods(table: pd.DataFrame) -> list[str]:
    return [*METHODS, *sorted(set(table["method"]) - set(METHODS))]


def _encoders(v: SpanView) -> list[str]:
    """All encoders, the view's own first."""
    return sorted(set(v.scores["encoder"]) - {""}, key=lambda name: (name != v.encoder, name))


@STUDY.figure("figure-4")
def layers_of_tasks(v: SpanView) -> Figure:
    return _over_layers(
        v,
        _over(v.layer_weights(LABEL, ROLE, COREFERENCE)),
        label="learned weight",
        title="Figure 4. Layers that each task takes from (bands: range of the seeds)",
    )


@STUDY.figure("figure-5")
def layers_of_encoders(v: SpanView) -> Figure:
    """Learned weights over layers for coreference, a panel an encoder, a line a method."""
    names = {name: name.replace("random:", "random ") for name in _encoders(v)}
    weights = v.layer_weights(COREFERENCE, encoder=list(names), method=["attn", "max", "endpoint"])
    weights = _over(weights.assign(encoder=weights["encoder"].map(names)))
    own = {"panels": "encoder", "panel_order": list(names.values()), "x_label": "layer (0 = embeddings)"}
    title = "Figure 5. Coreference: layer weights by encoder (bands: range of the seeds)"
    return _over_layers(v, weights, label="learned weight", title=title, **own)


@STUDY.figure("figure-layers")
def single_layers(v: SpanView) -> Figure:
    means = v.of(way=SINGLE).groupby(["title", "method", "layer"])["value"].mean().mul(100).reset_index()
    if means.empty:
        raise NotTestable("no single layer was run")
    return _over_layers(v, means, label=F, title="Where the information sits: single layers (ours)")


def _over(weights: pd.DataFrame) -> pd.DataFrame:
    """Layer weights, means and ranges over seeds, and what each layer has where all weigh the same."""
    means = _with_range(weights, ["title", "encoder", "method", "layer"])
    equal = (1 / means.groupby(["title", "encoder"], sort=False)["layer"].nunique()).rename("value").reset_index()
    return pd.concat([means, equal.assign(method="equal weights")], ignore_index=True)


def _over_layers(v: SpanView, table: pd.DataFrame, **options: Any) -> Figure:
    usual = {**BY_TASK, "line_order": _methods(table), "x_label": f"layer of {v.encoder} (0 = embeddings)"}
    band = {"low": "low", "high": "high"} if "low" in table else {}
    return curves(table, "layer", lines="method", **(usual | band | options))


@STUDY.figure("figure-seeds")
def over_seeds(v: SpanView) -> Figure:
    rows = v.of()
    table = _with_range(rows, ["title", "method"], 100)
    trivial = [{"title": task, "method": "trivial", "value": v.trivial(task)} for task in dict.fromkeys(table["title"])]
    title = f"Span methods on {v.encoder} (ours). Whiskers: range of {rows['seed'].nunique()} seeds; "
    title += "trivial: the commonest answer, or yes to all"
    own: dict[str, Any] = {"x_order": [*_methods(table), "trivial"], "label": F, "title": title, "across": 2}
    return bars(pd.concat([table, pd.DataFrame(trivial)]), "method", low="low", high="high", **own, **BY_TASK)


def _with_range(rows: pd.DataFrame, by: list[str], scale: float = 1.0) -> pd.DataFrame:
    """Means over what `by` does not name, the least as `low`, the greatest as `high`."""
    found = rows.groupby(by, sort=False)["value"].agg(value="mean", low="min", high="max")
    return found.mul(scale).reset_index()


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="Sizes of the tasks", digits=1)
def sizes(v: SpanView) -> pd.DataFrame:
    """Units of each task, and of its spans those that need a word: arguments around their own predicate, or cut."""
    rows = v.of().drop_duplicates("task").sort_values("title", key=lambda titles: titles.map(TASKS.index))
    counts = [json.loads(info) for info in rows["info"]]
    for name in ("around_their_predicate", "cut", "negatives_short"):
        rows[name] = ["" if name not in found else str(found[name]) for found in counts]
    rows = rows.assign(task=rows["title"]).drop(columns="title")
    return rows[[*SIZES, "around_their_predicate", "cut", "negatives_short"]].reset_index(drop=True)


@STUDY.table("table-2", caption="Semantic roles: recall of boundary minus entire-span methods", digits=1)
def roles(v: SpanView) -> pd.DataFrame:
    return commonest(v.recall_difference(ROLE, BOUNDARY, ENTIRE)).reset_index()


@STUDY.table("table-3", caption="Constituents: recall of endpoint minus max, all development units", digits=1)
def constituents(v: SpanView) -> pd.DataFrame:
    """Labels of every corpus with constituents; `read`: whether enough gold units are there to be read."""
    found = [table.reset_index().assign(dataset=name) for name, table in by_constituent(v).items()]
    table = pd.concat(found, ignore_index=True)
    return table.assign(read=np.where(table["n"] >= LEAST, "yes", f"below {LEAST}"))


@STUDY.table("table-4", caption="Coreference: learned and uniform layer weights, gains over documents", digits=2)
def worth_of_weights(v: SpanView) -> pd.DataFrame:
    """Of each encoder that was read with both; the intervals draw test documents."""
    lines = []
    for encoder in v.asked(COREFERENCE):
        with suppress(NotTestable):  # not read with uniform weights, or no better than the trivial answer
            learned, uniform = (v.drawn(COREFERENCE, way, encoder) for way in (FROZEN, UNIFORM))
            for method in METHODS:
                gain = v.tested(learned[method] - uniform[method], COREFERENCE)
                line = {"encoder": encoder, "method": method, "learned": learned[method][0]}
                line |= {"uniform": uniform[method][0], "gain": gain.difference, "low": gain.low, "high": gain.high}
                lines.append(line)
    if not lines:
        raise NotTestable("no encoder was read with learned and with uniform layer weights")
    return pd.DataFrame(lines)


@STUDY.table("table-5", caption="Entities: recall of boundary minus entire-span methods", digits=1)
def entities(v: SpanView) -> pd.DataFrame:
    return v.recall_difference(ENTITY, BOUNDARY, ENTIRE).reset_index()


@STUDY.table("scores", caption="Every score, means over seeds", digits=1)
def every_score(v: SpanView) -> pd.DataFrame:
    """All test scores of every corpus, means and ranges over seeds."""
    rows = v.only(split="test", subset="")
    rows = rows[rows["metric"].ne("recall")]
    rows = rows.assign(layer=rows["layer"].astype(object).where(rows["layer"].notna(), ""))
    by = rows.groupby(["task", "dataset", "encoder", "control", "way", "layer", "method", "metric"])["value"]
    table = by.agg(mean="mean", least="min", greatest="max").mul(100).assign(seeds=by.size()).reset_index()
    same = ["task", "dataset", "metric"]
    floor = table[table["control"].isin(TRIVIAL)].groupby(same)["mean"].max().rename("trivial")
    table = table.join(floor, on=same)
    learned = table["encoder"].eq("") | table["mean"].gt(table["trivial"]) | table["trivial"].isna()
    return table.assign(note=np.where(learned, "", "no better than the trivial answer")).drop(columns="trivial")


@STUDY.table("budgets", caption="How long was trained: steps until the best development score, and at most", digits=0)
def budgets(v: SpanView) -> pd.DataFrame:
    """Of each task and way the budget, the latest best step over methods and seeds, and how often it was the last."""
    rows = v.scores[v.scores["encoder"].ne("")].reset_index(drop=True)
    infos = pd.DataFrame([json.loads(text) for text in rows["info"]])
    if "budget" not in infos:
        raise NotTestable("the rows do not say how long was trained at most")
    rows = rows[["title", "encoder", "way", "n_train"]].join(infos[["budget", "steps", "best_step", "best_is_last"]])
    by = rows.groupby(["title", "encoder", "way", "n_train"], sort=False)
    table = by.agg(
        trainings=("steps", "size"),
        budget=("budget", "max"),
        longest=("steps", "max"),
        latest_best=("best_step", "max"),
        best_was_last=("best_is_last", "sum"),
    )
    return table.reset_index().rename(columns={"title": "task"})


@STUDY.beside(digits=1)
def ours(v: SpanView, line: dict[str, Any]) -> dict[str, Any]:
    """Our one encoder stands for each of the paper's."""
    named = counterpart(line, task=PAPER_TASKS, metric={"micro_f1": _score, "recall_diff": _recall})
    value, n = named["metric"](v, named["task"], line)
    return {"ours": value, "n": n, "our_encoder": v.encoder}


def _score(v: SpanView, task: str, line: Mapping[str, Any]) -> tuple[float, int]:
    way = UNIFORM if "uniform" in line["setting"] else FROZEN
    value = v.by_method(task, way, [line["method"]]).iloc[0]
    return value, v.of(title=task, way=way)["n_test"].max()


def _recall(v: SpanView, task: str, line: Mapping[str, Any]) -> tuple[float, int]:
    split = "dev" if "development" in line["setting"] else "test"
    more, less = (["endpoint"], ["max"]) if line["method"].startswith("endpoint") else (BOUNDARY, ENTIRE)
    table = v.recall_difference(task, more, less, split)
    label = line["setting"].partition("label=")[2]
    if label not in table.index:
        raise NotTestable(f"no gold unit has the label {label} here")
    return table.loc[label, "difference"], table.loc[label, "n"]
