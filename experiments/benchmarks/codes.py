"""Bit games stacked against one after another, and residual entropy of 10^4 strings on 24 bits. One thread.

Processor time, which on one thread is the time of a machine that nobody else works on.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from probekit.learners.bit_game import train_bit_games
from probekit.learners.concept_strings import concept_strings
from probekit.scores import residual_entropy

from .measure import REPEATS, Line, processor, threads

SEEDS, STEPS = 10, 40
WIDTHS = (16, 64)
STACKED_AIM, ENTROPY_AIM = 0.7, 2.0  # share of the time one after another; seconds


def lines() -> Iterator[Line]:
    """Ten seeds of the small study at two widths, without the gate and with it; the local search for blocks."""
    with threads(1):
        for width in WIDTHS:
            for gate in (False, True):
                yield _stacked(width, gate)
        yield _entropy()


def processor_seconds(*calls: Callable[[], Any]) -> list[float]:
    """Median of each call, taken in turn."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(REPEATS):
        for call, own in zip(calls, times, strict=True):
            own.append(processor(call))
    return [statistics.median(own) for own in times]


def _stacked(width: int, gate: bool) -> Line:
    strings = concept_strings(3, 5)
    sizes: dict[str, Any] = {"embedding": 16, "speaker": width, "listener": width, "message": 64, "gate": gate}

    def train(first: int, stacked: int) -> None:
        with TemporaryDirectory() as place:
            options = {**sizes, "bits": 9, "steps": STEPS, "look": STEPS, "first": first, "stacked": stacked}
            train_bit_games(strings, Path(place), **options)

    def one_after_another() -> None:
        for seed in range(SEEDS):
            train(seed, 1)

    together, alone = processor_seconds(lambda: train(0, SEEDS), one_after_another)
    ratio = together / alone
    what = f"{SEEDS} bit games, 3 x 5, 9 bits, width {width}{', gate' if gate else ''}, a step of all"
    each = [f"{1000 * total / STEPS:.1f} ms" for total in (together, alone)]
    aim = f"<= {STACKED_AIM} of one after another"
    return Line(what, each[0], f"{each[1]}, one after another", f"{ratio:.2f}", "-", aim, ratio <= STACKED_AIM)


def _entropy() -> Line:
    rng = np.random.default_rng(0)
    concepts, codes = rng.integers(0, 10, (10_000, 6)), rng.choice(2**24, 10_000, replace=False)
    bits = codes[:, None] >> np.arange(24) & 1
    (taken,) = processor_seconds(lambda: residual_entropy(bits, concepts, "local"))
    what = "residual entropy, 10,000 strings of 6 x 10, 24 bits, local search and its permuted baseline"
    return Line(what, f"{taken:.2f} s", "-", "-", "-", f"<= {ENTROPY_AIM:g} s", taken <= ENTROPY_AIM)
