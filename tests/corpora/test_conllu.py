"""The CoNLL-U reader: real files against a slow twin, every error with its line, round trips, mutations."""

from __future__ import annotations

import gzip
import os
import random
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.conllu import read_conllu
from probekit.errors import DataError, ProbekitError
from probekit.resources import find

STRINGS = ("lemma", "upos", "xpos", "feats", "deprel", "misc")

GOOD = """\
# newdoc id = d1
# sent_id = d1-1
# text = The dog doesn't bark
# speaker = A
1\tThe\tthe\tDET\tDT\tDefinite=Def\t2\tdet\t_\t_
2\tdog\tdog\tNOUN\tNN\t_\t5\tnsubj\t_\t_
3-4\tdoesn't\t_\t_\t_\t_\t_\t_\t_\tX=1
3\tdoes\tdo\tAUX\tVBZ\t_\t5\taux\t_\t_
4\tn't\tnot\tPART\tRB\t_\t5\tadvmod\t_\t_
5\tbark\tbark\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No

# sent_id = d1-2
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
1.1\tdoes\tdo\tVERB\tVBZ\t_\t_\t_\t0:root\tCopyOf=-1
"""


def write(folder: Path, text: str | bytes, name: str = "x.conllu") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def slow_twin(path: Path) -> list[dict[str, Any]]:
    """The format read the obvious way: one sentence after the other, words as rows."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.name.endswith(".gz") else raw).decode("utf-8-sig").replace("\r\n", "\n")
    sentences = []
    for block in text.split("\n\n"):
        sentence: dict[str, Any] = {"words": [], "ranges": [], "empty": []}
        for line in block.strip("\n").split("\n"):
            if line.startswith("#"):
                key, _, value = line[1:].partition("=")
                sentence[key.strip()] = value.strip()
            elif line:
                row = line.split("\t")
                kind = "ranges" if "-" in row[0] else "empty" if "." in row[0] else "words"
                sentence[kind].append(row)
        if sentence["words"]:
            sentences.append(sentence)
    return sentences


def agrees(corpus: Corpus, twin: list[dict[str, Any]], first: int = 0) -> None:
    """Every cell of the twin's sentences is in the corpus, from sentence `first` on."""
    rows = [row for sentence in twin for row in sentence["words"]]
    start, end = corpus.offsets[first], corpus.offsets[first + len(twin)]
    assert corpus.lengths[first : first + len(twin)].tolist() == [len(s["words"]) for s in twin]
    assert list(corpus.form[start:end]) == [row[1] for row in rows]
    assert corpus.layers["head"][start:end].tolist() == [int(row[6]) for row in rows]
    for name, column in zip(STRINGS, (2, 3, 4, 5, 7, 9), strict=True):
        expected = ["" if row[column] == "_" and not (column == 2 and row[1] == "_") else row[column] for row in rows]
        assert list(corpus.layers[name][start:end]) == expected, name
    table = corpus.sentences.iloc[first : first + len(twin)]
    assert table["text"].tolist() == [s.get("text", "") for s in twin]
    assert [given or None for given in table["id"]] == [s.get("sent_id") for s in twin]
    ranges, empty = corpus.links["ranges"], corpus.links["empty"]
    spans = [(first + i, row[0], row[1]) for i, s in enumerate(twin) for row in s["ranges"]]
    inside = ranges[ranges["sentence"].between(first, first + len(twin) - 1)]
    assert [(r.sentence, f"{r.start + 1}-{r.end}", r.form) for r in inside.itertuples()] == spans
    nodes = [(first + i, row[0], row[1], row[8]) for i, s in enumerate(twin) for row in s["empty"]]
    inside = empty[empty["sentence"].between(first, first + len(twin) - 1)]
    assert [(r.sentence, f"{r.after}.{r.number}", r.form, r.deps) for r in inside.itertuples()] == nodes


# --- what is read ----------------------------------------------------------------------------------------


