"""Bracketed trees: what is read of a file, what is refused, and what is asked of words by them."""

from __future__ import annotations

import ast
import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import Tree, form_of, parse_tree, plain_label, read_ptb
from probekit.errors import DataError, ProbekitError

FIXTURE = "(TOP (S (NP (DT The) (NN dog)) (VP (VBD said) (SBAR (S (NP (PRP he)) (VP (VBD ate))))) (. .)))"
ANSWERS = {
    "word/pos": "DT NN VBD PRP VBD .",
    "word/parent": "NP NP VP NP VP S",
    "word/grandparent": "S S S S S TOP",
    "word/great-grandparent": "TOP TOP TOP SBAR SBAR <none>",
}


def with_trees(*trees: str) -> Corpus:
    made = Corpus.from_words([parse_tree(tree).words for tree in trees])
    return Corpus(made.form, made.offsets, sentences=made.sentences, trees=trees)


def write(folder: Path, text: str, name: str = "a.mrg") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


# --- reading -----------------------------------------------------------------------------------------


def test_empty_elements_go_with_the_nodes_they_leave_empty(tmp_path: Path) -> None:
    text = """( (S
      (NP-SBJ-1 (NP (-NONE- *)) (-NONE- *-2))
      (VP (VBD ate) (NP=2 (-NONE- *T*-1) (NN-x bread)) (ADVP|PRT (RB up)))
      (-LRB- -LRB-) (-RRB- -RRB-) (. .)) )"""
    corpus = read_ptb(write(tmp_path, text))
    assert corpus.trees == (
        "(TOP (S (VP (VBD ate) (NP (NN bread)) (ADVP (RB up))) (-LRB- -LRB-) (-RRB- -RRB-) (. .)))",
    )
    assert corpus.words(0) == ["ate", "bread", "up", "(", ")", "."]
    assert corpus.layers["xpos"].tolist() == ["VBD", "NN", "RB", "-LRB-", "-RRB-", "."]
    kept = read_ptb(write(tmp_path, text), escapes="keep")
    assert kept.words(0)[3:5] == ["-LRB-", "-RRB-"] and kept.trees == corpus.trees


def test_documents_lines_splits_and_one_tree_over_many_lines(tmp_path: Path) -> None:
    text = "; wsj_1.mrg\n\n((A (B c)))\n\n( (A\n(B\nc))\n)((A (B d)))\n;  wsj_2.mrg \n(A (; ;))\n"
    corpus = read_ptb(write(tmp_path, text, "x-dev.mrg"), language="en")
    table = corpus.sentences
    assert table["document"].tolist() == ["wsj_1.mrg"] * 3 + ["wsj_2.mrg"]
    assert table["line"].tolist() == [3, 5, 8, 10]
    assert table["id"].tolist() == [f"x-dev.mrg:{n}" for n in (1, 2, 3, 4)]
    assert set(table["split"]) == {"dev"} and set(table["language"]) == {"en"} and set(table["file"]) == {"x-dev.mrg"}
    assert corpus.trees == ("(TOP (A (B c)))", "(TOP (A (B c)))", "(TOP (A (B d)))", "(A (; ;))")
    packed = tmp_path / "x-dev.mrg.gz"
    packed.write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    again = read_ptb(packed, language="en")
    assert again.trees == corpus.trees and again.sentences.equals(table)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("((S (NN a)))\n((S (NN b))", 2, "a bracket is not closed"),
        ("((S\n(NN a)))\n)", 3, "a closing bracket without an opening one"),
        ("((S (NN a)))\nword", 2, "'word' outside of brackets"),
        ("(S (NN a) b)", 1, "the word 'b' beside brackets"),
        ("(S (NN a b))", 1, "two words, 'a' and 'b'"),
        ("(S (NN a (X b)))", 1, "a bracket behind the word 'a'"),
        ("(S\n(NP))", 2, "the node '(NP)' has neither word nor children"),
        ("(S\n())", 2, "the node '()' has neither"),
        ("(S\n((NN a)))", 2, "a node without a label inside the tree"),
        ("\n\n((S (-NONE- *)))", 3, "a tree of empty elements alone"),
        ("; only comments\n", 1, "the file holds no tree"),
        ("  \n ", 1, "holds no sentence"),
        ("(S (NN a))\n\udcff", 2, "not UTF-8"),
    ],
)
def test_what_is_no_tree_is_refused_with_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "bad.mrg"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_ptb(file)
    assert caught.value.line == line and str(file) in str(caught.value)


def test_labels_and_forms() -> None:
    found = [plain_label(label) for label in ("NP-SBJ-1", "NP=2", "ADVP|PRT", "-LRB-", "-NONE-", "PRP$", "=", "|x")]
    assert found == ["NP", "NP", "ADVP", "-LRB-", "-NONE-", "PRP$", "=", "|x"]
    assert [form_of(leaf) for leaf in ("-LRB-", "``", "''", "1\\/2", "dog", "-")] == ["(", '"', '"', "1/2", "dog", "-"]
    with pytest.raises(ProbekitError, match="escapes=no is neither undo nor keep"):
        read_ptb("x", escapes="no")


def random_tree(rng: np.random.Generator, depth: int = 0) -> tuple[str, int]:
    if depth > 4 or rng.random() < 0.3:
        return f"({rng.choice(['NN', 'VB', '.'])} {rng.choice(['a', 'b', '-LRB-'])})", 1
    kids = [random_tree(rng, depth + 1) for _ in range(rng.integers(1, 4))]
    return f"({rng.choice(['S', 'NP'])} {' '.join(text for text, _ in kids)})", sum(n for _, n in kids)


