"""Linguistic profiling (Miaschi and Dell'Orletta 2020): 68 features of sentences, read from frozen vectors.

Parts:

    sentences   every block and pooling, and static tables; the length baseline
    words       the same from the vector of one word: first, two internal ones, last
    unseen      word2vec trained without the sentences that a fold tests, beside the one that has seen their words
    controls    ridge on random targets and on the architecture with random weights
    twins       ridge with folds that keep identical sentences, or whole documents, together: what the leak is worth
    languages   ridge on the features of six languages, from layers of the multilingual encoder
    ridge       sentences and words by ridge; left to be asked for
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
# The same 1,000 sentences in five languages, and a language that the encoder was trained on less.
LANGUAGES = ("pud-en", "pud-de", "pud-fr", "pud-es", "pud-it", "kazakh-ktb")
LAYERS_OF_LANGUAGES = (0, 4, 8, 12)


def contextual(data: Data) -> list[str]:
    """Encoders of twelve layers where they are at hand, and the bundled one of six."""
    return [*(data[name] for name in ("mpnet", "multilingual") if name in data), "minilm"]


def encoders(data: Data) -> list[str]:
    """Those, word2vec trained on the corpus, GloVe where it is at hand."""
    static = [str(Spec("word2vec", data["treebanks"])), *([data["glove"]] if "glove" in data else [])]
    return [*contextual(data), *static]


def ask(data: Data, **given: Any) -> Grid:
    """A grid on the study's features: the paper's probe on blocks, unless more is said."""
    usual = {"corpora": [data["treebanks"]], "encoders": encoders(data), "layers": "blocks", "probes": PROBES[:1]}
    return probing(STUDY.name, tasks=[FEATURES], **{**usual, **given})


def ridge_on_mean(data: Data, **given: Any) -> Grid:
    """What is asked beside the study, by the closed form."""
    return ask(data, **{"poolings": ["mean"], "probes": PROBES[1:], "layers": "all", **given})


@STUDY.part("sentences")
def sentences(data: Data) -> Iterator[Grid]:
    yield ask(data, poolings=POOLINGS, controls=["length"])


@STUDY.part("words", own=["pooling"])
def words(data: Data) -> Iterator[Grid]:
    yield ask(data, poolings=WORDS, layers=LAYERS_OF_WORDS)


@STUDY.part("unseen", own=["encoder", "pooling"])
def unseen(data: Data) -> Iterator[Grid]:
    """A table a fold, trained without the sentences that the fold tests; only that fold of its rows is read."""
    tables = [str(Spec("word2vec", f"{data['treebanks']}|without-fold(k={k})")) for k in range(FOLDS)]
    yield ask(data, encoders=tables, poolings=POOLINGS[:4])


@STUDY.part("controls", own=["encoder", "pooling", "probe"])
def controls(data: Data) -> Iterator[Grid]:
    yield ridge_on_mean(data, encoders=["minilm"], controls=["random-labels", "random-encoder"])


@STUDY.part("twins", own=["encoder", "pooling"])
def twins(data: Data) -> Iterator[Grid]:
    for groups in ("sentence", "text", "document") if "treebanks" in data else ("sentence", "text"):
        yield ridge_on_mean(data, encoders=encoders(data)[len(contextual(data)) - 1 :], groups=groups)


@STUDY.part("languages", own=["dataset", "encoder"])
def languages(data: Data) -> Iterator[Grid]:
    """The features in other languages, read from the multilingual encoder."""
    if "multilingual" in data and "treebanks" in data:
        corpora = [f"ud-{name}" for name in LANGUAGES]
        yield ridge_on_mean(data, corpora=corpora, encoders=[data["multilingual"]], layers=LAYERS_OF_LANGUAGES)


@STUDY.part("ridge", usual=False)
def ridge(data: Data) -> Iterator[Grid]:
    yield ask(data, poolings=POOLINGS, probes=PROBES[1:])
    yield ask(data, poolings=WORDS, layers=LAYERS_OF_WORDS, probes=PROBES[1:])


@STUDY.part("solver", usual=False, own=["probe"])
def solver(data: Data) -> Iterator[Grid]:
    sample: dict[str, Any] = {"corpora": [f"{data['treebanks']}|sample(n={SAMPLE}, seed=0)"]}
    sample |= {"probes": ["linear-svr-liblinear", "linear-svr"], "encoders": encoders(data)[-3:]}
    yield ask(data, poolings=POOLINGS, controls=["length"], **sample)
    yield ask(data, poolings=WORDS, layers=LAYERS_OF_WORDS, **sample)
