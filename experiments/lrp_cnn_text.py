"""Relevance in text classifiers (Arras, Horn, Montavon, Müller and Samek 2016): which explanation is better?

A text CNN over frozen word vectors is trained on topics; layer-wise relevance propagation (LRP) and sensitivity
analysis (SA) say which words made it decide, and are compared by deleting words, by documents as weighted sums of word
vectors, and by the words that are typical of a class.

Parts:

    classify        accuracy on the test texts, and that of the commonest class
    conservation    relevance against score for all classes, in float64, by preset of rules
    deletion        accuracy while words go by LRP, gradient x input, integrated gradients, SA, its root, at random
    documents       neighbours in the plane of documents weighted in seven ways, of word vectors as they are and centred
    words           relevance of typical words, for their own class, a rival, all others
    highlight       the words of one document under several classes
    erasure         comprehensiveness and sufficiency of these and of occlusion, for one network

Choices that the paper leaves open and we made: words without a vector are zero (equal to a deleted word); padding takes
no part in the maximum; dropout .5 before the linear layer; SGD with momentum .9, rate .02, batches of 32, weight decay
1e-5, gradients clipped at norm 1, stopped by the cross-entropy of a tenth of the training texts (at most 10 epochs;
for movie reviews, which SGD leaves at chance in that time, Adam with rate .001 and at most 20);
k = 0..50 deletions; equal relevances go by position; the topics that colour documents are those of the newsgroups'
prefixes; rarity of words for TF-IDF is that of the training texts. Other than the paper: GloVe vectors of 100
dimensions in lower case stand for the 300 of GoogleNews, and the bodies of the posts at hand are cut at 850 characters,
so that fewer documents than the paper's 4,963 have 100 words.

Five networks are trained, which differ in initial weights, order of texts and dropout (`seed`). Each is asked about
test documents drawn for it (`sample`; 0 for all): what is drawn differs from network to network, so that an interval
over networks holds both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probekit.grid import Grid
from probekit.study import Data, Study

STUDY = Study(
    "lrp-cnn-text",
    "Arras, Horn, Montavon, Müller and Samek 2016, RepL4NLP at ACL",
    title="Explaining Predictions of Non-Linear Classifiers in NLP",
    data={
        "newsgroups": "twenty-newsgroups|letters|truncate(n=400)|holdout",
        "movies": "movie-reviews|letters|truncate(n=400)|resplit(dev=0.1, test=0.3)",
        "glove": ("table", "glove"),
    },
    instead={"newsgroups": "topics(n=4000)", "glove": "random(width=50)"},
)
SGD = "batch=32, decay=0.00001, epochs=10, momentum=0.9, optimizer=sgd, patience=2, rate=0.02"
# SGD at that rate leaves the two classes of reviews at chance within ten epochs.
ADAM = "batch=32, decay=0.00001, epochs=20, patience=5, rate=0.001"
# The paper's document of Figure 2; of other data the shortest one that is right.
SHOWN = "sci.space/61393"
SEEDS = range(5)
# Documents of each network: for deletion, and for the plane.
DELETED, PLACED = 500, 1500


def ask(data: Data, task: str, probes: list[str], keep: tuple[str, ...] = (), **axes: Any) -> Iterator[Grid]:
    """A grid of one task about the classifiers of each data set."""
    for name in data.names("newsgroups", "movies"):
        generated = name not in data
        vectors = "random(width=50)" if data[name].startswith("topics") else data["glove"]
        # A table's own words stay; drawn vectors are those of the training texts.
        words = ", words=table" if vectors == "glove" else ""
        common: dict[str, list[Any]] = {"dataset": [data[name]], "encoder": ["text-cnn"], "vectors": [vectors]}
        common |= {"training": [f"training({ADAM if name == 'movies' else SGD}{words})"], "seed": list(SEEDS)}
        found = {axis: value(name, generated) if callable(value) else value for axis, value in axes.items()}
        listed = {axis: value if isinstance(value, list) else [value] for axis, value in found.items()}
        asked = [probe for probe in probes if probe != "occlusion" or name != "movies"]
        grid = {**common, "task": [task], "probe": asked, **listed}
        yield Grid(STUDY.name, "text-relevance", grid, keep, share=[axis for axis in grid if axis != "probe"])


def long(name: str, generated: bool) -> int:
    """Words of a document that is long enough to lose 50."""
    return 60 if generated else 100


@STUDY.part("classify", own=["probe"])
def classify(data: Data) -> Iterator[Grid]:
    yield from ask(data, "classify", [""])


@STUDY.part("conservation", own=["probe"])
def conservation(data: Data) -> Iterator[Grid]:
    yield from ask(data, "conservation", ["lrp", "lrp-drop", "alpha-beta", "gamma"], sample=10)


@STUDY.part("deletion")
def deletion(data: Data) -> Iterator[Grid]:
    probes = ["lrp", "gradient-x-input", "integrated-gradients(steps=10)", "sa", "sa-l2", "random"]
    yield from ask(data, "deletion", probes, ("curve",), least=long, steps=50, runs=10, sample=DELETED)


@STUDY.part("documents", own=["probe"])
def documents(data: Data) -> Iterator[Grid]:
    weightings = ["sum", "tf-idf", "lrp", "sa", "sa-l2", "lrp-ew", "sa-ew"]
    yield from ask(data, "document-vectors", weightings, ("points",), centre=["zero", "mean"], sample=PLACED)


@STUDY.part("words")
def words(data: Data) -> Iterator[Grid]:
    yield from ask(data, "class-words", ["lrp", "sa"], sample=400)


@STUDY.part("highlight")
def highlight(data: Data) -> Iterator[Grid]:
    # A corpus that was given in the place of the newsgroups counts as generated here: it has no such document.
    yield from ask(data, "highlight", ["lrp", "sa"], ("tokens",), document=shown)


def shown(name: str, generated: bool) -> str:
    """The id of the document of Figure 2."""
    return SHOWN if name == "newsgroups" and not generated else ""


@STUDY.part("erasure", own=["seed"])
def erasure(data: Data) -> Iterator[Grid]:
    # Occlusion asks the classifier once a word: too often for whole reviews, and for more than one network.
    probes = ["lrp", "sa", "gradient-x-input", "integrated-gradients", "occlusion", "random"]
    yield from ask(data, "erasure", probes, least=long, runs=10, sample=100, seed=0)