def test_small_file(tmp_path: Path) -> None:
    corpus = read_conllu(write(tmp_path, GOOD, "en_test-ud-dev.conllu"))
    assert corpus.n_sentences == 2 and corpus.n_words == 6
    assert corpus.words(0) == ["The", "dog", "does", "n't", "bark"]
    assert corpus.layers["head"].tolist() == [2, 5, 5, 5, 0, 0]
    assert corpus.layers["head"].dtype == np.int32
    assert list(corpus.layers["feats"]) == ["Definite=Def", "", "", "", "", ""]
    table = corpus.sentences
    assert table["id"].tolist() == ["d1-1", "d1-2"] and table["document"].tolist() == ["d1", "d1"]
    assert table["language"].tolist() == ["en", "en"] and table["split"].tolist() == ["dev", "dev"]
    assert table["file"].tolist() == ["en_test-ud-dev.conllu"] * 2 and table["line"].tolist() == [1, 12]
    assert table["text"].tolist() == ["The dog doesn't bark", ""]
    assert table["comments"].tolist() == ["speaker = A", ""]
    ranges = corpus.links["ranges"]
    assert ranges.to_dict("records") == [{"sentence": 0, "start": 2, "end": 4, "form": "doesn't", "misc": "X=1"}]
    [node] = corpus.links["empty"].to_dict("records")
    assert (node["sentence"], node["after"], node["number"], node["lemma"]) == (1, 1, 1, "do")
    assert node["feats"] == "" and node["deps"] == "0:root"


def test_same_content_whatever_the_packing(tmp_path: Path) -> None:
    plain = read_conllu(write(tmp_path, GOOD))
    packed = read_conllu(write(tmp_path, gzip.compress(GOOD.encode()), "x.conllu.gz"))
    for other in (
        packed,
        read_conllu(write(tmp_path, GOOD.replace("\n", "\r\n"), "crlf.conllu")),
        read_conllu(write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode(), "bom.conllu")),
        read_conllu(write(tmp_path, "\n\n" + GOOD.replace("\n\n", "\n\n\n").rstrip("\n"), "blank.conllu")),
    ):
        agrees(other, slow_twin(tmp_path / "x.conllu"))
        assert other.sentences["comments"].tolist() == plain.sentences["comments"].tolist()
    assert packed.digest == plain.digest
    assert packed.sentences.equals(plain.sentences)


def test_digest_follows_content_and_options(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    digests = [read_conllu(path).digest, read_conllu(path, language="en").digest, read_conllu(path, split="a").digest]
    digests.append(read_conllu(write(tmp_path, GOOD.replace("bark\tbark", "bark\tBark"))).digest)
    digests.append(read_conllu(write(tmp_path, GOOD, "y.conllu")).digest)
    assert len(set(digests)) == len(digests)
    assert read_conllu(write(tmp_path, GOOD)).digest == digests[0]


def test_underscores(tmp_path: Path) -> None:
    rows = ["1\t_\t_\tSYM\t_\t_\t0\troot\t_\t_", "2\tb\t_\tX\t_\t_\t1\tdep\t_\t_", "3\tc\t\tX\t\t_\t1\tdep\t_\t_"]
    corpus = read_conllu(write(tmp_path, "\n".join(rows)))
    assert corpus.words(0) == ["_", "b", "c"]
    assert list(corpus.layers["lemma"]) == ["_", "", ""]
    assert list(corpus.layers["xpos"]) == ["", "", ""]
    assert list(corpus.layers["xpos"].categories) == [""]


def test_strange_characters_are_data(tmp_path: Path) -> None:
    forms = ["a b", "\u2028", "x\x85y", "נ", "e\u0301", "😀", "#", "\"'", "\x00z\x00", "nan", "None", "1-2"]
    rows = [f"{i}\t{form}\t{form}\tX\t_\t_\t{i - 1}\tdep\t_\t_" for i, form in enumerate(forms, 1)]
    forms = [form for form in forms if form.strip()]
    rows = [f"{i}\t{form}\t{form}\tX\t_\t_\t{i - 1}\tdep\t_\t_" for i, form in enumerate(forms, 1)]
    corpus = read_conllu(write(tmp_path, "\n".join(rows) + "\n"))
    assert corpus.words(0) == forms and list(corpus.layers["lemma"]) == forms


def sentence(*ids: str) -> str:
    return "\n".join((f"# sent_id = {i}\n" if i else "") + "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n" for i in ids)


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        (sentence("GUM_news_x-1", "GUM_news_x-2", "GUM_bio_y-1"), ["GUM_news_x", "GUM_news_x", "GUM_bio_y"]),
        (sentence("w_2004_17-0001", "w_2004_17-0002", "w_2004_18-0001"), ["w_2004_17", "w_2004_17", "w_2004_18"]),
        (sentence("a:1:0", "a:2:31", "b:1:0"), ["a", "a", "b"]),
        (sentence("a.1", "a.2", "b-s1", "c__9"), ["a", "a", "b", "c"]),
        (sentence("one-1", "one-2", "one-3"), ["x.conllu"] * 3),  # one prefix says nothing
        (sentence("one-1", "two-1", "three-1"), ["x.conllu"] * 3),  # nor does a prefix a sentence
        (sentence("one-1", "one-2", "other"), ["x.conllu"] * 3),
        (sentence("", "", ""), ["x.conllu"] * 3),
        (
            "# newdoc\n" + sentence("p-1", "q-1") + "\n# newdoc id = z\n" + sentence("q-2"),
            ["x.conllu:doc1"] * 2 + ["z"],
        ),
        (sentence("p-1") + "\n# newdoc id = z\n" + sentence("p-2", "q-2"), ["x.conllu", "z", "z"]),
    ],
)
def test_documents(tmp_path: Path, text: str, documents: list[str]) -> None:
    assert read_conllu(write(tmp_path, text)).sentences["document"].tolist() == documents