def plain_nodes(text: str) -> list[tuple[str, int, int]]:
    """Label, start and end of every node above the tags, by walking nested lists."""
    marks = {"(": "[", ")": "],"}
    nested = ast.literal_eval("".join(marks.get(t, f"'{t}',") for t in re.findall(r"[()]|[^\s()]+", text))[:-1])
    found: list[tuple[str, int, int]] = []

    def walk(node, start: int) -> int:
        if isinstance(node[1], str):
            return start + 1
        place = len(found)
        found.append(("", 0, 0))
        end = start
        for kid in node[1:]:
            end = walk(kid, end)
        found[place] = (node[0], start, end)
        return end

    walk(nested, 0)
    return found


def test_trees_agree_with_a_plain_walk_and_are_written_as_they_were_read() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        text, n = random_tree(rng)
        tree = parse_tree(text)
        assert str(tree) == text and len(tree.words) == n
        assert list(zip(tree.labels, tree.starts, tree.ends, strict=True)) == plain_nodes(text)
        for word in range(n):
            path = [label for label, start, end in plain_nodes(text) if start <= word < end]
            assert tree.ancestors(word) == path[::-1]
    assert str(Tree(words=["a"], tags=["X"], parents=[-1])) == "(X a)"


# --- what is asked of words --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERS)
def test_the_fixture_of_the_paper(name: str) -> None:
    corpus = with_trees(FIXTURE, "(TOP (NP (NN Lunch)))", "(NN alone)")
    fragment = dict(zip(ANSWERS, ("NN", "NP", "TOP", "<none>"), strict=True))[name]
    alone = "NN" if name == "word/pos" else "<none>"
    assert tasks.get(name).targets(corpus).tolist() == [*ANSWERS[name].split(), fragment, alone]
    if name != "word/pos":
        short = tasks.get(f"{name}(drop_missing=true)")
        assert "<none>" not in short.targets(corpus)
        units = short.units(corpus)
        every = tasks.get(name).targets(corpus)
        assert every[corpus.offsets[units["sentence"]] + units["start"]].tolist() == short.targets(corpus).tolist()


def test_a_tree_whose_leaves_differ_from_the_sentence_is_refused() -> None:
    made = Corpus.from_words([["a", "b"], ["c"]], id=["s1", "s2"], file=["f.mrg", "f.mrg"], line=[4, 9])
    for tree, message in (
        ("(S (X c) (X d))", r"f.mrg:9 \(sentence s2\): the tree has 2 leaves for a sentence of 1 words"),
        ("(S (X d))", r"f.mrg:9 \(sentence s2\): the tree has the leaf 'd' where the sentence has 'c'"),
        ("(S (X c)", r"f.mrg:9 \(sentence s2\): a bracket is not closed"),
        ("(S (X c)) )", r"f.mrg:9 \(sentence s2\): text behind its end"),
        ("(S)", r"f.mrg:9 \(sentence s2\): the node '\(S\)' has neither"),
    ):
        corpus = Corpus(made.form, made.offsets, sentences=made.sentences, trees=("(S (X a) (X b))", tree))
        with pytest.raises(DataError, match=message):
            tasks.get("word/pos").targets(corpus)


def test_a_corpus_without_trees_is_refused_with_those_that_have_them() -> None:
    corpus = Corpus.from_words([["a"]])
    with pytest.raises(ProbekitError, match=r"no layer 'trees'.*have 'trees': .*grammar.*craft.*wsj-sample"):
        tasks.get("word/parent").targets(corpus)
    with pytest.raises(ProbekitError, match=r"no word of .* has a node so high"):
        tasks.get("word/great-grandparent(drop_missing=true)").targets(with_trees("(S (X a))"))


def test_the_grammar_has_the_tags_and_trees_of_its_words() -> None:
    corpus = load_corpus("grammar(n=200)")
    assert tasks.get("word/pos").targets(corpus).tolist() == np.asarray(corpus.layers["xpos"]).tolist()
    assert set(tasks.get("word/parent").targets(corpus)) > {"S", "NP", "VP", "PP"}


# --- real trees --------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_named_corpora_have_the_trees_their_sources_say() -> None:
    wsj, craft = load_corpus("wsj-sample"), load_corpus("craft")
    assert (wsj.n_sentences, wsj.n_words, wsj.sentences["document"].nunique()) == (3914, 94084, 199)
    assert craft.sentences["split"].value_counts().to_dict() == {"train": 6847, "dev": 1071, "test": 1841}
    assert all(tree.startswith("(TOP ") for tree in (*wsj.trees, *craft.trees))
    assert len(set(tasks.get("word/pos").targets(wsj))) == 45


@pytest.mark.data
def test_trees_agree_with_nltk() -> None:
    nltk = pytest.importorskip("nltk.tree")
    corpus = load_corpus("wsj-sample|sample(n=200)")
    labels = {name: tasks.get(name).targets(corpus) for name in ANSWERS}
    for sentence in range(corpus.n_sentences):
        tree = nltk.Tree.fromstring(corpus.trees[sentence])
        for word in range(corpus.lengths[sentence]):
            place = tree.leaf_treeposition(word)
            above = [tree[place[:k]].label() for k in range(len(place) - 1, -1, -1)] + ["<none>"] * 4
            assert [labels[name][corpus.offsets[sentence] + word] for name in ANSWERS] == above[:4]
