"""Predictors without vectors, and models that translate, as rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import probekit as pk
from probekit import recipes, report
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.specs import Spec, parse

CORPUS = "grammar(n=120)"
TASKS = ["word/pos", "word/parent"]
DIRECT = "labeller(budget=300, epochs=4, layers=1, rate=0.02, width=16)"


def predicting(tasks, probes, seeds=(0,), keep=()) -> Grid:
    """As the study of constituents asks: a cell a predictor and seed."""
    axes = {"dataset": [CORPUS], "task": list(tasks), "probe": list(probes), "seed": list(seeds)}
    return Grid("tried", "predicting", axes, keep, share=["dataset", "probe", "seed"])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Rows and predictions of all predictors: one that nothing is drawn for is asked once."""
    out = tmp_path_factory.mktemp("results") / "r"
    majorities = ["word-majority", "word-majority(fit=oracle)", "word-majority(fit=others)"]
    fixed = predicting(TASKS, majorities, keep=["predictions"])
    drawn = predicting(TASKS, [DIRECT], seeds=[0, 1], keep=["predictions"])
    rows = pd.concat([fixed.run(out), drawn.run(out)], ignore_index=True)
    assert not fixed.plan(out).open and not drawn.plan(out).open
    return rows, pk.read_table(out, "predictions")


def of(run, probe: str, task: str, split: str = "test", seed: int = 0):
    rows, predictions = run
    rows = rows[rows["split"].eq(split) & rows["metric"].eq("accuracy")]
    own = rows[rows["probe"].eq(probe) & rows["task"].eq(task)]
    (row,) = own[own["seed"].eq(seed)].to_dict("records")
    return row, predictions[predictions["key"].eq(row["key"]) & predictions["split"].eq(split)]


def words_of(split: str) -> np.ndarray:
    corpus = load_corpus(CORPUS)
    return (corpus.sentences["split"] == split).to_numpy()[corpus.sentence_of_word]


def test_every_predictor_answers_every_word_of_the_tested_parts(run):
    gold = pk.tasks.get("word/parent").targets(load_corpus(CORPUS))
    for probe in ("word-majority", "word-majority(fit=oracle)"):
        for split in ("dev", "test"):
            row, found = of(run, probe, "word/parent", split)
            assert list(found["gold"]) == list(gold[words_of(split)]) and row["n_test"] == len(found)
            assert row["value"] == pytest.approx((found["gold"] == found["predicted"]).mean())
    for seed in (0, 1):
        row, found = of(run, DIRECT, "word/parent", seed=seed)
        assert list(found["gold"]) == list(gold[words_of("test")])
        assert row["value"] == pytest.approx((found["gold"] == found["predicted"]).mean())


def test_the_oracle_is_the_best_that_a_word_by_itself_allows(run):
    _, found = of(run, "word-majority(fit=oracle)", "word/pos")
    corpus = load_corpus(CORPUS)
    words = np.asarray(corpus.form)[words_of("test")]
    plain = 0
    for word in set(words):
        _, counts = np.unique(found["gold"].to_numpy(dtype=object)[words == word].astype(str), return_counts=True)
        plain += counts.max()
    assert (found["gold"] == found["predicted"]).sum() == plain
    trained, _ = of(run, "word-majority", "word/pos")
    oracle, _ = of(run, "word-majority(fit=oracle)", "word/pos")
    assert trained["value"] < oracle["value"] and trained["control"] == oracle["control"] == "word-majority"


def test_the_oracle_knows_words_tested_once_and_the_others_do_not(run):
    row, found = of(run, "word-majority(fit=oracle)", "word/parent")
    others, counted = of(run, "word-majority(fit=others)", "word/parent")
    words = np.asarray(load_corpus(CORPUS).form)[words_of("test")].astype(str)
    once = pd.Series(words).map(pd.Series(words).value_counts()).eq(1).to_numpy()
    right = (found["gold"].astype(str) == found["predicted"].astype(str)).to_numpy()
    assert once.any() and right[once].all() and json.loads(row["info"])["words_seen"] == pytest.approx(1 - once.mean())
    gold = counted["gold"].to_numpy(dtype=object).astype(str)
    assert set(counted["predicted"].to_numpy(dtype=object).astype(str)[once]) == {
        pd.Series(gold).value_counts().index[0]
    }
    assert others["value"] < row["value"]


def test_right_words_are_counted_by_sentence(tmp_path):
    rows = predicting(["word/pos"], ["word-majority"], keep=["groups", "predictions"]).run(tmp_path / "r")
    kept, every = (pk.read_table(tmp_path / "r", name) for name in ("groups", "predictions"))
    every = every.assign(right=every["gold"].astype(str) == every["predicted"].astype(str))
    plain = every.groupby(["split", "group"], observed=True)["right"].agg(["size", "sum"])
    found = kept.set_index(["split", "group"]).loc[plain.index]
    assert list(found["n"]) == list(plain["size"]) and list(found["right"]) == list(plain["sum"])
    own = rows[rows["metric"].eq("accuracy") & rows["split"].eq("test")].assign(model="majority")
    counts = report.group_counts(own, kept)
    assert counts["right"].sum() / counts["n"].sum() == pytest.approx(own["value"].iloc[0])
    with pytest.raises(ProbekitError, match="keep=\\['groups'\\]"):
        report.group_counts(own, kept[:0])


