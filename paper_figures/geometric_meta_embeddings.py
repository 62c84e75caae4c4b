"""Jawanpuria et al. 2020: the three tables as heatmaps, gains with intervals, c, copies, what was learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.geometric_meta_embeddings import CHOSEN, DEVELOPMENT, GEOMETRIC, STUDY, SWEEP

from probekit.report import NotTestable, bars, counterpart, curves, ends, heatmap

from ._geometric_meta_embeddings_view import (
    AVG,
    COLUMNS,
    CONC,
    GEO_AVG,
    GEO_CONC,
    HAAR,
    ITSELF,
    MEANS,
    METHODS,
    METRIC,
    NAMES,
    NEGATIVE,
    NONE,
    PAIRS,
    PAPERS,
    RANDOM,
    RELATED,
    ROWS,
    SIGNS,
    SIMILAR,
    TURN,
    WA,
    WS,
    MetaView,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAIN_OF = {GEO_AVG: AVG, GEO_CONC: CONC}
NORMED = {NONE: "lengths as they are", ROWS: "rows of length 1"}
RANDOM_AT = 1.25  # where a rotation that is uniform among all stands on the axis of turns


def _less_conc(v: MetaView, pairs: list[str]) -> pd.DataFrame:
    """Every method and mean of some pairs less CONC with rows of length 1, a line a pair, method and benchmark."""
    found = []
    for pair in pairs:
        conc = v.own(pair, CONC)
        for method in (*pair.split("+"), AVG, GEO_CONC, GEO_AVG):
            for over in (*SIMILAR, WS, *RELATED, WA):
                try:
                    value = 100 * v.less(v.own(pair, method), conc, over).difference
                except NotTestable:
                    continue
                found.append({"pair": pair, "method": method, "over": over, "value": value})
    if not found:
        raise NotTestable("no pair of tables was asked")
    return pd.DataFrame(found)


def _heat(v: MetaView, pairs: list[str], title: str) -> Figure:
    order = [*SIMILAR, WS, *RELATED, WA]
    table = _less_conc(v, pairs)
    return heatmap(
        table,
        "method",
        "over",
        panels="pair",
        panel_order=pairs,
        row_order=[name for name in (*NAMES.values(), AVG, GEO_CONC, GEO_AVG) if name in set(table["method"])],
        column_order=[over for over in order if over in set(table["over"])],
        across=1,
        signed=True,
        annotate="+.1f",
        label="less CONC (points)",
        row_label="table",
        column_label="benchmark (rho or accuracy × 100)",
        title=title,
    )


# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-tables")
def as_the_paper(v: MetaView) -> Figure:
    """The paper's three tables: what each table has over CONC."""
    return _heat(v, v.pairs(PAPERS), "Scores less those of CONC, rows of length 1: red is better than CONC")


@STUDY.figure("figure-minilm")
def with_minilm(v: MetaView) -> Figure:
    """The same of pairs with the input vectors of an encoder."""
    rest = [pair for pair in v.pairs() if pair not in PAPERS]
    if not rest:
        raise NotTestable("no pair with MiniLM was run")
    return _heat(v, rest, f"{', '.join(rest)} (MiniLM: its input vectors): scores less those of CONC, rows of length 1")


@STUDY.figure("figure-gains")
def gains_of_the_map(v: MetaView) -> Figure:
    """Geometric less plain, with and without rows of length 1, with intervals."""
    found = [
        {"pair": pair, "over": over, "how": f"{geo} less {plain}, {NORMED[norm]}", **ends(gain)}
        for pair in v.pairs()
        for over in MEANS
        for geo, plain in PLAIN_OF.items()
        for norm in NORMED
        for gain in [v.gain(pair, geo, plain, over, norm)]
    ]
    return bars(
        pd.DataFrame(found),
        "pair",
        colours="how",
        panels="over",
        low="low",
        high="high",
        across=1,
        label="gain (points)",
        x_label="pair of tables",
        title="What the learned map gains over plain AVG and CONC (95 % intervals over items)",
    )


