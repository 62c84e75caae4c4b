"""Recurrent models: layers and attention against plain twins, alignment, prefixes, training that survives a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from probekit import encoders, recipes
from probekit.corpora import Corpus, load_corpus
from probekit.embeddings.table import WordTable
from probekit.encoders.activations import encode, run_pass
from probekit.encoders.pieces import MARK, cut, learn_pieces, load_pieces, save_pieces, spelled, spells
from probekit.errors import ProbekitError, UnknownName
from probekit.learners.labeller import answers, labelled_words
from probekit.learners.translation import graded, split_pairs, train_translation
from probekit.models.labeller import Labeller
from probekit.models.lstm import LSTMStack, initialise, last
from probekit.models.translation import BOS, EOS, Translation
from probekit.specs import Spec
from probekit.training.buckets import Buckets, Looks, padded

SMALL = "width=16, layers=2, merges=60, epochs=2, rate=0.01, budget=600, dropout=0.1"
CORPUS = "grammar(n=60)|translated(verb-final)"
SPEC = f'translation:"{CORPUS}"({SMALL})'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A small trained translation model."""
    out = tmp_path_factory.mktemp("model") / "tiny"
    options = {"width": 16, "layers": 2, "merges": 60, "epochs": 2, "rate": 0.01, "budget": 600}
    train_translation(load_corpus(CORPUS), out, **options)
    return out


# --- modules


def plain_lstm(layer: torch.nn.LSTM, x: torch.Tensor) -> torch.Tensor:
    """One text (T, d), straight from the equations (Hochreiter and Schmidhuber 1997, with forget gates)."""
    h = c = torch.zeros(x.shape[1], dtype=x.dtype)
    states = []
    for step in x:
        gates = layer.weight_ih_l0 @ step + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = gates.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states.append(h)
    return torch.stack(states)


def test_every_layer_is_the_plain_recurrence_over_the_one_below():
    stack = LSTMStack(20, 6, 3).double()
    initialise(stack, 1)
    ids = torch.tensor([[4, 5, 6, 7], [8, 9, 0, 0]])
    states, _ = stack(ids)
    assert len(states) == 4 and torch.equal(states[0], stack.embeddings(ids))
    for text, length in ((0, 4), (1, 2)):
        below = states[0][text, :length]
        for layer, found in zip(stack.layers, states[1:], strict=True):
            below = plain_lstm(layer, below)
            assert torch.allclose(found[text, :length], below, atol=1e-12)
    assert torch.equal(last(states[-1], torch.tensor([4, 2]))[1], states[-1][1, 1])


def plain_translation_loss(model: Translation, source: list[int], target: list[int]) -> torch.Tensor:
    """Summed nats of one pair, one position at a time, by Luong's equations."""
    states = model.encoder.embeddings(torch.tensor(source))
    ends = []
    for layer in model.encoder.layers:
        below = states
        states, end = layer(below[None])
        states, ends = states[0], [*ends, end]
    total = torch.zeros((), dtype=states.dtype)
    for piece, wanted in zip([BOS, *target], [*target, EOS], strict=True):
        x = model.decoder.embeddings(torch.tensor([piece]))[None]
        for number, layer in enumerate(model.decoder.layers):
            x, ends[number] = layer(x, ends[number])
        h = x[0, 0]
        alpha = torch.stack([h @ s for s in states]).softmax(0)
        context = sum(a * s for a, s in zip(alpha, states, strict=True))
        attended = torch.tanh(model.attend.weight @ torch.cat([context, h]))
        total = total - (model.output.weight @ attended + model.output.bias).log_softmax(0)[wanted]
    return total


def test_the_loss_of_a_padded_batch_is_the_plain_loss_of_its_pairs():
    model = Translation(15, 12, 5, 2).double().eval()
    initialise(model, 2)
    pairs = [([4, 5, 6, 7], [5, 6]), ([8, 9], [7, 8, 9, 10]), ([5], [4])]
    source = torch.from_numpy(padded([np.array(s) for s, _ in pairs]))
    target = torch.from_numpy(padded([np.array([BOS, *t, EOS]) for _, t in pairs]))
    found = model.loss(source, torch.tensor([4, 2, 1]), target)
    plain = sum(plain_translation_loss(model, s, t) for s, t in pairs) / sum(len(t) + 1 for _, t in pairs)
    assert torch.allclose(found, plain, atol=1e-12)
    # Texts of one length take the other way through the encoder.
    same = model.loss(source[:1], torch.tensor([4]), target[:1, :4])
    assert torch.allclose(same, plain_translation_loss(model, *pairs[0]) / 3, atol=1e-12)


