"""Generated texts for classifiers: cue words tell the class, all other words tell nothing."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.generated.sizes import MOST_WORDS, within
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.values import MOST, Range, Seed

FILLERS, CUES, DISTRACTION = 300, 20, 0.3


def cues(
    n: Annotated[int, Range(14, MOST)] = 2100,
    shortest: Annotated[int, Range(4, MOST)] = 8,
    longest: Annotated[int, Range(4, MOST)] = 16,
    seed: Seed = 0,
) -> Corpus:
    """Texts of two classes, a and b: 1 to 3 cue words of the class among Zipf-distributed fillers.

    In three of ten texts one cue of the other class distracts. Splits: 5/7 train, and 1/7 each dev and test. A larger n
    keeps the texts of a smaller one apart from their split. Raises ProbekitError for sizes out of range.
    """
    sizes = (("n", n, 14), ("shortest", shortest, 4), ("longest", longest, shortest), ("seed", seed, 0))
    for name, value, least in sizes:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ProbekitError(f"cues({name}={value!r}) must be a whole number of at least {least}")
    within(f"the number of words of cues(n={n}, longest={longest})", n * longest, MOST_WORDS)
    chances = 1 / np.arange(1, FILLERS + 1)
    chances /= chances.sum()
    texts, labels, splits = [], [], []
    for number in range(n):
        rng = generator(seed, "draw", "text", number)
        label = "ab"[number % 2]
        words = [f"w{i}" for i in rng.choice(FILLERS, rng.integers(shortest, longest + 1), p=chances)]
        found = [f"{label}{rng.integers(CUES)}" for _ in range(rng.integers(1, 4))]
        if rng.random() < DISTRACTION:
            found.append(f"{'ba'[number % 2]}{rng.integers(CUES)}")
        for place, cue in zip(rng.choice(len(words), len(found), replace=False), found, strict=True):
            words[place] = cue
        texts.append(words)
        labels.append(label)
        splits.append({5: "dev", 6: "test"}.get(number // 2 % 7, "train"))
    return Corpus.from_words(texts, label=labels, split=splits, document=[str(i) for i in range(n)])
