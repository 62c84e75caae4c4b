"""Miaschi and Dell'Orletta 2020: Figures 1-3, Tables 2-5, leaks between folds and controls, the paper's numbers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.linguistic_profiling import STUDY, WORDS

from probekit.report import NotTestable, bars, curves, heatmap, summarise
from probekit.report.claims import beside, check
from probekit.report.view import matching
from probekit.scores import corrected_t

from ._linguistic_profiling_view import (
    ALL,
    BEST,
    CONTROLS,
    FEATURES,
    GROUP_TITLES,
    GROUPINGS,
    GROUPS,
    LANGUAGES,
    LAST,
    POINT,
    POOLING_TITLES,
    POOLINGS,
    RHO,
    RIDGE,
    STATIC,
    TOKENS,
    Profile,
    ProfileView,
    by_steps,
    in_words,
    probed,
    solvers,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOLVERS = "Claims by a solver stopped at its defaults and run to the optimum, same sample"
TITLED = {title: name for name, title in GROUP_TITLES.items()}  # groups by what tables call them
WIDTHS = {"text": "4.5cm", "stopped": "3.5cm", "optimum": "3.5cm"}

# --- figures -----------------------------------------------------------------------------------------


@STUDY.figure("figure-1", once=True)
def layers_and_poolings(v: ProfileView) -> Figure:
    """Mean rho over layers: a panel for each group, a line for each pooling, two references."""
    last, parts = v.last, []
    rows = v.only(encoder=v.encoder, pooling=[*POOLINGS, "cls"])
    for group, title in GROUP_TITLES.items():
        own = rows if group == ALL else rows[rows["task_group"].eq(group)]
        if len(own):
            means = summarise(own, ["pooling", "layer"], interval=True)
            means = means.assign(line=means["pooling"].map(POOLING_TITLES), x=means["layer"].astype(float) - last - 1)
            parts.append(pd.concat([means, _references(v, group)]).assign(panel=title))
    shown: dict[str, Any] = {"lines": "line", "panels": "panel", "low": "low", "high": "high", "label": RHO}
    shown["x_label"] = f"layer of {in_words(v.encoder)} (-1 = last of {last})"
    shown["title"] = f"Figure 1. Layers and poolings of {in_words(v.encoder)} ({probed(v)}; bands: 95 % over folds)"
    return curves(pd.concat(parts, ignore_index=True), "x", **shown)


def _references(v: ProfileView, group: str) -> pd.DataFrame:
    """What has no layers: the static encoder and sentence length, where they were run."""
    found = []
    with suppress(NotTestable):
        found.append((f"{in_words(v.static)}, Mean", v.means.rho("mean", group=group)))
    with suppress(NotTestable):
        found.append(("sentence length alone (|ρ|)", v.baseline(group)))
    return pd.DataFrame(found, columns=["line", "value"])


@STUDY.figure("figure-encoders", once=True)
def encoders_by_layer(v: ProfileView) -> Figure:
    """Mean pooling: every contextual encoder by layer, every static table, sentence length."""
    same = {"dataset": v.dataset, "probe": v.probe, "setting": v.setting, "pooling": "mean"}
    rows = matching(v.study, {**same, "control": "", "metric": "spearman"}).dropna(subset="fold")
    parts = []
    for group, title in GROUP_TITLES.items():
        own = rows if group == ALL else rows[rows["task_group"].eq(group)]
        means = summarise(own, ["encoder", "layer"], interval=True)
        means = means.assign(line=means["encoder"].map(in_words), x=means["layer"].astype(float))
        means = means[means["x"].ne(0)]
        with suppress(NotTestable):
            length = pd.DataFrame([("sentence length alone (|ρ|)", v.baseline(group))], columns=["line", "value"])
            means = pd.concat([means, length])
        parts.append(means.assign(panel=title))
    shown: dict[str, Any] = {"lines": "line", "panels": "panel", "low": "low", "high": "high", "label": RHO}
    shown["x_label"] = "layer"
    shown["title"] = f"Mean of a sentence's words in every encoder ({probed(v)}; bands: 95 % over folds)"
    return curves(pd.concat(parts, ignore_index=True), "x", **shown)


@STUDY.figure("figure-steps", once=True)
def changed_by_steps(v: ProfileView) -> Figure | None:
    """What a step of an encoder's spec, such as tuning, changes by group of features and layer."""
    table = by_steps(v)
    if table.empty:
        return None  # no encoder beside itself before a step
    return heatmap(
        table.assign(group=table["task_group"].map(GROUP_TITLES), panel=table["encoder"].map(in_words)),
        "group",
        "layer",
        panels="panel",
        row_order=list(GROUP_TITLES.values()),
        signed=True,
        scale=100,
        annotate="+.1f",
        label="change, 100 × ρ",
        column_label="layer, 0 = embeddings",
        title=f"What the last step of an encoder changes, Mean pooling ({probed(v)}; means over folds)",
    )


