"""Many families of models, tiny and random: a sentence has one vector whatever is read beside it, or is refused by
name."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import tiny_models as tiny
from test_huggingface import collect

from probekit.corpora.corpus import Corpus
from probekit.encoders import activations, describe, habits, load_encoder
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.model_folder import quiet_transformers
from probekit.errors import ProbekitError

BASE = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
HALVES = {
    "d_model": 24,
    "encoder_layers": 3,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": 64,
}
T5 = {"d_model": 24, "d_kv": 12, "d_ff": 32, "num_layers": 3, "num_heads": 2, "decoder_start_token_id": 0}
OPT = {
    "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "ffn_dim": 32, "max_position_embeddings": 64,
    "do_layer_norm_before": False,
}  # fmt: skip
KEYS = {"num_key_value_heads": 1}
REFORMER = {
    "hidden_size": 24, "num_attention_heads": 2, "attention_head_size": 12, "feed_forward_size": 32,
    "axial_pos_shape": [8, 8], "axial_pos_embds_dim": [8, 16], "max_position_embeddings": 64,
    "lsh_attn_chunk_length": 4, "local_attn_chunk_length": 4, "is_decoder": False,
}  # fmt: skip
CUT = {"d_model": 24, "n_head": 2, "d_head": 12, "d_inner": 32, "block_sizes": [1, 1, 1], "num_decoder_layers": 1}
GROUPS = dict.fromkeys(("q", "k", "v", "post_attention", "intermediate", "output"), 1)
SQUEEZED = {**BASE, "embedding_size": 24, **{f"{name}_groups": n for name, n in GROUPS.items()}}
PROPHET = {
    "hidden_size": 24, "num_encoder_layers": 3, "num_decoder_layers": 1, "num_encoder_attention_heads": 2,
    "num_decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
}  # fmt: skip
NEO = {
    "hidden_size": 24, "num_layers": 3, "num_heads": 2, "max_position_embeddings": 64, "window_size": 8,
    "attention_types": [[["global", "local", "global"], 1]],
}  # fmt: skip
XGLM = {"d_model": 24, "num_layers": 3, "attention_heads": 2, "ffn_dim": 32, "max_position_embeddings": 64}
THIN = {**BASE, "embedding_size": 12, "true_hidden_size": 12, "intra_bottleneck_size": 12}
# The family's class in the library, its tokenizer, its configuration, and what becomes of it: read with padding,
# in batches of equal length ("alike"), by modules as they were loaded ("fresh"), or refused ("").
FAMILIES = {
    "MobileBert": ("alike", "bert", THIN),
    "FNet": ("alike", "bert", BASE),
    "BigBird": ("fresh", "bert", {**BASE, "block_size": 4, "num_random_blocks": 1}),
    "Deberta": ("padded", "roberta", {**BASE, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}),
    "DebertaV2": ("padded", "t5", {**BASE, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}),
    "OPT": ("padded", "roberta", OPT),
    "Marian": ("padded", "t5", HALVES),
    "MBart": ("padded", "xlm-roberta", HALVES),
    "Bart": ("padded", "roberta", HALVES),
    "T5": ("padded", "t5", T5),
    "LongT5": ("padded", "t5", {**T5, "local_radius": 5, "global_block_size": 4}),
    "SwitchTransformers": ("padded", "t5", {**T5, "num_experts": 2, "num_sparse_encoder_layers": 1}),
    "ModernBert": ("padded", "bert", {**BASE, "local_attention": 8}),
    "Olmo2": ("padded", "llama", {**BASE, **KEYS}),
    "Llama": ("padded", "llama", {**BASE, **KEYS}),
    "Mistral": ("padded", "llama", {**BASE, **KEYS, "sliding_window": 8}),
    "Qwen3": ("padded", "llama", {**BASE, **KEYS, "head_dim": 12}),
    "Gemma2": ("padded", "t5", {**BASE, **KEYS, "head_dim": 12, "sliding_window": 8}),
    "Phi3": ("padded", "llama", {**BASE, **KEYS}),
    "Falcon": ("padded", "gpt2", BASE),
    "GPT2": ("padded", "gpt2", {"n_embd": 24, "n_layer": 3, "n_head": 2, "n_positions": 64}),
    "GPTNeo": ("padded", "gpt2", NEO),
    "GPTJ": ("padded", "gpt2", {"n_embd": 24, "n_layer": 3, "n_head": 2, "n_positions": 64, "rotary_dim": 4}),
    "Bloom": ("padded", "gpt2", {"hidden_size": 24, "n_layer": 3, "n_head": 2}),
    "Mpt": ("padded", "gpt2", {"d_model": 24, "n_layers": 3, "n_heads": 2, "max_seq_len": 64}),
    "XGLM": ("padded", "xlm-roberta", XGLM),
    "Mamba": ("padded", "gpt2", {"hidden_size": 24, "num_hidden_layers": 3, "state_size": 4}),
    "Funnel": ("", "bert", CUT),
    "Longformer": ("padded", "roberta", {**BASE, "attention_window": [4, 4, 4], "max_position_embeddings": 66}),
    "Reformer": ("alike", "t5", {**REFORMER, "attn_layers": ["local", "local", "local"]}),
    "ReformerOfHashes": ("", "t5", {**REFORMER, "attn_layers": ["lsh", "lsh", "lsh"]}),
    "OPTWithProjection": ("padded", "roberta", {**OPT, "word_embed_proj_dim": 12}),
    "XLNet": ("padded", "xlnet", {"d_model": 24, "n_layer": 3, "n_head": 2, "d_inner": 32}),
    "Nystromformer": ("alike", "bert", {**BASE, "segment_means_seq_len": 64, "num_landmarks": 64}),
    "Yoso": ("alike", "bert", {**BASE}),
    "MPNet": ("padded", "bert", BASE),
    "Electra": ("padded", "bert", {**BASE, "embedding_size": 12}),
    "ConvBert": ("alike", "bert", {**BASE, "embedding_size": 24, "head_ratio": 1, "conv_kernel_size": 3}),
    "SqueezeBert": ("padded", "bert", SQUEEZED),
    "Canine": ("", "bert", BASE),
    "Albert": ("padded", "bert", {**BASE, "embedding_size": 12}),
    "RemBert": ("padded", "bert", {**BASE, "input_embedding_size": 12}),
    "RoFormer": ("padded", "bert", BASE),
    "Flaubert": ("padded", "bert", {"emb_dim": 24, "n_layers": 3, "n_heads": 2, "max_position_embeddings": 64}),
    "XLM": ("padded", "bert", {"emb_dim": 24, "n_layers": 3, "n_heads": 2, "max_position_embeddings": 64}),
    "NomicBert": ("padded", "bert", BASE),
    "EuroBert": ("padded", "llama", {**BASE, **KEYS}),
    "ProphetNet": ("padded", "bert", PROPHET),
    "LED": ("padded", "roberta", {**HALVES, "attention_window": 4, "max_encoder_position_embeddings": 64}),
    "BigBirdPegasus": ("fresh", "t5", {**HALVES, "block_size": 4, "num_random_blocks": 1}),
    "CLIPText": ("padded", "roberta", BASE),
}  # fmt: skip
# No second vector of a text differs from its first by more than this share of the largest value.
SAME = 1e-5
SENTENCES = [*tiny.SENTENCES, tiny.LONG]
SHORT = [tiny.SENTENCES[0], tiny.SENTENCES[2]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBEKIT_CACHE", str(tmp_path / "cache"))


@cache
def folder(family):
    """A tiny model folder with weights drawn wide, so that what a model reads moves what it says."""
    import torch
    import transformers as hf

    _, kind, sizes = FAMILIES[family]
    name = family.removesuffix("OfHashes").removesuffix("WithProjection")
    place = tiny.root() / f"family-{family}"
    tokenizer = tiny.make_tokenizer(kind)
    tokenizer.model_max_length = 40
    ids = {key: getattr(tokenizer, key) or 0 for key in ("pad_token_id", "bos_token_id", "eos_token_id")}
    with quiet_transformers(), torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(3)
        made = getattr(hf, "MarianMTModel" if name == "Marian" else f"{name}Model")  # as on the hub
        model = made(getattr(hf, f"{name}Config")(vocab_size=len(tokenizer), **ids, **sizes))
        for weight in model.parameters():
            if weight.dim() > 1 and weight.requires_grad:
                weight.normal_(0, 0.3)
        model.save_pretrained(place)
        tokenizer.save_pretrained(place)
    return place


def read(encoder, sentences):
    """Vectors of the layers of the configuration's width."""
    fitting = [layer for layer, width in enumerate(encoder.habits.widths) if width == encoder.width]
    return collect(encoder, sentences, ["mean", "max", "words"], fitting)


