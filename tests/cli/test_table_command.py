"""`probekit table` from the command line: looking, making, scoring, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import probekit as pk
from probekit.corpora.generated.ciphers import enciphered, names_of
from probekit.embeddings import fuzzy
from probekit.embeddings.table import WordTable

WORDS = [f"w{i}" for i in range(24)]


@pytest.fixture
def table(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    vectors = np.random.default_rng(0).normal(size=(24, 6)).astype(np.float32)
    WordTable(WORDS, vectors).save("table")
    draw = np.random.default_rng(1)
    pairs = zip(draw.permutation(WORDS), draw.permutation(WORDS), draw.random(24), strict=True)
    (tmp_path / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{rating}\n" for a, b, rating in pairs))
    return "static:table"


def test_a_table_is_shown_with_the_neighbours_of_a_word(probekit, table):
    said = probekit("table", "show", table, "--word", "w3", "--neighbours", "2").ok().out
    assert "24 words x 6" in said and "variance of thirds: " in said
    near = pk.load_table(table)
    likeness = near.vectors @ near.vector("w3") / np.linalg.norm(near.vectors, axis=1)
    first, second = np.argsort(-likeness)[1:3]
    assert f"w3: w{first} " in said and f", w{second} " in said
    probekit("table", "show", table, "--word", "w3x").refused("w3x", "w3")


def test_words_as_fuzzy_sets_are_composed_and_the_answer_says_how_they_were_scaled(probekit, table):
    shown = ("table", "show", f"{table}|fuzzy", "--neighbours", "2", "--measure", "fuzzy-cross-entropy")
    said = probekit(*shown, "--set", "w3 & w4", "--set", "w3 - w4").ok().out
    found = fuzzy.neighbours(pk.load_table(f"{table}|fuzzy"), "w3 & w4", 2)
    assert f"w3 & w4 (times {found.rescaled:.3g}, the mass of a word): {found.words[0]} " in said
    assert said.count("the mass of a word") == 2
    probekit(*shown, "--set", "w3 w4").refused("w3 w4", "noble & metal")
    probekit("table", "show", table, "--set", "w3 & w4").refused("no probabilities", "|fuzzy")


def test_random_vectors_beside_fuzzy_sets_are_sets_too(probekit, table):
    scored = ("table", "score", f"{table}|fuzzy", "--benchmark", "similarity:pairs.tsv", "--measure", "fuzzy-kl")
    probekit(*scored, "--out", "scores.csv").ok()
    assert pd.read_csv("scores.csv")["value"].notna().tolist() == [True, True]


def test_a_made_table_is_one_of_files_and_never_overwrites(probekit, table):
    probekit("table", "make", table, "--out", "made").ok()
    assert (pk.load_table("static:made").vectors == pk.load_table(table).vectors).all()
    probekit("table", "make", table, "--out", "made").refused("made", "is there already")
    probekit("table", "make", "static:absent", "--out", "other").refused("absent")


def test_scores_are_those_of_the_benchmark_and_written(probekit, table):
    scored = ("table", "score", table, "--benchmark", "similarity:pairs.tsv", "--no-control")
    said = probekit(*scored, "--measure", "dot", "--out", "scores.csv").ok().out
    rows = pd.read_csv("scores.csv")
    expected = pk.benchmarks.get("similarity:pairs.tsv").score(table, "dot")
    assert rows["value"].item() == pytest.approx(expected["value"].item()) and "spearman" in said
    probekit(*scored, "--measure", "cosin").refused("cosin", "cosine")
    probekit("table", "score", table, "--benchmark", "similarity/nothing*").refused("similarity/nothing*")


def test_a_benchmark_that_refuses_random_vectors_is_scored_without_them(probekit, table):
    words = names_of(400)
    vectors = np.random.default_rng(2).normal(size=(400, 6)).astype(np.float32)
    WordTable(words, vectors).save("plain")
    WordTable([enciphered(word) for word in words], vectors).save("cipher")
    said = probekit(
        "table", "score", "static:plain", "--benchmark", "dictionary/cipher(to=static:cipher)", "--out", "scores.csv"
    ).ok()
    rows = pd.read_csv("scores.csv")
    assert "random" not in set(rows["table"]) and (rows["value"] == 1).all(), said.out


@pytest.mark.parametrize(
    "kind",
    [
        "skip-gram:plain:text.txt(size=4, min_count=1, epochs=1)",
        "glove-model:plain:text.txt(size=4, min_count=1, epochs=1)",
        "ppmi-svd:plain:text.txt(size=4, min_count=1)",
        'context-to-vec:minilm(corpus="plain:text.txt", size=4, min_count=1)',
        'contextual:minilm(corpus="plain:text.txt", min_count=1)',
        "characters:static:table(epochs=1, width=4)",
    ],
)
def test_a_table_is_trained_by_one_command_and_scored_by_another(probekit, table, tmp_path, kind):
    """From a text file, from an encoder over one, from spelling."""
    lines = np.random.default_rng(2).choice(WORDS, (30, 7))
    (tmp_path / "text.txt").write_text("\n".join(" ".join(line) for line in [WORDS, *lines]) + "\n")
    said = probekit("table", "make", kind, "--out", "made").ok().out
    assert "static:made" in said
    scored = ("table", "score", "static:made", "--benchmark", "similarity:pairs.tsv", "--out", "scores.csv")
    probekit(*scored).ok()
    rows = pd.read_csv("scores.csv")
    assert set(rows["table"].str.partition("-")[0]) >= {"random"} and rows["n"].eq(24).all()
