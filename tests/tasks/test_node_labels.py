"""Tree impurity and weighted node switching: by hand, against a walk over nested lists, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from test_tree_shapes import nested
from test_trees import with_trees

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.errors import DataError, ProbekitError

COOL = "(2 (3 Cool) (2 ?))"  # labels of the paper's example: its TI is .33
GOOD = "(3 (2 quite) (4 (2 so) (4 good)))"
WIDE = "(0 (1 a) (2 (4 b) (4 c)) (2 d))"


def values(name: str, *trees: str) -> list[float]:
    return tasks.get(f"sentence/{name}").targets(with_trees(*trees)).tolist()


def height(tree: list) -> int:
    return 0 if isinstance(tree[1], str) else 1 + max(height(part) for part in tree[1:])


def walk(tree: list) -> list[list]:
    return [tree] + [node for part in tree[1:] if isinstance(part, list) for node in walk(part)]


def plain_impurity(tree: list) -> float:
    return abs(float(tree[0]) - np.mean([float(node[0]) for node in walk(tree)]))


def plain_switching(tree: list, share: bool) -> float:
    steps = [
        height(node) * abs(float(node[0]) - np.mean([float(part[0]) for part in node[1:]]))
        for node in walk(tree)
        if height(node)
    ]
    return float(np.mean(steps)) / (height(tree) if share else 1)


def test_by_hand():
    assert values("tree-impurity", COOL) == pytest.approx([1 / 3])
    assert values("node-switching", COOL) == [0.5]
    # root: height 2, |3 - (2 + 4) / 2| = 0; below it height 1, |4 - (2 + 4) / 2| = 1
    assert values("node-switching", GOOD) == [0.5]
    assert values("node-switching(weight=height/max_height)", GOOD) == [0.25]
    # root of three: height 2, |0 - 5 / 3|; below it height 1, |2 - 4|
    assert values("node-switching", WIDE) == pytest.approx([(2 * 5 / 3 + 2) / 2])


def test_against_a_walk_over_random_trees():
    rng = np.random.default_rng(0)

    def grown(depth: int) -> str:
        label = rng.integers(0, 5)
        if depth == 0 or rng.random() < 0.2:
            return f"({label} w)"
        return f"({label} {' '.join(grown(depth - 1) for _ in range(rng.integers(1, 4)))})"

    trees = [f"({rng.integers(0, 5)} {grown(4)} {grown(3)})" for _ in range(60)]
    lists = [nested(tree) for tree in trees]
    assert values("tree-impurity", *trees) == pytest.approx([plain_impurity(tree) for tree in lists])
    for share, option in ((False, ""), (True, "(weight=height/max_height)")):
        assert values(f"node-switching{option}", *trees) == pytest.approx([plain_switching(t, share) for t in lists])


def test_nodes_without_a_number_are_left_out():
    assert values("tree-impurity", "(3 (x a) (1 b))") == [1]  # of 3 and 1 the mean is 2
    gaps = "(4 (2 (x a) (1 b)) (2 c))"  # the node above `a` has no mean, the root has: 2 * |4 - 2|
    assert values("node-switching", gaps) == [4]


def test_what_has_no_number_is_not_asked_about():
    corpus = with_trees(COOL, "(x (3 a) (1 b))", "(3 alone)")
    assert tasks.get("sentence/tree-impurity").units(corpus)["sentence"].tolist() == [0, 2]
    assert tasks.get("sentence/node-switching").units(corpus)["sentence"].tolist() == [0]


def test_trees_without_any_number_are_refused():
    with pytest.raises(ProbekitError, match="has a number for a label; give trees such as sst-trees"):
        tasks.get("sentence/tree-impurity").targets(load_corpus("grammar(n=5)"))


def test_leaves_that_are_not_the_sentence_are_refused():
    corpus = with_trees(COOL)
    object.__setattr__(corpus, "trees", ("(2 (3 Cool) (2 !))",))
    with pytest.raises(DataError, match="leaf '!'"):
        tasks.get("sentence/tree-impurity").targets(corpus)


def test_labels_outside_0_to_4_are_refused_in_sst(monkeypatch, tmp_path):
    from probekit.corpora.named import texts

    (tmp_path / "train.txt").write_text("(3 (2 a) (5 b))\n")
    monkeypatch.setattr(texts.resources, "get", lambda name: [tmp_path / "train.txt"])
    with pytest.raises(DataError, match="label '5'; SST's are 0 to 4"):
        texts.sst_trees()


@pytest.mark.data
def test_sst_has_a_number_for_every_sentence():
    corpus = load_corpus("sst-trees|split(test)")
    found = tasks.get("sentence/tree-impurity").targets(corpus)
    assert len(found) == 2210 and found.min() >= 0 and found.max() < 4