@STUDY.figure("figure-languages", once=True)
def features_of_languages(v: ProfileView) -> Figure | None:
    """Features x layers of the multilingual encoder, a panel a language; tags of one tag set are left out."""
    rows = _of_languages(v)
    if rows.empty:
        return None
    rows = rows[~rows["task"].str.contains("xpos")]
    rows = rows.assign(panel=rows["panel"].str.partition(" (")[0])  # their sizes stand in the table
    table = summarise(rows, ["panel", "task", "layer"], undefined="drop")  # grey, not a score of 0
    table["feature"] = table["task"].str.removeprefix("sentence/")
    table["group"] = table["task"].map(FEATURES).map(GROUP_TITLES)
    order = [name.removeprefix("sentence/") for name in FEATURES]
    encoder = in_words(rows["encoder"].iloc[0])
    return heatmap(
        table,
        "feature",
        "layer",
        panels="panel",
        row_groups="group",
        row_order=order,
        scale=100,
        label="100 × ρ",
        column_label=f"layer of {encoder} (0 = embeddings)",
        title=f"Features in {table['panel'].nunique()} languages, mean of {encoder} (ridge, 5 folds)",
    )


def _of_languages(v: ProfileView) -> pd.DataFrame:
    """Rows of other languages than the study's, with panels that name treebank and sentences."""
    rows = matching(v.study, {"control": "", "metric": "spearman", "pooling": "mean", "probe": RIDGE})
    rows = rows.dropna(subset=["fold", "layer"])
    rows = rows[rows["dataset"].ne(v.dataset) & ~rows["dataset"].str.contains("[|(]")]
    n = rows.drop_duplicates(["dataset", "fold"]).groupby("dataset")["n_test"].sum()
    return rows.assign(panel=[f"{LANGUAGES.get(name, name)} ({n[name]:,})" for name in rows["dataset"]])


@STUDY.table("languages", caption="Mean rho by language, ridge, mean of words", digits=3, **POINT, once=True)
def languages(v: ProfileView) -> pd.DataFrame | None:
    """The best layer of each language over all features but tags of one tag set, beside embeddings and last layer."""
    rows = _of_languages(v)
    if rows.empty:
        return None
    rows = rows[~rows["task"].str.contains("xpos")]
    means = summarise(rows, ["panel", "layer"], undefined=v.asked["undefined"])
    wide = means.pivot(index="panel", columns="layer", values="value")
    table = pd.DataFrame({"embeddings": wide[0], "best": wide.max(axis=1), "at layer": wide.idxmax(axis=1)})
    return table.assign(last=wide.iloc[:, -1]).rename_axis("language").reset_index()


@STUDY.figure("figure-2")
def gain_of_each_feature(v: ProfileView) -> Figure:
    """Contextual minus static, Mean pooling, over all layers."""
    static = v.means.features("mean")
    parts = [
        pd.DataFrame({"value": v.means.features("mean", layer) - static, "layer": v.negative(layer)})
        for layer in v.layers_of("mean")
    ]
    # One feature (sentence length) can stand so far out that the rest would look the same; arrows say that it does.
    reach = float(np.ceil(100 * np.quantile(pd.concat(parts)["value"].abs(), 0.97)))
    shown: dict[str, Any] = {"signed": True, "limits": (-reach, reach)}
    shown["column_label"] = f"layer of {in_words(v.encoder)}"
    shown["annotate"] = ".0f" if len(parts) <= 12 else ""
    shown["label"] = f"100 × (ρ {in_words(v.encoder)} − ρ {in_words(v.static)})"
    title = f"Figure 2. {in_words(v.encoder)} (red) against {in_words(v.static)} (blue), Mean pooling ({probed(v)})"
    return _by_feature(v, parts, "layer", title=title, **shown)


