"""Bhathena, Willis and Dass 2020: Tables 1 and 2, bars, scatters and a scored tree, the paper's numbers beside ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.compositionality import EXAMPLES, IMPURITY, STUDY, SWITCHING

from probekit import report
from probekit.report import NotTestable

from ._compositionality_view import (
    BILSTM,
    E5,
    FITTED,
    FROZEN,
    GLOVE,
    HELD_OUT,
    LAYERS,
    LINE,
    MINILM,
    ORDER,
    PARTS,
    TOP,
    TUNED,
    CompositionView,
    Config,
    in_words,
    named,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ADDS = ["adds nothing", "adds up to 1", "1 to 2", "more than 2"]  # of a node to node switching
KINDS = ("negation", "one word", "several words")
MEASURES = {"spearman": "rank correlation", "partial_spearman": "beside length", "spearman_length": "error and length"}
# Which of our classifiers stands for one of the paper's.
HEAD_NAMES = {"linear head": LINE, "dnn head": LAYERS}
MODES = {"feature-based": FROZEN, "finetuned": TUNED}
STANDS = {"use-dan": GLOVE, "use-transformer": MINILM, "bert": E5}
TREE_TABLES = ("Table 4", "Figure 3")


def standing(v: CompositionView) -> list[Config]:
    """Classifiers that stand for encoders: the layer of each that is read, and all that were tuned."""
    return [
        config
        for config in v.configs
        if config[4] == TUNED or (config[1] == TOP[config[0]] and (config[2] == "mean" or config[0] == MINILM))
    ]


def scored(v: CompositionView, metric: str, configs: list[Config], **where: Any) -> pd.DataFrame:
    """One line a classifier: its names, and means over seeds of a score and of the ends of its interval."""
    lines = []
    for config in configs:
        rows = v.told(metric, **named(config), **where)
        value = rows["value"].mean()
        lines.append((*config, in_words(config), value, rows["ci_low"].mean(), rows["ci_high"].mean(), len(rows)))
    columns = ["name", "layer", "pooling", "head", "mode", "classifier", "value", "low", "high", "seeds"]
    return pd.DataFrame(lines, columns=columns)


def short(table: pd.DataFrame) -> pd.Series:
    """A classifier without its mode."""
    pooled = np.where(table["pooling"].eq("cls") | (table["name"].eq(MINILM) & table["mode"].eq(TUNED)), " CLS", "")
    return table["name"] + pooled + ", " + table["head"]


# --- figures


@STUDY.figure("figure-1")
def frozen_and_tuned(v: CompositionView) -> Figure:
    """PSS beside accuracy, frozen and tuned."""
    parts = [
        scored(v, metric, standing(v), split=split).assign(panel=title)
        for metric, split, title in (("pss", "pairs", "PSS"), ("accuracy", "test", "accuracy on all test texts"))
    ]
    table = pd.concat(parts)
    table["encoder and head"] = short(table)
    title = f"Figure 1. Right about a text and its flip (PSS), and about texts alone: higher is better\n({v.texts})"
    options: dict[str, Any] = {"panels": "panel", "colours": "mode", "low": "low", "high": "high", "annotate": ".2f"}
    return report.bars(table, "encoder and head", "value", across=1, label="share", title=title, **options)


@STUDY.figure("figure-2")
def accuracy_and_pss(v: CompositionView) -> Figure:
    """All classifiers; what lies on the line is right about both sides wherever it is right about a text."""
    configs = [one for one in v.configs if v.told("accuracy", "test", **named(one))["ci_low"].min() > 0.5]
    table = scored(v, "pss", configs)
    table["accuracy"] = scored(v, "accuracy", configs, split="test")["value"].to_numpy()
    left = len(v.configs) - len(configs)
    table["group"] = table["name"] + ", " + table["mode"]
    title = "Figure 2. PSS against accuracy on all test texts by layer, head and pooling; dashed: PSS = accuracy "
    title += f"({v.texts.partition(';')[0]}; left out as no better than one answer: {left})"
    labels: dict[str, Any] = {"x_label": "accuracy on all test texts", "y_label": "PSS"}
    return report.scatter(table, "accuracy", "value", colours="group", diagonal=True, title=title, **labels)


@STUDY.figure("figure-3")
def rho_by_encoder(v: CompositionView) -> Figure:
    """With intervals; the paper's are of the sentences that were fitted."""
    lines = []
    for name in v.rebuilt:
        for split, part in PARTS.items():
            for metric in ("spearman", "partial_spearman"):
                found = v.rho(name, split, metric)
                beside = ", beside length" if metric == "partial_spearman" else ""
                lines.append((name, f"{part}{beside}", found.value, found.low, found.high))
    table = pd.DataFrame(lines, columns=["encoder", "part", "rho", "low", "high"])
    title = "Figure 3. Rank correlation of reconstruction error with node switching, 95 % intervals\n"
    title += "(read as: the more negative, the more compositional)"
    return report.bars(
        table, "encoder", "rho", colours="part", low="low", high="high", annotate=".2f", title=title, label="Spearman"
    )


