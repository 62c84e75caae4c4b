"""Generated sentences that are told twice, and pairs of which one says less: how much each says is known.

A sentence is `MODIFIER* NOUN VERB MODIFIER* NOUN`. Every concept has two names, which are synonyms; a noun is a kind of
thing (`k3a`) or one of its four sorts (`k3s1a`). A sentence says one thing more with every modifier and every sort.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.parallel import paired
from probekit.streams import generator
from probekit.values import MOST, Range, Seed

KINDS, SORTS, VERBS, MODIFIERS, MOST_MODIFIERS = 20, 4, 15, 40, 3


def retold(n: Annotated[int, Range(20, MOST)] = 2000, seed: Seed = 0) -> Corpus:
    """n meanings, each told in two sentences of the same things in other words; attributes `meaning` and `specificity`.

    Of ten meanings eight are train, one dev and one test. A larger n keeps the sentences of a smaller one.
    """
    rows, about = [], []
    for number in range(n):
        rng = generator(seed, "draw", "retold", number)
        concepts, says = _meant(rng)
        split = {8: "dev", 9: "test"}.get(number % 10, "train")
        for _ in range(2):
            rows.append([f"{concept}{'ab'[rng.integers(2)]}" for concept in concepts])
            about.append((str(number), split, float(says)))
    meaning, split_of, specificity = zip(*about, strict=True)
    return Corpus.from_words(rows, meaning=meaning, split=split_of, specificity=specificity)


def narrowed(n: Annotated[int, Range(6, MOST)] = 600, seed: Seed = 0) -> Corpus:
    """n pairs of sentences of equal length; attribute `entailment`.

    Entailment: the second names the kind of which the first names a sort. Neutral: another modifier, or verb where
    there is none. Contradiction: another sort in place of a sort. The words are those of `retold`.
    """
    rows, labels = [], []
    for number in range(n):
        rng = generator(seed, "draw", "narrowed", number)
        label = ("entailment", "neutral", "contradiction")[number % 3]
        concepts, _ = _meant(rng, sorts=True)
        rows += [[f"{c}a" for c in concepts], [f"{c}a" for c in _changed(concepts, label, rng)]]
        labels.append(label)
    about = pd.DataFrame({"id": [str(i) for i in range(n)], "document": "", "language": "", "split": ""})
    return paired(rows, about.assign(entailment=labels), "", link="pair")


def _meant(rng: np.random.Generator, sorts: bool = False) -> tuple[list[str], int]:
    """Concepts of a sentence in order, and how many things it says beside its kinds and verb."""
    found: list[str] = []
    says = 0
    for side in range(2):
        many = int(rng.integers(MOST_MODIFIERS + 1))
        found += [f"m{m}" for m in rng.choice(MODIFIERS, many, replace=False)]
        of_sort = sorts or rng.random() < 0.5
        found.append(f"k{rng.integers(KINDS)}" + (f"s{rng.integers(SORTS)}" if of_sort else ""))
        says += many + of_sort
        if side == 0:
            found.append(f"v{rng.integers(VERBS)}")
    return found, says


def _changed(concepts: list[str], label: str, rng: np.random.Generator) -> list[str]:
    sorts = [place for place, concept in enumerate(concepts) if "s" in concept]
    others = [place for place, concept in enumerate(concepts) if concept[0] == "m"] or [
        place for place, concept in enumerate(concepts) if concept[0] == "v"
    ]
    found = list(concepts)
    if label == "neutral":
        place = int(rng.choice(others))
        found[place] = f"{found[place][0]}{(int(found[place][1:]) + 1) % VERBS}"
        return found
    place = int(rng.choice(sorts))
    kind, _, sort = found[place].partition("s")
    found[place] = kind if label == "entailment" else f"{kind}s{(int(sort) + 1) % SORTS}"
    return found
