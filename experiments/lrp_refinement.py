"""Word vectors refined by relevance (Utsumi 2018): does a subspace for a property make cosines follow it?

Parts, chosen with `part=` (several joined by +, or all):

    generated   ratings and vectors made by a program (535 words and 200 unseen ones, 12 properties), 4 draws, full grid
    halves      categories as ratings of 6 and 0, words shared out: half to fit on, half held out; AP and Battig
    fit         categories whose words are all fitted on: BLESS and AP with 10 known members or more
    widths      word2vec of 100, 200 and 300 dimensions, Battig, 10 draws
    full        Battig with all 5,040 points of the grid of thresholds, 5 draws; the other parts search 75 of them

What is ours. The paper takes ratings of 65 properties of 535 words (Binder et al. 2016) and holds out the CSLB norms;
neither is at hand, so categories stand in: a word has the property or not. Ten members and ten others are drawn 20
times. The network's squared errors are then weighed so that members and others count alike (the paper gives no loss),
since where one word in fifty is a member no rating would be predicted above 3. Thresholds by 10-fold cross-validation
over the words fitted on, shared by all properties, by the pairs with a word of the fold. Embeddings: GloVe, and
word2vec trained on the treebanks, 20 passes; not the paper's 18, of COCA. With a table of human ratings,
`--axis part=fit --axis "ratings=ratings:norms.csv"` is the paper's Table 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from probekit.errors import UnknownName
from probekit.grid import Grid
from probekit.works.refinement import GENERATED_RATINGS, GENERATED_VECTORS, SPACES, RefinementGrid

NAME = "lrp-refinement"
SUMMARY = "word vectors refined by relevance: property pairs before and after (Utsumi 2018)"

PARTS = ("generated", "halves", "fit", "widths", "full")
GENERATED_DRAWS, DRAWS, DRAWS_OF_WIDTHS, DRAWS_OF_FULL = 4, 20, 10, 5
CORPUS = "ud-english"
HALVES, FIT = ("ap(least=20)", "battig(least=20)"), ("bless(least=10)", "ap(least=10)")
LARGEST = ("battig(least=20)",)


def word2vec(size: int) -> str:
    """The table trained on the treebanks: skip-gram, window 5, 20 passes since they are small."""
    return f"word2vec:{CORPUS}(epochs=20, size={size})"


def grids(
    encoders: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = (),
    keep: Sequence[str] = ("points",),
    part: str = "all",
    ratings: str = "",
    thresholds: str = "",
    draws: str = "",
) -> list[Grid]:
    """Grids of the study. Empty axes take the study's own values.

    encoders: tables of vectors. probes: spaces (original and those of the refinement). seeds: draws, or their number in
    `draws`. ratings: sets of ratings joined by ;. thresholds: the grid searched by all parts, full or coarse.
    """
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    own = [one.strip() for one in ratings.split(";") if one.strip()]
    tables = list(encoders) or ["glove", word2vec(100)]
    found: list[Grid] = []

    def grid(datasets: Sequence[str], vectors: Sequence[str], words: str, usual: int, search: str = "coarse") -> None:
        axes: dict[str, Sequence[Any]] = {
            "dataset": list(datasets),
            "encoder": list(vectors),
            "words": [words],
            "grid": [thresholds or search],
            "seed": list(seeds) or list(range(int(draws or usual))),
            "probe": list(probes) or list(SPACES),
        }
        share = ("dataset", "encoder", "words", "grid", "seed")
        found.append(RefinementGrid(NAME, "refinement", axes, keep=keep, share=share))

    if "generated" in chosen:
        grid([GENERATED_RATINGS], [GENERATED_VECTORS], "halves", GENERATED_DRAWS, "full")
    if "halves" in chosen:
        grid(own or HALVES, tables, "halves", DRAWS)
    if "fit" in chosen:
        grid(own or FIT, tables, "all", DRAWS)
    if "widths" in chosen:
        wide = list(encoders) or [word2vec(size) for size in (100, 200, 300)]
        grid(own or LARGEST, wide, "halves", DRAWS_OF_WIDTHS)
    if "full" in chosen:
        grid(own or LARGEST, tables, "halves", DRAWS_OF_FULL, "full")
    return found
