"""Tasks over texts: what their own annotation says of them as wholes."""

from __future__ import annotations

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.tasks.catalogue import register


@register(
    "sentence/specificity",
    level="sentence",
    kind="number",
    group="semantics",
    source="Ko, Durrett and Li 2019, Domain Agnostic Real-Valued Specificity Prediction",
    requires=("specificity",),
)
def specificity(corpus: Corpus) -> np.ndarray:
    """How specific a sentence is, as people rate it or as it was made."""
    found: np.ndarray = corpus.sentences["specificity"].to_numpy(dtype=float)
    return found


@register(
    "sentence/label",
    level="sentence",
    kind="label",
    group="text",
    source="The classes that a corpus of labelled texts comes with",
    requires=("label",),
)
def label(corpus: Corpus) -> tuple[np.ndarray, list[str]]:
    """Class of a labelled text; texts without a class are not asked about."""
    labels = corpus.sentences["label"].fillna("").astype(str).to_numpy()
    known = labels != ""
    return known, labels[known].tolist()
