"""Texts with flips: the reader, the filter, kinds of flips, and the named corpora."""

from __future__ import annotations

from pathlib import Path

import pytest

from probekit.corpora import load_corpus
from probekit.corpora.flips import KINDS, LESS, SAME, fell, flips_of, kind_of_flip
from probekit.errors import DataError, ProbekitError

LINES = "label\ttext\tflip\nneg\tNot good .\tVery good .\npos\tit works\tit never works\nneg\tbad food\t\n"


def written(folder: Path, text: str, name: str = "pairs-test.tsv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return f"flips:{folder / name}"


def test_texts_come_first_and_flips_have_the_other_label(tmp_path):
    corpus = load_corpus(written(tmp_path, LINES))
    assert corpus.texts == ["Not good .", "it works", "bad food", "Very good .", "it never works"]
    assert corpus.sentences["label"].tolist() == ["neg", "pos", "neg", "pos", "neg"]
    assert corpus.sentences["split"].tolist() == ["test", "test", "test", "flip", "flip"]
    assert corpus.links["flip"].to_numpy().tolist() == [[0, 3], [1, 4]]


def test_a_file_without_flips_trains_and_its_texts_are_held_out(tmp_path):
    train = "text\tlabel\n" + "".join(f"text {i}\t{('neg', 'pos')[i % 2]}\n" for i in range(20))
    both = f"{written(tmp_path, LINES)},{written(tmp_path, train, 'a-train.tsv').removeprefix('flips:')}"
    corpus = load_corpus(f"{both}(lower=true)|holdout(share=0.2)")
    splits = corpus.sentences["split"].value_counts().to_dict()
    assert splits == {"train": 16, "dev": 4, "test": 3, "flip": 2}
    assert corpus.texts[0] == "not good ." and len(flips_of(corpus)) == 2


def test_the_filter_as_the_paper_has_it():
    assert fell(["a", "B"], ["b", "A"]) == SAME
    assert fell(["not", "good"], ["good"]) == LESS
    assert fell(["good"], ["good", "good"]) == ""  # a multiset: one `good` more is a new word
    assert fell(["not", "good"], ["very", "good"]) == ""


def test_kinds_of_flips():
    assert kind_of_flip(["good", "food"], ["bad", "food"]) == "one word"
    assert kind_of_flip(["was", "good"], ["was", "n't", "Good"]) == "negation"
    assert kind_of_flip(["good", "food"], ["really", "bad", "food"]) == "several words"
    assert {"negation", "one word", "several words"} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label\ttext\tflip\nneg\tbad\tbad good\n", "have 1: neg"),
        ("label\ttext\tflip\na\tx\ty\nb\tx\ty\nc\tx\ty\n", "have 3: a, b, c"),
        ("label\ttext\tflip\nneg\tbad\t\npos\tgood\t\n", "has a flip"),
        ("text\tflip\nbad\tgood\n", "no column 'label'"),
        ("label\ttext\tflip\nneg\tbad\n", "2 cells where the heading has 3"),
        ("label\ttext\tflip\nneg\t\tgood\npos\tgood\tbad\n", "without a word"),
        ("label\ttext\tflip\n\tbad\tgood\npos\tgood\tbad\n", "without a label"),
        ("label\ttext\tflip\tflip_label\nneg\tbad\tworse\tneg\npos\tgood\tbad\tneg\n", "text and flip have one label"),
    ],
)
def test_bad_files_are_refused_with_what_is_wrong(tmp_path, text, message):
    with pytest.raises((DataError, ProbekitError), match=message):
        load_corpus(written(tmp_path, text))


def test_a_corpus_without_flips_is_refused():
    with pytest.raises(ProbekitError, match="has no flips; give texts with flips"):
        flips_of(load_corpus("grammar(n=5)"))


def test_generated_phrases_turn_and_their_labels_follow_the_rules():
    corpus = load_corpus("polarity-phrases(n=200)")
    found, labels = flips_of(corpus), corpus.sentences["label"].to_numpy()
    assert len(found) == 200 and set(labels) == {"negative", "positive"}
    assert corpus.trees is not None
    for one, other in found[["sentence", "sentence2"]].to_numpy():
        assert labels[one] != labels[other]
        assert {int(corpus.trees[one][1]) > 2, int(corpus.trees[other][1]) > 2} == {True, False}
    assert set(found["fell"]) == {"", LESS}  # one that only takes `not` out does not count
    assert load_corpus("polarity-phrases(n=50)").texts[:50] == corpus.texts[:50]


@pytest.mark.data
def test_yelp_keeps_983_of_1000_flips():
    corpus = load_corpus("yelp-flips")
    found = flips_of(corpus)
    assert corpus.sentences["split"].value_counts().to_dict() == {"train": 4000, "test": 1000, "flip": 1000}
    assert found["fell"].value_counts().to_dict() == {"": 983, LESS: 16, SAME: 1}
    assert corpus.words(int(found["sentence2"][0]))[:4] == ["ever", "since", "joes", "has"]


@pytest.mark.data
def test_film_reviews_have_2440_flips():
    corpus = load_corpus("film-flips")
    labels = corpus.sentences["label"].to_numpy()
    found = flips_of(corpus)
    assert len(found) == 2440 and (labels[found["sentence"]] != labels[found["sentence2"]]).all()
    assert corpus.sentences["split"].value_counts().to_dict() == {"flip": 2440, "train": 1707, "test": 488, "dev": 245}
    assert load_corpus("film-flips(flips=test)").sentences["split"].eq("flip").sum() == 488


@pytest.mark.data
def test_sst_trees_have_the_sentences_and_labels_of_sst():
    trees, texts = load_corpus("sst-trees"), load_corpus("sst(classes=5)")
    assert trees.sentences["label"].tolist() == texts.sentences["label"].tolist()
    assert trees.sentences["split"].tolist() == texts.sentences["split"].tolist()
    assert trees.trees is not None and trees.trees[0].startswith("(3 (2 (2 The) (2 Rock))")
