"""Tutek and Snajder 2020: their figures and tables from our rows, 13 claims, the paper's numbers beside ours.

draw("results/attention-faithfulness")     every figure and table, from rows and tables alone
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from probekit.report import (
    bars,
    curves,
    heatmap,
    make_files,
    read_results,
    read_table,
    save,
    scatter,
    tokens,
    write_table,
)
from probekit.report.claims import NotTestable, beside, check

from ._attention_claims import MODIFIED, STUDY, imitation
from ._attention_view import ATTENTIONS, SAMPLES, VARIANTS, View, long, view

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STUDY", "draw"]

EXPLANATIONS = {
    "attention": "attention",
    "lrp": "LRP",
    "gradient-x-input": "gradient x input",
    "sa": "SA",
    "random": "random",
}
WIDTHS = {"text": "5.5cm", "ours": "4cm", "paper": "3cm", "why": "3cm"}


def draw(results: str | Path, out: str | Path | None = None, **options: Any) -> list[Path]:
    """Every figure and table of the study from a results folder; returns the files written.

    `out` defaults to the folder's `_figures`. Options as in `view`. What the rows cannot show is left out with a
    warning.
    """
    v = view(read_results(results), **options)
    folder = Path(out) if out is not None else Path(results) / "_figures"
    where = f"documents cut at {v.cut} words; GloVe 100d, frozen; runs: {v.seeds()}".replace("'", "")
    products: dict[str, Callable[[], list[Path]]] = {
        "figure-1-fragility": lambda: save(figure_1(v), folder / "figure-1-fragility"),
        "figure-2-adversaries": lambda: save(figure_2(v), folder / "figure-2-adversaries"),
        "figure-3-information": lambda: save(figure_3(v), folder / "figure-3-information"),
        "figure-4-tokens": lambda: save(figure_4(v, results), folder / "figure-4-tokens"),
        "figure-5-token-probability": lambda: save(figure_5(v), folder / "figure-5-token-probability"),
        "figure-6-depth": lambda: save(figure_6(v), folder / "figure-6-depth"),
        "figure-7-entropy": lambda: save(figure_7(v, results), folder / "figure-7-entropy"),
        "figure-agreement": lambda: save(figure_agreement(v), folder / "figure-agreement"),
        "figure-explanations": lambda: save(figure_explanations(v), folder / "figure-explanations"),
        "figure-words": lambda: save(figure_words(v, results), folder / "figure-words"),
        "explanations": lambda: write_table(
            explanations(v),
            folder / "explanations",
            digits=3,
            caption="Attention beside relevance: agreement with attention, comprehensiveness, sufficiency",
        ),
        "table-1": lambda: write_table(table_1(v), folder / "table-1", caption=f"F1 and drops ({where})", digits=1),
        "intersection": lambda: write_table(
            intersection(v, results),
            folder / "intersection",
            digits=3,
            caption="PTP over the texts that base and the variant both classify rightly",
        ),
        "embeddings": lambda: write_table(
            embeddings(v), folder / "embeddings", caption="Frozen and trained embeddings (base)", digits=1
        ),
        "tuning": lambda: write_table(tuning(v), folder / "tuning", caption="Development data, seed 0", digits=1),
        "claims": lambda: write_table(check(STUDY, v), folder / "claims", wrap=WIDTHS, caption=f"The claims ({where})"),
        "against-paper": lambda: write_table(
            beside(STUDY, v), folder / "against-paper", caption="Published numbers and ours", digits=3
        ),
    }
    return make_files(products)


# --- figures --------------------------------------------------------------------------------------------------------


def figure_1(v: View) -> Figure:
    """Table 1 as colour: what a regularizer costs, and how much F1 hangs on the attention weights."""
    f1 = v.means("f1", scale=100)
    cost = f1.sub(f1["base"], axis=0).drop(columns="base") if "base" in f1 else f1
    parts = [long(cost, block="trained F1 − base")]
    parts += [long(v.means(metric, scale=100), block=f"ΔF1 {name}") for name, metric in MODIFIED.items()]
    table = pd.concat(parts, ignore_index=True)
    reach = float(max(5.0, table["value"].abs().max()))
    return heatmap(
        table,
        "row",
        "variant",
        blocks="block",
        signed=True,
        annotate=".1f",
        limits=(-reach, reach),
        row_order=[f"{data}, {kind}" for data, kind in v.pairs],
        column_order=_order(table["variant"]),
        label="points of F1",
        title="Figure 1. Cost in F1, and F1 lost under uniform and permuted attention",
    )


def figure_2(v: View) -> Figure:
    """Adversaries: how far attention can move while answers stay."""
    table = imitation(v)
    table["name"] = [f"λ={weight:g}" for weight in table["lambda"]]
    return scatter(
        table,
        "jsd",
        "tvd",
        colours="variant",
        labels="name",
        panels="data",
        colour_order=_order(table["variant"]),
        x_label="JSD of attention (nats)",
        y_label="TVD of answers",
        title="Figure 2. Adversaries of the plain and the regularized classifiers (means over runs)",
    )


def figure_3(v: View) -> Figure:
    """Mutual information of words and states, with that of shuffled pairs beside it."""
    parts = []
    for sample, name in SAMPLES.items():
        table = long(v.means(f"mi_{sample}"), panel=name)
        control = long(v.means(f"mi_{sample}_shuffled"), panel=name).groupby(["data", "panel"], sort=False)["value"]
        parts += [table, control.mean().reset_index().assign(variant="shuffled pairs")]
    table = pd.concat(parts, ignore_index=True)
    return bars(
        table,
        "data",
        colours="variant",
        panels="panel",
        x_order=v.data,
        label="nats",
        annotate=".1f",
        colour_order=[*_order(table["variant"]), "shuffled pairs"],
        title="Figure 3. Mutual information of word and state, 200 clusters, additive attention",
    )


def figure_4(v: View, results: str | Path) -> Figure:
    """One text, word by word: what would be answered if all attention were on the word."""
    data = v.data[0]
    rows = v.main[(v.main["data"] == data) & (v.main["attention"] == "additive") & (v.main["metric"] == "f1")]
    rows = rows[rows["seed"] == rows["seed"].min()]
    tokens = read_table(results, "tokens")
    tokens = tokens[tokens["key"].isin(rows["key"])].merge(rows[["key", "variant"]], on="key")
    if tokens.empty:
        raise NotTestable("no table of tokens")
    shown = [name for name in ("base", "tying", "mlm") if name in set(tokens["variant"])]
    unit = _text(tokens, shown)
    own = tokens[(tokens["unit"] == unit) & tokens["variant"].isin(shown)]
    words = own[own["series"] == "probability"].copy()
    # A word that comes again is told from the first by its number.
    seen = words.drop_duplicates("position").sort_values("position")
    times = dict(zip(seen["position"], seen.groupby("word").cumcount(), strict=True))
    words["x"] = [
        f"{word} ({times[place] + 1})" if times[place] else str(word)
        for place, word in zip(words["position"], words["word"], strict=True)
    ]
    answers = own[own["series"] == "answer"].assign(x="ANSWER")
    table = pd.concat([words, answers])
    order = [*words.sort_values("position")["x"].drop_duplicates(), "ANSWER"]
    table["value"] -= 0.5
    return bars(
        table,
        "x",
        colours="variant",
        x_order=order,
        colour_order=shown,
        label="probability of the second class − .5",
        title=f"Figure 4. All attention on one word ({data}; of texts that all answer alike, the one with most spread)",
    )


def _text(tokens: pd.DataFrame, variants: list[str]) -> int:
    """Of texts of 6 to 11 words that all variants answer alike, the one whose words differ most under the last one."""
    answers = tokens[tokens["series"] == "answer"]
    answers = answers.pivot_table(index="unit", columns="variant", values="value")[variants]
    alike = answers[(answers > 0.5).all(axis=1) | (answers < 0.5).all(axis=1)].index
    words = tokens[(tokens["series"] == "probability") & tokens["unit"].isin(alike)]
    lengths = words.groupby("unit")["position"].max() + 1
    fitting = lengths[lengths.between(6, 11)].index
    last = words[words["unit"].isin(fitting) & (words["variant"] == variants[-1])]
    spread = last.groupby("unit")["value"].std()
    if spread.empty:
        raise NotTestable("no text of 6 to 11 words that all variants answer alike")
    return int(str(spread.idxmax()))


def figure_5(v: View) -> Figure:
    """PTP: the lower, the less a word alone says of the answer where it should say nothing."""
    table = long(v.means("ptp"))
    return heatmap(
        table,
        "row",
        "variant",
        row_order=[f"{data}, {kind}" for data, kind in v.pairs],
        annotate=".3f",
        column_order=_order(table["variant"]),
        label="PTP",
        title="Figure 5. Mean per-token prediction probability of rightly classified texts",
    )


def figure_6(v: View) -> Figure:
    """Drops over LSTM layers."""
    rows = v.select(embeddings="frozen", query="normal")
    rows = rows[(rows["attention"] == "additive") & rows["metric"].isin(MODIFIED.values())]
    deep = set(rows[rows["layers"].isin(["2", "3"])]["data"])
    rows = rows[rows["data"].isin(deep)]
    if rows.empty:
        raise NotTestable("depth was not run (part=depth)")
    table = rows.groupby(["data", "metric", "variant", "layers"])["value"].mean().reset_index()
    table = table[table["variant"] != "residual"]
    table["value"] *= 100
    table["x"] = table["layers"].astype(float)
    table["panel"] = table["data"] + ", " + table["metric"].str.removeprefix("delta_f1_")
    return curves(
        table,
        "x",
        lines="variant",
        panels="panel",
        line_order=_order(table["variant"]),
        label="ΔF1",
        x_label="LSTM layers",
        title="Figure 6. Drops by depth, additive attention",
    )


def figure_7(v: View, results: str | Path) -> Figure:
    """Ours: how even attention is over training, for two beginnings of the query."""
    rows = v.rows[v.rows["watched"].notna()]
    if rows.empty:
        raise NotTestable("no training was watched (part=queries)")
    curve = read_table(results, "curve").merge(rows[["key", "data", "query"]], on="key")
    found = curve.groupby(["data", "query", "step"])["value"].agg(["mean", "size"]).reset_index()
    # Epochs that every run reached: a mean over those that went on is of other runs.
    every = found.groupby(["data", "query"])["size"].transform("max")
    table = found[found["size"] == every].rename(columns={"mean": "value"})
    table["line"] = table["query"].map({"normal": "N(0, 1)", "default": "U(±1/√d), the default"})
    return curves(
        table,
        "step",
        lines="line",
        panels="data",
        label="normalised entropy (1 = uniform)",
        x_label="epoch",
        title="Figure 7. Dot-product attention over training, development texts",
    )


def figure_agreement(v: View) -> Figure:
    """Ours: Kendall's tau of attention with gradients and leave-one-out."""
    names = {
        "tau_gradient": "attention and gradient",
        "tau_leave_one_out": "attention and leave-one-out",
        "tau_gradient_leave_one_out": "gradient and leave-one-out",
    }
    parts = [long(v.means(metric), panel=name) for metric, name in names.items()]
    table = pd.concat(parts, ignore_index=True)
    return heatmap(
        table,
        "row",
        "variant",
        blocks="panel",
        row_order=[f"{data}, {kind}" for data, kind in v.pairs],
        column_order=_order(table["variant"]),
        annotate=".2f",
        label="mean Kendall τ over texts",
        signed=True,
        title="Ours: what attention agrees with",
    )


