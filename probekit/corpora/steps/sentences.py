"""Sentences at closing punctuation with the spans in them; attributes of sentences as their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.store import digest

CLOSING, QUOTES = (".", "?", "!", "…"), ('"', "''", "”", "»", "’", ")", "]")


def cut(corpus: Corpus) -> Corpus:
    """Sentences that end at closing punctuation and the quotes after it, never within a span; spans go along.

    For texts whose sentences are paragraphs. Raises ProbekitError for a corpus with links or trees.
    """
    if corpus.links or corpus.trees is not None:
        raise ProbekitError(f"cut: {corpus!r} has trees or links, which would no longer fit its sentences")
    forms = np.asarray(corpus.form.astype(object))
    ends = np.isin(forms, CLOSING)
    for place in np.flatnonzero(np.isin(forms, QUOTES)):  # from left to right: a quote after an end is the end
        if place and ends[place - 1]:
            ends[place - 1], ends[place] = False, True
    for table in corpus.spans.values():
        first = corpus.offsets[table["sentence"].to_numpy()]
        for start, end in zip(first + table["start"].to_numpy(), first + table["end"].to_numpy(), strict=True):
            ends[start : end - 1] = False
    ends[corpus.offsets[1:] - 1] = True
    offsets = np.concatenate([[0], np.flatnonzero(ends) + 1]).astype(np.int64)
    of = corpus.sentence_of_word[offsets[:-1]]
    sentences = corpus.sentences.iloc[of].reset_index(drop=True)
    part = offsets[:-1] - corpus.offsets[of]
    sentences["id"] = [f"{name}-{at}" if at else str(name) for name, at in zip(sentences["id"], part, strict=True)]
    return replace(
        corpus,
        offsets=offsets,
        sentences=sentences,
        spans={name: _within(table, corpus.offsets, offsets) for name, table in corpus.spans.items()},
        spec="",
        digest=digest([corpus.digest, "cut", offsets.tolist()]),
    )


def _within(table: pd.DataFrame, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """Spans in the sentences of other borders."""
    first = before[table["sentence"].to_numpy()]
    start = first + table["start"].to_numpy()
    sentence = np.searchsorted(after, start, side="right") - 1
    moved = {"start": start - after[sentence], "end": first + table["end"].to_numpy() - after[sentence]}
    return table.assign(sentence=sentence, **moved)


def labelled(corpus: Corpus, attribute: str) -> Corpus:
    """An attribute of the sentences as their label. Raises UnknownName for one that there is not."""
    if attribute not in corpus.sentences:
        raise UnknownName(f"attribute of {corpus!r}:", str(attribute), sorted(map(str, corpus.sentences)))
    sentences = corpus.sentences.assign(label=corpus.sentences[attribute].astype(str))
    return replace(corpus, sentences=sentences, spec="", digest=digest([corpus.digest, "labelled", attribute]))
