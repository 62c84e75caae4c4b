"""The thirteen claims of Tutek and Snajder 2020."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.attention_faithfulness import STUDY

from probekit.report import Finding, NotTestable
from probekit.report.view import matching

from .attention_faithfulness import MAIN, MODIFIED, SAMPLES, TESTED, USUAL, VariantView, imitation

DROPS = list(MODIFIED.values())


def _deeper(v: VariantView, variant: str) -> tuple[str, pd.DataFrame]:
    """By how many points a variant's drops are deeper than base's, in words and by row and modification."""
    tables = {name: 100 * v.means(metric, "base", variant) for name, metric in MODIFIED.items()}
    gaps = pd.DataFrame({name: table[variant] - table["base"] for name, table in tables.items()})
    said = [f"{name} {(gap < 0).sum()}/{len(gap)} rows, mean gap {gap.mean():+.1f}" for name, gap in gaps.items()]
    return ", ".join(said), gaps


@STUDY.claim(1, "tying drops deeper than base on every data set and attention, uniform and permuted", "10/10, 10/10")
def tying_drops(v: VariantView) -> Finding:
    said, gaps = _deeper(v, "tying")
    return Finding(said, bool((gaps < 0).all(axis=None)))


@STUDY.claim(2, "mlm drops deeper than base in most rows, by more than 10 points on average", "7/10, 8/10; -16, -14")
def mlm_drops(v: VariantView) -> Finding:
    said, gaps = _deeper(v, "mlm")
    return Finding(said, bool(((gaps < 0).mean() > 0.5).all() and (gaps.mean() < -10).all()))


@STUDY.claim(3, "concat has no consistent effect", "lower than base in 5/10 and 5/10 rows; mean gap -2")
def concat_is_even(v: VariantView) -> Finding:
    said, gaps = _deeper(v, "concat")
    even = bool((gaps < 0).mean().between(0.3, 0.7).all() and (gaps.mean().abs() < 5).all())
    return Finding(said, even, "no effect: lower in three to seven of ten rows, gap below 5 points")


@STUDY.claim(4, "trained F1 of tying and mlm within 3 points of base on every row", "largest loss 1.7 and 2.7")
def cost_is_small(v: VariantView) -> Finding:
    table = 100 * v.means("f1", "base", "tying", "mlm")
    losses = {name: (table["base"] - table[name]).max() for name in ("tying", "mlm")}
    return Finding(", ".join(f"largest loss of {k} {x:.1f}" for k, x in losses.items()), max(losses.values()) <= 3)


def _information(v: VariantView, *variants: str) -> pd.DataFrame:
    """Mutual information by data set and sample of types, a column a variant."""
    return pd.concat([v.means(f"mi_{sample}", *variants).assign(sample=sample) for sample in SAMPLES]).reset_index()


@STUDY.claim(5, "MI(base) < MI(mlm) < MI(tying) on every data set and both samples of types", "10/10")
def information_rises(v: VariantView) -> Finding:
    found = _information(v, "base", "mlm", "tying")
    first = found["base"] < found["mlm"]
    right = first & (found["mlm"] < found["tying"])
    return Finding(f"{right.sum()}/{len(right)} (base < mlm in {first.sum()})", bool(right.all()))


@STUDY.claim(6, "MI(residual) > MI(base) everywhere, highest of four on all data sets but one", "10/10, 9/10")
def residual_informs(v: VariantView) -> Finding:
    four = ["base", "residual", "tying", "mlm"]
    found = _information(v, *four)
    more, most = found["residual"] > found["base"], found[four].idxmax(axis=1).eq("residual")
    lower = found.loc[~most, "data"].nunique()
    ours = f"more than base in {more.sum()}/{len(more)}, highest in {most.sum()}/{len(most)}"
    return Finding(ours, bool(more.all() and lower <= 1))


@STUDY.claim(7, "random types hold more than frequent ones for base, fewer for residual, on every data set", "5/5, 5/5")
def samples_differ(v: VariantView) -> Finding:
    found = _information(v, "base", "residual").pivot(index=["data", "attention"], columns="sample")
    base = found["base", "random"] > found["base", "frequent"]
    residual = found["residual", "frequent"] > found["residual", "random"]
    ours = f"base {base.sum()}/{len(found)}, residual {residual.sum()}/{len(found)}"
    return Finding(ours, bool(base.all() and residual.all()))


@STUDY.claim(8, "PTP of tying and mlm below base on every row; residual's not reliably", "10/10, 10/10, residual 6/10")
def tokens_are_neutral(v: VariantView) -> Finding:
    table = v.means("ptp", "base", "tying", "mlm", "residual")
    below = table.drop(columns="base").lt(table["base"], axis=0)
    ours = ", ".join(f"{name} {count}/{len(table)}" for name, count in below.sum().items())
    return Finding(ours, bool(below[["tying", "mlm"]].all(axis=None) and not below["residual"].all()))


@STUDY.claim(9, "base drops less with every further layer, additive, each data set and modification", "8/8")
def depth_hides(v: VariantView) -> Finding:
    rows = v.only(**USUAL, variant="base", attention="additive", metric=DROPS)
    drops = rows.pivot_table(index=["data", "metric"], columns="layers", values="value", aggfunc="mean").abs()
    if not {"1", "2", "3"} <= set(drops):
        raise NotTestable("depth was not run (part=depth)")
    less = drops[["1", "2", "3"]].dropna().diff(axis=1)[["2", "3"]].lt(0).all(axis=1)
    return Finding(f"{less.sum()}/{len(less)}", bool(less.all()))


@STUDY.claim(
    10,
    "dot attention whose query begins as usual ends with normalised entropy > .97 and |ΔF1| < 1; N(0,1) does not",
    "checked by the card at the start of training",
)
def query_matters(v: VariantView) -> Finding:
    found = {query: _evenness(v, query) for query in ("default", "normal")}
    flat = {query: one["entropy"] > 0.97 and (one[DROPS].abs() < 1).all() for query, one in found.items()}
    drops = {query: ", ".join(f"{drop:+.1f}" for drop in one[DROPS]) for query, one in found.items()}
    ours = "; ".join(f"{query}: entropy {found[query]['entropy']:.3f}, ΔF1 {drops[query]}" for query in found)
    return Finding(ours, bool(flat["default"] and not flat["normal"]), "width 100 here, 300 in the paper")


def _evenness(v: VariantView, query: str) -> pd.Series:
    """Entropy of base with dot attention and its drops in points, on the data where the query begins as usual."""
    data = set(v.only(**TESTED, query="default")["data"])
    rows = v.only(**MAIN | {"query": query}, variant="base", attention="dot", data=data)
    found = rows.groupby("metric")["value"].mean().reindex(["entropy", *DROPS])
    if found.isna().any():
        raise NotTestable(f"no rows of base with dot attention and query={query} (part=queries)")
    return found.where(found.index == "entropy", 100 * found)


@STUDY.claim(11, "base, additive: longer texts, deeper uniform drop (rank correlation over data sets)", "positive")
def length_matters(v: VariantView) -> Finding:
    drops = matching(v.means(MODIFIED["uniform"], "base").reset_index(), {"attention": "additive"})
    rows = v.only(**MAIN, metric="f1")
    words = pd.Series([json.loads(info or "{}").get("mean_words") for info in rows["info"]], rows.index, dtype=float)
    table = drops.assign(length=drops["data"].map(words.groupby(rows["data"]).mean())).dropna()
    if len(table) < 3:
        raise NotTestable(f"{len(table)} data sets with a known mean length; three are needed")
    rho = float(table["length"].corr(-table["base"], method="spearman"))
    return Finding(f"Spearman {rho:.2f} over {len(table)} data sets", rho > 0)


@STUDY.claim(12, "base: the permuted drop is at least as large as the uniform one on every row", "10/10")
def permuting_is_worse(v: VariantView) -> Finding:
    uniform, permuted = (v.means(metric, "base")["base"] for metric in DROPS)
    worse = permuted <= uniform
    return Finding(f"{worse.sum()}/{len(worse)}", bool(worse.all()))


@STUDY.claim(13, "at matched JSD, TVD against an mlm or tying target is at least that against base", "Figure 1, by eye")
def imitation_is_harder(v: VariantView) -> Finding:
    lines: dict[Any, pd.DataFrame] = dict(iter(imitation(v).sort_values("jsd").groupby("variant")))
    base = lines.pop("base", None)
    if base is None or not lines:
        raise NotTestable("adversaries of base and of a regularized classifier are needed (part=imitation)")
    gaps = pd.Series({name: _gap(line, base) for name, line in lines.items()})
    if gaps.isna().all():
        raise NotTestable("the adversaries' JSD of base and of the others do not overlap")
    ours = ", ".join(f"{name}: {'no overlap' if np.isnan(gap) else f'{gap:+.3f}'}" for name, gap in gaps.items())
    return Finding(f"gap in TVD {ours}", bool((gaps >= 0).all()))


def _gap(line: pd.DataFrame, base: pd.DataFrame) -> float:
    """How far the TVD of one line of adversaries is above base where both have a JSD: its least, or mean if below."""
    low, high = max(line["jsd"].min(), base["jsd"].min()), min(line["jsd"].max(), base["jsd"].max())
    if low >= high:
        return np.nan
    at = np.linspace(low, high, 11)
    gap = np.interp(at, line["jsd"], line["tvd"]) - np.interp(at, base["jsd"], base["tvd"])
    return float(gap.mean() if gap.min() < 0 else gap.min())