@STUDY.figure("figure-4")
def error_and_switching(v: CompositionView) -> Figure:
    """A panel an encoder; each sentence is a mark."""
    parts = []
    for name in v.rebuilt:
        for split, part in PARTS.items():
            parts.append(v.points(name, split).assign(encoder=name, part=part))
    table = pd.concat(parts)
    title = "Figure 4. Node switching against reconstruction error, a mark a sentence (lower error: rebuilt from words)"
    labels: dict[str, Any] = {"x_label": "reconstruction error, 1 - cos", "y_label": "weighted node switching"}
    return report.scatter(table, "x", "y", colours="part", panels="encoder", title=title, **labels)


@STUDY.figure("figure-5")
def tree_of(v: CompositionView) -> Figure:
    """The shortest of the paper's example sentences with ten nodes or more that differ: labels, and what each adds."""
    lines = v.below("nodes", task=SWITCHING)
    sizes = lines.assign(own=lines["share"].fillna(0)).groupby("begins")["own"].agg(["sum", "size"])
    chosen = str(sizes[(sizes["sum"] > 0) & (sizes["size"] >= 10)]["size"].idxmin())
    table = _laid_out(lines[lines["begins"].eq(chosen)].sort_values("node"))
    title = "Figure 5. Labels (0 to 4) of words and nodes, and in brackets what a node adds to node switching\n"
    title += f"('{chosen} ...')"
    labels: dict[str, Any] = {"x_label": "place in the sentence", "y_label": "height in the tree"}
    labels |= {"colours": "adds", "labels": "text", "colour_order": ADDS, "joined": ("x_above", "height_above")}
    return report.scatter(table, "x", "height", title=title, **labels)


def _laid_out(nodes: pd.DataFrame) -> pd.DataFrame:
    """Nodes with places: words side by side, a node above the middle of those below it."""
    nodes = nodes.set_index("node")
    words = nodes.index[nodes["word"].ne("")]
    place = {int(node): float(at) for at, node in enumerate(words)}
    height = dict.fromkeys(place, 0)
    for node in map(int, nodes.index[nodes["word"].eq("")][::-1]):
        below = [int(one) for one in nodes.index[nodes["above"] == node]]
        place[node] = float(np.mean([place[one] for one in below]))
        height[node] = 1 + max(height[one] for one in below)
    table = nodes.assign(x=[place[int(n)] for n in nodes.index], height=[height[int(n)] for n in nodes.index])
    table["x_above"], table["height_above"] = table["above"].map(place), table["above"].map(height)
    table["adds"] = pd.cut(table["share"].fillna(0), [-1, 1e-9, 1, 2, np.inf], labels=ADDS).astype(str)
    table["text"] = [
        f"{label:.0f} {word}".strip() + (f" (+{share:.1f})" if share > 0 else "")
        for label, word, share in table[["number", "word", "share"]].to_numpy()
    ]
    return table.reset_index()[["x", "height", "x_above", "height_above", "adds", "text"]]


