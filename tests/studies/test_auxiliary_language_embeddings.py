"""The study of auxiliary languages, small: two generated domains stand for languages; figures and claims from rows."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pandas as pd
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
nearness = import_module("probekit.paper_figures._auxiliary_language_embeddings_nearness")
figures = import_module("probekit.paper_figures.auxiliary_language_embeddings")
DATA = {"de": "gazetteers(n=120)", "en": "gazetteers(n=120, domain=target)"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All settings of one of the two; two of them on character models too."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "BODY", {"hidden": 6, "layers": 1, "rate": 0.03})
        patch.setattr(experiment, "TASKS", {"ner": {"epochs": 2, "budget": 200}})
        tagging(STUDY.name, experiment.taggers(DATA, "de"), [DATA["de"]], [0], experiment.KEEP).run(out)
        character = [f'character-lm:"{DATA[code]}"(epochs=1, hidden=4)' for code in ("de", "en")]
        of_characters = experiment.trained(DATA, "de", "ner", [{"inputs": character[:1]}, {"inputs": character}])
        tagging(STUDY.name, of_characters, [DATA["de"]], [0], experiment.KEEP).run(out)
    return out


def test_settings_are_called_as_the_paper_calls_them(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    assert view.generated and view.targets(view_of.ENTITY) == ["de"] and view.others("de", view_of.ENTITY) == ["en"]
    assert set(view.rows["how"]) == {*view_of.ORDER} - {"Mono + DE", "Mono + ES", "Mono + FI", "Mono + NL"}
    assert view_of.language_of('subwords:"finer|split(name=train)"(size=100)') == "fi"
    assert view_of.language_of('subwords:"wikineural-de|joined(with=[\\"wikineural-en\\"])"(size=100)') == "multi"
    assert view_of.target_of("conll2002-nl|sample(n=10)") == "nl"
    treebank = "conllu:fi_tdt-ud-dev.conllu-f42cfdc4,fi_tdt-ud-test.conllu-3317528f(language=fi)|sample(n=9)"
    assert view_of.target_of(treebank) == "fi" and view_of.part_of(treebank) == view_of.SPEECH
    assert view_of.part_of('plain:deu.txt-a3a5e4df(language=de)|joined(with=["plain:eng.txt"])') == ""
    assert view_of.part_of('wikineural-de|split(name=train)|joined(with=["finer"])') == view_of.ENTITY


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


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("entities", {"d_P": 0.20, "d*_P": 0.48, "d_V": 0.25, "d*_V": 0.60, "d_MV": 0.63}),
        ("parts of speech", {"d_P": -0.04, "d*_P": -0.24, "d_V": 0.16, "d*_V": -0.20, "d_MV": -0.04}),
    ],
)
def test_correlations_of_the_printed_tables_are_those_of_the_card(part: str, expected: dict[str, float]) -> None:
    """The card's own ties in d_V and d_MV are not printed: of two mean values a swap of one target is left."""
    printed = nearness.printed(part)
    for distance, value in expected.items():
        each = [nearness.agreement(*printed[distance, target]) for target in experiment.LANGUAGES]
        assert sum(each) / len(each) == pytest.approx(value, abs=0.06), distance


def test_character_models_stand_beside_sub_words(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    assert not view.rows["encoder"].str.contains("character-lm").any()
    table = figures.characters(view).set_index(["vectors", "read"])
    assert list(table.index.unique("vectors")) == [view_of.MONO, "Mono + EN"] and len(table) == 4
    gain = table.loc[("Mono + EN", "characters")]
    assert gain["points"] == pytest.approx(gain["score"] - table.loc[(view_of.MONO, "characters"), "score"])
    for name, one in (("sub-words", view), ("characters", view.characters)):
        score = one.mean(metric="span_f1", how=view_of.MONO)
        assert table.loc[(view_of.MONO, name), "score"] == pytest.approx(100 * score)


def test_nearness_is_ranked_and_languages_are_chosen(results: Path) -> None:
    pairs = [(a, b) for a in experiment.LANGUAGES for b in experiment.LANGUAGES if a != b]
    near = [
        {
            "metric": metric,
            "subset": f"target={a};source={b}",
            "value": float(abs(ord(a[0]) - ord(b[0]))),
            "dataset": on,
        }
        for a, b in pairs
        for metric in ("character_perplexity", "shared_words")
        for on in ("plain:deu.txt", "wikineural-de|split(name=train)")
    ]
    view = views(STUDY, report.read_results(results))[0]
    view.near = pd.DataFrame(near)
    ranks = view.ranks(view_of.ENTITY)
    own = ranks[ranks["target"].eq("de") & ranks["distance"].eq("d_P")].set_index("source")["rank"]
    assert own["en"] < own["fi"] < own["nl"] and set(ranks["distance"]) == {*view_of.DISTANCES}
    assert view.chosen("de", view_of.ENTITY) == "en" and len(figures.directions(view)) == 20
    with pytest.raises(NotTestable, match="no character_perplexity"):
        view.ranks(view_of.SPEECH)


def test_parts_ask_what_is_at_hand() -> None:
    data = Data(STUDY)
    for part in (experiment.ner, experiment.pos):
        for grid in part(data):
            assert len(grid.axes["encoder"]) == len(set(grid.axes["encoder"])) >= 8
