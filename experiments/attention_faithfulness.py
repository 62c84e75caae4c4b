"""Staying true to your word (Tutek and Snajder 2020): when do attention weights matter, and what training makes them?

Parts:

    fragility   5 variants x 2 attentions x 5 seeds on SST, AG News and 20 Newsgroups: F1, its change under uniform and
                permuted attention, entropy, per-token probability, agreement with gradients and leave-one-out,
                information
    queries     dot-product attention whose query begins as torch begins a linear layer, and entropy over training
    imitation   adversaries of the plain, the mlm and the tied classifier over lambda, on all training texts
    depth       the plain classifier of 2 and 3 layers beside the one of fragility, additive attention, three data sets
    embeddings  the plain classifier with embeddings that learn

Asked by name, for time:

    further-data  fragility on sentence polarity and movie reviews
    depth-variants  concat, tying and mlm of 2 and 3 layers
    explanations  attention beside relevance, gradients and random orders: agreement, erasure, words (ours)
    tuning      delta and eta of every data set on development data (their test scores are not looked at)

Choices that the paper leaves open and we made: GloVe 6B 100d in place of fastText 300d, so 50 units per direction; two
scores with a softmax in place of one with a sigmoid; embeddings frozen in every variant, so that the regularizer alone
differs; a word that GloVe lacks is zeros, one that training did not see has its vector; training stops by the cross-
entropy on development data, at most 25 epochs, after two without a lower one (60 and ten for movie reviews, whose 44
batches an epoch leave the classifier near chance); the mlm loss is a sum over masked words of a text, then a mean over
texts; documents are cut at 200 words (20 Newsgroups, whose posts are cut at 850 characters here, and movie reviews in
place of IMDB). Test data are never used to choose anything. A classifier that is not above the answer that is always
positive, and the majority, is in no claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from probekit.grid import Grid
from probekit.study import Data, Study
from probekit.works.attention import EPOCHS
from probekit.works.explanations import METHODS

# As Jain and Wallace 2019: lower case, one word for all with digits, their limits of length.
HOCKEY = "twenty-newsgroups(classes=[rec.sport.baseball, rec.sport.hockey])"
STUDY = Study(
    "attention-faithfulness",
    "Tutek and Snajder 2020, RepL4NLP",
    title="Staying True to Your Word: (How) Can Attention Become Explanation?",
    data={
        "sst": "sst|lower|digits|lengths(least=5)",
        "20ng": f"{HOCKEY}|holdout|lower|digits|lengths(least=6, most=500)",
        "ag-news": "ag-news-test(classes=[World, Business])|resplit|lower|digits",
        "sentence-polarity": "sentence-polarity|resplit|lower|digits|lengths(least=5)",
        "movie-reviews": "movie-reviews|resplit|lower|digits",
        "glove": ("table", "glove"),
    },
    instead={"sst": "cues", "glove": "random(spread=0.3, width=32)"},
)


@dataclass(frozen=True)
class Chosen:
    """What is chosen for a data set: positive class, delta, eta, the values that tuning tries, how long training waits.

    delta and eta are those of the deepest mean drop on development texts among values that cost at most one point of F1
    there: the table `tuning` says which, and whether they are in use. Sentence polarity and movie reviews are not
    tuned. A long text has many masked words, whose losses are added up.
    """

    positive: str
    delta: float = 0.1
    eta: float = 0.3
    deltas: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0)
    etas: tuple[float, ...] = (0.1, 0.3, 1.0)
    patience: int = 2  # epochs without a lower loss
    epochs: int = 25

    def regularizers(self, variants: Sequence[str]) -> list[str]:
        """Specs of variants, tying and mlm with what was chosen."""
        own = {"tying": f"tying(delta={self.delta:g})", "mlm": f"mlm(eta={self.eta:g})"}
        return [own.get(variant, variant) for variant in variants]


LONG = (0.03, 0.1, 0.3)
CHOSEN = {
    "sst": Chosen("positive", delta=0.3, eta=0.1),
    "20ng": Chosen("rec.sport.hockey", delta=1.0, eta=0.3, etas=LONG),
    "ag-news": Chosen("Business", delta=0.3, eta=1.0),
    "sentence-polarity": Chosen("pos"),
    "movie-reviews": Chosen("pos", etas=LONG, patience=10, epochs=60),
}
OTHER = Chosen("", delta=0.3)  # generated texts, and a user's; the last class is the positive one
MAIN = ("sst", "ag-news", "20ng")
VARIANTS = ("base", "concat", "residual", "tying", "mlm")
ATTENTIONS = ["additive", "dot"]
LAMBDAS = [0.0, 0.03, 0.1, 0.3, 1.0, 3.0]


def ask(
    data: Data,
    variants: Sequence[str],
    work: str = "attention",
    keep: Collection[str] = ("points",),
    seeds: int = 5,
    only: Sequence[str] = MAIN,
    **axes: Sequence[Any],
) -> Iterator[Grid]:
    """A grid of each data set of `only`, or of the one that a user named; seeds first, so that a run that is stopped
    early has every variant."""
    there = data.names(*CHOSEN)
    for name in there if len(there) == 1 else [name for name in there if name in only]:
        chosen = CHOSEN[name] if name in data else OTHER
        found: dict[str, Sequence[Any]] = {"seed": range(seeds), "dataset": [data[name]]}
        found |= {"positive": [chosen.positive], "vectors": [data["glove"]], "cut": [200], "layers": [1]}
        found |= {"query": ["normal"], "embeddings": ["frozen"], "patience": [chosen.patience]}
        found |= {"epochs": [chosen.epochs]} if chosen.epochs != EPOCHS else {}
        found |= {"regularizer": chosen.regularizers(variants), "attention": ATTENTIONS, **axes}
        yield Grid(STUDY.name, work, found, keep, share=[axis for axis in found if axis not in ("probe", "lambda")])


@STUDY.part("fragility")
def fragility(data: Data) -> Iterator[Grid]:
    yield from ask(data, VARIANTS, keep=("points", "tokens"))


@STUDY.part("queries")
def queries(data: Data) -> Iterator[Grid]:
    dot: dict[str, Any] = {"only": ["sst"], "attention": ["dot"]}
    yield from ask(data, ["base"], query=["default"], **dot)
    watched: dict[str, Any] = {
        "query": ["normal", "default"],
        "watched": [1],
    }  # a row of its own beside that of the kept classifier
    yield from ask(data, ["base"], "attention-training", ["curve"], **watched, **dot)


@STUDY.part("imitation")
def imitation(data: Data) -> Iterator[Grid]:
    own: dict[str, Any] = {"only": ["sst", "ag-news"], "attention": ["additive"], "lambda": LAMBDAS}
    yield from ask(data, ["base", "mlm", "tying"], "attention-imitation", (), **own)


@STUDY.part("depth")
def depth(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["base"], attention=["additive"], layers=[2, 3])


@STUDY.part("depth-variants", usual=False)
def depth_variants(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["concat", "tying", "mlm"], attention=["additive"], layers=[2, 3])


@STUDY.part("further-data", usual=False)
def further_data(data: Data) -> Iterator[Grid]:
    if others := [name for name in data.names(*CHOSEN) if name not in MAIN]:
        yield from ask(data, VARIANTS, only=others, keep=("points", "tokens"))


@STUDY.part("embeddings")
def embeddings(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["base"], only=["sst"], embeddings=["trained"])


@STUDY.part("explanations", usual=False)
def explanations(data: Data) -> Iterator[Grid]:
    yield from ask(data, ["base", "tying", "mlm"], "attention-explanations", ["tokens"], probe=METHODS)


@STUDY.part("tuning", usual=False)
def tuning(data: Data) -> Iterator[Grid]:
    for name in data.names(*CHOSEN):
        chosen = CHOSEN[name] if name in data else OTHER
        tried = [f"tying(delta={delta:g})" for delta in chosen.deltas] + [f"mlm(eta={eta:g})" for eta in chosen.etas]
        own: dict[str, Any] = {"attention": ["additive"], "measured_on": ["dev"], "only": [name]}
        yield from ask(data, ["base", *tried], keep=(), seeds=2, **own)
