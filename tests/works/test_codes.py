"""Codes of encoders: concepts read off dependencies, codes that carry them in parts, a probe's answers as a code."""

from __future__ import annotations

import numpy as np
import pytest
from test_golden_encoders import hf

from probekit import scores
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.errors import ProbekitError, UnknownName
from probekit.grid import Grid
from probekit.tasks.concepts import CONCEPTS, sentence_concepts
from probekit.works.codes import describe, kmeans, sign


def grid(codes, layers=(1,), corpus="grammar(n=300)"):
    return Grid(
        "codes", "discrete-code", {"dataset": [corpus], "encoder": [hf()], "layer": list(layers), "probe": list(codes)}
    )


def test_concepts_are_those_of_the_sentence():
    corpus = load_corpus("grammar(n=300)")
    found = sentence_concepts(corpus)
    assert list(found.columns) == list(CONCEPTS) and 100 < len(found) < 300
    assert {kind: set(found[kind]) for kind in CONCEPTS} == {
        "number": {"Sing", "Plur"},
        "tense": {"Past", "Pres"},
        "subject": {"noun", "name", "pronoun"},
        "polarity": {"pos", "neg"},
    }
    for sentence in found.index[:50]:
        words = {word.lower() for word in corpus.words(int(sentence))}
        negated = bool(words & {"not", "n't", "never", "no", "nobody", "nothing"})
        assert found.loc[sentence, "polarity"] == ("neg" if negated else "pos")
    with pytest.raises(ProbekitError, match="upos"):
        sentence_concepts(Corpus.from_words([["a", "b"]]))


def test_signs_of_components_carry_what_the_components_do():
    rng = np.random.default_rng(0)
    concepts = rng.integers(0, 2, (500, 3))
    vectors = (2 * concepts - 1) * np.array([4.0, 2.0, 1.0]) @ np.linalg.qr(rng.normal(size=(6, 6)))[0][:3]
    vectors += 0.01 * rng.normal(size=vectors.shape)
    assert scores.residual_entropy(sign(vectors, 3), concepts).value < 0.2
    assert sign(vectors, 4).shape == (500, 4) and set(np.unique(sign(vectors, 4))) == {0, 1}
    clusters = kmeans(vectors, 2, 3)
    assert clusters.shape == (500, 3) and clusters.max() == 1


def test_rows_of_codes_and_of_a_probe_are_on_one_scale(tmp_path):
    rows = grid(["sign(bits=6)", "kmeans(clusters=3, parts=2)", "probe:logistic(C=1)"]).run(tmp_path)
    whole = rows[rows["subset"].astype(str).eq("") & rows["metric"].eq("residual_entropy")]
    assert len(whole) == 3 and whole["value"].between(0, 1).all() and whole["n_test"].nunique() == 1
    parts = rows[rows["subset"].astype(str).ne("")]
    assert parts.groupby("probe", observed=True)["value"].mean().to_dict() == pytest.approx(
        whole.set_index("probe")["value"].to_dict()
    )
    assert set(parts["subset"]) == {f"concept={name}" for name in CONCEPTS}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("signs(bits=3)", "unknown code 'signs'"),
        ("sign(bits=0)", "bits of this code"),
        ("kmeans(clusters=1)", "clusters of this code"),
        ("probe", "names no probe"),
        ("probe:nothing", "unknown probe"),
    ],
)
def test_codes_that_cannot_be_are_refused(spec, said):
    with pytest.raises((ProbekitError, UnknownName), match=said):
        describe(spec)


def test_a_layer_that_is_not_there_is_refused_before_work():
    with pytest.raises(ProbekitError, match="has no layer 9"):
        grid(["sign"], layers=(9,)).cells()
