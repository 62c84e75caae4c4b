"""Questions with options from files, named pairs and choices, steps of documents."""

from __future__ import annotations

import json

import numpy as np
import pytest

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.errors import DataError, ProbekitError


def written(place, name, lines):
    (place / name).write_text("\n".join(lines) + "\n")
    return place / name


def test_a_table_and_json_lines_say_the_same(tmp_path):
    rows = [("Ada left.", "Why?", "Rain.", "Sun.", "", 2), ("Ada left.", "How?", "Fast.", "By car.", "Late.", 1)]
    names = ["context", "question", "answer0", "answer1", "answer2", "label"]
    table = written(tmp_path, "a-dev.tsv", ["\t".join(names), *("\t".join(map(str, row)) for row in rows)])
    lines = written(tmp_path, "b-dev.jsonl", [json.dumps(dict(zip(names, row, strict=True))) for row in rows])
    for file in (table, lines):
        corpus = load_corpus(f"questions:{file}(first=1)")
        task = tasks.get("choice/answer")
        units = task.units(corpus)
        assert task.targets(corpus).tolist() == ["no", "yes", "yes", "no", "no"]
        assert units["group"].tolist() == [0, 0, 1, 1, 1] and set(corpus.sentences["split"]) == {"dev"}
        assert corpus.words(int(units["sentence"][0])) == ["Ada", "left", ".", "Why", "?"]
        assert set(corpus.sentences["document"]) == {"Ada left."}
    with pytest.raises(DataError, match="numbers none of its 2 options"):
        load_corpus(f"questions:{table}(label=label, first=5)")
    with pytest.raises(DataError, match="no column 'who'"):
        load_corpus(f"questions:{table}(text=[who])")
    short = ["\t".join(names), "Ada left.\tWhy?"]
    with pytest.raises(DataError, match=":2: 2 cells where the heading has 6"):
        load_corpus(f"questions:{written(tmp_path, 'c-dev.tsv', short)}(first=1)")
    with pytest.raises(DataError, match="is empty; the first row of a table names its columns"):
        load_corpus(f"questions:{written(tmp_path, 'd-dev.tsv', [])}(first=1)")


def test_a_question_without_a_right_option_is_refused(tmp_path):
    lines = ["sentence1\tsentence2\tanswer", "Why ?\tRain\tno", "How ?\tFast\tyes"]
    file = written(tmp_path, "p-train.tsv", lines)
    with pytest.raises(ProbekitError, match="right options"):
        tasks.get("choice/answer").targets(load_corpus(f"pairs:{file}"))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "task", "units", "groups", "yes"),
    [
        ("copa", "choice/answer", 2000, 1000, 1000),
        ("cosmosqa-valid", "choice/answer", 11940, 2985, 2985),
        ("mctaco", "pair/label", 13225, 1893, 4427),
        ("rte", "pair/label", 4167, 4167, 0),
        ("fracas-problems", "pair/label", 334, 334, 0),
        ("hans", "pair/label", 12000, 12000, 0),
        ("comparisons", "pair/label", 4008, 4008, 0),
    ],
)
def test_named_pairs_have_their_sizes(name, task, units, groups, yes):
    corpus, asked = load_corpus(name), tasks.get(task)
    found = asked.units(corpus)
    assert (len(found), found["group"].nunique()) == (units, groups)
    assert int((asked.targets(corpus) == "yes").sum()) == yes


@pytest.mark.data
def test_posts_cut_to_the_sizes_of_another_corpus_keep_their_classes():
    whole, cut = load_corpus("edos"), load_corpus("edos(like_ami=0.1)")
    assert whole.n_sentences == 20000
    of = cut.sentences.groupby(["split", "label"]).size()
    assert of["train", "none"] == 177 and of["test", "threats"] == 12
    assert set(cut.sentences["id"]) < set(whole.sentences["id"])
    assert load_corpus("online-misogyny").n_sentences == 6555


@pytest.mark.data
def test_what_belongs_together_stays_in_one_split():
    corpus = load_corpus("mctaco|fewer-documents(train=30, test=20)|holdout-documents(share=0.5)")
    units = tasks.get("pair/label").units(corpus)
    split = corpus.sentences["split"].to_numpy()[units["sentence"]]
    assert set(split) == {"train", "dev", "test"}
    for column in (units["group"], corpus.sentences["document"].to_numpy()[units["sentence"]]):
        assert max(len(set(split[np.asarray(column) == one])) for one in set(column)) == 1
    with pytest.raises(ProbekitError, match="no dev"):
        load_corpus("mctaco|holdout-documents|holdout-documents")
