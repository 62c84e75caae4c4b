"""Annotated text: readers, named corpora, steps that derive one corpus from another.

`load_corpus(spec)` gives the corpus, `describe(spec)` what can be known of it without parsing a file.
"""

import probekit.corpora.steps  # noqa: F401  (loaded later, the folder would take the place of the registry `steps`)
from probekit.corpora.catalogue import names_with, registry, steps
from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import CorpusSource, describe, load_corpus
from probekit.corpora.named import (
    analogies,
    choices,
    dictionaries,
    entities,
    flips,
    inference,
    misogyny,
    novels,
    parallel,
    published_runs,
    relations,
    sentences,
    small_languages,
    spans,
    specificity,
    supertags,
    texts,
    treebanks,
    word_lists,
    word_pairs,
    words,
)
from probekit.corpora.readers.edge_probing import write_edge_probing

_WORDS = (words, word_pairs, word_lists, relations, analogies, dictionaries)
_TEXTS = (texts, sentences, flips, novels, specificity, inference, published_runs, choices, misogyny)
for _named in (treebanks, spans, entities, supertags, small_languages, *_TEXTS, parallel, *_WORDS):
    _named.register()

__all__ = ["Corpus", "CorpusSource", "describe", "load_corpus", "names_with", "registry", "steps", "write_edge_probing"]
