"""Raunak et al. 2020: curves by rank, single components, thirds, post-processing, the paper's numbers beside ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.pca_embeddings import STUDY

from probekit.report import NotTestable, bars, curves, heatmap, scatter
from probekit.rows import parse_setting

from ._pca_embeddings_claims import LEAST_RANKS, saturation
from ._pca_embeddings_view import (
    AS_IS,
    BOTTOM,
    CENTRED,
    FULL,
    MIDDLE,
    NAMES,
    ORDER,
    PPA,
    PPA_PCA,
    SCALES,
    STANDARD,
    THIRDS,
    TOP,
    SpectrumView,
    numbered,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = "commonest class"
ENDS = ("value", "ci_low", "ci_high")
TABLES = list(NAMES.values())
FORMS = [FULL, TOP, MIDDLE, BOTTOM, CENTRED, PPA, PPA_PCA]


@STUDY.figure("figure-1")
def similarity_by_rank(v: SpectrumView) -> Figure:
    """Rank correlation with human ratings by the number of components, a panel a set, intervals over pairs of words."""
    table = numbered(v.similar[v.similar["task"].ne("all") & v.similar["control"].eq("")], "first")
    return curves(
        _hundredfold(table),
        "k",
        lines="table",
        panels="task",
        line_order=_tables(table),
        low="ci_low",
        high="ci_high",
        x_label="principal components kept",
        label="ρ × 100",
        title="Figure 1. Spearman's ρ with ratings by the number of components (95 % intervals over pairs)",
    )


@STUDY.figure("figure-2")
def accuracy_by_rank(v: SpectrumView) -> Figure:
    """Accuracy of sentence tasks by the number of components, with intervals over test texts."""
    table = _hundredfold(numbered(v.sentence_tasks(), "first"))
    # Of other tables and tasks there are one or two ranks.
    table = table[table.groupby(["table", "task"])["k"].transform("count").ge(LEAST_RANKS)]
    chance = [{"task": task, "table": MOST, "value": 100 * v.majority(task)} for task in dict.fromkeys(table["task"])]
    return curves(
        pd.concat([table, pd.DataFrame(chance)]),
        "k",
        lines="table",
        panels="task",
        line_order=[*_tables(table), MOST],
        low="ci_low",
        high="ci_high",
        x_label="principal components kept",
        label="accuracy (%)",
        title="Figure 2. Sentence tasks by the number of components (95 % intervals over texts)",
    )


@STUDY.figure("figure-3")
def scan(v: SpectrumView) -> Figure:
    """Accuracy from one component at a time by its rank, the commonest class as a line, a mean of ten beside."""
    found = []
    for task, own in v.components().items():
        majority = v.majority(task)
        rolling = own["value"].rolling(10, center=True, min_periods=5).mean()
        for kind, values in (("one component", own["value"]), ("mean of ten", rolling), (MOST, majority)):
            lead = 100 * (values - majority)
            found.append(pd.DataFrame({"rank": own["k"], "value": lead, "kind": kind, "panel": task}))
    if not found:
        raise NotTestable("no scan of single components was run")
    return scatter(
        pd.concat(found, ignore_index=True),
        "rank",
        "value",
        colours="kind",
        panels="panel",
        across=1,
        colour_order=["one component", "mean of ten", MOST],
        x_label="rank of the component",
        y_label="points of accuracy",
        title="Figure 3. One component of GloVe: accuracy less that of the commonest class",
    )


@STUDY.figure("figure-4")
def thirds(v: SpectrumView) -> Figure:
    """Accuracy of each third on each task, features as they are and standardised."""
    table = v.scores(form=[FULL, *THIRDS]).drop_duplicates(["table", "form", "task", "probe"])
    table = table[~table["table"].eq("GloVe-50")]
    table = table.assign(name=table["table"] + " " + table["form"])
    chance = v.scores(form="majority", task=[*dict.fromkeys(table["task"])]).drop_duplicates("task").assign(name=MOST)
    both = pd.concat([table, *(chance.assign(probe=probe) for probe in SCALES)])
    return heatmap(
        both.assign(panel="features " + both["probe"].map(SCALES)),
        "name",
        "task",
        panels="panel",
        scale=100,
        annotate=".0f",
        across=1,
        column_order=[name for name in ORDER if name in set(table["task"])],
        row_order=[
            *(f"{t} {f}" for t in NAMES.values() for f in (FULL, *THIRDS) if f"{t} {f}" in set(table["name"])),
            MOST,
        ],
        panel_order=[f"features {name}" for name in SCALES.values()],
        label="accuracy on test texts (%)",
        title="Figure 4. Accuracy from thirds of the principal components",
    )


@STUDY.figure("figure-5")
def variance(v: SpectrumView) -> Figure:
    """Share of the variance in the thirds of each table."""
    table = v.shares[v.shares["form"].eq(FULL)]
    if table.empty:
        raise NotTestable("no spectrum was run")
    return bars(
        table,
        "table",
        colours="part",
        x_order=_tables(table),
        colour_order=list(THIRDS),
        annotate=".2f",
        x_label="",
        label="share of the variance",
        title="Figure 5. Variance in the thirds of the principal components",
    )


@STUDY.figure("figure-6")
def changes(v: SpectrumView) -> Figure:
    """What post-processing changes, in points of accuracy."""
    table = v.sentence_tasks().drop_duplicates(["table", "form", "task"]).set_index(["table", "task", "form"])["value"]
    wide = table.unstack("form")
    shown = [form for form in (CENTRED, PPA, PPA_PCA) if form in wide]
    if FULL not in wide or not shown:
        raise NotTestable("no post-processed vectors were run")
    changed = wide[shown].sub(wide[FULL], axis=0).dropna(how="all")
    long = changed.melt(ignore_index=False, var_name="form").reset_index()
    return heatmap(
        long,
        "table",
        "task",
        panels="form",
        signed=True,
        scale=100,
        annotate="+.1f",
        across=1,
        row_order=_tables(long),
        panel_order=shown,
        column_order=[name for name in ORDER if name in set(long["task"])],
        label="change of accuracy (points)",
        title="Figure 6. What post-processing changes against the vectors as they are",
    )


@STUDY.figure("figure-7")
def bleu_by_removed(v: SpectrumView) -> Figure:
    """BLEU by how many components are taken off the source's vectors, random vectors and the source copied beside."""
    if v.bleu.empty:
        raise NotTestable("no translation was run")
    random = v.bleu["removed"].isna()
    copied = v.needs(metric="bleu_of_copy").iloc[:1].assign(vectors="source copied")
    names = np.where(random, "random vectors", "French fastText")
    lines = pd.concat([v.bleu.assign(vectors=names), copied])[["removed", "vectors", *ENDS]]
    return curves(
        _hundredfold(lines),
        "removed",
        lines="vectors",
        low="ci_low",
        high="ci_high",
        x_label="principal components removed from the vectors of the source's words",
        label="BLEU, higher is better",
        title="Figure 7. French to English by components removed (95 % intervals over sentences)",
    )


