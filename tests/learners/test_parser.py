"""Biaffine parsers: scores against plain loops, learning, folders, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tiny_models
import torch

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.errors import ProbekitError
from probekit.learners.parser import SavedParser, fit_parser, gold_of, parse, train_parser
from probekit.models.biaffine import Arcs, Biaffine, Parser
from probekit.models.tagger import Combination, Given

TREES = "grammar(n=160)|resplit"
SMALL = {
    "inputs": ["minilm"],
    "layer": 2,
    "layers": 0,
    "arc": 40,
    "label": 20,
    "epochs": 6,
    "budget": 200,
    "rate": 0.005,
}


def parser(relations: int = 3, layers: int = 1, width: int = 5) -> Parser:
    torch.manual_seed(0)
    made = Parser([Given()], Combination([width]), relations, hidden=4, layers=layers, arc=6, label=4).double()
    for weight in (made.arcs.weight, made.labels.weight, made.root):
        torch.nn.init.normal_(weight)
    return made.eval()


def test_the_biaffine_score_is_the_sum_of_the_paper():
    torch.manual_seed(1)
    made, left, right = Biaffine(3, 2).double(), torch.randn(1, 2, 3).double(), torch.randn(1, 4, 3).double()
    torch.nn.init.normal_(made.weight)
    found = made(left, right)
    for answer in range(2):
        full = made.weight[answer]
        inner, a, b, c = full[:3, :3], full[:3, 3], full[3, :3], full[3, 3]
        for i in range(2):
            for j in range(4):
                wanted = left[0, i] @ inner @ right[0, j] + left[0, i] @ a + right[0, j] @ b + c
                assert float(found[0, answer, i, j].detach()) == pytest.approx(float(wanted.detach()), abs=1e-12)


def test_padding_changes_nothing_and_the_loss_is_that_of_each_word():
    made = parser()
    vectors = torch.randn(2, 4, 5).double()
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    arcs, labels = made.scores([(vectors,)], mask)
    alone = made.scores([(vectors[1:, :2],)], mask[1:, :2])
    assert torch.allclose(arcs[1, :2, :3], alone[0][0]) and torch.allclose(labels[1, :, :2, :3], alone[1][0])
    gold = Arcs(torch.tensor([[2, 0, 2, 3], [0, 1, 0, 0]]), torch.tensor([[0, 1, 2, -1], [1, 0, 0, 0]]))
    total = 0.0
    for row, column in mask.nonzero().tolist():
        head, relation = int(gold.heads[row, column]), int(gold.relations[row, column])
        total -= float(torch.log_softmax(arcs[row, column], 0)[head].detach())
        if relation >= 0:
            total -= float(torch.log_softmax(labels[row, :, column, head], 0)[relation].detach())
    assert float(made.loss([(vectors,)], mask, gold).detach()) == pytest.approx(total / 6)
    assert torch.isneginf(arcs[0, 1, 2]) and torch.isneginf(arcs[1, 0, 3])  # itself, and padding


def test_a_parser_learns_is_saved_and_answers_the_same(tmp_path):
    found = train_parser(TREES, tmp_path / "made", **SMALL)
    corpus = load_corpus(TREES)
    saved = SavedParser(tmp_path / "made")
    rows = np.flatnonzero(corpus.sentences["split"].astype(str) == "dev")
    bank = saved.treebank(corpus, rows)
    assert 1 - bank.mean_loss(saved.model, 400) == pytest.approx(found["dev_las"])
    heads, relations = bank.asked()
    before = heads == corpus.position_of_word[np.isin(corpus.sentence_of_word, rows)]  # all hang on the word before
    assert found["dev_las"] > max(before.mean(), pd.Series(relations).value_counts(normalize=True).max()) + 0.1
    one, many = saved.answers(corpus, rows[:5]), bank.answers(saved.model, 4096)
    assert np.array_equal(one[0], many[0][: len(one[0])]) and np.array_equal(one[1], many[1][: len(one[1])])
    told = parse(tmp_path / "made", [corpus.words(int(rows[0]))])[0]
    assert [head for head, _ in told] == one[0][: len(told)].tolist()
    assert train_parser(TREES, tmp_path / "made", **SMALL) == found  # done already


def test_greedy_and_a_transformer_that_learns(tmp_path):
    given = {
        "inputs": [f"hf:{tiny_models.folder('bert')}"],
        "learn": True,
        "layers": 0,
        "arc": 6,
        "label": 4,
        "epochs": 1,
    }
    fit_parser(load_corpus("grammar(n=120)|lengths(most=6)|resplit"), tmp_path / "a", {}, decode="greedy", **given)
    assert (tmp_path / "a" / "encoder" / "model.safetensors").is_file()
    heads, _ = SavedParser(tmp_path / "a").answers(load_corpus("grammar(n=60)|lengths(most=6)"))
    assert heads.min() >= 0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("parser", "names no treebank"),
        ("parser:cues(decode=best)", "decode"),
        ("parser:cues(inputs=[])", "needs inputs"),
        ('parser:cues(inputs=["paraphrases:cues"], learn=true)', "does not learn"),
        ("parser:cues(schedule=never)", "never"),
    ],
)
def test_what_does_not_fit_is_refused_before_work(spec, message):
    with pytest.raises(ProbekitError, match=message):
        recipes.of(spec)


def test_a_corpus_that_is_no_treebank_and_a_cycle_are_named():
    with pytest.raises(ProbekitError, match="no heads and relations"):
        gold_of(load_corpus("cues(n=20)"), np.arange(2))
    corpus = Corpus.from_words([["a", "b"], ["c"]])
    layers = {"head": np.array([2, 1, 0], dtype=np.int32), "deprel": pd.Categorical(["x", "y", "root"])}
    broken = Corpus(corpus.form, corpus.offsets, layers, corpus.sentences)
    with pytest.raises(ProbekitError, match=r"sentence 0 .* no tree with one root"):
        gold_of(broken, np.arange(2))
    assert gold_of(broken, np.array([1]))[0].tolist() == [2, 1, 0]
    bare = Corpus(corpus.form, corpus.offsets, {**layers, "deprel": pd.Categorical(["x", "y", ""])}, corpus.sentences)
    with pytest.raises(ProbekitError, match=r"'c' in sentence 1 .* has no relation; mend"):
        gold_of(bare, np.array([1]))
