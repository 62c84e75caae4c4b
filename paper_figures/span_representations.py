"""Toshniwal et al. 2020: Figures 2-5, Tables 2-5 and 14 claims, the paper's numbers beside ours.

draw("results/span-representations", "figures")     every file, from rows alone
claims(df), against_paper(df)                       the tables behind them
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit.report import against_paper as beside_paper
from probekit.report import bars, curves, heatmap, make_files, read_results, save, write_table
from probekit.report import claims as test_claims
from probekit.report.claims import NotTestable, beside, check

from ._spans_claims import LEAST, STUDY
from ._spans_view import (
    BOUNDARY,
    COREFERENCE,
    ENTIRE,
    ENTITY,
    FROZEN,
    LABEL,
    METHODS,
    ROLE,
    SINGLE,
    TASKS,
    TITLES,
    TUNED,
    UNIFORM,
    View,
    view,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "against_paper", "claims", "draw"]

F = "test F, hundredths"


def draw(results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. Options choose among the rows: `encoder`, `corpora` (see `view`). What
    the rows cannot show is left out with a warning.
    """
    v = view(read_results(results), **options)
    folder = Path(out) if out is not None else Path(results) / "_figures"
    where = f"{v.encoder}; " + ", ".join(v.datasets)
    products: dict[str, Callable[[], list[Path]]] = {}

    def figure(name: str, make: Callable[[View], Figure]) -> None:
        products[name] = lambda: save(make(v), folder / name)

    def table(name: str, make: Callable[[View], pd.DataFrame], title: str, digits: int = 1) -> None:
        products[name] = lambda: write_table(make(v), folder / name, caption=f"{title} ({where})", digits=digits)

    for number, make in enumerate((figure_2, figure_3, figure_4, figure_5), 2):
        figure(f"figure-{number}", make)
    figure("figure-layers", figure_layers)
    figure("figure-seeds", figure_seeds)
    table("table-1", table_1, "Sizes of the tasks")
    table("table-2", table_2, "Semantic roles: recall of boundary minus entire-span methods")
    table("table-3", table_3, "Constituents: recall of endpoint minus max, development units")
    table("table-4", table_4, "Coreference: learned and uniform layer weights", digits=2)
    table("table-5", table_5, "Entities: recall of boundary minus entire-span methods")
    table("scores", scores, "Every score, means over seeds")
    widths = {"text": "5cm", "ours": "6cm", "why": "3cm"}
    products["claims"] = lambda: write_table(
        check(STUDY, v), folder / "claims", wrap=widths, caption=f"The claims ({where})"
    )
    products["against-paper"] = lambda: write_table(beside(STUDY, v), folder / "against-paper", digits=1)
    return make_files(products)


