"""word2vec trained on a corpus with gensim (Mikolov et al. 2013: skip-gram, CBOW, negative sampling).

Both matrices are kept: the word vectors, and the context vectors that negative sampling trains beside them.
The same corpus, options and seed give the same table in every process: one worker thread, a vocabulary in an
order of our own, initial weights and sampling from a named stream, and no use of Python's hash of strings.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.embeddings.table import WordTable
from probekit.embeddings.trained import Trained, gensim_models, train
from probekit.errors import ProbekitError, UnknownName
from probekit.values import Count, LessThanAll, Range, Seed

ALGORITHMS = ("skipgram", "cbow")
# One core, as measured on treebank sentences at 300 dimensions.
_SECONDS_A_SENTENCE = 3e-4


def train_word2vec(
    corpus: Corpus,
    *,
    size: Count = 300,
    window: Count = 5,
    algorithm: str = "skipgram",
    negative: Count = 5,
    min_count: Count = 1,
    epochs: Count = 5,
    sample: LessThanAll = 1e-3,
    alpha: Annotated[float, Range(0, 1, above=True, below=True)] = 0.025,
    seed: Seed = 0,
    lower: bool = True,
    progress: bool = True,
) -> WordTable:
    """Train word vectors on the sentences of a corpus.

    Returns a table (n, size) with context vectors of the same shape and int64 counts, most frequent word
    first, ties in alphabetical order of code points. `sample` is the threshold above which frequent words are
    thinned out (0: none), `alpha` the learning rate at the start. A sentence of more than 10,000 words is
    trained on in stretches of that length, counted in `notes["sentences_cut"]`. Raises MissingExtra without
    gensim, ProbekitError for an option out of range and for a corpus none of whose words reaches `min_count`.
    """
    options = {
        "size": size,
        "window": window,
        "algorithm": algorithm,
        "negative": negative,
        "min_count": min_count,
        "epochs": epochs,
        "sample": sample,
        "alpha": alpha,
        "seed": seed,
        "lower": lower,
    }
    check_options(options)
    return train(gensim_models().Word2Vec, corpus, "word2vec", options, progress)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ProbekitError for an option of `train_word2vec` that does not exist or is out of range."""
    defaults = _defaults()
    for name, value in options.items():
        if name not in defaults:
            raise UnknownName("word2vec option", name, defaults)
        if name in ("size", "window", "negative", "min_count", "epochs") and (
            isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1
        ):
            hint = "; the context vectors come from negative sampling" if name == "negative" else ""
            raise ProbekitError(f"word2vec option {name}={value!r} must be a whole number from 1 up{hint}")
        if name in ("sample", "alpha") and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1
        ):
            raise ProbekitError(f"word2vec option {name}={value!r} must be a number from 0 up to 1")
        if name in ("lower", "progress") and not isinstance(value, bool):
            raise ProbekitError(f"word2vec option {name}={value!r} must be true or false")
        if name == "seed" and (isinstance(value, bool) or not isinstance(value, (int, np.integer))):
            raise ProbekitError(f"word2vec option seed={value!r} must be a whole number")
    if options.get("alpha", 1) == 0:
        raise ProbekitError("word2vec option alpha=0 would train nothing; give a learning rate above 0")
    if "algorithm" in options and options["algorithm"] not in ALGORITHMS:
        raise UnknownName("word2vec algorithm", str(options["algorithm"]), ALGORITHMS)


def _defaults() -> dict[str, Any]:
    known = inspect.signature(train_word2vec).parameters
    return {name: parameter.default for name, parameter in known.items() if name != "corpus"}


# --- as a kind of table ------------------------------------------------------------------------------

TRAINED = Trained("word2vec", train_word2vec, _SECONDS_A_SENTENCE, check_options)
WORD2VEC, recipe = TRAINED.kind, TRAINED.recipe
