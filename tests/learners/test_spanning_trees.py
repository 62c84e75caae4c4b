"""Best trees against enumeration and against networkx; what is no matrix of arcs is refused."""

from __future__ import annotations

import itertools

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probekit.errors import ProbekitError
from probekit.learners.parser import is_tree
from probekit.learners.spanning_trees import greedy, spanning_tree


def total(scores: np.ndarray, heads) -> float:
    return float(scores[np.arange(len(heads)), list(heads)].sum())


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10_000), st.booleans())
def test_the_best_tree_is_that_of_all_trees(n, seed, ties):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, (n, n + 1)).astype(float) if ties else rng.normal(size=(n, n + 1))
    heads = spanning_tree(scores)
    assert is_tree(heads)
    every = (h for h in itertools.product(range(n + 1), repeat=n) if is_tree(np.array(h)))
    assert total(scores, heads) == pytest.approx(max(total(scores, h) for h in every))


@pytest.mark.parametrize("seed", range(25))
def test_large_trees_equal_networkx_under_one_root(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 28))
    scores = rng.normal(size=(n, n + 1))
    best = -np.inf
    for root in range(n):
        graph = networkx.DiGraph()
        for child in range(n):
            for head in range(1, n + 1):
                if head != child + 1 and child != root:
                    graph.add_edge(head, child + 1, weight=scores[child, head])
        found = networkx.maximum_spanning_arborescence(graph)
        best = max(best, scores[root, 0] + sum(data["weight"] for *_, data in found.edges(data=True)))
    heads = spanning_tree(scores)
    assert is_tree(heads) and total(scores, heads) == pytest.approx(best)


def test_greedy_takes_each_best_head_and_never_itself():
    scores = np.array([[0.0, 9.0, 1.0], [0.0, 2.0, 9.0]])
    assert greedy(scores).tolist() == [2, 1] and not is_tree(greedy(scores))
    assert spanning_tree(scores).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("heads", "fine"),
    [
        ([0], True),
        ([2, 0], True),
        ([0, 0], False),
        ([2, 1], False),
        ([1, 0], False),
        ([2, 3, 0], True),
        ([0, 4, 2], False),
    ],
)
def test_what_is_a_tree(heads, fine):
    assert is_tree(np.array(heads)) is fine


@pytest.mark.parametrize("scores", [np.zeros((2, 2)), np.zeros(3), np.zeros((0, 1)), np.full((2, 3), np.nan)])
def test_what_is_no_matrix_of_arcs_is_refused(scores):
    with pytest.raises(ProbekitError, match="arc"):
        spanning_tree(scores)
