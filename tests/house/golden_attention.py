"""Golden cases of the attention room: what each regularizer adds to a fixed classifier, rows of the study's works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from probekit import attention
from probekit.learners.classifier import own_module, pad
from probekit.learners.classifier_training import Labelled, Recipe, model_spec
from probekit.learners.objectives import loss_of, read, regularized
from probekit.works.attention import AttentionGrid
from probekit.works.explanations import METHODS

POINT = {
    "dataset": ["cues(n=420)"], "positive": ["b"], "vectors": ["random(width=16)"], "cut": [12], "layers": [1],
    "query": ["normal"], "embeddings": ["frozen"], "regularizer": ["base"], "attention": ["additive"], "seed": [0],
    "patience": [2],
}  # fmt: skip


def regularizer_numbers(spec: str) -> list[float]:
    """Loss of a batch and its slope, under weights that NumPy draws."""
    import torch

    rng = np.random.default_rng(5)
    recipe, _ = regularized(Recipe("bilstm", "random(width=6)"), spec)
    module = own_module("bilstm", model_spec(recipe.model).kwargs, 2, torch.tensor(rng.normal(size=(30, 6))).float())
    with torch.no_grad():
        for _, weight in sorted(module.body.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    batch = Labelled(pad([rng.integers(3, 30, n) for n in (7, 4, 9, 9)]), torch.tensor([0, 1, 1, 0]))
    torch.manual_seed(3)
    loss = loss_of(read(spec))(module, batch)
    loss.backward()
    slope = module.body.forwards[0].weight_hh_l0.grad
    return [float(loss), float(slope.sum()), float(slope.square().sum())]


@cache
def rows(work: str, **axes: Any) -> tuple[float, ...]:
    """Values of a small grid, in order of settings, probes and metrics."""
    import tempfile

    grid = AttentionGrid("golden", work, {**POINT, **axes})
    with tempfile.TemporaryDirectory(prefix="probekit-golden-") as folder:
        found = grid.run(folder)
    return tuple(found.sort_values(["setting", "probe", "metric"])["value"])


SPECS = {
    "base": "base", "concat": "concat", "residual": "residual", "tying": "tying(delta=0.3)",
    "mlm": "mlm(eta=0.3, p=0.4)",
}  # fmt: skip
OPTIONS = {"tying": {"delta": 0.5}, "mlm": {"eta": 0.5, "p": 0.6, "reduce": "mean"}}

CASES: dict[str, Callable[[], Sequence[float]]] = {
    f"attention regularizer:{name}": lambda spec=spec: regularizer_numbers(spec)  # type: ignore[misc]
    for name, spec in SPECS.items()
}
CASES["work:attention"] = lambda: rows("attention")
CASES["work:attention-training"] = lambda: rows("attention-training")
CASES["work:attention-imitation"] = lambda: rows("attention-imitation", **{"lambda": (0.5,)})
CASES["work:attention-explanations"] = lambda: rows("attention-explanations", probe=METHODS)
# Training runs through thousands of steps, and clusters are drawn from what it gives.
TOLERANCE_OF = {
    "work:attention": 3e-2, "work:attention-training": 1e-2, "work:attention-imitation": 3e-2,
    "work:attention-explanations": 5e-2,
}  # fmt: skip


def registries() -> dict[str, Any]:
    return {"attention regularizer": attention.regularizers}
