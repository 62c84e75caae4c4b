"""Vectors by the language of a sentence: maps that find a rotation, pairs, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from golden import Golden, fingerprint

from probekit.corpora import load_corpus
from probekit.encoders import describe, load_encoder
from probekit.encoders.activations import encode
from probekit.encoders.by_language import unit
from probekit.errors import ProbekitError
from probekit.specs import Spec

golden = Golden(__file__)
SUB = 'subwords:"gazetteers(n=80{})"(size=8, epochs=2, buckets=100, lower=false)'
SOURCES = ["en=" + SUB.format(""), "es=" + SUB.format(", seed=1")]


def spec(**given: object) -> str:
    return str(Spec("by-language", None, (), dict(sorted({"sources": SOURCES, **given}.items()))))


def test_vectors_have_length_one_and_are_those_of_the_language(tmp_path) -> None:
    encoder = load_encoder(spec())
    words = encoder.vectors(["Rome", "went", "."])[0]
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(words, unit(encoder.subwords["en"].vectors(["Rome", "went", "."])), rtol=1e-5)
    assert not encoder.maps and not unit(np.zeros((1, 3))).any()


def test_a_map_is_orthogonal_and_finds_a_rotation() -> None:
    encoder = load_encoder(spec(pairs="identical"))
    turn = encoder.maps["es"]
    np.testing.assert_allclose(turn @ turn.T, np.eye(8), atol=1e-5)
    assert encoder.told_of(load_corpus("gazetteers(n=3)"))["pairs_es"] == len(encoder.paired["es"]) > 20
    drawn = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0].astype(np.float32)
    rows = encoder.subwords["es"].rows
    encoder.subwords["es"].rows = np.asarray(encoder.subwords["en"].rows) @ drawn
    encoder.subwords["es"].index = encoder.subwords["en"].index
    del encoder.__dict__["maps"], encoder.__dict__["paired"]
    np.testing.assert_allclose(encoder.maps["es"], drawn.T, atol=1e-4)
    encoder.subwords["es"].rows = rows


def test_sentences_are_encoded_by_their_language() -> None:
    from dataclasses import replace

    corpus = load_corpus("gazetteers(n=4)")
    both = replace(corpus, sentences=corpus.sentences.assign(language=["en", "es"] * 2), digest="x" * 32, spec="")
    found = encode(both, spec(), poolings=("words",))[None, "words"]
    encoder = load_encoder(spec())
    assert np.allclose(found[: both.offsets[1]], encoder.vectors_of(both, 0)[0], atol=1e-6)
    second = slice(*both.offsets[1:3])
    assert np.allclose(found[second], unit(encoder.subwords["es"].vectors(both.words(1))), atol=1e-6)
    with pytest.raises(ProbekitError, match="has sources for en, es"):
        encoder.vectors_of(corpus, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sources": ["en"]}, "code=spec"),
        ({"sources": SOURCES[1:]}, "no source of the pivot"),
        ({"sources": [SOURCES[0], "es=minilm"]}, "no source of 'by-language'"),
        ({"pairs": "dictionary"}, "no dictionary of 'es'"),
        ({"pairs": "some"}, "pairs"),
        ({"sources": [SOURCES[0], SOURCES[1].replace("size=8", "size=9")]}, "unlike sizes"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        describe(spec(**given))


def test_a_dictionary_without_a_pair_in_both_is_refused(tmp_path) -> None:
    (tmp_path / "far.txt").write_text("qqqa zzzb\nqqqc zzzd\n", encoding="utf-8")
    with pytest.raises(ProbekitError, match="no pair of words of 'en' and 'es' is among the 5000"):
        _ = load_encoder(spec(pairs="dictionary", dictionaries=[f"es=bilingual:{tmp_path / 'far.txt'}"])).maps


def numbers(text: str) -> list[float]:
    """Vectors of words of two languages."""
    encoder = load_encoder(text)
    words = ["Rome", "today", "zebra"]
    return [x for code in encoder.named for x in fingerprint(encoder._of(words, code))]


golden.case(
    "encoder:by-language",
    numbers,
    spec(pairs="identical"),
    tolerance=1e-3,
    options={"pairs": "none", "most": 20, "sources": SOURCES[:1], "length": 3.0},
    elsewhere=dict.fromkeys(("dictionaries", "pivot"), "encoders/test_by_language.py"),
)
test_numbers_stay, test_options_move_numbers = golden.tests()