@STUDY.table("translations", caption="BLEU of French to English, source vectors less some components", digits=1)
def translations(v: SpectrumView) -> pd.DataFrame:
    """With intervals over sentences, pairs of training and of test, and the share of source words with a vector."""
    if v.bleu.empty:
        raise NotTestable("no translation was run")
    names = v.bleu["removed"].map(lambda n: "random" if np.isnan(n) else f"fastText less {n:.0f}")
    coverage = 100 * v.bleu["info"].map(lambda info: float(json.loads(info)["coverage"]))
    ends = {name: 100 * v.bleu[one] for name, one in (("BLEU", "value"), ("low", "ci_low"), ("high", "ci_high"))}
    about = {"pairs": v.bleu["n_train"], "tested": v.bleu["n_test"], "words with vectors": coverage}
    return pd.DataFrame({"vectors": names, **ends, **about})


def _hundredfold(lines: pd.DataFrame) -> pd.DataFrame:
    """Values and ends of their intervals in hundredths."""
    return lines.assign(**{name: 100 * lines[name] for name in ENDS})


def _tables(table: pd.DataFrame) -> list[str]:
    """Names of the tables that are there, in the order of figures."""
    return [name for name in TABLES if name in set(table["table"])]


@STUDY.table("saturation", caption="Changes (x 100) up to two thirds of the components and in the last third", digits=1)
def last_third(v: SpectrumView) -> pd.DataFrame:
    return saturation(v).drop(columns="holds")


@STUDY.table("differences", caption="Differences in accuracy (x 100), paired intervals over test texts", digits=1)
def differences(v: SpectrumView) -> pd.DataFrame:
    """Of thirds among each other and of what was done to vectors from the vectors as they are."""
    found = []
    for first, second in (
        (MIDDLE, TOP),
        (BOTTOM, TOP),
        (BOTTOM, MIDDLE),
        (CENTRED, FULL),
        (PPA, FULL),
        (PPA_PCA, FULL),
    ):
        for probe, features in SCALES.items():
            for one in v.pairs(first, second, probe).to_dict("records"):
                gap = one["found"]
                ends = {"difference": 100 * gap.difference, "low": 100 * gap.low, "high": 100 * gap.high}
                about = {"features": features, "table": one["table"], "task": one["task"], "texts": gap.n}
                found.append({"less": f"{first} less {second}", **about, **ends})
    return pd.DataFrame(found)


