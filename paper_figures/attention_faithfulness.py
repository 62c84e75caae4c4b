"""Tutek and Snajder 2020: their figures and tables from our rows, some of ours, the paper's numbers beside ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from probekit.experiments.attention_faithfulness import STUDY, VARIANTS

from probekit.report import NotTestable, bars, curves, heatmap, scatter, tokens
from probekit.report.claims import published
from probekit.report.view import matching
from probekit.rows import parse_setting
from probekit.works.explanations import METHODS

from ._attention_faithfulness_view import (
    CONFIGURATION,
    MAIN,
    MODIFIED,
    SAMPLES,
    SCORES,
    TESTED,
    USUAL,
    VariantView,
    adversaries_of,
    beside_trivial,
    over_seeds,
    said_of_dull,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLANATIONS = dict(zip(METHODS, ("attention", "LRP", "gradient x input", "SA", "random"), strict=True))
AGREEMENT = {
    "tau_gradient": "attention and gradient",
    "tau_leave_one_out": "attention and leave-one-out",
    "tau_gradient_leave_one_out": "gradient and leave-one-out",
}
# What stands for the paper's data and attentions, with a note.
DATA_OF = {
    "SST": ("SST", ""),
    "AG News": ("AG News", "our test part re-split: 2,660 texts to train on"),
    "20 Newsgroups": ("20 Newsgroups", "posts cut at 850 characters and 200 words"),
    "IMDB": ("Movie reviews", "our movie reviews (polarity 2.0) in place of IMDB, cut at 200 words"),
}
ATTENTION_OF = {"additive": "additive", "dot-product": "dot", "additive (inferred)": "additive"}


def long(table: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """A frame of `means` with a line a value, and constant columns added."""
    found: Any = table.reset_index().melt(["data", "attention"], var_name="variant").dropna(subset="value")
    return found.assign(row=found["data"] + ", " + found["attention"], **columns)


def variants_of(table: pd.DataFrame) -> list[str]:
    return [name for name in VARIANTS if name in set(table["variant"])]


# --- figures ----------------------------------------------------------------------------------------


def in_colours(draw: Callable[..., Figure], table: pd.DataFrame, *axes: str, **options: Any) -> Figure:
    """A figure with a colour a variant."""
    return draw(table, *axes, colours="variant", colour_order=variants_of(table), **options)


def in_cells(v: VariantView, table: pd.DataFrame, **options: Any) -> Figure:
    """A heatmap with a line for data set and attention and a column a variant."""
    lines = [", ".join(pair) for pair in v.pairs]
    return heatmap(table, "row", "variant", row_order=lines, column_order=variants_of(table), **options)


@STUDY.figure("figure-1-fragility")
def cost_and_drops(v: VariantView) -> Figure:
    """Table 1 as colour: what a regularizer costs, and how much F1 hangs on the attention weights."""
    f1 = 100 * v.means("f1")
    known = v.only(**MAIN, metric="f1", variant="base", learned=True).set_index(["data", "attention"]).index
    # A cost is one beside a base that learned; of generated texts a demonstration shows it all the same.
    base = f1["base"].where(f1.index.isin(known) | v.generated) if "base" in f1 else 0
    cost = f1.sub(base, axis=0).drop(columns="base", errors="ignore")
    parts = [long(cost, block="trained F1 − base")]
    parts += [long(100 * v.means(metric), block=f"ΔF1 {name}") for name, metric in MODIFIED.items()]
    table = pd.concat(parts, ignore_index=True)
    reach = float(max(5.0, table["value"].abs().max()))
    title = v.titled("Figure 1. Cost in F1, and F1 lost under other attention (lower: it matters more)")
    shown: dict[str, Any] = {"blocks": "block", "signed": True, "annotate": ".1f", "limits": (-reach, reach)}
    return in_cells(v, table, label="points of F1", title=title, **shown)


@STUDY.figure("figure-2-adversaries")
def adversaries(v: VariantView) -> Figure:
    """How far attention can move while answers stay: a curve over lambda for every target, means over runs."""
    kinds, every = ["data", "variant", "lambda"], adversaries_of(v, every=True)
    means = every.groupby(kinds)["jsd"].mean().reset_index()
    table = means.merge(over_seeds(every.assign(value=every["tvd"]), *kinds)).rename(columns={"value": "tvd"})
    table["name"] = [f"λ={weight:g}" for weight in table["lambda"]]
    table[["next_jsd", "next_tvd"]] = table.groupby(["data", "variant"])[["jsd", "tvd"]].shift(-1)
    title = v.titled("Figure 2. Adversaries, means over runs, 95 % intervals (higher: attention is harder to replace)")
    shown = {"x_label": "JSD of attention (nats)", "y_label": "TVD of answers", "title": title, "labels": "name"}
    curve = ("next_jsd", "next_tvd")
    return in_colours(scatter, table, "jsd", "tvd", panels="data", joined=curve, low="low", high="high", **shown)


@STUDY.figure("figure-3-information")
def information(v: VariantView) -> Figure:
    """As published with clusters of words, with the words themselves, and what chance gives each variant."""
    kinds = {"": "clusters", "_words": "words", "_shuffled": "clusters, shuffled pairs"}
    panels = {
        f"mi_{sample}{kind}": f"{name}: {said}" for sample, name in SAMPLES.items() for kind, said in kinds.items()
    }
    rows = v.part("no mutual information", **MAIN, metric=list(panels))
    table = over_seeds(rows.assign(panel=rows["metric"].map(panels)), "data", "variant", "panel")
    title = v.titled("Figure 3. Information of states about their word (200 clusters; whiskers: 95 % over runs)")
    order: dict[str, Any] = {"x_order": v.data, "panel_order": list(panels.values()), "across": len(kinds)}
    shown: dict[str, Any] = {"low": "low", "high": "high", "label": "nats", "title": title}
    return in_colours(bars, table, "data", panels="panel", **shown, **order)


@STUDY.figure("figure-4-tokens")
def one_text(v: VariantView) -> Figure:
    """One text, word by word: what would be answered if all attention were on the word."""
    where = MAIN | {"metric": "f1", "data": v.data[:1], "attention": "additive", "variant": ["base", "tying", "mlm"]}
    lines = v.below("tokens", **where, seed=v.needs(**where)["seed"].min())
    lines = lines[lines["unit"].eq(_telling_text(lines))]
    words = lines[lines["series"].eq("probability")]
    seen = words.drop_duplicates("position").sort_values("position")
    # A word that comes again is told from the first by its number.
    again = [f" ({times + 1})" if times else "" for times in seen.groupby("word").cumcount()]
    names = dict(zip(seen["position"], seen["word"] + again, strict=True))
    answers = lines[lines["series"].eq("answer")]
    table = pd.concat([words.assign(x=words["position"].map(names)), answers.assign(x="ANSWER")])
    table["value"] -= 0.5
    chosen = f"{v.data[0]}; of texts that all answer alike, the one with most spread"
    title = f"Figure 4. All attention on one word ({chosen})"
    classes = sorted(v.below("points", **where)["label"].unique())
    label = f"probability of '{classes[1]}' − .5"
    return in_colours(bars, table, "x", x_order=[*names.values(), "ANSWER"], label=label, title=title)


def _telling_text(lines: pd.DataFrame) -> int:
    """Of texts of 6 to 11 words that all variants answer alike, the one whose words differ most under the last one."""
    answers = lines[lines["series"].eq("answer")].pivot_table(index="unit", columns="variant", values="value")
    alike = answers[answers.gt(0.5).nunique(axis=1).eq(1)].index
    words = lines[lines["series"].eq("probability") & lines["unit"].isin(alike)]
    lengths = words.groupby("unit")["position"].transform("max") + 1
    fitting = words[lengths.between(6, 11) & words["variant"].eq(variants_of(lines)[-1])]
    if fitting.empty:
        raise NotTestable("no text of 6 to 11 words that all variants answer alike")
    return int(str(fitting.groupby("unit")["value"].std().idxmax()))


@STUDY.figure("figure-5-token-probability")
def token_probability(v: VariantView) -> Figure:
    """PTP: the lower, the less a word alone says of the answer where it should say nothing."""
    title = v.titled("Figure 5. Mean per-token prediction probability of rightly classified texts")
    return in_cells(v, long(v.means("ptp")), annotate=".3f", label="PTP (lower: less said alone)", title=title)


@STUDY.figure("figure-6-depth")
def drops_by_depth(v: VariantView) -> Figure:
    """Drops over LSTM layers, of data sets with more than one."""
    where = USUAL | {"attention": "additive", "metric": list(MODIFIED.values())}
    deep = v.part("depth was not run (part=depth)", **where, layers=["2", "3"])
    rows = v.only(**where, data=set(deep["data"]), variant=set(deep["variant"]))
    rows = rows.assign(panel=rows["data"] + ", " + rows["metric"].str.removeprefix("delta_f1_"))
    table = over_seeds(rows.astype({"layers": float}), "panel", "variant", "layers", scale=100)
    panels = [f"{data}, {name}" for data in sorted(set(deep["data"])) for name in MODIFIED]
    order: dict[str, Any] = {"panel_order": panels, "line_order": variants_of(table)}
    labels: dict[str, Any] = {"label": "ΔF1, points", "x_label": "LSTM layers", "low": "low", "high": "high"}
    dull = said_of_dull(rows.assign(depth=rows["layers"] + " layers"), ["data", "depth"])
    title = ". ".join(filter(None, ("Figure 6. F1 lost by depth, additive attention (bands: 95 % over runs)", dull)))
    return curves(table, "layers", lines="variant", panels="panel", title=title, **labels, **order)


@STUDY.figure("figure-7-entropy")
def entropy_over_training(v: VariantView) -> Figure:
    curve = v.below("curve", split="dev", metric="entropy")
    by = curve.groupby(["data", "query", "step"])["value"]
    found = by.agg(value="mean", low="min", high="max", size="size").reset_index()
    # Epochs that every run reached: a mean over those that went on is of other runs.
    every = found.groupby(["data", "query"])["size"].transform("max")
    table = found[found["size"] == every].copy()
    table["line"] = table["query"].map({"normal": "N(0, 1)", "default": "U(±1/√d), the default"})
    label = "normalised entropy (1 = uniform)"
    title = "Figure 7. Dot-product attention over training, development texts (bands: range of runs)"
    shown: dict[str, Any] = {"low": "low", "high": "high", "label": label, "x_label": "epoch", "title": title}
    return curves(table, "step", lines="line", panels="data", **shown)


@STUDY.figure("figure-agreement")
def agreement(v: VariantView) -> Figure:
    table = pd.concat([long(v.means(metric), panel=name) for metric, name in AGREEMENT.items()], ignore_index=True)
    labels = {"label": "mean Kendall τ over texts", "title": v.titled("Ours: what attention agrees with")}
    return in_cells(v, table, blocks="panel", annotate=".2f", signed=True, **labels)


def explained(v: VariantView) -> pd.DataFrame:
    """Mean of every measure of explanations: a line for data, attention, variant and `method`."""
    rows = v.part("attention was not put beside relevance (part=explanations)", probe=list(METHODS))
    by = ["data", "attention", "variant", "probe"]
    table = rows.pivot_table(index=by, columns="metric", values="value", aggfunc="mean").reindex(METHODS, level="probe")
    return table.reset_index().assign(method=lambda table: table["probe"].map(EXPLANATIONS))


@STUDY.figure("figure-explanations")
def comprehensiveness(v: VariantView) -> Figure:
    """What the answer loses without the words that attention, relevance or chance name first."""
    table = explained(v)
    table = table.assign(value=table["comprehensiveness"], panel=table["data"] + ", " + table["attention"])
    panels = [name for name in map(", ".join, v.pairs) if name in set(table["panel"])]
    order = {"x_order": list(EXPLANATIONS.values()), "panel_order": panels}
    title = v.titled("Ours: comprehensiveness of attention and of other explanations")
    return in_colours(bars, table, "method", panels="panel", label="probability lost", title=title, **order)


@STUDY.figure("figure-words")
def words(v: VariantView) -> Figure:
    names = {"attention": "Attention (no sign)", "lrp": "LRP"}
    where = {"probe": list(names), "data": v.data[:1], "attention": "additive"}
    table = v.below("tokens", **where, seed=v.needs(**where)["seed"].min())
    lengths = table.groupby("unit")["position"].max() + 1
    table = table[table["unit"] == lengths[lengths >= 8].index.min()]
    table = table.assign(method=table["probe"].map(names))
    order: dict[str, Any] = {"row_order": variants_of(table), "column_order": list(names.values())}
    title = f"Ours: one text under attention and under LRP ({v.data[0]}, additive)"
    return tokens(table, rows="variant", columns="method", title=title, **order)


# --- tables ------------------------------------------------------------------------------------------


@STUDY.table("table-1", caption="F1 and drops: mean, median and standard deviation over runs", digits=1)
def table_1(v: VariantView) -> pd.DataFrame:
    """F1 and drops in points: a line for data, attention and variant, which says what it is above."""
    rows = v.part("no classifier of one layer was run (part=fragility)", **MAIN)
    grouped = rows.groupby(["data", "attention", "variant", "metric"])["value"]
    mean, median, sd = grouped.mean().unstack(), grouped.median().unstack(), grouped.std().unstack()
    found = pd.DataFrame(index=mean.index)
    for metric in SCORES:
        found[metric], found[f"{metric}_median"] = 100 * mean[metric], 100 * median[metric]
        found[f"{metric}_sd"] = 100 * sd[metric]
    for metric in ("entropy", "ptp"):
        found[metric] = mean.get(metric, pd.Series(index=mean.index, dtype=float)).map("{:.3f}".format)
    found["learned"] = rows.groupby(["data", "attention", "variant"])["learned"].all().map({True: "yes", False: "no"})
    lines = [(*pair, variant) for pair in v.pairs for variant in VARIANTS]
    return found.loc[[line for line in lines if line in found.index]].reset_index()


@STUDY.table("averages", caption="Drops less those of base, over rows of data and attention that learned", digits=1)
def averages(v: VariantView) -> pd.DataFrame:
    """Mean, median, least and most over rows, in points, of a variant's mean drop less that of base."""
    lines = []
    there = set(v.only(**MAIN, learned=True).set_index(["variant", "metric"]).index)
    for variant in VARIANTS[1:]:
        for name, metric in ((name, metric) for name, metric in MODIFIED.items() if (variant, metric) in there):
            table = v.by_seed(metric, "base", variant)
            gaps = 100 * (table[variant] - table["base"]).groupby(level=["data", "attention"]).mean()
            lines.append((variant, name, len(gaps), gaps.mean(), gaps.median(), gaps.std(), gaps.min(), gaps.max()))
    return pd.DataFrame(lines, columns=["variant", "weights", "rows", "mean", "median", "sd", "least", "most"])


