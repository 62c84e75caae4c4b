"""Learning rates over time, by name: what the rate is multiplied with after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from probekit.errors import UnknownName

PLATEAU_WAIT = 2
PLATEAU_FACTOR = 0.5
PLATEAU_FLOOR = 1e-3


def constant(losses: Sequence[float]) -> float:
    """The rate stays as it is."""
    return 1.0


def plateau(losses: Sequence[float]) -> float:
    """Halved each time 2 epochs in a row bring no lower development loss, down to a thousandth.

    losses: development loss after each epoch so far. A pure function of them, so that a resumed run is at
    the same rate as one that never stopped.
    """
    factor, best, waited = 1.0, float("inf"), 0
    for loss in losses:
        waited += 1
        if loss < best:
            best, waited = loss, 0
        if waited == PLATEAU_WAIT:
            factor, waited = max(factor * PLATEAU_FACTOR, PLATEAU_FLOOR), 0
    return factor


SCHEDULES: dict[str, Callable[[Sequence[float]], float]] = {"constant": constant, "plateau": plateau}


def schedule(name: str) -> Callable[[Sequence[float]], float]:
    """A schedule by name: development losses so far -> factor of the base rate. Raises UnknownName."""
    if name not in SCHEDULES:
        raise UnknownName("schedule", str(name), SCHEDULES)
    return SCHEDULES[name]
