"""Labelled texts: every kind of file, what is refused and where, steps, named data sets."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probekit.corpora import Corpus, describe, load_corpus
from probekit.corpora.named.novels import paragraphs
from probekit.corpora.readers.texts import read_texts
from probekit.corpora.readers.tokenising import split_sentences, treebank
from probekit.errors import DataError, ProbekitError, UnknownName

# Sentences, words after cutting, and texts of each class.
COUNTS = {
    "sst": (9613, {"negative": 4650, "positive": 4963}),
    "sst(classes=5)": (11855, {"0": 1510, "1": 3140, "2": 2242, "3": 3111, "4": 1852}),
    "ag-news-test(classes=[World, Business])": (3800, {"World": 1900, "Business": 1900}),
    "twenty-newsgroups(classes=[rec.sport.baseball, rec.sport.hockey])": (
        1992, {"rec.sport.baseball": 993, "rec.sport.hockey": 999},
    ),
    "movie-reviews": (2000, {"neg": 1000, "pos": 1000}),
    "sentence-polarity": (10662, {"neg": 5331, "pos": 5331}),
    "cola": (9594, {"acceptable": 6742, "unacceptable": 2852}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def seen(corpus: Corpus) -> list[tuple[str, str]]:
    return [(label, text) for label, text in zip(corpus.sentences["label"], corpus.texts, strict=True)]


# --- files -----------------------------------------------------------------------------------------------------------

BOTH = [("a", "It is good ."), ("b", "Do n't , he said .")]


def test_every_kind_of_file_gives_the_same_texts():
    write("x-train.tsv", "a\tIt is good.\nb\tDon't, he said.\n")
    write("h.tsv", "id\tsentence\tlabel\n7\tIt is good.\ta\n8\tDon't, he said.\tb\n")
    write("x.csv", 'label,text\na,It is good.\nb,"Don\'t, he said."\n')
    write("x.jsonl", '{"text": "It is good.", "label": "a", "fold": 3}\n{"text": "Don\'t, he said.", "label": "b"}\n')
    write("d/a/1.txt", "It is good.\n")
    write("d/b/1.txt", "Don't, he said.\n")
    for name in ("x-train.tsv", "h.tsv", "x.csv", "x.jsonl", "d"):
        assert seen(load_corpus(f"text:{name}")) == BOTH, name
    assert load_corpus("text:x-train.tsv").sentences["split"].tolist() == ["train", "train"]
    assert load_corpus("text:h.tsv").sentences["id"].tolist() == ["7", "8"]
    assert load_corpus("text:x.csv").sentences["line"].tolist() == [2, 3]
    assert load_corpus("text:x.csv,x-train.tsv").n_sentences == 4


def test_columns_are_named_or_counted():
    write("x.tsv", "n\tbody text\tverdict\n1\tgood one\tyes\n2\tbad one\tno\n")
    assert seen(load_corpus('text:x.tsv(text="body text", label=verdict)')) == [("yes", "good one"), ("no", "bad one")]
    write("y.tsv", "good one\tx\tyes\nbad one\tx\tno\n")
    assert seen(load_corpus("text:y.tsv(text=1, label=3)")) == [("yes", "good one"), ("no", "bad one")]
    with pytest.raises(UnknownName, match="verdikt"):
        load_corpus('text:x.tsv(label=verdikt, text="body text")')


HEADED = "The first one\tyes\nThe second\tno\nA third\tno\nA fourth\tyes\n"
ASKED = [("yes", "The first one"), ("no", "The second"), ("no", "A third"), ("yes", "A fourth")]


def test_the_order_of_columns_is_told_by_a_header_or_asked_for():
    write("x.tsv", "Review\tVerdict\n" + HEADED)
    with pytest.raises(DataError, match=r"x\.tsv:1: no column is called label .*\(they are review, verdict\)"):
        load_corpus("text:x.tsv")
    assert seen(load_corpus("text:x.tsv(label=verdict)")) == ASKED
    write("y.tsv", "id\tlabel\ttext\n" + "".join(f"{i}\t{label}\t{text}\n" for i, (label, text) in enumerate(ASKED)))
    assert seen(load_corpus("text:y.tsv")) == ASKED
    assert load_corpus("text:y.tsv").sentences["id"].tolist() == ["0", "1", "2", "3"]
    write("z.tsv", HEADED)
    assert seen(load_corpus("text:z.tsv(text=1, label=2)")) == ASKED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADED, r"x\.tsv:1: column 1, the label .* differs in all 4 rows, while column 2 repeats"),
        ("1\tyes\tone\n2\tno\ttwo\n3\tno\tthree\n", r"x\.tsv:1: column 1, .*all 3 rows, while column 2 repeats"),
        ("".join(f"{i}\tword {i}\n" for i in range(10)), r"x\.tsv:1: column 1, .* differs in all 10 rows; which"),
        ("verdict\ttweet\nyes\tone word\nno\ttwo\nyes\tx\nno\ty\n", r"the first row \(verdict, tweet\) looks like a h"),
    ],
)
def test_a_table_whose_columns_cannot_be_told_is_refused(content, message):
    write("x.tsv", content)
    with pytest.raises(DataError, match=message):
        load_corpus("text:x.tsv")


def test_a_first_row_is_no_header_where_its_name_is_a_class():
    write("x.tsv", "review\tdull\nblog\tgood stuff\nreview\tmuch ado\nblog\tnice\n")
    assert seen(load_corpus("text:x.tsv"))[0] == ("review", "dull")
    write("x.tsv", "target\tso dull\nblog\tgood stuff\ntarget\tmuch ado\nblog\tnice\n")
    assert seen(load_corpus("text:x.tsv"))[0] == ("target", "so dull")


def test_a_csv_may_hold_long_cells_and_line_ends_in_quotation_marks():
    write("x.csv", 'label,text\na,"one\rtwo\r\nthree"\nb,' + "long " * 30_000 + "\n")
    corpus = load_corpus("text:x.csv(words=blanks)")
    assert corpus.words(0) == ["one", "two", "three"] and corpus.lengths.tolist() == [3, 30_000]
    assert corpus.sentences["line"].tolist() == [2, 4] and csv.field_size_limit() == 131_072


def test_a_folder_is_known_by_its_classes_and_contents():
    write("d/a/1.txt", "one")
    write("d/b/1.txt", "two")
    first = describe("text:d")
    write("d/a/1.txt", "two")
    write("d/b/1.txt", "one")
    swapped = describe("text:d")
    assert first.digest != swapped.digest and first.name.startswith("text:d-") and "/" not in first.name
    assert load_corpus(first.spec).digest == swapped.digest
    write("d/c/2.txt", "three")
    assert describe("text:d").digest != swapped.digest


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.tsv", "a\tgood\n\tbad\n", r"x\.tsv:2: the label is missing"),
        ("x.tsv", "a\tgood\nb\t \n", r"x\.tsv:2: the text is empty"),
        ("x.tsv", "a\tgood\na\tbad\n", "all 2 texts have the label 'a'"),
        ("x.tsv", "a\tgood\nb\tbad\tmore\n", r"x\.tsv:2: has 3 columns where the first row has 2"),
        ("x.tsv", "good\nbad\n", r"x\.tsv:1: a table of labelled texts has two columns"),
        ("x.tsv", "", r"x\.tsv: is empty"),
        ("x.tsv", b"a\tgood\nb\t\xff\n", r"x\.tsv:2: is not UTF-8"),
        ("x.tsv", "label\tnote\na\tgood\n", r"x\.tsv:1: no column is called text or"),
        ("x.csv", 'a,good\nb,"bad\nc,worse\n', r"x\.csv:2: is not proper CSV"),
        ("x.csv", 'a,good\nb,"bad"x\n', r"x\.csv:2: is not proper CSV"),
        ("x.jsonl", '{"text": "a", "label": "x"}\n{"text": \n', r"x\.jsonl:2: is not JSON"),
        ("x.jsonl", '{"text": "a"}\n', r"x\.jsonl:1: has no label; looked for the field label, class"),
        ("x.jsonl", "[1]\n", r"x\.jsonl:1: a list where a JSON object is expected"),
        ("x.tsv", '"a"\t"so, good"\n"b"\t"bad"\n', r"x\.tsv:1: every cell stands in quotation marks"),
        ("x.tsv", "a\tgood\nb\tso\rbad\n", r"x\.tsv:2: a carriage return without a line feed"),
        ("x.csv", "a,good\nb,so\rc,bad\n", r"x\.csv:2: a carriage return without a line feed"),
        ("x.jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": NaN}\n', r"x\.jsonl:2: .*'label' is NaN"),
        ("x.jsonl", '{"text": "b", "label": null, "class": "c"}\n', r"x\.jsonl:1: .*'label' is null"),
        ("x.jsonl", '{"text": ["b"], "label": "c"}\n', r"x\.jsonl:1: has no text: its field 'text' is \[\"b\"\]"),
        ("x.jsonl", '{"text": "b", "label": "c"}\n{"text": "\\ud800", "label": 1}\n', r"x\.jsonl:2: half of a surrog"),
        ("x.jsonl", '{"text": "b", "label": "c"}\n' + "[" * 100_000, r"x\.jsonl:2: is JSON nested too deep"),
        ("x.doc", "a\tb\n", "labelled texts are read from .tsv, .csv, .jsonl"),
    ],
)
def test_what_is_refused_says_file_and_line(name, content, message):
    write(name, content)
    with pytest.raises(ProbekitError, match=message):
        load_corpus(f"text:{name}")


def test_folders_that_hold_no_classes_are_refused():
    write("d/a/1.txt", "one")
    with pytest.raises(DataError, match="a subfolder for each of two or more classes"):
        load_corpus("text:d")
    Path("d/b").mkdir()
    with pytest.raises(DataError, match="holds no file"):
        load_corpus("text:d")
    write("d/b/1.txt", " \n")
    with pytest.raises(DataError, match=r"b/1\.txt: the text is empty"):
        load_corpus("text:d")


def test_empty_texts_can_be_left_out_and_classes_chosen():
    write("x.tsv", "a\tgood\nb\t.\nc\tbad\nb\t\n")
    with pytest.warns(UserWarning, match=r"1 empty texts were left out, the first at x\.tsv:4"):
        assert load_corpus("text:x.tsv(empty=drop)").n_sentences == 3
    assert seen(load_corpus("text:x.tsv(classes=[c, a])")) == [("a", "good"), ("c", "bad")]
    with pytest.raises(UnknownName, match="class of the texts: 'd'"):
        load_corpus("text:x.tsv(classes=[a, d], empty=drop)")
    with pytest.raises(ProbekitError, match="two or more different labels"):
        load_corpus("text:x.tsv(classes=[a])")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=2, max_size=6))
def test_what_json_lines_say_is_what_is_read(texts):
    texts = [text for text in texts if text.strip()]
    if len(texts) < 2:
        return
    path = write("h.jsonl", "".join(json.dumps({"text": t, "label": f"c{i}"}) + "\n" for i, t in enumerate(texts)))
    corpus = read_texts(path, words="blanks")
    expected = [[word for word in re.split("[ \t\r\n]", text) if word.strip()] for text in texts]
    assert [corpus.words(i) for i in range(len(texts))] == expected


# --- words -----------------------------------------------------------------------------------------------------------


def test_points_of_abbreviations_end_no_sentence():
    text = "Mr. Smith met Dr. J. Doe. They left (at 5 p.m.) early! Why?\n\nNo idea"
    assert split_sentences(text) == ["Mr. Smith met Dr. J. Doe.", "They left (at 5 p.m.) early!", "Why?", "No idea"]


def test_words_are_cut_as_nltk_cuts_a_sentence():
    from nltk.tokenize.destructive import NLTKWordTokenizer

    for sentence in ('He said "I can\'t."', "It costs $3.50, doesn't it?", "A well-known U.S. firm: (see p. 3)."):
        assert treebank(sentence) == NLTKWordTokenizer().tokenize(sentence)
    assert treebank("It ended. Then it began.") == ["It", "ended", ".", "Then", "it", "began", "."]


# --- steps -----------------------------------------------------------------------------------------------------------


def test_steps_change_words_as_said():
    write("x.tsv", "a\tThe 3rd B-52's , well\nb\tOh No !\nb\t1 2\n")
    base = "text:x.tsv(words=blanks)"
    assert load_corpus(f"{base}|lower").texts == ["the 3rd b-52's , well", "oh no !", "1 2"]
    assert load_corpus(f"{base}|digits").texts == ["The <digits> <digits> , well", "Oh No !", "<digits> <digits>"]
    assert load_corpus(f"{base}|truncate(n=2)").texts == ["The 3rd", "Oh No", "1 2"]
    assert load_corpus(f"{base}|lengths(least=3, most=3)").texts == ["Oh No !"]
    with pytest.warns(UserWarning, match=r"1 texts have no word left after 'letters'.*x\.tsv:3"):
        assert load_corpus(f"{base}|letters").texts == ["The well", "Oh No"]
    with pytest.raises(ProbekitError, match=r"layers that would no longer fit"):
        load_corpus("grammar(n=20)|truncate(n=3)")
    with pytest.raises(ProbekitError, match=r"truncate\(n=0\): n of this corpus step is a whole number"):
        load_corpus(f"{base}|truncate(n=0)")


def test_splits_at_random_keep_the_shares_of_classes():
    write("x.tsv", "".join(f"{'ab'[i % 5 == 0]}\tword{i}\n" for i in range(100)))
    corpus = load_corpus("text:x.tsv|resplit(dev=0.1, test=0.2)")
    found = Counter(zip(corpus.sentences["split"], corpus.sentences["label"], strict=True))
    assert found == {
        ("train", "a"): 56,
        ("train", "b"): 14,
        ("dev", "a"): 8,
        ("dev", "b"): 2,
        ("test", "a"): 16,
        ("test", "b"): 4,
    }
    other = load_corpus("text:x.tsv|resplit(dev=0.1, test=0.2, seed=1)")
    assert (other.sentences["split"] != corpus.sentences["split"]).any()
    held = load_corpus("text:x.tsv(split=train)|holdout(share=0.3)").sentences
    assert np.sum(held["split"] == "dev") == 30 and set(held["split"]) == {"train", "dev"}
    with pytest.raises(ProbekitError, match="must have train and no dev"):
        load_corpus("text:x.tsv|holdout")


# --- named data sets -------------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("spec", COUNTS)
def test_named_data_sets_have_their_published_sizes(spec):
    corpus = load_corpus(spec)
    assert (corpus.n_sentences, dict(Counter(corpus.sentences["label"]))) == COUNTS[spec]
    assert corpus.sentences["id"].is_unique
    if spec == "sst":
        assert Counter(corpus.sentences["split"]) == {"train": 6920, "dev": 872, "test": 1821}
    if spec == "movie-reviews":
        assert Counter(corpus.sentences["fold"]) == dict.fromkeys(range(10), 200)


def test_words_of_running_text_are_letters_with_marks_inside_and_empty_lines_part_paragraphs():
    path = write("novel.txt", '\ufeffCHAPTER 1\n\n"I don\'t," said\nMrs. Well-Being\n \n* 3 *\n\nCafé\u2019s\n')
    assert list(paragraphs(path)) == [["CHAPTER"], ["I", "don't", "said", "Mrs", "Well-Being"], ["Café\u2019s"]]


@pytest.mark.data
@pytest.mark.slow
def test_novels_are_whole():
    found = load_corpus("english-novels")
    assert (found.n_sentences, found.n_words) == (92_494, 7_641_003)
    assert found.sentences["document"].nunique() == 55 and set(found.sentences["language"]) == {"en"}


def test_subjectivity_is_read_from_where_the_user_has_it(tmp_path, monkeypatch):
    folder = tmp_path / "rotten_imdb"
    folder.mkdir()
    (folder / "quote.tok.gt9.5000").write_bytes("smart and alert , a vis\u00e9 .\nit's dull \n".encode("latin-1"))
    (folder / "plot.tok.gt9.5000").write_bytes("the man leaves his caf\u00e9 .\n".encode())
    monkeypatch.setenv("PROBEKIT_DATA", str(tmp_path))
    corpus = load_corpus("subjectivity:rotten_imdb/quote.tok.gt9.5000,rotten_imdb/plot.tok.gt9.5000")
    assert corpus.sentences["label"].tolist() == ["subjective", "subjective", "objective"]
    assert corpus.words(0)[-2:] == ["vis\u00e9", "."] and corpus.words(1) == ["it's", "dull"]
    (folder / "other.txt").write_text("what is this\n")
    with pytest.raises(DataError, match="is of no class; name it quote"):
        load_corpus("subjectivity:rotten_imdb/other.txt")
