"""Sentences of shared carriers with the names of one of two domains: what is learned of one list, asked of another."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import UnknownName
from probekit.streams import generator
from probekit.values import Count, OneOf, Seed

DOMAINS = ("source", "target")
NAMES = 60  # of each category and domain
_CARRIERS = (
    "PER met PER in LOC .", "ORG opened an office in LOC .", "PER of ORG spoke today .", "the MISC prize went to PER .",
    "PER/ORG said that prices rose .", "people in LOC/ORG waited .", "PER left ORG last year .", "nothing happened .",
    "the MISC talks began in LOC .", "shares of ORG fell .",
)  # fmt: skip
# Beginnings and ends of the names of a category; a domain takes every other end.
_PARTS = {
    "PER": ("Ad Bo Car Dor El Fen Gil Han", "a an in or us ek is ot"),
    "LOC": ("Nor Sel Wes Tar Kem Bra Lin Os", "burg ton ville dale stad mouth port wick"),
    "ORG": ("Uni Dyna Tele Gen Nova Omni Syn Pan", "corp tech bank soft works media lab air"),
    "MISC": ("Ro Gal Per Val Ma Te Su Ke", "an ish ese ic ite ard ian ean"),
}


def names(category: str, domain: str) -> list[str]:
    """Names of a category in a domain, of one word or two; no name is in both domains."""
    heads, ends = (parts.split() for parts in _PARTS[category])
    own = ends[DOMAINS.index(domain) :: 2]
    rng = generator(0, "draw", "names", category, domain)
    words = [head + end for head in heads for end in own]
    first = [str(word) for word in rng.permutation(words)]
    return [
        f"{one} {first[-1 - at % len(first)]}" if at % 3 == 0 else one for at, one in enumerate((first * 3)[:NAMES])
    ]


def gazetteers(n: Count = 600, domain: Annotated[str, OneOf(DOMAINS)] = "source", seed: Seed = 0) -> Corpus:
    """n sentences; `spans["entity"]` with PER, LOC, ORG, MISC. Two of ten carriers take a name of either of two kinds.

    Of ten sentences eight are train, one dev, one test. A larger n keeps the sentences of a smaller one.
    """
    if domain not in DOMAINS:
        raise UnknownName("domain of gazetteers:", str(domain), DOMAINS)
    listed = {category: names(category, domain) for category in _PARTS}
    rows, spans, splits = [], [], []
    for number in range(n):
        rng = generator(seed, "draw", "gazetteers", number)
        words: list[str] = []
        for slot in str(rng.choice(_CARRIERS)).split():
            kinds = slot.split("/")
            kind = str(rng.choice(kinds))
            if kind not in listed:
                words.append(kind)
                continue
            name = str(rng.choice(listed[kind])).split()
            spans.append((number, len(words), len(words) + len(name), kind))
            words += name
        rows.append(words)
        splits.append({8: "dev", 9: "test"}.get(number % 10, "train"))
    table = pd.DataFrame(spans, columns=["sentence", "start", "end", "label"])
    table = table.astype(dict.fromkeys(("sentence", "start", "end"), np.int64))
    made = Corpus.from_words(rows, split=splits)
    return replace(made, spans={"entity": table}, digest="")
