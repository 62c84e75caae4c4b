"""skip-gram with negative sampling, trained by our own pair trainer: `skip-gram:CORPUS(size=, window=, ...)`.

Both matrices and the counts are kept. Windows are not shrunk at random as word2vec's program does, and every pair of a
step is one term: context-to-vec trains on the same pairs with the same drawn words, so that the centre is all that
differs (`embeddings/pairs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from probekit.corpora.corpus import Corpus
from probekit.embeddings.pairs import L1, L2, PairSettings, TableCentre, started, trained_pairs
from probekit.embeddings.table import WordTable
from probekit.embeddings.text import text_of
from probekit.embeddings.trained import Trained, language_of
from probekit.errors import ProbekitError
from probekit.values import Count, LessThanAll, NotNegative, OneOf, Rate, Seed, Whole

# One core, a paragraph of novels (70 words) and pass, 100 dimensions, measured.
_SECONDS_A_SENTENCE = 1e-3


def train_skip_gram(
    corpus: Corpus,
    *,
    size: Count = 100,
    before: Whole = 5,
    after: Whole = 5,
    negative: Count = 5,
    min_count: Count = 5,
    vocabulary: Whole = 0,
    epochs: Count = 5,
    rate: Rate = 0.025,
    clip: NotNegative = 0.0,
    sample: LessThanAll = 1e-3,
    l1: Annotated[str, OneOf(L1)] = "pair",
    l2: Annotated[str, OneOf(L2)] = "off",
    seed: Seed = 0,
    lower: bool = True,
    keep: Path | None = None,
) -> WordTable:
    """Train word vectors on the sentences of a corpus.

    Returns a table (n, size) with context vectors and int64 counts, most frequent word first. vocabulary: how many of
    the most frequent words stay, 0 for all that occur min_count times; the others are no words of a window. The other
    options are those of `PairSettings`. Raises ProbekitError for a corpus without words that are left, and where the
    loss is no number any more.
    """
    text = text_of(corpus, lower, min_count, vocabulary)
    settings = PairSettings(before, after, negative, epochs, rate, clip, sample, l1, l2, seed=seed)
    centre = TableCentre(started(len(text.words), size, seed, "skip-gram"))
    outputs, losses = trained_pairs(text, centre, size, settings, keep, "skip-gram")
    about = {"made by": "skip-gram", "corpus": corpus.digest, "size": size, **vars(settings), "losses": losses}
    return WordTable(text.words, centre.table, outputs, text.counts, language_of(corpus), about=about)


def check_window(options: Mapping[str, Any], name: str) -> None:
    """Refuse windows of no word. Raises ProbekitError."""
    if options.get("before", 5) + options.get("after", 5) == 0:
        raise ProbekitError(f"{name}: before=0 and after=0 leave no word in a window; give one side at least 1")


_check = partial(check_window, name="skip-gram")
TRAINED = Trained("skip-gram", train_skip_gram, _SECONDS_A_SENTENCE, _check, gensim=False, resumes=True)
SKIP_GRAM, recipe = TRAINED.kind, TRAINED.recipe
