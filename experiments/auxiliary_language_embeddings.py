"""Embeddings of which other language help a tagger, and does nearness tell beforehand (Lange, Adel and Strötgen 2020)?

Parts:

    ner        German, English, Spanish, Finnish and Dutch entities: vectors of the language alone, of all languages in
               one, both, those of one other language beside, all side by side, all by attention, its own twice; a
               linear model of word shapes and affixes
    distances  perplexity of characters and shared words, on the Universal Declaration of Human Rights and on the
               sentences that are trained on

What is ours. 500 training, 150 development and 350 test sentences of each language, cut anew from CoNLL-2002 (Spanish,
Dutch), FiNER and WikiNEuRal (German, English; silver, CoNLL-2003 is licensed). In the place of BPEmb stand sub-word
vectors of 100 dimensions trained on WikiNEuRal's text of each language, Finnish ones on FiNER's training text, and one
table on 2,000 sentences of each; there are no FLAIR models, and parts of speech are not asked. One layer of 64 units a
direction for 256; Adam at 0.003 for stochastic gradients at 0.1 with halving; 10 passes. One seed (--seed for others).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.tagging import tagging

LANGUAGES = ("de", "en", "es", "fi", "nl")
CUT = "|sample(n=1000)|resplit(dev=0.15, test=0.35)"
ENTITIES = {"de": "wikineural-de", "en": "wikineural-en", "es": "conll2002-es", "fi": "finer", "nl": "conll2002-nl"}
TEXT = {code: f"wikineural-{code}" for code in ("de", "en", "es", "nl")} | {"fi": "finer|split(train)"}
DECLARED = {"de": "deu", "en": "eng", "es": "spa", "fi": "fin", "nl": "nld"}


def together(*specs: str) -> str:
    """A corpus of several."""
    return f"{specs[0]}|{Spec('joined').given({'with': list(specs[1:])})}"


EVERY = together(*(f"{text}|sample(n=2000)" for text in TEXT.values()))
STUDY = Study(
    "auxiliary-language-embeddings",
    "Lange, Adel and Strötgen 2020, RepL4NLP at ACL",
    title="On the Choice of Auxiliary Languages for Improved Sequence Tagging",
    data={
        **{code: f"{name}{CUT}" for code, name in ENTITIES.items()},
        "text": EVERY,
        "declaration": together(*(f"plain:udhr/{name}.txt(language={code})" for code, name in DECLARED.items())),
        "training": together(*(f"{name}{CUT}|split(train)" for name in ENTITIES.values())),
    },
    instead={"de": "gazetteers(n=300)", "en": "gazetteers(n=300, domain=target)"},
)
SEEDS = (0,)
BODY = {"hidden": 64, "layers": 1, "epochs": 10, "patience": 4, "rate": 0.003, "budget": 512, "dropout": 0.1}
KEEP = ["tallies", "tokens"]


def vectors(text: str, **more: Any) -> str:
    """Sub-word vectors of some text."""
    options = {"buckets": 20000, "epochs": 5, "lower": False, "size": 100, **more}
    return str(Spec("subwords", text, (), dict(sorted(options.items()))))


def sources(data: Data) -> dict[str, str]:
    """Vectors of each language, and of all in one."""
    if "text" not in data:
        made = {code: vectors(data[code], epochs=2, size=16) for code in ("de", "en")}
        return made | {"multi": vectors(data["de"], epochs=2, size=16, seed=1)}
    return {**{code: vectors(text) for code, text in TEXT.items()}, "multi": vectors(data["text"])}


def settings(data: Data, target: str) -> dict[str, dict[str, Any]]:
    """Inputs, and how they are combined, by the name of the paper's setting."""
    every = sources(data)
    own, multi = every[target], every["multi"]
    others = [code for code in LANGUAGES if code in every and code != target]
    ordered = [own, *(every[code] for code in others), multi]
    found: dict[str, dict[str, Any]] = {
        "Monolingual": {"inputs": [own]},
        "Multilingual": {"inputs": [multi]},
        "Mono + Multi": {"inputs": [own, multi]},
        **{f"Mono + {code.upper()}": {"inputs": [own, every[code]]} for code in others},
        "Mono + All": {"inputs": ordered},
        "Meta-Embeddings": {"inputs": ordered, "combine": "attention"},
        "Mono + Mono": {"inputs": [own, own]},
    }
    return found


def taggers(data: Data, target: str) -> list[str]:
    """Every setting for one language, and the linear model."""
    every = settings(data, target).values()
    made = [str(Spec("tagger", data[target], (), dict(sorted({**BODY, **how}.items())))) for how in every]
    return [*made, str(Spec("shapes", data[target]))]


def asked(data: Data) -> Sequence[str]:
    """Languages at hand."""
    return data.names(*LANGUAGES)


@STUDY.part("ner", own=["encoder"])
def ner(data: Data) -> Iterator[Grid]:
    for target in asked(data):
        yield tagging(STUDY.name, taggers(data, target), [data[target]], SEEDS, KEEP)


@STUDY.part("distances", own=["dataset"])
def distances(data: Data) -> Iterator[Grid]:
    for name in ("declaration", "training"):
        if name in data:
            yield Grid(STUDY.name, "language-distances", {"dataset": [data[name]]})
