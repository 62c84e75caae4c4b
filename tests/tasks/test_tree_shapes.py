"""Depth and top constituents of trees, by hand and against a walk over nested lists."""

from __future__ import annotations

import pytest
from test_trees import FIXTURE, with_trees

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.tasks.tree_shapes import depth_of_sentences, tops_of_sentences

FLAT = "(FRAG (UH Yes) (. .))"
TWO = "(S (S (NP (PRP I)) (VP (VBP go))) (, ,) (CC but) (S (NP (PRP you)) (VP (VBP stay))) (. .))"


def nested(text: str) -> list:
    """A bracketed tree as lists: label, then parts; TOP around it is taken off."""
    stack: list[list] = [[]]
    for mark in text.replace("(", " ( ").replace(")", " ) ").split():
        if mark == "(":
            stack.append([])
        elif mark == ")":
            closed = stack.pop()
            stack[-1].append(closed)
        else:
            stack[-1].append(mark)
    (tree,) = stack[0]
    return tree[1] if tree[0] == "TOP" else tree


def depth(tree: list) -> int:
    return 1 + max((depth(part) for part in tree[1:] if isinstance(part, list)), default=-1)


def test_trees_by_hand():
    corpus = with_trees(FIXTURE, FLAT, TWO)
    assert depth_of_sentences(corpus).tolist() == [5, 1, 3]
    assert tops_of_sentences(corpus) == ["NP VP .", "UH .", "S , CC S ."]


def test_generated_trees_against_nested_lists():
    corpus = load_corpus("grammar(n=150)")
    trees = [nested(text) for text in corpus.trees]
    assert depth_of_sentences(corpus).tolist() == [depth(tree) for tree in trees]
    assert tops_of_sentences(corpus) == [" ".join(part[0] for part in tree[1:]) for tree in trees]


def test_classes_are_the_commonest_and_the_rest_is_other():
    corpus = with_trees(*[FIXTURE] * 3, *[TWO] * 2, FLAT)
    found = tasks.get("sentence/top-constituents(classes=3)").targets(corpus)
    assert found.tolist() == ["NP VP ."] * 3 + ["S , CC S ."] * 2 + ["OTHER"]


def test_sentences_outside_the_classes_of_depth_are_not_asked_about():
    corpus = with_trees(FIXTURE, FLAT, TWO)
    task = tasks.get("sentence/tree-depth(low=3, high=5)")
    assert task.units(corpus)["sentence"].tolist() == [0, 2] and task.targets(corpus).tolist() == ["5", "3"]
    with pytest.raises(ProbekitError, match="low is below high"):
        tasks.get("sentence/tree-depth(low=5, high=5)").targets(corpus)
