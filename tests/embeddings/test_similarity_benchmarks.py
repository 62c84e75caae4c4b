"""Benchmarks of rated pairs against the definition, unknown words, refusals, and the grid that asks them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import probekit as pk
from probekit.corpora import word_items
from probekit.embeddings.benchmarks.catalogue import registry
from probekit.embeddings.measures import get as get_measure
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError, UnknownName
from probekit.store import digest

WORDS = [f"word{i}" for i in range(30)]


@pytest.fixture
def table() -> WordTable:
    return WordTable(WORDS, np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32))


@pytest.fixture
def rated(tmp_path) -> tuple[str, pd.DataFrame]:
    draw = np.random.default_rng(1)
    pairs = pd.DataFrame(
        {"left": draw.permutation(WORDS), "right": draw.permutation(WORDS), "rating": draw.random(30).round(3)}
    )
    pairs.loc[0, "left"] = "absent"
    path = tmp_path / "pairs.tsv"
    pairs.to_csv(path, sep="\t", index=False)
    return str(path), pairs


def test_spearman_of_cosines_as_by_definition(table, rated):
    path, pairs = rated
    found = pk.benchmarks.get(f"similarity:{path}").score(table)
    covered = pairs[pairs["left"] != "absent"]
    cosines = []
    for left, right in zip(covered["left"], covered["right"], strict=True):
        a, b = (table.vector(word).astype(float) for word in (left, right))
        cosines.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert found["value"].item() == pytest.approx(spearmanr(cosines, covered["rating"])[0], abs=1e-6)
    assert found["n"].item() == 29 and found["coverage"].item() == pytest.approx(29 / 30)


def test_unknown_words_are_what_was_asked_for(table, rated):
    path, _ = rated
    values = {way: pk.benchmarks.get(f"similarity:{path}(unknown={way})").score(table) for way in ("zero", "mean")}
    assert all(found["n"].item() == 30 for found in values.values())
    assert values["zero"]["value"].item() != values["mean"]["value"].item()


def test_pairs_that_a_lexicon_joins_are_left_out_and_counted(table, rated, tmp_path):
    path, pairs = rated
    covered = pairs[pairs["left"].ne("absent") & pairs["left"].ne(pairs["right"])]
    # Turned round, in another case, twice, and of words that no vector or no pair has.
    joined = covered.iloc[[0, 3, 7]]
    lines = [f"{right} {left}\n" for left, right in zip(joined["left"], joined["right"], strict=True)]
    lexicon = tmp_path / "lexicon.txt"
    lexicon.write_text("".join([*lines, lines[0].title(), *lines, "absent word3\n", "word1 word1 other\n"]))
    found = pk.benchmarks.get(f'similarity:{path}(without="lexicon:{lexicon}")')
    rest = tmp_path / "rest.tsv"
    pairs.drop(index=joined.index).to_csv(rest, sep="\t", index=False)
    wanted = pk.benchmarks.get(f"similarity:{rest}").score(table)
    assert found.score(table)["value"].item() == pytest.approx(wanted["value"].item())
    (one,) = found.answer(table, get_measure("cosine"))
    assert one.n == 26 and one.info["edges"] == pytest.approx(3 / 29)
    assert not set(joined.index) & set(one.unit.tolist())
    plain = pk.benchmarks.describe(f"similarity:{path}")
    assert found.source.digest != plain.digest and str(tmp_path) not in found.source.name
    with pytest.raises(ProbekitError, match="these are pairs; it takes a lexicon"):
        pk.benchmarks.describe(f'similarity:{path}(without="word-pairs:{path}")')


def test_a_benchmark_with_few_covered_items_says_nothing(rated):
    few = WordTable(WORDS[:6], np.eye(6, dtype=np.float32))
    found = pk.benchmarks.get(f"similarity:{rated[0]}").score(few)
    assert np.isnan(found["value"].item()) and "fewer than 10" in found["note"].item()


def test_what_is_not_there_is_refused(rated, table):
    with pytest.raises(UnknownName, match="similarity/simlex-999"):
        pk.benchmarks.get("similarity/simlex")
    with pytest.raises(UnknownName, match="skip"):
        pk.benchmarks.get(f"similarity:{rated[0]}(unknown=wrong)")
    with pytest.raises(UnknownName, match="cosine"):
        pk.benchmarks.get(f"similarity:{rated[0]}").score(table, measure="cosin")
    with pytest.raises(ProbekitError, match="takes a file"):
        pk.benchmarks.get("similarity")


def test_a_rating_that_is_no_number_is_named_with_its_line(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("cup\tmug\t9\nold\tnew\thigh\n")
    with pytest.raises(ProbekitError, match=":2: the rating of 'old' and 'new' is 'high'"):
        pk.benchmarks.get(f"similarity:{path}").score(WordTable(WORDS, np.eye(30, dtype=np.float32)))


def test_a_grid_asks_every_measure_and_keeps_predictions(table, rated, tmp_path):
    table.save(tmp_path / "table")
    grid = pk.benchmarking(
        "try", [f"static:{tmp_path / 'table'}"], [f"similarity:{rated[0]}"], ["cosine", "dot"], keep=["predictions"]
    )
    rows = grid.run(tmp_path / "out")
    assert set(rows["probe"]) == {"cosine", "dot"} and set(rows["metric"]) == {"spearman"}
    assert rows["value"].notna().all() and (rows["ci_low"] < rows["value"]).all()
    assert len(pk.read_table(tmp_path / "out", "predictions")) == 2 * 29
    assert not grid.plan(tmp_path / "out").open


def test_a_lexicon_that_is_not_given_is_not_in_the_key(tmp_path):
    """Answers that were stored before there was one stay good."""
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"a{i}\tb{i}\t{i}\n" for i in range(12)))
    entry = registry.entry("similarity")
    items = word_items.describe(f"word-pairs:{path}")
    want = digest(["similarity", entry.revision, {"unknown": "skip"}, [items.digest]])
    assert pk.benchmarks.describe(f"similarity:{path}").digest == want
