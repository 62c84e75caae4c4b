"""Arras et al. 2016, "Explaining Predictions of Non-Linear Classifiers in NLP": Figures 1-3 and 8 claims.

    draw("results/lrp-cnn-text", "figures")     every file, from rows and the tables below them
    claims(df), against_paper(df)               the tables behind them

The paper prints three numbers and shows the rest in pictures; most claims are therefore about what is above what.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report import against_paper as beside_paper
from probekit.report import (
    bars,
    curves,
    make_files,
    points,
    read_results,
    read_table,
    save,
    tokens,
    tokens_page,
    write_table,
)
from probekit.report import claims as test_claims
from probekit.report.claims import Finding, NotTestable, Study, beside, check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "against_paper", "claims", "draw"]

METHODS = {
    "lrp": "LRP", "sa": "SA", "sa-l2": "SA (l2)", "random": "random", "sum": "SUM", "lrp-ew": "LRP e.w.",
    "sa-ew": "SA e.w.", "gradient-x-input": "gradient x input", "integrated-gradients": "integrated gradients",
    "occlusion": "occlusion",
}  # fmt: skip
SUBSETS = {"correct": "initially correct", "wrong": "initially false"}
MAIN = "twenty-newsgroups"
SHOWN = 2000
FIGURE_3 = ("sum", "lrp", "sa", "sa-l2", "lrp-ew", "sa-ew")


@dataclass(frozen=True)
class View:
    """Rows of one classifier on one data set."""

    rows: pd.DataFrame
    dataset: str
    encoder: str
    n: str

    @property
    def datasets(self) -> list[str]:
        return [self.dataset]

    def value(self, task: str, probe: str, metric: str, subset: str = "") -> float:
        """One number. Raises NotTestable where no row has it."""
        return float(self.row(task, probe, metric, subset)["value"])

    def row(self, task: str, probe: str, metric: str, subset: str = "") -> pd.Series:
        """The row of one number, a seed's first where several were run."""
        rows = self.rows
        found = rows[
            rows["task"].eq(task) & rows["probe"].eq(probe) & rows["metric"].eq(metric) & rows["subset"].eq(subset)
        ]
        if found.empty:
            where = f" of {subset}" if subset else ""
            raise NotTestable(f"no row of {task} has the {metric}{where} of {probe or 'the classifier'}; run that part")
        return found.iloc[0]


def view(df: pd.DataFrame, dataset: str | None = None, encoder: str | None = None, seed: int | None = None) -> View:
    """Rows of one data set and classifier: those named, or the first, newsgroups before others."""
    rows = df.copy()
    for column in ("subset", "probe", "dataset", "encoder"):
        rows[column] = rows[column].fillna("").astype(str)
    chosen = {"dataset": _choose(rows, "dataset", dataset), "encoder": _choose(rows, "encoder", encoder, "text-cnn")}
    rows = rows[rows["dataset"].eq(chosen["dataset"])]
    if encoder is None:
        chosen["encoder"] = _choose(rows, "encoder", None, "text-cnn")
    rows = rows[rows["encoder"].eq(chosen["encoder"])]
    rows = rows[rows["seed"].eq(rows["seed"].min() if seed is None else seed)]
    if rows.empty:
        raise ProbekitError(f"no rows of {chosen['encoder']} on {chosen['dataset']}")
    tested = rows[rows["task"].eq("classify")]["n_test"]
    deleted = rows[rows["task"].eq("deletion") & rows["metric"].eq("mean_accuracy") & rows["probe"].eq("lrp")]["n_test"]
    n = f"{int((tested if len(tested) else rows['n_test']).max())} texts"
    n += f", {int(deleted.sum())} in deletion" if len(deleted) else ""
    return View(rows, chosen["dataset"], chosen["encoder"], n)


def _choose(rows: pd.DataFrame, column: str, wanted: str | None, first: str = MAIN) -> str:
    known = list(dict.fromkeys(rows[column]))
    if wanted is not None:
        fits = sorted((name for name in known if name.startswith(wanted)), key=lambda name: name != wanted)
        if not fits:
            raise UnknownName(column, wanted, known)
        return fits[0]
    # The whole data set before a part of it, a classifier at its defaults before others.
    return min(known, key=lambda name: (not name.startswith(first), "(" in name.partition("|")[0], known.index(name)))


