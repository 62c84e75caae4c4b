"""Many alphas in one cell: the rows of the steps asked one by one, limits by name, what is no alpha."""

from __future__ import annotations

import json

import numpy as np
import pytest

from probekit.embeddings.conditional import Point
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import ProbekitError
from probekit.works.alpha_sweep import alpha_sweep, point_of
from probekit.works.benchmarking import benchmarking

TABLE = 'skip-gram:"grammar(n=80)"(min_count=1, epochs=3, rate=0.1, size=6)'


@pytest.fixture
def pairs(tmp_path) -> str:
    """Rated pairs of words of the table."""
    words, draw = load_table(TABLE).words, np.random.default_rng(0)
    lines = [
        f"{words[a]}\t{words[b]}\t{draw.random():.3f}\n" for a, b in draw.integers(0, len(words), (40, 2)) if a != b
    ]
    (tmp_path / "pairs.tsv").write_text("".join(lines))
    return f"similarity:{tmp_path / 'pairs.tsv'}"


def test_rows_are_those_of_the_steps(pairs, tmp_path):
    grid = alpha_sweep("try", [TABLE], [pairs], [-2, 1, 1.5, "t1", "t3-w"], ["uniform", "corpus"])
    found = grid.run(tmp_path / "sweep").set_index("setting")["value"]
    assert len(grid.cells()) == 2 and len(found) == 20
    options = "metric={}, reference={}"
    for reference in ("uniform", "corpus"):
        for metric in ("I", "F"):
            said = options.format(metric, reference)
            steps = {-2: f"natural-alpha(geom_alpha=-2, {said})", 1.5: f"natural-alpha(geom_alpha=1.5, {said})"}
            steps |= {1: f"natural-alpha(geom_alpha=1, {said})", "t1": f"limit({said})"}
            steps |= {"t3-w": f"limit(k=3, weighted=true, {said})"}
            names = {alpha: describe_table(f"{TABLE}|{step}").name for alpha, step in steps.items()}
            alone = benchmarking("try", [f"{TABLE}|{step}" for step in steps.values()], [pairs])
            plain = alone.run(tmp_path / f"{reference}-{metric}").set_index("encoder")["value"]
            for alpha, name in names.items():
                where = f"centre=U+V;geom_alpha={alpha};product={metric};reference={reference}"
                assert found[where] == pytest.approx(plain[name], abs=1e-6), where


def test_limits_have_the_names_of_the_paper():
    assert point_of("t5-w", "corpus") == Point(-np.inf, "corpus", 5, True)
    assert point_of("t1", "model") == Point(-np.inf, "model") and point_of(1, "model") == Point(1.0, "model")
    for wrong in ("t0", "-inf", "w3"):
        with pytest.raises(ProbekitError, match="alphas are numbers, and limits t1"):
            point_of(wrong, "model")
    with pytest.raises(ProbekitError, match="alphas are numbers"):
        alpha_sweep("try", [TABLE], ["spectrum/thirds"], ["best"]).cells()


def test_limits_say_how_many_vectors_there_are(pairs, tmp_path):
    found = alpha_sweep("try", [TABLE], [pairs], ["t1"], ["uniform"], ["I"]).run(tmp_path / "out")
    assert 1 < json.loads(found["info"].iloc[0])["distinct_vectors"] < 60