@STUDY.figure("figure-6")
def flips_by_layer(v: CompositionView) -> Figure:
    """Beyond the paper: which flips a layer turns with."""
    configs = [c for c in v.configs if c[4] == FROZEN and c[2] == "mean" and c[3] == LINE]
    parts = [scored(v, "pss", configs).assign(kind="all flips")]
    parts += [scored(v, "pss", configs, subset=f"kind={kind}").assign(kind=kind) for kind in KINDS]
    table = pd.concat(parts)
    title = f"Figure 6. PSS by layer and kind of flip, linear head, mean over words: higher is better\n({v.texts})"
    options: dict[str, Any] = {"lines": "name", "panels": "kind", "low": "low", "high": "high", "label": "PSS"}
    return report.curves(table, "layer", "value", line_order=_known(table["name"]), title=title, **options)


@STUDY.figure("figure-7")
def rho_by_layer(v: CompositionView) -> Figure:
    """Beyond the paper: correlations by layer, on sentences held out."""
    parts = []
    for metric, title in MEASURES.items():
        rows = v.fits(metric, split=HELD_OUT, pooling="mean")
        parts.append(rows.assign(panel=title, low=rows["ci_low"], high=rows["ci_high"]))
    errors = v.fits("tre", split=HELD_OUT, pooling="mean")
    table = pd.concat([errors.assign(panel="mean error", low=errors["ci_low"], high=errors["ci_high"]), *parts])
    table = table[["name", "layer", "panel", "value", "low", "high"]]
    title = "Figure 7. Sentences held out: mean reconstruction error, and its rank correlations, by layer"
    options: dict[str, Any] = {"lines": "name", "panels": "panel", "low": "low", "high": "high", "label": "value"}
    return report.curves(table, "layer", "value", line_order=_known(table["name"]), title=title, **options)


@STUDY.figure("figure-8")
def compositions(v: CompositionView) -> Figure:
    """Beyond the paper: what composition, start and rare words change in the correlations, on 500 sentences."""
    title = "Figure 8. Other compositions and starts, 500 sentences: errors and class switching\n"
    chosen = {name: MEASURES[name] for name in ("spearman", "partial_spearman")}
    return _other_compositions(v, chosen, title, "Spearman ρ")


@STUDY.figure("figure-8-errors")
def errors_of_compositions(v: CompositionView) -> Figure:
    """The errors behind figure 8."""
    title = "Figure 8, errors. Reconstruction of 500 sentences under other compositions and starts\n"
    return _other_compositions(v, {"tre": "mean error"}, title, "mean error, lower is better")


def _other_compositions(v: CompositionView, metrics: Mapping[str, str], title: str, label: str) -> Figure:
    rows = v.needs(task=SWITCHING, few=True, metric=list(metrics), split=[FITTED, HELD_OUT])
    table = rows.assign(
        way=[_way(*row) for row in rows[["probe", "steps", "scale", "least"]].to_numpy()],
        panel=rows["split"].map(PARTS) + (": " + rows["metric"].map(metrics) if len(metrics) > 1 else ""),
        low=rows["ci_low"],
        high=rows["ci_high"],
    )
    table = table[["name", "way", "panel", "value", "low", "high"]]
    title += "(sum, product, two linear maps in 100 steps; the sum in 400 steps)"
    options: dict[str, Any] = {"panels": "panel", "colours": "name", "low": "low", "high": "high"}
    return report.bars(table, "way", "value", across=1, title=title, x_label="", label=label, **options)


def _way(probe: str, steps: str, scale: str, least: str) -> str:
    names = {"add": "sum", "mul": "product", "linear": "maps", "linear(seed=1)": "other maps"}
    if steps == "100":
        return names.get(probe, probe)
    start = "from 0" if float(scale) == 0 else "usual start"
    return f"{start}{', words of 2 or more' if least == '2' else ''}"


def _known(names: pd.Series) -> list[str]:
    there = set(names)
    return [name for name in ORDER if name in there]


# --- tables


