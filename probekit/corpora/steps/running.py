"""Steps for text to train on: sentences of texts, words left out, several corpora as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.plain import parts
from probekit.corpora.steps.texts import only_words, with_words
from probekit.store import digest
from probekit.values import OneOf

WHAT = ("stopwords", "punctuation")
Kind = Annotated[str, OneOf(WHAT)]


def sentences(corpus: Corpus) -> Corpus:
    """Texts cut into sentences after `.`, `!` and `?` that are words; each keeps the attributes of its text.

    id: that of the text and the number of the sentence; document: the id of the text.
    """
    only_words(corpus, "sentences")
    lengths = [[len(part) for part in parts(corpus.words(i))] for i in range(corpus.n_sentences)]
    counts = [len(one) for one in lengths]
    offsets = np.concatenate([[0], np.cumsum([n for one in lengths for n in one])]).astype(np.int64)
    table = corpus.sentences.loc[np.repeat(corpus.sentences.index, counts)].reset_index(drop=True)
    numbers = np.concatenate([np.arange(1, n + 1) for n in counts]).astype(str)
    ids = table["id"].astype(str)
    table = table.assign(id=ids + "." + pd.Series(numbers), document=ids)
    made = replace(corpus, offsets=offsets, sentences=table.drop(columns="text", errors="ignore"), spec="")
    return replace(made, digest=digest([corpus.digest, "sentences"]))


def without(corpus: Corpus, what: Kind, and_: Kind | None = None) -> Corpus:
    """A corpus without English stop words (scikit-learn's list of 318), or punctuation (words without a letter or
    digit), or both. Texts that have no other word are left out and counted."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    gone = {what, and_}
    forms = [str(form) for form in corpus.form.categories]
    out = np.array(
        [
            ("stopwords" in gone and form.lower() in ENGLISH_STOP_WORDS)
            or ("punctuation" in gone and not any(map(str.isalnum, form)))
            for form in forms
        ]
    )
    return with_words(corpus, "without", ~out[corpus.form.codes])


def joined(corpus: Corpus, with_: Corpus | list[Corpus]) -> Corpus:
    """Several corpora as one, in the order given: words, and the attributes id, document, language and split.

    Ids of the second and further ones begin with its number.
    """
    every = [corpus, *(with_ if isinstance(with_, list) else [with_])]
    categories = list(dict.fromkeys(str(form) for one in every for form in one.form.categories))
    number = {form: at for at, form in enumerate(categories)}
    codes = [np.array([number[str(form)] for form in one.form.categories])[one.form.codes] for one in every]
    form = pd.Categorical.from_codes(np.concatenate(codes), categories=pd.Index(categories, dtype=object))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([one.lengths for one in every]))]).astype(np.int64)
    tables = []
    for at, one in enumerate(every):
        one.require("form")
        table = one.sentences.reindex(columns=["id", "document", "language", "split"]).fillna("").astype(str)
        tables.append(table if not at else table.assign(id=f"{at}:" + table["id"]))
    about = pd.concat(tables, ignore_index=True)
    return Corpus(form, offsets, sentences=about, digest=digest(["joined", *(one.digest for one in every)]))
