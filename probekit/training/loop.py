"""The one training loop: Adam, RMSprop or SGD, a schedule, clipped gradients, early stopping, the best weights kept.

It is handed a module, a loss and a source of batches, and knows nothing else about what is learned. All state is in
`Progress`, plain tensors and numbers; the loop starts from one as well as from nothing. With `keep` the state lies on
disk after every epoch, and not in memory. Modules that learn from the same batches can be trained side by side, each as
if it were alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit import streams
from probekit.errors import ProbekitError, UnknownName
from probekit.progress import bar
from probekit.training import checkpoint
from probekit.training.progress import Progress
from probekit.training.schedules import by_step, schedule

if TYPE_CHECKING:
    import torch
    from torch import nn

# (module, batch) -> mean loss of the batch, a scalar tensor, or its terms by name, which are added.
Loss = Callable[[Any, Any], "torch.Tensor | Mapping[str, torch.Tensor]"]
Joint = Callable[[Sequence[Any], Any], "torch.Tensor"]  # (modules, batch) -> mean loss of each, (m,)
Batches = Callable[[int], Iterable[Any]]  # epoch, counted from 0 -> batches

OPTIMIZERS = ("adam", "rmsprop", "sgd")
_ENDS = ("epochs", "patience")


@dataclass(frozen=True)
class Settings:
    """How to train.

    rate: learning rate. clip: largest norm of a gradient, None for no limit. patience: epochs without a lower
    development loss before training ends. decay: of weights; decoupled from the rate's adaptation with Adam (Loshchilov
    and Hutter 2019), an L2 penalty with the others. schedule: see `schedules`; one by step, such as
    "linear(warmup=0.1)", needs to know the steps of an epoch. optimizer: "adam", "rmsprop", or "sgd", which alone takes
    momentum. accumulate: batches whose gradients make one step. Raises ProbekitError for
    values out of range.

    An epoch is what `batches` gives for its number: one pass over the data, or any round of steps between two looks at
    the development data.
    """

    rate: float = 1e-3
    epochs: int = 100
    patience: int = 5
    clip: float | None = 1.0
    decay: float = 0.0
    schedule: str = "constant"
    optimizer: str = "adam"
    momentum: float = 0.0
    accumulate: int = 1

    def __post_init__(self) -> None:
        schedule(self.schedule)
        if self.optimizer not in OPTIMIZERS:
            raise UnknownName("optimizer", str(self.optimizer), OPTIMIZERS)
        positive = {"rate": self.rate, "epochs": self.epochs, "patience": self.patience, "accumulate": self.accumulate}
        if self.clip is not None:
            positive["clip"] = self.clip
        for name, value in positive.items():
            if not value > 0:
                raise ProbekitError(f"{name} must be positive, got {value!r}")
        if self.decay < 0:
            raise ProbekitError(f"decay must be 0 or more, got {self.decay!r}")
        if not 0 <= self.momentum < 1:
            raise ProbekitError(f"momentum must be at least 0 and less than 1, got {self.momentum!r}")
        if self.momentum and self.optimizer != "sgd":
            raise ProbekitError("momentum is for optimizer='sgd'; Adam has its own")


@dataclass
class Member:
    """One module among those that are trained side by side; the fields are the arguments of `train`.

    steps: batches of an epoch, where the schedule goes by step. rates: by what the rate of a parameter is multiplied,
    by its name. choice: called after `dev_loss`, lower is better; it then says which epoch is best, and the loss steers
    the rate alone. after: called with the number of epochs done, in evaluation mode, before the state is written, so
    that a run that is killed there calls it again.
    """

    module: nn.Module
    loss: Loss
    settings: Settings
    dev_loss: Callable[[], float] | None = None
    progress: Progress = field(default_factory=Progress)
    keep: Path | None = None
    steps: int | None = None
    rates: Callable[[str], float] | None = None
    choice: Callable[[], float] | None = None
    after: Callable[[int], None] | None = None

    @property
    def total(self) -> int | None:
        """Steps of the optimizer in all, where they are known."""
        return None if self.steps is None else self.settings.epochs * -(-self.steps // self.settings.accumulate)

    @property
    def active(self) -> bool:
        return self.progress.epoch < self.settings.epochs and not self.progress.stopped


def train(
    module: nn.Module,
    loss: Loss,
    batches: Batches,
    settings: Settings,
    dev_loss: Callable[[], float] | None = None,
    progress: Progress | None = None,
    *,
    seed: int = 0,
    keep: Path | None = None,
    label: str = "",
    steps: int | None = None,
    rates: Callable[[str], float] | None = None,
    choice: Callable[[], float] | None = None,
    after: Callable[[int], None] | None = None,
) -> Progress:
    """Train a module in place and leave it in evaluation mode with the weights of its best epoch.

    loss: mean loss of a batch. Batches are weighed alike in `train_losses`. batches: the batches of an
    epoch; their order is the caller's (see `shuffled`). dev_loss: called after each epoch without
    gradients, in evaluation mode, lower is better; without it all epochs are run and the last weights kept. progress:
    continue from there. seed: of torch's own noise (dropout), which is the same whatever was trained before. keep: a
    folder in which the state after each epoch is written, and from which an interrupted run goes on with the same
    numbers. label: of the progress bar. steps, rates, choice, after: see `Member`. Terms of a loss that has names
    are kept in the progress, their means by epoch. Parameters that take no gradient are left as they are. Raises
    ProbekitError when a loss is not finite (what `keep` held is removed), when `keep` holds the state of another
    model, settings or seed, and when another training holds it.
    """
    member = Member(module, loss, settings, dev_loss, progress or Progress(), keep, steps, rates, choice, after)
    train_together([member], batches, seed=seed, label=label)
    return member.progress


def train_together(
    members: Sequence[Member], batches: Batches, *, seed: int = 0, label: str = "", joint: Joint | None = None
) -> None:
    """Train modules that learn from the same batches in one pass over the data, each as if it were alone.

    A member that has stopped costs nothing more. joint: the losses of several modules at once, where they have work in
    common; it draws the noise of one. See `train`.
    """
    with ExitStack() as held:
        for member in members:
            if member.keep is not None:
                held.enter_context(checkpoint.alone(member.keep))
        _train_together(members, batches, seed, label, joint)


def _train_together(members: Sequence[Member], batches: Batches, seed: int, label: str, joint: Joint | None) -> None:
    import torch

    optimizers = [_resume(member, seed) for member in members]
    longest = max((member.settings.epochs for member in members), default=0)
    # The noise of each step is drawn from its own seed; whoever called has the generator back as it was.
    with torch.random.fork_rng(devices=[]), bar(longest, label or "training", "epoch") as shown:
        while running := [member for member in members if member.active]:
            # A run that was killed between two members' states resumes with those that are behind.
            epoch = min(member.progress.epoch for member in running)
            now = [(m, o) for m, o in zip(members, optimizers, strict=True) if m.active and m.progress.epoch == epoch]
            _epoch(now, batches, epoch, seed, joint)
            shown.update(epoch + 1 - shown.n)
    for member, optimizer in zip(members, optimizers, strict=True):
        progress = member.progress
        if member.keep is None:
            progress.latest, progress.optimizer = _copy(member.module), optimizer.state_dict()
            best = progress.best
        else:
            best = checkpoint.weights(member.keep, "best", progress.best_epoch)
        member.module.load_state_dict(best)
        member.module.eval()


def _how(member: Member, seed: int) -> dict[str, Any]:
    """What the state of a training depends on apart from its module and data: not when it ends."""
    found = {**{name: value for name, value in asdict(member.settings).items() if name not in _ENDS}, "seed": seed}
    return {**found, "steps": member.total} if by_step(member.settings.schedule) else found


def _resume(member: Member, seed: int) -> torch.optim.Optimizer:
    """The member's optimizer, with module and optimizer put where its progress stands."""
    import torch

    settings, module = member.settings, member.module
    latest, state = member.progress.latest, member.progress.optimizer
    if member.keep is not None and (member.keep / checkpoint.STATE).exists():
        plain, state = checkpoint.load(member.keep, _how(member, seed))
        member.progress = Progress(**plain)
        latest = checkpoint.weights(member.keep, "latest", member.progress.epoch)
    parameters = _groups(member)
    if settings.optimizer == "sgd":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(
            parameters, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.decay
        )
    elif settings.optimizer == "rmsprop":
        optimizer = torch.optim.RMSprop(parameters, lr=settings.rate, weight_decay=settings.decay)
    else:
        # Fused: the same steps in one call each instead of a dozen a parameter.
        optimizer = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.decay, fused=True)
    if member.progress.epoch:
        try:
            module.load_state_dict(latest)
            optimizer.load_state_dict(state)
        except (RuntimeError, ValueError, KeyError) as error:
            where = f"the training state in {member.keep}" if member.keep else "the progress given"
            raise ProbekitError(f"{where} belongs to another model or optimizer; remove it to start over") from error
    return optimizer


