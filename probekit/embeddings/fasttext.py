"""fastText trained on a corpus with gensim (Bojanowski et al. 2017): word vectors are sums over pieces of spelling.

The table holds the vectors of the words that were trained; the context vectors of negative sampling are kept beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from probekit.corpora.corpus import Corpus
from probekit.embeddings.table import WordTable
from probekit.embeddings.trained import Trained, gensim_models, train
from probekit.embeddings.word2vec import ALGORITHMS
from probekit.errors import ProbekitError, UnknownName
from probekit.values import Count, LessThanAll, Range, Seed

# One core, as measured on novels at 300 dimensions.
_SECONDS_A_SENTENCE = 6e-4


def train_fasttext(
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
    min_n: Count = 3,
    max_n: Count = 6,
    buckets: Count = 200_000,
    seed: Seed = 0,
    lower: bool = True,
    progress: bool = True,
) -> WordTable:
    """Train word vectors and vectors of their pieces on the sentences of a corpus; the words' sums are the table.

    Pieces have min_n to max_n characters and share `buckets` vectors; the other options are those of `train_word2vec`,
    and so are the table and what is raised.
    """
    check_options({"algorithm": algorithm, "min_n": min_n, "max_n": max_n})
    options = {"size": size, "window": window, "algorithm": algorithm, "negative": negative, "min_count": min_count}
    options |= {"epochs": epochs, "sample": sample, "alpha": alpha, "seed": seed, "lower": lower}
    pieces = {"min_n": min_n, "max_n": max_n, "bucket": buckets}
    return train(gensim_models().FastText, corpus, "fasttext", options, progress, **pieces)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise ProbekitError for options of `train_fasttext` that do not fit together."""
    if "algorithm" in options and options["algorithm"] not in ALGORITHMS:
        raise UnknownName("fastText algorithm", str(options["algorithm"]), ALGORITHMS)
    if options.get("min_n", 3) > options.get("max_n", 6):
        raise ProbekitError(f"fastText: min_n={options.get('min_n', 3)} is above max_n={options.get('max_n', 6)}")


TRAINED = Trained("fasttext", train_fasttext, _SECONDS_A_SENTENCE, check_options)
FASTTEXT, recipe = TRAINED.kind, TRAINED.recipe