@STUDY.table("table-1")
def all_classifiers(v: CompositionView) -> pd.DataFrame:
    """PSS, relative PSS, accuracies in percent, means over seeds; every layer."""
    table = scored(v, "pss", v.configs).drop(columns="classifier")
    columns: dict[str, tuple[str, str, str | None]]
    columns = {"accuracy": ("accuracy", "test", None), "relative_pss": ("relative_pss", "pairs", None)}
    columns |= {f"accuracy_{side}s": ("accuracy", "pairs", f"side={side}") for side in ("text", "flip")}
    columns |= {f"pss {kind}": ("pss", "pairs", f"kind={kind}") for kind in KINDS}
    for name, (metric, split, subset) in columns.items():
        table[name] = scored(v, metric, v.configs, split=split, subset=subset)["value"].to_numpy()
    table = table.rename(columns={"value": "pss"})
    numbers = ["pss", "low", "high", *columns]
    return table.assign(**{name: (100 * table[name]).round(1) for name in numbers})


@STUDY.table("table-films")
def on_films(v: CompositionView) -> pd.DataFrame:
    """The same on film reviews of at most 150 words."""
    rows = v.needs(task="polarity", films=True)
    rows = rows[rows["subset"].eq("") & rows["metric"].isin(["pss", "relative_pss", "accuracy"])]
    table = rows.groupby(["name", "layer", "metric"], dropna=False)[["value", "ci_low", "ci_high", "n_test"]].mean()
    return table.round(3).reset_index()


@STUDY.table("table-2")
def correlations(v: CompositionView) -> pd.DataFrame:
    """Every layer: errors, correlations with node switching and tree impurity, with length, and beside it."""
    rows = v.needs(task_group="composition", few=False, metric=["tre", *MEASURES], split=[FITTED, HELD_OUT])
    keep = ["name", "layer", "pooling", "task", "split", "metric", "value", "ci_low", "ci_high", "n_test"]
    table = rows[keep].sort_values(keep[:6], kind="stable").reset_index(drop=True)
    return table.assign(**{name: table[name].round(3) for name in ("value", "ci_low", "ci_high")})


# --- the paper's numbers


@STUDY.beside(digits=3)
def ours(v: CompositionView, line: Mapping[str, Any]) -> Any:
    """Our number for a published one: Table 1 in percent, correlations on the sentences that were fitted."""
    if line["table"] in TREE_TABLES:
        return example(v, line)
    if line["table"] == "Table 2":
        name = report.counterpart(line, encoder=STANDS)["encoder"]
        note = f"{name}; held out {v.rho(name, HELD_OUT).value:.3f}"
        return {"ours": v.rho(name, FITTED).value, "n": len(v.points(name, FITTED)), "note": note}
    head, mode = HEAD_NAMES[line["method"]], MODES[line["setting"]]
    if line["encoder"] == "elmo":
        if (head, mode) != (LINE, TUNED):
            raise NotTestable("a BiLSTM stands for ELMo, trained on the sentences with a linear head alone")
        config = v.tuned(BILSTM)
    elif mode == TUNED:
        if line["encoder"] == "bert" or (line["encoder"], head) == ("use-transformer", LAYERS):
            raise NotTestable("not tuned here: of Transformers MiniLM alone, with a linear head")
        config = v.tuned(STANDS[line["encoder"]], head)
    else:
        config = v.frozen(STANDS[line["encoder"]], head)
    metric, split = ("accuracy", "test") if line["metric"] == "test_accuracy" else (line["metric"], "pairs")
    rows = v.told(metric, split, **named(config))
    return {"ours": 100 * rows["value"].mean(), "n": int(rows["n_test"].iloc[0]), "note": in_words(config)}


def example(v: CompositionView, line: Mapping[str, Any]) -> dict[str, Any]:
    """The score of one of the paper's sentences."""
    text = str(line["setting"]).removeprefix("sentence=")
    begins = next((one for one in EXAMPLES if text.startswith(one)), "")
    task = IMPURITY if line["metric"] == "ti" else SWITCHING
    row = v.row(task=task, begins=begins, metric="value")
    return {"ours": row["value"], "n": 1, "note": json.loads(row["info"])["sentence"][:60]}
