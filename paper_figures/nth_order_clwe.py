"""Vulic, Korhonen and Glavas 2020: gains of POSTPROC by pair, the grid of orders, Table 2, the paper's numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.nth_order_clwe import ORDERS as ALPHAS
from probekit.experiments.nth_order_clwe import POST, STUDY

from probekit.report import NotTestable, bars, curves, heatmap
from probekit.report.view import matching
from probekit.rows import parse_setting
from probekit.scores import one_sample_t

from ._nth_order_clwe_view import METHODS, NONE, ORDERS, PAIR, POSTPROC, RAW, RAW_ORDER, RCSLS, SL, SUP, TranslationView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = ("5K", "1K", "all", "200")


def _sizes(v: TranslationView) -> list[str]:
    there = set(v.scores(method=SL)["size"])
    return [size for size in SIZES if size in there]


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-gains", once=True)
def gains_by_pair(v: TranslationView) -> Figure:
    """POSTPROC less the raw tables, self-learning, a cell a directed pair."""
    found = []
    for size in _sizes(v):
        for source, target in v.pairs(method=SL, size=size, orders=POSTPROC):
            gain = v.gain({"orders": POSTPROC}, {"orders": RAW}, method=SL, size=size, source=source, target=target)
            found.append({"source": source, "target": target, "panel": f"{size} pairs", "value": gain.difference})
    table = pd.DataFrame(found)
    languages = sorted({*table["source"], *table["target"]})
    return heatmap(
        table,
        "source",
        "target",
        panels="panel",
        row_order=[one for one in languages if one in set(table["source"])],
        column_order=[one for one in languages if one in set(table["target"])],
        signed=True,
        scale=100,
        annotate="+.1f",
        label="gain in MRR (× 100)",
        row_label="source",
        column_label="target",
        title=f"Gain of POSTPROC over self-learning on raw tables, by dictionary size ({v.title})",
    )


@STUDY.figure("figure-grid", once=True)
def grid_of_orders(v: TranslationView) -> Figure:
    """MRR of every pair of orders less that of (0, 0), held out of the training dictionary and on the test one."""
    table = _grid(v)
    table["panel"] = table["source"] + " to " + table["target"] + ", " + table["tested"]
    order = [f"{source} to {target}, {on}" for source, target in _pairs(table) for on in _ON]
    return heatmap(
        table.assign(value=table["gain"]),
        "alpha_s",
        "alpha_t",
        panels="panel",
        panel_order=order,
        row_order=[str(float(alpha)) for alpha in ALPHAS[::-1]],
        column_order=[str(float(alpha)) for alpha in ALPHAS],
        signed=True,
        scale=100,
        annotate="+.0f",
        across=2,
        label="MRR less that of (0, 0) (× 100)",
        row_label="order of the source",
        column_label="order of the target",
        title="Similarity orders of source and target, VecMap on four fifths of the training dictionary",
    )


@STUDY.figure("figure-spectra", once=True)
def spectra_of_orders(v: TranslationView) -> Figure:
    """Sorted eigenvalues of each table, raw and of the two orders of POSTPROC."""
    table = v.below("curve", metric="condition", alpha_s=[RAW_ORDER, *POST])
    table = table.assign(
        value=np.log10(table["value"]),
        how=table["alpha_s"].map(
            {RAW_ORDER: "raw", POST[0]: f"order {POST[0]} (source)", POST[1]: f"order +{POST[1]} (target)"}
        ),
    )
    return curves(
        table[["step", "value", "how", "source"]],
        "step",
        lines="how",
        panels="source",
        panel_order=sorted(set(table["source"])),
        line_order=["raw", f"order {POST[0]} (source)", f"order +{POST[1]} (target)"],
        x_label="eigenvalue of X'X, largest first",
        label="share of the sum (log10)",
        title=f"Spectra before and after the orders of POSTPROC ({v.title})",
    )


@STUDY.figure("figure-methods")
def mrr_by_method(v: TranslationView) -> Figure:
    """MRR of each pair by method and orders, with intervals over source words."""
    table = v.scores(orders=[RAW, POSTPROC], method=[SUP, SL], size=_sizes(v)[0]).copy()
    table["pair"] = table["source"] + "-" + table["target"]
    table["how"] = table["method"] + ", " + table["orders"]
    return bars(
        table[["pair", "how", "value", "ci_low", "ci_high"]].assign(
            **{name: 100 * table[name] for name in ("value", "ci_low", "ci_high")}
        ),
        "pair",
        colours="how",
        low="ci_low",
        high="ci_high",
        colour_order=[f"{method}, {orders}" for method in (SUP, SL) for orders in (RAW, POSTPROC)],
        label="MRR (× 100)",
        x_label="source and target",
        title=f"MRR, {_sizes(v)[0]} pairs, 95 % intervals over source words ({v.title})",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-2", caption="MRR x 100 by cosine: means over the targets of each source, and over all", digits=1)
def means_by_source(v: TranslationView) -> pd.DataFrame:
    """The paper's Table 2 in our form, with supervised POSTPROC and order (0, 0), which it leaves out."""
    rows = v.scores(method=[SUP, SL, RCSLS])
    wide = 100 * rows.pivot_table(index=["size", "method", "orders"], columns="source", values="value")
    wide["mean of pairs"] = 100 * rows.groupby(["size", "method", "orders"])["value"].mean()
    keys = [list(SIZES), list(METHODS.values()), list(ORDERS.values())]
    places = [tuple(key.index(name) for key, name in zip(keys, at, strict=True)) for at in wide.index]
    return wide.iloc[sorted(range(len(wide)), key=lambda i: places[i])].reset_index()


