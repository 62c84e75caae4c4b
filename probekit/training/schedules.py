"""Learning rates over time, by name: what the rate is multiplied with after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from probekit.errors import ProbekitError, UnknownName
from probekit.sources import resolve
from probekit.specs import parse
from probekit.values import Count

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


def schedule(spec: str) -> Callable[[Sequence[float]], float]:
    """A schedule by spec ("plateau(wait=5)"): development losses so far -> factor of the base rate.

    Raises UnknownName for a name that is not there, ProbekitError for an argument that does not fit.
    """
    parsed = parse(spec)
    if parsed.head not in SCHEDULES:
        raise UnknownName("schedule", parsed.head, SCHEDULES)
    given = resolve(parsed, SCHEDULES[parsed.head], "schedule", leave_out=("losses",)).given
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ProbekitError(f"schedule '{spec}': {name} must be a whole number of at least 1, got {value!r}")
    return partial(SCHEDULES[parsed.head], **given)
