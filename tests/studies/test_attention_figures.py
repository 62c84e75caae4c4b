"""The study's grids and its figures: what is asked, claims from rows made by hand, figures from a small run."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from probekit.experiments.attention_faithfulness import STUDY
from probekit.paper_figures.attention_faithfulness import averages, information_table, learned, table_1, tuning

from probekit import report
from probekit.attention.reporting import Sizes
from probekit.errors import ProbekitError
from probekit.grid import run_all
from probekit.report.claims import views
from probekit.rows import setting, table
from probekit.training.loop import Settings
from probekit.works import attention as works

DATA = ("sst|lower", "ag-news-test(classes=[World, Business])", "twenty-newsgroups", "sentence-polarity")


def rows(values: dict[str, dict[str, float]], seeds: int = 5, noise: float = 0.001, **settings: str) -> pd.DataFrame:
    """Rows of the study: metric values by variant, the same for all data sets; every run is moved by some noise. Two
    thirds of the texts are to be beaten by F1, half by accuracy."""
    rng = np.random.default_rng(4)
    lines = []
    for dataset in DATA:
        for variant, metrics in values.items():
            spec = {"tying": "tying(delta=0.1)", "mlm": "mlm(eta=0.3)"}.get(variant, variant)
            for seed in range(seeds):
                own = {
                    "attention": "additive",
                    "cut": "200",
                    "embeddings": "frozen",
                    "layers": "1",
                    "positive": "",
                    "query": "normal",
                    "vectors": "glove",
                    **settings,
                    "regularizer": spec,
                }
                for metric, value in metrics.items():
                    lines.append(
                        {
                            "experiment": STUDY.name,
                            "task": "sentence/label",
                            "dataset": dataset,
                            "split": "dev" if "measured_on" in own else "test",
                            "seed": seed,
                            "metric": metric,
                            "value": value + noise * rng.normal(),
                            "info": json.dumps(
                                {"all_positive": 2 / 3, "majority": 0.5, "accuracy": values[variant].get("f1", 0)}
                            ),
                            "n_test": 100,
                            "setting": setting(own),
                            "key": f"{dataset} {variant} {seed} {sorted(own.items())}",
                        }
                    )
    return table(lines).to_pandas()


SHUFFLED = {"mi_frequent_shuffled": 0.9, "mi_random_shuffled": 0.9}
AS_PUBLISHED = {
    "base": {
        "f1": 0.84,
        "delta_f1_uniform": -0.03,
        "delta_f1_permuted": -0.05,
        "ptp": 0.7,
        "mi_frequent": 2.3,
        "mi_random": 2.4,
        **SHUFFLED,
    },
    "concat": {"f1": 0.84, "delta_f1_uniform": -0.028, "delta_f1_permuted": -0.051},
    "residual": {"f1": 0.84, "ptp": 0.71, "mi_frequent": 5.0, "mi_random": 4.3, **SHUFFLED},
    "tying": {
        "f1": 0.835,
        "delta_f1_uniform": -0.07,
        "delta_f1_permuted": -0.18,
        "ptp": 0.58,
        "mi_frequent": 4.8,
        "mi_random": 4.2,
        **SHUFFLED,
    },
    "mlm": {
        "f1": 0.83,
        "delta_f1_uniform": -0.16,
        "delta_f1_permuted": -0.17,
        "ptp": 0.63,
        "mi_frequent": 3.6,
        "mi_random": 3.8,
        **SHUFFLED,
    },
}


def verdicts(df: pd.DataFrame) -> dict[int, str]:
    return report.claims("attention-faithfulness", df).set_index("number")["verdict"].to_dict()


def swapped(first: str, second: str) -> dict[str, dict[str, float]]:
    """As published, with the scores of two variants exchanged."""
    return {**AS_PUBLISHED, first: AS_PUBLISHED[second], second: AS_PUBLISHED[first]}


def test_data_of_one_run_are_in_no_claim_and_named():
    df, opposite = rows(AS_PUBLISHED), rows(swapped("base", "tying"))
    once = opposite[opposite["dataset"].eq(DATA[0]) & opposite["seed"].eq(0)]
    found = report.claims(STUDY.name, pd.concat([df[df["dataset"].ne(DATA[0])], once])).set_index("number")
    assert found.loc[1, "verdict"] == "holds"
    assert "One run, in no claim: SST" in found.loc[1, "why"]


def test_claims_hold_on_rows_like_the_published_ones_and_fail_on_their_opposite():
    found = verdicts(rows(AS_PUBLISHED))
    assert {n for n, verdict in found.items() if verdict == "holds"} == {1, 2, 4, 5, 6, 7, 8, 12}
    assert found[3] == "open" and {found[n] for n in (9, 10, 11, 13)} == {"not testable here"}
    found = verdicts(rows(swapped("base", "tying")))
    assert {n for n in (1, 5, 6, 7, 8, 12) if found[n] == "fails"} == {1, 5, 7, 8} and found[6] == "holds"
    found = verdicts(rows(swapped("base", "residual") | {"base": {**AS_PUBLISHED["base"], **AS_PUBLISHED["residual"]}}))
    assert found[7] == "fails" and found[6] != "holds"
    costly = {**AS_PUBLISHED, "mlm": {**AS_PUBLISHED["mlm"], "f1": 0.79}}
    assert verdicts(rows(costly))[4] == "fails"
    shallow = {**AS_PUBLISHED, "mlm": {**AS_PUBLISHED["mlm"], "delta_f1_uniform": -0.05}}
    assert verdicts(rows(shallow))[2] == "fails"  # deeper in every row, by less than ten points
    turned = {**AS_PUBLISHED, "base": {**AS_PUBLISHED["base"], "delta_f1_permuted": -0.02}}
    assert verdicts(rows(turned))[12] == "fails"
    for drop in (-0.03, -0.15):  # never deeper, always deeper
        concat = {**AS_PUBLISHED["concat"], "delta_f1_uniform": drop, "delta_f1_permuted": drop - 0.02}
        concat = {**concat, "delta_f1_uniform": drop + (0.02 if drop > -0.1 else 0)}
        assert verdicts(rows({**AS_PUBLISHED, "concat": concat}))[3] == "fails"


def test_claims_stay_open_where_intervals_over_seeds_hold_the_threshold():
    alike = {name: {**AS_PUBLISHED["base"]} for name in AS_PUBLISHED}
    found = verdicts(rows(alike))
    assert {n for n in (1, 3, 5, 6, 8) if found[n] == "open"} == {1, 3, 5, 6, 8} and found[4] == "holds"
    level = {**AS_PUBLISHED["base"], "delta_f1_permuted": AS_PUBLISHED["base"]["delta_f1_uniform"]}
    assert verdicts(rows({**AS_PUBLISHED, "base": level}))[12] == "open"
    two = verdicts(rows(AS_PUBLISHED).query("dataset in @DATA[:2]"))  # of five: nothing is said of every one
    assert {n for n in (1, 4, 5, 7, 8, 12) if two[n] == "open"} == {1, 4, 5, 7, 8, 12} and two[2] == "holds"
    one_run = verdicts(rows(AS_PUBLISHED, seeds=1))
    assert {one_run[n] for n in (1, 2, 3, 4, 5, 6, 7, 8, 12)} == {"open"}


def test_runs_are_paired_and_the_interval_and_its_unit_are_said():
    df = rows(AS_PUBLISHED)
    together = df["metric"].str.startswith("delta") | df["metric"].eq("f1")
    # Seeds that move base and tying alike, by far more than they differ, leave the paired difference clear.
    df.loc[together, "value"] -= df.loc[together, "seed"].astype(float) / 50
    told = report.claims("attention-faithfulness", df).set_index("number")
    assert told.loc[1, "verdict"] == "holds" and "5 seeds" in told.loc[1, "ours"] and "median" in told.loc[1, "ours"]
    mixed = df["setting"].str.contains("tying") & together
    df.loc[mixed, "value"] += df.loc[mixed, "seed"].astype(float) / 10
    assert verdicts(df)[1] == "open"


def test_a_classifier_below_a_trivial_answer_is_in_no_claim_and_its_rows_say_so():
    for score in ("f1", "accuracy"):
        df = rows(AS_PUBLISHED)
        dull = df["dataset"].eq("sst|lower") & df["setting"].str.contains("regularizer=tying")
        if score == "f1":
            df.loc[dull & df["metric"].eq("f1"), "value"] = 0.66
        else:
            df.loc[dull, "info"] = json.dumps({"all_positive": 0.3, "majority": 0.85, "accuracy": 0.85})
        df.loc[dull & df["metric"].eq("delta_f1_uniform"), "value"] = 0.0  # would make the claim fail
        told = report.claims("attention-faithfulness", df).set_index("number")
        assert told.loc[1, "verdict"] == "holds" and "3/3 rows" in told.loc[1, "ours"]
        assert "in no claim: SST, additive: tying" in told.loc[1, "why"]
        assert told.loc[4, "verdict"] == ("fails" if score == "f1" else "holds"), "a loss is one all the same"
        (v,) = views(STUDY, df)
        assert "SST, additive: tying" in v.title and "SST, additive: tying" in v.titled("Figure")
        lines = learned(v).set_index(["data", "regularizer"])["learned"]
        assert lines["SST", "tying(delta=0.1)"] == "no" and lines["SST", "base"] == "yes"
        assert table_1(v).set_index(["data", "variant"]).loc[("SST", "tying"), "learned"] == "no"
        beside = report.against_paper("attention-faithfulness", df)
        line = beside[beside["dataset"].eq("SST") & beside["method"].eq("tying") & beside["table"].eq("Table 1")]
        assert line.loc[line["ours"].notna(), "note"].str.contains("no claim rests on it").tolist() == [True] * 3
    one = df.assign(info=json.dumps({}))
    assert verdicts(one)[1] == "not testable here"  # nothing says what was to be beaten


def test_length_is_that_of_the_texts_at_hand_and_explanations_are_no_runs_of_their_own():
    lengths = {"sst|lower": 19.0, "ag-news-test(classes=[World, Business])": 31.0, "sentence-polarity": 60.0}
    lengths |= {"movie-reviews": 190.0, "twenty-newsgroups": 120.0}
    first = rows(AS_PUBLISHED).query("dataset == 'sst|lower'")
    df = pd.concat([first.assign(dataset=name) for name in lengths], ignore_index=True)
    assert verdicts(df)[11] == "not testable here"
    about = {"all_positive": 2 / 3, "majority": 0.5, "accuracy": 0.84}
    df["info"] = [json.dumps({**about, "mean_words": lengths[name]}) for name in df["dataset"]]
    deeper = df["metric"].eq("delta_f1_uniform") & df["setting"].str.contains("regularizer=base")
    df.loc[deeper, "value"] = [-lengths[name] / 1000 for name in df.loc[deeper, "dataset"]]
    assert verdicts(df)[11] == "holds"
    explained = df[df["metric"].eq("f1")].assign(probe="lrp", value=0.0)
    assert verdicts(pd.concat([df, explained], ignore_index=True))[4] == verdicts(df)[4] == "holds"
    some = deeper & df["dataset"].isin(["sst|lower", "twenty-newsgroups"])
    df.loc[some, "value"] = -0.3
    assert verdicts(df)[11] == "open"
    df.loc[deeper, "value"] = [lengths[name] / 1000 - 0.5 for name in df.loc[deeper, "dataset"]]
    assert verdicts(df)[11] == "fails"


def deep(*drops: float, noise: float = 0.001) -> pd.DataFrame:
    """Rows of a base of one layer and more, whose drops are so deep."""
    values = [{"f1": 0.84, "delta_f1_uniform": drop, "delta_f1_permuted": drop} for drop in drops]
    parts = [rows({"base": one}, layers=str(layers), noise=noise) for layers, one in enumerate(values, 1)]
    return pd.concat(parts, ignore_index=True)


def test_depth_is_read_from_its_own_rows():
    assert verdicts(deep(-0.05, -0.02, -0.01))[9] == "holds"
    assert verdicts(deep(-0.05, -0.02, -0.03))[9] == "fails"
    assert verdicts(deep(-0.05, -0.02, -0.02))[9] == "open"
    assert verdicts(deep(-0.05, -0.02))[9] == "not testable here"


def test_queries_are_read_from_their_own_rows():
    peaked = {"f1": 0.84, "entropy": 0.6, "delta_f1_uniform": -0.05, "delta_f1_permuted": -0.05}
    flat = {"f1": 0.84, "entropy": 0.99, "delta_f1_uniform": -0.002, "delta_f1_permuted": -0.002}

    def found(default: dict[str, float], normal: dict[str, float]) -> str:
        parts = [rows({"base": normal}, attention="dot"), rows({"base": default}, attention="dot", query="default")]
        return verdicts(pd.concat(parts, ignore_index=True))[10]

    assert found(flat, peaked) == "holds" and found(peaked, peaked) == "fails" and found(flat, flat) == "fails"
    assert found({**flat, "entropy": 0.97}, peaked) == "open"


def test_adversaries_are_compared_at_the_same_jsd():
    def adversaries(variant: str, tvd: float, noise: float = 0.001) -> pd.DataFrame:
        parts = [
            rows({variant: {"jsd": jsd, "tvd": tvd + jsd / 10}}, noise=noise, **{"lambda": weight})
            for weight, jsd in (("0.0", 0.1), ("1.0", 0.4))
        ]
        return pd.concat(parts)

    def found(mlm: float, tying: float | None, noise: float = 0.001) -> str:
        parts = [rows(AS_PUBLISHED), adversaries("base", 0.15, noise), adversaries("mlm", mlm, noise)]
        parts += [adversaries("tying", tying, noise)] if tying is not None else []
        return verdicts(pd.concat(parts, ignore_index=True))[13]

    assert found(0.2, 0.2) == "holds" and found(0.1, 0.2) == "fails"
    assert found(0.15, 0.2) == "fails" or found(0.15, 0.2) == "open"
    assert found(0.2, None) == "open", "half of the claim is not tested"


def test_published_numbers_stand_beside_ours():
    beside = report.against_paper("attention-faithfulness", rows(AS_PUBLISHED))
    assert len(beside) == 344
    line = beside[(beside["dataset"] == "SST") & (beside["method"] == "base") & (beside["table"] == "Table 1")].iloc[0]
    assert (line["paper"], round(line["ours"])) == (84.2, 84) and "GloVe 100d frozen" in line["note"]
    assert "licensed" in beside[beside["dataset"] == "MIMIC Anemia"]["note"].iloc[0]


def test_rows_of_tuning_never_enter_a_mean_and_generated_texts_no_verdict():
    tuned = rows({"base": {"f1": 0.1}}, measured_on="dev")
    df = pd.concat([rows(AS_PUBLISHED), tuned], ignore_index=True)
    df = df.query("dataset in @DATA[:2]")
    (v,) = views(STUDY, df)
    assert v.means("f1")["base"].between(0.83, 0.85).all() and "runs of one layer, frozen: AG News 5, SST 5" in v.title
    assert v.data == ["SST", "AG News"] and tuning(v)["f1"].round().tolist() == [10, 10]
    with pytest.raises(ProbekitError, match="probekit run attention-faithfulness"):
        views(STUDY, df.iloc[:0])
    made = df["dataset"].str.startswith("ag")
    real, generated = views(STUDY, df.assign(info=made.map({True: '{"generated": ["dataset"]}', False: "{}"})))
    assert real.data == ["SST"] and generated.data == ["generated ag-news-test"] and generated.mark == "-generated"
    assert set(report.claims(STUDY, generated.rows)["verdict"]) == {"not testable here"}


def test_means_stand_beside_medians_and_spread():
    df = rows(AS_PUBLISHED, noise=0).query("dataset in @DATA[:2]").reset_index(drop=True)
    ag = df["dataset"].str.startswith("ag") & df["setting"].str.contains("regularizer=tying")
    df.loc[ag & df["metric"].eq("delta_f1_uniform"), "value"] = -0.47
    (v,) = views(STUDY, df)
    found = averages(v).set_index(["variant", "weights"])
    uniform = found.loc[("tying", "uniform"), ["mean", "median", "least", "most"]].astype(float).round(6).tolist()
    assert uniform == [-24, -24, -44, -4] and found.loc[("tying", "uniform"), "rows"] == 2
    line = table_1(v).set_index(["data", "variant"]).loc[("SST", "tying")]
    assert round(line["f1"], 6) == round(line["f1_median"], 6) == 83.5 and line["f1_sd"] == pytest.approx(0)
    told = information_table(v).set_index(["data", "sample", "variant"]).loc[("SST", "frequent", "base")]
    assert told["clusters"] == pytest.approx(2.3) and told["shuffled"] == pytest.approx(0.9)


def test_the_rule_of_tuning_takes_the_deepest_drop_that_costs_a_point_at_most():
    tried = {"base": (0.80, -0.02), "tying(delta=0.1)": (0.795, -0.1), "tying(delta=1)": (0.78, -0.4)}
    values = {name: {"f1": f1, "delta_f1_uniform": x, "delta_f1_permuted": x} for name, (f1, x) in tried.items()}
    df = pd.concat([rows(AS_PUBLISHED, noise=0), rows(values, noise=0, measured_on="dev")], ignore_index=True)
    (v,) = views(STUDY, df)
    table = tuning(v).set_index(["data", "regularizer"])
    assert table.loc[("SST", "tying(delta=0.1)"), ["takes", "used"]].tolist() == ["yes", "yes"]
    assert table.loc[("SST", "tying(delta=1)"), ["takes", "used"]].tolist() == ["", ""]
    assert table.loc[("SST", "base"), "takes"] == ""


@pytest.mark.data
def test_what_the_study_asks():
    (whole,) = STUDY.grids({"dataset": ["sst"]}, parts=["fragility"])
    cells = whole.cells()
    assert len(cells) == 50 and [cell.shared["seed"] for cell in cells[:10]] == [0] * 10  # every variant of a seed
    assert {cell.shared["regularizer"] for cell in cells} >= {"tying(delta=0.3)", "mlm(eta=0.1)"}
    (fewer,) = STUDY.grids({"dataset": ["movie-reviews"], "cut": ["100"]}, parts=["fragility"])
    assert len(fewer.cells()) == 50 and fewer.axes["cut"] == [100]


@pytest.mark.parametrize(
    ("given", "parts", "message"),
    [
        ({}, ["all+"], "part of attention-faithfulness"),
        ({"regularizer": ["bse"]}, [], "'bse'; did you mean base"),
        ({"cut": ["long"]}, [], "the axis 'cut' takes numbers, got 'long'"),
    ],
)
def test_what_it_cannot_be_asked(given, parts, message):
    with pytest.raises(ProbekitError, match=message):
        STUDY.grids(given, parts=parts, quiet=True)


@pytest.mark.slow
def test_every_figure_is_drawn_from_a_small_run(tmp_path, monkeypatch):
    monkeypatch.setattr(works, "IMITATION_SETTINGS", Settings(rate=0.01, epochs=1, clip=5.0))
    monkeypatch.setattr(works, "SIZES", Sizes(clusters=5, types=20, sample=5, draws=2, occurrences=500))
    given = {"dataset": ["cues(n=140)"], "vectors": ["random(width=16)"], "seed": ["0"], "patience": ["1"]}
    grids = STUDY.grids({**given, "attention": ["additive", "dot"], "lambda": ["0", "1"]}, parts=["all"], quiet=True)
    for _ in run_all(grids, tmp_path / "r"):
        pass
    files = report.publish("attention-faithfulness", tmp_path / "r")
    assert {path.stem.removesuffix("-generated") for path in files if path.suffix == ".png"} >= {
        "figure-1-fragility",
        "figure-2-adversaries",
        "figure-3-information",
        "figure-5-token-probability",
        "figure-6-depth",
        "figure-7-entropy",
        "figure-agreement",
        "figure-explanations",
        "figure-words",
    }
    tables = {path.stem.removesuffix("-generated"): pd.read_csv(path) for path in files if path.suffix == ".csv"}
    assert {"table-1", "intersection", "explanations", "embeddings", "tuning", "claims"} <= set(tables)
    told = tables["claims"]
    assert set(told["verdict"]) == {"not testable here"} and (told["data"] == "generated").all()
    assert set(tables["intersection"]["variant"]) == {"concat", "residual", "tying", "mlm"}
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text())
