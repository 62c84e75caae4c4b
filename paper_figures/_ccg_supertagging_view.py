"""How the supertagging study reads its rows: by encoder, head and run; tests over words and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.ccg_supertagging import LAYERS, STUDY, TWICE

from probekit.report import NotTestable, View
from probekit.report.resampling import estimate, mean_sample
from probekit.report.view import is_generated, prepared, remembered
from probekit.scores import Comparison, cochran_mantel_haenszel, wilcoxon
from probekit.specs import parse

BASE, REMEMBERED, SPELLED, BOTH = "category", "category + history", "primitive", "primitive + history"
HEADS = {"softmax": BASE, "softmax-history": REMEMBERED, "primitives-reset": SPELLED, "primitives": BOTH}
MAIN = "MiniLM"
NAMES = {"minilm": MAIN, "glove": "GloVe", "random": "random MiniLM"}
NAMES |= {"all-mpnet-base-v2": "MPNet", "multilingual-e5-small": "multilingual"}
LANGUAGES = {"pmb-en": "English", "pmb-de": "German", "pmb-it": "Italian", "pmb-nl": "Dutch"}
ACCURACY, COVERAGE, F1 = "accuracy", "coverage", "dependency_f1"
SHOWN = {ACCURACY: "accuracy", F1: "F1", COVERAGE: "coverage"}
BINS = ("0", "1-9", "10-99", "100+")


@dataclass(eq=False, kw_only=True)
class SupertagView(View):
    """Rows of English with the columns model (encoder), head (as the 2 x 2 design calls it) and language.

    layered: rows of MiniLM's layers; others: rows of other languages; twice: rows with twice the passes.
    """

    layered: pd.DataFrame
    others: pd.DataFrame
    twice: pd.DataFrame

    @property
    def models(self) -> list[str]:
        """Encoders in the order of the names; those with all four heads."""
        heads = self.rows.groupby("model")["head"].nunique()
        there = [name for name in NAMES.values() if heads.get(name, 0) == len(HEADS)]
        if not there:
            raise NotTestable("no encoder was read by all four heads")
        return there

    @property
    def main(self) -> str:
        """The encoder that claims are tested on. Raises NotTestable."""
        if MAIN not in self.models:
            raise NotTestable(f"{MAIN} was not read by all four heads")
        return MAIN

    @property
    def longer(self) -> SupertagView:
        """What was trained with twice the passes, as a view of its own."""
        own = self.twice
        return SupertagView(own, self.mark, self.title, folder=self.folder, layered=own, others=own, twice=own)

    def beside(self) -> list[str]:
        """Other encoders that were pretrained."""
        return [name for name in self.models if name != MAIN and not name.startswith("random")]

    def runs(self, table: str, model: str, head: str) -> pd.DataFrame:
        """A table below the scores of the test sentences, all runs of a head. Raises NotTestable."""
        return self.below(table, model=model, head=head, metric=ACCURACY, subset=None, split="test")

    @remembered
    def right(self, model: str, head: str) -> pd.DataFrame:
        """Which words are right, (words, runs), by sentence, word and how often training has the category."""
        lines = self.runs("supertags", model, head)
        return lines.pivot(index=["sentence", "unit", "frequency"], columns="seed", values="right").sort_index()

    @remembered
    def parsed(self, model: str, head: str, own: bool = False) -> pd.DataFrame:
        """Which sentences have a parse, (sentences, runs)."""
        lines = self.runs("parses", model, head)
        column = "parsed_own" if own else "parsed"
        return lines.pivot(index="sentence", columns="seed", values=column).sort_index()

    @remembered
    def sentence_f1(self, model: str, head: str) -> pd.Series:
        """F1 of every sentence whose gold categories parse, the mean over runs; 1 where both sides are empty."""
        lines = self.runs("parses", model, head)
        lines = lines[lines["gold"] >= 0]
        sides = lines["gold"] + lines["told"]
        each = np.where(sides > 0, 2 * lines["shared"] / sides.clip(lower=1), 1.0)
        return lines.assign(f1=each).groupby("sentence")["f1"].mean()

    @remembered
    def sample(self, metric: str, model: str, head: str) -> np.ndarray:
        """A score over all runs, and 1,000 resamples of the sentences, the same for all heads."""
        if metric == ACCURACY:
            by = self.right(model, head).mean(axis=1).groupby("sentence").agg(["mean", "size"])
            return mean_sample(by["mean"], by["size"])
        if metric == COVERAGE:
            return mean_sample(self.parsed(model, head).mean(axis=1))
        lines = self.runs("parses", model, head)
        sums = lines[lines["gold"] >= 0].groupby("sentence")[["gold", "told", "shared"]].sum()
        found: np.ndarray = 2 * mean_sample(sums["shared"]) / mean_sample(sums["gold"] + sums["told"])
        return found

    def gain(self, metric: str, model: str, a: str, b: str) -> Comparison:
        """One head less another, with an interval over sentences."""
        return estimate(self.sample(metric, model, a) - self.sample(metric, model, b), self.sentences(model))

    def synergy(self, metric: str, model: str) -> Comparison:
        """What both changes gain together beyond the sum of what each gains."""
        both, one, other, base = (self.sample(metric, model, head) for head in (BOTH, REMEMBERED, SPELLED, BASE))
        return estimate(both - one - other + base, self.sentences(model))

    def sentences(self, model: str) -> int:
        return len(self.parsed(model, BASE))

    def test(self, metric: str, model: str, a: str, b: str) -> Comparison:
        """Cochran-Mantel-Haenszel over words or sentences; Wilcoxon over sentences for F1."""
        if metric == F1:
            return wilcoxon(self.sentence_f1(model, a), self.sentence_f1(model, b), unit="sentence")
        take, unit = (self.right, "word") if metric == ACCURACY else (self.parsed, "sentence")
        return cochran_mantel_haenszel(take(model, a).T, take(model, b).T, unit=unit)

    def unseen(self, model: str, head: str) -> tuple[int, int, int]:
        """Answers to test words with a category that training lacks that are right, all of them, and such words."""
        right = self.right(model, head)
        right = right[right.index.get_level_values("frequency") == 0]
        return int(right.to_numpy().sum()), right.size, len(right)

    def malformed(self, model: str, head: str) -> tuple[int, int]:
        """Malformed answers, and answers, of dev and test over all runs."""
        rows = self.needs(model=model, head=head, metric="malformed_rate")
        return round(float((rows["value"] * rows["n_test"]).sum())), int(rows["n_test"].sum())


@STUDY.view
def supertag_views(rows: pd.DataFrame) -> list[SupertagView]:
    """Real data, and generated data, whose files are marked."""
    rows = prepared(rows)
    rows["model"] = rows["encoder"].map(called)
    rows["head"] = [HEADS[parse(probe).name] for probe in rows["probe"]]
    rows["language"] = [LANGUAGES.get(name, name) for name in rows["dataset"]]
    found = []
    for made, mark, title in ((False, "", "real data"), (True, "-generated", "generated data")):
        own = rows[is_generated(rows) == made]
        if len(own):
            inner = own["model"].eq(MAIN) & own["layer"].isin(LAYERS)
            other = own["language"].isin(list(LANGUAGES.values())[1:])
            twice = own["probe"].str.endswith(f"({TWICE})")
            main = own[~inner & ~other & ~twice]
            layered = own[own["model"].eq(MAIN) & ~other & ~twice]
            found.append(SupertagView(main, mark, title, layered=layered, others=own[other], twice=own[twice]))
    return found


@cache
def called(encoder: str) -> str:
    """An encoder for readers."""
    spec = parse(encoder)
    name = str(spec.target if spec.name in ("hf", "static") and spec.target else spec.name)
    return next((shown for known, shown in NAMES.items() if name.startswith(known)), name)


def points(found: Comparison) -> str:
    """A difference in points with its interval."""
    return f"{100 * found.difference:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}]"


def told(p: float) -> str:
    """A p value for readers."""
    return f"p = {p:.1e}" if p < 0.001 else f"p = {p:.3f}"


Line = dict[str, Any]
