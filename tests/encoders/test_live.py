"""The live face: how texts are framed, that it says what the frozen pass says, what is cut, an LSTM that learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_models import LONG, SENTENCES, encoder, folder

from probekit.corpora.corpus import Corpus
from probekit.encoders import describe, load_encoder
from probekit.encoders.activations import encode
from probekit.encoders.framing import framing
from probekit.encoders.live import live
from probekit.errors import ProbekitError

CORPUS = Corpus.from_words(SENTENCES)
FAMILIES = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "gpt2", "xlnet")


@pytest.mark.parametrize("family", FAMILIES)
def test_one_text_and_two_are_framed_as_the_tokenizer_frames_them(family):
    face = live(f"hf:{folder(family)}")
    tokenizer, reader = face.encoder.tokenizer, face.reader(CORPUS)
    blank = family in ("roberta", "gpt2")
    one, two = (" ".join(SENTENCES[k]) for k in (0, 2))
    for texts, batch in (
        ((one,), reader.batch(np.array([0]))),
        ((one, two), reader.batch(np.array([0]), np.array([2]))),
    ):
        wanted = tokenizer(*texts, return_token_type_ids=True)
        if blank:
            words = [[f" {word}" for word in text.split()] for text in texts]
            wanted = tokenizer(*words, is_split_into_words=True, return_token_type_ids=True)
        assert batch.ids[0].tolist() == wanted["input_ids"]
        assert batch.side[0].tolist() == [-1 if s is None else s for s in wanted.sequence_ids(0)]
        if batch.segments is not None:
            assert batch.segments[0].tolist() == wanted["token_type_ids"]


def test_pairs_and_marked_words_have_the_segments_of_the_study():
    """Figures 2 and 3 of Cengiz and Yuret 2020: a pair by its sides, a sentence with its predicate marked."""
    reader = live(f"hf:{folder('bert')}").reader(CORPUS)
    batch = reader.batch(np.array([0]), np.array([2]))
    n = [len(reader.pieces.ids[reader.pieces.offsets[k] : reader.pieces.offsets[k + 1]]) for k in (0, 2)]
    assert batch.segments[0].tolist() == [0] * (n[0] + 2) + [1] * (n[1] + 1)
    marked = reader.batch(np.array([4, 0]), marked=np.array([0, 1]))
    word = marked.word.numpy()
    assert (marked.segments.numpy() == (word == np.array([[0], [1]]))).all()
    assert marked.segments[0].sum() > 1  # all pieces of the marked word
    assert marked.ids[0, 0] == 2 and marked.mask.sum(1).tolist() == [(marked.word[k] >= 0).sum() + 2 for k in (0, 1)]
    with pytest.raises(ProbekitError, match="has no segments"):
        live(f"hf:{folder('distilbert')}").reader(CORPUS).batch(np.array([0]), marked=np.array([0]))


@pytest.mark.parametrize("family", FAMILIES[:-1])
def test_states_are_those_of_the_frozen_pass_and_have_gradients(family):
    face = live(f"hf:{folder(family)}")
    reader = face.reader(CORPUS)
    face.module.eval()
    frozen = encode(CORPUS, encoder(family), layers="all", poolings=["mean"])
    whole = np.flatnonzero(reader.pieces.lengths + reader.frame(1).size <= reader.limit)
    assert len(whole) > 4
    for k in whole:
        batch = reader.batch(np.array([k, 3]))
        vectors = face.module.embed(batch)
        states = face.module(vectors, batch, every=True)
        assert len(states) == len(face.source.layers)
        for layer in (0, len(states) - 1):
            content = batch.content[0]
            mean = states[layer][0][content].mean(0).detach().numpy()
            np.testing.assert_allclose(mean, frozen[layer, "mean"][k], atol=2e-5)
    states[-1].sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in face.module.parameters() if p.grad is not None)


def test_what_is_too_long_loses_words_of_the_longer_side_and_is_counted():
    corpus = Corpus.from_words([LONG, SENTENCES[0], ["antidisestablishmentarianism"] * 30])
    reader = live(f"hf:{folder('electra')}").reader(corpus)
    batch = reader.batch(np.array([0]), np.array([1]))
    word, side = batch.word[0].numpy(), batch.side[0].numpy()
    assert batch.ids.shape[1] <= reader.limit and reader.cut == 1
    assert word[side == 1].tolist() == reader.pieces.word[reader.pieces.offsets[1] : reader.pieces.offsets[2]].tolist()
    kept = word[side == 0]
    pieces = reader.pieces.word[: reader.pieces.offsets[1]]
    assert (np.bincount(kept) == np.bincount(pieces)[: kept.max() + 1]).all()  # no word is cut within
    assert (reader.sizes(np.array([0, 1])) <= reader.limit).all()
    strict = live(f"hf:{folder('electra')}").reader(corpus, strict=True)
    with pytest.raises(ProbekitError, match="leave strict"):
        strict.batch(np.array([0]))


def test_a_bilstm_reads_texts_alike_whatever_stands_beside_them():
    spec = 'bilstm(vectors="word2vec:\\"grammar(n=40)\\"(epochs=1, size=8)", hidden=4)'
    assert describe(spec).width == 8 and describe(spec).poolings
    face = live(spec)
    corpus = Corpus.from_words([["The", "dog", "zzz"], ["the", "dog"], ["sees"] * 7])
    reader = face.reader(corpus)
    batch = reader.batch(np.arange(3))
    states = face.module.eval()(face.module.embed(batch), batch)[0]
    alone = reader.batch(np.array([1]))
    found = face.module(face.module.embed(alone), alone)[0][0]
    torch.testing.assert_close(states[1, :2], found)
    frozen = encode(corpus, load_encoder(spec), layers="all", poolings=["max"])[None, "max"]
    np.testing.assert_allclose(states[1, :2].amax(0).detach().numpy(), frozen[1], atol=1e-6)
    with pytest.raises(ProbekitError, match="no segments"):
        reader.batch(np.array([0]), marked=np.array([0]))
    with pytest.raises(ProbekitError, match="does not learn"):
        live('word2vec:"grammar(n=40)"(epochs=1, size=8)')
    assert framing(encoder("bert").tokenizer, 2).size == 3