def test_a_labeller_gives_its_own_answers_by_seed(run):
    from probekit.learners.labeller import answers

    corpus = load_corpus(CORPUS)
    options = {"width": 16, "layers": 1, "epochs": 4, "rate": 0.02, "budget": 300, "seed": 1}
    folder = recipes.folder(Spec("labeller", CORPUS, (), {**options, "task": "word/pos"}))
    test = np.flatnonzero((corpus.sentences["split"] == "test").to_numpy())
    _, found = of(run, DIRECT, "word/pos", seed=1)
    assert list(found["predicted"]) == list(answers(folder, corpus, test))
    _, other = of(run, DIRECT, "word/pos", seed=0)
    assert list(found["predicted"]) != list(other["predicted"])


def test_the_plan_counts_the_networks_that_are_trained_first(run, tmp_path):
    """One a task and seed; here they are made already, with other options not."""
    assert not predicting(TASKS, [DIRECT], seeds=[0, 1]).plan(tmp_path).to_make()
    plan = predicting(TASKS, [DIRECT.replace("16", "17")], seeds=[0, 1]).plan(tmp_path)
    assert [parse(recipe.spec).name for recipe in plan.to_make()] == ["labeller"] * 4 and plan.estimate()[0] > 0


def test_what_cannot_be_predicted_is_refused_before_any_work():
    with pytest.raises(UnknownName, match="predictor 'pcgf'"):
        predicting(TASKS, ["pcgf"]).cells()
    with pytest.raises(UnknownName, match="widht"):
        predicting(TASKS, ["labeller(widht=3)"]).cells()
    with pytest.raises(UnknownName, match="argument of predictor 'word-majority': 'fti'; did you mean fit"):
        predicting(TASKS, ["word-majority(fti=oracle)"]).cells()
    with pytest.raises(ProbekitError, match="labels of words"):
        predicting(["sentence/parse_depth"], ["word-majority"]).cells()


def test_translations_are_rows_of_bleu(tmp_path):
    spec = 'translation:"grammar(n=120)|translated(copy)"(width=8, layers=1, merges=40, epochs=1, budget=400)'
    grid = Grid("tried", "translating", {"encoder": [spec]})
    assert [parse(recipe.spec).name for recipe in grid.plan(tmp_path / "r").to_make()] == ["translation"]
    rows = grid.run(tmp_path / "r")
    assert list(rows["metric"]) == ["bleu", "bleu_of_copy", "bleu_of_commonest"] and set(rows["split"]) == {"test"}
    row, copy, _ = rows.to_dict("records")
    assert 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1 and row["n_test"] > 0
    assert copy["value"] == pytest.approx(1)  # the target is a copy of the source
    assert "tok:none" in row["info"] and row["dataset"] == "grammar(n=120)|translated(language=copy)"
    with pytest.raises(ProbekitError, match="translates nothing"):
        Grid("x", "translating", {"encoder": ["minilm"]}).cells()


def test_rows_say_where_they_were_read(tmp_path):
    predicting(["word/pos"], ["word-majority"]).run(tmp_path / "r")
    assert report.read_results(tmp_path / "r").attrs["folder"] == str(tmp_path / "r")


def test_the_grammar_parser_answers_the_tested_part_as_it_does_by_itself(tmp_path):
    from probekit.probes.pcfg import Pcfg, ancestor_answers

    tasks = ["word/pos", "word/great-grandparent"]
    out = tmp_path / "r"
    rows = predicting(tasks, ["pcfg-prefix(rare=2)"], keep=["predictions"]).run(out)
    assert set(rows["split"]) == {"test"} and set(rows["probe"]) == {"pcfg-prefix(rare=2)"}
    corpus = load_corpus(CORPUS)
    train, test = (corpus.select((corpus.sentences["split"] == part).to_numpy()) for part in ("train", "test"))
    plain, counts = ancestor_answers(Pcfg.fit(train, rare=2), train, test, tasks)
    kept = pk.read_table(out, "predictions")
    for task in tasks:
        row = rows[rows["task"].eq(task) & rows["metric"].eq("accuracy")].iloc[0]
        found = kept[kept["key"].eq(row["key"])]
        assert list(found["predicted"].astype(str)) == list(plain[task]["predicted"])
        assert f'"fallback": {counts["fallback"]}' in row["info"] and f'"prefixes": {len(found)}' in row["info"]
    with pytest.raises(ProbekitError, match="grammar answers"):
        predicting(["word/upos"], ["pcfg-prefix"]).run(tmp_path / "s")
