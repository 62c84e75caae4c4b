"""Activations: made once in corpus order, found again, resumed when interrupted, rebuilt when damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_models as tiny

from probekit import recipes
from probekit.corpora import describe as describe_corpus
from probekit.corpora import load_corpus
from probekit.corpora.corpus import Corpus
from probekit.encoders import WordEncoder, activations, describe, load_encoder, pooling, register
from probekit.encoders.activations import ARRAY, KIND, activation_key, encode, missing, need
from probekit.errors import ProbekitError, UnknownName
from probekit.store import Store

TESTS = Path(__file__).parent
POOLINGS = [*(p for p in pooling.POOLINGS if p != "cls"), "words"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PROBEKIT_CACHE_LIMIT", raising=False)
    monkeypatch.setenv("COUNTING_LOG", str(tmp_path / "log"))


@pytest.fixture
def one_thread():
    """Steps one after the other; what several at once do is in test_packing."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@register("counting", revision=3)
class Counting(WordEncoder):
    """An encoder of one's own: a word's vector is made of its letters; every sentence read is logged."""

    width, n_layers = 4, 3

    def __init__(self, scale=1.0):
        self.scale = scale

    def vectors(self, words):
        if log := os.environ.get("COUNTING_LOG"):
            with open(log, "a") as file:
                file.write(" ".join(words) + "\n")
        time.sleep(float(os.environ.get("COUNTING_PAUSE", "0")))
        if Counting.stop_at == words:
            raise KeyboardInterrupt
        return np.stack(
            [[[self.scale * number(layer, word, k) for k in range(4)] for word in words] for layer in range(3)]
        )

    stop_at = None


@register("flat")
class Flat(WordEncoder):
    """One layer."""

    width = 2

    def vectors(self, words):
        return np.array([[[len(word), i] for i, word in enumerate(words)]])


@register("wrong-shape")
class Wrong(WordEncoder):
    """Gives one vector too few."""

    width = 2

    def vectors(self, words):
        return np.zeros((1, len(words) - 1, 2))


def number(layer, word, k):
    digest = hashlib.blake2b(f"{layer} {k} {word}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") / 2**31 - 1


def numbered(n, first=0):
    """Sentences that all differ, of one to five words."""
    return Corpus.from_words([[f"s{i}", *("abcd"[: i * 7 % 5])] for i in range(first, first + n)])


def log():
    file = Path(os.environ["COUNTING_LOG"])
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def plain(corpus, layer, name, scale=1.0):
    """Sentence by sentence, number by number."""
    rows = []
    for i in range(corpus.n_sentences):
        words = [[scale * number(layer, word, k) for k in range(4)] for word in corpus.words(i)]
        if name == "words":
            rows += words
        elif name.startswith("word:"):
            rows.append(words[pooling.position(np.array([len(words)]), name)[0]])
        else:
            reduce = {"sum": sum, "max": max, "min": min, "mean": lambda v: sum(v) / len(v)}[name]
            rows.append([reduce([word[k] for word in words]) for k in range(4)])
    return np.array(rows, dtype=np.float32)


def check(corpus, reps, scale=1.0):
    for (layer, name), array in reps.items():
        expected = plain(corpus, layer, name, scale)
        assert array.dtype == np.float32 and array.shape == expected.shape
        np.testing.assert_allclose(array, expected, atol=1e-6)


# An encoder of one's own


def test_an_encoder_of_ones_own_works_with_all_poolings():
    corpus = numbered(130)
    reps = encode(corpus, "counting", poolings=POOLINGS)
    assert list(reps) == [(layer, name) for layer in range(3) for name in POOLINGS]
    check(corpus, reps)
    assert log() == [" ".join(corpus.words(i)) for i in range(130)], "one pass for all layers and poolings"
    check(corpus, encode(corpus, "counting(scale=2)", [1], ["mean"]), 2.0)
    loaded = load_encoder("counting(scale=2.0)")
    assert loaded.source.spec == "counting(scale=2)" and loaded.scale == 2
    log()
    assert list(encode(corpus, loaded, [1], ["mean"])) == [(1, "mean")] and log() == []


