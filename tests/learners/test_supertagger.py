"""Supertaggers: beams against enumeration, pointers by hand, states, padding, training, answers, what is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from probekit import recipes
from probekit.corpora import Corpus, load_corpus
from probekit.errors import ProbekitError
from probekit.learners.supertagger import HEADS, SavedSupertagger, build, options, supertag
from probekit.learners.supertagger_data import Alphabet, CategorySentences, categories_of
from probekit.models.beam import decode
from probekit.models.supertagger import Decoder, StateDropoutLSTM, Supertagger, initialise
from probekit.specs import Spec

CATEGORIES = ["n", "np/n", r"(s\np)/np", r"s\np"]
GRAMMAR = "ccg-grammar(n=60, n_test=20)"
GRAMMAR_OF_600 = "ccg-grammar(n=600, n_test=60)"


def small(head: str = "primitives", **more: Any) -> str:
    inputs = {"inputs": ["random:minilm"], "layer": 0}
    given = {"budget": 200, "epochs": 2, "head": head, "hidden": 8, "rate": 0.02, **inputs, **more}
    return str(Spec("supertagger", GRAMMAR, (), given))


def toy(head: str, seed: int = 0, **more: Any) -> tuple[Supertagger, Alphabet]:
    """A model of drawn weights, large ones, so that what it says depends on what it reads."""
    spelled, history, reset = HEADS[head]
    alphabet = Alphabet(more.pop("categories", CATEGORIES), spelled)
    decoder = Decoder(4, len(alphabet.names), spelled, history, reset, alphabet.cap)
    model = Supertagger(3, 4, decoder)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for _, weight in sorted(model.named_parameters()):
            weight.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape)) * 1.5))
    return model.eval(), alphabet


def drawn(lengths: list[int], seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    vectors = torch.from_numpy(rng.normal(size=(len(lengths), max(lengths), 3))).float()
    return vectors * mask[..., None], mask


def target(alphabet: Alphabet, categories: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    written = [alphabet.written(category) for category in categories]
    symbols = torch.tensor([symbol for one in written for symbol in one])[None]
    pointer = torch.tensor([word for word, one in enumerate(written) for _ in one])[None]
    return symbols, pointer, torch.ones_like(symbols, dtype=torch.bool)


def chance(model: Supertagger, vectors: torch.Tensor, told: list[list[int]]) -> float:
    """Log-probability of symbols of every word of one sentence, teacher-forced."""
    ends = [0] if model.decoder.spelled else []
    flat = [symbol for word in told for symbol in (*word, *ends)]
    pointer = [number for number, word in enumerate(told) for _ in (*word, *ends)]
    symbols = torch.tensor(flat)[None]
    mask = torch.ones(1, vectors.shape[1], dtype=torch.bool)
    with torch.no_grad():
        scores = model(vectors, mask, symbols, torch.tensor(pointer)[None], torch.ones_like(symbols, dtype=torch.bool))
    return float(torch.log_softmax(scores, 2)[0, torch.arange(len(flat)), symbols[0]].sum())


def test_targets_and_pointers_by_hand() -> None:
    corpus = load_corpus(GRAMMAR)
    alphabet = Alphabet([str(one) for one in corpus.layers["ccg"]], spelled=True)
    data = CategorySentences(corpus, np.arange(3), [], alphabet)
    symbols, pointer = data.target(0)
    words = [str(one) for one in corpus.layers["ccg"][: corpus.offsets[1]]]
    text = "".join("|" if symbol == 0 else alphabet.names[symbol] for symbol in symbols)
    assert text == "|".join(words) + "|"
    by_hand = Alphabet(CATEGORIES, spelled=True)
    assert [by_hand.names[s] for s in by_hand.written("np/n")] == ["np", "/", "n", "[SEP]"]
    # The boundary belongs to the word that it ends; the step after it reads it and stands at the next word.
    _, at, _ = target(by_hand, ["np/n", "n", r"s\np"])
    assert at.tolist() == [[0, 0, 0, 0, 1, 1, 2, 2, 2, 2]]
    assert pointer.tolist() == [w for w, one in enumerate(words) for _ in alphabet.written(one)]
    assert by_hand.cap == 7 and by_hand.written("pp") == [-1, 0]
    assert Alphabet(CATEGORIES, spelled=False).written("pp") == [-1]


@pytest.mark.parametrize("head", HEADS)
def test_a_wide_beam_finds_the_best_of_all_that_can_be_said(head: str) -> None:
    """Enumeration of every sequence of symbols of two words; the boundary that the cap forces counts as any."""
    for seed in range(4):
        model, alphabet = toy(head, seed, categories=["a", "b", "a/b"])
        model.decoder.cap = 2
        vectors, mask = drawn([2], seed)
        names = range(1, len(alphabet.names))
        ways = (
            [[*one] for n in range(3) for one in product(names, repeat=n)] if HEADS[head][0] else [[s] for s in names]
        )
        scored = {(tuple(a), tuple(b)): chance(model, vectors, [a, b]) for a, b in product(ways, repeat=2)}
        told, score = decode(model, vectors, mask, beam=400)
        best = max(scored, key=lambda key: scored[key])
        assert tuple(map(tuple, told[0])) == best
        assert score[0] == pytest.approx(scored[best], abs=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_a_beam_of_one_is_greedy(head: str) -> None:
    """Against one step after another, the best symbol each time."""
    for seed in range(5):
        model, _ = toy(head, seed)
        model.decoder.cap = 4
        vectors, _ = drawn([3], seed)
        told: list[list[int]] = []
        for word in range(3):
            told.append([])
            while True:
                prefix, at = [*told], vectors
                choices = [
                    (chance_of_next(model, at, prefix, symbol), -symbol)
                    for symbol in range(len(model_names(model)))
                    if not (model.decoder.spelled and len(told[-1]) >= 4 and symbol)
                ]
                symbol = -max(choices)[1]
                if model.decoder.spelled and symbol == 0:
                    break
                told[-1].append(symbol)
                if not model.decoder.spelled:
                    break
            assert len(told) == word + 1
        found, _ = decode(model, vectors, torch.ones(1, 3, dtype=torch.bool), beam=1)
        assert found[0] == told


def model_names(model: Supertagger) -> range:
    return range(model.decoder.scores.out_features + (0 if model.decoder.spelled else 1))


def chance_of_next(model: Supertagger, vectors: torch.Tensor, told: list[list[int]], symbol: int) -> float:
    """Log-probability of one symbol after others; the last word of `told` is still open."""
    ends = [0] if model.decoder.spelled else []
    flat = [s for word in told[:-1] for s in (*word, *ends)] + told[-1]
    pointer = [n for n, word in enumerate(told[:-1]) for _ in (*word, *ends)] + [len(told) - 1] * len(told[-1])
    symbols, at = torch.tensor([*flat, symbol])[None], torch.tensor([*pointer, len(told) - 1])[None]
    mask = torch.ones(1, vectors.shape[1], dtype=torch.bool)
    with torch.no_grad():
        scores = model(vectors, mask, symbols, at, torch.ones_like(symbols, dtype=torch.bool))
    return float(torch.log_softmax(scores, 2)[0, -1, symbol])


def test_reset_changes_nothing_where_every_sentence_has_one_word_and_something_where_not() -> None:
    kept, alphabet = toy("primitives")
    reset, _ = toy("primitives-reset")
    for lengths, same in (([1, 1, 1], True), ([2, 3, 1], False)):
        vectors, mask = drawn(lengths)
        found = [decode(one, vectors, mask, beam=5)[1] for one in (kept, reset)]
        assert np.allclose(*found, atol=1e-5) == same
    vectors, mask = drawn([1])
    one = target(alphabet, [r"(s\np)/np"])
    with torch.no_grad():
        losses = [float(model.loss(vectors, mask, *one)) for model in (kept, reset)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_a_reset_decoder_scores_every_word_as_a_sentence_of_its_own_would_be_after_the_body() -> None:
    model, alphabet = toy("primitives-reset")
    vectors, mask = drawn([4])
    categories = ["np/n", r"(s\np)/np", "n", r"s\np"]
    with torch.no_grad():
        scores = model(vectors, mask, *target(alphabet, categories))
        words = model.encode(vectors, mask)
        at = 0
        for place, category in enumerate(categories):
            written = torch.tensor(alphabet.written(category))[None]
            n = written.shape[1]
            last = torch.nn.functional.pad(written[:, :-1], (1, 0))
            states, _ = model.decoder.step(words[:, place : place + 1].expand(-1, n, -1), last)
            alone = model.decoder.logits(states)
            torch.testing.assert_close(scores[:, at : at + n], alone, atol=1e-5, rtol=1e-5)
            at += n


@pytest.mark.parametrize("head", HEADS)
def test_padding_and_neighbours_change_nothing(head: str) -> None:
    model, _ = toy(head)
    lengths = [3, 1, 5, 2]
    vectors, mask = drawn(lengths)
    told, scores = decode(model, vectors, mask, beam=3)
    for row, n in enumerate(lengths):
        alone, score = decode(model, vectors[row : row + 1, :n], mask[row : row + 1, :n], beam=3)
        assert alone[0] == told[row] and len(told[row]) == n
        assert score[0] == pytest.approx(scores[row], abs=1e-4)
        assert score[0] == pytest.approx(chance(model, vectors[row : row + 1, :n], told[row]), abs=1e-3)


@pytest.mark.parametrize("head", HEADS)
def test_the_loss_of_a_batch_is_that_of_its_steps(head: str) -> None:
    corpus = load_corpus(GRAMMAR)
    saved = SavedSupertagger(recipes.folder(small(head)))
    data = CategorySentences(corpus, np.arange(8), saved.sources, saved.alphabet)
    total, steps = 0.0, 0
    with torch.no_grad():
        for row in range(8):
            batch = data.batch(np.array([row]))
            total += float(saved.model.loss(*batch)) * int(batch[-1].sum())
            steps += int(batch[-1].sum())
        together = float(saved.model.loss(*data.batch(np.arange(8))))
    assert together == pytest.approx(total / steps, abs=1e-5)


def test_a_dropped_state_is_dropped_at_every_step_with_one_mask() -> None:
    torch.manual_seed(0)
    lstm = StateDropoutLSTM(3, 4, rate=0.5)
    vectors = torch.randn(2, 5, 3)
    torch.testing.assert_close(lstm.eval()(vectors)[0], torch.nn.LSTM.forward(lstm, vectors)[0])
    lstm.train()
    kept = torch.tensor([0.0, 2.0, 2.0, 0.0])
    found, _ = lstm(vectors, kept=kept)
    cell = torch.nn.LSTMCell(3, 4)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in lstm.state_dict().items()})
    hidden, memory = torch.zeros(2, 4), torch.zeros(2, 4)
    for step in range(5):
        hidden, memory = cell(vectors[:, step], (hidden * kept, memory))
        torch.testing.assert_close(found[:, step], hidden)
    first = lstm(vectors)[0]
    assert not all(torch.equal(first, lstm(vectors)[0]) for _ in range(20))  # two masks of four may be the same
    assert lstm.drawn() is not None and lstm.eval().drawn() is None


def test_initial_weights_are_as_the_study_says() -> None:
    model = build(30, Alphabet(CATEGORIES, True), {**options(), "hidden": 40})
    initialise(model, 3)
    recurrent = model.decoder.lstm.weight_hh_l0
    for gate in recurrent.chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(40), atol=1e-5, rtol=1e-5)
    he = model.combination.weight
    assert float(he.detach().std()) == pytest.approx(np.sqrt(2 / 80), rel=0.1)
    glorot = np.sqrt(6 / (30 + 160))
    assert float(model.forwards[0].weight_ih_l0.detach().abs().max()) == pytest.approx(glorot, rel=0.02)
    assert all(float(one.detach().abs().sum()) == 0 for name, one in model.named_parameters() if "bias" in name)


def test_what_is_learned_is_answered_and_unseen_categories_only_where_they_are_written_out() -> None:
    corpus = load_corpus(GRAMMAR_OF_600)
    gold, test = categories_of(corpus), np.flatnonzero((corpus.sentences["split"] == "test").to_numpy())
    right = {}
    for head in ("softmax", "primitives"):
        spec = f'supertagger:"{GRAMMAR_OF_600}"(inputs=[minilm], epochs=6, hidden=64, rate=0.004, head={head})'
        saved = SavedSupertagger(recipes.folder(spec))
        told, _ = saved.answers(corpus, test)
        asked = np.concatenate([gold[slice(*corpus.offsets[row : row + 2])] for row in test])
        unseen = np.array([one not in saved.counts for one in asked])
        right[head] = (float((told == asked).mean()), int((told == asked)[unseen].sum()), int(unseen.sum()))
        assert right[head][0] > 0.9, right
    assert right["softmax"][2] == right["primitives"][2] > 0
    assert right["softmax"][1] == 0 < right["primitives"][1]


STEEP = {"epochs": 6, "rate": 0.5}


@pytest.mark.parametrize(
    ("option", "value", "beside"),
    [
        ("layer", 1, {}),
        ("hidden", 9, {}),
        ("dropout_input", 0.6, {}),
        ("dropout", 0.6, {}),
        ("dropout_output", 0.6, {}),
        ("rate", 0.05, {}),
        ("optimizer", "sgd", {}),
        ("budget", 100, {}),
        ("seed", 1, {}),
        ("schedule", "constant", STEEP),
        ("patience", 1, STEEP),
    ],
)
def test_every_option_of_training_moves_the_losses(option: str, value: Any, beside: dict[str, Any]) -> None:
    folders = [recipes.folder(small(**(beside | more))) for more in ({}, {option: value})]
    plain, other = (SavedSupertagger(folder).config["found"] for folder in folders)
    assert plain["dev_losses"] != other["dev_losses"]


def test_the_beam_of_the_options_is_that_of_the_answers() -> None:
    corpus = load_corpus(GRAMMAR)
    rows = np.arange(60, corpus.n_sentences)
    wide, narrow = (SavedSupertagger(recipes.folder(small(epochs=4, beam=beam))) for beam in (5, 1))
    assert (narrow.answers(corpus, rows)[0] == wide.answers(corpus, rows, beam=1)[0]).all()
    assert (narrow.answers(corpus, rows)[0] != wide.answers(corpus, rows)[0]).any()
    for beam in (0, -1):
        with pytest.raises(ProbekitError, match="beam"):
            wide.answers(corpus, np.arange(2), beam=beam)


def test_a_training_that_was_interrupted_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from probekit.training import loop

    whole = recipes.into(tmp_path / "whole", small("primitives", seed=5))
    finish = loop._finish

    def stop(member: Any, *rest: Any) -> None:
        finish(member, *rest)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_finish", stop)
    with pytest.raises(KeyboardInterrupt):
        recipes.into(tmp_path / "again", small("primitives", seed=5))
    monkeypatch.undo()
    again = recipes.into(tmp_path / "again", small("primitives", seed=5))
    assert again["dev_losses"] == whole["dev_losses"] and again["dev_score"] == whole["dev_score"]
    files = [(tmp_path / name / "model.safetensors") for name in ("whole", "again")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("supertagger(head=softmax)", "names no corpus"),
        ('supertagger:"grammar(n=60)"(inputs=["random:minilm"], layer=0)', "no layer 'ccg'"),
        (small("tree"), "head"),
        (small(beam=0), "beam"),
        (small(dropout_input=1.0), "dropout_input"),
        (small(optimizer="adagrad"), "optimizer"),
        (small(schedule="sometimes"), "sometimes"),
        (small(patience=0), "patience"),
        (small(threads=0), "threads"),
        (f'supertagger:"{GRAMMAR}"(inputs=[])', "needs inputs"),
        (f'supertagger:"{GRAMMAR}"(inputs=["random:minilm"], layer=99)', "99"),
    ],
)
def test_what_cannot_be_trained_is_refused(spec: str, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        recipes.folder(spec)


def test_words_without_a_category_are_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    corpus = load_corpus(GRAMMAR)
    layer = corpus.layers["ccg"].astype(object)
    layer[7] = ""
    import pandas as pd

    broken = replace(corpus, layers={"ccg": pd.Categorical(layer)}, digest="other")
    with pytest.raises(ProbekitError, match=r"1 of .* words .* have no category"):
        categories_of(broken)


@pytest.mark.parametrize("head", ["softmax", "primitives"])
def test_development_sentences_without_a_known_category_are_refused(tmp_path: Path, head: str) -> None:
    for name, text in (("train", "the\tnp/n\ndog\tn\n\n"), ("dev", "the\tpp/x\ndog\tx\n\n")):
        symbols = text if head == "softmax" or name == "train" else "the\tpp\ndog\tx\n\n"
        (tmp_path / f"x-{name}.tsv").write_text(symbols * 4, encoding="utf-8")
    files = ",".join(str(tmp_path / f"x-{name}.tsv") for name in ("train", "dev"))
    spec = f'supertagger:"supertags:{files}"(inputs=["random:minilm"], layer=0, head={head}, hidden=4, epochs=1)'
    with pytest.raises(ProbekitError, match=r"none of the categories of the 4 development.*'pp.*resplit"):
        recipes.folder(spec)


def test_train_and_tag_from_the_command_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from probekit.cli.app import app

    lines = "the\tnp/n\ndog\tn\nsleeps\ts:dcl\\np\n.\t.\n\nshe\tnp\nsees\t(s:dcl\\np)/np\nit\tnp\n\n" * 8
    (tmp_path / "x-train.tsv").write_text(lines, encoding="utf-8")
    text = tmp_path / "text.txt"
    text.write_text("The dog sees it.\n", encoding="utf-8")
    runner, out = CliRunner(), str(tmp_path / "model")
    train = ["train", "supertagger", f"supertags:{tmp_path / 'x-train.tsv'}", "--out", out, "--input", "random:minilm"]
    done = runner.invoke(app, [*train, "--layer", "0", "--hidden", "8", "--epochs", "2", "--head", "softmax"])
    assert done.exit_code == 0 and "dev_score" in done.output, done.output
    told = runner.invoke(app, ["tag", "--model", out, "--text", str(text)])
    assert told.exit_code == 0, told.output
    tagged = [line.split("\t") for line in told.output.strip().split("\n")]
    assert [word for word, _ in tagged] == ["The", "dog", "sees", "it", "."]
    import probekit as pk

    assert pk.supertag(out, [["The", "dog", "sees", "it", "."]]) == [[category for _, category in tagged]]
    with pytest.raises(ProbekitError, match="no supertagger in"):
        supertag(tmp_path, [["a"]])
    with pytest.raises(ProbekitError, match="no sentence"):
        supertag(out, [])
    with pytest.raises(ProbekitError, match="holds no supertagger"):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "config.json").write_text('{"kind": "tagger"}')
        SavedSupertagger(tmp_path / "other")
    assert Corpus.from_words([["a"]]).n_words == 1
