"""How the study of Toshniwal et al. 2020 reads its rows: how an encoder was used, scores and recalls over documents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.span_representations import STUDY, TUNED_UNITS

from probekit.probes.span_names import METHODS
from probekit.report import NotTestable, View
from probekit.report.view import is_generated, matching, prepared, remembered
from probekit.scores import Comparison

from ._span_representations_documents import Documents, Place, tested

LABEL, DETECTION = "constituent label", "constituent detection"
ENTITY, ROLE = "entity label", "semantic role"
MENTION, COREFERENCE = "mention detection", "coreference arc"
TASKS = (LABEL, DETECTION, ENTITY, ROLE, MENTION, COREFERENCE)
FROZEN, UNIFORM, SINGLE, TUNED = "frozen", "uniform", "single layer", "fine-tuned"
CUT = "frozen, smaller cut"  # what fine-tuning is set beside: as many training units
# Gold units that a label needs for its recall to be read: the paper asks as many of its constituents.
LEAST = 100
COMMONEST = 20  # roles that the paper's table is chosen among
# The paper scores every task by micro-F; for tasks of yes and no it is that of `yes`.
METRICS = ("micro_f1", "f1_yes")
TRIVIAL = ("majority", "all-yes")
SHOWN = {"all-mpnet-base-v2": "MPNet", "multilingual-e5-small": "multilingual"}


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

    @remembered
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
    rows["encoder"] = rows["encoder"].map({name: shown(name) for name in rows["encoder"].unique()})
    encoder = shown(encoder) or _commonest(rows)
    chosen = _most_asked(rows[rows["encoder"].eq(encoder)]) | dict(corpora or {})
    rows["chosen"] = rows["task"].map(chosen).eq(rows["dataset"])
    own = {"chosen": True, "title": TASKS, "split": "test", "subset": "", "metric": METRICS}
    title = f"{encoder}; {', '.join(sorted(set(chosen.values())))}"
    of_title = {task.removeprefix("span/").replace("-", " "): dataset for task, dataset in chosen.items()}
    return SpanView(rows, title=title, encoder=encoder, corpora=of_title, scores=matching(rows, own))


def shown(encoder: str) -> str:
    """What figures call an encoder: a folder that has a name of its own without its digest."""
    return SHOWN.get(re.sub("-[0-9a-f]{8}$", "", encoder.removeprefix("hf:")), encoder)


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


def commonest(table: pd.DataFrame) -> pd.DataFrame:
    """Roles among the 20 commonest, as in the paper."""
    return table.loc[table["n"].nlargest(COMMONEST).index].sort_values("difference", ascending=False)


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
