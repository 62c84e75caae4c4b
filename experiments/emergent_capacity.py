"""Emergent codes (Gupta, Resnick et al. 2020): with how many bits and parameters is a code made of parts?

Parts:

    3x4     3 concepts of 4 values: 64 strings, 6 bits to number them and 6 in blocks of their own; 5 numbers of bits,
            3 of parameters, 3 seeds
    3x5     3 concepts of 5 values: 125 strings, 7 bits to number them and 9 in blocks of their own; the same
    short   the paper's language, 6 concepts of 10 values, at 24 bits: a thousand steps, which show that it runs
    paper   the paper's grid, 19 to 25 bits, 10 seeds of 200,000 steps: weeks of one core, for a GPU or a cluster
    codes   the same score of codes made of an encoder: bits and clusters of sentence vectors, by layer, beside a probe

What is ours: the small languages, and for them what the paper's model does not learn with: a learned vector that
multiplies the speaker's input at each step (`gate`), Adam at 3e-3, a KL weight of 0.02. The paper gives neither its
loss nor its search for blocks nor its sizes: those of the code its authors released for a longer paper (ours of
another data set: arXiv 1910.11424). Numbers of parameters are asked for, and counted from the module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.study import Data, Study

STUDY = Study(
    "emergent-capacity",
    "Gupta, Resnick et al. 2020, RepL4NLP",
    title="Compositionality and Capacity in Emergent Languages",
    data={
        "6x10": ("language", "concept-strings(6, 10)"),
        "3x4": ("language", "concept-strings(3, 4)"),
        "3x5": ("language", "concept-strings(3, 5)"),
        "sentences": "grammar(n=3000)",
    },
)
BITS = {"3x4": (5, 6, 7, 9, 12), "3x5": (6, 7, 8, 9, 12), "6x10": (19, 20, 21, 22, 23, 24, 25)}
SIZES = (4_500, 13_000, 40_000)
PAPER_SIZES = (72_400, 200_000, 450_000, 971_400, 1_534_000)
SEEDS, PAPER_SEEDS, DRAWS = 3, 10, 10
SMALL = (
    "bit-game(batch=64, embedding=16, gate=true, kl=0.02, listener=64, look=100, message=64, patience=8, "
    "rate=0.003, speaker=64, stacked=3, steps=2000, temperature=1)"
)
RELEASED = "bit-game(decay=0.0001, norms=0.0001, stacked=10, temperature=1)"
SHORT = "bit-game(decay=0.0001, look=100, norms=0.0001, steps=1000, temperature=1)"
ENCODERS, LAYERS = ("minilm", "random:minilm"), (0, 2, 4, 6)
CODES = ("sign(bits=12)", "kmeans(clusters=4, parts=6)", "probe:logistic")
SHARE = ("dataset", "encoder", "bits", "parameters")


def games(data: Data, name: str, game: str, bits: Sequence[int], sizes: Sequence[int], seeds: int) -> Iterator[Grid]:
    """Games of a language, a cell for each number of bits and of parameters, and random codes of as many bits."""
    language: dict[str, Sequence[Any]] = {"dataset": [data[name]], "bits": bits}
    asked = {**language, "encoder": [game], "parameters": sizes, "seed": range(seeds)}
    yield Grid(STUDY.name, "bit-game", asked, share=SHARE)
    drawn = {**language, "control": ["random-code"], "seed": range(DRAWS)}
    yield Grid(STUDY.name, "random-code", drawn, share=["dataset", "bits"])


@STUDY.part("3x4")
def three_of_four(data: Data) -> Iterator[Grid]:
    yield from games(data, "3x4", SMALL, BITS["3x4"], SIZES, SEEDS)


@STUDY.part("3x5")
def three_of_five(data: Data) -> Iterator[Grid]:
    yield from games(data, "3x5", SMALL, BITS["3x5"], SIZES, SEEDS)


@STUDY.part("paper", usual=False)
def paper(data: Data) -> Iterator[Grid]:
    yield from games(data, "6x10", RELEASED, BITS["6x10"], PAPER_SIZES, PAPER_SEEDS)


@STUDY.part("short", usual=False)
def short(data: Data) -> Iterator[Grid]:
    yield from games(data, "6x10", SHORT, [24], PAPER_SIZES[:1], 1)


@STUDY.part("codes")
def codes(data: Data) -> Iterator[Grid]:
    for encoder in ENCODERS:
        axes: dict[str, Sequence[Any]] = {"dataset": [data["sentences"]], "encoder": [encoder], "layer": LAYERS}
        yield Grid(STUDY.name, "discrete-code", {**axes, "probe": CODES})
