"""Tree reconstruction as rows: what is fitted and what held out, against the learner itself, and bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from test_golden_encoders import hf

from probekit import encode, read_table, tasks
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.learners.tree_reconstruction import reconstruct

PHRASES = "polarity-phrases(n=80)"
TASK = "sentence/node-switching"


def grid(dataset: str = PHRASES, keep: tuple[str, ...] = (), **axes: list) -> Grid:
    usual = {
        "dataset": [dataset], "encoder": [hf()], "layer": [1], "pooling": ["mean"], "probe": ["add"], "steps": [30],
        "scale": [0.01], "least": [1], "seed": [0], "task": [TASK],
    }  # fmt: skip
    return Grid("try", "reconstruction", {**usual, **axes}, keep, [axis for axis in usual if axis != "task"])


def row(rows, metric: str, split: str):
    (one,) = rows[rows["metric"].eq(metric) & rows["split"].eq(split)].itertuples()
    return one


def test_rows_are_those_of_the_learner(tmp_path):
    rows = grid(keep=("points",)).run(tmp_path)
    corpus = load_corpus(PHRASES)
    train = corpus.sentences["split"].eq("train").to_numpy()
    vectors = np.asarray(encode(corpus, hf(), [1])[1, "mean"])
    made = reconstruct(corpus, np.flatnonzero(train), vectors[train], steps=30)
    held = made.errors_of(corpus, np.flatnonzero(~train), vectors[~train])
    gold = tasks.get(TASK).targets(corpus)
    assert row(rows, "tre", "train").value == pytest.approx(made.errors.mean())
    assert row(rows, "tre", "test").value == pytest.approx(held.mean())
    assert row(rows, "spearman", "test").value == pytest.approx(stats.spearmanr(gold[~train], held).statistic)
    lengths = corpus.lengths[~train]
    assert row(rows, "spearman_length", "test").value == pytest.approx(stats.spearmanr(lengths, held).statistic)
    info = json.loads(row(rows, "tre", "test").info)
    assert info["words"] == len(made.words) and info["coverage"] == 1 and info["left_out"] == 0
    points = read_table(tmp_path, "points")
    assert len(points) == corpus.n_sentences
    assert points[points["label"].astype(str).eq("test")]["x"].mean() == pytest.approx(held.mean(), abs=1e-4)


def test_several_tasks_share_one_fit_and_options_move_numbers(tmp_path):
    asked = grid(task=[TASK, "sentence/tree-impurity"], scale=[0.0, 0.01], least=[1, 3], probe=["add", "linear"])
    assert len(asked.cells()) == 8 and all(len(cell.questions) == 2 for cell in asked.cells())
    rows = asked.run(tmp_path)
    errors = rows[rows["metric"].eq("tre") & rows["split"].eq("test") & rows["task"].eq(TASK)]
    assert len(errors) == 8 and errors["value"].nunique() == 8


def test_held_out_sentences_of_other_words_alone_have_no_error(tmp_path):
    for part, text in (("train", "(3 (2 a) (4 b))\n(2 (2 b) (2 a))\n"), ("test", "(3 (2 c) (4 d))\n")):
        (tmp_path / f"x-{part}.txt").write_text(text)
    dataset = f"ptb:{tmp_path / 'x-train.txt'},{tmp_path / 'x-test.txt'}"
    rows = grid(dataset).run(tmp_path / "out")
    assert np.isnan(row(rows, "tre", "test").value) and "no sentence has a word" in row(rows, "tre", "test").note
    alone = grid(f"ptb:{tmp_path / 'x-test.txt'}").run(tmp_path / "alone")
    assert row(alone, "tre", "train").value >= 0 and row(alone, "tre", "test").note == "no sentence is held out"


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({"probe": ["lineer"]}, UnknownName, "linear"),
        ({"steps": [0]}, ProbekitError, "steps=0 of a tree reconstruction is a whole number"),
        ({"scale": [-1]}, ProbekitError, "scale=-1"),
        ({"least": [0]}, ProbekitError, "least=0"),
        ({"task": ["sentence/node-switching(weight=depth)"]}, ProbekitError, "weight"),
    ],
)
def test_bad_values_are_refused_before_work(axes, error, message):
    with pytest.raises(error, match=message):
        grid(**axes).cells()


def test_examples_of_trees_with_what_each_node_adds(tmp_path):
    axes = {"dataset": [PHRASES], "task": [TASK], "begins": ["the", "no such"]}
    rows = Grid("try", "tree-scores", axes, ["nodes"], ["dataset", "task"]).run(tmp_path)
    corpus = load_corpus(PHRASES)
    there = rows[rows["setting"].astype(str).eq("begins=the")]
    assert there["value"].iloc[0] == pytest.approx(tasks.get(TASK).targets(corpus)[0])
    assert json.loads(there["info"].iloc[0])["sentence"] == corpus.texts[0]
    nodes = read_table(tmp_path, "nodes")
    assert nodes["share"].dropna().mean() == pytest.approx(there["value"].iloc[0])
    assert [word for word in nodes["word"].astype(str) if word] == corpus.words(0)
    assert "no sentence with a score begins with 'no such'" in rows["note"].astype(str).max()
