"""The study's grids and its figures: what is asked, claims from rows made by hand, figures from a small run."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from probekit.experiments.attention_faithfulness import STUDY
from probekit.paper_figures.attention_faithfulness import tuning

from probekit import report
from probekit.attention.reporting import Sizes
from probekit.errors import ProbekitError
from probekit.grid import run_all
from probekit.report.claims import views
from probekit.rows import setting, table
from probekit.training.loop import Settings
from probekit.works import attention as works

DATA = {"sst|lower": "SST", "ag-news-test(classes=[World, Business])": "AG News"}


def rows(values: dict[str, dict[str, float]], seeds: int = 2, **settings: str) -> pd.DataFrame:
    """Rows of the study: metric values by variant, the same for both data sets, moved a little by the seed."""
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
                            "value": value + (seed - 0.5) / 1000,
                            "n_test": 100,
                            "setting": setting(own),
                            "key": f"{dataset} {variant} {seed} {sorted(own.items())}",
                        }
                    )
    return table(lines).to_pandas()


AS_PUBLISHED = {
    "base": {
        "f1": 0.84,
        "delta_f1_uniform": -0.03,
        "delta_f1_permuted": -0.05,
        "ptp": 0.7,
        "mi_frequent": 2.3,
        "mi_random": 2.4,
    },
    "concat": {"f1": 0.84, "delta_f1_uniform": -0.028, "delta_f1_permuted": -0.051},
    "residual": {"f1": 0.84, "ptp": 0.71, "mi_frequent": 5.0, "mi_random": 4.3},
    "tying": {
        "f1": 0.835,
        "delta_f1_uniform": -0.07,
        "delta_f1_permuted": -0.18,
        "ptp": 0.58,
        "mi_frequent": 4.8,
        "mi_random": 4.2,
    },
    "mlm": {
        "f1": 0.83,
        "delta_f1_uniform": -0.16,
        "delta_f1_permuted": -0.17,
        "ptp": 0.63,
        "mi_frequent": 3.6,
        "mi_random": 3.8,
    },
}


def verdicts(df: pd.DataFrame) -> dict[int, str]:
    return report.claims("attention-faithfulness", df).set_index("number")["verdict"].to_dict()


def test_claims_hold_on_rows_like_the_published_ones_and_fail_on_others():
    found = verdicts(rows(AS_PUBLISHED))
    assert {n for n, verdict in found.items() if verdict == "holds"} == {1, 2, 4, 5, 6, 7, 8, 12}
    assert {found[n] for n in (9, 10, 11, 13)} == {"not testable here"}
    even = {name: dict(AS_PUBLISHED["base"]) for name in AS_PUBLISHED}
    found = verdicts(rows(even))
    assert {found[n] for n in (1, 2, 5, 6, 7, 8)} == {"fails"}
    costly = {**AS_PUBLISHED, "mlm": {**AS_PUBLISHED["mlm"], "f1": 0.79}}
    assert verdicts(rows(costly))[4] == "fails"


def test_length_is_that_of_the_texts_at_hand_and_explanations_are_no_runs_of_their_own():
    third = rows(AS_PUBLISHED).query("dataset == 'sst|lower'").assign(dataset="sentence-polarity")
    df = pd.concat([rows(AS_PUBLISHED), third], ignore_index=True)
    assert verdicts(df)[11] == "not testable here"
    lengths = {"sst|lower": 19.0, "ag-news-test(classes=[World, Business])": 31.0, "sentence-polarity": 60.0}
    df["info"] = [json.dumps({"mean_words": lengths[name]}) for name in df["dataset"]]
    deeper = df["metric"].eq("delta_f1_uniform") & df["setting"].str.contains("regularizer=base")
    df.loc[deeper, "value"] = [-lengths[name] / 1000 for name in df.loc[deeper, "dataset"]]
    assert verdicts(df)[11] == "holds"
    df.loc[deeper, "value"] = [lengths[name] / 1000 - 0.1 for name in df.loc[deeper, "dataset"]]
    assert verdicts(df)[11] == "fails"
    explained = df[df["metric"].eq("f1")].assign(probe="lrp", value=0.0)
    assert verdicts(pd.concat([df, explained], ignore_index=True))[4] == verdicts(df)[4] == "holds"


def test_depth_and_queries_are_read_from_their_own_rows():
    deep = [
        rows({"base": {"delta_f1_uniform": drop, "delta_f1_permuted": drop}}, layers=layers)
        for layers, drop in (("2", -0.02), ("3", -0.01))
    ]
    assert verdicts(pd.concat([rows(AS_PUBLISHED), *deep]))[9] == "holds"
    level = deep[0].assign(setting=deep[1]["setting"].to_numpy())  # three layers drop as deep as two
    assert verdicts(pd.concat([rows(AS_PUBLISHED), deep[0], level]))[9] == "fails"
    dot = {"entropy": 0.6, "delta_f1_uniform": -0.05, "delta_f1_permuted": -0.05}
    flat = {"entropy": 0.99, "delta_f1_uniform": -0.002, "delta_f1_permuted": -0.002}
    parts = [rows({"base": dot}, attention="dot"), rows({"base": flat}, attention="dot", query="default")]
    assert verdicts(pd.concat(parts))[10] == "holds"
    parts[1] = rows({"base": dot}, attention="dot", query="default")
    assert verdicts(pd.concat(parts))[10] == "fails"


def test_adversaries_are_compared_at_the_same_jsd():
    def adversaries(variant: str, tvd: float) -> pd.DataFrame:
        parts = [
            rows({variant: {"jsd": jsd, "tvd": tvd + jsd / 10}}, **{"lambda": weight})
            for weight, jsd in (("0.0", 0.1), ("1.0", 0.4))
        ]
        return pd.concat(parts)

    harder = pd.concat([rows(AS_PUBLISHED), adversaries("base", 0.1), adversaries("mlm", 0.2)])
    assert verdicts(harder)[13] == "holds"
    easier = pd.concat([rows(AS_PUBLISHED), adversaries("base", 0.2), adversaries("mlm", 0.1)])
    assert verdicts(easier)[13] == "fails"


def test_published_numbers_stand_beside_ours():
    beside = report.against_paper("attention-faithfulness", rows(AS_PUBLISHED))
    assert len(beside) == 344
    line = beside[(beside["dataset"] == "SST") & (beside["method"] == "base") & (beside["table"] == "Table 1")].iloc[0]
    assert (line["paper"], round(line["ours"], 6)) == (84.2, 84.0) and "GloVe 100d frozen" in line["note"]
    assert "licensed" in beside[beside["dataset"] == "MIMIC Anemia"]["note"].iloc[0]


def test_rows_of_tuning_never_enter_a_mean_and_generated_texts_no_verdict():
    tuned = rows({"base": {"f1": 0.1}}, measured_on="dev")
    df = pd.concat([rows(AS_PUBLISHED), tuned], ignore_index=True)
    (v,) = views(STUDY, df)
    assert v.means("f1")["base"].between(0.83, 0.85).all() and "runs of one layer, frozen: AG News 2, SST 2" in v.title
    assert v.data == ["SST", "AG News"] and tuning(v)["f1"].round(6).tolist() == [10, 10]
    with pytest.raises(ProbekitError, match="probekit run attention-faithfulness"):
        views(STUDY, df.iloc[:0])
    made = df["dataset"].str.startswith("ag")
    real, generated = views(STUDY, df.assign(info=made.map({True: '{"generated": ["dataset"]}', False: "{}"})))
    assert real.data == ["SST"] and generated.data == ["generated ag-news-test"] and generated.mark == "-generated"
    assert set(report.claims(STUDY, generated.rows)["verdict"]) == {"not testable here"}


@pytest.mark.data
def test_what_the_study_asks():
    (whole,) = STUDY.grids({"dataset": ["sst"]}, parts=["fragility"])
    cells = whole.cells()
    assert len(cells) == 50 and [cell.shared["seed"] for cell in cells[:10]] == [0] * 10  # every variant of a seed
    assert {cell.shared["regularizer"] for cell in cells} >= {"tying(delta=0.1)", "mlm(eta=0.3)"}
    (fewer,) = STUDY.grids({"dataset": ["movie-reviews"], "cut": ["100"]}, parts=["fragility"])
    assert len(fewer.cells()) == 20 and fewer.axes["cut"] == [100]


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
