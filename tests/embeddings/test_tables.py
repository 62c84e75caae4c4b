"""Word-vector tables: every format there and back, gensim as the oracle, every way a file can be wrong."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probekit import recipes
from probekit.embeddings import tables
from probekit.embeddings.table import WordTable
from probekit.embeddings.table_files import FORMATS, read_table
from probekit.embeddings.tables import describe_table, load_table
from probekit.errors import DataError, ProbekitError, UnknownName
from probekit.specs import Spec

WORDS = ["the", ",", "0.5", "12", "naïve", "猫", "\u00a0", "x\u0085y", '"', "#", "nan", "route 66", ". . ."]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))


def table(words=WORDS, width=5, seed=0, **more) -> WordTable:
    vectors = np.random.default_rng(seed).standard_normal((len(words), width)).astype(np.float32)
    return WordTable(words, vectors, **more)


def same(left: WordTable, right: WordTable) -> None:
    assert left.words == right.words
    np.testing.assert_array_equal(left.vectors, right.vectors)


# ---- the table itself --------------------------------------------------------------------------------------


def test_table_holds_words_and_vectors():
    made = table(["a", "b", "c"], 4)
    assert (len(made), made.width, made.index) == (3, 4, {"a": 0, "b": 1, "c": 2})
    assert made.rows(["c", "z", "a"]).tolist() == [2, -1, 0]
    assert made.rows(["c"]).dtype == np.int32
    np.testing.assert_array_equal(made.vector("b"), made.vectors[1])
    with pytest.raises(ProbekitError, match="'z' is not in"):
        made.vector("z")
    with pytest.raises(ValueError, match="read-only"):
        made.vectors[0, 0] = 1


def test_digest_changes_with_every_part_and_with_nothing_else():
    words, vectors = ["a", "b"], np.ones((2, 3), np.float32)
    first = WordTable(words, vectors).digest
    other = vectors.copy()
    other[1, 2] = np.nextafter(np.float32(1), np.float32(2))
    changed = [
        WordTable(["a", "c"], vectors),
        WordTable(words, other),
        WordTable(words, vectors, context=vectors),
        WordTable(words, vectors, counts=np.array([2, 1])),
        WordTable(words, vectors, language="en"),
        WordTable(["b", "a"], vectors),
        WordTable(words, np.ones((2, 2), np.float32)),
    ]
    assert len({first, *(one.digest for one in changed)}) == 8
    assert WordTable(tuple(words), np.asfortranarray(vectors), notes={"duplicates": 1}).digest == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], np.zeros((0, 2))), "at least one word"),
        (("ab", np.zeros((2, 2))), "a list of at least one word"),
        ((["a"], np.zeros(2)), r"must be \(1, width\)"),
        ((["a"], np.zeros((2, 2))), r"must be \(1, width\)"),
        ((["a"], np.zeros((1, 0))), r"must be \(1, width\)"),
        ((["a", "a"], np.zeros((2, 2))), "'a' twice"),
        ((["a", ""], np.zeros((2, 2))), "an empty word"),
        ((["a", "b"], np.array([[1, 2], [np.nan, 0]])), r"'b' \(row 1\)"),
        ((["a"], np.zeros((1, 2)), np.zeros((1, 3))), "differ in shape"),
        ((["a"], np.zeros((1, 2)), None, np.array([1, 2])), r"counts of 1 words must be \(1,\)"),
        ((["a"], np.zeros((1, 2)), None, np.array([1.5])), "integer counts"),
        ((["a"], np.array([["x", "y"]])), "float vectors"),
    ],
)
def test_tables_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ProbekitError, match=message):
        WordTable(*arguments)


# ---- there and back ----------------------------------------------------------------------------------------


def test_safetensors_folder_keeps_everything_and_is_mapped(tmp_path):
    made = table(
        context=np.full((len(WORDS), 5), 0.25, np.float32),
        counts=np.arange(len(WORDS)) * 2**33,
        language="en",
        notes={"duplicates": 3},
        about={"window": 5},
    )
    made.save(tmp_path / "t")
    assert sorted(os.listdir(tmp_path / "t")) == ["table.json", "table.safetensors", "words.txt"]
    back = load_table(f"static:{tmp_path}/t")
    same(made, back)
    np.testing.assert_array_equal(back.context, made.context)
    np.testing.assert_array_equal(back.counts, made.counts)
    assert (back.language, back.notes, back.about) == ("en", {"duplicates": 3}, {"window": 5})
    assert isinstance(back.vectors, np.memmap)
    back.save(tmp_path / "t")  # onto the files it is mapped from
    same(made, load_table(f"static:{tmp_path}/t"))


def test_a_word_with_a_line_break_has_no_place_in_a_word_list(tmp_path):
    with pytest.raises(ProbekitError, match="line break"):
        table(["a\nb"]).save(tmp_path / "t")


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_text_there_and_back(tmp_path, header, packed):
    made = table(WORDS, 3)
    file = tmp_path / "vectors.anything"
    made.write_text(file, header=header)
    if packed:
        file.write_bytes(gzip.compress(file.read_bytes()))
    same(made, read_table(file))


def test_binary_there_and_back(tmp_path):
    made = table([word for word in WORDS if " " not in word])
    made.write_binary(tmp_path / "v.txt")
    same(made, read_table(tmp_path / "v.txt"))
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / "v.txt").read_bytes()))
    same(made, read_table(tmp_path / "v.gz"))
    with pytest.raises(ProbekitError, match="'route 66' cannot be written"):
        table(WORDS).write_binary(tmp_path / "w.bin")


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_npy_folder(tmp_path, kind):
    made = table()
    np.save(tmp_path / "vectors.npy", made.vectors.astype(kind))
    (tmp_path / "words.txt").write_text("".join(f"{word}\n" for word in WORDS), encoding="utf-8")
    for path in (tmp_path, tmp_path / "vectors.npy"):
        back = read_table(path)
        assert back.words == made.words
        np.testing.assert_array_equal(back.vectors, made.vectors.astype(kind).astype(np.float32))
        assert back.vectors.dtype == np.float32


# A word of a text format: any characters but line breaks and ASCII blanks at its ends; not one that a reader
# must take for a line with a value too many.
_words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r \t\x0b\x0c\x1c\x1d\x1e\x1f"), min_size=1
)
_floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(_words, min_size=2, max_size=6, unique=True),
    width=st.integers(2, 4),
    header=st.booleans(),
    data=st.data(),
)
def test_any_words_and_floats_come_back_from_text_and_binary(tmp_path, words, width, header, data):
    values = data.draw(st.lists(_floats, min_size=len(words) * width, max_size=len(words) * width))
    made = WordTable(words, np.array(values, np.float32).reshape(len(words), width))
    made.write_text(tmp_path / "t", header=header)
    same(made, read_table(tmp_path / "t", format="word2vec-text" if header else "glove"))
    made.write_binary(tmp_path / "b")
    same(made, read_table(tmp_path / "b", format="word2vec-binary"))
    made.save(tmp_path / "s")
    same(made, read_table(tmp_path / "s"))


@pytest.mark.parametrize("binary", [True, False])
def test_files_agree_with_gensim_in_both_directions(tmp_path, binary):
    vectors = pytest.importorskip("gensim.models.keyedvectors")
    words = ["the", "0.5", "naïve", "猫", "a_b", "x"]
    made = table(words, 7)
    theirs = vectors.KeyedVectors(7)
    theirs.add_vectors(words, made.vectors)
    theirs.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    same(made, read_table(tmp_path / "theirs"))
    made.write_binary(tmp_path / "ours") if binary else made.write_text(tmp_path / "ours")
    read = vectors.KeyedVectors.load_word2vec_format(str(tmp_path / "ours"), binary=binary)
    assert list(read.index_to_key) == words
    np.testing.assert_array_equal(read.vectors, made.vectors)


def test_text_of_many_blocks_and_a_slow_line_in_the_middle(tmp_path, monkeypatch):
    monkeypatch.setattr("probekit.embeddings.table_text._BLOCK", 2000)
    made = table([f"w{i}" if i % 97 else f"w {i} w" for i in range(500)], 6)
    made.write_text(tmp_path / "t", header=False)
    same(made, read_table(tmp_path / "t"))


@pytest.mark.parametrize(
    "content",
    [
        b"cat 1 2 \ndog 3 4 \n",  # the original word2vec tool ends lines with a blank
        b"cat 1 2\r\ndog 3 4\r\n",
        b"cat\t1\t2\ndog\t3\t4\n",
        b"cat  1  2\ndog 3 4",
        b"2 2\ncat 1 2\ndog 3 4\n\n\n",
        b"\xef\xbb\xbfcat 1 2\ndog 3 4\n",
        b"\xef\xbb\xbf2 2\ncat 1 2\ndog 3 4\n",
        b"cat 1. +2e0\ndog .3e1 4\n",
    ],
)
def test_spellings_of_text_found_in_the_wild(tmp_path, content):
    (tmp_path / "t").write_bytes(content)
    read = read_table(tmp_path / "t")
    assert read.words == ("cat", "dog")
    np.testing.assert_array_equal(read.vectors, [[1, 2], [3, 4]])


def test_later_rows_of_a_word_are_left_out_and_counted(tmp_path):
    (tmp_path / "t").write_text("cat 1 2\ndog 3 4\ncat 5 6\ncat 7 8\n")
    read = read_table(tmp_path / "t")
    assert (read.words, read.notes) == (("cat", "dog"), {"duplicates": 2})
    np.testing.assert_array_equal(read.vectors, [[1, 2], [3, 4]])


# ---- what is wrong with a file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"cat 1 2\ndog 3\ncow 5 6\n", 2, "1 values instead of 2"),
        (b"cat 1 2\ndog 3 4\ncow 5.5 6 7\n", 3, "more than 2 values"),
        (b"2 2\ncat 1 2\ndog 3\n", 3, "1 values instead of 2, as the header says"),
        (b"cat 1 2\ndog 3 x\n", 2, "value 2 is 'x', which is not a number"),
        (b"cat 1 2\ndog 3 1_0\n", 2, "'1_0', which is not a number"),
        (b"cat 1 2\ndog 1,5 4\n", 2, "'1,5', which is not a number"),
        (b"cat 1 2\ndog 0x1 4\n", 2, "'0x1', which is not a number"),
        (b"cat 1 2\ndog true 4\n", 2, "'true', which is not a number"),
        (b"cat 1 2\ndog 1e 4\n", 2, "'1e', which is not a number"),
        (b"cat 1 2\ndog 1-2 4\n", 2, "'1-2', which is not a number"),
        (b"cat 1 2\ndog nan 4\n", 2, "value 1 is nan, which is not finite"),
        (b"cat 1 2\ndog 3 -inf\n", 2, "value 2 is -inf, which is not finite"),
        (b"cat 1 2\ndog 3 1e39\n", 2, "value 2 is 1e39, which is not finite"),
        (b"cat 1 2 3\ndog 3  4\ncow 1 2 3\n", 2, "value 2 is '', which is not a number"),
        (b"cat 1 2\n\ndog 3 4\n", 2, "empty line"),
        (b"cat 1 2\nc\xe9 3 4\n", 2, "not valid UTF-8"),
        (b"cat 1 2\n 3 4\n", 2, "no word"),
        (b"3 2\ncat 1 2\ndog 3 4\n", 1, "header says 3 words, the file has 2"),
        (b"1 2\ncat 1 2\ndog 3 4\n", 1, "header says 1 words, the file has 2"),
        (b"2 0\ncat\ndog\n", 1, "both must be there"),
        (b"2 2\n", None, "a header and no vectors"),
        (b"Once upon a time\nthere was a cat\n", 1, "not a word-vector file"),
        (b"cat \xef\xbb\xbf1 2\ndog 3 4\ncow 5 6\n", 1, "not a number"),
        (b"cat 1 2\ndog 3\0 4\n", 2, "not a number"),
        (b"cat 1 2\n\x0c 3 4\n", 2, "no word"),
        (b"999999999999999999 2\ncat 1 2\n", 1, "header says 999999999999999999 words, the file has 1"),
        (b"1 999999999999999999\ncat 1 2\n", 2, "2 values instead of 999999999999999999"),
        (b"", None, "is empty"),
        (b"\n\n", None, "is empty"),
    ],
)
def test_broken_text_names_file_and_line(tmp_path, content, line, message):
    for packed in (False, True):
        file = tmp_path / f"t{packed}"
        file.write_bytes(gzip.compress(content) if packed else content)
        with pytest.raises(DataError, match=message) as caught:
            read_table(file)
        assert (caught.value.file, caught.value.line) == (file, line)


def test_line_numbers_run_on_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("probekit.embeddings.table_text._BLOCK", 100)
    lines = [f"w{i} 1 2" for i in range(60)]
    for bad, message in (("w 1 x", "'x'"), ("", "empty line"), ("w 1", "1 values")):
        for header in (0, 1):
            (tmp_path / "t").write_text("\n".join(["60 2"][:header] + lines[:40] + [bad] + lines[41:]) + "\n")
            with pytest.raises(DataError, match=message) as caught:
                read_table(tmp_path / "t")
            assert caught.value.line == 41 + header


def test_invalid_utf8_is_replaced_and_counted_when_asked(tmp_path):
    (tmp_path / "t").write_bytes(b"cat 1 2\nc\xe9 3 4\n")
    read = read_table(tmp_path / "t", errors="replace")
    assert (read.words, read.notes) == (("cat", "c\ufffd"), {"replaced": 1})
    (tmp_path / "b").write_bytes(b"2 1\n\xff\xfe \x00\x00\x80?\ncat \x00\x00\x00@\n")
    with pytest.raises(DataError, match=r"word 1 at byte 4: .*errors=.replace"):
        read_table(tmp_path / "b")
    read = read_table(tmp_path / "b", errors="replace")
    assert (read.words, read.vectors.tolist()) == (("\ufffd\ufffd", "cat"), [[1.0], [2.0]])
    # What is read differs, so the digest does.
    assert read.digest != describe_table(f"static:{tmp_path / 'b'}").digest


def test_truncated_binary(tmp_path):
    made = table(["a", "b", "c"], 4)
    made.write_binary(tmp_path / "v")
    whole = (tmp_path / "v").read_bytes()
    # The last byte is the line break after the last vector, which not every writer leaves.
    for kept in range(whole.index(b"\n") + 1, len(whole) - 1):
        (tmp_path / "v").write_bytes(whole[:kept])
        with pytest.raises(DataError):
            read_table(tmp_path / "v", format="word2vec-binary")
    (tmp_path / "v").write_bytes(whole[:-1])
    same(made, read_table(tmp_path / "v"))
    (tmp_path / "v").write_bytes(whole[:-3])
    with pytest.raises(DataError, match="cut short: word 3 of 3"):
        read_table(tmp_path / "v")
    (tmp_path / "v").write_bytes(whole + b"d " + bytes(16))
    with pytest.raises(DataError, match="header says 3 words, and more bytes follow"):
        read_table(tmp_path / "v")
    (tmp_path / "v").write_bytes(whole.replace(b"3 4", b"999999999 4", 1))
    with pytest.raises(DataError, match="cannot hold 999999999 words"):
        read_table(tmp_path / "v")


def gensims(words, vectors) -> bytes:
    """A binary file as gensim writes it: no line breaks, words as they are."""
    rows = [word.encode() + b" " + row.astype("<f4").tobytes() for word, row in zip(words, vectors, strict=True)]
    return f"{len(words)} {vectors.shape[1]}\n".encode() + b"".join(rows)


@pytest.mark.parametrize("rest", ["", "York", "of", "abc", "ABC1XYZ", "München", "and so on", "77"])
@pytest.mark.parametrize("place", [0, 2, 5])
@pytest.mark.parametrize("packed", [False, True])
def test_a_word_with_a_blank_in_a_binary_file_is_refused(tmp_path, rest, place, packed):
    for seed, width in enumerate((8, 24, 24, 100, 100)):
        vectors = table(["w"] * 1 + [f"v{i}" for i in range(5)], width, seed).vectors / 10
        words = [f"word{i}" for i in range(6)]
        read = gensims(words, vectors)
        (tmp_path / "v").write_bytes(gzip.compress(read) if packed else read)
        assert read_table(tmp_path / "v").words == tuple(words)
        words[place] = f"New {rest}"
        broken = gensims(words, vectors)
        (tmp_path / "v").write_bytes(gzip.compress(broken) if packed else broken)
        for errors in ("strict", "replace"):
            with pytest.raises(DataError, match=r"v(:1)?: .*(word|byte)"):
                read_table(tmp_path / "v", format="word2vec-binary", errors=errors)


def test_a_refused_word_with_a_blank_is_named(tmp_path):
    vectors = np.arange(40, dtype=np.float32).reshape(5, 8)
    (tmp_path / "v").write_bytes(gensims(["a", "b", "New York", "c", "d"], vectors))
    with pytest.raises(DataError, match=r"v: .*word 3 at byte 72, 'New', is 'New York': a blank ends a word here"):
        read_table(tmp_path / "v")


def test_the_binary_format_of_fasttext_is_named(tmp_path):
    (tmp_path / "model.bin").write_bytes((793712314).to_bytes(4, "little") + (12).to_bytes(4, "little") + bytes(100))
    with pytest.raises(DataError, match=r"fastText's own binary format. Give the .vec file"):
        read_table(tmp_path / "model.bin")


def test_only_blanks_and_tabs_separate_values(tmp_path):
    (tmp_path / "v").write_bytes(b"a\x0cb 1 2\nroute\t66\t3\t4\n\x0bc\t5 6 \n")
    read = read_table(tmp_path / "v")
    assert read.words == ("a\x0cb", "route\t66", "\x0bc") and read.vectors.tolist() == [[1, 2], [3, 4], [5, 6]]
    for content, message in (
        (b"a 1 2\nb 3\x0c 4\n", r"v:2: value 1 is '3"),
        (b"a 1 2\nb\rc 3 4\n", r"v:2: a carriage return without a line feed"),
    ):
        (tmp_path / "v").write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_table(tmp_path / "v")
    table(["a", "b"]).save(tmp_path / "t")
    (tmp_path / "t" / "words.txt").write_bytes(b"a\nb\rc\n")
    with pytest.raises(DataError, match=r"words\.txt:2: a carriage return"):
        read_table(tmp_path / "t")
    with pytest.raises(ProbekitError, match="holds a line break"):
        table(["a\rb", "c"]).save(tmp_path / "t")


def test_a_line_without_end_and_what_is_no_file_are_refused(tmp_path):
    (tmp_path / "v.gz").write_bytes(gzip.compress(b"a 1 2\n" + bytes(50 << 20)))
    with pytest.raises(DataError, match=r"v\.gz:2: a line of more than 1048576 bytes"):
        read_table(tmp_path / "v.gz")
    (tmp_path / "v.gz").write_bytes(gzip.compress(b"9 4\n" + b"\0" * (50 << 20)))
    with pytest.raises(DataError, match=r"cut short: word 1 of 9"):
        read_table(tmp_path / "v.gz", format="word2vec-binary")
    with pytest.raises(DataError, match="/dev/zero: is no regular file"):
        load_table("static:/dev/zero")


@pytest.mark.parametrize("line_breaks", [True, False])
def test_a_byte_more_or_less_shifts_nothing_in_silence(tmp_path, line_breaks):
    """Every byte of a binary file taken out, and a byte put in at every place: refused, or the rest is as it was."""
    made = table(["ab", "cd", "ef", "gh"], 3)
    made.write_binary(tmp_path / "v")
    whole = (tmp_path / "v").read_bytes()
    if not line_breaks:  # as gensim writes it: a row that loses a byte takes the first one of the next word
        head = whole.index(b"\n") + 1
        whole = whole[:head] + b"".join(whole[i : i + 15] for i in range(head, len(whole), 16))
    taken = [whole[:at] + whole[at + 1 :] for at in range(len(whole))]
    for content in taken + [whole[:at] + b"\n" + whole[at:] for at in range(len(whole))]:
        (tmp_path / "v").write_bytes(content)
        try:
            read = read_table(tmp_path / "v", format="word2vec-binary")
        except DataError:
            continue
        same_rows = sum(
            word in made.index and np.array_equal(made.vector(word), read.vector(word)) for word in read.words
        )
        assert same_rows >= (3 if line_breaks else 2), content


def test_a_binary_word_holds_no_line_break(tmp_path):
    (tmp_path / "v").write_bytes(b"2 1\na \x00\x00\x80?\nb\nc \x00\x00\x80?\n")
    with pytest.raises(DataError, match="word 2 at byte 11: a line break in the word"):
        read_table(tmp_path / "v")
    (tmp_path / "v").write_bytes(b"1 1\na \x00\x00\x80?" + b"\n" * 70 + b"b \x00\x00\x80?")
    with pytest.raises(DataError, match="header says 1 words"):
        read_table(tmp_path / "v", format="word2vec-binary")


def test_headers_without_bound_ask_for_no_memory(tmp_path):
    for header in (b"999999999999999999 300\n", b"2 999999999999999999\n", b"999999999 999999999\n"):
        (tmp_path / "v").write_bytes(header + b"a \x00\x00\x80?\xff")
        with pytest.raises(DataError, match=r"cannot hold \d+ words of \d+ values"):
            read_table(tmp_path / "v")


def test_nan_in_binary_names_the_word(tmp_path):
    made = table(["a", "b", "c"], 4)
    made.write_binary(tmp_path / "v")
    broken = (tmp_path / "v").read_bytes().replace(made.vectors[1].tobytes(), np.full(4, np.nan, "<f4").tobytes())
    (tmp_path / "v").write_bytes(broken)
    with pytest.raises(DataError, match=r"word 2 \('b'\) holds NaN"):
        read_table(tmp_path / "v")


def test_damaged_gzip(tmp_path):
    table().write_text(tmp_path / "t")
    packed = gzip.compress((tmp_path / "t").read_bytes())
    (tmp_path / "t").write_bytes(packed[:-20])
    with pytest.raises(DataError, match="a damaged or cut gzip file"):
        read_table(tmp_path / "t")


def test_pickles_are_refused_with_the_way_to_convert(tmp_path):
    word2vec = pytest.importorskip("gensim.models.word2vec")
    model = word2vec.Word2Vec([["a", "b", "a"]] * 3, vector_size=4, min_count=1, workers=1)
    model.save(str(tmp_path / "m.model"))
    model.wv.save(str(tmp_path / "m.kv"))
    (tmp_path / "old").write_bytes(pickle.dumps([1, 2], protocol=2))
    for name in ("m.model", "m.kv", "old"):
        with pytest.raises(DataError, match=r"pickle.*save_word2vec_format"):
            read_table(tmp_path / name)


def test_object_arrays_are_refused_and_not_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    np.save(tmp_path / "v.npy", np.array([[Bomb()]], dtype=object), allow_pickle=True)
    (tmp_path / "words.txt").write_text("a\n")
    with pytest.raises(DataError, match="not a plain array"):
        read_table(tmp_path)
    assert not (tmp_path / "exploded").exists()


def test_archives_are_refused(tmp_path):
    (tmp_path / "t").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(DataError, match="a zip archive; unpack it"):
        read_table(tmp_path / "t")


@pytest.mark.parametrize(
    ("vectors", "words", "line", "message"),
    [
        (np.zeros((2, 3)), b"a\n", 1, "1 words for 2 vectors"),
        (np.zeros((2, 3)), b"a\nb\nc\n", 3, "3 words for 2 vectors"),
        (np.zeros((2, 3)), b"a\n\xff\n", 2, "not valid UTF-8"),
        (np.zeros((2, 3)), b"a\n\n", 2, "no word"),
        (np.zeros((2, 3)), b"", None, "word list is empty"),
        (np.array([[0.0], [np.inf]]), b"a\nb\n", 2, r"row 1 of v.npy \(the word 'b'\) holds NaN"),
        (np.array([[0.0], [1e300]]), b"a\nb\n", 2, "holds NaN or infinity"),
        (np.zeros(2), b"a\nb\n", None, r"expected floats \(words, width\)"),
        (np.zeros((2, 2), int), b"a\nb\n", None, "found int64"),
    ],
)
def test_broken_npy_folders(tmp_path, vectors, words, line, message):
    np.save(tmp_path / "v.npy", vectors)
    (tmp_path / "words.txt").write_bytes(words)
    with pytest.raises(DataError, match=message) as caught:
        read_table(tmp_path)
    assert caught.value.line == line


def test_npy_without_words_and_folders_without_a_table(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros((2, 3)))
    with pytest.raises(DataError, match="word list is missing"):
        read_table(tmp_path)
    np.save(tmp_path / "w.npy", np.zeros((2, 3)))
    with pytest.raises(DataError, match=r"no word-vector table in this folder, which holds v.npy, w.npy"):
        read_table(tmp_path)


def test_broken_safetensors_folders(tmp_path):
    from safetensors.numpy import save_file

    folder = table(["a", "b"], 3).save(tmp_path / "t")
    whole = (folder / "table.safetensors").read_bytes()
    (folder / "table.safetensors").write_bytes(whole[:-4])
    with pytest.raises(DataError, match="not a whole safetensors file"):
        read_table(folder)
    save_file({"weights": np.zeros((2, 3), np.float32)}, folder / "table.safetensors")
    with pytest.raises(DataError, match="no tensor 'vectors', only weights"):
        read_table(folder)
    (folder / "table.safetensors").write_bytes(whole)
    (folder / "words.txt").write_text("a\nb\nc\n")
    with pytest.raises(DataError, match=r"3 words for vectors \(2, 3\)"):
        read_table(folder)
    (folder / "words.txt").write_text("a\na\n")
    with pytest.raises(DataError, match="'a' stands twice"):
        read_table(folder)
    (folder / "words.txt").unlink()
    with pytest.raises(DataError, match="word list is missing"):
        read_table(folder)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"context": np.zeros(2, np.float32)}, r"'context' are float32 \(2,\); expected floats \(2, 3\)"),
        ({"context": np.zeros((3, 3), np.float32)}, r"'context' are float32 \(3, 3\)"),
        ({"context": np.full((2, 3), np.nan, np.float32)}, r"context of word 1 \('a'\) holds NaN"),
        ({"counts": np.zeros((2, 1), np.int64)}, r"'counts' are int64 \(2, 1\); expected integers \(2,\)"),
        ({"counts": np.zeros(2, np.float32)}, "'counts' are float32"),
        ({"counts": np.array([1, -1])}, r"count of word 2 \('b'\) is -1, below 0"),
        ({"vectors": np.zeros((2, 3), np.int64)}, "'vectors' are int64"),
        ({"vectors": np.full((2, 3), 1e300)}, r"vectors of word 1 \('a'\) holds NaN or infinity"),
    ],
)
def test_tensors_that_are_not_those_of_the_table(tmp_path, tensors, message):
    from safetensors.numpy import save_file

    folder = table(["a", "b"], 3).save(tmp_path / "t")
    save_file({"vectors": np.zeros((2, 3), np.float32), **tensors}, folder / "table.safetensors")
    with pytest.raises(DataError, match=message) as caught:
        read_table(folder)
    assert caught.value.file == folder / "table.safetensors"


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ("[" * 100_000, "cannot be read"),
        ('{"about": ' * 100_000, "cannot be read"),
        ('{"notes": {"duplicates": 1e999}}', "'duplicates' is not what a table says there"),
        ('{"notes": {"duplicates": null}}', "'duplicates' is not what"),
        ('{"notes": {"duplicates": ' + "9" * 5000 + "}}", "cannot be read"),
        ('{"notes": [1]}', "'notes' is not what"),
        ('{"language": null}', "'language' is not what"),
        ('{"about": [["window", 5]]}', "'about' is not what"),
        ("[]", "a JSON object was expected"),
        ('{"words": 3}', "says words 3, table.safetensors has 2; they are of two tables"),
        ('{"width": "3"}', "says width 3, table.safetensors has 3"),
        (b"\xff", "cannot be read"),
    ],
)
def test_what_a_table_says_of_itself_must_be_so(tmp_path, about, message):
    folder = table(["a", "b"], 3).save(tmp_path / "t")
    (folder / "table.json").write_bytes(about if isinstance(about, bytes) else about.encode())
    with pytest.raises(DataError, match=message) as caught:
        read_table(folder)
    assert caught.value.file == folder / "table.json"


@pytest.mark.parametrize(
    ("words", "line", "message"), [("a\na\n", 2, "first at line 1"), ("a\n\n", 2, "an empty word")]
)
def test_a_word_list_is_wrong_at_a_line(tmp_path, words, line, message):
    folder = table(["a", "b"], 3).save(tmp_path / "t")
    (folder / "words.txt").write_text(words)
    with pytest.raises(DataError, match=message) as caught:
        read_table(folder)
    assert (caught.value.file, caught.value.line) == (folder / "words.txt", line)


def npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(24)


@pytest.mark.parametrize(
    "content",
    [
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3"),
        npy("{'descr': ',<f4', 'fortran_order': False, 'shape': (2, 3), }"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 3), }"),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 3), }"),
        npy("(" * 9000),
        b"PK\x03\x04rest",
        pickle.dumps([1, 2]),
        b"",
    ],
)
def test_files_that_are_no_plain_array(tmp_path, content):
    (tmp_path / "v.npy").write_bytes(content)
    (tmp_path / "words.txt").write_text("a\nb\n")
    with pytest.raises(DataError, match="not a plain array") as caught:
        read_table(tmp_path)
    assert caught.value.file == tmp_path / "v.npy"


def test_formats_can_be_forced_and_wrong_ones_are_refused(tmp_path):
    (tmp_path / "t").write_text("5 1\n6 2\n7 3\n")  # one-dimensional vectors of numbers, or a header of two?
    assert read_table(tmp_path / "t", format="glove").words == ("5", "6", "7")
    with pytest.raises(DataError, match="header says 5 words, the file has 2"):
        read_table(tmp_path / "t")
    with pytest.raises(UnknownName, match="glove"):
        read_table(tmp_path / "t", format="glov")
    with pytest.raises(DataError, match="not npy"):
        read_table(tmp_path / "t", format="npy")
    with pytest.raises(DataError, match="expected a first line of two integers"):
        (tmp_path / "g").write_text("a 1 2\n")
        read_table(tmp_path / "g", format="word2vec-binary")
    assert len(FORMATS) == 5


# ---- specs -------------------------------------------------------------------------------------------------


def test_tables_are_loaded_by_spec_and_shown_without_their_path(tmp_path, monkeypatch):
    table(["a", "b"]).write_text(tmp_path / "tiny.txt")
    read = load_table(f"static:{tmp_path}/tiny.txt")
    assert read.spec == f"static:{tmp_path}/tiny.txt"
    assert read.name == f"static:tiny.txt-{read.digest[:8]}"
    assert load_table(read.spec) is read
    source = describe_table(f"static:{tmp_path}/tiny.txt")
    assert (source.spec, source.name, source.digest) == (read.spec, read.name, read.digest)
    monkeypatch.setenv("PROBEKIT_DATA", f"/nowhere:{tmp_path}")
    assert load_table("static:tiny.txt").digest == read.digest
    monkeypatch.chdir(tmp_path)
    assert load_table("static:tiny.txt(language=en)").language == "en"


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "t"
    file.write_text("a 1 2\n")
    first = load_table(f"static:{file}")
    file.write_text("a 1 3\n")
    os.utime(file, ns=(1, 1))
    second = load_table(f"static:{file}")
    assert (first.digest != second.digest, second.vectors[0, 1]) == (True, 3)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("static:nowhere.txt", ProbekitError, r"(?s)Tried:.*nowhere.txt.*registered name: glove"),
        ("glov", UnknownName, "did you mean glove"),
        ("static:glove(error=replace)", UnknownName, "did you mean errors"),
        ("static:glove(errors=ignore)", UnknownName, "errors="),
        ("static:glove(replace)", ProbekitError, "named, such as errors=replace"),
        ("static:glove|pppa(5)", UnknownName, "unknown table step 'pppa'; did you mean ppa"),
        ("static", UnknownName, "unknown word-vector table 'static'"),
    ],
)
def test_specs_that_name_no_table(spec, error, message):
    with pytest.raises(error, match=message):
        load_table(spec)


@pytest.mark.data
def test_the_real_glove_folder():
    glove = load_table("glove")
    assert (len(glove), glove.width, glove.vectors.dtype) == (40_000, 100, np.float32)
    assert (glove.name, glove.spec, dict(glove.notes)) == ("static:glove", "static:glove", {})
    assert glove.words[:5] == ("the", ",", ".", "of", "to")
    assert load_table("static:glove") is glove

    def near(a, b):
        left, right = glove.vector(a), glove.vector(b)
        return left @ right / np.linalg.norm(left) / np.linalg.norm(right)

    assert near("king", "queen") > 0.7 > near("king", "banana")
    unit = glove.vectors / np.linalg.norm(glove.vectors, axis=1, keepdims=True)
    offset = glove.vector("paris") - glove.vector("france") + glove.vector("italy")
    best = [glove.words[i] for i in np.argsort(-(unit @ offset))[:4]]
    assert "rome" in best
    folder = load_table("static:glove-6b-100d-40k")  # by its base name below PROBEKIT_DATA
    assert (folder.digest, folder.name) == (glove.digest, f"static:glove-6b-100d-40k-{glove.digest[:8]}")


@pytest.mark.data
def test_glove_survives_every_format(tmp_path):
    glove = load_table("glove")
    glove.write_text(tmp_path / "t", header=False)
    glove.write_binary(tmp_path / "b")
    glove.save(tmp_path / "s")
    for name in ("t", "b", "s"):
        same(glove, read_table(tmp_path / name))


# ---- training ----------------------------------------------------------------------------------------------


def _corpus(seed=0, n=120):
    from probekit.corpora.corpus import Corpus

    draw = np.random.default_rng(seed)
    topics = [[f"{'Ab'[t]}{i}" for i in range(12)] for t in range(2)]
    sentences = [list(draw.choice(topics[i % 2], size=int(draw.integers(3, 15)))) for i in range(n)]
    return Corpus.from_words([[str(word) for word in words] for words in sentences], language=["en"] * n)


_TRAIN = """
import json, sys
sys.path.insert(0, {tests!r})
from test_tables import _corpus
from probekit.embeddings.word2vec import train_word2vec
made = train_word2vec(_corpus(), size=12, epochs=2, algorithm={algorithm!r}, progress=False)
print(json.dumps([made.words, made.digest]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["skipgram", "cbow"])
def test_training_is_the_same_in_every_process(algorithm):
    pytest.importorskip("gensim")
    answers = set()
    for seed in ("1", "2"):
        code = _TRAIN.format(tests=str(Path(__file__).parent), algorithm=algorithm)
        env = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        answers.add(run.stdout)
    assert len(answers) == 1
    words = json.loads(answers.pop())[0]
    assert len(words) == 24


def test_trained_table_holds_both_matrices_and_counts():
    pytest.importorskip("gensim")
    from probekit.embeddings.word2vec import train_word2vec

    corpus = _corpus()
    made = train_word2vec(corpus, size=10, epochs=3, progress=False)
    assert (made.vectors.shape, made.context.shape, made.language) == ((24, 10), (24, 10), "en")
    forms = [word.lower() for i in range(corpus.n_sentences) for word in corpus.words(i)]
    tally = {word: forms.count(word) for word in set(forms)}
    assert dict(zip(made.words, made.counts.tolist(), strict=True)) == tally
    assert list(made.words) == sorted(tally, key=lambda word: (-tally[word], word))
    assert np.abs(made.context).max() > 0
    assert not np.array_equal(made.vectors, made.context)
    assert made.about["window"] == 5


def test_training_learns_who_keeps_company_with_whom():
    pytest.importorskip("gensim")
    from probekit.embeddings.word2vec import train_word2vec

    made = train_word2vec(_corpus(n=400), size=10, epochs=20, progress=False)
    unit = made.vectors / np.linalg.norm(made.vectors, axis=1, keepdims=True)
    topic = np.array([word[0] for word in made.words])
    cosines = unit @ unit.T
    apart = cosines[np.ix_(topic == "a", topic == "b")].mean()
    together = cosines[np.ix_(topic == "a", topic == "a")].mean()
    assert together > apart + 0.3


@pytest.mark.parametrize(
    "option",
    [
        {"size": 11},
        {"window": 1},
        {"algorithm": "cbow"},
        {"negative": 2},
        {"min_count": 44},
        {"epochs": 3},
        {"sample": 1e-5},
        {"alpha": 0.1},
        {"seed": 1},
        {"lower": False},
    ],
)
def test_every_training_option_changes_the_table(option):
    pytest.importorskip("gensim")
    from probekit.embeddings.word2vec import train_word2vec

    base = {"size": 10, "epochs": 2, "progress": False}
    corpus = _corpus()
    plain, other = train_word2vec(corpus, **base), train_word2vec(corpus, **{**base, **option})
    assert plain.digest != other.digest
    assert (
        plain.vectors.shape != other.vectors.shape
        or not np.array_equal(plain.vectors, other.vectors)
        or (plain.words != other.words)
    )
    [(name, value)] = option.items()
    asked = Spec("word2vec", "grammar(n=9)", (), {"size": 10, "epochs": 2})
    assert recipes.of(asked).key != recipes.of(replace(asked, kwargs={**asked.kwargs, name: value})).key


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size=0"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"negative": 0}, "context vectors come from negative sampling"),
        ({"algorithm": "skip-gram"}, "did you mean skipgram"),
        ({"alpha": 0}, "alpha=0"),
        ({"sample": -1}, "sample=-1"),
        ({"lower": "yes"}, "lower='yes'"),
        ({"min_count": 10_000}, "no word of .* occurs 10000 times"),
    ],
)
def test_training_options_out_of_range(options, message):
    pytest.importorskip("gensim")
    from probekit.embeddings.word2vec import train_word2vec

    with pytest.raises(ProbekitError, match=message):
        train_word2vec(_corpus(), **options)