@STUDY.table("learned", caption="Classifiers beside trivial answers; those not above are in no claim", digits=1)
def learned(v: VariantView) -> pd.DataFrame:
    """F1 and accuracy with the low ends of their 95 % intervals over runs, in points."""
    table = beside_trivial(v.only(**TESTED))
    shares = ["f1", "f1_low", "all_positive", "accuracy", "accuracy_low", "majority"]
    table[shares] *= 100
    return table[[*CONFIGURATION, "runs", *shares]].assign(learned=table["learned"].map({True: "yes", False: "no"}))


@STUDY.table("information", caption="Mutual information in nats, with clusters and with words, and by chance", digits=2)
def information_table(v: VariantView) -> pd.DataFrame:
    """Means over runs with their standard deviation: a line for data, sample of types and variant."""
    rows = v.part("no mutual information", **MAIN)
    rows = rows[rows["metric"].str.startswith("mi_")]
    names = rows["metric"].str.extract(r"^mi_(?P<sample>[a-z]+)_?(?P<kind>.*)$").replace({"kind": {"": "clusters"}})
    grouped = rows.join(names).groupby(["data", "sample", "variant", "kind"])["value"]
    mean, sd = grouped.mean().unstack("kind"), grouped.std().unstack("kind")
    kinds = [kind for kind in ("clusters", "shuffled", "words", "words_shuffled") if kind in mean]
    return mean[kinds].join(sd[["clusters"]].rename(columns={"clusters": "clusters_sd"})).reset_index()


