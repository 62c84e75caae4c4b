"""The trainer of pairs: loss and gradient by hand and by autograd, windows, draws, resuming, the same everywhere."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from probekit.corpora.corpus import Corpus
from probekit.embeddings.pairs import (
    Batch,
    LinearCentre,
    PairSettings,
    PairTrainer,
    TableCentre,
    started,
    summed,
    trained_pairs,
)
from probekit.embeddings.skip_gram import train_skip_gram
from probekit.embeddings.tables import load_table
from probekit.embeddings.text import Draws, Windows, cooccurrences, text_of, thinned
from probekit.errors import ProbekitError

CORPUS = Corpus.from_words([["a", "b", "c", "a", "d"], ["b"], ["e", "a", "b"]])
MADE = 'skip-gram:"grammar(n=60)"(size=8, epochs=2, min_count=1, rate=0.1, clip=1)'


def text(corpus=CORPUS):
    return text_of(corpus, lower=True)


def tables(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, d)), draw.normal(size=(n, d))


# --- text --------------------------------------------------------------------------------------------


def test_words_are_in_the_order_of_their_counts_and_rare_ones_leave_their_place():
    assert text().words == ("a", "b", "c", "d", "e") and text().counts.tolist() == [3, 3, 1, 1, 1]
    few = text_of(CORPUS, min_count=2)
    assert [few.words[i] for i in few.ids] == ["a", "b", "a", "b", "a", "b"]
    assert few.place.tolist() == [0, 1, 3, 5, 7, 8] and few.sentence.tolist() == [0, 0, 0, 1, 2, 2]
    assert text_of(CORPUS, most=2).words == ("a", "b")
    with pytest.raises(ProbekitError, match=r"no word of .* occurs 9 times"):
        text_of(CORPUS, min_count=9)


def test_windows_end_with_the_sentence():
    found = Windows(text(), before=2, after=1)
    numbers, inside = found.around(np.arange(9))
    names = [
        [text().words[i] for i, there in zip(row, told, strict=True) if there]
        for row, told in zip(numbers, inside, strict=True)
    ]
    assert names[:5] == [["b"], ["a", "c"], ["a", "b", "a"], ["b", "c", "d"], ["c", "a"]]
    assert names[5] == [] and names[6:] == [["a"], ["e", "b"], ["e", "a"]]
    assert found.sizes().tolist() == [len(row) for row in names]


def test_draws_follow_counts_to_the_power():
    counts = np.array([1000, 100, 10, 1])
    drawn = Draws(counts)((400_000,), np.random.default_rng(0))
    wanted = counts**0.75 / (counts**0.75).sum()
    assert np.bincount(drawn, minlength=4) / len(drawn) == pytest.approx(wanted, abs=0.003)


def test_frequent_words_are_thinned_as_their_share_says():
    corpus = Corpus.from_words([["the"] * 90 + ["owl"] * 10] * 200)
    left = thinned(text_of(corpus), 0.1, np.random.default_rng(0))
    share = 0.9 / 0.1
    assert np.mean(left.ids == 0) * len(left) == pytest.approx(18_000 * (share**0.5 + 1) / share, rel=0.02)
    assert (left.ids == 1).sum() == 2000
    assert thinned(text_of(corpus), 0, np.random.default_rng(0)).ids is not None


def test_cooccurrences_weigh_one_over_distance():
    """Worked by hand: a and b stand beside one another, and three places apart."""
    counts = cooccurrences(text(), 4).toarray()
    a, b, c, d, e = range(5)
    assert counts[a, b] == pytest.approx(1 + 1 / 2 + 1) and counts[a, d] == pytest.approx(1 + 1 / 4)
    assert counts[a, a] == pytest.approx(2 / 3) and counts[e, b] == pytest.approx(1 / 2) and counts[c, e] == 0
    assert (counts == counts.T).all()
    assert cooccurrences(text(), 1, harmonic=False).toarray()[a, b] == 2


# --- loss and gradient -------------------------------------------------------------------------------


def plain_loss(centre, outputs, batch: Batch, l2: str = "off", l3: str = "drawn") -> torch.Tensor:
    """The loss as the definition has it, term by term; of what is printed the terms as printed."""
    total = torch.zeros((), dtype=torch.float64)
    if l2 == "as-printed":
        total = total - torch.nn.functional.logsigmoid((centre * centre).sum(1)).sum()
    for row in range(len(batch.numbers)):
        bag = [k for k in range(batch.bags) if batch.sign[row, k]]
        if bag:
            joint = sum(outputs[batch.numbers[row, k]] for k in bag)
            total = total - torch.nn.functional.logsigmoid(joint @ centre[row])
        for k in range(batch.bags, batch.numbers.shape[1]):
            if batch.sign[row, k]:
                score = outputs[batch.numbers[row, k]] @ centre[row]
                if l3 == "as-printed" and batch.sign[row, k] < 0:
                    total = total + torch.nn.functional.logsigmoid(score)
                    continue
                total = total - torch.nn.functional.logsigmoid(float(batch.sign[row, k]) * score)
    return total


@pytest.mark.parametrize("l1", ["pair", "bag"])
@pytest.mark.parametrize("l2", ["off", "centre-static", "as-printed"])
@pytest.mark.parametrize("l3", ["drawn", "as-printed"])
@pytest.mark.parametrize("kind", ["table", "linear"])
def test_loss_and_gradients_are_those_of_autograd(l1, l2, l3, kind):
    centre, outputs = tables(5, 4)
    frozen, weights, bias = np.random.default_rng(1).normal(size=(9, 3)), centre[:3].copy(), centre[3].copy()
    made = TableCentre(centre) if kind == "table" else LinearCentre(frozen.astype(np.float16), weights, bias)
    trainer = PairTrainer(text(), made, outputs, PairSettings(before=2, after=1, negative=2, l1=l1, l2=l2, l3=l3))
    places = np.array([3, 5, 7, 0])
    batch = trainer.batch(text(), Windows(text(), 2, 1), places, np.random.default_rng(2))
    loss, updates = trainer.gradients(text(), batch)

    told = {"outputs": torch.tensor(outputs, requires_grad=True)}
    if kind == "table":
        told["centre"] = torch.tensor(centre, requires_grad=True)
        vectors = told["centre"][text().ids[places]]
    else:
        told |= {name: torch.tensor(value, requires_grad=True) for name, value in made.state().items()}
        rows = torch.tensor(frozen.astype(np.float16).astype(np.float64)[places])
        vectors = rows @ told["weights"] + told["bias"]
    wanted = plain_loss(vectors, told["outputs"], batch, l2, l3)
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), rel=1e-6)
    found = {"outputs": updates[0], **dict(zip(made.state(), updates[1:], strict=True))}
    for name, update in found.items():
        whole = np.zeros(told[name].shape)
        whole[slice(None) if update.rows is None else update.rows] = update.gradient
        assert whole == pytest.approx(told[name].grad.numpy(), abs=1e-6), name


def test_a_step_worked_by_hand():
    """One centre (1, 0), one word near it (0, 2), one drawn word (1, 1): scores 0 and 1."""
    corpus = Corpus.from_words([["x", "y"]])
    one = text_of(corpus)
    centre, outputs = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 2.0]])
    trainer = PairTrainer(one, TableCentre(centre), outputs, PairSettings())
    batch = Batch(np.array([0]), np.array([[1, 0]]), np.array([[1.0, -1.0]], dtype=np.float32))
    loss, updates = trainer.gradients(one, batch)
    sigmoid = 1 / (1 + np.exp(-1.0))
    assert loss == pytest.approx(np.log(2) - np.log(1 - sigmoid), rel=1e-6)
    assert updates[0].gradient == pytest.approx(np.array([[sigmoid, 0], [-0.5, 0]]))
    assert updates[1].gradient == pytest.approx(np.array([[sigmoid, sigmoid - 1.0]]))


def test_an_epoch_without_a_pair_has_no_nan():
    """Words that are left out at random may leave none; a text that has none at all is refused."""
    alone = text(Corpus.from_words([["a"], ["b"], ["a"]]))
    for l1 in ("pair", "bag"):
        centre, outputs = started(2, 4, 0, "skip-gram"), np.zeros((2, 4), dtype=np.float32)
        trainer = PairTrainer(alone, TableCentre(centre), outputs, PairSettings(l1=l1))
        assert trainer.epoch(0) == 0 and np.isfinite(centre).all() and not outputs.any()
        with pytest.raises(ProbekitError, match="no two words that are counted stand in one window"):
            trainer.train()


def test_training_is_that_of_the_usual_loop():
    """Embeddings, autograd, SGD on the same batches: the same tables after an epoch."""
    one, settings = text(), PairSettings(epochs=1, rate=0.1, centres=4, clip=0.8)
    centre, outputs = started(5, 6, 0, "skip-gram") * 20, tables(5, 6)[1].astype(np.float32)
    usual = [torch.nn.Parameter(torch.tensor(value.copy())) for value in (centre, outputs)]
    trainer = PairTrainer(one, TableCentre(centre), outputs, settings)
    for batch, done in trainer.batches(one, 0):
        loss = plain_loss(usual[0][one.ids[batch.places]], usual[1], batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(usual, settings.clip)
        with torch.no_grad():
            for one_of in usual:
                one_of -= settings.rate * (1 - done) * one_of.grad
                one_of.grad = None
    trainer.epoch(0)
    assert centre == pytest.approx(usual[0].detach().numpy(), abs=1e-5)
    assert outputs == pytest.approx(usual[1].detach().numpy(), abs=1e-5)


def test_rows_are_added_up_by_number():
    rows = np.arange(6.0).reshape(3, 2)
    assert summed(np.array([1, 0, 1]), rows, 2).tolist() == [[2.0, 3.0], [4.0, 6.0]]


# --- whole trainings ---------------------------------------------------------------------------------


def test_a_table_is_the_same_in_another_process_and_keeps_both_matrices():
    table = load_table(MADE)
    code = f"from probekit.embeddings.tables import load_table as t; print(t({MADE!r}).vectors.sum(dtype='f8'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(said) == pytest.approx(float(table.vectors.sum(dtype="f8")), rel=1e-12)
    assert table.context is not None and table.context.any() and table.counts[0] == table.counts.max()
    losses = table.about["losses"]
    assert len(losses) == 2 and losses[1] < losses[0]


def test_a_stopped_training_goes_on_to_the_same_table(tmp_path, monkeypatch):
    corpus = Corpus.from_words([list("abcab"), list("bacda"), list("ddab")] * 20)
    options = {"size": 5, "min_count": 1, "epochs": 3}
    whole = train_skip_gram(corpus, **options)
    epoch, asked = PairTrainer.epoch, []

    def stops(self, number):
        asked.append(number)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return epoch(self, number)

    monkeypatch.setattr(PairTrainer, "epoch", stops)
    with pytest.raises(KeyboardInterrupt):
        train_skip_gram(corpus, **options, keep=tmp_path)
    again = train_skip_gram(corpus, **options, keep=tmp_path)
    assert asked == [0, 1, 2, 2]
    assert (again.vectors == whole.vectors).all() and (again.context == whole.context).all()
    assert again.about["losses"] == whole.about["losses"]


def test_words_of_one_context_come_near_each_other():
    draw = np.random.default_rng(0)
    sentences = [
        [f"c{k}{draw.integers(3)}", f"w{k}{draw.integers(2)}", f"c{k}{draw.integers(3)}"] for k in (0, 1) * 300
    ]
    table = train_skip_gram(Corpus.from_words(sentences), size=8, epochs=20, rate=0.05, sample=0, clip=2)
    unit = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    alike = {(a, b): unit[table.index[a]] @ unit[table.index[b]] for a in ("w00",) for b in ("w01", "w10", "w11")}
    assert alike["w00", "w01"] > max(alike["w00", "w10"], alike["w00", "w11"]) + 0.5


def test_a_table_in_the_place_of_an_encoder_is_skip_gram():
    """One-hot vectors of words under a linear map are rows of a table: the same batches give the same numbers."""
    corpus = Corpus.from_words([list("abcab"), list("bacda"), list("ddab")] * 10)
    one, settings = text_of(corpus), PairSettings(epochs=2, rate=0.05)
    begin = started(len(one.words), 6, 0, "skip-gram")
    table, frozen = begin.copy(), np.eye(len(one.words), dtype=np.float16)[one.ids]
    linear = LinearCentre(frozen, begin.copy(), np.zeros(6, dtype=np.float32))
    linear.updates, whole = lambda *a: whole(*a)[:1], linear.updates  # a table has no bias
    outputs, found = trained_pairs(one, TableCentre(table), 6, settings, None, "")
    other, beside = trained_pairs(one, linear, 6, settings, None, "")
    assert other == pytest.approx(outputs, abs=1e-5) and linear.weights == pytest.approx(table, abs=1e-5)
    assert beside == pytest.approx(found, rel=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ProbekitError, match="leave no word in a window"):
        load_table("skip-gram:cues(before=0, after=0)")
    with np.errstate(all="ignore"), pytest.raises(ProbekitError, match=r"loss became .* in epoch \d+; lower the rate"):
        train_skip_gram(Corpus.from_words([list("abcd")] * 300), size=4, min_count=1, rate=1e30, epochs=3)
    with pytest.raises(ProbekitError, match="keeps both: glove-model:CORPUS"):
        load_table('gaussian(like="generated-vectors")|context')


def test_context_vectors_take_the_place_of_vectors():
    table = load_table(MADE)
    assert (load_table(f"{MADE}|context").vectors == table.context).all()
    assert load_table(f"{MADE}|with-context").vectors == pytest.approx(table.vectors + table.context)