def figure_explanations(v: View) -> Figure:
    """Ours: what the answer loses without the words that attention, relevance or chance name first."""
    table = _explained(v, "comprehensiveness")
    table["panel"] = table["data"] + ", " + table["attention"]
    pairs = [f"{data}, {kind}" for data, kind in v.pairs]
    return bars(
        table,
        "method",
        colours="variant",
        panels="panel",
        x_order=list(EXPLANATIONS.values()),
        panel_order=[name for name in pairs if name in set(table["panel"])],
        colour_order=_order(table["variant"]),
        label="probability lost",
        title="Ours: comprehensiveness of attention and of other explanations",
    )


def figure_words(v: View, results: str | Path) -> Figure:
    """Ours: one text under attention and under LRP, by variant."""
    rows = v.rows[v.explained & v.rows["probe"].isin(["attention", "lrp"])]
    rows = rows[(rows["data"] == v.data[0]) & (rows["attention"] == "additive")]
    rows = rows[rows["seed"] == rows["seed"].min()].drop_duplicates("key")
    table = read_table(results, "tokens").merge(rows[["key", "variant", "probe"]], on="key")
    if table.empty:
        raise NotTestable("attention was not put beside relevance (part=explanations)")
    lengths = table.groupby("unit")["position"].max() + 1
    table = table[table["unit"] == lengths[lengths >= 8].index.min()]
    table["method"] = table["probe"].map(EXPLANATIONS).str.replace("attention", "Attention (no sign)")
    return tokens(
        table,
        rows="variant",
        columns="method",
        row_order=_order(table["variant"]),
        column_order=["Attention (no sign)", "LRP"],
        title=f"Ours: one text under attention and under LRP ({v.data[0]}, additive)",
    )


