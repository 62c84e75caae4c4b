"""The constituent study, small: its grids run, its figures and claims are drawn from rows and predictions."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from probekit import report
from probekit.errors import UnknownName
from probekit.grid import run_all
from probekit.report.claims import NotTestable

experiment = import_module("probekit.experiments.nmt_constituents")
figures = import_module("probekit.paper_figures.nmt_constituents")
seen = import_module("probekit.paper_figures._constituents_view")
claimed = import_module("probekit.paper_figures._constituents_claims")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Results of the generated part with tiny models of three languages."""
    out = tmp_path_factory.mktemp("results") / "nmt-constituents"
    model = {**experiment.MODEL, "width": 8, "layers": 1, "merges": 60, "target_merges": 60, "epochs": 1}
    small = {
        "SOURCE": "grammar(n=60)|lengths(least=4, most=16)",
        "MODEL": model,
        "LANGUAGES": ("copy", "inflecting", "mirrored"),
        "GENERATED": "grammar(n=200, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.35)",
        "DIRECT": "labeller(budget=900, layers=1, epochs=1, rate=0.02, width=8)",
        "PROBE": "mlp(hidden=8, epochs=2)",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small.items():
            patch.setattr(experiment, name, value)
        for _ in run_all(experiment.grids(part="generated", seeds=(0, 1)), out):
            pass
    return out


@pytest.mark.slow
def test_every_figure_and_table_is_drawn_and_claims_are_judged(results, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = {path.stem for path in figures.draw(results, tmp_path)}
    mark = "grammar-generated"
    wanted = [f"figure-{n}-{mark}" for n in (1, 2, 3, 4, 5)] + [f"table-{n}-{mark}" for n in (1, 2, 3)]
    wanted += [f"{name}-{mark}" for name in ("figure-table-3", "claims", "against-paper", "tests")]
    assert {*wanted, "figure-contrast"} <= names
    table = report.claims("nmt-constituents", report.read_results(results))
    assert list(table["number"]) == list(range(1, 15))
    # Generated sentences are no reproduction, whatever the numbers say.
    assert set(table["verdict"]) == {"not testable here"} and set(table["data"]) == {"generated"}
    assert table["why"].str.contains("generated data never counts").all() and table["ours"].ne("").all()


@pytest.mark.slow
def test_the_view_reads_means_families_and_predictions(results):
    df = report.read_results(results)
    v = seen.view(df)
    assert v.foreign == ("inflecting", "mirrored") and v.auto == "copy" and v.training == "generated"
    assert len(v.scores("mirrored", "word/parent")) == 2 and len(v.scores("direct RNN", "word/parent")) == 2
    answers = v.answers("word/parent", ["mirrored", "PCFG"])
    # Models that do not translate carry no verdict.
    assert v.unfit.startswith("the models do not translate, BLEU 0.")
    able = replace(v, translations=v.translations.assign(value=0.3))
    assert able.unfit == ""
    for model, seed in (("mirrored", 1), ("PCFG", 0)):
        own = answers[answers["model"].eq(model) & answers["seed"].eq(seed)]
        row = v.rows[v.rows["model"].eq(model) & v.rows["task"].eq("word/parent")]
        row = row[row["seed"].eq(seed)] if model == "mirrored" else row
        assert (own["gold"] == own["predicted"]).mean() == pytest.approx(row["value"].iloc[0])
    plain = v.rows[v.rows["model"].isin(v.foreign) & v.rows["task"].eq("word/pos")].groupby("model")["value"].mean()
    assert v.family("word/pos") == pytest.approx(plain.mean())
    assert seen.pairs_of(df) == [(v.dataset, "generated")]
    with pytest.raises(UnknownName, match="probed corpus"):
        seen.view(df, dataset="wsj")
    # With the autoencoder alone nothing is claimed of translations.
    others = ("inflecting", "mirrored", "verb-final")
    alone = df[~df["encoder"].astype(str).str.contains("|".join(others))]
    alone.attrs.update(df.attrs)
    table = report.claims("nmt-constituents", alone)
    assert set(table["ours"]) == {""} and table["why"].str.contains("translation encoder|BLEU").all()
    with pytest.raises(NotTestable, match="no translation encoder"):
        seen.view(df[~df["encoder"].astype(str).str.startswith("translation")])


@pytest.mark.slow
def test_published_numbers_stand_beside_ours_where_there_is_a_counterpart(results):
    table = report.against_paper("nmt-constituents", report.read_results(results))
    assert len(table) == len(pd.read_csv(claimed.PUBLISHED))
    found = table[table["ours"].notna()]
    assert {"pearson_r", "pearson_r_label_f1_lower_bound", "accuracy_range_points_upper_bound"} <= set(found["metric"])
    assert table.loc[table["ours"].isna(), "note"].ne("").all()


def test_models_are_named_by_what_they_were_trained_on():
    spec = 'translation:"grammar(n=9)|translated(language={})"(epochs={}, width=4)'
    assert seen.describe(spec.format("copy", 2), "mlp") == ("copy", "generated")
    assert seen.describe(spec.format("verb-final", 0), "mlp") == ("untrained", "generated")
    assert seen.describe("translation:pud(width=4)", "mlp") == ("es", "pud")
    assert seen.describe('translation:"pud(target=de)"(width=4)', "mlp") == ("de", "pud")
    assert seen.describe("", "word-majority(fit=oracle)")[0] == "word majority (oracle)"
    assert seen.describe("", "labeller(width=4)")[0] == "direct RNN" and seen.describe("minilm", "mlp")[0] == "minilm"


def test_an_unknown_part_is_refused():
    with pytest.raises(UnknownName, match="part of the study"):
        experiment.grids(part="genrated")
