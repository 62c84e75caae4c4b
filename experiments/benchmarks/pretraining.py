"""A step of pretraining that scores the chosen positions against the library's own, which scores every position.

Processor time, which on one thread is the time of a machine that nobody else works on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from probekit.learners.pretraining import masking
from probekit.learners.pretraining.training import build, guess
from probekit.learners.pretraining.vocabulary import SPECIALS

from .measure import Line, processor, threads

STEPS, BATCH, LENGTH, PIECES, LAYERS = 12, 32, 64, 4000, 2
Way = Callable[[Any, masking.Masked], torch.Tensor]
AIMS = {128: 1.3, 64: 1.8}  # by width


def lines() -> Iterator[Line]:
    """Steps of two layers over 32 sequences of 64 positions, 4,000 pieces, the same batches and losses."""
    with threads(1):
        batches = [_batch(number) for number in range(STEPS)]
        for width, aim in AIMS.items():
            (ours, our_loss), (theirs, their_loss) = (_timed(way, width, batches) for way in (guess, whole))
            ratio, apart = theirs / ours, abs(our_loss - their_loss)
            yield Line(
                f"{STEPS} steps of pretraining, width {width}; last losses differ by {apart:.1e}",
                f"{ours:.2f} s",
                f"{theirs:.2f} s (every position)",
                f"{ratio:.2f}",
                "-",
                f">= {aim} times as fast",
                ratio >= aim,
            )


def _batch(number: int) -> masking.Masked:
    rng = np.random.default_rng(number)
    ids = rng.integers(len(SPECIALS), PIECES, (BATCH, LENGTH))
    places = masking.choose(ids, np.ones(PIECES), 0.15, rng)
    return masking.corrupt(ids, places, SPECIALS.index("[MASK]"), len(SPECIALS), PIECES, rng)


def whole(module: Any, given: masking.Masked) -> torch.Tensor:
    """The library's masked-language-model loss."""
    labels = np.full(given.ids.size, -100)
    labels[given.places] = given.gold
    found: torch.Tensor = module(
        input_ids=torch.from_numpy(given.ids), labels=torch.from_numpy(labels.reshape(given.ids.shape))
    ).loss
    return found


def _timed(way: Way, width: int, batches: list[masking.Masked]) -> tuple[float, float]:
    """Seconds of all steps, and the last loss."""
    found: list[float] = []
    _train(way, width, batches[:1])  # loads what is used
    seconds = processor(lambda: found.append(_train(way, width, batches)))
    return seconds, found[-1]


def _train(way: Way, width: int, batches: list[masking.Masked]) -> float:
    module = build(PIECES, LAYERS, width, 4, LENGTH, 0.0, 0, seed=0)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    for batch in batches:
        loss = way(module, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())
