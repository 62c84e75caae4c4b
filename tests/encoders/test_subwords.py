"""Words by their spelling: what a string is the mean of, strings without a piece, against gensim."""

from __future__ import annotations

import numpy as np
import pytest

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.encoders import describe, load_encoder
from probekit.encoders.activations import encode
from probekit.encoders.subwords import Subwords
from probekit.errors import ProbekitError

SPEC = 'subwords:"grammar(n=60)"(size=8, epochs=1, buckets=200)'
LONG = 'subwords:"grammar(n=60)"(size=8, epochs=1, buckets=200, min_n=4)'


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return Subwords(recipes.folder(SPEC))


def test_a_string_is_the_mean_of_its_rows(subwords: Subwords) -> None:
    known = next(iter(subwords.index))
    assert subwords.index[known] in subwords.bag(known)
    for word in (known, "qwxz"):
        np.testing.assert_allclose(
            subwords.vectors([word])[0], subwords.rows[subwords.bag(word)].mean(axis=0), rtol=1e-6
        )
    assert (subwords.bag("qwxz") >= len(subwords.index)).all() and len(subwords.bag("qwxz")) > 0


def test_vectors_are_those_of_gensim() -> None:
    from probekit.embeddings.fasttext import train_fasttext

    corpus = load_corpus("grammar(n=60)")
    table = train_fasttext(corpus, size=8, epochs=1, buckets=200)
    ours = Subwords(recipes.folder(SPEC))
    words = list(table.words)[:40]
    np.testing.assert_allclose(ours.vectors(words), table.vectors[:40], rtol=1e-4, atol=1e-6)


def test_a_string_without_a_piece_is_zero_and_counted() -> None:
    long = Subwords(recipes.folder(LONG))
    assert len(long.bag("z")) == 0 and not long.vectors(["z"]).any() and long.vectors(["zebra"]).any()
    corpus = Corpus.from_words([["z", "zebra"], ["zebra", "zebras"]])
    assert long.unread(corpus) == 0.25
    encoder = load_encoder(LONG)
    assert encoder.start_pass(corpus, [None], ["words"]).found == {"unread_words": 0.25}
    with pytest.warns(UserWarning, match="cannot read 25%"):
        found = encode(corpus, LONG, poolings=("words",))[None, "words"]
    assert not found[0].any() and found[1:].any(axis=1).all()


def test_what_is_known_of_it_before_it_is_trained() -> None:
    source = describe(SPEC)
    assert source.generated and source.width == 8 and recipes.describe(SPEC).generated
    with pytest.raises(ProbekitError, match="names no corpus"):
        describe("subwords(size=8)")