def test_greedy_translation_takes_the_likeliest_piece_each_time():
    model = Translation(15, 12, 5, 2).eval()
    initialise(model, 3)
    with torch.no_grad():
        model.output.weight.mul_(30)
    source, lengths = torch.tensor([[4, 5, 6], [7, 8, 0]]), torch.tensor([3, 2])
    together = model.translate(source, lengths, 6)
    for row, length in ((0, 3), (1, 2)):
        memory, state = model.encode(source[row : row + 1, :length], lengths[row : row + 1])
        piece, plain = BOS, []
        for _ in range(6):
            mask = torch.ones(1, length, dtype=torch.bool)
            scores, state = model.decode(torch.tensor([[piece]]), state, memory, mask)
            piece = int(scores[0, -1].argmax())
            if piece == EOS:
                break
            plain.append(piece)
        assert together[row] == [p for p in plain if p != 0]


def test_a_labeller_is_taught_at_asked_positions_only():
    model = Labeller(9, 3, 4, 1)
    initialise(model, 0)
    ids = torch.tensor([[4, 5, 6]])
    scores = model(ids)[0].log_softmax(-1)
    assert torch.allclose(model.loss(ids, torch.tensor([[-1, 2, 0]])), -(scores[1, 2] + scores[2, 0]) / 2)


def test_initial_weights_come_from_named_streams_and_padding_is_zero():
    a, b = LSTMStack(9, 4, 2), LSTMStack(9, 4, 3)
    for stack in (a, b):
        initialise(stack, 5)
    assert torch.equal(a.layers[1].weight_hh_l0, b.layers[1].weight_hh_l0)  # depth changes no other layer's draw
    assert not a.embeddings.weight[0].any() and a.embeddings.weight[1:].abs().sum(1).all()
    initialise(b, 6)
    assert not torch.equal(a.layers[1].weight_hh_l0, b.layers[1].weight_hh_l0)


# --- batches


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=60), st.integers(1, 300))
def test_buckets_hold_every_row_once_under_the_budget(lengths, budget):
    buckets = Buckets(np.array(lengths), budget)
    for batches in (buckets.epoch(0), buckets.epoch(1), buckets.in_order()):
        assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
        for rows in batches:
            longest = np.array(lengths)[rows].max(axis=0).sum()
            assert len(rows) == 1 or len(rows) * longest <= budget
    assert [list(b) for b in buckets.epoch(3)] == [list(b) for b in Buckets(np.array(lengths), budget).epoch(3)]


def test_looks_cut_one_stream_of_passes_wherever_they_are():
    buckets = Buckets(np.array([3, 4, 2, 5, 1, 4, 3]), 8, seed=2)
    each = len(buckets.epoch(0))
    passes = [batch.tolist() for number in range(5) for batch in buckets.epoch(number)]
    for look in (1, each - 1, each, each + 2):
        looks = Looks(buckets, look)
        found = [batch.tolist() for number in range(4 * each // look) for batch in looks.epoch(number)]
        assert found == passes[: len(found)] and len(looks.epoch(1)) == look
        assert [batch.tolist() for batch in looks.epoch(2)] == passes[2 * look : 3 * look]


# --- pieces

# Words as readers give them: none has a blank at an end, where it would be a blank between words. The sign that
# pieces have for such a blank is no letter of a word either.
ANY_WORD = st.text(min_size=1, max_size=6).filter(lambda word: word == word.strip() != "" and "\u2581" not in word)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.lists(ANY_WORD, min_size=1, max_size=6), max_size=4, min_size=1))
def test_pieces_of_any_word_spell_it(tmp_path_factory, sentences):
    file = tmp_path_factory.getbasetemp() / "any.json"
    for merges in (30, 0):
        save_pieces(learn_pieces([["the", "cats", "-LRB-"], ["a", "cat"]], merges), file)
        tokenizer = load_pieces(file)
        found = cut(tokenizer, Corpus.from_words(sentences), "it")  # raises where pieces spell another word
        for number, words in enumerate(sentences):
            own = found.word[found.offsets[number] : found.offsets[number + 1]]
            assert sorted(set(own)) == list(range(len(words)))


