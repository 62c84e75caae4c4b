"""The base of all probes: checked arrays in, one note and one dict of findings a target out.

A subclass stores its hyperparameters in `__init__` (keywords only, `seed` among them), and gives `_fit` and
`_predict` on checked arrays with one column a target. It may override `fit_many` with a joint solution; the
numbers must stay those of the loop given here.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from probekit.errors import ProbekitError, UnknownName
from probekit.probes.inner import as_groups
from probekit.sources import parameters

Array = np.ndarray
Dev = tuple[Array, Array]

CONSTANT_TARGET = "constant target in training"
ALL_ZERO = "all training vectors are zero"
CONSTANT_FEATURES = "all training vectors are the same"
ONE_CLASS = "one class only in training"


class AnyProbe:
    """What every probe says of itself: what it `takes` (vectors, spans), which kinds of task it `answers`, its price.

    Hyperparameters are keywords of `__init__`, `seed` among them, kept under their names.
    """

    takes: ClassVar[str] = "vectors"
    answers: ClassVar[frozenset[str]] = frozenset()
    # Seconds of one core for 1e9 units x dimensions x targets x folds, as measured on treebank sentences and words with
    # 384 dimensions. Good to a factor of two or three: what is left to each target alone (iterations, classes) varies.
    price: ClassVar[float] = 20.0

    seed: int

    @classmethod
    def seconds(cls, units: int, width: int, targets: int, folds: int) -> float:
        """What fitting and scoring will take of one core."""
        return cls.price * units * width * targets * folds / 1e9

    def _check_params(self) -> None:
        """Refuse hyperparameters that are out of range, before any work. Raises ProbekitError."""

    def get_params(self) -> dict[str, Any]:
        """Hyperparameters as they were given, by name."""
        return {name: getattr(self, name) for name in parameters(type(self))}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"


class Probe(AnyProbe):
    """A question answered from frozen vectors, with scikit-learn's manners.

    After `fit`: `info_`, a list of T dicts of plain values (what the fit found), `notes_`, a list of T
    texts (empty when there is nothing to note), `n_features_`, `n_targets_` and `kind_` (number or label).
    """

    kind_: str
    n_features_: int
    n_targets_: int
    info_: list[dict[str, Any]]
    notes_: list[str]

    # -- what a subclass gives

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        """Fit on X (n, d), Y (n, T). `info_` and `notes_` are there already and are added to."""
        raise NotImplementedError

    def _predict(self, X: Array) -> Array:
        """Answers (n, T) for checked vectors (n, d)."""
        raise NotImplementedError

    # -- what everyone shares

    def fit(self, X: Array, Y: Array, *, groups: Array | None = None, dev: Dev | None = None) -> Self:
        """Fit one or many targets, each on its own.

        X: (n, d) vectors, float32 or float64. Y: (n,) or (n, T), finite numbers or text labels. groups: (n,)
        integers, rows that inner splits keep together. dev: (X_dev, Y_dev) to choose hyperparameters or
        stop on; without it, or without rows in it, probes that need one split the training rows by groups.
        Raises ProbekitError for shapes that do not fit, values that are not finite (naming row and column),
        and targets the probe does not answer.
        """
        X, Y = self._begin(X, Y)
        known = as_groups(groups, len(X))
        if dev is not None and not len(dev[0]):
            dev = None
        if dev is not None:
            dev = (self._check_x(dev[0]), self._check_y(dev[1], len(dev[0])))
            if dev[1].shape[1] != Y.shape[1]:
                raise ProbekitError(f"development data has {dev[1].shape[1]} targets, the training data {Y.shape[1]}")
        self._fit(X, Y, known, dev)
        return self

    def predict(self, X: Array) -> Array:
        """Answers for vectors X (n, d): (n,) when fitted on a single column of targets, else (n, T)."""
        answers = self._predict(self._check_x(X))
        return answers[:, 0] if self._flat else answers

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
        """Fit every fold with every setting: `fitted[fold][setting]`.

        train_rows, dev_rows: one integer array a fold (no development rows: None). params: hyperparameters
        by name, one mapping a setting. The same numbers as `cls(**setting, seed=seed).fit(...)` on each fold.
        """
        X, Y = np.asarray(X), np.asarray(Y)
        fitted = []
        for fold, rows in enumerate(train_rows):
            held = None if dev_rows is None else dev_rows[fold]
            inner = None if groups is None else np.asarray(groups)[rows]
            dev = None if held is None else (X[held], Y[held])
            x, y = X[rows], Y[rows]
            fitted.append([cls(**{"seed": seed, **p}).fit(x, y, groups=inner, dev=dev) for p in params])
        return fitted

    # -- checks

    def _begin(self, X: Array, Y: Array) -> tuple[Array, Array]:
        """Check training data, remember its shape, open `info_` and `notes_`. Returns (n, d) and (n, T)."""
        self._flat = np.ndim(Y) == 1
        self.kind_ = self._kind_of(Y)
        X = check_matrix(X)
        self.n_features_ = X.shape[1]
        if not len(X):
            raise ProbekitError("no training rows; a probe needs at least one")
        Y = self._check_y(Y, len(X))
        if not Y.shape[1]:
            raise ProbekitError("no targets; a probe needs at least one")
        self.n_targets_ = Y.shape[1]
        self.info_ = [{} for _ in range(self.n_targets_)]
        self.notes_ = training_notes(X, Y, self.kind_)
        return X, Y

    def _begin_as(self, other: Self) -> None:
        """Begin on data that another probe of this class has begun on, checked once."""
        self._flat, self.kind_ = other._flat, other.kind_
        self.n_features_, self.n_targets_ = other.n_features_, other.n_targets_
        self.info_ = [{} for _ in range(self.n_targets_)]
        self.notes_ = [*other.notes_]

    def _note(self, target: int, text: str) -> None:
        """Add to the note of one target."""
        self.notes_[target] = f"{self.notes_[target]}; {text}" if self.notes_[target] else text

    def _kind_of(self, Y: Array) -> str:
        kind = "number" if np.asarray(Y).dtype.kind in "biuf" else "label"
        if kind not in self.answers:
            wanted = " or ".join(sorted(self.answers)) or "nothing"
            hint = "give labels as text" if kind == "number" else "it cannot answer text labels"
            raise ProbekitError(f"{type(self).__name__} answers {wanted} targets, got {kind} targets; {hint}")
        return kind

    def _check_x(self, X: Array) -> Array:
        if not hasattr(self, "n_features_"):
            raise ProbekitError(f"{type(self).__name__} has not been fitted; call fit first")
        X = check_matrix(X)
        if X.shape[1] != self.n_features_:
            raise ProbekitError(f"vectors have {X.shape[1]} columns, the probe was fitted on {self.n_features_}")
        return X

    def _check_y(self, Y: Array, rows: int) -> Array:
        Y = np.asarray(Y)
        if Y.ndim not in (1, 2):
            raise ProbekitError(f"targets must be (n,) or (n, T), got {Y.ndim} dimensions")
        if len(Y) != rows:
            raise ProbekitError(f"{rows} vectors but {len(Y)} targets")
        if (Y.dtype.kind in "biuf") != (self.kind_ == "number"):
            raise ProbekitError(f"targets were {self.kind_}s in training and are {Y.dtype} now")
        Y = Y[:, None] if Y.ndim == 1 else Y
        if self.kind_ == "number":
            Y = np.ascontiguousarray(Y, dtype=np.float64)
            refuse_holes(np.isfinite(Y), Y, "targets")
            return Y
        Y = Y.astype(object)
        text = [isinstance(value, str) for value in Y.ravel()]
        refuse_holes(np.array(text, dtype=bool).reshape(Y.shape), Y, "labels")
        return Y


def check_matrix(X: Array) -> Array:
    """Vectors as a (n, d) float32 or float64 array. Raises ProbekitError naming row and column."""
    X = np.asarray(X)
    if X.ndim != 2 or X.dtype.kind not in "biuf" or X.shape[1] == 0:
        raise ProbekitError(f"vectors must be a (n, d) array of numbers, got {X.dtype} of shape {X.shape}")
    if X.dtype not in (np.float32, np.float64):
        X = X.astype(np.float32 if X.dtype == np.float16 else np.float64)
    refuse_holes(np.isfinite(X), X, "vectors")
    return X


def refuse_holes(fine: Array, values: Array, what: str) -> None:
    """Raise ProbekitError for the first value that is not fine, naming row and column (from 0)."""
    if fine.all():
        return
    row, column = map(int, np.argwhere(~fine)[0])
    raise ProbekitError(
        f"{what} hold {values[row, column]!s} at row {row}, column {column} (counted from 0); "
        f"{int((~fine).sum())} such values in all: remove or fill them before fitting"
    )


def training_notes(X: Array, Y: Array, kind: str) -> builtins.list[str]:
    """One note a target: what makes the fit trivial (one value of the target, vectors that do not differ)."""
    vectors = ""
    if not np.any(X):
        vectors = ALL_ZERO
    elif not np.ptp(X, axis=0).any():
        vectors = CONSTANT_FEATURES
    constant = [(Y[:, t] == Y[0, t]).all() for t in range(Y.shape[1])]
    trivial = CONSTANT_TARGET if kind == "number" else ONE_CLASS
    return ["; ".join(filter(None, [trivial if flat else "", vectors])) for flat in constant]


def classes_and_codes(column: Array) -> tuple[Array, Array]:
    """Sorted classes of a column of labels, and each row's place among them. Never in the order of a set."""
    codes, classes = pd.factorize(column, sort=True)
    return np.asarray(classes, dtype=object), codes.astype(np.int64)


def codes_among(column: Array, classes: Array) -> Array:
    """Each label's place among known sorted classes, -1 where it is not among them."""
    return pd.Index(classes, dtype=object).get_indexer(pd.Index(column, dtype=object)).astype(np.int64)


def check_choice(name: str, value: str, known: Sequence[str]) -> str:
    """A hyperparameter that is one of a few words. Raises UnknownName."""
    if value not in known:
        raise UnknownName(f"value of {name}:", str(value), known)
    return value


def check_positive(name: str, value: float, *, zero: bool = False) -> float:
    """A hyperparameter that is a positive number (or zero, where allowed). Raises ProbekitError."""
    fine = isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value)
    if not fine or value < 0 or (value == 0 and not zero):
        wanted = "number of 0 or more" if zero else "positive number"
        raise ProbekitError(f"{name} must be a {wanted}, got {value!r}")
    return float(value)