def test_ids_without_sent_id(tmp_path: Path) -> None:
    table = read_conllu(write(tmp_path, sentence("", "b", ""))).sentences
    assert table["id"].tolist() == ["x.conllu:1", "b", "x.conllu:3"]


@pytest.mark.parametrize(
    ("name", "language", "split"),
    [
        ("en_ewt-ud-train.conllu", "en", "train"),
        ("pcm_nsc-ud-test.conllu.gz", "pcm", "test"),
        ("en-ud-dev.conllu", "en", "dev"),
        ("my_corpus-train.conllu", "", "train"),
        ("dev.conllu", "", "dev"),
        ("latest.conllu", "", ""),
    ],
)
def test_language_and_split_of_a_file_name(tmp_path: Path, name: str, language: str, split: str) -> None:
    content = gzip.compress(GOOD.encode()) if name.endswith(".gz") else GOOD
    path = write(tmp_path, content, name)
    table = read_conllu(path).sentences
    assert (table["language"][0], table["split"][0]) == (language, split)
    table = read_conllu(path, language="xx", split="yy").sentences
    assert (table["language"][0], table["split"][0]) == ("xx", "yy")


def test_several_files(tmp_path: Path) -> None:
    a, b = write(tmp_path, GOOD, "a.conllu"), write(tmp_path, GOOD, "b.conllu")  # ids may repeat across files
    corpus = read_conllu([a, b])
    assert corpus.n_sentences == 4 and corpus.links["ranges"]["sentence"].tolist() == [0, 2]
    assert corpus.links["empty"]["sentence"].tolist() == [1, 3]
    assert corpus.sentences["file"].tolist() == ["a.conllu"] * 2 + ["b.conllu"] * 2
    agrees(corpus, slow_twin(b), first=2)
    part = corpus.select([3, 2])
    assert part.words(1) == corpus.words(0) and part.links["ranges"]["sentence"].tolist() == [1]


# --- errors ----------------------------------------------------------------------------------------------

LINES = GOOD.split("\n")


def changed(line: int, old: str, new: str) -> str:
    """GOOD with one cell of a 1-based line changed."""
    lines = list(LINES)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines)


DEEP = "".join(
    f"{i}\tw\tw\tX\t_\t_\t{0 if i == 1 else 3 if i == 40 else i + 1 if i > 2 else 1}\td\t_\t_\n" for i in range(1, 41)
)

