"""From relevances of words to one weight a dimension: three thresholds, and the search for them (Utsumi 2018).

    r = g2(mean over V of g1(r_i)),   V: words whose predicted rating reaches theta_T
    g1 keeps what reaches theta_R1,   g2 divides by the largest and keeps what reaches theta_R2

Each word is cut first and the mean then divides by the size of V, words that lost everything included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from probekit.embeddings.property_pairs import PropertyPairs
from probekit.errors import ProbekitError, UnknownName
from probekit.progress import bar
from probekit.relevance.property_network import NetworkSettings, PropertyNetwork, fit_network, squared_errors
from probekit.scores import average_precisions, weighted_cosines
from probekit.streams import generator

GRIDS = ("full", "coarse")


class Thresholds(NamedTuple):
    """theta_T, theta_R1, theta_R2."""

    rating: float = 3.0
    relevance: float = 0.0
    share: float = 0.0


@dataclass(frozen=True, eq=False)
class ThresholdGrid:
    """The values that are tried, ascending; every combination is one point, the last threshold changing fastest."""

    rating: np.ndarray
    relevance: np.ndarray
    share: np.ndarray

    def __post_init__(self) -> None:
        for name in ("rating", "relevance", "share"):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
                raise ProbekitError(f"the {name} thresholds must be numbers in ascending order, got {values.tolist()}")
            object.__setattr__(self, name, values)

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.rating), len(self.relevance), len(self.share)

    def point(self, index: int) -> Thresholds:
        """The thresholds at a place of the flattened grid."""
        t, r, s = np.unravel_index(index, self.shape)
        return Thresholds(float(self.rating[t]), float(self.relevance[r]), float(self.share[s]))


def threshold_grid(width: int, kind: str = "full") -> ThresholdGrid:
    """The paper's grid for vectors of a width: theta_T 3 to 4.5 by .1; theta_R1 0 to .02 h by .001 h with h = n/100;
    theta_R2 0 to .7 by .05: 16 x 21 x 15 points. `coarse` takes 3 x 5 x 5 of them. Raises UnknownName."""
    if kind not in GRIDS:
        raise UnknownName("threshold grid", str(kind), GRIDS)
    # Rounded, so that .15 is .15 and not a little more, which a share of .15 would not reach.
    rating = np.round(3.0 + 0.1 * np.arange(16), 10)
    relevance = np.round(0.001 * np.arange(21) * width / 100, 10)
    share = np.round(0.05 * np.arange(15), 10)
    if kind == "coarse":
        return ThresholdGrid(rating[[0, 7, 15]], relevance[::5], share[[0, 3, 7, 10, 14]])
    return ThresholdGrid(rating, relevance, share)


def one_point(thresholds: Thresholds) -> ThresholdGrid:
    """A grid of one point."""
    return ThresholdGrid(*(np.array([value]) for value in thresholds))


def weight_vectors(relevances: np.ndarray, predicted: np.ndarray, grid: ThresholdGrid) -> tuple[np.ndarray, np.ndarray]:
    """The vector r of a property at every point of a grid, and whether there is one.

    relevances: (m, n) of the words whose predicted ratings (m,) reach the smallest theta_T; those below it do no harm.
    Returns (points, n) with entries from 0 to 1, the largest 1, and (points,) bool. Where no word reaches theta_T, or
    no relevance theta_R1, there is no r and all weights are 1: the vectors stay as they are.
    """
    n, (t, s, u) = relevances.shape[1], grid.shape
    order = np.argsort(-predicted, kind="stable")
    ranked = relevances[order]
    # Words that reach each theta_T are the first so many of this order.
    reach = np.searchsorted(-predicted[order], -grid.rating, side="right")
    means = np.zeros((t, s, n))
    for place, least in enumerate(grid.relevance):
        kept = np.where(ranked >= least, ranked, 0.0)
        total, before = np.zeros(n), 0
        for row in range(t - 1, -1, -1):
            total = total + kept[before : reach[row]].sum(axis=0)
            before = reach[row]
            means[row, place] = total / max(1, before)
    largest = means.max(axis=2, keepdims=True)
    there = largest[:, :, 0] > 0
    shares = np.divide(means, largest, out=np.ones_like(means), where=largest > 0)
    weights = np.where(shares[:, :, None, :] >= grid.share[:, None], shares[:, :, None, :], 0.0)
    return weights.reshape(t * s * u, n), np.repeat(there.ravel(), u)


@dataclass(frozen=True, eq=False)
class Search:
    """What a grid search found: the thresholds, the criterion at every point (points,), how many epochs each fold's
    network was trained for, the worst gap between relevances and the rating that they add up to.

    explained: (properties,) how much of the squared error of the mean the folds' networks take away on words they have
    not seen, weighed as the loss is; 0 or less where they learned nothing of a property.
    """

    thresholds: Thresholds
    criterion: np.ndarray
    epochs: tuple[int, ...]
    gap: float
    explained: np.ndarray


def search_thresholds(
    vectors: np.ndarray,
    values: np.ndarray,
    pairs: Sequence[PropertyPairs],
    columns: Sequence[int],
    grid: ThresholdGrid,
    folds: int = 10,
    settings: NetworkSettings | None = None,
    seed: int = 0,
    rule: str = "alpha_beta(0.5)",
) -> Search:
    """Thresholds of the highest mean average precision in cross-validation over words, one setting for all properties.

    vectors (words, n), values (words, p); pairs are of rows of these, of the properties `columns`. For each fold a
    network is trained without its words (a further fold says when to stop), r comes from the other words, and the pairs
    with a word of the fold are ranked. Averaged over the folds of a property, then over properties. Relevances are
    computed once a fold; the thresholds only cut them. Of equal points the first is taken, which cuts least. Raises
    ProbekitError when there are too few words for the folds, and when no property has pairs.
    """
    n_words = len(vectors)
    if isinstance(folds, bool) or not 3 <= folds <= n_words:
        raise ProbekitError(f"{folds} folds of {n_words} words; give 3 (train, stop, test) up to the number of words")
    if not pairs:
        raise ProbekitError("no property has pairs to choose the thresholds by; give thresholds")
    parts = np.array_split(generator(seed, "split", "thresholds", n_words).permutation(n_words), folds)
    totals, counts = np.zeros((len(pairs), int(np.prod(grid.shape)))), np.zeros(len(pairs))
    epochs, worst, errors = [], 0.0, np.zeros((2, values.shape[1]))
    settings = settings or NetworkSettings()
    with bar(folds, "searching thresholds", "fold") as shown:
        for fold, test in enumerate(parts):
            stop = parts[(fold + 1) % folds]
            rest = np.setdiff1d(np.arange(n_words), np.concatenate([test, stop]))
            net = fit_network(vectors[rest], values[rest], (vectors[stop], values[stop]), settings, seed)
            epochs.append(net.epochs)
            errors += squared_errors(net, values[rest], vectors[test], values[test], settings.balance)
            own = np.setdiff1d(np.arange(n_words), test)
            found = property_weights(net, vectors[own], columns, grid, rule)
            worst = max(worst, found.gap)
            for place, one in enumerate(pairs):
                touched = one.touching(test)
                gold = one.gold[touched]
                if 0 < gold.sum() < len(gold):
                    near = vectors[one.words]
                    cosines = weighted_cosines(near, one.left[touched], one.right[touched], found.weights[place])
                    totals[place] += average_precisions(gold, cosines)
                    counts[place] += 1
            shown.update()
    seen = counts > 0
    if not seen.any():
        raise ProbekitError("no fold holds words of both kinds of pairs; give thresholds, or more words")
    criterion = (totals[seen] / counts[seen, None]).mean(axis=0)
    # Means of one another's rounding are equal.
    best = int(np.argmax(np.round(criterion, 12)))
    return Search(grid.point(best), criterion, tuple(epochs), worst, 1 - errors[0] / errors[1])


@dataclass(frozen=True, eq=False)
class PropertyWeights:
    """r of every property at every point (p, points, n), whether there is one (p, points), the words in V at each
    theta_T (p, T), the worst gap between relevances and ratings."""

    weights: np.ndarray
    there: np.ndarray
    members: np.ndarray
    gap: float


def property_weights(
    net: PropertyNetwork, vectors: np.ndarray, columns: Sequence[int], grid: ThresholdGrid, rule: str
) -> PropertyWeights:
    """Weights of some properties from the words given, by their predicted ratings; see `weight_vectors`."""
    predicted = net.predict(vectors)[:, list(columns)]
    rows, places = np.nonzero(predicted >= grid.rating[0])
    relevances, gap = net.relevances(vectors, rows, np.asarray(columns)[places], rule)
    weights, there = [], []
    for place in range(len(columns)):
        own = places == place
        found = weight_vectors(relevances[own], predicted[rows[own], place], grid)
        weights.append(found[0])
        there.append(found[1])
    members = (predicted[:, :, None] >= grid.rating).sum(axis=0)
    return PropertyWeights(np.stack(weights), np.stack(there), members, gap)
