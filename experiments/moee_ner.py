"""A tagger of entities in another domain: do a second task and a mixture of experts help (Liu, Winata and Fung 2020)?

Parts:

    models   BiLSTM-CRF, with a second task (MTL), with experts (MoEE), with both; sub-word vectors frozen and learning,
             GloVe frozen; beside them a linear model of word shapes and affixes; asked about technology news
    tuned    the same four on MiniLM, fine-tuned: softmax on first pieces, no BiLSTM (not asked by itself: it takes
             longer than all others, and is not among the rows that travel)
    others   the taggers of frozen vectors on WikiGold and on the politics of CrossNER, shared types alone
    gates    weights of the experts in the sentence with "Drudge Report", by word

What is ours. The source is a sample of 1,000 sentences of WikiNEuRal's English part, whose tags are silver
(CoNLL-2003 is licensed: --corpus bio:FILE,FILE takes its place); the target a sample of 1,000 of SciTech News' 2,000.
Sub-word vectors of 100 dimensions are trained on all of WikiNEuRal's sentences, the paper's of 300 on Wikipedia. One
layer of 64 units a direction and experts of 64, for two layers of 200 and 200; 12 passes, of the tuned ones 2;
batches of 512 positions, rates 0.003 and 0.0002; three seeds, of the tuned and the described ones one (--seed for
others). The pass is chosen on development sentences of the source. BERT is not at hand: MiniLM, tuned for sentence
similarity, stands in its place. The concept tagger and the robust sequence tagger are only named in the paper;
descriptions and examples are ours, read with GloVe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.tagging import tagging

SHARED = {
    "PER": ("person", "politician"),
    "ORG": ("organisation", "politicalparty"),
    "LOC": ("location", "country"),
    "MISC": ("misc", "event", "election"),
}
NAMES = [f"{old}={new}" for new, every in SHARED.items() for old in every]
WIKIPEDIA = "wikineural-en"
STUDY = Study(
    "moee-ner",
    "Liu, Winata and Fung 2020, RepL4NLP at ACL",
    title="Zero-Resource Cross-Domain Named Entity Recognition",
    data={
        "source": f"{WIKIPEDIA}|sample(n=1000)|resplit(dev=0.15, test=0)",
        "target": "scitech-news|sample(n=1000)",
        "drudge": 'scitech-news|holding("Drudge Report")',
        "wikigold": "wikigold",
        "politics": f"crossner-politics|split(test)|{Spec('relabelled').given({'names': NAMES})}",
        "glove": ("encoder", "glove"),
    },
    instead={
        "source": "gazetteers(n=400)",
        "target": "gazetteers(n=200, domain=target)",
        "drudge": 'gazetteers(n=200, domain=target)|holding("said that prices rose")',
    },
)
SEEDS = (0, 1, 2)
EXPERTS, SECOND = {"experts": 64}, {"detection": "binary"}
MODELS: Mapping[str, Mapping[str, Any]] = {"plain": {}, "MTL": SECOND, "MoEE": EXPERTS, "both": {**EXPERTS, **SECOND}}
BODY = {"hidden": 64, "layers": 1, "epochs": 12, "patience": 4, "rate": 0.003, "budget": 512}
EXAMPLES = (
    *("PER=john smith", "PER=maria garcia", "ORG=united nations", "ORG=microsoft corporation"),
    *("LOC=london", "LOC=northern germany", "MISC=olympic games", "MISC=german"),
)
NAMED: Mapping[str, Mapping[str, Any]] = {
    "concept": {"head": "concept", "patience": BODY["epochs"]},
    "robust": {"head": str(Spec("concept").given({"examples": list(EXAMPLES)})), "patience": BODY["epochs"]},
}
TUNED = {"inputs": ["minilm"], "learn": True, "hidden": 1, "layers": 0, "head": "softmax"}
TUNED |= {"epochs": 2, "rate": 0.0002, "budget": 256}
KEEP = ["tallies"]


def subwords(data: Data) -> str:
    """Sub-word vectors of all of Wikipedia that is at hand, or of what stands for the source."""
    text = WIKIPEDIA if "source" in data else data["source"]
    return str(Spec("subwords", text, (), {"buckets": 20000, "epochs": 10, "lower": False, "size": 100}))


def settings(data: Data) -> dict[str, dict[str, Any]]:
    """Inputs by setting: frozen and learning sub-word vectors, and GloVe."""
    own = [subwords(data)]
    found = {"freeze": {**BODY, "inputs": own}, "unfreeze": {**BODY, "inputs": own, "learn": True}}
    return found | ({"GloVe": {**BODY, "inputs": [data["glove"]]}} if "glove" in data else {})


def tagger(data: Data, options: Mapping[str, Any], model: str) -> str:
    """Spec of a tagger of a model in a setting, trained on the source."""
    return str(Spec("tagger", data["source"], (), dict(sorted({**options, **{**MODELS, **NAMED}[model]}.items()))))


def taggers(
    data: Data, among: Sequence[str] = ("freeze", "unfreeze", "GloVe"), models: Sequence[str] = tuple(MODELS)
) -> list[str]:
    """Every model in some settings."""
    return [tagger(data, how, model) for name, how in settings(data).items() if name in among for model in models]


def linear(data: Data) -> str:
    """The linear model of word shapes and affixes."""
    return str(Spec("shapes", data["source"]))


@STUDY.part("models", own=["encoder"])
def models(data: Data) -> Iterator[Grid]:
    yield tagging(STUDY.name, [*taggers(data), linear(data)], [data["target"]], SEEDS, KEEP)


@STUDY.part("tuned", usual=False, own=["encoder"])
def tuned(data: Data) -> Iterator[Grid]:
    yield tagging(STUDY.name, [tagger(data, TUNED, model) for model in MODELS], [data["target"]], SEEDS[:1], KEEP)


@STUDY.part("described", own=["encoder"])
def described(data: Data) -> Iterator[Grid]:
    if "glove" in data:
        yield tagging(STUDY.name, taggers(data, ("freeze", "GloVe"), tuple(NAMED)), [data["target"]], SEEDS[:1], KEEP)


@STUDY.part("others", own=["encoder"])
def others(data: Data) -> Iterator[Grid]:
    on = [data[name] for name in ("wikigold", "politics") if name in data]
    if on:
        yield tagging(STUDY.name, [*taggers(data, ("freeze", "GloVe")), linear(data)], on, SEEDS, KEEP)


@STUDY.part("gates", own=["encoder"])
def gates(data: Data) -> Iterator[Grid]:
    """Of the taggers with experts on vectors."""
    on = [data[name] for name in data.names("drudge")]
    yield tagging(STUDY.name, taggers(data, models=("MoEE", "both")), on, SEEDS, ["tokens"])