def _ours(v: View, published: pd.DataFrame) -> pd.DataFrame:
    lines = []
    for row in published.itertuples():
        value, note = float("nan"), ""
        try:
            if row.metric == "accuracy" and row.setting != "cited":
                value = 100 * v.value("classify", "", "accuracy")
            elif row.metric == "accuracy_std_fraction":
                value = max(v.value("deletion", "random", "accuracy_std", f"initially={s}") for s in SUBSETS)
            else:
                note = "a number of another system that the paper cites"
        except NotTestable as reason:
            note = str(reason)
        lines.append((value, v.n, note))
    return pd.DataFrame(lines, columns=["ours", "n", "note"])


STUDY = Study(
    "lrp-cnn-text",
    "Explaining Predictions of Non-Linear Classifiers in NLP",
    "Arras, Horn, Montavon, Müller and Samek 2016, RepL4NLP at ACL",
    Path(__file__).with_suffix(".csv"),
    view,
    _ours,
)


# --- claims


def _area(v: View, probe: str, subset: str) -> tuple[float, str]:
    row = v.row("deletion", probe, "mean_accuracy", f"initially={subset}")
    return float(row["value"]), f"{METHODS[probe]} {row['value']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"


@STUDY.claim(1, "LRP sums to the class's logit for every document and class", "relative error below 1e-6 in float64")
def _conserves(v: View) -> Finding:
    row = v.row("conservation", "lrp", "largest_relative_loss")
    ours = f"{row['value']:.1e} at most, {int(row['n_test'])} documents, all classes"
    return Finding(ours, row["value"] < 1e-6)


@STUDY.claim(2, "Initially correct documents: mean accuracy over deletions LRP < SA < random", "LRP < SA < random")
def _correct(v: View) -> Finding:
    found = [_area(v, probe, "correct") for probe in ("lrp", "sa", "random")]
    return Finding(", ".join(text for _, text in found), found[0][0] < found[1][0] < found[2][0])


@STUDY.claim(3, "Initially false documents: mean accuracy over deletions LRP > random > SA", "LRP > random > SA")
def _wrong(v: View) -> Finding:
    found = [_area(v, probe, "wrong") for probe in ("lrp", "random", "sa")]
    return Finding(", ".join(text for _, text in found), found[0][0] > found[1][0] > found[2][0])


@STUDY.claim(4, "Random deletion varies little between runs", "standard deviation below .0141 on 4,963 documents")
def _varies(v: View) -> Finding:
    rows = {s: v.row("deletion", "random", "accuracy_std", f"initially={s}") for s in SUBSETS}
    ours = ", ".join(f"{r['value']:.4f} ({SUBSETS[s]}, {int(r['n_test'])} documents)" for s, r in rows.items())
    why = "the largest over k of the standard deviation between runs, by subset"
    return Finding(ours, all(r["value"] < 0.0141 for r in rows.values()), why)


@STUDY.claim(
    5,
    "Typical words of a class: LRP is positive for it and negative for other classes, SA is positive for both",
    "'ride' under rec.motorcycles and under others",
)
def _typical(v: View) -> Finding:
    value = {
        (probe, side): v.value("class-words", probe, "mean_relative_relevance", f"target={side}")
        for probe in ("lrp", "sa")
        for side in ("own", "others", "rival")
    }
    ours = ", ".join(f"{METHODS[p]} {s} {x:+.3f}" for (p, s), x in value.items())
    holds = value["lrp", "own"] > 0 > value["lrp", "others"] and value["sa", "own"] > 0 and value["sa", "others"] > 0
    rival = "hold" if value["lrp", "rival"] < 0 < value["sa", "rival"] else "fail"
    why = (
        "20 typical words a class by log-odds, relative to a text's largest relevance; verdict by the mean over all "
        f"other classes; by the rival alone, the other class of the highest score, it would {rival}"
    )
    return Finding(ours, holds, why)


@STUDY.claim(6, "SA and SA (l2) give the same deletion curves and different PCA pictures", "same ranking of words")
def _same(v: View) -> Finding:
    gaps = [abs(_area(v, "sa", s)[0] - _area(v, "sa-l2", s)[0]) for s in SUBSETS]
    near = [v.value("document-vectors", p, "neighbours_accuracy") for p in ("sa", "sa-l2")]
    ours = f"areas differ by {max(gaps):.1e} at most; neighbours {near[0]:.3f} and {near[1]:.3f}"
    return Finding(ours, max(gaps) < 1e-3 and near[0] != near[1], "rounding may turn ties of single words around")