def test_a_word_with_a_blank_at_its_end_is_refused_by_name(tmp_path):
    save_pieces(learn_pieces([["the", "cats"]], 30), tmp_path / "pieces.json")
    with pytest.raises(ProbekitError, match="'\u2581'"):
        cut(load_pieces(tmp_path / "pieces.json"), Corpus.from_words([["\u2581"]]), "it")
    with pytest.raises(ProbekitError, match="' 0'"):
        cut(load_pieces(tmp_path / "pieces.json"), Corpus.from_words([[" 0"]]), "it")


def test_a_tokenizer_that_shifts_words_is_refused(folder, tmp_path):
    class Shifted:
        """Gives each word the pieces of the next one."""

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __call__(self, given, **options):
            if isinstance(given, list):
                given = [[*words[1:], words[0]] for words in given]
            return self.inner(given, **options)

    tokenizer = load_pieces(folder / "tokenizer.json")
    corpus = Corpus.from_words([["Yes", "!"], ["The", "dog", "ran"]])
    cut(tokenizer, corpus, "it")
    with pytest.raises(ProbekitError, match=r"word 1 \('The'\) of sentence 2 .* do not spell it"):
        cut(Shifted(tokenizer), Corpus.from_words([["a", "a"], ["The", "dog", "ran"]]), "it")


def test_what_spells_a_word():
    assert spells([MARK + "do", "g"], MARK + "dog") and not spells([MARK + "do"], MARK + "dog")
    assert spells([None], MARK + "dog") and spells([MARK, None, "og"], MARK + "dog")
    assert not spells([MARK + "dog", "s"], MARK + "dog") and not spells([MARK + "cat"], MARK + "dog")


def test_treebank_escapes_are_read_as_text():
    tokenizer = learn_pieces([["(", '"', "1/2"]], 20)
    assert spelled(tokenizer.normalizer, "-LRB-") == MARK + "("
    assert spelled(tokenizer.normalizer, "1\\/2") == MARK + "1/2"
    ids = tokenizer.encode_batch([["-LRB-", "``"], ["(", '"']], is_pretokenized=True)
    assert ids[0].ids == ids[1].ids and 1 not in ids[0].ids


def test_merges_are_as_many_as_asked_and_rare_words_are_unknown():
    sentences = [["aa", "ab", "ab", "abc", "abc"], ["abc"]]
    assert len(json.loads(learn_pieces(sentences, 2).to_str())["model"]["merges"]) == 2
    words = learn_pieces(sentences, 0, rare=2)
    assert words.encode(["aa", "ab", "abc"], is_pretokenized=True).tokens == ["<unk>", MARK + "ab", MARK + "abc"]


# --- encoders


def encoded(folder: Path, sentences: list[list[str]], piece: str = "last") -> list[np.ndarray]:
    """Word vectors of every sentence, (layers, words, d)."""
    corpus = Corpus.from_words(sentences)
    found = encode(corpus, encoders.load_encoder(f"saved:{folder}(piece={piece})"), "all", ["words"])
    whole = np.stack([found[layer, "words"] for layer in (0, 1, 2)])
    return [whole[:, a:b] for a, b in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True)]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_later_words_leave_earlier_vectors_unchanged(folder, data):
    word = st.sampled_from(["The", "dogs", "saw", "a", "zebra", "in", "Boston", "unseen", "."])
    prefix = data.draw(st.lists(word, min_size=1, max_size=5))
    tails = data.draw(st.lists(st.lists(word, max_size=6), min_size=2, max_size=4))
    found = encoded(folder, [prefix, *(prefix + tail for tail in tails)])
    for vectors in found[1:]:
        assert np.allclose(vectors[:, : len(prefix)], found[0], atol=1e-5)


