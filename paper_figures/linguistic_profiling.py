"""Miaschi & Dell'Orletta 2020: Figures 1-3, Tables 2-5 and 15 claims, the paper's numbers beside ours.

    draw("results/linguistic-profiling", "figures")     every file, from rows alone
    claims(df), against_paper(df), solver_question(df)  the tables behind them

Layers carry the paper's names, -1 the last. Its -8 (best with Mean pooling) is read as our best Mean layer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError
from probekit.report import against_paper as beside_paper
from probekit.report import bars, curves, heatmap, make_files, read_results, save, summarise, write_table
from probekit.report import claims as test_claims
from probekit.report.claims import NotTestable, beside, check

from ._profiling_claims import BEST, LAST, STUDY, our_layer
from ._profiling_controls import controls, leak
from ._profiling_view import ALL, FEATURES, GROUP_TITLES, GROUPS, POOLING_TITLES, POOLINGS, TOKENS, View, view

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "against_paper", "claims", "draw", "solver_question"]

RHO = "mean Spearman ρ"
EXACT, LIBLINEAR = "linear-svr", "linear-svr-liblinear"


def draw(results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. Options choose among the rows: `encoder`, `static`, `probe`,
    `dataset`, `setting`, `undefined` (see `view`). Figures and tables that need a static encoder are drawn
    for every one there is, the others than the first with its name at their end. What the rows cannot show is
    left out with a warning.
    """
    df = read_results(results)
    folder = Path(out) if out is not None else Path(results) / "_figures"
    first = view(df, **options)
    chosen = ("encoder", "probe", "dataset", "setting")
    kept: dict[str, Any] = options | {name: getattr(first, name) for name in chosen}
    products: dict[str, Callable[[], list[Path]]] = {}

    def figure(name: str, make: Callable[[View], Figure], v: View) -> None:
        products[name] = lambda: save(make(v), folder / name)

    def table(name: str, make: Callable[..., pd.DataFrame], *given: Any, **style: Any) -> None:
        products[name] = lambda: write_table(make(*given), folder / name, leading_zero=False, **style)

    figure("figure-1", figure_1, first)
    figure("figure-3", figure_3, first)
    for static in sorted(first.statics, key=lambda name: name != first.static) or [""]:
        v = view(df, **(kept | {"static": static}))
        mark = "" if static == first.static else f"-{slug(static)}"
        where = f"{v.encoder}, {static or 'no static table'}, {_probed(v)}"
        figure(f"figure-2{mark}", figure_2, v)
        figure(f"figure-table-2{mark}", figure_table_2, v)
        for number, (make, title, digits) in TABLES.items():
            table(f"table-{number}{mark}", make, v, caption=f"{title} ({where})", digits=digits)
        table(f"claims{mark}", check, STUDY, v, wrap=CLAIM_WIDTHS, caption=f"The claims ({where})")
        table(f"against-paper{mark}", beside, STUDY, v, digits=3)
    widths = {"text": "6cm"}
    table("verdicts", lambda: verdicts(df, **options), wrap=widths, caption="Verdicts under every choice")
    table("summary", lambda: summary(df), caption="Mean rho of everything that was run", digits=3, formats=("csv",))
    table("leak", lambda: leak(df), caption="What identical sentences and shared documents are worth", digits=3)
    table("controls", lambda: controls(df), caption="Controls, Mean pooling, ridge", digits=3)
    if {EXACT, LIBLINEAR} <= set(df["probe"].astype(str)):
        sample = _solver_options(df, kept)[1] | {"setting": None, "static": ""}
        for static in sorted((v := view(df, **sample)).statics, key=lambda name: name != v.static) or [""]:
            mark = "" if static == v.static else f"-{slug(static)}"
            ask = partial(solver_question, df, **(sample | {"static": static}))
            table(f"solver-claims{mark}", ask, wrap=SOLVER_WIDTHS, caption=f"{SOLVER_TITLE} ({static})")
        table("solver-scores", lambda: solver_scores(df, **options), caption="Mean rho by solver, same sample")
    return make_files(products)


