"""Arras et al. 2016: Figures 1 to 3, erasure, the paper's numbers beside ours, 8 claims.

The paper prints three numbers and shows the rest in pictures; most claims are therefore about what is above what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.lrp_cnn_text import STUDY

from probekit.errors import UnknownName
from probekit.report import Finding, NotTestable, View, bars, curves, points, tokens, tokens_page
from probekit.report.view import matching, prepared
from probekit.specs import without_steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHTINGS = {"sum": "SUM", "lrp": "LRP", "sa": "SA", "sa-l2": "SA (l2)", "lrp-ew": "LRP e.w.", "sa-ew": "SA e.w."}
SUBSETS = {"correct": "initially correct", "wrong": "initially false"}


@dataclass(eq=False, kw_only=True)
class ClassifierView(View):
    """Rows of one classifier on one data set. corpus: the data set's name in titles."""

    corpus: str

    @property
    def n(self) -> str:
        tested = self.only(task="classify") if len(self.only(task="classify")) else self.rows
        deleted = self.only(task="deletion", metric="mean_accuracy", probe="lrp")["n_test"]
        return f"{int(tested['n_test'].max())} texts" + (f", {int(deleted.sum())} in deletion" if len(deleted) else "")


@STUDY.view
def classifiers(df: pd.DataFrame, dataset: str = "", encoder: str = "", seed: int | None = None) -> Iterator[View]:
    """Each classifier on each data set, the newsgroups first; where one is named (or a seed), only the first."""
    rows = prepared(df).assign(method=lambda rows: rows["probe"].map(called))
    main = _first(rows["dataset"], dataset, "twenty-newsgroups")
    plain = _first(rows[rows["dataset"].eq(main)]["encoder"], encoder, "text-cnn")
    others = [] if dataset or encoder or seed is not None else zip(rows["dataset"], rows["encoder"], strict=True)
    for data, model in dict.fromkeys([(main, plain), *others]):
        own = View(matching(rows, {"dataset": data, "encoder": model}))
        part = own.needs(seed=own.rows["seed"].min() if seed is None else seed)
        corpus = short(data)
        mark = (_ending(corpus) if data != main else "") + (_ending(model) if model != plain else "")
        yield ClassifierView(part, mark, f"{model}, {corpus}", corpus=corpus)


def _first(names: pd.Series, wanted: str, usual: str) -> str:
    """The name that is wanted, or begins so; the whole data set before a part, a classifier at its defaults first."""
    fits = [name for name in names.unique() if name.startswith(wanted)]
    if not fits:
        raise UnknownName(str(names.name), wanted, names.unique())
    return min(fits, key=lambda name: (name != wanted, not name.startswith(usual), "(" in without_steps(name)))


def _ending(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"-{name.lower()}").rstrip("-")


def short(dataset: str) -> str:
    """Name of a data set without the steps after it, chosen classes counted."""
    name = without_steps(dataset)
    chosen = re.search(r"classes=\[([^]]*)\]", name)
    return f"{name.partition('(')[0]} ({chosen[1].count(',') + 1} classes)" if chosen else name


def called(probe: str) -> str:
    """What figures call a weighting or an explainer."""
    return WEIGHTINGS.get(probe, probe.replace("-", " "))


@STUDY.figure("figure-1")
def word_deletion(v: ClassifierView) -> Figure:
    """Accuracy over deletions: initially correct, initially false; random with one standard deviation."""
    table = v.below("curve", task="deletion", probe=["lrp", "sa", "random"])
    table["subset"] = table["series"].str.removesuffix(" std").map(SUBSETS)
    at, spread = ["key", "method", "subset", "step"], table["series"].str.endswith(" std")
    shown = table[[*at, "value"]]
    lines = shown[~spread].merge(shown[spread], "left", at, suffixes=("", "_std"))
    lines["low"], lines["high"] = lines["value"] - lines["value_std"], lines["value"] + lines["value_std"]
    return curves(
        lines,
        "step",
        lines="method",
        panels="subset",
        low="low",
        high="high",
        line_order=["LRP", "SA", "random"],
        panel_order=list(SUBSETS.values()),
        x_label="deleted words",
        label="accuracy",
        title=f"Figure 1. Word deletion, {v.corpus}",
    )


