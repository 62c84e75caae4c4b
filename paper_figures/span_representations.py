"""Toshniwal et al. 2020: Figures 2-5, Tables 1-5, single layers and seeds, the paper's numbers beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY, TUNED_UNITS

from probekit.probes.span_names import BOUNDARY, ENTIRE, METHODS
from probekit.report import NotTestable, View, bars, counterpart, curves, heatmap
from probekit.report.view import is_generated, matching, prepared
from probekit.scores import Comparison

from ._span_representations_documents import Documents, Place, tested

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
CUT = "frozen, smaller cut"  # what fine-tuning is set beside: as many training units
# The paper scores every task by micro-F; for tasks of yes and no it is that of `yes`.
METRICS = ("micro_f1", "f1_yes")
# Gold units that a label needs for its recall to be read: the paper asks as many of its constituents.
LEAST = 100
SIZES = ["task", "dataset", "n_train", "n_test"]
COMMONEST = 20  # roles that the paper's table is chosen among
TRIVIAL = ("majority", "all-yes")
F = "test F, hundredths"
BY_TASK: dict[str, Any] = {"panels": "title", "panel_order": TASKS}


@dataclass(eq=False, kw_only=True)
class SpanView(View):
    """Rows of every corpus, with `title` (of the task), `method`, `way` (frozen, uniform, single layer, fine-tuned) and
    `chosen`, whether a row is of the corpus that stands for its task.

    encoder: the one that stands for the paper's. corpora: the corpus of each task, by title. scores: the tasks' own
    metrics on test units, of the corpora chosen.
    """

    encoder: str
    corpora: dict[str, str]
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

    # --- over documents

    @cached_property
    def pretrained(self) -> list[str]:
        """Pretrained encoders with layers that were read frozen, the view's own first."""
        rows = matching(self.scores, {"way": FROZEN, "layers": "mix"})
        names = {name for name in rows["encoder"] if not name.startswith("random:")}
        return sorted(names, key=lambda name: (name != self.encoder, name))

    def asked(self, *tasks: str) -> list[str]:
        """Pretrained encoders that were asked all of some tasks, the view's own first; that alone where none was."""
        rows = matching(self.scores, {"way": FROZEN, "layers": "mix", "title": tasks})
        of = rows.groupby("encoder")["title"].nunique()
        return [name for name in self.pretrained if of.get(name, 0) == len(set(tasks))] or [self.encoder]

    @cached_property
    def documents(self) -> Documents:
        """Decisions by document of all corpora and parts, for the ways that claims read. NotTestable for none."""
        ways = [FROZEN, UNIFORM, TUNED, CUT]
        try:
            lines = self.below("counts", title=TASKS, way=ways, metric=METRICS, subset="", control="")
        except NotTestable as reason:
            raise NotTestable(f"verdicts rest on decisions by document: {reason}") from None
        return Documents(lines)

    def trivial(self, task: str) -> float:
        """The best of the answers that read nothing, in hundredths. Raises NotTestable where none was asked."""
        rows = matching(self.scores, {"title": task, "control": TRIVIAL})
        if rows.empty:
            raise NotTestable(f"no trivial answer to {task} was scored (the controls majority and all-yes)")
        return 100 * float(rows["value"].max())

    def drawn(self, task: str, way: str = FROZEN, encoder: str = "") -> dict[str, np.ndarray]:
        """Scores of each method on the documents and on draws of them (see `Documents`).

        Raises NotTestable for what was not run, and for a method that is no better than the trivial answer.
        """
        found = {}
        for method in METHODS:
            found[method] = self.documents.score(self.place(task, method, way, encoder))
            if found[method][0] <= self.trivial(task):
                score = f"{found[method][0]:.1f} where the trivial answer has {self.trivial(task):.1f}"
                raise NotTestable(f"{method} on {encoder or self.encoder} did not learn {task} ({way}): {score}")
        return found

    def place(self, task: str, method: str, way: str = FROZEN, encoder: str = "", split: str = "test") -> Place:
        """Where a method's decisions are kept, of the task's corpus and the view's encoder unless another is named."""
        if task not in self.corpora:
            raise NotTestable(f"no score of {task}")
        return Place(task, self.corpora[task], encoder or self.encoder, way, method, split)

    def tested(self, values: np.ndarray, *tasks: str) -> Comparison:
        """A quantity of the test documents of some tasks, with its interval."""
        units = {self.unit(self.corpora[task]) for task in tasks}
        size = self.documents.size([(self.corpora[task], "test") for task in tasks])
        return tested(values, size, units.pop() if len(units) == 1 else "document or sentence")

    def unit(self, dataset: str) -> str:
        """What is resampled of a corpus: its documents, or its sentences where it does not say which they are of."""
        return str(self.rows.loc[self.rows["dataset"].eq(dataset), "groups"].mode().iloc[0])

    def cut_short(self, *tasks: str, **where: Any) -> str:
        """What training ended while it still improved, as a claim must say of what it reads; or ""."""
        infos = [json.loads(text) for text in self.of(title=tasks, **where)["info"]]
        rising = sum(bool(info.get("best_is_last", True)) for info in infos)
        return (
            f"{rising} of {len(infos)} trainings ended at their best step: a larger budget may change this"
            if rising
            else ""
        )

    def recall_difference(
        self, task: str, more: Sequence[str], less: Sequence[str], split: str = "test", dataset: str = ""
    ) -> pd.DataFrame:
        """Recall of some methods minus that of others by label, in hundredths, with intervals over documents.

        Index: labels. Columns: difference, low, high, n (gold units), unit, documents.
        """
        places = [[self._of(task, method, split, dataset) for method in some] for some in (more, less)]
        gold = self.documents.gold(places[0][0])
        part = places[0][0].part
        found = {}
        for label in gold[gold > 0].index:
            values = np.subtract(*(self.documents.recall(some, label) for some in places))
            one = tested(values, self.documents.size([part]), self.unit(part[0]))
            found[label] = (one.difference, one.low, one.high, int(gold[label]), one.unit, one.n)
        columns = ["difference", "low", "high", "n", "unit", "documents"]
        table = pd.DataFrame.from_dict(found, orient="index", columns=columns).rename_axis("label")
        if task == ROLE:  # as the paper writes them
            table.index = table.index.str.upper().str.replace(r"^(C-|R-)?A(?=[0-9M])", r"\1ARG", regex=True)
        return table.sort_values("difference", ascending=False)

    def _of(self, task: str, method: str, split: str, dataset: str) -> Place:
        place = self.place(task, method, split=split)
        return replace(place, dataset=dataset or place.dataset)

    def layer_weights(self, *tasks: str, **where: Any) -> pd.DataFrame:
        """Learned layer weights: title, encoder, method, seed, layer, value."""
        found = [
            (line["title"], line["encoder"], line["method"], line["seed"], layer, weight)
            for line in self.of(title=tasks, **where).to_dict("records")
            for layer, weight in enumerate(json.loads(line["info"]).get("layer_weights", []))
        ]
        if not found:
            raise NotTestable(f"no layer weights for {', '.join(tasks)}")
        return pd.DataFrame(found, columns=["title", "encoder", "method", "seed", "layer", "value"])


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
    of_title = {task.removeprefix("span/").replace("-", " "): dataset for task, dataset in chosen.items()}
    return SpanView(rows, title=title, encoder=encoder, corpora=of_title, scores=matching(rows, own))