def claims(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 15 claims tested on rows (see `probekit.report.claims`). Options as in `draw`."""
    return test_claims(STUDY, df, **options)


def against_paper(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 132 published numbers with ours beside each, and which of our layers stands for the paper's."""
    return beside_paper(STUDY, df, **options)


# --- figures ---


def figure_1(v: View) -> Figure:
    """Mean rho over layers: a panel for each group, a line for each pooling, two references."""
    shown = [p for p in ("mean", "max", "min", "sum", "cls") if any(("contextual", p, x) in v.scores for x in v.layers)]
    rows = v.rows[v.rows["encoder"].eq(v.encoder) & v.rows["pooling"].isin(shown) & v.rows["layer"].ge(1).fillna(False)]
    parts = []
    for group in (*GROUPS, ALL):
        own = rows if group == ALL else rows[rows["task"].isin([f for f in FEATURES if FEATURES[f] == group])]
        if own.empty:
            continue
        means = summarise(own, ["pooling", "layer"], interval=True)
        means["line"] = means["pooling"].astype(str).map(POOLING_TITLES)
        means["x"] = means["layer"].astype(float) - v.last - 1
        references = []
        if ("static", "mean", None) in v.scores:
            references.append((f"{_short(v.static)}, Mean", v.mean("static", "mean", group=group)))
        if len(v.length):
            references.append(("sentence length alone (|ρ|)", v.baseline(group)))
        flat = pd.DataFrame(references, columns=["line", "value"])
        parts.append(pd.concat([means, flat]).assign(panel=GROUP_TITLES[group]))
    table = pd.concat(parts, ignore_index=True)
    return curves(
        table,
        "x",
        lines="line",
        panels="panel",
        low="low",
        high="high",
        label=RHO,
        x_label=f"layer of {v.encoder} (-1 = last of {v.last})",
        title=f"Figure 1. Layers and poolings of {v.encoder} ({_probed(v)}; bands: 95 % over folds)",
    )


def figure_2(v: View) -> Figure:
    """Contextual minus static, Mean pooling, 68 features by correlation with length, over all layers."""
    static = v.features("static", "mean")
    parts = [
        pd.DataFrame({"value": v.features("contextual", "mean", layer) - static, "layer": v.negative(layer)})
        for layer in v.layers
    ]
    table = _two_halves(pd.concat(parts), v)
    # One feature (sentence length) can stand so far out that the rest would look the same; arrows say that it
    # does.
    reach = float(np.ceil(100 * np.quantile(table["value"].abs(), 0.97)))
    return heatmap(
        table,
        "feature",
        "layer",
        panels="half",
        row_groups="group",
        row_order=_ranked(v),
        scale=100,
        signed=True,
        annotate=".0f" if len(v.layers) <= 12 else "",
        limits=(-reach, reach),
        label=f"100 × (ρ {v.encoder} − ρ {_short(v.static)})",
        column_label=f"layer of {v.encoder}",
        title=f"Figure 2. {v.encoder} (red) against {_short(v.static)} (blue), Mean pooling ({_probed(v)})",
    )


def figure_3(v: View) -> Figure:
    """One word's vector or the whole sentence: rho of each feature at the best and the last layer."""
    parts = []
    for layer, name in dict.fromkeys([(v.best_word, "best Mean layer"), (v.last, "last layer")]):
        for pooling in (*TOKENS.values(), "mean"):
            values = v.features("contextual", pooling, layer)
            block = f"layer {v.negative(layer)}" + (f"\n({name})" if v.best_word != v.last else "")
            parts.append(pd.DataFrame({"value": values, "column": POOLING_TITLES[pooling], "block": block}))
    return heatmap(
        _two_halves(pd.concat(parts), v),
        "feature",
        "column",
        panels="half",
        blocks="block",
        row_groups="group",
        row_order=_ranked(v),
        column_order=[*TOKENS, "Mean"],
        scale=100,
        annotate=".0f",
        label="100 × ρ",
        title=f"Figure 3. One word's vector or the sentence mean, {v.encoder} ({_probed(v)})",
    )


def figure_table_2(v: View) -> Figure:
    """The paper's Table 2 as bars beside ours."""
    table = beside(STUDY, v)
    table = table[table["table"] == "Table 2"]
    names = {
        v.encoder: f"{v.encoder} (paper: BERT)",
        v.static: f"{_short(v.static)} (paper: word2vec)",
        "sentence length": "Sentence length alone",
    }
    names.pop("", None)  # no static encoder, or none with layers
    long = table.melt(["task", "our_encoder"], ["ours", "paper"], var_name="whose", value_name="rho")
    long["panel"] = long["our_encoder"].map(names)
    return bars(
        long.dropna(subset="panel"),
        "task",
        "rho",
        colours="whose",
        panels="panel",
        annotate=".2f",
        label=RHO,
        x_order=[*GROUP_TITLES.values()],
        colour_order=["ours", "paper"],
        title=f"Table 2 as bars: mean of four poolings and all layers ({_probed(v)})",
    )


def _two_halves(table: pd.DataFrame, v: View) -> pd.DataFrame:
    """Feature, group and half (by correlation with length) of each line; the index holds the task."""
    ranked = v.by_length()
    half = len(ranked) // 2
    names = dict.fromkeys(ranked[:half], f"{half} features most correlated with length")
    names |= {f: f"{len(ranked) - half} features least correlated with length" for f in ranked[half:]}
    table = table.rename_axis("task").reset_index()
    table["feature"] = table["task"].str.removeprefix("sentence/")
    table["group"] = table["task"].map(FEATURES).map(GROUP_TITLES)
    table["half"] = table["task"].map(names)
    return table.set_index("half").loc[list(dict.fromkeys(names.values()))].reset_index()


def _ranked(v: View) -> list[str]:
    return [task.removeprefix("sentence/") for task in v.by_length()]


def _probed(v: View) -> str:
    return f"{v.probe}, {v.dataset}, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{v.n:,}"


def _short(spec: str) -> str:
    """A spec without its arguments, for labels."""
    return spec.partition("(")[0].removeprefix("static:")


def slug(spec: str) -> str:
    """A spec as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", spec.lower()).strip("-")


# --- tables ---


def table_2(v: View) -> pd.DataFrame:
    """Groups by encoder: mean of four poolings and all layers; the length baseline."""
    sides = {"sentence length": "length"}
    if v.encoder:
        sides[v.encoder] = v.encoder
    if v.static:
        sides[v.static] = v.static
    return _wide(v, "Table 2", ["task"], lambda row: sides.get(row["our_encoder"], ""))


def table_3(v: View) -> pd.DataFrame:
    """Static encoder by pooling."""
    return _wide(v, "Table 3", ["method"], lambda row: row["task"])


def table_4(v: View) -> pd.DataFrame:
    """Contextual minus static by layer and pooling, with the paper's layer that each of ours is read as."""
    published = STUDY.numbers()
    published = published[published["table"] == "Table 4"]
    meant: dict[int, list[int]] = {}
    for paper_layer in sorted(published["layer"].unique()):
        try:
            meant.setdefault(our_layer(v, int(paper_layer))[0], []).append(int(paper_layer))
        except NotTestable:
            continue
    rows = []
    for layer in v.layers:
        row: dict[str, Any] = {"layer": v.negative(layer), "stands for": " and ".join(map(str, meant.get(layer, [])))}
        for pooling in POOLINGS:
            title = POOLING_TITLES[pooling]
            theirs = published[(published["method"] == title) & published["layer"].isin(meant.get(layer, []))]["value"]
            row[title] = v.difference(pooling, layer)
            row[f"{title} (paper)"] = float(theirs.iloc[-1]) if len(theirs) else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def table_5(v: View) -> pd.DataFrame:
    """Single-word vectors and [CLS] at the best and the last layer, and of the static encoder."""
    table = _wide(v, "Table 5", ["encoder", "layer", "method"], lambda row: row["task"])
    layers = {BEST: f"{v.negative(v.best_word)} (best Mean)", LAST: "-1 (last)"} if v.found_layers else {}
    names = [v.static if pd.isna(layer) else v.encoder for layer in table["layer"]]
    table.insert(1, "ours read at", [layers.get(layer, "") for layer in table["layer"]])
    table.insert(0, "our encoder", names)
    return table.astype({"layer": "Int64"}).rename(columns={"encoder": "paper's encoder", "layer": "paper's layer"})


TABLES: dict[int, tuple[Callable[[View], pd.DataFrame], str, int]] = {
    2: (table_2, "Mean rho by feature group, mean of the four poolings (and of all layers)", 2),
    3: (table_3, "Static encoder by pooling", 2),
    4: (table_4, "Contextual minus static by layer and pooling, all features", 3),
    5: (table_5, "Single-word representations", 2),
}
CLAIM_WIDTHS = {"text": "4.5cm", "paper": "3cm", "ours": "3.5cm", "why": "3.5cm"}
SOLVER_TITLE = "Claims with the solver stopped at its defaults and run to the optimum, same sample"
SOLVER_WIDTHS = {"text": "4.5cm", "stopped": "3.5cm", "optimum": "3.5cm"}


def _wide(v: View, table: str, rows: list[str], heading: Callable[[pd.Series], str]) -> pd.DataFrame:
    """Published rows of a table with a pair of columns, ours and the paper's, for each heading."""
    long = beside(STUDY, v)
    long = long[long["table"] == table]
    wide: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _, row in long.iterrows():
        if name := heading(row):
            line = wide.setdefault(tuple(row[n] for n in rows if not pd.isna(row[n])), {n: row[n] for n in rows})
            line[name], line[f"{name} (paper)"] = row["ours"], row["paper"]
    if all(pd.isna(value) for line in wide.values() for name, value in line.items() if f"{name} (paper)" in line):
        raise NotTestable(str(long["note"].iloc[0]))
    return pd.DataFrame(list(wide.values()))


def summary(df: pd.DataFrame) -> pd.DataFrame:
    """Mean rho over the features of each group for everything that was run, a line each."""
    rows = df[df["metric"].eq("spearman") & df["fold"].notna()]
    by = ["dataset", "setting", "control", "probe", "encoder", "layer", "pooling"]
    means = summarise(rows, [*by, "task_group"]).rename(columns={"value": "rho"})
    return means.drop(columns=["n_cells"]).sort_values([*by, "task_group"], ignore_index=True)


def verdicts(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Verdict of each claim for every dataset, probe and static encoder among the rows."""
    columns: dict[str, pd.Series] = {}
    base = view(df, **options)
    layered = df["layer"].notna() & (df["control"] == "")
    for dataset in sorted(
        df.loc[layered, "dataset"].astype(str).unique(), key=lambda name: (name != base.dataset, name)
    ):
        here = df[(df["dataset"] == dataset) & layered]
        for probe in sorted(here["probe"].astype(str).unique(), key=lambda name: (name != base.probe, name)):
            asked = options | {"dataset": dataset, "probe": probe, "encoder": base.encoder}
            try:
                statics = view(df, **asked).statics
            except ProbekitError:
                continue
            for static in statics:
                found = claims(df, **(asked | {"static": static}))
                columns[f"{dataset}, {probe}, {static}"] = found.set_index("number")["verdict"]
    if not columns:
        raise NotTestable("no combination of dataset, probe and static encoder answers the claims")
    texts = pd.Series({number: claim.text for number, claim in STUDY.claims.items()}, name="text")
    return pd.DataFrame({"text": texts} | columns).rename_axis("number").reset_index()


# --- which claims change when the solver is run to the optimum? ---


def solver_question(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Each claim with the solver stopped at its defaults and run to the optimum, on one sample.

    Only representations that both solvers answered count. Columns: number, text, paper, ours and verdict of both, n,
    and whether the verdict changes. Raises ProbekitError when no dataset has rows of both probes.
    """
    df = answered_by_both(df)
    stopped, optimum = (claims(df, **asked) for asked in _solver_options(df, options))
    table = stopped[["number", "text", "paper"]].copy()
    table["stopped"], table["stopped verdict"] = stopped["ours"], stopped["verdict"]
    table["optimum"], table["optimum verdict"] = optimum["ours"], optimum["verdict"]
    table["n"] = optimum["n"]
    table["changes"] = stopped["verdict"] != optimum["verdict"]
    return table


def solver_scores(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Mean rho of each group by encoder, pooling and solver, with the share of converged fits, where both answered."""
    df = answered_by_both(df)
    parts = []
    for asked, name in zip(_solver_options(df, options), ("stopped", "optimum"), strict=True):
        rows = view(df, **asked).rows
        rows = rows.assign(group=rows["task"].astype(str).map(FEATURES), converged=_converged(rows["info"]))
        by = ["encoder", "pooling"]
        means = summarise(rows, [*by, "group"]).pivot(index=by, columns="group", values="value")[list(GROUPS)]
        overall = summarise(rows, by).set_index(by)
        means[ALL], means["undefined"] = overall["value"], overall["n_undefined"]
        means["converged"] = rows.groupby(by, observed=True, dropna=False)["converged"].mean()
        means.insert(0, "solver", name)
        parts.append(means.reset_index())
    return pd.concat(parts).sort_values(["encoder", "pooling", "solver"], kind="stable", ignore_index=True)


def answered_by_both(df: pd.DataFrame) -> pd.DataFrame:
    """Rows without those that one of the two solvers answered and the other did not."""
    solver = df["probe"].astype(str).isin([EXACT, LIBLINEAR]).to_numpy()
    place = df[["dataset", "encoder", "pooling", "setting"]].astype(str)
    place = place.assign(layer=df["layer"].fillna(-1).astype(int))
    answered = place.assign(probe=df["probe"].astype(str))[solver]
    both = answered.groupby(list(place.columns))["probe"].nunique()
    return df[~solver | pd.MultiIndex.from_frame(place).isin(both.index[both == 2])]


def _solver_options(df: pd.DataFrame, options: dict[str, Any]) -> list[dict[str, Any]]:
    of = {probe: set(df.loc[df["probe"] == probe, "dataset"].astype(str)) for probe in (LIBLINEAR, EXACT)}
    shared = sorted(of[LIBLINEAR] & of[EXACT])
    if not shared:
        raise ProbekitError(f"no dataset was answered by both {LIBLINEAR} and {EXACT}; run both on one sample")
    dataset = options.get("dataset") if options.get("dataset") in shared else shared[0]
    return [options | {"probe": probe, "dataset": dataset} for probe in (LIBLINEAR, EXACT)]


def _converged(info: pd.Series) -> pd.Series:
    """Whether the solver reached its tolerance: 1, 0, or NaN where the row does not say."""
    known = {text: json.loads(text or "{}").get("converged") for text in info.unique()}
    return info.map({text: np.nan if value is None else float(bool(value)) for text, value in known.items()}).astype(
        float
    )
