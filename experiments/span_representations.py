"""Span representations (Toshniwal et al. 2020): six span methods x six span tasks, frozen and fine-tuned encoders.

Parts:

    frozen      the learned mix of all layers, all six tasks, three seeds: Figure 2
    uniform     the plain mean of layers instead, on coreference: what learned weights are worth (Table 4)
    encoders    the part frozen on encoders of twelve layers, one seed: one on all tasks, one on four
    controls    random weights and GloVe on three tasks; the commonest answer and `yes` to everything stand in `frozen`
    tuned       the encoder trained too, on the last layer, four tasks (Figure 3), and frozen on as many units
    corpora     the part frozen on further corpora, one seed
    layers      every layer by itself: where the information sits (ours)

Each task has a corpus here in place of OntoNotes: constituents the WSJ sample and CRAFT, entities GUM, roles the
PropBank layer of EWT, mentions and coreference GUM and LitBank. Choices of ours, visible in the rows: at most 6,000
training units, looked at once a pass on at most 1,000 development units, until 5 looks bring nothing or for 25 passes
(the paper: all units, looked at every 1,000 steps, 20 looks, up to 20 passes); every row says whether its best step was
the last. All development and test units are scored. Labels that no training unit has count as missed; corpora without a
training part are split 70/15/15 by document. Cut so that the whole stays below three hours of one core: the units, the
seeds of all but `minilm`, the tasks of MPNet (those of constituents, mentions and coreference) and of the controls.
Fine-tuning takes the paper's four tasks, about 1,500 units in steps of whole sentences of at least 32 units, at a rate
of 3e-4, for at most 12 passes (the paper: 64 units, 3e-5, all units); frozen probes on as many stand beside it.
`minilm` (6 layers of 384), and where their folders are found a multilingual encoder (12 of 384) and MPNet (12 of 768),
stand for the paper's eight encoders. States are kept in half precision: of 12 networks of the WSJ sample, scores
on half and on full states differ by .0001 F at most, of networks trained anew on each by .0002 on average and .0015 at
most (`python -m experiments.benchmarks spans`). Those of all but `minilm` are released when they have been read, so
that no more than 12 GiB lie in the cache at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from probekit.encoders import random_form
from probekit.grid import Grid
from probekit.probes.span_names import METHODS
from probekit.study import Data, Study
from probekit.works.probing import probing

GENERATED = "grammar(n=1500)"
STUDY = Study(
    "span-representations",
    "Toshniwal et al. 2020, RepL4NLP",
    title="A Cross-Task Analysis of Text Span Representations",
    data={
        "wsj": "wsj-sample|split-documents",
        "craft": "craft",
        "gum": "gum-spans|documents-once",
        "roles": "up-english-ewt|split-documents",
        "litbank": "litbank|split-documents",
        "glove": ("table", "glove"),
        "mpnet": ("encoder", "hf:all-mpnet-base-v2"),
        "multilingual": ("encoder", "hf:multilingual-e5-small"),
    },
    instead={"wsj": GENERATED, "gum": GENERATED, "roles": GENERATED},
)
# Corpora and their tasks: the first that is here is the study's, the others are asked for by name.
TASKS = (
    (("wsj", "craft"), ["span/constituent-label", "span/constituent-detection"]),
    (("gum",), ["span/entity-label"]),
    (("roles",), ["span/semantic-role"]),
    (("gum", "litbank"), ["span/mention-detection", "span/coreference-arc"]),
)
YES_NO = ("span/constituent-detection", "span/mention-detection", "span/coreference-arc")
COREFERENCE = ("span/coreference-arc",)
# Tasks of what is not asked everything.
MPNET_TASKS = ("span/constituent-label", "span/constituent-detection", "span/mention-detection", *COREFERENCE)
CONTROL_TASKS = ("span/constituent-label", "span/entity-label", *COREFERENCE)
TUNED_TASKS = ("span/constituent-label", "span/semantic-role", "span/mention-detection", *COREFERENCE)
SEEDS = (0, 1, 2)
FROZEN: dict[str, Any] = {
    "probes": ["span-mlp(every=100, wait=2, patience=5, passes=25, unseen=miss)"],
    "most": {"train": 6000, "dev": 1000},
}
LAYERS: dict[str, Any] = {
    "probes": ["span-mlp(every=50, wait=2, patience=4, passes=15, unseen=miss)"],
    "most": {"train": 3000, "dev": 750},
}
TUNED_UNITS = 1500
TUNED: dict[str, Any] = {
    "probes": ["span-mlp(rate=0.0003, batch=32, every=100, wait=2, patience=4, passes=12, unseen=miss)"],
    "most": {"train": TUNED_UNITS, "dev": 500},
    "tune": True,
    "half": False,
    "release": False,
}


def ask(
    data: Data, first: bool = True, only: Collection[str] = (), trivial: bool = False, **given: Any
) -> Iterator[Grid]:
    """Grids of the tasks on their first corpus, or on the further ones; of some tasks where `only` names them.

    trivial: beside the commonest answer, and `yes` to everything where that is one.
    """
    of_corpus: dict[str, list[str]] = {}
    for names, tasks in TASKS:
        here = data.names(*names)
        for name in here[:1] if first else here[1:]:
            of_corpus.setdefault(name, []).extend(task for task in tasks if not only or task in only)
    for name, asked in of_corpus.items():
        # CRAFT's trees do not say which article they are of; a corpus of one's own need not have documents.
        groups = "document" if name != "craft" and (name in data or data[name] == GENERATED) else "sentence"
        yes = ["all-yes"] if any(task in YES_NO for task in asked) else []
        usual: dict[str, Any] = {"encoders": ["minilm"], "layers": ["mix"], "poolings": METHODS, **FROZEN}
        usual |= {"controls": ["majority", *yes] if trivial else [], "keep": ["counts"]}
        usual |= {"half": True, "release": not first}
        if asked:
            yield probing(STUDY.name, corpora=[data[name]], tasks=asked, groups=groups, **{**usual, **given})


def large(data: Data) -> Iterator[tuple[str, Collection[str]]]:
    """Encoders of twelve layers that are at hand, and the tasks that they are asked (none named: all)."""
    tasks: dict[str, Collection[str]] = {"multilingual": (), "mpnet": MPNET_TASKS}
    yield from ((data[name], some) for name, some in tasks.items() if name in data)


@STUDY.part("frozen")
def frozen(data: Data) -> Iterator[Grid]:
    yield from ask(data, seeds=SEEDS, trivial=True)


@STUDY.part("uniform", own=["encoder", "layer"])
def uniform(data: Data) -> Iterator[Grid]:
    yield from ask(data, only=COREFERENCE, layers=["uniform"], seeds=SEEDS)
    for encoder, _ in large(data):  # the part encoders reads the same states and releases them
        yield from ask(data, only=COREFERENCE, layers=["uniform"], encoders=[encoder])


@STUDY.part("encoders", own=["encoder"])
def encoders(data: Data) -> Iterator[Grid]:
    for encoder, only in large(data):
        yield from ask(data, only=only, encoders=[encoder], release=True)


@STUDY.part("controls", own=["encoder"])
def controls(data: Data) -> Iterator[Grid]:
    chosen = [random_form("minilm"), *([data["glove"]] if "glove" in data else [])]
    yield from ask(data, only=CONTROL_TASKS, encoders=chosen, keep=(), release=True)


@STUDY.part("tuned", own=["layer"])
def tuned(data: Data) -> Iterator[Grid]:
    yield from ask(data, **TUNED, layers=["last"], only=TUNED_TASKS)
    yield from ask(data, only=TUNED_TASKS, most=TUNED["most"])


@STUDY.part("corpora")
def corpora(data: Data) -> Iterator[Grid]:
    yield from ask(data, first=False, trivial=True)


@STUDY.part("layers")
def layers(data: Data) -> Iterator[Grid]:
    yield from ask(data, **LAYERS, layers="all", keep=())
