"""Arrays that training changes in place, kept after every epoch so that a run that was stopped goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from probekit.errors import ProbekitError

FILE = "state.safetensors"


class Kept:
    """The state of a training in a folder, None for one that is not kept: arrays by name and the loss of each epoch."""

    def __init__(self, folder: Path | None, arrays: Mapping[str, np.ndarray]) -> None:
        self.folder, self.arrays = folder, arrays

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
