"""The study of auxiliary languages, small: two generated domains stand for languages; figures and claims from rows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from probekit import report
from probekit import study as studies
from probekit.report import NotTestable
from probekit.report.claims import published, views
from probekit.study import Data
from probekit.works.tagging import tagging

experiment = import_module("probekit.experiments.auxiliary_language_embeddings")
STUDY = studies.complete("auxiliary-language-embeddings")
view_of = import_module("probekit.paper_figures._auxiliary_language_embeddings_view")
figures = import_module("probekit.paper_figures.auxiliary_language_embeddings")
DATA = {"de": "gazetteers(n=120)", "en": "gazetteers(n=120, domain=target)"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All settings of one of the two."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    body, experiment.BODY = experiment.BODY, {"hidden": 6, "layers": 1, "epochs": 2, "rate": 0.03, "budget": 200}
    try:
        tagging(STUDY.name, experiment.taggers(DATA, "de"), [DATA["de"]], [0], experiment.KEEP).run(out)
    finally:
        experiment.BODY = body
    return out


def test_settings_are_called_as_the_paper_calls_them(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    assert view.generated and view.targets == ["de"] and view.others("de") == ["en"]
    assert set(view.rows["how"]) == {*view_of.ORDER} - {"Mono + DE", "Mono + ES", "Mono + FI", "Mono + NL"}
    assert view_of.language_of('subwords:"finer|split(name=train)"(size=100)') == "fi"
    assert view_of.language_of('subwords:"wikineural-de|joined(with=[\\"wikineural-en\\"])"(size=100)') == "multi"
    assert view_of.target_of("conll2002-nl|sample(n=10)") == "nl"


def test_what_the_rows_hold_is_drawn_and_generated_data_claims_nothing(results: Path) -> None:
    rows = report.read_results(results)
    view = views(STUDY, rows)[0]
    drawn = set()
    for product in STUDY.products:
        try:
            drawn.add((product.name, product.make(view) is not None))
        except NotTestable:
            continue
    assert {name for name, made in drawn if made} >= {"figure-table-1", "figure-gains", "figure-4", "table-1", "chosen"}
    found = report.claims(STUDY, rows)
    assert len(found) == 10 and set(found["verdict"]) == {"not testable here"}
    assert len(report.against_paper(STUDY, rows)) == len(published(STUDY)) == 520


def test_correlations_of_the_printed_tables_are_those_of_the_card() -> None:
    """Recomputed from printed ranks and scores (BPEmb, entities): .20, .48, .25, .60, .63."""
    from scipy.stats import spearmanr

    printed = figures._printed()
    expected = {"d_P": 0.20, "d*_P": 0.48, "d_V": 0.25, "d*_V": 0.60, "d_MV": 0.63}
    for distance, value in expected.items():
        each = []
        for target in experiment.LANGUAGES:
            rank, score = printed[distance, target]
            both = sorted(set(rank) & set(score))
            each.append(spearmanr([-rank[c] for c in both], [score[c] for c in both]).statistic)
        assert sum(each) / len(each) == pytest.approx(value, abs=0.06), distance


def test_parts_ask_what_is_at_hand() -> None:
    data = Data(STUDY)
    target = experiment.asked(data)[0]
    specs = experiment.taggers(data, target)
    assert len(specs) == len(set(specs)) >= 8
