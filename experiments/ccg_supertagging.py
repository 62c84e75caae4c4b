"""Supertags chosen or written out in primitives, with what was said remembered or not (Bhargava and Penn 2020).

Parts:

    minilm     the 2 x 2 design on the last layer of MiniLM, Parallel Meaning Bank, English
    glove      the same on GloVe, one seed
    control    the same on MiniLM with weights drawn anew, one seed
    longer     categories, and primitives with history, with twice the passes on MiniLM, one seed
    layers     the same on the embeddings and the middle layer of MiniLM, one seed
    mpnet      the same on the last layer of MPNet, one seed, where it is asked for by name
    languages  German, Italian and Dutch on a multilingual encoder, 30 passes over fewer sentences, one seed, likewise

What is ours. The Parallel Meaning Bank (7,745 short sentences of training, 294 categories) where the paper has CCGbank,
whose licence is the user's own: `--corpus ccgbank:FILE,FILE` asks it. Frozen MiniLM, tuned for sentence similarity,
where the paper has ELMo. 96 units instead of 512, 5 passes in batches of 1,024 primitives instead of 25, rates of
dropout of .2 and a learning rate of .003 that were not searched, 3 seeds instead of 20. Sentences are parsed by our
chart, not by C&C; F1 is against the parse of the gold categories by the same chart. Beam of 5 for all four.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probekit.grid import Grid
from probekit.study import Data, Study
from probekit.works.supertagging import supertagging

STUDY = Study(
    "ccg-supertagging",
    "Bhargava and Penn 2020, RepL4NLP at ACL",
    title="Supertagging with CCG primitives",
    data={
        "english": "pmb-en",
        "german": "pmb-de",
        "italian": "pmb-it",
        "dutch": "pmb-nl",
        "glove": ("table", "glove"),
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"english": "ccg-grammar(n=600, n_test=150)"},
)
OPTIONS = "budget=1024, epochs=5, hidden=96, rate=0.003"
TWICE, SMALL = (OPTIONS.replace("epochs=5", f"epochs={n}") for n in (10, 30))
KINDS = ("softmax", "softmax-history", "primitives-reset", "primitives")
HEADS = tuple(f"{head}({OPTIONS})" for head in KINDS)
KEEP = ("supertags", "parses", "novel", "categories")
SEEDS = (0, 1, 2)
LAYERS = (3, 0)


def ask(
    corpora: Sequence[str],
    encoders: Sequence[str],
    seeds: Sequence[int],
    layers: Sequence[int | None] = (None,),
    heads: Sequence[str] = HEADS,
) -> Grid:
    return supertagging(STUDY.name, corpora, encoders, heads, layers, seeds, keep=KEEP)


@STUDY.part("minilm")
def minilm(data: Data) -> Iterator[Grid]:
    yield ask([data["english"]], ["minilm"], SEEDS)


@STUDY.part("glove")
def glove(data: Data) -> Iterator[Grid]:
    if "glove" in data:
        yield ask([data["english"]], [data["glove"]], SEEDS[:1])


@STUDY.part("control")
def control(data: Data) -> Iterator[Grid]:
    yield ask([data["english"]], ["random:minilm"], SEEDS[:1])


@STUDY.part("longer")
def longer(data: Data) -> Iterator[Grid]:
    heads = [f"{head}({TWICE})" for head in ("softmax", "primitives")]
    yield ask([data["english"]], ["minilm"], SEEDS[:1], heads=heads)


@STUDY.part("layers")
def layers(data: Data) -> Iterator[Grid]:
    yield ask([data["english"]], ["minilm"], SEEDS[:1], LAYERS)


@STUDY.part("mpnet", usual=False)
def mpnet(data: Data) -> Iterator[Grid]:
    if "mpnet" in data:
        yield ask([data["english"]], [data["mpnet"]], SEEDS[:1])


@STUDY.part("languages", usual=False)
def languages(data: Data) -> Iterator[Grid]:
    here = [data[name] for name in ("german", "italian", "dutch") if name in data]
    if here and "multilingual" in data:
        yield ask(here, [data["multilingual"]], SEEDS[:1], heads=[f"{head}({SMALL})" for head in KINDS])
