"""What is registered in this room: kinds of tables, and the steps that make one table of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probekit.registry import Registry
from probekit.sources import Source

if TYPE_CHECKING:
    from probekit.embeddings.table import WordTable
    from probekit.specs import Spec


@dataclass(frozen=True)
class TableKind:
    """A kind of table: `describe(spec)` says what it is with nothing read or trained, `load(spec)` gives it.

    width: a function(spec) -> how wide it is, None where its vectors must be read to know.
    """

    describe: Callable[[Spec], Source]
    load: Callable[[Spec], WordTable]
    width: Callable[[Spec], int | None] = lambda spec: None


kinds: Registry[TableKind] = Registry("word-vector table", TableKind)
kinds.add(
    "static",
    "probekit.embeddings.table_files:STATIC",
    summary="a word-vector file or folder: static:<file|folder>(format=, errors=, language=)",
)
for _name, _summary in (
    ("glove", "GloVe, 100 dimensions, the 40,000 most frequent words, where the data is at hand"),
    ("glove-50", "GloVe, 50 dimensions, the same words"),
    ("fi-floret", "Finnish floret vectors, 300 dimensions, 30,000 words"),
    ("fr-fasttext", "French fastText vectors, 300 dimensions, 20,000 words"),
):
    kinds.add(_name, "probekit.embeddings.table_files:NAMED", summary=_summary)
kinds.add(
    "word2vec",
    "probekit.embeddings.word2vec:WORD2VEC",
    summary="word2vec trained on a corpus: word2vec:<corpus>(size=, algorithm=, ...)",
)
kinds.add(
    "fasttext",
    "probekit.embeddings.fasttext:FASTTEXT",
    summary="fastText trained on a corpus: fasttext:<corpus>(size=, min_n=, max_n=, ...)",
)
kinds.add(
    "skip-gram",
    "probekit.embeddings.skip_gram:SKIP_GRAM",
    summary="skip-gram by our own trainer of pairs: skip-gram:<corpus>(size=, before=, after=, ...)",
)
kinds.add(
    "glove-model",
    "probekit.embeddings.glove_model:GLOVE_MODEL",
    summary="GloVe trained on a corpus, both matrices kept: glove-model:<corpus>(size=, window=, ...)",
)
kinds.add(
    "ppmi-svd",
    "probekit.embeddings.ppmi:PPMI_SVD",
    summary="decomposed positive mutual information of a corpus: ppmi-svd:<corpus>(size=, window=, ...)",
)
kinds.add(
    "characters",
    "probekit.embeddings.characters:CHARACTERS",
    summary="a table learned from the spelling of its words: characters:<table>(distance=, output=, epochs=, at=)",
)
kinds.add(
    "context-to-vec",
    "probekit.encoders.context_to_vec:CONTEXT_TO_VEC",
    summary="distilled from an encoder by the pairs of skip-gram: context-to-vec:minilm(corpus=, neighbours=, ...)",
)
kinds.add(
    "contextual",
    "probekit.encoders.contextual:CONTEXTUAL",
    summary="contextual vectors made static: contextual:minilm(corpus=, how=avg|word|token, layer=)",
)
kinds.add(
    "input-vectors",
    "probekit.encoders.input_vectors:INPUT_VECTORS",
    summary="input vectors of the words that an encoder has as one piece: input-vectors:minilm",
)
kinds.add(
    "paraphrase-words",
    "probekit.encoders.paraphrase_words:PARAPHRASE_WORDS",
    summary="words of an encoder trained on paraphrases: paraphrase-words:saved:<folder>(part=vectors|shift|log-scale)",
)
kinds.add(
    "generated-vectors",
    "probekit.embeddings.generated_vectors:GENERATED",
    summary="the vectors that carry generated ratings",
)
kinds.add(
    "gaussian",
    "probekit.embeddings.gaussian:GAUSSIAN",
    summary="normal vectors for the words of a table, the control: gaussian(like=TABLE, seed=0)",
)

# Steps, named after `|`: a function(table, **options) -> WordTable, or, with linear=True, a function(moments,
# **options) -> Affine of embeddings/affine.py. Options that name things are listed in the metadata, and each may name
# one or a list: `tables`, `words` (tables, word lists), `items` (by option, the kind of word items). The function gets
# them loaded; keys are made of their digests. costly: whether the table is kept in the store, or a function(options).
# width: "same" where a step leaves it, "asked" where a linear one's options say it, which is tried before anything is
# read. features: what it makes are probabilities, so that the random control stands before it.
steps: Registry[Callable[..., Any]] = Registry("table step")
steps.add(
    "refine",
    "probekit.embeddings.projection:refine",
    summary="the subspace of a property: dimensions weighted, those of weight 0 dropped",
    tables=("weights",),
)
_STEPS = "probekit.embeddings.steps"
for _name, _summary in (
    ("pad", "zeros up to width d"),
    ("ppa", "the mean and the D principal directions of largest variance taken off"),
    ("pca", "the first k principal components, or those from first to last"),
    ("slice", "a third of the principal components: part=top, middle or bottom"),
    ("component", "principal component i alone"),
    ("ppa-pca", "ppa(D), the first k principal components, ppa(D)"),
):
    _function = _name.replace("-", "_") + ("_" if _name == "slice" else "")
    steps.add(_name, f"{_STEPS}.spectral:{_function}", summary=_summary, linear=True, width="asked")
for _name, _summary in (
    ("center", "column means become 0"),
    ("standardize", "column means become 0 and standard deviations 1"),
    ("rotate", "a random orthogonal map, or rotations by up to a share of 180 degrees"),
    ("flip", "the sign of a share of the dimensions turned over"),
    ("similarity-order", "every principal axis times its eigenvalue to the power order_alpha, nothing centred"),
    ("whiten", "principal components, each of variance 1"),
):
    _function = _name.replace("-", "_")
    steps.add(_name, f"{_STEPS}.spectral:{_function}", summary=_summary, linear=True, width="same")
steps.add("unit", f"{_STEPS}.plain:unit", summary="every vector of length 1", width="same")
steps.add(
    "words",
    f"{_STEPS}.plain:words",
    summary="the words of other tables and lists: of=TABLE|FILE",
    words=("of",),
    width="same",
)
for _name, _summary in (("context", "the context vectors"), ("with-context", "the sum of both vectors")):
    steps.add(
        _name,
        f"{_STEPS}.plain:{_name.replace('-', '_')}",
        summary=f"{_summary} of a table that was trained here in the place of its vectors",
        width="same",
    )
steps.add("most-frequent", f"{_STEPS}.plain:most_frequent", summary="the n most frequent words", width="same")
steps.add(
    "noise",
    f"{_STEPS}.plain:noise",
    summary="normal noise, size times the root mean square of all values",
    width="same",
)
for _name, _summary in (("average", "the mean of the vectors"), ("concatenate", "the vectors beside one another")):
    steps.add(
        _name, f"{_STEPS}.combining:{_name}", summary=f"{_summary} of the words of several tables", tables=("with",)
    )


def _iterates(options: Mapping[str, Any]) -> bool:
    return bool(options["solver"] == "riemannian")


for _name, _summary in (("geo-average", "the mean"), ("geo-concatenate", "beside one another")):
    steps.add(
        _name,
        f"{_STEPS}.combining:{_name.replace('-', '_')}",
        summary=f"several tables rotated to one another under one learned metric, {_summary}",
        tables=("with",),
        costly=_iterates,
    )
steps.add("fuzzy", f"{_STEPS}.fuzzy:fuzzy", summary="every vector as a fuzzy set over the dimensions", features=True)
steps.add(
    "natural-alpha",
    f"{_STEPS}.conditional:natural_alpha",
    summary="logarithms of what words say of contexts: natural-alpha(geom_alpha=, reference=, centre=, metric=)",
    width="same",
)
steps.add(
    "limit",
    f"{_STEPS}.conditional:limit",
    summary="the contexts that words say most of, as alpha falls: limit(k=, weighted=, reference=)",
    width="same",
)
steps.add(
    "retrofit",
    f"{_STEPS}.retrofitting:retrofit",
    summary="vectors drawn to those of their synonyms: retrofit(lexicon=, weights=t-kernel)",
    items={"lexicon": "lexicon"},
    costly=True,
    width="same",
)
steps.add(
    "align",
    "probekit.embeddings.align.step:aligned",
    summary="in the space of another language's table: align(to=TABLE, dictionary=, method=vecmap, side=source)",
    tables=("to",),
    items={"dictionary": "dictionary"},
    sources={"method": "alignment"},
    needs="probekit.embeddings.align.step:needs",
)

# Classes: a `Measure` of embeddings/measures.py, a solver of analogies, an order of words. Rows show them as `probe`.
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
_ORDERS = "probekit.embeddings.orders"
measures.add("entropy", f"{_ORDERS}:Entropy", summary="words by the entropy of features that are probabilities")
measures.add("frequency", f"{_ORDERS}:Frequency", summary="words by their counts, or their order in the table")
measures.add(
    "csls", "probekit.embeddings.align.neighbours:Csls", summary="cosine less how near all is, of translations alone"
)

# A function(source, target, pairs, **options) -> Maps (embeddings/align/maps.py) of normalised rows and pairs of them.
# seconds: what it takes for tables of some ten thousand words.
aligners: Registry[Callable[..., Any]] = Registry("alignment")
_ALIGN = "probekit.embeddings.align"
aligners.add("procrustes", f"{_ALIGN}.linear:procrustes", seconds=2, summary="the orthogonal map of the source")
aligners.add("vecmap", f"{_ALIGN}.linear:vecmap", seconds=2, summary="whiten, rotate, re-weight, de-whiten both sides")
aligners.add(
    "self-learning",
    f"{_ALIGN}.self_learning:self_learning",
    seconds=20,
    summary="maps and dictionaries in turn, then vecmap",
)
aligners.add(
    "rcsls",
    f"{_ALIGN}.rcsls:rcsls",
    seconds=20,
    summary="the linear map of least relaxed CSLS loss, by gradient descent",
)
