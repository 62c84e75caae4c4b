"""Span representations (Toshniwal et al. 2020): six span methods x six span tasks, frozen and fine-tuned encoders.

Parts, chosen with `part=` (several joined by +, or all):

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

import sys
from collections.abc import Sequence
from typing import Any

from probekit import resources
from probekit.corpora import load_corpus, registry
from probekit.encoders import describe
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.probes.span_names import METHODS
from probekit.specs import parse
from probekit.tasks import expand, get
from probekit.works.probing import probing, random_form

NAME = "span-representations"
SUMMARY = "six ways to make a span a vector x six edge-probing tasks (Toshniwal et al. 2020)"

CONSTITUENTS = ("span/constituent-label", "span/constituent-detection")
ENTITIES = ("span/entity-label",)
ROLES = ("span/semantic-role",)
COREFERENCE = ("span/mention-detection", "span/coreference-arc")
# Corpora of the tasks: the first of each is the study's.
TASKS: dict[tuple[str, ...], tuple[str, ...]] = {
    CONSTITUENTS: ("wsj-sample|split-documents", "craft|sample(n=4000)"),
    ENTITIES: ("gum-spans",),
    ROLES: ("up-english-ewt|split-documents",),
    COREFERENCE: ("gum-spans", "litbank|split-documents"),
}
WITHOUT_DATA = "grammar(n=1500)"
# CRAFT's trees do not say which article they are of.
WITHOUT_DOCUMENTS = ("craft",)
PROBE = "span-mlp(every=200, wait=2, patience=5, passes=5, unseen=miss)"
MOST = {"train": 20000, "dev": 2000}
LAYERS_PROBE = "span-mlp(every=125, wait=2, patience=5, passes=4, unseen=miss)"
LAYERS_MOST = {"train": 8000, "dev": 1500}
TUNED_PROBE = "span-mlp(rate=0.0003, batch=16, every=150, wait=2, patience=4, passes=2, unseen=miss)"
TUNED_MOST = {"train": 6000, "dev": 800, "test": 2500}
SEEDS = (0, 1, 2)
PARTS = ("frozen", "uniform", "layers", "controls", "tuned", "corpora")
USUAL = PARTS[:-1]
UNIFORM = ("span/coreference-arc",)
TUNED = ("span/constituent-label",)


def grids(
    corpora: Sequence[str] = (),
    encoders: Sequence[str] = (),
    tasks: Sequence[str] = (),
    layers: str | Sequence[int] = "all",
    poolings: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = (),
    keep: Sequence[str] = (),
    part: str = "+".join(USUAL),
) -> list[Grid]:
    """Grids of the study. Empty axes take the study's own values.

    corpora: asked the tasks given, or all that their annotation answers: `--corpus spans:mine.jsonl` asks a file of
    your own in edge-probing format. poolings: span methods.
    """
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    encoders, probes = list(encoders) or ["minilm"], list(probes)
    found: list[Grid] = []
    for corpus, asked, first in questions(corpora, tasks):
        # Documents are what the study's corpora were split by; a corpus of one's own need not have any.
        groups = "sentence" if corpora or parse(corpus).name in WITHOUT_DOCUMENTS else "document"

        def ask(
            probe: str,
            most: dict[str, int],
            usual: Sequence[int],
            *,
            tasks: Sequence[str] = asked,
            corpus: str = corpus,
            groups: str = groups,
            **given: Any,
        ) -> Grid:
            return probing(
                NAME,
                corpora=[corpus],
                tasks=tasks,
                poolings=list(poolings) or METHODS,
                keep=list(keep),
                groups=groups,
                probes=probes or [probe],
                most=most,
                seeds=list(seeds) or usual,
                **given,
            )

        if ("frozen" if first else "corpora") in chosen:
            yes_no = ["all-yes"] if any(get(task).kind == "label" for task in asked) else []
            usual = SEEDS if first else SEEDS[:1]
            found.append(ask(PROBE, MOST, usual, encoders=encoders, layers=["mix"], controls=["majority", *yes_no]))
        if not first:
            continue
        if "uniform" in chosen and (arcs := [task for task in asked if task in UNIFORM]):
            found.append(ask(PROBE, MOST, SEEDS, encoders=encoders, layers=["uniform"], tasks=arcs))
        if "controls" in chosen and (others := contrasts(encoders)):
            found.append(ask(PROBE, MOST, SEEDS[:1], encoders=others, layers=["mix"]))
        if "layers" in chosen:
            found.append(ask(LAYERS_PROBE, LAYERS_MOST, SEEDS[:1], encoders=encoders, layers=layers))
        if "tuned" in chosen and (tuned := [task for task in asked if task in TUNED]):
            found.append(
                ask(TUNED_PROBE, TUNED_MOST, SEEDS[:1], encoders=encoders, layers=[-1], tune=True, tasks=tuned)
            )
    return found


def questions(corpora: Sequence[str], tasks: Sequence[str]) -> list[tuple[str, list[str], bool]]:
    """Corpora with the tasks asked of each, and whether it is the first one of its tasks."""
    if corpora:
        return [(c, list(tasks) or expand(["span/*"], load_corpus(c)), True) for c in corpora]
    wanted = expand(list(tasks)) if tasks else [task for some in TASKS for task in some]
    found = []
    for some, sources in TASKS.items():
        if asked := [task for task in wanted if task in some]:
            here = [source for source in sources if is_here(source)]
            found += [(source, asked, place == 0) for place, source in enumerate(here or [WITHOUT_DATA])]
            if not here:
                print(
                    f"{', '.join(asked)}: none of {', '.join(sources)} is on this machine. Running on generated "
                    f"sentences instead, {WITHOUT_DATA}: a demonstration, not a reproduction.\nFor the study, set "
                    "PROBEKIT_DATA to the folders that hold them (probekit data list)",
                    file=sys.stderr,
                )
    if left := [task for task in wanted if not any(task in some for some in TASKS)]:
        raise ProbekitError(f"the study has no corpus for '{left[0]}'; name one with --corpus")
    return found


def is_here(corpus: str) -> bool:
    """Whether a corpus of the study can be read on this machine."""
    name = parse(corpus).name
    members = registry.entry(name).meta.get("resources", ())
    return not any(None in resources.locate(member) for member in members)


def contrasts(encoders: Sequence[str]) -> list[str]:
    """The same architectures with random weights, and GloVe where it is at hand."""
    found = [random_form(encoder) for encoder in encoders if describe(encoder).layers != (None,)]
    return found + (["glove"] if resources.available("glove") and "glove" not in encoders else [])