@STUDY.table("intersection", caption="PTP over the texts that base and the variant both classify rightly", digits=3)
def intersection(v: VariantView) -> pd.DataFrame:
    texts = v.below("points", **MAIN, metric="f1")
    run = ["data", "attention", "seed", "unit"]
    right = texts.loc[texts["y"] > 0.5, [*run, "variant", "x"]]
    both = right.merge(right[right["variant"].eq("base")].drop(columns="variant"), on=run, suffixes=("", "_base"))
    found = both[both["variant"].ne("base")].groupby(["data", "attention", "variant"])
    return found.agg(texts=("x", "size"), base=("x_base", "mean"), ptp=("x", "mean")).reset_index()


@STUDY.table(
    "explanations", caption="Attention beside relevance: agreement with it, comprehensiveness, sufficiency", digits=3
)
def explanations(v: VariantView) -> pd.DataFrame:
    """Agreement with attention and what erasure costs, by data, attention, variant and explanation."""
    found = explained(v)
    rows = v.only(probe=list(METHODS), metric="comprehensiveness")
    sd = rows.groupby(["data", "attention", "variant", "probe"])["value"].std().rename("comprehensiveness_sd")
    found = found.join(sd, ["data", "attention", "variant", "probe"])
    measures = ["tau_attention", "comprehensiveness", "comprehensiveness_sd", "sufficiency"]
    return found[["data", "attention", "variant", "method", *measures]]


