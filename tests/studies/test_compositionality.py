"""The study of composition on the rows that travel: its claims, published numbers, and what moves a verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probekit.paper_figures import _compositionality_claims as claims
from probekit.paper_figures import _compositionality_view as view

import probekit as pk
from probekit import report
from probekit.report.claims import check, views
from probekit.study import find

STUDY = find("compositionality")
RESULTS = Path(__file__).parents[2] / "results" / STUDY.name


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pk.read_results(RESULTS)


@pytest.fixture(scope="module")
def v(rows) -> view.CompositionView:
    (found,) = views(STUDY, rows)
    return found


def test_every_published_number_stands_beside_ours_or_says_why_not(rows):
    beside = report.against_paper(STUDY, rows)
    assert len(beside) == 56 and (beside["note"].ne("") | beside["ours"].notna()).all()
    assert set(beside.loc[beside["table"].eq("Table 1"), "metric"]) == {"test_accuracy", "pss", "relative_pss"}


def test_tree_impurity_is_the_papers_on_its_five_sentences(rows):
    beside = report.against_paper(STUDY, rows)
    assert (beside.loc[beside["metric"].eq("ti"), "difference"].abs() < 0.01).all()


def test_pss_is_never_above_the_accuracy_on_texts_or_on_flips(v):
    for config in v.configs:
        both = v.mean_of("pss", config)
        assert both <= min(v.mean_of("accuracy", config, subset=f"side={side}") for side in ("text", "flip")) + 1e-9
        pairs = v.right(config)
        assert both == pytest.approx(pairs.mean(), abs=1e-6)  # rows and answers to single pairs are of one fit


def test_relative_pss_of_samples_is_that_of_rows(v):
    config = v.frozen(view.GLOVE)
    assert v.relative(config)[0] == pytest.approx(v.mean_of("relative_pss", config), abs=0.005)


def test_claims_are_judged_and_a_gap_the_other_way_fails(v, monkeypatch):
    assert check(STUDY, v)["number"].tolist() == list(range(1, 9))
    holds = claims.tuning_helps(v)
    turned = [(frozen, tuned) for tuned, frozen in claims.tuned_pairs(v)]
    monkeypatch.setattr(claims, "tuned_pairs", lambda _: turned)
    assert holds.holds is None and claims.tuning_helps(v).holds is False


def test_settings_that_were_not_run_leave_claims_open(v):
    """One of seven settings is surely better tuned: no claim on all of them holds."""
    pairs, heads = claims.tuned_pairs(v), claims.heads_matter_less(v)
    assert len(pairs) < claims.SETTINGS and heads.holds is None and "tuning less heads +" in heads.ours
    assert claims._untested(2, 3) == [None] and claims._untested(3, 3) == []


def test_an_untrained_encoder_decides_nothing(v):
    rows = v.rows[v.rows["name"].ne(view.MINILM)]
    as_random = v.rows[v.rows["name"].eq(view.MINILM)].assign(name=view.RANDOM)
    other = view.CompositionView(pd.concat([rows, as_random]), folder=v.folder)
    assert view.RANDOM in other.rebuilt
    found = claims.negative_everywhere(other)
    signs = as_random["metric"].isin(["spearman", "partial_spearman"])
    turned = as_random.assign(**{name: as_random[name].where(~signs, -0.5) for name in ("value", "ci_low", "ci_high")})
    assert (
        claims.negative_everywhere(view.CompositionView(pd.concat([rows, turned]), folder=v.folder)).holds
        == found.holds
    )


def test_an_encoder_that_is_not_above_chance_carries_no_claim(v):
    low = v.rows.assign(ci_low=np.where(v.rows["metric"].eq("accuracy"), 0.4, v.rows["ci_low"]))
    poor = view.CompositionView(low, folder=v.folder)
    with pytest.raises(report.NotTestable, match="not above the commonest label"):
        claims.tuning_helps(poor)


def test_generated_sentences_stand_for_absent_data(monkeypatch):
    monkeypatch.setenv("PROBEKIT_DATA", "")
    grids = STUDY.grids(parts=["polarity", "trees"], quiet=True)
    assert {spec for grid in grids for spec in grid.axes["dataset"]} == {
        "polarity-phrases(n=900)",
        "polarity-phrases(n=300)",
    }
    assert {spec for grid in grids for spec in grid.axes["encoder"]} >= {"minilm"}
