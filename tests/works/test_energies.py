"""Energies of a retrofitted table: what its step says, as rows and a curve."""

from __future__ import annotations

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings import tables
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.grid import Grid


@pytest.fixture
def table(tmp_path, monkeypatch) -> str:
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tables, "_recent", {})
    draw = np.random.default_rng(0)
    words = [f"w{i}" for i in range(40)]
    (tmp_path / "lexicon.txt").write_text("".join(" ".join(draw.choice(words, 3, replace=False)) + "\n" for _ in words))
    WordTable(words, draw.normal(size=(40, 6)).astype(np.float32)).save(tmp_path / "table")
    return f'static:{tmp_path}/table|retrofit(lexicon="lexicon:{tmp_path}/lexicon.txt", sweeps=4, weights={{}})'


def test_rows_and_curve_are_what_the_step_says(table, tmp_path):
    asked = {weights: table.format(weights) for weights in ("exact", "uniform", "as-printed")}
    found = Grid("try", "energies", {"encoder": list(asked.values())}, keep=["curve"]).run(tmp_path / "out")
    curve = pk.read_table(tmp_path / "out", "curve")
    assert len(curve) == 3 * 2 * 5
    for weights, spec in asked.items():
        own = found[found["encoder"].astype(str).str.contains(f"weights={weights}")]
        about, value = load_table(spec).about, own.set_index("metric")["value"]
        assert value["psi"] == pytest.approx(about["psi"][-1] / about["psi"][0])
        assert value["edges"] == about["edges"] and value["length"] == pytest.approx(about["length"])
        assert ("residual" in value) == (weights == "exact")
        lines = curve[curve["key"].eq(own["key"].iloc[0]) & curve["series"].eq("energy")].sort_values("step")
        np.testing.assert_allclose(lines["value"], np.array(about["energy"]) / about["energy"][0])


def test_a_table_that_is_not_retrofitted_is_left_out(table, tmp_path, capsys):
    grid = Grid("try", "energies", {"encoder": [table.partition("|")[0], table.format("exact")]})
    assert grid.run(tmp_path / "out")["encoder"].nunique() == 1
    assert "is left out: its last step is no retrofit" in capsys.readouterr().err
