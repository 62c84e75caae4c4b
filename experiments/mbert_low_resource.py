"""Does a model of many languages serve a small one, or would its own, or a pair with a relative (Wu and Dredze 2020)?

Parts:

    coverage   how often a text has the pieces of its own, a paired, a common and a real multilingual vocabulary
    steps      word classes of Yoruba by look of one pretraining, its held-out perplexity beside
    amounts    the same with 500 and with 2,000 sentences of its text
    alone      word classes of Afrikaans, Latvian, Yoruba: pretrained alone, with a relative, with a stranger, in eight
               languages, and alone with half the depth, a smaller vocabulary, shorter sequences
    together   Yoruba, Wolof and Bambara, each alone and all three in one model: word classes, entities of the first two
    seeds      own text, with a relative, untrained: drawn anew, two times
    parsing    Afrikaans and Latvian with these: a biaffine parser
    entities   Yoruba with these
    resources  entities of six languages, text and labelled sentences on log2 grids, crossed
    real       a real multilingual encoder by layer on entities and word classes, beside a tagger over sub-word vectors
    trees      the same encoder by layer in parsing, on every treebank that is learned from
    transfer   the same, taught English or the nearest relative, on treebanks without a training part of their own
    tuned      pretrained and untrained, with all weights learning
    real-tuned the real encoder with all weights learning, on the corpora of real and trees (asked for by name: hours)

What is ours. The paper pretrains BERT base for 115,000 steps of 22,528 pieces on Wikipedia and tunes all of it. Here: 2
layers of 64 units, 1,000 pieces of vocabulary, 600 steps (in the part steps 1,200) of 1,024 pieces on 22,000 to 285,000
words of news, the New Testament and treebanks, read at the last layer, frozen, by a linear head (all weights learn in
the part tuned). multilingual-e5-small stands for multilingual BERT: 12 layers of 384 units, tuned for sentence
similarity, weights rounded to 4 bits; its pretraining saw no Yoruba, Wolof, Bambara, Naija. 180 labelled and 180 tested
sentences (in the part resources 50 to 800, and 400), one seed. Tuned, it has 8 passes at 1e-4 (what is above it
.002) in batches of 512 positions, taggers in bfloat16. There is no Mongolian at hand. Entities are those of WikiANN's
balanced split and of MasakhaNER. A baseline is the better, by development data, of a linear tagger of the look of words
and a BiLSTM over sub-word vectors of the same text; in parsing the latter.
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
    "yo": "masakhapos-yo",
    "af": "ud-afrikaans-afribooms",
    "lv": "ud-latvian-lvtb|resplit(dev=0.1, test=0.4)",
}
WIKIANN, MASAKHANER = ("en", "de", "es", "ru", "pl", "nl"), ("yo", "wo", "pcm", "am")
SPANS = {"wikiann": WIKIANN, "masakhaner": MASAKHANER}  # entities
_CUT = {  # further treebanks that have no training part but are large enough to be cut, or whose one is tiny
    "en": "ud-pud-en",
    "de": "ud-german-gsd",
    "es": "ud-spanish-gsd",
    "nl": "ud-dutch-alpino",
    "fi": "ud-finnish-tdt",
    "lt": "ud-lithuanian-alksnis",
    "kk": "ud-kazakh-ktb",
    "mr": "ud-marathi-ufal",
    "br": "ud-breton-keb",
}
CLASSES = {code: f"{bank}|resplit(dev=0.1, test=0.4)" for code, bank in _CUT.items()}
CLASSES |= {"wo": "masakhapos-wo", "bm": "masakhapos-bm", "pcm": "masakhapos-pcm"}
ASKED = {  # treebanks that are only tested, and the nearest relative that is learned from
    "hsb": ("ud-upper-sorbian-ufal", "lt"),
    "kmr": ("ud-kurmanji-mg", "mr"),
    "bxr": ("ud-buryat-bdt", "kk"),
    "it": ("ud-pud-it", "es"),
    "fr": ("ud-pud-fr", "es"),
    "bm": ("ud-bambara-crb", "wo"),
    "pcm": ("ud-naija-nsc", ""),
    "am": ("ud-amharic-att", ""),
    "tl": ("ud-tagalog-trg", ""),
}
AFRICAN = {  # word classes of languages that are pretrained on together, and entities where there are any
    "yo": ("yo", "masakhaner-yo"),
    "wo": ("classes-wo", "masakhaner-wo"),
    "bm": ("classes-bm",),
}
STUDY = Study(
    "mbert-low-resource",
    "Wu and Dredze 2020, RepL4NLP at ACL",
    title="Are All Languages Created Equal in Multilingual BERT?",
    data={
        **WHOLE,
        **{f"text-{code}": text for code, text in TEXTS.items()},
        **{f"{kind}-{code}": f"{kind}-{code}" for kind, codes in SPANS.items() for code in codes},
        **{f"classes-{code}": bank for code, bank in CLASSES.items()},
        **{f"asked-{code}": bank for code, (bank, _) in ASKED.items()},
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
LOOKS, LONG, AMOUNTS = 6, 1200, (500, 2000)
SEEDS = (1, 2)
LAYERS = (4, 8, 12)
TEXT_SIZES, LABELLED_SIZES = (500, 2000, 8000), (50, 200, 800)
GRID_STEPS = 150
_HEAD: dict[str, Any] = {"head": "softmax", "rate": 0.01, "budget": 256}
LINEAR = {**_HEAD, "layers": 0, "hidden": 1, "epochs": 40, "patience": 12, "dropout": 0.1}
RECURRENT = {**_HEAD, "layers": 1, "hidden": 40, "epochs": 30, "patience": 10, "learn": True}
BIAFFINE: dict[str, Any] = {"layers": 0, "arc": 64, "label": 32, "rate": 0.003, "epochs": 40, "patience": 10}
BODY = {"layers": 1, "hidden": 40, "rate": 0.006}  # of parsers over small models: without one they are below chance
LEARNING: dict[str, Any] = {"learn": True, "rate": 0.003}  # all weights, of a small model
TUNED: dict[str, Any] = {"learn": True, "rate": 1e-4, "head_rate": 20.0, "epochs": 8, "patience": 8, "budget": 512}
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
    """A biaffine parser over the frozen vectors of an encoder; those of a small one, and sub-words, have a BiLSTM."""
    small = encoder.startswith(("subwords", "pretrained"))
    body = {**(BODY if small else {}), **({"learn": True} if encoder.startswith("subwords") else {})}
    return written("parser", corpus, inputs=[encoder], **{**BIAFFINE, **body, **more})


def labelled(corpus: str, n: int = LABELLED) -> str:
    return f"{corpus}|split(train)|sample(n={n})"


def asked(corpus: str, n: int = TESTED) -> str:
    return f"{corpus}|split(test)|sample(n={n})"


def mixtures(data: Data, code: str) -> list[str]:
    """A language's models: untrained, its own, with a relative, with a stranger, in eight languages, by setting."""
    own, pair, stranger = (data[f"text-{one}"] for one in (code, PAIRS[code], STRANGERS[code]))
    mixed = [pretrained(own, beside) for beside in ((), [pair], [stranger], others(data, code))]
    return [untrained(own), *mixed, *(pretrained(own, **setting) for setting in SETTINGS.values())]


