"""The study of text classifiers from its grids to its figures and claims, on generated documents."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from probekit.experiments.lrp_cnn_text import STUDY
from probekit.paper_figures.lrp_cnn_text import shown_document

from probekit import report
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import run_all
from probekit.relevance.words import class_words, rarities
from probekit.report import publish, read_results, read_table
from probekit.report.claims import views
from probekit.works import text_relevance as work

pytestmark = pytest.mark.slow
CORPUS = "topics(classes=4, n=200)"
SMALL = {
    "dataset": [CORPUS],
    "encoder": ["text-cnn(filters=15)"],
    "vectors": ["random(width=12)"],
    "training": ["training(batch=32, epochs=5, optimizer=sgd, momentum=0.9, rate=0.05)"],
    "steps": [6],
    "runs": [2],
    "seed": [0, 1],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("results") / "lrp-cnn-text"
    for _ in run_all(STUDY.grids(SMALL, ["all"]), place):
        pass
    return place


def test_every_part_answers_with_rows_and_the_tables_of_its_figures(folder):
    rows = read_results(folder)
    assert set(rows["task"]) == set(work.TASKS) and rows["value"].notna().all()
    assert set(rows["dataset"]) == {CORPUS} and set(rows["task_group"]) == {"relevance"}
    deletion = rows[rows["task"].eq("deletion") & rows["metric"].eq("mean_accuracy")]
    assert len(deletion) == 24 and (deletion["ci_low"] <= deletion["value"]).all()
    curve = read_table(folder, "curve")
    at_start = curve[curve["step"].eq(0)].groupby("series")["value"].agg(["min", "max"])
    assert at_start.loc["correct"].tolist() == [1, 1] and at_start.loc["wrong"].tolist() == [0, 0]
    assert {"points", "tokens"} <= {p.name for p in (folder / "_tables").iterdir()}
    assert json.loads(rows[rows["task"].eq("classify")]["info"].iloc[0])["median_words"] > 50
    losses = rows[rows["metric"].eq("largest_relative_loss") & rows["probe"].eq("lrp")]["value"]
    assert len(losses) == 2 and losses.max() < 1e-9


def test_a_second_run_asks_nothing_again_and_another_axis_only_what_is_new(folder):
    grids = STUDY.grids(SMALL, ["all"])
    assert sum(len(grid.plan(folder).cells) for grid in grids) == 0
    more = STUDY.grids(SMALL | {"steps": [7]}, ["deletion"])
    assert [len(grid.plan(folder).cells) for grid in more] == [2]  # a cell for each seed
    shorter = {name: SMALL[name] for name in ("dataset", "encoder", "vectors")} | {"training": ["training(epochs=7)"]}
    other = STUDY.grids(shorter, ["classify"])
    assert other[0].cells()[0].questions[0].key not in set(read_results(folder)["key"])


def test_figures_and_tables_are_drawn_from_the_results(folder, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = publish(STUDY.name, folder, tmp_path)
    names = {file.name for file in files}
    figures = {f"figure-{name}.png" for name in ("1", "2", "3", "neighbours", "erasure")}
    assert figures | {"figure-2.html", "claims.md", "explainers.csv", "summary.csv"} <= names
    table = pd.read_csv(tmp_path / "claims.csv")
    assert table["number"].tolist() == list(range(1, 10)) and table["ours"].ne("").all()
    assert set(table["verdict"]) == {"not testable here"} and table["why"].str.contains("generated data").all()
    against = report.against_paper(STUDY.name, read_results(folder))
    assert against["paper"].tolist() == [80.19, 83.0, 0.0141]
    assert np.isfinite(against["ours"].iloc[[0, 2]]).all() and np.isnan(against["ours"].iloc[1])


def test_figure_2_shows_the_scores_of_classes_and_the_prediction(folder):
    view = views(STUDY, read_results(folder), folder)[0]
    words, said = shown_document(view)
    scores = view.needs(task="highlight", metric="score", seed=0, probe="lrp")
    stated = json.loads(scores["info"].iloc[0])
    assert said.startswith(
        f"{stated['document']}: scores and words in network 0; "
    )  # chosen among those that are right
    for row in scores.itertuples():
        label = row.subset.removeprefix("target=")
        true = ", true class, predicted" if label == stated["class"] else ""
        assert f"{label} {row.value:.2f}{true}" in set(words["target"])


def test_a_document_is_found_by_its_whole_id_or_refused(folder):
    few = {name: value for name, value in SMALL.items() if name not in ("steps", "runs")}
    (grid,) = STUDY.grids(few, ["highlight"])
    case = work.Classified(grid.cells()[0])
    assert case.ids[work.chosen_document(case, case.ids[3])] == case.ids[3]
    with pytest.raises(UnknownName, match="unknown test document"):
        work.chosen_document(case, case.ids[3][1:])
    row = work.chosen_document(case, "")
    assert len(case.texts[row]) >= 20 and case.known[row]


def a_network_for_each_seed(rows, seeds=5):
    """Rows of one seed, repeated as those of several whose numbers differ a little."""
    one = rows[rows["seed"].eq(0)]
    copies = [one.assign(seed=s, value=one["value"] + 1e-4 * s * (one["value"] > 1e-3)) for s in range(seeds)]
    return pd.concat(copies, ignore_index=True).astype({"seed": "Int64"})


def set_to(rows, value, **where):
    mask = np.logical_and.reduce([rows[column].eq(wanted) for column, wanted in where.items()])
    assert mask.any(), where
    rows.loc[mask, "value"] = value
    rows.loc[mask, "ci_low"], rows.loc[mask, "ci_high"] = value - 0.01, value + 0.01


def rows_that_say_so(folder):
    """Rows of one network on which every claim holds, taken for real ones."""
    rows = read_results(folder).assign(dataset="twenty-newsgroups|letters")
    rows["info"] = rows["info"].str.replace('"generated": ["dataset"]', '"kept": 0').str.replace("dataset", "data")
    set_to(rows, 0.72, metric="accuracy")
    set_to(rows, 0.05, metric="majority_accuracy")
    for subset, values in (("correct", (0.1, 0.3, 0.3, 0.9)), ("wrong", (0.6, 0.05, 0.05, 0.1))):
        for probe, value in zip(("lrp", "sa", "sa-l2", "random"), values, strict=True):
            set_to(rows, value, metric="mean_accuracy", probe=probe, subset=f"initially={subset}")
        set_to(rows, 0.01, metric="accuracy_std", subset=f"initially={subset}")
    weightings = {"sum": 0.2, "tf-idf": 0.2, "sa-l2": 0.4, "sa": 0.5, "lrp": 0.55, "sa-ew": 0.7, "lrp-ew": 0.8}
    for probe, value in weightings.items():
        set_to(rows, value, metric="neighbours_accuracy", probe=probe)
    set_to(rows, 0.0, metric="neighbours_accuracy_over_sum", probe="tf-idf")
    sides = {"own": (0.4, 0.4), "others": (-0.1, 0.1), "rival": (-0.1, 0.1)}
    for probe, side, value in ((p, side, pair[i]) for side, pair in sides.items() for i, p in enumerate(("lrp", "sa"))):
        set_to(rows, value, metric="mean_relative_relevance", probe=probe, subset=f"target={side}")
    # Element-wise weights gain .25 with LRP; with SA .15 here, less.
    set_to(rows, 0.65, metric="neighbours_accuracy", probe="sa-ew")
    set_to(rows, 1e-9, metric="largest_relative_loss", probe="lrp")
    return rows


def verdicts(rows):
    return report.claims(STUDY.name, rows).set_index("number")["verdict"]


def test_every_claim_holds_on_rows_that_say_so_and_fails_on_rows_that_do_not(folder):
    good = rows_that_say_so(folder)
    assert verdicts(a_network_for_each_seed(good)).tolist() == ["holds"] * 9
    spoilt = {
        1: (1e-3, {"metric": "largest_relative_loss", "probe": "lrp"}),
        2: (0.2, {"metric": "mean_accuracy", "probe": "random", "subset": "initially=correct"}),
        3: (0.2, {"metric": "mean_accuracy", "probe": "sa", "subset": "initially=wrong"}),
        5: (0.1, {"metric": "mean_relative_relevance", "probe": "lrp", "subset": "target=others"}),
        6: (0.35, {"metric": "mean_accuracy", "probe": "sa-l2", "subset": "initially=correct"}),
        7: (0.45, {"metric": "neighbours_accuracy", "probe": "sum"}),
        8: (0.45, {"metric": "neighbours_accuracy", "probe": "sa-ew"}),
        9: (0.2, {"metric": "neighbours_accuracy_over_sum", "probe": "tf-idf"}),
    }
    for number, (value, where) in spoilt.items():
        bad = good.copy()
        set_to(bad, value, **where)
        assert verdicts(a_network_for_each_seed(bad))[number] == "fails", number
    absent = report.claims(STUDY.name, good[good["task"].ne("deletion")]).set_index("number")
    assert absent.loc[2, "verdict"] == "not testable here" and "no rows of task deletion" in absent.loc[2, "why"]


def test_a_claim_is_open_where_networks_disagree_or_there_is_one(folder):
    good = rows_that_say_so(folder)
    several = a_network_for_each_seed(good)
    assert verdicts(good[good["seed"].eq(0)])[[2, 3, 7, 8]].tolist() == ["open"] * 4
    mixed = several["metric"].eq("mean_accuracy") & several["probe"].eq("sa") & several["seed"].isin([0, 1])
    mixed &= several["subset"].eq("initially=correct")
    several.loc[mixed, "value"] = 0.05
    assert verdicts(several)[2] == "open" and verdicts(several)[3] == "holds"


def test_the_spread_of_random_orders_is_judged_at_the_papers_number_of_documents(folder):
    rows = a_network_for_each_seed(rows_that_say_so(folder))
    spread = rows["metric"].eq("accuracy_std") & rows["subset"].eq("initially=wrong")
    rows.loc[spread, "value"], rows.loc[spread, "n_test"] = 0.02, 983
    assert verdicts(rows)[4] == "fails"
    rows.loc[spread, "n_test"] = 983 // 4  # a quarter of the documents: twice the spread
    table = report.claims(STUDY.name, rows).set_index("number")
    assert table.loc[4, "verdict"] == "holds" and "on 983 it would be 0.0100" in table.loc[4, "ours"]


def test_a_classifier_below_the_commonest_class_carries_no_claim(folder):
    rows = a_network_for_each_seed(rows_that_say_so(folder))
    set_to(rows, 0.055, metric="accuracy", seed=3)
    table = report.claims(STUDY.name, rows)
    assert set(table["verdict"]) == {"not testable here"}
    assert table["why"].str.contains("accuracy 0.055 with seed 3, always the commonest class 0.050").all()


def test_each_classifier_on_each_data_set_is_shown_the_newsgroups_first(folder):
    rows = read_results(folder)
    whole, chosen = "twenty-newsgroups|letters", "twenty-newsgroups(classes=[sci.med, sci.space])|letters"
    real = [(chosen, "text-cnn(filters=15)"), (whole, "text-cnn(filters=15)"), (whole, "text-cnn")]
    several = pd.concat([rows, *(rows.assign(dataset=name, encoder=kind, info="") for name, kind in real)])
    shown = {view.mark: (view.title, view.generated) for view in views(STUDY, several)}
    few = "-text-cnn-filters-15"
    assert next(iter(shown)) == "" and shown == {
        "": ("text-cnn, 20 Newsgroups", False),
        few: ("text-cnn(filters=15), 20 Newsgroups", False),
        f"-topics-classes-4-n-200{few}": (f"text-cnn(filters=15), {CORPUS}", True),
        f"-twenty-newsgroups-2-classes{few}": ("text-cnn(filters=15), 20 Newsgroups (2 classes)", False),
    }
    assert [view.title for view in views(STUDY, several, dataset="topics")] == [f"text-cnn(filters=15), {CORPUS}"]
    with pytest.raises(UnknownName, match="did you mean text-cnn"):
        views(STUDY, several, encoder="text-cmn")
    with pytest.raises(ProbekitError, match="no rows of seed 3"):
        views(STUDY, several, seed=3)


def test_typical_and_rare_words_come_from_counts():
    texts = [["Goal", "the"]] * 6 + [["paint", "the"]] * 6 + [["rare", "the"]]
    found = class_words(texts, ["sport"] * 6 + ["art"] * 7, 1)
    assert found == {"sport": {"goal"}, "art": {"paint"}}
    rare = rarities([["The", "the", "goal"], ["the"]])
    assert rare == {"": pytest.approx(np.log(3)), "goal": pytest.approx(np.log(1.5)), "the": 0}


def test_topics_of_newsgroups_are_those_of_their_prefixes():
    assert work.topic("comp.graphics") == "comp" and work.topic("talk.politics.guns") == "politics"
    assert {work.topic(g) for g in ("alt.atheism", "soc.religion.christian", "talk.religion.misc")} == {"religion"}
    assert work.topic("pos") == "pos" and work.topic("misc.forsale") == "sale"


def test_bad_axes_are_refused_before_work():
    with pytest.raises(UnknownName, match="part of lrp-cnn-text"):
        STUDY.grids(SMALL, ["deletions"])
    with pytest.raises(ProbekitError, match=r"kind of classifier .text-cmn.; did you mean text-cnn"):
        STUDY.grids({"dataset": [CORPUS], "encoder": ["text-cmn"]}, ["classify"])
    with pytest.raises(ProbekitError, match=r"argument of classifier .*: .epoch.; did you mean epochs"):
        [g.cells() for g in STUDY.grids({"dataset": [CORPUS], "training": ["training(epoch=3)"]}, ["classify"])]


@pytest.mark.data
def test_the_study_asks_about_the_real_texts_where_they_are():
    if not STUDY.is_here("newsgroups") or not STUDY.is_here("glove"):
        pytest.skip("needs twenty-newsgroups and glove")
    cells = [cell for grid in STUDY.grids(parts=["classify", "deletion"]) for cell in grid.cells()]
    assert cells[0].shared["dataset"] == STUDY.data["newsgroups"]
    assert len(cells) == 20 and all(cell.shared["vectors"].endswith("glove") for cell in cells)
