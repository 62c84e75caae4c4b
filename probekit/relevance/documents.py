"""Documents as sums of word vectors weighted by relevance, seen in two dimensions (Arras et al. 2016, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.errors import ProbekitError, UnknownName
from probekit.relevance.catalogue import WEIGHTINGS
from probekit.relevance.texts import Texts, explained

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier


def document_vectors(
    classifier: Classifier, texts: Texts, weightings: Sequence[str] = tuple(WEIGHTINGS), rules: Any = None
) -> dict[str, np.ndarray]:
    """Unit vectors (n, d) of documents by weighting, for the class that the classifier predicts.

    "sum" adds word vectors; "lrp", "sa", "sa-l2" weight each by its relevance (sum of its units, for sa-l2 the length
    of the gradient); "lrp-ew" and "sa-ew" weight every unit by its own. A sum of zero stays zero.
    """
    for name in weightings:
        if name not in WEIGHTINGS:
            raise UnknownName("weighting of word vectors:", name, WEIGHTINGS)
    by_method: dict[str, list[str]] = {}
    for name in weightings:
        by_method.setdefault(WEIGHTINGS[name] or "sa", []).append(name)
    found: dict[str, np.ndarray] = {}
    for method, names in by_method.items():
        own = rules if method == "lrp" else None
        for rows, batch, one in explained(classifier, texts, "predicted", method, own):
            vectors = classifier.embed(batch).detach().double().numpy()
            mask = batch.content.numpy()[..., None]
            relevance = one.relevance[:, 0].double().numpy() * mask
            words = relevance.sum(-1, keepdims=True)
            weights = {
                "sum": mask,
                "lrp": words,
                "sa": words,
                "sa-l2": np.sqrt(np.maximum(words, 0)),
                "lrp-ew": relevance,
                "sa-ew": relevance,
            }
            for name in names:
                if name not in found:
                    found[name] = np.zeros((len(texts), vectors.shape[2]))
                found[name][rows] = (weights[name] * vectors * mask).sum(1)
    return {name: unit_length(found[name]) for name in weightings}


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length == 0, 1, length)


def plane(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two principal components of documents (n, 2) and the share of variance of each; signs fixed by the largest
    loading."""
    if len(vectors) < 3:
        raise ProbekitError(f"two components need at least 3 documents, got {len(vectors)}")
    centred = vectors - vectors.mean(0)
    _, s, v = np.linalg.svd(centred, full_matrices=False)
    sign = np.sign(v[np.arange(2), np.abs(v[:2]).argmax(1)])
    return centred @ v[:2].T * sign, s[:2] ** 2 / (s**2).sum()


def neighbours_agree(points: np.ndarray, labels: Sequence[str], k: int = 5) -> np.ndarray:
    """Whether most of the k nearest other points (n, d) have a point's own label, (n,) bool; of equal counts the
    label that comes first in the alphabet is the answer."""
    from sklearn.neighbors import NearestNeighbors

    if len(points) <= k:
        raise ProbekitError(f"{k} neighbours need more than {k} points, got {len(points)}")
    classes, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    near = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    votes = np.zeros((len(points), len(classes)), dtype=int)
    for column in near.T:
        votes[np.arange(len(points)), codes[column]] += 1
    return votes.argmax(1) == codes
