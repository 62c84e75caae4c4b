"""Attention: what is put in place of weights, measures against their plain twins, views of both kinds of classifier."""

from __future__ import annotations

import numpy as np
import plain_attention as plain
import pytest
import torch
from attention_models import BERT_TEXTS, bert, own, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from probekit.attention import agreement, information, token_probability, two_classes, view_of
from probekit.attention import weights as put
from probekit.attention.reporting import MEASURES, Sizes, report
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.classifier_training import predict_logits


def drawn(*lengths: int, heads: int = 2, queries: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Random weights (B, heads, queries, T) and their mask."""
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    scores = torch.randn(len(lengths), heads, queries, max(lengths), generator=torch.Generator().manual_seed(3))
    return torch.softmax(scores.masked_fill(~mask[:, None, None], -torch.inf), dim=3), mask


# --- weights --------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_what_is_put_in_place_lies_on_words_alone(lengths, seed):
    weights, mask = drawn(*lengths)
    for new in (put.uniform(weights, mask), put.permuted(weights, mask, np.random.default_rng(seed))):
        put.check(new, mask)
        assert torch.all(new[~mask[:, None, None, :].expand_as(new)] == 0)
    dealt = put.permuted(weights, mask, np.random.default_rng(seed))
    assert torch.equal(dealt.sort(dim=3).values, weights.sort(dim=3).values)  # weights move, none is made anew
    for row, n in enumerate(lengths):
        expected = plain.uniform(weights[row, 0, 0].numpy(), n)
        assert np.allclose(put.uniform(weights, mask)[row, 1, 2], expected)


def test_entropy_and_distances_follow_their_definitions():
    weights, mask = drawn(5, 3, heads=1, queries=1)
    found = put.entropy(weights, mask)
    for row, n in enumerate((5, 3)):
        assert abs(float(found[row]) - plain.entropy(weights[row, 0, 0, :n].double().numpy())) < 1e-6
    assert torch.allclose(put.entropy(put.uniform(weights, mask), mask), torch.ones(2))
    assert torch.isnan(put.entropy(*drawn(1, heads=1, queries=1)))
    a, b = np.array([0.5, 0.5, 0.0]), np.array([0.1, 0.0, 0.9])
    ours = put.jensen_shannon(torch.tensor(a), torch.tensor(b))
    assert abs(float(ours) - plain.jsd(a, b)) < 1e-9 and plain.jsd(np.array([1.0, 0]), np.array([0, 1.0])) == np.log(2)
    assert float(put.total_variation(torch.tensor(a), torch.tensor(b))) == pytest.approx(plain.tvd(a, b))


def test_queries_of_padding_have_no_entropy():
    weights, mask = drawn(5, 2, queries=5)
    alone = put.entropy(weights[1:, :, :2, :2], mask[1:, :2])
    assert torch.allclose(put.entropy(weights, mask)[1], alone[0])


def test_weights_that_are_no_distribution_are_refused():
    weights, mask = drawn(4, 2)
    with pytest.raises(ProbekitError, match=r"text 1 are no distribution.*they sum to 0\.5"):
        put.check(weights * torch.tensor([1.0, 0.5])[:, None, None, None], mask)
    moved = weights.clone()
    moved[1, :, :, [0, 3]] = moved[1, :, :, [3, 0]]
    with pytest.raises(ProbekitError, match="lies on padding; apply the softmax after the mask"):
        put.check(moved, mask)
    with pytest.raises(ProbekitError, match="head=2: this attention has the heads 0 to 1"):
        put.in_head(weights, weights, 2)
    only = put.in_head(weights, put.uniform(weights, mask), 1)
    assert torch.equal(only[:, 0], weights[:, 0]) and not torch.equal(only[:, 1], weights[:, 1])


# --- views ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["bilstm", "bert", "bert-1"])
def view(request):
    if request.param == "bilstm":
        return view_of(own())
    return view_of(bert(), 1 if request.param == "bert-1" else None)


def sample(view) -> list[list[str]]:
    return texts()[0][:5] if view.heads == 1 else BERT_TEXTS


def test_an_answer_under_its_own_weights_is_the_answer(view):
    reading = view.read(view.batch(sample(view)))
    put.check(reading.weights, reading.mask)
    assert torch.allclose(view.answer(reading, reading.weights), reading.logits, atol=1e-5)
    flat = view.answer(reading, put.uniform(reading.weights, reading.mask))
    assert not torch.allclose(flat, reading.logits, atol=1e-3)


def test_what_a_view_says_does_not_hang_on_the_batch(view):
    together = view.read(view.batch(sample(view)))
    for row, words in enumerate(sample(view)):
        alone = view.read(view.batch([words]))
        n = int(together.batch.lengths[row])
        assert torch.allclose(alone.logits[0], together.logits[row], atol=1e-5)
        assert torch.allclose(alone.states[0], together.states[row, :n], atol=1e-5)
        over = view.over_tokens(together)[row]
        assert torch.allclose(view.over_tokens(alone)[0], over[:n], atol=1e-5) and torch.all(over[n:] == 0)


def test_a_transformer_view_reads_the_librarys_own_attention():
    classifier = bert()
    batch = classifier.batch(BERT_TEXTS)
    library = classifier.forward(classifier.embed(batch), batch, output_attentions=True, output_hidden_states=True)
    for layer in (1, 2):
        reading = view_of(classifier, layer).read(batch)
        assert torch.allclose(reading.weights, library.attentions[layer - 1], atol=1e-6)
        assert torch.allclose(reading.states, library.hidden_states[layer], atol=1e-6)
        assert torch.allclose(reading.logits, library.logits, atol=1e-6)
    assert classifier.module.config._attn_implementation == "eager"


def test_constant_attention_passes_no_gradient():
    view = view_of(own(attention="dot"))
    batch = view.batch(texts()[0][:3])
    vectors = view.embed(batch).detach().requires_grad_(True)
    body = view._body
    held = torch.autograd.grad(
        view.constant(vectors, batch)[:, 0].sum(), [vectors, body.attention.query.weight], allow_unused=True
    )
    free = torch.autograd.grad(body(vectors, batch.mask)[:, 0].sum(), [vectors, body.attention.query.weight])
    assert held[1] is None and free[1].abs().sum() > 0
    assert not torch.allclose(held[0], free[0])
    transformer = view_of(bert())
    batch = transformer.batch(BERT_TEXTS)
    vectors = transformer.embed(batch).detach().requires_grad_(True)
    assert torch.allclose(transformer.constant(vectors, batch), transformer.read(batch).logits, atol=1e-5)


def test_layers_and_classifiers_that_are_not_there_are_named():
    with pytest.raises(ProbekitError, match=r"layer=3: .* has the layers 1 to 2"):
        view_of(bert(), 3)
    with pytest.raises(ProbekitError, match="a bilstm has one attention"):
        view_of(own(), 1)
    with pytest.raises(ProbekitError, match="text 1 is empty"):
        report(view_of(own()), [["a"], []], ["a", "b"])


# --- measures -------------------------------------------------------------------------------------------------------


def test_f1_is_that_of_the_positive_class():
    rng = np.random.default_rng(0)
    gold, predicted = rng.integers(0, 2, 50), rng.integers(0, 2, 50)
    for positive in (0, 1):
        assert two_classes.f1(gold, predicted, positive) == pytest.approx(
            plain.f1(gold.tolist(), predicted.tolist(), positive)
        )
    assert two_classes.f1(gold, np.zeros(50, int), 1) == 0.0
    with pytest.raises(ProbekitError, match=r"is for two classes; this classifier has 3 \(bad, good, so-so\)"):
        two_classes.positive_class(("bad", "good", "so-so"), None)
    with pytest.raises(UnknownName, match="class: 'god'; did you mean good"):
        two_classes.positive_class(("bad", "good"), "god")


def test_fragility_against_one_text_at_a_time():
    view = view_of(own())
    words, labels = texts()
    gold = np.array([view.labels.index(label) for label in labels])
    found = two_classes.fragility(view, words, gold, 1, draws=3)
    flat = []
    for text in words:
        reading = view.read(view.batch([text]))
        mean = reading.states[0].double().mean(dim=0)
        flat.append(int((mean.float() @ view._body.out.weight.T + view._body.out.bias).argmax()))
    own_f1 = plain.f1(gold.tolist(), predict_logits(own(), words).argmax(axis=1).tolist(), 1)
    assert found.f1 == pytest.approx(own_f1)
    assert found.uniform == pytest.approx(plain.f1(gold.tolist(), flat, 1) - own_f1)
    assert found.permuted == pytest.approx(np.mean(found.draws)) and len(set(found.draws)) > 1
    more = two_classes.fragility(view, words, gold, 1, draws=4)
    assert more.draws[:3] == found.draws  # more draws keep the first
    turned = two_classes.fragility(view, words[::-1], gold[::-1], 1, draws=1)
    assert turned.f1 == found.f1 and turned.uniform == found.uniform


def test_token_probabilities_against_one_answer_a_position(view):
    words = sample(view)
    found = token_probability.token_probabilities(view, words)
    for row, text in enumerate(words):
        reading = view.read(view.batch([text]))
        slow = torch.softmax(token_probability.one_by_one(view, reading), dim=2)[0]
        assert np.allclose(found.tokens[row], slow[reading.batch.content[0]], atol=1e-5)
        assert len(found.tokens[row]) == len(found.words[row]) and set(found.words[row]) == set(range(len(text)))
    gold = found.answers.argmax(axis=1)
    gold[0] = 1 - gold[0]  # one is wrong
    value, n = token_probability.mean_over_right_ones(found, gold)
    assert n == len(words) - 1
    assert value == pytest.approx(np.mean([found.tokens[i][:, gold[i]].mean() for i in range(1, len(words))]))


def test_weighted_token_scores_are_the_answer():
    view = view_of(own())
    reading = view.read(view.batch(texts()[0][:4]))
    scores = token_probability.token_scores(view, reading)
    mixed = (view.over_tokens(reading)[..., None] * scores).sum(dim=1)
    assert torch.allclose(mixed, reading.logits, atol=1e-5)


def test_information_is_the_plug_in_estimate_and_its_control_is_bias():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 5, 200)
    b = (a + (rng.random(200) < 0.3)) % 5
    assert information.plug_in(a, b) == pytest.approx(plain.information(a.tolist(), b.tolist()))
    assert information.plug_in(a, a) == pytest.approx(-sum(p * np.log(p) for p in np.bincount(a) / 200))
    words, _ = texts("train")
    found = information.information(view_of(own("residual")), words, types=50, clusters=20, most=1500)
    assert found.occurrences == 1500 and found.nats > 2 * found.shuffled > 0
    # 20 clusters of inputs lump 50 words together: the words themselves say more, and know what they are.
    assert found.words > found.nats and found.words > 2 * found.words_shuffled > 0
    inputs, _, told = information.occurrences(
        view_of(own()), words, sorted({word for text in words[:40] for word in text}), 500, 0
    )
    for number in set(told.tolist()):
        assert np.ptp(inputs[told == number], axis=0).max() == 0, "an input is that of its word"
    with pytest.raises(ProbekitError, match="make no 1000 clusters; ask for fewer"):
        information.information(view_of(own()), words[:5])


def test_types_are_the_frequent_ones_or_drawn():
    words = [["a"] * 5, ["b"] * 3, ["c", "d", "e"]]
    assert information.chosen_types(words, "frequent", 2, 0) == ["a", "b"]
    drawn = {tuple(information.chosen_types(words, "random", 2, seed)) for seed in range(20)}
    assert len(drawn) > 3 and all(len(set(types)) == 2 for types in drawn)


def test_accounts_of_an_answer(view):
    words = sample(view)
    found = agreement.accounts(view, words)
    for row, text in enumerate(words):
        assert len(found.attention[row]) == len(found.gradient[row]) == len(found.left_out[row]) == len(text)
        assert found.attention[row].sum() == pytest.approx(1)
    longest = max(range(len(words)), key=lambda i: len(words[i]))
    text, batch = words[longest], view.batch([words[longest]])
    chance = torch.softmax(view.read(batch).logits, dim=1)[0]
    k = int(chance.argmax())
    without = torch.softmax(view.read(view.batch([text[1:]])).logits, dim=1)[0, k]
    assert found.left_out[longest][0] == pytest.approx(abs(float(chance[k] - without)), abs=1e-5)
    expected = plain.kendall(found.attention[longest], found.gradient[longest])
    assert found.tau[longest, 0] == pytest.approx(expected)
    if any(len(text) == 1 for text in words):
        single = next(i for i, text in enumerate(words) if len(text) == 1)
        assert np.isnan(found.tau[single]).all() and np.isnan(found.left_out[single]).all()


def test_gradients_are_those_of_a_small_step():
    view = view_of(own())
    batch = view.batch(sample(view)[:1])
    found = agreement.gradients(view, batch)[0]
    vectors = view.embed(batch).detach()
    with torch.no_grad():
        k = int(view.constant(vectors, batch)[0].argmax())
        step = vectors.clone()
        step[0, 1] *= 1.001
        # A step moves the weights too, which must stay: those of the first pass are put in again.
        states = view._body.states(step, batch.mask)
        moved = torch.softmax(view._body.decode(states, view.over_tokens(view.read(batch))), dim=1)[0, k]
        before = torch.softmax(view.read(batch).logits, dim=1)[0, k]
    assert float(found[1]) == pytest.approx(float((moved - before) / 0.001), rel=0.05, abs=2e-4)


# --- the report -----------------------------------------------------------------------------------------------------


def test_a_report_holds_every_measure_for_both_kinds():
    for view, words, labels in (
        (view_of(own()), *texts()),
        (view_of(bert()), BERT_TEXTS, ["bad", "good", "bad", "good"]),
    ):
        rows = report(view, words, labels, sizes=Sizes(types=30, clusters=3, sample=20)).rows
        metrics = [row["metric"] for row in rows]
        assert metrics == [
            "f1",
            "delta_f1_uniform",
            "delta_f1_permuted",
            "moved_uniform",
            "moved_permuted",
            "entropy",
            "ptp",
            "tau_gradient",
            "tau_leave_one_out",
            "tau_gradient_leave_one_out",
            "mi_frequent",
            "mi_frequent_shuffled",
            "mi_frequent_words",
            "mi_frequent_words_shuffled",
            "mi_random",
            "mi_random_shuffled",
            "mi_random_words",
            "mi_random_words_shuffled",
        ]
        assert all(np.isfinite(row["value"]) or row["note"] for row in rows)
        about = rows[0]["info"]
        share = labels.count(about["positive"]) / len(labels)
        assert about["all_positive"] == pytest.approx(2 * share / (1 + share))
        assert about["majority"] == pytest.approx(max(share, 1 - share)) and 0 <= about["accuracy"] <= 1


def test_more_than_two_classes_are_measured_by_accuracy_and_said_so():
    view = view_of(bert(("bad", "good", "so-so")))
    rows = report(view, BERT_TEXTS, ["bad", "good", "so-so", "bad"], measures=["fragility"]).rows
    assert [row["metric"] for row in rows][:2] == ["accuracy", "delta_accuracy_uniform"]
    with pytest.raises(ProbekitError, match="is for two classes"):
        report(view, BERT_TEXTS, ["bad"] * 4, positive="good")


def test_wrong_names_are_refused_before_work():
    view = view_of(own())
    with pytest.raises(UnknownName, match="measure of attention 'entropie'; did you mean entropy"):
        report(view, [["a"]], ["a"], measures=["entropie"])
    with pytest.raises(UnknownName, match="label of this classifier: 'c'"):
        report(view, [["a"]], ["c"])
    with pytest.raises(ProbekitError, match="1 texts and 2 labels"):
        report(view, [["a"]], ["a", "b"])
    assert set(MEASURES) == {"fragility", "entropy", "probability", "agreement", "information"}


def test_one_head_alone_can_be_changed():
    view = view_of(bert(), 1)
    gold = np.zeros(len(BERT_TEXTS), int)
    whole = two_classes.fragility(view, BERT_TEXTS, gold, 1, draws=1)
    reading = view.read(view.batch(BERT_TEXTS))
    flat = put.uniform(reading.weights, reading.mask)
    answers = [view.answer(reading, put.in_head(reading.weights, flat, head)) for head in (None, 0, 1)]
    assert not torch.allclose(answers[0], answers[1]) and not torch.allclose(answers[1], answers[2])
    assert np.allclose(whole.probabilities, torch.softmax(reading.logits, dim=1), atol=1e-5)
