"""Rows of the span study as its figures, tables and claims read them: means over seeds of test scores."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from probekit.report.claims import NotTestable

METHODS = ("avg", "attn", "max", "endpoint", "diffsum", "coherent")
BOUNDARY, ENTIRE = ("endpoint", "diffsum", "coherent"), ("avg", "attn", "max")
LABEL, DETECTION = "span/constituent-label", "span/constituent-detection"
ENTITY, ROLE = "span/entity-label", "span/semantic-role"
MENTION, COREFERENCE = "span/mention-detection", "span/coreference-arc"
TASKS = (LABEL, DETECTION, ENTITY, ROLE, MENTION, COREFERENCE)
TITLES = {
    LABEL: "constituent label", DETECTION: "constituent detection", ENTITY: "entity label", ROLE: "semantic role",
    MENTION: "mention detection", COREFERENCE: "coreference arc",
}  # fmt: skip
# The paper scores every task by micro-F; for tasks of yes and no it is that of `yes`.
METRICS = ("micro_f1", "f1_yes")
FROZEN, UNIFORM, SINGLE, TUNED = "frozen", "uniform", "single layer", "fine-tuned"


@dataclass(frozen=True)
class View:
    """The study's rows. `encoder` is the one that stands for the paper's; `rows` are all, with `method`, `way`
    (frozen, uniform, single layer, fine-tuned) and `short`, the encoder's name in figures, beside their own columns.

    Where a task was asked of several corpora, `corpora` says which one figures and claims take.
    """

    rows: pd.DataFrame
    encoder: str
    corpora: dict[str, str]

    @property
    def datasets(self) -> list[str]:
        return sorted(set(self.corpora.values()))

    @cached_property
    def n(self) -> int:
        """Test units behind the main scores, over all tasks."""
        main = self.of(way=FROZEN, encoder=self.encoder).drop_duplicates("task")
        return int(main["n_test"].sum())

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The task's own metric on test units, of the corpora chosen."""
        rows = self.rows
        chosen = rows["task"].map(self.corpora).eq(rows["dataset"])
        return rows[chosen & rows["split"].eq("test") & rows["subset"].eq("") & rows["metric"].isin(METRICS)]

    def of(self, **values: str | int) -> pd.DataFrame:
        """Scores with some columns at some values."""
        found = self.scores
        for column, value in values.items():
            found = found[found[column].eq(value)]
        return found

    def mean(self, task: str, method: str, way: str = FROZEN, encoder: str = "") -> float:
        """Mean over seeds, in hundredths. Raises NotTestable where there is no row."""
        found = self.of(task=task, method=method, way=way, encoder=encoder or self.encoder)["value"]
        if found.empty or found.isna().all():
            raise NotTestable(f"no {way} score of {method} for {TITLES[task]}")
        return 100 * float(found.mean())

    def means(self, task: str, way: str = FROZEN, encoder: str = "") -> dict[str, float]:
        """`mean` of the six methods."""
        return {method: self.mean(task, method, way, encoder) for method in METHODS}

    def spread(self, task: str, way: str = FROZEN) -> float:
        """Range over methods of their means, in hundredths."""
        found = self.means(task, way).values()
        return max(found) - min(found)

    def less_tuning(self, task: str) -> str:
        """What fine-tuning had less of than frozen training, which makes them no test of each other; or ""."""
        sizes = []
        for way in (TUNED, FROZEN):
            rows = self.of(task=task, way=way, encoder=self.encoder)
            steps = [json.loads(text).get("steps", 0) for text in rows["info"]]
            sizes.append((int(rows["n_train"].max()), max(steps)))
        (units, steps), (more, longer) = sizes
        if units >= more:
            return ""
        short = f"fine-tuned on {units:,} units for {steps} steps, frozen on {more:,} for {longer:,}"
        return f"{short}: too little to compare"

    def seed_sd(self, task: str, way: str = FROZEN) -> float:
        """Standard deviation over seeds, pooled over methods, in hundredths; NaN for one seed."""
        rows = self.of(task=task, way=way, encoder=self.encoder)
        variances = rows.groupby("method", observed=True)["value"].var()
        return 100 * float(np.sqrt(variances.mean()))

    def recall(self, task: str, methods: Iterable[str], split: str = "test") -> pd.DataFrame:
        """Recall of every label, in hundredths, pooled over methods and seeds (their gold is the same): `recall`, `n`,
        indexed by label."""
        rows = self.rows
        chosen = rows["task"].eq(task) & rows["dataset"].eq(self.corpora.get(task, "")) & rows["split"].eq(split)
        chosen &= rows["metric"].eq("recall") & rows["way"].eq(FROZEN) & rows["encoder"].eq(self.encoder)
        found = rows[chosen & rows["method"].isin(list(methods))]
        if found.empty:
            raise NotTestable(f"no recalls of labels for {TITLES[task]} ({split})")
        labels = found["subset"].astype(str).str.removeprefix("label=")
        grouped = found.assign(label=labels).groupby("label")
        return pd.DataFrame({"recall": 100 * grouped["value"].mean(), "n": grouped["n_test"].first().astype(int)})

    def recall_difference(
        self, task: str, more: Iterable[str], less: Iterable[str], split: str = "test", least: int = 1
    ) -> pd.DataFrame:
        """Recall of some methods minus that of others by label, for labels with at least so many gold units."""
        one, two = self.recall(task, more, split), self.recall(task, less, split)
        table = pd.DataFrame({"difference": one["recall"] - two["recall"], "n": one["n"]})
        return table[table["n"] >= least].sort_values("difference", ascending=False)

    def layer_weights(self, encoder: str = "") -> pd.DataFrame:
        """Learned layer weights, means over seeds: task, method, layer, value."""
        rows = self.of(way=FROZEN, encoder=encoder or self.encoder)
        found = []
        for line in rows.to_dict("records"):
            for layer, weight in enumerate(json.loads(line["info"]).get("layer_weights", [])):
                found.append((line["task"], line["method"], layer, weight))
        if not found:
            raise NotTestable("no learned layer weights")
        table = pd.DataFrame(found, columns=["task", "method", "layer", "value"])
        return table.groupby(["task", "method", "layer"], sort=False)["value"].mean().reset_index()

    def centre(self, task: str) -> float:
        """Centre of gravity of the learned layer weights, mean over methods: 0 is the embedding layer."""
        weights = self.layer_weights()
        own = weights[weights["task"].eq(task)]
        if own.empty:
            raise NotTestable(f"no layer weights for {TITLES[task]}")
        return float((own["layer"] * own["value"]).groupby(own["method"]).sum().mean())


