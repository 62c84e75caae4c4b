"""Explainers through the one call, words from pieces, and measures: each against the definition, slowly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from relevance_texts import TEXTS, bert_classifier, cnn_classifier
from test_relevance import CNN, drawn, inputs

from probekit import relevance
from probekit.errors import ProbekitError
from probekit.relevance import deletion, documents, measures, reduction
from probekit.relevance.texts import explained
from probekit.relevance.words import rarities

# --- explainers


def test_sensitivity_is_the_squared_gradient_by_central_differences():
    network, x = drawn(CNN()), inputs(2, 6, 7)
    found = relevance.explain(network, x, "all", method="sa")
    step = 1e-6
    for target in range(4):
        for place in ((0, 2, 3), (1, 0, 0), (1, 5, 6)):
            up, down = x.clone(), x.clone()
            up[place] += step
            down[place] -= step
            slope = float((network(up) - network(down))[place[0], target]) / (2 * step)
            assert float(found.relevance[place[0], target, place[1], place[2]]) == pytest.approx(slope**2, abs=1e-6)
    gradient = relevance.explain(network, x, "all", method="gradient").relevance
    torch.testing.assert_close(found.relevance, gradient**2)
    torch.testing.assert_close(found.total, (gradient**2).sum((2, 3)))
    product = relevance.explain(network, x, "all", method="gradient-x-input").relevance
    torch.testing.assert_close(product, gradient * x[:, None])
    assert not bool(found.relevance[:, :, :].lt(0).any())


def test_integrated_gradients_and_its_baseline_sum_to_the_score():
    network, x = drawn(CNN()), inputs(3, 6, 7)
    gaps = []
    for steps in (5, 500):
        found = relevance.explain(network, x, "all", method="integrated-gradients", steps=steps)
        gaps.append(float(found.gap.abs().max()))
    assert gaps[1] < 0.02 < gaps[0]
    torch.testing.assert_close(found.kept["baseline"], network(torch.zeros_like(x)).detach().expand(3, 4))
    with pytest.raises(ProbekitError, match="steps of this explainer is"):
        relevance.explain(network, x, method="integrated-gradients", steps=0)


def test_occlusion_is_what_the_score_loses_without_the_word():
    network, x = drawn(CNN()), inputs(2, 6, 7)
    found = relevance.explain(network, x, "all", method="occlusion").relevance.sum(-1)
    for word in range(6):
        without = x.clone()
        without[:, word] = 0
        torch.testing.assert_close(found[:, :, word], (network(x) - network(without)).detach())


def test_random_relevance_depends_on_seed_and_document_alone():
    network, x = drawn(CNN()), inputs(5, 6, 7)
    whole = relevance.explain(network, x, method="random").relevance
    assert torch.equal(whole, relevance.explain(network, x, method="random", batch=2).relevance)
    named = relevance.explain(network, x[[3]], method="random", documents=[3]).relevance
    assert torch.equal(whole[[3]], named)
    assert not torch.allclose(whole, relevance.explain(network, x, method="random", seed=1).relevance)
    with pytest.raises(ProbekitError, match=r"argument of explainer 'random'.*did you mean seed"):
        relevance.explain(network, x, method="random", sed=1)
    with pytest.raises(ProbekitError, match="argument of explainer 'gradient'"):
        relevance.explain(network, x, method="gradient", rules="lrp")


@pytest.mark.parametrize("method", relevance.methods.names())
def test_every_explainer_gives_the_same_for_one_class_and_among_all(method):
    network, x = drawn(CNN()), inputs(3, 6, 7)
    every, one = (relevance.explain(network, x, targets, method=method) for targets in ("all", [2, 0, 1]))
    torch.testing.assert_close(one.relevance, every.relevance[torch.arange(3), torch.tensor([2, 0, 1])])
    assert every.relevance.shape == (3, 4, 6, 7) and one.score.shape == (3,)


# --- words


def test_reductions_by_name():
    values = np.array([[1.0, -3.0, 2.0], [0.0, 0.0, 0.0]])
    assert relevance.reductions.get("sum")(values).tolist() == [0, 0]
    assert relevance.reductions.get("norm")(values).tolist() == [np.sqrt(14), 0]
    assert relevance.reductions.get("max")(values).tolist() == [-3, 0]
    pieces = np.array([[9.0, 1.0, -2.0, 5.0, 7.0]])
    word = np.array([-1, 0, 0, 2, -1])
    assert reduction.to_words(pieces, word, 3, "sum").tolist() == [[-1, 0, 5]]
    assert reduction.to_words(pieces, word, 3, "max").tolist() == [[-2, 0, 5]]
    assert reduction.to_words(pieces[:, :3], np.arange(3), 3, "sum").tolist() == [[9, 1, -2]]


@given(st.lists(st.integers(0, 4), min_size=0, max_size=8), st.integers(0, 2), st.integers(0, 2), st.randoms())
def test_no_piece_is_lost_or_counted_twice_on_the_way_to_words(sizes, before, after, random):
    """Words of 0 to 4 pieces between special tokens: sums over all words are sums over all pieces of words."""
    word = [-1] * before + [k for k, size in enumerate(sizes) for _ in range(size)] + [-1] * after
    pieces = np.array([random.uniform(-1, 1) for _ in word])
    found = reduction.to_words(pieces, np.array(word, dtype=int), len(sizes), "sum")
    assert found.shape == (len(sizes),)
    for k, size in enumerate(sizes):
        own = [p for p, w in zip(pieces, word, strict=True) if w == k]
        assert len(own) == size and found[k] == pytest.approx(sum(own), abs=1e-12)
    outside = sum(p for p, w in zip(pieces, word, strict=True) if w < 0)
    assert found.sum() + outside == pytest.approx(pieces.sum(), abs=1e-12)


@pytest.mark.parametrize("classifier", [cnn_classifier, bert_classifier])
def test_texts_are_explained_word_by_word_and_the_account_closes(classifier):
    made = classifier()
    found = relevance.explain_texts(made, TEXTS, "all", size=2)
    for words, one in zip(TEXTS, found, strict=True):
        assert one.words == tuple(words) and one.classes == made.labels and one.predicted in made.labels
        assert one.relevance.shape == (len(made.labels), len(words))
        kept = sum(one.kept.values(), np.zeros(len(made.labels)))
        np.testing.assert_allclose(one.relevance.sum(1) + one.special + kept + one.gap, one.scores, atol=1e-9)
        np.testing.assert_allclose(one.gap, 0, atol=1e-4 * max(1, np.abs(one.scores).max()))
    for words, one in zip(TEXTS, found, strict=True):
        (alone,) = relevance.explain_texts(made, [words], "all")
        np.testing.assert_allclose(alone.relevance, one.relevance, atol=2e-5)
    chosen = relevance.explain_texts(made, TEXTS, made.labels[1])
    assert all(one.classes == (made.labels[1],) for one in chosen)
    each = relevance.explain_texts(made, TEXTS, [[made.labels[0], made.labels[1]]] * len(TEXTS), "sa-l2")
    assert all((one.relevance >= 0).all() and one.relevance.shape[0] == 2 for one in each)
    summed = relevance.explain_texts(made, TEXTS, "predicted", "gradient", units="sum")
    normed = relevance.explain_texts(made, TEXTS, "predicted", "gradient")
    assert not np.allclose(summed[0].relevance, normed[0].relevance)


def test_bad_texts_and_classes_are_refused():
    made = cnn_classifier()
    with pytest.raises(ProbekitError, match=r"text 1 .'zyx wvu'. has only words that 'toy' does not know"):
        relevance.explain_texts(made, [TEXTS[0], ["zyx", "wvu"]])
    with pytest.raises(ProbekitError, match="unknown class of the classifier: 'spord'; did you mean sport"):
        relevance.explain_texts(made, TEXTS, "spord")
    with pytest.raises(ProbekitError, match="3 texts but targets for 1"):
        relevance.explain_texts(made, TEXTS, ["sport"])
    with pytest.raises(ProbekitError, match="unknown reduction of relevance 'som'"):
        relevance.explain_texts(made, TEXTS, units="som")
    made.module.train()
    with pytest.raises(ProbekitError, match="training mode"):
        relevance.explain_texts(made, TEXTS)
    made.module.eval()


# --- deletion


@pytest.mark.parametrize("classifier", [cnn_classifier, bert_classifier])
def test_deletion_zeroes_a_words_vectors_and_keeps_its_place(classifier):
    made = classifier()
    orders = [np.array([2, 0, 1]), np.array([1]), np.array([0, 3, 2, 1])]
    found = deletion.deletion_logits(made, TEXTS, orders, 4, size=2)
    for row, (words, order) in enumerate(zip(TEXTS, orders, strict=True)):
        batch = made.batch([words])
        vectors = made.embed(batch).detach().clone()
        for k in range(5):
            if 0 < k <= len(order):
                vectors[0, batch.word[0] == int(order[k - 1])] = 0
            expected = made.logits(vectors, batch).detach().numpy()[0]
            np.testing.assert_allclose(found[row, k], expected, atol=2e-5)
    gone = [np.isin(np.arange(len(words)), order) for words, order in zip(TEXTS, orders, strict=True)]
    np.testing.assert_allclose(deletion.masked_logits(made, TEXTS, gone)[1:], found[1:, 4], atol=2e-5)
    with pytest.raises(ProbekitError, match="order of deletion of text 0 names a word twice"):
        deletion.deletion_logits(made, TEXTS, [np.array([1, 1]), *orders[1:]], 2)


def test_ranking_is_signed_and_breaks_ties_by_position():
    values = np.array([0.0, -3.0, 2.0, 0.0, 2.0])
    assert deletion.ranking(values).tolist() == [2, 4, 0, 3, 1]
    assert deletion.ranking(values, decreasing=False).tolist() == [1, 0, 3, 2, 4]


def test_deletion_curves_start_at_one_and_nought_and_the_right_side_is_deleted():
    made = cnn_classifier()
    texts = TEXTS * 4
    predicted = [one.predicted for one in relevance.explain_texts(made, texts)]
    other = {label: made.labels[(k + 1) % len(made.labels)] for k, label in enumerate(made.labels)}
    gold = [label if k % 2 else other[label] for k, label in enumerate(predicted)]
    values = [one.relevance[0] for one in relevance.explain_texts(made, texts, gold)]
    found = measures.deletion(made, texts, gold, {"lrp": values, "worst": [-v for v in values]}, steps=3, runs=4)
    assert found["correct"].documents.tolist() == list(range(1, len(texts), 2))
    for subset, at_start in (("correct", 1.0), ("wrong", 0.0)):
        curves = found[subset]
        for series in ("lrp", "worst", "random"):
            assert curves.curve(series)[0] == at_start and len(curves.curve(series)) == 4
        assert len(curves.runs) == 4
    right, wrong = found["correct"].target, found["wrong"].target
    assert right["lrp"][:, 1].mean() < right["worst"][:, 1].mean()
    assert wrong["lrp"][:, 1].mean() > wrong["worst"][:, 1].mean()
    area = found["correct"].area("lrp")
    assert area.value == pytest.approx(found["correct"].curve("lrp").mean()) and area.low <= area.value <= area.high
    losses = right["lrp"][:, :1] - right["lrp"]
    assert found["correct"].aopc("lrp").value == pytest.approx(losses.mean())
    again = measures.deletion(made, texts, gold, {}, steps=3, runs=2)
    np.testing.assert_array_equal(again["wrong"].hits["random 1"], found["wrong"].hits["random 1"])


def test_erasing_takes_the_right_side_away():
    made = cnn_classifier()
    values = [one.relevance[0] for one in relevance.explain_texts(made, TEXTS)]
    lost = measures.comprehensiveness(made, TEXTS, values, shares=[0.2, 0.5])
    left = measures.sufficiency(made, TEXTS, values, shares=[0.2, 0.5])
    whole = measures.softmax(deletion.masked_logits(made, TEXTS, [np.zeros(len(t), dtype=bool) for t in TEXTS]))
    for row, words in enumerate(TEXTS):
        best = whole[row].argmax()
        taken, kept = [], []
        for share in (0.2, 0.5):
            top = np.argsort(-values[row], kind="stable")[: max(1, round(share * len(words)))]
            gone = np.isin(np.arange(len(words)), top)
            for side, losses in ((gone, taken), (~gone, kept)):
                after = measures.softmax(deletion.masked_logits(made, [words], [side]))
                losses.append(whole[row, best] - after[0, best])
        assert lost[row] == pytest.approx(np.mean(taken), abs=1e-6)
        assert left[row] == pytest.approx(np.mean(kept), abs=1e-6)
    assert not np.allclose(lost, left)
    with pytest.raises(ProbekitError, match="shares of words"):
        measures.sufficiency(made, TEXTS, values, shares=[0])


def test_means_over_documents_have_intervals_that_cover_them():
    mean = measures.mean_over_documents(np.arange(50.0))
    assert mean.low < mean.value == 24.5 < mean.high and mean.n == 50
    assert np.isnan(measures.mean_over_documents(np.zeros(0)).value)


# --- document vectors


def test_document_vectors_are_weighted_sums_of_unit_length():
    made = cnn_classifier()
    found = documents.document_vectors(made, TEXTS)
    raw = {}
    for method in ("lrp", "sa"):
        for rows, batch, one in explained(made, TEXTS, "predicted", method):
            for place, row in enumerate(rows):
                vectors = made.embed(batch)[place].detach().double().numpy()
                raw[method, row] = one.relevance[place, 0].double().numpy(), vectors
    for row, words in enumerate(TEXTS):
        for name, expected in {
            "sum": sum(raw["lrp", row][1][t] for t in range(len(words))),
            "lrp": sum(raw["lrp", row][0][t].sum() * raw["lrp", row][1][t] for t in range(len(words))),
            "sa-l2": sum(np.sqrt(raw["sa", row][0][t].sum()) * raw["sa", row][1][t] for t in range(len(words))),
            "lrp-ew": sum(raw["lrp", row][0][t] * raw["lrp", row][1][t] for t in range(len(words))),
            "sa-ew": sum(raw["sa", row][0][t] * raw["sa", row][1][t] for t in range(len(words))),
        }.items():
            np.testing.assert_allclose(found[name][row], expected / np.linalg.norm(expected), atol=1e-6)
    with pytest.raises(ProbekitError, match="weighting of word vectors"):
        documents.document_vectors(made, TEXTS, ["lpr"])


def test_rare_words_weigh_more_by_tf_idf():
    made = cnn_classifier()
    rarity = {"ride": 2.0, "bikes": 0.5, "": 0.25}
    found = documents.document_vectors(made, TEXTS, ["tf-idf"], rarity=rarity)["tf-idf"][1]
    vectors = made.embed(made.batch([TEXTS[1]]))[0].detach().double().numpy()
    expected = 0.25 * vectors[0] + 2 * vectors[1] + 0.5 * vectors[2]  # they ride bikes
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    own = documents.document_vectors(made, TEXTS, ["tf-idf"])["tf-idf"]
    np.testing.assert_allclose(
        own, documents.document_vectors(made, TEXTS, ["tf-idf"], rarity=rarities(TEXTS))["tf-idf"]
    )


def test_centred_vectors_are_those_less_the_mean_word_and_unknown_words_stay_zero():
    made = cnn_classifier()
    texts = [*TEXTS, ["ride", "zyx", "bikes"]]
    words = [made.embed(made.batch([words]))[0].detach().double().numpy() for words in texts]
    known = np.concatenate([vectors[vectors.any(1)] for vectors in words])
    np.testing.assert_allclose(documents.mean_word(made, texts), known.mean(0), atol=1e-6)
    found = documents.document_vectors(made, texts, ["sum", "lrp-ew"], centred=True)
    expected = words[3][0] + words[3][2] - 2 * known.mean(0)
    np.testing.assert_allclose(found["sum"][3], expected / np.linalg.norm(expected), atol=1e-6)
    for rows, _, one in explained(made, texts, "predicted", "lrp"):
        for place, row in enumerate(rows):
            relevance = one.relevance[place, 0].double().numpy()[: len(words[row])]
            shifted = (words[row] - known.mean(0)) * words[row].any(1)[:, None]
            expected = (relevance * shifted).sum(0)
            np.testing.assert_allclose(found["lrp-ew"][row], expected / np.linalg.norm(expected), atol=1e-6)


def test_the_plane_holds_most_variance_and_neighbours_vote():
    rng = np.random.default_rng(0)
    centres = np.array([[5.0, 0, 0], [-5, 0, 0], [0, 9, 0]])
    labels = [str(k) for k in range(3) for _ in range(20)]
    points = np.repeat(centres, 20, 0) + rng.normal(size=(60, 3)) * 0.1
    flat, share = documents.plane(points)
    assert flat.shape == (60, 2) and share.sum() > 0.99
    np.testing.assert_allclose(np.var(flat, 0).sum(), np.var(points, 0).sum(), rtol=0.01)
    assert documents.neighbours_agree(flat, labels).all()
    mixed = [labels[i] for i in rng.permutation(60)]
    assert documents.neighbours_agree(flat, mixed).mean() < 0.6
    with pytest.raises(ProbekitError, match="5 neighbours need"):
        documents.neighbours_agree(flat[:5], labels[:5])
