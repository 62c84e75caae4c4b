"""Tasks over pairs of sentences: what people say of the two together. Probes read |u - v| and u * v of their vectors
(Conneau and Kiela 2018, SentEval: An Evaluation Toolkit for Universal Sentence Representations).
"""

from __future__ import annotations

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.tasks.catalogue import register
from probekit.tasks.task import pairs_of

SOURCE = "Marelli et al. 2014, A SICK cure for the evaluation of compositional distributional semantic models"


@register(
    "pair/entailment",
    level="pair",
    kind="label",
    group="semantics",
    source=SOURCE,
    requires=("pair", "entailment"),
    summary="Whether the second sentence follows from the first, contradicts it, or neither.",
)
def entailment(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "entailment").astype(str).astype(object)


@register(
    "pair/relatedness",
    level="pair",
    kind="number",
    group="semantics",
    source=SOURCE,
    requires=("pair", "relatedness"),
    summary="How related two sentences are in meaning, as people rate them.",
)
def relatedness(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "relatedness").astype(float)


@register(
    "pair/more-general",
    level="pair",
    kind="label",
    group="semantics",
    source="Chen and Gimpel 2020, Learning Probabilistic Sentence Representations from Paraphrases",
    requires=("pair", "entailment"),
    summary="Whether the second sentence says less than the first, asked by what holds between the two.",
)
def more_general(corpus: Corpus) -> np.ndarray:
    return _said(corpus, "entailment").astype(str).astype(object)


def _said(corpus: Corpus, attribute: str) -> np.ndarray:
    """An attribute of the first sentence of each pair."""
    found: np.ndarray = corpus.sentences[attribute].to_numpy()[pairs_of(corpus)["sentence"].to_numpy()]
    return found