def test_earlier_words_change_later_vectors(folder):
    a, b = encoded(folder, [["The", "dogs", "saw"], ["A", "dogs", "saw"]])
    assert np.array_equal(a[0, 1:], b[0, 1:])  # embeddings know no context
    assert (np.abs(a[1:, 1:] - b[1:, 1:]).max(axis=-1) > 1e-4).all()


def test_a_sentence_has_the_same_vectors_alone_and_in_any_company(folder):
    corpus = load_corpus("grammar(n=40, seed=3)")
    encoder = encoders.load_encoder(f"saved:{folder}")
    together = encode(corpus, encoder, "all", ["mean", "max", "word:-1", "words"])
    for number in (0, 7, 39):
        alone = encode(corpus.select([number]), encoder, "all", ["mean", "max", "word:-1", "words"])
        for (layer, pooling), vectors in alone.items():
            rows = slice(*corpus.offsets[number : number + 2]) if pooling == "words" else slice(number, number + 1)
            assert np.allclose(together[layer, pooling][rows], vectors, atol=1e-5)


def test_a_word_is_the_state_after_its_last_piece(folder):
    encoder = encoders.load_encoder(f"saved:{folder}")
    words = ["The", "extraordinary", "dogs"]
    encoding = encoder.tokenizer([words], is_split_into_words=True, add_special_tokens=False)
    owner = np.array(encoding.word_ids(0))
    assert (np.bincount(owner) > 1).any(), "the sentence needs a word of several pieces"
    with torch.no_grad():
        states, _ = encoder.model(torch.tensor(encoding["input_ids"]))
    for piece, pick in (("last", lambda at: at[-1]), ("first", lambda at: at[0])):
        found = encoded(folder, [words], piece)[0]
        for layer in range(3):
            for word in range(3):
                wanted = states[layer][0, pick(np.flatnonzero(owner == word))].numpy()
                assert np.allclose(found[layer, word], wanted, atol=1e-6)


def test_an_encoder_is_described_without_torch_or_training():
    code = (
        "import sys; from probekit import encoders\n"
        f"print(encoders.describe({SPEC!r}).name, encoders.describe({SPEC!r}).layers)\n"
        "print(encoders.describe('labeller:\"grammar(n=9)\"(task=word/upos)').name)\n"
        "print([m for m in ('torch', 'transformers', 'tokenizers', 'sacrebleu') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]" and "translation:" in run.stdout and "(0, 1, 2)" in run.stdout


def test_specs_are_canonical_and_every_option_changes_the_key():
    base = encoders.describe(SPEC)
    assert encoders.describe(base.spec) == base
    same = SPEC.replace("0.01", "1e-2").replace("(width=16, ", "(seed=0, width=16, ")
    assert encoders.describe(same) == base
    keys = {base.digest}
    for option in (
        "width=17",
        "layers=3",
        "dropout=0.2",
        "merges=61",
        "target_merges=9",
        "rate=0.02",
        "epochs=3",
        "patience=2",
        "schedule=plateau",
        "budget=700",
        "threads=2",
        "seed=1",
        "piece=first",
    ):
        name = option.partition("=")[0]
        rest = [part for part in SMALL.split(", ") if not part.startswith(f"{name}=")]
        keys.add(encoders.describe(f'translation:"{CORPUS}"({", ".join([*rest, option])})').digest)
    assert len(keys) == 14
    assert encoders.describe(SPEC.replace("n=60", "n=61")).digest not in keys


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("translation", "names no corpus"),
        (f'translation:"{CORPUS}"(widht=3)', "width"),
        (f'translation:"{CORPUS}"(width=0)', "width of this translation is a whole number from 1"),
        (f'translation:"{CORPUS}"(dropout=1)', "dropout=1"),
        (f'translation:"{CORPUS}"(rate=0)', "rate=0"),
        (f'translation:"{CORPUS}"(schedule=cosine)', "schedule 'cosine'"),
        (f'translation:"{CORPUS}"(piece=middle)', "value of piece"),
        ('labeller:"grammar(n=9)"', "names no corpus or no task"),
        ('labeller:"grammar(n=9)"(task=sentence/parse_depth)', "labels of words"),
        ('labeller:"grammar(n=9)"(task=word/upos, rare=0)', "rare=0"),
        ("saved:nowhere", "no saved model 'nowhere'"),
        ("saved", "names no folder"),
    ],
)
def test_what_cannot_be_trained_or_loaded_is_refused_before_any_work(spec, says):
    with pytest.raises(ProbekitError, match=says):
        encoders.describe(spec)


