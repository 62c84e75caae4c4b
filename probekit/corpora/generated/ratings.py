"""Generated ratings with the vectors that carry them: a stand-in where no human ratings are at hand."""

from __future__ import annotations

import numpy as np

from probekit.corpora.generated.sizes import MOST_NUMBERS, within
from probekit.corpora.ratings import Ratings
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.values import Seed

SCALE = 6.0


def generated_ratings(
    words: int = 535,
    unseen: int = 200,
    width: int = 100,
    properties: int = 12,
    carriers: int = 12,
    noise: float = 1.0,
    seed: int = 0,
) -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings of words + unseen words, their vectors (words + unseen, width) float32, and the carriers.

    A word has a standard normal strength of each property. `carriers` dimensions, drawn for the property, carry it: the
    strength is added to them, with a sign of their own, beside normal noise of the size `noise` that every dimension
    has. The rating is 6 times the logistic function of twice the strength, to which a quarter of that noise is added.
    The third array, (properties, width) true and false, says which dimensions carry what. Raises ProbekitError for
    numbers out of range.
    """
    for name, value, least in (
        ("words", words, 20),
        ("unseen", unseen, 0),
        ("width", width, 2),
        ("properties", properties, 1),
        ("carriers", carriers, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ProbekitError(f"{name}={value!r} of generated ratings is a whole number from {least} up")
    if carriers > width:
        raise ProbekitError(f"{carriers} carriers need a width of that many at least, got {width}")
    if not noise >= 0:
        raise ProbekitError(f"noise={noise!r} is a number of 0 or more")
    n = words + unseen
    within(f"the size of generated ratings of {n} words", n * max(width, properties), MOST_NUMBERS)
    strength = np.stack([generator(seed, "draw", "strength", j).normal(size=n) for j in range(properties)], axis=1)
    carried = np.zeros((properties, width))
    for j in range(properties):
        rng = generator(seed, "draw", "carriers", j)
        carried[j, rng.permutation(width)[:carriers]] = rng.choice([-1.0, 1.0], size=carriers)
    vectors = strength @ carried + noise * generator(seed, "noise", "vectors").normal(size=(n, width))
    heard = strength + noise / 4 * generator(seed, "noise", "ratings").normal(size=(n, properties))
    names = [f"property-{j + 1:02d}" for j in range(properties)]
    ratings = Ratings(
        [f"word-{i + 1:04d}" for i in range(n)],
        names,
        SCALE / (1 + np.exp(-2 * heard)),
        generated=True,
        notes={"unseen": unseen},
    )
    return ratings, vectors.astype(np.float32), carried != 0


def ratings_alone(seed: Seed = 0) -> Ratings:
    """Generated ratings at their usual size, without the vectors that carry them."""
    return generated_ratings(seed=seed)[0]
