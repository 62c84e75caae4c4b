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
