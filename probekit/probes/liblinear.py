"""The support vector regressor as published studies ran it: scikit-learn's LinearSVR, stopped where it stops.

Its answer is reported with its convergence, because at the defaults it often ends far from the optimum. The
exact optimum of the same objective is `linear-svr`.
"""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np

from probekit.errors import ProbekitError
from probekit.probes.inner import Scale
from probekit.probes.probe import CONSTANT_TARGET, Array, Dev, Probe, check_positive
from probekit.values import Count, NotNegative, Positive


class LiblinearSVR(Probe):
    """scikit-learn's LinearSVR, one regressor a target.

    Minimises `0.5 (||w||^2 + b^2) + C sum_i max(0, |y_i - x_i.w - b| - epsilon)`: liblinear treats the
    intercept as one more weight and penalises it (Ho and Lin 2012, eq. 3). The scales of x and y change the
    answer. `info_` holds `converged`, `iterations` and `objective` (at the end, on the scales of the fit).

    C, epsilon, max_iter: as in scikit-learn. x_scale, y_scale: "raw" or "standard", fitted on the training
    rows; answers are on the raw scale. seed: order of coordinate descent.
    """

    answers: ClassVar[frozenset[str]] = frozenset({"number"})
    price = 800.0

    def __init__(
        self,
        *,
        C: Positive = 1.0,
        epsilon: NotNegative = 0.0,
        max_iter: Count = 1000,
        x_scale: str = "raw",
        y_scale: str = "raw",
        seed: int = 0,
    ) -> None:
        self.C = C
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.x_scale = x_scale
        self.y_scale = y_scale
        self.seed = seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVR

        C = check_positive("C", self.C)
        epsilon = check_positive("epsilon", self.epsilon, zero=True)
        if not isinstance(self.max_iter, int) or self.max_iter < 1:
            raise ProbekitError(f"max_iter must be an integer of 1 or more, got {self.max_iter!r}")
        self._x_scale, self._y_scale = Scale.fit(X, self.x_scale), Scale.fit(Y, self.y_scale)
        # liblinear computes in float64 anyway; converting once spares a copy a target.
        X = np.ascontiguousarray(self._x_scale.apply(X), dtype=np.float64)
        Y = self._y_scale.apply(Y)
        self.coef_ = np.zeros((X.shape[1], Y.shape[1]))
        self.intercept_ = np.zeros(Y.shape[1])
        for t in range(Y.shape[1]):
            model = LinearSVR(C=C, epsilon=epsilon, max_iter=self.max_iter, random_state=self.seed)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                model.fit(X, Y[:, t])
            stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
            converged = not stopped and int(model.n_iter_) < self.max_iter
            self.coef_[:, t] = model.coef_
            self.intercept_[t] = float(np.ravel(model.intercept_)[0])
            loss = np.maximum(np.abs(Y[:, t] - X @ self.coef_[:, t] - self.intercept_[t]) - epsilon, 0).sum()
            norm = self.coef_[:, t] @ self.coef_[:, t] + self.intercept_[t] ** 2
            self.info_[t] = {
                "converged": bool(converged),
                "iterations": int(model.n_iter_),
                "objective": float(0.5 * norm + C * loss),
            }
            if not converged and CONSTANT_TARGET not in self.notes_[t]:
                self._note(t, f"stopped at {self.max_iter} iterations, not converged")

    def _predict(self, X: Array) -> Array:
        X = self._x_scale.apply(X)
        return self._y_scale.undo(X.astype(np.float64) @ self.coef_ + self.intercept_)
