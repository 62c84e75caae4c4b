"""Vectors that mean nothing, of any string: `drawn(width=100)`; a control, and what a lookup begins from."""

from __future__ import annotations

import numpy as np

from probekit.encoders.encoder import WordEncoder
from probekit.streams import generator
from probekit.values import Count, Seed


class Drawn(WordEncoder):
    """A normal vector of expected length 1 for every string, the same wherever it stands.

    width: of the vectors.
    """

    def __init__(self, width: Count = 100, seed: Seed = 0) -> None:
        self.width, self.seed = width, seed
        self._seen: dict[str, np.ndarray] = {}

    def vectors(self, words: list[str]) -> np.ndarray:
        """Vectors of some words, (1, n, width)."""
        for word in words:
            if word not in self._seen:
                drawn = generator(self.seed, "draw", "word", word).standard_normal(self.width, dtype=np.float32)
                self._seen[word] = drawn / np.float32(np.sqrt(self.width))
        return np.stack([self._seen[word] for word in words])[None]
