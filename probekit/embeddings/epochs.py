"""Epochs of a training that changes arrays in place, kept after each: a run that was stopped goes on there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from probekit.errors import ProbekitError
from probekit.progress import bar

FILE = "state.safetensors"


class Kept:
    """The state of a training in a folder, None for one that is not kept: arrays by name and the loss of each epoch."""

    def __init__(self, folder: Path | None, arrays: Mapping[str, np.ndarray]) -> None:
        self.folder, self.arrays = folder, arrays

    def train(self, epochs: int, one: Callable[[int], float], rate: float, label: str) -> list[float]:
        """The loss of each epoch, six digits of it: of those that were kept, then of `one` for each that is missing.

        Raises ProbekitError where it is no number any more, which a lower rate may mend.
        """
        losses = self.load()
        with bar(epochs, f"training {label}", "epoch", len(losses)) as shown:
            for epoch in range(len(losses), epochs):
                loss = one(epoch)
                if not np.isfinite(loss):
                    raise ProbekitError(f"the loss became {loss} in epoch {epoch + 1}; lower the rate, now {rate}")
                losses.append(loss)
                self.save(losses)
                shown.update()
        return [float(f"{loss:.6g}") for loss in losses]

    def save(self, losses: list[float]) -> None:
        """Write it so that the folder holds the new state whole, or the one before."""
        if self.folder is None:
            return
        from safetensors.numpy import save_file

        hidden = self.folder / f".{FILE}.tmp"
        kept = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        save_file(kept, hidden, metadata={"losses": json.dumps(losses)})
        with open(hidden, "rb") as file:
            os.fsync(file.fileno())
        os.replace(hidden, self.folder / FILE)

    def load(self) -> list[float]:
        """Bring the arrays to what was kept and give the loss of each epoch, none where nothing was.

        Raises ProbekitError for a file that holds something else.
        """
        if self.folder is None or not (self.folder / FILE).is_file():
            return []
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / FILE, "numpy") as file:
                losses = json.loads(file.metadata()["losses"])
                found = {name: file.get_tensor(name) for name in self.arrays}
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            raise ProbekitError(f"{self.folder} holds no training state ({error}); remove it to start over") from error
        for name, array in self.arrays.items():
            if found[name].shape != array.shape:
                raise ProbekitError(f"{self.folder} holds the state of another training; remove it to start over")
            array[...] = found[name]
        return [float(loss) for loss in losses]
