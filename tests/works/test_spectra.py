"""Spectra of tables as rows: the curve is the eigenvalues', an order is what it is defined to be, others are not."""

import numpy as np
import pytest

import probekit as pk
from probekit.embeddings.table import WordTable
from probekit.embeddings.tables import load_table
from probekit.grid import Grid
from probekit.specs import parse
from probekit.works.spectra import order_gap


@pytest.fixture
def table(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 6)) + 0.5
    return f"static:{WordTable([f'w{i}' for i in range(40)], vectors.astype(np.float32)).save(tmp_path / 'table')}"


def test_rows_and_curve_of_a_table_and_its_orders(table, tmp_path):
    asked = [table, *(f"{table}|similarity-order({alpha})" for alpha in (-0.5, -0.25, 0, 0.5, 1.5))]
    found = Grid("try", "spectra", {"encoder": asked}, keep=["curve"]).run(tmp_path / "out")
    gaps = found[found["metric"] == "order_gap"]["value"]
    assert len(gaps) == 4 and gaps.max() < 1e-5  # of -0.25 and of the table itself there is none
    values = np.linalg.eigvalsh(load_table(table).vectors.astype(float).T @ load_table(table).vectors)[::-1]
    plain = found[~found["encoder"].astype(str).str.contains("order")].set_index("metric")
    assert plain.loc["condition", "value"] == pytest.approx(values[0] / values[-1])
    curve = pk.read_table(tmp_path / "out", "curve")
    first = curve[curve["key"] == plain.loc["condition", "key"]].sort_values("step")["value"]
    np.testing.assert_allclose(first, values / values.sum(), rtol=1e-5)


def test_another_table_than_the_order_says_has_a_gap(table):
    other = load_table(f"{table}|similarity-order(0.4)")
    assert order_gap(parse(f"{table}|similarity-order(0.5)"), other) > 0.01
    assert order_gap(parse(f"{table}|similarity-order(-0.5)"), other) > 0.01