@STUDY.figure("figure-sources")
def gains_over_the_source(v: MetaView) -> Figure:
    """Every combination less the better source, and less the metric alone on that source."""
    found = []
    for pair in v.pairs():
        for over in MEANS:
            best = v.better_source(pair, over)
            for method in (AVG, CONC, GEO_AVG, GEO_CONC, f"{best}{METRIC}"):
                gain = v.gain(pair, method, best, over)
                name = "metric alone" if method.endswith(METRIC) else method
                found.append({"pair": pair, "over": over, "method": name, **ends(gain)})
    return bars(
        pd.DataFrame(found),
        "pair",
        colours="method",
        panels="over",
        low="low",
        high="high",
        across=1,
        label="less the better source (points)",
        x_label="pair of tables",
        title="Gain over the better table of a pair (metric alone: that table turned to itself)",
    )


@STUDY.figure("figure-c")
def over_c(v: MetaView) -> Figure:
    """Mean correlation over c on the benchmarks it is chosen on, and on the reported ones."""
    table = _sweep(v)
    return curves(
        table.assign(x=np.log10(table["c"]), line=table["method"] + ", " + table["on"]),
        "x",
        lines="line",
        panels="pair",
        panel_order=[pair for pair in PAIRS if pair in set(table["pair"])],
        x_label="log10 c",
        label="mean Spearman × 100",
        title="Score over c: chosen on development benchmarks, shown on the reported ones (higher is better)",
    )


@STUDY.figure("figure-copies")
def on_copies(v: MetaView) -> Figure:
    """A table and its noisy copy, over how far the copy is rotated or how many signs are turned over."""
    found = [
        {"change": name, "method": method, "x": RANDOM_AT if amount == HAAR else amount, **ends(v.value(own, WS))}
        for change, name in _CHANGES.items()
        for method in METHODS.values()
        for amount, own in v.copies(change, method).items()
    ]
    chance = [{"change": name, "method": "chance", "value": 0.0} for name in _CHANGES.values()]
    return curves(
        pd.DataFrame([*found, *chance]),
        "x",
        lines="method",
        panels="change",
        panel_order=list(_CHANGES.values()),
        low="low",
        high="high",
        x_label="how far the copy is changed",
        label="Avg(WS): Spearman × 100",
        title="GloVe with a noisy copy of itself, as the copy is changed (higher is better, 95 % intervals over pairs)",
    )


_CHANGES = {
    TURN: "rotated by that share of 180 degrees\n(1.25: uniform)",
    SIGNS: "signs of that share of dimensions\nturned over",
}


@STUDY.figure("figure-sides")
def cosine_of_sides(v: MetaView) -> Figure:
    """Mean cosine of both vectors of a word, and of unlike words', before and after."""
    table = _sides(v)
    return bars(
        table.assign(how=table["words"] + ", " + table["when"]),
        "pair",
        colours="how",
        low="ci_low",
        high="ci_high",
        label="mean cosine",
        x_label="pair of tables",
        annotate=".2f",
        title="Cosine of both tables' vectors, of the same word and of others, before and after the learned maps",
    )


