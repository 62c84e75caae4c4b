"""The one training loop: Adam, a schedule, clipped gradients, early stopping, the best weights kept.

It is handed a module, a loss and a source of batches, and knows nothing else about what is learned. All
state is in `Progress`, plain tensors and numbers; the loop starts from one as well as from nothing, which
is what a resumable run will write to disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError
from probekit.training.schedules import schedule

if TYPE_CHECKING:
    import torch
    from torch import nn

Loss = Callable[[Any, Any], "torch.Tensor"]  # (module, batch) -> mean loss of the batch, a scalar tensor
Batches = Callable[[int], Iterable[Any]]  # epoch, counted from 0 -> batches


@dataclass(frozen=True)
class Settings:
    """How to train.

    rate: Adam's learning rate. clip: largest norm of a gradient, None for no limit. patience: epochs
    without a lower development loss before training ends. decay: of weights, decoupled from the rate's
    adaptation (Loshchilov and Hutter 2019). schedule: "constant" or "plateau". Raises ProbekitError for
    values out of range.
    """

    rate: float = 1e-3
    epochs: int = 100
    patience: int = 5
    clip: float | None = 1.0
    decay: float = 0.0
    schedule: str = "constant"

    def __post_init__(self) -> None:
        schedule(self.schedule)
        positive = {"rate": self.rate, "epochs": self.epochs, "patience": self.patience}
        if self.clip is not None:
            positive["clip"] = self.clip
        for name, value in positive.items():
            if not value > 0:
                raise ProbekitError(f"{name} must be positive, got {value!r}")
        if self.decay < 0:
            raise ProbekitError(f"decay must be 0 or more, got {self.decay!r}")


@dataclass
class Progress:
    """Where a training run stands after `epoch` epochs.

    train_losses, dev_losses: one a finished epoch. `best` holds the weights of `best_epoch`; `latest` and
    `optimizer` are what training goes on from.
    """

    epoch: int = 0
    best_epoch: int = 0
    train_losses: list[float] = field(default_factory=list)
    dev_losses: list[float] = field(default_factory=list)
    stopped: bool = False  # early, by patience
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    latest: dict[str, torch.Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)

    @property
    def best_loss(self) -> float:
        """Development loss of the kept weights (training loss where nothing is watched)."""
        losses = self.dev_losses or self.train_losses
        return losses[self.best_epoch - 1] if self.best_epoch else float("inf")


def train(
    module: nn.Module,
    loss: Loss,
    batches: Batches,
    settings: Settings,
    dev_loss: Callable[[], float] | None = None,
    progress: Progress | None = None,
) -> Progress:
    """Train a module in place and leave it in evaluation mode with the weights of its best epoch.

    loss: mean loss of a batch. Batches are weighed alike in `train_losses`. batches: the batches of an
    epoch; their order is the caller's (see `shuffled`). dev_loss: called after each epoch without
    gradients, in evaluation mode; without it all epochs are run and the last weights kept. progress:
    continue from there. Raises ProbekitError when a loss is not finite.
    """
    import torch

    progress = progress or Progress()
    factor = schedule(settings.schedule)
    optimizer = torch.optim.AdamW(module.parameters(), lr=settings.rate, weight_decay=settings.decay)
    if progress.epoch:
        module.load_state_dict(progress.latest)
        optimizer.load_state_dict(progress.optimizer)
    while progress.epoch < settings.epochs and not progress.stopped:
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * factor(progress.dev_losses)
        module.train()
        total, count = 0.0, 0
        for batch in batches(progress.epoch):
            optimizer.zero_grad(set_to_none=True)
            value = loss(module, batch)
            value.backward()
            if settings.clip is not None:
                torch.nn.utils.clip_grad_norm_(module.parameters(), settings.clip)
            optimizer.step()
            total, count = total + float(value.detach()), count + 1
        if not count:
            raise ProbekitError("an epoch without batches; training needs at least one")
        progress.epoch += 1
        progress.train_losses.append(total / count)
        module.eval()
        if dev_loss is not None:
            with torch.no_grad():
                progress.dev_losses.append(float(dev_loss()))
        newest = (progress.dev_losses or progress.train_losses)[-1]
        if not (np.isfinite(newest) and np.isfinite(total)):
            raise ProbekitError(
                f"the loss became {newest} in epoch {progress.epoch}; lower the rate, now {settings.rate}"
            )
        if dev_loss is None or newest < progress.best_loss:
            progress.best_epoch = progress.epoch
            progress.best = _copy(module)
        progress.stopped = progress.epoch - progress.best_epoch >= settings.patience
        progress.latest, progress.optimizer = _copy(module), optimizer.state_dict()
    module.load_state_dict(progress.best)
    module.eval()
    return progress


def shuffled(rows: int, size: int, epoch: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers of an epoch's batches, in an order that depends on the seed and the epoch alone."""
    order = streams.generator(seed, "order", epoch).permutation(rows)
    for start in range(0, rows, size):
        yield order[start : start + size]


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
