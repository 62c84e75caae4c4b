"""The study of emergent codes from its script to its figures and claims, on tiny games; the rules of its claims."""

from __future__ import annotations

import importlib
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from report_rows import frame, row

from probekit import report
from probekit.grid import run_all
from probekit.report.claims import views
from probekit.study import complete, find

STUDY = find("emergent-capacity")
TINY = (
    "bit-game(batch=16, embedding=4, gate=true, hidden=6, kl=0.02, listener=8, look=10, message=6, rate=0.01, "
    "speaker=8, stacked=2, steps=20, temperature=1)"
)
PAPER, SMALL = "concept-strings(n_concepts=6, n_values=10)", "concept-strings(n_concepts=3, n_values=4)"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "emergent-capacity"
    given = {"encoder": [TINY], "bits": [5, 6], "parameters": [1200, 2500], "seed": [0, 1]}
    for rows in run_all(STUDY.grids(given, parts=["3x4"]), out):
        assert len(rows)
    return out


def runs(dataset=SMALL, **changes):
    """Rows of a grid of 2 bit lengths, 2 sizes and 3 seeds, all perfect but for what `changes` says of a run."""
    found = []
    strings = 60 if dataset == SMALL else 1000
    for bits, size, seed in ((b, p, s) for b in (23, 24) for p in (100, 200) for s in range(3)):
        value = {"train": 1.0, "test": 1.0, "residual": 0.0, "recall": -4.2, "precision": 1.0}
        for name, change in changes.items():
            value[name] = change(bits, size, seed, value[name])
        common = {"dataset": dataset, "encoder": "bit-game", "setting": f"bits={bits};parameters={size}", "seed": seed}
        about = {"parameters": size, "kl": 4.0, "distinct": 60, "looks": 5, "best_look": 4, "of_strings": strings}
        common["info"] = json.dumps(
            {**about, "permuted": 0.6, **({"generated": ["dataset"]} if dataset == SMALL else {})}
        )
        for metric, split, shown in (
            ("accuracy", "train", value["train"]),
            ("accuracy", "test", value["test"]),
            ("precision", "test", value["precision"]),
            ("recall", "train", value["recall"]),
            ("recall", "test", value["recall"]),
            ("residual_entropy", "test", value["residual"]),
            ("residual_entropy_mi", "test", value["residual"]),
            ("residual_entropy_released", "test", value["residual"]),
        ):
            found.append(row(metric=metric, split=split, value=shown, n_test=64, **common))
    return frame(found)


def verdicts(df):
    table = report.claims("emergent-capacity", df)
    return table.set_index("number")


def test_the_study_goes_from_its_script_to_figures_and_claims(results, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = report.publish("emergent-capacity", results, tmp_path)
    made = {file.stem for file in files}
    assert {"figure-1", "figure-2-entropy", "figure-3-accuracy", "cells", "claims", "beside-the-paper"} <= made
    table = verdicts(report.read_results(results))
    assert len(table) == 10 and set(table["data"]) == {"generated"} and set(table["verdict"]) == {"not testable here"}


def test_best_and_worst_are_taken_by_score():
    """The seed with the best accuracy has the worst residual entropy: both are best of something."""
    df = runs(train=lambda b, p, s, v: [1.0, 0.5, 0.7][s], residual=lambda b, p, s, v: [0.6, 0.1, 0.3][s])
    (view,) = views(complete("emergent-capacity"), df)
    cells = view.cells()
    assert (cells["best train"] == 1).all() and (cells["worst train"] == 0.5).all()
    assert (cells["best residual"] == 0.1).all() and (cells["worst residual"] == 0.6).all()


def test_the_papers_language_counts_and_smaller_ones_do_not():
    table = verdicts(runs(PAPER, residual=lambda b, p, s, v: 0.3 if b < 24 else 0.0))
    assert set(table["data"]) == {"real"} and table.loc[1, "verdict"] == "holds" and table.loc[4, "verdict"] == "holds"
    small = verdicts(runs(SMALL))
    assert set(small["verdict"]) == {"not testable here"} and "would hold" in small.loc[1, "why"]


def test_verdicts_rest_on_intervals_and_not_on_points():
    few = verdicts(runs(PAPER, precision=lambda b, p, s, v: 0.9 if (b, p, s) == (24, 200, 0) else 1.0))
    assert few.loc[5, "verdict"] == "open"  # 11 of 12: Wilson's interval holds .9
    none = verdicts(runs(PAPER, precision=lambda b, p, s, v: 0.5))
    assert none.loc[5, "verdict"] == "fails"
    above = verdicts(runs(PAPER, train=lambda b, p, s, v: 0.2 if p == 100 else 1.0))
    assert "100: 0 of 6 seeds, 200: 6 of 6 seeds" in above.loc[2, "ours"] and above.loc[2, "verdict"] == "open"
    rises = verdicts(runs(PAPER, residual=lambda b, p, s, v: (p + 10 * s + b) / 1000))
    assert rises.loc[10, "verdict"] == "fails"


def test_published_numbers_have_ours_beside_them():
    table = report.against_paper("emergent-capacity", runs(PAPER, residual=lambda b, p, s, v: 0.3 if b < 24 else 0.0))
    assert len(table) == 14
    ours = table.set_index(["setting", "metric"])["ours"]
    assert ours["bits=24; every model from 72400 parameters up; best of 10 seeds", "train_accuracy"] == 1
    assert ours["theoretical minimum number of bits for 10^6 strings", "bits"] == 20
    figure = table[table["table"].eq("Figure 1")]
    assert (figure["ours"] == figure["paper"]).all()


def test_the_view_knows_what_a_language_can_do():
    view = importlib.import_module("probekit.paper_figures._emergent_capacity_view")
    paper, small = view.Language.of(PAPER), view.Language.of("concept-strings(n_concepts=3, n_values=5)")
    assert (paper.least, paper.blocks, small.least, small.blocks) == (20, 24, 7, 9)
    assert paper.best_recall == pytest.approx(-13.8155, abs=1e-4)
    assert view.CodeView.bound(view.Language(3, 4), 5, pd.DataFrame({"strings": [60]})) == pytest.approx(32 / 60)
    assert np.isnan(views(complete("emergent-capacity"), runs())[0].ceiling(small, 9))
