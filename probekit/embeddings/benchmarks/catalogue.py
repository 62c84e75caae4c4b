"""What is registered in this room: benchmarks of words."""

from __future__ import annotations

from typing import Any

from probekit.registry import Registry

# Classes of benchmarks by name. Their metadata: `items`, the word items they ask about, one name or several;
# `reader`, the reader of a user's file for `name:FILE`; `tables` and `lexicons`, options that name some, as for steps;
# `seconds`, what one measure takes of one core on 40,000 words x 100 where that is more than a moment (measured, 2026).
registry: Registry[type[Any]] = Registry("benchmark", "probekit.embeddings.benchmarks.benchmark:Benchmark")
_LEXICONS = ("without",)
_SIMILARITY = "probekit.embeddings.benchmarks.similarity:Similarity"
SIMILARITY = (
    "mc-30", "men-3k", "mturk-287", "mturk-771", "rg-65", "rw-2034", "simlex-999", "simverb-3500", "verb-143", "ws-353",
    "ws-353-rel", "ws-353-sim", "yp-130",
)  # fmt: skip
for _name in SIMILARITY:
    registry.add(
        f"similarity/{_name}",
        _SIMILARITY,
        items=(_name,),
        lexicons=_LEXICONS,
        summary="rank correlation of likeness with people's ratings",
    )
for _name, _meta, _summary in (
    ("similarity/all", {"items": SIMILARITY}, "the pairs of all similarity sets pooled"),
    ("similarity", {"reader": "word-pairs"}, "a file of rated pairs: similarity:FILE"),
    ("scws", {"reader": "scws"}, "contextual word similarity without contexts: scws:ratings.txt"),
):
    registry.add(_name, _SIMILARITY, lexicons=_LEXICONS, summary=_summary, **_meta)

_ANALOGY = "probekit.embeddings.benchmarks.analogy:Analogy"
for _name, _seconds in {"google": 4.0, "msr": 1.7, "jair": 0.1}.items():
    registry.add(
        f"analogy/{_name}",
        _ANALOGY,
        items=(f"{_name}-analogies",),
        seconds=_seconds,
        summary="analogies: share of words that are found",
    )
registry.add("analogy", _ANALOGY, reader="analogies", seconds=1.0, summary="a file of analogies: analogy:FILE")
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
        seconds=0.5,
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
    seconds=0.5,
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
    revision=2,  # 2: the thirds are those of the step `slice`
    items=(),
    summary="share of the variance in the thirds of the principal components",
)

_CATEGORIES = "probekit.embeddings.benchmarks.categories:Categories"
for _name in ("ap", "battig", "bless", "essli-verbs", "essli-nouns"):
    registry.add(
        f"categories/{_name}",
        _CATEGORIES,
        items=(f"categories-{_name}",),
        seconds=0.3,
        summary="purity of clusters by category",
    )
registry.add("categories", _CATEGORIES, reader="categories", summary="a table of words and categories: categories:FILE")

_RELATIONS = "probekit.embeddings.benchmarks.relations"
registry.add(
    "relation/bless",
    f"{_RELATIONS}:Relation",
    items=("relations-bless",),
    seconds=0.8,
    summary="average precision of the relata of a noun, by relation",
)
registry.add(
    "relation", f"{_RELATIONS}:Relation", reader="relations", summary="a table of related pairs: relation:FILE"
)
registry.add(
    "relation/semeval-2012",
    f"{_RELATIONS}:Prototypicality",
    items=("semeval-2012-2",),
    summary="rank correlation of offsets with the prototypicality of pairs",
)
registry.add(
    "direction/bless",
    f"{_RELATIONS}:Direction",
    items=("relations-bless",),
    summary="which of a noun and its hypernym is the hypernym, by a measure that is not the same both ways",
)
registry.add("direction", f"{_RELATIONS}:Direction", reader="relations", summary="the same of a table: direction:FILE")
registry.add("choices", f"{_RELATIONS}:Choices", reader="choices", summary="multiple-choice analogies: choices:FILE")

registry.add(
    "offsets/google",
    "probekit.embeddings.benchmarks.offsets:Offsets",
    items=("google-analogies",),
    summary="how parallel the pairs of a category of analogies are: offsets/google(category=family)",
)
registry.add(
    "offsets",
    "probekit.embeddings.benchmarks.offsets:Offsets",
    reader="analogies",
    summary="the same of a file of analogies: offsets:FILE(category=NAME)",
)

_OUTLIERS = "probekit.embeddings.benchmarks.outliers:Outlier"
registry.add("outlier/8-8-8", _OUTLIERS, items=("outliers-8-8-8",), summary="the word that does not belong to a group")
registry.add("outlier", _OUTLIERS, reader="outliers", summary="groups with outliers, as WikiSem500's: outlier:FOLDER")

_COMPOUNDS = "probekit.embeddings.benchmarks.compounds:Compounds"
for _name in ("reddy", "farahmand"):
    registry.add(
        f"compounds/{_name}", _COMPOUNDS, items=(f"compounds-{_name}",), summary="correlation with how literal they are"
    )
registry.add("compounds", _COMPOUNDS, reader="compounds", summary="compounds and ratings: compounds:FILE")

_FUNCTION = "probekit.embeddings.benchmarks.function_words:FunctionWords"
for _name in ("ewt", "gum", "partut"):
    registry.add(
        f"function-words/{_name}",
        _FUNCTION,
        revision=2,  # 2: auc
        items=(f"function-words(of=ud-english-{_name})",),
        summary="function words of a treebank among the first words of an order",
    )
registry.add(
    "function-words", _FUNCTION, revision=2, reader="words", summary="a list of function words: function-words:FILE"
)

_RECONSTRUCTION = "probekit.embeddings.benchmarks.reconstruction"
for _name, _summary in (
    ("cosines", "rank correlation of the likeness of random pairs with that in another table: (teacher=TABLE)"),
    ("neighbours", "share of the nearest words that are the same in another table: (teacher=TABLE, k=10)"),
):
    registry.add(
        f"reconstruction/{_name}",
        f"{_RECONSTRUCTION}:{_name.capitalize()}",
        items=(),
        tables=("teacher",),
        seconds=0.5,
        summary=_summary,
    )
