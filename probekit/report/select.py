"""One value of a swept axis chosen by cross-validation, and what the chosen one reaches on what did not choose it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError
from probekit.streams import generator

_NEEDED = ("fold", "value", "score", "n")


@dataclass(frozen=True)
class Selected:
    """What cross-validation chose and what that reached.

    values: chosen without each fold, in the order of the folds; scores: what each reached on its fold. value, score:
    their means, each with the standard deviation over folds as spread.
    """

    values: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def value(self) -> float:
        return float(np.mean(self.values))

    @property
    def value_spread(self) -> float:
        return float(np.std(self.values))

    @property
    def score(self) -> float:
        return float(np.mean(self.scores))

    @property
    def score_spread(self) -> float:
        return float(np.std(self.scores))


def select(lines: pd.DataFrame, higher_is_better: bool = True) -> Selected:
    """The value that is best on all folds but one, for each fold, and its score on that one.

    lines: one a fold and value with the columns `fold`, `value` (of the axis; infinite ones are values too), `score`
    (a mean over items) and `n` (items of the fold), each fold with all values. Folds weigh by their items. Of values
    that are equally good the smallest is taken. Raises ProbekitError for a fold without a value of another, fewer than
    two folds, or a score that is not finite.
    """
    if missing := [name for name in _NEEDED if name not in lines]:
        raise ProbekitError(f"a choice needs the columns {', '.join(_NEEDED)}; {missing[0]} is missing")
    score = lines.pivot(index="value", columns="fold", values="score").sort_index()
    n = lines.groupby("fold")["n"].first().reindex(score.columns).to_numpy(float)
    if score.shape[1] < 2:
        raise ProbekitError("a choice by cross-validation needs at least two folds")
    values = score.to_numpy(float)
    if not np.isfinite(values).all():
        raise ProbekitError("each fold needs a finite score at every value of the swept axis")
    totals = values * n * (1 if higher_is_better else -1)
    chosen = [int(np.argmax(np.delete(totals, at, axis=1).sum(axis=1))) for at in range(len(n))]
    return Selected(
        tuple(float(score.index[row]) for row in chosen), tuple(float(values[row, at]) for at, row in enumerate(chosen))
    )


def median_run(scores: Mapping[Any, float]) -> Any:
    """The run whose development score is the median of all, the lower one of the middle two; of equals the first.

    scores: development score by run. Raises ProbekitError for none, or one that is not finite.
    """
    if not scores or not np.isfinite(list(scores.values())).all():
        raise ProbekitError("a run of median score needs runs, each with a finite development score")
    return sorted(scores, key=lambda run: scores[run])[(len(scores) - 1) // 2]


def dealt(groups: Sequence[Any], folds: int, seed: int = 0) -> np.ndarray:
    """A fold for each of some items, (n,) int64: their groups are shuffled and dealt evenly, so that none is parted."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    if not 2 <= folds <= len(names):
        raise ProbekitError(f"{folds} folds of {len(names)} groups: each fold needs a group, and there are two or more")
    fold = np.empty(len(names), dtype=np.int64)
    fold[generator(seed, "split", "folds", len(names)).permutation(len(names))] = np.arange(len(names)) % folds
    return np.asarray(fold[place])