def _explained(v: View, metric: str) -> pd.DataFrame:
    rows = v.rows[v.explained & (v.rows["metric"] == metric)]
    if rows.empty:
        raise NotTestable("attention was not put beside relevance (part=explanations)")
    table = rows.groupby(["data", "attention", "variant", "probe"])["value"].mean().reset_index()
    return table.assign(method=table["probe"].map(EXPLANATIONS))


def explanations(v: View) -> pd.DataFrame:
    """Agreement with attention, comprehensiveness and sufficiency by data, attention, variant and explanation."""
    table = _explained(v, "comprehensiveness").rename(columns={"value": "comprehensiveness"})
    keys = ["data", "attention", "variant", "method"]
    for metric in ("sufficiency", "tau_attention"):
        table = table.merge(_explained(v, metric).rename(columns={"value": metric})[[*keys, metric]], "left", keys)
    return table[[*keys, "tau_attention", "comprehensiveness", "sufficiency"]]


def _order(variants: pd.Series) -> list[str]:
    return [name for name in VARIANTS if name in set(variants)]


# --- tables ---------------------------------------------------------------------------------------------------------


def table_1(v: View) -> pd.DataFrame:
    """F1 with its spread over runs, and drops, in points: a line for data, attention and variant."""
    metrics = ["f1", *MODIFIED.values(), "entropy", "ptp"]
    found = v.main[v.main["metric"].isin(metrics)]
    grouped = found.groupby(["data", "attention", "variant", "metric"])["value"]
    table: Any = pd.DataFrame({"mean": grouped.mean(), "sd": grouped.std()}).unstack("metric")
    lines = []
    for data, kind in v.pairs:
        for variant in VARIANTS:
            if (data, kind, variant) not in table.index:
                continue
            row = table.loc[(data, kind, variant)]
            line: dict[str, Any] = {"data": data, "attention": kind, "variant": variant}
            for metric in metrics:
                scale = 1 if metric in ("ptp", "entropy") else 100
                line[metric] = scale * row["mean", metric]
                if scale == 100:
                    line[f"{metric}_sd"] = scale * row["sd", metric]
            lines.append(line | {"ptp": f"{line['ptp']:.3f}", "entropy": f"{line['entropy']:.3f}"})
    return pd.DataFrame(lines)


