"""Statistics of several models with intervals over sentences or other units, all from the same resamples.

A sample is an array (1 + B,): a value on the units as they are, then on B resamples of them with replacement.
Differences, ranges and means of samples are samples again; `estimate` reads value and interval off one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from probekit.errors import ProbekitError
from probekit.report.profiles import CONFIDENCE, label_tallies, weighted_r
from probekit.scores import Comparison, get
from probekit.scores.arrays import Floats, f1_of, ratio
from probekit.scores.intervals import count_blocks, percentile

DRAWS = 1000
Line = Mapping[str, Any] | pd.Series  # of rows: value, ci_low, ci_high, n_test


def estimate(sample: Floats, n: int, unit: str = "sentence") -> Comparison:
    """Value and 95 % interval of a sample over n units; p is not taken."""
    low, high, note = percentile(sample[1:], CONFIDENCE)
    return Comparison(float(sample[0]), low, high, np.nan, f"bootstrap, {len(sample) - 1} resamples", unit, n, note)


def as_found(line: Line, unit: str = "unit") -> Comparison:
    """A line's score with its interval, as verdicts and texts of claims take it."""
    value, low, high = (float(line[name]) for name in ("value", "ci_low", "ci_high"))
    return Comparison(value, low, high, np.nan, "", unit, int(line["n_test"]))


def apart(a: Line, b: Line, unit: str = "unit") -> Comparison:
    """a - b of two lines taken as independent, over the units of both: Newcombe 1998, method 10."""
    gap = float(a["value"] - b["value"])
    low = gap - float(np.hypot(a["value"] - a["ci_low"], b["ci_high"] - b["value"]))
    high = gap + float(np.hypot(a["ci_high"] - a["value"], b["value"] - b["ci_low"]))
    return Comparison(gap, low, high, np.nan, "Newcombe", unit, int(a["n_test"] + b["n_test"]))


def accuracy_samples(profiles: pd.DataFrame, n_boot: int = DRAWS, seed: int = 0) -> dict[str, Floats]:
    """Accuracy over words of every model of `sentence_profiles`, as samples by model."""
    wide, sizes = _wide(profiles)
    right = wide.to_numpy().T * sizes
    drawn = np.concatenate([right @ counts / (sizes @ counts) for counts in _draws(len(wide), n_boot, seed)], axis=1)
    return dict(zip(map(str, wide), drawn, strict=True))


def metric_samples(
    name: str, gold: npt.ArrayLike, answers: Mapping[str, npt.ArrayLike], n_boot: int = DRAWS, seed: int = 0
) -> dict[str, Floats]:
    """A metric of several answers (n,) to the same units against one gold (n,), as samples by answer.

    The resamples are those of `scores.paired_bootstrap`. Raises ProbekitError as the metric does for unlike sides.
    """
    metric = get(name)
    sides = {one: metric.check(gold, values, argument=one) for one, values in answers.items()}
    found = {one: [np.array([metric.function(*side)])] for one, side in sides.items()}
    n = len(np.asarray(gold))
    each = {one: metric.replicates(*side, np.arange(n), n) for one, side in sides.items()}
    for counts in count_blocks(n, n_boot, seed, n):
        for one, replicates in each.items():
            found[one].append(replicates(counts))
    return {one: np.concatenate(parts) for one, parts in found.items()}


def mean_sample(
    values: npt.ArrayLike, sizes: npt.ArrayLike | None = None, n_boot: int = DRAWS, seed: int = 0
) -> Floats:
    """The mean of values (n,) of units, or of groups of some sizes (n,), as a sample over these, drawn as those of
    `metric_samples`."""
    each = np.asarray(values, dtype=np.float64)
    weights = np.ones(len(each)) if sizes is None else np.asarray(sizes, dtype=np.float64)
    drawn = [(weights * each) @ counts / (weights @ counts) for counts in _draws(len(each), n_boot, seed)]
    return np.concatenate(drawn)


