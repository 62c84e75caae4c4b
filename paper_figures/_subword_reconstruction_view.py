"""Rows of the study of spelling as its figures and claims read them: which student a table is, means over sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from probekit.experiments.subword_reconstruction import DISTANCES, SETS, STUDY

from probekit.report import NotTestable, View, estimate, metric_samples
from probekit.report.view import by_kind, matching
from probekit.scores import Comparison
from probekit.scores.arrays import Floats
from probekit.specs import parse

from ._tagging_view import TaggedView

TEACHER, RANDOM = "teacher", "untrained"
NAMES = dict(zip(DISTANCES, ("D1", "D√2", "D2", "D∞", "Dcos"), strict=True))
PRINTED = {"D1": "D1", "D2": "D2", "Dinf": "D∞", "Dcos": "Dcos"}  # the distances of the paper's tables
SET_NAMES = dict(zip(SETS, ("WS-353", "MEN", "RW"), strict=True))
FULL, WITH_TEACHER, CHAR = "FULL", "FULL+EMB", "CHAR"
TAGGERS = [FULL, WITH_TEACHER, CHAR, *(f"CHAR({name})" for name in PRINTED.values())]
CORPORA = {"wsj-sample": "WSJ sample", "ud-english-ewt": "EWT", "grammar": "generated"}
MSR, GOOGLE = "analogy/msr", "analogy/google"


def told(encoder: str) -> dict[str, Any]:
    """Form (teacher, untrained, a distance), epochs, output and seed of a table."""
    spec = parse(encoder)
    if spec.name != "characters":
        return {"form": TEACHER, "epochs": np.nan, "output": "", "seed_of": 0}
    given = spec.kwargs
    epochs = int(given.get("at", given.get("epochs", 10)))
    name = NAMES[given.get("distance", DISTANCES[-1])]
    return {
        "form": name if epochs else RANDOM,
        "epochs": float(epochs),
        "output": given.get("output", "relu"),
        "seed_of": int(given.get("seed", 0)),
    }


def read_by(tagger: str) -> str:
    """What a tagger reads, as the paper calls it."""
    *words, spelled = (parse(str(one)) for one in parse(tagger).kwargs["inputs"])
    if words:
        return FULL if words[0].name == "drawn" else WITH_TEACHER
    form = told(str(spelled))["form"]
    return CHAR if form == RANDOM else f"CHAR({form})"


@dataclass(eq=False, kw_only=True)
class SpellingView(View):
    """lines: rows with what their table is (`told`); those of taggers are in `taggers`, with what each reads."""

    lines: pd.DataFrame
    _samples: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def taggers(self) -> TaggedView:
        rows = self.rows[self.rows["task_group"].eq("tagging")]
        if rows.empty:
            raise NotTestable("the part of taggers (--axis part=tagging) was not run")
        corpus = rows["dataset"].str.partition("|")[0].str.partition("(")[0].map(CORPORA)
        own = rows.assign(reads=rows["encoder"].map(read_by), corpus=corpus)
        return TaggedView(own, self.mark, self.title, folder=self.folder)

    @property
    def n(self) -> int:
        """Pairs of the three sets."""
        rows = self.lines[self.lines["task"].isin(SETS)].drop_duplicates("task")
        return int(rows["n_test"].sum())

    def scores(self, **where: Any) -> pd.DataFrame:
        """Lines of these values, of all items where no subset is named. Raises NotTestable where there are none."""
        found = matching(self.lines, {"subset": None, **where})
        if found.empty:
            raise NotTestable(f"nothing was run of {', '.join(str(one) for one in where.values())}")
        return found

    def forms(self, **where: Any) -> list[str]:
        there = set(self.scores(**where)["form"])
        return [name for name in NAMES.values() if name in there]

    def sample(self, line: Any) -> Floats:
        """A correlation on its pairs, then on 1,000 resamples of these."""
        key = str(line["key"])
        if key not in self._samples:
            own = self.by_key("predictions").get(key)
            if own is None:
                raise NotTestable("answers to single pairs were not kept of all scores")
            self._samples[key] = metric_samples("spearman", own["gold"].astype(float), {"": own["score"]})[""]
        return self._samples[key]

    def over_sets(self, **where: Any) -> tuple[Floats, int]:
        """The mean over the three sets, and over seeds, as a sample over pairs; and how many pairs."""
        rows = self.scores(**where)
        rows = rows[rows["task"].isin(SETS)]
        if set(rows["task"]) != set(SETS):
            raise NotTestable(f"the three sets were not all asked of {', '.join(str(one) for one in where.values())}")
        each = [
            np.mean([self.sample(line) for line in own.to_dict("records")], axis=0) for _, own in rows.groupby("task")
        ]
        return np.mean(each, axis=0), int(rows.drop_duplicates("task")["n_test"].sum())

    def value(self, **where: Any) -> Comparison:
        return estimate(*self.over_sets(**where), unit="pair")

    def less(self, a: dict[str, Any], b: dict[str, Any], share: float = 1.0) -> Comparison:
        """a less a share of b, on the same pairs."""
        (one, n), (other, _) = self.over_sets(**a), self.over_sets(**b)
        return estimate(one - share * other, n, "pair")

    def answered(self, task: str, form: str, subset: str | None = None) -> pd.Series:
        """An analogy score of the teacher or a highway student: the middle one of the untrained."""
        where = {"task": task, "form": form, "subset": subset}
        rows = self.scores(**(where if form == TEACHER else {**where, "output": "highway"})).sort_values("value")
        return rows.iloc[len(rows) // 2]


@STUDY.view
def views(df: pd.DataFrame) -> Iterator[SpellingView]:
    """One of the real and one of the generated rows."""
    for one in by_kind(df):
        rows = one.rows[one.rows["task_group"].ne("tagging")]
        about = pd.DataFrame([told(encoder) for encoder in rows["encoder"]], index=rows.index)
        yield SpellingView(one.rows, one.mark, one.title, lines=pd.concat([rows, about], axis=1))
