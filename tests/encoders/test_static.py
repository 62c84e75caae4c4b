"""Static encoders: pooling against a plain twin, out-of-vocabulary policies, coverage, order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probekit.corpora.corpus import Corpus
from probekit.embeddings.table import WordTable
from probekit.encoders.static import (
    POOLINGS,
    StaticEncoder,
    describe,
    load,
    reduce_segments,
    segment_counts,
    sentence_blocks,
)
from probekit.errors import ProbekitError, UnknownName

ALL = [*POOLINGS, "words"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))


def table(words, width=3, seed=0):
    return WordTable(words, np.random.default_rng(seed).standard_normal((len(words), width)).astype(np.float32))


def plain(made: WordTable, corpus: Corpus, pooling: str, oov: str, lower: str) -> np.ndarray:
    """The definition, one sentence and one word at a time, in float64."""
    d = made.width
    if oov == "unk":
        stand_in = made.vector("<unk>") if "<unk>" in made else made.vectors.astype(float).mean(axis=0)
    else:
        stand_in = np.zeros(d)

    def find(word):
        forms = {"auto": [word, word.lower()], "never": [word], "always": [word.lower()]}[lower]
        return next((made.vector(form).astype(float) for form in forms if form in made), None)

    units = []
    for i in range(corpus.n_sentences):
        found = [find(word) for word in corpus.words(i)]
        whole = [stand_in if vector is None else vector for vector in found]
        if pooling == "words":
            units += whole
        elif pooling.startswith("word:"):
            n, rule = len(whole), pooling.removeprefix("word:")
            if "/" in rule:
                part, of = map(int, rule.split("/"))
                place = math.ceil(part * n / of)
            else:
                place = int(rule) if int(rule) > 0 else n + 1 + int(rule)
            units.append(whole[place - 1])
        else:
            part = [vector for vector in found if vector is not None] if oov == "skip" else whole
            reduce = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}[pooling]
            units.append(reduce(part, axis=0) if part else np.zeros(d))
    return np.array(units, dtype=np.float32)


_known = ["cat", "dog", "Cat", "cow", "the"]
_corpora = st.lists(
    st.lists(st.sampled_from([*_known, "THE", "Dog", "xyz", "Xyz", "<unk>"]), min_size=1, max_size=8),
    min_size=1,
    max_size=7,
)


@settings(max_examples=80, deadline=None)
@given(
    sentences=_corpora,
    oov=st.sampled_from(["skip", "zero", "unk"]),
    lower=st.sampled_from(["auto", "never", "always"]),
    own_unknown=st.booleans(),
    words=st.integers(1, 9),
)
def test_pooling_agrees_with_the_plain_twin(sentences, oov, lower, own_unknown, words):
    from probekit.encoders import static

    made = table([*_known, *(["<unk>"] if own_unknown else [])])
    corpus = Corpus.from_words(sentences)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static, "_WORDS_AT_ONCE", words)  # any cutting into blocks gives the same numbers
        found = StaticEncoder(made, oov, lower).encode(corpus, ALL)
    for pooling in ALL:
        assert found[pooling].dtype == np.float32
        expected = plain(made, corpus, pooling, oov, lower)
        np.testing.assert_allclose(found[pooling], expected, rtol=1e-6, atol=1e-6, err_msg=pooling)


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_segments_with_empty_ones(lengths, seed):
    lengths = np.array(lengths)
    rows = np.random.default_rng(seed).standard_normal((lengths.sum(), 2)).astype(np.float32)
    ends = np.cumsum(lengths)
    for pooling, reduce in {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}.items():
        expected = [
            reduce(rows[b - n : b].astype(float), axis=0) if n else np.zeros(2)
            for n, b in zip(lengths, ends, strict=True)
        ]
        np.testing.assert_allclose(reduce_segments(rows, lengths, pooling), expected, rtol=1e-6, atol=1e-7)
    marks = rows[:, 0] > 0
    offsets = np.concatenate([[0], ends])
    expected = [marks[b - n : b].sum() for n, b in zip(lengths, ends, strict=True)]
    assert segment_counts(marks, offsets).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=20), words=st.integers(1, 12))
def test_blocks_hold_every_sentence_once_and_stay_small(lengths, words):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    blocks = list(sentence_blocks(offsets, words))
    assert [i for first, last in blocks for i in range(first, last)] == list(range(len(lengths)))
    assert all(last - first == 1 or offsets[last] - offsets[first] <= words for first, last in blocks)


def test_values_worked_out_by_hand():
    made = WordTable(["a", "b"], np.array([[1, -4], [3, 2]], np.float32))
    corpus = Corpus.from_words([["a", "?", "b"], ["?"], ["b"]])
    skip = StaticEncoder(made).encode(corpus, ALL)
    assert skip["mean"].tolist() == [[2, -1], [0, 0], [3, 2]]
    assert skip["sum"].tolist() == [[4, -2], [0, 0], [3, 2]]
    assert skip["max"].tolist() == [[3, 2], [0, 0], [3, 2]]
    assert skip["min"].tolist() == [[1, -4], [0, 0], [3, 2]]
    assert skip["words"].tolist() == [[1, -4], [0, 0], [3, 2], [0, 0], [3, 2]]
    assert skip["word:1"].tolist() == [[1, -4], [0, 0], [3, 2]]
    assert skip["word:1/3"].tolist() == [[1, -4], [0, 0], [3, 2]]
    assert skip["word:2/3"].tolist() == [[0, 0], [0, 0], [3, 2]]  # the unknown second word, not the next known
    assert skip["word:-1"].tolist() == [[3, 2], [0, 0], [3, 2]]
    zero = StaticEncoder(made, "zero").encode(corpus, ["mean", "min"])
    np.testing.assert_allclose(zero["mean"], np.array([[4 / 3, -2 / 3], [0, 0], [3, 2]]), rtol=1e-6)
    assert zero["min"].tolist() == [[0, -4], [0, 0], [3, 2]]
    unk = StaticEncoder(made, "unk").encode(corpus, ["sum"])
    assert unk["sum"].tolist() == [[6, -3], [2, -1], [3, 2]]


def test_every_policy_changes_a_number():
    made = table(["the", "The", "cat", "<unk>"])
    corpus = Corpus.from_words([["THE", "The", "zebra", "cat"]])
    means = {
        (oov, lower): tuple(StaticEncoder(made, oov, lower).encode(corpus)["mean"][0].tolist())
        for oov in ("skip", "zero", "unk")
        for lower in ("auto", "never", "always")
    }
    assert len(set(means.values())) == 9
    with pytest.raises(ProbekitError, match=r"1 of 4 words .* the first 'zebra' in sentence 0"):
        StaticEncoder(made, "error").encode(corpus)
    StaticEncoder(made, "error").encode(Corpus.from_words([["THE", "cat"]]))


def test_the_unknown_word_of_the_table_stands_in_or_the_mean_of_all():
    own = StaticEncoder(table(["a", "[UNK]", "UNK"]), "unk")
    assert own.unknown_word == "[UNK]"
    np.testing.assert_array_equal(own.unknown_vector, own.table.vector("[UNK]"))
    none = StaticEncoder(table(["a", "unk"]), "unk")  # in lower case an ordinary word of many tables
    assert none.unknown_word == ""
    np.testing.assert_allclose(none.unknown_vector, none.table.vectors.mean(axis=0), rtol=1e-5)


def test_lookup_and_coverage():
    made = table(["the", "cat", "Paris"])
    corpus = Corpus.from_words([["The", "cat", "the", "cats"], ["PARIS", "Paris"], ["zebra", "cats"]])
    encoder = StaticEncoder(made)
    rows = encoder.lookup(corpus)
    assert rows.dtype == np.int32
    assert rows.tolist() == [0, 1, 0, -1, -1, 2, -1, -1]
    assert encoder.coverage(corpus) == {
        "words": 8,
        "known": 4,
        "lowercased": 1,
        "types": 7,
        "types_known": 4,
        "sentences_without": 1,
    }
    assert StaticEncoder(made, lower="never").coverage(corpus)["known"] == 3
    always = StaticEncoder(made, lower="always").coverage(corpus)
    assert (always["known"], always["lowercased"]) == (3, 1)  # `Paris` is lost
    assert encoder.unknown_words(corpus) == {"cats": 2, "PARIS": 1, "zebra": 1}
    assert encoder.unknown_words(corpus, most=1) == {"cats": 2}
    counts = encoder.missing(corpus, ["mean", "word:1", "word:-1", "words"])
    assert counts == {"mean": 1, "word:1": 2, "word:-1": 2, "words": 4}


def test_coverage_of_a_sub_corpus_counts_its_own_words_only():
    encoder = StaticEncoder(table(["a", "b"]))
    corpus = Corpus.from_words([["a", "x"], ["b", "y", "y"]])
    part = corpus.select([0])
    assert encoder.coverage(part)["types"] == 2
    assert encoder.unknown_words(part) == {"x": 1}
    np.testing.assert_array_equal(encoder.encode(part)["mean"], encoder.encode(corpus)["mean"][:1])


def test_permuted_sentences_permute_rows_and_company_changes_nothing():
    draw = np.random.default_rng(5)
    words = [f"w{i}" for i in range(60)]
    sentences = [list(map(str, draw.choice(words, size=int(draw.integers(1, 30))))) for _ in range(200)]
    encoder = StaticEncoder(table(words[:50], 16))
    corpus = Corpus.from_words(sentences)
    whole = encoder.encode(corpus, POOLINGS)
    order = draw.permutation(200)
    moved = encoder.encode(corpus.select(order), POOLINGS)
    for pooling in POOLINGS:
        np.testing.assert_array_equal(moved[pooling], whole[pooling][order])
        alone = encoder.encode(corpus.select([17]), [pooling])[pooling]
        np.testing.assert_array_equal(alone[0], whole[pooling][17])


def test_poolings_that_do_not_exist():
    encoder = StaticEncoder(table(["a"]))
    corpus = Corpus.from_words([["a"]])
    assert "cls" not in encoder.poolings
    with pytest.raises(ProbekitError, match="has no cls: a word-vector table knows words alone"):
        encoder.encode(corpus, ["mean", "cls"])
    with pytest.raises(UnknownName, match="did you mean mean"):
        encoder.encode(corpus, ["meen"])
    with pytest.raises(UnknownName, match="did you mean skip"):
        StaticEncoder(table(["a"]), "skp")
    with pytest.raises(UnknownName, match="auto"):
        StaticEncoder(table(["a"]), lower="yes")


def test_a_pass_gives_the_same_rows_and_tells_what_it_left_out():
    encoder = StaticEncoder(table(["a", "b"]))
    corpus = Corpus.from_words([["a", "x"], ["x"]])
    run = encoder.start_pass(corpus, [None], ["mean", "word:-1", "words"])
    parts = {pooling: (rows, vectors) for step in range(run.n_steps) for _, pooling, rows, vectors in run.step(step)}
    for pooling, vectors in encoder.encode(corpus, ["mean", "word:-1", "words"]).items():
        np.testing.assert_array_equal(parts[pooling][1], vectors)
    assert run.found["uncovered"] == {"mean": 1, "word:-1": 2, "words": 2}
    assert (run.found["words"], run.found["known"]) == (3, 1)


def test_other_positions():
    encoder = StaticEncoder(table(["a", "b", "c", "d"]))
    corpus = Corpus.from_words([["a", "b", "c", "d"]])
    np.testing.assert_array_equal(encoder.encode(corpus, ["word:3/4"])["word:3/4"][0], encoder.table.vector("c"))
    with pytest.raises(ProbekitError, match="names no word"):
        encoder.encode(corpus, ["word:7"])


def test_vectors_are_read_only_and_belong_to_nobody_else():
    encoder = StaticEncoder(table(["a"]))
    corpus = Corpus.from_words([["a"]])
    found = encoder.encode(corpus, ALL)
    for array in found.values():
        assert not array.flags.writeable
        assert not np.shares_memory(array, encoder.table.vectors)


def test_encoders_by_spec(tmp_path):
    table(["a", "b"]).write_text(tmp_path / "tiny.txt")
    encoder = load(f"static:{tmp_path}/tiny.txt(oov=zero, lower=auto)")
    assert encoder.spec == f"static:{tmp_path}/tiny.txt(oov=zero)"
    assert encoder.name == f"static:tiny.txt-{encoder.table.digest[:8]}(oov=zero)"
    assert (encoder.layers, encoder.width) == ((None,), 3)
    assert describe(encoder.spec) == encoder.source
    other = [f"static:{tmp_path}/tiny.txt{more}" for more in ("", "(oov=unk)", "(lower=never)", "(language=en)")]
    assert len({encoder.digest, *(describe(spec).digest for spec in other)}) == 5
    assert load(encoder.spec).oov == "zero"
    with pytest.raises(UnknownName, match="did you mean zero"):
        describe(f"static:{tmp_path}/tiny.txt(oov=zeros)")
    with pytest.raises(UnknownName, match="unknown option of the table"):
        describe(f"static:{tmp_path}/tiny.txt(ov=zero)")
    assert StaticEncoder(table(["a"])).spec == ""


@pytest.mark.data
def test_glove_on_a_real_treebank():
    from probekit.corpora import load_corpus

    corpus = load_corpus("ud-english-partut") if _has("ud-english-partut") else load_corpus("ud-english")
    encoder = load("glove")
    found = encoder.coverage(corpus)
    assert found["words"] == corpus.n_words
    assert 0.9 < found["known"] / found["words"] < 1
    assert found["lowercased"] > corpus.n_sentences / 2  # GloVe is lower case, sentences begin with a capital
    assert StaticEncoder(encoder.table, lower="never").coverage(corpus)["known"] == (
        found["known"] - found["lowercased"]
    )
    rows = np.random.default_rng(0).permutation(corpus.n_sentences)[:150]
    part = corpus.select(rows)
    vectors = encoder.encode(part, ALL)
    for pooling in ALL:
        expected = plain(encoder.table, part, pooling, "skip", "auto")
        np.testing.assert_allclose(vectors[pooling], expected, rtol=1e-5, atol=1e-5)
    whole = encoder.encode(corpus, ["mean", "max"])
    np.testing.assert_array_equal(vectors["mean"], whole["mean"][rows])
    np.testing.assert_array_equal(vectors["max"], whole["max"][rows])


def _has(name: str) -> bool:
    from probekit.corpora import registry

    return name in registry