def test_damaged_folders_are_refused(folder, tmp_path):
    import shutil

    def copy(name: str) -> Path:
        return Path(shutil.copytree(folder, tmp_path / name))

    (copy("a") / "config.json").write_text('{"kind": "bert"}')
    with pytest.raises(ProbekitError, match="holds no recurrent model that probekit saved"):
        encoders.describe(f"saved:{tmp_path / 'a'}")
    (copy("b") / "model.safetensors").write_bytes(b"not one")
    with pytest.raises(ProbekitError, match=r"cannot read model\.safetensors"):
        _ = encoders.load_encoder(f"saved:{tmp_path / 'b'}").model
    config = json.loads((copy("c") / "config.json").read_text())
    (tmp_path / "c" / "config.json").write_text(json.dumps({**config, "width": 8}))
    with pytest.raises(ProbekitError, match=r"does not fit its config\.json"):
        _ = encoders.load_encoder(f"saved:{tmp_path / 'c'}").model
    for name in ("layers", "width", "pieces"):
        (tmp_path / "c" / "config.json").write_text(json.dumps({**config, name: 10**9}))
        with pytest.raises(ProbekitError, match=f"'c' states {name} = 1000000000, but (no tensor of )?its weights"):
            encoders.describe(f"saved:{tmp_path / 'c'}")
    (copy("d") / "tokenizer.json").write_text("{}")
    with pytest.raises(ProbekitError, match="cannot read the pieces"):
        _ = encoders.load_encoder(f"saved:{tmp_path / 'd'}").tokenizer


# --- training


def test_a_task_is_probed_on_a_trained_encoder(tmp_path):
    import probekit as pk

    grid = pk.probing(
        "tried",
        corpora=["grammar(n=60, seed=4)"],
        encoders=[SPEC],
        layers=[0, -1],
        tasks=["word/upos"],
        probes=["logistic(C=1)"],
        folds=2,
    )
    rows = grid.run(tmp_path / "rows")
    assert set(rows["layer"]) == {0, 2} and set(rows["pooling"]) == {"last"} and rows["value"].notna().all()
    assert rows["encoder"].str.startswith("translation:").all()


def test_training_lowers_the_loss_and_a_copy_model_learns_to_copy(tmp_path):
    corpus = Corpus.from_words(
        [[w] for pair in range(240) for w in [f"w{pair % 6}"] * 2], split=["train"] * 400 + ["dev"] * 40 + ["test"] * 40
    )
    import pandas as pd

    link = pd.DataFrame({"sentence": range(0, 480, 2), "sentence2": range(1, 480, 2)})
    corpus = Corpus(corpus.form, corpus.offsets, sentences=corpus.sentences, links={"translation": link})
    options = {"width": 24, "layers": 1, "merges": 0, "epochs": 12, "rate": 0.02, "budget": 100, "dropout": 0.0}
    found = train_translation(corpus, tmp_path / "copy", **options)
    assert found["dev_losses"][-1] < 0.2 < found["dev_losses"][0]
    assert (found["pairs_train"], found["pairs_dev"], found["pairs_test"]) == (200, 20, 20)
    assert found["bleu_on"] == "test" and "tok:none" in found["signature"]


