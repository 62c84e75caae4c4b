"""Named streams of random numbers: what is drawn depends on why and for what, never on how or when.

A stream is a digest of (seed, purpose, id of what is drawn for). Method and hyperparameters never enter, so that
cells that differ in them share splits, initial weights, batch order and noise; drawing more keeps earlier draws.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from probekit.errors import UnknownName

if TYPE_CHECKING:
    import torch

PURPOSES = ("split", "sample", "init", "order", "noise", "draw")


def _state(seed: int, purpose: str, ids: tuple[str | int, ...]) -> int:
    if purpose not in PURPOSES:
        raise UnknownName("random stream", purpose, PURPOSES)
    # The length of each part enters, so that ("ab", "c") and ("a", "bc") are two streams.
    parts = [f"{len(text)}:{text}" for text in map(str, (int(seed), purpose, *ids))]
    return int.from_bytes(hashlib.blake2b("".join(parts).encode(), digest_size=16).digest(), "little")


def generator(seed: int, purpose: str, *ids: str | int) -> np.random.Generator:
    """A NumPy generator for one purpose and one thing. Raises UnknownName for a purpose that is not settled."""
    return np.random.Generator(np.random.PCG64(_state(seed, purpose, ids)))


def whole_number(seed: int, purpose: str, *ids: str | int) -> int:
    """The same as a whole number below 2**63, for generators that are seeded by one."""
    return _state(seed, purpose, ids) % 2**63


def torch_generator(seed: int, purpose: str, *ids: str | int) -> torch.Generator:
    """The same as a torch generator on the CPU; move what it drew, so that devices share draws."""
    import torch

    return torch.Generator().manual_seed(whole_number(seed, purpose, *ids))
