"""Hugging Face encoders against plain twins, one sentence at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import tiny_models as tiny
from test_alignment import STRANGE, plain_pieces, plain_windows

from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders import activations, describe, load_encoder
from probekit.encoders.batch_pooling import word_shares
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.pooling import POOLINGS
from probekit.errors import ProbekitError, UnknownName
from probekit.store import sha256

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ALL = [*POOLINGS, "words"]
SENTENCES = [*tiny.SENTENCES, tiny.LONG, ["the", "\u200b", "house"], ["antidisestablishmentarianism" * 8, "the", "end"]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))


def poolings_of(family):
    return [p for p in ALL if p in (*tiny.encoder(family).source.poolings, "words")]


def collect(encoder, sentences, poolings, layers=None):
    """All vectors of one pass: {(layer, pooling): array in corpus order}; every row must be written once."""
    corpus = Corpus.from_words(sentences)
    layers = list(encoder.source.layers) if layers is None else layers
    made = {}
    for layer in layers:
        for pooling in poolings:
            n = corpus.n_words if pooling == "words" else corpus.n_sentences
            made[layer, pooling] = (np.full((n, encoder.width), np.nan, dtype=np.float32), np.zeros(n, dtype=int))
    todo = encoder.start_pass(corpus, layers, poolings)
    for number in range(todo.n_steps):
        for layer, pooling, rows, vectors in todo.step(number):
            assert vectors.dtype == np.float32
            made[layer, pooling][0][rows] = vectors
            made[layer, pooling][1][rows] += 1
    assert all((times == 1).all() for _, times in made.values())
    return {name: array for name, (array, _) in made.items()}


# The plain twin: one sentence alone, one window at a time, loops over pieces.


@cache
def plain_model(family):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny.folder(family)).eval()
    return model.get_encoder() if model.config.is_encoder_decoder else model


@cache
def plain_hidden(family, words):
    """Hidden states (layers, pieces, d) of a sentence, the word of each piece, and the first position of each layer."""
    import torch

    ids, owner, _ = plain_pieces(family, list(words))
    tokenizer = tiny.encoder(family).tokenizer
    prefix = [] if family in ("gpt2", "t5", "xlnet") else [tokenizer.cls_token_id]
    prefix = [tokenizer.bos_token_id] if family == "llama" else prefix
    suffix = {
        "gpt2": [],
        "llama": [],
        "t5": [tokenizer.eos_token_id],
        "xlnet": [tokenizer.sep_token_id, tokenizer.cls_token_id],
    }.get(family, [tokenizer.sep_token_id])
    spans, of_piece, _ = plain_windows(owner, tiny.POSITIONS[family] - tiny.SPECIALS[family])
    read = []
    for a, b in spans:
        with torch.no_grad():
            found = plain_model(family)(
                input_ids=torch.tensor([[*prefix, *ids[a:b], *suffix]]), output_hidden_states=True
            )
        read.append(np.stack([state[0].double().numpy() for state in found.hidden_states]))
    pieces = [read[w][:, len(prefix) + i - spans[w][0]] for i, w in enumerate(of_piece)]
    return np.stack(pieces, axis=1), owner, read[0][:, 0]


def plain_vectors(family, words, layer, pooling, piece="mean", unit="piece"):
    hidden, owner, first = plain_hidden(family, tuple(words))
    if pooling == "cls":
        return first[layer]
    of_word = []
    for number in range(len(words)):
        own = [hidden[layer][i] for i in range(len(owner)) if owner[i] == number]
        of_word.append({"mean": sum(own) / len(own), "first": own[0], "last": own[-1]}[piece])
    if pooling == "words":
        return np.array(of_word)
    if pooling.startswith("word:"):
        n, rule = len(words), pooling.removeprefix("word:")
        if "/" in rule:
            p, q = map(int, rule.split("/"))
            return of_word[-(-n * p // q) - 1]
        return of_word[0 if rule == "1" else -1]
    units = list(hidden[layer]) if unit == "piece" else of_word
    total = sum(units)
    if pooling in ("sum", "mean"):
        return total if pooling == "sum" else total / len(units)
    best = max if pooling == "max" else min
    return np.array([best(u[k] for u in units) for k in range(len(units[0]))])


def close(found, expected, n=1):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * n * max(1, np.abs(expected).max()))


def check_against_plain(family, vectors, sentences, piece, unit):
    offsets = np.cumsum([0, *map(len, sentences)])
    for (layer, pooling), array in vectors.items():
        for i, words in enumerate(sentences):
            expected = plain_vectors(family, words, layer, pooling, piece, unit)
            found = array[offsets[i] : offsets[i + 1]] if pooling == "words" else array[i]
            close(found, expected, len(plain_hidden(family, tuple(words))[1]) if pooling == "sum" else 1)


@pytest.mark.parametrize("family", [*tiny.FAMILIES, *tiny.EXTRA])
@pytest.mark.parametrize("piece, unit", [("mean", "piece"), ("mean", "word"), ("first", "word"), ("last", "piece")])
def test_every_layer_and_pooling_agrees_with_the_plain_twin(family, piece, unit):
    encoder = tiny.encoder(family, piece=piece, unit=unit)
    vectors = collect(encoder, SENTENCES, poolings_of(family))
    assert {layer for layer, _ in vectors} == set(range(tiny.LAYERS[family] + 1))
    check_against_plain(family, vectors, SENTENCES, piece, unit)


def test_the_options_move_the_vectors_they_are_for():
    """Not all of them look alike to the twin: what an option is for differs, what it is not for does not."""
    one = [["the", "didn't", "house"]]
    base = collect(tiny.encoder("bert"), one, ALL)
    for options, moved in (
        ({"piece": "first"}, {"words", "word:2/3"}),
        ({"piece": "last"}, {"words", "word:2/3"}),
        ({"unit": "word"}, {"mean", "sum", "max", "min"}),
    ):
        other = collect(tiny.encoder("bert", **options), one, ALL)
        differs = {p for p in ALL if not np.allclose(base[2, p], other[2, p], atol=1e-4)}
        assert differs == moved


def check_same(found, places, base, sentences, pieces):
    """Vectors of some of the sentences, in another order and company, against those of all of them together."""
    starts = np.cumsum([0, *map(len, sentences)])
    moved = np.cumsum([0, *(len(sentences[i]) for i in places)])
    for (layer, pooling), array in found.items():
        for place, i in enumerate(places):
            if pooling == "words":
                close(array[moved[place] : moved[place + 1]], base[layer, pooling][starts[i] : starts[i + 1]])
            else:
                close(array[place], base[layer, pooling][i], pieces[i] if pooling == "sum" else 1)


@pytest.mark.parametrize("unit", ["piece", "word"])
@pytest.mark.parametrize("family", [*tiny.FAMILIES, *tiny.EXTRA])
def test_a_sentence_is_the_same_alone_in_any_batch_and_in_any_order(family, unit):
    """All poolings and words; some sentences are read in windows."""
    whole = tiny.encoder(family, unit=unit)
    base = collect(whole, SENTENCES, poolings_of(family))
    pieces = [len(plain_pieces(family, words)[0]) for words in SENTENCES]
    assert max(pieces) > whole.capacity
    rng = np.random.default_rng(0)
    # A budget of one position: every sentence alone in its batch.
    for budget, n in ((1, len(SENTENCES)), (60, len(SENTENCES)), (200, len(SENTENCES)), (10**6, 5), (10**6, 1)):
        places = rng.permutation(len(SENTENCES))[:n]
        encoder = HuggingFaceEncoder(whole.source, whole.folder, device="cpu", token_budget=budget, unit=unit)
        found = collect(encoder, [SENTENCES[i] for i in places], poolings_of(family))
        check_same(found, places, base, SENTENCES, pieces)


def test_a_sentence_of_the_real_model_is_the_same_alone_and_in_any_order():
    """Beside others of many lengths; one is longer than the model reads at once."""
    encoder = load_encoder("minilm", device="cpu")
    corpus = load_corpus("grammar(n=60)")
    sentences = [corpus.words(i) for i in range(60)] + [tiny.LONG * 9, tiny.LONG[:9], *tiny.SENTENCES]
    names = ["mean", "sum", "max", "min", "cls", "word:1/3", "words"]
    todo = encoder.start_pass(Corpus.from_words(sentences), [0], ["mean"])
    assert todo.found["windowed_sentences"] == 1 and todo.n_steps > 3
    pieces = np.diff(todo.batches.pieces.offsets)
    base = collect(encoder, sentences, names)
    places = np.random.default_rng(1).permutation(len(sentences))
    check_same(collect(encoder, [sentences[i] for i in places], names), places, base, sentences, pieces)
    for i in [60, *places[:8]]:
        check_same(collect(encoder, [sentences[i]], names), [i], base, sentences, pieces)


def test_strange_words_have_finite_vectors_and_are_counted():
    for family in tiny.FAMILIES:
        encoder = tiny.encoder(family)
        vectors = collect(encoder, [[word] for word in STRANGE], ["mean", "words"], [0, 2])
        assert all(np.isfinite(v).all() for v in vectors.values())
        found = encoder.start_pass(Corpus.from_words([[word] for word in STRANGE]), [0], ["mean"]).found
        assert found["unknown_words"] == sum(plain_pieces(family, [word])[2] for word in STRANGE)
        long = [i for i, word in enumerate(STRANGE) if len(plain_pieces(family, [word])[0]) > encoder.capacity]
        assert found["windowed_sentences"] == found["words_over_windows"] == len(long)


def test_what_a_pass_found_is_counted():
    found = tiny.encoder("bert").start_pass(Corpus.from_words(SENTENCES), [0], ["mean"]).found
    assert found["pieces"] == sum(len(plain_pieces("bert", words)[0]) for words in SENTENCES)
    assert found["unknown_words"] == 1 and found["device"] == "cpu"
    long = [w for w in SENTENCES if len(plain_pieces("bert", w)[0]) > 38]
    assert found["windowed_sentences"] == len(long) >= 1


def test_layers_are_numbered_from_the_embeddings():
    """Layer 0 of a BERT sees one piece alone: a word's vector there does not depend on its neighbours."""
    encoder = tiny.encoder("bert")
    vectors = collect(encoder, [["the", "house"], ["the", "garden"]], ["words"])
    close(vectors[0, "words"][0], vectors[0, "words"][2])
    assert np.abs(vectors[1, "words"][0] - vectors[1, "words"][2]).max() > 0.01
    corpus = Corpus.from_words([["the", "house"]])
    reps = activations.encode(corpus, encoder, layers=[-1, 0], poolings=["words"])
    assert list(reps) == [(3, "words"), (0, "words")]
    close(reps[3, "words"], vectors[3, "words"][:2])
    for layer in (4, -5):
        with pytest.raises(ProbekitError, match=rf"has the layers 0 \(embeddings\) to 3; {layer} is not one of them"):
            activations.encode(corpus, encoder, layers=[layer])


