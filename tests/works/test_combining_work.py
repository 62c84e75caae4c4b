"""Both sides of combined tables as rows: cosines word by word, the objective of both solvers, what has no two sides."""

import importlib.util

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings.steps.geometric import Problem, closed_form
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.grid import Grid
from probekit.works.combining import OTHER, SAME, cosines_of_sides, refuses

N, D = 40, 4


@pytest.fixture
def two(tmp_path) -> list[str]:
    """One table, and a turned and noisy copy of it."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(N, D)) * [1, 1.5, 2, 3]
    Z = X @ np.linalg.qr(draw.normal(size=(D, D)))[0] + 0.2 * draw.normal(size=(N, D))
    words = [f"w{i}" for i in range(N)]
    tables = [WordTable(words, one.astype(np.float32)) for one in (X, Z)]
    return [f"static:{one.save(tmp_path / name)}" for one, name in zip(tables, "xz", strict=True)]


def rows_of(asked, folder):
    found = Grid("try", "combining", {"encoder": asked}, keep=["curve"]).run(folder)
    return found.set_index(found["metric"].astype(str) + found["subset"].astype(str).replace({"nan": "", "None": ""}))


def test_cosines_are_those_of_every_word_and_of_all_pairs_of_words(two, tmp_path):
    X, Z = (load_table(one).vectors.astype(float) for one in two)
    X, Z = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (X, Z))
    all_pairs = X @ Z.T
    same, other = cosines_of_sides(load_table(f'{two[0]}|concatenate(with="{two[1]}")'), D)
    np.testing.assert_allclose(same, np.diag(all_pairs), rtol=1e-5)
    assert other == pytest.approx(all_pairs[~np.eye(N, dtype=bool)].mean(), abs=1e-6)
    plain = rows_of([f'{two[0]}|concatenate(with="{two[1]}")'], tmp_path / "out")
    assert plain.loc[f"cosine{SAME}", "value"] == pytest.approx(same.mean())
    assert plain.loc[f"cosine{SAME}", "ci_low"] < same.mean() < plain.loc[f"cosine{SAME}", "ci_high"]
    assert len(plain) == 2  # nothing was learned


def test_what_was_learned_brings_both_vectors_of_a_word_together(two, tmp_path):
    found = rows_of([f'{two[0]}|geo-concatenate(c=0.1, with="{two[1]}")'], tmp_path / "out")
    X, Z = (load_table(one).vectors for one in two)
    best = closed_form(Problem.of(X, Z, 0.1))
    assert found.loc["objective", "value"] == pytest.approx(best.objective)
    assert found.loc[f"cosine{SAME}", "value"] > 0.9 > abs(found.loc[f"cosine{OTHER}", "value"]) + 0.5
    values = np.linalg.eigvalsh(best.B)[::-1]
    curve = pk.read_table(tmp_path / "out", "curve").sort_values("step")["value"]
    np.testing.assert_allclose(curve, values / values.sum(), rtol=1e-6)


@pytest.mark.skipif(not importlib.util.find_spec("pymanopt"), reason="pymanopt is not installed")
def test_the_gap_of_the_iterative_solver_is_above_nothing_and_small(two, tmp_path):
    found = rows_of([f'{two[0]}|geo-concatenate(c=0.1, solver=riemannian, with="{two[1]}")'], tmp_path / "out")
    assert -1e-9 < found.loc["objective_gap", "value"] < 1e-6


def test_tables_without_two_sides_are_refused(two, tmp_path):
    assert "has two sides" in refuses(f'{two[0]}|average(with="{two[1]}")')
    assert "has two sides" in refuses(two[0])
    assert "has two sides" in refuses(f'{two[0]}|concatenate(with=["{two[1]}", "{two[1]}"])')
    narrow = load_table(two[1]).with_vectors(load_table(two[1]).vectors[:, :1]).save(tmp_path / "narrow")
    with pytest.raises(pk.ProbekitError, match=r"puts 1 dimensions beside 4.*\|pca\(k\)"):
        cosines_of_sides(load_table(f'{two[0]}|concatenate(with="static:{narrow}")'), D)
