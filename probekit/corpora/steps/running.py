"""Steps for text to train on: sentences of texts, words left out, several corpora as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.corpora.loading import called
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
    """Several corpora as one, in the order given, with an attribute `origin`, the name of each's corpus.

    Layers, spans and attributes that all have are kept; links and trees are not. Ids of the second and further ones
    begin with its number.
    """
    parts = [corpus, *(with_ if isinstance(with_, list) else [with_])]
    for one in parts:
        one.require("form")
    shift = np.cumsum([0, *(one.n_sentences for one in parts)])
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([one.lengths for one in parts]))]).astype(np.int64)
    shared = [c for c in parts[0].sentences if all(c in one.sentences for one in parts)]
    tables = [one.sentences[shared].assign(origin=called(one)) for one in parts]
    tables = [
        table if not at else table.assign(id=f"{at}:" + table["id"].astype(str)) for at, table in enumerate(tables)
    ]
    return Corpus(
        _together([one.form for one in parts]),
        offsets,
        {name: _layer([one.layers[name] for one in parts]) for name in _shared(*(one.layers for one in parts))},
        pd.concat(tables, ignore_index=True),
        spans={
            name: pd.concat([_moved(one.spans[name], int(at)) for one, at in zip(parts, shift, strict=False)])
            .dropna(axis="columns")
            .reset_index(drop=True)
            for name in _shared(*(one.spans for one in parts))
        },
        digest=digest(["joined", *(one.digest for one in parts)]),
    )


def _shared(*of: Mapping[str, Any]) -> list[str]:
    return [name for name in of[0] if all(name in one for one in of)]


def _together(parts: list[pd.Categorical]) -> pd.Categorical:
    categories = list(dict.fromkeys(str(form) for one in parts for form in one.categories))
    number = {form: at for at, form in enumerate(categories)}
    codes = [np.array([number[str(form)] for form in one.categories])[one.codes] for one in parts]
    return pd.Categorical.from_codes(np.concatenate(codes), categories=pd.Index(categories, dtype=object))


def _layer(parts: list[Any]) -> Any:
    return _together(parts) if isinstance(parts[0], pd.Categorical) else np.concatenate(parts)


def _moved(table: pd.DataFrame, by: int) -> pd.DataFrame:
    columns = [name for name in ("sentence", "sentence2") if name in table]
    return table.assign(**{name: table[name] + by for name in columns})
