"""Corpora of several, sentences cut at closing punctuation, attributes as labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from probekit.corpora import Corpus, describe, load_corpus
from probekit.corpora.steps.sentences import cut
from probekit.errors import ProbekitError

JOINED = 'gazetteers(n=20)|joined(["gazetteers(n=10, domain=target)", "gazetteers(n=5, seed=2)"])'


def test_joined_corpora_keep_their_sentences_spans_and_origin() -> None:
    parts = [
        load_corpus(one) for one in ("gazetteers(n=20)", "gazetteers(n=10, domain=target)", "gazetteers(n=5, seed=2)")
    ]
    corpus = load_corpus(JOINED)
    assert corpus.texts == [text for one in parts for text in one.texts]
    assert corpus.sentences["origin"].value_counts().tolist() == [20, 10, 5]
    table = corpus.spans["entity"]
    second = table[table["sentence"].between(20, 29)]
    own = parts[1].spans["entity"]
    assert (second["sentence"] - 20).tolist() == own["sentence"].tolist() and second["label"].tolist() == own[
        "label"
    ].tolist()


def test_a_joined_corpus_is_another_where_a_part_is_another() -> None:
    source = describe(JOINED)
    assert source.generated and "target" in source.name
    assert describe(JOINED.replace("seed=2", "seed=3")).digest != source.digest
    layered = load_corpus('grammar(n=5)|joined(["grammar(n=4, seed=1)"])')
    assert layered.layers["upos"][: layered.offsets[5]].tolist() == load_corpus("grammar(n=5)").layers["upos"].tolist()
    assert "upos" not in load_corpus('grammar(n=5)|joined(["gazetteers(n=4)"])').layers
    with pytest.raises(ProbekitError, match="name one at least"):
        load_corpus("gazetteers(n=5)|joined([])")


def test_sentences_end_at_closing_punctuation_but_within_no_span() -> None:
    words = ["He", "left", ".", "”", "Why", "?", "She", "asked", "on", "Jan.", ".", "5", "and", "slept", ".", "End"]
    made = Corpus.from_words([words, ["Short", "."]])
    spans = pd.DataFrame([(0, 9, 12, "DATE"), (0, 0, 1, "PER")], columns=["sentence", "start", "end", "label"])
    corpus = cut(Corpus(made.form, made.offsets, sentences=made.sentences, spans={"entity": spans}))
    assert [" ".join(corpus.words(row)) for row in range(corpus.n_sentences)] == [
        "He left . ”",
        "Why ?",
        "She asked on Jan. . 5 and slept .",
        "End",
        "Short .",
    ]
    table = corpus.spans["entity"]
    assert table[["sentence", "start", "end"]].to_numpy().tolist() == [[2, 3, 6], [0, 0, 1]]
    assert corpus.sentences["id"].is_unique and corpus.n_words == made.n_words
    with pytest.raises(ProbekitError, match="trees or links"):
        load_corpus("grammar(n=5)|cut")


def test_attributes_become_labels() -> None:
    corpus = load_corpus(f"{JOINED}|labelled(origin)")
    assert np.array_equal(corpus.sentences["label"], corpus.sentences["origin"])
    with pytest.raises(ProbekitError, match="attribute of"):
        load_corpus("gazetteers(n=5)|labelled(author)")