def view(df: pd.DataFrame, encoder: str = "", corpora: dict[str, str] | None = None) -> View:
    """The study's rows, for one encoder (default the commonest) and one corpus a task (default the one with most
    rows). Raises NotTestable for rows without a span task."""
    rows = df[df["task"].astype(str).str.startswith("span/")].copy()
    for column in ("task", "dataset", "split", "subset", "metric", "encoder", "control", "setting", "pooling"):
        rows[column] = rows[column].astype(str)
    if rows.empty:
        raise NotTestable("no row of a span task")
    rows["method"] = rows["pooling"].str.removeprefix("span(").str.removesuffix(")")
    axes = rows["setting"].str
    conditions = {
        TUNED: axes.contains("tuned=true"),
        FROZEN: axes.contains("layers=mix"),
        UNIFORM: axes.contains("layers=uniform"),
        SINGLE: rows["layer"].notna(),
    }
    rows["way"] = np.select(list(conditions.values()), list(conditions), "")
    # A static table has one layer, and nothing to mix.
    rows.loc[rows["encoder"].ne("") & rows["way"].eq(""), "way"] = FROZEN
    # A random form stands beside its own architecture, whose name need not be said again.
    rows["short"] = rows["encoder"].str.replace("^random:.*", "random", regex=True).str.removeprefix("static:")
    main = rows[rows["control"].eq("") & rows["way"].eq(FROZEN) & ~rows["encoder"].str.startswith(("random:", "glove"))]
    if main.empty:
        main = rows[rows["encoder"].ne("")]
    if main.empty:
        raise NotTestable("no row of an encoder")
    encoder = encoder or str(main["encoder"].value_counts().index[0])
    usual = {
        # The corpus that was asked in most ways; of equals the first by name.
        str(task): str(part.groupby("dataset")["setting"].nunique().sort_index().idxmax())
        for task, part in rows[rows["encoder"].eq(encoder)].groupby("task")
    }
    return View(rows, encoder, usual | (corpora or {}))
