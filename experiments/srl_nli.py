"""What a second task, semantic roles, does to an encoder of inference (Cengiz and Yuret 2020, SRL-NLI).

Parts:

    runs      100 runs of BERT on HANS as McCoy, Min and Linzen (2020) published them: where the paper's one run lies
    answers   inference alone, with roles in turn, after roles: SICK, HANS, Comparisons after every epoch
    roles     roles alone: F1 of their spans
    layers    beyond the paper: what the layers know of sentences and words before and after each training

What is ours. MultiNLI, SNLI and CoNLL-2012 are not at hand: SICK's pairs (captions, three labels) are what inference is
learned from (1,000), PropBank roles of the dev and test parts of EWT (8,114 predicates; those of 500 sentences of at
most 25 words) the second task. The first three layers of MiniLM (384 units, tuned for sentence similarity, then cut)
stand for BERT-base; its pieces are averaged, since [CLS] knows little at the third layer. HANS is made anew by its
authors' generator, Comparisons has its own dev and test parts; both are cut. A seed is the order of batches and the
heads; every run has three passes of the pairs. The slanted triangle, both heads of two layers and one optimizer for
all are the paper's; rate, layers and batch are ours, set in trials of seed 0 in which SICK's and HANS's development
parts were seen. The epoch whose state answers is chosen in two ways: on the development part of the challenge (the
paper's) and on that of SICK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probekit.grid import Grid
from probekit.study import Data, Study
from probekit.works.tuning import known_by_layer, tuned, tuning

STUDY = Study(
    "srl-nli",
    "Cengiz and Yuret 2020, RepL4NLP at ACL",
    title="Joint Training with Semantic Role Labeling for Better Generalization in Natural Language Inference",
    data={
        "sick": "sick|fewer-pairs(train=1000, dev=250, test=400)",
        "roles": "up-english-ewt|lengths(least=4, most=25)|sample(n=500)|resplit(dev=0.1, test=0.25)",
        "hans": "hans|fewer-pairs(dev=240, test=600)",
        "comparisons": "comparisons|fewer-pairs(dev=120, test=240)",
        "ud": "ud-english|sample(n=300)",
        "runs": ("published runs", "berts-of-a-feather"),
    },
    instead={
        "sick": "mini-hans(n=200)",
        "roles": "mini-hans(n=100, seed=1)",
        "hans": "mini-hans(n=300, challenge=true)",
        "comparisons": "compared(n=120)",
    },
)
INFERENCE, ROLES = "pair/entailment", "word/role"
SINGLE, JOINT, SEQUENTIAL = METHODS = ("single", "joint", "sequential")
SEEDS = range(5)
EPOCHS = 3
MODEL = "minilm|first-layers(n=3)"
HOW: Mapping[str, Any] = {
    "batch": 16,
    "epochs": EPOCHS,
    "head": "mlp",
    "pooling": "mean",
    "rate": 3e-4,
    "schedule": "slanted",
}


def model(data: Data) -> str:
    """The encoder that is trained, or a small one of generated text."""
    return MODEL if "sick" in data else 'pretrained:"mini-hans(n=200)"(layers=2, steps=20, vocabulary=300, width=32)'


def after_roles(data: Data, seed: int) -> str:
    """The encoder trained on roles, its head left out."""
    return tuned(model(data), {**HOW, "on": data["roles"], "task": ROLES, "seed": seed})


def trained(data: Data, method: str, seed: int, **asked: Any) -> Grid:
    """One training of inference, and what it is asked."""
    encoder = after_roles(data, seed) if method == SEQUENTIAL else model(data)
    second = {"also": [data["roles"]], "also_task": [ROLES]} if method == JOINT else {}
    how: dict[str, Any] = {name: [value] for name, value in HOW.items()} | {"state": ["each"], **second}
    return tuning(STUDY.name, [data["sick"]], [encoder], INFERENCE, ["standard"], [seed], "inference", **how, **asked)


@STUDY.part("runs")
def runs(data: Data) -> Iterator[Grid]:
    if "runs" in data:
        yield Grid(STUDY.name, "published-runs", {"dataset": [data["runs"]]})


@STUDY.part("answers", own=["encoder", "task"])
def answers(data: Data) -> Iterator[Grid]:
    after = list(range(1, EPOCHS + 1))
    for seed in SEEDS:
        for method in METHODS:
            yield trained(data, method, seed, on=["", data["hans"], data["comparisons"]], after=after)
            if method == JOINT:
                yield trained(data, method, seed, on=[data["roles"]], after=[EPOCHS], second=[True])


@STUDY.part("roles", own=["encoder", "task"])
def roles(data: Data) -> Iterator[Grid]:
    how: dict[str, Any] = {name: [value] for name, value in HOW.items()}
    yield tuning(STUDY.name, [data["roles"]], [model(data)], ROLES, ["standard"], list(SEEDS), **how)


def at_its_end(data: Data, method: str) -> str:
    """The encoder of a training of seed 0, as it was at its end."""
    grid = trained(data, method, 0)
    how = {name: values[0] for name, values in grid.axes.items() if name not in ("dataset", "encoder")}
    return tuned(grid.axes["encoder"][0], {**how, "on": data["sick"]})


@STUDY.part("layers", own=["encoder", "task"])
def layers(data: Data) -> Iterator[Grid]:
    if "ud" in data and "sick" in data:
        encoders = [MODEL, after_roles(data, 0), *(at_its_end(data, method) for method in METHODS)]
        yield from known_by_layer(STUDY.name, data["ud"], encoders)
