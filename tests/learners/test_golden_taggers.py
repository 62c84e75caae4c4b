"""Golden numbers of taggers: heads, a tagger as an encoder, the encoder that learned with one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from golden import At, Golden, fingerprint
from test_golden_encoders import bert_folder, encoder_numbers
from test_tagger import NAMES, small

from probekit import recipes
from probekit.corpora import load_corpus
from probekit.encoders import load_encoder
from probekit.encoders.loading import describe
from probekit.errors import ProbekitError
from probekit.learners.catalogue import tag_heads
from probekit.learners.tagger import ADVERSARIAL, fit_tagger, head_spec
from probekit.learners.tagger_step import OURS

golden = Golden(__file__)


def head_numbers(spec: str) -> list[float]:
    """Losses and answers of a head under weights that NumPy draws."""
    chosen = head_spec(spec)
    head = tag_heads.get(chosen.name)(4, NAMES, **chosen.kwargs)
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for _, weight in sorted(head.named_parameters()):
            weight.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape))))
    states = torch.from_numpy(rng.normal(size=(3, 6, 4))).float()
    mask = torch.arange(6)[None] < torch.tensor([6, 2, 4])[:, None]
    gold = torch.tensor([[0, 1, 2, 0, 3, 4], [0, 3, 0, 0, 0, 0], [1, 2, 0, 0, 0, 0]])
    return [*head.loss(states, gold, mask).tolist(), *map(float, head.answer(states, mask).flatten())]


def states_numbers(spec: str) -> list[float]:
    """Inputs and states of a trained tagger."""
    from probekit.encoders.activations import encode

    found = encode(load_corpus("grammar(n=20, seed=5)"), spec, "all", ("words", "mean"))
    return [x for vectors in found.values() for x in fingerprint(vectors)]


MOVING = {
    "look": 1,
    "hidden": 6,
    "layers": 2,
    "rate": 0.05,
    "budget": 100,
    "dropout": 0.5,
    "seed": 1,
    "head": "softmax",
}
ELSEWHERE = (
    "epochs",
    "inputs",
    "layer",
    "learn",
    "before",
    "combine",
    "experts",
    "predicts",
    "detection",
    "optimizer",
    "schedule",
    "decay",
    "patience",
    "threads",
)
TRIED = {
    **dict.fromkeys(ELSEWHERE, "learners/test_tagger.py"),
    **dict.fromkeys(ADVERSARIAL, "learners/test_tagger_adversary.py"),
    **dict.fromkeys(("head_rate", "dtype"), "learners/test_golden_taggers.py"),
}
golden.case(
    "encoder:tagger", states_numbers, small(), tolerance=1e-3, options={**MOVING, "task": "word/upos"}, elsewhere=TRIED
)


def taught() -> str:
    """A model of two layers that learned with a tagger, no body between them."""
    step = 'tag(on="grammar(n=40)|resplit", task=word/upos, layers=0, head=softmax, epochs=2, rate=0.002, budget=200)'
    return f'hf:"{bert_folder()}"|{step}'


# The body and what is between it and the model are left out here.
MOVED = {"task": "word/xpos", "rate": 0.05, "budget": 100, "dropout": 0.6, "seed": 1, "head": "crf"}
MOVED |= {
    "look": 1,
    "layer": 1,
    "head_rate": 20.0,
    "decay": 0.9,
    "schedule": "linear",
    "optimizer": "sgd",
    "mapped": True,
}
MOVED |= {"dtype": "bfloat16", "layers": At(1, {"hidden": 4}), "hidden": At(6, {"layers": 1})}
golden.case(
    "encoder step:tag",
    encoder_numbers,
    taught,
    tolerance=1e-3,
    options=MOVED,
    elsewhere={name: place for name, place in TRIED.items() if name not in (*MOVED, *OURS)},
)
golden.case("head of a tagger:softmax", head_numbers)
golden.case("head of a tagger:crf", head_numbers, options={"forbid": True})


def test_the_encoder_of_a_tagger_is_the_one_in_its_folder() -> None:
    """It has the layers of the one before it, and other numbers than it."""
    corpus, spec = load_corpus("grammar(n=10, seed=5)"), taught()
    folder = recipes.folder(describe(spec).needs[-1])
    inside, step, before = (
        np.concatenate([found for _, found in sorted(encode_all(one, corpus).items())])
        for one in (f"hf:{folder / 'encoder'}", spec, spec.partition("|")[0])
    )
    assert len(describe(spec).layers) == 3 and np.array_equal(inside, step)
    assert not np.allclose(step, before, atol=1e-3)


def encode_all(spec: str, corpus: object) -> dict[int, np.ndarray]:
    from probekit.encoders.activations import encode

    return {layer: np.asarray(found) for (layer, _), found in encode(corpus, spec, "all", ["words"]).items()}


def test_how_pieces_are_read_stays_and_specs_are_read_again() -> None:
    first = describe(taught().replace("|", "(piece=first)|", 1))
    assert first.piece == "first" and describe(first.spec) == first
    assert first.digest != describe(taught()).digest
    assert load_encoder(first.spec).piece == "first"


def test_a_rate_of_nothing_but_the_head_leaves_the_inputs_nearly_as_they_are(tmp_path: Path) -> None:
    """`head_rate` multiplies the rate of all but inputs that learn."""
    from probekit.encoders.recurrent import load_weights

    how = {"inputs": [f"hf:{bert_folder()}"], "learn": True, "layers": 0, "head": "softmax", "epochs": 1}
    corpus = load_corpus("grammar(n=40)|resplit")
    moved = {}
    for name, rates in {"one": {"rate": 1e-2}, "two": {"rate": 1e-5, "head_rate": 1e3}}.items():
        fit_tagger(corpus, "word/upos", tmp_path / name, {}, **how, **rates, budget=200)
        moved[name] = load_weights(tmp_path / name)
    kept = load_encoder(how["inputs"][0]).fresh_model().state_dict()
    away = {
        name: max(float((own[f"sources.0.model.{one}"] - value).abs().max()) for one, value in kept.items())
        for name, own in moved.items()
    }
    assert away["two"] < 1e-3 < away["one"]
    heads = [name for name in moved["one"] if name.startswith("head.")]
    assert all(float((moved["two"][name] - moved["one"][name]).abs().max()) < 0.1 for name in heads)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("minilm|tag", "names no corpus"),
        ("minilm|tag(grammar, inputs=[glove])", "leave inputs= out"),
        ("minilm|tag(grammar, learn=false)", "leave learn= out"),
        ("minilm|tag(grammar, on=cues)", "takes one argument"),
        ("minilm|tag(grammar, epoch=2)", "epochs"),
        ("drawn|tag(grammar)", "teaches a Hugging Face model"),
    ],
)
def test_what_no_step_is(spec: str, said: str) -> None:
    with pytest.raises(ProbekitError, match=said):
        describe(spec)


test_numbers_stay, test_options_move_numbers = golden.tests()
