"""A second language where there is none: texts whose words have meanings, one of them in cipher, and the dictionary.

Vectors that are trained on one text and on another in cipher have a translation for every word, which is known.
"""

from __future__ import annotations

import codecs
from dataclasses import replace
from typing import Annotated

import numpy as np

from probekit.corpora.catalogue import registry
from probekit.corpora.corpus import Corpus
from probekit.corpora.generated.sizes import MOST_TEXTS, within
from probekit.corpora.readers.dictionaries import dictionary_of
from probekit.corpora.word_items import WordItems
from probekit.store import digest
from probekit.streams import generator
from probekit.values import Count, LessThanAll, Range, Seed, Whole

_LENGTH, _WIDTH, _PULL = 12, 10, 1.2
Named = Annotated[int, Range(2, 13**4)]  # words; there are no more names of four of 13 letters
_EVERY = 4  # of the words, most frequent first, every fourth is tested


def meanings(n: Count = 8000, words: Named = 1000, seed: Seed = 0) -> Corpus:
    """n sentences of 12 words, each drawn by how near its meaning is to what the sentence is about.

    A word has a normal vector v of 10 and a rank, the same whatever the seed; a sentence is about a normal vector c and
    draws words with probability ~ exp(1.2 v c) / rank (Arora et al. 2016, TACL 4, without the walk).
    """
    within(f"the number of sentences of meanings(n={n})", n, MOST_TEXTS)
    vectors = generator(0, "draw", "meanings", words).normal(size=(words, _WIDTH))
    names, frequency = names_of(words), -np.log(np.arange(1, words + 1))
    sentences = []
    for number in range(n):
        rng = generator(seed, "draw", "meanings", words, number)
        weight = frequency + _PULL * (vectors @ rng.normal(size=_WIDTH))
        chances = np.cumsum(np.exp(weight - weight.max()))
        sentences.append([names[i] for i in np.searchsorted(chances, rng.random(_LENGTH) * chances[-1])])
    made = Corpus.from_words(sentences, language=["generated"] * n)
    return replace(made, digest=digest(["meanings", registry.entry("meanings").revision, n, words, seed]))


def names_of(words: int) -> list[str]:
    """Names of the words, most frequent first: letters, as a number is written in them."""
    letters = "abcdefghijklm"  # their ciphers are the others, so that no word is one of the cipher
    return ["".join(letters[i // 13**place % 13] for place in (3, 2, 1, 0)) for i in range(words)]


def enciphered(word: str) -> str:
    """A word with every Latin letter replaced by that 13 places on."""
    return codecs.encode(word, "rot13")


def cipher(corpus: Corpus) -> Corpus:
    """Every word in cipher; of its layers none is kept."""
    sentences = [[enciphered(word) for word in corpus.words(number)] for number in range(corpus.n_sentences)]
    made = Corpus.from_words(sentences, language=["cipher"] * len(sentences))
    return replace(made, digest=digest([corpus.digest, "cipher"]))


def cipher_dictionary(
    words: Named = 1000, first: Whole = 0, reverse: bool = False, held_out: LessThanAll = 0.0
) -> WordItems:
    """The words of meanings(words=) with their ciphers, most frequent first, every fourth for test."""
    pairs = [(word, enciphered(word)) for word in names_of(words)]
    parts = {"train": [pair for i, pair in enumerate(pairs) if i % _EVERY], "test": pairs[::_EVERY]}
    return dictionary_of(parts, ("generated", "cipher"), first, reverse, held_out)
