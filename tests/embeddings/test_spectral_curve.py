"""Similarity by rank is that of the benchmark on the table of so many components."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings.benchmarks.spectral_curve import similarity_curve
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import transform
from probekit.errors import ProbekitError

WORDS = [f"word{i}" for i in range(40)]


@pytest.fixture
def table() -> WordTable:
    draw = np.random.default_rng(0)
    return WordTable(WORDS, (draw.normal(size=(40, 6)) @ draw.normal(size=(6, 6)) + 3).astype(np.float32))


@pytest.fixture
def rated(tmp_path) -> str:
    draw = np.random.default_rng(1)
    rows = [(*draw.choice([*WORDS, "absent"], 2), round(draw.random(), 3)) for _ in range(50)]
    (tmp_path / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{rating}\n" for a, b, rating in rows))
    return str(tmp_path / "pairs.tsv")


@pytest.mark.parametrize("unknown", ["skip", "zero"])
def test_every_rank_is_what_the_benchmark_says_of_its_table(table, rated, unknown):
    spec = f"similarity:{rated}(unknown={unknown})"
    found = similarity_curve(table, [spec, pk.benchmarks.get(spec)], [1, 3, 6])
    assert found["rank"].tolist() == [1, 3, 6] * 2 and found["benchmark"].nunique() == 1
    for line in found.itertuples():
        alone = pk.benchmarks.get(spec).score(transform(table, f"pca({line.rank})")).iloc[0]
        for column in ("value", "ci_low", "ci_high", "n", "coverage"):
            assert getattr(line, column) == pytest.approx(alone[column], abs=1e-6), (line.rank, column)


def test_the_mean_of_centred_vectors_is_zero_and_not_what_rounding_leaves(table, rated):
    mean, zero = (
        similarity_curve(table, [f"similarity:{rated}(unknown={way})"], [1, 3, 6]) for way in ("mean", "zero")
    )
    assert mean["value"].tolist() == zero["value"].tolist() and mean["n"].tolist() == [50] * 3


def test_few_pairs_have_no_score_and_ranks_have_bounds(table, rated, tmp_path):
    (tmp_path / "few.tsv").write_text("word1\tword2\t1\nword3\tabsent\t2\n")
    few = similarity_curve(table, [f"similarity:{tmp_path}/few.tsv"], [2])
    assert few["value"].isna().all() and few["note"][0] == "1 items have vectors, fewer than 10"
    for ranks, wrong in (([0], "0"), ([7], "7"), ([], "None")):
        with pytest.raises(ProbekitError, match=f"numbers from 1 to 6, one at least; got {wrong}"):
            similarity_curve(table, [f"similarity:{rated}"], ranks)