def test_unpooled_vectors_are_kept_in_half_precision_where_asked(tmp_path):
    corpus, spec = Corpus.from_words([["the", "incomprehensible", "garden"], ["rain"]]), f"hf:{tiny.folder('bert')}"
    store = Store(tmp_path / "both")
    both = encode(corpus, spec, layers=[1], poolings=["pieces", "pieces:half", "words:half", "mean"], store=store)
    assert both[1, "pieces:half"].dtype == both[1, "words:half"].dtype == np.float16
    assert np.array_equal(both[1, "pieces:half"], both[1, "pieces"].astype(np.float16))
    alone = encode(corpus, spec, layers=[1], poolings=["pieces:half"], store=Store(tmp_path / "alone"))
    assert np.array_equal(alone[1, "pieces:half"], both[1, "pieces:half"])
    firsts = [
        activations.read_first_piece(describe(spec), corpus.digest, 1, Store(tmp_path / n)) for n in ("both", "alone")
    ]
    assert np.array_equal(*firsts) and len(firsts[0]) == corpus.n_words + 1


def test_what_half_precision_cannot_hold_is_refused():
    corpus = Corpus.from_words([["rain"]])
    with pytest.raises(ProbekitError, match=r"too large for half precision \(layer 0, words:half\)"):
        encode(corpus, "counting(scale=1000000.0)", layers=[0], poolings=["words:half"])
    with pytest.raises(UnknownName, match="mean:half"):
        encode(corpus, "counting", layers=[0], poolings=["mean:half"])
    with pytest.raises(ProbekitError, match="ask for the pooling 'words:half'"):
        encode(corpus, "counting", layers=[0], poolings=["pieces:half"])


def test_half_precision_takes_half_the_room():
    corpus, spec = describe_corpus("grammar(n=20)"), describe(f"hf:{tiny.folder('bert')}")
    full, half = (recipes.of(need(corpus, spec, [(1, name)])).cost()[1] for name in ("pieces", "pieces:half"))
    assert full == 2 * half > 0


def test_an_encoder_of_one_layer_is_layer_none():
    corpus = Corpus.from_words([["a", "bcd"], ["ef"]])
    reps = encode(corpus, "flat", poolings=["mean", "words"])
    assert list(reps) == [(None, "mean"), (None, "words")]
    assert reps[None, "mean"].tolist() == [[2, 0.5], [2, 0]]
    assert reps[None, "words"].tolist() == [[1, 0], [3, 1], [2, 0]]


def test_what_an_encoder_of_ones_own_gets_wrong_is_named():
    corpus = Corpus.from_words([["a", "b", "c"]])
    with pytest.raises(
        ProbekitError, match=r"'wrong-shape' gave vectors of shape \(1, 2, 2\) for the 3 words of sentence 0"
    ):
        encode(corpus, "wrong-shape")
    with pytest.raises(ProbekitError, match="'counting' has no pooling 'cls'"):
        encode(corpus, "counting", poolings=["cls"])
    with pytest.raises(UnknownName, match="'speed'"):
        encode(corpus, "counting(speed=3)")
    with pytest.raises(UnknownName, match="unknown encoder 'countin'; did you mean counting"):
        encode(corpus, "countin")
    with pytest.raises(ProbekitError, match=r"Counting has no spec.*register it"):
        encode(corpus, Counting())
    with pytest.raises(ProbekitError, match="'counting' is taken"):
        register("counting")(Flat)
    assert log() == []


# Made once, in corpus order


def test_only_what_is_missing_is_computed(monkeypatch):
    corpus = numbered(20)
    first = encode(corpus, "counting", [1], ["mean"])
    asked = []
    start = Counting.start_pass

    def spy(self, corpus, layers, poolings):
        asked.append((list(layers), list(poolings)))
        return start(self, corpus, layers, poolings)

    monkeypatch.setattr(Counting, "start_pass", spy)
    again = encode(corpus, "counting", [1], ["mean"])
    assert asked == [] and np.array_equal(first[1, "mean"], again[1, "mean"])
    check(corpus, encode(corpus, "counting", [1], ["mean", "words"]))
    check(corpus, encode(corpus, "counting", "all", ["mean"]))
    check(corpus, encode(corpus, "counting", [2, 0], ["max", "words", "mean"]))
    assert asked == [([1], ["words"]), ([0, 2], ["mean"]), ([0, 2], ["max", "words"])]


