"""The linear tagger of the look of words: features by hand, labels that only neighbours tell, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from probekit import recipes
from probekit.corpora import load_corpus
from probekit.errors import ProbekitError
from probekit.learners.shapes import COLUMNS, SavedShapes, features, looks, shape


def test_shapes_and_looks_of_words() -> None:
    assert [shape(word) for word in ("Rome", "USA", "MH17", "e-mail", "2,000")] == ["Xxx", "XX", "XX00", "x-xx", "0,00"]
    assert looks("Ada") == ["w=ada", "s=Xxx", "p=a", "e=a", "p=ad", "e=da"]


def test_features_are_of_a_word_and_of_its_neighbours_in_its_sentence() -> None:
    corpus = load_corpus("gazetteers(n=40)")
    every = features(corpus, np.arange(corpus.n_sentences))
    assert every.shape == (corpus.n_words, COLUMNS)
    alone = features(corpus, np.array([7]))
    assert (every[corpus.offsets[7] : corpus.offsets[8]] != alone).nnz == 0


def test_it_learns_names_and_answers_alike_when_loaded_again() -> None:
    spec = 'shapes:"gazetteers(n=200)"'
    found = recipes.found(spec) if recipes.of(spec).made else (recipes.folder(spec), recipes.found(spec))[1]
    assert found["dev_score"] > 0.9 and recipes.describe(spec).generated
    corpus = load_corpus("gazetteers(n=60, seed=5)")
    answers = []
    for _ in range(2):
        tagger = SavedShapes(recipes.folder(spec))
        data = tagger.sentences(corpus, np.arange(60))
        answers.append(tagger.answers_to(data))
    own = data.score(answers[0])
    assert np.array_equal(*answers) and own > 0.9
    other = load_corpus("gazetteers(n=60, domain=target)")
    data = tagger.sentences(other, np.arange(60))
    assert data.score(tagger.answers_to(data)) < own  # other names


def test_labels_of_any_task_of_words() -> None:
    tagger = SavedShapes(recipes.folder('shapes:"grammar(n=60)|resplit"(task=word/upos, passes=5)'))
    data = tagger.sentences(load_corpus("grammar(n=20, seed=3)"), np.arange(20))
    assert data.score(tagger.answers_to(data)) > 0.7 and tagger.gate(data) is None


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("shapes", "names no corpus"),
        ("shapes:cues(task=sentence/label)", "labels of words"),
        ('shapes:"gazetteers(n=40)"(rate=1)', "rate"),
        ('shapes:"gazetteers(n=40)"(passes=0)', "passes"),
    ],
)
def test_what_cannot_be_trained_is_refused(spec: str, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        recipes.of(spec)
