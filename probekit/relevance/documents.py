"""Documents as sums of word vectors weighted by relevance, seen in two dimensions (Arras et al. 2016, section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from probekit.errors import ProbekitError, UnknownName
from probekit.relevance.catalogue import WEIGHTINGS
from probekit.relevance.deletion import batches
from probekit.relevance.texts import Texts, explained
from probekit.relevance.words import rarities

if TYPE_CHECKING:
    from probekit.learners.classifier import Classifier, TextBatch


def document_vectors(
    classifier: Classifier,
    texts: Texts,
    weightings: Sequence[str] = tuple(WEIGHTINGS),
    rules: Any = None,
    *,
    rarity: Mapping[str, float] | None = None,
    centred: bool = False,
) -> dict[str, np.ndarray]:
    """Unit vectors (n, d) of documents by weighting, for the class that the classifier predicts.

    "sum" adds word vectors; "tf-idf" weights every occurrence of a word by `rarity` (see `words.rarities`: that of the
    texts themselves unless given); "lrp", "sa", "sa-l2" weight each by its relevance (sum of its units, for sa-l2 the
    length of the gradient); "lrp-ew" and "sa-ew" weight every unit by its own. A sum of zero stays zero.

    centred: from the vectors that are weighted the mean word of the texts is taken away, so that no unit counts for
    being large in every word; relevance stays that of the vectors which the classifier reads.
    """
    for name in weightings:
        if name not in WEIGHTINGS:
            raise UnknownName("weighting of word vectors:", name, WEIGHTINGS)
    rarity = rarities(texts) if rarity is None and "tf-idf" in weightings else rarity or {}
    mean = mean_word(classifier, texts) if centred else 0.0
    by_method: dict[str, list[str]] = {}
    for name in weightings:
        by_method.setdefault(WEIGHTINGS[name] or "sa", []).append(name)
    found: dict[str, np.ndarray] = {}
    for method, names in by_method.items():
        own = rules if method == "lrp" else None
        for rows, batch, one in explained(classifier, texts, "predicted", method, own):
            vectors, mask = _known(classifier, batch)
            relevance = one.relevance[:, 0].double().numpy() * batch.content.numpy()[..., None]
            for name in names:
                if name not in found:
                    found[name] = np.zeros((len(texts), vectors.shape[2]))
                weights = _weights(name, relevance, texts, rows, batch, rarity)
                found[name][rows] = (weights * (vectors - mean) * mask).sum(1)
    return {name: unit_length(found[name]) for name in weightings}


def _weights(
    name: str, relevance: np.ndarray, texts: Texts, rows: np.ndarray, batch: TextBatch, rarity: Mapping[str, float]
) -> np.ndarray:
    """What a weighting gives words (B, T, 1) or their units (B, T, d) of relevance (B, T, d)."""
    if name.endswith("-ew"):
        return relevance
    if name == "sum":
        return np.ones((*relevance.shape[:2], 1))
    if name == "tf-idf":
        return np.array(
            [
                [[rarity.get(texts[row][k].lower(), rarity.get("", 0.0)) if k >= 0 else 0.0] for k in words]
                for row, words in zip(rows, batch.word.tolist(), strict=True)
            ]
        )
    words = relevance.sum(-1, keepdims=True)
    return np.sqrt(np.maximum(words, 0)) if name == "sa-l2" else words


def _known(classifier: Classifier, batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (B, T, d) of a batch, and which places (B, T, 1) hold a word that has one."""
    vectors = classifier.embed(batch).detach().double().numpy()
    return vectors, (vectors.any(-1) & batch.content.numpy())[..., None]


def mean_word(classifier: Classifier, texts: Texts) -> np.ndarray:
    """Mean vector (d,) of the words of some texts, those without a vector left out."""
    total, count = np.zeros(1), 0
    for _, batch in batches(classifier, texts, 64, "mean word"):
        vectors, known = _known(classifier, batch)
        total, count = total + (vectors * known).sum((0, 1)), count + int(known.sum())
    return total / max(1, count)


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
