"""What is registered in this room: kinds of tables, and the steps that make one table of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry
from probekit.sources import Source

if TYPE_CHECKING:
    from probekit.embeddings.table import WordTable
    from probekit.specs import Spec


@dataclass(frozen=True)
class TableKind:
    """A kind of table: `describe(spec)` says what it is with nothing read or trained, `load(spec)` gives it."""

    describe: Callable[[Spec], Source]
    load: Callable[[Spec], WordTable]


kinds: Registry[TableKind] = Registry("word-vector table", TableKind)
kinds.add(
    "static",
    "probekit.embeddings.table_files:STATIC",
    summary="a word-vector file or folder: static:<file|folder>(format=, errors=, language=)",
)
kinds.add(
    "glove",
    "probekit.embeddings.table_files:GLOVE",
    summary="GloVe, 100 dimensions, the 40,000 most frequent words, where the data is at hand",
)
kinds.add(
    "word2vec",
    "probekit.embeddings.word2vec:WORD2VEC",
    summary="word2vec trained on a corpus: word2vec:<corpus>(size=, algorithm=, ...)",
)
kinds.add(
    "generated-vectors",
    "probekit.embeddings.generated_vectors:GENERATED",
    summary="the vectors that carry generated ratings",
)

# A function(table, **options) -> WordTable, named after `|`. Options that name tables themselves are listed in the
# metadata as `tables`; the function gets them loaded, and keys are made of their digests.
steps: Registry[Callable[..., WordTable]] = Registry("table step")
steps.add(
    "refine",
    "probekit.embeddings.projection:refine",
    summary="the subspace of a property: dimensions weighted, those of weight 0 dropped",
    tables=("weights",),
)

# Classes: a `Measure` of embeddings/measures.py, or a solver of analogies. Rows show them as `probe`.
measures: Registry[type[Any]] = Registry("measure")
_MEASURES = "probekit.embeddings.measures"
measures.add("cosine", f"{_MEASURES}:Cosine", summary="cosine of the angle between two vectors")
measures.add("dot", f"{_MEASURES}:Dot", summary="inner product")
measures.add("euclidean", f"{_MEASURES}:Euclidean", summary="minus the squared Euclidean distance")
_FUZZY = "probekit.embeddings.fuzzy_measures"
measures.add("fuzzy-kl", f"{_FUZZY}:KullbackLeibler", summary="minus the divergence of features that are probabilities")
measures.add("fuzzy-cross-entropy", f"{_FUZZY}:CrossEntropy", summary="minus the cross-entropy of such features")
measures.add("fuzzy-overlap", f"{_FUZZY}:Overlap", summary="intersection over union of such features")
_ANALOGIES = "probekit.embeddings.analogies"
measures.add("3cosadd", f"{_ANALOGIES}:CosAdd", summary="analogies: cosine with b - a + c, of unit vectors")
measures.add(
    "3cosmul", f"{_ANALOGIES}:CosMul", summary="analogies: product of shifted cosines with b and c over that with a"
)
measures.add(
    "fuzzy-set", f"{_ANALOGIES}:FuzzySet", summary="analogies: (b or c) without a, of features that are probabilities"
)
