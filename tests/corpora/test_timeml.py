"""Time expressions in XML: borders, sentences, archives, what is refused; and the real files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from probekit import scores
from probekit.corpora import Corpus, load_corpus
from probekit.corpora.readers.timeml import read_timeml
from probekit.errors import DataError

BODY = (
    "Es war am <TIMEX3 tid='t1' type='DATE' value='1990-05-01'>1. Mai</TIMEX3>abend. J. G. Fichte schlief. "
    "Dann <TIMEX3 tid='t2' type='SET' value='x'>jeden Tag</TIMEX3>\nEnde"
)


def file(folder: Path, body: str, name: str = "a.tml") -> Path:
    text = f"<TimeML><DCT><TIMEX3 tid='t0' type='DATE'>2020</TIMEX3></DCT><TEXT>{body}</TEXT></TimeML>"
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def shown(corpus: Corpus) -> list[tuple[str, str]]:
    rows = corpus.spans["entity"].itertuples()
    return [(" ".join(corpus.words(row.sentence)[row.start : row.end]), row.label) for row in rows]


def test_borders_of_expressions_are_borders_of_words_and_numbers_end_no_sentence(tmp_path: Path) -> None:
    corpus = read_timeml(file(tmp_path, BODY), language="de")
    assert [corpus.words(row) for row in range(corpus.n_sentences)] == [
        ["Es", "war", "am", "1", ".", "Mai", "abend", "."],
        ["J", ".", "G", ".", "Fichte", "schlief", "."],
        ["Dann", "jeden", "Tag"],
        ["Ende"],
    ]
    assert shown(corpus) == [("1 . Mai", "DATE"), ("jeden Tag", "SET")]
    table = corpus.spans["entity"]
    assert table["value"].tolist() == ["1990-05-01", "x"] and (table["last"] - table["first"]).tolist() == [6, 9]


def test_sentences_have_their_line_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tml"
    path.write_text(
        "<TimeML>\n<DCT>\n</DCT>\n<TEXT>\n\nEins. Zwei <TIMEX3\n tid='t1' type='DATE'>heute</TIMEX3>.\nDrei.\n</TEXT>\n"
        "</TimeML>\n",
        encoding="utf-8",
    )
    corpus = read_timeml(path)
    assert [corpus.words(row)[0] for row in range(corpus.n_sentences)] == ["Eins", "Zwei", "Drei"]
    assert corpus.sentences["line"].tolist() == [6, 6, 8]
    with pytest.raises(DataError, match=r"a\.tml:3: .*YEAR"):
        read_timeml(file(tmp_path, "\n\n<TIMEX3 tid='t1' type='YEAR'>1990</TIMEX3>"))


def test_archives_are_read_by_name(tmp_path: Path) -> None:
    one, other = file(tmp_path, BODY), file(tmp_path, "Nichts", "b.xml")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as packed:
        packed.write(other, "x/b.xml")
        packed.write(one, "x/a.tml")
    corpus = read_timeml(tmp_path / "both.zip")
    assert corpus.sentences["document"].unique().tolist() == ["a.tml", "b.xml"]
    assert shown(corpus) == shown(read_timeml(one))
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(DataError, match=r"without \.tml"):
        read_timeml(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<TIMEX3 tid='t1' type='YEAR'>1990</TIMEX3>", "type 'YEAR'"),
        ("<TIMEX3 tid='t1' type='DATE'>a <TIMEX3 tid='t2' type='DATE'>b</TIMEX3></TIMEX3>", "within another"),
        ("<TIMEX3 tid='t1' type='DATE'>a", "not well-formed"),
        ("a &nbsp; b", "undefined entity"),
        ("</TEXT><OTHER>a</OTHER><TEXT><b></TEXT>", "not well-formed"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_timeml(file(tmp_path, body))


def test_files_without_text_or_with_entities_of_their_own_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tml").write_text("<TimeML></TimeML>")
    with pytest.raises(DataError, match="no <TEXT>"):
        read_timeml(tmp_path / "a.tml")
    (tmp_path / "a.tml").write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><TimeML><TEXT>&a;</TEXT></TimeML>')
    with pytest.raises(DataError, match="declares entities"):
        read_timeml(tmp_path / "a.tml")
    (tmp_path / "a.tml").write_text('<!DOCTYPE x SYSTEM "x.dtd"><TimeML><TEXT>a &nbsp; b</TEXT></TimeML>')
    with pytest.raises(DataError, match="&nbsp; is declared nowhere"):
        read_timeml(tmp_path / "a.tml")


@pytest.mark.data
def test_rules_and_gold_read_the_same_text_and_relaxed_is_above_strict() -> None:
    gold, rules = load_corpus("krauts-zeit"), load_corpus("heideltime-zeit")
    assert gold.n_words == rules.n_words and gold.sentences["document"].nunique() == 50
    sides = []
    for corpus in (gold, rules):
        own: dict[str, list[tuple[int, int, str]]] = {name: [] for name in gold.sentences["document"].unique()}
        for row in corpus.spans["entity"].itertuples():
            own[corpus.sentences["document"].iloc[row.sentence]].append((row.first, row.last, row.label))
        sides.append([tuple(spans) for spans in own.values()])
    value = {m: scores.score(m, *sides, interval="none").value for m in ("span_f1", "timex_relaxed", "timex_type")}
    assert 0.6 < value["span_f1"] < value["timex_type"] < value["timex_relaxed"] < 0.85
