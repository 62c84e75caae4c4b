"""Span representations (Toshniwal et al. 2020): six span methods x six span tasks, frozen and fine-tuned encoders.

Parts:

    frozen      the learned mix of all layers, three seeds: Figure 2
    uniform     the plain mean of layers instead, on coreference: what learned weights are worth (Table 4)
    layers      every layer by itself: where the information sits (ours)
    controls    the same with random weights and on GloVe; the commonest answer; `yes` to everything
    tuned       the encoder trained too, on the last layer: Figure 3
    corpora     the part frozen on further corpora, one seed (asked for by name)

Each task has a corpus here in place of OntoNotes: constituents the WSJ sample and CRAFT, entities GUM, roles the
PropBank layer of EWT, mentions and coreference GUM and LitBank. Choices of ours, visible in the rows: at most 20,000
training units, looked at every 200 steps, at most 5 passes (the paper: 1,000 steps, up to 20); labels that no training
unit has count as missed; corpora without a training part are split 70/15/15 by document; fine-tuning takes whole
sentences of at least 16 units a step, two passes over about 6,000 units at a rate of 3e-4, on one task (the paper: 64
units, 3e-5, four tasks); `minilm` stands for the paper's eight encoders.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        "craft": "craft|sample(n=4000)",
        "gum": "gum-spans",
        "roles": "up-english-ewt|split-documents",
        "litbank": "litbank|split-documents",
        "glove": ("table", "glove"),
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
SEEDS = (0, 1, 2)
FROZEN: dict[str, Any] = {
    "probes": ["span-mlp(every=200, wait=2, patience=5, passes=5, unseen=miss)"],
    "most": {"train": 20000, "dev": 2000},
}
LAYERS: dict[str, Any] = {
    "probes": ["span-mlp(every=125, wait=2, patience=5, passes=4, unseen=miss)"],
    "most": {"train": 8000, "dev": 1500},
}
TUNED: dict[str, Any] = {
    "probes": ["span-mlp(rate=0.0003, batch=16, every=150, wait=2, patience=4, passes=2, unseen=miss)"],
    "most": {"train": 6000, "dev": 800, "test": 2500},
    "tune": True,
}


def ask(data: Data, first: bool = True, only: str = "", trivial: bool = False, **given: Any) -> Iterator[Grid]:
    """Grids of the tasks on their first corpus, or on the further ones; of one task where `only` names it.

    trivial: beside the commonest answer, and `yes` to everything where that is one.
    """
    for names, tasks in TASKS:
        here = data.names(*names)
        for name in here[:1] if first else here[1:]:
            asked = [task for task in tasks if only in ("", task)]
            # CRAFT's trees do not say which article they are of; a corpus of one's own need not have documents.
            groups = "document" if name != "craft" and (name in data or data[name] == GENERATED) else "sentence"
            yes = ["all-yes"] if any(task in YES_NO for task in asked) else []
            usual: dict[str, Any] = {"encoders": ["minilm"], "layers": ["mix"], "poolings": METHODS, **FROZEN}
            usual["controls"] = ["majority", *yes] if trivial else []
            if asked:
                yield probing(STUDY.name, corpora=[data[name]], tasks=asked, groups=groups, **{**usual, **given})


@STUDY.part("frozen")
def frozen(data: Data) -> Iterator[Grid]:
    yield from ask(data, seeds=SEEDS, trivial=True)


@STUDY.part("uniform", own=["layer"])
def uniform(data: Data) -> Iterator[Grid]:
    yield from ask(data, only="span/coreference-arc", layers=["uniform"], seeds=SEEDS)


@STUDY.part("controls", own=["encoder"])
def controls(data: Data) -> Iterator[Grid]:
    yield from ask(data, encoders=[random_form("minilm"), *([data["glove"]] if "glove" in data else [])])


@STUDY.part("layers")
def layers(data: Data) -> Iterator[Grid]:
    yield from ask(data, **LAYERS, layers="all")


@STUDY.part("tuned", own=["layer"])
def tuned(data: Data) -> Iterator[Grid]:
    yield from ask(data, **TUNED, layers=["last"], only="span/constituent-label")


@STUDY.part("corpora", usual=False)
def corpora(data: Data) -> Iterator[Grid]:
    yield from ask(data, first=False, trivial=True)
