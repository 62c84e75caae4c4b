"""Positive pointwise mutual information, and its truncated decomposition: `ppmi-svd:CORPUS(size=, window=, ...)`."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from scipy.sparse import csr_matrix

from probekit.corpora.corpus import Corpus
from probekit.embeddings.table import WordTable
from probekit.embeddings.text import cooccurrences, text_of
from probekit.embeddings.trained import Trained, language_of
from probekit.errors import ProbekitError
from probekit.streams import generator
from probekit.values import Count, Positive, Range, Seed, Share, Whole

_SECONDS_A_SENTENCE = 3e-4


def ppmi(counts: csr_matrix, smoothing: float, shift: float) -> csr_matrix:
    """max(0, ln(X_ij X / (X_i Y_j)) - ln shift), sparse float32, the contexts' shares to the power `smoothing` as Levy
    et al. 2015 have it."""
    cells = counts.tocoo()
    rows = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    columns = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel() ** smoothing
    share = columns / columns.sum()
    value = np.log(cells.data / (rows[cells.row] * share[cells.col])) - np.log(shift)
    kept = value > 0
    return csr_matrix((value[kept].astype(np.float32), (cells.row[kept], cells.col[kept])), shape=counts.shape)


def train_ppmi(
    corpus: Corpus,
    *,
    size: Count = 100,
    window: Count = 5,
    min_count: Count = 5,
    vocabulary: Whole = 0,
    harmonic: bool = False,
    smoothing: Annotated[float, Range(0, 1)] = 0.75,
    shift: Positive = 1.0,
    weight: Share = 0.5,
    seed: Seed = 0,
    lower: bool = True,
) -> WordTable:
    """Words as the left singular vectors of the PPMI matrix times the singular values to the power `weight`.

    Returns a table (n, size) with context vectors, the right singular vectors times the rest of the values, and counts.
    harmonic: words of a window weigh 1 / distance. Raises ProbekitError for a corpus without words that are left or
    whose words all stand alone, for fewer words than dimensions, and where no cell is positive.
    """
    from scipy.sparse.linalg import svds

    text = text_of(corpus, lower, min_count, vocabulary)
    matrix = ppmi(cooccurrences(text, window, harmonic), smoothing, shift)
    if size >= len(text.words):
        raise ProbekitError(f"ppmi-svd(size={size}): there are {len(text.words)} words; ask for fewer dimensions")
    if not matrix.nnz:
        raise ProbekitError(f"ppmi-svd(shift={shift}): no two words stand together more often; lower the shift")
    begin = generator(seed, "init", "ppmi-svd").standard_normal(len(text.words))
    left, values, right = svds(matrix.astype(np.float64), k=size, v0=begin)
    order = np.argsort(-values)
    left, values, right = left[:, order], values[order], right[order]
    sign = np.where(left[np.abs(left).argmax(axis=0), np.arange(size)] < 0, -1.0, 1.0)
    vectors, context = left * sign * values**weight, right.T * sign * values ** (1 - weight)
    about = {"made by": "ppmi-svd", "corpus": corpus.digest, "size": size, "window": window}
    return WordTable(
        text.words,
        vectors.astype(np.float32),
        context.astype(np.float32),
        text.counts,
        language_of(corpus),
        about=about,
    )


TRAINED = Trained("ppmi-svd", train_ppmi, _SECONDS_A_SENTENCE, gensim=False)
PPMI_SVD, recipe = TRAINED.kind, TRAINED.recipe
