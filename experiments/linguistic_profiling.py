"""Linguistic profiling (Miaschi and Dell'Orletta 2020): 68 features of sentences, read from frozen vectors.

Parts:

    sentences   every layer and pooling, and static tables, by linear-svr and ridge; the length baseline
    words       the same from the vector of one word: first, two internal ones, last
    controls    ridge on random targets and on the architecture with random weights
    twins       ridge with folds that keep identical sentences, or whole documents, together: what the leak is worth
    solver      scikit-learn's LinearSVR at its defaults and the exact optimum on one sample of 2,000 sentences; left to
                be asked for, since 340 regressors a representation, one by one, take core-hours

Choices that the paper leaves open and we made: pieces are pooled without special tokens; the internal words are the
ceil(n/3)-th and ceil(2n/3)-th; x and y are not scaled, shares are fractions; C=1, epsilon=0; folds are shuffled with a
fixed seed; word2vec is skip-gram with 300 dimensions, trained on the probed sentences and not on Wikipedia; `minilm` (a
sentence-embedding fine-tune of MiniLM with 6 layers) stands for bert-base-uncased unless another encoder is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.probing import probing

STUDY = Study(
    "linguistic-profiling",
    "Miaschi and Dell'Orletta 2020, RepL4NLP",
    title="Contextual and Non-Contextual Word Embeddings: an in-depth Linguistic Investigation",
    data={"treebanks": "ud-english", "glove": ("table", "glove")},
    instead={"treebanks": "grammar(n=3000)"},
)
FEATURES = "sentence/profiling-68"
POOLINGS = ("mean", "sum", "max", "min", "cls")
WORDS = ("word:1", "word:1/3", "word:2/3", "word:-1")
# The paper's two layers for single words: -8 of 12, that is 5/12 of the depth (best with Mean), and the last.
LAYERS_OF_WORDS = ("5/12", "last")
PROBES = ("linear-svr", "ridge")
SAMPLE = 2000


def encoders(data: Data) -> list[str]:
    """The contextual encoder, word2vec trained on the corpus, GloVe where it is at hand."""
    return ["minilm", str(Spec("word2vec", data["treebanks"])), *([data["glove"]] if "glove" in data else [])]


def ask(data: Data, **given: Any) -> Grid:
    """A grid on the study's features; by ridge on the mean, unless more is said."""
    usual = {"corpora": [data["treebanks"]], "encoders": encoders(data), "poolings": ["mean"], "probes": ["ridge"]}
    return probing(STUDY.name, tasks=[FEATURES], **{**usual, **given})


@STUDY.part("sentences")
def sentences(data: Data) -> Iterator[Grid]:
    yield ask(data, poolings=POOLINGS, probes=PROBES, controls=["length"])


@STUDY.part("words", own=["pooling"])
def words(data: Data) -> Iterator[Grid]:
    yield ask(data, poolings=WORDS, layers=LAYERS_OF_WORDS, probes=PROBES)


@STUDY.part("controls", own=["pooling", "probe"])
def controls(data: Data) -> Iterator[Grid]:
    yield ask(data, encoders=["minilm"], controls=["random-labels", "random-encoder"])


@STUDY.part("twins", own=["pooling"])
def twins(data: Data) -> Iterator[Grid]:
    for groups in ("text", "document") if "treebanks" in data else ("text",):
        yield ask(data, groups=groups)


@STUDY.part("solver", usual=False, own=["probe"])
def solver(data: Data) -> Iterator[Grid]:
    sample: dict[str, Any] = {"corpora": [f"{data['treebanks']}|sample(n={SAMPLE}, seed=0)"]}
    sample["probes"] = ["linear-svr-liblinear", "linear-svr"]
    # The paper does not use the embedding layer.
    yield ask(data, poolings=POOLINGS, layers="blocks", controls=["length"], **sample)
    yield ask(data, poolings=WORDS, layers=LAYERS_OF_WORDS, **sample)