@STUDY.figure("figure-spectra")
def spectra_of_the_metric(v: MetaView) -> Figure:
    """Sorted eigenvalues of the metric of each pair."""
    lines = v.below("curve", metric="objective", kind="pair")
    return curves(
        lines.assign(share=np.log10(lines["value_x" if "value_x" in lines else "value"])),
        "step",
        "share",
        lines="pair",
        line_order=[pair for pair in PAIRS if pair in set(lines["pair"])],
        x_label="eigenvalue of the metric B, largest first",
        label="share of the sum (log10)",
        title="The metric that was learned for each pair: sorted eigenvalues",
    )


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("tables", caption="The paper's Tables 1 to 3 on our tables, and pairs with MiniLM: × 100", digits=1)
def scores_by_pair(v: MetaView) -> pd.DataFrame:
    """A line for every table of a pair; the items of each benchmark first."""
    found: list[dict[str, Any]] = []
    for pair in v.pairs():
        about = v.own(pair, CONC).drop_duplicates("task").set_index("task")["n_test"]
        items = {task: about.get(task, 0) for task in (*SIMILAR, *RELATED)}
        found.append({"pair": pair, "table": "items", "norm": "", **items})
        for method, norm in _rows_of(pair):
            own = v.own(pair, method, norm).drop_duplicates("task").set_index("task")["value"]
            line = {task: 100 * own.get(task, np.nan) for task in (*SIMILAR, *RELATED)}
            means = {over: np.mean([line[task] for task in tasks]) for over, tasks in MEANS.items()}
            found.append({"pair": pair, "table": method, "norm": norm, **line, **means})
    columns = ["pair", "table", "norm", *SIMILAR, WS, *RELATED, WA]
    return pd.DataFrame(found)[columns]


def _rows_of(pair: str) -> Iterator[tuple[str, str]]:
    sources = pair.split("+")
    yield from ((name, NONE) for name in (*sources, RANDOM))
    yield from ((method, norm) for norm in (NONE, ROWS) for method in (CONC, AVG, GEO_CONC, GEO_AVG))
    yield from ((method, COLUMNS) for method in (GEO_CONC, GEO_AVG))
    yield from ((f"{name}{METRIC}", ROWS) for name in sources)


@STUDY.table("gains", caption="Differences in points with 95 % intervals, rows of length 1 unless said", digits=1)
def every_gain(v: MetaView) -> pd.DataFrame:
    found = []
    for pair in v.pairs():
        for over in MEANS:
            best = v.better_source(pair, over)
            asked = [(geo, plain, norm) for geo, plain in PLAIN_OF.items() for norm in NORMED]
            asked += [(method, best, ROWS) for method in (AVG, CONC, GEO_AVG, GEO_CONC, f"{best}{METRIC}")]
            asked += [(geo, f"{best}{METRIC}", ROWS) for geo in PLAIN_OF] + [(GEO_CONC, GEO_AVG, ROWS)]
            for one, other, norm in asked:
                line = {"pair": pair, "mean": over, "table": one, "less": other, "norm": norm}
                found.append({**line, **ends(v.gain(pair, one, other, over, norm))})
    return pd.DataFrame(found).rename(columns={"value": "points"})


@STUDY.table("chosen", caption="Mean Spearman × 100 over c, both methods, rows of length 1", digits=2)
def chosen_c(v: MetaView) -> pd.DataFrame:
    """A line for each c: means on what it is chosen on, over all pairs; on the reported sets; of each pair."""
    table = _sweep(v)
    developed = table[table["on"].eq(_DEVELOPED)].pivot_table(index="c", columns="pair", values="value")
    wide = table.pivot_table(index="c", columns="on", values="value").join(
        developed[[pair for pair in PAIRS if pair in developed]]
    )
    wide.insert(0, "chosen", np.where(wide.index == wide[_DEVELOPED].idxmax(), "chosen", ""))
    return wide.reset_index().assign(c=[f"{c:g}" for c in wide.index])


@STUDY.table("copies", caption="GloVe with copies of itself: Avg(WS) × 100 with 95 % intervals, chance 0", digits=1)
def every_copy(v: MetaView) -> pd.DataFrame:
    found = []
    for change in (TURN, SIGNS, NEGATIVE, ITSELF):
        for method in METHODS.values():
            for amount, own in _of_change(v, change, method).items():
                line = {"copy": change, "amount": "uniform" if amount == HAAR else f"{amount:g}", "table": method}
                found.append({**line, **ends(v.value(own, WS))})
    return pd.DataFrame(found).rename(columns={"value": WS})