def _groups(member: Member) -> list[Any]:
    """Parameters that learn, in one group for each multiple of the rate."""
    learning = [(name, p) for name, p in member.module.named_parameters() if p.requires_grad]
    if member.rates is None:
        return [p for _, p in learning]
    by_rate: dict[float, list[Any]] = {}
    for name, parameter in learning:
        by_rate.setdefault(member.rates(name), []).append(parameter)
    return [{"params": own, "scale": scale} for scale, own in sorted(by_rate.items())]


def _set_rate(member: Member, optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = member.settings.rate * rate * group.get("scale", 1.0)


def _epoch(
    now: Sequence[tuple[Member, torch.optim.Optimizer]], batches: Batches, epoch: int, seed: int, joint: Joint | None
) -> None:
    """One epoch of the members that stand at it."""
    for member, optimizer in now:
        _set_rate(member, optimizer, schedule(member.settings.schedule)(member.progress.dev_losses))
        member.module.train()
        optimizer.zero_grad(set_to_none=True)
    at_step = [by_step(member.settings.schedule) for member, _ in now]
    totals, waiting, count = [0.0] * len(now), [0] * len(now), 0
    terms: list[dict[str, float]] = [{} for _ in now]
    # Looked up once: to go over the modules at every step takes a small network a twentieth of its time.
    parameters = [list(member.module.parameters()) for member, _ in now]
    for number, batch in enumerate(batches(epoch)):
        noise = streams.whole_number(seed, "noise", "step", epoch, number)
        values = _gradients([member for member, _ in now], batch, noise, joint, terms)
        for place, (member, optimizer) in enumerate(now):
            totals[place] += values[place]
            waiting[place] += 1
            if factor := at_step[place]:
                _set_rate(member, optimizer, factor(*_at(member, epoch, number)))
            if waiting[place] == member.settings.accumulate:
                _step(member, optimizer, parameters[place])
                waiting[place] = 0
        count += 1
    if not count:
        raise ProbekitError("an epoch without batches; training needs at least one")
    for place, (member, optimizer) in enumerate(now):
        if waiting[place]:
            # The last, smaller group of batches weighs as much as it holds.
            _step(member, optimizer, parameters[place])
        if terms[place]:
            member.progress.terms.append({name: total / count for name, total in terms[place].items()})
        _finish(member, optimizer, totals[place] / count, seed)


def _at(member: Member, epoch: int, batch: int) -> tuple[int, int]:
    """The step that a batch belongs to, counted from 0 over all epochs, and how many there are."""
    if member.steps is None or member.total is None:
        raise ProbekitError(f"the schedule '{member.settings.schedule}' goes by step; say how many an epoch has")
    every = member.total // member.settings.epochs
    return epoch * every + batch // member.settings.accumulate, member.total


def _gradients(
    members: Sequence[Member], batch: Any, noise: int, joint: Joint | None, terms: Sequence[dict[str, float]]
) -> list[float]:
    """Add the gradients of a batch to those of each member, and terms that have names to `terms`; returns losses."""
    if joint is not None:
        _seed_noise(noise)
        values = joint([member.module for member in members], batch)
        (values / values.new_tensor([member.settings.accumulate for member in members])).sum().backward()
        return values.tolist()
    import torch

    found = []
    for member, named in zip(members, terms, strict=True):
        _seed_noise(noise)
        value = member.loss(member.module, batch)
        if isinstance(value, Mapping):
            for name, term in value.items():
                named[name] = named.get(name, 0.0) + float(term.detach())
            value = sum(value.values(), torch.zeros(()))
        (value / member.settings.accumulate).backward()
        found.append(float(value.detach()))
    return found


def _seed_noise(noise: int) -> None:
    """As torch.manual_seed, which at every call also notes its caller's stack for each device that is not there."""
    import torch

    torch.default_generator.manual_seed(noise)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(noise)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(noise)


def _step(member: Member, optimizer: torch.optim.Optimizer, parameters: list[torch.nn.Parameter]) -> None:
    import torch

    if member.settings.clip is not None:
        torch.nn.utils.clip_grad_norm_(parameters, member.settings.clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _finish(member: Member, optimizer: torch.optim.Optimizer, train_loss: float, seed: int) -> None:
    """Look at the development data, keep the best weights, decide whether to go on, write the state."""
    import torch

    module, progress, dev_loss = member.module, member.progress, member.dev_loss
    progress.epoch += 1
    progress.train_losses.append(train_loss)
    module.eval()
    if dev_loss is not None:
        with torch.no_grad():
            progress.dev_losses.append(float(dev_loss()))
            if member.choice is not None:
                progress.choices.append(float(member.choice()))
    newest = (progress.choices or progress.dev_losses or progress.train_losses)[-1]
    if not np.all(np.isfinite([newest, train_loss, *progress.dev_losses[-1:]])):
        if member.keep is not None:
            checkpoint.discard(member.keep)  # whoever goes on from there comes here again
        raise ProbekitError(
            f"the loss became {newest} in epoch {progress.epoch}; lower the rate, now {member.settings.rate}"
        )
    if dev_loss is None or newest < progress.best_value:
        progress.best_epoch = progress.epoch
        if member.keep is None:
            progress.best = _copy(module)
    if member.after is not None:
        member.after(progress.epoch)
    progress.stopped = progress.epoch - progress.best_epoch >= member.settings.patience
    if member.keep is not None:
        checkpoint.save(progress, module, optimizer, member.keep, _how(member, seed))


def shuffled(rows: int, size: int, epoch: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers of an epoch's batches, in an order that depends on the seed and the epoch alone."""
    order = streams.generator(seed, "order", epoch).permutation(rows)
    for start in range(0, rows, size):
        yield order[start : start + size]


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
