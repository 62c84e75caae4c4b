"""Ridge regression in closed form, all targets, folds and penalties of a matrix together.

Everything is read off second moments (Gram matrices with the targets and a column of ones beside the
features), in float64. They are summed once over cells of rows that share their part in every fold, so that
folds cost no second pass over the data; each fold then takes one eigendecomposition, and one more for each
inner fold when the penalty is to be chosen.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from probekit.probes.inner import SCALES, as_groups, group_parts, usable_width
from probekit.probes.probe import CONSTANT_TARGET, Array, Dev, Probe, check_choice, check_matrix, check_positive
from probekit.values import NotNegative

INNER_FOLDS = 5
GRID = np.logspace(-7, 3, 21)  # times the mean eigenvalue of the centred Gram matrix
BLOCK = 4096


class Ridge(Probe):
    """Ridge regression: minimises `sum_i (y_i - x_i.w - b)^2 + alpha ||w||^2`, the intercept not penalised.

    alpha: a number fixes the penalty for every target (as in scikit-learn's Ridge). None chooses it for
    each target from 21 values, 1e-7 to 1e3 times the mean eigenvalue of the centred training Gram matrix,
    by squared error: on `dev` where given, else by cross-validation over 5 parts of the training groups.
    Not by the leave-one-out formula, cheap as it is: rows of one group (words of one sentence, sentences of
    one document) resemble each other, and leaving out one at a time would choose too small a penalty.
    x_scale: "raw" or "standard", fitted on the training rows. There is no y_scale: the answer moves with y.
    seed: the inner split.

    `info_` holds `alpha`, `chosen` ("fixed", "dev", "inner", or "default" where fewer than two groups leave
    no choice) and, where chosen, `at_edge` (the best value is the first or last of the grid).
    """

    answers: ClassVar[frozenset[str]] = frozenset({"number"})
    price = 1.0

    def __init__(self, *, alpha: NotNegative | None = None, x_scale: str = "raw", seed: int = 0) -> None:
        self.alpha = alpha
        self.x_scale = x_scale
        self.seed = seed

    def _check_params(self) -> None:
        check_choice("x_scale", self.x_scale, SCALES)
        if self.alpha is not None:
            check_positive("alpha", self.alpha, zero=True)

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        self._check_params()
        rows = np.arange(len(X))
        choose = self.alpha is None and dev is None
        part = _parts(len(X), groups, self.seed) if choose else np.zeros_like(rows)
        shift = _shift(X, Y)
        parts = [_moments(X, Y, rows[part == p], shift) for p in np.unique(part)]
        held = None if dev is None else _moments(dev[0], dev[1], np.arange(len(dev[0])), shift)
        self._settle(_Fold(parts, held, shift, X.shape[1], X.dtype))

    @classmethod
    def fit_many(
        cls,
        X: Array,
        Y: Array,
        train_rows: Sequence[Array],
        params: Sequence[Mapping[str, Any]],
        *,
        groups: Array | None = None,
        dev_rows: Sequence[Array | None] | None = None,
        seed: int = 0,
    ) -> builtins.list[builtins.list[Self]]:
        """All folds and settings from one pass over the data; see `Probe.fit_many`."""
        X, Y = np.asarray(X), np.asarray(Y)
        folds = [np.arange(len(X))[rows] for rows in train_rows]
        repeated = any(len(np.unique(rows)) != len(rows) for rows in folds)
        if repeated or not folds or any(p.get("seed", seed) != seed for p in params):
            return super().fit_many(X, Y, train_rows, params, groups=groups, dev_rows=dev_rows, seed=seed)
        known = as_groups(groups, len(X))
        fitted = [[cls(**{"seed": seed, **p}) for p in params] for _ in folds]
        for rows, probes in zip(folds, fitted, strict=True):
            for number, probe in enumerate(probes):
                probe._check_params()
                if number:
                    probe._begin_as(probes[0])
                else:
                    probe._begin(X[rows], Y[rows])
        if not params:
            return fitted
        Y = np.asarray(Y, dtype=np.float64).reshape(len(Y), -1)
        if X.dtype not in (np.float32, np.float64):
            X = check_matrix(X)
        shift = _shift(X[folds[0]], Y[folds[0]])
        held: builtins.list[Array | None] = [None] * len(folds) if dev_rows is None else [*dev_rows]
        choosing = any(p.get("alpha") is None for p in params)
        parts = np.full((len(folds), len(X)), -1)
        for fold, rows in enumerate(folds):
            choose = choosing and held[fold] is None
            inner = None if known is None else known[rows]
            parts[fold, rows] = _parts(len(rows), inner, seed) if choose else 0
        for fold, sums in enumerate(_shared_moments(X, Y, parts, shift)):
            rows_held = held[fold]
            dev = None if rows_held is None else _moments(X, Y, np.arange(len(X))[rows_held], shift)
            moments = _Fold(sums, dev, shift, X.shape[1], X.dtype)
            for probe in fitted[fold]:
                probe._settle(moments)
        return fitted

    def _settle(self, fold: _Fold) -> None:
        spectrum = fold.spectrum(self.x_scale)
        targets = spectrum.gram_y.shape[1]
        if self.alpha is not None:
            alpha, chosen, edge = np.full(targets, float(self.alpha)), "fixed", np.zeros(targets, dtype=bool)
        else:
            alpha, chosen, edge = fold.choose(self.x_scale)
        for t, note in enumerate(self.notes_):
            self.info_[t] = {"alpha": float(alpha[t]), "chosen": chosen}
            if chosen in ("dev", "inner") and CONSTANT_TARGET not in note:
                self.info_[t]["at_edge"] = bool(edge[t])
        scaled = spectrum.vectors @ (spectrum.gram_y * spectrum.inverse(alpha))
        flat = np.array([CONSTANT_TARGET in note for note in self.notes_])
        scaled[:, flat] = 0.0  # exactly, not up to rounding
        self.coef_ = scaled / spectrum.width[:, None]
        self.intercept_ = spectrum.mean_y - spectrum.mean_x @ self.coef_

    def _predict(self, X: Array) -> Array:
        return X.astype(np.float64) @ self.coef_ + self.intercept_


def _parts(rows: int, groups: Array | None, seed: int) -> Array:
    distinct = rows if groups is None else len(np.unique(groups))
    return group_parts(rows, groups, min(INNER_FOLDS, distinct), seed)


def _shift(X: Array, Y: Array) -> Array:
    """A point near the data, taken off before squaring so that centring loses no digits. (d + T,)"""
    return np.concatenate([X.mean(axis=0, dtype=np.float64), Y.mean(axis=0)])


def _moments(X: Array, Y: Array, rows: Array, shift: Array) -> Array:
    """Sum over rows of a a', where a = (x, y, 1) less the shift. (d + T + 1, d + T + 1) float64."""
    d, width = X.shape[1], len(shift) + 1
    total = np.zeros((width, width))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        a = np.ones((len(block), width))
        a[:, :d] = X[block]
        a[:, d:-1] = Y[block]
        a[:, :-1] -= shift
        total += a.T @ a
    return total


def _shared_moments(X: Array, Y: Array, parts: Array, shift: Array) -> builtins.list[builtins.list[Array]]:
    """Moments of each inner part of each fold. parts (F, n): part of a row in a fold, -1 outside.

    Rows with the same parts in every fold form a cell, summed once and added wherever it belongs. Where
    folds share no structure there are about as many cells as rows, and each fold is summed by itself instead.
    """
    codes = np.zeros(parts.shape[1], dtype=np.int64)
    for row in parts:
        _, codes = np.unique(codes * (INNER_FOLDS + 1) + row + 1, return_inverse=True)
    if codes.max() + 1 > 16 * INNER_FOLDS * len(parts):
        return [[_moments(X, Y, np.flatnonzero(row == p), shift) for p in range(row.max() + 1)] for row in parts]
    width = len(shift) + 1
    sums = [[np.zeros((width, width)) for _ in range(row.max() + 1)] for row in parts]
    order = np.argsort(codes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        if (parts[:, rows[0]] < 0).all():
            continue
        cell = _moments(X, Y, rows, shift)
        for fold, part in enumerate(parts[:, rows[0]]):
            if part >= 0:
                sums[fold][part] += cell
    return sums


@dataclass
class _Spectrum:
    """Eigendecomposition of one centred, scaled Gram matrix, with what belongs to its solutions."""

    values: Array  # (d,) eigenvalues, not below 0
    vectors: Array  # (d, d)
    gram_y: Array  # (d, T): features times targets, in the basis of the eigenvectors
    mean_x: Array  # (d,) raw
    mean_y: Array  # (T,) raw
    width: Array  # (d,) what the features were divided by

    def inverse(self, alpha: Array) -> Array:
        """1 / (eigenvalue + alpha), and 0 in directions without variance. alpha (...,) gives (d, ...)."""
        values = self.values.reshape(-1, *[1] * np.ndim(alpha))
        total = values + alpha
        empty = total <= len(self.values) * np.finfo(float).eps * self.values.max(initial=0.0)
        return np.where(empty, 0.0, 1.0 / np.where(empty, 1.0, total))


@dataclass
class _Fold:
    """Moments of one training set by inner part, and of its development rows."""

    parts: builtins.list[Array]
    dev: Array | None
    shift: Array
    d: int
    dtype: np.dtype
    _spectra: dict[str, _Spectrum] = field(default_factory=dict)
    _choices: dict[str, tuple[Array, str, Array]] = field(default_factory=dict)

    def spectrum(self, x_scale: str) -> _Spectrum:
        """Decomposition of the whole training set's Gram matrix."""
        if x_scale not in self._spectra:
            total = sum(self.parts[1:], start=self.parts[0])
            width = np.ones(self.d)
            if x_scale == "standard":
                mean, centred = _centred(total)
                deviation = np.sqrt(np.maximum(np.diag(centred)[: self.d], 0) / total[-1, -1])
                width = usable_width(deviation, (mean + self.shift)[: self.d], self.dtype)
            self._spectra[x_scale] = self._decompose(total, width)
        return self._spectra[x_scale]

    def choose(self, x_scale: str) -> tuple[Array, str, Array]:
        """Penalty of each target (T,), how it was chosen, whether it is at the grid's edge (T,)."""
        if x_scale not in self._choices:
            self._choices[x_scale] = self._choose(self.spectrum(x_scale))
        return self._choices[x_scale]

    def _choose(self, whole: _Spectrum) -> tuple[Array, str, Array]:
        targets = whole.gram_y.shape[1]
        unit = whole.values.mean() or 1.0
        alphas = GRID * unit
        if self.dev is None and len(self.parts) < 2:
            return np.full(targets, 1e-3 * unit), "default", np.zeros(targets, dtype=bool)
        if self.dev is not None:
            error = _errors(whole, self.dev, self.shift, alphas)
        else:
            error = np.zeros((len(alphas), targets))
            for held, part in enumerate(self.parts):
                rest = [p for number, p in enumerate(self.parts) if number != held]
                spectrum = self._decompose(sum(rest[1:], start=rest[0]), whole.width)
                error += _errors(spectrum, part, self.shift, alphas)
        # Among penalties that do equally well the strongest is taken.
        good = error <= error.min(axis=0) * (1 + 1e-9)
        best = len(alphas) - 1 - np.argmax(good[::-1], axis=0)
        return alphas[best], "inner" if self.dev is None else "dev", (best == 0) | (best == len(alphas) - 1)

    def _decompose(self, moments: Array, width: Array) -> _Spectrum:
        mean, centred = _centred(moments)
        values, vectors = np.linalg.eigh(centred[: self.d, : self.d] / np.outer(width, width))
        gram_y = vectors.T @ (centred[: self.d, self.d :] / width[:, None])
        mean = mean + self.shift
        return _Spectrum(np.maximum(values, 0), vectors, gram_y, mean[: self.d], mean[self.d :], width)


def _centred(moments: Array) -> tuple[Array, Array]:
    """Mean (d + T,) and scatter about it (d + T, d + T)."""
    mean = moments[-1, :-1] / moments[-1, -1]
    return mean, moments[:-1, :-1] - moments[-1, -1] * np.outer(mean, mean)


def _errors(spectrum: _Spectrum, held: Array, shift: Array, alphas: Array) -> Array:
    """Squared error of every penalty on rows given by their moments alone. (A, T)

    With w = Q v the error is y'y - 2 v'Q'X'y + v'Q'X'XQ v about the training means, so that no row is needed.
    """
    d, targets = len(spectrum.values), spectrum.gram_y.shape[1]
    mean = np.concatenate([spectrum.mean_x, spectrum.mean_y]) - shift
    cross = np.outer(held[-1, :-1], mean)
    scatter = held[:-1, :-1] - cross - cross.T + held[-1, -1] * np.outer(mean, mean)
    rotated = spectrum.vectors / spectrum.width[:, None]
    v = spectrum.gram_y[:, None, :] * spectrum.inverse(alphas)[:, :, None]  # (d, A, T)
    flat = v.reshape(d, -1)
    quadratic = np.einsum("ij,ij->j", flat, rotated.T @ scatter[:d, :d] @ rotated @ flat)
    linear = np.einsum("dat,dt->at", v, rotated.T @ scatter[:d, d:])
    error = np.diag(scatter)[d:] - 2 * linear + quadratic.reshape(len(alphas), targets)
    return np.maximum(error, 0)
