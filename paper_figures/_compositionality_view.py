"""Rows of the compositionality study as its figures and claims read them: classifiers, pairs, fits and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.compositionality import DEEP, LINEAR, STUDY, SWITCHING

from probekit.report import NotTestable, View, estimate
from probekit.report.resampling import DRAWS
from probekit.report.view import is_generated, prepared
from probekit.scores import Comparison, Score, one_sample_t, paired_bootstrap
from probekit.scores.arrays import Floats
from probekit.scores.intervals import count_blocks
from probekit.specs import parse

FROZEN, TUNED = "frozen", "tuned"
LINE, LAYERS = "linear", "two layers"
HEADS = {LINEAR: LINE, DEEP: LAYERS}
GLOVE, MINILM, E5, MPNET, BILSTM, RANDOM = (
    "GloVe mean", "MiniLM", "E5 (multilingual)", "MPNet", "BiLSTM", "MiniLM untrained",
)  # fmt: skip
ORDER = (GLOVE, BILSTM, MINILM, E5, MPNET, RANDOM)
NAMES = {"static:glove": GLOVE, "minilm": MINILM, "random:minilm": RANDOM}
TOP = {GLOVE: None, MINILM: 6, E5: 11, MPNET: 11, RANDOM: 6}  # layer read where one stands for the encoder
FITTED, HELD_OUT = "train", "test"
PARTS = {FITTED: "sentences fitted on", HELD_OUT: "sentences held out"}
Config = tuple[str, Any, str, str, str]  # name, layer, pooling, head, mode
USUAL = {"probe": "add", "steps": "400", "scale": "0.01", "least": "1", "task": SWITCHING}


@dataclass(eq=False, kw_only=True)
class CompositionView(View):
    """Rows of one kind of data; of classifiers with the columns name, head, mode."""

    # --- polarity

    @property
    def texts(self) -> str:
        """What classifiers were asked about, for captions."""
        of = "generated sentences" if self.mark else "Yelp"
        return f"{of}, {int(self.told('pss')['n_test'].mode().iloc[0])} pairs; means over seeds, 95 % over pairs"

    def told(self, metric: str, split: str = "pairs", subset: str | None = None, **where: Any) -> pd.DataFrame:
        """Rows of classifiers of the shorter sentences, by name, layer, pooling, head, mode. Raises NotTestable."""
        usual = {"task": "polarity", "films": False, "metric": metric, "split": split, "subset": subset}
        return self.needs(**{**usual, **where})

    def mean_of(self, metric: str, config: Config, **where: Any) -> float:
        """Mean over seeds of one score of a classifier."""
        return float(self.told(metric, **named(config), **where)["value"].mean())

    @cached_property
    def configs(self) -> list[Config]:
        """All classifiers of the shorter sentences, in order."""
        rows = self.told("pss")[["name", "layer", "pooling", "head", "mode"]].drop_duplicates()
        found = [(n, None if pd.isna(layer) else int(layer), p, h, m) for n, layer, p, h, m in rows.to_numpy()]
        return sorted(found, key=lambda c: (ORDER.index(c[0]), c[4], c[3], c[2], -1 if c[1] is None else c[1]))

    def frozen(self, name: str, head: str = LINE, pooling: str = "mean", layer: Any = "top") -> Config:
        """A frozen encoder's classifier, by default of the layer that stands for it."""
        return name, TOP[name] if layer == "top" else layer, pooling, head, FROZEN

    def tuned(self, name: str, head: str = LINE) -> Config:
        """A classifier trained with its encoder."""
        return name, None, "", head, TUNED

    @cached_property
    def _right(self) -> dict[tuple[Any, ...], pd.Series]:
        """By classifier and split: the share of seeds that were right about a text and, of a pair, its flip."""
        lines = self.below("groups", task="polarity", films=False)
        lines["both"] = (lines["right"] == lines["n"]).astype(float)
        lines["layer"] = lines["layer"].fillna(-1).astype(int)
        by = ["name", "layer", "pooling", "head", "mode", "split"]
        return {tuple(key): own.groupby("group")["both"].mean() for key, own in lines.groupby(by)}

    def right(self, config: Config, split: str = "pairs") -> pd.Series:
        """By text: the share of seeds that were right about the pair, or about the text (split "test")."""
        name, layer, *rest = config
        key = (name, -1 if layer is None else layer, *rest, split)
        if key not in self._right:
            raise NotTestable(f"no answers of {in_words(config)}")
        return self._right[key]

    def able(self, *configs: Config) -> None:
        """Raises NotTestable for a classifier whose accuracy is not above that of one answer always given."""
        for config in configs:
            rows = self.told("accuracy", "test", **named(config))
            if not rows["ci_low"].min() > 0.5:
                raise NotTestable(f"{in_words(config)} is not above the commonest label")

    def gap(self, better: Config, worse: Config, split: str = "pairs") -> Comparison:
        """Difference of PSS over pairs, or of accuracy over texts; means over seeds."""
        one, other = self.right(better, split).align(self.right(worse, split), join="inner")
        return one_sample_t((one - other).to_numpy(), 0, unit="pair" if split == "pairs" else "text")

    def relative(self, config: Config) -> Floats:
        """Relative PSS as a sample: on the texts as they are, then on resamples of texts with their pairs."""
        texts, pairs = self.right(config, "test"), self.right(config)
        both = pairs.reindex(texts.index)
        columns = np.stack([both.fillna(0), both.notna(), texts, np.ones(len(texts))]).astype(float)
        blocks = [np.ones((len(texts), 1)), *count_blocks(len(texts), DRAWS, 0, len(texts))]
        right, n_pairs, accurate, n = np.concatenate([columns @ counts for counts in blocks], axis=1)
        found: Floats = (right / n_pairs) / (accurate / n)
        return found

    def relative_gap(self, better: Config, worse: Config) -> Comparison:
        """Difference of relative PSS over texts."""
        n = len(self.right(better, "test"))
        return estimate(self.relative(better) - self.relative(worse), n, "text")

    def pss_samples(self, configs: Sequence[Config]) -> Floats:
        """PSS (C, 1 + B) of classifiers on the pairs and on the same resamples of them."""
        wide = np.stack([self.right(config).to_numpy() for config in configs])
        blocks = [np.ones((wide.shape[1], 1)), *count_blocks(wide.shape[1], DRAWS, 0, wide.shape[1])]
        return np.concatenate([wide @ counts / counts.sum(axis=0) for counts in blocks], axis=1)

    # --- tree reconstruction

    def fits(self, metric: str, **where: Any) -> pd.DataFrame:
        """Rows of tree reconstructions, of sums learned in 400 steps unless something else is asked for."""
        return self.needs(**{"task_group": "composition", "metric": metric, "few": False, **USUAL, **where})

    def rho(self, name: str, split: str, metric: str = "spearman", pooling: str = "mean") -> Score:
        """Rank correlation of error and node switching at the layer that stands for an encoder."""
        row = self.fits(metric, name=name, layer=TOP[name], split=split, pooling=pooling).iloc[0]
        return score_of(row)

    def points(self, name: str, split: str) -> pd.DataFrame:
        """Error (x) and node switching (y) of the sentences of a part, by sentence."""
        where = {"few": False, **USUAL, "name": name, "layer": TOP[name], "pooling": "mean"}
        lines = self.below("points", task_group="composition", **where)
        lines = lines[lines["label"].eq(split)]
        return lines.set_index("unit")[["x", "y"]].sort_index()

    def rho_gap(self, one: str, other: str, split: str) -> Comparison:
        """Difference of two encoders' rank correlations on the same sentences."""
        a, b = self.points(one, split).align(self.points(other, split), join="inner", axis=0)
        return paired_bootstrap("spearman", a["y"], a["x"], b["x"], unit="sentence")

    @property
    def rebuilt(self) -> list[str]:
        """Encoders whose standing layer was rebuilt, in order."""
        rows = self.fits("tre", split=FITTED)
        there = {(n, None if pd.isna(layer) else int(layer)) for n, layer in rows[["name", "layer"]].to_numpy()}
        return [name for name in ORDER if (name, TOP.get(name)) in there]


