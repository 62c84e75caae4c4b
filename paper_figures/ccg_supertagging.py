"""Bhargava and Penn 2020: the 2 x 2 design, scores by encoder and frequency, layers, categories, novel ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.ccg_supertagging import STUDY

from probekit.report import NotTestable, bars, counterpart, estimate, heatmap, scatter
from probekit.scores.intervals import wilson

from ._ccg_supertagging_view import (
    ACCURACY,
    BASE,
    BINS,
    BOTH,
    COVERAGE,
    F1,
    HEADS,
    LANGUAGES,
    MAIN,
    REMEMBERED,
    SHOWN,
    SPELLED,
    Line,
    SupertagView,
    points,
    told,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = tuple(HEADS.values())
KINDS = {
    BASE: ("category", "no history"),
    REMEMBERED: ("category", "history"),
    SPELLED: ("primitives", "no history"),
    BOTH: ("primitives", "history"),
}
LISTED = 15


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-table-2")
def two_by_two(v: SupertagView) -> Figure:
    """Gains over the plain tagger, a panel a metric."""
    found = []
    for metric, name in SHOWN.items():
        base = 100 * v.sample(metric, v.main, BASE)[0]
        for head, (kind, history) in KINDS.items():
            gain = 100 * v.sample(metric, v.main, head)[0] - base
            found.append({"metric": f"{name}\n(plain: {base:.1f})", "kind": kind, "history": history, "value": gain})
    return heatmap(
        pd.DataFrame(found),
        "kind",
        "history",
        panels="metric",
        row_order=["category", "primitives"],
        column_order=["no history", "history"],
        signed=True,
        annotate="+.2f",
        label="less the plain tagger (points)",
        title=f"Table 2. What writing categories out and remembering what was said gain, {v.main} ({v.title})",
    )


@STUDY.figure("figure-scores")
def scores_by_encoder(v: SupertagView) -> Figure:
    """All heads on all encoders, means over runs with intervals over sentences."""
    found = []
    for model in v.models:
        for metric, name in SHOWN.items():
            for head in ORDER:
                found.append({"encoder": model, "metric": name, "head": head, **_ends(v, metric, model, head)})
    return bars(
        pd.DataFrame(found),
        "encoder",
        colours="head",
        panels="metric",
        low="low",
        high="high",
        across=1,
        colour_order=list(ORDER),
        panel_order=list(SHOWN.values()),
        label="% of words, dependencies, sentences",
        title=f"Supertags and their parses, test part (higher is better, 95 % intervals over sentences; {v.title})",
    )


def _ends(v: SupertagView, metric: str, model: str, head: str) -> dict[str, float]:
    found = estimate(100 * v.sample(metric, model, head), v.sentences(model))
    return {"value": found.difference, "low": found.low, "high": found.high}


@STUDY.figure("figure-frequency")
def by_frequency(v: SupertagView) -> Figure:
    """Accuracy by how often training has the right category."""
    table = _frequencies(v)
    return bars(
        table,
        "training count of the right category",
        colours="head",
        panels="encoder",
        low="low",
        high="high",
        across=1,
        colour_order=list(ORDER),
        panel_order=v.models,
        label="accuracy (%)",
        title=f"Accuracy by how often training has the right category (test words, 95 % intervals; {v.title})",
    )


def _frequencies(v: SupertagView) -> pd.DataFrame:
    """Mean over runs by bin; the interval is Wilson's of one run's number of words."""
    found = []
    for model in v.models:
        for name in BINS:
            rows = v.only(model=model, metric=ACCURACY, subset=f"frequency={name}", split="test").dropna(subset="value")
            for head, own in rows.groupby("head", sort=False):
                n = int(own["n_test"].iloc[0])
                low, high, *_ = wilson(float(own["value"].mean()), n, 0.95)
                line: Line = {"encoder": model, "training count of the right category": f"{name}\n({n} words)"}
                line |= {"head": head, "value": 100 * own["value"].mean(), "low": 100 * low, "high": 100 * high}
                found.append({**line, "words": n, "bin": name, "runs": len(own)})
    if not found:
        raise NotTestable("no accuracy by frequency")
    return pd.DataFrame(found)


@STUDY.figure("figure-layers")
def by_layer(v: SupertagView) -> Figure:
    """Layer x head, one run."""
    rows = v.layered
    rows = rows[rows["seed"].eq(0) & rows["split"].eq("test") & rows["subset"].eq("") & rows["metric"].isin(SHOWN)]
    if rows["layer"].nunique() < 2:
        raise NotTestable("the part layers was not run")
    table = rows.assign(metric=rows["metric"].map(SHOWN), layer=rows["layer"].astype(int).astype(str))
    return heatmap(
        table[["metric", "head", "layer", "value"]],
        "head",
        "layer",
        panels="metric",
        row_order=list(ORDER),
        panel_order=list(SHOWN.values()),
        scale=100,
        annotate=".1f",
        label="% (higher is better)",
        column_label="layer of MiniLM",
        title=f"Scores by layer of {MAIN} (0: embeddings; one run; {v.title})",
    )


@STUDY.figure("figure-1")
def category_counts(v: SupertagView) -> Figure:
    """How often each category occurs in training, by rank, and how many primitives it is written with."""
    table = _categories(v)
    long = np.select([table["primitives"] <= 1, table["primitives"] <= 7], ["1 primitive", "2 to 7"], "8 or more")
    table = table.assign(x=np.log10(table["rank"]), value=np.log10(table["count"]), written=long)
    return scatter(
        table,
        "x",
        "value",
        colours="written",
        colour_order=["1 primitive", "2 to 7", "8 or more"],
        x_label="rank (log10)",
        y_label="words of training (log10)",
        title=f"Figure 1. Categories of the training part by how often they occur ({v.title})",
    )


def _categories(v: SupertagView) -> pd.DataFrame:
    lines = v.below("categories", model=v.models[0], head=BASE, metric=ACCURACY)
    lines = lines.drop_duplicates("category").sort_values(["count", "category"], ascending=[False, True])
    return lines.assign(rank=np.arange(1, len(lines) + 1))[["rank", "category", "count", "primitives"]]


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="Table 1: % on dev and test, mean and standard deviation over runs", digits=2)
def table_one(v: SupertagView) -> pd.DataFrame:
    found = []
    for model in v.models:
        for head in ORDER:
            line: Line = {"encoder": model, "head": head}
            line["runs"] = v.needs(model=model, head=head)["seed"].nunique()
            for split in ("dev", "test"):
                for metric, name in SHOWN.items():
                    line[f"{split} {name}"] = _spread(v, model, head, split, metric)
                line[f"{split} unseen"] = _spread(v, model, head, split, ACCURACY, "frequency=0")
            found.append(line)
    return pd.DataFrame(found)


def _spread(v: SupertagView, model: str, head: str, split: str, metric: str, subset: str | None = None) -> str:
    values = 100 * v.only(model=model, head=head, split=split, metric=metric, subset=subset)["value"].dropna()
    if not len(values):
        return ""
    return f"{values.mean():.2f}" + (f" ({values.std():.2f})" if len(values) > 1 else "")


@STUDY.table("longer", caption="Twice the passes, one run: test part, %, and the gain of both changes", digits=2)
def longer(v: SupertagView) -> pd.DataFrame:
    if v.twice.empty:
        raise NotTestable("the part longer was not run")
    found = []
    for head in (BASE, BOTH):
        means = {
            shown: 100 * v.longer.mean(head=head, split="test", metric=m, subset=None) for m, shown in SHOWN.items()
        }
        found.append({"encoder": v.main, "head": head, **means})
    both = {shown: points(v.longer.gain(m, v.main, BOTH, BASE)) for m, shown in SHOWN.items()}
    return pd.DataFrame([*found, {"encoder": v.main, "head": f"{BOTH} less {BASE}", **both}])


@STUDY.table("table-2", caption="Table 2: test part, accuracy / F1 / coverage, mean over runs", digits=2)
def table_two(v: SupertagView) -> pd.DataFrame:
    found = []
    for model in v.models:
        for kind in ("category", "primitives"):
            line = {"encoder": model, "written as": kind}
            for head, (own, history) in KINDS.items():
                if own == kind:
                    line[history] = " / ".join(f"{100 * v.sample(m, model, head)[0]:.2f}" for m in SHOWN)
            found.append(line)
    return pd.DataFrame(found)


@STUDY.table("tests", caption="Differences in points, 95 % intervals over sentences, tests over runs", digits=2)
def tests(v: SupertagView) -> pd.DataFrame:
    found = []
    for model in v.models:
        for metric, name in SHOWN.items():
            for a, b in _pairs():
                test = v.test(metric, model, a, b)
                line = {"encoder": model, "metric": name, "head": a, "less": b}
                found.append({**line, "points": points(v.gain(metric, model, a, b)), "p": told(test.p)[4:]})
            line = {"encoder": model, "metric": name, "head": "both", "less": "sum of each"}
            found.append({**line, "points": points(v.synergy(metric, model)), "p": ""})
    return pd.DataFrame(found)


def _pairs() -> Iterator[tuple[str, str]]:
    yield from ((head, BASE) for head in (REMEMBERED, SPELLED, BOTH))
    yield (BOTH, REMEMBERED)
    yield (BOTH, SPELLED)


@STUDY.table("parses", caption="Test part: coverage with and without replacing novel categories, %", digits=2)
def parses(v: SupertagView) -> pd.DataFrame:
    names = {
        "gold_coverage": "gold categories",
        COVERAGE: "coverage, replaced",
        "coverage_own": "coverage, as said",
        F1: "F1, replaced",
        "dependency_f1_own": "F1, as said",
        "replaced_rate": "words replaced",
        "novel_rate": "novel",
        "malformed_rate": "malformed",
        "repaired_rate": "brackets taken out",
    }
    found = []
    for model in v.models:
        for head in ORDER:
            means = {shown: 100 * v.mean(model=model, head=head, split="test", metric=m) for m, shown in names.items()}
            found.append({"encoder": model, "head": head, **means})
    return pd.DataFrame(found)


@STUDY.table("frequency", caption="Accuracy (%) by how often training has the right category, test words", digits=1)
def frequencies(v: SupertagView) -> pd.DataFrame:
    table = _frequencies(v)
    columns = ["encoder", "bin", "words", "runs", "head", "value", "low", "high"]
    return table[columns].rename(columns={"bin": "in training", "value": "accuracy"})


@STUDY.table("categories", caption="Figure 1: the most frequent categories of training", digits=0)
def categories(v: SupertagView) -> pd.DataFrame:
    return _categories(v).head(LISTED)


@STUDY.table("novel", caption="Categories that training lacks, as they were written, dev and test, all runs", digits=0)
def novel(v: SupertagView) -> pd.DataFrame:
    """The most frequent ones of each kind; how often, and how often their sentence has a parse with them."""
    every = v.below("novel", metric=ACCURACY, subset=None)
    by = ["encoder", "head", "kind", "told", "gold", "why"]
    every = every.assign(encoder=every["model"])
    counted = every.groupby(by, sort=False).agg(times=("told", "size"), parsed=("parsed", "sum")).reset_index()
    counted = counted.sort_values(["kind", "times", "told"], ascending=[True, False, True])
    return counted.groupby("kind", sort=False).head(LISTED)


@STUDY.table("kinds", caption="Novel categories by what became of them, dev and test, all runs", digits=0)
def kinds(v: SupertagView) -> pd.DataFrame:
    every = v.below("novel", metric=ACCURACY, subset=None)
    counted = every.groupby(["model", "head", "kind"]).agg(times=("told", "size"), parsed=("parsed", "sum"))
    return counted.reset_index().rename(columns={"model": "encoder", "parsed": "in a sentence that parses"})


@STUDY.table(
    "languages",
    caption="Other languages on a multilingual encoder, test part, one run, %, 95 % intervals over sentences",
    digits=2,
)
def languages(v: SupertagView) -> pd.DataFrame:
    rows = v.others
    if rows.empty:
        raise NotTestable("the part languages was not run")
    wanted = [ACCURACY, F1, COVERAGE, "gold_coverage", "malformed_rate", "replaced_rate"]
    rows = rows[rows["split"].eq("test") & rows["subset"].eq("") & rows["metric"].isin(wanted)]
    orders = {"language": list(LANGUAGES.values()), "metric": wanted, "head": list(ORDER)}
    rows = rows.sort_values(list(orders), key=lambda column: column.map(orders[str(column.name)].index))
    named = rows.rename(columns={"ci_low": "low", "ci_high": "high"})[[*orders, "value", "low", "high"]]
    return named.assign(**{name: 100 * named[name] for name in ("value", "low", "high")}).reset_index(drop=True)


# --- beside the paper --------------------------------------------------------------------------------

_SYSTEMS = {"BiLSTM": BASE, "BiLSTM+category-LSTM": REMEMBERED, "PrimDecoder-reset": SPELLED, "PrimDecoder": BOTH}
_SPLITS = {"CCGbank 00": "dev", "CCGbank 23": "test"}
_COLUMNS = {"word_accuracy": ACCURACY, "parser_f1": F1, "parser_coverage": COVERAGE, "oov_category_accuracy": ACCURACY}
_NOTE = "MiniLM on the Parallel Meaning Bank, our chart"


@STUDY.beside(digits=2)
def ours(v: SupertagView, line: dict[str, Any]) -> dict[str, Any]:
    """The same head, part and metric on the main encoder; the paper's data are CCGbank's."""
    metric = line["metric"]
    if metric == "p_value":
        asked = F1 if "F1" in line["setting"] else ACCURACY
        test = v.test(asked, v.main, BOTH, BASE)
        gain = points(v.gain(asked, v.main, BOTH, BASE))
        return {"ours": test.p, "n": test.n, "note": f"{told(test.p)} for {gain} points; {_NOTE}"}
    if metric.endswith("_std_approx"):
        kind = _COLUMNS[metric.removesuffix("_std_approx")]
        heads = [_SYSTEMS[name] for name in line["method"].split(" and ")]
        spread = [
            100 * v.needs(model=v.main, head=head, metric=kind, subset=None, split="test")["value"].std()
            for head in heads
        ]
        return {"ours": float(np.mean(spread)), "n": v.needs(model=v.main)["seed"].nunique(), "note": _NOTE}
    head = counterpart(line, method=_SYSTEMS)["method"]
    if metric in ("malformed_categories", "redundant_parentheses_repaired"):
        asked = "malformed_rate" if metric.startswith("malformed") else "repaired_rate"
        rows = v.needs(model=v.main, head=head, metric=asked, split="test")
        return {
            "ours": float(round((rows["value"] * rows["n_test"]).sum())),
            "n": int(rows["n_test"].sum()),
            "note": _NOTE,
        }
    split = counterpart(line, dataset=_SPLITS)["dataset"]
    subset = "frequency=0" if metric.startswith("oov") else None
    rows = v.needs(model=v.main, head=head, metric=_COLUMNS[metric], split=split, subset=subset)
    return {"ours": 100 * rows["value"].mean(), "n": int(rows["n_test"].iloc[0]), "note": _NOTE}
