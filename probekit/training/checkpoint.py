"""A training run's state on disk: a folder whose files are replaced after every epoch, one at a time.

`progress.json` names the epoch and the settings; the weights of that epoch, the best ones and the optimizer's state lie
beside it as safetensors. They are written from the tensors as they are: training holds no second copy of a model in
memory.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probekit.errors import ProbekitError
from probekit.store import write_atomically

if TYPE_CHECKING:
    import torch
    from torch import nn

    from probekit.training.progress import Progress

STATE = "progress.json"
_PLAIN = ("epoch", "best_epoch", "train_losses", "dev_losses", "terms", "choices", "stopped")
_LATER: Mapping[str, Any] = {"terms": [], "choices": []}  # what states that were written before do not say


def save(
    progress: Progress, module: nn.Module, optimizer: torch.optim.Optimizer, folder: Path, how: Mapping[str, Any]
) -> None:
    """Write a state so that the folder holds it whole or holds the one before. how: what training depends on."""
    folder.mkdir(parents=True, exist_ok=True)
    epoch = progress.epoch
    write(folder / f"latest-{epoch}.safetensors", module.state_dict())
    if progress.best_epoch == epoch:
        link(folder / f"latest-{epoch}.safetensors", folder / f"best-{epoch}.safetensors")
    state = optimizer.state_dict()
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, dict[str, Any]] = {}
    for place, values in state["state"].items():
        for name, value in values.items():
            if hasattr(value, "dtype"):
                tensors[f"{place}/{name}"] = value
            elif value is not None:
                numbers.setdefault(str(place), {})[name] = value
    write(folder / f"optimizer-{epoch}.safetensors", tensors)
    plain = {name: getattr(progress, name) for name in _PLAIN}
    content = {**plain, "how": dict(how), "groups": state["param_groups"], "numbers": numbers}
    write_atomically(folder / STATE, json.dumps(content).encode())
    current = {f"latest-{epoch}", f"optimizer-{epoch}", f"best-{progress.best_epoch}"}
    for file in folder.glob("*.safetensors"):
        if file.stem not in current:
            file.unlink(missing_ok=True)


def load(folder: Path, how: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain fields of the progress, and the optimizer's state, as `save` wrote them.

    Raises ProbekitError for a folder that holds something else, or the state of a training of another kind.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        content = json.loads((folder / STATE).read_text(encoding="utf-8"))
        content = {**_LATER, **content}
        plain = {name: content[name] for name in _PLAIN}
        state: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in content["numbers"].items()}
        for name, value in load_file(folder / f"optimizer-{plain['epoch']}.safetensors").items():
            place, _, entry = name.partition("/")
            state.setdefault(int(place), {})[entry] = value
        _check_how(folder, content["how"], how)
        return plain, {"state": state, "param_groups": content["groups"]}
    except ProbekitError:
        raise
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ProbekitError(f"{folder} holds no training state ({error}); remove it to start over") from error


def _check_how(folder: Path, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    others = [
        f"{name}={was.get(name)}, now {now.get(name)}" for name in {**was, **now} if was.get(name) != now.get(name)
    ]
    if others:
        raise ProbekitError(
            f"the training state in {folder} is that of another training ({'; '.join(others)}); go on as it began, "
            "give another folder, or remove it to start over"
        )


def discard(folder: Path) -> None:
    """Remove a state that nobody may go on from; the folder stays."""
    (folder / STATE).unlink(missing_ok=True)
    for file in folder.glob("*.safetensors"):
        file.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of a state. Raises ProbekitError where another training holds it."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ProbekitError(
            f"another training keeps its state in {folder}; wait for it, or give another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()


def weights(folder: Path, kind: str, epoch: int) -> dict[str, torch.Tensor]:
    """The weights of an epoch: kind `latest` or `best`. Raises ProbekitError when they cannot be read."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(folder / f"{kind}-{epoch}.safetensors")
    except (OSError, SafetensorError) as error:
        raise ProbekitError(f"{folder} holds no training state ({error}); remove it to start over") from error


def write(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Tensors under a name that appears when they are whole. Tied ones, which the format refuses, get one each."""
    from safetensors.torch import save_file

    seen: set[int] = set()
    owned = {}
    for name, value in tensors.items():
        value = value.detach()
        again = value.data_ptr() in seen and value.numel() > 0
        owned[name] = value.clone().contiguous() if again or not value.is_contiguous() else value
        seen.add(value.data_ptr())
    hidden = path.with_name(f".{path.name}.tmp")
    save_file(owned, hidden)
    with open(hidden, "rb") as file:
        os.fsync(file.fileno())
    os.replace(hidden, path)


def link(source: Path, target: Path) -> None:
    """The same file under a second name, a copy where the file system has no links."""
    target.unlink(missing_ok=True)
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