@STUDY.table("embeddings", caption="The plain classifier with frozen and with trained embeddings", digits=1)
def embeddings(v: VariantView) -> pd.DataFrame:
    """F1 and drops of the plain classifier with frozen and with trained embeddings, and the change, paired by seed."""
    rows = v.only(**MAIN | {"embeddings": ["frozen", "trained"]}, variant="base", metric=SCORES)
    keys = ["data", "attention", "metric"]
    wide = rows.pivot_table(index=[*keys, "seed"], columns="embeddings", values="value").reset_index()
    wide = wide.reindex(columns=[*keys, "frozen", "trained"]).dropna()
    if wide.empty:
        raise NotTestable("no data set was run with trained embeddings as well (part=embeddings)")
    means = 100 * wide.groupby(keys)[["frozen", "trained"]].mean()
    change = over_seeds(wide.assign(value=wide["trained"] - wide["frozen"]), *keys, scale=100)
    table = means.reset_index().merge(change.rename(columns={"value": "change"}))
    lines = matching(published(STUDY), {"table": "Table 1", "method": "base", "metric": "f1"}).to_dict("records")
    paper = {(line["dataset"], ATTENTION_OF[asked(line)["attention"]], "f1"): line["value"] for line in lines}
    table["paper"] = [paper.get(place) for place in table[keys].itertuples(index=False, name=None)]
    return table


