"""Word vectors refined by relevance (Utsumi 2018): does a subspace for a property make cosines follow it?

Parts:

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

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.study import Data, Study
from probekit.works.refinement import SPACES

STUDY = Study(
    "lrp-refinement",
    "Utsumi 2018, EMNLP",
    title="Refining Pretrained Word Embeddings Using Layer-wise Relevance Propagation",
    data={
        "battig": ("ratings", "battig(least=20)"),
        "ap": ("ratings", "ap(least=20)"),
        "bless-10": ("ratings", "bless(least=10)"),
        "ap-10": ("ratings", "ap(least=10)"),
        "treebanks": "ud-english",
        "glove": ("table", "glove"),
    },
)
DRAWS, DRAWS_OF_WIDTHS, DRAWS_OF_FULL, DRAWS_OF_GENERATED = 20, 10, 5, 4
SHARE = ("dataset", "encoder", "words", "grid", "seed")


def word2vec(data: Data, size: int) -> list[str]:
    """The table trained on the treebanks: skip-gram, window 5, 20 passes since they are small."""
    return [f"word2vec:{data['treebanks']}(epochs=20, size={size})"] if "treebanks" in data else []


def ask(
    data: Data, ratings: Sequence[str], tables: Sequence[str], words: str, draws: int, search: str = "coarse"
) -> Iterator[Grid]:
    """A grid of some ratings in some tables, a cell for each draw of words."""
    axes: dict[str, Sequence[Any]] = {
        "dataset": [data.given] if data.given else [data[name] for name in data.names(*ratings)],
        "encoder": list(tables),
        "words": [words],
    }
    axes |= {"grid": [search], "seed": list(range(draws)), "probe": SPACES}
    if axes["dataset"] and axes["encoder"]:
        yield Grid(STUDY.name, "refinement", axes, keep=["places"], share=SHARE)


def tables(data: Data) -> list[str]:
    """A user's tables, or GloVe where it is at hand and the table trained on the treebanks."""
    return list(data.axes.get("encoder", ())) or [*([data["glove"]] if "glove" in data else []), *word2vec(data, 100)]


@STUDY.part("generated", own=["dataset", "encoder", "seed"])
def generated(data: Data) -> Iterator[Grid]:
    for seed in range(DRAWS_OF_GENERATED):
        drawn = f"(seed={seed})" if seed else ""
        axes = {"dataset": [f"generated-ratings{drawn}"], "encoder": [f"generated-vectors{drawn}"]}
        axes |= {"words": ["halves"], "grid": ["full"]}
        yield Grid(STUDY.name, "refinement", {**axes, "seed": [seed], "probe": SPACES}, keep=["places"], share=SHARE)


@STUDY.part("halves")
def halves(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["ap", "battig"], tables(data), "halves", DRAWS)


@STUDY.part("fit")
def fit(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["bless-10", "ap-10"], tables(data), "all", DRAWS)


@STUDY.part("widths")
def widths(data: Data) -> Iterator[Grid]:
    wide = [table for size in (100, 200, 300) for table in word2vec(data, size)]
    yield from ask(data, ["battig"], wide, "halves", DRAWS_OF_WIDTHS)


@STUDY.part("full")
def full(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["battig"], tables(data), "halves", DRAWS_OF_FULL, "full")