def named(config: Config) -> dict[str, Any]:
    """A classifier as a selection of rows."""
    return dict(zip(("name", "layer", "pooling", "head", "mode"), config, strict=True))


def in_words(config: Config) -> str:
    """A classifier in words."""
    name, layer, pooling, head, mode = config
    place = "" if layer is None else f" layer {layer}"
    return f"{name}{place}{' CLS' if pooling == 'cls' else ''}, {head}, {mode}"


@STUDY.view
def composition_views(rows: pd.DataFrame) -> list[CompositionView]:
    """Real data, and generated sentences, whose files are marked."""
    rows = prepared(rows).reset_index(drop=True)
    names = {encoder: _of(encoder) for encoder in rows["encoder"].unique()}
    rows[["name", "mode", "tuned_head"]] = [names[encoder] for encoder in rows["encoder"]]
    rows["head"] = np.where(rows["mode"].eq(TUNED), rows["tuned_head"], rows["probe"].map(HEADS).fillna(""))
    rows["films"] = rows["dataset"].str.startswith("film-flips")
    rows["few"] = rows["dataset"].str.contains("n=500")
    made = is_generated(rows)
    found = []
    if (~made).any():
        found.append(CompositionView(rows[~made], title="Yelp sentences, SST trees"))
    if made.any():
        found.append(CompositionView(rows[made], "-generated", "generated sentences"))
    return found


def _of(encoder: str) -> tuple[str, str, str]:
    """Name for readers, mode, and of what was trained with its head that head."""
    if not encoder:
        return "", "", ""
    spec = parse(encoder)
    if spec.name == "fine-tuned":
        return NAMES.get(str(spec.kwargs.get("model", "minilm")), str(spec.kwargs.get("model"))), TUNED, LINE
    if spec.name == "classifier":
        model = parse(str(spec.kwargs.get("model", "bilstm")))
        name = BILSTM if model.name == "bilstm" else GLOVE
        return name, TUNED, LAYERS if model.kwargs.get("hidden") else LINE
    if encoder.startswith("hf:"):
        return (MPNET if "mpnet" in encoder else E5 if "e5" in encoder else encoder), FROZEN, ""
    return NAMES.get(encoder, encoder), FROZEN, ""


def score_of(row: pd.Series) -> Score:
    """A row's value with its interval."""
    return Score(float(row["value"]), float(row["ci_low"]), float(row["ci_high"]), "")
