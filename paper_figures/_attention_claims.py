"""The thirteen claims of Tutek and Snajder 2020 as functions of rows, and its published numbers beside ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from probekit.report.claims import Finding, NotTestable, Study
from probekit.rows import parse_setting

from ._attention_view import View, view

MODIFIED = {"uniform": "delta_f1_uniform", "permuted": "delta_f1_permuted"}
_OURS = {
    "SST": ("SST", ""),
    "AG News": ("AG News", "our test part re-split: 2,660 texts to train on"),
    "20 Newsgroups": ("20 Newsgroups", "posts cut at 850 characters and 200 words"),
    "IMDB": ("Movie reviews", "our movie reviews (polarity 2.0) in place of IMDB, cut at 200 words"),
}
_ATTENTIONS = {"additive": "additive", "dot-product": "dot", "additive (inferred)": "additive"}


def ours(v: View, published: pd.DataFrame) -> pd.DataFrame:
    """Our number for every published one: `ours`, `n`, `note`."""
    lines: list[tuple[Any, Any, str]] = []
    for line in published.to_dict("records"):
        data, note = _OURS.get(line["dataset"], ("", "needs licensed data"))
        asked = parse_setting(line["setting"].replace("; ", ";"))
        metric, scale = _metric(line["metric"], asked)
        rows = v.select(embeddings="frozen", query="normal", layers=asked.get("n_layers", "1"))
        rows = rows[(rows["data"] == data) & (rows["variant"] == line["method"]) & (rows["metric"] == metric)]
        rows = rows[rows["attention"] == _ATTENTIONS[asked["attention"]]]
        if rows.empty:
            lines.append((np.nan, pd.NA, note if not data else f"not run{'; ' + note if note else ''}"))
        else:
            said = "; ".join(filter(None, (f"{len(rows)} runs, GloVe 100d frozen", note)))
            lines.append((scale * rows["value"].mean(), int(rows["n_test"].iloc[0]), said))
    return pd.DataFrame(lines, columns=["ours", "n", "note"]).astype({"n": "Int64"})


def _metric(metric: str, asked: dict[str, str]) -> tuple[str, float]:
    """Our metric for a published one, and what its value is multiplied with."""
    if metric == "mutual_information":
        return "mi_frequent" if "frequent" in asked["vocabulary sample"] else "mi_random", 1
    if metric == "mean_per_token_prediction_probability":
        return "ptp", 1
    if metric == "f1":
        return "f1", 100
    return MODIFIED[asked["weights"]], 100


STUDY = Study(
    name="attention-faithfulness",
    title="Staying True to Your Word: (How) Can Attention Become Explanation?",
    source="Tutek and Snajder 2020 (RepL4NLP)",
    published=Path(__file__).with_name("attention_faithfulness.csv"),
    view=view,
    ours=ours,
)


def _lower(v: View, variant: str) -> tuple[dict[str, int], int, dict[str, float]]:
    """In how many rows a variant drops deeper than base, of how many, and the mean gap in points."""
    below, gaps, n = {}, {}, 0
    for name, metric in MODIFIED.items():
        table = v.needs(metric, "base", variant)
        below[name] = int((table[variant] < table["base"]).sum())
        gaps[name] = float(100 * (table[variant] - table["base"]).mean())
        n = len(table)
    return below, n, gaps


def _said(below: dict[str, int], n: int, gaps: dict[str, float]) -> str:
    return ", ".join(f"{name} {below[name]}/{n} rows, mean gap {gaps[name]:+.1f}" for name in below)


@STUDY.claim(1, "tying drops deeper than base on every data set and attention, uniform and permuted", "10/10, 10/10")
def tying_drops(v: View) -> Finding:
    below, n, gaps = _lower(v, "tying")
    return Finding(_said(below, n, gaps), all(count == n for count in below.values()))


@STUDY.claim(2, "mlm drops deeper than base in most rows, by more than 10 points on average", "7/10, 8/10; -16, -14")
def mlm_drops(v: View) -> Finding:
    below, n, gaps = _lower(v, "mlm")
    most = all(count > n / 2 for count in below.values())
    return Finding(_said(below, n, gaps), most and all(gap < -10 for gap in gaps.values()))


@STUDY.claim(3, "concat has no consistent effect", "lower than base in 5/10 and 5/10 rows; mean gap -2")
def concat_is_even(v: View) -> Finding:
    below, n, gaps = _lower(v, "concat")
    even = all(0.3 * n <= count <= 0.7 * n for count in below.values())
    return Finding(
        _said(below, n, gaps),
        even and all(abs(gap) < 5 for gap in gaps.values()),
        "no effect: lower in three to seven of ten rows, gap below 5 points",
    )


@STUDY.claim(4, "trained F1 of tying and mlm within 3 points of base on every row", "largest loss 1.7 and 2.7")
def cost_is_small(v: View) -> Finding:
    table = 100 * v.needs("f1", "base", "tying", "mlm")
    losses = {name: float((table["base"] - table[name]).max()) for name in ("tying", "mlm")}
    return Finding(", ".join(f"largest loss of {k} {x:.1f}" for k, x in losses.items()), max(losses.values()) <= 3)


def _information(v: View, *variants: str) -> list[tuple[str, str, dict[str, float]]]:
    found = []
    for sample in ("frequent", "random"):
        for line in v.needs(f"mi_{sample}", *variants).reset_index().to_dict("records"):
            found.append((str(line["data"]), sample, {name: float(line[name]) for name in variants}))
    return found


@STUDY.claim(5, "MI(base) < MI(mlm) < MI(tying) on every data set and both samples of types", "10/10")
def information_rises(v: View) -> Finding:
    found = _information(v, "base", "mlm", "tying")
    right = [one["base"] < one["mlm"] < one["tying"] for *_, one in found]
    first = [one["base"] < one["mlm"] for *_, one in found]
    return Finding(f"{sum(right)}/{len(right)} (base < mlm in {sum(first)})", all(right))


@STUDY.claim(6, "MI(residual) > MI(base) everywhere, highest of four on all data sets but one", "10/10, 9/10")
def residual_informs(v: View) -> Finding:
    found = _information(v, "base", "residual", "tying", "mlm")
    more = [one["residual"] > one["base"] for *_, one in found]
    most = [max(one, key=lambda name: one[name]) == "residual" for *_, one in found]
    data = {name for name, *_ in found}
    highest = {name for name in data if all(m for (d, *_), m in zip(found, most, strict=True) if d == name)}
    return Finding(
        f"more than base in {sum(more)}/{len(more)}, highest in {sum(most)}/{len(most)}",
        all(more) and len(data) - len(highest) <= 1,
    )


@STUDY.claim(7, "random types hold more than frequent ones for base, fewer for residual, on every data set", "5/5, 5/5")
def samples_differ(v: View) -> Finding:
    by = {(data, sample): one for data, sample, one in _information(v, "base", "residual")}
    data = sorted({name for name, _ in by})
    base = [by[d, "random"]["base"] > by[d, "frequent"]["base"] for d in data]
    residual = [by[d, "frequent"]["residual"] > by[d, "random"]["residual"] for d in data]
    ours = f"base {sum(base)}/{len(data)}, residual {sum(residual)}/{len(data)}"
    return Finding(ours, all(base) and all(residual))


@STUDY.claim(8, "PTP of tying and mlm below base on every row; residual's not reliably", "10/10, 10/10, residual 6/10")
def tokens_are_neutral(v: View) -> Finding:
    table = v.needs("ptp", "base", "tying", "mlm", "residual")
    below = {name: int((table[name] < table["base"]).sum()) for name in ("tying", "mlm", "residual")}
    n = len(table)
    return Finding(
        ", ".join(f"{name} {count}/{n}" for name, count in below.items()),
        below["tying"] == below["mlm"] == n and below["residual"] < n,
    )


@STUDY.claim(9, "base drops less with every further layer, additive, each data set and modification", "8/8")
def depth_hides(v: View) -> Finding:
    found = {}
    for metric in MODIFIED.values():
        rows = v.select(embeddings="frozen", query="normal")
        rows = rows[(rows["variant"] == "base") & (rows["attention"] == "additive") & (rows["metric"] == metric)]
        table = rows.pivot_table(index="data", columns="layers", values="value", aggfunc="mean")
        if not {"1", "2", "3"} <= set(table.columns):
            raise NotTestable("depth was not run (part=depth)")
        for data, row in table[["1", "2", "3"]].dropna().abs().iterrows():
            found[data, metric] = row["1"] > row["2"] > row["3"]
    return Finding(f"{sum(found.values())}/{len(found)}", all(found.values()))


@STUDY.claim(
    10,
    "dot attention whose query begins as usual ends with normalised entropy > .97 and |ΔF1| < 1; N(0,1) does not",
    "checked by the card at the start of training",
)
def query_matters(v: View) -> Finding:
    found = {}
    for query in ("default", "normal"):
        rows = v.select(query=query, embeddings="frozen", layers="1")
        rows = rows[(rows["variant"] == "base") & (rows["attention"] == "dot")]
        with_default = set(v.select(query="default")["data"])
        rows = rows[rows["data"].isin(with_default)]
        values = {m: rows[rows["metric"] == m]["value"].mean() for m in ("entropy", *MODIFIED.values())}
        if any(np.isnan(x) for x in values.values()):
            raise NotTestable(f"no rows of base with dot attention and query={query} (part=queries)")
        found[query] = values
    flat = {
        query: values["entropy"] > 0.97 and all(abs(100 * values[m]) < 1 for m in MODIFIED.values())
        for query, values in found.items()
    }
    drops = {query: ", ".join(f"{100 * x[m]:+.1f}" for m in MODIFIED.values()) for query, x in found.items()}
    ours = "; ".join(f"{query}: entropy {x['entropy']:.3f}, ΔF1 {drops[query]}" for query, x in found.items())
    return Finding(ours, flat["default"] and not flat["normal"], "width 100 here, 300 in the paper")


@STUDY.claim(11, "base, additive: longer texts, deeper uniform drop (rank correlation over data sets)", "positive")
def length_matters(v: View) -> Finding:
    table = v.needs("delta_f1_uniform", "base").reset_index()
    table = table[table["attention"] == "additive"]
    rows = v.main[v.main["metric"] == "f1"]
    found = [json.loads(info or "{}").get("mean_words") for info in rows["info"].fillna("")]
    words = pd.Series(found, rows.index, dtype=float)
    table["length"] = table["data"].map(words.groupby(rows["data"]).mean())
    table = table.dropna()
    if len(table) < 3:
        raise NotTestable(f"{len(table)} data sets with a known mean length; three are needed")
    rho = float(table["length"].corr(-table["base"], method="spearman"))
    return Finding(f"Spearman {rho:.2f} over {len(table)} data sets", rho > 0)


@STUDY.claim(12, "base: the permuted drop is at least as large as the uniform one on every row", "10/10")
def permuting_is_worse(v: View) -> Finding:
    uniform, permuted = (v.needs(metric, "base")["base"] for metric in MODIFIED.values())
    worse = permuted <= uniform
    return Finding(f"{int(worse.sum())}/{len(worse)}", bool(worse.all()))


@STUDY.claim(13, "at matched JSD, TVD against an mlm or tying target is at least that against base", "Figure 1, by eye")
def imitation_is_harder(v: View) -> Finding:
    table = imitation(v)
    lines = {str(name): part.sort_values("jsd") for name, part in table.groupby("variant")}
    if "base" not in lines or len(lines) < 2:
        raise NotTestable("adversaries of base and of a regularized classifier are needed (part=imitation)")
    found: dict[str, float | None] = {}
    base = lines["base"]
    for name in sorted(set(lines) - {"base"}):
        low, high = (f(base["jsd"].agg(g), lines[name]["jsd"].agg(g)) for f, g in ((max, "min"), (min, "max")))
        if low >= high:
            found[name] = None
            continue
        at = np.linspace(low, high, 11)
        gap = np.interp(at, lines[name]["jsd"], lines[name]["tvd"]) - np.interp(at, base["jsd"], base["tvd"])
        found[name] = float(gap.mean()) if gap.min() < 0 else float(gap.min())
    if all(gap is None for gap in found.values()):
        raise NotTestable("the adversaries' JSD of base and of the others do not overlap")
    ours = ", ".join(f"{name}: {'no overlap' if g is None else f'{g:+.3f}'}" for name, g in found.items())
    return Finding(f"gap in TVD {ours}", all(g is not None and g >= 0 for g in found.values()))


def imitation(v: View) -> pd.DataFrame:
    """JSD and TVD of adversaries, mean over seeds, by data, variant and lambda."""
    rows = v.rows[v.rows["lambda"].notna()]
    if rows.empty:
        raise NotTestable("no adversaries were trained (part=imitation)")
    keys = ["data", "variant", "lambda"]
    table: Any = rows.pivot_table(index=keys, columns="metric", values="value", aggfunc="mean").reset_index()
    return table.astype({"lambda": float}).sort_values(keys, ignore_index=True)