def close(found, expected):
    assert np.abs(found - expected).max() <= SAME * np.abs(expected).max()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sentence_has_one_vector_or_its_model_is_refused_by_name(family):
    habit, spec = FAMILIES[family][0], f"hf:{folder(family)}"
    if not habit:
        with pytest.raises(ProbekitError, match=f"'hf:family-{family}-[0-9a-f]{{8}}'"):
            read(load_encoder(spec, device="cpu"), SENTENCES)
        return
    encoder = load_encoder(spec, device="cpu")
    whole = read(encoder, SENTENCES)
    assert (encoder.habits.alike, encoder.habits.fresh) == (habit != "padded", habit == "fresh")
    small = HuggingFaceEncoder(encoder.source, encoder.folder, device="cpu", token_budget=60)
    starts = np.cumsum([0, *map(len, SENTENCES)])
    for reader in (load_encoder(spec, device="cpu"), encoder, small):
        for place in (10, 3, 2, 7):  # the longest alone first, and again after short ones
            one = read(reader, [SENTENCES[place]])
            for layer, pooling in one:
                rows = slice(starts[place], starts[place + 1]) if pooling == "words" else slice(place, place + 1)
                close(one[layer, pooling], whole[layer, pooling][rows])
    again = read(encoder, SENTENCES[::-1])
    assert all(np.abs(again[layer, "max"][::-1] - whole[layer, "max"]).max() < 1e-4 for layer, _ in whole)


