"""Arras et al. 2016: Figures 1 to 3, erasure, neighbours in the plane, the paper's numbers beside ours.

The paper prints three numbers and shows the rest in pictures; most claims (`_lrp_cnn_text_claims`) are therefore about
what is above what. Intervals are over networks that were trained with several seeds, paired by seed where two are
compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.lrp_cnn_text import STUDY

from probekit.errors import UnknownName
from probekit.report import NotTestable, View, bars, curves, points, tokens, tokens_page
from probekit.report.view import matching, prepared
from probekit.scores import Comparison, Score, one_sample_t, t_interval
from probekit.specs import without_steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHTINGS = {
    "sum": "SUM",
    "tf-idf": "TF-IDF",
    "lrp": "LRP",
    "sa": "SA",
    "sa-l2": "SA (l2)",
    "lrp-ew": "LRP e.w.",
    "sa-ew": "SA e.w.",
}
EXPLAINERS = ("LRP", "gradient x input", "integrated gradients", "SA", "random")
SUBSETS = {"correct": "initially correct", "wrong": "initially false"}
ERASURE = {"comprehensiveness": "comprehensiveness: high is good", "sufficiency": "sufficiency: low is good"}
CORPORA = {"twenty-newsgroups": "20 Newsgroups", "movie-reviews": "movie reviews"}
CENTRES = {"zero": "raw", "mean": "centred"}


@dataclass(eq=False, kw_only=True)
class ClassifierView(View):
    """Rows of one classifier on one data set, trained with some seeds. corpus: the data set's name in titles."""

    corpus: str

    @property
    def n(self) -> str:
        tested = self.only(task="classify") if len(self.only(task="classify")) else self.rows
        return f"{self.seeds} networks, {int(tested['n_test'].max())} texts"

    @property
    def seeds(self) -> int:
        return int(self.rows["seed"].nunique())

    def by_seed(self, **where: Any) -> pd.Series:
        """A value of each network, in order of seeds. Raises NotTestable where there is none, or one has several."""
        rows = self.needs(**where)
        if rows["seed"].duplicated().any():
            raise NotTestable(f"several values of one network: {where}")
        return rows.set_index("seed")["value"].astype(float).sort_index()

    def mean_of(self, **where: Any) -> Score:
        """Mean over networks with its interval over them."""
        return t_interval(self.by_seed(**where).to_numpy())

    def gap(self, more: dict[str, Any], less: dict[str, Any], **where: Any) -> Comparison:
        """How far one value is above another in the same network, paired by seed."""
        sides = [self.by_seed(**where, **side) for side in (more, less)]
        paired = pd.concat(sides, axis=1, join="inner")
        if paired.empty:
            raise NotTestable(f"no network has both {more} and {less}")
        return one_sample_t((paired.iloc[:, 0] - paired.iloc[:, 1]).to_numpy(), 0.0)


@STUDY.view
def classifiers(df: pd.DataFrame, dataset: str = "", encoder: str = "", seed: int | None = None) -> Iterator[View]:
    """Each classifier on each data set, the newsgroups first; where one is named (or a seed), only the first."""
    rows = prepared(df).assign(method=lambda rows: rows["probe"].map(called))
    main = _first(rows["dataset"], dataset, "twenty-newsgroups")
    plain = _first(rows[rows["dataset"].eq(main)]["encoder"], encoder, "text-cnn")
    others = [] if dataset or encoder or seed is not None else zip(rows["dataset"], rows["encoder"], strict=True)
    for data, model in dict.fromkeys([(main, plain), *others]):
        own = View(matching(rows, {"dataset": data, "encoder": model}))
        part = own.rows if seed is None else own.needs(seed=seed)
        corpus = short(data)
        head, *further = corpus.split(" ", 1)
        titled = " ".join([CORPORA.get(head, head), *further])
        mark = (_ending(corpus) if data != main else "") + (_ending(model) if model != plain else "")
        yield ClassifierView(part, mark, f"{model}, {titled}", unlearned(View(part)), corpus=titled)


