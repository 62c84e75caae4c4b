"""Multinomial logistic regression with a squared penalty, solved to a stated gradient norm.

The solver is L-BFGS in coordinates that make the problem nearly round: directions of the features are
stretched by (h * variance + penalty)^(-1/2), the inverse root of a curvature bound of Bohning's kind
(Bohning 1992, Multinomial logistic regression algorithm, section 2). The objective is not changed by it.
Matrix products keep the dtype of the vectors, and every sum over rows is accumulated in float64, block by
block.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from probekit.errors import ProbekitError
from probekit.probes.inner import SCALES, Scale, inner_split
from probekit.probes.probe import Array, Dev, Probe, check_choice, check_positive, classes_and_codes, codes_among
from probekit.values import Count, Positive

PATH = 10.0 ** -np.arange(0, 6.5, 0.5)  # penalty per row over mean feature variance, strong to weak
PATH_TOL = 30.0  # times tol, along the path
PATIENCE = 2  # steps of the path without a better development loss before it ends
BLOCK = 2048


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
        whole = _Rows(X)
        held: tuple[_Rows, Array, Array, Array] | None = None
        if self.C is None and dev is not None:
            held = whole, np.arange(len(X)), self._centre.apply(dev[0]), dev[1]
        elif self.C is None and (rows := inner_split(len(X), groups, self.seed)) is not None:
            held = _Rows(X[rows[0]]), rows[0], X[rows[1]], Y[rows[1]]
        self.classes_: builtins.list[Array] = []
        self._weights: builtins.list[tuple[Array, Array]] = []
        for t in range(Y.shape[1]):
            classes, codes = classes_and_codes(Y[:, t])
            self.classes_.append(classes)
            if len(classes) == 1:
                self._weights.append((np.zeros((X.shape[1], 1)), np.zeros(1)))
                self.info_[t] = {"C": self.C, "chosen": "none", "converged": True, "iterations": 0}
                continue
            info: dict[str, Any] = {"C": 1.0 if self.C is None else float(self.C)}
            info["chosen"] = "default" if self.C is None else "fixed"
            start = _start(codes, len(classes), X.shape[1])
            if held is not None:
                train, train_rows, dev_x, dev_y = held
                known = codes_among(dev_y[:, t], classes)
                info["chosen"] = "inner" if dev is None else "dev"
                start = self._walk(train, codes[train_rows], dev_x, known, start, info)
            final = whole.solve(codes, info["C"], start, self.tol, self.max_iter, _factor(classes))
            self._weights.append((final.W, final.b))
            info |= {"converged": final.gradient <= self.tol, "gradient": final.gradient}
            info |= {"iterations": final.iterations, "objective": final.objective}
            self.info_[t] = info
            if not info["converged"]:
                found = f"gradient {final.gradient:.1e} after {final.iterations} iterations"
                self._note(t, f"not converged: {found}")

    def _walk(
        self, train: _Rows, codes: Array, dev_x: Array, dev: Array, start: _Point, info: dict[str, Any]
    ) -> _Point:
        """Choose C along the path; returns the weights there."""
        present = np.unique(codes)
        usable = np.isin(dev, present)
        info["dev_left_out"] = int((~usable).sum())
        if len(present) < 2 or not usable.any():
            info["chosen"] = "default"
            return start
        dev_x, dev = dev_x[usable], dev[usable]
        unit = float(train.values.mean()) or 1.0
        # A class the inner rows lack would send its intercept to minus infinity: it is held out of the path.
        inner = _Point(start.W[:, present], start.b[present])
        inner_codes, inner_dev = np.searchsorted(present, codes), np.searchsorted(present, dev)
        factor = _factor(start.b)
        best, best_loss, waited, path = inner, np.inf, 0, []
        for step, relative in enumerate(PATH):
            C = float(1.0 / (relative * unit * len(codes)))
            # Ranking the values of C needs less than reporting an optimum.
            inner = train.solve(inner_codes, C, inner, PATH_TOL * self.tol, self.max_iter, factor)
            loss = _dev_loss(dev_x, inner_dev, inner)
            path.append([C, loss])
            waited += 1
            if loss < best_loss:
                best, best_loss, waited = inner, loss, 0
                info["C"], info["at_edge"] = C, step in (0, len(PATH) - 1)
            if waited == PATIENCE:
                break
        info["path"] = path
        start = _Point(start.W.copy(), start.b.copy())
        start.W[:, present], start.b[present] = best.W, best.b
        return start

    def predict_proba(self, X: Array) -> builtins.list[Array]:
        """Probabilities for vectors (n, d): one (n, K) float64 array a target, columns as in `classes_`."""
        X = self._centre.apply(self._check_x(X))
        return [_softmax(X, W, b) for W, b in self._weights]

    def _predict(self, X: Array) -> Array:
        X = self._centre.apply(X)
        answers = np.empty((len(X), self.n_targets_), dtype=object)
        for t, (W, b) in enumerate(self._weights):
            answers[:, t] = self.classes_[t][np.argmax(X @ W.astype(X.dtype) + b, axis=1)]
        return answers


@dataclass
class _Point:
    """Weights (d, K) and intercepts (K,), and how the solver left them."""

    W: Array
    b: Array
    gradient: float = np.inf
    iterations: int = 0
    objective: float = np.nan


class _Rows:
    """Centred training vectors and the eigenvectors of their covariance, shared by targets and penalties."""

    def __init__(self, X: Array) -> None:
        self.X = X
        covariance = np.zeros((X.shape[1], X.shape[1]))
        for start in range(0, len(X), BLOCK):
            part = X[start : start + BLOCK]
            covariance += part.T @ part
        values, self.vectors = np.linalg.eigh(covariance / len(X))
        self.values = np.maximum(values, 0)

    def solve(self, codes: Array, C: float, start: _Point, tol: float, max_iter: int, factor: float) -> _Point:
        """The optimum for labels coded 0..K-1 (n,), from a start; `factor` multiplies the penalty."""
        from scipy.optimize import minimize

        n, d = self.X.shape
        classes = start.W.shape[1]
        penalty = factor / (C * n)
        share = np.bincount(codes, minlength=classes) / n
        curvature = float(share @ (1 - share)) / max(classes - 1, 1)
        stretch = 1 / np.sqrt(curvature * self.values + penalty)
        bias_stretch = 1 / np.sqrt(curvature)

        def objective(flat: Array, kind: np.dtype) -> tuple[float, Array]:
            v = flat.reshape(d + 1, classes)
            W = self.vectors @ (stretch[:, None] * v[:d])
            loss, slope_w, slope_b = _mean_loss(self.X, codes, W, bias_stretch * v[d], kind)
            slope = np.empty_like(v)
            slope[:d] = stretch[:, None] * (self.vectors.T @ (slope_w + penalty * W))
            slope[d] = bias_stretch * slope_b
            return loss + 0.5 * penalty * float(np.vdot(W, W)), slope.ravel()

        v = np.vstack([(self.vectors.T @ start.W) / stretch[:, None], start.b[None] / bias_stretch])
        steps = 0
        # In float32 the line search may stall in rounding before the gradient is small; float64 then goes on.
        for kind in dict.fromkeys([self.X.dtype, np.dtype(np.float64)]):
            left = max_iter - steps
            options: Any = {"maxiter": left, "maxfun": 2 * left, "gtol": tol, "ftol": 0.0, "maxcor": 12}
            found: Any = minimize(objective, v.ravel(), args=(kind,), jac=True, method="L-BFGS-B", options=options)
            v, steps = found.x.reshape(d + 1, classes), steps + int(found.nit)
            gradient = float(np.abs(found.jac).max())
            if gradient <= tol or steps >= max_iter:
                break
        W = self.vectors @ (stretch[:, None] * v[:d])
        return _Point(W, bias_stretch * v[d], gradient, steps, float(found.fun * C * n))


def _factor(classes: Array) -> float:
    """Two classes: w1 = -w0 = w / 2 in the softmax form, so that ||w||^2 is twice ||W||^2."""
    return 2.0 if len(classes) == 2 else 1.0


def _start(codes: Array, classes: int, d: int) -> _Point:
    """No weights, and the intercepts that are best without them."""
    share = np.bincount(codes, minlength=classes) / len(codes)
    log_share = np.log(share)
    return _Point(np.zeros((d, classes)), log_share - log_share.mean())


def _mean_loss(X: Array, codes: Array, W: Array, b: Array, kind: np.dtype) -> tuple[float, Array, Array]:
    """Mean cross-entropy in nats and its slopes (d, K) and (K,). Blocks stay in cache for both products."""
    W, b = W.astype(kind), b.astype(kind)
    loss, slope_w, slope_b = 0.0, np.zeros(W.shape), np.zeros(b.shape)
    for start in range(0, len(X), BLOCK):
        x, gold = X[start : start + BLOCK].astype(kind, copy=False), codes[start : start + BLOCK]
        z = x @ W
        z += b
        z -= z.max(axis=1, keepdims=True)
        picked = z[np.arange(len(x)), gold]
        np.exp(z, out=z)
        total = z.sum(axis=1)
        loss += float((np.log(total) - picked).sum(dtype=np.float64))
        z /= total[:, None]
        z[np.arange(len(x)), gold] -= 1
        slope_w += x.T @ z
        slope_b += z.sum(axis=0, dtype=np.float64)
    return loss / len(X), slope_w / len(X), slope_b / len(X)


def _dev_loss(X: Array, codes: Array, point: _Point) -> float:
    return _mean_loss(X, codes, point.W, point.b, X.dtype)[0]


def _softmax(X: Array, W: Array, b: Array) -> Array:
    z = (X @ W.astype(X.dtype)).astype(np.float64) + b
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)
