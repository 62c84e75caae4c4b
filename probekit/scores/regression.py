"""Least squares with intervals, and whether further predictors say more: likelihood-ratio tests.

least_squares(f1, {"log2 sentences": x, "WikiSize": z}).slope("WikiSize")   -> Slope(value, low, high, p)
likelihood_ratio(f1, {"log2 sentences": x}, {"log2 words": w})              -> Nested(statistic, p)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats, fraction

CONSTANT = "(constant)"


@dataclass(frozen=True)
class Slope:
    """A coefficient, its interval, two-sided p against 0, and how much the other predictors widen it.

    inflation: 1 / (1 - R^2) of this predictor on the others (variance inflation; 1 where they say nothing of it).
    """

    value: float
    low: float
    high: float
    p: float
    inflation: float


@dataclass(frozen=True)
class Fit:
    """y = constant + sum of slope * x by least squares. residuals: their sum of squares; n: units."""

    slopes: Mapping[str, Slope]
    residuals: float
    explained: float
    n: int

    def slope(self, name: str) -> Slope:
        return self.slopes[name]


@dataclass(frozen=True)
class Nested:
    """Two models of the same units, the smaller within the larger: n ln(RSS ratio), chi-squared, and its p."""

    statistic: float
    freedom: int
    p: float
    n: int


def least_squares(y: npt.ArrayLike, x: Mapping[str, npt.ArrayLike], confidence: float = 0.95) -> Fit:
    """Ordinary least squares with a constant; t intervals with n - k degrees of freedom.

    y, and each of x by name: (n,) finite numbers. Slopes are those of the predictors and of `(constant)`. Raises
    ProbekitError for fewer units than coefficients, and for predictors of which one follows from the others.
    """
    response, design, names = _columns(y, x)
    n, k = design.shape
    fraction(confidence, "confidence")
    if n <= k:
        raise ProbekitError(f"{n} units are too few for {k} coefficients; give {k + 1} or more")
    scale = np.linalg.norm(design, axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(design / scale, tol=1e-9) < k:
        raise ProbekitError(
            f"of {', '.join(names[1:])} one follows from the others, so that their slopes cannot be told apart; leave "
            "one out, or give sizes that do not move together"
        )
    inverse = np.linalg.inv((design / scale).T @ (design / scale)) / np.outer(scale, scale)
    values = inverse @ (design.T @ response)
    left = response - design @ values
    residuals = float(left @ left)
    errors = np.sqrt(residuals / (n - k) * np.diag(inverse))
    reach = stats.t.ppf((1 + confidence) / 2, n - k) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(values) / errors, n - k)
    centred = ((design - design.mean(axis=0)) ** 2).sum(axis=0)
    total = float(((response - response.mean()) ** 2).sum())
    slopes = {
        name: Slope(
            float(values[i]), float(values[i] - reach[i]), float(values[i] + reach[i]), float(p[i]),
            float(inverse[i, i] * centred[i]) if i else 1.0,
        )
        for i, name in enumerate(names)
    }  # fmt: skip
    return Fit(slopes, residuals, 1 - residuals / total if total else float("nan"), n)


def likelihood_ratio(y: npt.ArrayLike, x: Mapping[str, npt.ArrayLike], more: Mapping[str, npt.ArrayLike]) -> Nested:
    """Whether a linear model of x is bettered by further predictors: 2 (ll_full - ll_reduced) = n ln(RSS / RSS_full).

    Chi-squared with as many degrees of freedom as predictors are added (Wilks 1938), as Wu and Dredze 2020 use it. Of
    normal errors; with few units p is somewhat too small. Raises as `least_squares`.
    """
    reduced, full = least_squares(y, x), least_squares(y, {**x, **more})
    with np.errstate(divide="ignore"):
        statistic = float(full.n * (np.log(reduced.residuals) - np.log(full.residuals)))
    return Nested(statistic, len(more), float(stats.chi2.sf(statistic, len(more))), full.n)


def _columns(y: npt.ArrayLike, x: Mapping[str, npt.ArrayLike]) -> tuple[Floats, Floats, list[str]]:
    """Response (n,), design (n, 1 + predictors) and the names of its columns. Raises ProbekitError."""
    response = np.asarray(y, dtype=np.float64)
    if not x:
        raise ProbekitError("a regression needs a predictor; give one at least")
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in x.items()}
    for name, values in {"the response": response, **columns}.items():
        if values.ndim != 1 or len(values) != len(response):
            raise ProbekitError(
                f"{name} has the shape {values.shape}, the response {response.shape}; give (n,) of each"
            )
        if not np.isfinite(values).all():
            raise ProbekitError(f"{name} is not finite everywhere; leave the units without a number out")
    design = np.column_stack([np.ones(len(response)), *columns.values()])
    return response, design, [CONSTANT, *columns]
