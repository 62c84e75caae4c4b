"""The temporal study, small: taggers of generated sentences stand for those of time; figures and claims from rows."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

import pytest
from test_golden_encoders import bert_folder

from probekit import recipes, report
from probekit import study as studies
from probekit.encoders.loading import describe as describe_encoder
from probekit.grid import Grid
from probekit.learners.tagger_step import tagged
from probekit.report import NotTestable
from probekit.report.claims import published, views
from probekit.specs import Spec, parse
from probekit.study import Data
from probekit.works.tagging import tagging

experiment = import_module("probekit.experiments.temporal_tagging")
STUDY = studies.complete("temporal-tagging")
view_of = import_module("probekit.paper_figures._temporal_tagging_view")
SOURCE = 'gazetteers(n=80)|joined(["gazetteers(n=80, domain=target)"])'
TEST = "gazetteers(n=60, seed=2)"
SMALL = {"hidden": 6, "layers": 1, "epochs": 2, "rate": 0.03, "budget": 200}
ADVERSARY = {"mapped": True, "adversary": "origin", "against": f"{SOURCE}|split(train)", "every": 2}


def tagger(**more: object) -> str:
    inputs = 'subwords:"gazetteers(n=80)"(size=8, epochs=1, buckets=100, lower=false)'
    return str(Spec("tagger", SOURCE, (), dict(sorted({**SMALL, "inputs": [inputs], **more}.items()))))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unaligned, the control and the adversary, two seeds; answers of rules."""
    out = tmp_path_factory.mktemp("results") / STUDY.name
    taggers = [tagger(), tagger(**ADVERSARY, weight=0.0), tagger(**ADVERSARY, weight=experiment.CHOSEN["sub-words"])]
    tagging(STUDY.name, taggers, [TEST], [0, 1], experiment.KEEP).run(out)
    tagging(STUDY.name, [str(Spec("shapes", SOURCE))], [TEST], [0], experiment.KEEP).run(out)
    within = {"dataset": [f"{SOURCE}|labelled(origin)"], "layer": [0, 1], "encoder": experiment.seeded(taggers[:2], 0)}
    looked = {name: [one] for name, one in experiment.WHERE.items()}
    Grid(STUDY.name, "neighbourhoods", {**within, **looked}, keep=experiment.POINTS).run(out)
    Grid(STUDY.name, "corpus-answers", {"dataset": [TEST], "probe": [TEST]}, keep=experiment.KEEP).run(out)
    return out


