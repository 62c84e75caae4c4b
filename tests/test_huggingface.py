"""Hugging Face encoders against plain twins, one sentence at a time; folders that are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from functools import cache

import numpy as np
import pytest
import tiny_models as tiny
from test_alignment import STRANGE, plain_pieces, plain_windows

from probekit.corpora.corpus import Corpus
from probekit.encoders import activations, describe, load_encoder
from probekit.encoders.huggingface import HuggingFaceEncoder, word_shares
from probekit.encoders.model_folder import content_digest
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
    prefix = (
        [] if family in ("gpt2", "t5") else [tokenizer.bos_token_id if family == "llama" else tokenizer.cls_token_id]
    )
    suffix = {"gpt2": [], "llama": [], "t5": [tokenizer.eos_token_id]}.get(family, [tokenizer.sep_token_id])
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


@pytest.mark.parametrize("family", ["bert", "roberta", "gpt2", "xlm-roberta"])
def test_a_sentence_is_the_same_alone_in_any_batch_and_in_any_order(family):
    whole = tiny.encoder(family)
    poolings = poolings_of(family)
    base = collect(whole, SENTENCES, poolings)
    lengths = [len(words) for words in SENTENCES]
    pieces = [len(plain_pieces(family, words)[0]) for words in SENTENCES]
    starts = np.cumsum([0, *lengths])
    # A budget of one position: every sentence alone in its batch.
    for budget, order in ((1, np.arange(len(SENTENCES))), (200, np.random.default_rng(0).permutation(len(SENTENCES)))):
        encoder = HuggingFaceEncoder(whole.source, whole.folder, device="cpu", token_budget=budget)
        other = collect(encoder, [SENTENCES[i] for i in order], poolings)
        moved = np.cumsum([0, *(lengths[i] for i in order)])
        for (layer, pooling), array in other.items():
            for place, i in enumerate(order):
                if pooling == "words":
                    close(array[moved[place] : moved[place + 1]], base[layer, pooling][starts[i] : starts[i + 1]])
                else:
                    close(array[place], base[layer, pooling][i], pieces[i] if pooling == "sum" else 1)


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
    with pytest.raises(ProbekitError, match="strict is true or false"):
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
        [sys.executable, "-c", PRINT, os.getcwd(), *specs], capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )  # fmt: skip
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


# Folders from elsewhere


def copy(tmp_path, family="bert", name="model"):
    folder = tmp_path / name
    shutil.copytree(tiny.folder(family), folder)
    return folder


def edit_json(path, **changes):
    content = json.loads(path.read_text())
    content.update(changes)
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))


def test_pickled_weights_are_refused_with_the_way_to_convert_them(tmp_path):
    folder = copy(tmp_path)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ProbekitError, match="'model' comes with no safetensors"):
        describe(f"hf:{folder}")
    # Were it read, this would be an error of another kind: it is no pickle.
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")
    for spec in (f"hf:{folder}", f"random:hf:{folder}"):
        with pytest.raises(
            ProbekitError,
            match=r"only pickled weights \(pytorch_model.bin\).*AutoModel.from_pretrained\(FOLDER\).save_pre",
        ):
            load_encoder(spec)


def test_code_in_a_folder_is_never_run(tmp_path):
    folder = copy(tmp_path)
    marker = tmp_path / "ran"
    for name in ("modeling_own", "configuration_own", "tokenization_own"):
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'w').write('ran')\nclass Own: pass\n")
    edit_json(
        folder / "config.json",
        auto_map={"AutoModel": "modeling_own.Own", "AutoConfig": "configuration_own.Own"},
    )
    edit_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "tokenization_own.Own"]})
    encoder = load_encoder(f"hf:{folder}", device="cpu")
    collect(encoder, [["the"]], ["mean"])
    assert type(encoder.model).__name__ == "BertModel"
    edit_json(folder / "config.json", model_type="own-kind")
    with pytest.raises(ProbekitError, match=r"cannot load the (model|tokenizer) of 'hf:model-"):
        collect(load_encoder(f"hf:{folder}", device="cpu"), [["the"]], ["mean"])
    assert not marker.exists()


def test_a_tokenizer_without_a_fast_form_is_refused(tmp_path):
    folder = copy(tmp_path)
    (folder / "tokenizer.json").unlink()
    # Left alone, the library would make up an empty vocabulary and read every word as unknown.
    with pytest.raises(ProbekitError, match=r"the model 'model' comes without a tokenizer; put its tokenizer\.json"):
        describe(f"hf:{folder}")
    (folder / "vocab.json").write_text("{}")
    with pytest.raises(ProbekitError, match=r"tokenizer of 'hf:model-[0-9a-f]{8}'.*(no vocabulary|tokenizer\.json)"):
        load_encoder(f"hf:{folder}", device="cpu").start_pass(Corpus.from_words([["the"]]), [0], ["mean"])
    (folder / "vocab.json").rename(folder / "vocab.txt")
    edit_json(folder / "tokenizer_config.json", tokenizer_class="CanineTokenizer")
    with pytest.raises(ProbekitError, match=r"tokenizer of 'hf:model-[0-9a-f]{8}' gives no word ids"):
        load_encoder(f"hf:{folder}", device="cpu").start_pass(Corpus.from_words([["the"]]), [0], ["mean"])


def test_a_vocabulary_alone_is_enough_for_a_bert(tmp_path):
    """Older folders have a vocab.txt and no tokenizer.json; the library builds the fast form."""
    folder = copy(tmp_path)
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
    (folder / "tokenizer.json").unlink()
    found = collect(load_encoder(f"hf:{folder}", device="cpu"), tiny.SENTENCES, ["mean"])
    close(found[3, "mean"], collect(tiny.encoder("bert"), tiny.SENTENCES, ["mean"])[3, "mean"])


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    folder = copy(tmp_path)
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text())
    content["model"]["vocab"]["zzzz"] = 9000
    file.write_text(json.dumps(content))
    encoder = load_encoder(f"hf:{folder}", device="cpu")
    encoder.start_pass(Corpus.from_words([["the"]]), [0], ["mean"])
    with pytest.raises(ProbekitError, match=r"gives the piece 9000, but the model has only \d+ input embeddings"):
        encoder.start_pass(Corpus.from_words([["the", "zzzz"]]), [0], ["mean"])


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("config.json", "{", "cannot read config.json of the model folder 'model'"),
        ("config.json", "[]", "config.json of the model folder 'model' holds no mapping"),
        (
            "config.json",
            '{"model_type": "bert", "hidden_size": 32}',
            "does not say its number of layers; looked for num_hid",
        ),
        ("config.json", '{"model_type": "bert", "num_hidden_layers": 3}', "does not say its width"),
        ("tokenizer.json", "{", "cannot read tokenizer.json of the model folder 'model'"),
        ("tokenizer.json", '{"version": "1.0"}', "cannot load the tokenizer of 'hf:model-"),
        ("model.safetensors", "no weights", "cannot load the model of 'hf:model-"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, content, message):
    folder = copy(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(ProbekitError, match=message):
        load_encoder(f"hf:{folder}", device="cpu").start_pass(Corpus.from_words([["the"]]), [0], ["mean"])


def test_weights_that_are_missing_are_not_made_up(tmp_path):
    """The library fills them with random numbers, and says so only in its log."""
    from safetensors.torch import load_file, save_file

    folder = copy(tmp_path)
    weights = load_file(folder / "model.safetensors")
    assert any("pooler" in name for name in weights)
    without_pooler = {name: value for name, value in weights.items() if "pooler" not in name}
    save_file(without_pooler, folder / "model.safetensors", metadata={"format": "pt"})
    collect(load_encoder(f"hf:{folder}", device="cpu"), [["the"]], ["mean"])  # nothing of it is asked
    less = {name: value for name, value in without_pooler.items() if "layer.2.output" not in name}
    save_file(less, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ProbekitError, match=r"weights of 'hf:model-.* lack 4 of .* such as 'encoder\.layer\.2\.output"):
        collect(load_encoder(f"hf:{folder}", device="cpu"), [["the"]], ["mean"])


def test_weights_that_are_not_numbers_are_refused_by_layer(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copy(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.1.output.dense.bias"][3] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    corpus = Corpus.from_words([["the", "house"]])
    assert np.isfinite(activations.encode(corpus, f"hf:{folder}", [0, 1])[1, "mean"]).all()
    with pytest.raises(
        ProbekitError, match=r"'hf:model-[0-9a-f]{8}' gave vectors that are not finite \(layer 2, mean\)"
    ):
        activations.encode(corpus, f"hf:{folder}")


def test_a_configuration_that_promises_other_layers_is_refused(tmp_path):
    """Blocks that the configuration leaves out would shift nothing, but those it adds are missing weights."""
    folder = copy(tmp_path)
    edit_json(folder / "config.json", num_hidden_layers=4)
    with pytest.raises(ProbekitError, match=r"lack 16 of the model's parameters"):
        collect(load_encoder(f"hf:{folder}", device="cpu"), [["the"]], ["mean"])


def test_a_length_that_leaves_no_room_is_refused(tmp_path):
    folder = copy(tmp_path)
    edit_json(folder / "tokenizer_config.json", model_max_length=2)
    with pytest.raises(ProbekitError, match="reads 2 positions at once, which its special tokens fill"):
        load_encoder(f"hf:{folder}", device="cpu").start_pass(Corpus.from_words([["the"]]), [0], ["mean"])


def test_a_shorter_length_of_the_tokenizer_makes_shorter_windows(tmp_path):
    folder = copy(tmp_path)
    edit_json(folder / "tokenizer_config.json", model_max_length=10)
    assert load_encoder(f"hf:{folder}", device="cpu").capacity == 8


def test_sharded_weights_are_read(tmp_path):
    from transformers import AutoModel

    folder = copy(tmp_path)
    (folder / "model.safetensors").unlink()
    AutoModel.from_pretrained(tiny.folder("bert")).save_pretrained(folder, max_shard_size="30KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    sentences = tiny.SENTENCES[:2]
    found = collect(load_encoder(f"hf:{folder}", device="cpu"), sentences, ["mean"])
    close(found[3, "mean"], collect(tiny.encoder("bert"), sentences, ["mean"])[3, "mean"])


def test_a_folder_is_found_by_name_in_the_data_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("PROBEKIT_DATA", f"{tmp_path}{os.pathsep}{tiny.root()}")
    tiny.folder("bert")
    source = describe("hf:bert")
    assert source.name == describe(f"hf:{tiny.folder('bert')}").name
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("empty", "./nowhere", str(tmp_path / "nowhere"), "~/nowhere"):
        with pytest.raises(ProbekitError, match=f"no model in '{name}': there is no config.json"):
            describe(f"hf:{name}")


def test_the_key_of_an_encoder_is_its_content(tmp_path):
    one, two = copy(tmp_path, name="one"), copy(tmp_path, name="two")
    assert describe(f"hf:{one}").digest == describe(f"hf:{two}").digest
    assert describe(f"hf:{one}").name != describe(f"hf:{two}").name
    (two / "README.md").write_text("nothing that a vector depends on")
    assert describe(f"hf:{one}").digest == describe(f"hf:{two}").digest
    digests = {describe(f"hf:{one}").digest}
    for options in ("piece=first", "piece=last", "unit=word", "dtype=bfloat16", "strict=true"):
        digests.add(describe(f"hf:{one}({options})").digest)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        before = (two / name).read_bytes()
        changed = bytearray(before)
        changed[-40 if name == "model.safetensors" else before.index(b" ")] ^= (
            4 if name == "model.safetensors" else 0x2A
        )
        (two / name).write_bytes(changed)
        digests.add(content_digest(two))
        (two / name).write_bytes(before)
    assert len(digests) == 10
    assert describe(f"hf:{one}").digest == describe(f"hf:{two}").digest
    # Random weights depend on no weights.
    (two / "model.safetensors").write_bytes(b"others")
    assert describe(f"random:hf:{one}").digest == describe(f"random:hf:{two}").digest


# Names on the hub

ASK = """
import os, sys
from probekit.encoders import describe, model_folder
from probekit.errors import ProbekitError
if "SHORT" in os.environ:
    model_folder.HUB_TIMEOUT = float(os.environ["SHORT"])
