"""Named data of specificity and of paraphrases: sizes, ratings, what is not trained on, and the generated stand-ins."""

from __future__ import annotations

import numpy as np
import pytest

from probekit import scores, tasks
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError, UnknownName


@pytest.mark.data
@pytest.mark.parametrize(
    ("domain", "n", "lowest", "by_length"),
    [("twitter", 984, 1, 0.450), ("yelp", 845, 1, 0.704), ("movie", 920, 1, 0.591)],
)
def test_rated_sentences_and_what_their_length_tells(domain, n, lowest, by_length):
    """Published: .445, .676 and .581, with words cut in a way that is not told."""
    corpus = load_corpus(f"{domain}-specificity")
    rated = corpus.sentences["specificity"].to_numpy()
    assert corpus.n_sentences == n and rated.min() == lowest and rated.max() <= 5
    found = scores.score("spearman", rated, corpus.lengths.astype(float))
    assert found.value == pytest.approx(by_length, abs=5e-4)


@pytest.mark.data
def test_pairs_that_are_judged():
    msr, sts, snli = (load_corpus(name) for name in ("msr-paraphrase", "stsb", "revised-snli"))
    assert msr.sentences.groupby("split").size().to_dict() == {"dev": 1000, "test": 3450, "train": 7152}
    assert sts.sentences.groupby("split").size().to_dict() == {"dev": 3000, "test": 2758, "train": 11498}
    assert snli.n_sentences == 2 * (8330 + 1000 + 2000)
    assert set(msr.sentences["paraphrase"]) == {0, 1} and sts.sentences["relatedness"].max() == 5
    assert len(tasks.get("pair/relatedness").units(sts)) == 8628
    assert set(tasks.get("pair/entailment").targets(snli)) == {"entailment", "neutral", "contradiction"}
    assert load_corpus("stsb|at-least(relatedness, 5)").sentences["relatedness"].eq(5).all()


@pytest.mark.data
def test_what_is_asked_about_is_not_trained_on():
    corpus = load_corpus("everyday-paraphrases(pictures=300)")
    there = {text.lower() for text in corpus.texts}
    sick, snli = (load_corpus(name) for name in ("sick", "revised-snli"))
    assert not there & {text.lower() for one in (sick, snli) for text in one.texts}
    sts = load_corpus("stsb")
    asked = sts.sentences["split"].ne("train").to_numpy()
    assert not there & {text.lower() for text, one in zip(sts.texts, asked, strict=True) if one}
    counts = corpus.sentences.groupby("document")["meaning"].nunique()
    assert 290 < counts["captions"] - 1014 <= 300 and counts["msr"] > 2000 and counts["sts"] > 1000


def test_generated_sentences_say_what_they_are_rated():
    corpus = load_corpus("retold(n=40)")
    for words, said in zip((text.split() for text in corpus.texts), corpus.sentences["specificity"], strict=True):
        assert said == sum(word[0] == "m" or "s" in word for word in words)
    one, other = (corpus.texts[number] for number in (0, 1))
    assert [word[:-1] for word in one.split()] == [word[:-1] for word in other.split()]
    more = load_corpus("retold(n=60)")
    assert more.texts[:80] == corpus.texts


def test_generated_pairs_are_of_equal_length_and_what_is_entailed_says_less():
    corpus = load_corpus("narrowed(n=60)")
    link = corpus.links["pair"]
    assert np.array_equal(corpus.lengths[link["sentence"]], corpus.lengths[link["sentence2"]])
    for first, second in zip(link["sentence"], link["sentence2"], strict=True):
        pairs = list(zip(corpus.words(first), corpus.words(second), strict=True))
        ((old, new),) = [pair for pair in pairs if pair[0] != pair[1]]
        label = corpus.sentences["entailment"].iloc[first]
        assert ("s" in old and "s" not in new) == (label == "entailment")
        assert ("s" in old and "s" in new) == (label == "contradiction")


def test_a_table_of_ratings_of_ones_own(tmp_path):
    file = tmp_path / "own-test.csv"
    file.write_text('score,text\n1.5,"Well, it rains."\n4,A dog sleeps.\n')
    corpus = load_corpus(f"rated:{file}(rating=score)")
    assert corpus.sentences["specificity"].tolist() == [1.5, 4] and set(corpus.sentences["split"]) == {"test"}
    assert corpus.texts == ["Well , it rains .", "A dog sleeps ."]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text\tspecificity\na dog\thigh\n", "the rating 'high' is no number"),
        ("text\tspecificity\na dog\tnan\n", "the rating 'nan' is no number"),
        ("text\tspecificity\n\t2\n", "the sentence is empty"),
        ("text\tspecificity\na dog\n", "1 cells where the heading has 2"),
        ("text\tscore\na dog\t1\n", "no column 'specificity'"),
        ("text\tspecificity\n", "no rated sentence"),
        ("", "is empty"),
    ],
)
def test_ratings_that_cannot_be_read_are_refused(content, says, tmp_path):
    file = tmp_path / "own.tsv"
    file.write_text(content)
    with pytest.raises(ProbekitError, match=says):
        load_corpus(f"rated:{file}")


def test_pairs_of_as_many_words():
    whole = load_corpus("narrowed(n=30)")
    assert load_corpus("narrowed(n=30)|equal-lengths").texts == whole.texts
    with pytest.raises(ProbekitError, match="has no pairs"):
        load_corpus("retold(n=20)|equal-lengths")


def test_what_at_least_cannot_ask_is_refused():
    with pytest.raises(UnknownName, match="specificity"):
        load_corpus("retold(n=20)|at-least(specificty, 2)")
    with pytest.raises(ProbekitError, match="no numbers"):
        load_corpus("retold(n=20)|at-least(split, 2)")
    with pytest.raises(ProbekitError):
        load_corpus("retold(n=20)|at-least(specificity, 99)")