def test_long_sentences_are_trained_on_in_full():
    pytest.importorskip("gensim")
    from probekit.corpora.corpus import Corpus
    from probekit.embeddings.trained import sentences_of
    from probekit.embeddings.word2vec import train_word2vec

    corpus = Corpus.from_words([["a", "b"] * 12_500, ["c"]])
    sentences, counts, cut = sentences_of(corpus, True)
    assert ([len(one) for one in sentences], cut) == ([10_000, 10_000, 5_000, 1], 1)
    assert sum(counts.values()) == corpus.n_words
    assert train_word2vec(corpus, size=2, epochs=1, progress=False).notes == {"sentences_cut": 1}


def test_without_gensim_the_extra_is_named(monkeypatch):
    from probekit.embeddings.word2vec import train_word2vec
    from probekit.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "gensim", None)
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(MissingExtra, match=r'pip install "probekit\[gensim\]"'):
        train_word2vec(_corpus())


def test_a_trained_table_is_an_artefact_made_once(monkeypatch):
    pytest.importorskip("gensim")
    from probekit.embeddings import trained
    from probekit.store import default_store

    spec = 'word2vec:"grammar(n=40)"(size=10, epochs=1)'
    first = load_table(spec)
    recipe = recipes.of(spec)
    assert first.digest == recipe.key == describe_table(spec).digest and recipe.made
    assert first.name == recipe.name == 'word2vec:"grammar(n=40)"(epochs=1, size=10)'
    assert [(entry.kind, entry.key) for entry in default_store().entries()] == [("table", first.digest)]
    assert recipes.found(spec)["words"] == len(first)

    def never(*_, **__):
        raise AssertionError("trained twice")

    monkeypatch.setattr(trained, "load_corpus", never)
    monkeypatch.setattr(tables, "_recent", {})  # from its folder, not from memory
    again = load_table(f"{spec[:-1]}, seed=0)")
    same(first, again)
    np.testing.assert_array_equal(first.context, again.context)
    with pytest.raises(AssertionError, match="trained twice"):
        load_table(f"{spec[:-1]}, seed=1)")


