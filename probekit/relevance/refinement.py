"""Word vectors refined by relevance: a subspace for every property (Utsumi 2018).

found = fit_refinement(vectors, ratings)             vectors (words, n) of the rated words
found.save("weights")                                a table of properties x dimensions
pk.load_table("static:glove|refine(weights=weights, property=dark)")
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from probekit.corpora.ratings import Ratings
from probekit.embeddings.property_pairs import WORDS_A_SIDE, property_pairs
from probekit.embeddings.table import WordTable
from probekit.errors import ProbekitError
from probekit.relevance.property_network import RULE, NetworkSettings, fit_network
from probekit.relevance.thresholds import (
    Search,
    Thresholds,
    one_point,
    property_weights,
    search_thresholds,
    threshold_grid,
)
from probekit.streams import generator


@dataclass(frozen=True, eq=False)
class Refinement:
    """One vector of weights r a property, (p, n) float64; x (*) r with the zero columns dropped is its subspace.

    uncut: the same at thresholds (3, 0, 0), which cut nothing but the words predicted below 3.
    unrefined: properties without an r (no word predicted to have them, or no relevance left), whose weights are all 1.
    predicted: ratings of the words it was fitted on. members: words that each r is a mean over. gap: how far the worst
    sum of relevances is from its rating, relative to it.
    """

    properties: tuple[str, ...]
    weights: np.ndarray
    uncut: np.ndarray
    thresholds: Thresholds
    predicted: np.ndarray
    members: np.ndarray
    unrefined: tuple[str, ...]
    gap: float
    search: Search | None = None
    info: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: str | Path) -> Path:
        """Write the weights as a word table whose words are the properties, for `refine(weights=folder)`."""
        about = {
            "made by": "lrp_projection",
            "thresholds": list(self.thresholds),
            "unrefined": list(self.unrefined),
            **self.info,
        }
        return WordTable(self.properties, self.weights.astype(np.float32), about=about).save(folder)


def fit_refinement(
    vectors: np.ndarray,
    ratings: Ratings,
    thresholds: Thresholds | tuple[float, float, float] | None = None,
    grid: str = "full",
    folds: int = 10,
    k: int = WORDS_A_SIDE,
    settings: NetworkSettings | None = None,
    seed: int = 0,
    rule: str = RULE,
) -> Refinement:
    """Weights of every property, from the vectors (words, n) of all rated words in the order of the ratings.

    thresholds: (theta_T, theta_R1, theta_R2), or None for a grid search with cross-validation over words (`grid`:
    "full" or "coarse"; `k` words a side). The network is then fitted on all words, for as long as the folds' networks
    were in the median; with thresholds given, a tenth of the words says how long. Raises ProbekitError for vectors that
    do not fit the ratings or are not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    n_words = len(ratings.words)
    if vectors.ndim != 2 or len(vectors) != n_words:
        raise ProbekitError(f"{n_words} rated words need vectors of shape ({n_words}, n), got {vectors.shape}")
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise ProbekitError(f"the vector of '{ratings.words[bad[0]]}' holds NaN or infinity")
    settings = settings or NetworkSettings()
    columns = range(len(ratings.properties))
    search = None
    if thresholds is None:
        pairs, _ = property_pairs(ratings, k=k, seed=seed)
        place = {name: j for j, name in enumerate(ratings.properties)}
        chosen = [place[one.name] for one in pairs]
        points = threshold_grid(vectors.shape[1], grid)
        search = search_thresholds(vectors, ratings.values, pairs, chosen, points, folds, settings, seed, rule)
        thresholds, epochs = search.thresholds, int(np.median(search.epochs))
    else:
        thresholds = Thresholds(*thresholds)
        last = np.zeros(n_words, dtype=bool)
        last[generator(seed, "split", "stop", n_words).permutation(n_words)[: max(1, n_words // 10)]] = True
        dev = (vectors[last], ratings.values[last])
        epochs = fit_network(vectors[~last], ratings.values[~last], dev, settings, seed).epochs
    whole = replace(settings, epochs=max(1, epochs))
    net = fit_network(vectors, ratings.values, None, whole, seed)
    found = property_weights(net, vectors, columns, one_point(thresholds), rule)
    uncut = property_weights(net, vectors, columns, one_point(Thresholds()), rule)
    unrefined = tuple(name for name, there in zip(ratings.properties, found.there[:, 0], strict=True) if not there)
    return Refinement(
        tuple(ratings.properties),
        found.weights[:, 0],
        uncut.weights[:, 0],
        thresholds,
        net.predict(vectors),
        found.members[:, 0],
        unrefined,
        max(found.gap, search.gap if search else 0.0),
        search,
        {"rule": rule, "seed": seed, "epochs": net.epochs},
    )
