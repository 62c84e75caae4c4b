"""Tree reconstruction: sums as one sparse product, other compositions level by level against a loop over nodes.

Processor time, which on one thread is the time of a machine that nobody else works on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import Tree, parse_tree
from probekit.learners.compositions import load_composition
from probekit.learners.tree_reconstruction import reconstruct

from .measure import Line, matrix_rate, peak_memory, processor, threads

SENTENCES, WIDTH, STEPS = 500, 384, 400
SUM_AIM, LOOP_AIM, MEMORY_AIM = 10.0, 10.0, 1.0  # seconds; times; GiB
FEW_STEPS = 5


def lines() -> Iterator[Line]:
    """500 sentences of 384 units; all 8,544 training trees for memory."""
    with threads(1):
        few = load_corpus(f"sst-trees|sample(n={SENTENCES})")
        targets = drawn(SENTENCES)
        rows = np.arange(SENTENCES)
        found = processor(lambda: reconstruct(few, rows, targets, "add", steps=STEPS))
        what = f"{SENTENCES} sentences of SST, {WIDTH} units, {STEPS} steps"
        yield Line(f"sum, {what}", f"{found:.1f} s", "-", "-", "-", f"<= {SUM_AIM:.0f} s", found <= SUM_AIM)
        yield _levels(few, targets)
        yield _memory()


def drawn(n: int) -> np.ndarray:
    """Vectors (n, WIDTH) to rebuild."""
    return np.random.default_rng(0).normal(size=(n, WIDTH)).astype(np.float32)


def _levels(corpus: Corpus, targets: np.ndarray) -> Line:
    """Seconds of a step, both from the same start."""
    rows = np.arange(SENTENCES)
    whole = processor(lambda: reconstruct(corpus, rows, targets, "linear", steps=1 + FEW_STEPS))
    ours = (whole - processor(lambda: reconstruct(corpus, rows, targets, "linear", steps=1))) / FEW_STEPS
    loop = processor(lambda: loop_over_nodes(corpus, targets))
    ratio = loop / ours
    nodes = corpus.n_words - corpus.n_sentences  # pairs of parts; each goes through two maps, forth and back
    floor = 4 * 2 * nodes * WIDTH**2 / matrix_rate()
    return Line(
        f"maps by levels, {SENTENCES} sentences of SST, {WIDTH} units, a step",
        f"{ours:.2f} s",
        f"{loop:.2f} s (loop over nodes)",
        f"{ratio:.1f}",
        f"{floor:.2f} s",
        f">= {LOOP_AIM:.0f} times as fast",
        ratio >= LOOP_AIM,
    )


def loop_over_nodes(corpus: Corpus, targets: np.ndarray) -> None:
    """One step's gradient, a node at a time."""
    import torch

    function = load_composition("linear").function
    vectors = {str(form): torch.full((1, WIDTH), 0.01).requires_grad_() for form in corpus.form.categories}
    for number, target in enumerate(targets):
        assert corpus.trees is not None
        made = _composed(parse_tree(corpus.trees[number]), corpus.words(number), vectors, function)
        (1 - torch.cosine_similarity(made, torch.from_numpy(target)[None])).backward()


def _composed(tree: Tree, words: list[str], vectors: dict, function):  # type: ignore[no-untyped-def, type-arg]
    """The vector of a tree."""
    below: list[list[tuple[int, object]]] = [[] for _ in tree.labels]
    for word, above in enumerate(tree.parents):
        if above >= 0:
            below[above].append((word, vectors[words[word]]))
    whole = vectors[words[0]]
    for node in range(len(tree.labels) - 1, -1, -1):
        (_, whole), *rest = sorted(below[node], key=lambda part: part[0])
        for _, part in rest:
            whole = function(whole, part)
        if tree.above[node] >= 0:
            below[tree.above[node]].append((tree.starts[node], whole))
    return whole


def _memory() -> Line:
    """Two steps by trees over all training sentences."""
    corpus = load_corpus("sst-trees|split(train)")
    before = peak_memory()
    reconstruct(corpus, np.arange(corpus.n_sentences), drawn(corpus.n_sentences), "linear", steps=2)
    used = peak_memory() - before
    what = f"memory of {corpus.n_sentences:,} sentences of SST, maps, {WIDTH} units"
    return Line(what, f"{used:.2f} GiB", "-", "-", "-", f"<= {MEMORY_AIM:.0f} GiB", used <= MEMORY_AIM)
