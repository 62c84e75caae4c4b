"""Relevance in text classifiers (Arras, Horn, Montavon, Müller and Samek 2016): which explanation is better?

A text CNN over frozen word vectors is trained on topics; layer-wise relevance propagation (LRP) and sensitivity
analysis (SA) say which words made it decide, and are compared by deleting words, by documents as weighted sums of word
vectors, and by the words that are typical of a class.

Parts, chosen with `part=` (several joined by +, or all):

    classify        accuracy on the test texts
    conservation    relevance against score for all classes, in float64, by preset of rules
    deletion        accuracy while words go, for LRP, SA, its root and random orders; AOPC
    documents       neighbours in the plane of documents weighted in six ways
    words           relevance of typical words, for their own class and a rival
    highlight       the words of one document under several classes
    erasure         comprehensiveness and sufficiency of these and of further explainers

Choices that the paper leaves open and we made: words without a vector are zero (equal to a deleted word); padding takes
no part in the maximum; dropout .5 before the linear layer; SGD with momentum .9, rate .02, batches of 32, weight decay
1e-5, gradients clipped at norm 5, stopped by the cross-entropy of a tenth of the training texts (at most 10 epochs;
for movie reviews, which SGD leaves at chance in that time, Adam with rate .001 and at most 20);
k = 0..50 deletions; equal relevances go by position; the topics that colour documents are those of the newsgroups'
prefixes. Other than the paper: GloVe vectors of 100 dimensions in lower case stand for the 300 of GoogleNews, and the
bodies of the posts at hand are cut at 850 characters, so that fewer documents than the paper's 4,963 have 100 words:
those that remain are taken.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from probekit import resources
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid

NAME = "lrp-cnn-text"
SUMMARY = "relevance of words in text classifiers, LRP against sensitivity (Arras et al. 2016)"

NEWSGROUPS = "twenty-newsgroups|letters|truncate(n=400)|holdout"
MOVIES = "movie-reviews|letters|truncate(n=400)|resplit(dev=0.1, test=0.3)"
GENERATED = "topics(n=4000)"
CNN = "text-cnn"
_LOOP = "batch=32, decay=0.00001, epochs=10, momentum=0.9, optimizer=sgd, patience=2, rate=0.02"
TRAINING = f"training({_LOOP}, words=table)"
# SGD at that rate leaves the two classes of reviews at chance within ten epochs.
OF_MOVIES = "training(batch=32, decay=0.00001, epochs=20, patience=5, rate=0.001, words=table)"
WITHOUT_TABLE = f"training({_LOOP})"
# The paper's documents of Figure 2 by number; of others the first one that is right and short.
SHOWN = "61393"
PARTS = ("classify", "conservation", "deletion", "documents", "words", "highlight", "erasure")
TABLES = {"deletion": ("curve",), "documents": ("points",), "highlight": ("tokens",)}


def grids(
    corpora: Sequence[str] = (),
    encoders: Sequence[str] = (),
    tasks: Sequence[str] = (),
    layers: str | Sequence[int] = "all",
    poolings: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    keep: Sequence[str] = (),
    part: str = "all",
    vectors: str = "",
    training: str = "",
    sample: str = "0",
    steps: str = "50",
    runs: str = "10",
) -> list[Grid]:
    """Grids of the study. Empty axes take the study's own values; layers and poolings have no meaning here.

    encoders: classifiers, `text-cnn(filters=800)` or `bilstm(attention=mean)`. probes: explainers of the parts that
    compare them. vectors, training: of the classifiers. sample: at most so many test texts in deletion (0: all that are
    long enough). steps: deletions. runs: random orders.
    """
    from probekit.works import text_relevance as work

    del tasks, layers, poolings, keep
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    found = []
    for corpus in list(corpora) or default_corpora():
        table = vectors or ("random(width=50)" if corpus.startswith("topics") else "glove")
        usual = OF_MOVIES if corpus.startswith("movie-reviews") else TRAINING
        how = training or (usual if not table.startswith("random") else WITHOUT_TABLE)
        common: dict[str, list[Any]] = {
            "dataset": [corpus],
            "encoder": list(encoders) or [CNN],
            "vectors": [table],
            "training": [how],
        }
        least = 100 if not corpus.startswith("topics") else 60
        own: dict[str, dict[str, list[Any]]] = {
            "classify": {"task": ["classify"], "probe": [""]},
            "conservation": {
                "task": ["conservation"],
                "probe": ["lrp", "lrp-drop", "alpha-beta", "gamma"],
                "sample": [50],
            },
            "deletion": {
                "task": ["deletion"],
                "probe": list(probes) or ["lrp", "sa", "sa-l2", "random"],
                "least": [least],
                "steps": [whole("steps", steps)],
                "runs": [whole("runs", runs)],
                "sample": [whole("sample", sample)],
            },
            "erasure": {
                "task": ["erasure"],
                "probe": list(probes) or explainers(corpus),
                "least": [least],
                "runs": [whole("runs", runs)],
                "sample": [200],
            },
            "documents": {"task": ["document-vectors"], "probe": ["sum", "lrp", "sa", "sa-l2", "lrp-ew", "sa-ew"]},
            "words": {"task": ["class-words"], "probe": list(probes) or ["lrp", "sa"], "sample": [2000]},
            "highlight": {"task": ["highlight"], "probe": ["lrp", "sa"], "document": [SHOWN]},
        }
        for name in chosen:
            axes: dict[str, list[Any]] = {**common, **own[name], "seed": list(seeds)}
            share = [axis for axis in axes if axis != "probe"]
            found.append(Grid(NAME, work.NAME, axes, keep=TABLES.get(name, ()), share=share))
    return found


def whole(name: str, given: str | int) -> int:
    """A number of the command line. Raises ProbekitError for what is none."""
    if not str(given).isdecimal():
        raise ProbekitError(f"{name} is a whole number, got '{given}'")
    return int(given)


def explainers(corpus: str) -> list[str]:
    """Those that erasure compares; occlusion asks the classifier once a word, too often for whole reviews."""
    usual = ["lrp", "sa", "gradient-x-input", "integrated-gradients", "occlusion", "random"]
    return [name for name in usual if name != "occlusion" or not corpus.startswith("movie-reviews")]


def default_corpora() -> list[str]:
    """The study's texts where they and the vectors are on this machine, otherwise generated ones, which it says."""
    import probekit.corpora  # noqa: F401  registers them

    if resources.available("twenty-newsgroups") and resources.available("glove"):
        return [NEWSGROUPS, *([MOVIES] if resources.available("movie-reviews") else [])]
    print(
        "The study's texts (twenty-newsgroups) or vectors (glove) are not on this machine. Running on generated "
        f"documents instead, {GENERATED}: a demonstration, not a reproduction.\nFor the study, set PROBEKIT_DATA to "
        "the folders that hold them: probekit data list says where they come from",
        file=sys.stderr,
    )
    return [GENERATED]
