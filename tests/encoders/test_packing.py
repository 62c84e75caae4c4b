"""What makes a pass fast changes no vector: packed weights, several batches at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import tiny_models as tiny
import torch

from probekit.corpora.corpus import Corpus
from probekit.encoders import activations, load_encoder, packing
from probekit.encoders.huggingface import HuggingFaceEncoder
from probekit.encoders.huggingface_pass import HuggingFacePass
from probekit.encoders.packing import PackedLinear, pack
from probekit.errors import ProbekitError
from probekit.store import Store

SENTENCES = [*tiny.SENTENCES * 5, tiny.LONG]
packs = packing._can_pack(torch.zeros(1))
needs_packing = pytest.mark.skipif(not packs, reason="this machine's kernels read no packed weights")


@pytest.fixture(autouse=True)
def _threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


# Packed weights


@needs_packing
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 24), (7, 24), (2, 5, 24), (300, 24), (0, 24)])
def test_a_packed_layer_says_the_same(dtype, tolerance, bias, shape):
    torch.manual_seed(3)
    linear = torch.nn.Linear(24, 40, bias=bias).to(dtype).requires_grad_(False)
    model = torch.nn.Sequential(linear)
    pack(model)
    packed = model[0]
    if not packing._can_pack(linear.weight):  # bfloat16 on a CPU without kernels for it
        assert dtype == torch.bfloat16 and packed is linear
        return
    assert type(packed) is PackedLinear
    inputs = torch.randn(shape).to(dtype)
    found = packed(inputs)
    assert found.dtype == dtype and found.shape == (*shape[:-1], 40)
    np.testing.assert_allclose(found.float(), linear(inputs).float(), atol=tolerance, rtol=tolerance)
    assert torch.equal(packed.weight, linear.weight) and packed.weight.dtype == dtype
    assert (packed.in_features, packed.out_features) == (24, 40)


@needs_packing
def test_plain_linear_layers_are_packed_and_no_others():
    class Own(torch.nn.Linear):
        """Its weights may be read in ways of its own."""

    model = torch.nn.ModuleDict(
        {
            "plain": torch.nn.Linear(4, 4),
            "own": Own(4, 4),
            "wide": torch.nn.Linear(4, 4).double(),
            "deep": torch.nn.ModuleList([torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.GELU())]),
        }
    )
    pack(model)
    kinds = {name: type(module) for name, module in model.named_modules()}
    assert kinds["plain"] is PackedLinear and kinds["deep.0.0"] is PackedLinear
    assert kinds["own"] is Own and kinds["wide"] is torch.nn.Linear


@needs_packing
def test_a_loaded_model_is_packed():
    for spec in ("minilm", "minilm(dtype=bfloat16)", f"hf:{tiny.folder('t5')}"):
        model = load_encoder(spec, device="cpu").model
        kinds = [type(module) for module in model.modules()]
        packed = packing._can_pack(torch.zeros(1, dtype=model.dtype))
        assert (PackedLinear in kinds) == packed and (torch.nn.Linear in kinds) != packed


def test_bfloat16_says_where_it_is_slow(monkeypatch):
    spec = f"hf:{tiny.folder('bert')}(dtype=bfloat16)"
    monkeypatch.setattr(packing, "fast_bfloat16", lambda: False)
    with pytest.warns(UserWarning, match=r"no bfloat16 arithmetic of its own, so dtype=bfloat16 is slower"):
        load_encoder(spec, device="cpu").model  # noqa: B018
    monkeypatch.undo()
    if packing.fast_bfloat16():
        load_encoder(spec, device="cpu").model  # noqa: B018


# Several batches at once


def passes(encoder, sentences=SENTENCES, poolings=("mean", "max", "words")):
    return encoder.start_pass(Corpus.from_words(sentences), encoder.source.layers, poolings)


def small_batches(family, **options):
    whole = tiny.encoder(family, **options)
    return HuggingFaceEncoder(whole.source, whole.folder, device="cpu", token_budget=60, **options)


def content(steps):
    return [
        [(layer, pooling, rows.tolist(), np.array(vectors).tobytes()) for layer, pooling, rows, vectors in parts]
        for parts in steps
    ]


@pytest.mark.parametrize("family", [*tiny.FAMILIES, *tiny.EXTRA])
def test_vectors_are_the_same_bytes_for_any_number_of_threads(family):
    encoder = small_batches(family)
    found = []
    for n in (1, 2, 5):
        torch.set_num_threads(n)
        found.append(content(passes(encoder).steps(0)))
        assert torch.get_num_threads() == n
    assert found[0] == found[1] == found[2] and len(found[0]) == passes(encoder).n_steps > 6
    torch.set_num_threads(3)
    assert content(passes(encoder).steps(4)) == found[0][4:], "a pass goes on at any step"
    assert list(passes(encoder).steps(len(found[0]))) == []


def test_vectors_of_the_real_model_are_the_same_bytes_for_any_number_of_threads():
    for spec in ("minilm", "minilm(dtype=bfloat16)"):
        encoder = load_encoder(spec, device="cpu")
        encoder.token_budget = 64
        found = []
        for n in (1, 2):
            torch.set_num_threads(n)
            found.append(content(passes(encoder).steps(0)))
        assert found[0] == found[1]


def test_threads_share_the_weights_and_nothing_else(monkeypatch):
    models = {}
    answer = HuggingFacePass._answer
    both = threading.Barrier(2)

    def seen(self, number, model):
        models[id(model)] = model
        if number < 2:
            both.wait(timeout=60)  # two are at work at once
        assert torch.get_num_threads() == 1
        return answer(self, number, model)

    monkeypatch.setattr(HuggingFacePass, "_answer", seen)
    torch.set_num_threads(2)
    list(passes(small_batches("bert")).steps(0))
    first, second = models.values()
    tensors = [[*model.parameters(), *model.buffers()] for model in (first, second)]
    assert len(tensors[0]) > 10 and all(a is b for a, b in zip(*tensors, strict=True))
    assert not {id(m) for m in first.modules()} & {id(m) for m in second.modules()}


def test_few_steps_are_computed_ahead_and_none_after_the_last_one_asked_for(monkeypatch):
    begun, alive = [], threading.active_count()
    answer = HuggingFacePass._answer

    def counted(self, number, model):
        begun.append(number)
        return answer(self, number, model)

    monkeypatch.setattr(HuggingFacePass, "_answer", counted)
    torch.set_num_threads(2)
    todo = passes(small_batches("bert"))
    steps = todo.steps(0)
    next(steps)
    steps.close()
    assert set(begun) <= set(range(5)) and todo.n_steps > 6
    assert torch.get_num_threads() == 2 and threading.active_count() == alive


@pytest.mark.parametrize("error", [KeyboardInterrupt, ProbekitError])
def test_what_goes_wrong_in_a_thread_ends_the_pass_and_is_resumed(error, monkeypatch, tmp_path):
    answer = HuggingFacePass._answer
    broken = [4]

    def failing(self, number, model):
        if number in broken:
            broken.clear()
            raise error("stopped")
        return answer(self, number, model)

    encoder, corpus = small_batches("bert"), Corpus.from_words(SENTENCES)
    names = ["mean", "cls", "words"]
    torch.set_num_threads(2)
    monkeypatch.setattr(activations, "SAVE_EVERY", 0.0)
    whole = activations.encode(corpus, encoder, poolings=names, store=Store(tmp_path / "whole"))
    monkeypatch.setattr(HuggingFacePass, "_answer", failing)
    with pytest.raises(error, match="stopped"):
        activations.encode(corpus, encoder, poolings=names, store=Store(tmp_path / "a"))
    found = activations.encode(corpus, encoder, poolings=names, store=Store(tmp_path / "a"))
    assert all(found[key].tobytes() == whole[key].tobytes() for key in whole)