@STUDY.table("pairs", caption="Every pair: MRR, P@1, P@5 (x 100), source words tested, share of them covered", digits=1)
def every_pair(v: TranslationView) -> pd.DataFrame:
    rows = v.needs(tested="test", held_out=False)
    keys = [*PAIR, "size", "method", "orders", "normalised", "retrieval"]
    wide = 100 * rows.pivot_table(index=keys, columns="metric", values="value")
    about = rows[rows["metric"].eq("mrr")].set_index(keys)
    low, high = 100 * about["ci_low"], 100 * about["ci_high"]
    wide = wide.assign(low=low, high=high, words=about["n_test"], coverage=100 * about["info"].map(_coverage))
    return wide.rename(columns={"mrr": "MRR", "p@1": "P@1", "p@5": "P@5"}).reset_index()


@STUDY.table("gains", caption="Gain of POSTPROC over raw tables in MRR x 100, intervals over source words", digits=1)
def every_gain(v: TranslationView) -> pd.DataFrame:
    """A line for each pair, size, method, retrieval and normalisation that has both."""
    found = []
    for retrieval, normalised in (("cosine", True), ("csls", True), ("cosine", False)):
        where = {"retrieval": retrieval, "normalised": normalised}
        rows = matching(v.rows, {**where, "metric": "mrr", "tested": "test", "held_out": False, "orders": POSTPROC})
        keys = [*PAIR, "size", "method"]
        for values in rows[keys].drop_duplicates().itertuples(index=False, name=None):
            line: dict[str, Any] = {**dict(zip(keys, values, strict=True)), **where}
            gain = v.gain({"orders": POSTPROC}, {"orders": RAW}, **line)
            ends = {"gain": 100 * gain.difference, "low": 100 * gain.low, "high": 100 * gain.high, "words": gain.n}
            found.append({**line, **ends})
    if not found:
        raise NotTestable("POSTPROC was not run")
    return pd.DataFrame(found)


@STUDY.table(
    "chosen",
    once=True,
    caption="Orders chosen on pairs held out of training, and MRR x 100 on the test pairs",
    digits=2,
)
def chosen_orders(v: TranslationView) -> pd.DataFrame:
    """The best orders by the held-out part, what they reach in test beside (0, 0), the paper's, the best in test."""
    found = []
    table = _grid(v)
    for source, target in _pairs(table):
        rows = matching(table, {"source": source, "target": target})
        held_out, test = (rows[rows["tested"].eq(on)].set_index(["alpha_s", "alpha_t"])["value"] for on in _ON)
        best, best_in_test = (one.index[int(one.to_numpy().argmax())] for one in (held_out, test))
        line = {"source": source, "target": target, "source order": best[0], "target order": best[1]}
        line |= {"held out": 100 * held_out[best], "test": 100 * test[best], "test, (0, 0)": 100 * test[0.0, 0.0]}
        line |= {
            f"test, {POST}": 100 * test[POST],
            "best in test": 100 * test.max(),
            "its orders": "({:g}, {:g})".format(*best_in_test),
        }
        found.append(line)
    return pd.DataFrame(found)


