"""Golden cases of objectives of tuning, on a network that NumPy draws, and of the step that tunes an encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from golden import At, Golden
from test_golden_encoders import bert_folder, encoder_numbers

from probekit.encoders.bilstm import WordLSTM
from probekit.encoders.live import LiveBatch
from probekit.learners.tuning import objectives
from probekit.learners.tuning.examples import Given
from probekit.learners.tuning.perturbing import Pass
from probekit.models.tuned import TunedNetwork

golden = Golden(__file__)


def drawn(spec: str) -> tuple[TunedNetwork, Given]:
    """A network and a batch of eight texts of three classes."""
    rng = np.random.default_rng(5)
    module = TunedNetwork(WordLSTM(30, 6, 4, 1), 8, [3], [objectives.head_of(spec)], "mean", None, 0.0)
    with torch.no_grad():
        for _, weight in sorted(module.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    lengths = np.array([7, 4, 9, 9, 5, 6, 8, 3])
    mask = np.arange(9)[None, :] < lengths[:, None]
    ids = np.where(mask, rng.integers(2, 30, mask.shape), 0)
    word = np.where(mask, np.arange(9), -1)
    texts = LiveBatch(*map(torch.from_numpy, (ids, mask)), None, *map(torch.from_numpy, (word, np.where(mask, 0, -1))))
    torch.manual_seed(3)
    return module, Given(texts, torch.tensor([0, 1, 1, 0, 2, 2, 1, 0]), None, None, "label", np.arange(8))


def objective_numbers(spec: str) -> list[float]:
    """Loss of a batch and its slope at the embeddings."""
    module, given = drawn(spec)
    ((_, term),) = objectives.read(spec)
    loss: Any = term.loss(Pass(module, given, 0.4))
    loss.backward()
    slope = module.encoder.embedding.weight.grad
    centres = getattr(module.heads[0], "centres", None)
    of_centres = (
        [0.0]
        if centres is None or centres.grad is None or "centres" in term.frozen
        else [float(centres.grad.abs().sum())]
    )
    return [float(loss.detach()), float(slope.sum()), float(slope.square().sum()), *of_centres]


MOVED = {"radius": 0.5, "weight": 0.7, "steps": 2, "step": 0.1, "noise": 0.5, "norm": "l2"}
for _spec, _options in (
    ("cross-entropy", {"weight": 0.5}),
    ("label-adversarial(radius=0.4)", MOVED),
    ("virtual(radius=0.4)", MOVED),
    ("contrastive", {"margin": 0.7, "variant": "released"}),
    ("triplet", {"scale": 2.0}),
    ("coco", {"scale": 2.0}),
    ("aam(scale=5)", {"scale": 2.0, "margin": 0.4}),
    ("center", {"weight": 3.0, "variant": "released"}),
):
    golden.case(
        f"tuning objective:{_spec.partition('(')[0]}", objective_numbers, _spec, options=_options, tolerance=1e-4
    )


def tuned() -> str:
    step = 'tune(on="grammar(n=40)|resplit", task=sentence/char_per_tok, batch=8, epochs=2, rate=0.01)'
    return f'hf:"{bert_folder()}"|{step}'


TRIED = dict.fromkeys(("also", "also_task", "patience", "watch", "state", "strict"), "learners/test_tuning.py")
golden.case(
    "encoder step:tune",
    encoder_numbers,
    tuned,
    options={
        "task": "sentence/parse_depth", "objective": "smart(radius=1)", "head": "mlp", "pooling": "max", "layer": 1,
        "learn": "head", "dropout": 0.6, "batch": 5, "rate": 0.05, "epochs": 1, "schedule": "constant",
        "optimizer": "rmsprop", "clip": 0.001, "decay": 0.9, "accumulate": 2, "head_rate": 20.0,
        "dtype": At("bfloat16"), "seed": 1,
    },
    elsewhere=TRIED,
)  # fmt: skip

test_numbers_stay, test_options_move_numbers = golden.tests()