@pytest.mark.parametrize("family, offers", [("gpt2", False), ("llama", False), ("t5", False), ("bart", True)])
def test_cls_is_refused_by_name_where_there_is_none(family, offers):
    spec = f"hf:{tiny.folder(family)}"
    source = describe(spec)
    assert ("cls" in source.poolings) == offers
    if not offers:
        with pytest.raises(
            ProbekitError, match=rf"'hf:{family}-[0-9a-f]{{8}}' has no pooling 'cls'; it offers mean, sum"
        ):
            activations.encode(Corpus.from_words([["the"]]), spec, poolings=["mean", "cls"])


def test_word_shares_are_the_definition():
    word = np.array([[0, 0, 0, 1, 2, 2], [0, 1, 1, -1, -1, -1], [0, 0, 0, 0, 0, 0]])
    expected = {
        "mean": [[1 / 3] * 3 + [1, 0.5, 0.5], [1, 0.5, 0.5, 0, 0, 0], [1 / 6] * 6],
        "first": [[1, 0, 0, 1, 1, 0], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]],
        "last": [[0, 0, 1, 1, 0, 1], [1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]],
    }
    for piece, shares in expected.items():
        np.testing.assert_allclose(word_shares(word, piece), shares, rtol=1e-6)


# Specs, options, names


