"""The constituent study, small: its grids run, its figures and claims are drawn from rows and predictions."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from probekit import report
from probekit import study as studies
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import run_all
from probekit.report.claims import published, views

experiment = import_module("probekit.experiments.nmt_constituents")
STUDY = studies.complete("nmt-constituents")
figures = import_module("probekit.paper_figures.nmt_constituents")

MODEL = {**experiment.MODEL, "width": 8, "layers": 1, "merges": 60, "target_merges": 60, "epochs": 1}
LANGUAGES = ("copy", "inflecting", "mirrored")
SMALL = {
    "GENERATED": [
        experiment.translation_encoder(f"grammar(n=60)|lengths(least=4, most=16)|translated({language})", MODEL)
        for language in LANGUAGES
    ],
    "DIRECT": "labeller(budget=900, layers=1, epochs=1, rate=0.02, width=8)",
    "PROBE": "mlp(hidden=8, epochs=2)",
    "SEEDS": (0, 1),
    "REAL": [],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Results of the generated part with tiny models of three languages."""
    out = tmp_path_factory.mktemp("results") / "nmt-constituents"
    corpus = "grammar(n=200, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.35)"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(experiment, name, value)
        patch.setitem(STUDY.data, "generated", corpus)
        for _ in run_all(STUDY.grids(parts=["bleu", "generated"], quiet=True), out):
            pass
    return out


@pytest.mark.slow
def test_every_figure_and_table_is_drawn_and_claims_are_judged(results, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = {path.stem for path in report.publish("nmt-constituents", results, tmp_path)}
    mark = "grammar-generated"
    wanted = [f"figure-{n}-{mark}" for n in (1, 2, 3, 4, 5)] + [f"table-{n}-{mark}" for n in (1, 2, 3)]
    wanted += [f"{name}-{mark}" for name in ("figure-table-3", "claims", "tests")]
    assert set(wanted) <= names
    assert {name.removesuffix(f"-{mark}") for name in names} >= {"figure-contrast", "summary", "README"}
    table = report.claims("nmt-constituents", report.read_results(results))
    assert list(table["number"]) == list(range(1, 15))
    # Generated sentences are no reproduction, whatever the numbers say.
    assert set(table["verdict"]) == {"not testable here"} and set(table["data"]) == {"generated"}
    assert table["why"].str.contains("generated data never counts").all() and table["ours"].ne("").all()


@pytest.mark.slow
def test_the_view_reads_means_families_and_predictions(results):
    df = report.read_results(results)
    (v,) = views(STUDY, df)
    assert v.targets == ["inflecting", "mirrored", "copy"] and v.foreign() == ["inflecting", "mirrored"]
    assert v.training == "generated" and v.generated and v.mark == "-grammar-generated"
    assert len(v.only(model="mirrored", task="word/parent")) == len(v.only(model="direct RNN", task="word/parent")) == 2
    answers = v.answers("word/parent", ["mirrored", "PCFG"])
    for model, seed in (("mirrored", 1), ("PCFG", 0)):
        own = answers[answers["model"].eq(model) & answers["seed"].eq(seed)]
        row = v.row(model=model, task="word/parent", **({"seed": seed} if model == "mirrored" else {}))
        assert (own["gold"] == own["predicted"]).mean() == pytest.approx(row["value"])
    plain = v.only(model=v.foreign(), task="word/pos").groupby("model")["value"].mean()
    assert v.accuracy("NMT probes", "word/pos") == pytest.approx(plain.mean())
    # Models that do not translate carry no verdict.
    assert v.unfit.startswith("the models do not translate, BLEU 0.")
    assert figures.unlearned(v.translations.assign(value=0.3)) == ""
    for options in ({"dataset": "wsj"}, {"training": "pud"}):
        with pytest.raises(ProbekitError, match=f"no translation encoder was probed with {next(iter(options))}"):
            views(STUDY, df, **options)


@pytest.mark.slow
def test_an_autoencoder_alone_carries_no_claim(results):
    df = report.read_results(results)
    alone = df[~df["encoder"].astype(str).str.contains("inflecting|mirrored")]
    alone.attrs.update(df.attrs)
    table = report.claims("nmt-constituents", alone)
    assert set(table["ours"]) == {""} and table["why"].str.contains("translation encoder|BLEU").all()
    with pytest.raises(ProbekitError, match="no translation encoder"):
        views(STUDY, df[~df["encoder"].astype(str).str.startswith("translation")])


@pytest.mark.slow
def test_published_numbers_stand_beside_ours_where_there_is_a_counterpart(results):
    table = report.against_paper("nmt-constituents", report.read_results(results))
    assert len(table) == len(published(STUDY))
    found = table[table["ours"].notna()]
    assert {"pearson_r", "pearson_r_label_f1_lower_bound", "accuracy_range_points_upper_bound"} <= set(found["metric"])
    assert table.loc[table["ours"].isna(), "note"].ne("").all()


ROW = {
    "task": "word/pos",
    "split": "test",
    "metric": "accuracy",
    "value": 0.5,
    "layer": 2,
    "setting": "",
    "info": "",
    "probe": "mlp",
    "n_test": 9,
}


def test_views_are_told_apart_by_corpus_and_training_real_ones_first():
    """Encoders of generated text on a real corpus are a contrast: no view of their own, and no generated data."""
    derived = 'translation:"grammar(n=9)|translated(language={})"(width=4)'
    asked = [("grammar|lengths", derived.format("mirrored")), ("craft", derived.format("copy"))]
    asked += [(corpus, 'translation:"pud(target=de)"(width=4)') for corpus in ("craft", "wsj-sample|lengths")]
    rows = [{**ROW, "dataset": corpus, "encoder": encoder} for corpus, encoder in asked]
    rows[0]["info"], rows[1]["info"] = '{"generated": ["dataset", "encoder"]}', '{"generated": ["encoder"]}'
    rows.append({**rows[-1], "layer": 1, "value": 0.1})
    found = views(STUDY, pd.DataFrame(rows))
    assert [v.mark for v in found] == ["-wsj-sample-pud", "-craft-pud", "-grammar-generated"]
    assert [v.generated for v in found] == [False, False, True]
    assert found[1].targets == ["de"]
    # The top layer counts; the lower one stands in the summary alone, which the main view has.
    assert found[0].accuracy("de", "word/pos") == 0.5
    assert len(found[0].everything) == len(rows)
    assert [v.mark for v in views(STUDY, pd.DataFrame(rows), dataset="craft", training="generated")] == [
        "-craft-generated"
    ]


def test_models_are_named_by_what_they_were_trained_on():
    spec = 'translation:"grammar(n=9)|translated(language={})"(epochs={}, width=4)'
    assert figures.model_of(spec.format("copy", 2), "mlp") == ("copy", "generated")
    assert figures.model_of(spec.format("verb-final", 0), "mlp") == ("untrained", "generated")
    assert figures.model_of("translation:pud(width=4)", "mlp") == ("es", "pud")
    assert figures.model_of('translation:"pud(target=de)"(width=4)', "mlp") == ("de", "pud")
    assert figures.model_of("", "word-majority(fit=oracle)")[0] == "word majority (oracle)"
    assert figures.model_of("", "labeller(width=4)")[0] == "direct RNN"
    assert figures.model_of("minilm", "mlp")[0] == "minilm"


def test_an_unknown_part_is_refused():
    with pytest.raises(UnknownName, match="part of nmt-constituents"):
        STUDY.grids(parts=["genrated"])
