"""Running text to train on: paragraphs, sentences, words left out, several corpora as one."""

from __future__ import annotations

import numpy as np
import pytest

from probekit.corpora import describe, load_corpus
from probekit.corpora.readers.plain import parts, read_plain
from probekit.errors import DataError, ProbekitError

LINES = 'Dr. Hall saw it. "No!" she said. Why?\n\nIt rained.\n \nOnce more\n'


def words(corpus):
    return [corpus.words(i) for i in range(corpus.n_sentences)]


def test_lines_are_paragraphs_cut_into_sentences(tmp_path):
    (tmp_path / "a.txt").write_text(LINES)
    found = read_plain(tmp_path / "a.txt")
    assert words(found)[0] == ["Dr.", "Hall", "saw", "it", "."] and words(found)[-1] == ["Once", "more"]
    assert found.sentences["line"].tolist() == [1, 1, 1, 3, 5]
    assert found.sentences["id"].tolist()[:2] == ["a.txt:1", "a.txt:2"]
    whole = read_plain(tmp_path / "a.txt", sentences=False)
    assert whole.n_sentences == 3 and whole.n_words == found.n_words


def test_paragraphs_may_be_wrapped_and_text_may_be_tokenised(tmp_path):
    (tmp_path / "b.txt").write_text("One two\nthree . Four\n\n\nfive ! ''\n")
    found = read_plain(tmp_path / "b.txt", words="blanks", wrapped=True)
    assert words(found) == [["One", "two", "three", "."], ["Four"], ["five", "!", "''"]]
    assert found.sentences["line"].tolist() == [1, 1, 5]


def test_sentences_of_words_end_with_what_closes():
    text = ["a", ".", "b", "?", "!", "''", "c", "...", "d", "."]
    assert parts(text) == [["a", "."], ["b", "?", "!", "''"], ["c", "...", "d", "."]]
    assert parts(["a"]) == [["a"]] and parts(["."]) == [["."]]


def test_texts_are_cut_and_keep_what_is_said_of_them(tmp_path):
    (tmp_path / "t-train.tsv").write_text("x\tOne. Two!\ny\tThree\n")
    found = load_corpus(f"text:{tmp_path / 't-train.tsv'}|sentences")
    assert words(found) == [["One", "."], ["Two", "!"], ["Three"]]
    assert found.sentences["label"].tolist() == ["x", "x", "y"] and found.sentences["split"].tolist() == ["train"] * 3
    assert found.sentences["id"].is_unique and found.sentences["document"].nunique() == 2


def test_stop_words_and_punctuation_are_left_out_and_empty_texts_counted(tmp_path):
    (tmp_path / "c.txt").write_text("The owl , 3 % and I .\nAnd the .\n")
    spec = f"plain:{tmp_path / 'c.txt'}(words=blanks)"
    with pytest.warns(UserWarning, match="1 texts have no word left"):
        assert words(load_corpus(f"{spec}|without(stopwords, punctuation)")) == [["owl", "3"]]
    assert words(load_corpus(f"{spec}|without(punctuation)"))[0] == ["The", "owl", "3", "and", "I"]


def test_several_corpora_are_one(tmp_path):
    for name, text in (("a.txt", "One two.\n"), ("b.txt", "Two three.\n")):
        (tmp_path / name).write_text(text)
    spec = f'plain:{tmp_path / "a.txt"}|joined(with=["plain:{tmp_path / "b.txt"}", "grammar(n=3)"])'
    found, grammar = load_corpus(spec), load_corpus("grammar(n=3)")
    assert words(found) == [["One", "two", "."], ["Two", "three", "."], *words(grammar)]
    assert found.sentences["id"].is_unique and not found.sentences["document"].isna().any()
    source = describe(spec)
    assert source.generated and len(source.files) == 2 and str(tmp_path) not in source.name
    (tmp_path / "b.txt").write_text("Two four.\n")
    assert describe(spec).digest != source.digest
    assert describe(f"plain:{tmp_path / 'a.txt'}|joined(with=grammar)").generated


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "e.txt").write_text(" \n\n")
    (tmp_path / "f.txt").write_bytes(b"ok\n\xff\n")
    with pytest.raises(ProbekitError, match=r"no word in e\.txt"):
        read_plain(tmp_path / "e.txt")
    with pytest.raises(DataError, match="UTF-8"):
        read_plain(tmp_path / "f.txt")
    with pytest.raises(ProbekitError, match="empty list"):
        describe("grammar(n=3)|joined(with=[])")
    with pytest.raises(ProbekitError, match="among stopwords, punctuation"):
        describe("grammar(n=3)|without(nouns)")


def test_order_and_memory_of_words(tmp_path):
    """Words are numbers of four bytes, in the order they are met."""
    (tmp_path / "g.txt").write_text("b a b\n" * 50)
    found = read_plain(tmp_path / "g.txt", words="blanks")
    assert list(found.form.categories) == ["b", "a"] and found.form.codes.dtype.itemsize <= 4
    assert np.array_equal(found.lengths, np.full(50, 3))
