"""What the studies of taggers share: scores as samples over sentences, and gaps between taggers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from probekit.report import NotTestable, View, clears, estimate, tally_samples
from probekit.scores import Comparison, t_interval
from probekit.scores.arrays import Floats

UNIT, OVERLAPPING = "sentence", ("relaxed", "timex")
OVER_DATA_SETS = "Student's interval over data sets; in how many that over sentences is above 0 and below"
SPANS, WORDS = "span_f1", "accuracy"  # of spans, and of labels that are none


@dataclass(eq=False, kw_only=True)
class TaggedView(View):
    """Rows of the work `tagging`; what selects taggers (model, setting ...) are columns of them."""

    _samples: dict[Any, tuple[Floats, int]] = field(default_factory=dict, repr=False)

    def sample(self, what: str = "f1", **where: Any) -> tuple[Floats, int]:
        """A score, the mean over runs, as a sample over sentences, and how many these are. Raises NotTestable.

        what: `f1`, `untyped`, `recall`, `type`, `relaxed` or `timex`, as `report.tally_samples`. Of labels that are no
        spans (metric="accuracy") `f1` is the share of words that are right.
        """
        asked = (what, *sorted((name, str(value)) for name, value in where.items()))
        if asked not in self._samples:
            lines = self.below("tallies", **self.counted(where))
            if what in OVERLAPPING:
                more = self.below("overlaps", **self.counted(where))[["key", "sentence", "overlapping", "typed"]]
                lines = lines.merge(more, on=["key", "sentence"])
            self._samples[asked] = tally_samples(lines, what), int(lines["sentence"].nunique())
        return self._samples[asked]

    def counted(self, where: dict[str, Any]) -> dict[str, Any]:
        """A selection of the rows whose tallies are counted: those of spans, or of labels where there are none."""
        if "metric" in where:
            return where
        words = self.only(metric=SPANS, **where).empty and not self.only(metric=WORDS, **where).empty
        return {"metric": WORDS if words else SPANS, **where}

    def score(self, what: str = "f1", **where: Any) -> Comparison:
        """The same with its 95 % interval."""
        sample, n = self.sample(what, **where)
        return estimate(sample, n, UNIT)

    def gap(self, a: dict[str, Any], b: dict[str, Any], what: str = "f1") -> Comparison:
        """Score of one selection less that of another, over the same sentences. Raises NotTestable."""
        (one, n), (other, m) = self.sample(what, **a), self.sample(what, **b)
        if n != m:
            raise NotTestable(f"{n} and {m} sentences were asked: the two are not paired")
        return estimate(one - other, n, UNIT)

    @staticmethod
    def estimated(sample: Floats, n: int) -> Comparison:
        """A sample of one's own making over n sentences."""
        return estimate(sample, n, UNIT)

    def seeds(self, **where: Any) -> int:
        """Runs behind a score."""
        return int(self.needs(**self.counted(where))["seed"].nunique())

    def development(self, **where: Any) -> dict[Any, float]:
        """Development score of each run by its seed."""
        rows = self.needs(**self.counted(where))
        return {row["seed"]: told(row)["dev_score"] for row in rows.to_dict("records")}


def told(row: Any) -> dict[str, Any]:
    """What a run found of a row."""
    found: dict[str, Any] = json.loads(row["info"])
    return found


def points(found: Comparison, sign: str = "+") -> str:
    """A score or difference and its interval, times 100, as text."""
    return f"{100 * found.difference:{sign}.1f} [{100 * found.low:{sign}.1f}, {100 * found.high:{sign}.1f}]"


def each(gains: Mapping[str, Comparison]) -> str:
    """Several differences by name."""
    return ", ".join(f"{name} {points(gain)}" for name, gain in gains.items())


def winner(
    v: TaggedView, rivals: Mapping[str, Sequence[dict[str, Any]]], base: Sequence[dict[str, Any]], what: str = "f1"
) -> dict[str, Any]:
    """A line on the rival of most development score, a mean over data sets: what it gains over the base, in points.

    rivals, base: selections of rows, one a data set. The interval of the mean is Student's over data sets; above and
    below: in how many the interval over sentences lies on that side of 0. Raises NotTestable for one data set.
    """
    if len(base) < 2 or not rivals:
        raise NotTestable("nothing was asked on several data sets")
    scores = {name: [v.development(**where).values() for where in each] for name, each in rivals.items()}
    best = max(rivals, key=lambda name: np.mean([value for runs in scores[name] for value in runs]))
    gains = [v.gap(one, other, what) for one, other in zip(rivals[best], base, strict=True)]
    found, sure = t_interval([gain.difference for gain in gains]), [clears(gain) for gain in gains]
    line = {"winner": best, "points": 100 * found.value, "low": 100 * found.low, "high": 100 * found.high}
    return line | {"data sets": len(gains), "above": sure.count(True), "below": sure.count(False)}


def said_runs(each: Mapping[str, int]) -> str:
    """How many runs stand behind scores, in words; those of fewer by name."""
    most = max(each.values(), default=0)
    counts = sorted({n for n in each.values() if n < most})
    fewer = [
        f"{', '.join(name for name, n in each.items() if n == own)}: {'one' if own == 1 else own}" for own in counts
    ]
    said = "one run" if most == 1 else f"mean of {most} runs"
    return said + (f" ({'; '.join(fewer)})" if fewer else "")


def mean_of_runs(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean over seeds of values and of both ends of their intervals, and the least and largest value."""
    groups = rows.groupby(by, sort=False)
    found = groups[["value", "ci_low", "ci_high"]].mean().rename(columns={"ci_low": "low", "ci_high": "high"})
    spread = groups["value"].agg(least="min", most="max", runs="size")
    return found.join(spread).reset_index().replace({np.inf: np.nan})
