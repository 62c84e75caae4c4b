"""Does a model of many languages serve a small one, or would its own, or a pair with a relative (Wu and Dredze 2020)?

Parts:

    coverage   how often a text has the pieces of its own, a paired, a common and a real multilingual vocabulary
    steps      word classes of Yoruba by look of one pretraining, its held-out perplexity beside
    alone      word classes of Afrikaans, Latvian, Yoruba: pretrained alone, with a relative, with a stranger, in eight
               languages, and, but for Yoruba, with half the depth, a smaller vocabulary, shorter sequences
    parsing    Afrikaans and Latvian with these: a biaffine parser
    entities   Yoruba with these
    resources  entities of six languages, text and labelled sentences on log2 grids, crossed
    real       a real multilingual encoder by layer on entities and word classes, beside a tagger over sub-word vectors
    tuned      pretrained and untrained, with all weights learning

What is ours. The paper pretrains BERT base for 115,000 steps of 22,528 pieces on Wikipedia and tunes all of it. Here:
2 layers of 64 units, 1,000 pieces of vocabulary, 600 steps (in the part steps 1,200) of 1,024 pieces on 22,000 to
285,000 words of news, the New Testament and treebanks, read at the last layer, frozen, by a linear head (all weights
learn in the part tuned).
multilingual-e5-small stands for multilingual BERT: 12 layers of 384 units, tuned for sentence similarity, weights
rounded to 4 bits; its pretraining saw no Yoruba, Wolof, Bambara, Naija. 180 labelled and 180 tested sentences (in the
part resources 50 to 800, and 400), one seed. There is no Mongolian at hand. Entities are those of WikiANN's balanced
split and of MasakhaNER. A baseline is the better, by development data, of a
linear tagger of the look of words and a BiLSTM over sub-word vectors of the same text; in parsing the latter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import written
from probekit.study import Data, Study
from probekit.works.tagging import tagging, trained

LABELLED, TESTED = 180, 180
TEXTS = {  # by language, as `pretrained:` reads them
    "af": "ud-afrikaans-afribooms|split(train)",
    "lv": "new-testament-lv",
    "yo": "lafand-yo",
    "nl": "wikineural-nl|sample(n=6000)",
    "lt": "ud-lithuanian-alksnis|resplit(dev=0.05, test=0)",
    "wo": "lafand-wo",
    "bm": "lafand-bm",
    "en": "wikineural-en|sample(n=6000)",
}
PAIRS = {"af": "nl", "lv": "lt", "yo": "wo"}
STRANGERS = {"af": "lv", "lv": "yo", "yo": "lv"}
WHOLE = {  # what each language is labelled in: word classes and trees
    "af": "ud-afrikaans-afribooms",
    "lv": "ud-latvian-lvtb|resplit(dev=0.1, test=0.4)",
    "yo": "masakhapos-yo",
}
WIKIANN = ("en", "de", "es", "ru", "pl", "nl")
MASAKHANER = ("yo", "wo", "pcm", "am")
CLASSES = {  # further treebanks by language, cut where they have no training part
    "en": "ud-pud-en|resplit(dev=0.1, test=0.4)",
    "fi": "ud-finnish-tdt|resplit(dev=0.1, test=0.4)",
    "lt": "ud-lithuanian-alksnis|resplit(dev=0.1, test=0.4)",
    "kk": "ud-kazakh-ktb|resplit(dev=0.1, test=0.4)",
    "mr": "ud-marathi-ufal|resplit(dev=0.1, test=0.4)",
    "br": "ud-breton-keb|resplit(dev=0.1, test=0.4)",
    "wo": "masakhapos-wo",
    "bm": "masakhapos-bm",
}
STUDY = Study(
    "mbert-low-resource",
    "Wu and Dredze 2020, RepL4NLP at ACL",
    title="Are All Languages Created Equal in Multilingual BERT?",
    data={
        "yo": WHOLE["yo"],
        **{f"text-{code}": text for code, text in TEXTS.items()},
        **{code: bank for code, bank in WHOLE.items() if code != "yo"},
        **{f"wikiann-{code}": f"wikiann-{code}" for code in WIKIANN},
        **{f"masakhaner-{code}": f"masakhaner-{code}" for code in MASAKHANER},
        **{f"classes-{code}": bank for code, bank in CLASSES.items()},
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"yo": "grammar(n=300)|resplit", "text-yo": "grammar(n=300, seed=1)"},
)
SIZES = {"layers": 2, "width": 64, "heads": 4, "vocabulary": 1000, "length": 32, "batch": 32}
STEPS, RATE = 600, 0.002
SETTINGS: dict[str, dict[str, Any]] = {
    "small": {"layers": 1},
    "smaller vocabulary": {"vocabulary": 400},
    "shorter sequence": {"length": 16, "batch": 64},
}
LOOKS, LONG = 6, 1200
LAYERS = (4, 8, 12)
TEXT_SIZES, LABELLED_SIZES = (500, 2000, 8000), (50, 200, 800)
GRID_STEPS = 150
_HEAD: dict[str, Any] = {"head": "softmax", "rate": 0.01, "budget": 256}
LINEAR = {**_HEAD, "layers": 0, "hidden": 1, "epochs": 40, "patience": 12, "dropout": 0.1}
RECURRENT = {**_HEAD, "layers": 1, "hidden": 40, "epochs": 30, "patience": 10, "learn": True}
BIAFFINE: dict[str, Any] = {"layers": 0, "arc": 64, "label": 32, "rate": 0.003, "epochs": 15, "patience": 3}
LEARNING: dict[str, Any] = {"learn": True, "rate": 0.001, "epochs": 12, "patience": 4}  # all weights
POS, NER = "word/upos", "word/bio:entity"


def pretrained(text: str, beside: Sequence[str] = (), **more: Any) -> str:
    """An encoder pretrained on a text, and on others."""
    options = {**SIZES, "steps": STEPS, "rate": RATE, "warmup": 100, "looks": LOOKS, **more}
    return written("pretrained", text, **options, **({"beside": list(beside)} if beside else {}))


def untrained(text: str, beside: Sequence[str] = (), **more: Any) -> str:
    """The same with the weights it begins with."""
    return pretrained(text, beside, steps=1, looks=1, rate=1e-9, **more)


def subwords(text: str) -> str:
    """Sub-word vectors of a text, for the baseline."""
    return written("subwords", text, buckets=20000, epochs=3, lower=False, size=64)


def linear(encoder: str, task: str, layer: int | str = "last", **more: Any) -> str:
    """A linear head on the first pieces of an encoder."""
    return written("tagger", inputs=[encoder], layer=layer, task=task, **{**LINEAR, **more})


def baselines(text: str, task: str) -> list[str]:
    """A linear tagger of the look of words, and a BiLSTM over sub-word vectors of a text, which learn."""
    return [written("shapes", task=task), written("tagger", inputs=[subwords(text)], task=task, **RECURRENT)]


def parser(corpus: str, encoder: str, **more: Any) -> str:
    """A biaffine parser over the frozen vectors of an encoder."""
    return written("parser", corpus, inputs=[encoder], **{**BIAFFINE, **more})


def labelled(corpus: str, n: int = LABELLED) -> str:
    return f"{corpus}|split(train)|sample(n={n})"


def asked(corpus: str, n: int = TESTED) -> str:
    return f"{corpus}|split(test)|sample(n={n})"


def mixtures(data: Data, code: str) -> list[str]:
    """A language's models: untrained, its own, with a relative, with a stranger, in eight languages."""
    own, pair, stranger = (data[f"text-{one}"] for one in (code, PAIRS[code], STRANGERS[code]))
    return [untrained(own), *(pretrained(own, beside) for beside in ((), [pair], [stranger], others(data, code)))]


