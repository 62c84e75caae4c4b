"""Miaschi and Dell'Orletta 2020: Figures 1-3, Tables 2-5, leaks between folds and controls, the paper's numbers.

Layers carry the paper's names, -1 the last. Of encoders without twelve its -8 (best with Mean pooling) is read as our
best Mean layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from probekit.experiments.linguistic_profiling import PROBES, STUDY, WORDS

from probekit.errors import ProbekitError, UnknownName
from probekit.report import NotTestable, View, bars, curves, heatmap, summarise
from probekit.report.claims import beside
from probekit.report.summary import Undefined
from probekit.report.view import matching, prepared
from probekit.scores import Comparison, corrected_t
from probekit.specs import short
from probekit.tasks import PROFILING_68

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEATURES = {feature.name: feature.group for feature in PROFILING_68}
GROUPS = ("raw text", "morphosyntax", "syntax")
ALL = "all"
GROUP_TITLES = {"raw text": "Raw text", "morphosyntax": "Morphosyntax", "syntax": "Syntax", ALL: "All features"}
POOLINGS = ("mean", "sum", "max", "min")
TOKENS = ("tok_1", "tok_2", "tok_3", "tok_4")
POOLING_TITLES = {"mean": "Mean", "sum": "Sum", "max": "Max", "min": "Min", "cls": "[CLS]"}
POOLING_TITLES |= dict(zip(WORDS, TOKENS, strict=True))
BEST, LAST, TWELVE = -8, -1, 12
CHOICES = ("dataset", "probe", "setting", "encoder", "static")
STATIC = (None,)
UNSEEN = "word2vec without the test fold"
EXACT, RIDGE = PROBES
RHO = "mean Spearman ρ"
GROUPINGS = {"sentence": "folds of sentences", "text": "identical sentences together", "document": "documents together"}
CONTROLS = {"": "the task", "random-labels": "random targets", "random-encoder": "random weights"}
POINT = {"leading_zero": False}  # as the paper writes correlations


class Profile:
    """Rho of the 68 features for every representation, of one fold or as means over folds.

    A layer is one of the contextual encoder, None is the static one. names: what messages call these two.
    """

    def __init__(self, rows: pd.DataFrame, undefined: Undefined, names: Sequence[str]) -> None:
        cells = summarise(rows, ["task", "layer", "pooling"], undefined=undefined)
        places: Any = cells.groupby(["pooling", "layer"], dropna=False, sort=False)
        self.scores: dict[tuple[str, int | None], pd.Series] = {}
        for (pooling, layer), part in places:
            rho = part.set_index("task")["value"]
            place = (pooling, None if pd.isna(layer) else int(layer))
            self.scores[place] = rho[[name for name in FEATURES if name in rho]]
        self._names = names
        self._means: dict[tuple[str, int | None], dict[str, float]] = {}

    def features(self, pooling: str, layer: int | None = None) -> pd.Series:
        """Rho of each of the 68 features for one representation. Raises NotTestable unless all are there."""
        name = self._names[layer is None] or "a static encoder"
        found = self.scores.get((pooling, layer))
        if found is None:
            at = f", layer {layer}" if layer is not None else ""
            raise NotTestable(f"no scores of {name} with {POOLING_TITLES.get(pooling, pooling)}{at}")
        # A mean over another list of features is another number.
        if missing := len(FEATURES) - len(found):
            raise NotTestable(f"{missing} of the 68 features have no scores for {name}, {pooling}")
        return found

    def rho(self, pooling: str, layer: int | None = None, group: str = ALL) -> float:
        """Mean rho over the features of a group."""
        if (pooling, layer) not in self._means:  # asked for many times over by claims
            found = self.features(pooling, layer)
            means = found.groupby([FEATURES[name] for name in found.index]).mean()
            self._means[pooling, layer] = {ALL: float(found.mean()), **{name: float(means[name]) for name in GROUPS}}
        return self._means[pooling, layer][group]

    def overall(self, layers: Sequence[int | None], group: str = ALL) -> float:
        """Mean over the four poolings and some layers (the paper's Table 2)."""
        return float(np.mean([self.rho(pooling, layer, group) for layer in layers for pooling in POOLINGS]))

    def difference(self, pooling: str, layer: int) -> float:
        """Contextual minus static with the same pooling, over all features (the paper's Table 4)."""
        return self.rho(pooling, layer) - self.rho(pooling)


@dataclass(eq=False, kw_only=True)
class ProfileView(View):
    """Rho of the 68 features from a contextual and a static encoder: one corpus, one probe, one way to fold.

    A layer is one of the contextual encoder, None is the static one. study: the rows of everything that was run.
    asked: what a user chose (see `views`). encoders, statics: the contextual and the static ones there are.
    """

    study: pd.DataFrame
    asked: dict[str, Any]
    dataset: str
    probe: str
    setting: str
    encoder: str
    static: str
    encoders: list[str]
    statics: list[str]

    def but(self, **chosen: Any) -> ProfileView:
        """The same study with other choices."""
        return read(self.study, self.asked | chosen)

    @cached_property
    def n(self) -> int:
        """Sentences behind a score: the test parts of its folds together, the most over all scores."""
        by = ["task", "encoder", "layer", "pooling", "seed"]
        return int(self.rows.groupby(by, dropna=False)["n_test"].sum().max())

    @cached_property
    def means(self) -> Profile:
        """Rho as means over folds."""
        return Profile(self.rows, self.asked["undefined"], (self.encoder, self.static))

    @cached_property
    def folds(self) -> list[Profile]:
        """The same of each fold."""
        parts = self.rows.groupby("fold", sort=True)
        return [Profile(part, self.asked["undefined"], (self.encoder, self.static)) for _, part in parts]

    def tested(self, quantity: Callable[..., float], *at: Any) -> Comparison:
        """Mean over folds of quantity(fold, *at), a difference, with its interval: corrected t, since the training
        parts of folds overlap."""
        found = [quantity(fold, *at) for fold in self.folds]
        return corrected_t(found, [0.0] * len(found), test_train_ratio=1 / max(len(found) - 1, 1))

    @cached_property
    def layers(self) -> list[int]:
        """The contextual layers that were run, 1 to L. Raises NotTestable when there are none."""
        if found := sorted({layer for _, layer in self.means.scores if layer is not None}):
            return found
        raise NotTestable("the rows hold no encoder with layers")

    @property
    def last(self) -> int:
        return self.layers[-1]

    @property
    def best(self) -> int:
        """The paper's layer -8 where there are twelve, else the one whose Mean pooling scores best, as its -8 does."""
        if len(self.layers) == TWELVE:
            return self.layers[BEST]
        return max(self.layers, key=lambda layer: self.means.rho("mean", layer))

    @property
    def best_word(self) -> int:
        """The paper's -8 for single words: the best Mean layer, or the best of those run with words."""
        worded = [layer for layer in self.layers if all((word, layer) in self.means.scores for word in WORDS)]
        before = [layer for layer in worded if layer != self.last]
        if self.best in worded or not before:
            return self.best
        return max(before, key=lambda layer: self.means.rho("mean", layer))

    def negative(self, layer: int) -> int:
        """The paper's name of a layer: -1 is the last."""
        return layer - self.last - 1

    def our_layer(self, theirs: int, words: bool) -> tuple[int, str]:
        """Our layer for one of the paper's, and how it was found; single words may have been run at fewer layers."""
        if len(self.layers) == TWELVE and not words:
            return self.layers[theirs], ""
        if theirs == BEST:
            layer = self.best_word if words else self.best
            if self.negative(layer) == BEST:
                return layer, ""
            among = "" if layer == self.best else " among those with single words"
            where = f"{self.negative(layer)} (layer {layer} of {self.last})"
            return layer, f"-8 read as our best Mean layer{among}, {where}"
        if theirs == LAST:
            return self.last, f"-1 read as our last layer, {self.last}" if self.last != TWELVE else ""
        raise NotTestable(f"layer {theirs} of 12 has no counterpart among {len(self.layers)} layers")

    @cached_property
    def lengths(self) -> pd.Series:
        """Absolute correlation of each feature with sentence length. Raises NotTestable unless all are there."""
        rows = matching(self.study, {"dataset": self.dataset, "control": "length", "metric": "spearman"})
        if rows["task"].nunique() < len(FEATURES):
            raise NotTestable("the rows hold no length baseline for all of the 68 features (control 'length')")
        return summarise(rows, "task").set_index("task")["value"][list(FEATURES)].abs()

    def baseline(self, group: str = ALL) -> float:
        """Mean correlation with sentence length."""
        return float(self.lengths[[group in (ALL, FEATURES[name]) for name in self.lengths.index]].mean())

    def by_length(self) -> list[str]:
        """The 68 features, the most correlated with sentence length first."""
        return list(self.lengths.sort_values(ascending=False, kind="stable").index)


@STUDY.view
def views(df: pd.DataFrame, undefined: Undefined = "zero", **names: str) -> Iterator[ProfileView]:
    """One for each static encoder, the chosen one first.

    names: of dataset, probe, setting, encoder and static, or their head or beginning. undefined: as in `summarise`.
    """
    for name in names:
        if name not in CHOICES:
            raise UnknownName("choice among the rows:", name, CHOICES)
    rows = prepared(df[df["task"].isin(list(FEATURES)) & df["subset"].eq("")]).reset_index(drop=True)
    if rows.empty:
        raise ProbekitError("no row belongs to the 68 features; run the study: probekit run linguistic-profiling")
    rows = of_unseen(rows[rows["trained_on"].eq("") | rows["trained_on"].eq(rows["dataset"])])
    yield (first := read(rows, {"undefined": undefined, **names}))
    for static in first.statics:
        if static != first.static:
            yield replace(first.but(static=static), mark=_mark(static))
    for encoder in first.encoders:
        if encoder != first.encoder:
            yield replace(first.but(encoder=encoder), mark=_mark(short(encoder)))


def _mark(name: str) -> str:
    return "-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def of_unseen(rows: pd.DataFrame) -> pd.DataFrame:
    """Of tables trained without a fold the rows of that fold alone, as those of one encoder."""
    left_out = rows["encoder"].str.extract(r"without-fold\(k=(\d+)")[0].astype("Int64")
    kept = rows[left_out.isna() | left_out.eq(rows["fold"]).fillna(False)]
    return kept.assign(encoder=kept["encoder"].mask(left_out.notna(), UNSEEN))


def read(study: pd.DataFrame, asked: dict[str, Any]) -> ProfileView:
    """The view of what was asked for, else of what is preferred. Raises ProbekitError when nothing fits."""
    rows = matching(study, {"control": "", "metric": "spearman", "split": "cv"})
    if rows.empty:
        raise ProbekitError("no cross-validated Spearman scores of probes among the rows of the 68 features")
    chosen: dict[str, Any] = {}
    # The corpus itself and no sample of it; folds by sentence, since others are run on fewer representations.
    for name, preferred in (("dataset", r"[^|]*$"), ("probe", f"{EXACT}$"), ("setting", ".*groups=sentence")):
        chosen[name] = _choose(name, asked.get(name, ""), rows[name], preferred)
        rows = rows[rows[name].eq(chosen[name])]
    # Layer 0 holds embeddings, which the study leaves out.
    layered, flat = rows["layer"].ge(1).fillna(False).astype(bool), rows["layer"].isna()
    encoder = _choose("encoder", asked.get("encoder", ""), rows.loc[layered, "encoder"], "hf:all-mpnet|minilm")
    static = _choose("static encoder", asked.get("static", ""), rows.loc[flat, "encoder"], "word2vec:")
    chosen["encoders"] = sorted(rows.loc[layered, "encoder"].unique())
    chosen["statics"] = sorted(rows.loc[flat, "encoder"].unique())
    rows = rows[(layered & rows["encoder"].eq(encoder)) | (flat & rows["encoder"].eq(static))]
    v = ProfileView(rows, study=study, asked=asked, encoder=encoder, static=static, **chosen)
    v.title = f"{encoder}, {static or 'no static table'}, {_probed(v)}"
    return v


def _choose(kind: str, wanted: str, column: pd.Series, preferred: str) -> str:
    """The value a name means: the same, the one with this head, or the only one that begins so.

    Without a name the most frequent of those that a pattern prefers, else of all; empty when there is none.
    """
    counts = column.value_counts()
    names = sorted(counts.index, key=lambda name: (not re.match(preferred, name), -counts[name], name))
    if not wanted or wanted in names:
        return wanted or next(iter(names), "")
    near = [n for n in names if n.partition("(")[0] == wanted] or sorted(n for n in names if n.startswith(wanted))
    if not near:
        raise UnknownName(kind, wanted, names)
    if len(near) > 1:
        raise ProbekitError(f"the {kind} '{wanted}' could be {' or '.join(near)}; give more of the name")
    return near[0]


def _probed(v: ProfileView) -> str:
    return f"{v.probe}, {v.dataset}, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{v.n:,}"


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
    shown["x_label"] = f"layer of {v.encoder} (-1 = last of {last})"
    shown["title"] = f"Figure 1. Layers and poolings of {v.encoder} ({_probed(v)}; bands: 95 % over folds)"
    return curves(pd.concat(parts, ignore_index=True), "x", **shown)


def _references(v: ProfileView, group: str) -> pd.DataFrame:
    """What has no layers: the static encoder and sentence length, where they were run."""
    found = []
    with suppress(NotTestable):
        found.append((f"{short(v.static)}, Mean", v.means.rho("mean", group=group)))
    with suppress(NotTestable):
        found.append(("sentence length alone (|ρ|)", v.baseline(group)))
    return pd.DataFrame(found, columns=["line", "value"])


@STUDY.figure("figure-encoders", once=True)
def encoders_by_depth(v: ProfileView) -> Figure:
    """Mean pooling: every contextual encoder by depth, every static table, sentence length."""
    same = {"dataset": v.dataset, "probe": v.probe, "setting": v.setting, "pooling": "mean"}
    rows = matching(v.study, {**same, "control": "", "metric": "spearman"}).dropna(subset="fold")
    parts = []
    for group, title in GROUP_TITLES.items():
        own = rows if group == ALL else rows[rows["task_group"].eq(group)]
        means = summarise(own, ["encoder", "layer"], interval=True)
        depth = means["layer"].astype(float) / means.groupby("encoder")["layer"].transform("max").astype(float)
        means = means.assign(line=means["encoder"].map(short), x=depth)
        means = means[means["x"].ne(0)]
        with suppress(NotTestable):
            length = pd.DataFrame([("sentence length alone (|ρ|)", v.baseline(group))], columns=["line", "value"])
            means = pd.concat([means, length])
        parts.append(means.assign(panel=title))
    shown: dict[str, Any] = {"lines": "line", "panels": "panel", "low": "low", "high": "high", "label": RHO}
    shown["x_label"] = "depth: layer / number of layers"
    shown["title"] = f"Mean of a sentence's words in every encoder ({_probed(v)}; bands: 95 % over folds)"
    return curves(pd.concat(parts, ignore_index=True), "x", **shown)


@STUDY.figure("figure-languages", once=True)
def features_of_languages(v: ProfileView) -> Figure | None:
    """Features x layers of the multilingual encoder, a panel a language; tags of one tag set are left out."""
    rows = _of_languages(v)
    if rows.empty:
        return None
    rows = rows[~rows["task"].str.contains("xpos")]
    table = summarise(rows, ["panel", "task", "layer"], undefined=v.asked["undefined"])
    table = table.assign(feature=table["task"].str.removeprefix("sentence/"))
    table["group"] = table["task"].map(FEATURES).map(GROUP_TITLES)
    order = [name.removeprefix("sentence/") for name in FEATURES]
    encoder = short(rows["encoder"].iloc[0])
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
        title=f"Features of sentences in {table['panel'].nunique()} languages, mean of {encoder} (ridge, 5 folds)",
    )


