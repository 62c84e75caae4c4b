"""Constituent labels from translation encoders (Chang and Rafferty 2020): what they know of a word's ancestors.

Parts:

    bleu      how well the models behind the encoders translate, beside the source copied and the commonest target
    wsj       the WSJ sample: probes of the encoders, of an autoencoder's and of an untrained one; networks trained on
              the labels, a grammar that parses prefixes, the majority of each word
    craft     the same on biomedical articles, 2.7 times as many words
    contrast  minilm's layers on the WSJ sample: it reads the whole sentence

Encoders are trained on the captions of Multi30k (29,000 pairs) into German, French and Czech, and into English, the
autoencoder; the paper's on 11 million sentences into six languages. One layer of 128 units for 4 x 500, pieces of 2,000
merges, 2 passes at one rate for 11 of which the last halves it. Choices that the paper leaves open and we made: a probe
has one hidden ReLU layer, Adam, batches of 1,024; `TOP` is a label, above it stands `<none>`. Smaller than the paper:
probes of 64 hidden units with a patience of 2 epochs for 500 and 10, 10 seeds for 20, 5 networks of one layer of 128
units for 10 of 4 x 500. All sentences are asked of; answers to every word are kept of 2 seeds, for F1 of labels.
Training, choosing and testing are the corpus's own parts, for the WSJ sample by file; the paper trained its probes on
the development part of its corpus. The word majority that figures show is the oracle, counted on the tested words
themselves, as in the paper; a word that occurs once it always knows, so the majority among the other tested words
stands beside it, and that of the training part.

Where Multi30k is not at hand, generated sentences translated into derived languages stand for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probekit.grid import Grid
from probekit.specs import Spec
from probekit.study import Data, Study
from probekit.works.probing import probing

_MADE = "grammar(n=4000)|lengths(least=4, most=16)"
STUDY = Study(
    "nmt-constituents",
    "Chang and Rafferty 2020, RepL4NLP",
    title="Encodings of Source Syntax: Similarities in NMT Representations Across Target Languages",
    data={
        "wsj": "wsj-sample|split-documents",
        "craft": "craft",
        "german": "multi30k(target=de)",
        "french": "multi30k(target=fr)",
        "czech": "multi30k(target=cs)",
        "english": "multi30k(target=en)",
    },
    instead={
        "wsj": "grammar(n=1500, seed=1)|lengths(least=4, most=16)|split-documents(dev=0.15, test=0.25)",
        "german": f"{_MADE}|translated(verb-final)",
        "french": f"{_MADE}|translated(inflecting)",
        "czech": f"{_MADE}|translated(mirrored)",
        "english": f"{_MADE}|translated(copy)",
    },
)
TASKS = ["word/pos", "word/parent", "word/grandparent", "word/great-grandparent"]
TARGETS = ("german", "french", "czech", "english")
MODEL = {"width": 128, "layers": 1, "dropout": 0.1, "merges": 2000, "rate": 0.004, "epochs": 2, "budget": 1024}
PROBE = "mlp(hidden=64, patience=2, batch=1024, rate=0.003, epochs=100)"
DIRECT = "labeller(budget=1024, dropout=0.1, layers=1, patience=2, rate=0.004, width=128)"
FIXED = ["word-majority", "word-majority(fit=oracle)", "word-majority(fit=others)", "pcfg-prefix"]
PROBES, NETWORKS, WHOLE = 10, 5, 2


def translation_encoder(corpus: str, model: Mapping[str, object]) -> str:
    """Spec of the encoder of a translation model."""
    return str(Spec("translation", corpus, (), dict(sorted(model.items()))))


def encoders(data: Data) -> list[str]:
    """One encoder for each target, and one that was never trained."""
    trained = [translation_encoder(data[name], MODEL) for name in TARGETS]
    return [*trained, translation_encoder(data[TARGETS[0]], {**MODEL, "epochs": 0})]


def probed(corpora: Sequence[str], encoders: Sequence[str], layers: Sequence[int], seeds: int) -> Iterator[Grid]:
    """Grids of probes on the corpora's own parts; the paper reads the top layer."""
    for drawn, keep in kept(seeds):
        if corpora and encoders:
            yield probing(
                STUDY.name,
                corpora=corpora,
                encoders=encoders,
                layers=layers,
                tasks=TASKS,
                probes=[PROBE],
                seeds=drawn,
                folds=0,
                keep=keep,
            )


def predicted(corpora: Sequence[str]) -> Iterator[Grid]:
    """What answers without frozen vectors: majorities, a grammar's parser, networks trained on the labels."""
    asked = [(FIXED, [0], ["groups"]), *(([DIRECT], *one) for one in kept(NETWORKS))]
    for probes, seeds, keep in asked:
        axes: dict[str, Sequence[Any]] = {"dataset": corpora, "task": TASKS, "probe": probes, "seed": seeds}
        if corpora:
            yield Grid(STUDY.name, "predicting", axes, keep=keep, share=["dataset", "probe", "seed"])


def described(corpora: Sequence[str]) -> Iterator[Grid]:
    """Features of the sentences, for what tells hard ones from easy ones where the sentences are not at hand."""
    if corpora:
        yield Grid(STUDY.name, "sentence-features", {"dataset": corpora}, keep=["features"])


def kept(seeds: int) -> Iterator[tuple[list[int], list[str]]]:
    """Seeds and the tables below their scores: right words by sentence of all, every answer of the first ones alone."""
    yield list(range(min(seeds, WHOLE))), ["groups", "predictions"]
    if seeds > WHOLE:
        yield list(range(WHOLE, seeds)), ["groups"]


@STUDY.part("bleu", own=["encoder"])
def bleu(data: Data) -> Iterator[Grid]:
    yield Grid(STUDY.name, "translating", {"encoder": encoders(data)})


@STUDY.part("wsj")
def wsj(data: Data) -> Iterator[Grid]:
    on = [data[name] for name in data.names("wsj")]
    yield from probed(on, encoders(data), [-1], PROBES)
    yield from predicted(on)
    yield from described(on)


@STUDY.part("craft")
def craft(data: Data) -> Iterator[Grid]:
    on = [data["craft"]] if "craft" in data else []
    yield from probed(on, encoders(data), [-1], PROBES)
    yield from predicted(on)
    yield from described(on)


@STUDY.part("contrast", own=["encoder"])
def contrast(data: Data) -> Iterator[Grid]:
    yield from probed([data[name] for name in data.names("wsj")], ["minilm"], [0, 3, 6], 1)
