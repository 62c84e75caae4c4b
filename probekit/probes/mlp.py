"""Multilayer perceptrons over frozen vectors, for numbers or labels, trained by the one loop."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError
from probekit.probes.inner import SCALES, Scale, inner_split
from probekit.probes.probe import (
    CONSTANT_TARGET,
    Array,
    Dev,
    Probe,
    check_choice,
    check_positive,
    classes_and_codes,
    codes_among,
)
from probekit.values import Count, LessThanAll, Rate, Share, Whole

if TYPE_CHECKING:
    import torch
    from torch import nn


class MLP(Probe):
    """A perceptron with ReLU layers a target: squared error for numbers, cross-entropy for labels.

    Trained with Adam by `probekit.training`, stopped on the loss of development rows (`dev` where given,
    else a fifth of the training groups) and left at the weights of its best epoch. Numbers are standardised
    for training and answered on the raw scale. Each target has a network of its own with the same initial
    weights and batch order, so that its answers do not depend on what else was asked.

    hidden: width of a hidden layer, or the widths of all. layers: number of them (0: a linear model), where they are
    of one width. dropout: share of hidden
    units dropped in training. rate, batch, epochs, patience, decay (of weights, decoupled), schedule
    ("constant" or "plateau"): see `training.Settings`. x_scale: "standard" or "raw", fitted on the training
    rows. seed: weights, order, dropout, split.

    `info_` holds `epochs`, `best_epoch`, `dev_loss` (mean squared error on the standardised scale, or nats),
    `stopped` (early, by patience), and `chosen` ("dev", "inner", or "none" where fewer than two groups
    leave nothing to stop on and all epochs are run). For labels, `classes_` is a list of T sorted arrays.
    """

    answers: ClassVar[frozenset[str]] = frozenset({"number", "label"})
    price = 400.0

    def __init__(
        self,
        *,
        hidden: Count | list[Count] = 256,
        layers: Whole = 1,
        dropout: LessThanAll = 0.0,
        rate: Rate = 1e-3,
        batch: Count = 256,
        epochs: Count = 100,
        patience: Count = 5,
        decay: Share = 0.0,
        schedule: str = "constant",
        x_scale: str = "standard",
        seed: int = 0,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.rate = rate
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.decay = decay
        self.schedule = schedule
        self.x_scale = x_scale
        self.seed = seed

    def _fit(self, X: Array, Y: Array, groups: Array | None, dev: Dev | None) -> None:
        from probekit.training.loop import Settings

        check_choice("x_scale", self.x_scale, SCALES)
        for name in ("batch", "epochs", "patience"):
            _check_whole(name, getattr(self, name))
        for width in self.hidden if isinstance(self.hidden, list) else [self.hidden]:
            _check_whole("hidden", width)
        if isinstance(self.hidden, list) and self.layers != 1:
            raise ProbekitError(f"hidden={self.hidden} has a width for each layer; leave layers={self.layers} out")
        if check_positive("layers", self.layers, zero=True) % 1:
            raise ProbekitError(f"layers must be an integer, got {self.layers!r}")
        if not 0 <= self.dropout < 1:
            raise ProbekitError(f"dropout must be at least 0 and less than 1, got {self.dropout!r}")
        settings = Settings(
            rate=self.rate,
            epochs=int(self.epochs),
            patience=int(self.patience),
            decay=self.decay,
            schedule=self.schedule,
        )
        self._x_scale = Scale.fit(X, self.x_scale)
        self._networks: builtins.list[nn.Module | None] = []
        self.classes_: builtins.list[Array] = []
        whole = self._x_scale.apply(X).astype(np.float32)
        rows = None if dev is not None else inner_split(len(X), groups, self.seed)
        train_rows, dev_rows = (np.arange(len(X)), np.arange(0)) if rows is None else rows
        dev_x = whole[dev_rows] if dev is None else self._x_scale.apply(dev[0]).astype(np.float32)
        chosen = "dev" if dev is not None else "none" if rows is None else "inner"
        if self.kind_ == "number":
            # By all training rows, so that losses of training and development rows share a scale.
            self._y_scale = Scale.fit(Y, "standard")
        for t in range(Y.shape[1]):
            dev_y = Y[dev_rows, t] if dev is None else dev[1][:, t]
            if self.kind_ == "number":
                scale = Scale(self._y_scale.shift[t : t + 1], self._y_scale.width[t : t + 1])
                target = scale.apply(Y[:, t : t + 1])[:, 0].astype(np.float32)
                dev_target, outputs = scale.apply(dev_y[:, None])[:, 0].astype(np.float32), 1
                trivial = CONSTANT_TARGET in self.notes_[t]
            else:
                classes, target = classes_and_codes(Y[:, t])
                self.classes_.append(classes)
                dev_target, outputs = codes_among(dev_y, classes), len(classes)
                trivial = outputs == 1
            if trivial:
                self._networks.append(None)
                self.info_[t] = {"chosen": "none", "epochs": 0, "best_epoch": 0, "stopped": False}
                continue
            known = np.ones(len(dev_target), dtype=bool) if self.kind_ == "number" else dev_target >= 0
            inner = (whole[train_rows], target[train_rows])
            network, info = self._train(inner, (dev_x[known], dev_target[known]), outputs, settings)
            self._networks.append(network)
            self.info_[t] = {"chosen": chosen if known.any() else "none", **info}
            if self.kind_ == "label" and not known.all():
                self.info_[t]["dev_left_out"] = int((~known).sum())

    def _train(self, train: Dev, dev: Dev, outputs: int, settings: Any) -> tuple[nn.Module, dict[str, Any]]:
        import torch
        from torch.nn import functional

        from probekit.training.loop import shuffled
        from probekit.training.loop import train as run

        x, y = (torch.from_numpy(np.ascontiguousarray(part)) for part in train)
        network = self._network(x.shape[1], outputs)
        noise = streams.torch_generator(self.seed, "noise", "dropout")
        number = self.kind_ == "number"

        def loss(module: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
            z = _forward(module, batch[0], self.dropout if module.training else 0.0, noise)
            # Cross-entropy takes scores: it holds the softmax itself.
            return functional.mse_loss(z[:, 0], batch[1]) if number else functional.cross_entropy(z, batch[1])

        def batches(epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
            for rows in shuffled(len(x), int(self.batch), epoch, self.seed):
                index = torch.from_numpy(rows)
                yield x[index], y[index]

        dev_x, dev_y = (torch.from_numpy(np.ascontiguousarray(part)) for part in dev)
        watch = (lambda: float(loss(network, (dev_x, dev_y)))) if len(dev_x) else None
        progress = run(network, loss, batches, settings, watch)
        info: dict[str, Any] = {"epochs": progress.epoch, "best_epoch": progress.best_epoch}
        info["stopped"] = progress.stopped
        if watch is not None:
            info["dev_loss"] = progress.best_loss
        return network, info

    def _network(self, inputs: int, outputs: int) -> nn.Module:
        from torch import nn

        from probekit.probes.dense import dense

        hidden = self.hidden if isinstance(self.hidden, list) else [self.hidden] * int(self.layers)
        widths = [inputs, *map(int, hidden), outputs]
        return nn.ModuleList(
            dense(before, after, self.seed, "mlp", place)
            for place, (before, after) in enumerate(itertools.pairwise(widths))
        )

    def _scores(self, X: Array, target: int) -> Array:
        import torch

        network = self._networks[target]
        if network is None:
            return np.zeros((len(X), 1))
        x = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
        with torch.no_grad():
            return _forward(network, x, 0.0, None).numpy().astype(np.float64)

    def predict_proba(self, X: Array) -> builtins.list[Array]:
        """Probabilities for vectors (n, d), label targets only: one (n, K) array a target."""
        X = self._x_scale.apply(self._check_x(X))
        if self.kind_ != "label":
            raise ProbekitError("predict_proba is for labels; this perceptron was fitted on numbers")
        answers = []
        for t in range(self.n_targets_):
            z = self._scores(X, t)
            z = np.exp(z - z.max(axis=1, keepdims=True))
            answers.append(z / z.sum(axis=1, keepdims=True))
        return answers

    def _predict(self, X: Array) -> Array:
        X = self._x_scale.apply(X)
        scores = [self._scores(X, t) for t in range(self.n_targets_)]
        if self.kind_ == "number":
            return self._y_scale.undo(np.hstack(scores))
        answers = np.empty((len(X), self.n_targets_), dtype=object)
        for t, z in enumerate(scores):
            answers[:, t] = self.classes_[t][z.argmax(axis=1)]
        return answers


def _check_whole(name: str, value: int) -> None:
    if check_positive(name, value) % 1:
        raise ProbekitError(f"{name} must be an integer, got {value!r}")


def _forward(layers: Any, x: torch.Tensor, dropout: float, noise: torch.Generator | None) -> torch.Tensor:
    import torch

    for layer in layers[:-1]:
        x = torch.relu(layer(x))
        if dropout:
            kept = torch.rand(x.shape, generator=noise) >= dropout
            x = x * kept / (1 - dropout)
    return layers[-1](x)
