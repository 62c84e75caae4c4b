"""Features of sentences by their trees."""

from __future__ import annotations

import pytest

from probekit import tasks
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.corpora.readers.brackets import parse_tree
from probekit.tasks.sentence_features import FEATURES, sentence_features

CASES = [
    ("(TOP (S (NP (PRP We)) (VP (VBD slept)) (. .)))", {"length": 3, "complete": 1}),
    ("(TOP (SBARQ (WHNP (WP Who)) (SQ (VP (VBD slept))) (. ?)))", {"question": 1, "length": 3}),
    (
        "(TOP (S (NP (PRP She)) (VP (VBD wanted) (S (VP (TO to) (ADVP (RB really)) (VP (VB go))))) (. .)))",
        {"infinitive": 1, "embedded_after": 1, "complete": 1, "length": 6},
    ),
    (
        "(TOP (S (SBAR (IN If) (S (NP (PRP it)) (VP (VBZ rains)))) (, ,) (NP (PRP we))"
        " (VP (VBP do) (RB n't) (VP (VB go))) (. .)))",
        {"embedded_before": 1, "negation": 1, "complete": 1, "length": 9},
    ),
    (
        "(TOP (S (NP (NP (NNP Ann)) (, ,) (NP (DT a) (NN judge)) (, ,)) (VP (VBD ruled)) (. .)))",
        {"appositive": 1, "complete": 1, "length": 7},
    ),
    ("(TOP (S (NP (DT The) (NN more)) (NP (DT the) (JJR merrier))))", {"null_copula": 1, "length": 4}),
    (
        "(TOP (S (S (NP (PRP I)) (VP (VBD came))) (CC and) (S (NP (PRP I)) (VP (VBD saw))) (. .)))",
        {"complete": 1, "length": 6},
    ),
    ("(TOP (NP (NN Lunch)))", {"length": 1}),
    ("(UH Oh)", {"length": 1}),
    ("(TOP (PP (TO to) (NP (NNP Rome))))", {"length": 2}),
]


@pytest.mark.parametrize(("tree", "expected"), CASES)
def test_features_of_one_sentence(tree: str, expected: dict[str, int]) -> None:
    made = Corpus.from_words([parse_tree(tree).words])
    corpus = Corpus(made.form, made.offsets, sentences=made.sentences, trees=(tree,))
    found = sentence_features(corpus).loc[0].to_dict()
    assert found == {name: expected.get(name, 0) for name in FEATURES}


def test_features_of_generated_sentences_agree_with_what_the_grammar_says() -> None:
    corpus = load_corpus("grammar(n=400)")
    found = sentence_features(corpus)
    assert found["length"].tolist() == corpus.lengths.tolist() and found.index.tolist() == list(range(400))
    kinds = corpus.sentences["kind"]
    assert (found.loc[(kinds == "question").to_numpy(), "question"] == 1).all()
    assert found.loc[(kinds == "fragment").to_numpy(), "complete"].mean() < 0.1
    assert found.loc[(kinds == "statement").to_numpy(), "complete"].mean() > 0.9
    assert found["infinitive"].sum() > 0 and found["embedded_after"].sum() > 0
    units = tasks.get("word/parent").units(corpus)
    assert set(units["group"]) <= set(found.index)