@STUDY.table("tuning", caption="Development data: what was tried for each data set, and what the rule takes", digits=1)
def tuning(v: VariantView) -> pd.DataFrame:
    """F1 and drops in points. The rule: the deepest mean drop among values that cost at most one point of F1."""
    rows = v.part("nothing was tuned (part=tuning)", split="dev", metric=SCORES)
    table = _scores(rows, "data", "regularizer")
    base = table[table["regularizer"].eq("base")].set_index("data")["f1"]
    kind = table["regularizer"].str.partition("(")[0]
    fit = table["f1"].ge(table["data"].map(base) - 1) & kind.isin(["tying", "mlm"])
    drop = table[list(MODIFIED.values())].mean(axis=1).where(fit)
    deepest = drop.groupby([table["data"], kind]).transform("min")
    return table.assign(takes=drop.eq(deepest).map({True: "yes", False: ""}), used=_used(v, table))


def _used(v: VariantView, table: pd.DataFrame) -> list[str]:
    """Of each line of tuning, whether the runs of its data set use it."""
    there = set(v.only(**MAIN).set_index(["data", "regularizer"]).index)
    return ["yes" if line in there else "" for line in zip(table["data"], table["regularizer"], strict=True)]


def _scores(rows: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Mean F1 and drops by some columns, in points."""
    table = rows.pivot_table(index=list(keys), columns="metric", values="value", aggfunc="mean")
    return (100 * table.reindex(columns=SCORES)).reset_index()


# --- beside the paper --------------------------------------------------------------------------------


def asked(line: Mapping[Any, Any]) -> dict[str, str]:
    """The setting of a published line."""
    return parse_setting(line["setting"].replace("; ", ";"))


@STUDY.beside(digits=3)
def ours(v: VariantView, line: dict[str, Any]) -> dict[str, Any]:
    if line["dataset"] not in DATA_OF:
        raise NotTestable("needs licensed data")
    (data, note), want = DATA_OF[line["dataset"]], asked(line)
    metric = {
        "f1": "f1",
        "delta_f1": MODIFIED.get(want.get("weights", "")),
        "mutual_information": "mi_frequent" if "frequent" in want.get("vocabulary sample", "") else "mi_random",
        "mean_per_token_prediction_probability": "ptp",
    }[line["metric"]]
    scale = 100 if "f1" in line["metric"] else 1
    where = {"layers": want.get("n_layers", "1"), "attention": ATTENTION_OF[want["attention"]], "metric": metric}
    rows = v.only(**MAIN | where, data=data, variant=line["method"])
    if rows.empty:
        raise NotTestable("; ".join(filter(None, ("not run", note))))
    dull = "" if rows["learned"].all() else "not above a trivial baseline: no claim rests on it"
    said = "; ".join(filter(None, (f"{len(rows)} runs, GloVe 100d frozen", dull, note)))
    found = scale * rows["value"]
    return {
        "ours": found.mean(),
        "median": found.median(),
        "sd": found.std(),
        "n": int(rows["n_test"].iloc[0]),
        "note": said,
    }