def others(data: Data, code: str) -> list[str]:
    return [data[f"text-{one}"] for one in TEXTS if one != code]


def whole(data: Data, *codes: str) -> list[str]:
    """Those of some languages that are here with every text that their models are made of."""
    if not all(f"text-{one}" in data for one in TEXTS):
        return []
    return [code for code in codes if code in data]


def learned(data: Data) -> dict[str, str]:
    """Treebanks that are learned from, by language, where the real encoder is here too."""
    names = {**{code: code for code in WHOLE}, **{code: f"classes-{code}" for code in CLASSES}}
    return {code: data[name] for code, name in names.items() if "multilingual" in data and name in data}


def text_of(code: str, corpus: str) -> str:
    """What the sub-word vectors of a language are made of."""
    return TEXTS[code] if code in WHOLE else f"{corpus}|split(train)"


def ask(corpus: str, taggers: Sequence[str], keep: str = "predictions", seed: int = 0) -> Grid:
    return tagging(STUDY.name, taggers, [asked(corpus)], [seed], [keep], [labelled(corpus)])


def parse(corpus: str, parsers: Sequence[str]) -> Grid:
    return Grid(STUDY.name, "parsing", {"dataset": [corpus], "encoder": parsers, "seed": [0]})


def curve(models: list[str]) -> Grid:
    return Grid(STUDY.name, "pretraining", {"encoder": models}, keep=["curve"])