def _ways(rows: pd.DataFrame) -> np.ndarray:
    """How an encoder was used. A static table counts as frozen: it has one layer, and nothing to mix."""
    has = rows["setting"].str.contains
    cases = [rows["encoder"].eq(""), has("tuned=true"), has("layers=uniform"), rows["layer"].notna()]
    cases.append(has(rf"train={TUNED_UNITS}(?:;|$)"))
    return np.select(cases, ["", TUNED, UNIFORM, SINGLE, CUT], FROZEN)


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
    return _over_layers(
        v,
        _over(v.layer_weights(LABEL, ROLE, COREFERENCE)),
        label="learned weight",
        title="Figure 4. Layers that each task takes from",
    )


@STUDY.figure("figure-5")
def layers_of_encoders(v: SpanView) -> Figure:
    """Learned weights over layers for coreference, a panel an encoder, a line a method."""
    names = {name: name.replace("random:", "random ") for name in _encoders(v)}
    weights = v.layer_weights(COREFERENCE, encoder=list(names), method=["attn", "max", "endpoint"])
    weights = _over(weights.assign(encoder=weights["encoder"].map(names)))
    own = {"panels": "encoder", "panel_order": list(names.values()), "x_label": "layer (0 = embeddings)"}
    title = "Figure 5. Coreference: layer weights by encoder"
    return _over_layers(v, weights, label="learned weight", title=title, **own)


@STUDY.figure("figure-layers")
def single_layers(v: SpanView) -> Figure:
    means = v.of(way=SINGLE).groupby(["title", "method", "layer"])["value"].mean().mul(100).reset_index()
    if means.empty:
        raise NotTestable("no single layer was run")
    return _over_layers(v, means, label=F, title="Where the information sits: single layers (ours)")


def _over(weights: pd.DataFrame) -> pd.DataFrame:
    """Layer weights, means over seeds, and what each layer has where all weigh the same."""
    means = weights.groupby(["title", "encoder", "method", "layer"], sort=False)["value"].mean().reset_index()
    equal = (1 / means.groupby(["title", "encoder"], sort=False)["layer"].nunique()).rename("value").reset_index()
    return pd.concat([means, equal.assign(method="equal weights")], ignore_index=True)


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


def commonest(table: pd.DataFrame) -> pd.DataFrame:
    """Roles among the 20 commonest, as in the paper."""
    return table.loc[table["n"].nlargest(COMMONEST).index].sort_values("difference", ascending=False)


@STUDY.table("table-3", caption="Constituents: recall of endpoint minus max, all development units", digits=1)
def constituents(v: SpanView) -> pd.DataFrame:
    """Labels of every corpus with constituents; `read`: whether enough gold units are there to be read."""
    found = [table.reset_index().assign(dataset=name) for name, table in by_constituent(v).items()]
    table = pd.concat(found, ignore_index=True)
    return table.assign(read=np.where(table["n"] >= LEAST, "yes", f"below {LEAST}"))


def by_constituent(v: SpanView) -> dict[str, pd.DataFrame]:
    """Recall of endpoint minus max by label, of each corpus whose constituents both methods were asked."""
    datasets = dict.fromkeys([v.corpora.get(LABEL, ""), *v.rows.loc[v.rows["title"].eq(LABEL), "dataset"]])
    found = {}
    for dataset in filter(None, datasets):
        with suppress(NotTestable):
            found[dataset] = v.recall_difference(LABEL, ["endpoint"], ["max"], "dev", dataset)
    if not found:
        raise NotTestable("no decisions on development constituents by endpoint and max")
    return found


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