@STUDY.figure("figure-2")
def coloured_document(v: ClassifierView) -> Figure:
    """One test document as coloured text: target classes down, LRP and SA across."""
    words = v.below("tokens", task="highlight")
    title = f"Figure 2. Words for and against a class: a test document of {v.corpus}"
    return tokens(words, rows="series", columns="method", column_order=["LRP", "SA"], title=title)


@STUDY.file("figure-2.html")
def coloured_document_page(v: ClassifierView, path: Path) -> None:
    tokens_page(v.below("tokens", task="highlight"), path, rows="series", columns="method", title=v.title)


@STUDY.figure("figure-3", formats=("png",))
def documents_in_the_plane(v: ClassifierView) -> Figure:
    """Documents as weighted sums of word vectors on two principal components, by topic: every k-th, some 2,000."""
    table = v.below("points", task="document-vectors")
    units = sorted(set(table["unit"]))
    table = matching(table, {"unit": units[:: max(1, len(units) // 2000)]}).round({"x": 4, "y": 4})
    return points(
        table,
        colours="label",
        panels="method",
        panel_order=[label for probe, label in WEIGHTINGS.items() if probe in set(table["probe"])],
        colour_order=sorted(set(table["label"])),
        same_scale=True,
        across=3,
        x_label="first component",
        y_label="second component",
        title=f"Figure 3. Documents as weighted sums of word vectors, two principal components, {v.corpus}",
    )


@STUDY.figure("figure-erasure")
def erasure(v: ClassifierView) -> Figure:
    """Comprehensiveness (high is good) and sufficiency (low is good) of explainers."""
    rows = v.needs(task="erasure")
    probes = sorted(set(rows["probe"]), key=lambda p: (p == "random", p not in WEIGHTINGS, p))
    return bars(
        rows[["method", "metric", "value", "ci_low", "ci_high"]],
        "method",
        panels="metric",
        low="ci_low",
        high="ci_high",
        x_order=[called(probe) for probe in probes],
        panel_order=["comprehensiveness", "sufficiency"],
        label="loss of probability",
        title=f"What the predicted class loses without the first words, and with them alone, {v.corpus}",
    )


@STUDY.table("summary", digits=4, formats=("csv", "md"))
def summary(v: ClassifierView) -> pd.DataFrame:
    """Every number of the study with its interval."""
    columns = ["task", "probe", "subset", "metric", "value", "ci_low", "ci_high", "n_test", "note"]
    return v.rows[columns].sort_values(["task", "metric", "subset", "probe"], kind="stable")


@STUDY.beside(digits=4)
def ours(v: ClassifierView, line: dict[str, Any]) -> float:
    if line["metric"] == "accuracy" and line["setting"] != "cited":
        return 100 * float(v.row(task="classify", metric="accuracy")["value"])
    if line["metric"] == "accuracy_std_fraction":
        return max(float(row["value"]) for row in _spreads(v).values())
    raise NotTestable("a number of another system that the paper cites")


# --- claims ------------------------------------------------------------------------------------------


def _spreads(v: ClassifierView) -> dict[str, pd.Series]:
    """Largest standard deviation over random deletions, of each subset."""
    return {s: v.row(task="deletion", probe="random", metric="accuracy_std", subset=f"initially={s}") for s in SUBSETS}


def _areas(v: ClassifierView, subset: str, *probes: str) -> tuple[list[float], str]:
    """Mean accuracy over deletions by some explainers, and in words, with intervals."""
    rows = [v.row(task="deletion", probe=p, metric="mean_accuracy", subset=f"initially={subset}") for p in probes]
    said = [f"{r['method']} {r['value']:.3f} [{r['ci_low']:.3f}, {r['ci_high']:.3f}]" for r in rows]
    return [float(row["value"]) for row in rows], ", ".join(said)


def _neighbours(v: ClassifierView, *probes: str, metric: str = "neighbours_accuracy") -> tuple[pd.Series, str]:
    """Accuracy of 5 nearest neighbours by some weightings or all, and in words."""
    rows = [v.row(task="document-vectors", probe=p, metric=metric) for p in probes or WEIGHTINGS]
    said = ", ".join(f"{row['method']} {row['value']:.3f}" for row in rows)
    return pd.Series({row["probe"]: row["value"] for row in rows}), said


@STUDY.claim(1, "LRP sums to the class's logit for every document and class", "relative error below 1e-6 in float64")
def conserves(v: ClassifierView) -> Finding:
    row = v.row(task="conservation", probe="lrp", metric="largest_relative_loss")
    return Finding(f"{row['value']:.1e} at most, {int(row['n_test'])} documents, all classes", row["value"] < 1e-6)


@STUDY.claim(2, "Initially correct documents: mean accuracy over deletions LRP < SA < random", "LRP < SA < random")
def correct_fall(v: ClassifierView) -> Finding:
    (lrp, sa, random), said = _areas(v, "correct", "lrp", "sa", "random")
    return Finding(said, lrp < sa < random)


@STUDY.claim(3, "Initially false documents: mean accuracy over deletions LRP > random > SA", "LRP > random > SA")
def wrong_rise(v: ClassifierView) -> Finding:
    (lrp, random, sa), said = _areas(v, "wrong", "lrp", "random", "sa")
    return Finding(said, lrp > random > sa)


@STUDY.claim(4, "Random deletion varies little between runs", "standard deviation below .0141 on 4,963 documents")
def random_varies_little(v: ClassifierView) -> Finding:
    rows = _spreads(v)
    ours = ", ".join(f"{r['value']:.4f} ({SUBSETS[s]}, {int(r['n_test'])} documents)" for s, r in rows.items())
    why = "the largest over k of the standard deviation between runs, by subset"
    return Finding(ours, all(row["value"] < 0.0141 for row in rows.values()), why)


@STUDY.claim(
    5,
    "Typical words of a class: LRP is positive for it and negative for other classes, SA is positive for both",
    "'ride' under rec.motorcycles and under others",
)
def typical_words(v: ClassifierView) -> Finding:
    value = {
        (probe, side): v.row(task="class-words", probe=probe, subset=f"target={side}")["value"]
        for probe in ("lrp", "sa")
        for side in ("own", "others", "rival")
    }
    ours = ", ".join(f"{called(probe)} {side} {x:+.3f}" for (probe, side), x in value.items())
    holds = value["lrp", "own"] > 0 > value["lrp", "others"] and value["sa", "own"] > 0 and value["sa", "others"] > 0
    rival = "hold" if value["lrp", "rival"] < 0 < value["sa", "rival"] else "fail"
    why = (
        "20 typical words a class by log-odds, relative to a text's largest relevance; verdict by the mean over all "
        f"other classes; by the rival alone, the other class of the highest score, it would {rival}"
    )
    return Finding(ours, holds, why)


@STUDY.claim(6, "SA and SA (l2) give the same deletion curves and different PCA pictures", "same ranking of words")
def same_order_other_picture(v: ClassifierView) -> Finding:
    gap = max(abs(sa - l2) for (sa, l2), _ in (_areas(v, subset, "sa", "sa-l2") for subset in SUBSETS))
    near, _ = _neighbours(v, "sa", "sa-l2")
    ours = f"areas differ by {gap:.1e} at most; neighbours {near['sa']:.3f} and {near['sa-l2']:.3f}"
    return Finding(ours, gap < 1e-3 and near["sa"] != near["sa-l2"], "rounding may turn ties of single words around")


@STUDY.claim(7, "PCA: SUM is the worst, SA (l2) < SA, LRP e.w. the best and above SA e.w.", "by eye")
def best_pictures(v: ClassifierView) -> Finding:
    near, said = _neighbours(v)
    holds = near.idxmin() == "sum" and near["sa-l2"] < near["sa"] and near.idxmax() == "lrp-ew"
    _, before = _neighbours(v, metric="neighbours_accuracy_of_vectors")
    why = f"accuracy of 5 nearest neighbours in the plane; among the vectors themselves {before}"
    return Finding(said, holds, why)


@STUDY.claim(8, "PCA: e.w. beats the word-level version for LRP and, slightly, for SA", "by eye")
def elementwise_beats_words(v: ClassifierView) -> Finding:
    near, said = _neighbours(v, "lrp", "lrp-ew", "sa", "sa-ew")
    return Finding(said, near["lrp-ew"] > near["lrp"] and near["sa-ew"] > near["sa"], "in the plane, as above")
