"""Golden cases of relevance: small networks of fixed numbers explained by everything that is registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from golden import Golden, own
from relevance_texts import TEXTS, cnn_classifier
from torch import nn

from probekit import relevance
from probekit.models.attention_classifier import AttentionClassifier
from probekit.models.text_cnn import TextCNN

golden = Golden(__file__)


def fixed(module: nn.Module) -> Any:
    """A module in float64 and evaluation mode with weights that NumPy draws, so that no torch release moves them."""
    rng = np.random.default_rng(3)
    module = module.double().eval()
    with torch.no_grad():
        for _, weight in sorted(module.named_parameters()):
            weight.copy_(torch.tensor(rng.normal(size=tuple(weight.shape)) * 0.5))
    return module


def network(*middle: nn.Module) -> Any:
    layers = middle or (nn.ReLU(), nn.AdaptiveMaxPool1d(1))
    found = fixed(nn.Sequential(nn.Conv1d(4, 6, 2), *layers, nn.Flatten(), nn.Linear(6, 3)))
    found[-1].weight.data[0].abs_()  # after ReLU a unit with positive messages alone
    return found


X = torch.tensor(np.random.default_rng(4).normal(size=(3, 4, 9)))


class Placed(nn.Module):
    """A network that adds vectors of positions to its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.places, self.fc = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc((x.transpose(1, 2) + self.places(torch.arange(9)[None])).mean(1))


def numbers(explanation: relevance.Explanation) -> list[float]:
    """Relevance with a wave over the positions, its sum, and what was kept."""
    flat = explanation.relevance.double().numpy().ravel()
    kept = [float(explanation.kept[name].abs().sum()) for name in sorted(explanation.kept)]
    wave = float((flat * np.cos(np.arange(len(flat)))).sum())
    return [float(flat.sum()), float(np.abs(flat).sum()), wave, float(explanation.score.sum()), *kept]


def rule_numbers(spec: str) -> list[float]:
    layered: dict[str, Any] = {"pass": {"activation": "pass"}, "winner": {"max-pool": "winner"}}
    if spec.startswith("frozen"):
        return handler_numbers("layer-norm", {"preset": "transformer", "layer-norm": spec})
    return numbers(relevance.explain(network(), X, "all", rules=layered.get(spec, spec)))


def handler_numbers(name: str, rules: Any = "lrp-drop") -> list[float]:
    mask = torch.arange(9)[None] < torch.tensor([[9], [4], [6]])
    texts = {
        "text-cnn": lambda: TextCNN(4, 3, filters=6),
        "lstm": lambda: AttentionClassifier(4, 3, attention="mean"),
        "attention-classifier": lambda: AttentionClassifier(4, 3),
    }
    if name in texts:
        module = fixed(texts[name]())
        return numbers(relevance.explain(module, X.transpose(1, 2), "all", rules=rules, extra=(mask,)))
    if name == "embedding":
        return numbers(relevance.explain(fixed(Placed()), X, "all", rules="transformer"))
    middle = {
        "average-pool": (nn.ReLU(), nn.AdaptiveAvgPool1d(1)),
        "activation": (nn.Tanh(), nn.AdaptiveMaxPool1d(1)),
        "layer-norm": (nn.LayerNorm(8), nn.ReLU(), nn.AdaptiveMaxPool1d(1)),
    }.get(name, ())
    return numbers(relevance.explain(network(*middle), X, "all", rules=rules))


def preset_numbers(name: str) -> list[float]:
    return numbers(relevance.explain(network(), X, "all", rules=name))


def explainer_numbers(spec: str) -> list[float]:
    return numbers(relevance.explain(network(), X, "predicted", spec))


def reduction_numbers(name: str) -> list[float]:
    found = relevance.explain_texts(cnn_classifier(), TEXTS, "all", "gradient", units=name)
    return [float(np.abs(one.relevance).sum()) for one in found] + [float(one.relevance[0, 0]) for one in found]


OPTIONS: dict[str, dict[str, Any]] = {
    "epsilon": {"epsilon": 0.1, "bias": "drop"},
    "gamma": {"gamma": 1, "epsilon": 0.1, "bias": "share"},
    "frozen": {"mean": True},
    "alpha_beta": {"alpha": 0.7, "renormalise": False},
    "z_box": {"low": -8, "high": 8},
    "integrated-gradients": {"steps": 3},
    "random": {"seed": 1},
    "lrp": {"rules": "gamma"},
}
ELSEWHERE = {"alpha_beta": {"beta": "relevance/test_relevance_oracles.py"}}  # alpha and beta go together
for _name in own(relevance.rules):
    _spec, _more = {"z_box": "z_box(low=-7, high=9)"}.get(_name, _name), ELSEWHERE.get(_name)
    _options = OPTIONS.get(_name, {})
    golden.case(f"relevance rule:{_name}", rule_numbers, _spec, tolerance=1e-8, options=_options, elsewhere=_more)
for _name in own(relevance.handlers):
    golden.case(f"relevance handler:{_name}", handler_numbers, tolerance=1e-8)
for _name in own(relevance.presets):
    golden.case(f"relevance preset:{_name}", preset_numbers, tolerance=1e-8)
for _name in own(relevance.methods):
    golden.case(f"explainer:{_name}", explainer_numbers, tolerance=1e-8, options=OPTIONS.get(_name, {}))
for _name in own(relevance.reductions):
    golden.case(f"reduction of relevance:{_name}", reduction_numbers, tolerance=1e-5)

test_numbers_stay, test_options_move_numbers = golden.tests()