@STUDY.claim(7, "PCA: SUM is the worst, SA (l2) < SA, LRP e.w. the best and above SA e.w.", "by eye")
def _pictures(v: View) -> Finding:
    near = _neighbours(v)
    holds = (
        min(near, key=lambda p: near[p]) == "sum"
        and near["sa-l2"] < near["sa"]
        and max(near, key=lambda p: near[p]) == "lrp-ew"
    )
    return Finding(_said(near), holds, f"accuracy of 5 nearest neighbours in the plane{_before_the_plane(v)}")


@STUDY.claim(8, "PCA: e.w. beats the word-level version for LRP and, slightly, for SA", "by eye")
def _elementwise(v: View) -> Finding:
    near = _neighbours(v)
    ours = _said({p: near[p] for p in ("lrp", "lrp-ew", "sa", "sa-ew")})
    return Finding(ours, near["lrp-ew"] > near["lrp"] and near["sa-ew"] > near["sa"], "in the plane, as above")


def _neighbours(v: View) -> dict[str, float]:
    return {p: v.value("document-vectors", p, "neighbours_accuracy") for p in FIGURE_3}


def _before_the_plane(v: View) -> str:
    try:
        near = {p: v.value("document-vectors", p, "neighbours_accuracy_of_vectors") for p in FIGURE_3}
    except NotTestable:
        return ""
    return f"; among the vectors themselves {_said(near)}"


def _said(near: dict[str, float]) -> str:
    return ", ".join(f"{METHODS[p]} {x:.3f}" for p, x in near.items())


# --- figures


def figure_1(v: View, results: Path) -> Figure:
    """Accuracy over deletions: initially correct, initially false; random with one standard deviation."""
    table = _table(v, results, "curve")
    spread = table[table["series"].str.endswith(" std")].assign(series=lambda t: t["series"].str.removesuffix(" std"))
    lines = table[table["series"].isin(SUBSETS)].merge(
        spread[["key", "series", "step", "value"]], "left", ["key", "series", "step"], suffixes=("", "_std")
    )
    lines = lines[lines["probe"].isin(["lrp", "sa", "random"])]
    lines["low"], lines["high"] = lines["value"] - lines["value_std"], lines["value"] + lines["value_std"]
    lines["subset"], lines["method"] = lines["series"].map(SUBSETS), lines["probe"].map(METHODS)
    return curves(
        lines[["subset", "method", "step", "value", "low", "high"]],
        "step",
        lines="method",
        panels="subset",
        low="low",
        high="high",
        line_order=["LRP", "SA", "random"],
        panel_order=list(SUBSETS.values()),
        x_label="deleted words",
        label="accuracy",
        title=f"Figure 1. Word deletion, {short(v.dataset)}",
    )


def figure_2(v: View, results: Path) -> Figure:
    """One test document as coloured text: target classes down, LRP and SA across."""
    table = _tokens(v, results)
    title = f"Figure 2. Words for and against a class: a test document of {short(v.dataset)}"
    return tokens(table, rows="series", columns="method", column_order=["LRP", "SA"], title=title)


