"""Multinomial logistic regression with a squared penalty, solved to a stated gradient norm.

`softmax_solver` finds the optimum of one penalty. The path of penalties is walked from its middle to the weak ones, and
to the strong ones where these bring little, each begun where the one before ended, and solved only as far as the choice
needs.
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
MIDDLE = 3  # where the path begins: strong penalties are seldom best, and walking through them costs a quarter of it
WEAK = 0.9  # share of the loss without any weights above which strong penalties might be best after all
PATIENCE = 2  # steps in one direction without a better development loss before it ends
# A point with duality gap g (over its objective) has a development loss off by less than this times the root of g, as a
# share of it: twice what is seen on word vectors of all layers.
OFF = 0.3
KNOWN = 1e-3  # nats to which development losses of the path are known, but for those that are clearly worse
EVERY = 3  # iterations between two looks


class Logistic(Probe):
    """Multinomial logistic regression: minimises `C sum_i -log p(y_i | x_i) + 0.5 ||W||^2`, intercepts free.

    With two classes there is one weight vector, `w`, as in scikit-learn, whose LogisticRegression is the
    same problem. C: a number fixes it. None chooses it for each target by cross-entropy on development
    rows: `dev` where given, else a fifth of the training groups (the final fit is then on all training
    rows). C is one of 13 values, a penalty per row from 1 to 1e-6 times the mean feature variance. A
    warm-started path runs from the fourth to weaker ones until two in a row bring nothing, and likewise to
    stronger ones where the fourth was best or all lose over 0.9 of what a fit without weights does.
    Development rows whose class the training rows lack cannot tell the values apart; they are left out and
    counted.
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
        # A class the inner rows lack would send its intercept to minus infinity: it is held out of the path.
        inner = Problem(train, np.searchsorted(present, codes))
        path = _Path(inner, dev_x[usable], np.searchsorted(present, dev[usable]), self.max_iter)
        best = path.walk(V[:, present])
        info |= {"C": path.penalties[path.best], "at_edge": path.best in (0, len(PATH) - 1)}
        info |= {"path": [[path.penalties[step], loss] for step, loss in sorted(path.losses.items())]}
        info |= {"screened": [path.penalties[step] for step in sorted(path.early)]}
        if len(present) == V.shape[1]:
            problem.steps, problem.blocks = inner.steps, inner.blocks
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


class _Path:
    """Development losses of a problem's optima along the penalties, and the step of the best one."""

    def __init__(self, problem: Problem, X: Array, codes: Array, max_iter: int) -> None:
        self.problem, self.X, self.codes, self.max_iter = problem, X, codes, max_iter
        unit = (float(problem.rows.values.mean()) or 1.0) * len(problem.codes)
        self.penalties = [float(C) for C in 1.0 / (PATH * unit)]  # as C
        self.losses: dict[int, float] = {}
        self.early: set[int] = set()  # steps left early: clearly worse than the best
        self.best = MIDDLE

    def walk(self, V: Array) -> Array:
        """From weights V to the best ones found."""
        self.weights = V
        self.go(range(MIDDLE, len(PATH)), V)
        if self.best == MIDDLE or self.losses[self.best] > WEAK * self.loss(V):
            self.go(range(MIDDLE)[::-1], self.weights)
        return self.weights

    def go(self, steps: range, V: Array) -> None:
        """Solve step after step, each from where the one before ended, as long as they bring something."""
        waited = 0
        for step in steps:
            V = self.solve(step, V)
            waited = 0 if step == self.best else waited + 1
            if waited == PATIENCE:
                return

    def solve(self, step: int, V: Array) -> Array:
        """The weights at a step, as far as its loss is needed."""
        lowest = self.losses.get(self.best, np.inf)

        def decided(point: Point) -> bool:
            return self.decided(step, point, lowest)

        V = self.problem.solve(self.penalties[step], V, decided, self.max_iter).V
        self.losses[step] = self.loss(V)
        if self.losses[step] < lowest:
            self.best, self.weights = step, V
        return V

    def decided(self, step: int, point: Point, lowest: float) -> bool:
        """Whether a point's development loss is known well enough, or clearly worse than the lowest so far."""
        if point.iterations % EVERY or not point.iterations:
            return False
        loss = self.loss(point.V)
        off = OFF * float(np.sqrt(point.gap)) * loss
        if off > KNOWN and loss - off > lowest:
            self.early.add(step)
        return off <= KNOWN or step in self.early

    def loss(self, V: Array) -> float:
        """Mean cross-entropy in nats on development rows."""
        return mean_loss(self.X, self.codes, V, self.X.dtype)[0]
