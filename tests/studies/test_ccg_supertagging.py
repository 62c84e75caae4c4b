"""The supertagging study, small: four heads on generated sentences, its figures and claims from rows and tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from probekit import report
from probekit import study as studies
from probekit.report import NotTestable
from probekit.report.claims import published, views
from probekit.works.supertagging import supertagging

experiment = import_module("probekit.experiments.ccg_supertagging")
STUDY = studies.complete("ccg-supertagging")
view_of = import_module("probekit.paper_figures._ccg_supertagging_view")
claims_of = import_module("probekit.paper_figures._ccg_supertagging_claims")
HEADS = tuple(f"{head}(budget=500, epochs=4, hidden=12, rate=0.02)" for head in view_of.HEADS)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / STUDY.name
    corpus = "ccg-grammar(n=150, n_test=30)"
    supertagging(STUDY.name, [corpus], ["minilm"], HEADS, seeds=[0, 1], keep=experiment.KEEP).run(out)
    supertagging(STUDY.name, [corpus], ["minilm"], HEADS[:1], layers=[3], keep=experiment.KEEP).run(out)
    return out


def test_gains_are_those_of_the_rows(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    assert view.generated and view.models == ["MiniLM"] and view.beside() == []
    for metric in (view_of.ACCURACY, view_of.COVERAGE):
        means = [
            view.mean(head=head, metric=metric, split="test", subset=None) for head in (view_of.BOTH, view_of.BASE)
        ]
        gain, test = (f(metric, "MiniLM", view_of.BOTH, view_of.BASE) for f in (view.gain, view.test))
        assert gain.difference == pytest.approx(means[0] - means[1]) == pytest.approx(test.difference)
        assert gain.low <= gain.difference <= gain.high and gain.n == 30
    parts = [100 * view.sample(view_of.F1, "MiniLM", head)[0] for head in view_of.HEADS.values()]
    base, remembered, spelled, both = parts
    synergy = view.synergy(view_of.F1, "MiniLM")
    assert 100 * synergy.difference == pytest.approx(both - remembered - spelled + base)
    right, asked, words = view.unseen("MiniLM", view_of.BASE)
    assert right == 0 and asked == 2 * words > 0


def test_a_direction_needs_a_test() -> None:
    from probekit.scores import Comparison

    gain = Comparison(0.1, 0.0, 0.2, np.nan, "", "", 3)
    tests = [Comparison(0.1, 0, 0, p, "", "", 3) for p in (0.5, 0.001, np.nan)]
    assert [claims_of.signed(gain, test) for test in tests] == [None, True, None]


def test_what_was_not_run_is_said(results: Path) -> None:
    rows = report.read_results(results)
    only = rows[~rows["probe"].astype(str).str.startswith("primitives(")]
    with pytest.raises(NotTestable, match="all four heads"):
        _ = views(STUDY, only)[0].models


def test_figures_claims_and_numbers_beside_the_paper(results: Path) -> None:
    with pytest.warns(UserWarning, match="is left out"):
        made = report.publish(STUDY.name, results)
    names = {path.name for path in made}
    figures = ("figure-table-2", "figure-scores", "figure-frequency", "figure-layers", "figure-1")
    tables = ("table-1", "table-2", "tests", "parses", "frequency", "categories", "novel", "kinds", "claims")
    assert {f"{name}-generated.png" for name in figures} <= names
    assert {f"{name}-generated.csv" for name in tables} <= names
    found = report.claims(STUDY.name, report.read_results(results))
    assert list(found["number"]) == list(range(1, 9)) and set(found["verdict"]) == {"not testable here"}
    beside = report.against_paper(STUDY.name, report.read_results(results))
    assert len(beside) == len(published(STUDY)) == 46 and beside["ours"].notna().sum() >= 30


def test_parts_are_planned_on_what_stands_in_for_absent_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path))
    grids = studies.find(STUDY.name).grids({})
    cells = [cell for grid in grids for cell in grid.cells()]
    assert cells and all("dataset" in cell.generated for cell in cells)