def test_options_are_checked_and_canonical():
    folder = tiny.folder("bert")
    assert describe(f"hf:{folder}(unit=piece, dtype=float32)").spec == f"hf:{folder}"
    assert describe(f"hf:{folder}(unit=word, piece=first)").spec == f"hf:{folder}(piece=first, unit=word)"
    name = describe(f"hf:{folder}(strict=true)").name
    assert name.startswith("hf:bert-") and name.endswith("(strict=true)") and str(folder.parent) not in name
    with pytest.raises(UnknownName, match=r"unknown value of piece: 'frist'; did you mean first"):
        describe(f"hf:{folder}(piece=frist)")
    with pytest.raises(UnknownName, match="unknown value of dtype: 'float16'"):
        describe(f"hf:{folder}(dtype=float16)")
    with pytest.raises(UnknownName, match="'peice'; did you mean piece"):
        describe(f"hf:{folder}(peice=first)")
    with pytest.raises(ProbekitError, match="strict of this encoder is true or false"):
        describe(f"hf:{folder}(strict=1)")
    for spec in ("hf:", "random:", "random:bert", "random:hf:"):
        with pytest.raises(ProbekitError, match="names no model"):
            describe(spec)


def test_strict_reaches_the_pass():
    corpus = Corpus.from_words([["the", "\u200b"]])
    with pytest.raises(ProbekitError, match=r"word 2 .* of sentence 1 .* has no piece"):
        tiny.encoder("bert", strict=True).start_pass(corpus, [0], ["mean"])


