"""Entity tags in columns: schemes, comments, what is refused."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from probekit.corpora import load_corpus
from probekit.corpora.readers.bio import read_bio
from probekit.errors import DataError, ProbekitError


def read(folder: Path, text: str, **options):
    file = folder / "x-test.conll"
    file.write_text(text, encoding="utf-8")
    return read_bio(file, **options)


def tags(text: str) -> str:
    return "".join(f"w{i} {tag}\n" for i, tag in enumerate(text.split()))


def spans(folder: Path, text: str, scheme: str) -> list[tuple[int, int, str]]:
    table = read(folder, tags(text), scheme=scheme).spans["entity"]
    return list(table[["start", "end", "label"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("scheme", "text", "expected"),
    [
        ("bio", "O B-X I-X O B-X B-X", [(1, 3, "X"), (4, 5, "X"), (5, 6, "X")]),
        ("bio", "B-X I-X B-Y I-Y", [(0, 2, "X"), (2, 4, "Y")]),
        ("iob", "I-X I-X B-X I-Y O I-Y", [(0, 2, "X"), (2, 3, "X"), (3, 4, "Y"), (5, 6, "Y")]),
        ("bioes", "S-X B-X E-X O B-Y I-Y E-Y", [(0, 1, "X"), (1, 3, "X"), (4, 7, "Y")]),
        ("bioes", "U-X B-X L-X", [(0, 1, "X"), (1, 3, "X")]),
        ("bio", "O O", []),
    ],
)
def test_schemes(tmp_path: Path, scheme: str, text: str, expected: list[tuple[int, int, str]]) -> None:
    assert spans(tmp_path, text, scheme) == expected


def test_random_spans_come_back_in_every_scheme(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        cuts = np.flatnonzero(rng.random(12) < 0.5)
        wanted = [(int(a), int(b), str(rng.choice(["X", "Y-Z"]))) for a, b in pairwise(cuts) if rng.random() < 0.7]
        bio, bioes = ["O"] * 12, ["O"] * 12
        for start, end, label in wanted:
            bio[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
            bioes[start:end] = bio[start:end]
            bioes[end - 1] = f"{'S' if end - start == 1 else 'E'}-{label}"
        iob = list(bio)
        for start, _, label in wanted:
            if bio[start - 1][2:] != label or start == 0:
                iob[start] = f"I-{label}"
        for scheme, found in (("bio", bio), ("iob", iob), ("bioes", bioes)):
            assert spans(tmp_path, " ".join(found), scheme) == wanted


def test_columns_comments_documents_and_blank_lines(tmp_path: Path) -> None:
    text = (
        "# newdoc id = d1\n# sent_id = a-1\n# text = We met\n1\tWe\tO\tx\n2\tmet\tO\tx\n\t\n\n"
        "# sent_id = a-2\n1\t#\tB-X\tx\n2\t# y = z\tI-X\tx\n\n# newdoc\n1\tEnd\tO\tx"
    )
    corpus = read(tmp_path, text, word=2, tag=-2, language="en")
    assert [corpus.words(i) for i in range(3)] == [["We", "met"], ["#", "# y = z"], ["End"]]
    table = corpus.sentences
    assert table["id"].tolist() == ["a-1", "a-2", "x-test.conll:3"]
    assert table["document"].tolist() == ["d1", "d1", "x-test.conll:doc2"]
    assert table["line"].tolist() == [4, 9, 13] and table["text"].tolist() == ["We met", "", ""]
    assert set(table["split"]) == {"test"} and set(table["language"]) == {"en"}
    assert corpus.spans["entity"].values.tolist() == [[1, 0, 2, "X"]]
    conll = read(tmp_path, "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\n\n-DOCSTART- -X- O O\n\n# NN O O\n")
    assert conll.form.tolist() == ["EU", "#"] and conll.sentences["document"].nunique() == 2


@pytest.mark.parametrize(
    ("text", "options", "line", "message"),
    [
        ("a B-X\nb I-Y\n", {}, 2, "'I-Y' does not continue a span"),
        ("a O\n\nb I-X\n", {}, 3, "'I-X' does not continue a span"),
        ("a B-X\nb O\n", {"scheme": "bioes"}, 2, "the span of X has not ended"),
        ("a B-X\nb S-X\n", {"scheme": "bioes"}, 2, "the span of X has not ended"),
        ("a B-X\n\nb O\n", {"scheme": "bioes"}, 1, "ends within the span of X"),
        ("a E-X\n", {"scheme": "bioes"}, 1, "'E-X' does not continue"),
        ("a S-X\n", {}, 1, "belongs to the scheme bioes"),
        ("a X\n", {}, 1, "the tag 'X' is none of the scheme bio"),
        ("a B-\n", {}, 1, "the tag 'B-' is none"),
        ("a O\nb\n", {}, 2, "the tag 'b' is none"),
        ("a O\nb\n", {"tag": 2}, 2, "1 column where word=1 and tag=2"),
        ("a\tO\n \tO\n", {}, 2, "an empty word"),
        ("# sent_id = a\nb O\n\n# sent_id = a\nc O\n", {}, 5, "id 'a' was given before, at x-test.conll:2"),
        ("# sent_id = a\n", {}, 1, "the file holds no sentence"),
        ("a O\n O\n", {}, 2, "an empty first column"),
        ("a O\nb\rc O\n", {}, 2, "a carriage return without a line feed"),
    ],
)
def test_refusals_name_file_and_line(tmp_path: Path, text: str, options: dict, line: int, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read(tmp_path, text, **options)
    assert caught.value.line == line and "x-test.conll" in str(caught.value)


def test_a_first_word_that_looks_like_a_comment_is_a_word_where_it_has_a_tag(tmp_path: Path) -> None:
    for text in ("#so=good\tB-X\nyes\tO\n", "#so=good B-X\nyes O\n", "#so=good NN B-X\nyes UH O\n"):
        corpus = read(tmp_path, text)
        assert corpus.words(0) == ["#so=good", "yes"] and len(corpus.spans["entity"]) == 1
    told = read(tmp_path, "# sent_id = s1\n# text = say O\n#so=good O\n\n# sent_id = s2\n#so O\n")
    assert [told.words(i) for i in range(2)] == [["#so=good"], ["#so"]]
    assert told.sentences["id"].tolist() == ["s1", "s2"] and told.sentences["text"].tolist() == ["say O", ""]
    with pytest.raises(DataError, match="holds no sentence"):
        read(tmp_path, "#so=good O\n")  # nothing tells how many columns a word has


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word": 0}, "word=0: give the number of a column"),
        ({"tag": True}, "tag=True"),
        ({"scheme": "bieos"}, "unknown tagging scheme 'bieos'; did you mean bioes"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(ProbekitError, match=re.escape(message)):
        read(tmp_path, "a O\n", **options)


@pytest.mark.data
def test_the_named_corpora_have_the_entities_of_their_tags() -> None:
    found = {
        name: load_corpus(name) for name in ("uner-english-ewt", "wnut-17", "conll2000", "crossner", "crossner-ai")
    }
    sizes = {name: (one.n_sentences, one.n_words, len(one.spans["entity"])) for name, one in found.items()}
    assert sizes == {
        "uner-english-ewt": (4078, 50246, 2054),
        "wnut-17": (5690, 101857, 3890),
        "conll2000": (10948, 259104, 130830),
        "crossner": (5327, 204558, 31187),
        "crossner-ai": (881, 27692, 3890),
    }
    assert found["crossner"].sentences["split"].value_counts().to_dict() == {"test": 2506, "dev": 2121, "train": 700}
    assert found["uner-english-ewt"].spans["entity"]["label"].value_counts().to_dict() == {
        "PER": 792,
        "LOC": 716,
        "ORG": 546,
    }


def test_repairs_are_counted_and_more_columns_and_marks_are_read(tmp_path: Path) -> None:
    text = "*!-one O O\n\na I-X O\nb B-Y I-Z\n\n*!-two O O\n\nc O B-Z\n"
    corpus = read(tmp_path, text, tag=2, tags=3, skip="*!-", repair="begin")
    assert corpus.sentences["repaired"].tolist() == [2, 0]
    assert corpus.sentences["document"].tolist() == ["x-test.conll:doc1", "x-test.conll:doc2"]
    assert corpus.spans["entity"]["label"].tolist() == ["X", "Y"]
    assert corpus.spans["entity2"][["start", "end", "label"]].to_numpy().tolist() == [[1, 2, "Z"], [0, 1, "Z"]]
    with pytest.raises(DataError, match=r":3: 'I-X' .*repair=begin"):
        read(tmp_path, text, tag=2, tags=3, skip="*!-")
    with pytest.raises(ProbekitError, match="split names 2 parts for 1 files"):
        read(tmp_path, text, tag=2, split=["train", "dev"])


REAL = {"conll2002-es": (11755, 3), "wikigold": (1841, 1), "finer": (17995, 3), "scitech-news": (2000, 1)}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
def test_published_columns_are_read_with_their_slips(name: str) -> None:
    corpus = load_corpus(name)
    assert (corpus.n_sentences, corpus.sentences["split"].nunique()) == REAL[name]
    assert corpus.sentences["repaired"].sum() > 0


def test_spans_are_kept_under_other_names_and_sentences_by_what_they_hold() -> None:
    corpus = load_corpus("gazetteers(n=80)")
    table = corpus.spans["entity"]
    own = load_corpus('gazetteers(n=80)|relabelled(["PER=A", "ORG=A"])').spans["entity"]
    assert set(own["label"]) == {"A"} and len(own) == table["label"].isin(["PER", "ORG"]).sum()
    assert (
        own[["sentence", "start"]].to_numpy().tolist()
        == table[table["label"].isin(["PER", "ORG"])][["sentence", "start"]].to_numpy().tolist()
    )
    held = load_corpus('gazetteers(n=80)|holding("shares of")')
    assert 0 < held.n_sentences < 80 and all("shares of" in text for text in held.texts)
    for step, said in (
        ("holding(hare)", "no sentence"),
        ("relabelled([PER])", "old=new"),
        ('relabelled(["X=Y"])', "no span"),
    ):
        with pytest.raises(ProbekitError, match=said):
            load_corpus(f"gazetteers(n=80)|{step}")


def test_names_of_two_domains_are_not_shared() -> None:
    from probekit.corpora.generated.gazetteers import names

    for kind in ("PER", "LOC", "ORG", "MISC"):
        sides = [{word for name in names(kind, domain) for word in name.split()} for domain in ("source", "target")]
        assert not sides[0] & sides[1] and all(len(side) >= 30 for side in sides)