def unlearned(view: View) -> str:
    """Why no claim can rest on a classifier: one of its networks is no better than the commonest class."""
    scores, usual = view.only(task="classify", metric="accuracy"), view.only(metric="majority_accuracy")
    if scores.empty or usual.empty:
        return "whether the classifier learned is not known: its accuracy was not asked (part classify)"
    worst, trivial = scores.sort_values("ci_low").iloc[0], float(usual["value"].max())
    if worst["ci_low"] > trivial:
        return ""
    said = f"accuracy {worst['value']:.3f} with seed {worst['seed']}, always the commonest class {trivial:.3f}"
    return f"the classifier did not learn: {said}"


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
    """What figures call a weighting or an explainer, its options left out."""
    return WEIGHTINGS.get(probe, probe.partition("(")[0].replace("-", " "))


def in_order(probes: pd.Series) -> list[str]:
    """Weightings or explainers as figures order them, whatever the order of rows."""
    names = [*WEIGHTINGS.values(), *EXPLAINERS]
    return sorted(set(probes), key=lambda probe: (names.index(called(probe)) if called(probe) in names else 99, probe))


def info(rows: pd.DataFrame, name: str) -> pd.Series:
    """Something that rows say beside their score."""
    return rows["info"].map(lambda text: json.loads(text or "{}").get(name, np.nan))


