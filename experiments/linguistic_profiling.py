"""Linguistic profiling (Miaschi and Dell'Orletta 2020): 68 features of sentences, read from frozen vectors.

Parts:

    sentences   every layer and pooling, and static tables, by linear-svr and ridge; the length baseline
    words       the same from the vector of one word: first, two internal ones, last
    unseen      word2vec trained without the sentences that a fold tests, beside the one that has seen their words
    languages   features of nine languages from the layers of the multilingual encoder
    controls    ridge on random targets and on the architecture with random weights
    twins       ridge with folds that keep identical sentences, or whole documents, together: what the leak is worth
    solver      scikit-learn's LinearSVR at its defaults and the exact optimum on one sample of 2,000 sentences; left to
                be asked for, since 340 regressors a representation, one by one, take core-hours

Choices that the paper leaves open and we made: pieces are pooled without special tokens; the internal words are the
ceil(n/3)-th and ceil(2n/3)-th; x and y are not scaled, shares are fractions; C=1, epsilon=0; folds are shuffled with a
fixed seed; word2vec is skip-gram with 300 dimensions, trained on the probed sentences and not on Wikipedia. MPNet (12
layers of 768) and a multilingual encoder (12 of 384), where their folders are found, and `minilm` (6 of 384) stand for
bert-base-uncased. All three are tuned for sentence similarity: their last layers are not those of a language model.
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
    data={
        "treebanks": "ud-english",
        "glove": ("table", "glove"),
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"treebanks": "grammar(n=3000)"},
)
FEATURES = "sentence/profiling-68"
POOLINGS = ("mean", "sum", "max", "min", "cls")
WORDS = ("word:1", "word:1/3", "word:2/3", "word:-1")
# The paper's two layers for single words: -8 of 12, that is 5/12 of the depth (best with Mean), and the last.
LAYERS_OF_WORDS = ("5/12", "last")
PROBES = ("linear-svr", "ridge")
FOLDS = 5
SAMPLE = 2000
# The same 1,000 sentences in five languages, and smaller treebanks of others.
LANGUAGES = ("pud-en", "pud-de", "pud-fr", "pud-es", "pud-it", "naija-nsc", "breton-keb", "kurmanji-mg", "kazakh-ktb")


def contextual(data: Data) -> list[str]:
    """Encoders of twelve layers where they are at hand, and the bundled one of six."""
    return [*(data[name] for name in ("mpnet", "multilingual") if name in data), "minilm"]


def encoders(data: Data) -> list[str]:
    """Those, word2vec trained on the corpus, GloVe where it is at hand."""
    static = [str(Spec("word2vec", data["treebanks"])), *([data["glove"]] if "glove" in data else [])]
    return [*contextual(data), *static]


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


@STUDY.part("unseen", own=["encoder"])
def unseen(data: Data) -> Iterator[Grid]:
    """A table a fold, trained without the sentences that the fold tests; only that fold of its rows is read."""
    tables = [str(Spec("word2vec", f"{data['treebanks']}|without-fold(k={k})")) for k in range(FOLDS)]
    yield ask(data, encoders=tables, poolings=POOLINGS[:4], probes=PROBES)


@STUDY.part("languages", own=["dataset", "encoder"])
def languages(data: Data) -> Iterator[Grid]:
    """The features in other languages, read from the multilingual encoder."""
    if "multilingual" in data and "treebanks" in data:
        corpora = [f"ud-{name}" for name in LANGUAGES]
        yield ask(data, corpora=corpora, encoders=[data["multilingual"]], controls=["length"])


@STUDY.part("controls", own=["pooling", "probe"])
def controls(data: Data) -> Iterator[Grid]:
    yield ask(data, encoders=contextual(data), controls=["random-labels", "random-encoder"])


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
