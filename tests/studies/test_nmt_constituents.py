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

STUDY = studies.complete("nmt-constituents")
experiment = import_module("probekit.experiments.nmt_constituents")
figures = import_module("probekit.paper_figures.nmt_constituents")
claims = import_module("probekit.paper_figures._nmt_constituents_claims")
view_of = import_module("probekit.paper_figures._nmt_constituents_view")

MODEL = {**experiment.MODEL, "width": 8, "layers": 1, "merges": 60, "epochs": 1}
SMALL = {
    "MODEL": MODEL,
    "DIRECT": "labeller(budget=900, layers=1, epochs=1, rate=0.02, width=8)",
    "PROBE": "mlp(hidden=8, epochs=2)",
    "PROBES": 3,
    "NETWORKS": 2,
}
PAIRS = "grammar(n=60)|lengths(least=4, most=16)|translated({})"
DATA = {
    "wsj": "grammar(n=200, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.35)",
    "german": PAIRS.format("inflecting"),
    "french": PAIRS.format("verb-final"),
    "czech": PAIRS.format("mirrored"),
    "english": PAIRS.format("copy"),
}
FOREIGN = ["inflecting", "mirrored", "verb-final"]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Results of tiny models on generated sentences."""
    out = tmp_path_factory.mktemp("results") / "nmt-constituents"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(experiment, name, value)
        for name, corpus in DATA.items():
            patch.setitem(STUDY.data, name, corpus)
        for _ in run_all(STUDY.grids(parts=["bleu", "wsj"], quiet=True), out):
            pass
    return out


@pytest.fixture
def rows(results) -> pd.DataFrame:
    """Rows whose models have learned to translate, as far as their BLEU says."""
    df = report.read_results(results)
    own = df["metric"].eq("bleu") & ~df["encoder"].astype(str).str.contains("epochs=0")
    df.loc[own, ["value", "ci_low", "ci_high"]] = [0.3, 0.2, 0.4]
    return df


@pytest.mark.slow
def test_every_figure_and_table_is_drawn_and_claims_are_judged(results, tmp_path, monkeypatch):
    monkeypatch.setattr(figures.EncoderView, "learned", lambda view, target: True)
    monkeypatch.setattr(claims, "able", lambda *args: None)
    monkeypatch.setattr(claims, "beats_always", lambda *args: True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = {path.stem for path in report.publish("nmt-constituents", results, tmp_path)}
    wanted = [f"figure-{n}-grammar" for n in (1, 2, 3, 4, 5, "table-3", "hard")]
    wanted += [f"{name}-grammar" for name in ("table-1", "table-2", "table-3", "hard", "oracle", "claims", "tests")]
    assert set(wanted) <= names
    assert {name.removesuffix("-grammar") for name in names} >= {"figure-contrast", "summary", "README"}
    table = report.claims("nmt-constituents", report.read_results(results))
    assert list(table["number"]) == list(range(1, 15))
    # Generated sentences are no reproduction, whatever the numbers say.
    assert set(table["verdict"]) == {"not testable here"} and set(table["data"]) == {"generated"}
    assert table["why"].str.contains("generated data never counts").all() and table["ours"].ne("").all()
    assert table["why"].str.contains("intervals? over").all()  # each names its unit


@pytest.mark.slow
def test_the_view_reads_means_families_and_sentences(rows):
    (v,) = views(STUDY, rows)
    assert v.targets == [*FOREIGN, "copy"] and v.foreign() == FOREIGN
    assert v.training == "generated" and v.generated and v.mark == "-grammar"
    assert len(v.only(model="mirrored", task="word/parent")) == 3
    assert len(v.only(model="direct RNN", task="word/parent")) == 2
    plain = v.only(model=v.foreign(), task="word/pos").groupby("model")["value"].mean()
    assert v.accuracy("NMT probes", "word/pos") == pytest.approx(plain.mean())
    for model in ("NMT probes", "direct RNN", "majority (oracle)", "majority (other tested words)"):
        assert v.sample(model, "word/parent")[0] == pytest.approx(v.accuracy(model, "word/parent"))
    gap = v.gap("NMT probes", "PCFG", "word/pos")
    assert gap.low < gap.difference < gap.high and gap.unit == "sentence" and gap.n == v.counts["group"].nunique()
    # Every answer is kept of the first two seeds.
    assert set(v.answers("word/parent", ["mirrored"])["seed"]) == {0, 1}


@pytest.mark.slow
def test_hard_sentences_are_chosen_by_each_and_scored_by_other_seeds(rows):
    (v,) = views(STUDY, rows)
    table = figures.hard_sentences(v)
    chosen = table.pivot(index="selected", columns="family", values="accuracy")
    # Whoever chooses looks worst there, compared with how others find it.
    assert chosen.loc["hardest for the probes", "NMT probes"] == chosen["NMT probes"].min()
    assert chosen.loc["hardest for the PCFG", "PCFG"] == chosen["PCFG"].min()
    assert set(v.extreme["group"]) <= v.complete and (v.extreme["side"].value_counts() == v.worst).all()


@pytest.mark.slow
def test_models_that_did_not_learn_to_translate_carry_no_claim(results):
    df = report.read_results(results)
    table = report.claims("nmt-constituents", df)
    assert set(table["verdict"]) == {"not testable here"} and table["ours"].eq("").sum() >= 12
    v = views(STUDY, df)[0]
    with pytest.raises(report.NotTestable, match="no translation encoder was probed"):
        v.foreign()
    quality = figures.translation_quality(v).set_index("target")
    assert list(quality.index) == [*FOREIGN, "copy", "untrained"] and set(quality["learned"]) == {"False"}
    assert quality.loc["copy", "of_copy"] == pytest.approx(100)
    with pytest.raises(ProbekitError, match="no translation encoder"):
        views(STUDY, df[~df["encoder"].astype(str).str.startswith("translation")])


@pytest.mark.slow
def test_models_below_the_majority_of_training_are_not_alike_or_ahead(rows):
    """Tiny probes say one label: nothing holds of them because all are poor."""
    table = report.claims("nmt-constituents", rows).set_index("number")
    assert table.loc[[4, 5, 6, 8], "why"].str.contains("not above the word majority of training").all()
    assert not table.loc[14, "why"].startswith(
        "generated data never counts as a reproduction (on it the claim would hold"
    )


@pytest.mark.slow
def test_translations_are_shown_before_anything_is_probed(results):
    df = report.read_results(results)
    (v,) = views(STUDY, df[df["task"].eq("translation")])
    assert v.mark == "" and v.targets == [*FOREIGN, "copy"] and len(figures.translation_quality(v)) == 5
    with pytest.raises(report.NotTestable, match="nothing was probed yet"):
        figures.summary(v)


@pytest.mark.slow
def test_the_oracle_owes_its_bias_to_words_tested_once(rows):
    (v,) = views(STUDY, rows)
    table = figures.bias_of_oracle(v).set_index("task")
    assert table["tested_once"].between(0, 1).all() and (table["oracle_of_repeated"] <= table["oracle"]).all()
    assert (table["bias"] > 0).all()


@pytest.mark.slow
def test_published_numbers_stand_beside_ours_where_there_is_a_counterpart(rows):
    table = report.against_paper("nmt-constituents", rows)
    assert len(table) == len(published(STUDY))
    found = table[table["ours"].notna()]
    wanted = {"pearson_r", "pearson_r_label_f1_lower_bound", "accuracy_range_points_upper_bound", "label_f1"}
    wanted |= {"accuracy_difference_points", "accuracy_percent_lower_bound", "accuracy_percent_upper_bound"}
    assert wanted <= set(found["metric"])
    gaps = found[found["metric"].eq("accuracy_difference_points")].set_index("setting")["ours"]
    assert gaps["all sentences; smaller of the two gaps"] <= gaps["all sentences; larger of the two gaps"]
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
    derived = 'translation:"grammar(n=9)|translated(language={})"(width=4)'
    asked = [("grammar|lengths", derived.format("mirrored")), ("craft", derived.format("copy"))]
    asked += [(corpus, 'translation:"multi30k(target=fr)"(width=4)') for corpus in ("craft", "wsj-sample|lengths")]
    rows = [{**ROW, "dataset": corpus, "encoder": encoder} for corpus, encoder in asked]
    rows[0]["info"], rows[1]["info"] = '{"generated": ["dataset", "encoder"]}', '{"generated": ["encoder"]}'
    rows.append({**rows[-1], "layer": 1, "value": 0.1})
    found = views(STUDY, pd.DataFrame(rows))
    assert [(v.corpus, v.training) for v in found] == [
        ("WSJ sample", "multi30k"),
        ("CRAFT", "multi30k"),
        ("CRAFT", "generated"),
        ("generated sentences", "generated"),
    ]
    assert [v.mark for v in found] == ["-wsj-sample", "-craft", "-craft-generated", "-grammar"]
    # Encoders of generated translations carry no verdict on real sentences either.
    assert found[2].unfit.startswith("encoders trained on generated translations")
    assert found[1].targets == ["fr"]
    # The top layer counts; the lower one stands in the summary alone, which the main view has.
    assert found[0].accuracy("fr", "word/pos") == 0.5
    assert len(found[0].everything) == len(rows)


def test_models_are_named_by_what_they_were_trained_on():
    spec = 'translation:"grammar(n=9)|translated(language={})"(epochs={}, width=4)'
    assert view_of.model_of(spec.format("copy", 2), "mlp") == ("copy", "generated")
    assert view_of.model_of(spec.format("verb-final", 0), "mlp") == ("untrained", "generated")
    assert view_of.model_of("translation:multi30k(width=4)", "mlp") == ("de", "multi30k")
    assert view_of.model_of('translation:"multi30k(target=cs)"(width=4)', "mlp") == ("cs", "multi30k")
    assert view_of.model_of("", "word-majority(fit=oracle)")[0] == "majority (oracle)"
    assert view_of.model_of("", "word-majority(fit=others)")[0] == "majority (other tested words)"
    assert view_of.model_of("", "labeller(width=4)")[0] == "direct RNN"
    assert view_of.model_of("minilm", "mlp")[0] == "minilm"


def test_an_unknown_part_is_refused():
    with pytest.raises(UnknownName, match="part of nmt-constituents"):
        STUDY.grids(parts=["genrated"])
