"""Features of sentences as rows: means over the corpus, and each sentence's own, as counted from its tree."""

import pytest

import probekit as pk
from probekit.corpora import load_corpus
from probekit.grid import Grid
from probekit.tasks.sentence_features import FEATURES, sentence_features

CORPUS = "grammar(n=60)"


def test_rows_are_means_and_the_table_has_every_sentence(tmp_path):
    found = Grid("try", "sentence-features", {"dataset": [CORPUS]}, keep=["features"]).run(tmp_path / "out")
    counted = sentence_features(load_corpus(CORPUS))
    means = found.set_index("subset")["value"]
    assert set(means.index) == {f"feature={name}" for name in FEATURES} and set(found["n_test"]) == {60}
    assert means["feature=length"] == pytest.approx(load_corpus(CORPUS).n_words / 60)
    table = pk.read_table(tmp_path / "out", "features").pivot(index="unit", columns="feature", values="value")
    assert table[list(FEATURES)].to_numpy().tolist() == counted.to_numpy().tolist() and list(table.index) == [
        *range(60)
    ]