@STUDY.figure("figure-3", once=True)
def words_or_sentence(v: ProfileView) -> Figure:
    """One word's vector or the whole sentence at the best and the last layer."""
    parts = []
    for layer, name in dict.fromkeys([(v.best_word, "best Mean layer"), (v.last, "last layer")]):
        block = f"layer {v.negative(layer)}" + (f"\n({name})" if v.best_word != v.last else "")
        for pooling in (*WORDS, "mean"):
            values = v.means.features(pooling, layer)
            parts.append(pd.DataFrame({"value": values, "column": POOLING_TITLES[pooling], "block": block}))
    title = f"Figure 3. One word's vector or the sentence mean, {in_words(v.encoder)} ({probed(v)})"
    shown: dict[str, Any] = {"blocks": "block", "column_order": [*TOKENS, "Mean"], "annotate": ".0f"}
    return _by_feature(v, parts, "column", title=title, label="100 × ρ", **shown)


def _by_feature(v: ProfileView, parts: list[pd.DataFrame], column: str, **options: Any) -> Figure:
    """A heatmap of the 68 features in two halves, by their correlation with length; the index holds the task."""
    ranked = v.by_length()
    half = len(ranked) // 2
    halves = dict.fromkeys(ranked[:half], f"{half} features most correlated with length")
    halves |= dict.fromkeys(ranked[half:], f"{len(ranked) - half} features least correlated with length")
    table = pd.concat(parts).rename_axis("task").reset_index()
    table["feature"] = table["task"].str.removeprefix("sentence/")
    table["group"] = table["task"].map(FEATURES).map(GROUP_TITLES)
    table["half"] = table["task"].map(halves)
    table = table.set_index("half").loc[list(dict.fromkeys(halves.values()))].reset_index()
    order = [task.removeprefix("sentence/") for task in ranked]
    shared: dict[str, Any] = {"panels": "half", "row_groups": "group", "row_order": order, "scale": 100}
    return heatmap(table, "feature", column, **shared, **options)


@STUDY.figure("figure-table-2")
def groups_beside_the_paper(v: ProfileView) -> Figure:
    """The paper's Table 2 as bars beside ours, with intervals over folds; sentence length alone is not fitted."""
    names = {v.encoder: f"{in_words(v.encoder)} (paper: BERT)", v.static: f"{in_words(v.static)} (paper: word2vec)"}
    names["sentence length"] = "Sentence length alone"
    names.pop("", None)  # no static encoder, or none with layers
    table = matching(beside(STUDY, v), {"table": "Table 2", "our_encoder": list(names)})
    table = table[table["ours"].notna()]
    if v.encoder not in set(table["our_encoder"]):
        raise NotTestable(f"{in_words(v.encoder)} was not run with all four poolings")
    long = table.melt(["task", "our_encoder"], ["ours", "paper"], var_name="whose", value_name="rho")
    layers: dict[str, list[Any]] = {v.encoder: v.layers, v.static: list(STATIC)}
    for at, line in long[long["whose"].eq("ours") & long["our_encoder"].isin(layers)].iterrows():
        over = v.tested(Profile.overall, layers[line["our_encoder"]], TITLED[line["task"]])
        long.loc[at, ["low", "high"]] = over.low, over.high
    shown: dict[str, Any] = {"colours": "whose", "panels": "panel", "annotate": ".2f", "label": RHO}
    shown |= {"x_order": [*GROUP_TITLES.values()], "colour_order": ["ours", "paper"], "across": 3}
    shown |= {"low": "low", "high": "high"}
    title = f"Table 2 as bars: mean of four poolings and all layers ({probed(v)}; whiskers: 95 % over folds)"
    return bars(long.assign(panel=long["our_encoder"].map(names)), "task", "rho", title=title, **shown)


# --- the paper's numbers and tables ------------------------------------------------------------------


@STUDY.beside(digits=3, leading_zero=False)
def ours(v: ProfileView, line: dict[str, Any]) -> dict[str, Any]:
    """Our number; the encoder and the layer that stand for the paper's are said also where there is none."""
    layer, note, bert = None, "", line["encoder"].startswith("bert")
    encoder = v.encoder if bert else v.static if line["encoder"] else "sentence length"
    try:
        if bert and line["layer"] != "":
            layer, note = v.our_layer(line["layer"], words=line["table"] == "Table 5")
        value = _counterpart(v, line, layer)
    except NotTestable as reason:
        value, note = np.nan, str(reason)
    return {"ours": value, "our_encoder": encoder, "our_layer": "" if layer is None else layer, "note": note}


def _counterpart(v: ProfileView, line: dict[str, Any], layer: int | None) -> float:
    group = TITLED[line["task"]]
    if not line["encoder"]:
        return v.baseline(group)
    if line["table"] == "Table 2":
        return v.means.overall(v.layers if line["encoder"].startswith("bert") else STATIC, group)
    pooling = {title: name for name, title in POOLING_TITLES.items()}[line["method"]]
    if line["table"] == "Table 4" and layer is not None:
        return v.means.difference(pooling, layer)
    return v.means.rho(pooling, layer, group)


