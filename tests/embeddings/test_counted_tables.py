"""Tables of co-occurrences: GloVe's loss against its definition and autograd, mutual information by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from probekit.corpora.corpus import Corpus
from probekit.embeddings import glove_model
from probekit.embeddings.glove_model import _blocks, fit, loss_and_gradients, started, targets_of, train_glove
from probekit.embeddings.ppmi import ppmi, train_ppmi
from probekit.errors import ProbekitError
from probekit.streams import generator

CORPUS = Corpus.from_words([list("abcab"), list("bacda"), list("ddab")] * 20)


def counts(n: int = 7, seed: int = 0) -> csr_matrix:
    draw = np.random.default_rng(seed)
    table = draw.exponential(30, size=(n, n)) * (draw.random((n, n)) < 0.6)
    return csr_matrix((table + table.T).astype(np.float32))


def test_loss_and_gradient_are_those_of_the_definition():
    table, draw = counts(), np.random.default_rng(1)
    u, v, b, c = draw.normal(size=(7, 3)), draw.normal(size=(7, 3)), draw.normal(size=7), draw.normal(size=7)
    block = tuple(one.toarray().astype(np.float64) for one in targets_of(table, 50.0, 0.75))
    loss, gradients = loss_and_gradients(u, v, b, c, block)
    told = [torch.tensor(value, requires_grad=True) for value in (u, v, b, c)]
    wanted = torch.zeros((), dtype=torch.float64)
    for i, j, x in zip(*table.nonzero(), table.data, strict=True):
        weight = min(1.0, (float(x) / 50) ** 0.75)
        wanted = wanted + weight * (told[0][i] @ told[1][j] + told[2][i] + told[3][j] - np.log(float(x))) ** 2
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), rel=1e-6)
    for found, parameter in zip(gradients, told, strict=True):
        assert 2 * found == pytest.approx(parameter.grad.numpy(), rel=1e-5, abs=1e-6)


def test_blocks_cover_every_cell_once(monkeypatch):
    monkeypatch.setattr(glove_model, "_ROWS", 3)
    table = counts()
    logarithms, weights = targets_of(table, 50.0, 0.75)
    seen, told = np.zeros((7, 7)), np.zeros((7, 7))
    for rows, columns, block in _blocks(logarithms, weights, generator(0, "order", "blocks", 0)):
        seen[np.ix_(rows, columns)] += block[0]
        told[np.ix_(rows, columns)] += block[1]
    assert seen == pytest.approx(logarithms.toarray()) and told == pytest.approx(weights.toarray())


def test_training_lowers_the_loss_to_what_a_rank_leaves():
    """Counts that the model can say exactly: the loss goes to 0."""
    draw = np.random.default_rng(2)
    u, v = draw.normal(size=(30, 2)) * 0.7, draw.normal(size=(30, 2)) * 0.7
    table = csr_matrix(np.exp(u @ v.T + 1).astype(np.float32))
    losses = fit(table, started(30, 4, 0), 400, 0.2, 10.0, 0.75, 0)
    assert losses[-1] < 2e-3 < 0.05 < losses[0]


def test_a_stopped_training_goes_on_to_the_same_table(tmp_path, monkeypatch):
    options = {"size": 4, "epochs": 3, "min_count": 1}
    whole = train_glove(CORPUS, **options)
    step, asked = glove_model._step, []

    def stops(*given):
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return step(*given)

    monkeypatch.setattr(glove_model, "_step", stops)
    with pytest.raises(KeyboardInterrupt):
        train_glove(CORPUS, **options, keep=tmp_path)
    again = train_glove(CORPUS, **options, keep=tmp_path)
    assert len(asked) == 4, "two epochs were not trained again"
    assert (again.vectors == whole.vectors).all() and again.about["biases"] == whole.about["biases"]


def test_mutual_information_by_hand():
    """Shares 1/2, 1/4, 1/4: ln(p_ij / p_i p_j) where that is above 0."""
    table = csr_matrix(np.array([[2.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 2.0]], dtype=np.float32))
    found = ppmi(table, 1.0, 1.0).toarray()
    wanted = np.log(np.array([[2 * 8 / 16, 2 * 8 / 8, 1], [2 * 8 / 8, 1, 1], [1, 1, 2 * 8 / 4]]))
    assert found == pytest.approx(np.maximum(wanted, 0))
    shifted = ppmi(table, 1.0, 2.0).toarray()
    assert shifted == pytest.approx(np.maximum(wanted - np.log(2), 0), abs=1e-6)


def test_all_dimensions_give_the_matrix_back_and_the_weight_parts_the_values():
    table = train_ppmi(CORPUS, size=3, min_count=1, window=2, smoothing=1.0)
    matrix = ppmi(glove_model.cooccurrences(glove_model.text_of(CORPUS), 2, False), 1.0, 1.0).toarray()
    left, values, right = np.linalg.svd(matrix)
    assert table.vectors @ table.context.T == pytest.approx((left[:, :3] * values[:3]) @ right[:3], abs=1e-4)
    bare = train_ppmi(CORPUS, size=3, min_count=1, window=2, smoothing=1.0, weight=0.0)
    assert np.linalg.norm(bare.vectors, axis=0) == pytest.approx(np.ones(3), abs=1e-5)


def test_the_seed_of_the_decomposition_says_where_it_begins_and_not_where_it_ends():
    one, other = (train_ppmi(CORPUS, size=2, min_count=1, seed=seed) for seed in (0, 1))
    assert one.vectors == pytest.approx(other.vectors, abs=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ProbekitError, match="there are 4 words; ask for fewer dimensions"):
        train_ppmi(CORPUS, size=4, min_count=1)
    for train in (train_glove, train_ppmi):
        with pytest.raises(ProbekitError, match="no two words that are counted stand in one window"):
            train(Corpus.from_words([["a"], ["b"]]), size=1, min_count=1)
    with pytest.raises(ProbekitError, match=r"shift=1000\.0.*lower the shift"):
        train_ppmi(CORPUS, size=2, min_count=1, shift=1000.0)
    broken = started(7, 3, 0)
    broken["u"][2] = np.inf
    with np.errstate(all="ignore"), pytest.raises(ProbekitError, match=r"loss became .* in epoch 1; lower the rate"):
        fit(counts(), broken, 2, 0.05, 10.0, 0.75, 0)