@STUDY.table(
    "tuned", once=True, caption="Gain of the chosen orders in test MRR x 100, intervals over directed pairs", digits=1
)
def gain_of_tuning(v: TranslationView) -> pd.DataFrame:
    """The orders that the held-out part chooses, less (0, 0) and less the paper's, whose grid is complete."""
    chosen = chosen_orders(v)
    found = []
    for name in ("test, (0, 0)", f"test, {POST}"):
        gain = one_sample_t(chosen["test"] - chosen[name], 0, unit="directed pair")
        ends = {"gain": gain.difference, "low": gain.low, "high": gain.high, "pairs": gain.n}
        found.append({"less": name.removeprefix("test, "), **ends})
    return pd.DataFrame(found)


_ON = ("held out", "test")


def _grid(v: TranslationView) -> pd.DataFrame:
    """MRR of the grid of orders with its gain over (0, 0), by pair whose grid is complete and by what was tested."""
    rows = v.scores(method=SUP, held_out=True, tested=list(_ON))
    rows = rows[rows.groupby(PAIR)["key"].transform("size").eq(len(_ON) * len(ALPHAS) ** 2)].copy()
    if rows.empty:
        raise NotTestable("the grid of orders is complete for no pair")
    zero = rows[rows["orders"].eq(NONE)].set_index([*PAIR, "tested"])["value"]
    rows["gain"] = rows["value"] - [zero[key] for key in rows[[*PAIR, "tested"]].itertuples(index=False, name=None)]
    return rows


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(table[PAIR].drop_duplicates().itertuples(index=False, name=None))


def _coverage(info: str) -> float:
    return float(json.loads(info)["coverage"])


# --- beside the paper --------------------------------------------------------------------------------


_STRONGEST = "strongest BASELINE"  # of both, pair by pair
_PAPER = {
    "BASELINE (supervised)": (SUP, RAW),
    "BASELINE (self-learning)": (SL, RAW),
    "POSTPROC (self-learning)": (SL, POSTPROC),
    "BASELINE RCSLS (SUP)": (RCSLS, RAW),
    "POSTPROC RCSLS (SUP)": (RCSLS, POSTPROC),
    "BASELINE VecMap (SUP+SL)": (SL, RAW),
    "POSTPROC VecMap (SUP+SL)": (SL, POSTPROC),
    _STRONGEST: (SL, RAW),
    "POSTPROC": (SL, POSTPROC),
}


@STUDY.beside(digits=1)
def ours(v: TranslationView, line: dict[str, Any]) -> dict[str, Any]:
    """Means of a source over our targets, and of all our pairs, stand for the paper's; single pairs for themselves."""
    want = parse_setting(line["setting"])
    method, orders = _PAPER[line["method"]]
    where = {"method": method, "orders": orders, "size": want.get("dict", "5k").upper()}
    source, target = want.get("src", "all").upper(), want.get("tgt", "avg").upper()
    if source != "ALL" and source not in set(v.rows["source"]):
        raise NotTestable(f"no vectors of {source} are at hand")
    if target != "AVG" and target not in set(v.rows["target"]):
        raise NotTestable(f"no vectors of {target} are at hand")
    where |= {name: value for name, value in (("source", source), ("target", target)) if value not in ("ALL", "AVG")}
    scale = 1 if line["metric"] == "mrr" else 100
    if "improved" in line["metric"]:
        return _improved(v, where, line["metric"])
    rows = v.scores(**where)
    value = _better_baseline(v, where).mean() if line["method"] == _STRONGEST else rows["value"].mean()
    pairs = ", ".join(rows["source"] + "-" + rows["target"])
    return {"ours": scale * float(value), "n": int(rows["n_test"].sum()), "pairs": pairs, "note": _NOTE}


_NOTE = "other vectors (floret, fastText, GloVe of 20,000 to 40,000 words), xling-eval's dictionaries"


def _improved(v: TranslationView, where: dict[str, Any], metric: str) -> dict[str, Any]:
    """How many pairs, or sources on average, POSTPROC improves over the better of both baselines."""
    after = v.scores(**where).set_index(PAIR)["value"]
    gain = (after - _better_baseline(v, where)).dropna()
    if "source" in metric:
        gain = gain.groupby(level="source").mean()
    return {"ours": int((gain > 0).sum()), "n": len(gain), "pairs": f"of {len(gain)}", "note": _NOTE}


def _better_baseline(v: TranslationView, where: dict[str, Any]) -> pd.Series:
    """The better of supervised and self-learning on raw tables, for each pair."""
    found = [v.scores(**{**where, "method": method, "orders": RAW}).set_index(PAIR)["value"] for method in (SUP, SL)]
    return pd.concat(found, axis=1).max(axis=1)