def _wide(v: ProfileView, table: str, by: list[str], across: str) -> pd.DataFrame:
    """Lines of a published table, a pair of columns, ours and the paper's, for each value of a column."""
    long = matching(beside(STUDY, v), {"table": table})
    if long["ours"].isna().all():
        raise NotTestable(str(long["note"].iloc[0]))
    lines = []
    for key, part in long[long[across].ne("")].groupby(by, sort=False, dropna=False):
        line = dict(zip(by, key, strict=True))
        for name, value, theirs in part[[across, "ours", "paper"]].itertuples(index=False):
            line |= {name: value, f"{name} (paper)": theirs}
        lines.append(line)
    return pd.DataFrame(lines)


@STUDY.table("table-2", caption="Mean rho by feature group, mean of the four poolings (and of all layers)", **POINT)
def groups_of_features(v: ProfileView) -> pd.DataFrame:
    table = _wide(v, "Table 2", ["task"], "our_encoder")
    return table.rename(columns=lambda name: name.replace("sentence length", "length"))


@STUDY.table("table-3", caption="Static encoder by pooling", **POINT)
def static_poolings(v: ProfileView) -> pd.DataFrame:
    return _wide(v, "Table 3", ["method"], "task")


@STUDY.table("table-4", caption="Contextual minus static by layer and pooling, all features", digits=3, **POINT)
def gain_by_layer(v: ProfileView) -> pd.DataFrame:
    """With the paper's layers that each of ours is read as; of several the last one's number."""
    theirs = matching(beside(STUDY, v), {"table": "Table 4"})
    lines = []
    for layer in v.layers_of("mean"):
        own = theirs[theirs["our_layer"].eq(layer)]
        stands_for = " and ".join(map(str, sorted(own["layer"].unique())))
        line: dict[str, Any] = {"layer": v.negative(layer), "stands for": stands_for}
        for pooling in POOLINGS:
            title = POOLING_TITLES[pooling]
            ran = (pooling, layer) in v.means.scores
            line[title] = v.means.difference(pooling, layer) if ran else np.nan
            line[f"{title} (paper)"] = [np.nan, *own.loc[own["method"].eq(title), "paper"]][-1]
        lines.append(line)
    return pd.DataFrame(lines)


@STUDY.table("table-5", caption="Single-word representations", **POINT)
def single_words(v: ProfileView) -> pd.DataFrame:
    """Single-word vectors and [CLS] at the best and the last layer, and of the static encoder."""
    table = _wide(v, "Table 5", ["encoder", "layer", "method"], "task").astype({"layer": "Int64"})
    layers: dict[int, str] = {}
    with suppress(NotTestable):
        layers = {BEST: f"{v.negative(v.best_word)} (best Mean)", LAST: "-1 (last)"}
    table.insert(1, "ours read at", [layers.get(layer, "") for layer in table["layer"]])
    table.insert(0, "our encoder", [v.static if pd.isna(layer) else v.encoder for layer in table["layer"]])
    return table.rename(columns={"encoder": "paper's encoder", "layer": "paper's layer"})


@STUDY.table("summary", formats=("csv",), once=True)
def summary(v: ProfileView) -> pd.DataFrame:
    """Mean rho over the features of each group for everything that was run, a line each."""
    by = ["dataset", "setting", "control", "probe", "encoder", "layer", "pooling", "task_group"]
    rows = matching(v.study, {"metric": "spearman"}).dropna(subset="fold")
    # Names in the order in which they appear.
    rows = rows.assign(**{name: pd.Categorical(rows[name], rows[name].unique()) for name in by if name != "layer"})
    means = summarise(rows, by).rename(columns={"value": "rho"}).drop(columns="n_cells")
    return means.sort_values(by, ignore_index=True)


# --- leaks and controls, by ridge on the mean of a sentence ------------------------------------------


@STUDY.table("leak", caption="What identical sentences and shared documents are worth", digits=3, **POINT, once=True)
def leak(v: ProfileView) -> pd.DataFrame:
    """Mean rho by what the folds keep together; `leak` is what a score owes to what stands on both sides of them."""
    rows = _mean_by_ridge(v, control="")
    rows = rows.assign(grouping=rows["setting"].str.extract(r"groups=(\w+)", expand=False))
    if rows["grouping"].nunique() < 2:
        raise NotTestable("folds of one kind only; run the part 'twins'")
    means = _pivot(rows, "grouping", GROUPINGS)
    first, *others = [name for name in GROUPINGS.values() if name in means]
    for name in others:
        means[f"leak: {name}"] = means[first] - means[name]
    return means.reset_index()