try:
    print(describe(sys.argv[1]))
except ProbekitError as error:
    print("REFUSED", error)
print("torch" in sys.modules, "transformers" in sys.modules)
"""


def ask(spec, **environment):
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", ASK, spec],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, time.monotonic() - started


def test_an_unknown_name_is_refused_quickly_without_a_network(tmp_path):
    proxy = "http://127.0.0.1:9"  # nothing listens there: a network that refuses
    for environment in (
        {"HF_HUB_OFFLINE": "1"},
        {"HF_HUB_OFFLINE": "0", "HTTPS_PROXY": proxy, "https_proxy": proxy, "HTTP_PROXY": proxy, "http_proxy": proxy},
    ):
        said, seconds = ask(
            "hf:somebody/no-such-model", HF_HOME=str(tmp_path / "hf"), PROBEKIT_DATA=str(tmp_path), **environment
        )
        assert said.startswith("REFUSED no model 'somebody/no-such-model'. Tried the folders\n"), said
        assert str(tmp_path / "somebody/no-such-model") in said and "Hugging Face hub" in said
        assert "False False" in said
        assert seconds < 60


def test_a_network_that_never_answers_does_not_hang(tmp_path):
    """A listener that takes the question and says nothing stands for a firewall that drops it."""
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(20)
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said, seconds = ask(
            "hf:somebody/no-such-model", HF_HOME=str(tmp_path / "hf"), PROBEKIT_DATA="", HF_HUB_OFFLINE="0",
            HTTPS_PROXY=proxy, https_proxy=proxy, NO_PROXY="", no_proxy="", SHORT="0.5",
        )  # fmt: skip
    assert said.startswith("REFUSED no model 'somebody/no-such-model'"), said
    assert "Timeout" in said and seconds < 30


def test_a_name_that_is_no_name_is_refused(tmp_path):
    said, _ = ask("hf:a/b/c d", HF_HOME=str(tmp_path / "hf"), HF_HUB_OFFLINE="1")
    assert said.startswith("REFUSED no model 'a/b/c d'")


def test_a_model_of_the_hub_is_found_in_the_library_s_cache(tmp_path):
    """Whole, it is read; a part of it that another program left is not taken for the model."""
    home = tmp_path / "hf"
    snapshot = home / "hub" / "models--some--bert" / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    snapshot.mkdir(parents=True)
    refs = snapshot.parent.parent / "refs"
    refs.mkdir()
    (refs / "main").write_text(snapshot.name)
    shutil.copy(tiny.folder("bert") / "config.json", snapshot)
    said, _ = ask("hf:some/bert", HF_HOME=str(home), HF_HUB_OFFLINE="1")
    assert said.startswith("REFUSED no model 'some/bert'. Tried the folders"), said
    for file in tiny.folder("bert").iterdir():
        shutil.copy(file, snapshot)
    said, _ = ask("hf:some/bert", HF_HOME=str(home), HF_HUB_OFFLINE="1")
    assert "name='hf:some/bert'" in said and "False False" in said


def test_describing_the_bundled_model_and_folders_loads_no_torch():
    for spec in ("minilm(piece=first)", "random:minilm", f"hf:{tiny.folder('gpt2')}"):
        said, _ = ask(spec)
        assert said.startswith("EncoderSource(") and "False False" in said
