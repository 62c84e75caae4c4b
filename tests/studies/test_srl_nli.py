"""The study of a second task from its script to its figures and claims; the rules of its claims."""

from __future__ import annotations

import itertools
import json
import warnings

import numpy as np
import pytest
from probekit.paper_figures._srl_nli_view import HEURISTICS, SUBCASES, TYPES
from report_rows import frame, row

from probekit import report
from probekit.grid import run_all
from probekit.study import find

STUDY = find("srl-nli")
ENCODERS = {"single": "minilm", "joint": "minilm", "sequential": "minilm|tune(on=up, task=word/role)"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "srl-nli"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROBEKIT_DATA", raising=False)
        for rows in run_all(STUDY.grids({"seed": [0, 1], "epochs": [3]}, parts=["answers", "roles"]), out):
            assert len(rows)
    return out


def runs(score, own=0.8, seeds=5):
    """Rows of three methods; score(method, seed, heuristic or type, label) -> value. The second epoch is the best."""
    found = []
    for method, seed, epoch, split in itertools.product(ENCODERS, range(seeds), (1, 2), ("dev", "test")):
        also = "also=up;also_task=word/role;" if method == "joint" else ""
        shared = {"dataset": "sick", "encoder": ENCODERS[method], "seed": seed, "probe": "own head", "split": split}
        shared |= {"task": "pair/entailment", "n_test": 100, "info": json.dumps({"majority": 0.5})}
        best, setting = (epoch == 2) / 50, f"{also}after={epoch}"
        found.append(row(metric="accuracy", value=own + best + seed / 1000, setting=setting, **shared))
        for on, names, labels in (
            ("hans", HEURISTICS, ("entailment", "non-entailment")),
            ("comparisons", TYPES, ("",)),
        ):
            shared["setting"], values = f"{setting};on={on}", []
            for name, label in itertools.product(names, labels):
                value = score(method, seed, name, label) + best
                subset = f"heuristic={name};label={label}" if label else f"type={name}"
                cases = [case for case in SUBCASES if label == "non-entailment" and name[0] == case[0]]
                for where in (subset, *(f"{subset};subcase={case}" for case in cases)):
                    found.append(row(metric="accuracy", value=value, subset=where, **shared))
                values.append(value)
            found.append(row(metric="mean_accuracy", value=float(np.mean(values)), **shared))
    return frame(found)


def claims(df):
    return report.claims("srl-nli", df).set_index("number")


def level(gain=0.0, entailed=0.0):
    """Joint training gains on what is not entailed, and on what is; seeds differ little."""

    def score(method, seed, name, label):
        more = entailed if label == "entailment" else gain
        return 0.6 + seed / 1000 + (more if method == "joint" else 0) + (seed % 2) * 0.001 * (method == "joint")

    return score


def test_the_study_goes_from_its_script_to_figures_and_claims(results, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {file.stem for file in report.publish("srl-nli", results, tmp_path)}
    figures = {"figure-table-2", "figure-table-3", "figure-table-4", "figure-epochs", "claims", "table-2", "learned"}
    assert {f"{name}-generated" for name in figures} <= made
    table = claims(report.read_results(results))
    assert len(table) == 11 and set(table["verdict"]) == {"not testable here"}


def test_a_gain_holds_where_its_interval_clears_and_models_that_did_not_learn_carry_none():
    table = claims(runs(level(0.1, -0.05)))
    assert table.loc[[1, 2, 8], "verdict"].tolist() == ["holds"] * 3
    assert table.loc[5, "verdict"] == "open" and table.loc[4, "verdict"] == "fails"
    assert table.loc[7, "verdict"] == "fails" and table.loc[[6, 9, 11], "verdict"].eq("not testable here").all()
    assert claims(runs(level(-0.1)))["verdict"][1] == "fails"
    poor = claims(runs(level(0.1), own=0.4))
    assert poor.loc[1, "verdict"] == "not testable here" and "baseline" in poor.loc[1, "why"]


def test_the_better_of_two_poor_models_decides_nothing():
    table = claims(runs(lambda method, seed, *_: 0.35 + seed / 1000 + 0.1 * (method == "joint")))
    assert table.loc[1, "verdict"] == "open" and "neither surely above 50" in table.loc[1, "ours"]


def test_transfer_stays_within_the_spread_of_seeds():
    def score(gain):
        return lambda method, seed, *_: 0.6 + seed / 100 + gain * (method == "sequential")

    assert claims(runs(score(0.0)))["verdict"][10] == "holds"
    assert claims(runs(score(0.1)))["verdict"][10] == "fails"


@pytest.mark.parametrize(("wide", "verdict"), [(0.2, "holds"), (0.01, "fails")])
def test_the_spread_of_runs_of_others_rests_on_drawing_runs_again(wide, verdict):
    random = np.random.default_rng(0)
    rows = []
    for run in range(60):
        for name in HEURISTICS:
            for label in ("entailment", "non-entailment"):
                main = name == "lexical_overlap" and label == "non-entailment"
                value = 0.5 + random.normal() * (wide if main else 0.02)
                subset = f"run={run};data=hans;heuristic={name};label={label}"
                where = {"dataset": "berts-of-a-feather", "encoder": "BERT-base", "probe": "published"}
                rows.append(row(metric="accuracy", value=value, subset=subset, **where))
    assert claims(frame(rows))["verdict"][11] == verdict
