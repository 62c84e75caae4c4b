"""A training run's state on disk: one safetensors file, replaced whole after every epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit.errors import ProbekitError
from probekit.store import write_atomically

if TYPE_CHECKING:
    import torch

    from probekit.training.loop import Progress

_PLAIN = ("epoch", "best_epoch", "train_losses", "dev_losses", "stopped")


def save(progress: Progress, path: Path) -> None:
    """Write a state so that the file holds it whole or holds the one before."""
    from safetensors.torch import save as to_bytes

    tensors = {f"best/{name}": value for name, value in progress.best.items()}
    tensors |= {f"latest/{name}": value for name, value in progress.latest.items()}
    numbers: dict[str, dict[str, Any]] = {}
    for place, state in progress.optimizer["state"].items():
        for name, value in state.items():
            if hasattr(value, "dtype"):
                tensors[f"optimizer/{place}/{name}"] = value
            else:
                numbers.setdefault(str(place), {})[name] = value
    plain = {name: getattr(progress, name) for name in _PLAIN}
    content = {**plain, "groups": progress.optimizer["param_groups"], "numbers": numbers}
    # Tied weights are one tensor under two names, which the format refuses: each name gets its own.
    owned = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, to_bytes(owned, {"progress": json.dumps(content)}))


def load(path: Path) -> Progress:
    """A state as `save` wrote it. Raises ProbekitError for a file that is something else."""
    from safetensors import SafetensorError, safe_open

    from probekit.training.loop import Progress

    try:
        with safe_open(path, framework="pt") as file:
            content = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in content.pop("numbers").items()}
        weights: dict[str, dict[str, torch.Tensor]] = {"best": {}, "latest": {}}
        for name, value in tensors.items():
            kind, _, rest = name.partition("/")
            if kind == "optimizer":
                place, _, entry = rest.partition("/")
                state.setdefault(int(place), {})[entry] = value
            else:
                weights[kind][rest] = value
        optimizer = {"state": state, "param_groups": content.pop("groups")}
        return Progress(**content, best=weights["best"], latest=weights["latest"], optimizer=optimizer)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ProbekitError(f"{path} holds no training state ({error}); remove it to start over") from error
