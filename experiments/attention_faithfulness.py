"""Staying true to your word (Tutek and Snajder 2020): when do attention weights matter, and what training makes them?

Parts, chosen with `part=` (several joined by +, or all):

    fragility   5 variants x 2 attentions x seeds on every data set: F1, its change under uniform and permuted
                attention, entropy, per-token probability, agreement with gradients and leave-one-out, information
    queries     dot-product attention whose query begins as torch begins a linear layer, and entropy over training
    imitation   adversaries of the plain and the mlm classifier over lambda
    depth       1, 2 and 3 layers, additive attention
    embeddings  the plain classifier with embeddings that learn
    explanations  attention beside relevance, gradients and random orders: agreement, erasure, words (ours)
    tuning      delta and eta on development data with one seed (their test scores are not looked at)

Choices that the paper leaves open and we made: GloVe 6B 100d in place of fastText 300d, so 50 units per direction; two
scores with a softmax in place of one with a sigmoid; embeddings frozen in every variant, so that the regularizer alone
differs; training stops by the cross-entropy on development data, at most 25 epochs, after two without a lower one (six
for movie reviews, whose 44 batches an epoch leave the classifier near chance in two); the mlm loss is a sum over
masked words of a text, then a mean over texts; documents are cut at 200 words (20 Newsgroups, whose posts are cut at
850 characters here, and movie reviews in place of IMDB). Test data are never used to choose anything.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from probekit import resources
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.works.attention import SETTINGS, AttentionGrid
from probekit.works.explanations import METHODS

NAME = "attention-faithfulness"
SUMMARY = "Attention classifiers, regularizers, faithfulness measures (Tutek and Snajder 2020)"
PARTS = ("fragility", "queries", "imitation", "depth", "embeddings", "explanations", "tuning")
USUAL = ("fragility", "queries", "imitation", "embeddings", "explanations")
VARIANTS = ("base", "concat", "residual", "tying", "mlm")
ATTENTIONS = ("additive", "dot")
SEEDS = (0, 1, 2, 3, 4)
LAMBDAS = (0.0, 0.1, 1.0)
DELTAS = (0.1, 0.3, 1.0)
CUT = 200


@dataclass(frozen=True)
class DataSet:
    """A data set of the study: its corpus, the resource it needs, positive class, chosen delta and eta.

    delta and eta are those of the deepest mean drop on SST's development texts among values that cost at most one point
    of F1 there (part=tuning, seed 0); the other data sets take them over until they are tuned themselves. `etas` are
    those that tuning tries: a long text has many masked words, whose losses are added up.
    """

    corpus: str
    resource: str
    positive: str = ""
    delta: float = 0.1
    eta: float = 0.3
    vectors: str = "glove"
    etas: tuple[float, ...] = (0.1, 0.3, 1.0)
    patience: int = SETTINGS.patience  # epochs without a lower loss that training waits


# As Jain and Wallace 2019: lower case, one word for all with digits, their limits of length.
DATA: dict[str, DataSet] = {
    "sst": DataSet("sst|lower|digits|lengths(least=5)", "sst", "positive"),
    "20ng": DataSet(
        "twenty-newsgroups(classes=[rec.sport.baseball, rec.sport.hockey])|holdout|lower|digits"
        "|lengths(least=6, most=500)",
        "twenty-newsgroups",
        "rec.sport.hockey",
        etas=(0.03, 0.1, 0.3),
    ),
    "ag-news": DataSet("ag-news-test(classes=[World, Business])|resplit|lower|digits", "ag-news-test", "Business"),
    "sentence-polarity": DataSet("sentence-polarity|resplit|lower|digits|lengths(least=5)", "sentence-polarity", "pos"),
    "movie-reviews": DataSet(
        "movie-reviews|resplit|lower|digits", "movie-reviews", "pos", etas=(0.03, 0.1, 0.3), patience=6
    ),
}
WITHOUT_DATA = {"cues": DataSet("cues", "", "b", vectors="random(spread=0.3, width=32)", delta=0.3)}
FEWER_SEEDS = {"movie-reviews": (0, 1)}


def grids(
    corpora: Sequence[str] = (),
    seeds: Sequence[int] = (),
    keep: Sequence[str] = (),
    part: str = "+".join(USUAL),
    cut: str = str(CUT),
    variants: str = "+".join(VARIANTS),
    attentions: str = "+".join(ATTENTIONS),
    lambdas: str = "+".join(map(str, LAMBDAS)),
) -> list[Grid]:
    """Grids of the study. corpora: names among sst, 20ng, ag-news, sentence-polarity, movie-reviews, or cues
    (generated); by default all that are on this machine."""
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    for name in variants.split("+"):
        if name not in VARIANTS:
            raise UnknownName("variant:", name, VARIANTS)
    found: list[Grid] = []
    for name in corpora or default_data():
        data = data_set(name)
        own = tuple(seeds) or FEWER_SEEDS.get(name, SEEDS)
        common: dict[str, list[Any]] = {
            "dataset": [data.corpus],
            "positive": [data.positive],
            "vectors": [data.vectors],
            "cut": [number(cut, "cut")],
            "layers": [1],
            "query": ["normal"],
            "embeddings": ["frozen"],
            "patience": [data.patience],
        }
        specs = [regularizer(variant, data) for variant in variants.split("+")]
        if "fragility" in chosen:
            tables = {"tokens", "points"} | set(keep)
            # Seeds first: a run that is stopped early has every variant.
            axes = {"seed": list(own), **common, "regularizer": specs, "attention": attentions.split("+")}
            found.append(AttentionGrid(NAME, "attention", axes, sorted(tables)))
        if "queries" in chosen and name in ("sst", "cues"):
            axes = {**common, "regularizer": ["base"], "attention": ["dot"], "seed": list(own)}
            found.append(AttentionGrid(NAME, "attention", {**axes, "query": ["default"]}, ["points"]))
            axes = {**axes, "seed": list(own)[:2], "query": ["normal", "default"], "watched": [1]}
            found.append(AttentionGrid(NAME, "attention-training", axes, ["curve"]))
        if "embeddings" in chosen and name in ("sst", "cues"):
            axes = {**common, "regularizer": ["base"], "attention": attentions.split("+"), "seed": list(own)}
            found.append(AttentionGrid(NAME, "attention", {**axes, "embeddings": ["trained"]}, ["points"]))
        if "depth" in chosen:
            axes = {**common, "regularizer": [s for s in specs if s != "residual"], "attention": ["additive"]}
            axes |= {"seed": list(own)[:2], "layers": [2, 3]}
            found.append(AttentionGrid(NAME, "attention", axes, ["points"]))
        if "imitation" in chosen and name in ("sst", "cues"):
            axes = {**common, "regularizer": [regularizer(v, data) for v in ("base", "mlm", "tying")]}
            axes |= {"attention": ["additive"], "seed": list(own)[:2]}
            axes |= {"lambda": [number(text, "lambdas") for text in lambdas.split("+")]}
            found.append(AttentionGrid(NAME, "attention-imitation", axes))
        if "explanations" in chosen:
            axes = {**common, "regularizer": [regularizer(v, data) for v in ("base", "tying", "mlm")]}
            axes |= {"attention": attentions.split("+"), "seed": list(own)[:2], "probe": list(METHODS)}
            share = [axis for axis in axes if axis != "probe"]
            found.append(AttentionGrid(NAME, "attention-explanations", axes, ["tokens"], share=share))
        if "tuning" in chosen:
            tried = [f"tying(delta={d:g})" for d in DELTAS] + [f"mlm(eta={e:g})" for e in data.etas]
            axes = {**common, "regularizer": ["base", *tried], "attention": ["additive"], "seed": [0], "part": ["dev"]}
            found.append(AttentionGrid(NAME, "attention", axes))
    return found


def regularizer(variant: str, data: DataSet) -> str:
    """The spec of a variant on a data set: tying and mlm with what was chosen there."""
    return {"tying": f"tying(delta={data.delta:g})", "mlm": f"mlm(eta={data.eta:g})"}.get(variant, variant)


def number(text: str, name: str) -> float | int:
    """A number given on the command line. Raises ProbekitError."""
    try:
        value = float(text)
    except ValueError:
        raise ProbekitError(f"{name} takes numbers, got '{text}'") from None
    return int(value) if value.is_integer() and name == "cut" else value


def data_set(name: str) -> DataSet:
    """A data set of the study by name. Raises UnknownName."""
    known = {**DATA, **WITHOUT_DATA}
    if name not in known:
        raise UnknownName("data set of the study:", name, known)
    return known[name]


def default_data() -> list[str]:
    """The study's data sets on this machine, otherwise generated texts, which it says."""
    there = [name for name, data in DATA.items() if None not in resources.locate(data.resource)]
    if there and None not in resources.locate("glove"):
        if absent := sorted(set(DATA) - set(there)):
            print(f"Left out, not on this machine: {', '.join(absent)}", file=sys.stderr)
        return there
    print(
        "The study's data sets and vectors are not on this machine. Running on generated texts instead: a "
        "demonstration, not a reproduction.\nFor the study, set PROBEKIT_DATA to the folders that hold them "
        "(probekit data list)",
        file=sys.stderr,
    )
    return list(WITHOUT_DATA)
