"""Constituent labels from translation encoders (Chang and Rafferty 2020): what they know of a word's ancestors.

Parts, chosen with `part=` (several joined by +, or all):

    generated   encoders trained on generated sentences into four derived languages, probed on other generated
                sentences; the directly trained network, the grammar parser, the word-majority baselines; BLEU
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

import sys
from collections.abc import Mapping, Sequence

from probekit import resources
from probekit.errors import UnknownName
from probekit.grid import Grid
from probekit.specs import Spec
from probekit.works.predicting import PredictingGrid, predictors
from probekit.works.probing import probing
from probekit.works.translating import TranslatingGrid

NAME = "nmt-constituents"
SUMMARY = "labels of a word's ancestors from translation encoders (Chang and Rafferty 2020)"

TASKS = ("word/pos", "word/parent", "word/grandparent", "word/great-grandparent")
SOURCE = "grammar(n=36000)|lengths(least=4, most=16)"
LANGUAGES = ("copy", "verb-final", "inflecting", "mirrored")
MODEL = {
    "width": 64, "layers": 2, "dropout": 0.0, "merges": 1000, "target_merges": 2000, "rate": 0.007, "epochs": 14,
    "patience": 14, "budget": 900,
}  # fmt: skip
PUD_LANGUAGES = ("en", "it", "es", "de", "fr")
PUD_MODEL = {**MODEL, "dropout": 0.2, "merges": 2000, "epochs": 20, "patience": 5}
# Probed sentences: other documents than the translated ones, and from each part enough to be tested on.
GENERATED = "grammar(n=5000, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.25)"
REAL = {
    "wsj-sample": "wsj-sample|lengths(least=3, most=25)|split-documents|sample(n=1600)",
    "craft": "craft|lengths(least=3, most=25)|sample(n=1600)",
}
PROBE = "mlp(hidden=64, patience=3, epochs=200)"
DIRECT = "labeller(budget=2000, layers=2, patience=5, rate=0.007, width=64)"
PARSER = "pcfg-prefix"
MAJORITIES = ("word-majority", "word-majority(fit=oracle)")
SEEDS = (0, 1, 2)
PARTS = ("generated", "real", "contrast")


def translation_encoder(corpus: str, model: Mapping[str, object]) -> str:
    """Spec of the encoder of a translation model."""
    return str(Spec("translation", corpus, (), dict(sorted(model.items()))))


def generated_encoders() -> list[str]:
    """One encoder for each derived language, and one that was never trained."""
    specs = [translation_encoder(f"{SOURCE}|translated({language})", MODEL) for language in LANGUAGES]
    return [*specs, translation_encoder(f"{SOURCE}|translated(verb-final)", {**MODEL, "epochs": 0})]


def real_encoders() -> list[str]:
    """One encoder for each language of the PUD treebanks; into English it is an autoencoder."""
    return [translation_encoder(f"pud(target={language})", PUD_MODEL) for language in PUD_LANGUAGES]


def grids(
    corpora: Sequence[str] = (),
    encoders: Sequence[str] = (),
    tasks: Sequence[str] = (),
    layers: str | Sequence[int] = (-1,),
    poolings: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = SEEDS,
    keep: Sequence[str] = ("predictions",),
    part: str = "+".join(PARTS),
) -> list[Grid]:
    """Grids of the study. Empty axes take the study's own values; the paper reads the top layer."""
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    asked, tried = list(tasks) or [*TASKS], list(probes) or [PROBE]
    real = list(corpora) or [REAL[name] for name in REAL if resources.available(name)]
    if not real:
        print("The WSJ sample and CRAFT are not on this machine: the study's real part is left out.", file=sys.stderr)
    found: list[Grid] = []

    def probed(on: Sequence[str], of: Sequence[str], which: str | Sequence[int], drawn: Sequence[int]) -> None:
        if on and of:
            found.append(
                probing(
                    NAME,
                    corpora=on,
                    encoders=of,
                    layers=which,
                    tasks=asked,
                    probes=tried,
                    seeds=drawn,
                    folds=0,
                    keep=keep,
                )
            )

    def predicted(on: Sequence[str], drawn: Sequence[int]) -> None:
        if on:
            others = [PARSER] if PARSER in predictors else []
            found.append(PredictingGrid(NAME, on, asked, [*MAJORITIES, *others], keep=keep))
            found.append(PredictingGrid(NAME, on, asked, [DIRECT], drawn, keep))

    if "generated" in chosen:
        own = list(encoders) or generated_encoders()
        if not encoders:
            found.append(TranslatingGrid(NAME, own))
        probed(list(corpora) or [GENERATED], own, layers, seeds)
        predicted(list(corpora) or [GENERATED], seeds[:2])
    if "real" in chosen and real:
        have = all(resources.available(f"ud-pud-{language}") for language in PUD_LANGUAGES)
        own = list(encoders) or (real_encoders() if have else [])
        if own and not encoders:
            found.append(TranslatingGrid(NAME, own))
        probed(real, own, layers, seeds)
        predicted(real, seeds[:2])
    if "contrast" in chosen:
        on = list(corpora) or [GENERATED, *real]
        probed(on, ["minilm"], [0, 3, 6], seeds[:1])
        if resources.available("glove"):
            probed(on, ["glove"], "all", seeds[:1])
        if not encoders and real:
            probed(real, generated_encoders()[:1], layers, seeds[:1])
    return found
