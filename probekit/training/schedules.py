"""Learning rates over time, by name: what the rate is multiplied with after each epoch, or at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from probekit.errors import ProbekitError, UnknownName
from probekit.sources import resolve
from probekit.specs import parse
from probekit.values import Count, Positive, Share

PLATEAU_FACTOR = 0.5
PLATEAU_FLOOR = 1e-3


def constant(losses: Sequence[float]) -> float:
    """The rate stays as it is."""
    return 1.0


def plateau(losses: Sequence[float], wait: Count = 2) -> float:
    """Halved each time `wait` epochs in a row bring no lower development loss, down to a thousandth.

    losses: development loss after each epoch so far. A pure function of them, so that a resumed run is at
    the same rate as one that never stopped.
    """
    factor, best, waited = 1.0, float("inf"), 0
    for loss in losses:
        waited += 1
        if loss < best:
            best, waited = loss, 0
        if waited == wait:
            factor, waited = max(factor * PLATEAU_FACTOR, PLATEAU_FLOOR), 0
    return factor


def halved(losses: Sequence[float], after: Count = 10) -> float:
    """The rate as it is for `after` epochs, then halved every epoch."""
    return float(0.5 ** max(len(losses) + 1 - after, 0))


SCHEDULES: dict[str, Callable[..., float]] = {"constant": constant, "plateau": plateau, "halved": halved}


# --- by step: of which step, counted from 0, among how many


def linear(step: int, total: int, warmup: Share = 0.1) -> float:
    """Up from zero over a share of the steps, then down to zero in a straight line."""
    up = warmup * total
    return (step + 1) / (up + 1) if step < up else (total - step) / max(total - up, 1)


def slanted(step: int, total: int, cut: Share = 0.1, ratio: Positive = 32.0) -> float:
    """Slanted triangle (Howard and Ruder 2018, ACL): up from 1/ratio over a share of the steps, then down again."""
    top = int(cut * total)
    if not 0 < cut < 1 or top < 1:
        raise ProbekitError(f"slanted(cut={cut}) of {total} steps has no step to rise in; take a larger cut")
    height = step / top if step < top else 1 - (step - top) / (top * (1 / cut - 1))
    return (1 + max(height, 0.0) * (ratio - 1)) / ratio


def inverse_root(step: int, total: int, warmup: Count = 100) -> float:
    """Up from zero over some steps, then as one over the root of the step (Vaswani et al. 2017)."""
    return float(min((step + 1) / warmup, (warmup / (step + 1)) ** 0.5))


BY_STEP: dict[str, Callable[..., float]] = {"linear": linear, "slanted": slanted, "inverse-root": inverse_root}


def by_step(spec: str) -> Callable[[int, int], float] | None:
    """A schedule that goes by step: (step, steps in all) -> factor of the base rate; None for one that does not."""
    parsed = parse(spec)
    if parsed.head not in BY_STEP:
        return None
    found = BY_STEP[parsed.head]
    return partial(found, **resolve(parsed, found, "schedule", leave_out=("step", "total")).given)


def schedule(spec: str) -> Callable[[Sequence[float]], float]:
    """A schedule by spec ("plateau(wait=5)"): development losses so far -> factor of the base rate.

    One by step is constant here. Raises UnknownName for a name that is not there, ProbekitError for an argument that
    does not fit.
    """
    parsed = parse(spec)
    if by_step(spec) is not None:
        return constant
    if parsed.head not in SCHEDULES:
        raise UnknownName("schedule", parsed.head, (*SCHEDULES, *BY_STEP))
    given = resolve(parsed, SCHEDULES[parsed.head], "schedule", leave_out=("losses",)).given
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ProbekitError(f"schedule '{spec}': {name} must be a whole number of at least 1, got {value!r}")
    return partial(SCHEDULES[parsed.head], **given)