def intersection(v: View, results: str | Path) -> pd.DataFrame:
    """PTP over the texts that base and a variant both classify rightly, mean over runs."""
    texts = read_table(results, "points")
    rows = v.main[v.main["metric"] == "f1"][["key", "data", "attention", "variant", "seed"]]
    texts = texts.merge(rows, on="key")
    if texts.empty:
        raise NotTestable("no table of points")
    right = texts[texts["y"] > 0.5]
    base = right[right["variant"] == "base"][["data", "attention", "seed", "unit", "x"]]
    both = right.merge(base, on=["data", "attention", "seed", "unit"], suffixes=("", "_base"))
    table = both.groupby(["data", "attention", "variant"], sort=False).agg(
        texts=("x", "size"), base=("x_base", "mean"), ptp=("x", "mean")
    )
    found = table.reset_index()
    return found[found["variant"] != "base"].sort_values(["data", "attention", "variant"], ignore_index=True)


def embeddings(v: View) -> pd.DataFrame:
    """F1 and drops of the plain classifier with frozen and with trained embeddings, beside the paper's F1 on SST."""
    rows = pd.concat([v.select(layers="1", query="normal", embeddings=kind) for kind in ("frozen", "trained")])
    rows = rows[(rows["variant"] == "base") & rows["metric"].isin(["f1", *MODIFIED.values()])]
    both = rows.groupby("data")["embeddings"].transform("nunique") == 2
    if not both.any():
        raise NotTestable("no data set was run with trained embeddings as well (part=embeddings)")
    table = 100 * rows[both].pivot_table(
        index=["data", "attention", "embeddings"], columns="metric", values="value", aggfunc="mean"
    )
    published = STUDY.numbers()
    published = published[(published["table"] == "Table 1") & (published["metric"] == "f1")]
    published = published[published["method"] == "base"]
    names = {"additive": "additive", "dot": "dot-product"}
    paper = {
        (line["dataset"], kind): line["value"]
        for line in published.to_dict("records")
        for kind in ATTENTIONS
        if f"attention={names[kind]};" in line["setting"]
    }
    found = table.reset_index()
    found["paper_f1"] = [paper.get((data, kind)) for data, kind in zip(found["data"], found["attention"], strict=True)]
    return found


def tuning(v: View) -> pd.DataFrame:
    """F1 and drops on development data by delta and eta, additive attention, seed 0."""
    rows = v.rows[v.rows["part"].notna() & v.rows["metric"].isin(["f1", *MODIFIED.values()])]
    if rows.empty:
        raise NotTestable("nothing was tuned (part=tuning)")
    table = 100 * rows.pivot_table(index=["data", "regularizer"], columns="metric", values="value", aggfunc="mean")
    return table.reset_index()
