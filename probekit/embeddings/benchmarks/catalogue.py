"""What is registered in this room: benchmarks of words."""

from __future__ import annotations

from typing import Any

from probekit.registry import Registry

# Classes of benchmarks by name. Their metadata: `items`, the word items they ask about, one name or several;
# `reader`, the reader of a user's file for `name:FILE`; `tables`, options that name tables, as for steps.
registry: Registry[type[Any]] = Registry("benchmark", "probekit.embeddings.benchmarks.benchmark:Benchmark")
_SIMILARITY = "probekit.embeddings.benchmarks.similarity:Similarity"
SIMILARITY = (
    "mc-30", "men-3k", "mturk-287", "mturk-771", "rg-65", "rw-2034", "simlex-999", "simverb-3500", "verb-143", "ws-353",
    "ws-353-rel", "ws-353-sim", "yp-130",
)  # fmt: skip
for _name in SIMILARITY:
    registry.add(
        f"similarity/{_name}", _SIMILARITY, items=(_name,), summary="rank correlation of likeness with people's ratings"
    )
registry.add("similarity/all", _SIMILARITY, items=SIMILARITY, summary="the pairs of all similarity sets pooled")
registry.add("similarity", _SIMILARITY, reader="word-pairs", summary="a file of rated pairs: similarity:FILE")

_ANALOGY = "probekit.embeddings.benchmarks.analogy:Analogy"
for _name in ("google", "msr", "jair"):
    registry.add(
        f"analogy/{_name}", _ANALOGY, items=(f"{_name}-analogies",), summary="analogies: share of words that are found"
    )
registry.add("analogy", _ANALOGY, reader="analogies", summary="a file of analogies: analogy:FILE")
_DICTIONARY = "probekit.embeddings.benchmarks.dictionary"
DICTIONARIES = tuple(
    f"{kind}-{pair}"
    for kind, pairs in (
        ("panlex", "fi-bg fi-ca fi-eo fi-et fi-eu fi-he fi-hu fi-id fi-ka fi-ko fi-lt fi-no fi-th fi-tr"),
        ("xling", "de-fr de-hr de-it en-de en-fi en-fr en-hr en-it en-ru en-tr fi-fr hr-fr it-fr"),
    )
    for pair in pairs.split()
)
for _name in DICTIONARIES:
    registry.add(
        f"dictionary/{_name}",
        f"{_DICTIONARY}:Dictionary",
        items=(_name,),
        tables=("to",),
        summary="rank of a word's translation in the other table of an alignment",
    )
registry.add(
    "dictionary/cipher",
    f"{_DICTIONARY}:Dictionary",
    items=("cipher-dictionary",),
    tables=("to",),
    summary="words of a generated text and their ciphers",
)
registry.add(
    "dictionary",
    f"{_DICTIONARY}:Dictionary",
    reader="bilingual",
    tables=("to",),
    summary="a dictionary of one's own: dictionary:FILE(held_out=0.2)",
)
registry.add(
    "similarity-across",
    f"{_DICTIONARY}:AcrossLanguages",
    reader="word-pairs",
    tables=("to",),
    summary="a file of rated pairs across two languages: similarity-across:FILE(to=TABLE)",
)
registry.add(
    "spectrum/thirds",
    "probekit.embeddings.benchmarks.spectrum:Spectrum",
    items=(),
    summary="share of the variance in the thirds of the principal components",
)
