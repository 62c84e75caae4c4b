"""Toshniwal et al. 2020: Figures 2-5, Tables 1-5, single layers and seeds, the paper's numbers beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY

from probekit.probes.span_names import BOUNDARY, ENTIRE, METHODS
from probekit.report import NotTestable, View, bars, counterpart, curves, heatmap
from probekit.report.view import is_generated, matching, prepared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABEL, DETECTION = "constituent label", "constituent detection"
ENTITY, ROLE = "entity label", "semantic role"
MENTION, COREFERENCE = "mention detection", "coreference arc"
TASKS = (LABEL, DETECTION, ENTITY, ROLE, MENTION, COREFERENCE)
PAPER_TASKS = {
    "constituent labeling": LABEL,
    "coreference arc prediction": COREFERENCE,
    "named entity labeling": ENTITY,
    "semantic role labeling": ROLE,
}
FROZEN, UNIFORM, SINGLE, TUNED = "frozen", "uniform", "single layer", "fine-tuned"
# The paper scores every task by micro-F; for tasks of yes and no it is that of `yes`.
METRICS = ("micro_f1", "f1_yes")
# Gold units that a label needs for its recall to be read; the paper asks 100 of its constituents.
LEAST = 20
F = "test F, hundredths"
BY_TASK: dict[str, Any] = {"panels": "title", "panel_order": TASKS}


@dataclass(eq=False, kw_only=True)
class SpanView(View):
    """Rows of every corpus, with `title` (of the task), `method`, `way` (frozen, uniform, single layer, fine-tuned) and
    `chosen`, whether a row is of the corpus that stands for its task.

    encoder: the one that stands for the paper's. scores: the tasks' own metrics on test units, of the corpora chosen.
    """

    encoder: str
    scores: pd.DataFrame

    @property
    def generated(self) -> bool:
        return bool(is_generated(self.scores).any())

    @property
    def n(self) -> int:
        """Test units behind the main scores, over all tasks."""
        return int(self.of().drop_duplicates("task")["n_test"].sum())

    def of(self, **where: Any) -> pd.DataFrame:
        """Scores of the encoder, frozen, unless other values of these are asked."""
        return matching(self.scores, {"way": FROZEN, "encoder": self.encoder, **where})

    def by_method(self, task: str, way: str = FROZEN, methods: Sequence[str] = METHODS) -> pd.Series:
        """Means over seeds in hundredths of each of some methods, the best first."""
        found = 100 * self.of(title=task, way=way).groupby("method")["value"].mean().reindex([*methods])
        if found.isna().any():
            raise NotTestable(f"no {way} score of {found.index[found.isna()][0]} for {task}")
        return found.sort_values(ascending=False, kind="stable")

    def recall_difference(
        self, task: str, more: Sequence[str], less: Sequence[str], split: str = "test", least: int = LEAST
    ) -> pd.DataFrame:
        """Recall of some methods minus that of others, in hundredths, by label with at least so many gold units."""
        own = {"chosen": True, "title": task, "metric": "recall", "way": FROZEN, "encoder": self.encoder}
        rows = self.only(**own, split=split, method=[*more, *less])
        if not {*more, *less} <= set(rows["method"]):
            raise NotTestable(f"no recalls of labels for {task} ({split})")
        rows = rows.assign(label=rows["subset"].str.removeprefix("label="))
        # Pooled over methods and seeds, whose gold units are the same.
        one, two = (100 * matching(rows, {"method": m}).groupby("label")["value"].mean() for m in (more, less))
        table = pd.DataFrame({"difference": one - two, "n": rows.groupby("label")["n_test"].first().astype(int)})
        return table[table["n"] >= least].dropna().sort_values("difference", ascending=False)

    def layer_weights(self, *tasks: str, **where: Any) -> pd.DataFrame:
        """Learned layer weights, means over seeds: title, encoder, method, layer, value."""
        found = [
            (line["title"], line["encoder"], line["method"], layer, weight)
            for line in self.of(title=tasks, **where).to_dict("records")
            for layer, weight in enumerate(json.loads(line["info"]).get("layer_weights", []))
        ]
        if not found:
            raise NotTestable(f"no layer weights for {', '.join(tasks)}")
        table = pd.DataFrame(found, columns=["title", "encoder", "method", "layer", "value"])
        return table.groupby(["title", "encoder", "method", "layer"], sort=False)["value"].mean().reset_index()


@STUDY.view
def view(df: pd.DataFrame, encoder: str = "", corpora: Mapping[str, str] | None = None) -> SpanView:
    """One encoder (default the commonest), and one corpus a task (default the one that was asked in most ways)."""
    rows = prepared(df[df["task"].astype(str).str.startswith("span/")])
    rows["title"] = rows["task"].str.removeprefix("span/").str.replace("-", " ")
    rows["method"] = rows["pooling"].str.removeprefix("span(").str.removesuffix(")")
    rows["way"] = _ways(rows)
    encoder = encoder or _commonest(rows)
    chosen = _most_asked(rows[rows["encoder"].eq(encoder)]) | dict(corpora or {})
    rows["chosen"] = rows["task"].map(chosen).eq(rows["dataset"])
    own = {"chosen": True, "title": TASKS, "split": "test", "subset": "", "metric": METRICS}
    title = f"{encoder}; {', '.join(sorted(set(chosen.values())))}"
    return SpanView(rows, title=title, encoder=encoder, scores=matching(rows, own))


def _ways(rows: pd.DataFrame) -> np.ndarray:
    """How an encoder was used. A static table counts as frozen: it has one layer, and nothing to mix."""
    has = rows["setting"].str.contains
    cases = [rows["encoder"].eq(""), has("tuned=true"), has("layers=uniform"), rows["layer"].notna()]
    return np.select(cases, ["", TUNED, UNIFORM, SINGLE], FROZEN)


def _commonest(rows: pd.DataFrame) -> str:
    """The encoder of most rows, of trained ones with frozen scores where there are any."""
    own = rows[rows["encoder"].ne("")]
    if own.empty:
        raise NotTestable("no row of a span task with an encoder")
    main = own[own["way"].eq(FROZEN) & ~own["encoder"].str.startswith(("random:", "static:", "glove"))]
    return str((own if main.empty else main)["encoder"].value_counts().index[0])


def _most_asked(rows: pd.DataFrame) -> dict[str, str]:
    """The corpus of each task that was asked in most ways; of equals the first by name."""
    ways = rows.groupby(["task", "dataset"])["setting"].nunique()
    return {str(task): str(part.droplevel("task").idxmax()) for task, part in ways.groupby("task")}


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
    rows = v.of(way=[FROZEN, TUNED], title=tuned)
    title = f"Figure 3. {v.encoder} frozen and fine-tuned"
    return _methods_by("way", rows, [FROZEN, TUNED], across=len(tuned), title=title)


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
    weights = v.layer_weights(LABEL, ROLE, COREFERENCE)
    return _over_layers(v, weights, label="learned weight", title="Figure 4. Layers that each task takes from")


@STUDY.figure("figure-5")
def layers_of_encoders(v: SpanView) -> Figure:
    """Learned weights over layers for coreference, a panel an encoder, a line a method."""
    names = {name: name.replace("random:", "random ") for name in _encoders(v)}
    weights = v.layer_weights(COREFERENCE, encoder=list(names), method=["attn", "max", "endpoint"])
    weights["encoder"] = weights["encoder"].map(names)
    own = {"panels": "encoder", "panel_order": list(names.values()), "x_label": "layer (0 = embeddings)"}
    title = "Figure 5. Coreference: layer weights by encoder"
    return _over_layers(v, weights, label="learned weight", title=title, **own)


@STUDY.figure("figure-layers")
def single_layers(v: SpanView) -> Figure:
    means = v.of(way=SINGLE).groupby(["title", "method", "layer"])["value"].mean().mul(100).reset_index()
    if means.empty:
        raise NotTestable("no single layer was run")
    return _over_layers(v, means, label=F, title="Where the information sits: single layers (ours)")


def _over_layers(v: SpanView, table: pd.DataFrame, **options: Any) -> Figure:
    usual = {**BY_TASK, "line_order": _methods(table), "x_label": f"layer of {v.encoder} (0 = embeddings)"}
    return curves(table, "layer", lines="method", **(usual | options))


@STUDY.figure("figure-seeds")
def over_seeds(v: SpanView) -> Figure:
    rows = v.of()
    table = rows.groupby(["title", "method"])["value"].agg(value="mean", low="min", high="max").mul(100).reset_index()
    title = f"Span methods on {v.encoder}, whiskers least and greatest of {rows['seed'].nunique()} seeds (ours)"
    return bars(table, "method", low="low", high="high", x_order=_methods(table), label=F, title=title, **BY_TASK)


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="Sizes of the tasks", digits=1)
def sizes(v: SpanView) -> pd.DataFrame:
    rows = v.of().drop_duplicates("task").sort_values("title", key=lambda titles: titles.map(TASKS.index))
    return rows.assign(task=rows["title"])[["task", "dataset", "n_train", "n_test"]].reset_index(drop=True)


@STUDY.table("table-2", caption="Semantic roles: recall of boundary minus entire-span methods", digits=1)
def roles(v: SpanView) -> pd.DataFrame:
    """Roles among the 20 commonest."""
    table = v.recall_difference(ROLE, BOUNDARY, ENTIRE)
    return table.loc[table["n"].nlargest(20).index].sort_values("difference", ascending=False).reset_index()


@STUDY.table("table-3", caption="Constituents: recall of endpoint minus max, development units", digits=1)
def constituents(v: SpanView) -> pd.DataFrame:
    return v.recall_difference(LABEL, ["endpoint"], ["max"], "dev").reset_index()


@STUDY.table("table-4", caption="Coreference: learned and uniform layer weights", digits=2)
def worth_of_weights(v: SpanView) -> pd.DataFrame:
    table = pd.DataFrame({"learned": v.by_method(COREFERENCE), "uniform": v.by_method(COREFERENCE, UNIFORM)})
    return table.assign(gain=table["learned"] - table["uniform"]).loc[[*METHODS]].reset_index()


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
    return by.agg(mean="mean", least="min", greatest="max").mul(100).assign(seeds=by.size()).reset_index()


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
    table = v.recall_difference(task, more, less, split, least=1)
    label = line["setting"].partition("label=")[2]
    if label not in table.index:
        raise NotTestable(f"no gold unit has the label {label} here")
    return table.loc[label, "difference"], table.loc[label, "n"]
