"""The study of adversarial objectives from its script to its figures and claims; the rules of its claims."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest
from probekit.experiments.alice_adversarial import identities
from probekit.paper_figures._tuned_view import intervals, readable
from report_rows import frame, row

from probekit import report
from probekit.grid import run_all
from probekit.study import find

STUDY = find("alice-adversarial")
METHODS = ("standard", "adv(radius=0.3)", "smart(radius=0.3)", "alice(radius=0.3)")
BILSTM = "bilstm(hidden=64)"
METRICS = {"mctaco": ("accuracy", "question_em", "question_f1"), "copa": ("accuracy",), "cosmosqa-valid": ("accuracy",)}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "alice-adversarial"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROBEKIT_DATA", raising=False)
        given = {"objective": ["standard", "alice(radius=0.3)"], "seed": [0, 1], "epochs": [1]}
        for rows in run_all(STUDY.grids(given, parts=["answers", "moved"]), out):
            assert len(rows)
    return out


def runs(score, majority=0.3):
    """Rows of three seeds; score(method, seed, metric, corpus) -> value."""
    found = []
    for method in METHODS:
        for seed in range(3):
            for corpus, metrics in METRICS.items():
                where = {"dataset": corpus, "encoder": BILSTM, "setting": f"objective={method}", "seed": seed}
                info = json.dumps({"majority": majority, "dev_measures": [0.5]})
                for metric in metrics:
                    for split in ("dev", "test"):
                        value = score(method.partition("(")[0], seed, metric, corpus)
                        found.append(row(metric=metric, split=split, value=value, info=info, n_test=90, **where))
    return frame(found)


def claims(df):
    return report.claims("alice-adversarial", df).set_index("number")


def test_the_study_goes_from_its_script_to_figures_and_claims(results, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {file.stem for file in report.publish("alice-adversarial", results, tmp_path)}
    assert {"figure-attack-generated", "figure-smooth-generated", "claims-generated"} <= made
    table = claims(report.read_results(results))
    assert len(table) == 7 and set(table["verdict"]) == {"not testable here"}


def test_an_order_holds_where_every_step_clears_and_no_model_below_its_baseline_carries_it():
    step = {"standard": 0.0, "adv": 0.1, "smart": 0.2, "alice": 0.3}
    table = claims(runs(lambda method, seed, *_: 0.5 + step[method] + seed / 500))
    assert table.loc[1, "verdict"] == "holds"
    level = claims(runs(lambda method, seed, *_: 0.5 + seed / 500 + (method == "adv") * (seed - 1) / 50))
    assert level.loc[1, "verdict"] == "open"
    turned = claims(runs(lambda method, seed, *_: 0.9 - step[method] + seed / 500))
    assert turned.loc[1, "verdict"] == "fails" and turned.loc[3, "verdict"] == "fails"
    poor = claims(runs(lambda method, seed, *_: 0.2 + step[method] / 9 + seed / 500))
    assert poor.loc[1, "verdict"] == "not testable here" and "baseline" in poor.loc[1, "why"]


@pytest.mark.parametrize(("elsewhere", "verdict"), [(0.01, "open"), (0.1, "fails")])
def test_a_gain_on_the_smallest_data_leaves_a_claim_open_and_one_elsewhere_ends_it(elsewhere, verdict):
    gain = {"mctaco": 0.2, "copa": 0.0, "cosmosqa-valid": elsewhere}
    table = claims(runs(lambda method, seed, _, corpus: 0.5 + gain[corpus] * (method != "standard") + seed / 500))
    assert table.loc[3, "verdict"] == verdict and "MCScript" in table.loc[3, "why"]


@pytest.mark.parametrize(("other", "verdict"), [(0.5, "holds"), (0.5000001, "fails")])
def test_identities_are_equal_to_the_last_digit(other, verdict):
    pairs = identities()
    rows = []
    for name in (one for pair in pairs for one in pair):
        where = {"dataset": "copa", "encoder": BILSTM, "setting": f"dropout=0.0;objective={name}", "seed": 0}
        value = other if name == pairs[-1][1] else 0.5
        rows.append(
            row(metric="accuracy", value=value, split="test", info=json.dumps({"dev_measures": [0.5]}), **where)
        )
    usual = runs(lambda method, seed, *_: 0.5)
    table = claims(pd.concat([usual, frame(rows)], ignore_index=True))
    assert table.loc[4, "verdict"] == verdict


@pytest.mark.parametrize(("low", "high", "verdict"), [(3.0, 4.0, "holds"), (4.5, 5.5, "open"), (5.5, 6.0, "fails")])
def test_what_a_step_costs_rests_on_its_interval(low, high, verdict):
    where = {"dataset": "mctaco", "encoder": "minilm", "setting": "objective=alice(radius=0.3)"}
    df = frame([row(metric="step_ratio", value=(low + high) / 2, ci_low=low, ci_high=high, **where)])
    assert claims(df).loc[7, "verdict"] == verdict


def test_encoders_are_told_apart_by_name():
    names = ["bilstm(hidden=64, vectors=static:glove)", "minilm", "hf:all-mpnet-base-v2-1a2b3c4d"]
    df = readable(pd.DataFrame({"encoder": names, "info": ['{"majority": 0.5}', "", ""]}))
    assert df["model"].tolist() == ["BiLSTM", "MiniLM", "MPNet"] and df["trivial"].tolist()[0] == 0.5
    assert (
        intervals(df, "questions") == "95 % intervals: BiLSTM over 3 seeds, MiniLM and MPNet (one seed) over questions"
    )
