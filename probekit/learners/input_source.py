"""What a model of words reads: one source of vectors. Kinds of them are in `tagger_inputs` and `spelled_inputs`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from probekit.corpora.corpus import Corpus

if TYPE_CHECKING:
    import torch

HELD = "held-{}.npy"  # what rows an input of a saved model holds


class Source(ABC):
    """One source of vectors."""

    width: int
    module: torch.nn.Module
    unread: dict[str, float]  # by the digest of a corpus: share of words without a vector

    @abstractmethod
    def prepare(self, corpus: Corpus) -> None:
        """Make a corpus ready to be read."""

    @abstractmethod
    def batch(self, corpus: Corpus, sentences: np.ndarray) -> tuple[torch.Tensor, ...]:
        """What the module is called with for some sentences."""


class Held(Source):
    """One whose module has rows of some words alone: a saved model says which."""

    @abstractmethod
    def save(self, place: Path) -> None:
        """Write what rows the module holds to a file."""

    @abstractmethod
    def restore(self, place: Path) -> None:
        """Make room for the rows of a saved model."""


class TakenUp(Held):
    """One whose rows are of the words or characters of training."""

    @property
    @abstractmethod
    def entries(self) -> int:
        """Words or characters that have a row."""

    @abstractmethod
    def take_up(self, corpus: Corpus, sentences: np.ndarray) -> None:
        """Make room for what some sentences hold: those of training, once, before any is read."""
