"""Language models of characters: states at the ends of words, losses by definition, batches, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from golden import Golden, fingerprint

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.encoders.activations import encode
from probekit.encoders.loading import describe, load_encoder
from probekit.errors import ProbekitError
from probekit.learners.pretraining.characters import Texts, split_text
from probekit.models.character_lm import EDGE, SPECIAL, UNKNOWN, CharacterLM

golden = Golden(__file__)
SPEC = 'character-lm:"grammar(n=40)"(hidden=6, size=4, epochs=2, rate=0.02)'
WORDS = [["the", "owl", "sleeps"], ["a", "dog"], ["ßß", "owl"]]


def numbers(spec: str) -> list[float]:
    """Vectors of the words of other sentences."""
    found = encode(load_corpus("grammar(n=12, seed=5)"), spec, "all", ("words", "mean"))
    return [x for vectors in found.values() for x in fingerprint(vectors)]


@torch.no_grad()
def by_hand(words: list[str]) -> np.ndarray:
    """Each word read by itself: all up to its last character, all from the end down to its first."""
    encoder = load_encoder(SPEC)
    model, alphabet = encoder.model, encoder.config["alphabet"]
    text = [EDGE, *(alphabet.index(c) + SPECIAL if c in alphabet else UNKNOWN for c in " ".join(words)), EDGE]
    found, at = [], 1
    for word in words:
        sides = [text[: at + len(word)], text[at:][::-1]]
        ends = [
            lstm(model.embeddings(torch.tensor([side])))[0][0, -1]
            for lstm, side in zip((model.onward, model.back), sides, strict=True)
        ]
        found.append(torch.cat(ends).numpy())
        at += len(word) + 1
    return np.stack(found)


def test_a_word_is_the_state_after_its_last_character_and_before_its_first() -> None:
    corpus = Corpus.from_words(WORDS)
    found = encode(corpus, SPEC, "all", ("words", "mean"))
    for row, words in enumerate(WORDS):
        own = found[None, "words"][slice(*corpus.offsets[row : row + 2])]
        assert own == pytest.approx(by_hand(words), abs=1e-6)
        assert found[None, "mean"][row] == pytest.approx(own.mean(axis=0), abs=1e-6)
    assert describe(SPEC).width == found[None, "words"].shape[1] == 12


def test_words_of_which_no_character_was_learned_are_counted() -> None:
    found = load_encoder(SPEC).start_pass(Corpus.from_words(WORDS), [None], ["words"]).found
    assert found == {"unread_words": round(1 / 7, 4)}


@torch.no_grad()
def test_losses_are_mean_nats_of_what_comes_next_and_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    model = CharacterLM(8, 3, 5).eval()
    texts = Texts(Corpus.from_words([["ab", "c"], ["a"], ["cab"]]), np.arange(3), ["a", "b", "c"])
    every = [float(one) for one in model.nats(*texts.batch(np.arange(3)))]
    onward, back, n = 0.0, 0.0, 0
    for ids in texts.ids:
        given = torch.from_numpy(ids)[None]
        left = model.next(model.onward(model.embeddings(given))[0]).log_softmax(2)[0]
        right = model.before(model.back(model.embeddings(given.flip(1)))[0].flip(1)).log_softmax(2)[0]
        for at in range(len(ids) - 1):
            onward -= float(left[at, ids[at + 1]])
            back -= float(right[at + 1, ids[at]])
        n += len(ids) - 1
    assert every == pytest.approx([onward / n, back / n], rel=1e-5)
    assert texts.nats(model, 5) == pytest.approx(every, rel=1e-5)  # a sentence a batch


def test_training_tells_characters_better_and_its_perplexity_is_that_of_its_held_out_text() -> None:
    found = load_encoder(SPEC).config["found"]
    assert found["dev_losses"][-1] < found["dev_losses"][0]
    corpus = load_corpus("grammar(n=40)")
    onward, back = load_encoder(SPEC).perplexity(corpus, split_text(corpus, 0)[1])
    assert (onward, back) == pytest.approx((found["perplexity"], found["perplexity_back"]), rel=1e-5)


def test_a_split_is_heeded_and_test_sentences_are_never_read() -> None:
    corpus = load_corpus("grammar(n=40)|resplit(dev=0.25, test=0.25)")
    train, dev = split_text(corpus, 0)
    assert len(train) == 20 and set(corpus.sentences["split"].iloc[dev]) == {"dev"}


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(ProbekitError, match="names no corpus"):
        recipes.of("character-lm(hidden=4)")
    with pytest.raises(ProbekitError, match="1 sentences to learn characters of"):
        recipes.folder('character-lm:"grammar(n=1)"(hidden=4)')


MOVING = {"hidden": 5, "size": 3, "rare": 500, "dropout": 0.5, "rate": 0.05, "epochs": 1, "budget": 200, "seed": 1}

golden.case(
    "encoder:character-lm",
    numbers,
    SPEC,
    options=MOVING,
    elsewhere=dict.fromkeys(("patience", "schedule", "threads"), "learners/test_tagger.py"),
)
test_numbers_stay, test_options_move_numbers = golden.tests()