@STUDY.table("accuracies", caption="Accuracy (x 100) on test texts, features as they are and standardised", digits=1)
def accuracies(v: SpectrumView) -> pd.DataFrame:
    table = v.accuracies[~v.accuracies["form"].str.contains("component")]
    table = table.assign(features=table["probe"].map(SCALES).fillna(""), accuracy=100 * table["value"])
    table = table.assign(low=100 * table["ci_low"], high=100 * table["ci_high"])
    kept = table[["task", "table", "form", "features", "accuracy", "low", "high", "n_test"]]
    return kept.drop_duplicates(["task", "table", "form", "features"]).sort_values(
        ["task", "table", "form", "features"]
    )


@STUDY.beside(digits=1)
def ours(v: SpectrumView, line: dict[str, Any]) -> dict[str, Any]:
    """The paper's hundreds are thirds of the width here, its 200 of 300 dimensions two thirds."""
    table = NAMES["gaussian"] if line["encoder"] == "random" else NAMES.get(line["encoder"], "")
    if line["metric"] == "bleu":
        own = parse_setting(str(line["setting"])).get("D", "0") if "=" in str(line["setting"]) else "0"
        note = "Multi30k, French to English, one pass; the TED talks are not at hand"
        return {"ours": 100 * _one(v.bleu, removed=float(own)), "note": note}
    if line["task"] == "variance":
        return {"ours": _one(v.shares, table=table, form=FULL, part=_form(line))}
    if line["table"] == "prose":
        return {"ours": _prose(v, line, table)}
    task = {"TopConst": "TopConst (WSJ)", "TreeDepth": "TreeDepth (WSJ)"}.get(line["dataset"], line["dataset"])
    if line["method"] == "pretrained at 200 dimensions":
        table = NAMES["glove-50"]
    form = _form(line)
    if form == "two thirds":
        form = next(
            (f for f in v.accuracies["form"].unique() if f in ("first 66", "first 200") and _has(v, table, f)), ""
        )
    return {
        "ours": 100 * _one(v.accuracies, table=table, form=form, task=task, probe=AS_IS),
        "standardised": 100 * _one(v.accuracies, table=table, form=form, task=task, probe=STANDARD),
        "note": "" if table in ("random", NAMES["glove-50"]) else f"{table}: {form}",
    }


def _form(line: dict[str, Any]) -> str:
    """What the paper's method is here."""
    asked = parse_setting(str(line["setting"])) if "=" in str(line["setting"]) else {}
    if "split" in asked:
        return {"Full": FULL, "T": TOP, "M": MIDDLE, "B": BOTTOM}[asked["split"]]
    return {"pca reduction": "two thirds", "ppa": PPA, "ppa-pca": PPA_PCA}.get(line["method"], FULL)


def _has(v: SpectrumView, table: str, form: str) -> bool:
    return bool((v.accuracies["table"].eq(table) & v.accuracies["form"].eq(form)).any())


def _one(lines: pd.DataFrame, **where: Any) -> float:
    for name, wanted in where.items():
        lines = lines[lines[name].eq(wanted)]
    if lines.empty:
        raise NotTestable(f"nothing was run of {', '.join(str(value) for value in where.values())}")
    return float(lines["value"].iloc[0])


def _prose(v: SpectrumView, line: dict[str, Any], table: str) -> float:
    """Numbers of the text: single components, full embeddings on trees, chance, mean drops."""
    task = {"TopConst": "TopConst (WSJ)", "TreeDepth": "TreeDepth (WSJ)"}.get(line["dataset"], line["dataset"])
    if line["method"] == "random baseline":
        return 100 * _one(v.accuracies, form="majority", task=task)
    if line["method"] == "single principal component":
        own = v.accuracies[v.accuracies["form"].str.startswith("component") & v.accuracies["task"].eq(task)]
        if own.empty:
            raise NotTestable("no scan of single components was run")
        return float(100 * (own["value"].std() if line["metric"] == "accuracy_std" else own["value"].mean()))
    if line["metric"] == "accuracy_drop":
        return float(-100 * np.mean([one.difference for one in v.pairs(PPA_PCA, FULL, table=table)["found"]]))
    if line["metric"] == "accuracy_change":
        form = CENTRED if line["method"] == "mean removal only" else PPA
        return float(100 * v.pairs(form, FULL, table=NAMES["glove"], task="TREC")["found"].iloc[0].difference)
    return 100 * _one(v.accuracies, table=table, form=FULL, task=task, probe=AS_IS)
