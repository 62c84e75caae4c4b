"""Pretraining from scratch: pieces, sequences, masks and losses against definitions; resumed, read again, refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from probekit import encoders, recipes
from probekit.corpora import load_corpus
from probekit.encoders.activations import encode
from probekit.errors import ProbekitError
from probekit.learners.pretraining import masking, training
from probekit.learners.pretraining.text import Sequences, write_pieces
from probekit.learners.pretraining.vocabulary import SPECIALS, learn_vocabulary

SMALL = "steps=6, looks=3, batch=4, length=16, width=16, heads=2, layers=1, vocabulary=120, warmup=2"
SPEC = f'pretrained:"grammar(n=60)"({SMALL})'


def sentences(n: int = 60) -> list[list[str]]:
    corpus = load_corpus(f"grammar(n={n})")
    return [corpus.words(row) for row in range(corpus.n_sentences)]


@pytest.mark.parametrize("kind", ["unigram", "wordpiece"])
def test_pieces_spell_every_word_and_are_the_same_again(kind):
    read = sentences()
    made = learn_vocabulary([read], 150, kind)
    assert made.convert_ids_to_tokens(range(len(SPECIALS))) == list(SPECIALS) and len(made) <= 150
    for words in read[:20]:
        found = made([words], is_split_into_words=True, add_special_tokens=False)
        for place, word in enumerate(words):
            own = [found.tokens()[at] for at, of in enumerate(found.word_ids()) if of == place]
            assert "".join(own).replace("\N{LOWER ONE EIGHTH BLOCK}", "").replace("##", "") == word
    assert learn_vocabulary([read], 150, kind).get_vocab() == made.get_vocab()
    ids = made(["a", "dog"], is_split_into_words=True)["input_ids"]
    assert (ids[0], ids[-1]) == (made.cls_token_id, made.sep_token_id)


def test_of_each_language_equally_many_sentences_are_read():
    few = [["qqq"]] * 5
    made = learn_vocabulary([few, sentences(200)], 400)
    assert any("q" in piece for piece in made.get_vocab())
    assert len(made) < len(learn_vocabulary([sentences(200)], 400))  # five sentences do not give so many pieces


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(2, 20), st.floats(0.05, 0.5), st.integers(0, 99))
def test_the_share_to_guess_is_exact_and_special_pieces_are_never_chosen(rows, length, share, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 12, (rows, length))
    weights = masking.weights_of(np.arange(1, 13), 0.5)
    weights[:5] = 0
    places = masking.choose(ids, weights, share, rng)
    open_ = int((ids >= 5).sum())
    assert len(places) == min(max(1, round(share * open_)), open_) == len(set(places.tolist()))
    assert (ids.ravel()[places] >= 5).all()


def test_positions_are_drawn_by_count_to_a_power():
    """One of four positions, many times: as often as its weight says."""
    ids, counts = np.array([[5, 6, 7, 8]]), np.array([1, 1, 1, 1, 1, 1, 4, 16, 64])
    weights = masking.weights_of(counts, 0.5)
    weights[:5] = 0
    rng = np.random.default_rng(0)
    drawn = np.bincount([int(masking.choose(ids, weights, 0.25, rng)[0]) for _ in range(20_000)], minlength=4)
    assert np.allclose(drawn / 20_000, np.array([1, 1 / 2, 1 / 4, 1 / 8]) / 1.875, atol=0.015)


def test_of_ten_hidden_pieces_eight_are_masked_one_is_any_and_one_stays():
    ids = np.full((100, 100), 7)
    made = masking.corrupt(ids, np.arange(10_000), 4, 5, 1000, np.random.default_rng(0))
    assert (made.gold == 7).all() and (ids == 7).all()
    shares = [np.mean(made.ids == 4), np.mean(made.ids == 7), np.mean((made.ids != 4) & (made.ids != 7))]
    assert np.allclose(shares, [0.8, 0.1, 0.1], atol=0.01) and made.ids[made.ids != 4].min() >= 5


def test_sequences_are_read_once_a_round_and_languages_by_their_power(tmp_path):
    sizes = (40, 400)
    for number, size in enumerate(sizes):
        (np.arange(size, dtype=np.int32) + 1000 * number).tofile(tmp_path / str(number))
    files = [tmp_path / "0", tmp_path / "1"]
    made = Sequences(files, 6, 8, 100, 0.0, 3, (0, 1))
    assert made.rows == [10, 100] and abs((made.languages == 0).mean() - 0.5) < 0.06
    seen = np.concatenate([made.step(number) for number in range(100)])
    assert (seen[:, 0] == 0).all() and (seen[:, -1] == 1).all()
    first = [row for row in seen[:, 1] if row < 1000]
    assert sorted(first[:10]) == list(range(0, 40, 4)) == sorted(first[10:20]) and first[:10] != first[10:20]
    assert np.array_equal(Sequences(files, 6, 8, 100, 0.0, 3, (0, 1)).step(57), made.step(57))
    by_size = Sequences(files, 6, 8, 100, 1.0, 3, (0, 1))
    assert abs((by_size.languages == 0).mean() - 1 / 11) < 0.04
    with pytest.raises(ProbekitError, match="one sequence takes 100"):
        Sequences(files, 102, 1, 1, 0.0, 0, (0, 1))


def test_pieces_on_disk_are_those_of_the_sentences(tmp_path):
    read = sentences(30)
    made = learn_vocabulary([read], 120)
    n = write_pieces(made, iter(read), tmp_path / "pieces")
    cut = made(read, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    flat = [piece for own in cut for piece in own]
    assert np.fromfile(tmp_path / "pieces", dtype=np.int32).tolist() == flat and n == len(flat)


def test_scores_at_chosen_places_alone_are_those_of_all_places():
    module = training.build(50, 2, 16, 2, 12, 0.0, 0, seed=1).eval()
    ids = np.random.default_rng(0).integers(5, 50, (3, 12))
    batch = masking.corrupt(ids, np.array([2, 7, 20, 35]), 4, 5, 50, np.random.default_rng(1))
    scores = module(input_ids=torch.from_numpy(batch.ids)).logits.flatten(0, 1)
    wanted = torch.nn.functional.cross_entropy(scores[batch.places], torch.from_numpy(batch.gold))
    assert float(training.guess(module, batch).detach()) == pytest.approx(float(wanted.detach()), abs=1e-6)
    assert module.cls.predictions.decoder.weight is module.bert.embeddings.word_embeddings.weight


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, monkeypatch):
    corpus = load_corpus("grammar(n=60)")
    options = recipes.of(SPEC.replace("layers=1", "layers=1, states=true")).content["options"]
    whole = training.pretrain([corpus], tmp_path / "whole", tmp_path / "a", **options)
    looked, real = [], training.held_loss

    def stopped(*arguments, **more):
        looked.append(1)
        if len(looked) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **more)

    monkeypatch.setattr(training, "held_loss", stopped)
    with pytest.raises(KeyboardInterrupt):
        training.pretrain([corpus], tmp_path / "part", tmp_path / "b", **options)
    monkeypatch.undo()
    assert training.pretrain([corpus], tmp_path / "part", tmp_path / "b", **options) == whole
    for name in ("model.safetensors", "tokenizer.json", "look-1/model.safetensors", "look-3/model.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "part" / name).read_bytes()
    assert len(whole["perplexities"]) == 3 and whole["rounds"][0] > 0


def test_the_folder_is_read_by_any_tool_and_looks_differ(tmp_path):
    spec = SPEC.replace("layers=1", "layers=1, states=true")
    corpus = load_corpus("grammar(n=8)")
    folder = recipes.folder(spec)
    last = encode(corpus, spec, poolings=["mean"])
    again = encode(corpus, f"hf:{folder}", poolings=["mean"])
    assert np.array_equal(last[1, "mean"], again[1, "mean"]) and last[1, "mean"].shape == (8, 16)
    look = encode(corpus, spec.replace("states=true", "states=true, look=1"), poolings=["mean"])
    assert not np.allclose(look[1, "mean"], last[1, "mean"])
    assert encoders.describe(spec).layers == (0, 1) and encoders.describe(spec).width == 16


def test_a_default_written_out_is_the_same_key_and_another_language_is_not():
    assert recipes.of(SPEC).key == recipes.of(SPEC.replace("steps=6", "steps=6, power=0.5, threads=1")).key
    more = SPEC.replace("(steps", '(beside=["grammar(n=60, seed=1)"], steps')
    assert recipes.of(more).key != recipes.of(SPEC).key and "beside" in recipes.of(more).spec
    assert encoders.describe(more).generated


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("heads=2", "heads=3"), "width=16 is not shared out evenly among heads=3"),
        (("looks=3", "looks=9"), "a look follows at least one step"),
        (("layers=1", "layers=1, look=2"), "states=true"),
        (("length=16", "length=3"), "length"),
        (("vocabulary=120", "pieces=letters"), "pieces"),
        (("steps=6", "beside=german, steps=6"), "lists corpora"),
        (("steps=6", 'beside=["no-such-text"], steps=6'), "no-such-text"),
    ],
)
def test_what_does_not_go_together_is_refused_before_work(change, message):
    with pytest.raises(ProbekitError, match=message):
        encoders.describe(SPEC.replace(*change))


def test_text_that_is_too_little_is_refused_by_name(tmp_path):
    for options, message in (("vocabulary=20", "does not hold the"), ("length=4000", "one sequence takes 3998")):
        name, _, _ = options.partition("=")
        before = next(part for part in SMALL.split(", ") if part.startswith(name))
        with pytest.raises(ProbekitError, match=message):
            recipes.folder(SPEC.replace(before, options))
    (tmp_path / "short.txt").write_text("a b c\nd e f\n")
    beside = f'beside=["plain:{tmp_path / "short.txt"}"], steps=6'
    with pytest.raises(ProbekitError, match=r"plain:.*short\.txt.* has [0-9]+ pieces, and one sequence takes 14"):
        recipes.folder(SPEC.replace("steps=6", beside))
    with pytest.raises(ProbekitError, match="a language has none"):
        learn_vocabulary([[], [["a"]]], 100)


@pytest.mark.parametrize("kind", ["unigram", "wordpiece"])
def test_a_vocabulary_that_stops_early_is_said(kind):
    with pytest.warns(UserWarning, match="vocabulary=5000, but the text gives [0-9]+ pieces"):
        assert len(learn_vocabulary([sentences(20)], 5000, kind)) < 5000


def test_looks_share_the_steps_and_of_texts_without_a_held_out_sequence_the_last_is_kept(tmp_path):
    options = recipes.of(SPEC.replace("looks=3", "looks=4")).content["options"]  # of 6 steps
    found = training.pretrain([load_corpus("grammar(n=60)")], tmp_path / "a", tmp_path / "b", **options)
    assert found["looks"] == 4 and len(found["train_losses"]) == 4
    short = training.pretrain(
        [load_corpus("grammar(n=12)")], tmp_path / "c", tmp_path / "d", **{**options, "length": 150}
    )
    assert np.isnan(short["perplexities"]).all() and short["best_look"] == 4
