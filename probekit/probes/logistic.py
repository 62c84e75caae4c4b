"""Multinomial logistic regression with a squared penalty, solved to a stated gradient norm.

`softmax_solver` finds the optimum of one penalty. The path of penalties is walked from strong to weak, each begun where
the one before ended, and solved only as far as the choice needs.
"""

from __future__ import annotations

import builtins
from typing import Any, ClassVar

import numpy as np

from probekit.errors import ProbekitError
from probekit.probes.inner import SCALES, Scale, inner_split
from probekit.probes.probe import Array, Dev, Probe, check_choice, check_positive, classes_and_codes, codes_among
from probekit.probes.softmax_solver import Point, Problem, Rows, mean_loss, softmax, start
from probekit.values import Count, Positive

PATH = 10.0 ** -np.arange(0, 6.5, 0.5)  # penalty per row over mean feature variance, strong to weak
PATIENCE = 2  # steps of the path without a better development loss before it ends
# A point with duality gap g (over its objective) has a development loss off by less than this times the root of g, as a
# share of it: twice what is seen on word vectors of all layers.
OFF = 0.3
KNOWN = 1e-3  # nats to which development losses of the path are known, but for those that are clearly worse
EVERY = 4  # iterations between two looks


class Logistic(Probe):
    """Multinomial logistic regression: minimises `C sum_i -log p(y_i | x_i) + 0.5 ||W||^2`, intercepts free.

    With two classes there is one weight vector, `w`, as in scikit-learn, whose LogisticRegression is the
    same problem. C: a number fixes it. None chooses it for each target by cross-entropy on development
    rows: `dev` where given, else a fifth of the training groups (the final fit is then on all training
    rows). C runs along a warm-started path from strong to weak (13 values, penalty per row from 1 to 1e-6
    times the mean feature variance) and stops once two values in a row bring nothing. Development rows
    whose class the training rows lack cannot tell the values apart; they are left out and counted.
    x_scale: "raw" or "standard", fitted on the training rows. tol: largest entry of the gradient of the
    mean loss, in the solver's coordinates, at which a fit counts as converged. seed: the inner split.

    After `fit`: `classes_`, a list of T sorted arrays. `info_` holds `C`, `chosen` ("fixed", "dev", "inner",
    or "default": C = 1 where fewer than two groups leave no choice), `converged`, `gradient`, `iterations`
    (of the final fit), `objective`, and where chosen `at_edge`, `path` (C and development loss in nats),
    `dev_left_out`.
    """

    answers: ClassVar[frozenset[str]] = frozenset({"label"})
    price = 1000.0

    def __init__(
        self,
        *,
        C: Positive | None = None,
        x_scale: str = "raw",
        tol: Positive = 3e-6,
        max_iter: Count = 1000,
        seed: int = 0,
    ) -> None:
        self.C = C
        self.x_scale = x_scale
        self.tol = tol
        self.max_iter = max_iter
        self.seed = seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        check_choice("x_scale", self.x_scale, SCALES)
        if self.C is not None:
            check_positive("C", self.C)
        check_positive("tol", self.tol)
        if not isinstance(self.max_iter, int) or self.max_iter < 1:
            raise ProbekitError(f"max_iter must be an integer of 1 or more, got {self.max_iter!r}")
        scale = Scale.fit(X, self.x_scale)
        # Centring changes the intercepts alone; it keeps float32 products accurate.
        self._centre = Scale(X.mean(axis=0, dtype=np.float64), scale.width)
        X = self._centre.apply(X)
        whole = Rows(X)
        held: tuple[Rows, Array, Array, Array] | None = None
        if self.C is None and dev is not None:
            held = whole, np.arange(len(X)), self._centre.apply(dev[0]), dev[1]
        elif self.C is None and (rows := inner_split(len(X), groups, self.seed)) is not None:
            held = Rows(X[rows[0]]), rows[0], X[rows[1]], Y[rows[1]]
        self.classes_: builtins.list[Array] = []
        self._weights: builtins.list[Array] = []
        for t in range(Y.shape[1]):
            classes, codes = classes_and_codes(Y[:, t])
            self.classes_.append(classes)
            V = start(codes, len(classes), X.shape[1])
            if len(classes) == 1:
                self._weights.append(V)
                self.info_[t] = {"C": self.C, "chosen": "none", "converged": True, "iterations": 0}
                continue
            info: dict[str, Any] = {"C": 1.0 if self.C is None else float(self.C)}
            info["chosen"] = "default" if self.C is None else "fixed"
            problem = Problem(whole, codes)
            if held is not None:
                train, train_rows, dev_x, dev_y = held
                known = codes_among(dev_y[:, t], classes)
                info["chosen"] = "inner" if dev is None else "dev"
                V = self._walk(problem, train, codes[train_rows], dev_x, known, V, info)
            final = problem.solve(info["C"], V, lambda point: point.gradient <= self.tol, self.max_iter)
            self._weights.append(final.V)
            info |= {"converged": final.gradient <= self.tol, "gradient": final.gradient, "gap": final.gap}
            info |= {"iterations": final.iterations, "objective": final.objective * info["C"] * len(X)}
            self.info_[t] = info
            if not info["converged"]:
                found = f"gradient {final.gradient:.1e} after {final.iterations} iterations"
                self._note(t, f"not converged: {found}")

    def _walk(
        self, problem: Problem, train: Rows, codes: Array, dev_x: Array, dev: Array, V: Array, info: dict[str, Any]
    ) -> Array:
        """Choose C along the path; returns the weights there, above the intercepts. `problem` learns the steps."""
        present = np.unique(codes)
        usable = np.isin(dev, present)
        info["dev_left_out"] = int((~usable).sum())
        if len(present) < 2 or not usable.any():
            info["chosen"] = "default"
            return V
        unit = float(train.values.mean()) or 1.0
        # A class the inner rows lack would send its intercept to minus infinity: it is held out of the path.
        inner = Problem(train, np.searchsorted(present, codes))
        look = _Look(dev_x[usable], np.searchsorted(present, dev[usable]))
        here = best = V[:, present]
        waited, path, screened = 0, [], []
        for step, relative in enumerate(PATH):
            C = float(1.0 / (relative * unit * len(codes)))
            here = inner.solve(C, here, look.decided, self.max_iter).V
            loss = look.loss(here)
            path.append([C, loss])
            if look.early:
                screened.append(C)
            waited += 1
            if loss < look.best:
                best, look.best, waited = here, loss, 0
                info["C"], info["at_edge"] = C, step in (0, len(PATH) - 1)
            if waited == PATIENCE:
                break
        info |= {"path": path, "screened": screened}
        if len(present) == V.shape[1]:
            problem.steps = inner.steps
        V = V.copy()
        V[:, present] = best
        return V

    def predict_proba(self, X: Array) -> builtins.list[Array]:
        """Probabilities for vectors (n, d): one (n, K) float64 array a target, columns as in `classes_`."""
        X = self._centre.apply(self._check_x(X))
        return [softmax(X, V) for V in self._weights]

    def _predict(self, X: Array) -> Array:
        X = self._centre.apply(X)
        answers = np.empty((len(X), self.n_targets_), dtype=object)
        for t, V in enumerate(self._weights):
            answers[:, t] = self.classes_[t][np.argmax(X @ V[:-1].astype(X.dtype) + V[-1], axis=1)]
        return answers


class _Look:
    """Development loss of points on the path, and whether a step of it needs to be solved further."""

    def __init__(self, X: Array, codes: Array) -> None:
        self.X, self.codes = X, codes
        self.best, self.early = np.inf, False

    def loss(self, V: Array) -> float:
        """Mean cross-entropy in nats on development rows."""
        return mean_loss(self.X, self.codes, V, self.X.dtype)[0]

    def decided(self, point: Point) -> bool:
        """Whether the point's development loss is known well enough, or clearly worse than the best so far."""
        self.early = False
        if point.iterations % EVERY or not point.iterations:
            return False
        loss = self.loss(point.V)
        off = OFF * float(np.sqrt(point.gap)) * loss
        self.early = off > KNOWN and loss - off > self.best
        return off <= KNOWN or self.early
