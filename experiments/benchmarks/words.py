"""`logistic` with C chosen along its path against scikit-learn's at one C: tags of words, all layers of `minilm`.

One thread, seconds of the processor, libraries imported. Real sentences where `PROBEKIT_DATA` has EWT, otherwise
generated ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.encoders.activations import encode
from probekit.probes.logistic import Logistic
from probekit.store import Store

from .measure import Line, processor, threads, treebanks_at_hand

N = 2000
TASKS = {"word/upos": 1.0, "word/xpos": 2.0}  # and how many times scikit-learn's seconds ours may take
DEV = 5  # every so many sentences one is held out to choose C on


def lines() -> Iterator[Line]:
    """Seconds of each task with vectors made, and of the first with reading and encoding too."""
    real = treebanks_at_hand()
    spec = f"ud-english-ewt|split(train)|sample(n={N})" if real else f"grammar(n={N})"
    with TemporaryDirectory() as place, threads(1):
        store = Store(place)
        # Libraries are there before seconds are counted, on our side as on the other.
        encode(load_corpus("grammar(n=20)"), "minilm", poolings=["words"], store=store)
        vectors: dict[Any, np.ndarray] = {}

        def reads() -> None:
            found = encode(load_corpus(spec), "minilm", poolings=["words"], store=store)
            vectors.update({layer: np.array(found[layer, "words"]) for layer, _ in found})

        before = processor(reads)
        corpus = load_corpus(spec)
        for name, times in TASKS.items():
            task = tasks.get(name)
            units, tags = task.units(corpus), np.asarray(task.targets(corpus), dtype=object)
            sentence = units["sentence"].to_numpy()
            layers = [X[corpus.offsets[sentence] + units["start"].to_numpy()] for X in vectors.values()]
            yield from _task(name, layers, tags, sentence % DEV == 0, before if times == 1 else 0.0, times)


def _task(
    name: str, layers: list[np.ndarray], tags: np.ndarray, held: np.ndarray, before: float, times: float
) -> Iterator[Line]:
    from sklearn.linear_model import LogisticRegression

    right: dict[str, list[float]] = {"ours": [], "theirs": []}
    gaps = []

    def ours() -> None:
        for X in layers:
            probe = Logistic().fit(X[~held], tags[~held], dev=(X[held], tags[held]))
            right["ours"].append(float(np.mean(probe.predict(X[held]) == tags[held])))
            gaps.append(probe.info_[0]["gap"])

    def theirs() -> None:
        for X in layers:
            fitted = LogisticRegression(C=1.0, max_iter=1000).fit(X[~held], tags[~held].astype(str))
            right["theirs"].append(float(np.mean(fitted.predict(X[held]) == tags[held])))

    mine, one = processor(ours) + before, processor(theirs)
    all_in = "reading, encoding and " if before else ""
    yield Line(
        f"{name}: {all_in}C chosen on {len(layers)} layers, {len(tags):,} words, {len(set(tags))} tags",
        f"{mine:.1f} s",
        f"{one:.1f} s at one C, vectors there",
        f"{mine / one:.2f}",
        "",
        f"<= {times:g}",
        mine <= times * one,
    )
    if before:  # vectors have to come from somewhere on either side
        yield Line(
            f"{name}: the same, reading and encoding ({before:.1f} s) on both sides",
            f"{mine:.1f} s",
            f"{one + before:.1f} s at one C",
            f"{mine / (one + before):.2f}",
            "",
            "",
            None,
        )
    yield Line(
        f"{name}: accuracy on words held out, mean of layers; largest duality gap",
        f"{np.mean(right['ours']):.4f}; {max(gaps):.1e}",
        f"{np.mean(right['theirs']):.4f}",
        "-",
        "",
        "gap <= 1e-3",
        max(gaps) <= 1e-3,
    )
