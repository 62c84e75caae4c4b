"""How the linguistic-profiling study reads rows: which encoders, which layers, means of which features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.report.claims import NotTestable
from probekit.report.summary import Undefined, summarise
from probekit.tasks import PROFILING_68

Side = Literal["contextual", "static"]
FEATURES = {feature.name: feature.group for feature in PROFILING_68}
GROUPS = ("raw text", "morphosyntax", "syntax")
ALL = "all"
GROUP_TITLES = {"raw text": "Raw text", "morphosyntax": "Morphosyntax", "syntax": "Syntax", ALL: "All features"}
POOLINGS = ("mean", "sum", "max", "min")
TOKENS = {"tok_1": "word:1", "tok_2": "word:1/3", "tok_3": "word:2/3", "tok_4": "word:-1"}
POOLING_TITLES = {"mean": "Mean", "sum": "Sum", "max": "Max", "min": "Min", "cls": "[CLS]"} | {
    pooling: token for token, pooling in TOKENS.items()
}


@dataclass(frozen=True, eq=False)
class View:
    """Mean rho over folds of each of the 68 features: one dataset, probe, contextual and static encoder.

    scores holds a Series (feature -> rho) for each (side, pooling, layer), layer None on the static side;
    length the signed correlation of each feature with sentence length; found_layers the contextual layers
    1..L that were run; n the sentences behind each score; undefined how many fold scores do not exist
    (constant predictions).
    """

    dataset: str
    probe: str
    setting: str
    encoder: str
    static: str
    statics: tuple[str, ...]
    found_layers: tuple[int, ...]
    n: int
    undefined: int
    scores: dict[tuple[Side, str, int | None], pd.Series]
    length: pd.Series
    rows: pd.DataFrame
    _means: dict[tuple[Side, str, int | None], dict[str, float]] = field(default_factory=dict, repr=False)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The one corpus behind the numbers."""
        return (self.dataset,)

    @property
    def layers(self) -> tuple[int, ...]:
        """The contextual layers that were run. Raises NotTestable when there are none."""
        if not self.found_layers:
            raise NotTestable("the rows hold no encoder with layers")
        return self.found_layers

    @property
    def last(self) -> int:
        """The last layer, the paper's -1."""
        return self.layers[-1]

    @property
    def best(self) -> int:
        """The layer whose Mean pooling scores best over all features, which the paper's -8 is read as."""
        means = [self.mean("contextual", "mean", layer) for layer in self.layers]
        return self.layers[int(np.argmax(means))]

    @property
    def best_word(self) -> int:
        """The paper's -8 for single words: the best Mean layer, or the best of those run with words."""
        worded = [x for x in self.layers if all(("contextual", p, x) in self.scores for p in TOKENS.values())]
        before = [layer for layer in worded if layer != self.last]
        if self.best in worded or not before:
            return self.best
        return max(before, key=lambda layer: self.mean("contextual", "mean", layer))

    def negative(self, layer: int) -> int:
        """The paper's name of a layer: -1 is the last."""
        return layer - self.last - 1

    def features(self, side: Side, pooling: str, layer: int | None = None) -> pd.Series:
        """Rho of each of the 68 features for one representation. Raises NotTestable unless all are there."""
        name = (self.encoder if side == "contextual" else self.static) or f"{side} encoder"
        found = self.scores.get((side, pooling, layer))
        if found is None:
            at = f", layer {layer}" if layer is not None else ""
            raise NotTestable(f"no scores of {name} with {POOLING_TITLES.get(pooling, pooling)}{at}")
        # A mean over another list of features is another number.
        if missing := len(FEATURES) - len(found):
            raise NotTestable(f"{missing} of the 68 features have no scores for {name}, {pooling}")
        return found

    def mean(self, side: Side, pooling: str, layer: int | None = None, group: str = ALL) -> float:
        """Mean rho over the features of a group."""
        place = (side, pooling, layer)
        if place not in self._means:  # asked for many times over by claims
            found = self.features(side, pooling, layer)
            groups = found.groupby([FEATURES[feature] for feature in found.index]).mean()
            self._means[place] = {ALL: float(found.mean())} | {str(name): float(groups[name]) for name in groups.index}
        return self._means[place][group]

    def overall(self, side: Side, group: str = ALL) -> float:
        """Mean over the four poolings, and over all layers for the contextual side (the paper's Table 2)."""
        layers = self.layers if side == "contextual" else (None,)
        return float(np.mean([self.mean(side, p, layer, group) for layer in layers for p in POOLINGS]))

    def difference(self, pooling: str, layer: int) -> float:
        """Contextual minus static with the same pooling, over all features (the paper's Table 4)."""
        return self.mean("contextual", pooling, layer) - self.mean("static", pooling)

    def baseline(self, group: str = ALL) -> float:
        """Mean absolute correlation with sentence length: signed values would cancel."""
        length = self.lengths()
        return float(length.abs()[[group in (ALL, FEATURES[f]) for f in length.index]].mean())

    def lengths(self) -> pd.Series:
        """Signed correlation of each feature with sentence length. Raises NotTestable unless all there."""
        if len(self.length) < len(FEATURES):
            raise NotTestable("the rows hold no length baseline for all of the 68 features (control 'length')")
        return self.length

    def by_length(self) -> list[str]:
        """The 68 features, the most correlated with sentence length (in absolute value) first."""
        return list(self.lengths().abs().sort_values(ascending=False, kind="stable").index)