def _of_languages(v: ProfileView) -> pd.DataFrame:
    """Rows of other languages than the study's, with panels that name treebank and sentences."""
    rows = matching(v.study, {"control": "", "metric": "spearman", "pooling": "mean", "probe": RIDGE})
    rows = rows.dropna(subset=["fold", "layer"])
    rows = rows[rows["dataset"].ne(v.dataset) & ~rows["dataset"].str.contains("[|(]")]
    n = rows.drop_duplicates(["dataset", "fold"]).groupby("dataset")["n_test"].sum()
    return rows.assign(panel=[f"{name.removeprefix('ud-')} (n = {n[name]:,})" for name in rows["dataset"]])


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
        for layer in v.layers
    ]
    # One feature (sentence length) can stand so far out that the rest would look the same; arrows say that it does.
    reach = float(np.ceil(100 * np.quantile(pd.concat(parts)["value"].abs(), 0.97)))
    shown: dict[str, Any] = {"signed": True, "limits": (-reach, reach), "column_label": f"layer of {v.encoder}"}
    shown["annotate"] = ".0f" if len(v.layers) <= 12 else ""
    shown["label"] = f"100 × (ρ {v.encoder} − ρ {short(v.static)})"
    title = f"Figure 2. {v.encoder} (red) against {short(v.static)} (blue), Mean pooling ({_probed(v)})"
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
    title = f"Figure 3. One word's vector or the sentence mean, {v.encoder} ({_probed(v)})"
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
    """The paper's Table 2 as bars beside ours."""
    names = {v.encoder: f"{v.encoder} (paper: BERT)", v.static: f"{short(v.static)} (paper: word2vec)"}
    names["sentence length"] = "Sentence length alone"
    names.pop("", None)  # no static encoder, or none with layers
    table = matching(beside(STUDY, v), {"table": "Table 2", "our_encoder": list(names)})
    long = table.melt(["task", "our_encoder"], ["ours", "paper"], var_name="whose", value_name="rho")
    shown: dict[str, Any] = {"colours": "whose", "panels": "panel", "annotate": ".2f", "label": RHO}
    shown |= {"x_order": [*GROUP_TITLES.values()], "colour_order": ["ours", "paper"]}
    title = f"Table 2 as bars: mean of four poolings and all layers ({_probed(v)})"
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
    group = {title: name for name, title in GROUP_TITLES.items()}[line["task"]]
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
    for layer in v.layers:
        own = theirs[theirs["our_layer"].eq(layer)]
        stands_for = " and ".join(map(str, sorted(own["layer"].unique())))
        line: dict[str, Any] = {"layer": v.negative(layer), "stands for": stands_for}
        for pooling in POOLINGS:
            title = POOLING_TITLES[pooling]
            line[title] = v.means.difference(pooling, layer)
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
