"""Neighbours of the same label: counts by hand, chance, a plane that is the same again, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import Golden

import probekit as pk
from probekit.grid import Grid
from probekit.works.neighbourhoods import plane, same_by_chance, same_label

golden = Golden(__file__)
ASKED: dict[str, Any] = {"dataset": ["cues(n=40)"], "encoder": ["random:minilm"], "layer": [0], "pooling": ["mean"]}
TASK = {"task": ["sentence/label"]}


def test_shares_are_counted_by_hand() -> None:
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(12, 3)), np.array(list("aabbccaabbcc"))
    found = same_label(vectors, labels, k=3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row in range(12):
        others = sorted((other for other in range(12) if other != row), key=lambda o: -float(unit[row] @ unit[o]))
        assert found[row] == pytest.approx(np.mean([labels[o] == labels[row] for o in others[:3]]))
    assert same_by_chance(labels) == pytest.approx(3 / 11)


def test_clouds_that_are_apart_have_their_own_for_neighbours_and_places_in_a_plane() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(["a", "b"], 20)
    vectors = rng.normal(size=(40, 5)) * 0.1 + np.where(labels == "a", 1.0, -1.0)[:, None]
    assert same_label(vectors, labels).min() == 1
    places = plane(vectors)
    assert places.shape == (40, 2) and np.array_equal(places, plane(vectors))
    assert same_label(places - places.mean(axis=0), labels, k=5).mean() > 0.9


def test_a_grid_keeps_rows_and_points(tmp_path: Path) -> None:
    found = Grid("try", "neighbourhoods", {**ASKED, **TASK}, keep=["points"]).run(tmp_path)
    points = pk.read_table(tmp_path, "points")
    row = found.iloc[0]
    assert (
        row["metric"] == "same_label_neighbours" and row["layer"] == 0 and row["ci_low"] < row["value"] < row["ci_high"]
    )
    assert len(points) == row["n_test"] == 40 and points["label"].nunique() == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"task": ["word/upos"]}, "labels of sentences"),
        ({**TASK, "dataset": ["cues(n=20)|sample(n=10)"]}, "10 sentences, and each"),
    ],
)
def test_what_cannot_be_asked_is_refused(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(pk.ProbekitError, match=said):
        Grid("try", "neighbourhoods", {**ASKED, **more}).run(tmp_path)


def numbers(spec: str) -> list[float]:
    import tempfile

    with tempfile.TemporaryDirectory() as out:
        found = Grid("try", "neighbourhoods", {**ASKED, **TASK}).run(out)
    return found["value"].tolist()


golden.case("work:neighbourhoods", numbers)
test_numbers_stay, test_options_move_numbers = golden.tests()