def claims(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 14 claims tested on rows (see `probekit.report.claims`). Options as in `draw`."""
    return test_claims(STUDY, df, **options)


def against_paper(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """The 68 published numbers with ours beside each."""
    return beside_paper(STUDY, df, **options)


# --- figures ---


def figure_2(v: View) -> Figure:
    """Span methods x encoders, a panel a task, frozen; bars are the greatest value of each row and column."""
    return _heatmap(v, FROZEN, "Figure 2. Span methods and frozen encoders, learned layer weights", margins=True)


def figure_3(v: View) -> Figure:
    """Span methods fine-tuned beside frozen, a panel a task."""
    rows = v.scores[v.scores["encoder"].eq(v.encoder) & v.scores["way"].isin([FROZEN, TUNED])]
    tuned = set(rows.loc[rows["way"].eq(TUNED), "task"])
    if not tuned:
        raise NotTestable("no fine-tuned score")
    rows = rows[rows["task"].isin(tuned)]
    return _drawn(rows, "way", f"Figure 3. {v.encoder} frozen and fine-tuned", [FROZEN, TUNED], across=len(tuned))


def _heatmap(v: View, way: str, title: str, **options: Any) -> Figure:
    rows = v.of(way=way)
    rows = rows[rows["control"].isin(["", "random-encoder"])]
    return _drawn(rows, "short", title, sorted(set(rows["short"]), key=lambda n: n != v.encoder), across=3, **options)


def _drawn(rows: pd.DataFrame, columns: str, title: str, order: list[str], across: int, **options: Any) -> Figure:
    means = rows.groupby(["task", "method", columns], observed=True)["value"].mean().reset_index()
    means["task"] = means["task"].map(TITLES)
    present = [TITLES[task] for task in TASKS if TITLES[task] in set(means["task"])]
    methods = [m for m in METHODS if m in set(means["method"])]
    methods += sorted(set(means["method"]) - set(methods))
    return heatmap(
        means,
        "method",
        columns,
        panels="task",
        panel_order=present,
        row_order=methods,
        column_order=order,
        scale=100,
        annotate=".1f",
        label=F,
        row_label="span method",
        across=min(across, len(present)),
        title=title,
        **options,
    )


def figure_4(v: View) -> Figure:
    """Learned weights over layers, a line a method, a panel a task."""
    weights = v.layer_weights()
    weights = weights[weights["task"].isin([LABEL, ROLE, COREFERENCE])]
    if weights.empty:
        raise NotTestable("no layer weights for constituent label, semantic role or coreference")
    panels = [TITLES[task] for task in TASKS if task in set(weights["task"])]
    return curves(
        weights.assign(task=weights["task"].map(TITLES)),
        "layer",
        lines="method",
        panels="task",
        panel_order=panels,
        line_order=_methods(weights),
        x_label=f"layer of {v.encoder} (0 = embeddings)",
        label="learned weight",
        title="Figure 4. Layers that each task takes from",
    )


def figure_5(v: View) -> Figure:
    """Learned weights over layers for coreference, a panel an encoder, a line a method."""
    parts = []
    for encoder in sorted(set(v.of(way=FROZEN, task=COREFERENCE)["encoder"]), key=lambda name: name != v.encoder):
        try:
            weights = v.layer_weights(encoder)
        except NotTestable:
            continue
        own = weights[weights["task"].eq(COREFERENCE) & weights["method"].isin(["attn", "max", "endpoint"])]
        parts.append(own.assign(encoder=encoder.replace("random:", "random ")))
    table = pd.concat(parts) if parts else pd.DataFrame()
    if table.empty:
        raise NotTestable("no layer weights for coreference")
    return curves(
        table,
        "layer",
        lines="method",
        panels="encoder",
        panel_order=list(dict.fromkeys(table["encoder"])),
        x_label="layer (0 = embeddings)",
        label="learned weight",
        title="Figure 5. Coreference: layer weights by encoder",
    )


def figure_layers(v: View) -> Figure:
    """Score of every layer by itself, a line a method, a panel a task (ours)."""
    rows = v.of(way=SINGLE, encoder=v.encoder)
    if rows.empty:
        raise NotTestable("no single layer was run")
    means = rows.groupby(["task", "method", "layer"], observed=True)["value"].mean().reset_index()
    means["value"] *= 100
    panels = [TITLES[task] for task in TASKS if task in set(means["task"])]
    return curves(
        means.assign(task=means["task"].map(TITLES)),
        "layer",
        lines="method",
        panels="task",
        panel_order=panels,
        line_order=_methods(means),
        x_label=f"layer of {v.encoder} (0 = embeddings)",
        label=F,
        title="Where the information sits: single layers (ours)",
    )


def figure_seeds(v: View) -> Figure:
    """Scores with their range over seeds (ours)."""
    rows = v.of(way=FROZEN, encoder=v.encoder)
    grouped = rows.groupby(["task", "method"], observed=True)["value"]
    table = pd.DataFrame({"value": grouped.mean(), "low": grouped.min(), "high": grouped.max()}).mul(100).reset_index()
    panels = [TITLES[task] for task in TASKS if task in set(table["task"])]
    return bars(
        table.assign(task=table["task"].map(TITLES)),
        "method",
        panels="task",
        panel_order=panels,
        low="low",
        high="high",
        x_order=_methods(table),
        label=F,
        title=f"Span methods on {v.encoder}, whiskers least and greatest of {rows['seed'].nunique()} seeds (ours)",
    )


def _methods(table: pd.DataFrame) -> list[str]:
    there = set(table["method"])
    return [m for m in METHODS if m in there] + sorted(there - set(METHODS))


# --- tables ---


def table_1(v: View) -> pd.DataFrame:
    """Corpus and sizes of every task."""
    rows = v.of(way=FROZEN, encoder=v.encoder).drop_duplicates("task")
    table = rows[["task", "dataset", "n_train", "n_test"]]
    table = table.assign(order=table["task"].map(TASKS.index), task=table["task"].map(TITLES))
    return table.sort_values("order").drop(columns="order").reset_index(drop=True)


def table_2(v: View) -> pd.DataFrame:
    """Roles among the 20 commonest, by the difference of recalls."""
    table = v.recall_difference(ROLE, BOUNDARY, ENTIRE, least=LEAST)
    return _labels(table.loc[table["n"].nlargest(20).index].sort_values("difference", ascending=False))


def table_3(v: View) -> pd.DataFrame:
    return _labels(v.recall_difference(LABEL, ("endpoint",), ("max",), "dev", LEAST))


def table_4(v: View) -> pd.DataFrame:
    """Coreference by method with learned and uniform layer weights, and what the learned ones gain."""
    learned, uniform = v.means(COREFERENCE), v.means(COREFERENCE, UNIFORM)
    return pd.DataFrame(
        {
            "method": METHODS,
            "learned": [learned[m] for m in METHODS],
            "uniform": [uniform[m] for m in METHODS],
            "gain": [learned[m] - uniform[m] for m in METHODS],
        }
    )


def table_5(v: View) -> pd.DataFrame:
    return _labels(v.recall_difference(ENTITY, BOUNDARY, ENTIRE, least=LEAST))


def _labels(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename_axis("label").reset_index()[["label", "difference", "n"]]


def scores(v: View) -> pd.DataFrame:
    """All test scores of every corpus, means and ranges over seeds."""
    rows = v.rows[v.rows["split"].eq("test") & v.rows["subset"].eq("") & v.rows["metric"].ne("recall")]
    by = ["task", "dataset", "encoder", "control", "way", "layer", "method", "metric"]
    filled = rows.assign(layer=rows["layer"].astype(object).where(rows["layer"].notna(), ""))
    grouped = filled.groupby(by, observed=True, sort=True)["value"]
    table = pd.DataFrame(
        {"mean": grouped.mean(), "least": grouped.min(), "greatest": grouped.max(), "seeds": grouped.size()}
    )
    table[["mean", "least", "greatest"]] *= 100
    return table.reset_index()