def test_words_that_no_table_can_hold_are_refused_before_training():
    pytest.importorskip("gensim")
    import pandas as pd

    from probekit.corpora.corpus import Corpus
    from probekit.embeddings.word2vec import train_word2vec

    for word in ("", "a\nb"):
        sentences = pd.DataFrame({"id": ["s"]})
        corpus = Corpus(pd.Categorical(["a", word]), np.array([0, 2]), sentences=sentences)
        with pytest.raises(ProbekitError, match="an empty word or one with a line break"):
            train_word2vec(corpus)


def test_word2vec_by_spec(tmp_path):
    pytest.importorskip("gensim")
    from probekit.corpora import describe

    line = "{}\t{}\t_\tX\t_\t_\t{}\tdep\t_\t_"
    texts = [["Cats", "chase", "mice"], ["mice", "run"], ["Cats", "run"]]
    rows = [[line.format(i + 1, word, i) for i, word in enumerate(text)] for text in texts]
    file = tmp_path / "mice.conllu"
    file.write_text("".join("\n".join(block) + "\n\n" for block in rows).replace("\t0\tdep", "\t0\troot"))
    spec = f"word2vec:conllu:{file}(size=8, epochs=1)"
    source = describe_table(spec)
    made = load_table(spec)
    assert (made.spec, made.name, made.digest) == (source.spec, source.name, source.digest)
    assert made.name == f"word2vec:{describe(f'conllu:{file}').name}(epochs=1, size=8)"
    assert (sorted(made.words), made.width) == (["cats", "chase", "mice", "run"], 8)
    same(made, load_table(made.spec))
    assert describe_table(f"word2vec:conllu:{file}(8, epochs=1, seed=0)").digest == made.digest
    assert load_table(f'word2vec:"conllu:{file}|sample(n=1)"(size=8)').digest != made.digest
    with pytest.raises(UnknownName, match="did you mean epochs"):
        describe_table(f"word2vec:conllu:{file}(epoch=1)")
    with pytest.raises(ProbekitError, match="names no corpus"):
        describe_table("word2vec(size=8)")