def test_vectors_and_alignments_are_called_as_the_paper_calls_them(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    names = (view_of.NONE, view_of.CONTROL, view_of.ADVERSARIAL)
    assert view.generated and view.pairs() == [(view_of.SUBWORDS, one) for one in names]
    multilingual = 'tagger:x(inputs=["hf:multilingual-e5-small-1a2b3c4d"], mapped=true, weight=0.1)'
    assert view_of.described(multilingual, "") == {
        "vectors": view_of.MULTILINGUAL,
        "alignment": view_of.ADVERSARIAL,
        "weight": 0.1,
    }
    by = 'tagger:x(inputs=["by-language(pairs=dictionary, sources=[\\"en=subwords:a\\"])"])'
    assert view_of.described(by, "")["alignment"] == view_of.DICTIONARY
    learned = 'tagger:x(inputs=["hf:multilingual-e5-small-1a2b3c4d"], learn=true)'
    assert view_of.described(learned, "")["vectors"] == view_of.TUNED
    assert view_of.described("tagger:x(inputs=[minilm], learn=true)", "")["vectors"] == view_of.MINILM
    steps = {"minilm": "", "minilm|tag(on=x)": view_of.NONE, "minilm|tag(on=x, mapped=true)": view_of.ADVERSARIAL}
    steps["minilm|tag(on=x, mapped=true, weight=0.0)"] = view_of.CONTROL
    assert {name: view_of.taught(name) for name in steps} == steps
    assert view_of.called("timex-en|cut|split(name=test)") == view_of.ENGLISH


def test_scores_are_those_of_the_rows_and_rules_find_everything_in_themselves(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    where = view.of(view_of.SUBWORDS, view_of.NONE, view.tests[0])
    assert view.score(view_of.STRICT, **where).difference == pytest.approx(view.mean(metric="untyped_span_f1", **where))
    relaxed, strict = (view.score(what, **where).difference for what in (view_of.RELAXED, view_of.STRICT))
    assert relaxed >= strict
    assert view.baselines(view.tests[0]) == [(one, one) for one in (view_of.RULES, view_of.LINEAR)]
    assert not view.learned(view_of.SUBWORDS, view.tests[0])  # two passes of six units
    assert view.score(view_of.TYPE, **view.of(view_of.RULES, view_of.RULES, view.tests[0])).difference == 1


def test_what_the_rows_hold_is_drawn_and_generated_data_claims_nothing(results: Path) -> None:
    rows = report.read_results(results)
    view = views(STUDY, rows)[0]
    drawn = []
    for product in STUDY.products:
        try:
            drawn.append((product.name, product.make(view) is not None))
        except NotTestable:
            continue
    assert {name for name, made in drawn if made} >= {
        *("figure-tables", "figure-gains", "figure-2", "tables", "gains", "neighbours")
    }
    found = report.claims(STUDY, rows)
    assert len(found) == 10 and set(found["verdict"]) == {"not testable here"}
    assert len(report.against_paper(STUDY, rows)) == len(published(STUDY)) == 102


def test_neighbours_are_read_by_vectors_alignment_and_layer_with_their_points(results: Path) -> None:
    view = views(STUDY, report.read_results(results))[0]
    rows, places = view.neighbours(), view.places()
    assert set(zip(rows["alignment"], rows["layer"], strict=True)) == {
        (one, layer) for one in (view_of.NONE, view_of.CONTROL) for layer in (0, 1)
    }
    assert rows["chance"].between(0.45, 0.55).all() and rows["value"].between(0, 1).all()
    assert len(places) == 2 * rows["n_test"].iloc[0] and places["language"].nunique() == 2


def test_parts_ask_what_is_at_hand() -> None:
    data = Data(STUDY)
    own = experiment.of_subwords(data)
    assert len(own) == len(set(own)) and len(own) in (1, 5)


def test_tuned_taggers_and_what_they_forget_are_drawn(results: Path, tmp_path: Path) -> None:
    """A tiny model in the place of the multilingual one, with its tagger as it is and with the adversary."""
    encoder = f"hf:{bert_folder()}"
    how = {"learn": True, "layers": 0, "head": "softmax", "epochs": 1, "rate": 0.01, "budget": 200}
    weights = (0.0, view_of.USED[view_of.TUNED])
    each = [how, *({**how, **ADVERSARY, "weight": weight} for weight in weights)]
    specs = [str(Spec("tagger", SOURCE, (), dict(sorted({**one, "inputs": [encoder]}.items())))) for one in each]
    shutil.copytree(results, out := tmp_path / STUDY.name)
    tagging(STUDY.name, specs, [TEST], [0], experiment.KEEP).run(out)
    after = [tagged(encoder, SOURCE, **one) for one in each]
    for grid in experiment.known_by_layer(STUDY.name, "grammar(n=40)", [encoder, *after]):
        grid.run(out)
    view = views(STUDY, report.read_results(out), folder=out)[0]
    names = (view_of.NONE, view_of.CONTROL, view_of.ADVERSARIAL)
    assert view.pairs()[-3:] == [(view_of.TUNED, one) for one in names]
    made = {product.name: product for product in STUDY.products}
    assert made["figure-tables"].make(view) is not None and made["figure-layers"].make(view) is not None
    said = import_module("probekit.paper_figures._temporal_tagging_claims")._of_tuned(view, view.tests)
    assert said.startswith(f"; {view_of.TUNED} (one run): {view.tests[0]} ")


@pytest.mark.data
def test_what_a_tagger_forgets_is_asked_of_the_encoders_that_were_tagged_with() -> None:
    """The encoders probed by layer are those inside the taggers whose scores stand beside."""
    if not {"multilingual", "text", "ud"} <= set(Data(STUDY).names("multilingual", "text", "ud")):
        pytest.skip("the multilingual encoder or its data is not at hand")
    (tagged_with,) = experiment.tuned(Data(STUDY))
    probed = next(iter(experiment.layers(Data(STUDY))))
    made = {recipes.of(experiment.made({"encoder": spec, "seed": 0})).key for spec in tagged_with.axes["encoder"]}
    before, *after = probed.axes["encoder"]
    inside = {recipes.of(describe_encoder(str(spec)).needs[-1]).key for spec in after}
    assert len(inside) == 3 and inside < made and parse(str(before)).name == "hf"


def test_runs_behind_scores_are_counted() -> None:
    said = import_module("probekit.paper_figures._tagging_view").said_runs
    assert said({"a": 1, "b": 1}) == "one run"
    assert said({"a": 3, "b": 3}) == "mean of 3 runs"
    assert said({"a": 3, "b": 1, "c": 2, "d": 1}) == "mean of 3 runs (b, d: one; c: 2)"
