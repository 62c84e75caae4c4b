"""The mean of what was found for each item, with a bootstrap interval over items or groups of them."""

from __future__ import annotations

import numpy as np

from probekit.scores import Metric, Score, score
from probekit.scores.metrics import additive

_MEAN = Metric(
    "mean",
    lambda gold, predicted: float(predicted.mean()),
    +1,
    "number",
    (-np.inf, np.inf),
    "mean over items",
    resampler=additive(
        lambda gold, predicted: np.stack([np.ones_like(predicted), predicted], axis=1), lambda sums: sums[1] / sums[0]
    ),
)


def mean_of(values: np.ndarray, groups: np.ndarray | None = None) -> Score:
    """Mean of values (n,), and its interval by resampling them, or groups (n,) of them."""
    values = np.asarray(values, dtype=np.float64)
    return score(_MEAN, np.zeros(len(values)), values, groups=groups)
