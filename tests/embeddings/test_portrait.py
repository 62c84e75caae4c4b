"""What a table looks like, against NumPy on the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from probekit.embeddings import portrait
from probekit.embeddings.measures import get
from probekit.embeddings.table import WordTable
from probekit.errors import UnknownName

VECTORS = np.random.default_rng(0).normal(loc=1, size=(40, 6)).astype(np.float32)
TABLE = WordTable([f"w{i}" for i in range(40)], VECTORS)


def test_spectrum_is_that_of_the_covariance():
    found = portrait.spectrum(TABLE)
    expected = np.linalg.eigvalsh(np.cov(VECTORS.astype(float).T, bias=True))[::-1]
    assert found["variance"].to_numpy() == pytest.approx(expected)
    assert found["so_far"].iloc[-1] == pytest.approx(1)


def test_lengths_of_a_table_with_a_zero_row():
    table = WordTable(["zero", "one"], np.array([[0, 0], [3, 4]], dtype=np.float32))
    assert portrait.norms(table)["length"].tolist() == pytest.approx([0, 0.25, 2.5, 4.75, 5])


def test_neighbours_are_the_likest_words_but_itself():
    found = portrait.neighbours(TABLE, ["w3", "W5"], get("euclidean"), n=4)
    for word, row in (("w3", 3), ("W5", 5)):
        distances = np.linalg.norm(VECTORS - VECTORS[row], axis=1)
        expected = [f"w{i}" for i in np.argsort(distances)[1:5]]
        assert found[found["word"] == word]["neighbour"].tolist() == expected
    with pytest.raises(UnknownName, match="w3"):
        portrait.neighbours(TABLE, ["w33x"], get("cosine"))
