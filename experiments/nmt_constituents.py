"""Constituent labels from translation encoders (Chang and Rafferty 2020): what they know of a word's ancestors.

Parts:

    bleu        how well the models behind the encoders translate
    generated   encoders trained on generated sentences into four derived languages, probed on other generated
                sentences; the directly trained network, the grammar parser, the word-majority baselines
    real        encoders trained on the 1,000 real sentences of the PUD treebanks into Italian, Spanish, German, French
                and English, probed on the WSJ sample and on CRAFT, with the same things beside them
    contrast    minilm's layers and GloVe on the same words: they are not prefix-only, or know no context

Choices that the paper leaves open and we made: a probe has one hidden ReLU layer, Adam at 1e-3, batches of 256; the
word majority that figures show is the oracle (counted on the tested words), the other one is there too; `TOP` is a
label, above it stands `<none>`. Smaller than the paper, as in its card's small version: two layers of 64 units for 4 x
500, sentences of 4 to 16 words where they are generated and of 3 to 25 where they are real, probes of 64 hidden units
with a patience of 3 epochs for 500 and 10, 3 seeds for 20, two of the directly trained network for 10. Training,
choosing and testing are the corpus's own parts; the paper trained its probes on the development part of its corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.probing import probing

STUDY = Study(
    "nmt-constituents",
    "Chang and Rafferty 2020, RepL4NLP",
    title="Encodings of Source Syntax: Similarities in NMT Representations Across Target Languages",
    data={
        # Probed sentences: other documents than the translated ones, and from each part enough to be tested on.
        "generated": "grammar(n=5000, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.25)",
        "wsj": "wsj-sample|lengths(least=3, most=25)|split-documents|sample(n=1600)",
        "craft": "craft|lengths(least=3, most=25)|sample(n=1600)",
        "pud": "pud(target=de)",
        "glove": ("table", "glove"),
    },
)
TASKS = ["word/pos", "word/parent", "word/grandparent", "word/great-grandparent"]
SOURCE = "grammar(n=36000)|lengths(least=4, most=16)"
LANGUAGES = ("copy", "verb-final", "inflecting", "mirrored")
MODEL = {"width": 64, "layers": 2, "dropout": 0.0, "merges": 1000, "target_merges": 2000, "rate": 0.007}
MODEL |= {"epochs": 14, "patience": 14, "budget": 900}
PUD_LANGUAGES = ("en", "it", "es", "de", "fr")
PUD_MODEL = {**MODEL, "dropout": 0.2, "merges": 2000, "epochs": 20, "patience": 5}
PROBE = "mlp(hidden=64, patience=3, epochs=200)"
DIRECT = "labeller(budget=2000, layers=2, patience=5, rate=0.007, width=64)"
FIXED = ["word-majority", "word-majority(fit=oracle)", "pcfg-prefix"]
SEEDS = (0, 1, 2)


def translation_encoder(corpus: str, model: Mapping[str, object]) -> str:
    """Spec of the encoder of a translation model."""
    return str(Spec("translation", corpus, (), dict(sorted(model.items()))))


# One encoder for each derived language, and one that was never trained.
GENERATED = [translation_encoder(f"{SOURCE}|translated({language})", MODEL) for language in LANGUAGES]
GENERATED.append(translation_encoder(f"{SOURCE}|translated(verb-final)", {**MODEL, "epochs": 0}))
# One for each language of the PUD treebanks; into English it is an autoencoder.
REAL = [translation_encoder(f"pud(target={language})", PUD_MODEL) for language in PUD_LANGUAGES]


def probed(corpora: Sequence[str], encoders: Sequence[str], layers: str | Sequence[int], draws: int) -> Iterator[Grid]:
    """A grid of probes on the corpora's own parts; the paper reads the top layer."""
    if corpora and encoders:
        yield probing(
            STUDY.name,
            corpora=corpora,
            encoders=encoders,
            layers=layers,
            tasks=TASKS,
            probes=[PROBE],
            seeds=SEEDS[:draws],
            folds=0,
            keep=["predictions"],
        )


def predicted(corpora: Sequence[str]) -> Iterator[Grid]:
    """What answers without frozen vectors: majorities, a grammar's parser, a network trained on the labels."""
    for probes, seeds in ((FIXED, [0]), ([DIRECT], SEEDS[:2])):
        axes: dict[str, Sequence[Any]] = {"dataset": corpora, "task": TASKS, "probe": probes, "seed": seeds}
        if corpora:
            yield Grid(STUDY.name, "predicting", axes, keep=["predictions"], share=["dataset", "probe", "seed"])


@STUDY.part("bleu", own=["encoder"])
def bleu(data: Data) -> Iterator[Grid]:
    encoders = [*(GENERATED if "generated" in data else []), *(REAL if "pud" in data else [])]
    if encoders:
        yield Grid(STUDY.name, "translating", {"encoder": encoders})


@STUDY.part("generated")
def generated(data: Data) -> Iterator[Grid]:
    on = [data[name] for name in data.names("generated")]
    yield from probed(on, GENERATED, [-1], 3)
    yield from predicted(on)


@STUDY.part("real")
def real(data: Data) -> Iterator[Grid]:
    on = [data[name] for name in data.names("wsj", "craft")]
    yield from probed(on, REAL if "pud" in data else [], [-1], 3)
    yield from predicted(on)


@STUDY.part("contrast", own=["encoder"])
def contrast(data: Data) -> Iterator[Grid]:
    real = [data[name] for name in data.names("wsj", "craft")]
    on = [*(data[name] for name in data.names("generated")), *real]
    yield from probed(on, ["minilm"], [0, 3, 6], 1)
    yield from probed(on, [data["glove"]] if "glove" in data else [], "all", 1)
    yield from probed(real, GENERATED[:1], [-1], 1)
