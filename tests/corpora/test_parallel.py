"""Parallel corpora: files, treebanks paired by id, invented translations."""

from __future__ import annotations

import gzip

import pytest
from processes import said_in_processes

from probekit.corpora import load_corpus
from probekit.corpora.parallel import sides
from probekit.corpora.readers.brackets import parse_tree
from probekit.corpora.steps.translated import LANGUAGES, nested, number_of, other_word
from probekit.errors import DataError, ProbekitError, UnknownName

TREE = (
    "(TOP (S (NP (NP (DT The) (NNS dogs)) (PP (IN of) (NP (NNP Ann))))"
    " (VP (MD will) (VP (VB see) (NP (PRP it)))) (. .)))"
)


def read_tree(text: str):
    return nested(parse_tree(text))


def words(tree) -> list[str]:
    return [leaf.word for leaf in tree.leaves()]


def pairs(corpus):
    return [(corpus.words(int(a)), corpus.words(int(b))) for a, b in zip(*sides(corpus), strict=True)]


def test_two_files_and_a_table_give_the_same_pairs(tmp_path):
    (tmp_path / "a.txt").write_text("Hello, world.\nI don't.\n", encoding="utf-8")
    with gzip.open(tmp_path / "b.txt.gz", "wt", encoding="utf-8") as file:
        file.write("Hallo, Welt.\r\nIch nicht.\r\n")
    (tmp_path / "both.tsv").write_text("Hello, world.\tHallo, Welt.\nI don't.\tIch nicht.\n", encoding="utf-8")
    wanted = [
        (["Hello", ",", "world", "."], ["Hallo", ",", "Welt", "."]),
        (["I", "do", "n't", "."], ["Ich", "nicht", "."]),
    ]
    two = load_corpus(f"parallel:{tmp_path}/a.txt,{tmp_path}/b.txt.gz(source=en, target=de)")
    assert pairs(two) == pairs(load_corpus(f"parallel:{tmp_path}/both.tsv")) == wanted
    assert list(two.sentences["language"]) == ["en", "de", "en", "de"]
    assert list(two.sentences["side"]) == ["source", "target"] * 2
    blanks = load_corpus(f"parallel:{tmp_path}/both.tsv(words=blanks)")
    assert pairs(blanks)[1][0] == ["I", "don't."]


def test_pairs_survive_selection_together(tmp_path):
    corpus = load_corpus("grammar(n=4)|translated(copy)")
    moved = corpus.select([6, 7, 2, 3])
    assert pairs(moved) == [pairs(corpus)[1], pairs(corpus)[3]] and list(sides(moved)[0]) == [2, 0]
    assert len(corpus.select([0, 3]).links["translation"]) == 0
    with pytest.raises(ProbekitError, match="pairs no sentences with translations"):
        sides(load_corpus("grammar(n=4)"))


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("x\ny\n", "x\n", "a.txt:2: has 2 lines, but"),
        ("x\n\nz\n", "x\ny\nz\n", "a.txt:2: an empty sentence"),
        ("x\n", " \n", "b.txt: holds no text"),
        ("x\ny", "x\n \n", "b.txt:2: an empty sentence"),
    ],
)
def test_files_that_do_not_go_together_are_refused(tmp_path, a, b, says):
    (tmp_path / "a.txt").write_text(a, encoding="utf-8")
    (tmp_path / "b.txt").write_text(b, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        load_corpus(f"parallel:{tmp_path}/a.txt,{tmp_path}/b.txt")


def test_bad_tables_and_options_are_refused(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\na\tb\tc\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"t\.tsv:2: has 3 columns"):
        load_corpus(f"parallel:{tmp_path}/t.tsv")
    (tmp_path / "l.tsv").write_bytes(b"a\tb\n\xff\tb\n")
    with pytest.raises(DataError, match=r"l\.tsv:2: is not UTF-8"):
        load_corpus(f"parallel:{tmp_path}/l.tsv")
    with pytest.raises(UnknownName, match="moses"):
        load_corpus(f"parallel:{tmp_path}/t.tsv(words=moses)")
    with pytest.raises(UnknownName, match="split"):
        load_corpus(f"parallel:{tmp_path}/t.tsv(split=valid)")
    (tmp_path / "u.tsv").write_text("a\tb\n", encoding="utf-8")
    (tmp_path / "v.tsv").write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match="got 3 files"):
        load_corpus(f"parallel:{tmp_path}/t.tsv,{tmp_path}/u.tsv,{tmp_path}/v.tsv")


