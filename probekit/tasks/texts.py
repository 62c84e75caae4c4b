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


@register(
    "sentence/labels",
    level="sentence",
    kind="labels",
    group="text",
    metric="micro_f1",
    source="Lewis et al. 2004, RCV1: texts of any number of topics",
    requires=("labels",),
)
def labels(corpus: Corpus) -> list[tuple[str, ...]]:
    """Classes of a text that may have several, or none; the attribute holds them parted by `|`."""
    found = corpus.sentences["labels"].fillna("").astype(str)
    return [tuple(sorted({one.strip() for one in text.split("|")} - {""})) for text in found]