ERRORS: dict[str, tuple[str | bytes, int, str]] = {
    "nine columns": (changed(5, "\t_\t_", "\t_"), 5, "9 columns instead of 10"),
    "eleven columns": (changed(6, "\t_\t_", "\t_\t_\t_"), 6, "11 columns instead of 10"),
    "one column": ("hello\n", 1, "separated by tabs"),
    "blank line of spaces": (changed(11, "", "  "), 11, "1 column instead"),
    "head a word": (changed(5, "\t2\t", "\ttwo\t"), 5, "head 'two'"),
    "head a fraction": (changed(5, "\t2\t", "\t2.0\t"), 5, "head '2.0'"),
    "head missing": (changed(13, "\t0\t", "\t_\t"), 13, "head '_'"),
    "head negative": (changed(5, "\t2\t", "\t-1\t"), 5, "head '-1'"),
    "head in other digits": (changed(5, "\t2\t", "\t٢\t"), 5, "no whole number"),
    "head huge": (changed(5, "\t2\t", "\t99999999999999999999\t"), 5, "no whole number"),
    "head out of range": (changed(6, "\t5\t", "\t6\t"), 6, "head 6 lies outside a sentence of 5 words"),
    "two roots": (changed(5, "\t2\tdet", "\t0\troot"), 10, "2 words of the sentence are the root"),
    "no root": (changed(10, "\t0\t", "\t1\t"), 5, "no word of the sentence is the root"),
    "own head": (changed(6, "\t5\t", "\t2\t"), 6, "cycle: 2 -> 2"),
    "cycle of two": (changed(6, "\t5\t", "\t1\t"), 5, "cycle: 1 -> 2 -> 1"),
    "cycle of three": (changed(6, "\t5\t", "\t3\t").replace("VBZ\t_\t5", "VBZ\t_\t1"), 5, "cycle: 1 -> 2 -> 3 -> 1"),
    "long cycle": (DEEP, 3, "cycle: 3 -> 4 -> 5"),
    "word id skipped": (changed(9, "4\t", "5\t"), 9, "word id 5 where 4 was expected"),
    "word id repeated": (changed(9, "4\t", "3\t"), 9, "word id 3 where 4"),
    "first id not 1": (changed(13, "1\t", "2\t"), 13, "word id 2 where 1"),
    "word id zero": (changed(13, "1\t", "0\t"), 13, "the id '0'"),
    "word id text": (changed(13, "1\t", "x\t"), 13, "the id 'x'"),
    "lost empty line": (GOOD.replace("\n\n", "\n"), 12, "word id 1 where 6"),
    "two sent_ids": (changed(4, "speaker", "sent_id"), 4, "a second sent_id"),
    "lost empty line, no ids": (sentence("", "").replace("\n\n", "\n"), 2, "word id 1 where 2 was expected"),
    "range backwards": (changed(7, "3-4", "4-3"), 7, "range '4-3'"),
    "range too long": (changed(7, "3-4", "3-6"), 7, "range '3-6'"),
    "range misplaced": (changed(7, "3-4", "4-5"), 7, "range '4-5'"),
    "ranges that overlap": (changed(8, "3\tdoes", "3-5\tdoesn't bark\t_\t_\t_\t_\t_\t_\t_\t_\n3\tdoes"), 8, "overlaps"),
    "empty node left out": (changed(14, "1.1", "1.2"), 14, "empty node '1.2' is out of order"),
    "empty node twice": (GOOD + GOOD.split("\n")[-2] + "\n", 15, "empty node '1.1' is out of order"),
    "empty node misplaced": (changed(14, "1.1", "2.1"), 14, "empty node '2.1'"),
    "duplicate sent_id": (changed(12, "d1-2", "d1-1"), 12, "given before, at line 2"),
    "sent_id like a fallback": (sentence("x.conllu:2", ""), 4, "given before, at line 1"),
    "not UTF-8": (GOOD.encode().replace(b"Yes", b"Y\xe9s"), 13, "not UTF-8 (byte 0xe9)"),
    "not UTF-8 behind a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode().replace(b"Yes\t", b"Ye\xe9\t"), 13, "0xe9"),
    "not UTF-8 at the end of a line": (b"\xef\xbb\xbf" + GOOD.encode().replace(b"=No\n", b"=N\xe9\n"), 10, "0xe9"),
    "UTF-16": (GOOD.encode("utf-16"), 1, "not UTF-8"),
    "empty file": ("", 1, "no sentence"),
    "only blank lines": ("\n\n\n", 1, "no sentence"),
    "only comments": ("# a\n# b\n", 1, "without words"),
    "comments before nothing": (GOOD + "\n# sent_id = d1-3\n\n", 16, "without words"),
    "only a range": (GOOD + "\n# x\n1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n", 16, "without words"),
    "empty form": (changed(9, "\tn't\t", "\t\t"), 9, "empty form"),
    "blank form": (changed(9, "\tn't\t", "\t \t"), 9, "empty form"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_name_file_and_line(tmp_path: Path, case: str) -> None:
    text, line, message = ERRORS[case]
    path = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_conllu(path)
    assert re.match(re.escape(f"{path}:{line}") + r"[: ]", str(caught.value)), caught.value
    assert message in str(caught.value)


def test_error_in_the_second_file_names_it(tmp_path: Path) -> None:
    good, bad = write(tmp_path, GOOD, "a.conllu"), write(tmp_path, changed(13, "\t0\t", "\t1\t"), "b.conllu")
    with pytest.raises(DataError, match=r"b\.conllu:13: no word"):
        read_conllu([good, bad])


def test_truncated_and_damaged_gz(tmp_path: Path) -> None:
    packed = gzip.compress((GOOD + "\n").encode() + sentence(*map(str, range(3000))).encode(), mtime=0)
    half = write(tmp_path, packed[: len(packed) // 2], "half.conllu.gz")
    with pytest.raises(DataError, match=r"half\.conllu\.gz:\d+: the gzip file is truncated") as caught:
        read_conllu(half)
    assert caught.value.line is not None and caught.value.line > 10
    with pytest.raises(DataError, match="truncated"):
        read_conllu(write(tmp_path, packed[:-3], "tail.conllu.gz"))
    spoilt = bytearray(packed)
    spoilt[-6] ^= 255  # inside the checksum
    with pytest.raises(DataError, match="damaged"):
        read_conllu(write(tmp_path, bytes(spoilt), "sum.conllu.gz"))
    with pytest.raises(DataError, match="not a gzip file"):
        read_conllu(write(tmp_path, GOOD, "plain.conllu.gz"))
    with pytest.raises(DataError, match="no sentence"):
        read_conllu(write(tmp_path, b"", "empty.conllu.gz"))
    assert read_conllu(write(tmp_path, packed, "nameless")).n_sentences == 3002


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ProbekitError, match="no file"):
        read_conllu(tmp_path / "nothing.conllu")
    write(tmp_path, GOOD)
    with pytest.raises(ProbekitError, match=r"is a folder.*x\.conllu"):
        read_conllu(tmp_path)
    with pytest.raises(ProbekitError, match="no CoNLL-U file"):
        read_conllu([])


# --- round trips and mutations ---------------------------------------------------------------------------

# No control characters that end lines or cells; U+0085 and U+2028 stay in: they are no line ends here.
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1, max_size=6)
FORM = CELL.filter(lambda text: text.strip() != "")


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Heads of a random tree over 1 to 12 words: every word hangs from one placed before it."""
    order = draw(st.permutations(range(1, draw(st.integers(1, 12)) + 1)))
    heads = {order[0]: 0}
    for place, word in enumerate(order[1:], 1):
        heads[word] = order[draw(st.integers(0, place - 1))]
    return [heads[word] for word in sorted(heads)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees(), min_size=1, max_size=5), st.data())
def test_round_trip(tmp_path: Path, forest: list[list[int]], data: st.DataObject) -> None:
    cells = [
        [
            [
                data.draw(FORM),
                data.draw(CELL),
                *data.draw(st.lists(st.sampled_from(["_", "A", "B=1"]), min_size=5, max_size=5)),
            ]
            for _ in heads
        ]
        for heads in forest
    ]
    text = ""
    for heads, rows in zip(forest, cells, strict=True):
        for i, (head, (form, lemma, upos, xpos, feats, deprel, misc)) in enumerate(zip(heads, rows, strict=True), 1):
            text += "\t".join([str(i), form, lemma, upos, xpos, feats, str(head), deprel, "_", misc]) + "\n"
        text += "\n"
    corpus = read_conllu(write(tmp_path, text))
    assert corpus.layers["head"].tolist() == [head for heads in forest for head in heads]
    assert [corpus.words(i) for i in range(corpus.n_sentences)] == [[row[0] for row in rows] for rows in cells]
    flat = [row for rows in cells for row in rows]
    assert list(corpus.layers["lemma"]) == ["" if b == "_" and a != "_" else b for a, b, *_ in flat]
    for column, name in enumerate(("upos", "xpos", "feats", "deprel", "misc"), 2):
        assert list(corpus.layers[name]) == ["" if row[column] == "_" else row[column] for row in flat]


def has_cycle(heads: list[int]) -> bool:
    """Whether following heads from some word comes back without meeting the root."""
    for word in range(1, len(heads) + 1):
        seen = set()
        while word and word not in seen:
            seen.add(word)
            word = heads[word - 1]
        if word:
            return True
    return False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.integers(0, n), min_size=n, max_size=n)))
def test_trees_and_only_trees_are_read(tmp_path: Path, heads: list[int]) -> None:
    rows = [f"{i}\tw\tw\tX\t_\t_\t{head}\td\t_\t_\n" for i, head in enumerate(heads, 1)]
    path = write(tmp_path, "".join(rows))
    if heads.count(0) == 1 and not has_cycle(heads):
        assert read_conllu(path).layers["head"].tolist() == heads
    else:
        with pytest.raises(DataError):
            read_conllu(path)


def test_mutations_give_data_errors_or_corpora(tmp_path: Path) -> None:
    rng = random.Random(20240501)
    seeds = [GOOD.encode() + b"\n" + GOOD.replace("d1", "d2").encode(), gzip.compress(GOOD.encode(), mtime=0)]
    pieces = [
        b"\t",
        b"\n",
        b"\n\n",
        b"#",
        b"-",
        b".",
        b"0",
        b"9",
        b"\xff",
        b"\xc3",
        b"\r",
        b"\0",
        b"\xef\xbb\xbf",
        b"_",
        b" ",
    ]
    read = 0
    for trial in range(3000):
        content = bytearray(seeds[trial % 4 == 0])
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content) + 1)
            length = rng.choice([0, 0, 1, 1, 2, 10])
            content[at : at + length] = rng.choice([b"", rng.choice(pieces), content[at // 2 : at // 2 + 9]])
            content = content or bytearray(b"\n")
        path = write(tmp_path, bytes(content))
        try:
            corpus = read_conllu(path)
        except DataError as error:
            assert str(error).startswith(str(path)), content
            continue
        read += 1
        heads = corpus.layers["head"]
        for i in range(corpus.n_sentences):
            tree = heads[corpus.offsets[i] : corpus.offsets[i + 1]].tolist()
            assert tree.count(0) == 1 and not has_cycle(tree) and max(tree) <= len(tree), content
    assert 300 < read < 2700  # both outcomes are exercised


# --- real treebanks --------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "ud_english_ewt/en_ewt-ud-dev.conllu.gz",
        "ud_english_gum_r2_4/en_gum-ud-test.conllu.gz",
        "ud_english_partut/en_partut-ud-dev.conllu",
        "ud_pud_parallel/it_pud-ud-test.conllu.gz",
        "ud_low_resource/kmr_mg-ud-test.conllu.gz",
        "ud_low_resource/am_att-ud-test.conllu.gz",
    ],
)
def test_real_files_against_the_twin(name: str) -> None:
    path = find(name)
    agrees(read_conllu(path), slow_twin(path))


@pytest.mark.data
def test_reading_is_fast() -> None:
    """EWT's training part, half of all, in well under half of six seconds of processor time."""
    path = find("ud_english_ewt/en_ewt-ud-train.conllu.gz")
    before = time.process_time()
    corpus = read_conllu(path)
    spent = time.process_time() - before
    assert corpus.n_sentences == 12544
    assert spent < 3 * float(os.environ.get("PROBEKIT_TEST_SLACK", "1"))
