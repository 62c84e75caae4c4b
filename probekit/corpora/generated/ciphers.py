"""A second language where there is none: texts in cipher, and the dictionary that the cipher is.

Of two generated texts one is put in cipher; vectors trained on each have a translation for every word, which is known.
"""

from __future__ import annotations

import codecs
from dataclasses import replace

import numpy as np

from probekit.corpora.corpus import Corpus
from probekit.corpora.generated.grammar import grammar
from probekit.corpora.readers.dictionaries import dictionary_of
from probekit.corpora.word_items import WordItems
from probekit.store import digest
from probekit.values import Count, LessThanAll, Seed, Whole

_EVERY = 4  # of the words, most frequent first, every fourth is tested


def enciphered(word: str) -> str:
    """A word with every Latin letter replaced by that 13 places on."""
    return codecs.encode(word, "rot13")


def cipher(corpus: Corpus) -> Corpus:
    """Every word in cipher; of its layers none is kept."""
    sentences = [[enciphered(word) for word in corpus.words(number)] for number in range(corpus.n_sentences)]
    made = Corpus.from_words(sentences, language=["cipher"] * len(sentences))
    return replace(made, digest=digest([corpus.digest, "cipher"]))


def cipher_dictionary(
    n: Count = 5000, seed: Seed = 0, first: Whole = 0, reverse: bool = False, held_out: LessThanAll = 0.0
) -> WordItems:
    """The words of grammar(n, seed) in lower case with their ciphers, most frequent first, every fourth for test."""
    corpus = grammar(n=n, seed=seed)
    counts: dict[str, int] = {}
    for form, count in zip(corpus.form.categories, np.bincount(corpus.form.codes), strict=False):
        word = str(form).lower()
        counts[word] = counts.get(word, 0) + int(count)
    words = sorted(counts, key=lambda word: (-counts[word], word))
    pairs = [(word, enciphered(word)) for word in words if any(letter.isalpha() for letter in word)]
    parts = {"train": [pair for i, pair in enumerate(pairs) if i % _EVERY], "test": pairs[::_EVERY]}
    return dictionary_of(parts, ("en", "en-cipher"), first, reverse, held_out)
