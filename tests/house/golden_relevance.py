"""Golden cases of the relevance room: a small text CNN of fixed numbers explained by everything that is registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from relevance_texts import TEXTS
from relevance_texts import cnn_classifier as classifier

from probekit import relevance
from probekit.works import text_relevance as work


def fixed(module: Any, seed: int = 3) -> Any:
    """A module in float64 and evaluation mode with weights that NumPy draws, so that no torch release moves them."""
    import torch

    rng = np.random.default_rng(seed)
    module = module.double().eval()
    with torch.no_grad():
        for _, weight in sorted(module.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    return module


def network(*middle: Any) -> Any:
    from torch import nn

    layers = middle or (nn.ReLU(), nn.AdaptiveMaxPool1d(1))
    found = fixed(nn.Sequential(nn.Conv1d(4, 6, 2), *layers, nn.Flatten(), nn.Linear(6, 3)))
    found[-1].weight.data[0].abs_()  # after ReLU a unit with positive messages alone
    return found


def x() -> Any:
    import torch

    return torch.tensor(np.random.default_rng(4).normal(size=(3, 4, 9)))


def placed() -> Any:
    """A network that adds vectors of positions to its inputs."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.places, self.fc = nn.Embedding(9, 4), nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.fc((x.transpose(1, 2) + self.places(torch.arange(9)[None])).mean(1))

    return Network()


def numbers(explanation: Any) -> list[float]:
    """Relevance with a wave over the positions, its sum, and what was kept."""
    flat = explanation.relevance.double().numpy().ravel()
    kept = [float(explanation.kept[name].abs().sum()) for name in sorted(explanation.kept)]
    wave = float((flat * np.cos(np.arange(len(flat)))).sum())
    return [float(flat.sum()), float(np.abs(flat).sum()), wave, float(explanation.score.sum()), *kept]


def rule_numbers(spec: str) -> list[float]:
    layered: dict[str, Any] = {"pass": {"activation": "pass"}, "winner": {"max-pool": "winner"}}
    if spec.startswith("frozen"):
        return handler_numbers("layer-norm", {"preset": "transformer", "layer-norm": spec})
    return numbers(relevance.explain(network(), x(), "all", rules=layered.get(spec, spec)))


def handler_numbers(name: str, rules: Any = "lrp-drop") -> list[float]:
    import torch
    from torch import nn

    from probekit.models.attention_classifier import AttentionClassifier
    from probekit.models.text_cnn import TextCNN

    mask = torch.arange(9)[None] < torch.tensor([[9], [4], [6]])
    own: dict[str, Any] = {
        "text-cnn": lambda: TextCNN(4, 3, filters=6),
        "lstm": lambda: AttentionClassifier(4, 3, attention="mean"),
        "attention-classifier": lambda: AttentionClassifier(4, 3),
    }
    if name in own:
        return numbers(relevance.explain(fixed(own[name]()), x().transpose(1, 2), "all", rules=rules, extra=(mask,)))
    if name == "embedding":
        return numbers(relevance.explain(fixed(placed()), x(), "all", rules="transformer"))

    middle = {
        "average-pool": (nn.ReLU(), nn.AdaptiveAvgPool1d(1)),
        "activation": (nn.Tanh(), nn.AdaptiveMaxPool1d(1)),
        "layer-norm": (nn.LayerNorm(8), nn.ReLU(), nn.AdaptiveMaxPool1d(1)),
    }.get(name, ())
    return numbers(relevance.explain(network(*middle), x(), "all", rules=rules))


CASES: dict[str, Callable[[], Sequence[float]]] = {}
for _name in ("epsilon", "alpha_beta", "gamma", "z_plus", "flat", "pass", "winner", "frozen"):
    CASES[f"relevance rule:{_name}"] = lambda name=_name: rule_numbers(name)  # type: ignore[misc]
