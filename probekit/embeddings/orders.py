"""Orders of the words of a table by name: entropy, frequency. The larger come first."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from probekit.embeddings.fuzzy import entropy
from probekit.embeddings.fuzzy_measures import probabilities
from probekit.embeddings.table import WordTable


class Order(ABC):
    """A number for each word by which words are ordered."""

    @abstractmethod
    def of(self, table: WordTable, rows: np.ndarray) -> np.ndarray:
        """The numbers (r,) float64 of some rows of a table."""


class Entropy(Order):
    """Sum over features of the entropy of a feature that is a probability. Source: Bhat et al. 2020, section 4.3."""

    def of(self, table: WordTable, rows: np.ndarray) -> np.ndarray:
        return entropy(probabilities(table.vectors[rows]))


class Frequency(Order):
    """Counts of the table; without them minus the row, as files stand in order of frequency."""

    def of(self, table: WordTable, rows: np.ndarray) -> np.ndarray:
        return np.asarray(-rows if table.counts is None else table.counts[rows], dtype=np.float64)