def test_cached_and_new_vectors_keep_the_order_of_the_corpus():
    """The same corpora in other orders and mixtures, some of it read before: rows follow the corpus asked for."""
    corpus = numbered(60)
    encode(corpus, "counting", poolings=["mean", "words"])
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(60)[: 60 - seed]
        check(corpus.select(rows), encode(corpus.select(rows), "counting", poolings=["mean", "words"]))
    check(corpus, encode(corpus, "counting", poolings=["words", "mean"]))


def test_rows_of_a_real_model_follow_the_corpus():
    """Its batches are sorted by length; sentences are told apart by their own vectors, one at a time."""
    encoder = tiny.encoder("bert")
    sentences = [*tiny.SENTENCES, tiny.LONG]
    reps = encode(Corpus.from_words(sentences), encoder, poolings=["mean", "words"])
    start = 0
    for i, words in enumerate(sentences):
        alone = encode(Corpus.from_words([words]), encoder, poolings=["mean", "words"])
        for layer in range(4):
            np.testing.assert_allclose(reps[layer, "mean"][i], alone[layer, "mean"][0], atol=1e-4)
            np.testing.assert_allclose(
                reps[layer, "words"][start : start + len(words)], alone[layer, "words"], atol=1e-4
            )
        start += len(words)


def test_a_cached_read_equals_the_fresh_one_and_is_read_only(tmp_path):
    corpus = numbered(30)
    fresh = encode(corpus, "counting", poolings=["mean"], store=Store(tmp_path / "a"))
    kept = encode(corpus, "counting", poolings=["mean"], store=Store(tmp_path / "a"))
    other = encode(corpus, "counting", poolings=["mean"], store=Store(tmp_path / "b"))
    for key, array in fresh.items():
        assert array.tobytes() == kept[key].tobytes() == other[key].tobytes()
        for found in (array, kept[key]):
            assert isinstance(found, np.memmap) and not found.flags.writeable
            with pytest.raises(ValueError, match="read-only"):
                found[0] = 0
    assert len(log()) == 60


def test_a_cached_read_loads_neither_model_nor_torch():
    corpus = Corpus.from_words(tiny.SENTENCES)
    spec = f"hf:{tiny.folder('bert')}"
    expected = encode(corpus, spec, [2], ["mean"])[2, "mean"]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tiny_models, probekit, probekit.encoders\n"
        "from probekit.corpora.corpus import Corpus; from probekit.encoders.activations import encode\n"
        "reps = encode(Corpus.from_words(tiny_models.SENTENCES), sys.argv[2], [2], ['mean'])\n"
        "print(reps[2, 'mean'].tobytes().hex(), 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(TESTS), spec], capture_output=True, text=True)
    assert done.stdout.split() == [expected.tobytes().hex(), "False", "False"], done.stderr[-2000:]