def test_bleu_is_that_of_the_words(folder):
    """The translations of a perfect model score 100, those of a model that says nothing 0."""
    corpus = load_corpus(CORPUS)
    from probekit.corpora.parallel import sides
    from probekit.learners.translation import _Pairs

    sources, targets = sides(corpus)
    tokenizers = [learn_pieces([corpus.words(int(i)) for i in side], 40) for side in (sources, targets)]
    pairs = _Pairs(corpus, sources, targets, tokenizers)

    class Oracle:
        def translate(self, source, lengths, longest):
            rows = {tuple(ids): target[1:-1] for ids, target in zip(pairs.source, pairs.target, strict=True)}
            return [list(rows[tuple(row[:n].tolist())]) for row, n in zip(source, lengths.tolist(), strict=True)]

    class Mute:
        def translate(self, source, lengths, longest):
            return [[] for _ in source]

    perfect, mute = (graded(model, pairs, pairs, 500) for model in (Oracle(), Mute()))
    assert perfect["bleu"] > 99.9 and perfect["bleu_high"] > 99.9
    assert mute["bleu"] == mute["bleu_low"] == mute["bleu_high"] == 0


def test_trivial_answers_stand_beside_a_translation(folder):
    """Copies of a corpus that translates into itself score 100; its commonest text, every time, is known by hand."""
    from probekit.corpora.parallel import paired
    from probekit.learners.translation import _Pairs

    texts = ["a b c d e", "a b c d e", "a b c d f", "x y z u v"]
    table = pd.DataFrame({"id": range(4), "language": "en", "split": "train"})
    corpus = paired([text.split() for text in texts for _ in range(2)], table, "en")
    tokenizers = [learn_pieces([text.split() for text in texts], 0)] * 2
    pairs = _Pairs(corpus, np.arange(0, 8, 2), np.arange(1, 8, 2), tokenizers)

    class Mute:
        def translate(self, source, lengths, longest):
            return [[] for _ in source]

    found = graded(Mute(), pairs, pairs, 500)
    assert found["bleu_of_copy"] == pytest.approx(100) and found["bleu"] == 0
    # "a b c d e" four times: matches of 1 to 4 words are 14 of 20, 11 of 16, 8 of 12, 5 of 8.
    wanted = 100 * (14 / 20 * 11 / 16 * 8 / 12 * 5 / 8) ** 0.25
    assert found["bleu_of_commonest"] == pytest.approx(wanted, abs=1e-3)


def test_the_interval_of_bleu_is_over_sentences():
    from probekit.learners.bleu import bleu_of, commonest

    right, wrong = "the dog saw a cat", "nothing is the same here"
    alike = bleu_of([right] * 9, [right] * 9)
    assert alike.low == alike.high == alike.score == pytest.approx(100)
    mixed = bleu_of([right] * 30 + [wrong] * 10, [right] * 40)
    assert mixed.low < mixed.score < mixed.high < 100 and mixed.high - mixed.low > 10
    assert np.isnan(bleu_of([right], [right]).low)
    assert commonest(["b", "a", "b", "a", "c"]) == "a"


def test_pairs_are_set_aside_where_there_is_no_dev_part():
    corpus = load_corpus("grammar(n=40)|translated(copy)")
    parts = split_pairs(corpus, 0)
    split = corpus.sentences["split"].to_numpy()[::2]
    assert all(set(split[rows]) <= {name} for name, rows in parts.items())
    plain = Corpus(corpus.form, corpus.offsets, sentences=corpus.sentences.assign(split=""), links=corpus.links)
    drawn = split_pairs(plain, 0)
    assert len(drawn["dev"]) == 2 and not len(drawn["test"])
    assert sorted([*drawn["train"], *drawn["dev"]]) == list(range(40))


def test_a_labeller_learns_and_its_answers_are_those_of_its_own_output():
    spec = 'labeller:"grammar(n=150)"(task=word/upos, width=24, layers=1, epochs=12, rate=0.02)'
    folder, corpus = recipes.folder(spec), load_corpus("grammar(n=150)")
    test = np.flatnonzero((corpus.sentences["split"] == "test").to_numpy())
    gold = np.asarray(corpus.layers["upos"])[np.isin(corpus.sentence_of_word, test)]
    found = answers(folder, corpus, test)
    assert (found == gold).mean() > 0.6
    # A prefix read alone gets the same label for its last word.
    words = corpus.words(int(test[0]))
    prefixes = Corpus.from_words([words[: n + 1] for n in range(len(words))])
    last_of_each = answers(folder, prefixes, np.arange(len(words)))[prefixes.offsets[1:] - 1]
    assert list(last_of_each) == list(found[: len(words)])