def test_a_line_separator_inside_a_sentence_shifts_no_pair(tmp_path):
    (tmp_path / "a.txt").write_text("one \u2028 two\x0cthree\nfour\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("eins\nvier\n", encoding="utf-8")
    found = load_corpus(f"parallel:{tmp_path}/a.txt,{tmp_path}/b.txt(words=blanks)")
    assert pairs(found)[1] == (["four"], ["vier"])


@pytest.mark.data
def test_captions_are_paired_line_by_line():
    corpus = load_corpus("multi30k(target=cs)")
    split = corpus.sentences["split"].astype(str)
    assert {part: int(split.eq(part).sum()) for part in ("train", "dev", "test")} == {
        "train": 58000,
        "dev": 2028,
        "test": 2000,
    }
    sources, targets = sides(corpus)
    assert corpus.words(int(sources[2]))[:4] == ["A", "little", "girl", "climbing"]
    assert corpus.words(int(targets[2]))[:4] == ["Malá", "dívka", "leze", "do"]
    assert set(corpus.sentences["language"].iloc[targets]) == {"cs"}
    with pytest.raises(UnknownName, match="Multi30k"):
        load_corpus("multi30k(target=it)")


@pytest.mark.data
def test_the_pud_treebanks_are_paired_by_id():
    corpus = load_corpus("pud(target=de)")
    assert corpus.n_sentences == 2000 and set(corpus.sentences["language"]) == {"en", "de"}
    assert pairs(corpus)[1][0][:4] == ["For", "those", "who", "follow"]
    assert pairs(corpus)[1][1][:4] == ["Für", "alle", ",", "die"]
    same = load_corpus("pud(target=en)")
    assert all(a == b for a, b in pairs(same))
    with pytest.raises(UnknownName, match="PUD"):
        load_corpus("pud(target=xx)")


def test_each_derived_language_orders_the_words_as_it_says():
    tree = read_tree(TREE)
    english = words(tree)
    assert words(LANGUAGES["copy"](tree, "x")) == english

    def other(order: str, name: str = "x") -> list[str]:
        return [other_word(next(leaf for leaf in tree.leaves() if leaf.word == w), name) for w in order.split()]

    assert words(LANGUAGES["verb-final"](tree, "x")) == other("The dogs of Ann it see will .")
    assert words(LANGUAGES["mirrored"](tree, "x")) == other(". it see will Ann of dogs The")
    inflected = words(LANGUAGES["inflecting"](tree, "x"))
    stems = other(" ".join(english))
    endings = [word.removeprefix(stem) for word, stem in zip(inflected, stems, strict=True)]
    #                  The   dogs  of    Ann   will  see  it    .
    assert endings == ["ix", "ix", "ix", "aq", "yj", "", "aj", ""]
    assert number_of(read_tree("(NP (NP (NNP Ann)) (CC and) (NP (NNP Bo)))")) == "plur"


def test_a_word_of_two_classes_is_two_words_and_punctuation_stays():
    run = [other_word(read_tree(f"({tag} run)"), "x") for tag in ("NN", "VB", "VBP")]
    assert run[0] != run[1] == run[2]
    assert other_word(read_tree("(. ?)"), "x") == "?" and other_word(read_tree("(CD 1,000)"), "x") == "1,000"
    assert other_word(read_tree("(NN Run)"), "x") == run[0] != other_word(read_tree("(NN run)"), "y")


def test_a_longer_translated_corpus_begins_with_the_shorter_one():
    for language in LANGUAGES:
        short, long = (load_corpus(f"grammar(n={n})|translated({language})") for n in (20, 30))
        assert long.texts[:40] == short.texts and long.trees[:40] == short.trees
    a, b = (load_corpus(f"grammar(n=5)|translated(mirrored, seed={seed})") for seed in (0, 1))
    assert a.texts[0] == b.texts[0] and a.texts[1] != b.texts[1]


def test_translations_do_not_depend_on_the_process(tmp_path):
    code = "from probekit.corpora import load_corpus; print(load_corpus('grammar(n=30)|translated(inflecting)').texts)"
    answers = said_in_processes(code)
    assert len(answers) == 1


def test_source_trees_stay_and_target_trees_have_the_target_words():
    corpus = load_corpus("grammar(n=50)|translated(verb-final)")
    plain = load_corpus("grammar(n=50)")
    assert corpus.trees[::2] == plain.trees
    for number, text in enumerate(corpus.trees):
        assert words(read_tree(text)) == corpus.words(number)


def test_a_corpus_without_trees_or_an_unknown_language_is_refused():
    with pytest.raises(UnknownName, match="derived language 'latin'"):
        load_corpus("grammar(n=4)|translated(latin)")
    with pytest.raises(ProbekitError, match="seed"):
        load_corpus("grammar(n=4)|translated(copy, seed=x)")
    from probekit.corpora import Corpus
    from probekit.corpora.steps.translated import translated

    with pytest.raises(ProbekitError, match="no layer 'trees'"):
        translated(Corpus.from_words([["a"]]), "copy")