def correlation_samples(
    profiles: pd.DataFrame, n_boot: int = DRAWS, seed: int = 0, least: int = 0
) -> dict[frozenset[str], Floats]:
    """Pearson's r of the profiles of every two models over sentences of `least` words or more, as samples by pair."""
    wide, _ = _wide(profiles[profiles["n"] >= least])
    values = wide.to_numpy().T
    drawn: dict[frozenset[str], list[Floats]] = {}
    for counts in _draws(len(wide), n_boot, seed):
        for (i, a), (j, b) in combinations(enumerate(wide), 2):
            drawn.setdefault(frozenset((str(a), str(b))), []).append(weighted_r(values[i], values[j], counts))
    return {pair: np.concatenate(parts) for pair, parts in drawn.items()}


def f1_samples(table: pd.DataFrame, n_boot: int = DRAWS, seed: int = 0) -> dict[str, Floats]:
    """F1 of every label of gold, averaged over seeds and models of `answers`, as samples by label.

    NaN in resamples that lack the label.
    """
    labels, tallies, n_groups = label_tallies(table)
    blocks = []
    for counts in _draws(n_groups, n_boot, seed):
        each = []
        for tally in tallies:
            right, gold, predicted = (tally.reshape(-1, n_groups) @ counts).reshape(3, len(labels), -1)
            each.append(np.where(gold > 0, f1_of(right, gold, predicted), np.nan))
        blocks.append(np.mean(each, axis=0))
    return dict(zip(labels, np.concatenate(blocks, axis=1), strict=True))


COUNTED = {"f1": "right", "untyped": "found", "relaxed": "overlapping", "timex": "overlapping"}
RATIOS = {"recall": ("found", "gold"), "type": ("right", "found"), "timex": ("typed", "overlapping")}


def tally_samples(tallies: pd.DataFrame, what: str = "f1", n_boot: int = DRAWS, seed: int = 0) -> Floats:
    """A score of spans from the tallies of sentences, the mean over runs, as a sample over sentences.

    tallies: a line a run (`key`) and sentence, with the spans of `gold`, `predicted`, `right`, and `found` (right but
    for the label); of time expressions also those `overlapping`, and `typed` among these. what: `f1` of right ones,
    `untyped` F1 of found ones, `recall` of found ones, `type` accuracy on found ones; `relaxed` F1 of overlapping ones,
    `timex`, that times the share of typed ones. Two samples of the same sentences are paired. Raises ProbekitError
    where runs have unlike sentences.
    """
    counted = [name for name in ("gold", "predicted", "right", "found", "overlapping", "typed") if name in tallies]
    wide = {name: tallies.pivot(index="sentence", columns="key", values=name) for name in counted}
    if wide["gold"].isna().any(axis=None) or wide["gold"].empty:
        raise ProbekitError("the runs were not asked about the same sentences, or there is none")
    each = {name: table.sort_index().to_numpy(float).T for name, table in wide.items()}  # (runs, sentences)
    drawn = []
    for counts in _draws(each["gold"].shape[1], n_boot, seed):
        sums = {name: table @ counts for name, table in each.items()}
        value = np.ones(1)
        if what in COUNTED:
            value = f1_of(sums[COUNTED[what]], sums["gold"], sums["predicted"])
        if what in RATIOS:
            value = value * ratio(*(sums[name] for name in RATIOS[what]))
        drawn.append(value.mean(axis=0))
    return np.concatenate(drawn)


def _wide(profiles: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """Accuracies, a row a sentence and a column a model, and the words of each sentence. Raises ProbekitError."""
    wide = profiles.pivot(index="group", columns="model", values="accuracy")
    if wide.isna().any(axis=None) or wide.empty:
        raise ProbekitError("the models were not asked about the same sentences, or none is long enough")
    sizes = profiles.groupby("group")["n"].first().loc[wide.index].to_numpy(float)
    return wide[list(dict.fromkeys(profiles["model"]))], sizes


def _draws(n: int, n_boot: int, seed: int) -> Iterator[Floats]:
    """How often each of n sentences counts: once each, then in resamples."""
    yield np.ones((n, 1))
    if n > 1:
        yield from count_blocks(n, n_boot, seed, n)
