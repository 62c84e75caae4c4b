"""What the figures and claims of the linguistic-profiling study read: rho of 68 features by representation and fold.

Layers carry the paper's names, -1 the last. Of encoders without twelve its -8 (best with Mean pooling) is read as our
best Mean layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.linguistic_profiling import PROBES, STUDY, WORDS

from probekit.errors import ProbekitError, UnknownName
from probekit.report import NotTestable, View, clears, summarise
from probekit.report.summary import Undefined
from probekit.report.view import matching, prepared
from probekit.scores import Comparison, corrected_t
from probekit.specs import Spec, parse, short
from probekit.tasks import PROFILING_68

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
BY_LAYER = ["encoder", "layer", "task_group"]
UNSEEN = "word2vec without the test fold"
EXACT, RIDGE = PROBES
LIBLINEAR = "linear-svr-liblinear"
RHO = "mean Spearman ρ"
GROUPINGS = {"sentence": "folds of sentences", "text": "identical sentences together", "document": "documents together"}
CONTROLS = {"": "the task", "random-labels": "random targets", "random-encoder": "random weights"}
_PUD = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian"}
LANGUAGES = {f"ud-pud-{code}": name for code, name in _PUD.items()} | {"ud-kazakh-ktb": "Kazakh"}
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
        return Profile(self.rows, self.asked["undefined"], (in_words(self.encoder), in_words(self.static)))

    @cached_property
    def folds(self) -> list[Profile]:
        """The same of each fold."""
        parts = self.rows.groupby("fold", sort=True)
        return [
            Profile(part, self.asked["undefined"], (in_words(self.encoder), in_words(self.static))) for _, part in parts
        ]

    def tested(self, quantity: Callable[..., float], *at: Any) -> Comparison:
        """Mean over folds of quantity(fold, *at), a difference, with its interval: corrected t, since the training
        parts of folds overlap."""
        found = [quantity(fold, *at) for fold in self.folds]
        return corrected_t(found, [0.0] * len(found), test_train_ratio=1 / max(len(found) - 1, 1))

    def surely(self, quantity: Callable[..., float], *at: Any) -> bool | None:
        """Whether that interval lies above 0; None where it holds 0."""
        return clears(self.tested(quantity, *at))

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
        if self.last == TWELVE:
            return self.last + 1 + BEST
        return max(self.layers, key=lambda layer: self.means.rho("mean", layer))

    def layers_of(self, pooling: str) -> list[int]:
        """The contextual layers that were run with a pooling. Raises NotTestable when there are none."""
        if found := [layer for layer in self.layers if (pooling, layer) in self.means.scores]:
            return found
        raise NotTestable(f"no scores of {in_words(self.encoder)} with {POOLING_TITLES.get(pooling, pooling)}")

    def lacks(self, pooling: str) -> str:
        """Which blocks of the encoder have no scores with a pooling, in words; "" when all have."""
        absent = sorted(set(range(1, self.last + 1)) - set(self.layers_of(pooling)))
        return ", ".join(str(self.negative(layer)) for layer in absent)

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
        if self.last == TWELVE and not words:
            return self.last + 1 + theirs, ""
        if theirs == BEST:
            layer = self.best_word if words else self.best
            if self.negative(layer) == BEST:
                return layer, ""
            among = "" if layer == self.best else " among those with single words"
            where = f"{self.negative(layer)} (layer {layer} of {self.last})"
            return layer, f"-8 read as our best Mean layer{among}, {where}"
        if theirs == LAST:
            return self.last, f"-1 read as our last layer, {self.last}" if self.last != TWELVE else ""
        raise NotTestable(f"layer {theirs} of 12 has no counterpart among {self.last} layers")

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
    titles = [in_words(encoder) for encoder in first.encoders]
    for encoder, title in zip(first.encoders, titles, strict=True):
        if encoder != first.encoder:
            alone = titles.count(title) == 1  # else what tells folders of one name apart is said
            yield replace(first.but(encoder=encoder), mark=_mark(title if alone else short(encoder)))


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
    v.title = f"{encoder}, {static or 'no static table'}, {probed(v)}"
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


def in_words(encoder: str) -> str:
    """An encoder for readers: without what tells folders of one name apart, and without what it was trained on; what
    its steps did is said, corpora by their names."""
    name = re.sub(r"-[0-9a-f]{8}$", "", short(encoder)).partition(":ud-")[0]
    return name + "".join(f"|{step.name}({', '.join(_given(step))})" for step in _steps(encoder))


def _steps(encoder: str) -> tuple[Spec, ...]:
    with suppress(ProbekitError):  # the name of a line is no spec
        return parse(encoder).steps
    return ()


def _given(step: Spec) -> Iterator[str]:
    yield from map(str, step.args)
    for name, value in step.kwargs.items():
        yield f"{name}={short(value) if isinstance(value, str) else value}"


def by_steps(v: ProfileView) -> pd.DataFrame:
    """What the steps of an encoder's spec change in mean rho, Mean pooling, against the encoder without the last of
    them: columns encoder, group, layer, value; of encoders and layers that both were asked for."""
    same = {"dataset": v.dataset, "probe": v.probe, "setting": v.setting, "pooling": "mean"}
    rows = matching(v.study, {**same, "control": "", "metric": "spearman"}).dropna(subset=["fold", "layer"])
    if rows.empty:
        return pd.DataFrame(columns=[*BY_LAYER, "value"])
    parts = [summarise(rows, BY_LAYER), summarise(rows.assign(task_group=ALL), BY_LAYER)]
    means = pd.concat(parts).set_index(BY_LAYER)["value"]
    found = means.reset_index()
    before = [str(replace(parse(name), steps=_steps(name)[:-1])) if _steps(name) else "" for name in found["encoder"]]
    base = means.reindex(pd.MultiIndex.from_arrays([before, found["layer"], found["task_group"]]))
    return found.assign(value=found["value"] - base.to_numpy()).dropna(subset="value")


def probed(v: ProfileView) -> str:
    """Probe, corpus and sentences, as titles say them."""
    return f"{v.probe}, {v.dataset}, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{v.n:,}"


def solvers(v: ProfileView) -> dict[str, ProfileView]:
    """The solver stopped at its defaults and run to the optimum, on one sample, where both answered."""
    if LIBLINEAR not in set(v.study["probe"]):
        return {}  # a part that is left to be asked for
    solved = v.study[v.study["probe"].isin([EXACT, LIBLINEAR])]
    place = solved.groupby(["dataset", "encoder", "pooling", "setting", "layer"], dropna=False)["probe"]
    both = place.transform("nunique").eq(2)
    if not both.any():
        raise NotTestable(f"no dataset was answered by both {LIBLINEAR} and {EXACT}; run both on one sample")
    shared = sorted(solved.loc[both, "dataset"].unique())
    dataset = v.dataset if v.dataset in shared else shared[0]
    answered = replace(v, study=v.study.drop(solved.index[~both]))
    same = {"dataset": dataset, "setting": "", "encoder": v.encoder, "static": v.static}
    return {name: answered.but(probe=probe, **same) for name, probe in (("stopped", LIBLINEAR), ("optimum", EXACT))}