@STUDY.table("controls", caption="Controls, Mean pooling, ridge", digits=3, **POINT, once=True)
def controls(v: ProfileView) -> pd.DataFrame:
    """Mean rho beside that on random targets (drawn anew for every distinct sentence) and random weights, by layer."""
    rows = _mean_by_ridge(v, setting=v.setting).dropna(subset="layer")
    if not rows["control"].isin(["random-labels", "random-encoder"]).any():
        raise NotTestable("no controls; run the part 'controls'")
    # The random encoder is the same encoder with other weights: it stands in its row.
    plain = rows["encoder"].str.removeprefix("random:")
    return _pivot(rows.assign(encoder=plain), "control", CONTROLS).reset_index()


def _mean_by_ridge(v: ProfileView, **where: Any) -> pd.DataFrame:
    shared = {"dataset": v.dataset, "probe": RIDGE, "pooling": "mean", "metric": "spearman"}
    return matching(v.study, {**shared, **where}).dropna(subset="fold")


def _pivot(rows: pd.DataFrame, column: str, names: dict[str, str]) -> pd.DataFrame:
    """Mean over features and folds, encoder and layer down, the values of a column across."""
    by = ["encoder", "layer"]
    means = summarise(rows, [*by, column])
    wide = means.assign(**{column: means[column].map(names)}).pivot(index=by, columns=column, values="value")
    return wide[[name for name in names.values() if name in wide]].rename_axis(columns=None)


# --- which claims change when the solver is run to the optimum? --------------------------------------


@STUDY.table("solver-claims", caption=SOLVERS, wrap=WIDTHS)
def solver_question(v: ProfileView) -> pd.DataFrame | None:
    """Each claim by both solvers, and whether the verdict changes."""
    found = {name: check(STUDY, view) for name, view in solvers(v).items()}
    if not found:
        return None
    table = found["optimum"][["number", "text", "paper"]].copy()
    for name, claims in found.items():
        table[name], table[f"{name} verdict"] = claims["ours"], claims["verdict"]
    table["n"] = found["optimum"]["n"]
    table["changes"] = table["stopped verdict"] != table["optimum verdict"]
    return table


@STUDY.table("solver-scores", caption="Mean rho by solver, same sample", leading_zero=False, once=True)
def solver_scores(v: ProfileView) -> pd.DataFrame | None:
    """Mean rho of each group by encoder, pooling and solver, with the share of converged fits."""
    by = ["encoder", "pooling"]
    parts = []
    for name, view in solvers(v).items():
        converged = view.rows["info"].str.extract(r'"converged": (true|false)')[0].map({"true": 1.0, "false": 0.0})
        rows = view.rows.assign(converged=converged)
        means = summarise(rows, [*by, "task_group"]).pivot(index=by, columns="task_group", values="value")[list(GROUPS)]
        overall = summarise(rows, by).set_index(by)
        means["all"], means["undefined"] = overall["value"], overall["n_undefined"]
        means["converged"] = rows.groupby(by)["converged"].mean()
        means.insert(0, "solver", name)
        parts.append(means.reset_index())
    return pd.concat(parts).sort_values([*by, "solver"], kind="stable", ignore_index=True) if parts else None


@STUDY.table("solver-gap", caption="What running the solver to its optimum changes, same sample", digits=3, **POINT)
def solver_gap(v: ProfileView) -> pd.DataFrame | None:
    """Optimum minus stopped, mean rho over features and layers: paired over folds, for each encoder and pooling."""
    found = solvers(v)
    if not found:
        return None
    of = {name: _by_fold(view.rows) for name, view in found.items()}
    lines = []
    places: Any = of["optimum"].groupby(level=["encoder", "pooling"])
    for (encoder, pooling), best in places:
        stopped = of["stopped"].reindex(best.index)
        gap = corrected_t(best, stopped, test_train_ratio=1 / max(len(best) - 1, 1))
        line = {"encoder": encoder, "pooling": pooling, "stopped": stopped.mean(), "optimum": best.mean()}
        lines.append(line | {"difference": gap.difference, "low": gap.low, "high": gap.high, "folds": gap.n})
    return pd.DataFrame(lines)


def _by_fold(rows: pd.DataFrame) -> pd.Series:
    """Mean of each encoder, pooling and fold over features and layers; an undefined score counts as 0."""
    return rows.assign(value=rows["value"].fillna(0.0)).groupby(["encoder", "pooling", "fold"])["value"].mean()
