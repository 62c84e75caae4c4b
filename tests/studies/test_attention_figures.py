"""The study's grids and its figures: what is asked, claims from rows made by hand, figures from a small run."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from probekit.experiments import attention_faithfulness as study

from paper_figures import _attention_claims as claims
from paper_figures._attention_view import view
from probekit import report
from probekit.errors import ProbekitError, UnknownName
from probekit.report.claims import NotTestable
from probekit.rows import setting, table

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
                            "experiment": study.NAME,
                            "task": "sentence/label",
                            "dataset": dataset,
                            "split": "test",
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


def test_rows_of_tuning_never_enter_a_mean():
    tuned = rows({"base": {"f1": 0.1}}, part="dev")
    v = view(pd.concat([rows(AS_PUBLISHED), tuned]))
    assert v.means("f1")["base"].between(0.83, 0.85).all() and v.seeds() == {"SST": 2, "AG News": 2}
    with pytest.raises(NotTestable, match="run attention-faithfulness first"):
        view(rows(AS_PUBLISHED).iloc[:0])


@pytest.mark.data
def test_what_the_study_asks():
    whole = study.grids(corpora=["sst"], part="fragility")
    assert sum(len(grid.cells()) for grid in whole) == 50
    cells = whole[0].cells()
    first = [cell.shared["seed"] for cell in cells[:10]]
    assert first == [0] * 10  # every variant of a seed before the next seed
    assert {cell.shared["regularizer"] for cell in cells} >= {"tying(delta=0.1)", "mlm(eta=0.3)"}
    fewer = study.grids(corpora=["movie-reviews"], part="fragility", cut="100")
    assert sum(len(grid.cells()) for grid in fewer) == 20 and fewer[0].axes["cut"] == [100]
    for given, message in (
        ({"part": "all+"}, "part of the study"),
        ({"corpora": ["imdb"]}, "data set of the study"),
        ({"variants": "bse"}, "variant: 'bse'; did you mean base"),
    ):
        with pytest.raises(UnknownName, match=message):
            study.grids(**given)
    with pytest.raises(ProbekitError, match="cut takes numbers, got 'long'"):
        study.grids(corpora=["sst"], cut="long")


@pytest.mark.slow
def test_every_figure_is_drawn_from_a_small_run(tmp_path, monkeypatch):
    from probekit.paper_figures import attention_faithfulness as figures

    from probekit.attention.reporting import Sizes
    from probekit.grid import run_all
    from probekit.training.loop import Settings
    from probekit.works import attention as cells

    monkeypatch.setattr(cells, "SETTINGS", Settings(rate=0.01, epochs=2, patience=2, clip=5.0))
    monkeypatch.setattr(cells, "IMITATION_SETTINGS", Settings(rate=0.01, epochs=1, clip=5.0))
    monkeypatch.setattr(cells, "SIZES", Sizes(clusters=5, types=20, sample=5, draws=2, occurrences=500))
    monkeypatch.setitem(study.WITHOUT_DATA, "cues", study.DataSet("cues(n=140)", "", "b", vectors="random(width=16)"))
    grids = study.grids(corpora=["cues"], seeds=[0], part="all", attentions="additive", lambdas="0+1")
    for _ in run_all(grids, tmp_path / "r"):
        pass
    files = figures.draw(tmp_path / "r")
    names = {path.name for path in files if path.suffix == ".png"}
    assert names >= {
        "figure-1-fragility.png",
        "figure-2-adversaries.png",
        "figure-3-information.png",
        "figure-5-token-probability.png",
        "figure-6-depth.png",
        "figure-7-entropy.png",
        "figure-agreement.png",
    }
    tables = {path.name for path in files if path.suffix == ".csv"}
    assert {"table-1.csv", "intersection.csv", "embeddings.csv", "tuning.csv", "claims.csv"} <= tables
    told = pd.read_csv(tmp_path / "r" / "_figures" / "claims.csv")
    assert set(told["verdict"]) == {"not testable here"} and (told["data"] == "generated").all()
    found = pd.read_csv(tmp_path / "r" / "_figures" / "intersection.csv")
    assert set(found["variant"]) == {"concat", "residual", "tying", "mlm"}
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text())
    assert claims.STUDY.numbers()["value"].notna().all()
