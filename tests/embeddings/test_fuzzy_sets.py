"""Sets of words by their text, and what else explains what they say, against plain twins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

import probekit as pk
from probekit.embeddings import fuzzy, fuzzy_controls
from probekit.embeddings.gaussian import random_like
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError, UnknownName

N, D = 60, 6
WORDS = [f"word{i}" for i in range(N)]


@pytest.fixture(scope="module")
def plain() -> WordTable:
    counts = np.random.default_rng(1).permutation(N) + 1
    return WordTable(WORDS, np.random.default_rng(0).normal(size=(N, D)).astype(np.float32), counts=counts)


@pytest.fixture(scope="module")
def saved(plain, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("tables") / "plain"
    plain.save(folder)
    return f"static:{folder}"


@pytest.fixture(scope="module")
def sets(saved) -> WordTable:
    """By column, so that words differ in mass."""
    return load_table(f"{saved}|fuzzy(unit_rows=false)")


# --- by their text -----------------------------------------------------------------------------------


def test_words_are_composed_from_left_to_right(sets):
    a, b, c = (np.asarray(sets.vector(word), dtype=float) for word in ("word1", "word2", "word3"))
    for text, wanted in {
        "word1": a,
        "word1 & word2": a * b,
        "word1 | word2 & word3": (a + b - a * b) * c,
        "word2 + word3 - word1": np.maximum(0, np.minimum(1, b + c) - a),
        "WORD1 - word2": np.maximum(0, a - b),
    }.items():
        np.testing.assert_allclose(fuzzy.composed(sets, text), wanted, atol=1e-7)


@pytest.mark.parametrize("text", ["", "word1 word2", "word1 &", "& word1", "word1 & & word2", "word1&word2 word3"])
def test_what_is_no_set_of_words_is_refused(sets, text):
    with pytest.raises(ProbekitError, match=r"no set of words: write 'noble & metal'|operation on sets"):
        fuzzy.composed(sets, text)


def test_unknown_words_operations_and_vectors_that_are_no_sets(sets, plain):
    with pytest.raises(UnknownName, match="word1"):
        fuzzy.composed(sets, "word1 & wrod1")
    with pytest.raises(UnknownName, match="operation on sets of words"):
        fuzzy.composed(sets, "word1 and word2")
    with pytest.raises(ProbekitError, match=r"TABLE\|fuzzy"):
        fuzzy.composed(plain, "word1 & word2")


def test_neighbours_of_a_text_are_those_of_its_set_without_its_words(sets):
    by_text = fuzzy.neighbours(sets, "word1 & word2", n=5)
    both = fuzzy.intersection(sets.vector("word1"), sets.vector("word2"))
    by_set = fuzzy.neighbours(sets, both, n=5, without=["word1", "word2"])
    assert by_text.words == by_set.words and not {"word1", "word2"} & set(by_text.words)
    assert by_text.rescaled == pytest.approx(sets.vectors.sum(axis=1).mean() / both.sum(), rel=1e-5)
    assert fuzzy.rescaled(sets, both)[0].sum() == pytest.approx(sets.vectors.sum(axis=1).mean(), rel=1e-5)


# --- controls ----------------------------------------------------------------------------------------


def bernoulli(p: np.ndarray, q: np.ndarray) -> float:
    return float((p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum())


def brought(table: WordTable, a: np.ndarray) -> np.ndarray:
    return np.minimum(a * table.vectors.astype(float).sum(axis=1).mean() / a.sum(), 1)


def test_drawn_words_are_three_different_ones_and_the_seed_counts(sets):
    rows = fuzzy_controls.drawn(sets, 200)
    assert 150 < len(rows) <= 200 and all(len(set(row)) == 3 for row in rows.tolist())
    assert (rows != fuzzy_controls.drawn(sets, 200, seed=1)[: len(rows)]).any()


@pytest.mark.parametrize("rescale", [False, True])
def test_asymmetry_and_order_of_composed_sets_by_definition(sets, rescale):
    rows = fuzzy_controls.drawn(sets, 80)
    vectors = sets.vectors.astype(float)
    scaled = [brought(sets, v) if rescale else v for v in vectors]
    there = np.array([bernoulli(scaled[a], scaled[b]) for a, b, _ in rows])
    back = np.array([bernoulli(scaled[b], scaled[a]) for a, b, _ in rows])
    found = fuzzy_controls.asymmetry(sets, rows[:, :2], rescale)
    assert found.value == pytest.approx(np.abs(there - back).mean() / ((there + back) / 2).mean(), rel=1e-4)
    assert found.low < found.value < found.high
    both = [vectors[a] * vectors[b] for a, b, _ in rows]
    both = [brought(sets, one) if rescale else one for one in both]
    first = [bernoulli(x, scaled[c]) < bernoulli(scaled[c], x) for x, (_, _, c) in zip(both, rows, strict=True)]
    assert fuzzy_controls.composed_first(sets, rows, rescale).value == pytest.approx(np.mean(first))


def test_orders_by_definition(sets, plain):
    rows = fuzzy_controls.drawn(sets, 80)
    p, unit = sets.vectors.astype(float), plain.vectors / np.linalg.norm(plain.vectors, axis=1, keepdims=True)
    divergences = [bernoulli(p[a], p[b]) + bernoulli(p[b], p[a]) for a, b, _ in rows]
    distances = [((unit[a] - unit[b]) ** 2).sum() for a, b, _ in rows]
    found = fuzzy_controls.distance_order(sets, plain, rows[:, :2])
    assert found.value == pytest.approx(spearmanr(divergences, distances)[0], abs=1e-6)
    lengths = np.linalg.norm(plain.vectors, axis=1)
    entropies = [-(q * np.log(q) + (1 - q) * np.log(1 - q)).sum() for q in p]
    order = fuzzy_controls.entropy_order(sets, np.arange(N), lengths)
    assert order.value == pytest.approx(spearmanr(lengths, entropies)[0], abs=1e-6)


def test_without_rescaling_a_product_finds_words_by_their_mass(sets):
    """What the card calls degenerate: a tiny set is far from large words, whatever they mean."""
    rows = fuzzy_controls.drawn(sets, 20)[:, :2]
    p = sets.vectors.astype(float)
    found = {}
    for rescale in (False, True):
        each = []
        for a, b in rows:
            q = brought(sets, p[a] * p[b]) if rescale else p[a] * p[b]
            cross = [-(q * np.log(w) + (1 - q) * np.log(1 - w)).sum() for w in p]
            each.append(abs(spearmanr(cross, p.sum(axis=1))[0]))
        found[rescale] = fuzzy_controls.mass_order(sets, rows, rescale).value
        assert found[rescale] == pytest.approx(np.mean(each), abs=2e-3)
    assert found[False] > 0.9 > found[True]
    of_one_mass = fuzzy_controls.mass_order(
        load_table(f"{sets.spec.partition('|')[0]}|fuzzy(normalise=row)"), rows, False
    )
    assert np.isnan(of_one_mass.value) and of_one_mass.note == "all words have one mass"


# --- benchmarks --------------------------------------------------------------------------------------


def test_direction_counts_pairs_that_are_liker_one_way(sets, plain, tmp_path):
    pairs = [(WORDS[i], WORDS[(7 * i + 3) % N]) for i in range(30)]
    path = tmp_path / "pairs.csv"
    pd.DataFrame([(*one, "hyper") for one in pairs] + [(*one[::-1], "coord") for one in pairs]).to_csv(
        path, index=False, header=["word1", "word2", "relation"]
    )
    vectors = dict(zip(WORDS, sets.vectors.astype(float), strict=True))
    right = [bernoulli(vectors[a], vectors[b]) < bernoulli(vectors[b], vectors[a]) for a, b in pairs]
    benchmark = pk.benchmarks.get(f"direction:{path}")
    assert benchmark.score(sets)["value"].item() == pytest.approx(np.mean(right))
    other = pk.benchmarks.get(f"direction:{path}(relation=coord)").score(sets)["value"].item()
    assert other == pytest.approx(1 - np.mean(right))
    found = benchmark.score(plain, measure="cosine")
    assert np.isnan(found["value"].item()) and "same both ways" in found["note"].item()
    with pytest.raises(ProbekitError, match="no pair of the relation 'mero'"):
        pk.benchmarks.get(f"direction:{path}(relation=mero)").score(sets)


def test_function_words_are_told_apart_also_at_one_frequency(sets, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\n".join(WORDS[::3]))
    p = sets.vectors.astype(float)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(axis=1)
    is_one = np.array([word in WORDS[::3] for word in WORDS])
    found = pk.benchmarks.get(f"function-words:{path}(least=0)").score(sets)
    found = found[found["metric"].eq("auc")].set_index("subset")
    assert found.loc["", "value"] == pytest.approx(roc_auc_score(is_one, entropy))
    ranks = [1 + sum(other > count for other in sets.counts) for count in sets.counts]
    bands = np.array([int(np.log2(rank)) for rank in ranks])
    wins = [
        entropy[i] > entropy[j]
        for band in set(bands)
        if min((own := bands == band)[is_one].sum(), own[~is_one].sum()) > 1  # of fewer nothing is said
        for i in np.flatnonzero(own & is_one)
        for j in np.flatnonzero(own & ~is_one)
    ]
    assert found.loc["matched", "value"] == pytest.approx(np.mean(wins))
    of_band = [i for i in range(N) if 32 <= ranks[i] < 64]
    assert found.loc["ranks=32-63", "value"] == pytest.approx(roc_auc_score(is_one[of_band], entropy[of_band]))
    assert set(found.index) == {"", "matched", "ranks=32-63"}


def test_the_random_control_of_sets_stands_before_they_are_made(saved):
    assert str(random_like(f"{saved}|pca(3)|fuzzy|unit")) == (f'gaussian(like="{saved}|pca(3)", seed=0)|fuzzy|unit')
    assert str(random_like("glove|pca(3)", 2)) == 'gaussian(like="glove|pca(3)", seed=2)'
    made = load_table(str(random_like(f"{saved}|fuzzy(normalise=row)")))
    np.testing.assert_allclose(made.vectors.sum(axis=1), 1, rtol=1e-5)
    rated = "".join(f"{WORDS[i]}\t{WORDS[i + 1]}\t{i % 7}\n" for i in range(40))
    path = saved.removeprefix("static:") + "-rated.tsv"
    with open(path, "w") as file:
        file.write(rated)
    rows = pk.benchmarking(
        "try", [f"{saved}|fuzzy"], [f"similarity:{path}"], ["fuzzy-kl"], controls=["random-table"]
    ).run(path + "-out")
    assert set(rows["control"]) == {"", "random-table"} and rows["value"].notna().all()