def over_networks(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Means over networks of `value` by some columns, with the ends of their 95 % intervals: value, low, high."""
    found = []
    for key, part in table.groupby(by, sort=False):
        mean = t_interval(part["value"].to_numpy(float), undefined="drop")
        found.append((*key, mean.value, mean.low, mean.high))
    return pd.DataFrame(found, columns=[*by, "value", "low", "high"])


def bands(v: ClassifierView) -> str:
    """What a caption says of the intervals."""
    return f"95 % intervals over {v.seeds} networks" if v.seeds > 1 else "one network"


@STUDY.figure("figure-1")
def word_deletion(v: ClassifierView) -> Figure:
    """Accuracy over deletions, initially correct and initially false, mean over networks, and the commonest class."""
    table = v.below("curve", task="deletion", metric="mean_accuracy")
    table = table[table["method"].isin(EXPLAINERS) & table["series"].isin(list(SUBSETS))]
    lines = over_networks(table.assign(subset=table["series"].map(SUBSETS)), ["method", "subset", "step"])
    rows = v.needs(task="deletion", metric="mean_accuracy")
    chance = rows.assign(value=info(rows, "largest_class"), method="commonest class", step=np.nan)
    chance["subset"] = chance["subset"].str.removeprefix("initially=").map(SUBSETS)
    flat: pd.DataFrame = chance.groupby(["method", "subset"])["value"].mean().reset_index()
    return curves(
        pd.concat([lines, flat], ignore_index=True),
        "step",
        lines="method",
        panels="subset",
        low="low",
        high="high",
        line_order=[*EXPLAINERS, "commonest class"],
        panel_order=list(SUBSETS.values()),
        x_label="deleted words",
        label="accuracy",
        title=f"Figure 1. Word deletion, {v.corpus} ({bands(v)})",
    )


@STUDY.figure("figure-2")
def coloured_document(v: ClassifierView) -> Figure:
    """One test document as coloured text: target classes with their scores down, LRP and SA across."""
    words, said = shown_document(v)
    return tokens(words, rows="target", columns="method", column_order=["LRP", "SA"], title=f"Figure 2. {said}")


@STUDY.file("figure-2.html")
def coloured_document_page(v: ClassifierView, path: Path) -> None:
    words, said = shown_document(v)
    tokens_page(words, path, rows="target", columns="method", title=said)


def shown_document(v: ClassifierView) -> tuple[pd.DataFrame, str]:
    """Words of the document in the first network that is right about it (the first of all where none is), each class
    with its score, and what the document is in words."""
    rows = v.needs(task="highlight", metric="score")
    rows = rows.assign(own=info(rows, "class"), predicted=info(rows, "predicted"))
    rows = rows.assign(right=rows["own"].eq(rows["predicted"])).sort_values(["right", "seed"], ascending=[False, True])
    first, networks = rows.iloc[0], rows.drop_duplicates("seed")
    words = v.below("tokens", task="highlight", seed=int(first["seed"]))
    scores = rows[rows["seed"].eq(first["seed"])].drop_duplicates("subset").set_index("subset")["value"]
    said: dict[str, list[str]] = {name: [] for name in words["series"]}
    said[first["own"]].append("true class")
    said.get(first["predicted"], []).append("predicted")
    words["target"] = [", ".join([f"{c} {scores[f'target={c}']:.2f}", *said[c]]) for c in words["series"]]
    count = f"{int(networks['right'].sum())} of {len(networks)} networks"
    return words, f"{info(rows, 'document').iloc[0]}: scores and words in network {first['seed']}; {count} are right"


@STUDY.figure("figure-3", formats=("png",))
def documents_in_the_plane(v: ClassifierView) -> Figure:
    """Documents as weighted sums of word vectors on two principal components, by topic: every k-th, some 2,000."""
    table = v.below("points", task="document-vectors", seed=int(v.rows["seed"].min()))
    table = table[table["centre"].eq("zero") | table["probe"].isin(["lrp-ew", "sa-ew"])]
    centred = table["centre"].map(lambda centre: ", centred" if centre == "mean" else "")
    table = table.assign(panel=table["method"] + centred)
    units = sorted(set(table["unit"]))
    table = matching(table, {"unit": units[:: max(1, len(units) // 1500)]}).round({"x": 4, "y": 4})
    order = ["SUM", "TF-IDF", "SA (l2)"]
    order += [f"{name}{ending}" for name in ("LRP", "SA") for ending in ("", " e.w.", " e.w., centred")]
    return points(
        table,
        colours="label",
        panels="panel",
        panel_order=[name for name in order if name in set(table["panel"])],
        colour_order=sorted(set(table["label"])),
        same_scale=True,
        across=3,
        x_label="first component",
        y_label="second component",
        title=f"Figure 3. Documents as weighted sums of word vectors, two principal components, {v.corpus}",
    )


@STUDY.figure("figure-neighbours")
def neighbours(v: ClassifierView) -> Figure:
    """How often a document's nearest neighbours in the plane agree with its topic, of raw and of centred vectors."""
    rows = v.needs(task="document-vectors", metric="neighbours_accuracy")
    table = over_networks(rows.assign(vectors=rows["centre"].map(CENTRES)), ["method", "vectors"])
    chance = rows.assign(
        value=info(rows, "largest_class"), method="commonest topic", vectors=rows["centre"].map(CENTRES)
    )
    table = pd.concat([table, over_networks(chance.drop_duplicates(["seed", "centre"]), ["method", "vectors"])])
    return bars(
        table,
        "method",
        colours="vectors",
        low="low",
        high="high",
        x_order=[*WEIGHTINGS.values(), "commonest topic"],
        colour_order=list(CENTRES.values()),
        label="accuracy of 5 neighbours",
        title=f"Topics in the plane of weighted documents, {v.corpus} ({bands(v)})",
    )


@STUDY.figure("figure-erasure")
def erasure(v: ClassifierView) -> Figure:
    """Comprehensiveness (high is good) and sufficiency (low is good) of explainers, for the first network."""
    rows = v.needs(task="erasure")
    rows = rows[rows["seed"].eq(rows["seed"].min())]
    probes = sorted(set(rows["probe"]), key=lambda p: (p == "random", p not in WEIGHTINGS, p))
    return bars(
        rows.assign(measure=rows["metric"].map(ERASURE))[["method", "measure", "value", "ci_low", "ci_high"]],
        "method",
        panels="measure",
        low="ci_low",
        high="ci_high",
        x_order=[called(probe) for probe in probes],
        panel_order=list(ERASURE.values()),
        label="loss of probability",
        title=f"What the predicted class loses without the first words, and with them alone, {v.corpus} "
        "(95 % intervals over documents)",
    )


@STUDY.table("summary", digits=4, formats=("csv", "md"))
def summary(v: ClassifierView) -> pd.DataFrame:
    """Every number of the study: mean over networks, its interval over them, how many there are."""
    by = ["task", "centre", "probe", "subset", "metric"]
    rows = v.rows.assign(centre=v.rows["centre"].map(CENTRES).fillna("") if "centre" in v.rows else "")
    rows = rows[~(rows["probe"].eq("sum") & rows["metric"].str.endswith("_over_sum"))]
    table = over_networks(rows, by).rename(columns={"centre": "vectors"})
    counts = (
        rows.groupby(by, sort=False).agg(networks=("seed", "nunique"), n_test=("n_test", "min")).reset_index(drop=True)
    )
    return pd.concat([table, counts], axis=1).sort_values(
        ["task", "metric", "subset", "vectors", "probe"], kind="stable"
    )


@STUDY.table("explainers", digits=4, formats=("csv", "md"))
def explainers(v: ClassifierView) -> pd.DataFrame:
    """Mean accuracy over deletions by each explainer, and how far it is above that by LRP in the same network."""
    found = []
    for subset in SUBSETS:
        where = {"task": "deletion", "metric": "mean_accuracy", "subset": f"initially={subset}"}
        for probe in in_order(v.needs(**where)["probe"]):
            mean, gap = v.mean_of(**where, probe=probe), v.gap({"probe": probe}, {"probe": "lrp"}, **where)
            found.append(
                (
                    SUBSETS[subset],
                    called(probe),
                    mean.value,
                    mean.low,
                    mean.high,
                    gap.difference,
                    gap.low,
                    gap.high,
                    gap.n,
                )
            )
    return pd.DataFrame(
        found,
        columns=[
            "documents",
            "explainer",
            "accuracy",
            "low",
            "high",
            "above LRP",
            "above low",
            "above high",
            "networks",
        ],
    )


@STUDY.table("weightings", digits=4, formats=("csv", "md"))
def weightings(v: ClassifierView) -> pd.DataFrame:
    """Neighbours of documents by each weighting, and how far below LRP e.w. and above SUM in the same network."""
    found = []
    for centre, name in CENTRES.items():
        where = {"task": "document-vectors", "metric": "neighbours_accuracy", "centre": centre}
        for probe in in_order(v.needs(**where)["probe"]):
            mean = v.mean_of(**where, probe=probe)
            line: dict[str, Any] = {"vectors": name, "weighting": called(probe), "accuracy": mean.value}
            line |= {"low": mean.low, "high": mean.high}
            for other in ("sum", "lrp-ew"):
                gap = v.gap({"probe": probe}, {"probe": other}, **where)
                above = f"above {called(other)}"
                line |= {above: gap.difference, f"{above}, low": gap.low, f"{above}, high": gap.high}
            found.append({**line, "networks": v.seeds})
    return pd.DataFrame(found)


@STUDY.beside(digits=4)
def ours(v: ClassifierView, line: dict[str, Any]) -> dict[str, Any]:
    if v.needs()["dataset"].str.startswith("movie-reviews").all():
        raise NotTestable("the paper's numbers are of 20 Newsgroups")
    if line["metric"] == "accuracy" and line["setting"] != "cited":
        mean = v.mean_of(task="classify", metric="accuracy")
        return {
            "ours": 100 * mean.value,
            "low": 100 * mean.low,
            "high": 100 * mean.high,
            "of": f"mean of {v.seeds} networks",
        }
    if line["metric"] == "accuracy_std_fraction":
        rows = v.needs(task="deletion", probe="random", metric="accuracy_std")
        worst = rows.sort_values("value").iloc[-1]
        kind = SUBSETS[worst["subset"].removeprefix("initially=")]
        of = f"largest of {v.seeds} networks, {worst['n_test']} {kind} documents; see claim 4 for the paper's number"
        return {"ours": float(worst["value"]), "of": of}
    raise NotTestable("a number of another system that the paper cites")
