"""Columns that a CoNLL-U file names itself, and files whose words are withheld."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import probekit
from probekit.corpora import load_corpus
from probekit.corpora.readers.conllu import read_conllu
from probekit.corpora.readers.gum import read_gum
from probekit.corpora.readers.propbank import read_propbank
from probekit.errors import DataError, ProbekitError

USUAL = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC"


def written(folder: Path, columns: str, *rows: str) -> Path:
    path = folder / "x.conllu"
    lines = [f"# global.columns = {columns}", *(row.replace(" ", "\t") for row in rows)]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return path


def test_columns_are_read_in_the_order_that_is_said(tmp_path: Path) -> None:
    usual = read_conllu(
        written(tmp_path, USUAL, "1 Owls owl NOUN NNS _ 2 nsubj _ A=b", "2 hoot hoot VERB VBP _ 0 root _ _")
    )
    columns = "MWE HEAD DEPREL UPOS ID FORM LEMMA XPOS FEATS DEPS MISC"
    other = read_conllu(
        written(tmp_path, columns, "* 2 nsubj NOUN 1 Owls owl NNS _ _ A=b", "* 0 root VERB 2 hoot hoot VBP _ _ _")
    )
    for name in ("upos", "lemma", "xpos", "head", "deprel", "misc"):
        assert list(other.layers[name]) == list(usual.layers[name]), name
    assert other.words(0) == ["Owls", "hoot"]
    few = read_conllu(written(tmp_path, "ID FORM HEAD", "1 Owls 2", "2 hoot 0"))
    assert few.layers["head"].tolist() == [2, 0] and list(few.layers["upos"]) == ["", ""]
    assert read_gum(written(tmp_path, columns, "* 0 root X 1 Owls _ _ _ _ Entity=(1-x)")).spans["entity"].shape[0] == 1


@pytest.mark.parametrize(
    ("columns", "rows", "line", "message"),
    [
        (USUAL.replace(" HEAD", ""), ["1 Owls"], 1, "global.columns has no HEAD"),
        (f"{USUAL} FORM", ["1 Owls"], 1, "names a column twice"),
        (f"{USUAL} MWE", ["1 Owls owl NOUN NNS _ 0 root _ _"], 2, "10 columns instead of 11"),
        ("ID FORM HEAD", ["1 Owls 0", "", "# global.columns = ID HEAD FORM", "1 0 Owls"], 4, "another order"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    tmp_path: Path, columns: str, rows: list[str], line: int, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_conllu(written(tmp_path, columns, *rows))
    assert caught.value.line == line and "x.conllu" in str(caught.value)


def test_roles_need_the_usual_columns_first(tmp_path: Path) -> None:
    row = "1 go go VERB VB _ 0 root _ _ go.01 V"
    assert read_propbank(written(tmp_path, f"{USUAL} UP:PRED UP:ARGS", row)).n_words == 1
    with pytest.raises(DataError, match="the first ten columns must be ID FORM LEMMA"):
        read_propbank(written(tmp_path, f"UP:PRED {USUAL}", row))


# --- withheld words ----------------------------------------------------------------------------------

_WITHHELD = ("1 _ _ NOUN NNS _ 2 nsubj _ _", "2 _ _ VERB VBP _ 0 root _ _")
_WHOLE = ("1 Owls owl NOUN NNS _ 2 nsubj _ _", "2 hoot hoot VERB VBP _ 0 root _ _")
_ALONE = ("1 _ _ SYM _ _ 0 root _ _",)


def test_structure_is_read_where_words_are_withheld_and_words_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, USUAL, *_WHOLE, "", *_WITHHELD, "", *_ALONE)
    with pytest.warns(UserWarning, match=r"x\.conllu: the word forms of 2 of 3 sentences are `_`, withheld by licence"):
        corpus = load_corpus(f"conllu:{path}")
    assert corpus.sentences["withheld"].tolist() == [False, True, True] and corpus.words(0) == ["Owls", "hoot"]
    assert probekit.tasks.get("sentence/sent_length").targets(corpus).tolist() == [2, 2, 1]
    refused = r"x\.conllu withholds the word forms of 2 of 3 sentences"
    for ask in (
        lambda: corpus.words(1),
        lambda: corpus.require("form"),
        lambda: probekit.tasks.get("sentence/char_per_tok").targets(corpus),
        lambda: probekit.tasks.get("sentence/ttr_form").targets(corpus),
        lambda: probekit.encode(corpus, "static:" + str(vectors(tmp_path)), poolings=["mean"]),
        lambda: probekit.load_table(f'word2vec:"conllu:{path}"(size=4, epochs=1)'),
    ):
        with pytest.raises(ProbekitError, match=refused):
            ask()
    kept = corpus.select([0])
    kept.require("form")
    assert probekit.encode(kept, "static:" + str(vectors(tmp_path)), poolings=["mean"])


def vectors(folder: Path) -> Path:
    path = folder / "vectors.txt"
    path.write_text("_ 1 2\nOwls 3 4\nhoot 5 6\n", encoding="utf-8")
    return path


def test_an_underscore_of_its_own_is_a_word(tmp_path: Path) -> None:
    mixed = ("1 _ _ SYM _ _ 2 dep _ _", "2 hoot hoot VERB VBP _ 0 root _ _")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        corpus = read_conllu(written(tmp_path, USUAL, *mixed, "", *_ALONE))
    corpus.require("form")
    assert corpus.words(0) == ["_", "hoot"] and corpus.words(1) == ["_"] and "withheld" not in corpus.sentences
