"""What is asked of tuned encoders: rows of answers, of moved inputs, of the space; questions by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_golden_encoders import hf

from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.learners.tuning.examples import ask
from probekit.learners.tuning.saved import SavedTuned
from probekit.probes.nearest import Nearest
from probekit.recipes import folder
from probekit.report.read import read_table
from probekit.report.view import prepared
from probekit.robustness.smoothness import moved
from probekit.works.inference import asked_of, put_together
from probekit.works.tuned_space import distances, majority
from probekit.works.tuning import made, of_questions, tuning

FEW = {"epochs": [1], "batch": [8], "rate": [0.01]}


def test_questions_are_counted_as_wholes():
    gold = np.array(["yes", "no", "yes", "no", "no"], dtype=object)
    told = np.array(["yes", "no", "no", "no", "no"], dtype=object)
    said, right = of_questions(gold, told, np.array([4, 4, 4, 9, 9]))
    assert [set(one) for one in said] == [{"0"}, set()] and [set(one) for one in right] == [{"0", "2"}, set()]


def test_rows_of_answers_have_intervals_questions_and_the_trivial_answer_beside_them(tmp_path):
    grid = tuning("try", ["plausible(n=20)"], [hf()], "pair/label", ["standard"], [0], **FEW)
    rows = grid.run(tmp_path / "rows")
    found = rows[rows["split"] == "test"].set_index("metric")
    assert set(found.index) == {"accuracy", "macro_f1", "question_em", "question_f1"}
    for metric in found.index:
        assert found.loc[metric, "ci_low"] <= found.loc[metric, "value"] <= found.loc[metric, "ci_high"]
        assert 0 <= json.loads(found.loc[metric, "info"])["majority"] <= 1
    saved = SavedTuned(folder(made({**grid.cells()[0].shared})))
    told = saved.predict(load_corpus("plausible(n=20)"))
    assert found.loc["accuracy", "value"] == pytest.approx((told["gold"] == told["answer"]).mean())
    em = told.assign(right=told["gold"] == told["answer"]).groupby("group")["right"].all().mean()
    assert found.loc["question_em", "value"] == pytest.approx(em)
    # The trivial answer of questions is the better of no to all, right where nothing is, and yes to all.
    right = told["gold"].eq("yes").groupby(told["group"])
    n, yes = right.size(), right.sum()
    trivial = {"question_em": max(yes.eq(0).mean(), yes.eq(n).mean())}
    trivial["question_f1"] = max(yes.eq(0).mean(), (2 * yes / (n + yes)).mean())
    for metric, value in trivial.items():
        assert json.loads(found.loc[metric, "info"])["majority"] == pytest.approx(value)


def test_attacks_grow_and_a_radius_of_zero_is_none(tmp_path):
    corpus = load_corpus("rules(n=30)")
    spec = {"dataset": "rules(n=30)", "encoder": hf(), "task": "choice/answer", "objective": "standard", "seed": 0}
    saved = SavedTuned(folder(made({**spec, **{name: one for name, (one,) in FEW.items()}})))
    asked, _ = saved.asked(corpus)
    found = moved(saved.network, asked, saved.encoder.reader(corpus), "test", (0.0, 0.5, 9.0), 0.1)
    right = np.concatenate(found.right)
    told = saved.predict(corpus)
    clean = told[told["gold"] == "yes"]["answer"].eq("yes").mean()
    assert right[:, 0].mean() == pytest.approx(clean) and right[:, 2].mean() <= right[:, 0].mean()
    assert (np.concatenate(found.divergences) >= 0).all()
    confidence = np.concatenate(found.confidence)
    assert (confidence >= 0.25 - 1e-6).all() and (confidence <= 1).all()


def test_the_space_is_told_by_neighbours_and_distances_without_texts(tmp_path):
    more = {**FEW, "head": ["embedding"], "pooling": ["mean"]}
    rows = tuning(
        "try",
        ["topics(n=60, classes=3)|resplit"],
        [hf()],
        "sentence/label",
        ["coco"],
        [0],
        "tuned-space",
        ["points"],
        **more,
    ).run(tmp_path / "rows")
    assert {"nearest_macro_f1", "nearest_macro_f1_plain", "distance_ratio"} == set(rows["metric"])
    points = read_table(tmp_path / "rows", "points")
    assert list(points.columns) == ["key", "unit", "x", "y", "label"] and len(points) == 12


def test_distances_and_votes_by_hand():
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [0, -1]])
    gold = np.array(["a", "a", "b", "b"], dtype=object)
    within, between = distances(vectors, gold)
    assert within == pytest.approx((0 + 2) / 2) and between == pytest.approx(1)
    assert majority(gold, np.array(["a", "b"], dtype=object)) == pytest.approx(1 / 3)
    near = np.array([[1.0, 0], [0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0, 1]])
    labels = np.array(["big", "big", "big", "small", "other"], dtype=object)
    query = np.array([[1.0, 0.0]])
    assert Nearest(k=4, votes="plain").fit(near, labels).predict(query)[0] == "big"
    # Votes by class size: 3 / 3 of `big`, 1 / 1 of `small`; of equals the nearer.
    assert Nearest(k=4).fit(near, labels).predict(query)[0] == "big"
    assert Nearest(k=3).fit(near[1:], labels[1:]).predict(np.array([[0.72, 0.28]]))[0] == "small"


def test_what_is_not_told_by_a_tuning_is_refused_with_the_grid():
    with pytest.raises(ProbekitError, match="tuning objective"):
        tuning("try", ["cues"], ["minilm"], "sentence/label", ["alise"]).cells()
    with pytest.raises(ProbekitError, match="needs head=embedding"):
        tuning("try", ["cues"], ["minilm"], "sentence/label", ["coco"], head=["mlp"]).cells()
    assert ask("sentence/label", load_corpus("cues(n=30)|resplit")).outputs == 2


def test_labels_of_another_corpus_that_were_not_learned_are_in_the_rows(tmp_path):
    other = tmp_path / "x-test.tsv"
    other.write_text("sentence1\tsentence2\tlabel\n" + "the house\tthe street\tmaybe\nthe old\tthe end\tyes\n" * 4)
    corpora = {"on": [f"pairs:{other}"]}
    grid = tuning("try", ["plausible(n=20)"], [hf()], "pair/label", ["standard"], [0], **FEW, **corpora)
    told = grid.run(tmp_path / "rows").query("metric == 'accuracy'")["info"]
    assert len(told) and all(json.loads(one)["unseen_labels"] == {"maybe": 4} for one in told)


INFERENCE = {**FEW, "epochs": [2], "state": ["each"]}


def test_every_epoch_answers_challenges_by_cell(tmp_path):
    on, task = "mini-hans(n=60)", "pair/entailment"
    asked = ["", "mini-hans(n=150, challenge=true)", "compared(n=24)"]
    grid = tuning("try", [on], [hf()], task, ["standard"], [0], "inference", **INFERENCE, on=asked, after=[1, 2])
    rows = prepared(grid.run(tmp_path / "rows"))
    test = rows[rows["split"] == "test"]
    cells = test[test["subset"].str.match("heuristic=[a-z_]+;label=[a-z-]+$") & test["after"].eq("2")]
    mean = test[test["metric"].eq("mean_accuracy") & test["after"].eq("2") & test["on"].str.contains("challenge")][
        "value"
    ].item()
    assert len(cells) == 6 and mean == pytest.approx(cells["value"].mean())
    assert test["subset"].str.contains("subcase=").sum() == 60 and test["subset"].str.match("type=").sum() == 6
    own = rows[rows["on"].eq("") & rows["metric"].eq("accuracy")]
    assert sorted(set(zip(own["split"], own["after"], strict=True))) == [(s, e) for s in ("dev", "test") for e in "12"]
    # The state after the last epoch is the one that is kept; that before it is another.
    spec = made({**grid.cells()[0].shared})
    saved = SavedTuned(folder(spec))
    corpus = load_corpus(on)
    last, first = (saved.after(epoch).predict(corpus)["score entailment"] for epoch in (2, 1))
    assert np.array_equal(saved.predict(corpus)["score entailment"], last) and not np.array_equal(first, last)
    with pytest.raises(ProbekitError, match="does not hold its state after epoch 3"):
        saved.after(3)


def test_what_the_second_task_learned_is_asked_too(tmp_path):
    roles = "mini-hans(n=40, seed=1)"
    how = {**INFERENCE, "also": [roles], "also_task": ["word/role"], "on": [roles], "second": [True]}
    grid = tuning("try", ["mini-hans(n=60)"], [hf()], "pair/entailment", ["standard"], [0], "inference", **how)
    rows = grid.run(tmp_path / "rows")
    assert set(rows["metric"]) == {"span_f1"} and rows["value"].between(0, 1).all()
    alone = {**INFERENCE, "on": [roles], "second": [True]}
    grid = tuning("try", ["mini-hans(n=60)"], [hf()], "pair/entailment", ["standard"], [0], "inference", **alone)
    with pytest.raises(ProbekitError, match="tuned on one task"):
        grid.run(tmp_path / "none")


def test_a_challenge_has_entailment_and_one_other_label(tmp_path):
    grid = tuning("try", ["mini-hans(n=60)"], [hf()], "pair/entailment", ["standard"], [0], "inference", **INFERENCE)
    saved = SavedTuned(folder(made({**grid.cells()[0].shared})))
    with pytest.raises(ProbekitError, match="a challenge set has 'entailment' and one other"):
        asked_of(saved, load_corpus("plausible(n=20)"), 0, True)
    asked = asked_of(saved, load_corpus("compared(n=24)"), 0, True)
    told = put_together(asked, np.array(["neutral", "entailment"], dtype=object))
    assert told.tolist() == ["contradiction", "entailment"]
