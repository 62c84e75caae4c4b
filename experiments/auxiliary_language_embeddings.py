"""Embeddings of which other language help a tagger, and does nearness tell beforehand (Lange, Adel and Strötgen 2020)?

Parts:

    ner        German, English, Spanish, Finnish and Dutch entities: vectors of the language alone, of all languages in
               one, both, those of one other language beside, all side by side, all by attention, its own twice; a
               linear model of word shapes and affixes
    pos        the same for parts of speech
    characters  character language models in the place of FLAIR's, German and Dutch entities: the language's own, that
               of one other language (German or Dutch, English) beside, its own twice
    distances  perplexity of characters and shared words, on the Universal Declaration of Human Rights and on the
               sentences that are trained on

What is ours. Entities: 750 training, 150 development and 600 test sentences of each language, cut anew from
CoNLL-2002 (Spanish, Dutch), FiNER and WikiNEuRal (German, English; silver, CoNLL-2003 is licensed). Parts of speech:
500, 100 and 400, cut anew from the development and test parts of the treebanks (the training parts are not at hand).
In the place of BPEmb stand sub-word vectors of 100 dimensions trained on WikiNEuRal's text of each language, Finnish
ones on FiNER's training text, and one table on 2,000 sentences of each; FLAIR models are not at hand: character
models of 128 units a direction, 3 passes over 2,000 sentences of each language, stand for them in a small part. One
layer of 64
units a direction for 256; Adam at 0.01 for stochastic gradients at 0.1 with halving; 12 passes for entities, 6 for
parts of speech. One seed (--seed for others).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.tagging import tagging

LANGUAGES = ("de", "en", "es", "fi", "nl")
ENTITIES = {"de": "wikineural-de", "en": "wikineural-en", "es": "conll2002-es", "fi": "finer", "nl": "conll2002-nl"}
TREEBANKS = {"de": "de_gsd", "es": "es_gsd", "fi": "fi_tdt", "nl": "nl_alpino"}
TEXT = {code: f"wikineural-{code}" for code in ("de", "en", "es", "nl")} | {"fi": "finer|split(train)"}
DECLARED = {"de": "deu", "en": "eng", "es": "spa", "fi": "fin", "nl": "nld"}
CUT = "|resplit(dev=0.1, test=0.4)"


def together(*specs: str) -> str:
    """A corpus of several."""
    return f"{specs[0]}|{Spec('joined').given({'with': list(specs[1:])})}"


def treebank(code: str) -> str:
    """Sentences of a language's treebank, split anew."""
    files = ",".join(f"ud_family/{TREEBANKS[code]}-ud-{part}.conllu.gz" for part in ("dev", "test"))
    return f"conllu:{files}(language={code})|sample(n=1000){CUT}"


NER = {code: f"{name}|sample(n=1500){CUT}" for code, name in ENTITIES.items()}
POS = {code: treebank(code) for code in TREEBANKS} | {"en": f"ud-english-ewt|sample(n=1000){CUT}"}
EVERY = together(*(f"{text}|sample(n=2000)" for text in TEXT.values()))
STUDY = Study(
    "auxiliary-language-embeddings",
    "Lange, Adel and Strötgen 2020, RepL4NLP at ACL",
    title="On the Choice of Auxiliary Languages for Improved Sequence Tagging",
    data={
        **NER,
        **{f"pos-{code}": POS[code] for code in LANGUAGES},
        "text": EVERY,
        "declaration": together(*(f"plain:udhr/{DECLARED[code]}.txt(language={code})" for code in LANGUAGES)),
        "training": together(*(f"{name}|split(train)" for name in NER.values())),
        "pos-training": together(*(f"{POS[code]}|split(train)" for code in LANGUAGES)),
    },
    instead={"de": "gazetteers(n=300)", "en": "gazetteers(n=300, domain=target)"},
)
SEEDS = (0,)
BODY = {"hidden": 64, "layers": 1, "rate": 0.01, "dropout": 0.1}
TASKS: dict[str, dict[str, Any]] = {
    "ner": {"epochs": 12, "patience": 12, "budget": 256},
    "pos": {"epochs": 6, "patience": 6, "budget": 256, "task": "word/upos"},
}
KEEP = ["tallies", "tokens"]
SPELLED = {"de": ("en", "nl"), "nl": ("de", "en")}  # targets of the character models, and whose stand beside


def vectors(text: str, **more: Any) -> str:
    """Sub-word vectors of some text."""
    options = {"buckets": 20000, "epochs": 30, "lower": False, "size": 100, **more}
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


def trained(data: Data, target: str, task: str, options: Iterable[dict[str, Any]]) -> list[str]:
    """Taggers for one language, by their inputs and how these are combined."""
    how = {**BODY, **TASKS[task]}
    return [str(Spec("tagger", data[named(target, task)], (), dict(sorted({**how, **own}.items())))) for own in options]


def taggers(data: Data, target: str, task: str = "ner") -> list[str]:
    """Every setting for one language, and the linear model."""
    taught = {"task": TASKS[task]["task"]} if "task" in TASKS[task] else {}
    made = trained(data, target, task, settings(data, target).values())
    return [*made, str(Spec("shapes", data[named(target, task)], (), taught))]


def spelled(data: Data, target: str) -> list[str]:
    """Taggers on character models: of the language, of another beside, its own twice."""
    every = {
        code: str(Spec("character-lm", f"{TEXT[code]}|sample(n=2000)", (), {"epochs": 3, "hidden": 128}))
        for code in (target, *SPELLED[target])
    }
    inputs = [[every[target]], *([every[target], own] for own in every.values())]
    return trained(data, target, "ner", [{"inputs": own} for own in inputs])


def named(target: str, task: str) -> str:
    """Name of the data of a language and task."""
    return target if task == "ner" else f"{task}-{target}"


def asked(data: Data, task: str) -> Iterator[Grid]:
    """A grid of each language at hand."""
    names = {named(target, task): target for target in LANGUAGES}
    for name in data.names(*names):
        yield tagging(STUDY.name, taggers(data, names[name], task), [data[name]], SEEDS, KEEP)


@STUDY.part("ner", own=["encoder"])
def ner(data: Data) -> Iterator[Grid]:
    yield from asked(data, "ner")


@STUDY.part("pos", own=["encoder"])
def pos(data: Data) -> Iterator[Grid]:
    yield from asked(data, "pos")


@STUDY.part("characters", own=["encoder"])
def characters(data: Data) -> Iterator[Grid]:
    if "text" in data:
        for target in data.names(*SPELLED):
            yield tagging(STUDY.name, spelled(data, target), [data[target]], SEEDS, KEEP[:1])


@STUDY.part("distances", own=["dataset"])
def distances(data: Data) -> Iterator[Grid]:
    for name in ("declaration", "training", "pos-training"):
        if name in data:
            yield Grid(STUDY.name, "language-distances", {"dataset": [data[name]]})
