"""Word vectors refined by relevance (Utsumi 2018): does a subspace for a property make cosines follow it?

Parts:

    generated   ratings and vectors made by a program (535 words and 200 unseen ones, 12 properties), 3 draws, full grid
    fit         attributes of nouns (BLESS), all nouns fitted on: GloVe, and word2vec of 3 windows x 3 widths
    halves      words shared out, half to fit on, half held out: attributes with 20 nouns or more, categories of Battig
    categories  categories whose words are all fitted on: BLESS and AP with 10 known members or more, two tables
    full        all 5,040 points of the grid of thresholds, 3 draws, two tables; the other parts search 75 of them

What is ours. The paper takes ratings of 65 properties of 535 words (Binder et al. 2016) and holds out the CSLB norms;
neither is at hand, so attributes and categories stand in: a word has the property or not. Ten words that have it and
ten others are drawn 6 times, the same words for all tables of one text. The network's squared errors are weighed so
that both kinds of words count alike (the paper gives no loss), since where one word in fifty has a property no rating
would be predicted above 3. Thresholds by 10-fold cross-validation over the words fitted on, shared by all properties,
by the pairs with a word of the fold. Embeddings: GloVe, and skip-gram trained on 55 novels (7.6 million words, 3
passes, words seen 5 times or more); the paper's 18 are of COCA. With a table of human ratings,
`--axis part=fit --corpus ratings:norms.csv` is the paper's Table 3.
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
        "attributes": ("ratings", "bless-attributes"),
        "attributes-20": ("ratings", "bless-attributes(least=20)"),
        "battig": ("ratings", "battig(least=20)"),
        "bless-10": ("ratings", "bless(least=10)"),
        "ap-10": ("ratings", "ap(least=10)"),
        "novels": "english-novels",
        "glove": ("table", "glove"),
    },
)
DRAWS, DRAWS_OF_FULL = 6, 3
WINDOWS, SIZES = (3, 5, 10), (100, 200, 300)
SHARE = ("dataset", "encoder", "words", "grid", "seed")


def word2vec(data: Data, size: int, window: int) -> list[str]:
    """The skip-gram table of a width and a window, trained on the novels, where they are at hand."""
    options = f"alpha=0.05, epochs=3, min_count=5, sample=0.0001, size={size}, window={window}"
    return [f"word2vec:{data['novels']}({options})"] if "novels" in data else []


def every_table(data: Data) -> list[str]:
    """A user's tables, or GloVe and all skip-gram ones."""
    own = [table for window in WINDOWS for size in SIZES for table in word2vec(data, size, window)]
    return list(data.axes.get("encoder", ())) or [*_glove(data), *own]


def two_tables(data: Data) -> list[str]:
    """A user's tables, or GloVe and the skip-gram table of the paper's figures."""
    return list(data.axes.get("encoder", ())) or [*_glove(data), *word2vec(data, 200, 5)]


def _glove(data: Data) -> list[str]:
    return [data["glove"]] if "glove" in data else []


def ask(
    data: Data,
    ratings: Sequence[str],
    tables: Sequence[str],
    words: str,
    draws: int = DRAWS,
    search: str = "coarse",
    keep: Sequence[str] = (),
) -> Iterator[Grid]:
    """A grid of some ratings in some tables, a cell for each draw of words."""
    axes: dict[str, Sequence[Any]] = {
        "dataset": [data.given] if data.given else [data[name] for name in data.names(*ratings)],
        "encoder": list(tables),
        "words": [words],
    }
    axes |= {"grid": [search], "seed": list(range(draws)), "probe": SPACES}
    if axes["dataset"] and axes["encoder"]:
        yield Grid(STUDY.name, "refinement", axes, keep=list(keep), share=SHARE)


@STUDY.part("generated", own=["dataset", "encoder", "seed"])
def generated(data: Data) -> Iterator[Grid]:
    for seed in range(DRAWS_OF_FULL):
        drawn = f"(seed={seed})" if seed else ""
        axes = {"dataset": [f"generated-ratings{drawn}"], "encoder": [f"generated-vectors{drawn}"]}
        axes |= {"words": ["halves"], "grid": ["full"]}
        yield Grid(STUDY.name, "refinement", {**axes, "seed": [seed], "probe": SPACES}, keep=["places"], share=SHARE)


@STUDY.part("fit")
def fit(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["attributes"], every_table(data), "all", keep=["places"])


@STUDY.part("halves")
def halves(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["attributes-20", "battig"], every_table(data), "halves")


@STUDY.part("categories")
def categories(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["bless-10", "ap-10"], two_tables(data), "all")


@STUDY.part("full")
def full(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["attributes"], two_tables(data), "all", DRAWS_OF_FULL, "full")
    yield from ask(data, ["attributes-20", "battig"], two_tables(data), "halves", DRAWS_OF_FULL, "full")
