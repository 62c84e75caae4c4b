"""A tuned network where its input vectors are moved: accuracy under an attack of growing radius, and smoothness.

Pereira et al. 2020. An attack moves the vectors of the lookup within a ball, against the gold label, by steps of the
gradient (Madry et al. 2018); smoothness is the divergence of the answers to clean and moved vectors, with the mean
confidence of the clean answer beside it: a network that always says the same is as smooth as can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from probekit import streams
from probekit.encoders.live import Reader
from probekit.learners.tuning.ball import Ball
from probekit.learners.tuning.examples import Asked, Given
from probekit.learners.tuning.perturbing import Pass, divergence, loss_of, of_options, unit_of
from probekit.models.tuned import TunedNetwork


@dataclass
class Moved:
    """Of every unit asked (a question where it has options): whether the answer is right at each radius, (n, radii),
    KL of clean and moved answers in nats, confidence of the clean answer."""

    right: list[np.ndarray] = field(default_factory=list)
    divergences: list[np.ndarray] = field(default_factory=list)
    confidence: list[np.ndarray] = field(default_factory=list)


def moved(
    network: TunedNetwork,
    asked: Asked,
    reader: Reader,
    split: str,
    radii: Sequence[float],
    smooth: float,
    steps: int = 3,
    most: int = 0,
    seed: int = 0,
) -> Moved:
    """Attacks of each radius, 0 for none, and the divergence at the radius `smooth`, on the items of a split.

    steps: of each attack, a step being 2.5 radii over their number. most: items at most, drawn at random; 0 for all.
    """
    items = asked.items_of(split)
    if most and most < len(items):
        items = np.sort(streams.generator(seed, "sample", "attacked", len(items)).permutation(items)[:most])
    found, unit = Moved(), unit_of(network)
    network.eval()
    with torch.random.fork_rng(devices=[]):
        for number, given in enumerate(_batches(asked, reader, items)):
            torch.manual_seed(streams.whole_number(seed, "noise", "attack", number))
            _add(found, Pass(network, given, unit), radii, smooth, steps)
    return found


def _add(found: Moved, step: Pass, radii: Sequence[float], smooth: float, steps: int) -> None:
    given = step.given
    right = []
    for radius in radii:
        ball = Ball(radius, steps, 2.5 * radius / steps)
        shift = step.raised(ball, lambda scores: loss_of(scores, given)) if radius else 0.0
        with torch.no_grad():
            right.append(_right(step.answer(step.vectors + shift).scores, given))
    found.right.append(np.stack(right, axis=1))
    clean = step.clean.scores.detach()
    shift = step.raised(Ball(smooth), lambda scores: divergence(clean, scores, given))
    with torch.no_grad():
        other = step.answer(step.vectors + shift).scores
        found.divergences.append(_each(clean, other, given))
        found.confidence.append(_shares(clean, given).amax(1).numpy())


def _shares(scores: torch.Tensor, given: Given) -> torch.Tensor:
    return (of_options(scores, given) if given.kind == "choice" else scores).softmax(1)


def _right(scores: torch.Tensor, given: Given) -> np.ndarray:
    found: np.ndarray = (_shares(scores, given).argmax(1) == given.gold).numpy()
    return found


def _each(clean: torch.Tensor, other: torch.Tensor, given: Given) -> np.ndarray:
    of, to = (_shares(one, given).clamp(min=1e-12) for one in (clean, other))
    found: np.ndarray = (of * (of.log() - to.log())).sum(1).clamp(min=0).numpy()
    return found


def _batches(asked: Asked, reader: Reader, items: np.ndarray, budget: int = 1024) -> Iterator[Given]:
    """Items of like length, at most `budget` positions a batch."""
    sizes = asked.sizes(reader, items)
    order = items[np.argsort(sizes, kind="stable")]
    size = max(budget // int(sizes.max()), 1)
    for start in range(0, len(order), size):
        yield asked.given(reader, order[start : start + size])
