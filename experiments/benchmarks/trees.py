"""Best trees of arcs against networkx, of sentences as long as those of treebanks are."""

from __future__ import annotations

from collections.abc import Iterator

import networkx
import numpy as np

from probekit.learners.spanning_trees import spanning_tree

from .measure import Line, processor, threads

SENTENCES, LONGEST, AIM = 60, 40, 50.0


def lines() -> Iterator[Line]:
    """Random scores, which make cycles more often than a parser's."""
    rng = np.random.default_rng(0)
    drawn = [rng.normal(size=(n, n + 1)) for n in rng.integers(5, LONGEST, SENTENCES)]
    with threads(1):
        ours = processor(lambda: [spanning_tree(scores) for scores in drawn])
        theirs = processor(lambda: [by_networkx(scores) for scores in drawn])
    yield Line(
        f"best trees of {SENTENCES} sentences of up to {LONGEST} words",
        f"{1000 * ours:.0f} ms",
        f"{1000 * theirs:.0f} ms (networkx)",
        f"{theirs / ours:.0f}",
        "-",
        f">= {AIM:.0f} times as fast",
        theirs / ours >= AIM,
    )


def by_networkx(scores: np.ndarray) -> networkx.DiGraph:
    """The best arborescence; more than one word may hang on the root."""
    graph = networkx.DiGraph()
    n = len(scores)
    graph.add_weighted_edges_from(
        (head, child + 1, scores[child, head]) for child in range(n) for head in range(n + 1) if head != child + 1
    )
    return networkx.maximum_spanning_arborescence(graph)