def _of_change(v: MetaView, change: str, method: str) -> dict[float, pd.DataFrame]:
    if change == ITSELF:
        return {0.0: v.scores(kind="copy", change=change, method=method)} if method in PLAIN_OF else {}
    return v.copies(change, method)


@STUDY.table("sides", caption="Mean cosine of both vectors of a word, of unlike words', before and after", digits=3)
def sides(v: MetaView) -> pd.DataFrame:
    found = _sides(v).rename(columns={"value": "cosine", "ci_low": "low", "ci_high": "high", "n_test": "n"})
    return found[["pair", "words", "when", "cosine", "low", "high", "n"]]


@STUDY.table("solvers", caption="Riemannian conjugate gradient and the closed form, GloVe and CBOW of d", digits=2)
def both_solvers(v: MetaView) -> pd.DataFrame:
    """Gap as a share of the objective, and of what the smallest one explains of n."""
    rows = v.needs(kind="solver", metric="objective_gap").set_index("key")
    reached = v.needs(kind="solver", metric="objective").set_index("key")["value"]
    best = reached / (1 + rows["value"])
    return pd.DataFrame(
        {
            "d": rows["width"].astype(int),
            "one axis turned over": rows["change"].eq(SIGNS),
            "n": rows["n_test"],
            "objective": best,
            "gap": [f"{gap:.1e}" for gap in rows["value"]],
            "gap of what is explained": [f"{gap:.1e}" for gap in (reached - best) / (rows["n_test"] - best)],
        }
    ).sort_values(["d", "one axis turned over"])


_DEVELOPED, _REPORTED = "development", "reported similarity"


def _sweep(v: MetaView) -> pd.DataFrame:
    """Mean correlation by pair, method, c, and what it is over."""
    rows = v.scores(kind="pair", method=[METHODS[step] for step in GEOMETRIC], norm=ROWS, c=list(SWEEP))
    found = []
    for on, tasks in ((_DEVELOPED, DEVELOPMENT), (_REPORTED, SIMILAR)):
        own = rows[rows["task"].isin(tasks)].drop_duplicates(["pair", "method", "c", "task"])
        groups = own.groupby(["pair", "method", "c"], sort=False)["value"]
        means = 100 * groups.mean()[groups.size().eq(len(tasks))]
        found.append(means.reset_index().assign(on=on))
    table = pd.concat(found)
    if table["on"].nunique() < len(found):
        raise NotTestable("the sweep over c was not run")
    return table


def _sides(v: MetaView) -> pd.DataFrame:
    """Mean cosines by pair and kind of words, before and after; no interval where all pairs of words are taken."""
    rows = v.needs(metric="cosine", kind="pair")
    when = rows["method"].map({CONC: "before", GEO_CONC: "after"})
    words = rows["subset"].map({"words=same": "same word", "words=other": "other words"})
    rows = rows.assign(when=when, words=words, place=rows["pair"].map(PAIRS.index))
    return rows.sort_values(["place", "words", "when"], ascending=[True, False, False], kind="stable")


# --- beside the paper --------------------------------------------------------------------------------


@STUDY.beside(digits=1)
def ours(v: MetaView, line: dict[str, Any]) -> dict[str, Any]:
    """The same pair, table and benchmark; geometric ones, AVG and CONC with rows of length 1."""
    where = counterpart(line, encoder={pair: pair for pair in v.pairs(PAPERS)})
    own, over = v.own(where["encoder"], line["method"]), line["dataset"]
    if over in MEANS:
        found = v.value(own, over)
        return {"ours": 100 * found.difference, "n": found.n, "note": _NOTE}
    there = own[own["task"].eq(over)]
    if there.empty:
        raise NotTestable(f"{over} was not asked of {line['encoder']}")
    return {"ours": 100 * there["value"].iloc[0], "n": int(there["n_test"].iloc[0]), "note": _NOTE}


_NOTE = f"tables of 100 dimensions, 18,000 to 31,000 words; c {CHOSEN:g}"