@pytest.mark.parametrize("family", FAMILIES)
def test_bfloat16_is_read_or_refused_with_the_way_out(family):
    try:
        found = read(load_encoder(f"hf:{folder(family)}(dtype=bfloat16)", device="cpu"), SHORT)
    except ProbekitError as error:
        assert f"'hf:family-{family}" in str(error)
        assert not FAMILIES[family][0] or "try dtype=float32" in str(error)
    else:
        assert all(np.isfinite(vectors).all() for vectors in found.values())


def test_a_layer_of_another_width_is_refused_with_those_that_fit():
    encoder = load_encoder(f"hf:{folder('OPTWithProjection')}", device="cpu")
    assert encoder.habits.widths == (24, 24, 24, 12)
    wanted = r"layer 3 of 'hf:family-OPTWithP.*' has 12 units .* promises 24; ask for layers=\[0, 1, 2\]"
    with pytest.raises(ProbekitError, match=wanted):
        activations.encode(Corpus.from_words(SHORT), encoder)
    assert activations.encode(Corpus.from_words(SHORT), encoder, [0, 2])[2, "mean"].shape == (2, 24)


def test_a_first_vector_that_never_moves_is_no_cls(tmp_path):
    """Whatever the model is called: here an Olmo that says it is of a family that nobody named."""
    import shutil

    place = tmp_path / "unnamed"
    shutil.copytree(folder("Llama"), place)
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, "model_type": "eurobert"}))
    assert "cls" in describe(f"hf:{place}").poolings  # EuroBERT reads both ways
    collect(load_encoder(f"hf:{place}", device="cpu"), SHORT, ["cls"])
    (place / "config.json").write_text(json.dumps({**config, "model_type": "seed_oss", "head_dim": 12}))
    encoder = load_encoder(f"hf:{place}", device="cpu")
    collect(encoder, SHORT, ["mean"])
    with pytest.raises(ProbekitError, match="has no pooling 'cls': its first vector is the same for every text; ask"):
        encoder.start_pass(Corpus.from_words(SHORT), [1], ["mean", "cls"])


def test_what_the_library_computes_is_not_missing():
    """The fixed positions of Marian are in no file."""
    import torch
    from safetensors import safe_open
    from transformers import MarianModel

    with safe_open(folder("Marian") / "model.safetensors", "pt") as file:
        assert not any("embed_positions" in name for name in file.keys())  # noqa: SIM118
    encoder = load_encoder(f"hf:{folder('Marian')}", device="cpu")
    found = collect(encoder, SHORT[:1], ["mean"])[3, "mean"][0]
    batch = encoder.batches(Corpus.from_words(SHORT[:1]))[0]
    library = MarianModel.from_pretrained(folder("Marian")).eval().get_encoder()
    with torch.no_grad():
        states = library(torch.from_numpy(batch.input_ids)).last_hidden_state
    close(found, states[0, :-1].mean(0).numpy())


def test_a_model_that_draws_lots_or_mixes_a_batch_is_refused(monkeypatch):
    import torch

    encoder = load_encoder(f"hf:{folder('Electra')}", device="cpu")
    usual = habits.hidden_states

    def drawing(model, ids, mask, reader):
        return [layer + torch.rand(1) for layer in usual(model, ids, mask, reader)]

    def mixing(model, ids, mask, reader):
        return [layer + layer.sum(0, keepdim=True) for layer in usual(model, ids, mask, reader)]

    for states, said in ((drawing, "other vectors whenever it is read"), (mixing, "depend on the other texts of a ba")):
        monkeypatch.setattr(habits, "hidden_states", states)
        with pytest.raises(ProbekitError, match=rf"'hf:family-Electra-.*' .*{said}"):
            habits.habits(encoder.reader, encoder.capacity)


def test_a_check_leaves_the_model_as_it_was_loaded():
    encoder = load_encoder(f"hf:{folder('BigBird')}", device="cpu")
    assert encoder.habits.fresh and encoder.model.attention_type == "block_sparse"
    read(encoder, SHORT)
    assert encoder.model.attention_type == "block_sparse"
