"""Works on fuzzy sets of words: neighbours of composed sets, divergences, controls, on a small table."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings import fuzzy
from probekit.embeddings.measures import get
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.grid import Grid

N, D = 40, 6
WORDS = [f"word{i}" for i in range(N)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("tables") / "plain"
    vectors = np.random.default_rng(0).normal(size=(N, D)).astype(np.float32)
    WordTable(WORDS, vectors, counts=np.arange(N, 0, -1) * 10).save(folder)
    return f"static:{folder}"


def test_neighbours_of_sets_and_of_sums(saved, tmp_path):
    texts = ["word1 & word2", "word1 - word2", "word1 | absent"]
    grids = [
        Grid("sets", "set-neighbours", {"encoder": [table], "probe": [measure], "words": texts}, ["predictions"])
        for table, measure in ((f"{saved}|fuzzy", "fuzzy-cross-entropy"), (saved, "cosine"))
    ]
    for grid in grids:
        grid.run(tmp_path / "sets")
    rows = pk.read_results(tmp_path / "sets")
    lines = pk.read_table(tmp_path / "sets", "predictions").merge(rows[["key", "encoder", "setting"]], on="key")
    made = load_table(f"{saved}|fuzzy")
    near = lines[lines["encoder"].str.contains("fuzzy") & lines["setting"].eq("words=word1 & word2")]
    found = fuzzy.neighbours(made, "word1 & word2", 10)
    assert near.sort_values("unit")["predicted"].tolist() == list(found.words)
    of_set = rows[rows["encoder"].str.contains("fuzzy") & rows["setting"].eq("words=word1 & word2")]
    assert of_set["value"].item() == pytest.approx(found.rescaled)
    plain = load_table(saved)
    unit = plain.vectors / np.linalg.norm(plain.vectors, axis=1, keepdims=True)
    order = np.argsort(-(unit @ (unit[1] - unit[2])))
    less = lines[~lines["encoder"].str.contains("fuzzy") & lines["setting"].eq("words=word1 - word2")]
    wanted = [WORDS[row] for row in order if row not in (1, 2)][:10]
    assert less.sort_values("unit")["predicted"].tolist() == wanted
    absent = rows[rows["setting"].str.contains("absent")]
    assert len(absent) == 2 and absent["value"].isna().all() and absent["note"].str.contains("'absent'").all()


def test_divergences_as_they_are_and_of_one_mass(saved, tmp_path):
    axes = {"encoder": [f"{saved}|fuzzy"], "probe": ["fuzzy-kl"], "sets": ["word1 & word2 from word3", "x from word1"]}
    rows = Grid("sets", "set-divergences", axes).run(tmp_path / "sets")
    made = load_table(f"{saved}|fuzzy")
    measure, both = get("fuzzy-kl"), fuzzy.composed(made, "word1 & word2")
    one = rows[rows["setting"].eq("sets=word1 & word2 from word3")].set_index("subset")["value"]
    other = np.asarray(made.vector("word3"), dtype=float)
    sides = {"": (both, other), "rescaled": (fuzzy.rescaled(made, both)[0], fuzzy.rescaled(made, other)[0])}
    for subset, (left, right) in sides.items():
        expected = -measure.pairs(measure.prepare(left[None]), measure.prepare(right[None]))[0]
        assert one[subset] == pytest.approx(expected)
    assert rows["note"].str.contains("'x'").sum() == 1


def test_controls_say_what_they_are_of_and_seeds_draw_other_words(saved, tmp_path):
    axes = {"encoder": [f"{saved}|fuzzy(normalise=row)"], "marked": ["word1 absent"], "seed": [0, 1]}
    rows = Grid("sets", "set-controls", axes, ["points"]).run(tmp_path / "sets")
    first, second = (rows[rows["seed"].eq(seed)].set_index(["metric", "subset"]) for seed in (0, 1))
    made = load_table(f"{saved}|fuzzy(normalise=row)")
    assert first.loc[("entropy", "word=word1"), "value"] == pytest.approx(fuzzy.entropy(made.vector("word1")))
    assert first.loc[("entropy", "most"), "value"] == pytest.approx(fuzzy.entropy(np.full(D, 1 / D)), rel=1e-6)
    assert first.loc[("length_spearman", ""), "n_test"] == N - 9  # words with 100 occurrences
    asymmetry = first.loc["asymmetry"]["value"]
    assert asymmetry[""] == pytest.approx(asymmetry["rescaled"], rel=1e-3)  # rows have one mass
    assert first.loc[("asymmetry", ""), "value"] != second.loc[("asymmetry", ""), "value"]
    points = pk.read_table(tmp_path / "sets", "points")
    assert points.groupby(["key", "label"], observed=True)["y"].sum().to_numpy() == pytest.approx(1)
