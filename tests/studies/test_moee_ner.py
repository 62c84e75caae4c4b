"""The study of experts, small: taggers of generated names, its figures and claims from rows and tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from probekit import report
from probekit import study as studies
from probekit.report.claims import published, views
from probekit.study import Data
from probekit.works.tagging import tagging

experiment = import_module("probekit.experiments.moee_ner")
STUDY = studies.complete("moee-ner")
view_of = import_module("probekit.paper_figures._moee_ner_view")
SMALL = {"hidden": 8, "layers": 1, "epochs": 3, "rate": 0.03, "budget": 200}
SOURCE, TARGET = "gazetteers(n=150)", "gazetteers(n=60, domain=target)"


class Small(dict):
    """Data of the study, small and generated."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four models in two settings, two seeds."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    data = Small(source=SOURCE, target=TARGET)
    inputs = f'subwords:"{SOURCE}"(size=8, epochs=1, buckets=100, lower=false)'
    how = [{**SMALL, "inputs": [inputs]}, {**SMALL, "inputs": [inputs], "learn": True}]
    taggers = [experiment.tagger(data, options, model) for options in how for model in experiment.MODELS]
    tagging(STUDY.name, [*taggers, experiment.linear(data)], [TARGET], [0, 1], ["tallies"]).run(out)
    held = f'{TARGET}|holding("said that prices rose")'
    tagging(STUDY.name, taggers[2:4], [held], [0, 1], ["tokens"]).run(out)
    return out


def test_taggers_are_called_as_the_paper_calls_them(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    assert view.generated and view.settings == [view_of.FREEZE, view_of.UNFREEZE]
    assert set(view.rows["model"]) == {*view_of.MODELS, view_of.LINEAR} and not view.sentence.empty
    tuned = 'tagger:"x(n=1)"(inputs=[minilm], learn=true, detection=binary, experts=4)'
    assert view_of.described(tuned) == (view_of.BOTH, view_of.TUNED)
    assert view_of.described("tagger:x(inputs=[glove])") == (view_of.PLAIN, view_of.GLOVE)
    for name, model in (("concept", view_of.CONCEPT), ("robust", view_of.ROBUST)):
        spec = experiment.tagger(Small(source=SOURCE), {"inputs": ["glove"]}, name)
        assert view_of.described(spec) == (model, view_of.GLOVE)


def test_gaps_are_paired_and_means_of_runs(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    where = [view.of(model, view_of.FREEZE) for model in (view_of.BOTH, view_of.PLAIN)]
    gap = view.gap(*where)
    values = [view.mean(metric="span_f1", **one) for one in where]
    assert (
        gap.difference == pytest.approx(values[0] - values[1]) and gap.n == 6 and gap.low <= gap.difference <= gap.high
    )
    seed = view.median(view_of.PLAIN, view_of.FREEZE)
    development = view.development(**where[1])
    assert development[seed] == sorted(development.values())[0]


def test_everything_is_drawn_and_generated_data_claims_nothing(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    for product in STUDY.products:
        if product.name in ("figure-others", "winners"):  # of several targets
            continue
        assert product.make(view) is not None, product.name
    found = report.claims(STUDY, report.read_results(results))
    assert len(found) == 9 and set(found["verdict"]) == {"not testable here"}
    numbers = published(STUDY)
    assert len(report.against_paper(STUDY, report.read_results(results))) == len(numbers) == 19


def test_parts_ask_what_is_at_hand() -> None:
    data = Data(STUDY)
    specs = experiment.taggers(data)
    assert len(specs) in (8, 12) and len(set(specs)) == len(specs)