def test_words_to_label_are_those_of_the_task():
    corpus = load_corpus("grammar(n=20)")
    from probekit import tasks

    words, labels = labelled_words(tasks.get("word/feat:Number"), corpus)
    feats = np.asarray(corpus.layers["feats"])
    assert all(f"Number={label}" in feats[word] for word, label in zip(words, labels, strict=True))
    with pytest.raises(UnknownName, match="did you mean word/upos"):
        recipes.of('labeller:"grammar(n=20)"(task=word/uposs)')


def test_a_labeller_without_a_train_part_is_refused(tmp_path):
    from probekit.learners.labeller import train_labeller

    corpus = Corpus.from_words([["a", "b"]])
    with pytest.raises(ProbekitError, match="no labelled sentence of the split train"):
        train_labeller(corpus, np.array([0]), np.array(["x"], dtype=object), tmp_path, {})


def of_files(tmp_path: Path) -> str:
    """The spec of a translation model of two files of text."""
    corpus = load_corpus("grammar(n=120)|translated(mirrored)")
    for name, rest in (("a.txt", 0), ("b.txt", 1)):
        (tmp_path / name).write_text("\n".join(corpus.texts[rest::2]) + "\n", encoding="utf-8")
    pairs = f"parallel:{tmp_path}/a.txt,{tmp_path}/b.txt(words=blanks)"
    options = {"width": 16, "layers": 2, "merges": 60, "epochs": 5, "rate": 0.01, "budget": 300, "dropout": 0.2}
    return str(Spec("translation", pairs, (), options))


INTO = "import sys, pathlib; from probekit import recipes; recipes.into(pathlib.Path(sys.argv[1]), sys.argv[2])"


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_numbers_as_an_undisturbed_one(tmp_path):
    spec = of_files(tmp_path)
    another = spec.replace("budget=300", "budget=300, seed=1")
    out = tmp_path / "killed"
    state = out / "_unfinished" / "progress" / "state" / "progress.json"
    killed = subprocess.Popen([sys.executable, "-c", INTO, str(out), spec])
    while not state.exists() and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL, "it was to be killed in the middle"
    assert state.exists() and not (out / "config.json").exists()
    with pytest.raises(ProbekitError, match="holds an unfinished training"):
        encoders.describe(f"saved:{out}")
    with pytest.raises(ProbekitError, match="unfinished training of another model"):
        recipes.into(out, another)
    done = json.loads(state.read_text())["train_losses"]
    again = recipes.into(out, spec)
    assert again["bleu"] >= 0 and again["epochs"] == 5 and again["train_losses"][: len(done)] == done
    found = recipes.into(tmp_path / "whole", spec)
    assert again == json.loads(json.dumps(found))
    for name in ("config.json", "model.safetensors", "tokenizer.json", "target.json"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert not (out / "_unfinished").exists() and encoders.describe(f"saved:{out}").layers == (0, 1, 2)
    before = (out / "config.json").stat().st_mtime_ns
    assert recipes.into(out, spec) == again and (out / "config.json").stat().st_mtime_ns == before
    with pytest.raises(ProbekitError, match="holds another model"):
        recipes.into(out, another)
    assert recipes.folder(spec) != out and recipes.found(spec) == again


def test_training_is_the_same_in_every_process(tmp_path):
    code = (
        "import sys, pathlib; from probekit.corpora import load_corpus\n"
        "from probekit.learners.translation import train_translation\n"
        f"train_translation(load_corpus({CORPUS!r}), pathlib.Path(sys.argv[1]), width=8, layers=1, merges=40, epochs=1)"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": seed},
        )
    for file in ("config.json", "model.safetensors", "tokenizer.json", "target.json"):
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes(), file


def test_source_words_begin_from_a_table_and_the_others_with_its_spread(tmp_path):
    """Of an untrained model: rows of known words, capitals or not, are the table's; nothing else of it changes."""
    corpus = load_corpus(CORPUS)
    table = WordTable(["the", "nowhere"], np.arange(16, dtype=np.float32).reshape(2, 8))
    options = {"width": 8, "layers": 1, "merges": 0, "epochs": 0}
    found = train_translation(corpus, tmp_path / "with", **options, vectors=table)
    train_translation(corpus, tmp_path / "without", **options)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("with", "without"))
    own, plain = (weights.pop("encoder.embeddings.weight") for weights in (one, other))
    assert all(torch.equal(one[name], other[name]) for name in other) and torch.equal(own[:4], plain[:4])
    vocabulary = load_pieces(tmp_path / "with" / "tokenizer.json").get_vocab()
    rows = [vocabulary[MARK + word] for word in ("The", "the")]
    assert all(torch.equal(own[row], torch.arange(8.0)) for row in rows)
    drawn = own[[row for row in range(4, len(own)) if row not in rows]]
    assert drawn.std().item() == pytest.approx(np.std(table.vectors), rel=0.1)
    assert found["coverage"] == pytest.approx(2 / (len(own) - 4))