def figure_3(v: View, results: Path) -> Figure:
    """Documents as weighted sums of word vectors on two principal components, by topic: every k-th of all, so that
    some 2,000 are shown."""
    table = _table(v, results, "points")
    table["weighting"] = table["probe"].map(METHODS)
    shown = sorted(set(table["unit"]))[:: max(1, table["unit"].nunique() // SHOWN)]
    table = table[table["unit"].isin(shown)].round({"x": 4, "y": 4})
    order = [METHODS[p] for p in FIGURE_3 if METHODS[p] in set(table["weighting"])]
    return points(
        table,
        colours="label",
        panels="weighting",
        panel_order=order,
        colour_order=sorted(set(table["label"])),
        same_scale=True,
        across=3,
        x_label="first component",
        y_label="second component",
        title=f"Figure 3. Documents as weighted sums of word vectors, two principal components, {short(v.dataset)}",
    )


def figure_erasure(v: View) -> Figure:
    """Comprehensiveness (high is good) and sufficiency (low is good) of explainers."""
    rows = v.rows[v.rows["task"].eq("erasure")].copy()
    if rows.empty:
        raise NotTestable("no rows of erasure; run that part")
    rows["method"] = rows["probe"].map(METHODS)
    there = sorted(set(rows["probe"]), key=lambda p: (p == "random", list(METHODS).index(p)))
    order = [METHODS[p] for p in there]
    marks = rows[["method", "metric", "value", "ci_low", "ci_high"]]
    return bars(
        marks,
        "method",
        panels="metric",
        low="ci_low",
        high="ci_high",
        x_order=order,
        panel_order=["comprehensiveness", "sufficiency"],
        label="loss of probability",
        title=f"What the predicted class loses without the first words, and with them alone, {short(v.dataset)}",
    )


def _table(v: View, results: Path, name: str) -> pd.DataFrame:
    table = read_table(results, name)
    keys = v.rows[["key", "probe"]].drop_duplicates("key")
    table = table.drop(columns=[c for c in ("probe",) if c in table]).merge(keys, "inner", "key")
    if table.empty:
        raise NotTestable(f"the table '{name}' holds nothing of {v.encoder} on {v.dataset}")
    return table


def _tokens(v: View, results: Path) -> pd.DataFrame:
    table = _table(v, results, "tokens")
    table["method"] = table["probe"].map(METHODS)
    return table


def summary(v: View) -> pd.DataFrame:
    """Every number of the study with its interval."""
    columns = ["task", "probe", "subset", "metric", "value", "ci_low", "ci_high", "n_test", "note"]
    return v.rows[columns].sort_values(["task", "metric", "subset", "probe"], kind="stable")


def short(dataset: str) -> str:
    """Name of a data set without the steps after it, chosen classes counted."""
    name = dataset.partition("|")[0]
    chosen = re.search(r"classes=\[([^]]*)\]", name)
    return f"{name.partition('(')[0]} ({chosen[1].count(',') + 1} classes)" if chosen else name


def slug(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def claims(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 8 claims tested on rows (see `probekit.report.claims`). Options: `dataset`, `encoder`, `seed`."""
    return test_claims(STUDY, df, **options)


def against_paper(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The paper's three numbers with ours beside each."""
    return beside_paper(STUDY, df, **options)


def draw(results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. Further data sets and classifiers than the first have their names at the
    end of their files'. What the rows cannot show is left out with a warning.
    """
    results = Path(results)
    df = read_results(results)
    folder = Path(out) if out is not None else results / "_figures"
    first = view(df, **options)
    files: list[Path] = []
    pairs = [(first.dataset, first.encoder)]
    if not options:
        names = df[["dataset", "encoder"]].astype(str).drop_duplicates().itertuples(index=False)
        pairs += [pair for pair in (tuple(name) for name in names) if pair != pairs[0]]
    for dataset, encoder in pairs:
        v = view(df, dataset=dataset, encoder=encoder, **{k: x for k, x in options.items() if k == "seed"})
        marks = [slug(short(dataset))] if dataset != first.dataset else []
        marks += [slug(encoder)] if (dataset, encoder) != pairs[0] and encoder != first.encoder else []
        mark = "".join(f"-{part}" for part in marks)
        files += _draw(v, results, folder, mark)
    return files


def _draw(v: View, results: Path, folder: Path, mark: str) -> list[Path]:
    where = f"{v.encoder}, {short(v.dataset)}"
    widths = {"text": "5cm", "paper": "3cm", "ours": "5cm", "why": "4cm"}

    def page() -> list[Path]:
        table = _tokens(v, results).assign(text="")
        return [tokens_page(table, folder / f"figure-2{mark}.html", rows="series", columns="method", title=where)]

    products: dict[str, Callable[[], list[Path]]] = {
        "figure-1": lambda: save(figure_1(v, results), folder / f"figure-1{mark}"),
        "figure-2": lambda: save(figure_2(v, results), folder / f"figure-2{mark}"),
        "figure-2 page": page,
        "figure-3": lambda: save(figure_3(v, results), folder / f"figure-3{mark}", formats=("png",)),
        "figure-erasure": lambda: save(figure_erasure(v), folder / f"figure-erasure{mark}"),
        "claims": lambda: write_table(
            check(STUDY, v), folder / f"claims{mark}", wrap=widths, caption=f"The claims ({where})"
        ),
        "against-paper": lambda: write_table(beside(STUDY, v), folder / f"against-paper{mark}", digits=4),
        "summary": lambda: write_table(summary(v), folder / f"summary{mark}", digits=4, formats=("csv", "md")),
    }
    return make_files({f"{name}{mark}": make for name, make in products.items()})