@STUDY.part("coverage", own=["encoder"])
def coverage(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv", "yo"):
        own, pair = data[f"text-{code}"], data[f"text-{PAIRS[code]}"]
        kinds = [untrained(own), untrained(own, vocabulary=400), untrained(own, [pair])]
        kinds.append(untrained(own, others(data, code)))
        kinds += [data["multilingual"]] if "multilingual" in data else []
        yield Grid(STUDY.name, "vocabulary-coverage", {"dataset": [own], "encoder": kinds}, keep=["curve"])


def by_look(data: Data, text: str, steps: int) -> Iterator[Grid]:
    """Word classes at both layers, untrained and by look of one pretraining."""
    looks = [pretrained(text, steps=steps, states=True, look=look + 1) for look in range(LOOKS)]
    taggers = [linear(one, POS, layer) for one in (untrained(text), *looks) for layer in (1, 2)]
    corpus, here = data["yo"], "yo" in data
    on, of = (asked(corpus), labelled(corpus)) if here else (f"{corpus}|split(test)", f"{corpus}|split(train)")
    yield tagging(STUDY.name, taggers, [on], trained_on=[of], keep=["predictions"])
    yield curve(looks[:1])


@STUDY.part("steps", own=["encoder"])
def steps(data: Data) -> Iterator[Grid]:
    yield from by_look(data, data["text-yo"], LONG if "text-yo" in data else LOOKS)


@STUDY.part("amounts", own=["encoder"])
def amounts(data: Data) -> Iterator[Grid]:
    if whole(data, "yo"):
        for n in AMOUNTS:
            yield from by_look(data, f"{data['text-yo']}|sample(n={n})", LONG)


@STUDY.part("alone", own=["encoder"])
def alone(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv", "yo"):
        text = data[f"text-{code}"]
        models = mixtures(data, code)
        yield ask(data[code], [*(linear(one, POS) for one in models), *baselines(text, POS)])
        yield curve(models[1:])


@STUDY.part("together", own=["encoder"])
def together(data: Data) -> Iterator[Grid]:
    """The taggers of the look of words are those of the parts alone, entities and real."""
    if not whole(data, "yo") or not all(bank in data for banks in AFRICAN.values() for bank in banks):
        return
    several = pretrained(data["text-yo"], [data["text-wo"], data["text-bm"]])
    for code, (classes, *spans) in AFRICAN.items():
        own = data[f"text-{code}"]
        models = [untrained(own), pretrained(own), several]
        banks = [(classes, POS, "predictions"), *((bank, NER, "tallies") for bank in spans)]
        yield from (ask(data[bank], [linear(one, task) for one in models], keep) for bank, task, keep in banks)


@STUDY.part("seeds", own=["encoder"])
def seeds(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv", "yo"):
        own, pair = data[f"text-{code}"], data[f"text-{PAIRS[code]}"]
        for seed in SEEDS:
            models = [untrained(own, seed=seed), pretrained(own, seed=seed), pretrained(own, [pair], seed=seed)]
            yield ask(data[code], [linear(one, POS) for one in models], seed=seed)


@STUDY.part("parsing", own=["encoder"])
def parsing(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "lv"):
        models = [*mixtures(data, code), subwords(data[f"text-{code}"])]
        yield parse(asked(data[code]), [parser(labelled(data[code]), one) for one in models])


@STUDY.part("entities", own=["encoder"])
def entities(data: Data) -> Iterator[Grid]:
    if whole(data, "yo") and "masakhaner-yo" in data:
        text = data["text-yo"]
        taggers = [*(linear(one, NER) for one in mixtures(data, "yo")), *baselines(text, NER)]
        yield ask(data["masakhaner-yo"], taggers, "tallies")


@STUDY.part("resources", own=["encoder"])
def resources(data: Data) -> Iterator[Grid]:
    """Each text a sample of a language's training sentences, of which the labelled ones are a part or the whole."""
    for code in WIKIANN:
        if f"wikiann-{code}" in data:
            bank = data[f"wikiann-{code}"]
            texts = [f"{bank}|split(train)|sample(n={n})" for n in TEXT_SIZES]
            models = [pretrained(text, steps=GRID_STEPS, vocabulary=500) for text in texts]
            heads = [*(linear(one, NER) for one in models), baselines(texts[0], NER)[0]]
            taggers = [trained(one, labelled(bank, n)) for one in heads for n in LABELLED_SIZES]
            yield tagging(STUDY.name, taggers, [asked(bank, 400)], keep=["tallies"])
            words = {"dataset": [labelled(bank, n) for n in LABELLED_SIZES], "encoder": models[:1]}
            yield Grid(STUDY.name, "vocabulary-coverage", words)


def banks(data: Data) -> Iterator[tuple[str, str, str, str]]:
    """Language, corpus and task of the real encoder, and what is kept."""
    if "multilingual" in data:
        names = {f"{kind}-{code}": code for kind, codes in SPANS.items() for code in codes}
        yield from ((code, data[name], NER, "tallies") for name, code in names.items() if name in data)
        yield from ((code, bank, POS, "predictions") for code, bank in learned(data).items())


@STUDY.part("real", own=["encoder"])
def real(data: Data) -> Iterator[Grid]:
    for code, bank, task, keep in banks(data):
        taggers = [linear(data["multilingual"], task, layer) for layer in LAYERS]
        yield ask(bank, [*taggers, *baselines(text_of(code, bank), task)], keep)


@STUDY.part("real-tuned", usual=False, own=["encoder"])
def real_tuned(data: Data) -> Iterator[Grid]:
    for _, bank, task, keep in banks(data):
        yield ask(bank, [linear(data["multilingual"], task, **TUNED, dtype="bfloat16")], keep)
    for bank in learned(data).values():
        if bank.startswith("ud-"):
            yield parse(asked(bank), [parser(labelled(bank), data["multilingual"], **TUNED)])


@STUDY.part("trees", own=["encoder"])
def trees(data: Data) -> Iterator[Grid]:
    for code, bank in learned(data).items():
        if bank.startswith("ud-"):
            parsers = [parser(labelled(bank), data["multilingual"], layer=layer) for layer in LAYERS]
            yield parse(asked(bank), [*parsers, parser(labelled(bank), subwords(text_of(code, bank)))])


@STUDY.part("transfer", own=["encoder"])
def transfer(data: Data) -> Iterator[Grid]:
    banks = learned(data)
    for code, (_, relative) in ASKED.items():
        of = [banks[one] for one in ("en", relative) if one in banks]
        if f"asked-{code}" in data and of:
            on = f"{data[f'asked-{code}']}|split(test)"
            on += f"|sample(n={TESTED})" if code != "tl" else ""  # which has fewer
            taggers = [*(linear(data["multilingual"], POS, layer) for layer in LAYERS), written("shapes", task=POS)]
            yield tagging(STUDY.name, taggers, [on], keep=["predictions"], trained_on=list(map(labelled, of)))
            of = [one for one in of if one.startswith("ud-")]
            yield parse(on, [parser(labelled(one), data["multilingual"], layer=at) for one in of for at in LAYERS])


@STUDY.part("tuned", own=["encoder"])
def tuned(data: Data) -> Iterator[Grid]:
    for code in whole(data, "af", "yo"):
        text = data[f"text-{code}"]
        yield ask(data[code], [linear(one, POS, **LEARNING) for one in (untrained(text), pretrained(text))])
