"""Where a training run stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass
class Progress:
    """Where a training run stands after `epoch` epochs.

    train_losses, dev_losses: one a finished epoch; choices: where another number than the loss chooses the best epoch;
    terms: means of those terms of a loss that have names. `best` holds the weights of `best_epoch`; `latest` and
    `optimizer`, set when training ends, are what it goes on from. All three are empty where the state is kept on disk.
    """

    epoch: int = 0
    best_epoch: int = 0
    train_losses: list[float] = field(default_factory=list)
    dev_losses: list[float] = field(default_factory=list)
    terms: list[dict[str, float]] = field(default_factory=list)
    choices: list[float] = field(default_factory=list)
    stopped: bool = False  # early, by patience
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    latest: dict[str, torch.Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)

    @property
    def best_loss(self) -> float:
        """Development loss of the kept weights (training loss where nothing is watched)."""
        losses = self.dev_losses or self.train_losses
        return losses[self.best_epoch - 1] if self.best_epoch else float("inf")

    @property
    def best_value(self) -> float:
        """The number by which the kept weights were chosen."""
        return self.choices[self.best_epoch - 1] if self.choices and self.best_epoch else self.best_loss
