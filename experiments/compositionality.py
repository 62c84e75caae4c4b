"""Does a sentence encoder compose (Bhathena et al. 2020)? Pairs that flip polarity, and vectors rebuilt from parts.

Parts:

    polarity      PSS of linear and two-layer heads on frozen vectors: Yelp sentences and human flips, by layer
    tuned         PSS of encoders trained with their head
    films         PSS on long film reviews and human flips
    trees         tree reconstruction error of SST sentences by layer, against weighted node switching and tree impurity
    compositions  the same for other compositions, of words that occur twice, from zero: 500 sentences
    examples      tree impurity and node switching of the paper's example sentences
    mpnet         polarity and trees of MPNet, which costs as much as all others (asked for by name)

What is ours. GloVe's mean stands for USE-DAN (frozen, or its word vectors tuned with the head), MiniLM for
USE-Transformer, the multilingual encoder for BERT; for ELMo a BiLSTM trained on the sentences alone, which there is
only tuned. All three Transformers are tuned for sentence similarity: their last layers are
not those of a language model. Yelp: the published development part, 4,000 sentences, is trained on (a tenth to stop
by), as the 450,000 to train on are too large to have; accuracy is that of the 1,000 test sentences; pairs are all human
flips. Heads have 5 seeds, what is tuned one; MiniLM is tuned in one pass and reads its first piece through its pooler,
the frozen ones through nothing. MPNet and the multilingual encoder are read at some layers, the last but one among
them, which is the paper's for BERT. Of SST 2,000 sentences are drawn: vectors of words are learned from those of the
train part, and errors told of them and of the others, which they have not seen. Untrained MiniLM is the control.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study

STUDY = Study(
    "compositionality",
    "Bhathena, Willis and Dass 2020, RepL4NLP at ACL",
    title="Evaluating Compositionality of Sentence Representation Models",
    data={
        "yelp": "yelp-flips|holdout",
        "films": "film-flips(flips=test)|lengths(most=150)",
        "trees": "sst-trees|sample(n=2000)",
        "few-trees": "sst-trees|sample(n=500)",
        "sst": "sst-trees",
        "glove": ("table", "glove"),
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"yelp": "polarity-phrases(n=900)", "trees": "polarity-phrases(n=300)"},
)
LINEAR, DEEP = "mlp(layers=0, rate=0.003)", "mlp(hidden=[500, 100], rate=0.003)"
MINILM, UNTRAINED = "minilm", "random:minilm"
SWITCHING, IMPURITY = "sentence/node-switching", "sentence/tree-impurity"
SEEDS, TUNED_SEEDS = range(5), range(1)
# Of the paper's Table 4 and Figure 3, as they begin.
EXAMPLES = (
    "If Steven Soderbergh",
    "A sober and affecting chronicle",
    "Cool ?",
    "Nothing is black and white",
    "A coda in every sense",
)
Asked = tuple[str, Sequence[int | None]]


def encoders(data: Data, large: Sequence[int]) -> Iterator[Asked]:
    """Encoders with the layers that are read, `large` those of the large ones."""
    if "glove" in data:
        yield "glove", [None]
    yield MINILM, range(7)
    if "multilingual" in data:
        yield data["multilingual"], large
    yield UNTRAINED, [0, 3, 6]


def frozen(corpus: str, encoder: str, layers: Sequence[int | None], pooling: str, probe: str) -> Grid:
    """Heads of every seed on some layers of a frozen encoder."""
    axes = {"dataset": [corpus], "encoder": [encoder], "layer": layers, "pooling": [pooling], "probe": [probe]}
    return Grid(STUDY.name, "polarity", {**axes, "seed": list(SEEDS)}, keep=["groups"], share=list(axes))


@STUDY.part("polarity", own=["seed"])
def polarity(data: Data) -> Iterator[Grid]:
    corpus = data["yelp"]
    for encoder, layers in encoders(data, [0, 2, 4, 6, 8, 10, 11, 12]):
        yield frozen(corpus, encoder, layers, "mean", LINEAR)
        if encoder == MINILM:
            yield frozen(corpus, encoder, layers, "cls", LINEAR)
        if encoder != UNTRAINED:
            yield frozen(corpus, encoder, [one for one in layers if one in (None, 6, 11)], "mean", DEEP)


@STUDY.part("tuned", own=["encoder", "seed"])
def tuned(data: Data) -> Iterator[Grid]:
    corpus = data["yelp"]
    made: list[Spec] = []
    if "glove" in data:
        for model in ("deep-average", "bilstm", "deep-average(hidden=[500, 100])"):
            options = {"model": model, "trainable": True}
            made += [Spec("classifier", corpus, (), {**options, "seed": seed}) for seed in TUNED_SEEDS]
    made += [Spec("fine-tuned", corpus, (), {"epochs": 1, "model": MINILM, "seed": seed}) for seed in TUNED_SEEDS]
    yield Grid(STUDY.name, "tuned-polarity", {"dataset": [corpus], "encoder": list(map(str, made))}, keep=["groups"])


@STUDY.part("films", own=["seed"])
def films(data: Data) -> Iterator[Grid]:
    if "films" in data:
        encoder, layer = ("glove", None) if "glove" in data else (MINILM, 6)
        yield frozen(data["films"], encoder, [layer], "mean", LINEAR)


def rebuilt(corpus: str, encoder: str, layers: Sequence[int | None], pooling: str = "mean", **more: Any) -> Grid:
    """Tree reconstruction of some layers against both scores of trees."""
    fit: dict[str, Any] = {"probe": ["add"], "steps": [400], "scale": [0.01], "least": [1], **more, "seed": [0]}
    axes = {"dataset": [corpus], "encoder": [encoder], "layer": layers, "pooling": [pooling], **fit}
    keep = ["points"] if fit["probe"] == ["add"] else []
    return Grid(STUDY.name, "reconstruction", {**axes, "task": [SWITCHING, IMPURITY]}, keep, share=list(axes))


@STUDY.part("trees", own=["task"])
def trees(data: Data) -> Iterator[Grid]:
    for encoder, layers in encoders(data, [0, 4, 8, 11]):
        yield rebuilt(data["trees"], encoder, layers)
        if encoder == MINILM:
            yield rebuilt(data["trees"], encoder, [6], "cls")


@STUDY.part("mpnet", usual=False, own=["seed", "task"])
def mpnet(data: Data) -> Iterator[Grid]:
    if "mpnet" in data:
        yield frozen(data["yelp"], data["mpnet"], [0, 2, 4, 6, 8, 10, 11, 12], "mean", LINEAR)
        yield rebuilt(data["trees"], data["mpnet"], [0, 4, 8, 11])


@STUDY.part("compositions", own=["task"])
def compositions(data: Data) -> Iterator[Grid]:
    if "few-trees" in data:
        chosen: list[Asked] = [("glove", [None])] if "glove" in data else []
        for encoder, layers in [*chosen, (MINILM, [6])]:
            ways = ["add", "mul", "linear", "linear(seed=1)"]
            yield rebuilt(data["few-trees"], encoder, layers, probe=ways, steps=[100])
            yield rebuilt(data["few-trees"], encoder, layers, scale=[0.0, 0.01], least=[1, 2])


@STUDY.part("examples", own=["task"])
def examples(data: Data) -> Iterator[Grid]:
    if "sst" in data:
        axes = {"dataset": [data["sst"]], "task": [SWITCHING, IMPURITY], "begins": EXAMPLES}
        yield Grid(STUDY.name, "tree-scores", axes, keep=["nodes"], share=["dataset", "task"])