def others(data: Data, code: str) -> list[str]:
    return [data[f"text-{one}"] for one in TEXTS if one != code]


def whole(data: Data, *codes: str) -> list[str]:
    """Those of some languages that are here with every text that their models are made of."""
    if not all(f"text-{one}" in data for one in TEXTS):
        return []
    return [code for code in codes if code in data]


def ask(corpus: str, taggers: Sequence[str], keep: Sequence[str] = ("predictions",)) -> Grid:
    return tagging(STUDY.name, taggers, [asked(corpus)], trained_on=[labelled(corpus)], keep=keep)


@STUDY.part("coverage", own=["encoder"])
def coverage(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv", "yo"):
        own, pair = data[f"text-{code}"], data[f"text-{PAIRS[code]}"]
        kinds = [untrained(own), untrained(own, vocabulary=400), untrained(own, [pair])]
        kinds.append(untrained(own, others(data, code)))
        kinds += [data["multilingual"]] if "multilingual" in data else []
        yield Grid(STUDY.name, "vocabulary-coverage", {"dataset": [own], "encoder": kinds}, keep=["curve"])


@STUDY.part("steps", own=["encoder"])
def steps(data: Data) -> Iterator[Grid]:
    text, corpus, here = data["text-yo"], data["yo"], "yo" in data
    many = LONG if "text-yo" in data else LOOKS
    looks = [pretrained(text, steps=many, states=True, look=look + 1) for look in range(LOOKS)]
    taggers = [linear(one, POS, layer) for one in (untrained(text), *looks) for layer in (1, 2)]
    on, of = (asked(corpus), labelled(corpus)) if here else (f"{corpus}|split(test)", f"{corpus}|split(train)")
    yield tagging(STUDY.name, taggers, [on], trained_on=[of], keep=["predictions"])
    yield Grid(STUDY.name, "pretraining", {"encoder": looks[:1]}, keep=["curve"])


@STUDY.part("alone", own=["encoder"])
def alone(data: Data) -> Iterator[Grid]:
    for code in whole(data, *WHOLE):
        text = data[f"text-{code}"]
        models = mixtures(data, code)
        models += [pretrained(text, **one) for one in SETTINGS.values()] if code != "yo" else []
        taggers = [*(linear(one, POS) for one in models), *baselines(text, POS)]
        yield ask(data[code], taggers)
        yield Grid(STUDY.name, "pretraining", {"encoder": models[1:]}, keep=["curve"])


@STUDY.part("parsing", own=["encoder"])
def parsing(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv"):
        corpus, text = labelled(data[code]), data[f"text-{code}"]
        parsers = [parser(corpus, one) for one in mixtures(data, code)]
        parsers.append(parser(corpus, subwords(text), layers=1, hidden=40))
        parsers += [parser(corpus, data["multilingual"], layer=8)] if "multilingual" in data else []
        yield Grid(STUDY.name, "parsing", {"dataset": [asked(data[code])], "encoder": parsers, "seed": [0]})


@STUDY.part("entities", own=["encoder"])
def entities(data: Data) -> Iterator[Grid]:
    if whole(data, "yo") and "masakhaner-yo" in data:
        text = data["text-yo"]
        taggers = [*(linear(one, NER) for one in mixtures(data, "yo")), *baselines(text, NER)]
        yield ask(data["masakhaner-yo"], taggers, ["tallies"])


@STUDY.part("resources", own=["encoder"])
def resources(data: Data) -> Iterator[Grid]:
    """Each text a sample of a language's training sentences, of which the labelled ones are a part or the whole."""
    for code in WIKIANN:
        if f"wikiann-{code}" in data:
            bank = data[f"wikiann-{code}"]
            texts = [f"{bank}|split(train)|sample(n={n})" for n in TEXT_SIZES]
            models = [pretrained(text, steps=GRID_STEPS, vocabulary=500) for text in texts]
            taggers = [trained(linear(one, NER), labelled(bank, n)) for one in models for n in LABELLED_SIZES]
            yield tagging(STUDY.name, taggers, [asked(bank, 400)], keep=["tallies"])
            words = {"dataset": [labelled(bank, n) for n in LABELLED_SIZES], "encoder": models[:1]}
            yield Grid(STUDY.name, "vocabulary-coverage", words)


@STUDY.part("real", own=["encoder"])
def real(data: Data) -> Iterator[Grid]:
    if "multilingual" not in data:
        return
    for name, code, task, keep in (
        *((f"wikiann-{code}", code, NER, "tallies") for code in WIKIANN),
        *((f"masakhaner-{code}", code, NER, "tallies") for code in MASAKHANER),
        *((code, code, POS, "predictions") for code in WHOLE),
        *((f"classes-{code}", code, POS, "predictions") for code in CLASSES),
    ):
        if name in data:
            text = TEXTS[code] if code in WHOLE else f"{data[name]}|split(train)"
            taggers = [linear(data["multilingual"], task, layer) for layer in LAYERS]
            yield ask(data[name], [*taggers, *baselines(text, task)], [keep])


@STUDY.part("tuned", own=["encoder"])
def tuned(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "yo"):
        text = data[f"text-{code}"]
        yield ask(data[code], [linear(one, POS, **LEARNING) for one in (untrained(text), pretrained(text))])
