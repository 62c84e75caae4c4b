"""Generated documents with words of classes in noise: what a topic classifier can be explained on where no data is.

Every document has a class and a rival class; most words are neutral, some are typical of its class and fewer of the
rival. How far the two are apart is drawn by document, so that a good classifier still errs.
"""

from __future__ import annotations

from dataclasses import replace

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.generated.sizes import MOST_TEXTS, within
from probekit.errors import ProbekitError
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, Seed, Several

SPLITS = ("train",) * 7 + ("dev",) + ("test",) * 2
TYPICAL, NEUTRAL = 20, 500


def topics(n: Count = 2000, classes: Several = 5, seed: Seed = 0) -> Corpus:
    """n documents of 60 to 120 words with the sentence attributes label (`topic 1` ...), id and split.

    A class has 20 typical words (`topic1word7`), all share 500 neutral ones (`word123`). The first documents of a
    larger n are those of a smaller n. Raises ProbekitError for fewer than 2 classes or no document.
    """
    for name, value, least in (("n", n, 1), ("classes", classes, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ProbekitError(f"topics({name}={value!r}): {name} is a whole number of at least {least}")
    within(f"the number of documents of topics(n={n})", n, MOST_TEXTS)
    documents, labels, splits = [], [], []
    for number in range(n):
        if number % len(SPLITS) == 0:
            order = generator(seed, "split", "topics", number).permutation(len(SPLITS))
        rng = generator(seed, "draw", "topics", classes, number)
        own = int(rng.integers(classes))
        rival = (own + 1 + int(rng.integers(classes - 1))) % classes
        length = int(rng.integers(60, 121))
        share_own, share_rival = rng.uniform(0.01, 0.07), rng.uniform(0.01, 0.05)
        kind = rng.random(length)
        which, neutral = rng.integers(TYPICAL, size=length), rng.integers(NEUTRAL, size=length)
        words = []
        for u, typical, other in zip(kind, which, neutral, strict=True):
            if u < share_own:
                words.append(f"topic{own + 1}word{typical + 1}")
            elif u < share_own + share_rival:
                words.append(f"topic{rival + 1}word{typical + 1}")
            else:
                words.append(f"word{other + 1}")
        documents.append(words)
        labels.append(f"topic {own + 1}")
        splits.append(SPLITS[order[number % len(SPLITS)]])
    made = Corpus.from_words(documents, label=labels, split=splits, language=["generated"] * n)
    return replace(made, digest=digest(["topics", registry.entry("topics").revision, n, classes, seed]))
