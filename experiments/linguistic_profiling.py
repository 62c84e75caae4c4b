"""Linguistic profiling (Miaschi and Dell'Orletta 2020): 68 features of sentences, read from frozen vectors.

Parts, chosen with `part=` (several joined by +, or all):

    sentences   every layer and pooling, and static tables, by linear-svr and ridge; the length baseline
    words       the same from the vector of one word: first, two internal ones, last
    controls    ridge on random targets and on the architecture with random weights
    twins       ridge with folds that keep identical sentences, or whole documents, together: what the leak is worth
    solver      scikit-learn's LinearSVR at its defaults and the exact optimum on one sample of 2,000 sentences

Choices that the paper leaves open and we made: pieces are pooled without special tokens; the internal words are the
ceil(n/3)-th and ceil(2n/3)-th; x and y are not scaled, shares are fractions; C=1, epsilon=0; folds are shuffled with a
fixed seed; word2vec is skip-gram with 300 dimensions, trained on the probed sentences and not on Wikipedia; `minilm` (a
sentence-embedding fine-tune of MiniLM with 6 layers) stands for bert-base-uncased unless another encoder is named.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from probekit import resources
from probekit.encoders import describe as describe_encoder
from probekit.errors import UnknownName
from probekit.grid import Grid
from probekit.specs import Spec
from probekit.works.probing import probing

NAME = "linguistic-profiling"
SUMMARY = "68 linguistic features of sentences x layers x poolings (Miaschi and Dell'Orletta 2020)"

CORPUS = "ud-english"
TREEBANKS = ("ud-english-ewt", "ud-english-gum", "ud-english-partut")
WITHOUT_DATA = "grammar(n=3000)"
FEATURES = "sentence/profiling-68"
POOLINGS = ("mean", "sum", "max", "min", "cls")
WORDS = ("word:1", "word:1/3", "word:2/3", "word:-1")
PROBES = ("linear-svr", "ridge")
SOLVERS = ("linear-svr-liblinear", "linear-svr")
SAMPLE = 2000
PARTS = ("sentences", "words", "controls", "twins", "solver")
# The solver part is left to be asked for: 340 regressors a representation, one by one, take core-hours.
USUAL = ("sentences", "words", "controls", "twins")


def grids(
    corpora: Sequence[str] = (),
    encoders: Sequence[str] = (),
    tasks: Sequence[str] = (),
    layers: str | Sequence[int] = "all",
    poolings: Sequence[str] = (),
    probes: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    keep: Sequence[str] = (),
    part: str = "+".join(USUAL),
    static: str = "",
) -> list[Grid]:
    """Grids of the study. Empty axes take the study's own values.

    encoders: contextual ones; static tables ride along (word2vec trained on the corpus, GloVe where it is at hand), or
    those that `static` names, joined by ; ("none" for none).
    """
    chosen = PARTS if part == "all" else tuple(part.split("+"))
    for name in chosen:
        if name not in PARTS:
            raise UnknownName("part of the study:", name, [*PARTS, "all"])
    corpora = list(corpora) or [default_corpus()]
    contextual = list(encoders) or ["minilm"]
    features = list(tasks) or [FEATURES]
    found: list[Grid] = []
    for corpus in corpora:
        every = contextual + static_encoders(corpus, static, contextual)
        common: dict[str, Any] = {"layers": layers, "tasks": features, "seeds": list(seeds)}
        whole: dict[str, Any] = {**common, "corpora": [corpus], "keep": list(keep)}
        asked = list(poolings) or [*POOLINGS]
        if "sentences" in chosen:
            pooled = [p for p in asked if not p.startswith("word:")]
            if pooled:
                own = {**whole, "probes": probes or PROBES, "controls": ["length"]}
                found.append(probing(NAME, encoders=every, poolings=pooled, **own))
        single = [p for p in poolings if p.startswith("word:")] if poolings else [*WORDS]
        if "words" in chosen and single:
            for encoder in every:
                own = {**whole, "layers": layers_of_words(encoder, layers)}
                found.append(probing(NAME, encoders=[encoder], poolings=single, probes=probes or PROBES, **own))
        if "controls" in chosen and (layered := [e for e in contextual if describe_encoder(e).layers != (None,)]):
            found.append(
                probing(
                    NAME,
                    encoders=layered,
                    poolings=["mean"],
                    probes=["ridge"],
                    controls=["random-labels", "random-encoder"],
                    **whole,
                )
            )
        if "twins" in chosen:
            for groups in ("text", "document") if corpus == CORPUS else ("text",):
                found.append(
                    probing(NAME, encoders=every, poolings=["mean"], probes=probes or ["ridge"], groups=groups, **whole)
                )
        if "solver" in chosen:
            sampled = {**common, "corpora": [f"{corpus}|sample(n={SAMPLE}, seed=0)"], "probes": SOLVERS}
            pooled = [p for p in asked if not p.startswith("word:")]
            for encoder in every if pooled else []:
                # The paper does not use the embedding layer, and at 340 regressors a representation each costs.
                own = {**sampled, "layers": layers_without_embeddings(encoder, layers), "controls": ["length"]}
                found.append(probing(NAME, encoders=[encoder], poolings=pooled_by(encoder, pooled), **own))
            for encoder in every if single else []:
                own = {**sampled, "layers": layers_of_words(encoder, layers)}
                found.append(probing(NAME, encoders=[encoder], poolings=single, **own))
    return found


def layers_of_words(encoder: str, layers: str | Sequence[int]) -> str | Sequence[int]:
    """The paper's two layers for single words: -8 of 12, that is 5/12 of the depth (best with Mean), and the last."""
    last = len(describe_encoder(encoder).layers) - 1
    return layers if layers != "all" or not last else sorted({5 * last // 12, last})


def layers_without_embeddings(encoder: str, layers: str | Sequence[int]) -> str | Sequence[int]:
    """Layers 1 to the last, where all are asked for."""
    last = len(describe_encoder(encoder).layers) - 1
    return layers if layers != "all" or not last else range(1, last + 1)


def pooled_by(encoder: str, poolings: Sequence[str]) -> list[str]:
    """Those of some poolings that an encoder offers: a static table has no cls."""
    return [pooling for pooling in poolings if pooling in describe_encoder(encoder).poolings]


def default_corpus() -> str:
    """The study's treebanks where they are on this machine, otherwise generated sentences, which it says."""
    absent = [name for name in TREEBANKS if None in resources.locate(name)]
    if not absent:
        return CORPUS
    print(
        f"The study's treebanks are not on this machine (missing: {', '.join(absent)}). Running on generated sentences "
        f"instead, {WITHOUT_DATA}: a demonstration, not a reproduction.\nFor the study, set PROBEKIT_DATA to the "
        f"folders that hold them, or fetch them: probekit data get {CORPUS}",
        file=sys.stderr,
    )
    return WITHOUT_DATA


def static_encoders(corpus: str, static: str, contextual: Sequence[str]) -> list[str]:
    """Static tables to compare with: those named, or the study's own."""
    if static:
        return [] if static == "none" else static.split(";")
    found = [str(Spec("word2vec", corpus))]
    if resources.available("glove"):
        found.append("glove")
    return [encoder for encoder in found if encoder not in contextual]