for _name in (
    "linear",
    "conv1d",
    "average-pool",
    "max-pool",
    "activation",
    "reshape",
    "layer-norm",
    "embedding",
    "lstm",
    "text-cnn",
    "attention-classifier",
):
    CASES[f"relevance handler:{_name}"] = lambda name=_name: handler_numbers(name)  # type: ignore[misc]
for _name in ("lrp", "lrp-drop", "alpha-beta", "gamma", "z-plus", "transformer", "transformer-gamma"):
    CASES[f"relevance preset:{_name}"] = lambda name=_name: numbers(  # type: ignore[misc]
        relevance.explain(network(), x(), "all", rules=name)
    )
for _name in ("lrp", "gradient", "sa", "sa-l2", "gradient-x-input", "integrated-gradients", "occlusion", "random"):
    CASES[f"explainer:{_name}"] = lambda name=_name: explainer_numbers(name)  # type: ignore[misc]
for _name in ("sum", "norm", "max"):
    CASES[f"reduction of relevance:{_name}"] = lambda name=_name: reduced(name)  # type: ignore[misc]
CASES["work:text-relevance"] = lambda: study_numbers()

TOLERANCE = dict.fromkeys(("relevance rule", "relevance handler", "relevance preset", "explainer"), 1e-8)
TOLERANCE["reduction of relevance"] = 1e-5

# Each option is given a value under which the numbers of its component's case must change.
OPTIONS: dict[str, dict[str, str]] = {
    "relevance rule:epsilon": {"epsilon": "epsilon(0.1)", "bias": "epsilon(bias=drop)"},
    "relevance rule:gamma": {"gamma": "gamma(1)", "epsilon": "gamma(epsilon=0.1)", "bias": "gamma(bias=share)"},
    "relevance rule:frozen": {"mean": "frozen(mean=true)"},
    "relevance rule:alpha_beta": {
        "alpha": "alpha_beta(0.7)", "beta": "alpha_beta(1.5, beta=-0.5)",
        "renormalise": "alpha_beta(renormalise=false)",
    },
}  # fmt: skip


def explainer_numbers(name: str) -> list[float]:
    return numbers(relevance.explain(network(), x(), "predicted", name))


def reduced(name: str) -> list[float]:
    from probekit.relevance.texts import explain_texts

    found = explain_texts(classifier(), TEXTS, "all", "gradient", units=name)
    return [float(np.abs(one.relevance).sum()) for one in found] + [float(one.relevance[0, 0]) for one in found]


def study_numbers() -> list[float]:
    """The study's own rows on a few generated documents: accuracy, deletion, erasure, document vectors."""
    import tempfile

    from probekit.grid import Grid

    axes = {
        "dataset": ["topics(n=150)"],
        "encoder": ["text-cnn(filters=12)"],
        "vectors": ["random(width=10)"],
        "training": ["training(epochs=2, rate=0.1)"],
        "seed": [0],
        "sample": [20],
    }
    asked = {
        "conservation": {"probe": ["lrp"]},
        "deletion": {"probe": ["lrp", "random"], "steps": [4], "runs": [2], "least": [60]},
        "erasure": {"probe": ["sa"], "runs": [1], "least": [60]},
        "class-words": {"probe": ["lrp"]},
        "document-vectors": {"probe": ["lrp-ew"]},
        "classify": {"probe": [""]},
    }
    found = []
    with tempfile.TemporaryDirectory() as place:
        for task, own in asked.items():
            both: dict[str, Any] = {**axes, "task": [task], **own}
            grid = Grid("golden", work.NAME, both, share=[name for name in both if name != "probe"])
            rows = grid.run(f"{place}/{task}").sort_values(["probe", "metric", "subset"])
            # Rounding decides the last digits of conservation: whether it holds is the number.
            found += [float(v < 1e-9) if task == "conservation" else float(v) for v in rows["value"]]
    return found


def registries() -> dict[str, Any]:
    return {
        "relevance rule": relevance.rules,
        "relevance handler": relevance.handlers,
        "relevance preset": relevance.presets,
        "explainer": relevance.methods,
        "reduction of relevance": relevance.reductions,
    }
