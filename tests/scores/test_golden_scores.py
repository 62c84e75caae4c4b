"""Golden cases of metrics: values and intervals, of single units and of groups."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from golden import Golden, own

from probekit import scores

golden = Golden(__file__)


def some_spans(rng: np.random.Generator) -> list[tuple[tuple[int, int, str], ...]]:
    """One span or two of a word or two in each of sixty units."""
    found = []
    for _ in range(60):
        start, width, label = int(rng.integers(0, 3)), int(rng.integers(1, 3)), str(rng.choice(["A", "B"]))
        found.append(((start, start + width, label), (6, 7, str(rng.choice(["A", "B"]))))[: int(rng.integers(1, 3))])
    return found


@cache
def sides(kind: str) -> tuple[Any, Any]:
    """Gold and predictions of sixty units."""
    rng = np.random.default_rng(7)
    if kind == "number":
        gold = rng.normal(size=60).round(1)
        return gold, gold + rng.normal(size=60).round(1)
    if kind == "spans":
        return some_spans(rng), some_spans(rng)
    gold = np.array(list("abc"), dtype=object)[rng.integers(0, 3, 60)]
    predicted = np.where(rng.random(60) < 0.6, gold, np.array(list("abc"), dtype=object)[rng.integers(0, 3, 60)])
    if kind == "label":
        return gold, predicted
    found = np.empty((2, 60), dtype=object)
    for i in range(60):
        found[:, i] = (gold[i], "d"), (predicted[i],)
    return tuple(found)


def metric_numbers(name: str) -> list[float]:
    gold, predicted = sides(scores.get(name).kind)
    if name == "f1_yes":
        gold, predicted = (np.where(side == "a", "yes", side) for side in (gold, predicted))
    if name == "exact_match":
        predicted = predicted.copy()
        predicted[:] = [(label, "d") for (label,) in predicted]
    alone = scores.score(name, gold, predicted)
    grouped = scores.score(name, gold, predicted, groups=np.arange(60) // 4, n_boot=100)
    return [alone.value, alone.low, alone.high, grouped.low, grouped.high]


def ranking_numbers(name: str) -> list[float]:
    rng = np.random.default_rng(7)
    gold = (rng.random(60) < 0.3).astype(float)
    alone = scores.score(name, gold, (gold + rng.normal(size=60)).round(1), n_boot=100)
    return [alone.value, alone.low, alone.high]


for _name in own(scores.registry):
    _numbers = ranking_numbers if _name in ("average_precision", "auc") else metric_numbers
    golden.case(f"metric:{_name}", _numbers, tolerance=1e-9)

test_numbers_stay, _ = golden.tests()
