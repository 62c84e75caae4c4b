"""What a model of words reads: one source of vectors. Kinds of them are in `tagger_inputs` and `spelled_inputs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from probekit.corpora.corpus import Corpus

if TYPE_CHECKING:
    import torch

HELD = "held-{}.npy"  # what rows an input of a saved model holds


class Source:
    """One source of vectors. entries: words and characters that were taken up with a row that learns."""

    width: int
    module: torch.nn.Module
    unread: dict[str, float]  # by the digest of a corpus: share of words without a vector
    entries = 0

    def take_up(self, corpus: Corpus, sentences: np.ndarray) -> None:
        """Make room for what some sentences hold: those of training, once, before any is read."""

    def prepare(self, corpus: Corpus) -> None:
        raise NotImplementedError

    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor, ...]:
        raise NotImplementedError

    def save(self, place: Path) -> None:
        """Write what rows the module holds to a file, where there is something to write."""

    def restore(self, place: Path) -> None:
        """Make room for the rows of a saved model."""
