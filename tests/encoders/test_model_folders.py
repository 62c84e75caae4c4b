"""Model folders and names of the hub: what is read of them, what is refused and with which words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import tiny_models as tiny
from test_huggingface import close, collect

from probekit.corpora.corpus import Corpus
from probekit.encoders import activations, describe, load_encoder
from probekit.encoders.model_folder import content_digest
from probekit.errors import ProbekitError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))


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
    edit_json(folder / "config.json", auto_map={"AutoModel": "modeling_own.Own", "AutoConfig": "configuration_own.Own"})
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


@pytest.mark.parametrize(
    "family, changes, message",
    [
        ("bert", {"num_hidden_layers": 10**9}, "states num_hidden_layers = 1000000000, but its weights have 3;"),
        ("bert", {"num_hidden_layers": 101}, "states num_hidden_layers = 101, but its weights have 3;"),
        ("bert", {"num_hidden_layers": -1}, "states num_hidden_layers = -1, but its weights have 3;"),
        ("bert", {"hidden_size": 10**9}, "states hidden_size = 1000000000, but no tensor of its weights has a side ov"),
        ("bert", {"intermediate_size": 10**7}, "states intermediate_size = 10000000, but no tensor of its weights"),
        ("bert", {"vocab_size": 10**7}, "states vocab_size = 10000000, but no tensor of its weights has a side over"),
        ("bert", {"max_position_embeddings": 41}, "states max_position_embeddings = 41, but its weights have 40 pos"),
        ("bert", {"num_labels": 10**9}, "states num_labels = 1000000000, but no encoder has as many"),
        ("gpt2", {"n_positions": 10**6}, "states n_positions = 1000000, but its weights have"),
        ("bart", {"decoder_layers": 10**9}, "states decoder_layers = 1000000000, but its weights have 2;"),
        ("t5", {"d_ff": 10**9}, "states d_ff = 1000000000, but no tensor of its weights has a side over"),
    ],
)
def test_sizes_that_the_weights_cannot_have_are_refused_while_planning(tmp_path, family, changes, message):
    folder = copy(tmp_path, family)
    describe(f"hf:{folder}")
    edit_json(folder / "config.json", **changes)
    with pytest.raises(ProbekitError, match=f"of the model 'hf:model-[0-9a-f]{{8}}' {message}"):
        describe(f"hf:{folder}")
    from probekit.learners.loading import load_classifier

    with pytest.raises(ProbekitError, match=message):
        load_classifier(folder)


@pytest.mark.parametrize("changes", [{"num_hidden_layers": 10**9}, {"hidden_size": 10**12}, {"vocab_size": 10**9}])
def test_sizes_that_no_model_has_are_refused_where_weights_are_drawn(tmp_path, changes):
    folder = copy(tmp_path)
    edit_json(folder / "config.json", **changes)
    with pytest.raises(ProbekitError, match=r"'hf:model-.*' states .*, but the most that is believed is \d+"):
        describe(f"random:hf:{folder}")


def test_weights_that_do_not_fit_into_memory_are_not_drawn(tmp_path):
    """Other sizes than those of the file are right where weights are drawn, as long as there is room."""
    folder = copy(tmp_path)
    edit_json(folder / "config.json", num_hidden_layers=5, intermediate_size=600)
    assert len(load_encoder(f"random:hf:{folder}", device="cpu").habits.widths) == 6
    edit_json(folder / "config.json", hidden_size=2**20)
    with pytest.raises(
        ProbekitError, match=r"'random:hf:model-.*' would take [\d,]+ GB and this machine has [\d,]+ GB"
    ):
        load_encoder(f"random:hf:{folder}", device="cpu").fresh_model()


def test_layers_of_shared_weights_are_no_mistake(tmp_path):
    """ALBERT's file holds one block, whatever the number of its layers."""
    import transformers as hf

    folder = copy(tmp_path)
    sizes = dict.fromkeys(("hidden_size", "intermediate_size"), 24)
    heads = {"num_attention_heads": 2, "num_hidden_layers": 12, "embedding_size": 12}
    config = hf.AlbertConfig(vocab_size=500, max_position_embeddings=40, **sizes, **heads)
    hf.AlbertModel(config).save_pretrained(folder)
    assert len(load_encoder(f"hf:{folder}", device="cpu").habits.widths) == 13


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
            "hf:somebody/no-such-model",
            HF_HOME=str(tmp_path / "hf"),
            PROBEKIT_DATA="",
            HF_HUB_OFFLINE="0",
            HTTPS_PROXY=proxy,
            https_proxy=proxy,
            NO_PROXY="",
            no_proxy="",
            SHORT="0.5",
        )
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