def test_importing_and_describing_load_neither_torch_nor_transformers():
    code = (
        "import sys, probekit, probekit.encoders, probekit.encoders.activations\n"
        "probekit.encoders.describe('minilm'); probekit.encoders.describe('random:minilm(piece=first)')\n"
        "print([m for m in ('torch', 'transformers', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]


def test_specs_are_enough_for_a_worker(tmp_path):
    spec = "grammar(n=30, seed=5)"
    wanted = [(0, "mean"), (2, "words")]
    store = Store(tmp_path / "cache")
    source = describe("counting")
    text = need(describe_corpus(spec), source, wanted)
    recipe = recipes.of(text)
    seconds, room = recipe.cost()
    assert not recipe.made and seconds > 0 and room == 4 * 4 * (30 + load_corpus(spec).n_words)
    recipe.ensure()
    assert len(log()) == 30
    assert recipes.of(text).made and recipes.of(text).cost() == (0, 0)
    recipes.of(text).ensure()
    assert log() == []
    corpus = load_corpus(spec)
    assert missing(source, describe_corpus(spec).digest, wanted, store) == []
    check(corpus, {w: activations.read(source, corpus.digest, *w, store)[0] for w in wanted})
    array, found = activations.read(source, corpus.digest, 0, "mean", store)
    assert array.shape == (30, 4) and found["seconds"] >= 0
    with pytest.raises(
        ProbekitError, match=r"vectors of 'counting' \(layer 1, max\) are gone from the cache; run again"
    ):
        activations.read(source, corpus.digest, 1, "max", store)


# Keys


def test_a_key_tells_all_that_the_vectors_depend_on():
    one = Corpus.from_words([["the", "house"]])
    keys = {
        activation_key(describe(encoder), corpus.digest, layer, name)
        for encoder in ("counting", "counting(scale=2)", "flat")
        for corpus in (one, Corpus.from_words([["the", "hause"]]), Corpus.from_words([["the"], ["house"]]))
        for layer in (None, 0, 1)
        for name in ("mean", "words", "word:1")
    }
    assert len(keys) == 81
    assert (
        activation_key(describe("counting(scale=1)"), Corpus.from_words([["the", "house"]]).digest, 0, "mean") in keys
    )


def test_a_pass_is_one_recipe_wherever_its_files_lie_and_another_for_other_vectors(tmp_path):
    line = "1\tdogs\tdog\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
    found = []
    for place in (tmp_path / "one", tmp_path / "two"):
        place.mkdir()
        (place / "x.conllu").write_text(line)
        (place / "v.txt").write_text("dogs 1 2\ncats 3 4\n")
        corpus, encoder = describe_corpus(f"conllu:{place}/x.conllu"), describe(f"static:{place}/v.txt")
        wanted = [[(None, "mean")], [(None, "mean"), (None, "words")]]
        found.append([recipes.of(need(corpus, encoder, some)) for some in wanted])
    assert [recipe.key for recipe in found[0]] == [recipe.key for recipe in found[1]]
    assert found[0][0].key != found[0][1].key and found[0][0].name == found[1][0].name
    assert str(tmp_path) not in found[0][0].name and found[0][0].spec != found[1][0].spec
    found[0][0].ensure()
    assert found[1][0].made and not found[1][1].made


def test_keys_are_pinned():
    """Vectors that were made before are found under these: a change here makes everybody's cache new."""
    assert describe("minilm").digest == "7c43bc58db4cde71500b6a4fbb9a70be"
    assert describe("random:minilm").digest == "ead6ad9f9870d29002a2c4bbb1730880"
    assert describe("counting(scale=2)").digest == "26ad29325e7fc481290f73331bea44ae"
    assert activation_key(describe("counting"), "corpus", 1, "word:1/3") == "08751a299cabc710d0bd0dc92ff42049"


def test_parts_have_names_of_their_own():
    layers, names = [None, *range(12)], [*POOLINGS, "cls", "word:1/2", "word:1/12", "word:11/12"]
    parts = {activations.part_name(layer, name) for layer in layers for name in names}
    assert len(parts) == len(layers) * len(names)
    assert all(part.replace("-", "").replace("_", "").isalnum() for part in parts)


# Interruptions


def unfinished(root):
    [folder] = (root / "unfinished").iterdir()
    return folder


def work(root, n, *poolings):
    """What a child process does: saves after every step, so that a kill at any moment leaves progress."""
    activations.SAVE_EVERY = 0.0
    reps = encode(numbered(n), "counting", poolings=poolings, store=Store(root))
    return hashlib.sha256(b"".join(array.tobytes() for array in reps.values())).hexdigest()


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import test_activations as tests
print("ready", flush=True)
sys.stdin.readline()
print(tests.work(sys.argv[2], int(sys.argv[3]), *sys.argv[4:]), flush=True)
"""


def child(root, n, *poolings, **environment):
    started = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(TESTS), str(root), str(n), *poolings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert started.stdout.readline() == "ready\n"
    return started


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_killed_pass_goes_on_where_it_stopped(tmp_path):
    n, root = 1000, tmp_path / "cache"
    killed = child(root, n, "mean", "words", COUNTING_PAUSE="0.002")
    go(killed)
    done = 0
    while done < 3:
        assert killed.poll() is None
        time.sleep(0.01)
        if progress := list((root / "unfinished").glob("*/progress.json")):
            done = json.loads(progress[0].read_text())["done"]
    killed.kill()
    assert killed.wait() == -9
    read = len(log())
    done = json.loads((unfinished(root) / "progress.json").read_text())["done"]
    assert 3 <= done < 10 and read < n
    assert not (root / "artefacts").exists()
    result = work(root, n, "mean", "words")
    resumed = log()
    assert len(resumed) == n - 100 * done and resumed[0].split()[0] == f"s{100 * done}"
    assert result == work(tmp_path / "whole", n, "mean", "words")
    check(numbered(n), encode(numbered(n), "counting", poolings=["mean", "words"], store=Store(root)))
    assert not list((root / "unfinished").iterdir())
    [entry, *_] = Store(root).entries()
    assert entry.recipe["found"]["seconds"] >= 0.002 * 100 * done, "seconds of the killed process count"


@pytest.mark.parametrize("first, then", [(["mean", "max"], ["mean"]), (["mean"], ["mean", "max"])])
def test_progress_of_another_pass_is_used_only_for_what_it_holds(tmp_path, monkeypatch, first, then):
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    corpus, store = numbered(500), Store(tmp_path / "cache")
    monkeypatch.setattr(Counting, "stop_at", corpus.words(350))
    with pytest.raises(KeyboardInterrupt):
        encode(corpus, "counting", poolings=first, store=store)
    monkeypatch.setattr(Counting, "stop_at", None)
    log()
    check(corpus, encode(corpus, "counting", poolings=then, store=store))
    assert len(log()) == (200 if set(then) <= set(first) else 500)


def test_progress_never_vouches_for_arrays_that_were_begun_anew(tmp_path, monkeypatch):
    """A pass is stopped; one over other poolings begins and is stopped before it has saved; then the first again."""
    corpus, store = numbered(500), Store(tmp_path / "cache")
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    for names, stop, every in ((["mean", "max"], 350, 0.0), (["mean", "min"], 20, 1e9)):
        monkeypatch.setattr(activations, "SAVE_EVERY", every)
        monkeypatch.setattr(Counting, "stop_at", corpus.words(stop))
        with pytest.raises(KeyboardInterrupt):
            encode(corpus, "counting", poolings=names, store=store)
    monkeypatch.setattr(Counting, "stop_at", None)
    check(corpus, encode(corpus, "counting", poolings=["mean", "max"], store=store))


def test_progress_does_not_vouch_for_parts_that_a_later_pass_left_behind(tmp_path, monkeypatch):
    """Two poolings are stopped, one of them goes on alone and is stopped further on, then both are asked for."""
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    corpus, store = numbered(500), Store(tmp_path / "cache")
    for names, stop in ((["mean", "max"], 150), (["mean"], 350)):
        monkeypatch.setattr(Counting, "stop_at", corpus.words(stop))
        with pytest.raises(KeyboardInterrupt):
            encode(corpus, "counting", poolings=names, store=store)
    monkeypatch.setattr(Counting, "stop_at", None)
    check(corpus, encode(corpus, "counting", poolings=["mean", "max"], store=store))


def test_a_pass_stopped_while_it_is_published_computes_nothing_again(tmp_path, monkeypatch):
    corpus, store = numbered(300), Store(tmp_path / "cache")
    publish = Store.publish

    def publish_two(self, *arguments):
        if len(self.entries()) == 2:
            raise KeyboardInterrupt
        return publish(self, *arguments)

    monkeypatch.setattr(Store, "publish", publish_two)
    with pytest.raises(KeyboardInterrupt):
        encode(corpus, "counting", poolings=["mean", "words"], store=store)
    assert len(store.entries()) == 2 and len(log()) == 300
    monkeypatch.setattr(Store, "publish", publish)
    check(corpus, encode(corpus, "counting", poolings=["mean", "words"], store=store))
    assert log() == []


def rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))


def restored(path, change):
    """Write another array in the place of the one that lies there."""
    np.save(path, change(np.load(path)))


def replaced_by_folder(path):
    path.unlink()
    path.mkdir()
    (path / "within").write_text("left by something else")


def replaced_by_file(path):
    shutil.rmtree(path)
    path.write_text("left by something else")


def progress(**changes):
    def change(folder):
        file = folder / "progress.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return change


def array(folder):
    return next(folder.glob(f"*/{ARRAY}"))


DAMAGES = {
    "progress is a list": lambda folder: (folder / "progress.json").write_text("[]"),
    "progress cut": lambda folder: rewrite(folder / "progress.json", lambda content: content[:20]),
    "progress is no text": lambda folder: (folder / "progress.json").write_bytes(b"\xff\x00"),
    "progress is a folder": lambda folder: replaced_by_folder(folder / "progress.json"),
    "progress beyond the end": progress(done=10**6),
    "progress before the beginning": progress(done=-3),
    "progress is no number": progress(done="2"),
    "progress of no time": progress(seconds=float("nan")),
    "array gone": lambda folder: array(folder).unlink(),
    "array cut": lambda folder: rewrite(array(folder), lambda content: content[:-7]),
    "array empty": lambda folder: rewrite(array(folder), lambda content: b""),
    "array too long": lambda folder: rewrite(array(folder), lambda content: content + b"\0" * 64),
    "header garbled": lambda folder: rewrite(array(folder), lambda content: b"no header" + content[9:]),
    "another type": lambda folder: restored(array(folder), lambda vectors: vectors.astype(np.int32)),
    "a wider type": lambda folder: restored(array(folder), lambda vectors: vectors.astype(np.float64)),
    "another count": lambda folder: restored(array(folder), lambda vectors: vectors[:-1]),
    "another width": lambda folder: restored(array(folder), lambda vectors: vectors[:, 1:]),
    "columns first": lambda folder: restored(array(folder), np.asfortranarray),
    "array is a folder": lambda folder: replaced_by_folder(array(folder)),
    "part is a file": lambda folder: replaced_by_file(array(folder).parent),
    "a folder among the files": lambda folder: (array(folder).parent / "stray").mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_an_unfinished_pass_left_is_looked_at_before_it_is_trusted(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    corpus, store = numbered(300), Store(tmp_path / "cache")
    monkeypatch.setattr(Counting, "stop_at", corpus.words(250))
    with pytest.raises(KeyboardInterrupt):
        encode(corpus, "counting", [0], store=store)
    monkeypatch.setattr(Counting, "stop_at", None)
    folder = unfinished(store.root)
    DAMAGES[damage](folder)
    log()
    check(corpus, encode(corpus, "counting", [0], store=store))
    assert len(log()) == 300
    assert not list((store.root / "unfinished").iterdir())


def test_an_intact_unfinished_pass_is_still_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    corpus, store = numbered(300), Store(tmp_path / "cache")
    monkeypatch.setattr(Counting, "stop_at", corpus.words(250))
    with pytest.raises(KeyboardInterrupt):
        encode(corpus, "counting", [0], ["mean", "words"], store=store)
    monkeypatch.setattr(Counting, "stop_at", None)
    log()
    check(corpus, encode(corpus, "counting", [0], ["mean", "words"], store=store))
    assert len(log()) == 100


def test_a_real_model_is_resumed_at_its_batch(tmp_path, monkeypatch, one_thread):
    from probekit.encoders.huggingface import HuggingFaceEncoder
    from probekit.encoders.huggingface_pass import HuggingFacePass

    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    whole = tiny.encoder("bert")
    encoder = HuggingFaceEncoder(whole.source, whole.folder, device="cpu", token_budget=60)
    corpus = Corpus.from_words([*tiny.SENTENCES * 4, tiny.LONG])
    steps = []
    step = HuggingFacePass.step

    def counted(self, number):
        if number == 4 and not steps.count(4):
            steps.append(4)
            raise KeyboardInterrupt
        steps.append(number)
        return step(self, number)

    monkeypatch.setattr(HuggingFacePass, "step", counted)
    names = ["mean", "max", "cls", "words"]
    with pytest.raises(KeyboardInterrupt):
        encode(corpus, encoder, poolings=names, store=Store(tmp_path / "a"))
    found = encode(corpus, encoder, poolings=names, store=Store(tmp_path / "a"))
    assert steps[:5] == [0, 1, 2, 3, 4] and steps[5:] == list(range(4, steps[-1] + 1)) and steps[-1] > 6
    fresh = encode(corpus, encoder, poolings=names, store=Store(tmp_path / "b"))
    assert all(found[key].tobytes() == fresh[key].tobytes() for key in fresh)


def test_two_processes_make_the_same_entries_once_and_both_get_them(tmp_path):
    racers = [child(tmp_path / "cache", 300, "mean", "words", COUNTING_PAUSE="0.001") for _ in range(2)]
    for racer in racers:
        go(racer)
    first, second = (racer.communicate(timeout=60)[0] for racer in racers)
    assert first == second == work(tmp_path / "alone", 300, "mean", "words") + "\n"
    lines = log()
    assert len(lines) == 600, "300 by the first of the two, 300 by this process"


# What an encoder cannot read

UNREAD = [["the", "ಮನೆ"], ["ಹಳೆಯ", "ಮನೆ"], ["the", "old", "house"]]


def test_words_that_a_tokenizer_cannot_read_are_said_once(tmp_path):
    corpus, spec, store = Corpus.from_words(UNREAD), f"hf:{tiny.folder('bert')}", Store(tmp_path / "cache")
    with pytest.warns(UserWarning, match=r"'hf:bert-.*' on .*: the encoder cannot read 43% of the words") as said:
        encode(corpus, spec, store=store)
    assert len(said) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode(corpus, spec, store=store)  # kept
        encode(Corpus.from_words(tiny.SENTENCES[:2]), spec, store=store)
        encode(Corpus.from_words([["the"]] * 9 + [["ಮನೆ"]]), spec, store=store)  # a tenth is not many
    key = activation_key(describe(spec), corpus.digest, 0, "mean")
    found = store.recipe(KIND, key)["found"]
    assert (found["unknown_pieces"], found["unread_words"]) == (3, 0.4286)
    assert activations.unread(found) == "the encoder cannot read 43% of the words"
    assert activations.unread({**found, "unread_words": 0.1}) == activations.unread({}) == ""


# Damage and room


def test_a_damaged_entry_is_said_and_made_again(tmp_path):
    corpus = numbered(40)
    store = Store(tmp_path / "cache")
    fresh = {k: np.array(v) for k, v in encode(corpus, "counting", poolings=["mean", "max"], store=store).items()}
    folder = store.path(KIND, activation_key(describe("counting"), corpus.digest, 1, "max"))
    content = bytearray((folder / ARRAY).read_bytes())
    content[-5] ^= 1
    (folder / ARRAY).write_bytes(content)
    log()
    with pytest.warns(
        UserWarning, match=rf"damaged cache entry {KIND}/{folder.name} \(the checksum of vectors.npy differs"
    ):
        again = encode(corpus, "counting", poolings=["mean", "max"], store=Store(tmp_path / "cache"))
    assert len(log()) == 40
    assert all(np.array_equal(fresh[key], again[key]) for key in fresh)
    # Half of it, as a broken copy leaves it, and a manifest that never came.
    (folder / ARRAY).write_bytes(content[:100])
    with pytest.warns(UserWarning, match="vectors.npy has 100 bytes instead of"):
        check(corpus, encode(corpus, "counting", [1], ["max"], store=Store(tmp_path / "cache")))
    (folder / "manifest.json").unlink()
    check(corpus, encode(corpus, "counting", [1], ["max"], store=Store(tmp_path / "cache")))


def test_entries_in_use_outlive_the_limit_and_others_are_made_again(tmp_path):
    corpus, other = numbered(50), numbered(50, first=100)
    encode(other, "counting", poolings=["mean"], store=Store(tmp_path / "cache"))
    tight = Store(tmp_path / "cache", limit=1)
    reps = encode(corpus, "counting", poolings=["mean", "words"], store=tight)
    check(corpus, reps)
    assert len(tight.entries()) == 6, "those of the other corpus are gone"
    log()
    check(other, encode(other, "counting", poolings=["mean"], store=tight))
    assert len(log()) == 50
    tight.clear()
    assert tight.entries() == []
    check(corpus, reps)  # what is mapped stays readable
    check(corpus, encode(corpus, "counting", store=tight))


def test_a_cache_that_cannot_be_written_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("a regular file")
    with pytest.raises(ProbekitError, match=rf"cannot write under {tmp_path / 'file' / 'cache'}: Not a directory"):
        encode(numbered(5), "counting", store=Store(tmp_path / "file" / "cache"))
    assert log() == []


def test_a_full_disk_is_refused_before_any_work(tmp_path):
    """The blocks of the arrays are claimed first: a mapped file on a full disk would kill the process later."""
    code = CHILD.replace(
        "print(tests", "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))\nprint(tests"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(TESTS), str(tmp_path / "cache"), "1000", "mean"],
        input="go\n",
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and "ProbekitError: no room left under" in run.stderr.splitlines()[-1]
    assert log() == []
    assert work(tmp_path / "cache", 1000, "mean") == work(tmp_path / "other", 1000, "mean")


def test_the_blocks_of_an_array_are_claimed_at_once(tmp_path):
    corpus = numbered(5000)
    activations._open(tmp_path / "part", (corpus.n_sentences, 64), np.dtype(np.float32), fresh=True)
    status = (tmp_path / "part" / ARRAY).stat()
    assert status.st_blocks * 512 >= status.st_size > 5000 * 64 * 4


IN_LITTLE_MEMORY = """
import resource, sys, tempfile, torch
from pathlib import Path
from probekit.corpora.corpus import Corpus
from probekit.encoders import load_encoder, pooling
from probekit.encoders.activations import encode
from probekit.store import Store
torch.set_num_threads(int(sys.argv[3]))
encoder = load_encoder(sys.argv[1], device="cpu")
def run(name, n):
    corpus = Corpus.from_words([["the", "old", "house"][: 1 + i % 3] for i in range(n)])
    made = lambda: encode(corpus, encoder, poolings=[*pooling.POOLINGS, "words"], store=Store(Path(sys.argv[2]) / name))
    return made
run("small", 500)()
whole = run("whole", 20000)
[line] = [line for line in open("/proc/self/status") if line.startswith("VmData:")]
allowed = int(line.split()[1]) * 1024 + int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))
print(sum(array.nbytes for array in whole().values()))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the limit on memory is Linux's")
@pytest.mark.parametrize("threads", [1, 2])
def test_memory_does_not_grow_with_sentences_layers_and_poolings(tmp_path, threads):
    """What a pass makes lies in the memory map: the process itself may grow by a fraction of it, no more."""
    room = 50 * 2**20
    run = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY, f"hf:{tiny.folder('bert')}", str(tmp_path), str(threads), str(room)],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout.split()[-1]) > 2 * room


