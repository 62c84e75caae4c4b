"""How the study of experts reads its rows: which of the paper's models, in which setting, a tagger is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from probekit.experiments.moee_ner import STUDY

from probekit.report import NotTestable, clears, median_run
from probekit.report.view import by_kind
from probekit.specs import parse, without_steps

from ._tagging_view import TaggedView, said_runs

PLAIN, MTL, MOEE, BOTH, LINEAR = "BiLSTM-CRF", "+ MTL", "+ MoEE", "+ MTL + MoEE", "linear"
MODELS = (PLAIN, MTL, MOEE, BOTH)
CONCEPT, ROBUST = "concept tagger", "robust tagger"  # only named in the paper: reconstructed
NAMED = (CONCEPT, ROBUST)
FREEZE, UNFREEZE, GLOVE, TUNED = "freeze", "unfreeze", "GloVe", "MiniLM tuned"
SETTINGS = (FREEZE, UNFREEZE, GLOVE, TUNED)
TARGET, GOLD, POLITICS = "SciTech News", "WikiGold", "CrossNER politics"
CORPORA = {"scitech-news": TARGET, "wikigold": GOLD, "crossner-politics": POLITICS, "gazetteers": "gazetteers"}
OUTSIDE, INSIDE = "words=outside", "words=inside"


@dataclass(eq=False, kw_only=True)
class ExpertsView(TaggedView):
    """Rows with the columns model, how (the setting) and corpus; `sentence` are those of single sentences."""

    sentence: pd.DataFrame

    @property
    def target(self) -> str:
        """The main target."""
        there = set(self.rows["corpus"])
        return TARGET if TARGET in there else sorted(there)[0]

    @property
    def settings(self) -> list[str]:
        """Settings in which all four models were run, in the paper's order."""
        rows = self.only(corpus=self.target, metric="span_f1")
        there = rows.groupby("how")["model"].agg(set)
        return [how for how in SETTINGS if how in there and set(MODELS) <= there[how]]

    def of(self, model: str, how: str, corpus: str = "") -> dict[str, Any]:
        """A selection of rows."""
        return {"model": model, "how": how if model != LINEAR else LINEAR, "corpus": corpus or self.target}

    def needed(self, *wanted: str) -> list[str]:
        """The settings, of which some are needed. Raises NotTestable."""
        if lacking := [how for how in wanted if how not in self.settings]:
            raise NotTestable(f"the models were not run with {', '.join(lacking)}")
        return self.settings

    def learned(self, how: str) -> bool | None:
        """Whether the plain model of a setting is above the linear one."""
        return clears(self.gap(self.of(PLAIN, how), self.of(LINEAR, how)))

    def runs(self) -> str:
        """How many runs stand behind scores on the target, in words."""
        each = {how: self.seeds(**self.of(PLAIN, how)) for how in self.settings}
        named = [one for one in NAMED if not self.only(model=one, corpus=self.target).empty]
        return said_runs(each | {one: self.seeds(model=one, corpus=self.target) for one in named})

    def median(self, model: str, how: str) -> Any:
        """Seed of the run whose development score is the median."""
        return median_run(self.development(**self.of(model, how)))


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[ExpertsView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        rows = one.rows
        about = {name: described(name) for name in rows["encoder"].unique()}
        rows = rows.assign(
            model=[about[name][0] for name in rows["encoder"]],
            how=[about[name][1] for name in rows["encoder"]],
            corpus=[called(name) for name in rows["dataset"]],
        )
        few = rows["dataset"].str.contains("|holding(", regex=False)
        if (~few).any():
            yield ExpertsView(rows[~few], one.mark, one.title, sentence=rows[few])


def described(encoder: str) -> tuple[str, str]:
    """Model and setting of the name of a tagger."""
    spec = parse(encoder)
    if spec.name == "shapes":
        return LINEAR, LINEAR
    told = spec.kwargs
    experts, second = bool(told.get("experts")), told.get("detection", "none") != "none"
    model = BOTH if experts and second else MOEE if experts else MTL if second else PLAIN
    if str(told.get("head", "")).startswith("concept"):
        model = ROBUST if "examples" in str(told["head"]) else CONCEPT
    inputs = parse(str(told["inputs"][0])).name
    if inputs == "subwords":
        return model, UNFREEZE if told.get("learn") else FREEZE
    return model, TUNED if told.get("learn") else GLOVE


def called(dataset: str) -> str:
    """A corpus for readers."""
    name = without_steps(dataset).partition("(")[0]
    return CORPORA.get(name, name)
