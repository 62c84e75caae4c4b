"""What a metric is, and the metrics by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.registry import Registry, first_line
from probekit.scores.arrays import (
    Array,
    Codes,
    Floats,
    comparable_labels,
    label_sets,
    labels,
    numbers,
    same_length,
    span_sets,
)

Function = Callable[[Array, Array], float]
Replicates = Callable[[Floats], Floats]
Resampler = Callable[[Array, Array, Codes, int], Replicates]

KINDS = ("number", "label", "labels", "pairs", "spans")
INTERVALS = ("bootstrap", "bonett-wright", "fisher", "wilson")


@dataclass(frozen=True, eq=False)
class Metric:
    """A score of predictions against gold, and how sure one can be of it.

    kind        what a unit holds: "number", "label" (one label), "labels" (any number of labels), "spans" (any
                number of (start, end, label)), or "pairs" (two numbers a unit, (n, 2), as the scores of the two
                members of a minimal pair)
    direction   +1 when more is better, -1 when less is
    range       lowest and highest possible value
    source      paper and equation, or the library whose definition it is
    interval    the closed form used when units are independent, or "bootstrap"
    absolute    the value is the absolute of a signed statistic; resamples give the signed one
    function    (gold, predicted) -> float, NaN where undefined; arrays are checked before
    columns     the same for (n, T) at once, where faster than a loop
    resampler   (gold, predicted, group codes, G) -> function from counts (G, b) to b values, where faster
    why         (gold, predicted) -> why the value is undefined, or ""
    """

    name: str
    function: Function
    direction: int
    kind: str
    range: tuple[float, float]
    source: str
    interval: str = "bootstrap"
    absolute: bool = False
    columns: Callable[[Array, Array], Floats] | None = None
    resampler: Resampler | None = None
    why: Callable[[Array, Array], str] | None = None

    def __post_init__(self) -> None:
        for field, value, known in (
            ("direction", self.direction, (1, -1)),
            ("kind", self.kind, KINDS),
            ("interval", self.interval, INTERVALS),
        ):
            if value not in known:
                raise ProbekitError(f"metric '{self.name}': {field}={value!r} is none of {known}")
        # A worker process imports the module that defined the function, not this one.
        object.__setattr__(self, "__module__", getattr(self.function, "__module__", __name__))

    def __call__(self, gold: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
        """The value alone, NaN where undefined. gold, predicted: (n,), or (n, 2) for pairs."""
        return float(self.function(*self.check(gold, predicted)))

    def check(
        self, gold: npt.ArrayLike, predicted: npt.ArrayLike, ndim: int | None = None, argument: str = "predicted"
    ) -> tuple[Array, Array]:
        """Both sides as arrays of this metric's kind. Raises ProbekitError naming the wrong argument."""
        ndim = ndim or (2 if self.kind == "pairs" else 1)
        reader = {"label": labels, "labels": label_sets, "spans": span_sets}.get(self.kind, numbers)
        sides = reader(gold, "gold", ndim), reader(predicted, argument, ndim)
        same_length(*sides, argument)
        if self.kind == "label":
            comparable_labels(*sides, argument)
        return sides

    def values(self, gold: Array, predicted: Array) -> Floats:
        """Values of each column of checked (n, T) arrays."""
        if self.columns is not None:
            return self.columns(gold, predicted)
        pairs = zip(gold.T, predicted.T, strict=True)
        return np.array([self.function(g, p) for g, p in pairs], dtype=np.float64)

    def replicates(self, gold: Array, predicted: Array, codes: Codes, n_groups: int) -> Replicates:
        """Function from counts (G, b), how often each group is drawn, to the values of the b resamples."""
        if self.resampler is not None:
            return self.resampler(gold, predicted, codes, n_groups)
        units = np.arange(len(gold))

        def one_by_one(counts: Floats) -> Floats:
            drawn = (np.repeat(units, times) for times in counts[codes].astype(np.int64).T)
            return np.array([self.function(gold[rows], predicted[rows]) for rows in drawn], dtype=np.float64)

        return one_by_one

    def undefined(self, gold: Array, predicted: Array) -> str:
        """Why the value of checked one-column arrays is undefined."""
        return (self.why(gold, predicted) if self.why else "") or f"{self.name} is not defined on these units"


registry: Registry[Metric] = Registry("metric")

F = TypeVar("F", bound=Callable[..., float])


def get(name: str) -> Metric:
    """The metric of a name. Raises UnknownName with the nearest known ones."""
    return registry.get(name)


def names(pattern: str = "*") -> list[str]:
    """Names of the registered metrics that match a shell pattern."""
    return registry.names(pattern)


def register(
    name: str,
    *,
    direction: int,
    kind: str,
    range: tuple[float, float],
    source: str,
    interval: str = "bootstrap",
    revision: int = 1,
    summary: str = "",
    **more: Any,
) -> Callable[[F], F]:
    """Decorator that makes a function (gold, predicted) -> float a metric, NaN where it is undefined.

    The function gets checked arrays: float64, or objects for labels. `more` are further fields of Metric. The
    function itself comes back unchanged. A taken name is a ProbekitError.
    """

    def decorate(function: F) -> F:
        metric = Metric(name, function, direction, kind, range, source, interval, **more)
        registry.add(name, metric, revision, summary or first_line(function), function.__module__)
        return function

    return decorate


for _name, _target, _summary in (
    ("spearman", "SPEARMAN", "rank correlation, ties averaged"),
    ("abs_spearman", "ABS_SPEARMAN", "absolute rank correlation, for baselines of unknown sign"),
    ("pearson", "PEARSON", "linear correlation"),
    ("r2", "R2", "share of the variance explained, negative when worse than the mean"),
    ("mae", "MAE", "mean absolute error, in the target's unit"),
    ("rmse", "RMSE", "root of the mean squared error, in the target's unit"),
    ("accuracy", "ACCURACY", "share of units with the right label"),
    ("macro_f1", "MACRO_F1", "mean over labels of the F1 of each label"),
    ("micro_f1", "MICRO_F1", "F1 of all (unit, label) decisions together, any number of labels a unit"),
    ("f1_yes", "F1_YES", "F1 of the answer `yes` of two-class tasks; the other answer counts nothing by itself"),
    ("macro_recall", "MACRO_RECALL", "mean over the labels in gold of the share of their units that got the label"),
    ("question_f1", "QUESTION_F1", "mean over questions of the F1 of the options told to be right"),
    ("exact_match", "EXACT_MATCH", "share of units whose labels are all right and none too many"),
):
    registry.add(_name, f"probekit.scores.metrics:{_target}", revision=1, summary=_summary)
for _name, _summary in (
    ("span_f1", "F1 of spans: extent and label must be right"),
    ("untyped_span_f1", "F1 of spans whatever their label"),
    ("untyped_span_recall", "share of gold's spans whose extent was found"),
    ("type_given_span", "share of the spans found to the word that have the right label"),
    ("timex_relaxed", "F1 of spans that overlap with one of gold, whatever their label"),
    ("timex_type", "relaxed F1 times the share of matched spans with the right label"),
):
    registry.add(_name, f"probekit.scores.spans:{_name.upper()}", revision=1, summary=_summary)
registry.add(
    "average_precision",
    "probekit.scores.ranking:AVERAGE_PRECISION",
    revision=1,
    summary="mean precision at the positives of a ranking, ties as one step",
)
registry.add(
    "auc",
    "probekit.scores.auc:AUC",
    revision=1,
    summary="how likely a positive is to have a higher score than a negative, equal scores counting half",
)
