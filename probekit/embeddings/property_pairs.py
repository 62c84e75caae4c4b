"""Which pairs of words ask for a property: ten that have most of it, with one another and with ten that have least.

The units of the task property pairs (Utsumi 2018): 45 pairs of two words high in a property are positive, 100 pairs of
a high and a low one negative; pairs of two low words are left out, since nothing makes them alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from probekit.corpora.ratings import Ratings
from probekit.errors import ProbekitError
from probekit.streams import generator

WORDS_A_SIDE = 10


@dataclass(frozen=True, eq=False)
class PropertyPairs:
    """Pairs of one property. words: rows of the ratings, the high ones first. left, right: (P,) places among `words`;
    gold: (P,) 1 for a pair of two high words, 0 for a high and a low one."""

    name: str
    words: np.ndarray
    left: np.ndarray
    right: np.ndarray
    gold: np.ndarray

    @property
    def high(self) -> np.ndarray:
        """Rows of the words that have most of the property."""
        return self.words[: len(self.words) // 2]

    @property
    def low(self) -> np.ndarray:
        """Rows of the words that have least of it."""
        return self.words[len(self.words) // 2 :]

    def touching(self, rows: np.ndarray) -> np.ndarray:
        """Which pairs have a word among these rows of the ratings, (P,) bool."""
        inside = np.isin(self.words, rows)
        return inside[self.left] | inside[self.right]


def property_pairs(
    ratings: Ratings, rows: np.ndarray | None = None, k: int = WORDS_A_SIDE, seed: int = 0, part: str = ""
) -> tuple[list[PropertyPairs], dict[str, str]]:
    """Pairs of every property from some words of the ratings (rows; default all), and why a property has none.

    The k words rated highest and the k rated lowest are taken, words of one rating in an order drawn from `seed`, the
    property and `part` (which tells apart several draws from one table: train, test). A property has no pairs
    when its k-th highest rating is not above its k-th lowest: then fewer than k words have it. Raises ProbekitError for
    k below 2.
    """
    if k < 2:
        raise ProbekitError(f"k={k}: pairs need 2 words a side or more")
    rows = np.arange(len(ratings.words)) if rows is None else np.asarray(rows)
    found, without = [], {}
    left, right = np.triu_indices(k, 1)
    cross_left, cross_right = np.repeat(np.arange(k), k), np.tile(np.arange(k, 2 * k), k)
    gold = np.concatenate([np.ones(len(left)), np.zeros(k * k)])
    for j, name in enumerate(ratings.properties):
        if len(rows) < 2 * k:
            without[name] = f"{len(rows)} words, fewer than {2 * k}"
            continue
        order, own = by_rating(ratings, name, rows, seed, part), ratings.values[:, j]
        high, low = order[:k], order[::-1][:k]
        if not own[high].min() > own[low].max():
            above = int((own[rows] > own[rows].min()).sum())
            without[name] = f"{above} words are rated above its lowest rating, fewer than {k}"
            continue
        found.append(
            PropertyPairs(
                name,
                np.concatenate([high, low]),
                np.concatenate([left, cross_left]),
                np.concatenate([right, cross_right]),
                gold,
            )
        )
    return found, without


def by_rating(ratings: Ratings, property: str, rows: np.ndarray, seed: int = 0, part: str = "") -> np.ndarray:
    """Some rows of the ratings, the highest of a property first; rows of one rating in an order drawn for it."""
    column = ratings.values[rows, list(ratings.properties).index(property)]
    drawn = generator(seed, "draw", "property pairs", part, property).permutation(len(rows))
    return rows[drawn[np.argsort(-column[drawn], kind="stable")]]


def halves(ratings: Ratings, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the words to fit on and of those held out, so that each property's words are shared out evenly.

    For ratings of two values (categories). A word is in one half whatever its properties, so nothing is learned about a
    held-out word. Small properties choose first; words without any are shared out last.
    """
    high = ratings.values == ratings.values.max(axis=0)
    side = np.full(len(ratings.words), -1)
    smallest_first = sorted(range(high.shape[1]), key=lambda j: (int(high[:, j].sum()), ratings.properties[j]))
    groups: list[np.ndarray] = [np.flatnonzero(high[:, j]) for j in smallest_first]
    names = [ratings.properties[j] for j in smallest_first]
    for name, members in zip([*names, ""], [*groups, np.flatnonzero(~high.any(axis=1))], strict=True):
        rng = generator(seed, "split", "halves", name)
        open_ = members[side[members] < 0][rng.permutation(int((side[members] < 0).sum()))]
        counts = [int((side[members] == half).sum()) for half in (0, 1)]
        first = int(rng.integers(2))  # which half gets the odd word
        for row in open_:
            half = first if counts[0] == counts[1] else int(counts[1] < counts[0])
            side[row] = half
            counts[half] += 1
    return np.flatnonzero(side == 0), np.flatnonzero(side == 1)
