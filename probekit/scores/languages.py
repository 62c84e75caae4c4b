"""Measures of a language of codes (Gupta, Resnick et al. 2020): what it says that is legal, and how likely the rest is.

Symbols are numbered as one alphabet: value v of concept j of c concepts with k values each is k j + v.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from probekit.errors import ProbekitError
from probekit.scores.arrays import Floats, at_least_one, numbers


def language_precision(decoded: npt.ArrayLike, n_values: int) -> float:
    """Share of decoded strings that are legal: place j holds a symbol of concept j.

    decoded: (n, c) symbols of the alphabet, of messages drawn from the prior. Of n, so that a perfect model has 1.
    """
    strings = _strings(decoded)
    concept = strings // at_least_one(n_values, "n_values")
    return float((concept == np.arange(strings.shape[1])).all(axis=1).mean())


def language_precision_released(decoded: npt.ArrayLike, n_values: int) -> float:
    """As the paper's code counts: strings with one symbol of each concept, in any order; of n, where it divides by the
    size of a batch."""
    strings = _strings(decoded)
    concept = np.sort(strings // at_least_one(n_values, "n_values"), axis=1)
    return float((concept == np.arange(strings.shape[1])).all(axis=1).mean())


def language_recall(listener: npt.ArrayLike, prior: npt.ArrayLike, speaker: npt.ArrayLike) -> float:
    """Mean log-probability of strings in nats, by importance sampling of messages from the speaker (Burda et al. 2016).

    All (n, k), for k messages z drawn from the speaker of each of n strings s: log g(s | z), log p(z), log f(z | s).
    log p(s) is about log mean exp of their sum with the last subtracted: never too high on average, and exact for k = 1
    where each string has one message. A perfect model of N strings has -log N.
    """
    one, two, three = _alike(listener, prior, speaker)
    weights = one + two - three
    top = weights.max(axis=1, keepdims=True)
    return float(np.mean(top[:, 0] + np.log(np.mean(np.exp(weights - top), axis=1))))


def language_recall_released(
    listener: npt.ArrayLike, prior: npt.ArrayLike, speaker: npt.ArrayLike, n_concepts: int, bits: int
) -> float:
    """As the paper's code counts, of the first message: the listener's part a concept, the others a bit.

    It is the log-probability of nothing.
    """
    one, two, three = (side[:, 0] for side in _alike(listener, prior, speaker))
    return float(np.mean(one / n_concepts + (two - three) / bits))


def _alike(*sides: npt.ArrayLike) -> list[Floats]:
    names = ("listener", "prior", "speaker")
    found = [numbers(side, name, 2) for side, name in zip(sides, names, strict=True)]
    if len({side.shape for side in found}) > 1:
        shapes = ", ".join(f"{name} {side.shape}" for name, side in zip(names, found, strict=True))
        raise ProbekitError(f"log-probabilities of other shapes: {shapes}; give (strings, messages) in all")
    return found


def _strings(decoded: npt.ArrayLike) -> npt.NDArray[Any]:
    strings = np.asarray(decoded)
    if strings.ndim != 2 or not strings.size or strings.dtype.kind not in "iu":
        raise ProbekitError(f"decoded is (strings, concepts) of whole numbers, got shape {strings.shape}")
    return strings