def test_a_device_that_is_not_there_is_refused_by_name():
    spec = f"hf:{tiny.folder('bert')}"
    assert load_encoder(spec, device="cpu").device.type == "cpu"
    for device in ("gpu", "cuda:99"):
        with pytest.raises(ProbekitError, match=rf"cannot use the device '{device}': .*; cpu is always there"):
            load_encoder(spec, device=device)
    corpus = Corpus.from_words([["the"]])
    activations.encode(corpus, spec, [0], device="cpu")
    with pytest.raises(ProbekitError, match="cannot use the device 'gpu'"):
        activations.encode(corpus, spec, [1], device="gpu")


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_bfloat16_is_close_to_float32(family):
    spec = f"hf:{tiny.folder(family)}(dtype=bfloat16)"
    half = load_encoder(spec, device="cpu")
    assert next(half.model.parameters()).dtype.itemsize == 2
    exact = collect(tiny.encoder(family), tiny.SENTENCES, ["mean"])
    rough = collect(half, tiny.SENTENCES, ["mean"])
    for layer in exact:
        a, b = exact[layer], rough[layer]
        assert np.abs(a - b).max() > 0
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert cosine.min() > 0.99


def test_a_frozen_encoder_is_in_evaluation_mode_without_gradients():
    model = tiny.encoder("bert").model
    assert not model.training and not any(m.training for m in model.modules())
    assert not any(p.requires_grad for p in model.parameters())


# Random weights

PRINT = """
import sys, hashlib
sys.path[:0] = [sys.argv[1]]
from probekit.encoders import load_encoder
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
for spec in sys.argv[2:]:
    encoder = load_encoder(spec, device="cpu")
    todo = encoder.start_pass(Corpus.from_words([["the", "old", "house"]]), [0, 2], ["mean"])
    found = hashlib.sha256()
    for layer, _, _, vectors in todo.step(0):
        found.update(vectors.tobytes())
    print(found.hexdigest())
"""


def fingerprint(spec):
    import hashlib

    todo = load_encoder(spec, device="cpu").start_pass(Corpus.from_words([["the", "old", "house"]]), [0, 2], ["mean"])
    found = hashlib.sha256()
    for _, _, _, vectors in todo.step(0):
        found.update(vectors.tobytes())
    return found.hexdigest()


def test_random_encoders_are_the_same_in_every_process_and_follow_their_seed():
    import torch

    folder = tiny.folder("bert")
    specs = [f"random:hf:{folder}", f"random:hf:{folder}(init_seed=1)", "random:minilm", "random:minilm(init_seed=3)"]
    torch.manual_seed(99)  # what other code drew does not enter
    before = torch.random.get_rng_state()
    here = [fingerprint(spec) for spec in specs]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len({*here, fingerprint(f"hf:{folder}"), fingerprint("minilm")}) == 6
    done = subprocess.run(
        [sys.executable, "-c", PRINT, os.getcwd(), *specs],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert done.stdout.split() == here, done.stderr[-2000:]
    assert len({describe(spec).digest for spec in [*specs, f"hf:{folder}", "minilm"]}) == 6
    assert describe("random:minilm(init_seed=0)").spec == "random:minilm"


# The bundled BERT


def test_minilm_is_the_published_model():
    from probekit.encoders.model_folder import minilm_folder

    assert sha256(minilm_folder() / "model.safetensors") == MINILM_SHA256
    source = describe("minilm")
    assert source.name == source.spec == "minilm" and source.layers == tuple(range(7))
    assert describe("minilm(piece=first)").name == "minilm(piece=first)"
    assert source.poolings == POOLINGS


def test_minilm_agrees_with_the_library():
    import torch
    from transformers import AutoModel, AutoTokenizer

    from probekit.encoders.model_folder import minilm_folder

    encoder = load_encoder("minilm", device="cpu")
    assert encoder.width == 384 and encoder.capacity == 510
    # Longer than the 128 pieces at which its tokenizer's file cuts.
    sentences = [
        *tiny.SENTENCES[:4],
        ["the", "old", "house", "stood", "at", "the", "end", "of", "the", "street", "."] * 14,
    ]
    vectors = collect(encoder, sentences, ["mean", "cls", "words"])
    tokenizer = AutoTokenizer.from_pretrained(minilm_folder())
    model = AutoModel.from_pretrained(minilm_folder()).eval()
    start = 0
    for i, words in enumerate(sentences):
        read = tokenizer(words, is_split_into_words=True, return_tensors="pt", truncation=False, padding=False)
        with torch.no_grad():
            hidden = model(**read, output_hidden_states=True).hidden_states
        for layer in range(7):
            state = hidden[layer][0].numpy()
            close(vectors[layer, "mean"][i], state[1:-1].mean(axis=0))
            close(vectors[layer, "cls"][i], state[0])
            own = [[k for k, w in enumerate(read.word_ids(0)) if w == number] for number in range(len(words))]
            close(vectors[layer, "words"][start : start + len(words)], [state[k].mean(axis=0) for k in own])
        start += len(words)
    half = collect(load_encoder("minilm(dtype=bfloat16)", device="cpu"), sentences, ["mean"])
    for layer in range(7):
        a, b = vectors[layer, "mean"], half[layer, "mean"]
        assert ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min() > 0.999