def view(
    df: pd.DataFrame,
    encoder: str = "",
    static: str = "",
    probe: str = "",
    dataset: str = "",
    setting: str | None = None,
    undefined: Undefined = "zero",
) -> View:
    """The study's rows as a View.

    encoder, static: a spec or its beginning; by default `minilm`, or the first encoder with layers, and a
    word2vec trained on the corpus, or the first table. probe: by default `linear-svr`. dataset: by default
    the one with most rows that is not a sample of another. setting: by default folds by sentence. undefined:
    as in `probekit.report.summarise`. Raises ProbekitError when nothing fits.
    """
    rows = df[df["task"].isin(list(FEATURES)) & (df["subset"] == "")]
    if rows.empty:
        raise ProbekitError("no row belongs to the 68 features; run the study: probekit run linguistic-profiling")
    rows = rows[rows["trained_on"].isin(["", *rows["dataset"].unique()])]
    probed = rows[(rows["control"] == "") & (rows["metric"] == "spearman") & (rows["split"] == "cv")]
    if probed.empty:
        raise ProbekitError("no cross-validated Spearman scores of probes among the rows of the 68 features")
    dataset = _choose("dataset", dataset, probed["dataset"], _plainest(probed["dataset"]))
    probed = probed[probed["dataset"] == dataset]
    probed = probed[(probed["trained_on"] == "") | (probed["trained_on"] == dataset)]
    probe = _choose("probe", probe, probed["probe"], _first(probed["probe"], "linear-svr"))
    probed = probed[probed["probe"] == probe]
    if setting is None:
        # The study folds by sentence; other groupings are run beside it on fewer representations.
        counts = probed["setting"].astype(str).value_counts()
        setting = min(counts.index, key=lambda text: ("groups=sentence" not in text, -counts[text], text))
    else:
        setting = _choose("setting", setting, probed["setting"], setting)
    probed = probed[probed["setting"] == setting]

    layered = probed["layer"].notna().to_numpy(bool)
    contextual, statics = probed.loc[layered, "encoder"], probed.loc[~layered, "encoder"]
    encoder = _choose("encoder", encoder, contextual, _first(contextual, "minilm"))
    static = _choose("static encoder", static, statics, _first(statics, "word2vec"))
    ours = probed[probed["encoder"].isin([name for name in (encoder, static) if name])]
    ours = ours[ours["layer"].fillna(1) >= 1]  # layer 0 holds embeddings, which the study leaves out
    cells = summarise(ours, ["task", "encoder", "layer", "pooling"], undefined=undefined)
    scores: dict[tuple[Side, str, int | None], pd.Series] = {}
    by_place: Any = cells.groupby(["encoder", "layer", "pooling"], dropna=False, observed=True, sort=False)
    for (name, layer, pooling), part in by_place:
        layer = None if pd.isna(layer) else int(layer)
        # An encoder with layers may also stand in rows without one (a mix of layers); the study has no use
        # for these.
        side: Side = "static" if layer is None else "contextual"
        if name != (static if side == "static" else encoder):
            continue
        found = pd.Series(part["value"].to_numpy(), index=part["task"].astype(str))
        scores[side, str(pooling), layer] = found.reindex([f for f in FEATURES if f in found.index])
    layers = tuple(sorted({layer for _, _, layer in scores if layer is not None}))
    return View(
        dataset,
        probe,
        setting,
        encoder,
        static,
        tuple(sorted(map(str, statics.unique()))),
        layers,
        _sentences(ours),
        int(cells["n_undefined"].sum()),
        scores,
        _length(rows[rows["dataset"] == dataset]),
        ours,
    )


def _length(rows: pd.DataFrame) -> pd.Series:
    rows = rows[(rows["control"] == "length") & (rows["metric"] == "spearman")]
    if rows.empty:
        return pd.Series(dtype=float)
    found = summarise(rows, "task").set_index("task")["value"]
    found.index = found.index.astype(str)
    return found.reindex([feature for feature in FEATURES if feature in found.index])


def _sentences(rows: pd.DataFrame) -> int:
    """Sentences behind a score: the test parts of its folds together, the most over all scores."""
    tested = rows.assign(_n=rows["n_test"].fillna(0).astype(int))
    axes = ["task", "encoder", "layer", "pooling", "seed"]
    return int(tested.groupby(axes, dropna=False, observed=True)["_n"].sum().max())


def _choose(kind: str, wanted: str, column: pd.Series, default: str) -> str:
    """The value a name means: the same, the one with this head, or the only one that begins so."""
    names = sorted(map(str, column.unique()))
    if not wanted:
        return default
    if wanted in names:
        return wanted
    near = [name for name in names if name.partition("(")[0] == wanted] or [n for n in names if n.startswith(wanted)]
    if len(near) == 1:
        return near[0]
    if near:
        raise ProbekitError(f"the {kind} '{wanted}' could be {' or '.join(near)}; give more of the name")
    raise UnknownName(kind, wanted, names)


def _first(column: pd.Series, prefix: str) -> str:
    """The first name with a prefix, else the first of all; empty when there is none."""
    names = sorted(map(str, column.unique()))
    return next((name for name in names if name.startswith(prefix)), names[0] if names else "")


def _plainest(column: pd.Series) -> str:
    counts = column.astype(str).value_counts()
    names: Sequence[str] = sorted(counts.index, key=lambda name: ("|" in name, -counts[name], name))
    return names[0]
