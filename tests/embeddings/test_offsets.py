"""Offsets of pairs: the mean cosine by hand, chance, what is left out and refused."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from probekit.embeddings.benchmarks import get
from probekit.embeddings.measures import Cosine
from probekit.embeddings.table import WordTable
from probekit.errors import UnknownName


@pytest.fixture
def benchmark(tmp_path) -> str:
    pairs = [f"boy{i} girl{i}" for i in range(14)]
    lines = [f"{one} {other}" for one, other in zip(pairs, pairs[1:] + pairs[:1], strict=True)]
    (tmp_path / "questions.txt").write_text(": family\n" + "\n".join([*lines, *lines[:3]]) + "\n: other\na b c d\n")
    return f"offsets:{tmp_path}/questions.txt"


def table(spread: float) -> WordTable:
    """Pairs that differ by one direction and noise; the last pair is not there."""
    draw = np.random.default_rng(0)
    left = draw.normal(size=(13, 6))
    right = left + 2 * np.eye(6)[0] + spread * draw.normal(size=left.shape)
    words = [f"{name}{i}" for name in ("boy", "girl") for i in range(13)]
    return WordTable(words, np.concatenate([left, right]).astype(np.float32))


def test_the_mean_cosine_of_every_two_offsets(benchmark):
    made = table(0.3)
    (one,) = get(benchmark).answer(made, Cosine())
    unit = made.vectors / np.linalg.norm(made.vectors, axis=1, keepdims=True)
    offsets = unit[13:] - unit[:13]
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in combinations(offsets.astype(np.float64), 2)]
    assert one.score.value == pytest.approx(np.mean(cosine), abs=1e-6) and one.n == 13
    assert one.score.low < one.score.value < one.score.high
    assert one.scores.mean() == pytest.approx(one.score.value) and one.gold[2] == "boy2" and one.predicted[2] == "girl2"
    assert one.info["items"] == 14 and one.info["coverage"] == pytest.approx(13 / 14)
    assert abs(one.info["chance"]) < one.score.value / 2
    assert get(benchmark).answer(table(3.0), Cosine())[0].score.value < one.score.value


def test_few_pairs_and_unknown_categories(benchmark):
    (one,) = get(f"{benchmark}(category=other)").answer(table(0.3), Cosine())
    assert np.isnan(one.score.value) and one.n == 0
    with pytest.raises(UnknownName, match="category of analogies"):
        get(f"{benchmark}(category=famly)").answer(table(0.3), Cosine())
