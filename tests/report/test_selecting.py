"""One value of a swept axis is chosen on folds that it is not scored on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from probekit.errors import ProbekitError
from probekit.report.select import dealt, median_run, select


def lines(table: dict[float, list[float]], n: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"fold": fold, "value": value, "score": score, "n": n[fold]}
        for value, scores in table.items()
        for fold, score in enumerate(scores)
    )


def test_the_value_for_a_fold_is_chosen_on_the_others():
    """Worked by hand: without fold 0 the value 2 leads, without fold 1 the value 1, without fold 2 the value 1."""
    found = select(lines({1.0: [0.9, 0.1, 0.5], 2.0: [0.0, 0.6, 0.4]}, [10, 10, 10]))
    assert found.values == (2.0, 1.0, 1.0) and found.scores == (0.0, 0.1, 0.5)
    assert found.value == pytest.approx(4 / 3) and found.score == pytest.approx(0.2)
    assert found.score_spread == pytest.approx(np.std([0.0, 0.1, 0.5]))


def test_folds_weigh_by_their_items_and_lower_may_be_better():
    table = {1.0: [0.5, 0.0, 0.2], 2.0: [0.4, 0.6, 0.2]}
    assert select(lines(table, [1000, 1, 1])).values[2] == 1.0
    assert select(lines(table, [1, 1, 1])).values[2] == 2.0
    assert select(lines(table, [1, 1, 1]), higher_is_better=False).values[2] == 1.0


def test_equally_good_values_give_the_smallest_and_minus_infinity_is_a_value():
    found = select(lines({1.5: [0.5, 0.5], -np.inf: [0.5, 0.5], 1.0: [0.5, 0.5]}, [3, 3]))
    assert found.values == (-np.inf, -np.inf)


def test_choosing_on_the_test_fold_is_not_what_happens():
    """Random scores: the best value on a fold is surely above chance there, the chosen one is not."""
    draw = np.random.default_rng(0)
    gaps = []
    for _ in range(200):
        scores = draw.normal(size=(20, 3))
        found = select(lines({float(v): list(row) for v, row in enumerate(scores)}, [1, 1, 1]))
        gaps.append((found.score, scores.max(axis=0).mean()))
    chosen, leaked = np.mean(gaps, axis=0)
    assert abs(chosen) < 0.15 and leaked > 1.5


def test_folds_keep_groups_whole_and_even():
    groups = np.repeat([f"g{i}" for i in range(9)], 4)
    fold = dealt(groups, 3, seed=1)
    assert all(len(set(fold[groups == name])) == 1 for name in set(groups))
    assert np.bincount(fold).tolist() == [12, 12, 12]
    assert (dealt(groups, 3, seed=2) != fold).any()


def test_what_cannot_be_chosen_is_refused():
    with pytest.raises(ProbekitError, match="two folds"):
        select(lines({1.0: [0.5]}, [3]))
    with pytest.raises(ProbekitError, match="finite score at every value"):
        select(lines({1.0: [0.5, 0.4], 2.0: [0.5, 0.4]}, [3, 3]).iloc[:3])
    with pytest.raises(ProbekitError, match="n is missing"):
        select(lines({1.0: [0.5, 0.4]}, [3, 3]).drop(columns="n"))
    with pytest.raises(ProbekitError, match="4 folds of 2 groups"):
        dealt(["a", "b"], 4)


def test_the_run_of_median_score_is_one_of_the_runs() -> None:
    assert median_run({0: 0.3, 1: 0.1, 2: 0.2}) == 2
    assert median_run({0: 0.3, 1: 0.1}) == 1 and median_run({5: 0.2}) == 5 and median_run({1: 0.2, 0: 0.2, 2: 0.2}) == 0
    for wrong in ({}, {0: float("nan")}):
        with pytest.raises(ProbekitError, match="finite development score"):
            median_run(wrong)