def test_a_pass_is_expected_to_cost_as_the_blocks_of_the_encoder_have_weights():
    small = activations.EncoderSource("s", "s", "d", layers=tuple(range(7)), width=384)
    assert activations.seconds_a_word(small) == activations.SECONDS_PER_WORD
    large = replace(small, layers=tuple(range(13)), width=768)  # measured at eight to ten times as much
    assert activations.seconds_a_word(large) == pytest.approx(8 * activations.SECONDS_PER_WORD)
    assert activations.seconds_a_word(replace(small, layers=(None,))) == 0.0
    assert activations.seconds_a_word(replace(small, width=8)) > 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells what of a file is in memory")
def test_vectors_that_are_on_disk_leave_memory(tmp_path):
    array = activations._open(tmp_path / "layer00-mean", (4096, 256), np.dtype(np.float32), fresh=True)

    def in_memory() -> int:
        """Bytes of the array's file."""
        after = Path("/proc/self/smaps").read_text().partition(str(tmp_path))[2]
        return 1024 * int(next(line for line in after.splitlines() if line.startswith("Rss:")).split()[1])

    array[:] = 3.0
    array.flush()
    assert in_memory() >= array.nbytes
    activations._let_go(array)
    assert in_memory() < array.nbytes / 8
    assert (array == 3.0).all()