def test_vectors_are_part_of_what_an_encoder_is_and_refused_where_they_do_not_fit():
    def spec(size: int | None, **more: object) -> Spec:
        vectors = None if size is None else f'word2vec:"grammar(n=30)"(epochs=1, size={size})'
        return Spec("translation", CORPUS, (), {"epochs": 0, "layers": 1, "merges": 0, "vectors": vectors, **more})

    none, eight, nine = (encoders.describe(spec(size)) for size in (None, 8, 9))
    without = Spec("translation", CORPUS, (), {"epochs": 0, "layers": 1, "merges": 0})
    assert encoders.describe(without) == none and len({one.digest for one in (none, eight, nine)}) == 3
    assert eight.needs[0].startswith("word2vec:")
    with pytest.raises(ProbekitError, match="whole words, but merges=8000"):
        encoders.describe(spec(8, merges=8000))
    with pytest.raises(ProbekitError, match="9 dimensions, the model width=8"):
        recipes.folder(spec(9, width=8))


@pytest.mark.parametrize("kind", ["translation", "labeller"])
def test_patience_and_schedule_of_a_training_that_gets_worse(kind):
    def trained(**options) -> dict:
        usual = {"width": 6, "layers": 1, "merges": 20, "epochs": 6, "rate": 20.0, "budget": 100, "patience": 6}
        given = ", ".join(f"{name}={value}" for name, value in {**usual, **options}.items())
        spec = {
            "translation": f'translation:"grammar(n=30)|translated(mirrored)"({given})',
            "labeller": f'labeller:"grammar(n=30)"(task=word/upos, {given})',
        }[kind]
        return json.loads((encoders.load_encoder(spec).folder / "config.json").read_text())["found"]

    whole, impatient = trained(), trained(patience=1)
    assert impatient["epochs"] < whole["epochs"] == 6
    assert impatient["dev_losses"] == whole["dev_losses"][: impatient["epochs"]]
    slowed = trained(schedule='"plateau(wait=1)"')
    assert slowed["dev_losses"] != whole["dev_losses"] and slowed["dev_losses"][0] == whole["dev_losses"][0]
    one, two = (trained(rate=0.01, epochs=2, threads=n)["dev_losses"] for n in (1, 2))
    assert two == pytest.approx(one, rel=1e-3)


def test_an_untrained_model_is_a_control():
    trained, untrained = SPEC, SPEC.replace("epochs=2", "epochs=0")
    assert encoders.describe(untrained).digest != encoders.describe(trained).digest
    corpus = load_corpus("grammar(n=10, seed=4)")
    a, b = (encode(corpus, spec, [2], ["words"])[2, "words"] for spec in (trained, untrained))
    assert not np.allclose(a, b) and np.isfinite(b).all()


def test_a_pass_can_be_resumed_at_any_step(folder, tmp_path):
    corpus = load_corpus("grammar(n=300, seed=3)")
    encoder = encoders.load_encoder(f"saved:{folder}")
    found = run_pass(corpus, encoder, [(2, "words"), (0, "mean")], tmp_path)
    assert encoder.start_pass(corpus, [2], ["words"]).n_steps > 1
    assert found["unknown_words"] == 0 and found["pieces"] > corpus.n_words
