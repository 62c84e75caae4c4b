"""Words of a table to look at, and what its training said of itself."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings import tables
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.errors import ProbekitError
from probekit.grid import Grid
from probekit.works.portraits import placed


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A table of pairs and a file of questions about them."""
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "_recent", {})
    draw = np.random.default_rng(0)
    left = draw.normal(size=(8, 6))
    words = [f"{name}{i}" for name in ("boy", "girl") for i in range(8)]
    WordTable(words, np.concatenate([left, left + np.eye(6)[0]]).astype(np.float32)).save(tmp_path / "table")
    lines = (
        "".join(f"boy{i} girl{i} boy{i + 1} girl{i + 1}\n" for i in range(7))
        + "boy7 girl7 boy0 girl0\nhe she boy0 girl0\n"
    )
    (tmp_path / "questions.txt").write_text(": family\n" + lines)
    return tmp_path


def test_the_nearest_words_of_some_words(place):
    grid = Grid("try", "neighbours", {"encoder": [f"static:{place}/table"], "word": ["boy1", "light"]}, ["neighbours"])
    found = grid.run(place / "out")
    lines = pk.read_table(place / "out", "neighbours")
    rows = found.set_index("word" if "word" in found else "setting")
    vectors = load_table(f"static:{place}/table").vectors.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.sort(np.delete(unit @ unit[1], 1))[::-1][:10]
    np.testing.assert_allclose(lines.sort_values("rank")["score"], cosines, rtol=1e-5)
    assert rows["value"].isna().sum() == 1 and "no 'light'" in " ".join(found["note"].astype(str))
    assert rows["value"].max() == pytest.approx(cosines.mean(), rel=1e-5)


def test_pairs_have_places_in_three_dimensions_always_the_same(place):
    asked = {"encoder": [f"static:{place}/table"], "task": [f"offsets:{place}/questions.txt"]}
    found = Grid("try", "offset-places", asked, ["places"]).run(place / "out")
    lines = pk.read_table(place / "out", "places")
    assert len(lines) == 8 and set(lines["right"]) == {f"girl{i}" for i in range(8)}
    assert found["n_test"].iloc[0] == 8 and found["value"].iloc[0] >= 0
    vectors = load_table(f"static:{place}/table").vectors
    again, _ = placed(vectors)
    np.testing.assert_allclose(lines.sort_values("unit")[["left_x", "left_y", "left_z"]], again[:8], rtol=1e-6)
    with pytest.raises(ProbekitError, match="asks for no offsets"):
        Grid("try", "offset-places", {**asked, "task": ["spectrum/thirds"]}).run(place / "other")


def test_losses_are_those_that_a_training_kept(place):
    made = 'skip-gram:"grammar(n=60)"(size=8, epochs=3, min_count=1, rate=0.1)'
    found = Grid("try", "training-losses", {"encoder": [made]}, ["curve"]).run(place / "out")
    losses = load_table(made).about["losses"]
    assert pk.read_table(place / "out", "curve").sort_values("step")["value"].tolist() == pytest.approx(losses)
    assert found.set_index("metric")["value"]["loss"] == pytest.approx(losses[-1])
    with pytest.raises(ProbekitError, match="kept no losses"):
        Grid("try", "training-losses", {"encoder": [f"static:{place}/table"]}).run(place / "other")
